r"""Layers: forward keeps what backward needs. Rows are examples.

``forward(x) -> y`` with x (batch, n_in); ``backward(grad_y) -> grad_x``, where grad_y = ∂L/∂y has
the shape of y and grad_x = ∂L/∂x that of x. ``params`` and ``grads`` are dicts of arrays under the
same names. ``backward`` sets fresh gradients; nothing accumulates and nothing averages here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Literal, NoReturn, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from bpcourse import activations, sums
from bpcourse.validation import (
    FLOATS,
    Array,
    Floats,
    as_batch,
    as_float,
    require_generator,
    require_positive_int,
    require_shape,
)


class Parameters(dict[str, Floats]):
    """Named arrays that stay where they are: ``params["W"] = array`` writes *into* the array.

    So a layer, a network and a checker that hold the same array never lose sight of each other.
    """

    def __setitem__(self, name: str, value: npt.ArrayLike) -> None:
        if value is not self._known(name):  # params["W"] -= step has already written in place
            self[name][...] = self._fitting(name, value)

    def update(self, *args: Any, **kwargs: npt.ArrayLike) -> None:
        """As ``dict.update``: every array is written into the parameter of its name.

        Nothing is written unless everything fits.
        """
        fitting = {n: self._fitting(n, value) for n, value in dict(*args, **kwargs).items()}
        for name, value in fitting.items():
            self[name][...] = value

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]  # takes all that update takes
        self.update(other)
        return self

    def setdefault(self, name: str, default: object = None) -> Floats:
        """The array of that name, which is always there. KeyError for another name."""
        return self._known(name)

    def __delitem__(self, name: str) -> NoReturn:
        self.clear()

    def pop(self, *args: object) -> NoReturn:
        """TypeError: nothing can be taken out."""
        self.clear()

    def popitem(self) -> NoReturn:
        """TypeError: nothing can be taken out."""
        self.clear()

    def clear(self) -> NoReturn:
        """TypeError: nothing can be taken out."""
        raise TypeError("params: expected them to stay, because the layer goes on using them")

    def _known(self, name: str) -> Floats:
        if name not in self:
            raise KeyError(f"{name}: expected one of {list(self)}")
        return self[name]

    def _fitting(self, name: str, value: npt.ArrayLike) -> npt.NDArray[np.generic]:
        array, value = self._known(name), np.asarray(value)
        require_shape(name, value, array.shape)
        if not np.can_cast(value.dtype, array.dtype, "same_kind"):  # no imaginary part is dropped
            raise TypeError(f"{name}: expected numbers of type {array.dtype}, got {value.dtype}")
        return value

    def __reduce__(self) -> tuple[type["Parameters"], tuple[dict[str, Floats]]]:
        return Parameters, (dict(self),)  # a copy is built whole, not entry by entry


class Layer(ABC):
    """What every layer shares. A layer of your own has ``forward`` and ``backward``.

    ``forward`` keeps x itself, not a copy, so x must not change before ``backward``.

    Attributes
    ----------
    params : Parameters
        The parameters by name, live: writing into them changes the layer.
    grads : dict of str to array
        The gradient of each parameter by the last ``backward``, under the same names.
    """

    # A layer without parameters works in the type of its input.
    dtype: np.dtype[np.generic] | None = None

    def __init__(self) -> None:
        self._params = Parameters()
        self.grads: dict[str, Floats] = {}
        self._shape: tuple[int, ...] | None = None  # of the last output; None before forward

    @property
    def params(self) -> Parameters:
        """The parameters by name. The first assignment gives them, later ones write into them."""
        return self._params

    @params.setter
    def params(self, arrays: Mapping[str, npt.ArrayLike]) -> None:
        if self._params:
            self._params.update(arrays)
        else:
            self._params = Parameters({name: np.asarray(array) for name, array in arrays.items()})

    def with_params(self, arrays: Mapping[str, npt.NDArray[np.inexact]]) -> Self:
        """Copy the layer onto other arrays, of any floating or complex type; it stays as it is.

        Parameters
        ----------
        arrays : mapping of arrays
            One for each parameter, of its shape; the copy uses them themselves.

        Returns
        -------
        Layer
            A layer of the same kind.
        """
        other = copy(self)
        other._params = Parameters({name: np.asarray(array) for name, array in arrays.items()})
        if arrays and self.dtype is not None:
            other.dtype = next(iter(arrays.values())).dtype
        return other

    @abstractmethod
    def forward(self, x: npt.ArrayLike) -> Array:
        """Compute the output, and keep what ``backward`` needs.

        Parameters
        ----------
        x : array_like, shape (batch, n_in)
            The input, an example in each row.

        Returns
        -------
        array, shape (batch, n_out)
            The output.

        Raises
        ------
        TypeError, ValueError
            For a wrong shape, NaN, infinity, or what is no number.
        """

    @abstractmethod
    def backward(self, grad_y: npt.ArrayLike) -> Array:
        """Compute ∂L/∂x from ∂L/∂y, and set ``grads``.

        Parameters
        ----------
        grad_y : array_like, shape (batch, n_out)
            The upstream gradient ∂L/∂y, of the shape of the last output.

        Returns
        -------
        array, shape (batch, n_in)
            ∂L/∂x, a fresh array.

        Raises
        ------
        RuntimeError
            Before ``forward``.
        ValueError
            For a wrong shape.
        """

    def _grad_y(self, grad_y: npt.ArrayLike) -> Array:
        """The upstream gradient, checked against the last output."""
        upstream = as_float("grad_y", grad_y, self.dtype)
        if upstream.shape != self._shape:
            if self._shape is None:
                raise RuntimeError(f"{type(self).__name__}.backward: call forward first")
            require_shape("grad_y", upstream, self._shape)
        return upstream

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


Init: TypeAlias = Literal["xavier", "he", "lecun", "zeros"]
VARIANCE: dict[str, Callable[[int, int], float]] = {  # of a weight at the start
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),
    "he": lambda n_in, n_out: 2 / n_in,
    "lecun": lambda n_in, n_out: 1 / n_in,
    "zeros": lambda n_in, n_out: 0,
}


class Linear(Layer):
    r"""z = W x + b for each example; in rows, Z = X Wᵀ + b (C3, A13).

    W is (n_out, n_in): ``W[i, j]`` goes *to* unit i *from* unit j. b is (n_out,), first zero.

    Parameters
    ----------
    n_in, n_out : int
        The number of inputs and of units, at least 1.
    rng : numpy.random.Generator or None
        Draws W. None is allowed with ``init="zeros"``.
    init : {"xavier", "he", "lecun", "zeros"}
        The variance of the normal distribution that W comes from: 2/(n_in+n_out), 2/n_in, 1/n_in,
        or 0, which shows why not.
    dtype : dtype
        float64 or float32. A complex type serves the complex step.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from bpcourse import Linear
    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer.W = [[1, 0, 0], [0, 1, 1]]
    >>> layer.forward([[5, 6, 7]])
    array([[ 5., 13.]])
    >>> layer.backward([[1, 10]])
    array([[ 1., 10., 10.]])
    >>> layer.grads["W"]
    array([[ 5.,  6.,  7.],
           [50., 60., 70.]])
    """

    dtype: np.dtype[np.generic]

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        rng: "np.random.Generator | None",
        init: Init = "xavier",
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        super().__init__()
        self.n_in = require_positive_int("n_in", n_in)
        self.n_out = require_positive_int("n_out", n_out)
        self.dtype = np.dtype(dtype)
        if self.dtype.char not in FLOATS:
            raise TypeError(f"dtype: expected float32 or float64, got {self.dtype}")
        if init not in VARIANCE:
            raise ValueError(f"init: expected one of {list(VARIANCE)}, got {init!r}")
        W = np.zeros((n_out, n_in))
        if init != "zeros":
            W = require_generator("rng", rng).standard_normal((n_out, n_in))
            W *= VARIANCE[init](n_in, n_out) ** 0.5
        self.params = Parameters(W=W.astype(self.dtype), b=np.zeros(n_out, self.dtype))

    @property
    def W(self) -> Floats:
        """The weights, (n_out, n_in); assigning writes into the same array."""
        return self.params["W"]

    @W.setter
    def W(self, value: npt.ArrayLike) -> None:
        self.params["W"] = value

    @property
    def b(self) -> Floats:
        """The biases, (n_out,); assigning writes into the same array."""
        return self.params["b"]

    @b.setter
    def b(self, value: npt.ArrayLike) -> None:
        self.params["b"] = value

    def forward(self, x: npt.ArrayLike) -> Array:
        self._x = as_batch("x", x, self.n_in, self.dtype)
        # dot and @ give the same product; dot sets out a third faster, which small layers feel
        y: Array = self._x.dot(self._params["W"].T)  # (batch, n_out)
        y += self._params["b"]
        self._shape = y.shape
        return y

    def backward(self, grad_y: npt.ArrayLike) -> Array:
        grad_x: Array = self.backward_params(grad_y).dot(self._params["W"])  # (batch, n_in), C28
        return grad_x

    def backward_params(self, grad_y: npt.ArrayLike) -> Array:
        """Set ``grads`` alone: the first layer of a network has nobody to pass ∂L/∂x to.

        Parameters
        ----------
        grad_y : array_like, shape (batch, n_out)
            The upstream gradient ∂L/∂y.

        Returns
        -------
        array, shape (batch, n_out)
            grad_y as an array, checked.
        """
        upstream = self._grad_y(grad_y)
        # (n_out, n_in), C31, and (n_out,), C32: both sum over the batch
        self.grads = {"W": upstream.T.dot(self._x), "b": sums.of_columns(upstream)}
        return upstream

    def __repr__(self) -> str:
        return f"Linear({self.n_in}, {self.n_out})"


class ElementWise(Layer):
    """An activation function as a layer: a = σ(z) for each entry (C4, C29)."""

    function: activations.Activation

    def forward(self, x: npt.ArrayLike) -> Array:
        z, function = as_float("x", x), self.function
        a = function.value(z)
        if hasattr(function, "derivative_from_output"):  # the cheaper form, where it exists
            self._slope, self._at = function.derivative_from_output, a
        else:
            self._slope, self._at = function.derivative, z
        self._shape = a.shape
        return a

    def backward(self, grad_y: npt.ArrayLike) -> Array:
        grad_x: Array = self._grad_y(grad_y) * self._slope(self._at)
        return grad_x


class Identity(ElementWise):
    """The linear unit, a = z."""

    function = activations.identity


class Sigmoid(ElementWise):
    """The logistic function, a = 1/(1+e⁻ᶻ)."""

    function = activations.sigmoid


class Tanh(ElementWise):
    """The hyperbolic tangent."""

    function = activations.tanh


class ReLU(ElementWise):
    """max(0, z); derivative 0 at z = 0."""

    function = activations.relu


class LeakyReLU(ElementWise):
    """z for z > 0, slope·z otherwise.

    Parameters
    ----------
    slope : float
        The slope on the left, 0 < slope < 1.

    Raises
    ------
    ValueError
        If slope is out of range.
    """

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        self.slope = slope
        self.function = activations.LeakyReLU(slope)

    def __repr__(self) -> str:
        return repr(self.function)


class Softplus(ElementWise):
    """ln(1+eᶻ)."""

    function = activations.softplus


class SiLU(ElementWise):
    """z·σ(z)."""

    function = activations.silu


class GELU(ElementWise):
    """z·Φ(z), exact."""

    function = activations.gelu


class Softmax(Layer):
    """Rows of probabilities (C13); backward is ŷ ⊙ (grad_y − ⟨grad_y, ŷ⟩), no Jacobian built."""

    function = activations.softmax

    def forward(self, x: npt.ArrayLike) -> Array:
        self._y = self.function.value(as_batch("x", x))
        self._shape = self._y.shape
        return self._y

    def backward(self, grad_y: npt.ArrayLike) -> Array:
        upstream = self._grad_y(grad_y)
        return self.function.vjp_from_output(self._y, upstream)
