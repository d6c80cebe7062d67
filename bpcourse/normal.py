"""The normal distribution, which GELU needs and NumPy lacks: Φ to a few ulps in both tails."""

import numpy as np

from bpcourse.validation import Array

# (1+2x)·erfc(x)·exp(x²) as a Chebyshev series in (x−3.75)/(x+3.75): a rational function of x that
# holds from x = 0 to infinity. NumPy has no erfc.
ERFC_SERIES = np.array([
    1.1775789345674017, -0.0045900545806464776, -0.084249133366517917, 0.059209939998191893,
    -0.026658668435305753, 0.0090749976707052652, -0.0024131635404176081, 0.00049077583652580863,
    -6.916973302501207e-05, 4.1390279860730102e-06, 7.7403830661984903e-07, -2.1886401049234397e-07,
    1.076499946567091e-08, 4.5219598112182866e-09, -7.7544002088313509e-10, -6.3180883408866841e-11,
    2.8687950109306699e-11, 1.9455868545777347e-13, -9.6546967484334393e-13, 3.2525481481487401e-14,
    3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15, 7.4182352566240441e-17,
    5.068148904796111e-17,
])  # fmt: skip


def _within_40(z: Array) -> Array:
    """z as double precision, clipped to ±40, where Φ and φ have long reached their limits."""
    z = z.astype(np.result_type(z, np.float64))
    return np.where(z.real < -40, -40, np.where(z.real > 40, 40, z))


def density(z: Array) -> Array:
    """φ(z) = exp(−z²/2)/√(2π)."""
    z = _within_40(z)
    # z² is rounded, and the exponential magnifies the error by z²/2. So the head of z, with few
    # enough bits that its square is exact, is squared apart from the tail.
    head = np.round(z.real * 1024) / 1024
    tail = z - head
    phi: Array = np.exp(-head * head / 2) * np.exp(-tail * (z + head) / 2) / np.sqrt(2 * np.pi)
    return phi


def cdf(z: Array) -> Array:
    """Φ(z), relatively accurate in the left tail."""
    # Imported here, since all of numpy.polynomial costs as much as the rest of the package.
    from numpy.polynomial.chebyshev import chebval

    x = -minus_abs(_within_40(z)) / np.sqrt(2)
    scaled = chebval((x - 3.75) / (x + 3.75), ERFC_SERIES) / (1 + 2 * x)  # erfc(x)·exp(x²)
    tail = np.sqrt(np.pi / 2) * scaled * density(z)  # ½ erfc(|z|/√2)
    below: Array = np.where(z.real < 0, tail, 1 - tail)
    return below


def minus_abs(z: Array) -> Array:
    """−|z|, decided on the real part so that a complex step passes through."""
    return -np.abs(z) if z.dtype.kind == "f" else np.where(z.real < 0, z, -z)
