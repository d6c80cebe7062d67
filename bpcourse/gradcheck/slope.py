r"""The slope of f along a line, with a bound on its own error, and what it says of the claim.

From the steps t and t/5 come central slopes D, one-sided slopes and their difference, the bend.
Richardson's value R = D(t/5) + (D(t/5) − D(t))/24 removes the error of order t². The bound on
|R − φ′| adds what truncation, a kink and the noise of f may do. The step goes up while noise is the
largest part of it and down while another is.
"""

from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Literal

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.averaging import averaged_slope, least_error
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.line import MOST_STEPS, RATIO, Line, Pair

Status = Literal["right", "wrong", "kink", "jump", "unclear"]

LARGEST_STEP = 1e6  # of the parameters: beyond it f says nothing about here
LOCAL_STEP = 2.0  # of the parameters: a longer one may confirm a claim, but not convict it
PART = 0.1  # of what is asked: a part this small is no matter
NOISIER = 3  # where f is coarse or one-sided, a claim has to be this many times farther to be wrong
SHOWS = 40  # noises: what shows an error at the smallest step clearly
ONE_SIDE = 1e-3  # of a claim: the error that will do where f is defined on one side only
STEEP = 1e-4  # of the steepest slope around: an error of a zero that will do in the end
UNDERFLOW = 1e-30  # where f is zero all around, a claimed change of less may have vanished in it
SHORTER = 10  # a forward difference takes a step this much shorter: its error falls with it
TINY = 1e-3  # beside its array's largest; no resolution is stated for such an entry
SLACK = 1e-5  # of a kink: a claim this little outside is rounded
LEVEL = 1e-3  # of a claim: an error that settles on which side of a jump it is


@dataclass(frozen=True)
class Slope:
    """What was measured along ``line``, and what it says of the claim.

    Slopes and steps are told per unit of the first entry that moves. ``kind`` says whether f has
    two slopes there, ``left`` and ``right``, or jumps; a claim lies between them up to ``slack``.
    ``resolution`` is the error, relative to the claim, that would have been found, or 0; ``moved``
    says whether f reacted at all; ``x`` is the point, if it is another one; ``shown`` what else
    shows that the claim is wrong.
    """

    status: Status
    line: Line
    claim: float
    value: float
    error: float
    step: float
    left: float
    right: float
    slack: float
    kind: Literal["", "kink", "jump"] = ""
    resolution: float = 0.0
    moved: bool = True
    x: Vector | None = None
    shown: "Slope | None" = None

    @property
    def index(self) -> Index:
        return self.line.index

    @property
    def inside(self) -> bool:
        """Does the claim lie between the two slopes?"""
        return self._between(self.left, self.right)

    @property
    def by_convention(self) -> bool:
        """Can one rule for all kinks lead to the claim?"""
        return self._between(0.0, self.left + self.right)

    def _between(self, one: float, other: float) -> bool:
        outside = max(min(one, other) - self.claim, self.claim - max(one, other))
        return not outside > self.slack  # NaN, where nothing is known, is not outside

    @property
    def rise(self) -> float:
        """By how much the slope rises at a kink; 0 where there is none."""
        rise = self.right - self.left
        return rise if abs(rise) > self.slack else 0.0


class Measurement:
    """The search for a pair of steps that decides about one line.

    An error up to ``tolerance`` will do, and in the end one up to ``last``. A claim is wrong if it
    is ``clear`` errors away, and ``doubt`` beyond them, which is what rounding may do to the claim.
    """

    def __init__(self, line: Line) -> None:
        self.line, self.claim, self.point = line, line.claim, line.point
        self.precision, first = line.point.precision, line.index[0]
        demand = self.precision.demand
        self.tolerance = max(demand.resolve * line.least, float(self.point.small[first]))
        self.last = max(tuned.SETTLE * line.least, float(self.point.last[first]))
        self.doubt = tuned.ROUNDED * line.allowance
        self.allowance = min(line.allowance, self.tolerance / 2)
        self.clear = tuned.CLEAR * (NOISIER if self.precision.coarse else 1)

    def run(self) -> Slope:
        """The slope of f along the line, and whether it fits the claim."""
        found = self._early() or self._search()
        if found.status == "wrong" and self.point.f0 == found.value == 0:
            if abs(self.claim) < UNDERFLOW:
                return self.told("unclear", 0, 0.0, UNDERFLOW)
        return found

    def forward(self) -> Slope | None:
        """One difference over a short step, if it agrees; for lines that are known to be flat."""
        slope, noise = self.line.slope(self.line.start / SHORTER)
        found = self.agrees(slope, noise, tuned.EARLY)
        return found and replace(found, step=found.step / SHORTER)

    def agrees(self, slope: float, noise: float, part: float) -> Slope | None:
        """Is one slope so near the claim that it needs no second one?"""
        distance, rounding = abs(slope - self.claim), min(self.allowance, PART * self.tolerance)
        near = distance <= part * self.tolerance + 2 * noise + rounding
        if not (near and noise <= PART * self.tolerance):
            return None
        return self.told("right", 0, slope, distance + tuned.NOISE * noise + self.allowance)

    def _early(self) -> Slope | None:
        sample = self.line.sample(0)
        flat = abs(sample.bend) <= tuned.FLAT * abs(self.claim) + tuned.DOUBT * sample.noise
        return self.agrees(sample.central, sample.noise, PART**2) if flat else None

    def _search(self) -> Slope:
        """Steps up and down until one confirms the claim, or two convict it."""
        line, j, tried = self.line, 0, dict[int, Pair]()
        while j not in tried and len(tried) < MOST_STEPS and line.step(j) <= LARGEST_STEP:
            pair = tried[j] = line.pair(j)
            distance, bound = abs(pair.slope - self.claim), pair.error + self.allowance
            if distance <= bound <= self.tolerance:
                return self.told("right", j, pair.slope, bound)
            far = distance > self.clear * pair.error + self.doubt
            local = far and line.step(j) <= LOCAL_STEP and not line.bends(j)
            if local and self._confirmed(j, pair.slope, bound):
                kink = line.kink()  # so small that it hides in the last pair's error
                return self.at_kink(kink) if kink else self.told("wrong", j, pair.slope, bound)
            noisy = isfinite(bound) and 2 * tuned.NOISE * pair.noise >= pair.error
            j += 1 if noisy else -1
        return self._without_certainty(min(tried, key=lambda j: tried[j].error))

    def _confirmed(self, j: int, slope: float, bound: float) -> bool:
        """Do a second pair of steps and the smallest sensible step say the same?

        The smallest step is where the noise would still show the claim's error: a cliff, or an
        oscillation faster than the first steps, betrays itself there.
        """
        line, distance = self.line, abs(slope - self.claim)
        if not any(
            abs(pair.slope - self.claim) > self.clear / 2 * pair.error + self.doubt
            and abs(pair.slope - slope) <= tuned.ROUNDED * (bound + pair.error)
            for pair in map(line.pair, (j - 1, j + 1))
        ):
            return False
        less = j
        while SHOWS * line.noise_at(less - 1) <= distance and line.step(less - 1) >= line.finest:
            less -= 1
        if less >= j - 2:
            return True
        sample = line.sample(less)
        return abs(sample.central - slope) <= distance / (RATIO - 1) + tuned.CLEAR * sample.noise

    def _without_certainty(self, j: int) -> Slope:
        """What the best of the steps says, where none was good enough."""
        line, claim, seen = self.line, self.claim, list(self.line.kept.values())
        pair = line.pair(j)
        slope, error = pair.slope, pair.error + self.allowance
        distance = abs(slope - claim)
        tiny = abs(claim) <= self.doubt and abs(slope) <= PART * abs(claim)
        if tiny and abs(slope) + error <= line.allowance:
            return self.told("right", j, slope, distance)  # a rounded zero
        if (kink := line.kink()) is not None:
            return self.at_kink(kink)
        if not isfinite(error):  # no two steps were possible on both sides
            return self._one_sided()
        if line.zero and all(s.left == s.right == 0 for s in seen):
            return self.told("right", j, slope, error)  # f is constant along the line
        if line.jumps():  # it has a slope on the side without the jump
            return self._at_jump()
        last = self.last
        if line.zero:  # beside how steep f is within the steps, where only zeros are claimed
            steepest = max(s.steepest for s in seen)
            last = max(last, STEEP * steepest) if isfinite(steepest) else last
        if distance <= error <= last or (line.zero and max(distance, error) <= last):
            return self.told("right", j, slope, max(distance, error))
        return self.told("unclear", j, slope, error)

    def at_kink(self, pair: Pair) -> Slope:
        """The two slopes as they are, whether they differ or not."""
        left, right, error = pair.left.slope, pair.right.slope, pair.side_error
        slack = SLACK * abs(right - left) + tuned.CLEAR * error + self.doubt
        return self.told("kink", pair.j, (left + right) / 2, error, left, right, slack)

    def _at_jump(self) -> Slope:
        """The slope on the better side, to be compared with the claim if it is known well."""
        (slope, error), j = self.line.best_side()
        level = LEVEL * abs(self.claim)
        slack = level if tuned.CLEAR * error <= level else -inf
        return self.told("jump", j, slope, error, slope, slope, slack)

    def _one_sided(self) -> Slope:
        """Where f is not defined on one side: the slope on the other, by steps down."""
        (slope, error), j = self.line.best_side()
        distance = abs(slope - self.claim)
        if distance <= error <= max(self.last, ONE_SIDE * abs(self.claim)):
            return self.told("right", j, slope, error)
        wrong = distance > NOISIER * self.clear * error
        return self.told("wrong" if wrong else "unclear", j, slope, error)

    def averaged(self, found: Slope) -> Slope:
        """A second look through the noise, at an entry that no pair of steps decides."""
        line, scale = self.line, float(self.line.weights[0])
        least, distance = least_error(self.precision.sigma), abs(found.value * scale - self.claim)
        if least > self.last and distance < tuned.SURE * least:
            return found  # it could neither confirm nor convict
        known = averaged_slope(line.value, self.precision.noise)
        if known is None or not known[1] < found.error * scale:
            return found
        slope, error, width = known
        distance = abs(slope - self.claim)
        status: Status = "wrong" if distance > tuned.SURE * error else "unclear"
        status = "right" if distance <= error <= self.last else status
        return replace(self.told(status, 0, slope, error), step=width * scale)

    def told(self, status: Status, j: int, slope: float, error: float, *sides: float) -> Slope:
        line, scale = self.line, float(self.line.weights[0])
        left, right, slack = sides or (slope, slope, tuned.CLEAR * error + self.doubt)
        return Slope(
            status, line, self.claim / scale, slope / scale, error / abs(scale),
            line.step(j) * scale, left / scale, right / scale, slack / abs(scale),
            status if status in ("kink", "jump") else "",
            self._resolution(error) if status == "right" else 0.0,
            slope != 0 or any(s.steepest != 0 for s in line.kept.values()),
        )  # fmt: skip

    def _resolution(self, error: float) -> float:
        """The smallest error of the claim that is found, when it lies within ``error``.

        A right claim and a wrong one within a bound differ by twice the bound, and no bound
        smaller than the tolerance is asked for. Claims that are tiny beside their array's, or may
        be rounded zeros, do not count.
        """
        first, point, least = self.line.index[0], self.point, self.line.least
        rounded = tuned.ROUNDED * self.precision.rounding
        if least <= max(TINY * point.most[first], point.zero, rounded):
            return 0.0
        relative = max(error, float(point.usual[first])) / least
        return 2 * max(relative, self.precision.demand.resolve)
