"""Layers as columns of units, every unit joined to all of the next column."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Circle

from bpcourse.figures.style import COLORS, INK, PARAMETER, QUIET, new_figure, styled

BARE, LABELLED = 0.13, 0.3  # inches, the radius of a unit
ACROSS = 1.7  # inches between columns
TITLE = 0.3  # inches


@styled
def layer_diagram(
    columns: Sequence[int | Sequence[str]],
    titles: Sequence[str] = (),
    *,
    kinds: Sequence[str] = (),
    marked: Mapping[tuple[int, int, int], str] | None = None,
) -> Figure:
    """Units as circles and weights as lines between them.

    ``columns``: for each layer the number of its units, or a list of what is printed in them.
    ``titles`` stand above the columns; ``kinds`` colour both, "forward", "gradient", "parameter".
    ``marked``: {(column, unit, to): label}, weights from ``unit`` of a column to the unit ``to`` of
    the next one, all counted from 0, that stand out. ValueError for a weight that is not there. ::

        layer_diagram([3, 4, 2], ["3", "4", "2"], marked={(0, 2, 1): "w"})
    """
    marked = marked or {}
    labels = [[""] * column if isinstance(column, int) else list(column) for column in columns]
    radius = LABELLED if any(any(column) for column in labels) else BARE
    pitch = 2.5 * radius
    tall = pitch * max(map(len, labels)) + 0.1
    width = ACROSS * (len(labels) - 1) + 2 * (LABELLED + 0.15)
    fig = new_figure(width, tall + TITLE * bool(titles), layout=None)
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, tall + TITLE * bool(titles)))
    ax.axis("off")
    places = [
        [
            (LABELLED + 0.15 + ACROSS * c, tall / 2 + pitch * ((len(column) - 1) / 2 - unit))
            for unit in range(len(column))
        ]
        for c, column in enumerate(labels)
    ]
    weights = {
        (c, unit, to): (start, end)
        for c, (sources, targets) in enumerate(zip(places, places[1:], strict=False))
        for unit, start in enumerate(sources)
        for to, end in enumerate(targets)
    }
    for name in marked:
        if name not in weights:
            raise ValueError(f"marked: expected (column, unit, to) of a weight, got {name}")
    for name, ((x0, y0), (x1, y1)) in weights.items():
        stands_out = name in marked
        line: dict = {"color": QUIET, "linewidth": 0.8, "alpha": 0.5 if marked else 1}
        if stands_out:
            line = {"color": PARAMETER, "linewidth": 2.5}
        ax.plot([x0, x1], [y0, y1], zorder=2 if stands_out else 1, **line)
        if stands_out:
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
            at: dict = {"ha": "center", "va": "center", "bbox": box, "zorder": 3}
            ax.text((x0 + x1) / 2, (y0 + y1) / 2, marked[name], color=PARAMETER, **at)
    for c, column in enumerate(labels):
        color = COLORS[kinds[c] if kinds else None]
        if titles:
            place = places[c][0][0], tall + TITLE / 2 - 0.03
            ax.text(*place, titles[c], ha="center", va="center", fontsize=12, color=color)
        for (x, y), label in zip(places[c], column, strict=True):
            circle: dict = {"facecolor": "white", "edgecolor": INK, "linewidth": 1.5, "zorder": 4}
            ax.add_patch(Circle((x, y), radius, **circle))
            ax.text(x, y, label, ha="center", va="center", color=color, zorder=5)
    return fig
