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
Place = tuple[float, float]  # t and φ(t)


def noise_level(function: Function, f0: float, way: Vector, eps: float) -> float:
    """The standard deviation of f's rounding error near x, at least eps|f|/2.

    A jump of f at x, or on one side of it, is no noise: where f looks imprecise on one side, the
    other side is asked as well, f0 left out, and the smaller answer counts.

    Parameters
    ----------
    function, f0
        f, and its value at ``function.x``.
    way
        The direction of the table; its entries have the sizes of the parameters'.
    eps
        The precision of the parameters' type.
    """

    def phi(t: float) -> float:
        return function.at(function.x + t * way) if t else f0

    sigma = _one_side(phi, eps, 0.0)
    if sigma > tuned.COARSE * abs(f0):
        sigma = min(sigma, _one_side(phi, eps, SHORTEST))
        sigma = min(sigma, _one_side(lambda t: phi(-t), eps, SHORTEST))
    return sigma


def _one_side(phi: Phi, eps: float, nearest: float) -> float:
    """The noise on one side of x, from ``nearest`` on."""
    first, stood = phi(nearest), 0.0
    sigma = floor = eps * abs(first) / 2
    for spacing in SPACINGS:
        if spacing < LEAST * eps:
            continue
        table = np.array([first, *(phi(nearest + n * spacing) for n in range(1, POINTS))])
        if not np.isfinite(table).all():
            continue
        sigma = max(floor, _from_table(table))
        if np.count_nonzero(np.diff(table)) >= POINTS // 2:
            due = float(np.ptp(table)) * stood / spacing  # f should have moved so where it stood
            return max(sigma, due / AGREE, _step(phi, nearest, sigma))
        stood = spacing  # f moves in steps longer than this, if at all: look further
    # f hardly moves at all: how large can it be at some distance?
    far = [abs(v) for v in (phi(AFAR), phi(-AFAR)) if isfinite(v)]
    return max([sigma, *(eps * v / 2 for v in far)])


def _from_table(values: Vector) -> float:
    """The smallest of the estimates from the differences of order 3 and up, where they agree."""
    size = float(abs(values).max()) or 1.0  # the squares of large values would overflow
    differences, found = values / size, list[tuple[float, bool]]()
    for order in range(1, len(values) - 1):
        differences = np.diff(differences)
        gamma = factorial(order) ** 2 / factorial(2 * order)
        changing = bool(differences.min() < 0 < differences.max())
        found.append((size * float(np.sqrt(gamma * np.mean(differences**2))), changing))
    for (one, changing), *more in zip(found, found[1:], found[2:], strict=False):
        three = [one, *(other for other, _ in more)]
        if changing and max(three) <= AGREE * min(three):
            return one
    last, changing = found[-1]
    return last if changing else min(last, found[-2][0])


def _step(phi: Phi, nearest: float, sigma: float) -> float:
    """Half the size of a step that stays while the interval around it shrinks again and again.

    A point within the interval lies off the straight line between its ends: for a smooth f this
    falls with the square of the width and for a kinked one with the width, but a float32
    somewhere inside f keeps its steps.
    """
    ends = [(t, phi(t)) for t in (nearest, nearest + WIDE)]
    middle, off = _off_line(phi, *ends)
    least = max(LARGE * sigma, off * FALL)
    while ends[1][0] - ends[0][0] > SHORTEST:
        if not least < off < inf:
            return 0.0
        halves = [[ends[0], middle], [middle, ends[1]]]
        found = [_off_line(phi, *half) for half in halves]
        worse = int(found[1][1] > found[0][1])
        ends, (middle, off) = halves[worse], found[worse]
    return off / 2


def _off_line(phi: Phi, left: Place, right: Place) -> tuple[Place, float]:
    """A point between two others, and how far f lies off the line between them there."""
    t = left[0] + GOLDEN * (right[0] - left[0])
    value = phi(t)
    return (t, value), abs(value - ((1 - GOLDEN) * left[1] + GOLDEN * right[1]))
