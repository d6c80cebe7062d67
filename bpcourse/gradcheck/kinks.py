"""Kinks: a gradient function is asked on every side, a value at a kink held against all slopes.

At a kink f has a slope on each side of every direction, and no gradient. So directions are chosen
through the kinked entries, the same ones each time: each entry alone, all together, and pairs. They
are weighted so that each entry's kink counts alike, because along one such direction a tie of max
shows no kink at all, and there the claim has to be exact. Then

1. a gradient *function* is asked on both sides of each direction d, and has to give the slope
   that f has along d at that point;
2. what is claimed *at* the kink has to lie between the two slopes of each direction. Outside of
   them it is wrong where all kinks bend the same way, because no convention leads there: with a
   rule that gives every kink the same part λ of its two slopes, the values between 0 and the sum of
   the two slopes can occur, and they are only remarked on;
3. an *array* is right also if it is the gradient on one side of everything.
"""

from dataclasses import dataclass
from itertools import combinations
from math import inf, isfinite
from typing import Literal, NamedTuple

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.look import ENOUGH, Findings, Look
from bpcourse.gradcheck.point import Point
from bpcourse.gradcheck.problem import Problem, pattern
from bpcourse.gradcheck.slope import Measurement, Slope

WAYS = 32  # directions on whose two sides grad is asked: 64 places at most
PAIRS = 28  # of entries: all of eight
CLOSER = (1, 1e-2, 1e-4)  # of NEARBY: where it is asked next if the point before was on a kink too
AGAIN = 1 / 3  # of the way: where a wrong answer is asked for a second time
INSIDE = 1 / 4  # of the way: the longest step, so that it stays on that side of the kink
SLACK = 1e-5  # of a kink: a claim this little outside is rounded
LEVEL = 1e-3  # of the kinks that meet: what is left where they cancel
COUPLED = 1e-2  # of two kinks: by so much less they add up if they are one
LOOKS, BENT = 9, 3  # steps at which a hidden kink is looked for, and those that have to show it
AROUND = 6  # points at which an entry's slope is looked at
FLAT = 0.01  # of the slope at the point: what is less beside it is none
COARSER = 10  # times NEARBY: where f is so noisy that steps have to be longer


@dataclass(frozen=True)
class Kink:
    """f has two slopes here, or jumps; ``inside`` says whether the claim lies between them."""

    left: float
    right: float
    inside: bool
    kind: Literal["kink", "jump"] = "kink"


@dataclass(frozen=True)
class Way:
    """A direction: these entries move together, by t times their weights."""

    index: Index
    weights: Vector


class Crossing(NamedTuple):
    """What is claimed along a way at the kink, and f's slopes on its two sides."""

    claim: float
    left: float
    right: float
    slack: float
    kinked: bool

    @property
    def jump(self) -> float:
        return self.right - self.left

    @property
    def inside(self) -> bool:
        low, high = sorted((self.left, self.right))
        return low - self.slack <= self.claim <= high + self.slack

    @property
    def by_convention(self) -> bool:
        """Can one rule for all kinks lead there?"""
        low, high = sorted((0.0, self.left + self.right))
        return self.kinked and low - self.slack <= self.claim <= high + self.slack


@dataclass(frozen=True)
class Beside:
    """What was found at a point nearby, along a way from there."""

    way: Way
    x: Vector
    claim: float
    slope: Slope


class Near(NamedTuple):
    """Where f's own slope is looked at on one side of a kink."""

    away: float  # of the parameters: far enough for a step, and near enough for a curve
    step: float  # of the parameters: the step there
    alike: float  # of a claim, or a kink: what the slope may have changed on the way


NEAR, NEAR_COARSE = Near(1e-6, 1e-8, 3e-5), Near(3e-2, 3e-3, 3e-2)


class Kinks:
    """Settles the kinks, and the jumps, among the findings at ``point``."""

    def __init__(self, problem: Problem, point: Point, found: Findings) -> None:
        self.problem, self.point, self.found = problem, point, found
        self.seen: dict[int, Kink] = {}
        self.beside: dict[int, Beside] = {}  # where a fault shows only nearby
        self.outside: dict[int, tuple[Way, Crossing]] = {}  # or only at the kink
        self.distance = tuned.NEARBY * (COARSER if point.precision.coarse else 1)
        self.near = NEAR_COARSE if point.precision.coarse else NEAR

    def settle(self) -> None:
        """Give every entry on a kink or jump its verdict, and wrong ones a second hearing."""
        found, evidence = self.found, self.found.evidence
        kinked = np.array(found.having("kink"), dtype=np.intp)
        jumping = found.having("jump")
        suspects = self._suspects(bool(len(kinked)))
        if not len(kinked) and not jumping and not suspects:
            return
        for i in kinked.tolist():
            crossing = self._alone(i)
            slopes = evidence[i].left, evidence[i].right
            self.seen[i] = Kink(*slopes, crossing.inside)
        if self.problem.is_function(self.point):
            self._function(kinked, jumping, suspects)
        else:
            self._array(kinked, jumping, suspects)

    # a gradient function

    def _function(self, kinked: Index, jumping: list[int], suspects: list[int]) -> None:
        found, scales = self.found, self.point.scales
        if len(kinked):
            ways = self._ways(kinked)
            self._ask(ways[:WAYS])
            left = np.array([i for i in kinked.tolist() if found.status[i] != "wrong"], np.intp)
            if len(left) and not self._is_a_side(kinked):
                self._convict(ways)
            for i in found.having("kink"):
                found.judge(i, "right")
        for i in jumping:
            self._remark(i, True, "jump")
            self._ask([Way(np.array([i]), scales[[i]])])
            if found.status[i] == "jump":
                found.judge(i, "right")
        cleared = []
        for i in suspects:
            found.judge(i, "kink")
            way = Way(np.array([i]), scales[[i]])
            self._ask([way])
            if found.status[i] != "kink" or self._flat_beside(way):
                break  # where one is wrong on its sides too, the others are no better
            cleared.append(i)
        for i in suspects:
            found.judge(i, "wrong")
            self.beside.pop(i, None)
            if len(cleared) == len(suspects):
                self._remark(i, False, "kink")
                found.judge(i, "right")

    def _remark(self, i: int, inside: bool, kind: Literal["kink", "jump"]) -> None:
        """Tell of an entry whose slope is one number here, but not for any step."""
        slope = self.found.evidence[i].value
        self.seen[i] = Kink(slope, slope, inside, kind)

    def _suspects(self, kinks: bool) -> list[int]:
        """Wrong entries where kinks may cancel in f, and not in what a convention makes of them."""
        result = []
        for i in self.found.having("wrong")[:ENOUGH]:
            value, claim = self.found.evidence[i].value, float(self.point.claims[i])
            slack = tuned.CLEAR * self.found.evidence[i].error
            if Crossing(claim, value, value, slack, True).by_convention or kinks:
                result.append(i)
        return result

    def _ask(self, ways: list[Way]) -> None:
        """Is grad right on both sides of each way?"""
        found, unclear = self.found, set()
        for way in ways:
            entries = way.index.tolist()
            if any(found.status.get(i) == "wrong" for i in entries):
                continue
            for sign in (1.0, -1.0):
                beside = self._side(way, sign)
                if beside is None:
                    continue
                if beside.slope.status == "wrong":
                    for i in entries:
                        found.judge(i, "wrong")
                        self.beside[i] = beside
                    break
                if beside.slope.status != "right" and len(entries) == 1:
                    unclear.add(entries[0])
        for i in unclear:
            if found.status.get(i) != "wrong":
                found.judge(i, "unclear")

    def _flat_beside(self, way: Way) -> bool:
        """Is f flat on both sides, as about a cliff? There grad is right whatever it says here."""
        here = self.found.evidence[int(way.index[0])].value * float(way.weights[0])
        sides = [side for sign in (1.0, -1.0) if (side := self._side(way, sign))]
        return all(abs(side.slope.value) < FLAT * abs(here) for side in sides)

    def _side(self, way: Way, sign: float) -> Beside | None:
        """What f and grad say on one side; None where that is not defined."""
        for closer in CLOSER:
            t = sign * self.distance * closer
            beside = self._at(way, t)
            status = beside.slope.status if beside is not None else "unclear"
            if status == "right":
                return beside
            if status == "wrong":
                again = self._at(way, t * AGAIN)
                if again is not None and again.slope.status == "wrong":
                    return beside
        return beside if status != "wrong" else None

    def _at(self, way: Way, t: float) -> Beside | None:
        x = self.point.function.x.copy()
        x[way.index] += t * way.weights
        with self.problem.moved(x):
            there = self.problem.there(self.point)
            if there is None:
                return None
            line = Line(there, way.index, way.weights, longest=abs(t) * INSIDE)
            return Beside(way, x, line.claim, Measurement(line).run())

    # an array

    def _array(self, kinked: Index, jumping: list[int], suspects: list[int]) -> None:
        found = self.found
        for i in jumping:
            side, claim = found.evidence[i], float(self.point.claims[i])
            known = tuned.CLEAR * side.error <= LEVEL * abs(claim)
            fits = known and abs(side.value - claim) <= LEVEL * abs(claim)
            self._remark(i, fits, "jump")
            if fits:
                found.judge(i, "right")
        if len(kinked) and (self._is_a_side(kinked) or self._convict(self._ways(kinked))):
            for i in kinked.tolist():
                found.judge(i, "right")
        for i in suspects:
            if (len(kinked) or self._kinks_around(i)) and self._turns(i):
                self._remark(i, False, "kink")
                found.judge(i, "kink")

    def _is_a_side(self, kinked: Index) -> bool:
        """Is the claim the gradient on one side of every kinked entry?"""
        signs = []
        for i in kinked.tolist():
            claim, left, right, slack, _ = self._alone(i)
            if min(abs(claim - left), abs(claim - right)) > slack:
                return False
            signs.append(1.0 if abs(claim - right) <= slack else -1.0)
        point = self.point
        way = self.near.away * np.array(signs) * abs(pattern(len(kinked), 0)) * point.scales[kinked]
        sizes = abs(point.contributions[kinked])
        jumps = self._jumps(kinked)
        near = self.near.alike * np.maximum(sizes, jumps * point.scales[kinked])
        for number in range(min(len(kinked), PAIRS)):
            weights = point.scales[kinked] * pattern(len(kinked), number)
            slope = self._slope_near(way, kinked, weights)
            if not abs(slope - point.claims[kinked] @ weights) <= near.sum():
                return False
        return True

    def _kinks_around(self, i: int) -> bool:
        """Does f have a kink along some direction within the array of entry i?"""
        point = self.point
        part = next(part for part in point.function.slices if i < part.stop)
        index = np.arange(part.start, part.stop)
        for number in (1, 2):
            weights = point.scales[index] * pattern(len(index), number)
            line = Line(point, index, weights, longest=self.distance)
            if sum(line.bends(j) for j in range(0, -LOOKS, -1)) >= BENT:
                return True
        return False

    def _turns(self, i: int) -> bool:
        """Do other kinks change the slope of entry i, so that no side of them need have it?"""
        point, slope = self.point, self.found.evidence[i].value
        far = abs(slope - point.claims[i]) * (INSIDE if point.precision.coarse else COUPLED)
        everything, at = point.function.everything, np.array([i])
        for number in range(AROUND):
            way = self.near.away * point.scales * pattern(len(point.scales), number)
            way = way if number % 2 else -way
            near = self._slope_near(way, at, point.scales[at], everything) / point.scales[i]
            if abs(near - slope) > far:
                return True
        return False

    def _slope_near(
        self, away: Vector, index: Index, weights: Vector, moving: Index | None = None
    ) -> float:
        """The slope along ``weights`` at a point that is ``away``."""
        function = self.point.function
        moving = index if moving is None else moving
        step = self.near.step
        ends = []
        for sign in (step, -step):
            x = function.x.copy()
            x[moving] += away
            x[index] += sign * weights
            ends.append((function.at(moving, function.stored(moving, x[moving])), sign))
        return (ends[0][0] - ends[1][0]) / (2 * step)

    # both

    def _ways(self, kinked: Index) -> list[Way]:
        """Each entry alone, all together, and pairs with both signs."""
        scales, count = self.point.scales, len(kinked)
        if count == 1:
            return [Way(kinked, scales[kinked])]
        jumps = self._jumps(kinked)
        weights = float((jumps * scales[kinked]).min()) / jumps  # along each entry one kink
        if count > WAYS - 1:
            return [Way(kinked, weights * np.sign(pattern(count, n))) for n in range(WAYS)]
        ways = [Way(kinked[[n]], scales[kinked[[n]]]) for n in range(count)]
        ways += [Way(kinked, weights)] if count > 2 else []
        pairs = sorted(combinations(range(count), 2), key=lambda pair: pair[1] - pair[0])[:PAIRS]
        for pair in map(list, pairs):
            ways += [Way(kinked[pair], weights[pair] * [1, sign]) for sign in (1, -1)]
        return ways

    def _ties(self, crossings: list[tuple[Way, Crossing]]) -> list[Way]:
        """Entries that share a kink, each moved so that the kink shows least.

        Kinks that have nothing to do with each other add up along a pair. Where they do not, the
        two entries share one, and the sign that shows less of it is the one to move them by.
        """
        tied = {i: (i, 1.0) for i in self.seen}  # {entry: (group, sign)}
        weights = {}
        pairs = [found for found in crossings if len(found[0].index) == 2]
        for way, crossing in sorted(pairs, key=lambda found: abs(found[1].jump)):
            if abs(crossing.jump) > (1 - COUPLED) * self._meeting(way):
                continue
            i, j = way.index.tolist()
            weights[i], weights[j] = abs(way.weights)
            (group, sign), (other, others) = tied[i], tied[j]
            turn = sign * others * float(np.prod(np.sign(way.weights)))
            if group != other:
                tied |= {n: (group, s * turn) for n, (g, s) in tied.items() if g == other}
        ways = []
        for group in sorted({group for group, _ in tied.values()}):
            own = [i for i in weights if tied[i][0] == group]
            if len(own) > 2:
                ways.append(Way(np.array(own), np.array([tied[i][1] * weights[i] for i in own])))
        return ways

    def _meeting(self, way: Way) -> float:
        """What the kinks of a way's entries add up to."""
        return float(self._jumps(way.index) @ abs(way.weights))

    def _jumps(self, index: Index) -> Vector:
        """How far the two slopes of each entry are apart."""
        return np.array([abs(self.seen[i].right - self.seen[i].left) for i in index.tolist()])

    def _alone(self, i: int) -> Crossing:
        slope, claim = self.found.evidence[i], float(self.point.claims[i])
        rounded = tuned.ROUNDED * float(self.point.allowance[i] / self.point.scales[i])
        slack = SLACK * abs(slope.right - slope.left) + tuned.CLEAR * slope.error + rounded
        return Crossing(claim, slope.left, slope.right, slack, True)

    def _cross(self, way: Way) -> Crossing:
        line = Line(self.point, way.index, way.weights)
        left, right, error = line.best_sides()
        if not isfinite(error):
            return Crossing(line.claim, -inf, inf, 0.0, False)
        rounded = tuned.ROUNDED * (line.allowance + self.point.precision.rounding * line.spread)
        slack = SLACK * self._meeting(way) + tuned.CLEAR * error + rounded
        return Crossing(line.claim, left, right, slack, abs(right - left) > slack)

    def _convict(self, ways: list[Way]) -> bool:
        """A claim outside is wrong where all kinks bend the same way, conventions apart.

        Is the claim inside along every way?
        """
        crossings = [(way, self._cross(way)) for way in ways]
        crossings += [(way, self._cross(way)) for way in self._ties(crossings)]
        alone = [self._alone(i) for i in self.seen if self.seen[i].kind == "kink"]
        kinked = [c for c in [*alone, *(c for _, c in crossings)] if c.kinked]
        one_way = len({np.sign(c.jump) for c in kinked}) == 1
        for way, crossing in crossings:
            entries = way.index.tolist()
            known = any(self.found.status.get(i) == "wrong" for i in entries)
            if one_way and not (known or crossing.inside or crossing.by_convention):
                for i in entries:
                    self.found.judge(i, "wrong")
                    self.outside[i] = way, crossing
        return all(crossing.inside for _, crossing in crossings)


def elsewhere(problem: Problem, point: Point, found: Findings, grouped: bool) -> None:
    """Entries that cannot be told here, such as those whose kink is nearer than any step.

    A claim that is right at points around is a right function of the parameters. Wrong needs two
    points at which some claim is wrong, right two at which this one is.
    """
    open_ = found.having("unclear")
    if not open_ or point.precision.coarse or not problem.is_function(point):
        return
    heard: dict[int, list[str]] = {i: [] for i in open_}
    wrong_at, number = 0, 0
    for closer in CLOSER:
        for sign in (1.0, -1.0):
            number += 1
            way = sign * tuned.NEARBY * closer * point.scales
            with problem.moved(point.function.x + way * pattern(len(way), number)):
                there = problem.there(point)
                if there is None:
                    continue
                rng = np.random.default_rng(number)
                look = Look(there, rng).run(grouped, np.array(open_))
            for i in open_:
                status = str(look.status.get(i, "right"))
                heard[i].append("zero" if status == "right" and there.claims[i] == 0 else status)
            wrong_at += bool(look.having("wrong"))
        settled = all(_is_right(heard[i], point.claims[i]) for i in open_)
        if wrong_at >= 2 or (settled and not wrong_at):
            break
    for i in open_:
        if "wrong" in heard[i] and wrong_at >= 2:
            found.judge(i, "wrong")
        elif _is_right(heard[i], point.claims[i]):
            found.judge(i, "right")


def _is_right(heard: list[str], claim: float) -> bool:
    """Twice right; and not with zeros alone, where a wrong factor does not show."""
    informed = "right" in heard or claim == 0
    return informed and heard.count("right") + heard.count("zero") >= 2
