"""A small graph of quantities and of what flows along its edges."""

from matplotlib.patches import Circle

from bpcourse.figures.style import COLORS, INK, QUIET, new_figure, styled

ACROSS, DOWN = 1.9, 0.95  # inches between columns and between rows
RADIUS = 0.3


@styled
def flow_graph(nodes, edges, *, kind=None):
    """Circles and arrows between them: which quantity acts on which, and how strongly.

    ``nodes``: {name: (column, row)}, counted from 0 at the top left; halves are allowed.
    ``edges``: ``(from, to)``, ``(from, to, label)`` or ``(from, to, label, kind)``. ``kind``
    colours labels, "forward", "gradient" or "parameter"; an edge's own comes first. ValueError
    for an edge to a name that is no node's. ::

        flow_graph({"s": (0, 0.5), "x": (1, 0), "y": (1, 1)}, [("s", "x", "2.1"), ("s", "y")])
    """
    columns = [column for column, _ in nodes.values()]
    rows = [row for _, row in nodes.values()]
    places = {name: (ACROSS * column, -DOWN * row) for name, (column, row) in nodes.items()}
    margin = RADIUS + 0.15
    left, right = min(columns) * ACROSS - margin, max(columns) * ACROSS + margin
    low, high = -max(rows) * DOWN - margin, -min(rows) * DOWN + margin
    fig = new_figure(right - left, high - low, layout=None)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.axis("off")
    for start, end, label, own in (tuple(edge) + ("", kind)[len(edge) - 2 :] for edge in edges):
        if start not in places or end not in places:
            known = ", ".join(places)
            raise ValueError(f"edges: expected names of nodes ({known}), got {start!r} → {end!r}")
        _edge(ax, places[start], places[end], label, COLORS[own])
    for name, place in places.items():
        ax.add_patch(Circle(place, RADIUS, facecolor="white", edgecolor=INK, linewidth=1.5))
        ax.text(*place, name, ha="center", va="center", fontsize=13 if len(name) < 6 else 10)
    return fig


def _edge(ax, start, end, label, color):
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    right, up = (x1 - x0) / length, (y1 - y0) / length
    gap = RADIUS + 0.05
    ax.annotate(
        "",
        (x1 - gap * right, y1 - gap * up),
        (x0 + gap * right, y0 + gap * up),
        arrowprops={"arrowstyle": "-|>", "color": QUIET, "linewidth": 1.5, "shrinkA": 0},
    )
    if label:  # a little before the middle: crossing edges meet there
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        at = (x0 + 0.46 * (x1 - x0), y0 + 0.46 * (y1 - y0))
        label = label.replace("-", "\N{MINUS SIGN}")
        ax.text(*at, label, ha="center", va="center", fontsize=11, color=color, bbox=box)
