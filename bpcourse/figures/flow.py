"""A small graph of quantities and of what flows along its edges."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Circle

from bpcourse.figures.style import COLORS, INK, QUIET, new_figure, styled
from bpcourse.text.numbers import number

ACROSS, DOWN = 1.9, 0.95  # inches between columns and between rows
RADIUS = 0.3
LINE = 0.22  # inches, a number above or below a node
BEND = 0.25  # of two edges between the same nodes


@styled
def flow_graph(
    nodes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, ...]],
    *,
    kind: str | None = None,
    gates: Mapping[str, str] | None = None,
    values: Mapping[str, float | str] | None = None,
    grads: Mapping[str, float | str] | None = None,
) -> Figure:
    """Circles and arrows between them: which quantity acts on which, and how strongly.

    ``nodes``: {name: (column, row)}, counted from 0 at the top left; halves are allowed.
    ``edges``: ``(from, to)`` or ``(from, to, label)``; two between the same nodes are bent apart.
    ``kind`` colours the labels, "forward", "gradient" or "parameter". ``gates``: {name: sign},
    what is printed in a circle in place of its name; ``values`` and ``grads``: {name: a number or
    text}, printed above and below it. ValueError for a name that is no node's. ::

        flow_graph({"s": (0, 0.5), "x": (1, 0), "y": (1, 1)}, [("s", "x", "2.1"), ("s", "y")])
    """
    above, below = _printed(values, "values", nodes), _printed(grads, "grads", nodes)
    signs = _printed(gates, "gates", nodes)
    down = DOWN + LINE * (bool(above) + bool(below)) / 1.5
    columns = [column for column, _ in nodes.values()]
    places = {name: (ACROSS * column, -down * row) for name, (column, row) in nodes.items()}
    margin = RADIUS + 0.15
    left, right = min(columns) * ACROSS - margin, max(columns) * ACROSS + margin
    low = min(y - LINE * (name in below) for name, (_, y) in places.items()) - margin
    high = max(y + LINE * (name in above) for name, (_, y) in places.items()) + margin
    fig = new_figure(right - left, high - low, layout=None)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.axis("off")
    ends = [(start, end) for start, end, *_ in edges]
    for n, (start, end, *label) in enumerate(edges):
        if start not in places or end not in places:
            known = ", ".join(places)
            raise ValueError(f"edges: expected names of nodes ({known}), got {start!r} → {end!r}")
        twins = ends.count((start, end)) > 1
        bend = (BEND if ends[:n].count((start, end)) else -BEND) if twins else 0
        _edge(ax, places[start], places[end], "".join(label), COLORS[kind], bend)
    for name, (x, y) in places.items():
        ax.add_patch(Circle((x, y), RADIUS, facecolor="white", edgecolor=INK, linewidth=1.5))
        shown = signs.get(name, name)
        size = 17 if name in signs else 13 if len(shown) < 6 else 10
        ax.text(x, y, shown, ha="center", va="center", fontsize=size)
        for words, side, color in ((above, 1, "forward"), (below, -1, "gradient")):
            at = y + side * (RADIUS + LINE / 2 + 0.02)
            style: dict = {"ha": "center", "va": "center", "fontsize": 11, "color": COLORS[color]}
            ax.text(x, at, words.get(name, ""), **style)
    return fig


def _printed(words, argument, nodes):
    """{name: text} of what stands at the nodes, numbers with a real minus sign."""
    words = words or {}
    if strange := [name for name in words if name not in nodes]:
        known = ", ".join(nodes)
        raise ValueError(f"{argument}: expected names of nodes ({known}), got {strange[0]!r}")
    return {name: number(value, ".6g") for name, value in words.items()}


def _edge(ax, start, end, label, color, bend):
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    right, up = (x1 - x0) / length, (y1 - y0) / length
    gap = RADIUS + 0.05
    # A bent edge leaves and arrives on its own side of the line between the nodes.
    aside = -1.2 * bend * RADIUS
    ax.annotate(
        "",
        (x1 - gap * right - aside * up, y1 - gap * up + aside * right),
        (x0 + gap * right - aside * up, y0 + gap * up + aside * right),
        arrowprops={
            "arrowstyle": "-|>",
            "color": QUIET,
            "linewidth": 1.5,
            "shrinkA": 0,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )
    if label:  # a little before the middle: crossing edges meet there
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        dx, dy = x1 - x0, y1 - y0
        at = (x0 + 0.46 * dx + bend / 2 * dy, y0 + 0.46 * dy - bend / 2 * dx)
        label = label.replace("-", "\N{MINUS SIGN}")
        ax.text(*at, label, ha="center", va="center", fontsize=11, color=color, bbox=box)
