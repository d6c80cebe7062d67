"""The chain rule under a microscope: two curves that become straight as the push gets small."""

from typing import Any

import numpy as np

from bpcourse import figures
from bpcourse.figures.style import number
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, menu, powers, slider

INNER: dict[str, Any] = {
    "s²": (np.square, lambda s: 2 * s),
    "sin s": (np.sin, np.cos),
    "eˢ": (np.exp, np.exp),
}
OUTER: dict[str, Any] = {
    "10/u": (lambda u: 10 / u, lambda u: -10 / u**2),
    "u³": (lambda u: u**3, lambda u: 3 * u**2),
    "sin u": (np.sin, np.cos),
}


def pushes(inner, outer, s, ds):
    """Push s by ``ds`` through u = inner(s), f = outer(u) (C17, C20).

    Returns {"du": Δu, "df": Δf, "du_ds": slope at s, "df_du": slope at u}. ValueError where the
    outer function has no value near u.
    """
    (g, g_slope), (h, h_slope) = INNER[inner], OUTER[outer]
    u, moved = g(s), g(s + ds)
    if outer == "10/u" and u * moved <= 0:
        raise ValueError(text("widgets.pole", u=number(u, 3), moved=number(moved, 3)))
    return {"du": moved - u, "df": h(moved) - h(u), "du_ds": g_slope(s), "df_du": h_slope(u)}


class ChainMicroscope(Explorer):
    """Δs → Δu → Δf for a push of any size; the frame zooms with it, until both curves are lines."""

    def __init__(self, inner="s²", outer="10/u", s=2.0, ds=1.0):
        super().__init__(
            {
                "inner": menu(text("widgets.inner"), list(INNER), inner),
                "outer": menu(text("widgets.outer"), list(OUTER), outer),
                "s": slider(text("widgets.s"), s, -3, 3, 0.1),
                "ds": powers(text("widgets.push"), ds, -4, 0),
            }
        )

    def draw(self, figure):
        figure.set_layout_engine("none")  # room for the longest numbers, which come with the zoom
        room = {"left": 0.11, "right": 0.98, "bottom": 0.17, "top": 0.97, "wspace": 0.34}
        self.axes = figure.subplots(1, 2, gridspec_kw=room)
        self.lines = []
        for ax, letters in zip(self.axes, (("s", "u"), ("u", "f")), strict=True):
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

    def update(self, inner, outer, s, ds):
        found = pushes(inner, outer, s, ds)
        u = INNER[inner][0](s)
        steps = [(INNER[inner], s, ds, found["du"]), (OUTER[outer], u, found["du"], found["df"])]
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
        product = found["du_ds"] * found["df_du"]
        return text(
            "widgets.push_says",
            ds=f"{ds:.2g}",
            du=f"{found['du']:.4g}",
            df=f"{found['df']:.4g}",
            ratio=f"{found['df'] / ds:.5g}",
            du_ds=f"{found['du_ds']:.4g}",
            df_du=f"{found['df_du']:.4g}",
            product=f"{product:.5g}",
        )
