"""How much of f is rounding: its noise, measured by difference tables (Hamming; Moré, Wild 2011).

High differences of a smooth function at neighbouring points vanish; those of rounding do not.
"""

from collections.abc import Callable
from math import factorial, isfinite

import numpy as np
import numpy.typing as npt

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Function, Vector

POINTS = 8  # of a table: Moré and Wild take 6 to 9
# relative to the parameters; the last ones are for what computes in float16
SPACINGS = (2.0**-42, 2.0**-34, 2.0**-26, 2.0**-19, 2.0**-14, 2.0**-9, 2.0**-6)
LEAST = 8  # roundings of a parameter in one spacing, or the points would coincide
AGREE = 4.0  # estimates that differ by less than this factor agree, as in Moré and Wild
AFAR = 0.1  # of the parameters: where an f that hardly moves is looked at
WIDE = 2.0**-19  # the interval in which a step of f is looked for,
SHORTEST = 2.0**-44  # and what it shrinks to
GOLDEN = 0.382  # intervals are not halved, lest they fit the steps of a float32
FALL = 1 / 32  # what a kink or a curve falls below while the interval shrinks, and a step does not
LARGE = 64.0  # noises that a step exceeds

Values = Callable[[Vector], list[float]]


def noise_level(function: Function, f0: float, direction: Vector, eps: float) -> float:
    """The standard deviation of f's rounding error near x, at least eps|f|/2.

    A jump of f at x, or on one side of it, is no noise: where f looks imprecise on one side, the
    other side is asked as well, f0 left out, and the smaller answer counts.

    Parameters
    ----------
    function, f0
        f, and its value at ``function.x``.
    direction
        The direction of the table; its entries have the sizes of the parameters'.
    eps
        The precision of the parameters' type.
    """

    def along(sign: float) -> Values:
        way = sign * direction
        return lambda ts: [function.at(function.everything, function.x + t * way) for t in ts]

    sigma = _one_side(along(1.0), f0, eps, 0.0)
    if sigma > tuned.COARSE * abs(f0):
        for sign in (1.0, -1.0):
            sigma = min(sigma, _one_side(along(sign), f0, eps, SHORTEST))
    return sigma


def _one_side(values: Values, f0: float, eps: float, nearest: float) -> float:
    """The noise on one side of x, from ``nearest`` on."""
    first, floor, sigma = f0, eps * abs(f0) / 2, 0.0
    if nearest:
        (first,) = values(np.array([nearest]))
    for spacing in SPACINGS:
        if spacing < LEAST * eps:
            continue
        steps: Vector = nearest + spacing * np.arange(1.0, POINTS)
        table = np.array([first, *values(steps)])
        if not np.isfinite(table).all():
            continue
        sigma = _from_table(table)
        if np.count_nonzero(np.diff(table)) >= POINTS // 2:
            break  # else f moves in steps longer than this spacing: look further
    else:  # f hardly moves at all: how large can it be at some distance?
        far = [abs(v) for v in values(np.array([AFAR, -AFAR])) if isfinite(v)]
        return max([sigma, floor, *(eps * v / 2 for v in far)])
    return max(floor, sigma, _step(values, nearest, first, max(floor, sigma)))


def _from_table(values: Vector | npt.NDArray[np.floating]) -> float:
    """The smallest of the estimates from the differences of order 3 and up, where they agree."""
    estimates: list[float] = []
    signs: list[bool] = []
    size = float(abs(values).max()) or 1.0  # the squares of large values would overflow
    differences: npt.NDArray[np.floating] = values / size
    for order in range(1, len(values) - 1):
        differences = np.diff(differences)
        gamma = factorial(order) ** 2 / factorial(2 * order)
        estimates.append(float(np.sqrt(gamma * np.mean(differences**2))))
        signs.append(bool(differences.min() < 0 < differences.max()))
    threes = zip(estimates, estimates[1:], estimates[2:], strict=False)
    for three, changing in zip(threes, signs, strict=False):
        if max(three) <= AGREE * min(three) and changing:
            return size * three[0]
    return size * (estimates[-1] if signs[-1] else min(estimates[-2:]))


def _step(values: Values, a: float, fa: float, sigma: float) -> float:
    """The size of a step that stays when the interval around it shrinks again and again.

    A point within the interval lies off the straight line between its ends: for a smooth f this
    falls with the square of the width and for a kinked one with the width, but a float32
    somewhere inside f keeps its steps.
    """
    b = WIDE
    (fb,) = values(np.array([b]))
    m, fm, off = _off_line(a, fa, b, fb, values)
    first = off
    while b - a > SHORTEST:
        if not off > max(LARGE * sigma, first * FALL) or not isfinite(off):
            return 0.0
        left = _off_line(a, fa, m, fm, values)
        right = _off_line(m, fm, b, fb, values)
        if left[-1] >= right[-1]:
            b, fb = m, fm
            m, fm, off = left
        else:
            a, fa = m, fm
            m, fm, off = right
    return off / 2


def _off_line(
    a: float, fa: float, b: float, fb: float, values: Values
) -> tuple[float, float, float]:
    """A point between a and b, f there, and how far it lies off the line between the ends."""
    m = a + GOLDEN * (b - a)
    (fm,) = values(np.array([m]))
    return m, fm, abs(fm - ((1 - GOLDEN) * fa + GOLDEN * fb))
