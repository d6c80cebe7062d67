"""Layers: which products of their matrices line up, and how far signals and gradients reach."""

from functools import lru_cache

import numpy as np

from bpcourse import figures
from bpcourse.layers import Linear, ReLU, Sigmoid, Tanh
from bpcourse.text import text
from bpcourse.widgets.draws import Draws
from bpcourse.widgets.explorer import Explorer, counter, menu, page, powers
from bpcourse.widgets.mathml import math

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


SYMBOLS = {
    "A": r"A", "Z": r"Z", "W": r"W", "A.T": r"A^\top", "W.T": r"W^\top", "dA": r"dA", "dZ": r"dZ",
    "dW": r"dW", "dZ.T": r"dZ^\top",
}  # fmt: skip


class ShapeExplorer(Explorer):
    """The three products of a layer, with or without the transpose, as boxes to scale."""

    figure = "shapes"
    height = 2.6
    scripts = page("matrix", "shapes")
    sentences = ("product_fits", "product_other", "product_refused")
    formulas = [
        {
            "when": {"form": form, "which": which, "transpose": True},
            "symbols": f"{SYMBOLS[which]}={SYMBOLS[left]}\\,{SYMBOLS[right]}",
            "numbers": r"=<left_shape>\,<right_shape>=<result>",
        }
        for form, rows in FORMS.items()
        for which, left, right in rows
    ]

    def __init__(self, form="rows", which="dW", batch=5, n_in=3, n_out=4):
        as_it_is = {text("widgets.as_it_is"): True, text("widgets.left_out"): False}
        controls = [
            menu("form", {text(f"widgets.{name}"): name for name in FORMS}),
            menu("which", [row[0] for row in FORMS["rows"]]),
            menu("transpose", as_it_is),
            *(counter(name, 1, 8) for name in ("batch", "n_in", "n_out")),
        ]
        values = {"form": form, "which": which, "transpose": True}
        values |= {"batch": batch, "n_in": n_in, "n_out": n_out}
        symbols = {name: math(symbol) for name, symbol in SYMBOLS.items()}
        super().__init__(controls, values, symbols=symbols)

    def compute(self, form, which, transpose, batch, n_in, n_out):
        _, left, right = next(row for row in FORMS[form] if row[0] == which)
        if not transpose:
            left, right = left.removesuffix(".T"), right.removesuffix(".T")
        of = shapes(form, batch, n_in, n_out)
        result = product(form, left, right, batch, n_in, n_out)
        key = "fits" if result == of[which] else "other" if result else "refused"
        result = result or (0, 0)
        return {
            "says": f"product_{key}",
            "left": left,
            "right": right,
            "left_shape": str(of[left]),
            "right_shape": str(of[right]),
            "result": str(result),
            "wanted": str(of[which]),
            "sizes": [list(of[left]), list(of[right]), list(result)],
        }

    def draw(self, figure, found):
        """The boxes are laid out for every size: see ``still``."""

    def still(self):
        found = self.compute(**self.values)
        left, right, result = map(tuple, found["sizes"])

        def box(name, shape):
            bare = name.removesuffix(".T")
            return name, shape, "gradient" if bare.startswith("d") else KINDS[bare]

        parts = [box(found["left"], left), "@", box(found["right"], right)]
        if result != (0, 0):
            fits = found["says"] == "product_fits"
            parts += ["=", box(self.values["which"], result) if fits else ("?", result)]
        picture = figures.shape_row(parts)
        picture.set_size_inches(*np.minimum(picture.get_size_inches(), 8))
        return picture


UNITS = {"logistic": Sigmoid, "tanh": Tanh, "ReLU": ReLU}
WIDTH, BATCH, DEEPEST = 64, 32, 30


@lru_cache(maxsize=1)
def _drawn():
    """x, the gradient at the top, and weights of spread 1: the same as in the page."""
    draws = Draws(0)
    x, top = (draws.normal(BATCH * WIDTH).reshape(BATCH, WIDTH) for _ in range(2))
    return x, top, draws.normal(DEEPEST * WIDTH**2).reshape(DEEPEST, WIDTH, WIDTH)


def reach(kind, scale, depth):
    """Sizes of activations and gradients, a pair of arrays (depth,), through a random deep network.

    Weights are normal with spread ``scale``/√64, for layers of 64 units and 32 examples. The sizes
    are root mean squares after layer l = 1 … depth: of a^l, and of ∂ℒ/∂a^l for a random upstream
    gradient of size 1 at the top (E15).
    """
    x, grad, weights = _drawn()
    layers = []
    for W in weights[:depth]:
        linear = Linear(WIDTH, WIDTH, rng=np.random.default_rng(0))
        linear.W = W * scale / np.sqrt(WIDTH)
        layers.append((linear, UNITS[kind]()))
    forward = []
    for linear, unit in layers:
        x = unit.forward(linear.forward(x))
        forward.append(np.sqrt(np.mean(x**2)))
    backward = []
    for linear, unit in reversed(layers):
        backward.append(np.sqrt(np.mean(grad**2)))
        grad = linear.backward(unit.backward(grad))
    return np.array(forward), np.array(backward[::-1])


class InitialisationExplorer(Explorer):
    """How signals fade or grow on their way up, and gradients on their way down."""

    figure = "initialisation"
    scripts = page("draws", "initialisation")
    labels = ("sizes_up", "sizes_down", "size", "layer")
    sentences = ("reach_says",)
    formats = {"scale": ".2f", "depth": ",", "top": ".2g", "bottom": ".2g"}
    formulas = [
        {
            "symbols": r"\parameter{s}=\frac{c}{\sqrt{n}}",
            "numbers": r"=\frac{<scale>}{\sqrt{64}}=\parameter{<spread>}",
        },
    ]

    def __init__(self, kind="logistic", scale=1.0, depth=10):
        controls = [
            menu("kind", list(UNITS), text("widgets.activation")),
            powers("scale", -1, 1, 0.05, ".2f"),
            counter("depth", 2, DEEPEST),
        ]
        super().__init__(controls, {"kind": kind, "scale": scale, "depth": depth})

    def compute(self, kind, scale, depth):
        up, down = (sizes.tolist() for sizes in reach(kind, scale, depth))
        spread = scale / np.sqrt(WIDTH)
        found = {"up": up, "down": down, "top": up[-1], "bottom": down[0], "spread": float(spread)}
        return {"says": "reach_says", **found}

    def draw(self, figure, found):
        ax = figure.subplots()
        layers = np.arange(1, found["depth"] + 1)
        for name, look in (("up", "o-"), ("down", "D--")):
            color = figures.FORWARD if name == "up" else figures.GRADIENT
            sizes = np.clip(found[name], 1e-12, 1e12)
            ax.semilogy(layers, sizes, look, color=color, label=text(f"widgets.sizes_{name}"))
        ax.set(xlim=(0.5, found["depth"] + 0.5), ylim=(1e-12, 1e12))
        ax.set(xlabel=text("widgets.layer"), ylabel=text("widgets.size"))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
