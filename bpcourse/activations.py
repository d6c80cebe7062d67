r"""Activation functions: each value beside its derivative.

Every element-wise function is an object with ``value(z)``, ``derivative(z)`` (which takes the
*pre-activation* z), ``jacobian(z)`` and, where it exists, ``derivative_from_output(a)``. They take
arrays of any shape, keep float32, let a complex step through and give NaN for NaN; nothing
overflows anywhere in the float range. ``softmax`` is not element-wise and has a full Jacobian.

At the kink of ReLU and leaky ReLU, z = 0, the derivative is taken from the left: 0 and ``slope``.
"""

import numpy as np
from numpy.polynomial.chebyshev import chebval

from bpcourse.validation import as_float


class Activation:
    r"""An element-wise function σ; its Jacobian is diagonal (E6)."""

    def value(self, z):
        """σ(z), of the shape of z."""
        raise NotImplementedError

    def derivative(self, z):
        """σ′(z), of the shape of z, the pre-activation."""
        raise NotImplementedError

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
        e = np.exp(_minus_abs(z))  # in 0..1, so neither tail overflows or loses digits
        return np.where(z.real < 0, e, 1) / (1 + e)

    def derivative(self, z):
        e = np.exp(_minus_abs(as_float("z", z)))
        return e / (1 + e) ** 2  # σ(z)σ(−z), which keeps its digits where 1 − σ(z) has none

    def derivative_from_output(self, a):
        a = as_float("a", a)
        return a * (1 - a)


class Tanh(Activation):
    """The hyperbolic tangent, with values in −1..1 (C37)."""

    def value(self, z):
        return np.tanh(as_float("z", z))

    def derivative(self, z):
        e = np.exp(_minus_abs(as_float("z", z))) ** 2
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
        return np.where(z.real < 0, 0, z) + np.log1p(np.exp(_minus_abs(z)))

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
        return (z * _normal_cdf(z)).astype(z.dtype)

    def derivative(self, z):
        z = as_float("z", z)
        return (_normal_cdf(z) + z * _normal_density(z)).astype(z.dtype)


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


def _minus_abs(z):
    """−|z|, decided on the real part so that a complex step passes through."""
    return -np.abs(z) if z.dtype.kind == "f" else np.where(z.real < 0, z, -z)


# (1+2x)·erfc(x)·exp(x²) as a Chebyshev series in (x−3.75)/(x+3.75): a rational function of x that
# holds from x = 0 to infinity. NumPy has no erfc.
_ERFC_SERIES = np.array([
    1.1775789345674017, -0.0045900545806464776, -0.084249133366517917, 0.059209939998191893,
    -0.026658668435305753, 0.0090749976707052652, -0.0024131635404176081, 0.00049077583652580863,
    -6.916973302501207e-05, 4.1390279860730102e-06, 7.7403830661984903e-07, -2.1886401049234397e-07,
    1.076499946567091e-08, 4.5219598112182866e-09, -7.7544002088313509e-10, -6.3180883408866841e-11,
    2.8687950109306699e-11, 1.9455868545777347e-13, -9.6546967484334393e-13, 3.2525481481487401e-14,
    3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15, 7.4182352566240441e-17,
    5.068148904796111e-17,
])  # fmt: skip


def _within_40(z):
    """z as double precision, clipped to ±40, where Φ and φ have long reached their limits."""
    z = z.astype(np.result_type(z, np.float64))
    return np.where(z.real < -40, -40, np.where(z.real > 40, 40, z))


def _normal_density(z):
    """φ(z) = exp(−z²/2)/√(2π)."""
    z = _within_40(z)
    # z² is rounded, and the exponential magnifies the error by z²/2. So the head of z, with few
    # enough bits that its square is exact, is squared apart from the tail.
    head = np.round(z.real * 1024) / 1024
    tail = z - head
    return np.exp(-head * head / 2) * np.exp(-tail * (z + head) / 2) / np.sqrt(2 * np.pi)


def _normal_cdf(z):
    """Φ(z), relatively accurate in the left tail."""
    x = -_minus_abs(_within_40(z)) / np.sqrt(2)
    scaled = chebval((x - 3.75) / (x + 3.75), _ERFC_SERIES) / (1 + 2 * x)  # erfc(x)·exp(x²)
    tail = np.sqrt(np.pi / 2) * scaled * _normal_density(z)  # ½ erfc(|z|/√2)
    return np.where(z.real < 0, tail, 1 - tail)


identity = Identity()
sigmoid = Sigmoid()
tanh = Tanh()
relu = ReLU()
leaky_relu = LeakyReLU()
softplus = Softplus()
silu = SiLU()
gelu = GELU()
softmax = Softmax()
