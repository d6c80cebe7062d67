r"""Activation functions: each value beside its derivative.

Every element-wise function is an object with ``value(z)``, ``derivative(z)`` (which takes the
*pre-activation* z), ``jacobian(z)`` and, where it exists, ``derivative_from_output(a)``. They take
arrays of any shape, keep float32, let a complex step through and give NaN for NaN; nothing
overflows anywhere in the float range. ``softmax`` is not element-wise and has a full Jacobian.

At the kink of ReLU and leaky ReLU, z = 0, the derivative is taken from the left: 0 and ``slope``.
"""

from abc import ABC, abstractmethod

import numpy as np

from bpcourse import normal
from bpcourse.normal import minus_abs
from bpcourse.validation import as_float


class Activation(ABC):
    r"""An element-wise function σ; its Jacobian is diagonal (E6)."""

    @abstractmethod
    def value(self, z):
        """σ(z), of the shape of z."""

    @abstractmethod
    def derivative(self, z):
        """σ′(z), of the shape of z, the pre-activation."""

    def jacobian(self, z):
        """∂a/∂z for each row: z of shape (batch, n) gives (batch, n, n), diagonal (E6)."""
        slope = self.derivative(z)
        return slope[..., None] * np.eye(slope.shape[-1], dtype=slope.dtype)

    def __repr__(self):
        return type(self).__name__


class Identity(Activation):
    """σ(z) = z: the linear unit (C4)."""

    def value(self, z):
        return as_float("z", z).copy()

    def derivative(self, z):
        return np.ones_like(as_float("z", z))

    def derivative_from_output(self, a):
        return np.ones_like(as_float("a", a))


class Sigmoid(Activation):
    r"""The logistic function σ(z) = 1/(1+e⁻ᶻ), with values in 0..1 (C36, D6)."""

    def value(self, z):
        z = as_float("z", z)
        e = np.exp(minus_abs(z))  # in 0..1, so neither tail overflows or loses digits
        return np.where(z.real < 0, e, 1) / (1 + e)

    def derivative(self, z):
        e = np.exp(minus_abs(as_float("z", z)))
        return e / (1 + e) ** 2  # σ(z)σ(−z), which keeps its digits where 1 − σ(z) has none

    def derivative_from_output(self, a):
        a = as_float("a", a)
        return a * (1 - a)


class Tanh(Activation):
    """The hyperbolic tangent, with values in −1..1 (C37)."""

    def value(self, z):
        return np.tanh(as_float("z", z))

    def derivative(self, z):
        e = np.exp(minus_abs(as_float("z", z))) ** 2
        return 4 * e / (1 + e) ** 2  # sech² z

    def derivative_from_output(self, a):
        a = as_float("a", a)
        return 1 - a * a


class ReLU(Activation):
    """max(0, z); the derivative at the kink z = 0 is 0."""

    def value(self, z):
        z = as_float("z", z)
        return np.maximum(z, 0) if z.dtype.kind == "f" else np.where(z.real > 0, z, 0)

    def derivative(self, z):
        z = as_float("z", z)
        return (z.real > 0).astype(z.dtype)

    derivative_from_output = derivative  # a > 0 exactly where z > 0


class LeakyReLU(Activation):
    """z for z > 0 and ``slope``·z (0 < slope < 1) otherwise, the kink z = 0 included."""

    def __init__(self, slope=0.01):
        if not 0 < slope < 1:
            raise ValueError(f"slope: expected a number between 0 and 1, got {slope}")
        self.slope = slope

    def value(self, z):
        z = as_float("z", z)
        return np.where(z.real > 0, z, self.slope * z)

    def derivative(self, z):
        z = as_float("z", z)
        return np.where(z.real > 0, 1, self.slope).astype(z.dtype)

    derivative_from_output = derivative  # a slope above 0 keeps the sign

    def __repr__(self):
        return f"LeakyReLU({self.slope})"


class Softplus(Activation):
    """ln(1+eᶻ), a smooth ReLU; its derivative is the logistic function."""

    def value(self, z):
        z = as_float("z", z)
        return np.where(z.real < 0, 0, z) + np.log1p(np.exp(minus_abs(z)))

    def derivative(self, z):
        return sigmoid.value(z)

    def derivative_from_output(self, a):
        return -np.expm1(-as_float("a", a))  # σ(z) = 1 − e⁻ᵃ


class SiLU(Activation):
    """z·σ(z), also called swish."""

    def value(self, z):
        z = as_float("z", z)
        return z * sigmoid.value(z)

    def derivative(self, z):
        z = as_float("z", z)
        return sigmoid.value(z) * (1 + z * sigmoid.value(-z))


class GELU(Activation):
    """z·Φ(z) with Φ the normal distribution function, exact (no tanh approximation)."""

    def value(self, z):
        z = as_float("z", z)
        return (z * normal.cdf(z)).astype(z.dtype)

    def derivative(self, z):
        z = as_float("z", z)
        return (normal.cdf(z) + z * normal.density(z)).astype(z.dtype)


class Softmax:
    r"""ŷ_j = e^{z_j} / Σ_i e^{z_i} along the last axis (C13): positive, and each row sums to 1."""

    def value(self, z):
        """Probabilities of the shape of z, (batch, k)."""
        z = as_float("z", z)
        e = np.exp(z - z.real.max(axis=-1, keepdims=True))  # a shift of the row changes nothing
        return e / e.sum(axis=-1, keepdims=True)

    def jacobian(self, z):
        """∂ŷ/∂z for each row, diag(ŷ) − ŷ ŷᵀ: z (batch, k) gives (batch, k, k), full (C23)."""
        y_hat = self.value(z)
        diagonal = y_hat[..., None] * np.eye(y_hat.shape[-1], dtype=y_hat.dtype)
        return diagonal - y_hat[..., :, None] * y_hat[..., None, :]

    def vjp(self, z, grad_y):
        """Vector-Jacobian product: ∂L/∂z from grad_y = ∂L/∂ŷ, both (batch, k)."""
        return self.vjp_from_output(self.value(z), as_float("grad_y", grad_y))

    def vjp_from_output(self, y_hat, grad_y):
        """The same from ŷ: ŷ ⊙ (grad_y − ⟨grad_y, ŷ⟩)."""
        return y_hat * (grad_y - (grad_y * y_hat).sum(axis=-1, keepdims=True))

    def __repr__(self):
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
