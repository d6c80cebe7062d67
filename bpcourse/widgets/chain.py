"""The chain rule under a microscope: two curves that become straight as the push gets small."""

from typing import Any

import numpy as np

from bpcourse import figures
from bpcourse.figures.style import number
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, menu, powers, slider

INNER: dict[str, Any] = {
    "x²": (np.square, lambda x: 2 * x),
    "sin x": (np.sin, np.cos),
    "eˣ": (np.exp, np.exp),
}
OUTER: dict[str, Any] = {
    "10/y": (lambda y: 10 / y, lambda y: -10 / y**2),
    "y³": (lambda y: y**3, lambda y: 3 * y**2),
    "sin y": (np.sin, np.cos),
}


def pushes(inner, outer, x, dx):
    """Push x by ``dx`` through y = inner(x), z = outer(y) (C17, C20).

    Returns {"dy": Δy, "dz": Δz, "dy_dx": slope at x, "dz_dy": slope at y}. ValueError where the
    outer function has no value near y.
    """
    (g, g_slope), (h, h_slope) = INNER[inner], OUTER[outer]
    y, moved = g(x), g(x + dx)
    if outer == "10/y" and y * moved <= 0:
        raise ValueError(text("widgets.pole", y=number(y, 3), moved=number(moved, 3)))
    return {"dy": moved - y, "dz": h(moved) - h(y), "dy_dx": g_slope(x), "dz_dy": h_slope(y)}


class ChainMicroscope(Explorer):
    """Δx → Δy → Δz for a push of any size; the frame zooms with it, until both curves are lines."""

    def __init__(self, inner="x²", outer="10/y", x=2.0, dx=1.0):
        super().__init__(
            {
                "inner": menu(text("widgets.inner"), list(INNER), inner),
                "outer": menu(text("widgets.outer"), list(OUTER), outer),
                "x": slider(text("widgets.x"), x, -3, 3, 0.1),
                "dx": powers(text("widgets.push"), dx, -4, 0),
            }
        )

    def draw(self, figure):
        figure.set_layout_engine("none")  # room for the longest numbers, which come with the zoom
        room = {"left": 0.11, "right": 0.98, "bottom": 0.17, "top": 0.97, "wspace": 0.34}
        self.axes = figure.subplots(1, 2, gridspec_kw=room)
        self.lines = []
        for ax, letters in zip(self.axes, (("x", "y"), ("y", "z")), strict=True):
            tangent = ax.plot([], [], "--", color=figures.GRADIENT, label=text("widgets.tangent"))[
                0
            ]
            curve = ax.plot([], [], color=figures.FORWARD)[0]
            ends = ax.plot([], [], "o", color=figures.FORWARD)[0]
            ax.set(xlabel=f"${letters[0]}$", ylabel=f"${letters[1]}$")
            ax.locator_params(nbins=4)
            ax.ticklabel_format(useOffset=False)  # the zoom is read off real numbers
            self.lines.append((tangent, curve, ends))
        self.axes[0].legend(loc="upper left")

    def update(self, inner, outer, x, dx):
        found = pushes(inner, outer, x, dx)
        y = INNER[inner][0](x)
        steps = [(INNER[inner], x, dx, found["dy"]), (OUTER[outer], y, found["dy"], found["dz"])]
        for ax, ((f, slope), at, push, change), drawn in zip(
            self.axes, steps, self.lines, strict=True
        ):
            tangent, curve, ends = drawn
            width = abs(push) or 1.0
            height = max(abs(change), abs(slope(at) * push)) or width
            grid = at + np.linspace(-1.4, 1.4, 141) * width
            with np.errstate(all="ignore"):  # a frame may reach beyond what f is defined on
                heights = f(grid)
            away = np.abs(heights - f(at)) / height
            curve.set_data(grid, np.where(away < 5, heights, np.nan))  # no line at a pole
            tangent.set_data(grid, f(at) + (grid - at) * slope(at))
            ends.set_data([at, at + push], [f(at), f(at) + change])
            ax.set_xlim(at - 1.4 * width, at + 1.4 * width)
            ax.set_ylim(f(at) - 1.4 * height, f(at) + 1.4 * height)
        product = found["dy_dx"] * found["dz_dy"]
        return text(
            "widgets.push_says",
            dx=f"{dx:.2g}",
            dy=f"{found['dy']:.4g}",
            dz=f"{found['dz']:.4g}",
            ratio=f"{found['dz'] / dx:.5g}",
            dy_dx=f"{found['dy_dx']:.4g}",
            dz_dy=f"{found['dz_dy']:.4g}",
            product=f"{product:.5g}",
        )
