"""A tape that can be sabotaged: right gradients of any model, and wrong ones of every kind.

Each operation notes its parents and how a gradient goes to each of them. ``sabotage`` is
``{operation number: function}``; the function gets the list of gradients that this operation sends
to its parents, and the operation, and returns the list that is sent instead.
"""

import numpy as np


def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1 and grad.shape[axis] != 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


class Var:
    def __init__(self, tape, value, parents=(), back=None, kind="leaf"):
        self.tape, self.value, self.parents, self.back, self.kind = tape, value, parents, back, kind
        tape.nodes.append(self)

    def __add__(self, other):
        return self.tape.op("add", lambda a, b: a + b, lambda g, a, b, y: (g, g), self, other)

    def __sub__(self, other):
        return self.tape.op("sub", lambda a, b: a - b, lambda g, a, b, y: (g, -g), self, other)

    def __mul__(self, other):
        return self.tape.op(
            "mul", lambda a, b: a * b, lambda g, a, b, y: (g * b, g * a), self, other
        )

    def __truediv__(self, other):
        return self.tape.op(
            "div", lambda a, b: a / b, lambda g, a, b, y: (g / b, -g * a / b**2), self, other
        )

    def __matmul__(self, other):
        return self.tape.op(
            "matmul",
            lambda a, b: a @ b,
            lambda g, a, b, y: (g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g),
            self,
            other,
        )

    def __getitem__(self, index):
        def back(g, a, y):
            out = np.zeros_like(a)
            np.add.at(out, index, g)
            return (out,)

        return self.tape.op("index", lambda a: a[index], back, self)

    @property
    def T(self):
        return self.tape.op(
            "T", lambda a: a.swapaxes(-1, -2), lambda g, a, y: (g.swapaxes(-1, -2),), self
        )

    def reshape(self, *shape):
        return self.tape.op(
            "reshape", lambda a: a.reshape(shape), lambda g, a, y: (g.reshape(a.shape),), self
        )

    def sum(self, axis=None, keepdims=False):
        def back(g, a, y):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g, a.shape),)

        return self.tape.op("sum", lambda a: a.sum(axis=axis, keepdims=keepdims), back, self)

    def mean(self, axis=None, keepdims=False):
        n = self.value.size if axis is None else self.value.shape[axis]

        def back(g, a, y):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g, a.shape) / n,)

        return self.tape.op("mean", lambda a: a.mean(axis=axis, keepdims=keepdims), back, self)

    def max(self, axis):
        def back(g, a, y):
            out = np.zeros_like(a)
            where = np.expand_dims(a.argmax(axis=axis), axis)
            np.put_along_axis(out, where, np.expand_dims(g, axis), axis)
            return (out,)

        return self.tape.op("max", lambda a: a.max(axis=axis), back, self)

    def map(self, name):
        value, slope = FUNCTIONS[name]
        return self.tape.op(name, value, lambda g, a, y: (g * slope(a, y),), self)

    def softmax(self):
        def value(a):
            e = np.exp(a - a.max(axis=-1, keepdims=True))
            return e / e.sum(axis=-1, keepdims=True)

        return self.tape.op(
            "softmax", value, lambda g, a, y: (y * (g - (g * y).sum(axis=-1, keepdims=True)),), self
        )

    def cross_entropy(self, labels):
        """Mean over the rows of −log softmax at the label."""
        rows = np.arange(len(labels))

        def value(a):
            s = a - a.max(axis=-1, keepdims=True)
            return (np.log(np.exp(s).sum(axis=-1)) - s[rows, labels]).mean()

        def back(g, a, y):
            e = np.exp(a - a.max(axis=-1, keepdims=True))
            p = e / e.sum(axis=-1, keepdims=True)
            p[rows, labels] -= 1
            return (g * p / a.dtype.type(len(rows)),)

        return self.tape.op("cross_entropy", value, back, self)


def _sigmoid(a):
    return np.where(a < 0, np.exp(-np.abs(a)), 1) / (1 + np.exp(-np.abs(a)))


FUNCTIONS = {
    "tanh": (np.tanh, lambda a, y: 1 - y * y),
    "sigmoid": (_sigmoid, lambda a, y: y * (1 - y)),
    "relu": (lambda a: np.maximum(a, 0), lambda a, y: (a > 0).astype(a.dtype)),
    "leaky": (
        lambda a: np.where(a > 0, a, a * a.dtype.type(0.1)),
        lambda a, y: np.where(a > 0, 1, 0.1).astype(a.dtype),
    ),
    "softplus": (
        lambda a: np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))),
        lambda a, y: _sigmoid(a),
    ),
    "silu": (lambda a: a * _sigmoid(a), lambda a, y: _sigmoid(a) * (1 + a * _sigmoid(-a))),
    "elu": (
        lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
        lambda a, y: np.where(a > 0, 1, np.exp(np.minimum(a, 0))),
    ),
    "hardtanh": (lambda a: np.clip(a, -1, 1), lambda a, y: (np.abs(a) < 1).astype(a.dtype)),
    "softsign": (lambda a: a / (1 + np.abs(a)), lambda a, y: 1 / (1 + np.abs(a)) ** 2),
    "exp": (np.exp, lambda a, y: y),
    "log": (np.log, lambda a, y: 1 / a),
    "sqrt": (np.sqrt, lambda a, y: 0.5 / y),
    "square": (np.square, lambda a, y: 2 * a),
    "abs": (np.abs, lambda a, y: np.sign(a)),
    "sin": (np.sin, lambda a, y: np.cos(a)),
    "identity": (lambda a: a, lambda a, y: np.ones_like(a)),
}
ACTIVATIONS = "tanh sigmoid relu leaky softplus silu elu hardtanh softsign identity".split()
SMOOTH = "tanh sigmoid softplus silu softsign".split()


class Tape:
    def __init__(self, sabotage=None):
        self.nodes = []
        self.sabotage = sabotage or {}

    def leaf(self, value):
        return Var(self, value)

    def op(self, kind, value, back, *parents):
        parents = [p if isinstance(p, Var) else Var(self, np.asarray(p)) for p in parents]
        values = [p.value for p in parents]
        y = value(*values)

        def send(g):
            return [
                unbroadcast(np.asarray(s), v.shape)
                if kind != "matmul"
                else _fit(np.asarray(s), v.shape)
                for s, v in zip(back(g, *values, y), values, strict=True)
            ]

        return Var(self, y, parents, send, kind)

    def gradients(self, out, leaves):
        grads = {id(out): np.ones_like(out.value)}
        for number in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[number]
            g = grads.get(id(node))
            if g is None or node.back is None:
                continue
            sent = node.back(g)
            if number in self.sabotage:
                sent = self.sabotage[number](sent, node)
            for parent, s in zip(node.parents, sent, strict=True):
                old = grads.get(id(parent))
                grads[id(parent)] = s if old is None else old + s
        return [grads.get(id(leaf), np.zeros_like(leaf.value)) for leaf in leaves]


def _fit(grad, shape):
    return unbroadcast(grad, shape)


class Model:
    """``build(tape, {name: Var})`` gives a scalar Var; f and grad at ``params`` for the checker."""

    def __init__(self, name, build, params):
        self.name, self.build, self.params = name, build, params

    def f(self, params):
        tape = Tape()
        return self.build(tape, {n: tape.leaf(a) for n, a in params.items()}).value

    def grad(self, params, sabotage=None):
        tape = Tape(sabotage)
        leaves = {n: tape.leaf(a) for n, a in params.items()}
        out = self.build(tape, leaves)
        found = tape.gradients(out, list(leaves.values()))
        return {n: np.array(g, dtype=params[n].dtype) for n, g in zip(leaves, found, strict=True)}

    def operations(self):
        """The numbers and kinds of the operations, to choose one to sabotage."""
        tape = Tape()
        self.build(tape, {n: tape.leaf(a) for n, a in self.params.items()})
        return [(i, node.kind) for i, node in enumerate(tape.nodes) if node.back is not None]
