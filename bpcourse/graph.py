r"""Flow graphs: reverse mode over any directed acyclic graph of scalars or arrays (D5–D8).

A :class:`Node` is the result of one operation. It knows its ``parents`` (the nodes it was computed
from), its ``local`` derivative for each, and, after ``backward``, the ``contributions`` it sent to
them: local × upstream. The gradient of a node is the sum over its successors (D8)::

    x = Node(3.0, "x")
    y = x * x + x
    y.backward()
    x.grad  # 7.0

The operations, each value beside its derivatives, are a table in :mod:`bpcourse.operations`.
"""

from copy import deepcopy
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from bpcourse import operations
from bpcourse.operations import Local, Operation, Pull, Value
from bpcourse.validation import as_float, require_finite, require_shape

Axis: TypeAlias = SupportsIndex | tuple[SupportsIndex, ...] | None
Operand: TypeAlias = "Node | npt.ArrayLike"


class Node:
    """A value in a flow graph.

    Parameters
    ----------
    value : array_like
        A number or an array of finite numbers, which is copied. float32 stays float32.
    name : str, optional
        What figures call it.

    Attributes
    ----------
    value : float or array
        The number or array itself.
    op : str
        The symbol of the operation that computed it; "" for an input.
    operation : Operation or None
        The entry of the table; None for an input.
    detail : object
        What the operation was told besides: the exponent, index or axis; else None.
    parents : tuple of Node
        The nodes it was computed from.
    local : tuple
        ∂value/∂parent for each parent: a number or element-wise array that broadcasts to ``value``,
        or None where it is no such thing (matmul, indexing, …).
    grad : float, array or None
        Of the shape of ``value``; None until computed (not 0).
    contributions : tuple
        What this node added to each parent's ``grad``; empty until computed.

    Raises
    ------
    TypeError, ValueError
        If value holds no numbers, or NaN or infinity.

    Examples
    --------
    >>> from bpcourse.graph import Node
    >>> x = Node(3.0, "x")
    >>> y = x * x + x
    >>> y.backward()
    >>> float(x.grad)
    7.0
    """

    __array_ufunc__ = None  # so that array * node is left to the node

    def __init__(self, value: npt.ArrayLike, name: str | None = None) -> None:
        array = as_float("value", value).copy()  # the caller's own may change later
        require_finite("value", array)
        self._set(array, name)

    def _set(self, value: Any, name: str | None = None) -> None:
        self.value: Value = value[()]  # a number, not an array of shape ()
        self.name = name
        self.op = ""
        self.operation: Operation | None = None
        self.detail: Any = None
        self.parents: tuple[Node, ...] = ()
        self.local: tuple[Local, ...] = ()
        self.grad: Value | None = None
        self.contributions: tuple[Value, ...] = ()
        self._pull: Pull | None = None  # upstream gradient -> contributions

    def backward(self, seed: npt.ArrayLike = 1) -> None:
        """Compute the gradient of this node with respect to every node below it (D8).

        Gradients accumulate over successors within one call, and every call starts anew.

        Parameters
        ----------
        seed : array_like
            The gradient of this node itself, of its shape.

        Raises
        ------
        ValueError
            If seed has another shape: a node with several entries needs a seed of its shape.
        """
        upstream = as_float("seed", seed, self.value.dtype)
        require_shape("seed", upstream, self.value.shape)
        order = topological_order(self)
        for node in order:
            node.grad, node.contributions = None, ()
        self.grad = upstream.copy()[()]
        for node in reversed(order):  # every successor comes before its parents
            if node.grad is None or node._pull is None:  # an input
                continue
            node.contributions = node._pull(node.grad)
            for parent, contribution in zip(node.parents, node.contributions, strict=True):
                parent.grad = contribution if parent.grad is None else parent.grad + contribution

    def __add__(self, other: Operand) -> "Node":
        return apply(operations.ADD, self, other)

    def __radd__(self, other: Operand) -> "Node":
        return apply(operations.ADD, other, self)

    def __sub__(self, other: Operand) -> "Node":
        return apply(operations.SUBTRACT, self, other)

    def __rsub__(self, other: Operand) -> "Node":
        return apply(operations.SUBTRACT, other, self)

    def __mul__(self, other: Operand) -> "Node":
        return apply(operations.MULTIPLY, self, other)

    def __rmul__(self, other: Operand) -> "Node":
        return apply(operations.MULTIPLY, other, self)

    def __truediv__(self, other: Operand) -> "Node":
        return apply(operations.DIVIDE, self, other)

    def __rtruediv__(self, other: Operand) -> "Node":
        return apply(operations.DIVIDE, other, self)

    def __pow__(self, other: Operand) -> "Node":
        if isinstance(other, Node):
            return apply(operations.POWER, self, other)
        n = _constant("exponent", other, self)
        require_finite("exponent", n)
        return apply(operations.POWER_OF_CONSTANT, self, options=(n,), symbol="^" + str(other))

    def __rpow__(self, other: Operand) -> "Node":
        return apply(operations.POWER, other, self)

    def __matmul__(self, other: Operand) -> "Node":
        return apply(operations.MATMUL, self, other)

    def __rmatmul__(self, other: Operand) -> "Node":
        return apply(operations.MATMUL, other, self)

    def __neg__(self) -> "Node":
        return apply(operations.NEGATE, self)

    def __getitem__(self, index: Any) -> "Node":
        index = deepcopy(index)  # the caller's own may change later
        return apply(operations.TAKE, self, options=(index,), symbol=f"[{index}]")

    @property
    def T(self) -> "Node":
        """The transpose."""
        return apply(operations.TRANSPOSE, self)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of ``value``."""
        return self.value.shape

    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Node":
        """Add up entries: each of them receives the whole upstream gradient.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axis or axes to go along; all by default.
        keepdims : bool
            Whether these axes stay, with length 1.

        Returns
        -------
        Node
            The sum.
        """
        return apply(operations.SUM, self, options=(axis, keepdims))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Node":
        """Take the mean of entries: each of them receives an equal share.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axis or axes to go along; all by default.
        keepdims : bool
            Whether these axes stay, with length 1.

        Returns
        -------
        Node
            The mean.
        """
        return apply(operations.MEAN, self, options=(axis, keepdims))

    def max(self, axis: Axis = None, keepdims: bool = False) -> "Node":
        """Take the largest entry: it receives the gradient, and tied entries share it.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axis or axes to go along; all by default.
        keepdims : bool
            Whether these axes stay, with length 1.

        Returns
        -------
        Node
            The largest entry.
        """
        return apply(operations.LARGEST, self, options=(axis, keepdims))

    def __repr__(self) -> str:
        name = f"{self.name} = " if self.name else ""
        return f"Node({name}{self.value}, grad={self.grad})"


def apply(
    operation: Operation,
    *inputs: Operand,
    options: tuple[Any, ...] = (),
    symbol: str | None = None,
) -> Node:
    """Compute one operation and keep what its backward pass needs.

    Parameters
    ----------
    operation : Operation
        An entry of the table in :mod:`bpcourse.operations`, or one of your own.
    inputs : Node or array_like
        What it is computed from. A plain number takes the type of the first node.
    options : tuple
        What the operation is told besides, such as an axis.
    symbol : str, optional
        What figures call it; the operation's own symbol by default.

    Returns
    -------
    Node
        The result, with ``inputs`` as its parents.

    Examples
    --------
    >>> from bpcourse import graph
    >>> from bpcourse.operations import Elementwise
    >>> square = Elementwise("²", lambda x: x * x, lambda v, x: 2 * x)
    >>> x = graph.Node(3.0)
    >>> graph.apply(square, x).backward()
    >>> float(x.grad)
    6.0
    """
    first = next((node for node in inputs if isinstance(node, Node)), None)
    node = Node.__new__(Node)
    parents = tuple(
        x if isinstance(x, Node) else Node(_constant("value", x, first)) for x in inputs
    )
    value, local, pull = operation(*(parent.value for parent in parents), *options)
    node._set(value)
    node.op, node.operation = symbol or operation.symbol, operation
    node.detail = options[0] if options else None
    node.parents, node.local, node._pull = parents, local, pull
    return node


def exp(x: Operand) -> Node:
    """Raise e to every entry of x.

    Parameters
    ----------
    x : Node or array_like
        The exponents.

    Returns
    -------
    Node
        The powers, of the shape of x.
    """
    return apply(operations.EXP, x)


def log(x: Operand) -> Node:
    """Take the natural logarithm of every entry of x.

    Parameters
    ----------
    x : Node or array_like
        Positive numbers.

    Returns
    -------
    Node
        The logarithms, of the shape of x.

    Raises
    ------
    ValueError
        Unless all are positive.
    """
    return apply(operations.LOG, x)


def tanh(x: Operand) -> Node:
    """Take the hyperbolic tangent of every entry of x (C37).

    Parameters
    ----------
    x : Node or array_like
        Any numbers.

    Returns
    -------
    Node
        Numbers in −1..1, of the shape of x.
    """
    return apply(operations.TANH, x)


def sigmoid(x: Operand) -> Node:
    """Take the logistic function of every entry of x as one gate (D6).

    Parameters
    ----------
    x : Node or array_like
        Any numbers.

    Returns
    -------
    Node
        Numbers in 0..1, of the shape of x.
    """
    return apply(operations.SIGMOID, x)


def relu(x: Operand) -> Node:
    """Take max(0, x) of every entry of x; the derivative at 0 is 0.

    Parameters
    ----------
    x : Node or array_like
        Any numbers.

    Returns
    -------
    Node
        Numbers of at least 0, of the shape of x.
    """
    return apply(operations.RELU, x)


def maximum(x: Operand, y: Operand) -> Node:
    """Take the larger of x and y, entry by entry; a tie shares the gradient.

    Parameters
    ----------
    x, y : Node or array_like
        Numbers whose shapes broadcast.

    Returns
    -------
    Node
        The larger ones.
    """
    return apply(operations.MAXIMUM, x, y)


def _constant(name: str, value: npt.ArrayLike, beside: Node | None) -> npt.NDArray[np.inexact]:
    """A copy of a constant as an array; a plain Python number takes the type of ``beside``."""
    if beside is not None and isinstance(value, int | float | complex):
        return np.array(value, np.result_type(beside.value, value))
    return as_float(name, value).copy()


def topological_order(root: Node) -> list[Node]:
    """Every node that ``root`` depends on, parents first. A loop, since a chain may be long."""
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
