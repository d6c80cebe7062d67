"""A classifier of points in the plane, epoch by epoch, with the gradients of its layers."""

from functools import lru_cache
from typing import Any

import numpy as np

from bpcourse import datasets, figures
from bpcourse.figures.style import SIGNED
from bpcourse.layers import Linear, ReLU, Sigmoid, Tanh
from bpcourse.losses import SoftmaxCrossEntropy
from bpcourse.network import Network
from bpcourse.optimizers import SGD, Adam
from bpcourse.text import text
from bpcourse.validation import NotFiniteError
from bpcourse.widgets.draws import Draws
from bpcourse.widgets.explorer import Explorer, counter, menu, page, powers

DATA: dict[str, Any] = {
    "moons": lambda rng: datasets.moons(120, 0.12, rng),
    "spirals": lambda rng: datasets.spirals(160, 2, 0.03, rng),
    "exclusive or": lambda rng: datasets.xor(),
}
UNITS = {"ReLU": ReLU, "tanh": Tanh, "logistic": Sigmoid}
RULES: dict[str, Any] = {"plain": SGD, "momentum": lambda: SGD(0.9), "Adam": Adam}
BATCH, MOST = 20, 300
SIDE = 60  # points along an edge of the map


def points(data):
    """The points (n, 2), scaled to spread 1 and rounded for the page, and their labels (n,)."""
    X, y = DATA[data](np.random.default_rng(0))
    return ((X - X.mean(axis=0)) / X.std(axis=0)).round(4), y


class Training:
    """A training run that can be looked at after any epoch; epochs are computed once, when asked.

    ``depth`` hidden layers of ``width`` units. Two runs with the same arguments are the same, and
    the same as in the page, because both draw the same random numbers.
    """

    def __init__(self, data, depth, width, unit, rule, rate):
        self.draws = Draws(0)
        self.X, self.y = points(data)
        layers: list = []
        sizes = [2, *[width] * depth, 2]
        for l, (n_in, n_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
            he = unit == "ReLU" and l < depth
            linear = Linear(n_in, n_out, rng=np.random.default_rng(0))
            spread = np.sqrt(2 / (n_in if he else n_in + n_out))
            linear.W[...] = spread * self.draws.normal(n_out * n_in).reshape(n_out, n_in)
            layers += [linear, UNITS[unit]()]
        self.net = Network(layers[:-1], SoftmaxCrossEntropy())
        self.optimizer, self.rate = RULES[rule](), rate
        self.epochs = [self._measure()]  # (parameters, loss, gradients of the weight matrices)

    def _measure(self):
        loss = self.net.forward(self.X, self.y)
        grads = {name: g for name, g in self.net.backward().items() if name.endswith("W")}
        if not np.isfinite([loss, *(np.sum(np.abs(grad)) for grad in grads.values())]).all():
            raise FloatingPointError
        return {name: array.copy() for name, array in self.net.params.items()}, loss, grads

    def _epoch(self):
        order = self.draws.order(len(self.X))
        for at in range(0, len(order), BATCH):
            rows = order[at : at + BATCH]
            self.net.forward(self.X[rows], self.y[rows])
            self.optimizer.step(self.net.params, self.net.backward(), self.rate)
        self.epochs.append(self._measure())

    def at(self, epoch):
        """``(losses of epochs 0 … epoch, gradients, probability(points))`` after ``epoch``.

        ``gradients`` are those of the weight matrices, layer by layer; ``probability`` takes points
        (n, 2) and gives that of class 1 (n,). ValueError with the epoch when training left the
        range of numbers before.
        """
        try:
            with np.errstate(all="ignore"):
                while len(self.epochs) <= epoch:
                    self._epoch()
        except (NotFiniteError, FloatingPointError):
            raise ValueError(len(self.epochs)) from None
        params, _, grads = self.epochs[epoch]

        def probability(points):
            latest = {name: array.copy() for name, array in self.net.params.items()}
            self.net.params.update(params)
            shares = self.net.predict(points)[:, 1]
            self.net.params.update(latest)
            return shares

        return [loss for _, loss, _ in self.epochs[: epoch + 1]], [*grads.values()], probability


run = lru_cache(maxsize=1)(Training)  # one at a time: a run keeps all its epochs


class Playground(Explorer):
    """Data, network and rule of your choice; the map, the loss and the gradients at any epoch."""

    figure = "playground"
    width, height = 8.0, 3.1
    scripts = page("draws", "matrix", "net", "playground")
    labels = (
        "x1_axis", "x2_axis", "loss_title", "epoch", "gradient_sizes", "layer", "gradient_maps",
    )  # fmt: skip
    sentences = ("playground_says", "diverged", "gradient_of")
    formats = {
        **dict.fromkeys(("epoch", "wrong", "n"), ","),
        "loss": ".3f",
        "rate": ".2g",
        "first_size": ".2g",
        "last_size": ".2g",
    }
    formulas = [
        {
            "when": {"rule": "plain"},
            "symbols": r"\parameter{\theta}\leftarrow\theta-\eta\,\slope{g}",
            "numbers": r"=\theta-<rate>\,\slope{g}",
        },
        {
            "when": {"rule": "momentum"},
            "symbols": r"v\leftarrow0.9\,v+\eta\,\slope{g},\quad"
            r"\parameter{\theta}\leftarrow\theta-v",
            "numbers": r",\quad\eta=<rate>",
        },
        {
            "when": {"rule": "Adam"},
            "symbols": r"\parameter{\theta}\leftarrow\theta-\eta\,\frac{\slope{m}/(1-0.9^t)}"
            r"{\sqrt{\,s/(1-0.999^t)}+10^{-8}}",
            "numbers": r",\quad\eta=<rate>",
        },
        {"symbols": r"\value{\mathcal L}", "numbers": r"=\value{<loss>}"},
    ]

    def __init__(
        self, data="moons", depth=2, width=8, unit="tanh", rule="plain", rate=0.1, epoch=40
    ):
        controls = [
            menu("data", list(DATA)),
            counter("depth", 1, 6, label=text("widgets.hidden_layers")),
            counter("width", 1, 16),
            menu("unit", list(UNITS), text("widgets.activation")),
            menu("rule", list(RULES)),
            powers("rate", -3, 1, 0.1),
            counter("epoch", 0, MOST, play=60),
        ]
        values = {"data": data, "depth": depth, "width": width, "unit": unit, "rule": rule}
        sets = {}
        for name in DATA:
            X, y = points(name)
            sets[name] = {"X": X.tolist(), "y": y.tolist()}
        super().__init__(controls, values | {"rate": rate, "epoch": epoch}, sets=sets)

    def compute(self, data, depth, width, unit, rule, rate, epoch):
        training = run(data, depth, width, unit, rule, rate)
        try:
            losses, gradients, probability = training.at(epoch)
        except ValueError as error:
            return {"says": "diverged", "refused": True, "epoch": error.args[0]}
        sizes = [float(np.sqrt(np.mean(grad**2))) for grad in gradients]
        return {
            "says": "playground_says",
            "epoch": epoch,
            "losses": losses,
            "gradients": np.concatenate([grad.ravel() for grad in gradients]).tolist(),
            "sizes": sizes,
            "loss": losses[-1],
            "wrong": int(np.sum((probability(training.X) > 0.5) != training.y)),
            "n": len(training.X),
            "first_size": sizes[0],
            "last_size": sizes[-1],
        }

    def draw(self, figure, found):
        training = run(*(self.values[name] for name in list(self.controls)[:-1]))
        _, _, probability = training.at(found["epoch"])
        plane, loss, sizes = figure.subplots(1, 3, width_ratios=(1.15, 1, 1))
        side = np.linspace(-2.5, 2.5, SIDE)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        look = {"extent": (-2.5, 2.5, -2.5, 2.5), "origin": "lower", "vmin": 0, "vmax": 1}
        shares = probability(grid).reshape(SIDE, SIDE)
        plane.imshow(shares, cmap=SIGNED, alpha=0.6, interpolation="nearest", **look)
        style = {"linestyle": "", "markersize": 4, "markeredgecolor": "white"}
        for c, (marker, color) in enumerate((("o", "#8A4B08"), ("D", "#4B3480"))):
            X = training.X[training.y == c]
            plane.plot(*X.T, marker, color=color, markeredgewidth=0.5, **style)
        plane.set(xlabel=text("widgets.x1_axis"), ylabel=text("widgets.x2_axis"))
        loss.plot(found["losses"], color=figures.FORWARD)
        loss.set(xlim=(0, MOST), ylim=(0, max(1, np.ceil(max(found["losses"])))))
        loss.set(xlabel=text("widgets.epoch"), title=text("widgets.loss_title"))
        layers = range(1, len(found["sizes"]) + 1)
        sizes.semilogy(layers, np.clip(found["sizes"], 1e-7, 10), "D--", color=figures.GRADIENT)
        sizes.set(xlim=(0.5, len(layers) + 0.5), ylim=(1e-7, 10), xticks=layers)
        sizes.set(xlabel=text("widgets.layer"), title=text("widgets.gradient_sizes"))
