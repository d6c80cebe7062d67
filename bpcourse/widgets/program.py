"""A computation as plain data: what the stepper's page recomputes and draws.

A program is ``{"nodes": […], "root": id}``, parents before their successors. Every node has its
``name``, ``op`` ("" for a leaf), ``parents`` (ids), ``shape``, ``size``, ``value`` and ``grad``
(flat lists, from the package; ``grad`` is None for a target), ``role`` ("input", "parameter",
"target" or "operation"), ``detail`` of the operation, ``maps`` (for each parent the entry that each
entry of the result is made from, None where they are the same), and in a network its ``layer`` and
``unit`` numbers, from 1, and ``kind`` ("x", "W", "b", "z", "a", …).
"""

from copy import deepcopy

import numpy as np

from bpcourse.graph import _topological_order
from bpcourse.layers import Linear
from bpcourse.validation import as_batch

MOST_NODES = 48  # boxes; more cannot be told apart on a page
MOST_EDGES = 120
MOST_ENTRIES = 20_000  # of all arrays together
ACTIVATIONS = {
    "Sigmoid": "σ",
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky relu",
    "Softplus": "softplus",
    "SiLU": "silu",
}
LOSSES = {
    "SquaredError": "squared error",
    "EuclideanNorm": "norm",
    "CrossEntropy": "cross-entropy",
    "SoftmaxCrossEntropy": "softmax cross-entropy",
    "BinaryCrossEntropy": "binary cross-entropy",
    "MaxMargin": "margin",
}


class TooLarge(ValueError):
    """The computation has more parts than a page has room for."""


def from_graph(root):
    """The program of a :class:`~bpcourse.graph.Node`. ValueError unless it is a finite number.

    TooLarge beyond ``MOST_NODES`` nodes or ``MOST_EDGES`` edges.
    """
    order = _topological_order(root)
    _require_room(len(order), sum(len(node.parents) for node in order))
    if root.value.size != 1:
        raise ValueError(f"root: expected a single number to go back from, got shape {root.shape}")
    program, unnamed = _Program(), 0
    ids: dict[int, int] = {}
    for node, grad in zip(order, _grads(root, order), strict=True):
        name = node.name
        parents = [ids[id(parent)] for parent in node.parents]
        if name is None and node.op == "ᵀ":
            name = program.nodes[parents[0]]["name"] + "ᵀ"
        elif name is None and parents:
            unnamed += 1
            name = f"u{unnamed}"
        op, detail, maps = _operation(node)
        ids[id(node)] = program.add(
            node.value,
            name or "",
            op,
            parents,
            role="operation" if parents else "input",
            detail=detail,
            maps=maps,
            grad=grad,
        )
    return program.finished()


def _grads(root, order):
    """The gradient of every node; what the reader's own backward left in them stays as it is."""
    kept = [(node.grad, node.contributions) for node in order]
    root.backward(np.ones(root.shape))
    grads = [node.grad for node in order]
    for node, (grad, contributions) in zip(order, kept, strict=True):
        node.grad, node.contributions = grad, contributions
    return grads


def _operation(node):
    """(op, detail, maps) of the page's arithmetic for a node of a graph."""
    if not node.parents:
        return "", None, []
    shapes = [parent.shape for parent in node.parents]
    entries = [np.arange(parent.value.size).reshape(parent.shape) for parent in node.parents]
    if node.op == "@":
        A, B = node.parents
        inner = A.shape[-1]
        return "@", [A.value.size // inner, inner, B.value.size // inner], []
    if node.op == "ᵀ":
        return "take", entries[0].T.ravel().tolist(), []
    if node.op.startswith("["):
        return "take", np.ravel(entries[0][node.detail]).tolist(), []
    reduction = node.op in ("sum", "mean") or (node.op == "max" and len(shapes) == 1)
    if reduction:
        kept = np.zeros(shapes[0]).sum(axis=node.detail, keepdims=True)
        group = np.arange(kept.size).reshape(kept.shape)
        detail = np.broadcast_to(group, shapes[0]).ravel().tolist()
        return {"max": "largest"}.get(node.op, node.op), detail, []
    maps = [
        None if shape == node.shape else np.broadcast_to(entry, node.shape).ravel().tolist()
        for shape, entry in zip(shapes, entries, strict=True)
    ]
    if node.op.startswith("^") and len(shapes) == 1:
        if np.ndim(node.detail):
            raise ValueError(f"root: expected exponents that are single numbers, got {node.detail}")
        return "power", float(node.detail), maps
    return "neg" if node.op == "−" and len(shapes) == 1 else node.op, None, maps


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
    _require_room(2 * len(trace) + 3, 0)
    entries = X.size + Y.size + sum(step.y.size for step in trace) + weights
    if entries > MOST_ENTRIES:
        raise TooLarge(f"X, net: expected at most {MOST_ENTRIES} numbers, got {entries}")
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
    program = _Program()
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
    program.add(loss, "ℒ", op, below + targets, detail=detail, kind="loss", grad=1)
    return program.finished()


def _by_layers(net, X, Y, trace, grads):
    program = _Program()
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
                raise ValueError("net: expected SoftmaxCrossEntropy in place of Softmax here")
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
    program.add(loss, "ℒ", "rows", [below, target], detail=detail, kind="loss", grad=1)
    return program.finished()


def _activation(layer):
    name = type(layer).__name__
    if name == "Linear":
        return "affine", None
    if name == "Softmax":
        return "softmax", None
    return ACTIVATIONS[name], getattr(layer, "slope", None)


def _require_room(nodes, edges):
    if nodes > MOST_NODES or edges > MOST_EDGES:
        expected = f"at most {MOST_NODES} nodes and {MOST_EDGES} edges"
        raise TooLarge(f"root: expected {expected}, got {nodes} and {edges}")


def _high(number):
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))


def _low(number):
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))


class _Program:
    """The nodes so far."""

    def __init__(self):
        self.nodes = []

    def add(
        self,
        value,
        name="",
        op="",
        parents=(),
        *,
        role=None,
        detail=None,
        maps=None,
        grad=None,
        **rest,
    ):
        value = np.asarray(value, dtype=float)
        self.nodes.append(
            {
                "name": name,
                "op": op,
                "parents": list(parents),
                "shape": list(value.shape),
                "size": value.size,
                "value": value.ravel().tolist(),
                "grad": None if grad is None else np.ravel(grad).astype(float).tolist(),
                "role": role or ("operation" if op else "input"),
                "detail": detail,
                "maps": maps or [None] * len(parents),
                **rest,
            }
        )
        return len(self.nodes) - 1

    def finished(self):
        return {"nodes": self.nodes, "root": len(self.nodes) - 1}
