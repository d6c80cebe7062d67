r"""Activation functions: each value beside its derivative.

Every element-wise function is an object with ``value(z)``, ``derivative(z)`` (which takes the
*pre-activation* z), ``jacobian(z)`` and, where it can, ``derivative_from_output(a)``. They take
arrays of any shape, keep float32, let a complex step through and give NaN for NaN; nothing
overflows anywhere in the float range. ``softmax`` is not element-wise and has a full Jacobian.

At the kink of ReLU and leaky ReLU, z = 0, the derivative is taken from the left: 0 and ``slope``.
"""

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from bpcourse import normal
from bpcourse.normal import minus_abs
from bpcourse.validation import Array, as_float


class Activation(ABC):
    r"""An element-wise function σ; its Jacobian is diagonal (E6).

    A function of your own has ``value`` and ``derivative``.

    Examples
    --------
    >>> from bpcourse import activations
    >>> activations.sigmoid.value([0.0, 1000.0])
    array([0.5, 1. ])
    >>> float(activations.sigmoid.derivative(0.0))
    0.25
    """

    @abstractmethod
    def value(self, z: npt.ArrayLike) -> Array:
        """Compute a = σ(z).

        Parameters
        ----------
        z : array_like
            Pre-activations of any shape; complex numbers carry a complex step.

        Returns
        -------
        array
            The activations, of the shape of z.

        Raises
        ------
        TypeError
            If z holds no numbers.
        """

    @abstractmethod
    def derivative(self, z: npt.ArrayLike) -> Array:
        """Compute the slope σ′(z) at the pre-activation z.

        Parameters
        ----------
        z : array_like
            Pre-activations (not activations) of any shape.

        Returns
        -------
        array
            The slopes, of the shape of z.

        Raises
        ------
        TypeError
            If z holds no numbers.
        """

    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Compute ∂a/∂z for each row, a diagonal matrix (E6).

        Parameters
        ----------
        z : array_like, shape (batch, n)
            Pre-activations, an example in each row.

        Returns
        -------
        array, shape (batch, n, n)
            For each example the matrix with σ′(z) on its diagonal.
        """
        slope = self.derivative(z)
        return slope[..., None] * np.eye(slope.shape[-1], dtype=slope.dtype)

    def __repr__(self) -> str:
        return type(self).__name__


class FromOutput(Activation):
    """An activation function whose slope can be told from its output, the cheaper way."""

    @abstractmethod
    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        """Compute the slope σ′(z) from the output a = σ(z).

        Parameters
        ----------
        a : array_like
            Activations of any shape.

        Returns
        -------
        array
            The slopes, of the shape of a.
        """


class Identity(FromOutput):
    """σ(z) = z: the linear unit (C4)."""

    def value(self, z: npt.ArrayLike) -> Array:
        return as_float("z", z).copy()

    def derivative(self, z: npt.ArrayLike) -> Array:
        return np.ones_like(as_float("z", z))

    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        return np.ones_like(as_float("a", a))


class Sigmoid(FromOutput):
    r"""The logistic function σ(z) = 1/(1+e⁻ᶻ), with values in 0..1 (C36, D6)."""

    def value(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        e = np.exp(minus_abs(z))  # in 0..1, so neither tail overflows or loses digits
        a: Array = np.where(z.real < 0, e, 1) / (1 + e)
        return a

    def derivative(self, z: npt.ArrayLike) -> Array:
        e = np.exp(minus_abs(as_float("z", z)))
        slope: Array = e / (1 + e) ** 2  # σ(z)σ(−z): it has digits where 1 − σ(z) has none
        return slope

    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        a = as_float("a", a)
        return a * (1 - a)


class Tanh(FromOutput):
    """The hyperbolic tangent, with values in −1..1 (C37)."""

    def value(self, z: npt.ArrayLike) -> Array:
        return np.tanh(as_float("z", z))

    def derivative(self, z: npt.ArrayLike) -> Array:
        e = np.exp(minus_abs(as_float("z", z))) ** 2
        slope: Array = 4 * e / (1 + e) ** 2  # sech² z
        return slope

    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        a = as_float("a", a)
        slope: Array = a * a
        np.subtract(1, slope, out=slope)
        return slope


class ReLU(FromOutput):
    """max(0, z); the derivative at the kink z = 0 is 0."""

    def value(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return np.maximum(z, 0) if z.dtype.kind == "f" else np.where(z.real > 0, z, 0)

    def derivative(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return (z.real > 0).astype(z.dtype)

    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        return self.derivative(a)  # a > 0 exactly where z > 0


class LeakyReLU(FromOutput):
    """z for z > 0 and slope·z otherwise, the kink z = 0 included.

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
        if not 0 < slope < 1:
            raise ValueError(f"slope: expected a number between 0 and 1, got {slope}")
        self.slope = slope

    def value(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return np.where(z.real > 0, z, self.slope * z)

    def derivative(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return np.where(z.real > 0, 1, self.slope).astype(z.dtype)

    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        return self.derivative(a)  # a slope above 0 keeps the sign

    def __repr__(self) -> str:
        return f"LeakyReLU({self.slope})"


class Softplus(FromOutput):
    """ln(1+eᶻ), a smooth ReLU; its derivative is the logistic function."""

    def value(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return np.where(z.real < 0, 0, z) + np.log1p(np.exp(minus_abs(z)))

    def derivative(self, z: npt.ArrayLike) -> Array:
        return sigmoid.value(z)

    def derivative_from_output(self, a: npt.ArrayLike) -> Array:
        return -np.expm1(-as_float("a", a))  # σ(z) = 1 − e⁻ᵃ


class SiLU(Activation):
    """z·σ(z), also called swish."""

    def value(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return z * sigmoid.value(z)

    def derivative(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return sigmoid.value(z) * (1 + z * sigmoid.value(-z))


class GELU(Activation):
    """z·Φ(z) with Φ the normal distribution function, exact (no tanh approximation)."""

    def value(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return (z * normal.cdf(z)).astype(z.dtype)

    def derivative(self, z: npt.ArrayLike) -> Array:
        z = as_float("z", z)
        return (normal.cdf(z) + z * normal.density(z)).astype(z.dtype)


class Softmax:
    r"""ŷ_j = e^{z_j} / Σ_i e^{z_i} along the last axis (C13): positive, and each row sums to 1.

    Examples
    --------
    >>> from bpcourse import activations
    >>> activations.softmax.value([[1000.0, 1000.0]])
    array([[0.5, 0.5]])
    """

    def value(self, z: npt.ArrayLike) -> Array:
        """Compute probabilities from logits (C13).

        Parameters
        ----------
        z : array_like, shape (batch, k)
            Logits, an example in each row.

        Returns
        -------
        array, shape (batch, k)
            Rows of probabilities ŷ.
        """
        z = as_float("z", z)
        e = np.exp(z - z.real.max(axis=-1, keepdims=True))  # a shift of the row changes nothing
        y_hat: Array = e / e.sum(axis=-1, keepdims=True)
        return y_hat

    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Compute ∂ŷ/∂z for each row, diag(ŷ) − ŷ ŷᵀ, a full matrix (C23).

        Parameters
        ----------
        z : array_like, shape (batch, k)
            Logits, an example in each row.

        Returns
        -------
        array, shape (batch, k, k)
            For each example the Jacobian.
        """
        y_hat = self.value(z)
        diagonal = y_hat[..., None] * np.eye(y_hat.shape[-1], dtype=y_hat.dtype)
        return diagonal - y_hat[..., :, None] * y_hat[..., None, :]

    def vjp(self, z: npt.ArrayLike, grad_y: npt.ArrayLike) -> Array:
        """Compute ∂L/∂z, the product of the upstream gradient and the Jacobian.

        Parameters
        ----------
        z : array_like, shape (batch, k)
            Logits, an example in each row.
        grad_y : array_like, shape (batch, k)
            The upstream gradient ∂L/∂ŷ.

        Returns
        -------
        array, shape (batch, k)
            ∂L/∂z.
        """
        return self.vjp_from_output(self.value(z), as_float("grad_y", grad_y))

    def vjp_from_output(self, y_hat: Array, grad_y: Array) -> Array:
        """Compute the same from ŷ: ŷ ⊙ (grad_y − ⟨grad_y, ŷ⟩).

        Parameters
        ----------
        y_hat : array, shape (batch, k)
            What ``value`` gave.
        grad_y : array, shape (batch, k)
            The upstream gradient ∂L/∂ŷ.

        Returns
        -------
        array, shape (batch, k)
            ∂L/∂z.
        """
        downstream: Array = y_hat * (grad_y - (grad_y * y_hat).sum(axis=-1, keepdims=True))
        return downstream

    def __repr__(self) -> str:
        return "Softmax"


identity = Identity()
sigmoid = Sigmoid()
tanh = Tanh()
relu = ReLU()
leaky_relu = LeakyReLU()
softplus = Softplus()
silu = SiLU()
gelu = GELU()
softmax = Softmax()
