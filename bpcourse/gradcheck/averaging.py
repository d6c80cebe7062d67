"""The slope of a noisy f from many values: a polynomial through them averages the noise out."""

import numpy as np

POINTS = 12  # on each side
WIDTHS = (0.02, 0.1, 0.4, 1.5)  # of the intervals, relative to the line's scale
NODES = (np.arange(POINTS) + 0.5) / POINTS
ODD = np.stack([NODES, NODES**3, NODES**5], axis=1)
EVEN = np.stack([NODES**0, NODES**2, NODES**4, NODES**6], axis=1)
SPREAD = float(np.linalg.inv(ODD.T @ ODD)[0, 0]) ** 0.5  # of the slope, per noise of a value
ALLOWED = 2.0  # residuals beyond this many times the noise betray what no polynomial fits: a kink


def least_bound(limits):
    """What a bound may come down to, per t: the noise alone, over the longest interval."""
    return 3.5 * limits.sigma / 2**0.5 * SPREAD / WIDTHS[-1]


def averaged_slope(line, limits):
    """(slope, bound, width) of the interval in which the slope at 0 is known best, or None.

    φ(t) − φ(−t) holds the odd powers, φ(t) + φ(−t) the even ones: a kink at 0 shows in the latter.
    """
    best = None
    for width in WIDTHS:
        steps = width * NODES
        up = np.array([line.at(t)[0] for t in steps])
        down = np.array([line.at(-t)[0] for t in steps])
        biggest = max(np.abs(up).max(), np.abs(down).max())
        if not np.isfinite(biggest):
            break
        noise = max(limits.sigma, limits.floor * biggest / 2) / 2**0.5
        odd, rest = _fit(ODD, (up - down) / 2)
        _, uneven = _fit(EVEN, (up + down) / 2)
        if max(rest, uneven) > ALLOWED * noise:
            continue
        shorter, _ = _fit(ODD[:, :2], (up - down) / 2)
        bound = 3.5 * max(rest, noise) * SPREAD + abs(odd[0] - shorter[0]) / 8
        if best is None or bound / width < best[1]:
            best = (odd[0] / width, bound / width, width)
    return best


def _fit(powers, values):
    """The coefficients and the standard deviation of what they leave."""
    coefficients, *_ = np.linalg.lstsq(powers, values, rcond=None)
    rest = values - powers @ coefficients
    return coefficients, float((rest @ rest / (POINTS - powers.shape[1])) ** 0.5)
