"""A network as a picture, with the numbers of one example on it."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from bpcourse.figures.style import (
    FORWARD,
    GRADIENT,
    INK,
    PARAMETER,
    QUIET,
    new_figure,
    number,
    styled,
)
from bpcourse.layers import Linear
from bpcourse.network import Network
from bpcourse.text import has, text

MOST_WEIGHTS = 24  # numbers on lines become a thicket beyond
LINE = 0.21  # inches, one line of print in a box
WIDTH = 1.25  # inches, a box with numbers
NUMBER = (0.36, 0.17)  # inches, the room of a number on a line


@dataclass
class Column:
    """The units of one layer: what is printed above them and in each."""

    title: str
    size: int
    lines: list = field(default_factory=list)  # (symbol, its vector or None, colour)
    target: np.ndarray | None = None
    linear: Linear | None = None  # the layer that leads here


@styled
def network_diagram(
    net: Network,
    X: npt.NDArray[np.floating] | None = None,
    y: npt.NDArray[Any] | None = None,
    *,
    row: int = 0,
    max_units: int = 6,
    decimals: int = 2,
    weights: bool | None = None,
) -> Figure:
    r"""Units in columns, weights as lines: width for size, dashes for negative ones.

    With ``X`` (batch, n_in) each unit shows its z and a for example ``row``; with ``y`` too its
    δ = ∂L/∂z, the loss being that of this example alone. Wide layers are collapsed to
    ``max_units``. ``weights``: print the weights and biases; None decides by their number.
    """
    columns = _columns(net, X, y, row)
    if weights is None:
        count = sum(column.linear.W.size for column in columns if column.linear)
        weights = count <= MOST_WEIGHTS
    shown = [_shown(column.size, max_units) for column in columns]
    bias = weights and X is not None
    lines = max(len(column.lines) + (bias and column.linear is not None) for column in columns)
    height = LINE * lines + 0.1
    pitch = height + 0.2
    gap = 2.05 if weights else 1.3
    width = WIDTH if X is not None else 0.62
    edge = 0.15 if X is not None else 0.4  # titles are wider than boxes without numbers
    right = 1.0 if columns[-1].target is not None else edge
    total = edge + len(columns) * width + (len(columns) - 1) * gap + right
    tall = max(map(len, shown)) * pitch
    head = 0.15 + 0.19 * max(column.title.count("\n") + 1 for column in columns)
    fig = new_figure(total, tall + head, layout=None)
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, total), ylim=(0, tall + head))
    ax.axis("off")
    places = []
    for c, (column, units) in enumerate(zip(columns, shown, strict=True)):
        x = edge + c * (width + gap) + width / 2
        top = tall / 2 + (len(units) - 1) / 2 * pitch
        places.append({unit: (x, top - i * pitch) for i, unit in enumerate(units)})
        ax.text(x, tall + head - 0.05, column.title, ha="center", va="top", fontsize=10.5)
    for c, column in enumerate(columns):
        if column.linear is not None:
            _draw_weights(ax, column.linear, places[c - 1], places[c], width / 2, weights)
    for column, units in zip(columns, places, strict=True):
        for unit, (x, y_) in units.items():
            own = LINE * (len(column.lines) + (bias and column.linear is not None)) + 0.1
            _draw_unit(ax, column, unit, x, y_, width, own, decimals, bias)
    return fig


def _columns(net, X, y, row):
    """The input, then one column for every Linear layer with the activation after it."""
    trace, deltas = [], {}
    if X is not None:
        net = deepcopy(net)  # the passes below are not the reader's
        x = np.asarray(X)[row : row + 1]
        trace = net.forward_trace(x)
        if y is not None:
            y = np.asarray(y)[row : row + 1]
            net.forward(x, y)
            deltas = {step.index: step.grad_y[0] for step in net.backward_trace()}
    linear = [i for i, layer in enumerate(net.layers) if isinstance(layer, Linear)]
    inputs = trace[linear[0]].x[0] if trace else None
    columns = [Column(text("figures.input"), net.n_in, [("x", inputs, FORWARD)])]
    for l, i in enumerate(linear, start=1):
        after = [*linear, len(net.layers)][l]  # where the next column begins
        names = [_called(layer) for layer in net.layers[i + 1 : after]]
        last = after == len(net.layers)
        title = text("figures.output_layer" if last else "figures.layer", number=l)
        column = Column("\n".join([title, *names]), net.layers[i].n_out, linear=net.layers[i])
        a: Any = trace[after - 1].y if trace else None
        fused = last and net.loss.fused
        if names or fused:
            column.lines.append(("z", trace[i].y[0] if trace else None, FORWARD))
        if fused:
            a = net.loss.output(a) if trace else None
        column.lines.append((r"\hat y" if last else "a", a[0] if trace else None, FORWARD))
        if deltas:
            column.lines.append((r"\delta", deltas[i], GRADIENT))
        columns.append(column)
    if y is not None and trace:
        one_hot = y.ndim == 1 and column.size > 1
        column.target = np.eye(column.size, dtype=int)[y[0]] if one_hot else np.ravel(y)
    return columns


def _called(layer):
    """What the lessons call an activation function; other layers have the name of their class."""
    key = f"figures.unit.{type(layer).__name__}"
    return text(key) if has(key) else type(layer).__name__


def _shown(size, most):
    """The units to draw; None stands for those left out."""
    if size <= most:
        return list(range(size))
    return [*range(most - 2), None, size - 1]


def _draw_weights(ax, layer, sources, targets, half, print_them):
    """A line for each weight, and its number where it is farthest from the other lines."""
    largest = np.abs(layer.W).max() or 1
    pairs = [(i, j) for j in sources for i in targets if i is not None and j is not None]
    starts = np.array([sources[j] for _, j in pairs]) + (half, 0)
    ends = np.array([targets[i] for i, _ in pairs]) - (half, 0)
    for pair, start, end in zip(pairs, starts, ends, strict=True):
        w = layer.W[pair]
        ax.plot(
            *zip(start, end, strict=True),
            color=PARAMETER,
            alpha=0.85 if print_them else 0.45,
            linewidth=0.4 + 2.2 * abs(w) / largest,
            linestyle="-" if w >= 0 else (0, (3, 1.5)),
            zorder=1,
        )
    if not print_them:
        return
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.4}  # no dash is taken for a minus
    style = {"fontsize": 8.5, "color": PARAMETER, "bbox": box, "zorder": 2}
    for pair, at in zip(pairs, _clear_places(starts, ends), strict=True):
        ax.text(*at, number(layer.W[pair], 1), ha="center", va="center", **style)


def _clear_places(starts, ends):
    """A place on each line, as far as can be from the other lines and from their places."""
    along = np.linspace(0.1, 0.9, 33)[:, None]
    choices = starts[:, None] + along * (ends - starts)[:, None]  # (lines, 33, 2)
    free = np.stack([_free_of_lines(at, k, starts, ends) for k, at in enumerate(choices)])
    places = choices[np.arange(len(choices)), free.argmax(axis=1)]
    for _ in range(5):  # each in turn makes room for the others
        for k, at in enumerate(choices):
            away = (at[:, None] - np.delete(places, k, axis=0)) / NUMBER  # in sizes of a number
            room = np.abs(away).max(axis=2).min(axis=1, initial=np.inf)
            places[k] = at[(free[k] - 10 * (room < 1)).argmax()]
    return places


def _free_of_lines(at, k, starts, ends):
    """How far each of the points ``at`` of line k is from the nearest other line, in inches."""
    a, b = np.delete(starts, k, axis=0), np.delete(ends, k, axis=0)
    if not len(a):
        return np.full(len(at), np.inf)
    way = b - a
    part = ((at[:, None] - a) * way).sum(axis=2) / (way**2).sum(axis=1)
    gap = at[:, None] - (a + part.clip(0, 1)[..., None] * way)
    return np.linalg.norm(gap, axis=2).min(axis=1)


def _draw_unit(ax, column, unit, x, y, width, height, decimals, bias):
    """A box with a line of print for z, a and δ, each in the colour of its kind."""
    if unit is None:
        ax.text(x, y, "⋮", ha="center", va="center", fontsize=18, color=QUIET)
        return
    corner = (x - width / 2, y - height / 2)
    frame: dict = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": "white", "zorder": 3}
    ax.add_patch(FancyBboxPatch(corner, width, height, edgecolor=QUIET, linewidth=1.2, **frame))
    lines = list(column.lines)
    if bias and column.linear is not None:
        lines.insert(0, ("b", column.linear.b, PARAMETER))
    top = y + (len(lines) - 1) / 2 * LINE
    for k, (symbol, vector, color) in enumerate(lines):
        name = f"${symbol}_{{{unit + 1}}}$"
        style = {"va": "center", "color": color, "fontsize": 10.5, "zorder": 4}
        if vector is None:
            ax.text(x, top - k * LINE, name, ha="center", **style)
        else:
            ax.text(x - width / 2 + 0.1, top - k * LINE, name, ha="left", **style)
            value = number(vector[unit], 1 if symbol == "b" else decimals)
            ax.text(x + width / 2 - 0.1, top - k * LINE, value, ha="right", **style)
    if column.target is not None:
        places = 0 if column.target.dtype.kind in "iu" else decimals
        target = f"$y_{{{unit + 1}}}$ = {number(column.target[unit], places)}"
        style = {"va": "center", "fontsize": 10.5, "color": INK}
        ax.text(x + width / 2 + 0.1, y, target, ha="left", **style)
