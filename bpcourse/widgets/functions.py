"""Functions of one number with their slopes: activations and losses."""

import numpy as np

from bpcourse import activations, figures
from bpcourse.figures.style import QUIET
from bpcourse.losses import BinaryCrossEntropy, SquaredError
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, menu, page, slider

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


SLOPES = {  # each in the form that keeps its digits; s is the logistic function
    "logistic": r"=\sigma(z)\,\sigma(-z)",
    "tanh": r"=1-\sigma(z)^2",
    "ReLU": "",
    "leaky ReLU": "",
    "softplus": r"=\frac{1}{1+e^{-z}}",
    "SiLU": r"=s+z\,s\,(1-s)",
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
    """σ with its tangent at z, σ′ beside it, and what is left of a gradient that comes back."""

    figure = "activation"
    scripts = page("activation")
    labels = ("z_axis", "activation_title", "slope_title", "gradient", "from_above", "passed_on")
    sentences = ("unit_says",)
    formats = {"z": ".1f", "upstream": ".1f", "a": ".3f", "slope": ".3f", "delta": ".3f"}
    formulas = [
        {"symbols": r"\value{a}=\sigma(z)", "numbers": r"=\sigma(<z>)=\value{<a>}"},
        *(
            {"when": {"kind": kind}, "symbols": rf"\slope{{\sigma'(z)}}{slope}", "numbers": NUMBER}
            for kind, slope in SLOPES.items()
        ),
        {
            "symbols": r"\slope{\delta}=\frac{\partial\mathcal L}{\partial a}\cdot\sigma'(z)",
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


ERROR = {"symbols": r"\value{\mathcal L}=(\hat y-y)^2", "numbers": r"=\value{<value>}"}
SLOPE = r"\slope{\frac{\partial\mathcal L}{\partial z}}"
OF_PAIR = {
    "linear, squared error": [
        {"symbols": r"\value{\hat y}=z", "numbers": r"=\value{<y_hat>}"},
        ERROR,
        {
            "symbols": SLOPE + r"=2(\hat y-y)",
            "numbers": r"=2(<y_hat>-<target>)=\slope{<slope>}",
        },
    ],
    "logistic, squared error": [
        {"symbols": r"\value{\hat y}=\sigma(z)", "numbers": r"=\value{<y_hat>}"},
        ERROR,
        {
            "symbols": SLOPE + r"=2(\hat y-y)\cdot\sigma'(z)",
            "numbers": r"=2(<y_hat>-<target>)\cdot<unit_slope>=\slope{<slope>}",
        },
    ],
    "logistic, cross-entropy": [
        {"symbols": r"\value{\hat y}=\sigma(z)", "numbers": r"=\value{<y_hat>}"},
        {
            "symbols": r"\value{\mathcal L}=-y\log\hat y-(1-y)\log(1-\hat y)",
            "numbers": r"=\value{<value>}",
        },
        {"symbols": SLOPE + r"=\hat y-y", "numbers": r"=<y_hat>-<target>=\slope{<slope>}"},
    ],
}


class LossExplorer(Explorer):
    """The loss of one output unit over its pre-activation, and the gradient that it sends back."""

    figure = "loss"
    scripts = page("loss")
    labels = ("z_axis", "loss_title", "loss_slope")
    sentences = ("loss_says",)
    formats = {"z": ".1f", "target": ".2f", "y_hat": ".3f", "value": ".3f", "slope": ".3f"} | {
        "unit_slope": ".3f"
    }
    formulas = [
        {"when": {"pair": pair}, **line} for pair, lines in OF_PAIR.items() for line in lines
    ]

    def __init__(self, pair="logistic, squared error", z=-4.0, target=1.0):
        controls = [
            menu("pair", list(PAIRS)),
            slider("z", -6, 6, 0.1),
            slider("target", 0, 1, 0.05, ".2f"),
        ]
        super().__init__(controls, {"pair": pair, "z": z, "target": target})

    def compute(self, pair, z, target):
        y_hat, value, slope = loss_at(pair, z, target)
        unit_slope = PAIRS[pair][0].derivative(np.array(float(z))).item()
        found = {"y_hat": y_hat, "unit_slope": unit_slope, "value": value, "slope": slope}
        return {"says": "loss_says", **found}

    def draw(self, figure, found):
        left, right = figure.subplots(1, 2)
        z, value, slope = found["z"], found["value"], found["slope"]
        grid = np.linspace(-7, 7, 141)
        each = [loss_at(found["pair"], at, found["target"]) for at in grid]
        _, values, slopes = np.transpose(each)
        left.plot(grid, values, color=figures.FORWARD)
        left.plot([z], [value], "o", color=figures.FORWARD)
        if slope:  # against the gradient, as long as it is steep, and never too short to be seen
            end = np.clip(z - np.sign(slope) * (0.8 + 2 * abs(slope)), -7, 7)
            look = {"arrowstyle": "-|>", "color": figures.GRADIENT, "linewidth": 2}
            left.annotate("", (end, value), (z, value), arrowprops=look)
        right.plot(grid, slopes, "--", color=figures.GRADIENT)
        right.plot([z], [slope], "D", color=figures.GRADIENT)
        left.set(ylim=(-0.06 * max(values), 1.06 * max(values)), title=text("widgets.loss_title"))
        steepest = max(abs(slopes))
        right.set(ylim=(-1.1 * steepest, 1.1 * steepest), title=text("widgets.loss_slope"))
        for ax in (left, right):
            ax.set(xlim=(-7, 7), xlabel=text("widgets.z_axis"))
            ax.axhline(0, color=QUIET, linewidth=0.6)
