"""The program (:mod:`bpcourse.widgets.program`) of a network and its loss."""

from copy import deepcopy

import numpy as np

from bpcourse.layers import Linear
from bpcourse.validation import as_batch
from bpcourse.widgets.program import MOST_EDGES, MOST_NODES, Program, require_room

ACTIVATIONS = {
    "Sigmoid": "σ",
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky relu",
    "Softplus": "softplus",
    "SiLU": "silu",
    "GELU": "gelu",
}
LOSSES = {
    "SquaredError": "squared error",
    "EuclideanNorm": "norm",
    "CrossEntropy": "cross-entropy",
    "SoftmaxCrossEntropy": "softmax cross-entropy",
    "BinaryCrossEntropy": "binary cross-entropy",
    "MaxMargin": "margin",
}


def from_network(net, X, y):
    """The program of a network and its loss: unit by unit for one example of a small network, else
    layer by layer with matrices.

    X (n_in,) or (batch, n_in), y as the loss takes it. ValueError for what ``net.forward`` refuses
    and for layers that the page cannot compute; TooLarge for too many numbers.
    """
    X = np.asarray(X)
    if X.ndim == 1:
        X, y = X[None, :], np.asarray(y)[None]
    net = deepcopy(net)  # the passes here are not the reader's
    X = as_batch("X", X, net.n_in, net.dtype)
    if not len(X):
        raise ValueError(f"X: expected at least one example, got shape {X.shape}")
    net.forward(X, y)
    trace = net.forward_trace(X)
    grads = net.backward(input_gradient=True)
    grads |= {step.index: step.grad_y for step in net.backward_trace()}
    for layer in net.layers:
        if type(layer).__name__ not in {*ACTIVATIONS, "Linear", "Identity", "Softmax"}:
            raise ValueError(f"net: expected layers that the stepper knows, got {layer!r}")
    if type(net.loss).__name__ not in LOSSES:
        raise ValueError(f"net: expected a loss that the stepper knows, got {net.loss!r}")
    k = trace[-1].y.shape[1]
    y = np.asarray(y)
    Y = np.eye(k)[y] if y.ndim == 1 and k > 1 else y.reshape(len(X), k).astype(float)
    boxes = X.shape[1] + 2 * k + 1 + sum(step.y.shape[1] for step in trace)
    weights = sum(step.layer.W.size for step in trace if isinstance(step.layer, Linear))
    if len(X) == 1 and boxes <= MOST_NODES and weights <= MOST_EDGES:
        return _by_units(net, X[0], Y[0], trace, grads)
    entries = X.size + Y.size + sum(step.y.size for step in trace) + weights
    require_room(2 * len(trace) + 3, 0, entries)
    return _by_layers(net, X, Y, trace, grads)


def _names(net):
    """For each layer its number (that of the last Linear) and the kind of what it gives."""
    number = 0
    for at, layer in enumerate(net.layers):
        number += isinstance(layer, Linear)
        last = at == len(net.layers) - 1
        kind = "z" if isinstance(layer, Linear) and not (last and not net.loss.fused) else "a"
        yield number, "y_hat" if last and not net.loss.fused else kind


def _by_units(net, x, y, trace, grads):
    program = Program()
    below = [
        program.add(v, f"x{_low(j)}", kind="x", unit=j, grad=grads["X"][0, j - 1])
        for j, v in enumerate(x, 1)
    ]
    for step, (l, kind) in zip(trace, _names(net), strict=True):
        layer, units = step.layer, []
        if type(layer).__name__ == "Identity":
            continue
        for i, value in enumerate(step.y[0], 1):
            at = {"layer": l, "unit": i}
            op, detail = _activation(layer)
            parents = below if op == "softmax" else below[i - 1 : i]
            if isinstance(layer, Linear):
                bias = f"b{_high(l)}{_low(i)}"
                own = {"role": "parameter", **at}
                slope = grads[f"{step.index}.b"][i - 1]
                parents = [program.add(layer.b[i - 1], bias, kind="b", grad=slope, **own)]
                for j, source in enumerate(below, 1):
                    weight = program.add(
                        layer.W[i - 1, j - 1],
                        f"W{_high(l)}{_low(i)}{_low(j)}",
                        kind="W",
                        source=j,
                        grad=grads[f"{step.index}.W"][i - 1, j - 1],
                        **own,
                    )
                    parents += [weight, source]
            if op == "softmax":
                detail = i - 1
            name = f"ŷ{_low(i)}" if kind == "y_hat" else f"{kind}{_high(l)}{_low(i)}"
            slope = grads[step.index][0, i - 1]
            units.append(
                program.add(value, name, op, parents, detail=detail, kind=kind, grad=slope, **at)
            )
        below = units
    targets = [
        program.add(v, f"y{_low(k)}", role="target", kind="y", unit=k) for k, v in enumerate(y, 1)
    ]
    loss = net.loss.forward(trace[-1].y, y[None, :])[0]
    detail = {"factor": getattr(net.loss, "factor", 1)}
    op = LOSSES[type(net.loss).__name__]
    program.add(loss, "𝓛", op, below + targets, detail=detail, kind="loss", grad=1)
    return program.finished()


def _by_layers(net, X, Y, trace, grads):
    program = Program()
    below = program.add(X, "X", kind="x", grad=grads["X"])
    for step, (l, kind) in zip(trace, _names(net), strict=True):
        layer, at = step.layer, {"layer": l}
        if type(layer).__name__ == "Identity":
            continue
        name = "Ŷ" if kind == "y_hat" else f"{kind.upper()}{_high(l)}"
        if isinstance(layer, Linear):
            dZ, dW = grads[step.index], grads[f"{step.index}.W"]
            own = {"role": "parameter", **at}
            W = program.add(layer.W, f"W{_high(l)}", kind="W", grad=dW, **own)
            turned = np.arange(layer.W.size).reshape(layer.W.shape).T.ravel().tolist()
            name_T, below_name = f"W{_high(l)}ᵀ", program.nodes[below]["name"]
            WT = program.add(layer.W.T, name_T, "take", [W], detail=turned, grad=dW.T, **at)
            sizes = [len(X), layer.n_in, layer.n_out]
            product = step.x @ layer.W.T
            AW = program.add(
                product, f"{below_name} {name_T}", "@", [below, WT], detail=sizes, grad=dZ, **at
            )
            db = grads[f"{step.index}.b"]
            b = program.add(layer.b, f"b{_high(l)}", kind="b", grad=db, **own)
            maps = [None, np.tile(np.arange(layer.n_out), len(X)).tolist()]
            below = program.add(step.y, name, "+", [AW, b], maps=maps, kind=kind, grad=dZ, **at)
        else:
            op, detail = _activation(layer)
            if op == "softmax":
                op, detail = "row softmax", step.y.shape[1]
            below = program.add(
                step.y, name, op, [below], detail=detail, kind=kind, grad=grads[step.index], **at
            )
    target = program.add(Y, "Y", role="target", kind="y")
    detail = {
        "loss": LOSSES[type(net.loss).__name__],
        "columns": Y.shape[1],
        "factor": getattr(net.loss, "factor", 1),
        "scale": 1 if getattr(net.loss, "reduction", "mean") == "sum" else 1 / len(X),
    }
    loss = net.loss.forward(trace[-1].y, Y)[0]
    program.add(loss, "𝓛", "rows", [below, target], detail=detail, kind="loss", grad=1)
    return program.finished()


def _activation(layer):
    name = type(layer).__name__
    if name == "Linear":
        return "affine", None
    if name == "Softmax":
        return "softmax", None
    return ACTIVATIONS[name], getattr(layer, "slope", None)


def _high(number):
    """A layer, above and in parentheses, since it is no power."""
    return "⁽" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number)) + "⁾"


def _low(number):
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))
