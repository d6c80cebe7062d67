"""How much of f is rounding: its noise, measured by difference tables (Hamming; Moré, Wild 2011).

High differences of a smooth function at neighbouring points vanish; those of rounding do not.
"""

from collections.abc import Callable
from math import factorial, inf, isfinite

import numpy as np

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

Phi = Callable[[float], float]


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

    def phi(t: float) -> float:
        moved = function.x + t * direction
        return function.at(function.everything, moved) if t else f0

    sigma = _one_side(phi, eps, 0.0)
    if sigma > tuned.COARSE * abs(f0):
        sigma = min(sigma, _one_side(phi, eps, SHORTEST))
        sigma = min(sigma, _one_side(lambda t: phi(-t), eps, SHORTEST))
    return sigma


def _one_side(phi: Phi, eps: float, nearest: float) -> float:
    """The noise on one side of x, from ``nearest`` on."""
    first = phi(nearest)
    sigma, stood = eps * abs(first) / 2, 0.0
    floor = sigma
    for spacing in SPACINGS:
        if spacing < LEAST * eps:
            continue
        table = np.array([first, *(phi(nearest + n * spacing) for n in range(1, POINTS))])
        if not np.isfinite(table).all():
            continue
        sigma = max(floor, _from_table(table))
        if np.count_nonzero(np.diff(table)) >= POINTS // 2:
            due = np.ptp(table) * stood / spacing  # by which f should have moved where it stood
            return max(sigma, float(due) / AGREE, _step(phi, nearest, sigma))
        stood = spacing  # f moves in steps longer than this, if at all: look further
    # f hardly moves at all: how large can it be at some distance?
    far = [abs(v) for v in (phi(AFAR), phi(-AFAR)) if isfinite(v)]
    return max([sigma, *(eps * v / 2 for v in far)])


def _from_table(values: Vector) -> float:
    """The smallest of the estimates from the differences of order 3 and up, where they agree."""
    estimates: list[float] = []
    signs: list[bool] = []
    size = float(abs(values).max()) or 1.0  # the squares of large values would overflow
    differences = values / size
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


def _step(phi: Phi, a: float, sigma: float) -> float:
    """Half the size of a step that stays while the interval around it shrinks again and again.

    A point within the interval lies off the straight line between its ends: for a smooth f this
    falls with the square of the width and for a kinked one with the width, but a float32
    somewhere inside f keeps its steps.
    """
    b, fa, fb = a + WIDE, phi(a), phi(a + WIDE)
    m, fm, off = _off_line(phi, a, fa, b, fb)
    least = max(LARGE * sigma, off * FALL)
    while b - a > SHORTEST:
        if not least < off < inf:
            return 0.0
        left, right = _off_line(phi, a, fa, m, fm), _off_line(phi, m, fm, b, fb)
        if left[-1] >= right[-1]:
            (b, fb), (m, fm, off) = (m, fm), left
        else:
            (a, fa), (m, fm, off) = (m, fm), right
    return off / 2


def _off_line(phi: Phi, a: float, fa: float, b: float, fb: float) -> tuple[float, float, float]:
    """A point between a and b, f there, and how far it lies off the line between the ends."""
    m = a + GOLDEN * (b - a)
    fm = phi(m)
    return m, fm, abs(fm - ((1 - GOLDEN) * fa + GOLDEN * fb))
