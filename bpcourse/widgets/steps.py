"""How exact a measured slope is, for every step size."""

from typing import Any

import numpy as np

from bpcourse import figures
from bpcourse.figures.style import INK, QUIET
from bpcourse.text import text
from bpcourse.widgets.kernel_drawn import Explorer, menu, powers, slider

FUNCTIONS: dict[str, Any] = {
    "eˣ sin x": (lambda x: np.exp(x) * np.sin(x), lambda x: np.exp(x) * (np.sin(x) + np.cos(x))),
    "x³": (lambda x: x * x * x, lambda x: 3 * x * x),
    "1000 + sin x": (lambda x: 1000 + np.sin(x), np.cos),
    "sin 100x": (lambda x: np.sin(100 * x), lambda x: 100 * np.cos(100 * x)),
}
WAYS = {
    "one-sided": lambda f, x, h: (f(x + h) - f(x)) / h,
    "central": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "complex": lambda f, x, h: f(x + 1j * h).imag / h,
}


def slope_errors(function, x, h, precision=np.float64):
    """{way: |measured − true| relative to the true slope} for the step ``h``, a number or array.

    ``precision`` is the type of all numbers, float64 or float32; the true slope is in float64.
    """
    f, derivative = FUNCTIONS[function]
    true = derivative(np.float64(x))
    x, h = precision(x), np.asarray(h, precision)
    with np.errstate(all="ignore"):  # a step below the smallest number is 0
        return {way: np.abs(slope(f, x, h) - true) / abs(true) for way, slope in WAYS.items()}


class StepExplorer(Explorer):
    """The error of three ways to a slope against the step, with the step of your choice marked."""

    def __init__(self, function="eˣ sin x", x=1.0, h=1e-4, precision="float64"):
        kinds = {"float64": np.float64, "float32": np.float32}
        super().__init__(
            {
                "function": menu(text("widgets.function"), list(FUNCTIONS), function),
                "x": slider(text("widgets.x"), x, 0.3, 1.4, 0.05),
                "h": powers(text("widgets.step"), h, -16, 0),
                "precision": menu(text("widgets.precision"), kinds, kinds[precision]),
            }
        )

    def draw(self, figure):
        ax = figure.subplots()
        colors = {"one-sided": INK, "central": figures.FORWARD, "complex": figures.GRADIENT}
        styles = {"one-sided": ":", "central": "-", "complex": "--"}
        self.lines, self.dots = {}, {}
        for way in WAYS:
            look = {"color": colors[way], "linestyle": styles[way], "label": text(f"widgets.{way}")}
            self.lines[way] = ax.loglog([], [], **look)[0]
            self.dots[way] = ax.loglog([], [], "o", color=colors[way])[0]
        self.here = ax.axvline(1, color=QUIET, linewidth=0.8)
        ax.set(xlim=(2, 1e-17), ylim=(1e-17, 1e3), xlabel=text("widgets.step_axis"))
        ax.set_ylabel(text("widgets.step_error"))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

    def update(self, function, x, h, precision):
        steps = 10.0 ** np.arange(0, -16.1, -0.125)
        curves = slope_errors(function, x, steps, precision)
        here = slope_errors(function, x, h, precision)
        for way, errors in curves.items():
            self.lines[way].set_data(steps, np.maximum(errors, 1e-17))  # an error of 0 is drawn low
            self.dots[way].set_data([h], [max(here[way], 1e-17)])
        self.here.set_xdata([h, h])
        best = steps[np.argmin(curves["central"])]
        said = {way.replace("-", "_"): f"{error:.1e}" for way, error in here.items()}
        return text("widgets.step_says", h=f"{h:.1e}", best=f"{best:.0e}", **said)
