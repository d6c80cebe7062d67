"""f along one line, φ(t) = f(x + t·direction), looked at with the steps t·5ʲ."""

from collections.abc import Iterator
from math import hypot, inf, isfinite, nan
from typing import NamedTuple

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.point import Point

SHORTEST, LONGEST = 2e-6, 1e-2  # of the parameters: the first step, but for ``longest``
RATIO = 5  # of two steps: a factor that costs few evaluations and that Richardson's value bears
SHRINK = 1 / (RATIO**2 - 1)  # Richardson: the error of order t² that is left at the smaller step
FINEST = 1e3  # roundings of a parameter in the smallest step that confirms a kink or a mistake
NARROW = 1e-9  # of its scale: a parameter smaller than this counts as this large
SEEN = 20  # noises: what a kink or jump must exceed before anything is concluded from it
FAR = 3  # steps of the grid over which a jump has to stay
CURVE = range(-5, 6)  # steps of a plot
NOISIER = 3  # where f is coarse or one-sided, a claim has to be this many times farther to be wrong
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

    @property
    def steepest(self) -> float:
        return max(abs(self.left), abs(self.right))


class Side(NamedTuple):
    """The slope on one side of 0, and its error."""

    slope: float
    error: float


class Pair(NamedTuple):
    """What the steps j and j − 1 say: the slope, its error, and the slopes on the two sides."""

    t: float  # the larger step
    slope: float
    error: float
    noise: float
    kink: float  # by how much the slopes of the sides differ, beyond what noise may do
    left: Side
    right: Side
    side_error: float  # that of the worse side


class Line:
    """The entries ``index`` move together, each by t times its own ``weights``.

    Slopes are those of φ, per t. ``claim`` is what the gradient claims of φ′(0), ``least`` the
    smallest contribution to it, ``start`` the first step. An error up to ``wanted`` is looked
    for, and one up to ``enough`` will do in the end. Rounding may do ``rounding`` to the claim; as
    much as ``allowance`` of it is counted in an error. A claim is wrong if it is ``clear`` errors
    away, and ``doubt`` beyond them. ``curve`` is {step: central slope}, per unit of the first
    entry.
    """

    def __init__(self, point: Point, index: Index, weights: Vector, longest: float = inf) -> None:
        self.point, self.index, self.weights = point, index, weights
        self.entries: list[int] = index.tolist()
        self.single, first = len(index) == 1, index[0]
        own = point.claims[index] * weights
        self.claim, self.least = float(own.sum()), float(abs(own).min())
        if not self.single and point.contributions[first] <= point.zero:
            self.least = 0.0
        self.zero = not own.any()
        self.rounding = hypot(*point.rounding[index])  # whose squares could overflow
        self.wanted = max(point.demand.resolve * self.least, float(point.wanted[first]))
        self.enough = max(tuned.SETTLE * self.least, float(point.enough[first]))
        self.allowance = min(self.rounding, self.wanted / 2)
        self.doubt = tuned.ROUNDED * self.rounding
        self.clear = tuned.CLEAR * (NOISIER if point.coarse else 1)
        relative = np.maximum(abs(point.function.x[index] / point.scales[index]), NARROW).max()
        self.finest = FINEST * float(point.function.eps[index].max() * relative)
        # the first step is where noise is a small part of the claim, as far as it may go
        noise = tuned.FIRST_NOISE * self.least * float(len(index) ** (1 / 2))
        first_step = tuned.NOISE * point.sigma / noise if noise else inf
        self.start = min(max(first_step, SHORTEST), LONGEST, longest)
        self.kept, self.curve = dict[int, Sample](), dict[float, float]()

    def step(self, j: int) -> float:
        return self.start * float(RATIO) ** j

    def params(self, t: float) -> Vector:
        """The parameters at t, as their arrays keep them."""
        x = self.point.function.x.copy()
        x[self.index] += t * self.weights
        return self.point.function.stored(x)

    def value(self, t: float) -> tuple[float, float]:
        """φ at t, and the t that the rounding of the parameters left."""
        point, moved = self.point, self.params(t)
        value = point.function.at(moved)
        taken = (moved - point.function.x)[self.index]
        if self.single:
            return value, float(taken[0] / self.weights[0])
        # what rounding removed is put back along the claim
        return value + float(point.claims[self.index] @ (t * self.weights - taken)), t

    def slope(self, t: float) -> tuple[float, float]:
        """The slope from 0 to t, and its noise; NaN where rounding takes the step away."""
        value, taken = self.value(t)
        if taken * t <= 0 or not isfinite(value):
            return nan, inf
        noise = self.point.noise(max(abs(value), abs(self.point.f0)))
        return (value - self.point.f0) / taken, noise / abs(taken)

    def sample(self, j: int) -> Sample:
        """The slopes over step j."""
        if j not in self.kept:
            (right, noise), (left, other) = self.slope(self.step(j)), self.slope(-self.step(j))
            self.kept[j] = Sample((left + right) / 2, left, right, max(noise, other))
            unit = float(self.weights[0])
            self.curve[self.step(j) * abs(unit)] = self.kept[j].central / unit
        return self.kept[j]

    def pair(self, j: int) -> Pair:
        """Richardson's value from the steps j and j − 1, and what it says of the two sides.

        For a smooth f the two one-sided slopes shrink together, at a kink they do not.
        """
        big, small = self.sample(j), self.sample(j - 1)
        noise, sides = (RATIO - 1) * self.noise_at(j - 1), []
        for far, near in ((big.left, small.left), (big.right, small.right)):
            bend = (near - far) / (RATIO - 1)
            sides.append(Side(near + bend, _finite(abs(bend) + noise)))
        left, right = sides
        kink = max(0.0, abs(right.slope - left.slope) - tuned.DOUBT * small.noise)
        change = (small.central - big.central) * SHRINK
        error = _finite(abs(change)) + kink / 2 + tuned.NOISE * small.noise
        slope, worse = small.central + change, max(left.error, right.error)
        return Pair(self.step(j), slope, error, small.noise, kink, left, right, worse)

    def noise_at(self, j: int) -> float:
        """The noise of a slope at step j, without looking."""
        return self.point.noise(self.point.f0) / self.step(j)

    def below(self, j: int, noise: float) -> Iterator[int]:
        """Step after step below j, down to ``finest`` and while a slope has no more noise."""
        while self.step(j - 1) >= self.finest and self.noise_at(j - 1) <= noise:
            yield (j := j - 1)

    def look_again(self) -> None:
        """Take more steps, for a plot; the parameters may be others by now."""
        with np.errstate(all="ignore"), self.point.function.moved(self.point.function.x):
            for j in CURVE:
                self.sample(j)

    # one side, kinks and jumps

    def bends(self, j: int) -> bool:
        """Is there a kink within the steps j and j − 1, the same at both?"""
        pair = self.pair(j)
        return isfinite(pair.slope) and pair.kink > SEEN * pair.noise and self._stays(j, j - 1)

    def kink(self) -> Pair | None:
        """The sides, if they differ however small the step.

        The smallest steps that noise does not hide decide whether the kink stays: a bend that only
        large steps span is a kink elsewhere, or a curve seen from afar. The slopes come from where
        they are known best.
        """
        staying = [j for j in sorted(self.kept) if j - 1 in self.kept and self.bends(j)]
        if not staying:
            return None
        below = self.below(staying[0], abs(self.sample(staying[0]).bend) / SEEN)
        stays = all(self._stays(staying[0], less) for less in below)
        return min(map(self.pair, staying), key=lambda pair: pair.side_error) if stays else None

    def _stays(self, j: int, less: int) -> bool:
        """Is the bend at a smaller step the same?"""
        bend, small = self.sample(j).bend, self.sample(less)
        doubt = 2 * tuned.DOUBT * small.noise
        return abs(small.bend - bend) <= tuned.SAME * abs(bend) + doubt

    def jumps(self) -> bool:
        """Does f change over some step by more than half as much as over one 5³ times as long?"""
        known = {j: sample for j, sample in self.kept.items() if isfinite(sample.noise)}
        seen = [(near, known[j + FAR]) for j, near in known.items() if j + FAR in known]
        return any(n.steepest > max(SEEN * n.noise, RATIO**FAR / 2 * f.steepest) for n, f in seen)


def _finite(error: float) -> float:
    """An error, infinite where nothing is known."""
    return error if isfinite(error) else inf
