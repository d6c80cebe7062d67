"""The chain rule under a microscope: two curves that become straight as the push gets small."""

from typing import Any

import numpy as np

from bpcourse import figures
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, menu, page, powers, slider

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


LENS = 1.4  # a frame reaches so many pushes to each side


def pushes(inner, outer, s, ds):
    """Push s by ``ds`` through u = inner(s), f = outer(u) (C17, C20).

    Returns {"u", "moved": u after the push, "du": Δu, "df": Δf, "du_ds": slope at s, "df_du": slope
    at u, "ratio": Δf/Δs, "product": of the slopes}; where the outer function has no value near u,
    "u", "moved" and "refused".
    """
    (g, g_slope), (h, h_slope) = INNER[inner], OUTER[outer]
    u, moved = g(s), g(s + ds)
    found: dict[str, Any] = {"u": float(u), "moved": float(moved)}
    if outer == "10/u" and u * moved <= 0:
        return found | {"says": "pole", "refused": True}
    found |= {"du": moved - u, "df": h(moved) - h(u), "du_ds": g_slope(s), "df_du": h_slope(u)}
    found |= {"ratio": found["df"] / ds, "product": found["du_ds"] * found["df_du"]}
    return {name: float(value) for name, value in found.items()} | {"says": "push_says"}


class ChainMicroscope(Explorer):
    """Δs → Δu → Δf for a push of any size; the frame zooms with it, until both curves are lines."""

    figure = "chain"
    height = 3.2
    scripts = page("chain")
    labels = ("s_axis", "u_axis", "f_axis", "curve", "tangent")
    sentences = ("push_says", "pole")
    formats = {"ds": ".2g"} | dict.fromkeys(("df", "du_ds", "df_du", "ratio", "product"), ".5g")
    formulas = [
        {
            "symbols": r"\frac{\value{\Delta f}}{\value{\Delta s}}",
            "numbers": r"=\frac{\value{<df>}}{\value{<ds>}}=\value{<ratio>}",
        },
        {
            "symbols": r"\slope{\frac{df}{ds}}=\slope{\frac{du}{ds}}\cdot\slope{\frac{df}{du}}",
            "numbers": r"=<du_ds>\cdot<df_du!>=\slope{<product>}",
        },
    ]

    def __init__(self, inner="s²", outer="10/u", s=2.0, ds=1.0):
        controls = [
            menu("inner", list(INNER)),
            menu("outer", list(OUTER)),
            slider("s", -3, 3, 0.1),
            powers("ds", -4, 0),
        ]
        super().__init__(controls, {"inner": inner, "outer": outer, "s": s, "ds": ds})

    def compute(self, inner, outer, s, ds):
        return pushes(inner, outer, s, ds)

    def draw(self, figure, found):
        figure.set_layout_engine("none")  # room for the longest numbers, which come with the zoom
        room = {"left": 0.11, "right": 0.98, "bottom": 0.16, "top": 0.9, "wspace": 0.34}
        axes = figure.subplots(1, 2, gridspec_kw=room)
        steps = [
            (INNER[found["inner"]], found["s"], found["ds"], found["du"]),
            (OUTER[found["outer"]], found["u"], found["du"], found["df"]),
        ]
        letters = (("s", "u"), ("u", "f"))
        for ax, (x, y), ((f, slope), at, push, change) in zip(axes, letters, steps, strict=True):
            width = abs(push) or 1.0
            height = max(abs(change), abs(slope(at) * push)) or width
            grid = at + np.linspace(-LENS, LENS, 141) * width
            with np.errstate(all="ignore"):  # a frame may reach beyond what f is defined on
                heights = f(grid)
            far = np.abs(heights - f(at)) > 5 * height  # no line at a pole
            ax.plot(grid, np.where(far, np.nan, heights), color=figures.FORWARD)
            line = f(at) + (grid - at) * slope(at)
            ax.plot(grid, line, "--", color=figures.GRADIENT, label=text("widgets.tangent"))
            ax.plot([at, at + push], [f(at), f(at) + change], "o", color=figures.FORWARD)
            ax.set_title(text(f"widgets.{y}_axis"))
            ax.set_xlabel(text(f"widgets.{x}_axis"))
            ax.set(xlim=(grid[0], grid[-1]))
            ax.set_ylim(f(at) - LENS * height, f(at) + LENS * height)
            ax.locator_params(nbins=4)
            ax.ticklabel_format(useOffset=False)  # the zoom is read off real numbers
        axes[0].legend(loc="upper left")
