r"""The slope of f along a line, with a bound on its own error, and what it says of the claim.

From the steps t and t/5 come central slopes D, one-sided slopes and their difference, the bend.
Richardson's value R = D(t/5) + (D(t/5) − D(t))/24 removes the error of order t². The bound on
|R − φ′| adds what truncation, a kink and the noise of f may do. The step goes up while noise is the
largest part of it and down while another is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, nan
from typing import Literal

import numpy as np
import numpy.typing as npt

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.averaging import averaged_slope, least_error
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.line import RATIO, Line, Pair

Status = Literal["right", "wrong", "kink", "jump", "unclear"]

MOST_STEPS = 12  # that one line is looked at with
LARGEST_STEP = 1e6  # of the parameters: beyond it f says nothing about here
LOCAL_STEP = 2.0  # of the parameters: a longer one may confirm a claim, but not convict it
PART = 0.1  # of what is asked: a part this small is no matter
NOISIER = 3  # where f is coarse or one-sided, a claim has to be this many times farther to be wrong
SHOWS = 40  # noises: what shows an error at the smallest step clearly
ONE_SIDE = 1e-3  # of a claim: the error that will do where f is defined on one side only
STEEP = 1e-4  # of the steepest slope around: an error of a zero that will do in the end
UNDERFLOW = 1e-30  # where f is zero all around, a claimed change of less may have vanished in it


@dataclass(frozen=True)
class Slope:
    """What was measured along a line, and what it says of the claim."""

    status: Status
    value: float = nan
    error: float = inf
    step: float = nan
    left: float = nan  # one-sided slopes, where there is a kink
    right: float = nan
    moved: bool = True  # did f react at all?
    curve: dict[float, float] = field(default_factory=dict)  # {step: central slope}

    def per(self, scale: float) -> "Slope":
        """The same per unit of a parameter that moves by ``scale`` a step."""
        return replace(
            self,
            value=self.value / scale,
            error=self.error / scale,
            step=self.step * scale,
            left=self.left / scale,
            right=self.right / scale,
            curve={t * scale: slope / scale for t, slope in self.curve.items()},
        )


def agrees_early(
    claim: Vector,
    tolerance: Vector,
    rounding: Vector,
    sample: Sequence[Vector],
) -> npt.NDArray[np.bool_]:
    """One central difference that agrees, on lines that are flat and hardly noisy.

    ``sample`` has what a :class:`Sample` has, for many lines.
    """
    central, left, right, noise = sample
    near = PART**2 * tolerance + 2 * noise + np.minimum(rounding, PART * tolerance)
    flat = abs(right - left) <= tuned.FLAT * abs(claim) + tuned.DOUBT * noise
    agrees: npt.NDArray[np.bool_] = (abs(central - claim) <= near) & flat
    return agrees & (noise <= PART * tolerance)


class Measurement:
    """The search for a pair of steps that decides about one line."""

    def __init__(self, line: Line) -> None:
        self.line, self.claim = line, line.claim
        precision, point, first = line.point.precision, line.point, line.index[0]
        self.precision = precision
        self.tolerance = max(precision.demand.resolve * line.least, float(point.small[first]))
        self.last = max(tuned.SETTLE * line.least, float(point.last[first]))
        self.rounding = precision.rounding * line.spread
        self.doubt = tuned.ROUNDED * (line.allowance + self.rounding)
        self.clear = tuned.CLEAR * (NOISIER if precision.coarse else 1)
        self.tried: dict[int, Pair] = {}

    def run(self) -> Slope:
        """The slope of f along the line, and whether it fits the claim."""
        found = self._early() or self._search() or self._without_certainty()
        if found.status == "wrong" and self.line.point.f0 == found.value == 0:
            if abs(self.claim) < UNDERFLOW:
                found = replace(found, status="unclear", error=UNDERFLOW)
        return found

    def _early(self) -> Slope | None:
        sample = self.line.sample(0)
        rounding = self.line.allowance + self.rounding
        claim, tolerance, rounded = map(np.array, (self.claim, self.tolerance, rounding))
        if not agrees_early(claim, tolerance, rounded, [np.array(value) for value in sample]):
            return None
        error = abs(sample.central - self.claim) + tuned.NOISE * sample.noise
        return self._told("right", 0, sample.central, error)

    def _search(self) -> Slope | None:
        """Steps up and down until one confirms the claim, or two convict it."""
        line, j = self.line, 0
        for _ in range(MOST_STEPS):
            if j in self.tried or line.step(j) > LARGEST_STEP:
                break
            slope, error, noise, *_ = self.tried[j] = line.pair(j)
            distance = abs(slope - self.claim)
            far = distance > self.clear * error + self.doubt
            bound = self._bound(error)
            if distance <= bound <= self.tolerance:
                return self._told("right", j, slope, bound)
            local = far and line.step(j) <= LOCAL_STEP and not line.bends(j)
            if local and self._confirmed(j, slope, bound):
                kink = line.kink(self.tried)  # that noise hides from the last steps
                return self._at_kink(*kink) if kink else self._told("wrong", j, slope, bound)
            trouble = bound - noise - line.allowance
            j += 1 if noise >= trouble else -1
        return None

    def _bound(self, error: float) -> float:
        return float(error + self.line.allowance + min(self.rounding, self.tolerance / 2))

    def _confirmed(self, j: int, slope: float, bound: float) -> bool:
        """Do a second pair of steps and the smallest sensible step say the same?

        The smallest step is where the noise would still show the claim's error: a cliff, or an
        oscillation faster than the first steps, betrays itself there.
        """
        line, distance = self.line, abs(slope - self.claim)
        for other in map(line.pair, (j - 1, j + 1)):
            far = abs(other.slope - self.claim) > self.clear / 2 * other.error + self.doubt
            if far and abs(other.slope - slope) <= tuned.ROUNDED * (bound + other.error):
                break
        else:
            return False
        smallest = j
        while (
            SHOWS * line.noise_at(smallest - 1) <= distance
            and line.step(smallest - 1) >= line.finest
        ):
            smallest -= 1
        if smallest >= j - 2:
            return True
        sample = line.sample(smallest)
        near = distance / (RATIO - 1) + tuned.CLEAR * sample.noise
        return isfinite(sample.central) and abs(sample.central - slope) <= near

    def _without_certainty(self) -> Slope:
        """What the best of the steps says, where none was good enough."""
        line, claim = self.line, self.claim
        j = min(self.tried, key=lambda i: self.tried[i].error)
        slope, error = self.tried[j].slope, self._bound(self.tried[j].error)
        tiny = abs(claim) <= tuned.ROUNDED * self.rounding and abs(slope) <= PART * abs(claim)
        if tiny and abs(slope) + error <= self.rounding:
            return self._told("right", j, slope, abs(slope - claim))  # a rounded zero
        if (kink := line.kink(self.tried)) is not None:
            return self._at_kink(*kink)
        if not isfinite(error):
            return self._one_sided()
        seen = line.kept.values()
        if line.zero and all(s.left == s.right == 0 for s in seen):
            return self._told("right", j, slope, error)  # f is constant along the line
        if line.jumps():
            return self._at_jump(j)
        last = self.last
        if line.zero:  # beside how steep f is within the steps, where only zeros are claimed
            steepest = max(max(abs(s.left), abs(s.right)) for s in seen)
            last = max(last, STEEP * steepest) if isfinite(steepest) else last
        distance = abs(slope - claim)
        if distance <= error <= last:
            return self._told("right", j, slope, error)
        enough = max(distance, error) <= last if line.zero else error <= PART * self.tolerance
        if distance <= tuned.CLEAR * error and enough:
            return self._told("right", j, slope, max(distance, error))
        return self._told("unclear", j, slope, error)

    def _at_kink(self, left: float, right: float, error: float, j: int) -> Slope:
        distance = max(abs(left - self.claim), abs(right - self.claim)) + error
        middle = (left + right) / 2
        if distance <= self.last:
            return self._told("right", j, middle, distance)
        return replace(self._told("kink", j, middle, error), left=left, right=right)

    def _at_jump(self, j: int) -> Slope:
        """On the side where f does not jump it has a slope; on the other one it has none."""
        side = self._best_side()
        if side is None:
            return self._told("jump", j, nan, inf)
        slope, error, j = side
        return self._told("jump", j, slope, error)

    def _one_sided(self) -> Slope:
        """Where f is not defined on one side: the slope on the other, by steps down."""
        side = self._best_side()
        if side is None:
            return self._told("unclear", 0, nan, inf)
        slope, error, j = side
        distance = abs(slope - self.claim)
        if distance <= error <= max(self.last, ONE_SIDE * abs(self.claim)):
            return self._told("right", j, slope, error)
        wrong = distance > NOISIER * self.clear * error
        return self._told("wrong" if wrong else "unclear", j, slope, error)

    def _best_side(self) -> tuple[float, float, int] | None:
        """Slope, error and step of the side on which the slope is known best."""
        best: tuple[float, float, int] | None = None
        noise = self.precision.noise(self.line.point.f0)
        for j in range(0, -MOST_STEPS, -1):
            big, small = self.line.sample(j), self.line.sample(j - 1)
            for far, near in ((big.left, small.left), (big.right, small.right)):
                if not (isfinite(far) and isfinite(near)):
                    continue
                slope = near + (near - far) / (RATIO - 1)
                error = abs(slope - near) + (RATIO - 1) * noise / self.line.step(j - 1)
                if best is None or error < best[1]:
                    best = (slope, error, j)
        return best

    def averaged(self, found: Slope) -> Slope:
        """A second look through the noise, at an entry that no pair of steps decides."""
        line = self.line
        least, distance = least_error(self.precision.sigma), abs(found.value - self.claim)
        enough = max(self.last, tuned.SETTLE * line.least)
        if not line.single or (least > enough and distance < tuned.SURE * least):
            return found  # it could neither confirm nor convict
        known = averaged_slope(line.value, self.precision.noise)
        if known is None or not known[1] < found.error:
            return found
        slope, error, width = known
        distance = abs(slope - self.claim)
        status: Status = "wrong" if distance > tuned.SURE * error else "unclear"
        status = "right" if distance <= error <= enough else status
        return replace(found, status=status, value=slope, error=error, step=width)

    def _told(self, status: Status, j: int, slope: float, error: float) -> Slope:
        kept = self.line.kept
        curve = {self.line.step(i): sample.central for i, sample in kept.items()}
        moved = any(s.left != 0 or s.right != 0 for s in kept.values())
        return Slope(status, slope, error, self.line.step(j), moved=moved, curve=curve)
