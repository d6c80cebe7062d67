"""The backward pass repeated with one step altered: what each mistake would have given.

A hypothesis is (cause, place, alteration). The place is ("loss",) or (what, layer index), where
what is "act" (through an activation), "gx" (to a layer's input), "dW" or "db".
"""

from dataclasses import dataclass

import numpy as np

from bpcourse import activations


@dataclass
class Pass:
    """Forward values of a network, and its right backward pass, which hypotheses alter.

    ``steps`` are (layer, x, y) from the input on; ``start`` is ∂L/∂ of the last output.
    """

    steps: list
    start: np.ndarray
    scores: np.ndarray
    loss: object
    target: np.ndarray

    @classmethod
    def of(cls, net, X, y):
        steps = [(step.layer, step.x, step.y) for step in net.forward_trace(X)]
        scores = steps[-1][2]
        target = np.asarray(y)
        return cls(steps, net.loss.gradient(scores, y), scores, net.loss, target)

    def gradients(self, place=None, change=None):
        """{name: gradient} with the step at ``place`` replaced by ``change``."""
        g = change(self.start) if place == ("loss",) else self.start
        before = g  # at the output of the layer after
        grads = {}
        for i in range(len(self.steps) - 1, -1, -1):
            layer, x, y = self.steps[i]
            if "W" in layer.params:
                W = layer.params["W"]
                grads[f"{i}.b"] = _at(("db", i), place, change, (g, before), g.sum(axis=0))
                grads[f"{i}.W"] = _at(("dW", i), place, change, (g, x, before), g.T @ x)
                before = g
                g = _at(("gx", i), place, change, (g, W), g @ W)
            else:
                before = g
                function = layer.function
                if hasattr(function, "vjp"):
                    right = function.vjp(x, g)
                else:
                    right = g * function.derivative(x)
                g = _at(("act", i), place, change, (g, x, y, right), right)
        return grads


def _at(here, place, change, values, right):
    if here != place:
        return right
    return change(*values)


def hypotheses(run):
    """All (cause, place, change) for this network, simpler and more frequent ones first."""
    yield from _at_loss(run)
    for i in range(len(run.steps) - 1, -1, -1):
        layer, x, _ = run.steps[i]
        if "W" in layer.params:
            yield from _at_linear(run, i, x)
        elif type(layer.function).__name__ != "Identity":
            yield from _at_activation(run, i, layer.function)


def _at_loss(run):
    place = ("loss",)
    n = len(run.start)
    if run.loss.fused:
        y_hat = run.loss.output(run.scores)
        yield "no_target", place, lambda g: y_hat / n
        name = "softmax" if run.target.ndim == 1 or y_hat.shape[1] > 1 else "sigmoid"
        if type(run.loss).__name__ == "BinaryCrossEntropy":
            name = "sigmoid"
        if name == "softmax":
            yield "output_twice", place, lambda g: activations.softmax.vjp(run.scores, g)
        else:
            yield "output_twice", place, lambda g: g * activations.sigmoid.derivative(run.scores)
    yield "only_true_class", place, lambda g: np.minimum(g, 0)
    yield "only_other_classes", place, lambda g: np.maximum(g, 0)
    if n > 1:
        for row, cause in ((0, "first_example"), (n - 1, "last_example")):
            mask = (np.arange(n) == row)[:, None]
            yield cause, place, lambda g, mask=mask: g * mask
        yield "forgot_first_example", place, lambda g: g * (np.arange(n) > 0)[:, None]
        yield "forgot_last_example", place, lambda g: g * (np.arange(n) < n - 1)[:, None]
    yield "absolute_loss", place, np.abs
    yield "sign_loss", place, lambda g: np.sign(g) / n


def _at_activation(run, i, function):
    place = ("act", i)
    if hasattr(function, "vjp"):
        yield "softmax_elementwise", place, lambda g, x, y, r: g * y * (1 - y)
        yield "derivative_missing", place, lambda g, x, y, r: g
        yield "value_for_derivative", place, lambda g, x, y, r: g * y
        return
    derivative = function.derivative
    yield "derivative_missing", place, lambda g, x, y, r: g
    yield "derivative_of_output", place, lambda g, x, y, r: g * derivative(y)
    if hasattr(function, "derivative_from_output"):
        from_output = function.derivative_from_output
        yield "derivative_from_z", place, lambda g, x, y, r: g * from_output(x)
    yield "derivative_twice", place, lambda g, x, y, r: r * derivative(x)
    yield "value_for_derivative", place, lambda g, x, y, r: g * y
    yield "derivative_one_minus", place, lambda g, x, y, r: g * (1 - y)
    yield "derivative_plus", place, lambda g, x, y, r: g * (1 + y * y)
    yield "derivative_root", place, lambda g, x, y, r: g * np.sqrt(np.abs(1 - y * y))
    yield "derivative_first_example", place, lambda g, x, y, r: g * derivative(x)[:1]
    yield "derivative_averaged", place, lambda g, x, y, r: g * derivative(x).mean(axis=0)
    yield "mask_inverted", place, lambda g, x, y, r: g * (x <= 0)
    yield "mask_of_gradient", place, lambda g, x, y, r: np.maximum(g, 0)
    yield "mask_of_both", place, lambda g, x, y, r: np.maximum(r, 0)
    yield "divided", place, lambda g, x, y, r: g / np.where(derivative(x) == 0, 1, derivative(x))
    yield "negative_derivative", place, lambda g, x, y, r: -r
    yield "path_cut", place, lambda g, x, y, r: 0 * g
    yield "derivative_sum", place, lambda g, x, y, r: g + derivative(x)
    own = type(function).__name__
    for other in (activations.sigmoid, activations.tanh, activations.relu, activations.softplus):
        if type(other).__name__ != own:
            yield "other_derivative", place, lambda g, x, y, r, f=other: g * f.derivative(x)
    for other in (activations.sigmoid, activations.tanh):
        if type(other).__name__ != own:
            slope = other.derivative_from_output
            yield "other_derivative", place, lambda g, x, y, r, s=slope: g * s(y)
    for j, (layer, z, _) in enumerate(run.steps):
        if j != i and z.shape == run.steps[i][1].shape:
            there = derivative(z)
            cause = "derivative_of_input" if "W" in layer.params else "derivative_elsewhere"
            yield cause, place, lambda g, x, y, r, d=there: g * d


def _at_linear(run, i, x):
    n = len(x)
    W = run.steps[i][0].params["W"]
    dW, db, gx = ("dW", i), ("db", i), ("gx", i)
    if W.shape[0] == W.shape[1]:
        yield "weights_not_transposed", gx, lambda g, W: g @ W.T
        yield "weights_missing", gx, lambda g, W: g
        yield "transposed", dW, lambda g, x, b: x.T @ g
    yield "path_cut", gx, lambda g, W: 0 * (g @ W)
    yield "negative_path", gx, lambda g, W: -(g @ W)
    yield "absolute_weights", gx, lambda g, W: g @ np.abs(W)
    yield "averaged_path", gx, lambda g, W: (g @ W) / n
    yield "first_row_only", gx, lambda g, W: np.repeat((g @ W)[:1], n, axis=0)
    yield "one_unit_only", gx, lambda g, W: g[:, :1] @ W[:1]
    yield "one_unit_missing", gx, lambda g, W: g[:, :-1] @ W[:-1]
    for j, (layer, z, _) in enumerate(run.steps):
        other = layer.params.get("W") if j != i else None
        if other is not None and other.shape == W.shape:
            yield "weights_elsewhere", gx, lambda g, W, V=other: g @ V
        if z.shape == x.shape and j != i:
            cause = "z_for_a" if j == i - 1 else "input_elsewhere"
            yield cause, dW, lambda g, x, b, z=z: g.T @ z
        if j == i and run.steps[i][2].shape == x.shape:
            yield "output_for_input", dW, lambda g, x, b, y=run.steps[i][2]: g.T @ y
    # δ taken on the wrong side of the activation that follows
    follows = i + 1 < len(run.steps) and "W" not in run.steps[i + 1][0].params
    if follows:
        yield "delta_before_activation", dW, lambda g, x, b: b.T @ x
        yield "delta_before_activation", db, lambda g, b: b.sum(axis=0)
    if n > 1:
        yield "averaged", dW, lambda g, x, b: g.T @ x / n
        yield "averaged", db, lambda g, b: g.sum(axis=0) / n
        yield "times_batch", dW, lambda g, x, b: g.T @ x * n
        yield "times_batch", db, lambda g, b: g.sum(axis=0) * n
        yield "first_example", dW, lambda g, x, b: g[:1].T @ x[:1]
        yield "first_example", db, lambda g, b: g[0]
        yield "last_example", dW, lambda g, x, b: g[-1:].T @ x[-1:]
        yield "last_example", db, lambda g, b: g[-1]
        yield "forgot_last_example", dW, lambda g, x, b: g[:-1].T @ x[:-1]
        yield "forgot_last_example", db, lambda g, b: g[:-1].sum(axis=0)
        yield "forgot_first_example", dW, lambda g, x, b: g[1:].T @ x[1:]
        yield "forgot_first_example", db, lambda g, b: g[1:].sum(axis=0)
        yield "sums_multiplied", dW, lambda g, x, b: np.outer(g.sum(axis=0), x.sum(axis=0))
        yield "sums_multiplied", dW, lambda g, x, b: np.outer(g.sum(axis=0), x.mean(axis=0))
    if n == W.shape[0]:
        yield "wrong_axis", db, lambda g, b: g.sum(axis=1)
    yield "bias_total", db, lambda g, b: np.full(g.shape[1], g.sum())
    yield "bias_largest", db, lambda g, b: g.max(axis=0)
    yield "absolute_delta", db, lambda g, b: np.abs(g).sum(axis=0)
    yield "absolute_delta", dW, lambda g, x, b: np.abs(g).T @ x
    yield "absolute_input", dW, lambda g, x, b: g.T @ np.abs(x)
    yield "input_missing", dW, lambda g, x, b: np.repeat(g.sum(axis=0)[:, None], x.shape[1], 1)
    yield "delta_missing", dW, lambda g, x, b: np.repeat(x.sum(axis=0)[None], g.shape[1], 0)
    yield "squared_input", dW, lambda g, x, b: g.T @ x**2
