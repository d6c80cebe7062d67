"""The slope of a noisy f from many values: a polynomial through them averages the noise out.

This decides single entries, and seldom a whole gradient: the noise of float32 inside f is too large
beside small entries, and f curves over the moves that would average it out. ``docs/gradcheck.md``
has the numbers.
"""

from collections.abc import Callable

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Vector

POINTS = 24
WIDTHS = (0.02, 0.1, 0.4, 1.5)  # of the intervals, relative to the line's scale
NODES = (2 * np.arange(POINTS) + 1) / POINTS - 1  # in (−1, 1)
DEGREE = 6  # of the polynomial
POWERS = np.vander(NODES, DEGREE + 1, increasing=True)
SPREAD = float(np.linalg.inv(POWERS.T @ POWERS)[1, 1]) ** (1 / 2)  # of the slope, per noise
DEVIATIONS = 3.5  # of the noise, in a bound: once in two thousand slopes is farther off
ORDER = 8  # the error of the fit, as part of the change that its last powers make


def least_error(sigma: float) -> float:
    """What the error may come down to, per t: the noise alone, over the longest interval."""
    return float(DEVIATIONS * sigma * SPREAD / WIDTHS[-1])


def averaged_slope(
    value: Callable[[float], tuple[float, float]], noise_of: Callable[[float], float]
) -> tuple[float, float, float] | None:
    """(slope, error, width) of the interval in which the slope at 0 is known best; None if no
    polynomial fits f's values, as at a kink.

    Parameters
    ----------
    value
        φ, as ``Line.value`` gives it.
    noise_of
        The noise of f where it has a value.
    """
    best = None
    for width in WIDTHS:
        values = np.array([value(t)[0] for t in width * NODES])
        if not np.isfinite(values).all():
            break
        noise = noise_of(float(abs(values).max()))
        slope, rest = _fit(POWERS, values)
        if rest > tuned.MISFIT * noise:
            continue
        error = DEVIATIONS * max(rest, noise) * SPREAD
        error += abs(slope - _fit(POWERS[:, : DEGREE - 1], values)[0]) / ORDER
        if best is None or error / width < best[1]:
            best = slope / width, error / width, width
    return best


def _fit(powers: Vector, values: Vector) -> tuple[float, float]:
    """The slope at 0, and the standard deviation of what the polynomial leaves."""
    coefficients, *_ = np.linalg.lstsq(powers, values, rcond=None)
    rest = values - powers @ coefficients
    return float(coefficients[1]), float((rest @ rest / (POINTS - powers.shape[1])) ** (1 / 2))
