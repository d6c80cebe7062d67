"""A figure in a page: what JupyterLab loads, and one HTML file that works from disk."""

import json
import re
from abc import ABCMeta, abstractmethod
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from bpcourse.files import write

FIGURE = "application/vnd.bpcourse.figure+json"  # what the site needs to play it without a kernel
STATIC = files("bpcourse.widgets") / "static"
# JupyterLab has other uses for the arrows, and would take them from a slider or a menu.
# What the figure's own hand has changed is shown already, and is not drawn again. The kernel is
# told after the picture, because a message takes a part of the time that the picture has.
RENDER = """
const keepKeys = (event) => {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
};
export default {
  render({ model, el }) {
    el.classList.add("bpc-KIND");
    el.addEventListener("keydown", keepKeys);
    let shown = null, waiting = 0;
    const tell = () => {
      waiting = 0;
      model.set("STATE", shown);
      model.save_changes();
    };
    const figure = MOUNT(el, model.get("data"), model.get("STATE"), (now) => {
      shown = now;
      waiting ||= setTimeout(tell);
    });
    const follow = () => {
      if (model.get("STATE") !== shown) figure.set(model.get("STATE"));
    };
    model.on("change:STATE", follow);
    return () => { model.off("change:STATE", follow); figure.stop(); };
  },
};
"""
# A page that holds the file in a frame may give the frame the height that it is told.
TELL_HEIGHT = """
if (parent !== window) new ResizeObserver(() => parent.postMessage(
  { bpcourseHeight: document.body.scrollHeight }, "*")).observe(document.body);
"""


def script(*names: str) -> str:
    """These scripts of ``static``, one after the other."""
    return "".join((STATIC / f"{name}.js").read_text("utf-8") for name in names)


def style(*names: str) -> str:
    """The tokens of every figure, and these style sheets of ``static``."""
    return "".join((STATIC / f"{name}.css").read_text("utf-8") for name in ("theme", *names))


def classic(script: str) -> str:
    """A module's script without its exports, so that it runs in any page."""
    return re.sub(r"^export ", "", script, flags=re.M)


class _Meta(traitlets.MetaHasTraits, ABCMeta):
    """Of a widget with abstract methods."""


class PageFigure(anywidget.AnyWidget, metaclass=_Meta):
    """A figure that its page draws, from ``data`` and from what the hand changes.

    A subclass names its scripts in ``scripts`` and its style in ``_css``.
    """

    kind: ClassVar[str]  # its place has the class "bpc-" and this
    mount: ClassVar[str]  # the function of its scripts that takes its place, the data and the state
    state: ClassVar[str] = ""  # the trait that a hand changes, if any
    scripts: ClassVar[str]
    data = traitlets.Dict().tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class the module that JupyterLab loads."""
        if "scripts" in vars(cls):
            words = {"KIND": cls.kind, "MOUNT": cls.mount, "STATE": cls.state}
            render = re.sub("KIND|MOUNT|STATE", lambda found: words[found[0]], RENDER)
            cls._esm = cls.scripts + render
        super().__init_subclass__(**kwargs)

    @abstractmethod
    def title(self) -> str:
        """What its page is called."""

    @abstractmethod
    def bare(self) -> str:
        """The HTML that stands there without scripts."""

    @abstractmethod
    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What stands in the committed notebook, by its type, and what is to be said about it."""

    def to_html(self, path: str | Path, title: str | None = None) -> Path:
        """Write one HTML file that works from disk: no kernel, no network. Returns its path."""
        title, css = title or self.title(), str(self._css)
        given = [self.data, *([getattr(self, self.state)] if self.state else [])]
        page = title, self.kind, css, self.scripts, self.mount, *given
        return write_page(path, *page, still=self.bare())

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        shown, about = self.shown()
        return {**data, **shown}, {**metadata, **about}


def write_page(
    path: str | Path, title: str, kind: str, css: str, script: str, mount: str, *given: object,
    still: str,
) -> Path:  # fmt: skip
    """Write the file and return its path.

    ``mount`` is the script's function that is called with the figure's place and with what is
    ``given``; ``still`` is the HTML that stands there without scripts.
    """
    arguments = "".join(
        ", " + json.dumps(part, allow_nan=False).replace("</", "<\\/") for part in given
    )
    script = classic(script).replace("</script", "<\\/script")
    title = escape(title)
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{css}</style></head>"
        f'<body class="bpc-page"><main class="bpc-{kind}"><h1 class="bpc-unseen">{title}</h1>'
        f"<noscript>{still}</noscript></main><script>(() => {{{script}\n"
        f'{mount}(document.querySelector("main"){arguments});{TELL_HEIGHT}}})();'
        "</script></body></html>\n"
    )
    path = Path(path)
    write(path, html.encode())
    return path
