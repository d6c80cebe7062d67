"""The slope of a noisy f from many values: a polynomial through them averages the noise out.

This decides single entries, and seldom a whole gradient. Of 20 models that compute in float32
inside f, 18 right gradients stay undecided: noise alone would leave in their worst entry an error
of 0.1 to 2500 times what is asked, 7 at the median, and the error falls with the square root of the
evaluations. With a hundred times as many 8 of the 20 would be out of reach whatever the curvature;
16 times as many values at seven widths were tried on 8 of the nearest 10, and decided none, because
where f curves the interval cannot be so wide. Nor has the rounding a structure to subtract: it
comes from every intermediate sum, and moving many entries together to share the evaluations
makes f curve the more.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Vector

POINTS = 12  # on each side
WIDTHS = (0.02, 0.1, 0.4, 1.5)  # of the intervals, relative to the line's scale
NODES = (np.arange(POINTS) + 1 / 2) / POINTS
ODD = np.stack([NODES ** (2 * n + 1) for n in range(1 + 2)], axis=1)
EVEN = np.stack([NODES ** (2 * n) for n in range(2 + 2)], axis=1)
SPREAD = float(np.linalg.inv(ODD.T @ ODD)[0, 0]) ** (1 / 2)  # of the slope, per noise of a value
DEVIATIONS = 3.5  # of the noise, in a bound: once in two thousand slopes is farther off
ORDER = 8  # the error of the fit, as part of the change that its last power makes


def least_error(sigma: float) -> float:
    """What the error may come down to, per t: the noise alone, over the longest interval."""
    return float(DEVIATIONS * sigma / 2 ** (1 / 2) * SPREAD / WIDTHS[-1])


def averaged_slope(
    value: Callable[[float], tuple[float, float]], noise_of: Callable[[float], float]
) -> tuple[float, float, float] | None:
    """(slope, error, width) of the interval in which the slope at 0 is known best.

    φ(t) − φ(−t) holds the odd powers, φ(t) + φ(−t) the even ones: a kink at 0 shows in the latter,
    and then nothing is returned.

    Parameters
    ----------
    value
        φ, as ``Line.value`` gives it.
    noise_of
        The noise of f where it has a value.
    """
    best = None
    for width in WIDTHS:
        up = np.array([value(t)[0] for t in width * NODES])
        down = np.array([value(-t)[0] for t in width * NODES])
        biggest = max(abs(up).max(), abs(down).max())
        if not np.isfinite(biggest):
            break
        noise = noise_of(biggest) / 2 ** (1 / 2)
        odd, rest = _fit(ODD, (up - down) / 2)
        _, uneven = _fit(EVEN, (up + down) / 2)
        if max(rest, uneven) > tuned.MISFIT * noise:
            continue
        shorter, _ = _fit(ODD[:, :2], (up - down) / 2)
        error = DEVIATIONS * max(rest, noise) * SPREAD + abs(odd[0] - shorter[0]) / ORDER
        if best is None or error / width < best[1]:
            best = (float(odd[0]) / width, float(error) / width, width)
    return best


def _fit(powers: Vector, values: Vector) -> tuple[npt.NDArray[np.floating], float]:
    """The coefficients and the standard deviation of what they leave."""
    coefficients, *_ = np.linalg.lstsq(powers, values, rcond=None)
    rest = values - powers @ coefficients
    return coefficients, float((rest @ rest / (POINTS - powers.shape[1])) ** (1 / 2))
