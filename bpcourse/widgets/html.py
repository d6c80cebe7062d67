"""A figure as one HTML file: no kernel, no network, classic scripts that work from disk."""

import json
import re
from html import escape
from pathlib import Path

from bpcourse.files import write

# JupyterLab has other uses for the arrows, and would take them from a slider or a menu.
KEEP_KEYS = """
const keepKeys = (event) => {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
};
"""
# A page that holds the file in a frame may give the frame the height that it is told.
TELL_HEIGHT = """
if (parent !== window) new ResizeObserver(() => parent.postMessage(
  { bpcourseHeight: document.body.scrollHeight }, "*")).observe(document.body);
"""


def classic(script: str) -> str:
    """A module's script without its exports, so that it runs in any page."""
    return re.sub(r"^export ", "", script, flags=re.M)


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
