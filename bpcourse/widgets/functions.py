"""Functions of one number with their slopes: activations and losses."""

import numpy as np

from bpcourse import activations, figures
from bpcourse.figures.style import QUIET, number
from bpcourse.losses import BinaryCrossEntropy, SquaredError
from bpcourse.text import text
from bpcourse.widgets import kernel_drawn
from bpcourse.widgets.explorer import RENDER, Explorer, menu, page, slider

KINDS = {
    "logistic": activations.sigmoid,
    "tanh": activations.tanh,
    "ReLU": activations.relu,
    "leaky ReLU": activations.leaky_relu,
    "softplus": activations.softplus,
    "SiLU": activations.silu,
    "GELU": activations.gelu,
    "linear": activations.identity,
}


SLOPES = {  # each in the form that keeps its digits
    "logistic": r"=f(z)\,f(-z)",
    "tanh": r"=1-f(z)^2",
    "ReLU": "",
    "leaky ReLU": "",
    "softplus": r"=\sigma(z)",
    "SiLU": r"=\sigma(z)\,(1+z\,\sigma(-z))",
    "GELU": r"=\Phi(z)+z\,\phi(z)",
    "linear": r"=1",
}
NUMBER = r"=\slope{<slope>}"


def through_unit(kind, z, upstream):
    """A unit at pre-activation ``z``: (a, σ′(z), δ), with δ = ``upstream`` · σ′(z) (C36)."""
    at = np.asarray(z, float)
    slope = float(kind.derivative(at))
    return float(kind.value(at)), slope, upstream * slope


class ActivationExplorer(Explorer):
    """f with its tangent at z, f′ beside it, and what is left of a gradient that comes back."""

    figure = "activation"
    _esm = page("activation") + RENDER
    labels = ("z_axis", "activation_title", "slope_title", "gradient", "from_above", "passed_on")
    sentences = ("unit_says",)
    formats = {"z": ".1f", "upstream": ".1f", "a": ".3f", "slope": ".3f", "delta": ".3f"}
    formulas = [
        {"symbols": r"\value{a}=f(z)", "numbers": r"=f(<z>)=\value{<a>}"},
        *(
            {"when": {"kind": kind}, "symbols": rf"\slope{{f'(z)}}{slope}", "numbers": NUMBER}
            for kind, slope in SLOPES.items()
        ),
        {
            "symbols": r"\slope{\delta}=\frac{\partial\mathcal L}{\partial a}\cdot f'(z)",
            "numbers": r"=<upstream>\cdot<slope!>=\slope{<delta>}",
        },
    ]

    def __init__(self, kind="logistic", z=1.5, upstream=1.0):
        controls = [
            menu("kind", list(KINDS), text("widgets.activation")),
            slider("z", -6, 6, 0.1),
            slider("upstream", -2, 2, 0.1),
        ]
        super().__init__(controls, {"kind": kind, "z": z, "upstream": upstream})

    def compute(self, kind, z, upstream):
        a, slope, delta = through_unit(KINDS[kind], z, upstream)
        return {"says": "unit_says", "a": a, "slope": slope, "delta": delta}

    def draw(self, figure, found):
        value, slope = figure.subplots(1, 2)
        f, z = KINDS[found["kind"]], found["z"]
        grid, near = np.linspace(-6, 6, 481), np.array([z - 2, z + 2])
        value.plot(grid, f.value(grid), color=figures.FORWARD)
        value.plot(near, found["a"] + found["slope"] * (near - z), "--", color=figures.GRADIENT)
        value.plot([z], [found["a"]], "o", color=figures.FORWARD)
        slope.plot(grid, f.derivative(grid), "--", color=figures.GRADIENT)
        slope.plot([z], [found["slope"]], "D", color=figures.GRADIENT)
        bounded = found["kind"] in ("logistic", "tanh")
        value.set(ylim=(-1.5, 1.5 if bounded else 6), title=text("widgets.activation_title"))
        slope.set(ylim=(-0.2, 1.35), title=text("widgets.slope_title"))
        for ax in (value, slope):
            ax.set(xlim=(-6, 6), xlabel=text("widgets.z_axis"))
            ax.axhline(0, color=QUIET, linewidth=0.6)


PAIRS = {
    "linear, squared error": (activations.identity, SquaredError()),
    "logistic, squared error": (activations.sigmoid, SquaredError()),
    "logistic, cross-entropy": (activations.sigmoid, BinaryCrossEntropy()),
}


def loss_at(pair, z, target):
    """One output unit at pre-activation ``z``: (ŷ, ℒ, ∂ℒ/∂z), numbers (A10, C14)."""
    output, loss = PAIRS[pair]
    at, wanted = np.array([[float(z)]]), np.array([[float(target)]])
    y_hat = output.value(at)
    if loss.fused:  # takes z itself
        slope = loss.gradient(at, wanted)
        value = loss.value(at, wanted)
    else:
        slope = loss.gradient(y_hat, wanted) * output.derivative(at)
        value = loss.value(y_hat, wanted)
    return y_hat.item(), float(value), slope.item()


class LossExplorer(kernel_drawn.Explorer):
    """The loss of one output unit over its pre-activation, and the gradient that it sends back."""

    def __init__(self, pair="logistic, squared error", z=-4.0, target=1.0):
        super().__init__(
            {
                "pair": kernel_drawn.menu(text("widgets.pair"), list(PAIRS), pair),
                "z": kernel_drawn.slider(text("widgets.z"), z, -6, 6, 0.1),
                "target": kernel_drawn.slider(text("widgets.target"), target, 0, 1, 0.05),
            }
        )

    def draw(self, figure):
        value, slope = self.axes = figure.subplots(1, 2)
        self.curve = value.plot([], [], color=figures.FORWARD)[0]
        self.point = value.plot([], [], "o", color=figures.FORWARD)[0]
        self.downhill = value.plot([], [], color=figures.GRADIENT, marker=">", markevery=[1])[0]
        self.derivative = slope.plot([], [], color=figures.GRADIENT)[0]
        self.at = slope.plot([], [], "o", color=figures.GRADIENT)[0]
        value.set_title(text("widgets.loss"))
        slope.set_title(text("widgets.loss_slope"))
        for ax in self.axes:
            ax.set(xlim=(-6, 6), xlabel=text("widgets.z_axis"))
            ax.axhline(0, color=QUIET, linewidth=0.6)

    def update(self, pair, z, target):
        y_hat, value, slope = loss_at(pair, z, target)
        grid = np.linspace(-6, 6, 121)
        _, values, slopes = zip(*(loss_at(pair, at, target) for at in grid), strict=True)
        self.curve.set_data(grid, values)
        self.derivative.set_data(grid, slopes)
        self.axes[0].set_ylim(-0.06 * max(values), 1.06 * max(values))
        steepest = max(map(abs, slopes))
        self.axes[1].set_ylim(-1.1 * steepest, 1.1 * steepest)
        self.point.set_data([z], [value])
        self.at.set_data([z], [slope])
        # Against the gradient, as long as it is steep, and never too short to be seen.
        self.downhill.set_data([z, z - np.sign(slope) * (0.8 + 2 * abs(slope))], [value, value])
        self.downhill.set_visible(slope != 0)
        self.downhill.set_marker(">" if slope < 0 else "<")
        return text(
            "widgets.loss_says",
            pair=pair,
            z=number(z, 1),
            y_hat=number(y_hat, 3),
            target=number(target),
            value=number(value, 3),
            slope=number(slope, 3),
        )
