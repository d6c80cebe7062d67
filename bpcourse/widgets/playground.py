"""A classifier of points in the plane, epoch by epoch, with the gradients of its layers."""

from typing import Any

import ipywidgets
import numpy as np

from bpcourse import datasets, figures
from bpcourse.figures.style import INK, SIGNED, number
from bpcourse.layers import Init, Linear, ReLU, Sigmoid, Tanh
from bpcourse.losses import SoftmaxCrossEntropy
from bpcourse.network import Network
from bpcourse.optimizers import SGD, Adam
from bpcourse.text import text
from bpcourse.validation import NotFiniteError
from bpcourse.widgets.kernel_drawn import Explorer, counter, menu, powers

DATA: dict[str, Any] = {
    "moons": lambda rng: datasets.moons(120, 0.12, rng),
    "spirals": lambda rng: datasets.spirals(160, 2, 0.03, rng),
    "exclusive or": lambda rng: datasets.xor(),
}
UNITS = {"ReLU": ReLU, "tanh": Tanh, "logistic": Sigmoid}
RULES: dict[str, Any] = {"plain": SGD, "momentum": lambda: SGD(0.9), "Adam": Adam}
BATCH, MOST = 20, 300
SIDE = 60  # points along an edge of the map


class Training:
    """A training run that can be looked at after any epoch; epochs are computed once, when asked.

    ``depth`` hidden layers of ``width`` units. ``X`` (n, 2) is scaled to spread 1, ``y`` (n,) are
    labels 0 and 1. Two runs with the same arguments are the same.
    """

    def __init__(self, data, depth, width, unit, rule, rate, seed=0):
        self.rng = np.random.default_rng(seed)
        X, self.y = DATA[data](self.rng)
        self.X = (X - X.mean(axis=0)) / X.std(axis=0)
        layers: list = []
        sizes = [2] + [width] * depth
        init: Init = "he" if unit == "ReLU" else "xavier"
        for n_in, n_out in zip(sizes, sizes[1:], strict=False):
            layers += [Linear(n_in, n_out, rng=self.rng, init=init), UNITS[unit]()]
        self.net = Network([*layers, Linear(sizes[-1], 2, rng=self.rng)], SoftmaxCrossEntropy())
        self.optimizer, self.rate = RULES[rule](), rate
        self.epochs = [self._measure()]  # (parameters, loss, size of each weight matrix's gradient)

    def _measure(self):
        loss = self.net.forward(self.X, self.y)
        grads = self.net.backward()
        sizes = [np.sqrt(np.mean(grad**2)) for name, grad in grads.items() if name.endswith("W")]
        return {name: array.copy() for name, array in self.net.params.items()}, loss, sizes

    def _epoch(self):
        order = self.rng.permutation(len(self.X))
        for at in range(0, len(order), BATCH):
            rows = order[at : at + BATCH]
            self.net.forward(self.X[rows], self.y[rows])
            self.optimizer.step(self.net.params, self.net.backward(), self.rate)
        self.epochs.append(self._measure())

    def at(self, epoch):
        """``(losses of epochs 0 … epoch, gradient sizes, probability(points))`` after ``epoch``.

        ``probability`` takes points (n, 2) and gives that of class 1 (n,). ValueError when training
        left the range of numbers before.
        """
        try:
            with np.errstate(all="ignore"):
                while len(self.epochs) <= epoch:
                    self._epoch()
        except (NotFiniteError, FloatingPointError):
            raise ValueError(text("widgets.diverged", epoch=len(self.epochs))) from None
        params, _, sizes = self.epochs[epoch]

        def probability(points):
            latest = {name: array.copy() for name, array in self.net.params.items()}
            self.net.params.update(params)
            shares = self.net.predict(points)[:, 1]
            self.net.params.update(latest)
            return shares

        return [loss for _, loss, _ in self.epochs[: epoch + 1]], sizes, probability


class Playground(Explorer):
    """Data, network and rule of your choice; the map, the loss and the gradients at any epoch."""

    width, height = 8.0, 3.1

    def __init__(
        self, data="moons", depth=2, width=8, unit="tanh", rule="plain", rate=0.1, epoch=40
    ):
        self.training: dict = {}
        controls = {
            "data": menu(text("widgets.data"), list(DATA), data),
            "depth": counter(text("widgets.hidden_layers"), depth, 1, 6),
            "width": counter(text("widgets.width"), width, 1, 16),
            "unit": menu(text("widgets.activation"), list(UNITS), unit),
            "rule": menu(text("widgets.rule"), list(RULES), rule),
            "rate": powers(text("widgets.rate"), rate, -3, 1, 0.1),
            "epoch": counter(text("widgets.epoch"), epoch, 0, MOST),
        }
        play = ipywidgets.Play(value=epoch, min=0, max=MOST, interval=120)
        ipywidgets.jslink((play, "value"), (controls["epoch"], "value"))
        super().__init__(controls, [play])

    def draw(self, figure):
        plane, loss, sizes = figure.subplots(1, 3, width_ratios=(1.15, 1, 1))
        blank = np.zeros((SIDE, SIDE))
        look = {"extent": (-2.5, 2.5, -2.5, 2.5), "origin": "lower", "vmin": 0, "vmax": 1}
        self.map = plane.imshow(blank, cmap=SIGNED, alpha=0.6, interpolation="nearest", **look)
        marks = (("o", "#8A4B08"), ("^", "#4B3480"))
        style = {"linestyle": "", "markersize": 4, "markeredgecolor": "white"}
        self.points = [
            plane.plot([], [], marker, color=color, markeredgewidth=0.5, **style)[0]
            for marker, color in marks
        ]
        plane.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), xlabel="$x_1$", ylabel="$x_2$")
        self.loss = loss.plot([], [], color=INK)[0]
        loss.set(xlim=(0, MOST), xlabel=text("widgets.epoch"))
        loss.set_title(text("widgets.loss"))
        self.sizes = sizes.semilogy([], [], "o-", color=figures.GRADIENT)[0]
        sizes.set(
            xlim=(0.5, 7.5), ylim=(1e-7, 10), xticks=range(1, 8), xlabel=text("widgets.layer")
        )
        sizes.set_title(text("widgets.gradient_sizes"))

    def update(self, data, depth, width, unit, rule, rate, epoch):
        key = data, depth, width, unit, rule, rate
        if key not in self.training:
            self.training = {key: Training(*key)}  # one at a time: a run keeps all its epochs
        run = self.training[key]
        losses, sizes, probability = run.at(epoch)
        side = np.linspace(-2.5, 2.5, SIDE)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        self.map.set_data(probability(grid).reshape(SIDE, SIDE))
        for c, points in enumerate(self.points):
            points.set_data(*run.X[run.y == c].T)
        self.loss.axes.set_ylim(0, max(1, np.ceil(max(losses))))
        self.loss.set_data(range(len(losses)), losses)
        self.sizes.set_data(range(1, len(sizes) + 1), np.clip(sizes, 1e-7, 10))
        wrong = np.sum((probability(run.X) > 0.5) != run.y)
        return text(
            "widgets.playground_says",
            epoch=epoch,
            loss=number(losses[-1], 3),
            wrong=wrong,
            n=len(run.X),
            first=f"{sizes[0]:.1e}",
            last=f"{sizes[-1]:.1e}",
        )
