"""What is known and asked at one point: the claims, the noise of f, and which errors matter."""

from dataclasses import dataclass

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import DOUBLE, Function, Vector

LAST_DIGITS = 1e3  # roundings, of the largest contribution, that a zero may be left with
CLAIM_DIGITS = 30  # the same in the type of the claims
ENTRY_DIGITS = 8  # roundings that an entry of a gradient may collect on its way
FIRST_LOOK = 1e-3  # a zero is asked for this much more closely at first: steps for it are cheap
OFFSET = (1e-12, 1e-8)  # of f: errors of a zero that are lost beside f's value, at first and last


@dataclass(frozen=True)
class Precision:
    """How precise f and the claims are, and so what is asked of a slope."""

    scales: Vector  # the sizes of the parameters
    sigma: float  # the noise of f
    eps: float  # of the type in which f's values come
    eps_claims: float  # of the coarsest type of claims and parameters
    rounding: float  # of a change of f, claimed in a coarser type than f is measured in
    coarse: bool  # is f so noisy that averaging is worth its evaluations?
    demand: tuned.Demand

    def noise(self, value: float) -> float:
        """The noise of f where it has this value."""
        return max(self.sigma, self.eps * abs(value) / 2)


class Point:
    """f around ``function.x``, where its value is f0, and the gradient that is claimed there.

    All vectors hold one number for every parameter:

    - ``scales``: the size of a parameter, on which its steps are based. A step t moves it by
      t times this. All that follows is told per t, so that parameters of any size compare.
    - ``contributions``: |claim · scale|, the change of f that is claimed for t = 1; ``most``: the
      largest of the array. Below ``zero`` a claim is a rounded zero.
    - ``usual``: an error that never matters, beside the array's largest contribution.
    - ``small``: an error that does not matter for a start; larger than usual for zeros, which have
      no size of their own to compare with.
    - ``last``: an error that does not matter if no step gives a smaller one.
    - ``allowance``: what the claim's own rounding may make of it.
    """

    def __init__(self, function: Function, f0: float, claims: Vector, known: Precision) -> None:
        self.function, self.f0, self.precision = function, f0, known
        self.claims, self.scales, scales = claims, known.scales, known.scales
        self.contributions: Vector = abs(claims * scales)
        self.most: Vector = function.of_arrays(self.contributions)
        size = abs(function.x)
        own = np.where(size == 0, scales, np.minimum(size, scales))
        steepest = function.of_arrays(abs(claims * own))
        largest = float(steepest.max(initial=0))
        demand, eps = known.demand, known.eps_claims
        digits = max(LAST_DIGITS * DOUBLE, CLAIM_DIGITS * (DOUBLE if known.rounding else eps))
        # Below this a claim is a rounded zero, or less than f's last digit can show.
        self.zero = max(digits * largest, known.eps * abs(f0))
        zero, offset = demand.zero * largest, abs(f0) if largest else 0.0
        first, last = max(FIRST_LOOK * zero, OFFSET[0] * offset), max(zero, OFFSET[1] * abs(f0))
        none = self.contributions <= self.zero
        self.usual: Vector = demand.small * steepest
        self.small = np.maximum(self.usual, np.where(none, first, 0))
        self.last = np.maximum(self.usual, np.where(none, last, 0))
        by_size = steepest * scales / size
        entry = np.fmin(function.of_arrays(abs(claims)) * scales, by_size)
        self.allowance: Vector = np.hypot(ENTRY_DIGITS * eps * entry, known.rounding)


def sizes(function: Function, claims: Vector, f0: float, least: float = 0.0) -> Vector:
    """For each entry the size on which a step is based: its own, or its array's typical one."""
    found = abs(function.x)
    for part in function.tree.slices:
        inside = found[part][found[part] > 0]
        steepest = float(abs(claims[part]).max(initial=0))
        typical = min(1.0, abs(f0) / steepest) if steepest > 0 and f0 != 0 else 1.0
        if inside.size:
            typical = float(np.exp(np.log(inside).mean()))
        found[part] = np.maximum(found[part], max(typical, least))
    return found
