"""f along one line, φ(t) = f(x + t·direction), looked at with the steps t·5ʲ."""

from math import inf, isfinite, nan
from typing import NamedTuple

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.point import STEPS, Point, first_step

RATIO = 5  # of two steps: a factor that costs few evaluations and that Richardson's value bears
SHRINK = 1 / (RATIO**2 - 1)  # Richardson: the error of order t² that is left at the smaller step
FINEST = 1e3  # roundings of a parameter in the smallest step that makes sense
NARROW = 1e-9  # of its scale: a parameter smaller than this counts as this large
SEEN = 20  # noises: what a kink or jump must exceed before anything is concluded from it
FAR = 3  # steps of the grid over which a jump has to stay


class Sample(NamedTuple):
    """The central and the one-sided slopes over one step, and the noise of one value over it."""

    central: float
    left: float
    right: float
    noise: float


class Pair(NamedTuple):
    """Slope and error from two steps, and the parts of that error that noise and a kink have."""

    slope: float
    error: float
    noise_part: float
    kink: float
    noise: float


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
        self.claim = float(own.sum())
        self.least = float(abs(own).min())
        if not self.single and point.contributions[index[0]] <= point.zero:
            self.least = 0.0
        self.zero = not own.any()
        self.spread = len(index) ** (1 / 2)  # by which the rounding of one claim grows
        largest = float(point.allowance[index].max()) or 1.0  # squares could overflow
        self.allowance = largest * float(np.linalg.norm(point.allowance[index] / largest))
        self.finest = FINEST * point.function.eps_of(index) * float(
            np.maximum(abs(self.x / point.scales[index]), NARROW).max()
        )  # fmt: skip
        size = self.claim if self.single else self.least * self.spread
        self.start = min(float(first_step(size, point.precision.sigma)), longest)
        self.kept: dict[int, Sample] = {}

    def step(self, j: int) -> float:
        return self.start * float(RATIO) ** j

    def value(self, t: float) -> tuple[float, float]:
        """φ at t, and the t that the rounding of the parameters left."""
        shift = t * self.weights
        moved = self.point.function.stored(self.index, self.x + shift)
        value = self.point.function.at(self.index, moved)
        taken = moved - self.x
        if self.single:
            return value, float(taken[0] / self.weights[0])
        # what rounding removed is put back along the claim
        return value + float(self.point.claims[self.index] @ (shift - taken)), t

    def sample(self, j: int) -> Sample:
        if j not in self.kept:
            (up, t_up), (down, t_down) = self.value(self.step(j)), self.value(-self.step(j))
            self.add(j, up, down, t_up, t_down)
        return self.kept[j]

    def add(self, j: int, up: float, down: float, t_up: float, t_down: float) -> None:
        """Keep what f is at the two ends of step j."""
        if not t_up > 0 > t_down:
            self.kept[j] = Sample(nan, nan, nan, inf)
            return
        f0 = self.point.f0
        right, left = (up - f0) / t_up, (down - f0) / t_down
        central = (right * -t_down + left * t_up) / (t_up - t_down)
        biggest = max(abs(up), abs(down), abs(f0))
        noise = self.point.precision.noise(biggest) if biggest < inf else inf
        self.kept[j] = Sample(central, left, right, noise / min(t_up, -t_down))

    def pair(self, j: int) -> Pair:
        """Richardson's value from the steps j and j − 1."""
        big, small = self.sample(j), self.sample(j - 1)
        if not (isfinite(big.central) and isfinite(small.central)):
            return Pair(nan, inf, 0.0, inf, 0.0)
        change = small.central - big.central
        bend, less = big.right - big.left, small.right - small.left
        # for a smooth f the bend shrinks with the step, at a kink it does not
        kink = max(0.0, abs(RATIO * less - bend) / (RATIO - 1) - tuned.DOUBT * small.noise)
        noise_part = tuned.NOISE * small.noise
        error = abs(change) * SHRINK + kink / 2 + noise_part
        return Pair(small.central + change * SHRINK, error, noise_part, kink, small.noise)

    def noise_at(self, j: int) -> float:
        """The noise of a slope at step j, without looking."""
        return self.point.precision.noise(self.point.f0) / self.step(j)

    # kinks and jumps

    def bends(self, j: int) -> bool:
        """Is there a kink within the steps j and j − 1, the same at both?"""
        pair = self.pair(j)
        return isfinite(pair.slope) and pair.kink > SEEN * pair.noise and self._stays(j)

    def kink(self, tried: dict[int, Pair]) -> tuple[float, float, float, int] | None:
        """Left and right slope, their error and step, if they differ however small the step.

        The smallest steps that noise does not hide decide whether it stays; the slopes come from
        where they are known best.
        """
        seen = sorted(j for j, p in tried.items() if isfinite(p.slope) and p.kink > SEEN * p.noise)
        if not seen or not self._stays(seen[0]) or not self._lasts(seen[0]):
            return None
        return min((self.sides(j) for j in seen if self._stays(j)), key=lambda found: found[2])

    def sides(self, j: int) -> tuple[float, float, float, int]:
        """Left and right slope with their error, from the steps j and j − 1."""
        big, small = self.sample(j), self.sample(j - 1)
        left = small.left + (small.left - big.left) / (RATIO - 1)
        right = small.right + (small.right - big.right) / (RATIO - 1)
        change = max(abs(small.left - big.left), abs(small.right - big.right))
        return left, right, change / (2 * (RATIO - 1)) + RATIO * small.noise, j

    def best_sides(self) -> tuple[float, float, float]:
        """Left and right slope with their error, from the pair of steps where that is least."""
        left, right, error, _ = min((self.sides(j) for j in range(0, -FAR, -1)), key=_error)
        return left, right, error

    def _stays(self, j: int) -> bool:
        big, small = self.sample(j), self.sample(j - 1)
        before, after = big.right - big.left, small.right - small.left
        return abs(after - before) <= tuned.SAME * abs(before) + 2 * tuned.DOUBT * small.noise

    def _lasts(self, j: int) -> bool:
        """Is the kink still there at smaller steps, as far as noise would show it?

        A bend that only large steps span is a kink elsewhere, or a curve seen from afar.
        """
        bend = self.sample(j).right - self.sample(j).left
        while True:
            j -= 1
            if self.step(j) < self.finest or SEEN * self.noise_at(j) > abs(bend):
                return True
            here = self.sample(j)
            if (
                not abs(here.right - here.left - bend)
                <= tuned.SAME * abs(bend) + 2 * tuned.DOUBT * here.noise
            ):
                return False

    def jumps(self) -> bool:
        """Does f change as much over some step as over one 5³ times as long?"""
        for j, near in self.kept.items():
            by_near = max(abs(near.left), abs(near.right))
            far = self.kept.get(j + FAR)
            if far is not None and by_near > SEEN * near.noise:
                if by_near > max(abs(far.left), abs(far.right)) * RATIO**FAR / 2:
                    return True
        return False


def _error(found: tuple[float, float, float, int]) -> float:
    return found[2] if isfinite(found[2]) else inf
