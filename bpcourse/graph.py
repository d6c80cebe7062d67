r"""Flow graphs: reverse mode over any directed acyclic graph of scalars or arrays (D5–D8).

A :class:`Node` is the result of one operation. It knows its ``parents`` (the nodes it was computed
from), its ``local`` derivative for each, and, after ``backward``, the ``contributions`` it sent to
them: local × upstream. The gradient of a node is the sum over its successors (D8)::

    x = Node(3.0, "x")
    y = x * x + x
    y.backward()
    x.grad  # 7.0
"""

import numpy as np

from bpcourse import activations
from bpcourse.validation import as_float, require_finite, require_shape


class Node:
    """A value in a flow graph.

    ``value``: float or array; ``name``: for figures; ``op``: what computed it, "" for an input;
    ``parents``: the nodes it was computed from; ``local``: ∂value/∂parent for each parent, a
    number or element-wise array that broadcasts to ``value``, or None where it is no such thing
    (matmul, indexing, …); ``grad``: of the shape of ``value``, None until computed (not 0);
    ``contributions``: what this node added to each parent's ``grad``, empty until computed;
    ``detail``: what ``op`` was told besides, such as the exponent, index or axis.
    """

    __array_ufunc__ = None  # so that array * node is left to the node

    def __init__(self, value, name=None):
        value = as_float("value", value)
        require_finite("value", value)
        self._set(value, name)

    def _set(self, value, name=None):
        self.value = value if value.ndim else value[()]  # a number, not an array of shape ()
        self.name = name
        self.op = ""
        self.detail = None
        self.parents = ()
        self.local = ()
        self.grad = None
        self.contributions = ()
        self._pull = ()  # for each parent: upstream gradient -> contribution

    def backward(self, seed=1):
        """Set ``grad`` of this node to ``seed`` and of every node below it to ∂self/∂node · seed.

        Gradients accumulate over successors within one call, and every call starts anew. A node
        with several entries needs a seed of its shape (ValueError otherwise).
        """
        seed = as_float("seed", seed)
        require_shape("seed", seed, self.value.shape)
        order = _topological_order(self)
        for node in order:
            node.grad, node.contributions = None, ()
        self.grad = seed.copy()
        for node in reversed(order):  # every successor comes before its parents
            node.contributions = tuple(pull(node.grad) for pull in node._pull)
            for parent, contribution in zip(node.parents, node.contributions, strict=True):
                parent.grad = contribution if parent.grad is None else parent.grad + contribution

    def __add__(self, other):
        other = _node(other)
        return _elementwise("+", self.value + other.value, (self, 1.0), (other, 1.0))

    def __sub__(self, other):
        other = _node(other)
        return _elementwise("−", self.value - other.value, (self, 1.0), (other, -1.0))

    def __mul__(self, other):
        other = _node(other)
        return _elementwise("×", self.value * other.value, (self, other.value), (other, self.value))

    def __truediv__(self, other):
        other = _node(other)
        x, y = self.value, other.value
        return _elementwise("÷", x / y, (self, 1 / y), (other, -x / y**2))

    def __pow__(self, other):
        x = self.value
        if not isinstance(other, Node):  # a constant exponent: no logarithm of a negative base
            n = as_float("exponent", other)
            slope = n * x ** np.where(n == 0, 1, n - 1)
            return _elementwise(f"^{other}", x**n, (self, slope), detail=n)
        if (x <= 0).any():
            expected = "a positive base where the exponent is a node (else use a plain number)"
            raise ValueError(f"**: expected {expected}, got {x}")
        n = other.value
        power = x**n
        return _elementwise("^", power, (self, n * x ** (n - 1)), (other, power * np.log(x)))

    def __neg__(self):
        return _elementwise("−", -self.value, (self, -1.0))

    def __radd__(self, other):
        return _node(other) + self

    def __rsub__(self, other):
        return _node(other) - self

    def __rmul__(self, other):
        return _node(other) * self

    def __rtruediv__(self, other):
        return _node(other) / self

    def __rpow__(self, other):
        return _node(other) ** self

    def __matmul__(self, other):
        other = _node(other)
        A, B = self.value, other.value
        if A.ndim == 0 or B.ndim == 0 or A.ndim > 2 or B.ndim > 2:
            expected = "vectors or matrices"
            raise ValueError(f"@: expected {expected}, got shapes {A.shape} and {B.shape}")
        # A vector on the left is a row, on the right a column; the product drops the 1 again.
        A2, B2 = A.reshape(-1, A.shape[-1]), B.reshape(B.shape[0], -1)
        rows, columns = A2.shape[0], B2.shape[1]

        def pull_left(upstream):
            return (upstream.reshape(rows, columns) @ B2.T).reshape(A.shape)

        def pull_right(upstream):
            return (A2.T @ upstream.reshape(rows, columns)).reshape(B.shape)

        return _result("@", A @ B, (self, other), (None, None), (pull_left, pull_right))

    def __rmatmul__(self, other):
        return _node(other) @ self

    def __getitem__(self, index):
        def pull(upstream):
            whole = np.zeros_like(self.value)
            np.add.at(whole, index, upstream)  # an entry taken twice gets both gradients
            return whole

        return _result(f"[{index}]", self.value[index], (self,), (None,), (pull,), index)

    @property
    def T(self):
        """The transpose."""
        return _result("ᵀ", self.value.T, (self,), (None,), (lambda upstream: upstream.T.copy(),))

    @property
    def shape(self):
        """The shape of ``value``."""
        return self.value.shape

    def sum(self, axis=None, keepdims=False):
        """The sum over ``axis``: every entry receives the whole upstream gradient."""
        total = self.value.sum(axis=axis, keepdims=keepdims)
        return _reduction("sum", self, total, axis, keepdims, 1.0)

    def mean(self, axis=None, keepdims=False):
        """The mean over ``axis``."""
        mean = self.value.mean(axis=axis, keepdims=keepdims)
        return _reduction("mean", self, mean, axis, keepdims, mean.size / self.value.size)

    def max(self, axis=None, keepdims=False):
        """The largest entry along ``axis``; tied entries share the gradient."""
        largest = self.value.max(axis=axis, keepdims=True)
        winner = (self.value == largest) / (self.value == largest).sum(axis=axis, keepdims=True)
        value = self.value.max(axis=axis, keepdims=keepdims)
        return _reduction("max", self, value, axis, keepdims, winner)

    def __repr__(self):
        name = f"{self.name} = " if self.name else ""
        return f"Node({name}{self.value}, grad={self.grad})"


def exp(x):
    """eˣ for each entry."""
    x = _node(x)
    value = np.exp(x.value)
    return _elementwise("exp", value, (x, value))


def log(x):
    """The natural logarithm of each entry. ValueError unless all are positive."""
    x = _node(x)
    if (x.value <= 0).any():
        raise ValueError(f"x: expected positive numbers, got {x.value.min()}")
    return _elementwise("log", np.log(x.value), (x, 1 / x.value))


def tanh(x):
    """The hyperbolic tangent (C37)."""
    return _activation("tanh", activations.tanh, x)


def sigmoid(x):
    """The logistic function as one gate (D6)."""
    return _activation("σ", activations.sigmoid, x)


def relu(x):
    """max(0, x); derivative 0 at 0."""
    return _activation("relu", activations.relu, x)


def maximum(x, y):
    """The larger of x and y, entry by entry; a tie shares the gradient."""
    x, y = _node(x), _node(y)
    left = np.where(x.value == y.value, 0.5, x.value > y.value)
    return _elementwise("max", np.maximum(x.value, y.value), (x, left), (y, 1 - left))


def _node(value):
    return value if isinstance(value, Node) else Node(value)


def _result(op, value, parents, local, pull, detail=None):
    node = Node.__new__(Node)
    node._set(value)
    node.op, node.parents, node.local, node._pull = op, parents, local, pull
    node.detail = detail
    return node


def _elementwise(op, value, *inputs, detail=None):
    """A node from (parent, local derivative) pairs, entry by entry, with broadcasting."""
    parents, local = zip(*inputs, strict=True)
    pull = tuple(
        lambda upstream, p=parent, d=slope: _unbroadcast(upstream * d, p.value.shape)
        for parent, slope in inputs
    )
    return _result(op, value, parents, local, pull, detail)


def _activation(name, function, x):
    x = _node(x)
    return _elementwise(name, function.value(x.value), (x, function.derivative(x.value)))


def _reduction(op, x, value, axis, keepdims, local):
    def pull(upstream):
        if axis is not None and not keepdims:
            upstream = np.expand_dims(upstream, axis)
        return upstream * local * np.ones_like(x.value)

    return _result(op, value, (x,), (local,), (pull,), axis)


def _unbroadcast(gradient, shape):
    """Sum over the axes that broadcasting added or stretched: each copy is a path of its own."""
    if gradient.shape == shape:
        return gradient
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=stretched, keepdims=True)


def _topological_order(root):
    """Every node that ``root`` depends on, parents first. A loop, since a chain may be long."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
