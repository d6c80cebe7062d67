"""How much of f is rounding, and slopes that average it out: polynomials through many values.

Over a short interval a smooth f is a polynomial, and what the best one leaves is noise. The points
lie unevenly, because the steps of a rounded f can lie on a straight line at even ones.

Averages decide single entries, and seldom a whole gradient: the noise of float32 inside f is too
large beside small entries, and f curves over the moves that would average it out.
``docs/gradcheck.md`` has the numbers.
"""

from collections.abc import Callable

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Function, Vector

GOLDEN = (5 ** (1 / 2) - 1) / 2  # its multiples fill an interval evenly, and in no simple ratio
FEW = 8  # points from which noise is read
NODES = (np.arange(FEW) + GOLDEN * np.arange(FEW) % 1) / FEW
CUBIC = 3  # over the shortest spacing a curve has no higher powers to show
# relative to the parameters; the last ones are for what computes in float16
SPACINGS = (2.0**-42, 2.0**-34, 2.0**-26, 2.0**-19, 2.0**-14, 2.0**-9, 2.0**-6)
LEAST = 8  # roundings of a parameter in one spacing, or the points would coincide
AFAR = 0.1  # of the parameters: where an f that hardly moves is looked at
WIDE = 2.0**-19  # the interval in which a step of f is looked for, at least,
SHORTEST = 2.0**-44  # and what it shrinks to
FALL = 1 / 32  # what a kink or a curve falls below while the interval shrinks, and a step does not
LARGE = 64.0  # noises that a step exceeds

MANY = 24  # points for an average
WIDTHS = (0.02, 0.1, 0.4, 1.5)  # of its intervals, relative to the line's scale
EVEN = (2 * np.arange(MANY) + 1) / MANY - 1  # in (−1, 1)
DEGREE = 6  # of its polynomial
# the deviation of its slope, per noise
SPREAD = float(np.linalg.norm(np.linalg.pinv(np.vander(EVEN, DEGREE + 1))[-2]))
DEVIATIONS = 3.5  # of the noise, in a bound: once in two thousand slopes is farther off
ORDER = 8  # the error of the fit, as part of the change that its last powers make
HOPELESS = DEVIATIONS * SPREAD / WIDTHS[-1]  # noises: an average is never known better than this

Phi = Callable[[float], float]
Two = tuple[float, float]  # t and φ(t), or φ(t) and t


def noise_level(function: Function, f0: float, way: Vector, eps: float, unit: float) -> float:
    """The standard deviation of f's rounding error near x, at least eps|f|/2.

    A jump of f at x, or on one side of it, is no noise: where f looks imprecise on one side, the
    other side is asked as well, f0 left out, and the smaller answer counts.

    Parameters
    ----------
    function, f0
        f, and its value at ``function.x``.
    way
        The direction in which f is looked at; its entries have the sizes of the parameters'.
    eps
        The precision of the parameters' type.
    unit
        The same of the caller's own, the coarsest one. f may compute in it, and move in its steps.
    """

    def phi(t: float) -> float:
        return function.at(function.x + t * way) if t else f0

    sigma = _one_side(phi, eps, unit, 0.0)
    if sigma <= tuned.COARSE * abs(f0):
        return sigma
    return min(sigma, *(_one_side(at, eps, unit, SHORTEST) for at in (phi, lambda t: phi(-t))))


def _one_side(phi: Phi, eps: float, unit: float, nearest: float) -> float:
    """The noise on one side of x, from ``nearest`` on."""
    sigma = floor = eps * abs(phi(nearest)) / 2
    for spacing in (s for s in SPACINGS if s >= LEAST * eps):
        values = np.array([phi(nearest + t) for t in FEW * spacing * NODES])
        if not np.isfinite(values).all():
            continue
        sigma = max(floor, _fit(NODES, values, CUBIC)[1])
        if np.count_nonzero(np.diff(values)) >= FEW // 2:
            return max(sigma, _step(phi, nearest, max(WIDE, LEAST * unit), sigma))
        # f moves in steps longer than this, if at all: look further
    # f hardly moves at all: how large can it be at some distance?
    return max([sigma, *(eps * abs(v) / 2 for v in (phi(AFAR), phi(-AFAR)) if np.isfinite(v))])


def _fit(nodes: Vector, values: Vector, degree: int) -> tuple[float, float]:
    """The slope at 0 of a polynomial through the values, and the deviation of what it leaves."""
    change = values - values[0]  # exact where they are near each other
    size = float(abs(change).max()) or 1.0  # the squares of large values would overflow
    powers = np.vander(nodes, degree + 1)
    coefficients, *_ = np.linalg.lstsq(powers, change / size, rcond=None)
    rest = change / size - powers @ coefficients
    deviation = float(rest @ rest / (len(nodes) - degree - 1)) ** (1 / 2)
    return size * float(coefficients[-2]), size * deviation


def _step(phi: Phi, nearest: float, width: float, sigma: float) -> float:
    """Half the size of a step that stays while the interval around it shrinks again and again.

    A point within the interval lies off the straight line between its ends: for a smooth f this
    falls with the square of the width and for a kinked one with the width, but a float32
    or float16 somewhere inside f keeps its steps.
    """
    ends = [(t, phi(t)) for t in (nearest, nearest + width)]
    middle, off = _off_line(phi, *ends)
    least = max(LARGE * sigma, off * FALL)
    while ends[1][0] - ends[0][0] > SHORTEST:
        if not least < off < np.inf:
            return 0.0
        halves = [[ends[0], middle], [middle, ends[1]]]
        found = [_off_line(phi, *half) for half in halves]
        worse = int(found[1][1] > found[0][1])
        ends, (middle, off) = halves[worse], found[worse]
    return off / 2


def _off_line(phi: Phi, left: Two, right: Two) -> tuple[Two, float]:
    """A point between two others, and how far f lies off the line between them there."""
    # intervals are not halved, lest they fit the steps of a float32
    t = GOLDEN * left[0] + (1 - GOLDEN) * right[0]
    value = phi(t)
    return (t, value), abs(value - (GOLDEN * left[1] + (1 - GOLDEN) * right[1]))


def averaged_slope(value: Callable[[float], Two], noise_of: Phi) -> tuple[float, float, float]:
    """(slope, error, width) of the interval in which the slope at 0 is known best; the error is
    infinite if no polynomial fits f's values, as at a kink.

    Parameters
    ----------
    value
        φ, as ``Line.value`` gives it.
    noise_of
        The noise of f where it has a value.
    """
    found = []
    for width in WIDTHS:
        values = np.array([value(t)[0] for t in width * EVEN])
        if not np.isfinite(values).all():
            break
        noise = noise_of(float(abs(values).max()))
        slope, rest = _fit(EVEN, values, DEGREE)
        error = DEVIATIONS * max(rest, noise) * SPREAD
        error += abs(slope - _fit(EVEN, values, DEGREE - 2)[0]) / ORDER
        if rest <= tuned.MISFIT * noise:
            found.append((slope / width, error / width, width))
    return min(found, key=lambda known: known[1], default=(np.nan, np.inf, np.nan))
