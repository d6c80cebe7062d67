"""The stepper: a computation played forward and backward, one operation at a time."""

from html import escape
from importlib.resources import files

import anywidget
import traitlets

from bpcourse import notation
from bpcourse.graph import Node
from bpcourse.network import Network
from bpcourse.text import text
from bpcourse.widgets import drawing
from bpcourse.widgets.graphs import from_graph
from bpcourse.widgets.html import KEEP_KEYS, write_page
from bpcourse.widgets.networks import from_network
from bpcourse.widgets.program import rounded

STATIC = files("bpcourse.widgets") / "static"
SCRIPT = "".join(
    (STATIC / name).read_text(encoding="utf-8") for name in ("engine.js", "words.js", "stepper.js")
)
CSS = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("theme.css", "stepper.css"))
RENDER = (
    KEEP_KEYS
    + """
export default {
  render({ model, el }) {
    el.classList.add("bpc-stepper");
    el.addEventListener("keydown", keepKeys);
    return mount(el, model.get("data"));
  },
};
"""
)
FIGURE = "application/vnd.bpcourse.figure+json"  # what the site needs to play it without a kernel
LABELS = (
    "play",
    "pause",
    "step",
    "back",
    "restart",
    "end",
    "position",
    "controls",
    "picture",
    "notation",
    "gradient",
    "unknown",
    "forward",
    "backward",
    "seed",
    "start",
    "edge",
    "local",
    "upstream",
    "contribution",
    "sum",
    "waits",
    "choose",
    "finite",
    "overflow",
    "numbers",
    "constant",
)


class Stepper(anywidget.AnyWidget):
    """Forward and backward through ``what``, a number made of graph nodes, or a network.

    With a :class:`~bpcourse.Network`, X (n_in,) or (batch, n_in) and y as its loss takes them. One
    example of a small network is drawn unit by unit, everything else with matrices. What cannot
    be drawn (too large, NaN, an empty batch) gives a figure that says so. TypeError for
    another ``what``.
    """

    _esm = SCRIPT + RENDER
    _css = CSS
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, what, X=None, y=None):
        if not isinstance(what, Node | Network):
            raise TypeError(f"what: expected a Node of bpcourse.graph or a Network, got {what!r}")
        self.program = None
        message = ""
        try:
            if isinstance(what, Node):
                self.program = from_graph(what)
            elif X is None or y is None:
                raise ValueError(f"X, y: expected an example and its target, got {X!r} and {y!r}")
            else:
                self.program = from_network(what, X, y)
        except (TypeError, ValueError) as error:
            message = text("stepper.cannot", reason=error)
        dialects = [
            {"name": d.name, **d.symbols, "weight": d.symbols["weight"]}
            | {"input": d.input, "first": d.first}
            for d in notation.dialects()
        ]
        data = {
            "program": self.program,
            "svg": drawing.svg(self.program, alone=False) if self.program else "",
            "labels": {name: text(f"stepper.{name}") for name in LABELS},
            "dialects": dialects,
            "message": message,
        }
        super().__init__(data=data)

    def to_html(self, path, title=None):
        """Write one HTML file that works from disk: no kernel, no network. Returns its path."""
        title = title or text("stepper.title")
        still = self._still()
        return write_page(path, title, "stepper", CSS, SCRIPT, "mount", self.data, still=still)

    def _still(self):
        if self.program is None:
            return f"<p>{escape(self.data['message'])}</p>"
        return drawing.svg(self.program)

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        if self.program is None:
            return {**data, "text/plain": self.data["message"]}, metadata
        data = {**data, "text/plain": drawing.plain(self.program)}
        data["image/svg+xml"] = self._still()
        data[FIGURE] = {"stepper": rounded(self.program)}
        return data, {**metadata, "image/svg+xml": {"alt": text("stepper.alt")}}
