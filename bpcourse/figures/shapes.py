"""An equation of matrices as boxes to scale: which sides line up (D11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bpcourse.figures.style import COLORS, INK, new_figure, styled

SIDES = ["#222222", "#9C3F77", "#7A6200", "#4B3480"]  # a size each; none is a kind's colour
LONGEST = 1.5  # inches, the longest side of all
SIGN = 0.55  # inches
SMALL = 10


@styled
def shape_row(
    parts: Sequence[str | tuple[Any, ...]], sizes: Mapping[int, str] | None = None
) -> Figure:
    """Boxes and signs in a row; equal sides have one colour, and "@" says whether its two agree.

    ``parts``: boxes ``(name, shape)`` or ``(name, shape, kind)``, where an array may stand for its
    shape and ``kind`` is "forward", "gradient" or "parameter", and signs such as "=", "@", "+".
    ``sizes`` names numbers, as ``{5: "batch"}``. ValueError for a shape that is no matrix's. ::

        shape_row([("dW", (4, 3), "gradient"), "=", ("dZ.T", (4, 5)), "@", ("A", (5, 3))])
    """
    names = sizes or {}
    row = [part if isinstance(part, str) else _Box(*part) for part in parts]
    boxes = [part for part in row if isinstance(part, _Box)]
    if not boxes:
        raise ValueError("parts: expected at least one box (name, shape), got none")
    distinct = sorted({side for box in boxes for side in box.shape}, reverse=True)
    colors = {size: SIDES[i % len(SIDES)] for i, size in enumerate(distinct)}
    unit = LONGEST / max(1, *distinct)  # inches a row or column
    tall = max(box.shape[0] for box in boxes) * unit
    middle = 0.45 + tall / 2
    fig = new_figure(1, 1, layout=None)
    ax = fig.add_axes((0, 0, 1, 1))
    x, before = 0.05, None
    for part, after in zip(row, [*row[1:], None], strict=True):
        if isinstance(part, str):
            if part == "@" and before and after in boxes:
                x = _product_sign(ax, before.shape[1], after.shape[0], x, middle, colors)
                continue
            ax.text(x + SIGN / 2, middle, part, ha="center", va="center", fontsize=16)
            x += SIGN
        else:
            x = part.draw(ax, x, middle, unit, colors, names)
            before = part
    fig.set_size_inches(x + 0.1, tall + 0.85)
    ax.set_xlim(0, x + 0.1)
    ax.set_ylim(0, tall + 0.85)
    ax.axis("off")
    return fig


class _Box:
    """One matrix of the equation."""

    def __init__(self, name, shape, kind=None):
        self.name, self.color = name, COLORS[kind]
        shape = tuple(getattr(shape, "shape", shape))
        self.shape = (1, *shape) if len(shape) == 1 else shape  # a vector goes with every row
        if len(self.shape) != 2 or min(self.shape) < 1:
            raise ValueError(f"{name}: expected the shape of a matrix, got {shape}")

    def draw(self, ax, x, middle, unit, colors, names):
        """Draw with the labels from ``x`` on; returns where the next part begins."""
        rows, columns = self.shape
        labels = [f"{size} {names.get(size, '')}".strip() for size in self.shape]
        width, height = columns * unit, rows * unit
        # Labels are centred on their sides, so a narrow box keeps room for a wide label.
        room = max(0.0, 0.085 * max(len(labels[1]), 1.3 * len(self.name)) - width) / 2
        left = x + 0.12 + 0.085 * len(labels[0]) + max(0.0, room - 0.1)
        right, low, high = left + width, middle - height / 2, middle + height / 2
        fill: dict = {"facecolor": self.color, "alpha": 0.14, "edgecolor": "none"}
        ax.add_patch(Rectangle((left, low), width, height, **fill))
        for side in (left, right):
            ax.plot([side, side], [low, high], color=colors[rows], linewidth=3)
        for side in (low, high):
            ax.plot([left, right], [side, side], color=colors[columns], linewidth=3)
        label = {"fontsize": SMALL, "weight": "bold"}
        beside = {"ha": "right", "va": "center", **label}
        ax.text(left - 0.08, middle, labels[0], color=colors[rows], **beside)
        centre = (left + right) / 2
        ax.text(centre, high + 0.07, labels[1], color=colors[columns], ha="center", **label)
        name = {"fontsize": 13, "color": self.color}
        ax.text(centre, low - 0.08, self.name, ha="center", va="top", **name)
        return right + 0.05 + room


def _product_sign(ax, inner_left, inner_right, x, y, colors):
    """An @, and below it: do the columns of the left factor meet the rows of the right one?"""
    agree = inner_left == inner_right
    relation = f"{inner_left} = {inner_right}" if agree else f"{inner_left} ≠ {inner_right}"
    width = max(SIGN, 0.25 + 0.08 * len(relation))
    ax.text(x + width / 2, y, "@", ha="center", va="center", fontsize=16)
    frame = None if agree else {"boxstyle": "round", "facecolor": "white", "edgecolor": INK}
    style = {"fontsize": SMALL, "weight": "bold", "bbox": frame}
    color = colors[inner_left] if agree else INK
    ax.text(x + width / 2, y - 0.32, relation, ha="center", va="center", color=color, **style)
    return x + width
