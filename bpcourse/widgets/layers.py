"""Layers: which products of their matrices line up, and how far signals and gradients reach."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from bpcourse import figures
from bpcourse.figures.style import RESOLUTION, number
from bpcourse.layers import Linear, ReLU, Sigmoid, Tanh
from bpcourse.text import text
from bpcourse.validation import Array
from bpcourse.widgets.kernel_drawn import Explorer, counter, encoded, menu, powers

FORMS = {
    "rows": [("Z", "A", "W.T"), ("dW", "dZ.T", "A"), ("dA", "dZ", "W")],
    "columns": [("Z", "W", "A"), ("dW", "dZ", "A.T"), ("dA", "W.T", "dZ")],
}
KINDS = {"A": "forward", "Z": "forward", "W": "parameter"}


def shapes(form, batch, n_in, n_out):
    """{name: (rows, columns)} of A, Z, W and their transposes, in row or column form (D11, E11)."""
    across = {"A": (batch, n_in), "Z": (batch, n_out)}
    if form == "columns":
        across = {name: shape[::-1] for name, shape in across.items()}
    found = across | {"W": (n_out, n_in)}
    found |= {f"d{name}": shape for name, shape in found.items()}
    return found | {f"{name}.T": shape[::-1] for name, shape in found.items()}


def product(form, left, right, batch, n_in, n_out):
    """The shape of ``left @ right``, or None where the inner sizes differ."""
    of = shapes(form, batch, n_in, n_out)
    return (of[left][0], of[right][1]) if of[left][1] == of[right][0] else None


class ShapeExplorer(Explorer):
    """The three products of a layer, with or without the transpose, as boxes to scale."""

    height = 2.6

    def __init__(self, form="rows", which="dW", batch=5, n_in=3, n_out=4):
        wanted = [row[0] for row in FORMS["rows"]]
        super().__init__(
            {
                "form": menu(text("widgets.form"), {text(f"widgets.{f}"): f for f in FORMS}, form),
                "which": menu(text("widgets.which"), wanted, which),
                "transpose": menu(
                    text("widgets.transpose"),
                    {text("widgets.as_it_is"): True, text("widgets.left_out"): False},
                    True,
                ),
                "batch": counter(text("widgets.batch"), batch, 1, 8),
                "n_in": counter(text("widgets.n_in"), n_in, 1, 8),
                "n_out": counter(text("widgets.n_out"), n_out, 1, 8),
            }
        )

    def draw(self, figure):
        """The boxes are laid out anew for every size: see ``update``."""

    def paint(self):
        self.figure.set_dpi(RESOLUTION)
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        return encoded(canvas)

    def update(self, form, which, transpose, batch, n_in, n_out):
        _, left, right = next(row for row in FORMS[form] if row[0] == which)
        if not transpose:
            left, right = left.removesuffix(".T"), right.removesuffix(".T")
        of = shapes(form, batch, n_in, n_out)
        result = product(form, left, right, batch, n_in, n_out)

        def box(name, shape):
            bare = name.removesuffix(".T")
            return name, shape, "gradient" if bare.startswith("d") else KINDS[bare]

        parts = [box(left, of[left]), "@", box(right, of[right])]
        if result:
            parts += ["=", box(which, result) if result == of[which] else ("?", result)]
        self.figure = figures.shape_row(parts)
        self.figure.set_size_inches(*np.minimum(self.figure.get_size_inches(), 8))
        key = "fits" if result == of[which] else "other" if result else "refused_product"
        return text(
            f"widgets.product_{key}",
            left=left,
            right=right,
            left_shape=of[left],
            right_shape=of[right],
            which=which,
            result=result,
            wanted=of[which],
        )


UNITS = {"logistic": Sigmoid, "tanh": Tanh, "ReLU": ReLU}


def reach(kind, scale, depth, width=64, batch=128, seed=0):
    """Sizes of activations and gradients, a pair of arrays (depth,), through a random deep network.

    Weights are normal with spread ``scale``/√width. The sizes are root mean squares after layer
    l = 1 … depth: of a^l, and of ∂ℒ/∂a^l for a random upstream gradient of size 1 at the top (E15).
    """
    rng = np.random.default_rng(seed)
    layers = []
    for _ in range(depth):
        linear = Linear(width, width, rng=rng)
        linear.W = rng.normal(size=(width, width)) * scale / np.sqrt(width)
        layers.append((linear, UNITS[kind]()))
    x: Array = rng.normal(size=(batch, width))
    forward = []
    for linear, unit in layers:
        x = unit.forward(linear.forward(x))
        forward.append(np.sqrt(np.mean(x**2)))
    grad: Array = rng.normal(size=x.shape)
    backward = []
    for linear, unit in reversed(layers):
        backward.append(np.sqrt(np.mean(grad**2)))
        grad = linear.backward(unit.backward(grad))
    return np.array(forward), np.array(backward[::-1])


class InitialisationExplorer(Explorer):
    """How signals fade or grow on their way up, and gradients on their way down."""

    def __init__(self, kind="logistic", scale=1.0, depth=10):
        super().__init__(
            {
                "kind": menu(text("widgets.activation"), list(UNITS), kind),
                "scale": powers(text("widgets.spread"), scale, -1, 1, 0.05),
                "depth": counter(text("widgets.depth"), depth, 2, 30),
            }
        )

    def draw(self, figure):
        ax = figure.subplots()
        self.up = ax.semilogy([], [], "o-", color=figures.FORWARD)[0]
        self.down = ax.semilogy([], [], "s--", color=figures.GRADIENT)[0]
        self.up.set_label(text("widgets.sizes_up"))
        self.down.set_label(text("widgets.sizes_down"))
        ax.set(xlim=(0.5, 30.5), ylim=(1e-12, 1e12), xlabel=text("widgets.layer"))
        ax.set_ylabel(text("widgets.size"))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
        self.ax = ax

    def update(self, kind, scale, depth):
        with np.errstate(over="ignore"):
            up, down = reach(kind, scale, depth)
        layers = np.arange(1, depth + 1)
        self.up.set_data(layers, np.clip(up, 1e-12, 1e12))
        self.down.set_data(layers, np.clip(down, 1e-12, 1e12))
        self.ax.set_xlim(0.5, depth + 0.5)
        return text(
            "widgets.reach_says",
            kind=kind,
            scale=number(scale),
            top=f"{up[-1]:.2g}",
            bottom=f"{down[0]:.2g}",
            depth=depth,
        )
