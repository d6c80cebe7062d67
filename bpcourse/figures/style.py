"""One visual language for all figures, and how a figure is displayed."""

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bpcourse.text import numbers

# After Okabe and Ito, darkened until small print is legible on white; told apart in every kind of
# colour blindness.
FORWARD = "#0068A8"  # x, z, a, ŷ
GRADIENT = "#B84A00"  # δ and every ∂L/∂…
PARAMETER = "#14563A"  # W and b
INK = "#222222"
QUIET = "#6B6B6B"
PALE = "#E4E4E4"
PAPER = "white"
COLORS = {None: INK, "forward": FORWARD, "gradient": GRADIENT, "parameter": PARAMETER}
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#8A4B08", "#E0A458", "#FFFFFF", "#A99BCB", "#4B3480"]
)  # brown below zero, white at zero, purple above
UNDER_NUMBERS = LinearSegmentedColormap.from_list(  # its inner half: black is legible on all of it
    "under numbers", ["#E0A458", "#FFFFFF", "#A99BCB"]
)

RESOLUTION = 144  # dots an inch: sharp on a dense screen
SCREEN = 96  # CSS pixels an inch: the size on the page

# On a dark page light and dark change places and hues stay. White becomes #111, or what is lighter.
ON_DARK = "filter: invert(0.933) hue-rotate(180deg); mix-blend-mode: lighten"
THEME = (  # the picture above a caption, where JupyterLab's theme is a dark one
    'body[data-jp-theme-light="false"] '
    f".jp-OutputArea-child:has(+ .jp-OutputArea-child small) .jp-RenderedImage img {{{ON_DARK}}}"
)

STYLE: Any = {
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=["#222222", "#9C3F77", "#0068A8", "#B84A00"]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.facecolor": "white",  # opaque: legible where no theme is known, on any page
    "font.family": "DejaVu Sans",  # comes with Matplotlib, so it is the same everywhere
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "mathtext.fontset": "dejavusans",
    "savefig.facecolor": "white",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws: the course's style applies inside it, and only there."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


@styled
def new_figure(
    width: float = 8.0,
    height: float = 3.2,
    layout: Literal["constrained", "tight"] | None = "constrained",
) -> Figure:
    """An empty figure in the course's style, ``width`` by ``height`` inches; 8 fill a page."""
    return Figure(figsize=(width, height), layout=layout)


def show(fig: Figure, *, alt: str, caption: str | None = None) -> None:
    """Display ``fig`` with a caption below it.

    The picture is a PNG whose bytes depend on the figure alone, dark on white. JupyterLab turns it
    light on dark where its theme is dark and the output was made by the reader, as the site does.

    Parameters
    ----------
    fig
        The figure; 8 inches of it fill a page.
    alt
        What the figure shows, for those who do not see it; kept with the picture.
    caption
        What to see in it, in Markdown with $LaTeX$; without one the alternative text stands there.

    Raises
    ------
    TypeError
        Unless ``fig`` is a figure.
    ValueError
        For an empty ``alt`` or ``caption``.
    """
    from IPython.display import display

    if not isinstance(fig, Figure):
        raise TypeError(f"fig: expected a Matplotlib figure, got {fig!r}")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt: expected a sentence that says what the figure shows, got {alt!r}")
    if caption is not None and not (isinstance(caption, str) and caption.strip()):
        raise ValueError(f"caption: expected a sentence that says what to see, got {caption!r}")
    width, height = (round(inches * SCREEN) for inches in fig.get_size_inches())
    display(
        {"image/png": png(fig), "text/plain": alt},
        metadata={"image/png": {"alt": alt, "height": height, "width": width}},
        raw=True,
    )
    if caption is not None:
        below = f"<small>{caption}</small>{_theme()}"
        display({"text/markdown": below, "text/plain": caption}, raw=True)
    else:  # JupyterLab keeps the alternative text to itself
        below = f'<p style="max-width: {width}px; margin: 0"><small>{escape(alt)}</small></p>'
        display({"text/html": below + _theme(), "text/plain": alt}, raw=True)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(fig)  # or a figure of pyplot would be displayed a second time


def _theme() -> str:
    """The style that lets figures follow JupyterLab's theme; not in what is committed."""
    return "" if os.environ.get("BPCOURSE_THEME") == "none" else f"\n\n<style>{THEME}</style>"


@styled
def png(fig: Figure) -> bytes:
    """``fig`` as the bytes of a PNG, without a note of what wrote it."""
    file = io.BytesIO()
    fig.savefig(file, format="png", dpi=RESOLUTION, metadata={"Software": None})
    return file.getvalue()


def number(value: float, decimals: int = 2) -> str:
    """A number as it stands in a figure, with that many decimals."""
    return numbers.number(float(value), f".{decimals}f")
