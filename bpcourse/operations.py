"""The operations of flow graphs: a table, each value beside its derivatives.

A new operation is one more entry::

    SQUARE = Elementwise("²", lambda x: x * x, lambda v, x: 2 * x)
    y = graph.apply(SQUARE, x)

An operation computes with arrays and numbers. Nodes and the order of the backward pass are
:mod:`bpcourse.graph`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bpcourse import activations
from bpcourse.validation import Array

Value: TypeAlias = npt.NDArray[np.inexact] | np.inexact
Local: TypeAlias = Value | float | None
Pull: TypeAlias = Callable[[Value], tuple[Value, ...]]
# A function of arrays and of whatever else the operation is told, such as an index.
Function: TypeAlias = Callable[..., Any]


class Operation(ABC):
    """An operation: how its value is computed, and how a gradient goes back to each input.

    Parameters
    ----------
    symbol : str
        What figures call it.
    value : callable
        The value from the inputs, and from the options: what else the operation is told.
    ways : callable
        For each input the way of a gradient back to it; what a way is, each subclass says.
    """

    def __init__(self, symbol: str, value: Function, *ways: Function) -> None:
        self.symbol, self.value, self.ways = symbol, value, ways

    @abstractmethod
    def __call__(self, *arguments: Any) -> tuple[Value, tuple[Local, ...], Pull]:
        """Compute the operation on inputs and options: (value, local, pull).

        ``local`` is ∂value/∂input for each input, a number or an array of slopes, or None if it is
        no such thing. ``pull`` turns the gradient of the value into a contribution to each input.
        """


class Elementwise(Operation):
    """Entry by entry, with broadcasting. A way is ∂value/∂input, from (value, *inputs)."""

    def __call__(self, *arguments: Any) -> tuple[Value, tuple[Local, ...], Pull]:
        """The value, the slopes, and local × upstream."""
        value = self.value(*arguments)
        slopes = tuple(way(value, *arguments) for way in self.ways)
        shapes = [x.shape for x in arguments[: len(slopes)]]

        def pull(upstream: Value) -> tuple[Value, ...]:
            pairs = zip(slopes, shapes, strict=True)
            return tuple(unbroadcast(upstream * slope, shape) for slope, shape in pairs)

        return value, slopes, pull


class Reduction(Operation):
    """Along axes. The only way is ∂value/∂input, from (value, input, axis, keepdims)."""

    def __call__(self, *arguments: Any) -> tuple[Value, tuple[Local, ...], Pull]:
        """The value, the slope, and local × upstream for every entry that went into the value."""
        x, axis, keepdims = arguments
        value = self.value(x, axis=axis, keepdims=keepdims)
        slope = self.ways[0](value, x, axis)

        def pull(upstream: Value) -> tuple[Value, ...]:
            if axis is not None and not keepdims:
                upstream = np.expand_dims(upstream, axis)
            return (upstream * slope * np.ones_like(x),)

        return value, (slope,), pull


class Whole(Operation):
    """Of whole arrays, without slopes entry by entry. A way is a pull, from (upstream, *inputs)."""

    def __call__(self, *arguments: Any) -> tuple[Value, tuple[Local, ...], Pull]:
        """The value, None for each input, and what each way makes of the upstream gradient."""
        value, no_slopes = self.value(*arguments), (None,) * len(self.ways)
        return value, no_slopes, lambda g: tuple(way(g, *arguments) for way in self.ways)


def unbroadcast(gradient: Value, shape: tuple[int, ...]) -> Value:
    """Sum over the axes that broadcasting added or stretched: each copy is a path of its own."""
    if gradient.shape == shape:
        return gradient
    added = tuple(range(gradient.ndim - len(shape)))
    stretched = tuple(i for i, n in enumerate(shape, len(added)) if n == 1)
    summed: Value = np.sum(gradient, axis=added + stretched, keepdims=True).reshape(shape)
    return summed


# ---- values that are more than one call, and what they refuse --------------------------------


def _require(fine: Any, expected: str, got: Value) -> None:
    if not np.all(fine):
        raise ValueError(f"{expected}, got {np.min(got)}")


def _quotient(x: Value, y: Value) -> Any:
    _require(y != 0, "÷: expected a divisor other than 0", np.abs(y))
    return x / y


def _power(x: Value, y: Value) -> Any:
    where = "where the exponent is a node (else use a plain number)"
    _require(x > 0, f"**: expected a positive base {where}", x)
    return x**y


def _power_of_constant(x: Value, n: Value) -> Any:
    # Both the power and its slope must exist.
    fine = (x > 0) | (n == 0) | (x == 0) & (n >= 1) | (x < 0) & (n == np.rint(n))
    _require(fine, f"**: expected a positive base where the exponent is {n}", x)
    return x**n


def _log(x: Value) -> Any:
    _require(x > 0, "x: expected positive numbers", x)
    return np.log(x)


def _winner(v: Value, x: Value, axis: Any) -> Any:
    """1 at the largest entry along the axis, 1/n at each of n that are."""
    is_largest = x == x.max(axis=axis, keepdims=True)
    return (is_largest / is_largest.sum(axis=axis, keepdims=True)).astype(x.dtype)


def _wins(v: Value, x: Value, y: Value) -> Any:
    """1 where x is larger, ½ at a tie."""
    return np.where(x == y, 0.5, x > y).astype(v.dtype)


def _product(A: Array, B: Array) -> Any:
    if A.ndim == 0 or B.ndim == 0 or A.ndim > 2 or B.ndim > 2:
        expected = "vectors or matrices"
        raise ValueError(f"@: expected {expected}, got shapes {A.shape} and {B.shape}")
    return A @ B


def _as_matrices(g: Array, A: Array, B: Array) -> Any:
    """A vector on the left is a row, on the right a column; the product drops the 1 again."""
    A, B = A.reshape(-1, A.shape[-1]), B.reshape(B.shape[0], -1)
    return g.reshape(A.shape[0], B.shape[1]), A, B


def _pull_left(g: Array, A: Array, B: Array) -> Any:
    upstream, _, right = _as_matrices(g, A, B)
    return (upstream @ right.T).reshape(A.shape)


def _pull_right(g: Array, A: Array, B: Array) -> Any:
    upstream, left, _ = _as_matrices(g, A, B)
    return (left.T @ upstream).reshape(B.shape)


def _put_back(g: Value, x: Value, index: Any) -> Any:
    whole = np.zeros_like(x)
    np.add.at(whole, index, g)  # an entry taken twice gets both gradients
    return whole


def _activation(symbol: str, function: activations.Activation) -> Elementwise:
    return Elementwise(symbol, function.value, lambda v, x: function.derivative(x))


# ---- the table: the value v of x (and y), then the way back to x (and to y) ------------------

ADD = Elementwise("+", lambda x, y: x + y, lambda v, x, y: 1.0, lambda v, x, y: 1.0)
SUBTRACT = Elementwise("−", lambda x, y: x - y, lambda v, x, y: 1.0, lambda v, x, y: -1.0)
MULTIPLY = Elementwise("×", lambda x, y: x * y, lambda v, x, y: y, lambda v, x, y: x)
DIVIDE = Elementwise("÷", _quotient, lambda v, x, y: 1 / y, lambda v, x, y: -v / y)
POWER = Elementwise("^", _power, lambda v, x, y: y * x ** (y - 1), lambda v, x, y: v * np.log(x))
POWER_OF_CONSTANT = Elementwise(
    "^", _power_of_constant, lambda v, x, n: n * x ** np.where(n == 0, n, n - 1)
)
NEGATE = Elementwise("−", lambda x: -x, lambda v, x: -1.0)
EXP = Elementwise("exp", np.exp, lambda v, x: v)
LOG = Elementwise("log", _log, lambda v, x: 1 / x)
TANH = _activation("tanh", activations.tanh)
SIGMOID = _activation("σ", activations.sigmoid)
RELU = _activation("relu", activations.relu)
MAXIMUM = Elementwise("max", np.maximum, _wins, lambda v, x, y: _wins(v, y, x))

SUM = Reduction("sum", np.sum, lambda v, x, axis: 1.0)
MEAN = Reduction("mean", np.mean, lambda v, x, axis: v.size / x.size)
LARGEST = Reduction("max", np.max, _winner)

MATMUL = Whole("@", _product, _pull_left, _pull_right)
TRANSPOSE = Whole("ᵀ", lambda x: x.T, lambda g, x: g.T.copy())
TAKE = Whole("[]", lambda x, index: x[index], _put_back)
