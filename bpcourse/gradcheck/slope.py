r"""The slope of f along a line, with a bound on its own error, and what it says of the claim.

From the steps t and t/5 come central slopes D, one-sided slopes and their difference, the bend.
Richardson's value R = D(t/5) + (D(t/5) − D(t))/24 removes the error of order t². The bound on
|R − φ′| adds what truncation, a kink and the noise of f may do. The step goes up while noise is the
largest part of it and down while another is.
"""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.line import MOST_STEPS, NOISIER, RATIO, SEEN, Line, Pair
from bpcourse.gradcheck.noise import HOPELESS, averaged_slope

Status = Literal["right", "wrong", "kink", "jump", "unclear", "shown"]

LOCAL_STEP = 2.0  # of the parameters: a longer one may confirm a claim, but not convict it
PART = 0.1  # of what is asked: a part this small is no matter
STEEP = 1e-4  # of the steepest slope around: an error of a zero that will do in the end
UNDERFLOW = 1e-30  # where f is zero all around, a claimed change of less may have vanished in it
SHORTER = 10  # a forward difference takes a step this much shorter: its error falls with it
TINY = 1e-3  # beside its array's largest; no resolution is stated for such an entry
SLACK = 1e-5  # of a kink: a claim this little outside is rounded
LEVEL = 1e-3  # of a claim: the error that will do where f has a slope on one side only


@dataclass(frozen=True)
class Slope:
    """What was measured along ``line``, and what it says of the claim.

    Slopes and steps are told per unit of the first entry that moves. ``kind`` says whether f has
    two slopes there, ``left`` and ``right``, or jumps; a claim lies between them up to ``slack``,
    and never where that is −inf. ``resolution`` is the error, relative to the claim, that would
    have been found, or 0; ``x`` is the point, if it is another one; ``shown`` what else shows that
    the claim is wrong.
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
    kind: Literal["", "kink", "jump"]
    resolution: float
    x: Vector | None = None
    shown: "Slope | None" = None

    @property
    def distance(self) -> float:
        """From the claim to the slope, in errors; infinite where none was measured."""
        far = abs(self.claim - self.value) if isfinite(self.value) else inf
        return far / self.error if self.error else inf if far else 0.0

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


def measured(line: Line) -> Slope:
    """The slope of f along the line, and whether it fits the claim."""
    sample = line.sample(0)
    flat = abs(sample.bend) <= tuned.FLAT * abs(line.claim) + tuned.DOUBT * sample.noise
    at_once = flat and agrees(line, line.start, sample.central, sample.noise, PART**2)
    return at_once or _searched(line)


def by_one_step(line: Line) -> Slope | None:
    """One difference over a short step, if it agrees; for lines that are known to be flat."""
    t = line.start / SHORTER
    return agrees(line, t, *line.slope(t), tuned.EARLY)


def agrees(line: Line, t: float, slope: float, noise: float, part: float) -> Slope | None:
    """Is one slope, over t, so near the claim that it needs no second one?"""
    distance, enough = abs(slope - line.claim), PART * line.wanted
    near = distance <= part * line.wanted + 2 * noise + min(line.allowance, enough)
    if not (near and noise <= enough):
        return None
    return _told(line, "right", t, slope, distance + tuned.NOISE * noise + line.allowance)


def _searched(line: Line) -> Slope:
    """Steps up and down until one confirms the claim, or two convict it.

    It ends with one of these:

    1. right: the claim lies within a bound that is as small as wanted;
    2. a kink: the claim lies many bounds away, and so it does at other steps, but f has a kink that
       hides in the last bound;
    3. wrong: the same without a kink;
    4. none of these, when the next step was tried already, or enough were (``_without_certainty``).
    """
    j, tried = 0, dict[int, Pair]()
    while j not in tried and len(tried) < MOST_STEPS:
        pair = tried[j] = line.pair(j)
        distance, bound = abs(pair.slope - line.claim), pair.error + line.allowance
        if distance <= bound <= line.wanted:
            return _told(line, "right", pair.t, pair.slope, bound)
        far = distance > line.clear * pair.error + line.doubt
        vanished = pair.slope == line.point.f0 == 0 and abs(line.claim) < UNDERFLOW
        local = pair.t <= LOCAL_STEP and not line.bends(j)
        if far and local and not vanished and _confirmed(line, j, pair.slope, bound):
            kink = line.kink()  # so small that it hides in the last pair's error
            return at_kink(line, kink) if kink else _told(line, "wrong", pair.t, pair.slope, bound)
        noisy = isfinite(bound) and 2 * tuned.NOISE * pair.noise >= pair.error
        j += 1 if noisy else -1
    return _without_certainty(line, min(tried.values(), key=lambda pair: pair.error))


def _confirmed(line: Line, j: int, slope: float, bound: float) -> bool:
    """Do a second pair of steps and the smallest sensible step say the same?

    The smallest step is where the noise would still show the claim's error: a cliff, or an
    oscillation faster than the first steps, betrays itself there.
    """
    distance = abs(slope - line.claim)
    beside = map(line.pair, (j - 1, j + 1))
    far = (p for p in beside if abs(p.slope - line.claim) > line.clear / 2 * p.error + line.doubt)
    if not any(abs(p.slope - slope) <= tuned.ROUNDED * (bound + p.error) for p in far):
        return False
    *_, least = j, *line.below(j, distance / (2 * SEEN))
    sample = line.sample(least)
    same = abs(sample.central - slope) <= distance / (RATIO - 1) + tuned.CLEAR * sample.noise
    return same or least >= j - 2  # which is a step of the two pairs


def _without_certainty(line: Line, pair: Pair) -> Slope:
    """What the best of the steps says, where none was good enough.

    1. right: a rounded zero is claimed, and measured up to rounding;
    2. a kink, where the sides differ at every step;
    3. right: zero is claimed, and f is constant along the line;
    4. where f jumps, or is not defined on one side: what the better side says, even wrong;
    5. right if the bound will do in the end, else unclear.
    """
    t, slope, error = pair.t, pair.slope, pair.error + line.allowance
    distance, seen = abs(slope - line.claim), list(line.kept.values())
    tiny = abs(line.claim) <= line.doubt and abs(slope) <= PART * abs(line.claim)
    if tiny and abs(slope) + error <= line.rounding:
        return _told(line, "right", t, slope, distance)  # a rounded zero
    if (kink := line.kink()) is not None:
        return at_kink(line, kink)
    if line.zero and all(s.left == s.right == 0 for s in seen):
        return _told(line, "right", t, slope, error)  # f is constant along the line
    if not isfinite(error) or line.jumps():
        return _one_sided(line)
    enough = line.enough
    if line.zero:  # beside how steep f is within the steps, where only zeros are claimed
        steepest = max(s.steepest for s in seen)
        enough = max(enough, STEEP * steepest) if isfinite(steepest) else enough
        error = max(error, distance)
    return _judged(line, t, slope, error, enough, inf)


def at_kink(line: Line, pair: Pair) -> Slope:
    """The two slopes as they are, whether they differ or not."""
    left, right, error = pair.left.slope, pair.right.slope, pair.side_error
    slack = SLACK * abs(right - left) + tuned.CLEAR * error + line.doubt
    return _told(line, "kink", pair.t, (left + right) / 2, error, left, right, slack)


def _one_sided(line: Line) -> Slope:
    """The slope on the better side, where f jumps or is not defined on the other."""
    pairs = map(line.pair, range(0, -MOST_STEPS, -1))
    sides = ((side, pair.t) for pair in pairs for side in (pair.left, pair.right))
    (slope, error), t = min(sides, key=lambda known: known[0].error)
    level = LEVEL * abs(line.claim)
    if line.jumps():  # to be compared with the claim if it is known well
        slack = level if tuned.CLEAR * error <= level else -inf  # then it confirms no claim
        return _told(line, "jump", t, slope, error, slope, slope, slack)
    return _judged(line, t, slope, error, max(line.enough, level), NOISIER * line.clear)


def averaged(found: Slope) -> Slope:
    """A second look through the noise of a coarse f, at an entry that no pair of steps decides."""
    line, scale, point = found.line, float(found.line.weights[0]), found.line.point
    least, distance = HOPELESS * point.sigma, abs(found.value * scale - line.claim)
    hopeless = least > line.enough and distance < tuned.SURE * least  # to confirm, or to convict
    if found.status != "unclear" or not point.coarse or hopeless:
        return found
    slope, error, width = averaged_slope(line.value, point.noise)
    judged = _judged(line, width, slope, error, line.enough, tuned.SURE)
    return judged if error < found.error * scale else found


def _judged(line: Line, t: float, slope: float, error: float, enough: float, clear: float) -> Slope:
    """Right within an error that is small enough, wrong at a distance of many, or unclear."""
    distance = abs(slope - line.claim)
    status: Status = "wrong" if distance > clear * error else "unclear"
    return _told(line, "right" if distance <= error <= enough else status, t, slope, error)


def _told(line: Line, status: Status, t: float, slope: float, error: float, *sides: float) -> Slope:
    scale, size = float(line.weights[0]), abs(float(line.weights[0]))
    left, right, slack = sides or (slope, slope, tuned.CLEAR * error + line.doubt)
    # forward along the line is backward for an entry of negative weight
    left, right = (left, right) if scale > 0 else (right, left)
    return Slope(
        status, line, line.claim / scale, slope / scale, error / size,
        t * size, left / scale, right / scale, slack / size,
        status if status in ("kink", "jump") else "",
        _resolution(line, error) if status == "right" else 0.0,
    )  # fmt: skip


def _resolution(line: Line, error: float) -> float:
    """The smallest error of the claim that is found, when it lies within ``error``.

    A right claim and a wrong one within a bound differ by twice the bound, and no bound smaller
    than the tolerance is asked for. Claims that are tiny beside their array's, or may be rounded
    zeros, do not count.
    """
    point, first, least = line.point, line.index[0], line.least
    if least <= max(TINY * point.most[first], point.zero, tuned.ROUNDED * point.narrow_noise):
        return 0.0
    relative = max(error, float(point.negligible[first])) / least
    return 2 * max(relative, point.demand.resolve)
