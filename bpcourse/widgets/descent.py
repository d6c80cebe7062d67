"""Gradient descent on a loss of two parameters, step by step."""

from typing import Any

import numpy as np
from contourpy import contour_generator

from bpcourse import figures
from bpcourse.figures.style import INK, QUIET
from bpcourse.graph import Node
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, counter, page, powers, slider
from bpcourse.widgets.graphs import from_graph
from bpcourse.widgets.mathml import rich
from bpcourse.widgets.program import rounded

MOST = 100  # steps
SIDE = 61  # points along an edge of the map


def loss_at(loss, place):
    """(θ, loss) as nodes at a place. ValueError where the loss is not finite."""
    theta = Node(place, "θ")
    with np.errstate(all="ignore"):
        result = loss(theta)
    if not isinstance(result, Node) or result.shape != ():
        raise TypeError(f"loss: expected gates of bpcourse.graph, a number, got {result!r}")
    if not np.isfinite(result.value):
        raise ValueError(f"loss: expected finite numbers, got {result.value} at {place}")
    return theta, result


def slopes_at(loss, place):
    """(loss, slopes (2,)) at a place, by reverse mode. ValueError where a number is not finite."""
    theta, result = loss_at(loss, place)
    with np.errstate(all="ignore"):
        result.backward()
    slopes = np.zeros(2) + (0 if theta.grad is None else theta.grad)
    if not np.isfinite(slopes).all():
        raise ValueError(f"loss: expected finite slopes, got {slopes} at {place}")
    return float(result.value), slopes


def descend(loss, start, rate, steps):
    """The places that gradient descent visits from ``start`` (2,), with their losses and slopes.

    A list of (place, loss, slopes), at most ``steps`` + 1 (B4, C8). ``loss`` takes a
    :class:`~bpcourse.graph.Node` with two entries and gives one number. The list ends early, at
    the last finite place, where the loss or the step is no longer finite.
    """
    places = [(np.array(start, float), *slopes_at(loss, start))]
    for _ in range(steps):
        place, _, slopes = places[-1]
        try:
            with np.errstate(all="ignore"):  # too large a rate leaves the range of floats
                place = place - rate * slopes
            places.append((place, *slopes_at(loss, place)))
        except ValueError:
            break
    return places


class DescentPlayer(Explorer):
    """The path of gradient descent on the map of ``loss``; play it, or drag the start.

    ``loss`` takes a node with two entries and returns a number made with the gates of
    :mod:`bpcourse.graph`, so that the page can compute it and its slopes; ``limits`` is ((x low,
    x high), (y low, y high)), ``names`` what the two parameters are called. ValueError where the
    loss is not finite on the map, TypeError for a loss that is not made of gates.
    """

    figure = "descent"
    width, height = 8.0, 3.6
    scripts = page("descent")
    labels = ("loss_title", "steps")
    sentences = ("descent_says", "descent_left")
    formats = {"steps": ",", "taken": ",", "rate": ".3g", "first": ".4f", "x": ".4g", "y": ".4g"}

    def __init__(self, loss, limits, *, start, rate=1.0, steps=20, names=("$w$", "$b$")):
        self.loss, self.limits, self.names = loss, limits, names
        x, y = (np.linspace(low, high, SIDE) for low, high in limits)
        try:
            self.map = np.array([[loss_at(loss, (a, b))[1].value for a in x] for b in y])
        except ValueError:
            raise ValueError("loss: expected finite numbers on the whole map") from None
        low, spread = self.map.min(), np.ptp(self.map) or 1.0
        self.levels = low + spread * np.linspace(0.02, 1, 12) ** 2
        lines: Any = contour_generator(x, y, self.map)
        contours = [
            np.round(line, 3).tolist() for level in self.levels for line in lines.lines(level)
        ]
        bare = [name.strip("$") for name in names]
        controls = [
            slider(f"start_{axis}", low, high, 0.1, label=text("widgets.start", name=name))
            for axis, name, (low, high) in zip("xy", bare, limits, strict=True)
        ]
        controls += [powers("rate", -2, 2, 0.1), counter("steps", 0, MOST, play=150)]
        self.formulas = [
            {
                "symbols": rf"\parameter{{{name}}}\leftarrow {name}"
                rf"-\eta\slope{{\frac{{\partial\mathcal L}}{{\partial {name}}}}}",
                "numbers": rf"=<{axis}>-<rate>\cdot\slope{{<slope_{axis}!>}}"
                rf"=\parameter{{<next_{axis}>}}",
            }
            for axis, name in zip("xy", bare, strict=True)
        ]
        root = loss(Node(start, "θ"))
        program = from_graph(root)
        theta = next(n for n, node in enumerate(program["nodes"]) if node["name"] == "θ")
        values = {"start_x": float(start[0]), "start_y": float(start[1])}
        super().__init__(
            controls,
            values | {"rate": float(rate), "steps": steps},
            program=program,
            theta=theta,
            limits=[list(map(float, ends)) for ends in limits],
            names=[rich(name) for name in names],
            contours=rounded(contours),
        )

    def compute(self, start_x, start_y, rate, steps):
        path = descend(self.loss, (start_x, start_y), rate, steps)
        places, losses, _ = zip(*path, strict=True)
        end, last, slopes = path[-1]
        after = end - rate * slopes
        inside = all(low <= at <= high for at, (low, high) in zip(end, self.limits, strict=True))
        return {
            "says": "descent_says" if inside else "descent_left",
            "places": [place.tolist() for place in places],
            "losses": list(losses),
            "taken": len(path) - 1,
            "first": losses[0],
            "last": last,
            **dict(zip(("x", "y"), end.tolist(), strict=True)),
            **dict(zip(("slope_x", "slope_y"), slopes.tolist(), strict=True)),
            **dict(zip(("next_x", "next_y"), after.tolist(), strict=True)),
        }

    def draw(self, figure, found):
        ax, curve = figure.subplots(1, 2, width_ratios=(1.2, 1))
        x, y = (np.linspace(low, high, SIDE) for low, high in self.limits)
        ax.contour(x, y, self.map, levels=self.levels, colors=QUIET, linewidths=0.8)
        places = np.array(found["places"])
        ax.plot(*places.T, ".-", color=figures.PARAMETER, linewidth=1.2)
        ax.plot(*places[:1].T, "s", color=INK, markersize=6)
        ax.plot(*places[-1:].T, "o", color=figures.PARAMETER, markersize=9)
        ax.set(xlim=self.limits[0], ylim=self.limits[1])
        ax.set(xlabel=self.names[0], ylabel=self.names[1])
        curve.plot(found["losses"], color=figures.FORWARD)
        curve.plot([found["taken"]], [found["last"]], "o", color=figures.FORWARD)
        curve.set(xlim=(0, MOST), xlabel=text("widgets.steps"), title=text("widgets.loss_title"))
        top = max(loss for loss in found["losses"] if loss <= 3 * found["first"])
        curve.set_ylim(0, 1.05 * top or 1)
