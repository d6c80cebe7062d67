"""Kinks: a claim is held against f's slopes on all sides, and asked again at points beside them.

At a kink f has a slope on each side of every direction, and no gradient. So directions are chosen
through the kinked entries, the same ones each time: each entry alone, all together, and up to 28
pairs with both signs; with 32 kinked entries or more, 32 directions through all of them. The mixed
ones are weighted so that each entry's kink counts alike, because along one such direction a tie of
max shows no kink at all, and there the claim has to be exact. Then

1. a gradient *function* is asked on both sides of each direction d, and has to give the slope
   that f has along d at that point;
2. what is claimed *at* the kink has to lie between the two slopes of each direction. Outside of
   them it is wrong where all kinks bend the same way, because no convention leads there: with a
   rule that gives every kink the same part λ of its two slopes, the values between 0 and the sum of
   the two slopes can occur, and they are only remarked on;
3. an *array* is right also if it is the gradient on one side of everything.
"""

from dataclasses import replace
from itertools import combinations

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.look import ENOUGH, Look, entry
from bpcourse.gradcheck.problem import Problem, pattern
from bpcourse.gradcheck.slope import Slope, at_kink, measured

WAYS = 32  # directions on whose two sides a kink is asked about; on each side at up to 5 places
PAIRS = 28  # of entries: all of eight
CLOSER = (1, 1e-1, 1e-2, 1e-3, 1e-4)  # of NEARBY: where it is asked, until two places agree
INSIDE = 1 / 4  # of the way: the longest step, so that it stays on that side of the kink
COUPLED = 1e-2  # of two kinks: by so much less they add up if they are one
LOOKS, BENT = 9, 3  # steps at which a hidden kink is looked for, and those that have to show it
AROUND = 6  # points at which an entry's slope is looked at
FLAT = 0.01  # of the slope at the point: what is less beside it is none
COARSER = 10  # times NEARBY: where f is so noisy that steps have to be longer
# by whether f is coarse: how far away the points lie, of the parameters, and by how much of the
# error the slope has to be another one there
AWAY = {False: (1e-6, COUPLED), True: (3e-2, INSIDE)}


class Kinks:
    """Settles the kinks, and the jumps, among the findings."""

    def __init__(self, problem: Problem, found: Look) -> None:
        self.problem, self.point, self.found = problem, problem.point, found
        self.distance = tuned.NEARBY * (COARSER if problem.point.coarse else 1)

    def settle(self) -> None:
        """Give every entry on a kink or jump its verdict, and wrong ones a second hearing.

        1. ``kinked`` and ``jumping``: the entries at which f was seen to have one.
        2. ``doubtful``: those measured as wrong that kinks may excuse.
        3. ``fits``: of the first, those that are right after all.
        4. ``not_wrong``: of the second, those that are not: right where a gradient function was
           right on both sides, while of an array they cannot be told.
        """
        found, slopes = self.found, self.found.slopes
        kinked, jumping = found.having("kink"), found.having("jump")
        # not wrong, perhaps: kinks may cancel in f, and not in what a convention makes of them
        doubtful = [i for i in found.having("wrong")[:ENOUGH] if kinked or slopes[i].by_convention]
        if not (kinked or jumping or doubtful):
            return
        lines, varies = self._lines(kinked), self.problem.varies
        if varies:
            self._ask(lines[:WAYS] + [entry(self.point, i) for i in jumping])
            self._convict(kinked, lines)
            fits = found.having("kink", "jump")  # those that are left
            not_wrong = doubtful if all(map(self._cleared, doubtful)) else []
        else:
            inside = self._is_a_side(kinked) or self._convict(kinked, lines)
            fits = kinked * inside + [i for i in jumping if slopes[i].inside]
            hidden = (i for i in doubtful if kinked or self._kinks_around(i))
            not_wrong = list(filter(self._turns, hidden))
        found.judge(fits, "right")
        # outside of f's slopes all the same, which the report remarks on
        found.judge(not_wrong, "right" if varies else "kink", kind="kink", slack=-np.inf)

    # a gradient function

    def _ask(self, lines: list[Line]) -> None:
        """Is grad right on both sides of each line?"""
        for line in (line for line in lines if not self._known(line)):
            for side in self._sides([line], line):
                if side.status == "wrong":
                    self.found.judge(line.entries, "wrong", shown=side)
                elif side.status != "right" and line.single:
                    self.found.judge(line.entries, "unclear")

    def _known(self, line: Line) -> bool:
        """Is an entry of the line wrong already?"""
        return not set(self.found.having("wrong")).isdisjoint(line.entries)

    def _cleared(self, i: int) -> bool:
        """Is a claim that is wrong here right on both sides, with f not just flat there?"""
        line = entry(self.point, i)
        sides, here = self._sides([line], line), FLAT * abs(self.found.slopes[i].value)
        # else f has a cliff here
        return any(abs(s.value) >= here for s in sides) and all(s.status == "right" for s in sides)

    def _sides(self, ways: list[Line], line: Line) -> list[Slope]:
        """What f and grad say of ``line`` on both sides of each way, where that is defined."""
        return [side for way in ways for t in (1.0, -1.0) if (side := self._side(way, t, line))]

    def _side(self, way: Line, sign: float, line: Line) -> Slope | None:
        """The same on one side, where wrong needs two places."""
        seen: dict[str, Slope] = {}
        for closer in CLOSER:
            t = sign * self.distance * closer
            slope = self._measured(way.params(t), line, abs(t))
            if slope and (slope.status == "right" or slope.status == "wrong" and "wrong" in seen):
                return slope
            seen |= {slope.status: slope} if slope else {}
        return next((slope for status, slope in seen.items() if status != "wrong"), None)

    def _measured(self, x: Vector, line: Line, away: float) -> Slope | None:
        """The slope at a point that is so far away; None where f or grad is not defined there."""
        with self.problem.moved(x):
            if there := self.problem.there():
                near = Line(there, line.index, line.weights, longest=away * INSIDE)
                return replace(measured(near), x=x)
        return None

    # an array

    def _is_a_side(self, kinked: list[int]) -> bool:
        """Is the claim the gradient on one side of every kinked entry?"""
        alone, size = [self.found.slopes[i] for i in kinked], len(kinked)
        ups = [abs(s.claim - s.right) <= s.slack for s in alone]
        downs = [abs(s.claim - s.left) <= s.slack for s in alone]
        ways = self.point.scales[kinked] * np.where(ups, 1, -1)
        rows = (ways * abs(pattern(size, number)) for number in range(min(size, PAIRS)))
        met = (self._crossing(Line(self.point, np.array(kinked), row)) for row in rows)
        sides = ((s, s.right if ups[0] else s.left) for s in met)  # where the first entry moves to
        return all(map(max, ups, downs)) and all(abs(s.claim - at) <= s.slack for s, at in sides)

    def _kinks_around(self, i: int) -> bool:
        """Does f have a kink along some direction within the array of entry i?"""
        part = next(part for part in self.point.function.tree.slices if i < part.stop)
        index, scales = np.arange(part.start, part.stop), self.point.scales[part]
        ways = (scales * pattern(len(index), number) for number in (1, 2))
        lines = (Line(self.point, index, way, longest=self.distance) for way in ways)
        return any(sum(line.bends(j) for j in range(0, -LOOKS, -1)) >= BENT for line in lines)

    def _turns(self, i: int) -> bool:
        """Do other kinks change the slope of entry i, so that no side of them need have it?"""
        here, point, size = self.found.slopes[i], self.point, len(self.point.scales)
        away, part = AWAY[point.coarse]
        moves = (away * point.scales * pattern(size, n) * (-1) ** n for n in range(AROUND))
        line, far = entry(point, i), part * abs(here.value - here.claim)
        near = (self._measured(point.function.x + move, line, away) for move in moves)
        return any(slope and abs(slope.value - here.value) > far for slope in near)

    # both

    def _lines(self, kinked: list[int]) -> list[Line]:
        """Each entry alone, all together, and pairs with both signs, near neighbours first.

        Where these are too many, as many mixed directions as ``WAYS``, each through all entries.
        """
        index, size = np.array(kinked, dtype=np.intp), len(kinked)
        alone = [self.found.slopes[i] for i in kinked]
        rises = np.array([abs(slope.right - slope.left) for slope in alone])
        # along each entry one kink
        weights = (rises * self.point.scales[kinked]).min(initial=np.inf) / rises
        lines, rows = [entry(self.point, i) for i in kinked], [np.ones(size)] * (size > 2)
        pairs = sorted(combinations(range(size), 2), key=lambda pair: pair[1] - pair[0])[:PAIRS]
        axes = np.eye(size)
        rows += [axes[i] + sign * axes[j] for i, j in pairs for sign in (1, -1)]
        if size >= WAYS:
            lines, rows = [], [np.sign(pattern(size, number)) for number in range(WAYS)]
        mixed = [(index[row != 0], (weights * row)[row != 0]) for row in rows]
        return lines + [Line(self.point, *moved) for moved in mixed]

    def _convict(self, kinked: list[int], lines: list[Line]) -> bool:
        """A claim outside is wrong where all kinks bend the same way, conventions apart.

        Is the claim inside along every line?
        """
        crossed = [self._crossing(line) for line in lines if not line.single]
        ties = map(self._crossing, self._ties(crossed))
        met = [*(self.found.slopes[i] for i in kinked), *crossed, *ties]
        one_way = len({np.sign(slope.rise) for slope in met if slope.rise}) == 1
        for slope in met:
            excused = slope.inside or (slope.rise and slope.by_convention)
            if one_way and not excused and not self._known(slope.line):
                self.found.judge(slope.line.entries, "wrong", shown=slope)
        return all(slope.inside for slope in met)

    def _crossing(self, line: Line) -> Slope:
        """The two slopes along a line, from where they are known best."""
        return at_kink(line, min(map(line.pair, (0, -1, -2)), key=lambda pair: pair.side_error))

    def _ties(self, crossed: list[Slope]) -> list[Line]:
        """Entries that share a kink, each moved so that the kink shows least.

        Kinks that have nothing to do with each other add up along a pair. Where they do not, the
        two entries share one, and the sign that shows less of it is the one to move them by.
        """
        tied: dict[int, dict[int, float]] = {}  # {entry: {each entry that shares: weight}}
        pairs = [slope for slope in crossed if len(slope.line.entries) == 2]
        for slope in sorted(pairs, key=lambda slope: abs(slope.rise)):
            (i, j), (one, other) = slope.line.entries, slope.line.weights.tolist()
            alone = self.found.slopes[i]  # both have as much of a kink
            if abs(slope.rise) <= 2 * (1 - COUPLED) * abs(alone.right - alone.left):
                tied.setdefault(i, {i: one}).setdefault(j, other)
                tied.setdefault(j, {j: abs(other)}).setdefault(i, one * np.sign(other))
        groups = {frozenset(g): dict(sorted(g.items())) for g in tied.values() if len(g) > 2}
        return [Line(self.point, np.array([*g]), np.array([*g.values()])) for g in groups.values()]

    # points around

    def elsewhere(self) -> None:
        """Entries that cannot be told here, such as those whose kink is nearer than any step.

        A claim that is right at points around is a right function of the parameters; but not with
        zeros alone, where a wrong factor does not show.
        """
        found, point, size = self.found, self.point, len(self.point.scales)
        open_ = found.having("unclear")
        if not open_ or point.coarse or not self.problem.varies:
            return
        ways = [Line(point, np.arange(size), point.scales * pattern(size, n)) for n in (1, 2)]
        for i in open_:
            sides = self._sides(ways, entry(point, i))
            said = [side.status for side in sides]
            informed = point.claims[i] == 0 or any(side.claim != 0 for side in sides)
            if "wrong" in said:
                found.judge([i], "wrong")
            elif said.count("right") >= 2 and informed:
                found.judge([i], "right")
