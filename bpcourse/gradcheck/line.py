"""f along one line, φ(t) = f(x + t·direction), looked at with the steps t·5ʲ."""

from math import inf, isfinite, nan
from typing import NamedTuple

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.point import STEPS, Point

RATIO = 5  # of two steps: a factor that costs few evaluations and that Richardson's value bears
SHRINK = 1 / (RATIO**2 - 1)  # Richardson: the error of order t² that is left at the smaller step
FINEST = 1e3  # roundings of a parameter in the smallest step that makes sense
NARROW = 1e-9  # of its scale: a parameter smaller than this counts as this large
SEEN = 20  # noises: what a kink or jump must exceed before anything is concluded from it
FAR = 3  # steps of the grid over which a jump has to stay
MOST_STEPS = 12  # that one line is looked at with


class Sample(NamedTuple):
    """The central and the one-sided slopes over one step, and the noise of one value over it."""

    central: float
    left: float
    right: float
    noise: float

    @property
    def bend(self) -> float:
        return self.right - self.left


class Pair(NamedTuple):
    """Slope and error from two steps, and the parts of that error that noise and a kink have."""

    slope: float
    error: float
    noise: float
    kink: float


class Sides(NamedTuple):
    """The slopes on the two sides of 0, their error, and the step that they come from."""

    left: float
    right: float
    error: float
    j: int


class Line:
    """The entries ``index`` move together, each by t times its own ``weights``.

    Slopes are those of φ, per t. ``claim`` is what the gradient claims of φ′(0), ``least`` the
    smallest contribution to it, ``start`` the first step.
    """

    def __init__(
        self, point: Point, index: Index, weights: Vector, longest: float = STEPS[1]
    ) -> None:
        self.point, self.index, self.weights = point, index, weights
        self.single = len(index) == 1
        self.x = point.function.x[index]
        own = point.claims[index] * weights
        self.claim, self.least = float(own.sum()), float(abs(own).min())
        if not self.single and point.contributions[index[0]] <= point.zero:
            self.least = 0.0
        self.zero = not own.any()
        spread = float(len(index) ** (1 / 2))  # by which the rounding of one claim grows
        self.rounding = point.precision.rounding * spread
        allowance = point.allowance[index]
        largest = float(allowance.max()) or 1.0  # squares could overflow
        self.allowance = largest * float(np.linalg.norm(allowance / largest))
        relative = float(np.maximum(abs(self.x / point.scales[index]), NARROW).max())
        self.finest = FINEST * float(point.function.eps[index].max()) * relative
        size = self.claim if self.single else self.least * spread
        self.start = min(point.precision.first_step(size), longest)
        self.kept: dict[int, Sample] = {}

    def step(self, j: int) -> float:
        return self.start * float(RATIO) ** j

    def moved(self, t: float) -> Vector:
        """The entries at t, as their arrays keep them."""
        return self.point.function.stored(self.index, self.x + t * self.weights)

    def value(self, t: float) -> tuple[float, float]:
        """φ at t, and the t that the rounding of the parameters left."""
        moved = self.moved(t)
        value = self.point.function.at(self.index, moved)
        taken = moved - self.x
        if self.single:
            return value, float(taken[0] / self.weights[0])
        # what rounding removed is put back along the claim
        return value + float(self.point.claims[self.index] @ (t * self.weights - taken)), t

    def slope(self, t: float) -> tuple[float, float]:
        """The slope from 0 to t, and its noise; NaN where rounding takes the step away."""
        value, taken = self.value(t)
        if taken * t <= 0 or not isfinite(value):
            return nan, inf
        noise = self.point.precision.noise(max(abs(value), abs(self.point.f0)))
        return (value - self.point.f0) / taken, noise / abs(taken)

    def sample(self, j: int) -> Sample:
        """The slopes over step j."""
        if j not in self.kept:
            (right, noise), (left, other) = self.slope(self.step(j)), self.slope(-self.step(j))
            self.kept[j] = Sample((left + right) / 2, left, right, max(noise, other))
        return self.kept[j]

    def pair(self, j: int) -> Pair:
        """Richardson's value from the steps j and j − 1."""
        big, small = self.sample(j), self.sample(j - 1)
        if not (isfinite(big.central) and isfinite(small.central)):
            return Pair(nan, inf, 0.0, inf)
        change = small.central - big.central
        # for a smooth f the bend shrinks with the step, at a kink it does not
        bend = abs(RATIO * small.bend - big.bend) / (RATIO - 1)
        kink = max(0.0, bend - tuned.DOUBT * small.noise)
        error = abs(change) * SHRINK + kink / 2 + tuned.NOISE * small.noise
        return Pair(small.central + change * SHRINK, error, small.noise, kink)

    def noise_at(self, j: int) -> float:
        """The noise of a slope at step j, without looking."""
        return self.point.precision.noise(self.point.f0) / self.step(j)

    # one side, kinks and jumps

    def side(self, j: int, right: bool) -> tuple[float, float]:
        """The slope on one side and its error, from the steps j and j − 1."""
        big, small = self.sample(j), self.sample(j - 1)
        far, near = (big.right, small.right) if right else (big.left, small.left)
        slope = near + (near - far) / (RATIO - 1)
        error = abs(slope - near) + (RATIO - 1) * self.noise_at(j - 1)
        return slope, error if isfinite(slope) else inf

    def sides(self, j: int) -> Sides:
        (left, error), (right, other) = self.side(j, False), self.side(j, True)
        return Sides(left, right, max(error, other), j)

    def best_side(self) -> tuple[float, float, int]:
        """Slope, error and step of the side on which the slope is known best."""
        found = [(*self.side(j, r), j) for j in range(0, -MOST_STEPS, -1) for r in (False, True)]
        return min(found, key=lambda known: known[1])

    def bends(self, j: int) -> bool:
        """Is there a kink within the steps j and j − 1, the same at both?"""
        pair = self.pair(j)
        return isfinite(pair.slope) and pair.kink > SEEN * pair.noise and self._stays(j, j - 1)

    def kink(self, tried: dict[int, Pair]) -> Sides | None:
        """The sides, if they differ however small the step.

        The smallest steps that noise does not hide decide whether the kink stays; the slopes come
        from where they are known best.
        """
        seen = sorted(j for j, p in tried.items() if isfinite(p.slope) and p.kink > SEEN * p.noise)
        if not seen or not self._stays(seen[0], seen[0] - 1) or not self._lasts(seen[0]):
            return None
        lasting = [self.sides(j) for j in seen if self._stays(j, j - 1)]
        return min(lasting, key=lambda sides: sides.error)

    def _stays(self, j: int, less: int) -> bool:
        """Is the bend at a smaller step the same?"""
        bend, small = self.sample(j).bend, self.sample(less)
        doubt = 2 * tuned.DOUBT * small.noise
        return abs(small.bend - bend) <= tuned.SAME * abs(bend) + doubt

    def _lasts(self, j: int) -> bool:
        """Is the kink still there at smaller steps, as far as noise would show it?

        A bend that only large steps span is a kink elsewhere, or a curve seen from afar.
        """
        less = j - 1
        while self.step(less) >= self.finest and SEEN * self.noise_at(less) <= abs(
            self.sample(j).bend
        ):
            if not self._stays(j, less):
                return False
            less -= 1
        return True

    def jumps(self) -> bool:
        """Does f change as much over some step as over one 5³ times as long?"""
        for j, near in self.kept.items():
            by_near = max(abs(near.left), abs(near.right))
            far = self.kept.get(j + FAR)
            if far is not None and by_near > SEEN * near.noise:
                if by_near > max(abs(far.left), abs(far.right)) * RATIO**FAR / 2:
                    return True
        return False
