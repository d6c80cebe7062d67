"""How exact a measured slope is, for every step size."""

from typing import Any

import numpy as np

from bpcourse import figures
from bpcourse.figures.style import INK, QUIET
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, menu, page, powers, slider

FUNCTIONS: dict[str, Any] = {  # f, f′, f‴
    "eˣ sin x": (
        lambda x: np.exp(x) * np.sin(x),
        lambda x: np.exp(x) * (np.sin(x) + np.cos(x)),
        lambda x: 2 * np.exp(x) * (np.cos(x) - np.sin(x)),
    ),
    "x³": (lambda x: x * x * x, lambda x: 3 * x * x, lambda x: 6.0),
    "1000 + sin x": (lambda x: 1000 + np.sin(x), np.cos, lambda x: -np.cos(x)),
    "sin 100x": (
        lambda x: np.sin(100 * x),
        lambda x: 100 * np.cos(100 * x),
        lambda x: -1e6 * np.cos(100 * x),
    ),
}
WAYS = {
    "one_sided": lambda f, x, h: (f(x + h) - f(x)) / h,
    "central": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "complex": lambda f, x, h: f(x + 1j * h).imag / h,
}
LARGEST = 1e30  # of an error that is shown
STEPS = 10.0 ** (-np.arange(129) / 8)


def measured(function, x, h, precision=np.float64):
    """{way: the slope as it is measured} with the step ``h``, a number or array.

    ``precision`` is the type of all numbers, float64 or float32.
    """
    f = FUNCTIONS[function][0]
    x, h = precision(x), np.asarray(h, precision)
    with np.errstate(all="ignore"):  # a step below the smallest number is 0
        return {way: slope(f, x, h) for way, slope in WAYS.items()}


def slope_errors(function, x, h, precision=np.float64):
    """{way: |measured − true| relative to the true slope}, as ``measured``."""
    true = FUNCTIONS[function][1](np.float64(x))
    return {
        way: np.minimum(np.nan_to_num(np.abs(slope - true) / abs(true), nan=LARGEST), LARGEST)
        for way, slope in measured(function, x, h, precision).items()
    }


def best_step(function, x, precision=np.float64):
    """The step at which the error of the central difference is about least.

    It is h²|f‴|/6 from the curve and ε|f|/h from rounding, of which the sum is least where
    h³ = 3ε|f|/|f‴|.
    """
    f, _, third = FUNCTIONS[function]
    rounding = float(np.finfo(precision).eps) / 2
    return float(np.cbrt(3 * rounding * abs(f(x)) / abs(third(x))))


class StepExplorer(Explorer):
    """The error of three ways to a slope against the step, with the step of your choice marked."""

    figure = "steps"
    scripts = page("steps")
    labels = ("step_axis", "step_error", *WAYS)
    sentences = ("step_says",)
    formats = {
        **dict.fromkeys(("h", "one_sided", "central", "complex"), ".2g"),
        **dict.fromkeys(("true_slope", "slope_one_sided", "slope_central"), ".10g"),
        "best": ".1g",
    }
    formulas = [
        {"symbols": r"\slope{f'(x)}", "numbers": r"=\slope{<true_slope>}"},
        {
            "symbols": r"\frac{f(x+h)-f(x)}{h}",
            "numbers": r"=\slope{<slope_one_sided>}",
        },
        {
            "symbols": r"\frac{f(x+h)-f(x-h)}{2h}",
            "numbers": r"=\slope{<slope_central>}",
        },
    ]

    def __init__(self, function="eˣ sin x", x=1.0, h=1e-4, precision="float64"):
        controls = [
            menu("function", list(FUNCTIONS)),
            slider("x", 0.3, 1.4, 0.05, ".2f"),
            powers("h", -16, 0, digits=0),  # where the curves have points
            menu("precision", ["float64", "float32"]),
        ]
        values = {"function": function, "x": x, "h": h, "precision": precision}
        super().__init__(controls, values)

    def compute(self, function, x, h, precision):
        kind = getattr(np, precision)
        slopes = measured(function, x, h, kind)
        return {
            "says": "step_says",
            "true_slope": float(FUNCTIONS[function][1](x)),
            **{way: float(error) for way, error in slope_errors(function, x, h, kind).items()},
            "best": best_step(function, x, kind),
            "slope_one_sided": float(slopes["one_sided"]),
            "slope_central": float(slopes["central"]),
            "curves": np.stack([*slope_errors(function, x, STEPS, kind).values()], axis=1).tolist(),
        }

    def draw(self, figure, found):
        ax = figure.subplots()
        colors = {"one_sided": INK, "central": figures.FORWARD, "complex": figures.GRADIENT}
        styles = {"one_sided": ":", "central": "-", "complex": "--"}
        low = 1e-17  # an error of 0 is drawn here
        for way, errors in zip(WAYS, np.transpose(found["curves"]), strict=True):
            look = {"color": colors[way], "linestyle": styles[way], "label": text(f"widgets.{way}")}
            ax.loglog(STEPS, np.maximum(errors, low), **look)
            ax.loglog([found["h"]], [max(found[way], low)], "o", color=colors[way])
        ax.axvline(found["h"], color=QUIET, linewidth=0.8)
        ax.set(xlim=(2, low), ylim=(low, 1e3), xlabel=text("widgets.step_axis"))
        ax.set_ylabel(text("widgets.step_error"))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
