"""Pictures drawn by hand, in inches: a blank canvas, words on it, arrows between them."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bpcourse.figures.style import INK, PAPER, QUIET, new_figure, styled

Point = tuple[float, float]
SIZE = 10.5  # points
PAD = 0.35  # of the frame, in units of the letters


@styled
def sketch(width: float = 8.0, height: float = 3.0) -> tuple[Figure, Axes]:
    """A blank canvas to draw on, without axes.

    Parameters
    ----------
    width, height
        In inches; 8 fill a page.

    Returns
    -------
    fig, ax
        One unit of ``ax`` is one inch, and (0, 0) is the corner at the bottom left.

    Examples
    --------
    >>> fig, ax = sketch(4, 1)
    >>> arrow(ax, (1, 0.5), (3, 0.5), gap=20)
    >>> put(ax, (1, 0.5), "$x$ = 2", FORWARD, framed=True)
    """
    fig = new_figure(width, height, layout=None)
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return fig, ax


@styled
def put(
    ax: Axes,
    at: Point,
    words: str,
    color: str = INK,
    *,
    framed: bool = False,
    size: float = SIZE,
    shape: str = "round",
    **style: Any,
) -> None:
    """Write ``words`` centred on the point ``at``, on top of all lines.

    Parameters
    ----------
    ax
        The canvas of :func:`sketch`.
    at
        (x, y) in inches from the bottom left.
    words
        May hold $formulas$. A minus sign of a number is drawn as one.
    color
        ``figures.FORWARD``, ``GRADIENT``, ``PARAMETER``, or any other.
    framed
        Draws a frame of that ``shape`` ("round", "circle", "square") around them.
    size
        In points, at least 8 to be legible on a page.
    **style
        Whatever else Matplotlib's ``text`` takes, such as ``ha="left"``.
    """
    box: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
    if framed:
        box = {"facecolor": PAPER, "edgecolor": QUIET, "boxstyle": f"{shape},pad={PAD}"}
    style = {"ha": "center", "va": "center", "fontsize": size, "bbox": box, "zorder": 4, **style}
    ax.text(*at, words, color=color, **style)


@styled
def arrow(
    ax: Axes,
    start: Point,
    end: Point,
    color: str = QUIET,
    *,
    gap: float = 0.0,
    width: float = 1.6,
    **style: Any,
) -> None:
    """Draw an arrow from ``start`` to ``end``, under all words.

    Parameters
    ----------
    ax
        The canvas of :func:`sketch`.
    start, end
        (x, y) in inches from the bottom left.
    color
        As in :func:`put`.
    gap
        What is left free at both ends, in points (72 an inch).
    width
        Of the line, in points.
    **style
        Whatever else an arrow of Matplotlib takes, such as ``linestyle="--"`` or
        ``connectionstyle="arc3,rad=0.2"``.
    """
    look = {"arrowstyle": "-|>", "color": color, "linewidth": width, "shrinkA": gap, "shrinkB": gap}
    ax.annotate("", end, start, arrowprops=look | style, zorder=1)
