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


@dataclass(eq=False)
class Point:
    """f around ``function.x``, where its value is f0, and the gradient that is claimed there.

    All vectors hold one number for every parameter:

    - ``scales``: the size of a parameter, on which its steps are based. A step t moves it by
      t times this. All that follows is told per t, so that parameters of any size compare.
    - ``contributions``: |claim · scale|, the change of f that is claimed for t = 1; ``most``: the
      largest of the array. Below ``zero`` a claim is a rounded zero.
    - ``negligible``: an error that never matters, beside the array's largest contribution.
    - ``wanted``: the error that a step is looked for to reach; larger than negligible for zeros,
      which have no size of their own to compare with.
    - ``enough``: an error that will do if no step gives a smaller one.
    - ``rounding``: what the claim's own rounding may make of it.
    """

    function: Function
    f0: float
    claims: Vector
    scales: Vector
    sigma: float  # the noise of f
    eps: float  # of the parameters' type where f is measured, in which its values are taken to come
    eps_claims: float  # of the coarsest type of claims and parameters
    narrow_noise: float  # of f in the parameters' own type, where a wider one is measured; or 0
    coarse: bool  # is f so noisy that averaging is worth its evaluations?
    demand: tuned.Demand  # what is asked of a slope

    def __post_init__(self) -> None:
        size, of_arrays = abs(self.function.x), self.function.of_arrays
        self.contributions: Vector = abs(self.claims * self.scales)
        self.most: Vector = of_arrays(self.contributions)
        own = np.where(size == 0, self.scales, np.minimum(size, self.scales))
        steepest = of_arrays(abs(self.claims * own))
        largest = float(steepest.max())
        rounded = DOUBLE if self.narrow_noise else self.eps_claims
        # below this a claim is a rounded zero, or less than f's last digit can show
        digits = max(LAST_DIGITS * DOUBLE, CLAIM_DIGITS * rounded)
        self.zero = max(digits * largest, self.eps * abs(self.f0))
        zero, value = self.demand.zero * largest, abs(self.f0)
        first, last = max(FIRST_LOOK * zero, OFFSET[0] * value), max(zero, OFFSET[1] * value)
        none = self.contributions <= self.zero
        self.negligible: Vector = self.demand.small * steepest
        self.wanted = np.maximum(self.negligible, np.where(none, first if largest else 0, 0))
        self.enough = np.maximum(self.negligible, np.where(none, last, 0))
        by_size = steepest * self.scales / size
        entry = np.fmin(of_arrays(abs(self.claims)) * self.scales, by_size)
        self.rounding: Vector = np.hypot(ENTRY_DIGITS * self.eps_claims * entry, self.narrow_noise)

    def noise(self, value: float) -> float:
        """The noise of f where it has this value."""
        return max(self.sigma, self.eps * abs(value) / 2)


def sizes(function: Function, claims: Vector, f0: float, least: float = 0.0) -> Vector:
    """For each entry the size on which a step is based: its own, or if larger a typical one.

    Typical of an array is the geometric mean of its entries that are not 0. Where all are 0, it is
    |f| over the steepest slope claimed, but at most 1. In both cases it is at least ``least``.
    """
    found = abs(function.x)
    for part in function.tree.slices:
        inside = found[part][found[part] > 0]
        steepest = float(abs(claims[part]).max(initial=0))
        of_f = min(1.0, abs(f0) / steepest) if steepest > 0 and f0 != 0 else 1.0
        typical = float(np.exp(np.log(inside).mean())) if inside.size else of_f
        found[part] = np.maximum(found[part], max(typical, least))
    return found
