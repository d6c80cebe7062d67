"""Gradient descent on a loss of two parameters, step by step."""

import ipywidgets
import numpy as np

from bpcourse import figures
from bpcourse.figures.style import INK, QUIET, number
from bpcourse.gradcheck import central_difference
from bpcourse.text import text
from bpcourse.widgets.kernel_drawn import Explorer, counter, powers, slider

MOST = 100  # steps


def descend(loss, start, rate, steps):
    """The places that gradient descent visits from ``start`` (2,): (steps + 1, 2) (B4, C8).

    ``loss`` takes a place (2,) and gives a number. Ends early, at the last finite place, where the
    loss or the step is no longer finite.
    """
    places = [np.array(start, float)]
    for _ in range(steps):
        with np.errstate(all="ignore"):  # too large a rate leaves the range of floats
            here = places[-1].copy()
            h = 1e-6 * max(1.0, np.abs(here).max())  # far out, a fixed nudge would be rounded away
            place = here - rate * central_difference(loss, here, h)
            if not (np.isfinite(place).all() and np.isfinite(loss(place))):
                break
        places.append(place)
    return np.array(places)


class DescentPlayer(Explorer):
    """The path of gradient descent on the map of ``loss``; play it, or drag the steps.

    ``loss`` takes an array (2,) and returns a number; ``limits`` is ((x low, x high), (y low,
    y high)), ``names`` what the two parameters are called. ValueError where the loss is not finite
    on the map.
    """

    width, height = 5.0, 4.0

    def __init__(self, loss, limits, *, start, rate=1.0, steps=20, names=("$w$", "$b$")):
        self.loss, self.limits, self.names = loss, limits, names
        controls = {
            f"start_{axis}": slider(text("widgets.start", name=name.strip("$")), at, low, high, 0.1)
            for axis, name, at, (low, high) in zip("xy", names, start, limits, strict=True)
        }
        controls["rate"] = powers(text("widgets.rate"), rate, -2, 2, 0.1)
        controls["steps"] = counter(text("widgets.steps"), steps, 0, MOST)
        play = ipywidgets.Play(value=steps, min=0, max=MOST, interval=150)
        ipywidgets.jslink((play, "value"), (controls["steps"], "value"))
        super().__init__(controls, [play])

    def draw(self, figure):
        (x_low, x_high), (y_low, y_high) = self.limits
        x, y = np.linspace(x_low, x_high, 61), np.linspace(y_low, y_high, 61)
        height = np.array([[self.loss(np.array([a, b])) for a in x] for b in y])
        if not np.isfinite(height).all():
            raise ValueError("loss: expected finite numbers on the whole map")
        ax = figure.subplots()
        low, spread = height.min(), np.ptp(height) or 1.0
        lines = ax.contour(
            x, y, height, levels=low + spread * np.linspace(0.02, 1, 12) ** 2, colors=QUIET
        )
        lines.set_linewidth(0.8)
        self.path = ax.plot([], [], ".-", color=figures.PARAMETER, linewidth=1.2)[0]
        self.here = ax.plot([], [], "o", color=figures.PARAMETER, markersize=9)[0]
        self.first = ax.plot([], [], "s", color=INK, markersize=6)[0]
        ax.set(xlim=(x_low, x_high), ylim=(y_low, y_high))
        ax.set(xlabel=self.names[0], ylabel=self.names[1])

    def update(self, start_x, start_y, rate, steps):
        places = descend(self.loss, (start_x, start_y), rate, steps)
        self.path.set_data(*places.T)
        self.first.set_data([start_x], [start_y])
        self.here.set_data(*places[-1:].T)
        end = places[-1]
        inside = all(low <= at <= high for at, (low, high) in zip(end, self.limits, strict=True))
        return text(
            "widgets.descent_says" if inside else "widgets.descent_left",
            steps=len(places) - 1,
            rate=f"{rate:.3g}",
            first=f"{self.loss(places[0]):.4f}",
            last=f"{self.loss(end):.4g}",
            x=number(end[0]) if inside else f"{end[0]:.3g}",
            y=number(end[1]) if inside else f"{end[1]:.3g}",
        )
