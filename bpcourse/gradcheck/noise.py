"""How much of f is rounding: its noise, measured by difference tables (Hamming; Moré, Wild 2011).

High differences of a smooth function at neighbouring points vanish; those of rounding do not.
"""

from math import factorial, isfinite

import numpy as np

POINTS = 8
SPACINGS = (2.0**-42, 2.0**-34, 2.0**-26, 2.0**-19, 2.0**-14)  # relative to the parameters


def noise_level(objective, f0, scales, rng, eps):
    """The standard deviation of f's rounding error near the base point, at least eps|f|/2.

    ``scales`` holds for each array the sizes of its entries, ``eps`` is that of their type.
    """
    direction = [s * rng.uniform(0.5, 1.5, s.shape) * rng.choice((-1, 1), s.shape) for s in scales]

    def values(ts):
        points = ([b + t * d for b, d in zip(objective.base, direction, strict=True)] for t in ts)
        return [objective.at(point) for point in points]

    floor = eps * abs(f0) / 2
    sigma = 0.0
    for spacing in SPACINGS:
        if spacing < 8 * eps:
            continue
        table = np.array([f0, *values(spacing * np.arange(1, POINTS))])
        if not np.isfinite(table).all():
            continue
        sigma = _from_table(table)
        if np.count_nonzero(np.diff(table)) >= POINTS // 2:
            break  # else f moves in steps longer than this spacing: look further
    else:  # f hardly moves at all: how large can it be at some distance?
        far = [abs(v) for v in values((0.1, -0.1)) if isfinite(v)]
        return max([sigma, floor, *(eps * v / 2 for v in far)])
    return max(floor, sigma, _jump(values, f0, max(floor, sigma)))


def _from_table(values):
    """The smallest of the estimates from the differences of order 3 and up, where they agree."""
    estimates = []
    signs = []
    size = float(abs(values).max()) or 1.0  # the squares of large values would overflow
    differences = values / size
    for order in range(1, len(values) - 1):
        differences = np.diff(differences)
        gamma = factorial(order) ** 2 / factorial(2 * order)
        estimates.append(float(np.sqrt(gamma * np.mean(differences**2))))
        signs.append(differences.min() < 0 < differences.max())
    for i in range(len(estimates) - 2):  # the first three that agree, with changing signs
        three = estimates[i : i + 3]
        if max(three) <= 4 * min(three) and signs[i]:
            return size * three[0]
    return size * (estimates[-1] if signs[-1] else min(estimates[-2:]))


def _jump(values, f0, sigma):
    """The size of a jump that stays when the interval around it shrinks again and again.

    A point within the interval lies off the straight line between its ends: for a smooth f this
    falls with the square of the width and for a kinked one with the width, but a float32
    somewhere inside f keeps its steps. The intervals are not halved, lest they fit those steps.
    """
    a, b = 0.0, 2.0**-19
    fa, (fb,) = f0, values((b,))
    m, fm, first = _off_line(a, fa, b, fb, values)
    off = first
    while b - a > 2.0**-44:
        if not off > max(64 * sigma, first / 32) or not isfinite(off):
            return 0.0
        left = _off_line(a, fa, m, fm, values)
        right = _off_line(m, fm, b, fb, values)
        if left[2] >= right[2]:
            b, fb = m, fm
            m, fm, off = left
        else:
            a, fa = m, fm
            m, fm, off = right
    return off / 2


def _off_line(a, fa, b, fb, values):
    """A point between a and b, f there, and how far it lies off the line between the ends."""
    m = a + 0.382 * (b - a)
    (fm,) = values((m,))
    return m, fm, abs(fm - (0.618 * fa + 0.382 * fb))
