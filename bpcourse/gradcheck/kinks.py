"""Kinks: a claim is held against f's slopes on all sides, and asked again at points beside them.

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

from dataclasses import dataclass, replace
from itertools import combinations
from math import inf, isfinite, isnan
from typing import Literal, NamedTuple

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.look import ENOUGH, GROUPED_ABOVE, Findings, Kink, Look
from bpcourse.gradcheck.point import Point
from bpcourse.gradcheck.problem import Problem, pattern
from bpcourse.gradcheck.slope import Measurement, Slope

WAYS = 32  # directions on whose two sides grad is asked: 64 places at most
PAIRS = 28  # of entries: all of eight
CLOSER = (1, 1e-2, 1e-4)  # of NEARBY: where it is asked next if the point before was on a kink too
AGAIN = 1 / 3  # of the way: where a wrong answer is asked for a second time
INSIDE = 1 / 4  # of the way: the longest step, so that it stays on that side of the kink
SLACK = 1e-5  # of a kink: a claim this little outside is rounded
LEVEL = 1e-3  # of a claim: an error that settles on which side of a jump it is
COUPLED = 1e-2  # of two kinks: by so much less they add up if they are one
LOOKS, BENT = 9, 3  # steps at which a hidden kink is looked for, and those that have to show it
AROUND = 6  # points at which an entry's slope is looked at
FLAT = 0.01  # of the slope at the point: what is less beside it is none
COARSER = 10  # times NEARBY: where f is so noisy that steps have to be longer
# Where f's own slope is looked at beside a kink, by whether f is coarse: how far away (of the
# parameters), and what the slope may have changed on the way (of a kink)
NEAR = {False: (1e-6, 3e-5), True: (3e-2, 3e-2)}


@dataclass(frozen=True)
class Way:
    """A direction: these entries move together, by t times their weights."""

    index: Index
    weights: Vector


class Crossing(NamedTuple):
    """What is claimed along a way at the kink, and f's slopes on its two sides."""

    way: Way
    claim: float
    left: float
    right: float
    slack: float

    def between(self, one: float, other: float) -> bool:
        low, high = sorted((one, other))
        return low - self.slack <= self.claim <= high + self.slack

    @property
    def shown(self) -> Slope:
        """What a report shows of a claim outside."""
        scale = float(self.way.weights[0])
        left, right = self.left / scale, self.right / scale
        middle, half = (left + right) / 2, abs(right - left) / 2
        claim = self.claim / scale
        return Slope("wrong", self.way.index, claim, middle, half, left=left, right=right)

    @property
    def inside(self) -> bool:
        return self.between(self.left, self.right)

    @property
    def by_convention(self) -> bool:
        """Can one rule for all kinks lead there?"""
        return self.between(0.0, self.left + self.right)

    @property
    def jump(self) -> float:
        """By how much the slope rises; 0 where there is no kink."""
        jump = self.right - self.left
        return jump if abs(jump) > self.slack else 0.0


class Kinks:
    """Settles the kinks, and the jumps, among the findings at ``point``."""

    def __init__(self, problem: Problem, point: Point, found: Findings) -> None:
        self.problem, self.point, self.found = problem, point, found
        self.distance = tuned.NEARBY * (COARSER if point.precision.coarse else 1)
        self.away, self.alike = NEAR[point.precision.coarse]

    def settle(self) -> None:
        """Give every entry on a kink or jump its verdict, and wrong ones a second hearing."""
        found = self.found
        kinked, jumping = found.having("kink"), found.having("jump")
        suspects = self._suspects(bool(kinked))
        for crossing in map(self._alone, kinked):
            i = int(crossing.way.index[0])
            found.kinks[i] = Kink(crossing.left, crossing.right, crossing.inside)
        for i in jumping:
            self._remark(i, self._fits(i), "jump")
        if not (kinked or jumping or suspects):
            return
        if self.problem.varies(self.point):
            self._function(kinked, jumping, suspects)
        else:
            self._array(kinked, jumping, suspects)

    def _remark(self, i: int, inside: bool, kind: Literal["kink", "jump"]) -> None:
        """Tell of an entry whose slope is one number here, but not for any step."""
        slope = self.found.slopes[i].value
        self.found.kinks[i] = Kink(slope, slope, inside, kind)

    def _suspects(self, kinks: bool) -> list[int]:
        """Wrong entries where kinks may cancel in f, and not in what a convention makes of them."""
        wrong = self.found.having("wrong")[:ENOUGH]
        return [i for i in wrong if kinks or self._alone(i).by_convention]

    def _one(self, i: int) -> Way:
        return Way(np.array([i]), self.point.scales[[i]])

    # a gradient function

    def _function(self, kinked: list[int], jumping: list[int], suspects: list[int]) -> None:
        found, ways = self.found, self._ways(kinked)
        self._ask(ways[:WAYS] + [self._one(i) for i in jumping])
        if any(found.status(i) != "wrong" for i in kinked) and not self._is_a_side(kinked):
            self._convict(kinked, ways)
        for i in found.having("kink") + found.having("jump"):
            found.judge(i, "right")
        if all(map(self._cleared, suspects)):
            for i in suspects:
                self._remark(i, False, "kink")
                found.judge(i, "right")

    def _ask(self, ways: list[Way]) -> None:
        """Is grad right on both sides of each way?"""
        found, unclear = self.found, set()
        for way in ways:
            entries = way.index.tolist()
            for sign in (1.0, -1.0):
                if any(found.status(i) == "wrong" for i in entries):
                    break
                side = self._side(way, sign)
                if side and side.status == "wrong":
                    self._blame(entries, side)
                elif side and side.status != "right" and len(entries) == 1:
                    unclear.add(entries[0])
        for i in unclear:
            if found.status(i) != "wrong":
                found.judge(i, "unclear")

    def _blame(self, entries: list[int], shown: Slope) -> None:
        for i in entries:
            self.found.judge(i, "wrong")
            self.found.beyond[i] = shown

    def _cleared(self, i: int) -> bool:
        """Is a claim that is wrong here right on both sides, with f not just flat there?"""
        sides = [side for sign in (1.0, -1.0) if (side := self._side(self._one(i), sign))]
        here = FLAT * abs(self.found.slopes[i].value)
        steep = any(abs(side.value) >= here for side in sides)  # else f has a cliff here
        return steep and all(side.status == "right" for side in sides)

    def _side(self, way: Way, sign: float) -> Slope | None:
        """What f and grad say on one side; None where that is not defined."""
        for closer in CLOSER:
            t = sign * self.distance * closer
            slope = self._beside(way, t)
            if slope and slope.status == "right":
                return slope
            if slope and slope.status == "wrong":
                again = self._beside(way, t * AGAIN)
                if again and again.status == "wrong":
                    return slope
        return slope if slope and slope.status != "wrong" else None

    def _beside(self, way: Way, t: float) -> Slope | None:
        x = self.point.function.x.copy()
        x[way.index] += t * way.weights
        return self._measured(x, way, abs(t))

    def _measured(
        self, x: Vector, way: Way, away: float, claims: Vector | None = None
    ) -> Slope | None:
        """The slope at a point that is so far away, against what is claimed there, or ``claims``;
        None where that is not defined."""
        with self.problem.moved(x):
            there = self.problem.there(self.point, claims)
            if there is None:
                return None
            line = Line(there, way.index, way.weights, longest=away * INSIDE)
            return replace(Measurement(line).run(), x=x)

    # an array

    def _array(self, kinked: list[int], jumping: list[int], suspects: list[int]) -> None:
        found = self.found
        fit = [i for i in jumping if self._fits(i)]
        if self._is_a_side(kinked) or self._convict(kinked, self._ways(kinked)):
            fit += kinked
        for i in fit:
            found.judge(i, "right")
        for i in suspects:
            if (kinked or self._kinks_around(i)) and self._turns(i):
                self._remark(i, False, "kink")
                found.judge(i, "kink")

    def _fits(self, i: int) -> bool:
        """Is the claim on a jump the slope of the side without it?"""
        slope = self.found.slopes[i]
        level = LEVEL * abs(slope.claim)
        return tuned.CLEAR * slope.error <= level and abs(slope.value - slope.claim) <= level

    def _is_a_side(self, kinked: list[int]) -> bool:
        """Is the claim the gradient on one side of every kinked entry?"""
        point, alone = self.point, [self._alone(i) for i in kinked]
        right = [abs(c.claim - c.right) <= c.slack for c in alone]
        left = [abs(c.claim - c.left) <= c.slack for c in alone]
        if not all(one or other for one, other in zip(left, right, strict=True)):
            return False
        index, scales = np.array(kinked, dtype=np.intp), point.scales[kinked]
        x = point.function.x.copy()
        x[index] += self.away * scales * np.where(right, 1, -1) * abs(pattern(len(kinked), 0))
        near = self.alike * np.maximum(point.contributions[index], self._jumps(index) * scales)
        for number in range(min(len(kinked), PAIRS)):
            way = Way(index, scales * pattern(len(kinked), number))
            slope = self._measured(x, way, self.away, point.claims)
            if not slope or not abs((slope.value - slope.claim) * way.weights[0]) <= near.sum():
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
        slope, point = self.found.slopes[i], self.point
        far = abs(slope.value - slope.claim) * (INSIDE if point.precision.coarse else COUPLED)
        for number in range(AROUND):
            way = self.away * point.scales * pattern(len(point.scales), number)
            x = point.function.x + way * (-1) ** number
            near = self._measured(x, self._one(i), self.away)
            if near and abs(near.value - slope.value) > far:
                return True
        return False

    # both

    def _ways(self, kinked: list[int]) -> list[Way]:
        """Each entry alone, all together, and pairs with both signs."""
        index, count = np.array(kinked, dtype=np.intp), len(kinked)
        jumps, scales = self._jumps(index), self.point.scales[kinked]
        weights = (jumps * scales).min(initial=inf) / jumps  # along each entry one kink
        if count > WAYS - 1:
            return [Way(index, weights * np.sign(pattern(count, n))) for n in range(WAYS)]
        ways = [self._one(i) for i in kinked] + [Way(index, weights)] * (count > 2)
        pairs = sorted(combinations(range(count), 2), key=lambda pair: pair[1] - pair[0])[:PAIRS]
        for pair in map(list, pairs):
            ways += [Way(index[pair], weights[pair] * [1, sign]) for sign in (1, -1)]
        return ways

    def _jumps(self, index: Index) -> Vector:
        """How far the two slopes of each entry are apart."""
        slopes = [self.found.slopes[i] for i in index.tolist()]
        return np.array([abs(slope.right - slope.left) for slope in slopes])

    def _ties(self, crossings: list[Crossing]) -> list[Way]:
        """Entries that share a kink, each moved so that the kink shows least.

        Kinks that have nothing to do with each other add up along a pair. Where they do not, the
        two entries share one, and the sign that shows less of it is the one to move them by.
        """
        tied: dict[int, dict[int, float]] = {}  # {entry: {each entry of its group: weight}}
        pairs = [crossing for crossing in crossings if len(crossing.way.index) == 2]
        for crossing in sorted(pairs, key=lambda crossing: abs(crossing.jump)):
            if abs(crossing.jump) > (1 - COUPLED) * self._meeting(crossing.way):
                continue
            (i, j), (one, other) = crossing.way.index.tolist(), crossing.way.weights.tolist()
            first, second = tied.setdefault(i, {i: one}), tied.setdefault(j, {j: other})
            if first is not second:
                turn = np.sign(one * other * first[i] * second[j])
                first |= {n: turn * weight for n, weight in second.items()}
                tied |= dict.fromkeys(second, first)
        groups = {id(group): group for group in tied.values() if len(group) > 2}
        return [Way(np.array(list(g)), np.array(list(g.values()))) for g in groups.values()]

    def _meeting(self, way: Way) -> float:
        """What the kinks of a way's entries add up to."""
        return float(self._jumps(way.index) @ abs(way.weights))

    def _alone(self, i: int) -> Crossing:
        """What was found of one entry, per unit of it."""
        slope, scale = self.found.slopes[i], self.point.scales[i]
        left, right = (slope.value if isnan(v) else v for v in (slope.left, slope.right))
        rounded = tuned.ROUNDED * float(self.point.allowance[i] / scale)
        slack = SLACK * abs(right - left) + tuned.CLEAR * slope.error + rounded
        return Crossing(Way(np.array([i]), np.ones(1)), slope.claim, left, right, slack)

    def _cross(self, way: Way) -> Crossing:
        line = Line(self.point, way.index, way.weights)
        left, right, error, _ = min(map(line.sides, (0, -1, -2)), key=lambda sides: sides.error)
        if not isfinite(error):  # nothing is known
            left = right = line.claim
        rounded = tuned.ROUNDED * (line.allowance + line.rounding)
        slack = (
            SLACK * self._meeting(way) + (tuned.CLEAR * error if isfinite(error) else 0) + rounded
        )
        return Crossing(way, line.claim, left, right, slack)

    def _convict(self, kinked: list[int], ways: list[Way]) -> bool:
        """A claim outside is wrong where all kinks bend the same way, conventions apart.

        Is the claim inside along every way?
        """
        crossings = [self._cross(way) for way in ways]
        crossings += [self._cross(way) for way in self._ties(crossings)]
        bends = [c.jump for c in [*crossings, *map(self._alone, kinked)]]
        one_way = len({np.sign(bend) for bend in bends if bend}) == 1
        for crossing in crossings:
            entries = crossing.way.index.tolist()
            known = any(self.found.status(i) == "wrong" for i in entries)
            excused = crossing.inside or (crossing.jump and crossing.by_convention)
            if one_way and not known and not excused:
                self._blame(entries, crossing.shown)
        return all(crossing.inside for crossing in crossings)

    # points around

    def elsewhere(self) -> None:
        """Entries that cannot be told here, such as those whose kink is nearer than any step.

        A claim that is right at points around is a right function of the parameters. Wrong needs
        two points at which some claim is wrong, right two at which this one is.
        """
        found, point = self.found, self.point
        open_ = found.having("unclear")
        if not open_ or point.precision.coarse or not self.problem.varies(point):
            return
        heard: dict[int, list[str]] = {i: [] for i in open_}
        wrong_at, right, ways = 0, set[int](), [(c, sign) for c in CLOSER for sign in (1, -1)]
        for number, (closer, sign) in enumerate(ways, 1):
            t = sign * tuned.NEARBY * closer
            way = t * point.scales * pattern(len(point.scales), number)
            with self.problem.moved(point.function.x + way):
                there, seen = self.problem.there(point), Findings()
                if there is None:
                    continue
                grouped = len(open_) > GROUPED_ABOVE
                Look(there, np.random.default_rng(number), seen).run(grouped, np.array(open_))
            for i in open_:
                zero = seen.status(i) == "right" and there.claims[i] == 0
                heard[i].append("zero" if zero else seen.status(i))
            wrong_at += bool(seen.having("wrong"))
            right = {i for i in open_ if _is_right(heard[i], point.claims[i])}
            if sign < 0 and (wrong_at >= 2 or (len(right) == len(open_) and not wrong_at)):
                break
        for i in open_:
            if "wrong" in heard[i] and wrong_at >= 2:
                found.judge(i, "wrong")
            elif i in right:
                found.judge(i, "right")


def _is_right(heard: list[str], claim: float) -> bool:
    """Twice right; and not with zeros alone, where a wrong factor does not show."""
    informed = "right" in heard or claim == 0
    return informed and heard.count("right") + heard.count("zero") >= 2
