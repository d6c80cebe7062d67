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
    else:
        return max(floor, sigma)
    return max(floor, sigma, _jump(values, f0, max(floor, sigma)))


def _from_table(values):
    """The smallest of the estimates from the differences of order 3 and up, where they agree."""
    estimates = []
    signs = []
    differences = values
    for order in range(1, len(values) - 1):
        differences = np.diff(differences)
        gamma = factorial(order) ** 2 / factorial(2 * order)
        estimates.append(float(np.sqrt(gamma * np.mean(differences**2))))
        signs.append(differences.min() < 0 < differences.max())
    for i in range(len(estimates) - 2):  # the first three that agree, with changing signs
        three = estimates[i : i + 3]
        if max(three) <= 4 * min(three) and signs[i]:
            return three[0]
    return estimates[-1] if signs[-1] else min(estimates[-2:])


def _jump(values, f0, sigma):
    """The size of a jump that stays when the interval around it is halved again and again.

    A smooth f bends four times less in half the interval, a kinked one half as much; a float32
    somewhere inside f keeps its steps.
    """
    width = 2.0**-19
    left, middle, right = f0, *values((width / 2, width))
    first = bend = abs(left - 2 * middle + right)
    start = 0.0
    if not bend > 64 * sigma:
        return 0.0
    for _ in range(5):
        width /= 2
        a, b = values((start + width / 2, start + width * 1.5))
        bend_left, bend_right = abs(left - 2 * a + middle), abs(middle - 2 * b + right)
        if bend_left >= bend_right:
            middle, right, bend = a, middle, bend_left
        else:
            start, left, middle, bend = start + width, middle, b, bend_right
        if not bend > max(64 * sigma, first / 8) or not isfinite(bend):
            return 0.0
    return bend / 2


