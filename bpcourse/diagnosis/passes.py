"""A backward pass step by step, so that any of its steps can be altered.

A step is (what, layer index). ``"loss"`` is the gradient at the output, ``"down"`` leads through a
layer's weights and ``"act"`` through an activation; ``"dW"`` and ``"db"`` are of the parameters.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Pass:
    """Forward values of a network, and its right backward pass.

    ``layers`` are (layer, x, y) from the input on; ``start`` is ∂L/∂ of the last output.
    """

    layers: list
    start: np.ndarray
    scores: np.ndarray
    loss: Any
    target: np.ndarray

    @classmethod
    def of(cls, net, X, y):
        layers = [(step.layer, step.x, step.y) for step in net.forward_trace(X)]
        scores = layers[-1][2]
        return cls(layers, net.loss.gradient(scores, y), scores, net.loss, np.asarray(y))

    @cached_property
    def segments(self):
        """[(the steps on the way down to a layer with weights, its index)], from the output on."""
        found, steps = [], [("loss", len(self.layers))]
        for i in reversed(range(len(self.layers))):
            if "W" in self.layers[i][0].params:
                found.append((steps, i))
                steps = [("down", i)]
            else:
                steps = [*steps, ("act", i)]
        return found

    def is_activation(self, i):
        """Whether layer ``i`` is there and has no weights."""
        return 0 <= i < len(self.layers) and "W" not in self.layers[i][0].params

    def at(self, step, g, before):
        """The :class:`Step` at which ``g`` arrives; ``before`` arrived one layer earlier."""
        what, i = step
        if what == "loss":
            return Step(self, what, i, self.start, self.start, self.start)
        layer, x, _ = self.layers[i]
        if what == "act":
            vjp = getattr(layer.function, "vjp", None)
            right = vjp(x, g) if vjp else g * layer.function.derivative(x)
        elif what == "down":
            right = g @ layer.params["W"]
        else:
            right = g.T @ x if what == "dW" else g.sum(axis=0)
        return Step(self, what, i, g, before, right)

    def walk(self, change=None):
        """Every :class:`Step` and what it gives; ``change`` is {step: Step -> what it gives}."""
        change = change or {}
        g = before = self.start
        for way, i in self.segments:
            for step in (*way, ("db", i), ("dW", i)):
                here = self.at(step, g, before)
                given = change[step](here) if step in change else here.right
                if step in way:
                    g, before = given, g
                yield here, given

    def gradients(self, change=None):
        """{name: gradient}, with the steps in ``change`` altered."""
        walked = ((step.what, step.i, given) for step, given in self.walk(change))
        return {f"{i}.{what[1:]}": given for what, i, given in walked if what in ("dW", "db")}


@dataclass(frozen=True)
class Step:
    """What a step has at hand; the tables of mistakes are written in it."""

    run: Pass
    what: str
    i: int
    g: np.ndarray  # ∂L/∂ what comes out here
    before: np.ndarray  # ∂L/∂ what comes out of the layer after
    right: np.ndarray  # what the step gives

    @property
    def layer(self):
        return self.run.layers[self.i][0]

    @property
    def x(self):
        """What went in: of an activation z."""
        return self.run.layers[self.i][1]

    @property
    def y(self):
        """What came out: of an activation a."""
        return self.run.layers[self.i][2]

    @property
    def W(self):
        return self.layer.params["W"]

    @property
    def n(self):
        """The number of examples."""
        return len(self.g)

    @property
    def y_hat(self):
        return self.run.loss.output(self.run.scores)

    def slope(self, z):
        return self.layer.function.derivative(z)

    def inputs_elsewhere(self):
        """{how many layers off: what went in there}, where it has the shape of what went in here.

        Not where that is this very layer's output, or z of what went in: other mistakes.
        """
        own = {self.i, self.i + 1}
        if "W" in self.layer.params:
            own |= {self.i + 2} if self.is_followed() else set()
            own |= {self.i - 1} if self.follows() else set()
        others = {j: x for j, (_, x, _) in enumerate(self.run.layers) if j not in own}
        return {j - self.i: x for j, x in others.items() if x.shape == self.x.shape}

    def weights_elsewhere(self):
        """{how many layers off: the weights there}, where they have the shape of those here."""
        all_weights = {j: layer.params.get("W") for j, (layer, _, _) in enumerate(self.run.layers)}
        return {
            j - self.i: W
            for j, W in all_weights.items()
            if j != self.i and W is not None and W.shape == self.W.shape
        }

    def is_followed(self):
        """Whether an activation comes after these weights."""
        return self.run.is_activation(self.i + 1)

    def follows(self):
        """Whether an activation comes before these weights."""
        return self.run.is_activation(self.i - 1)
