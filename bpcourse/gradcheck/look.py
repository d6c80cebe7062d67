"""All claims of a gradient at one point: one entry at a time, or in groups that are opened."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.point import Point
from bpcourse.gradcheck.slope import PART, Slope, Status, agrees, averaged, by_one_step, measured

GROUPED_ABOVE = 300  # entries: with fewer, one by one costs little and names every wrong one
GROUP = 512  # entries: in more, the least of them would drown in the noise of the others
SPREAD = 4  # the contributions in a group differ by this factor at most
FEW = 3  # groups of up to this size are looked at one by one
ENOUGH = 12  # wrong entries named in an array before groups are left closed,
ENOUGH_EACH = 240  # and before entries are left alone
EVIDENCE = 64  # entries measured in a wrong array, for a diagnosis to look at
UNEVEN = (0.7, 1.3)  # weights of a group's entries: equal ones would let two errors cancel


def entry(point: Point, i: int) -> Line:
    """The line along one entry."""
    return Line(point, np.array([i]), point.scales[[i]])


class Look:
    """The claims at one point against f, and what was found.

    ``slopes`` is the one map that all questions share, {entry: its slope}: an entry is right unless
    its slope says something else; one that is only shown says nothing. ``groups`` are the slopes of
    many entries at once.
    """

    def __init__(self, point: Point, rng: np.random.Generator, mode: str) -> None:
        self.point, self.rng, self.mode = point, rng, mode
        self.slopes, self.groups = dict[int, Slope](), list[Slope]()
        self._enough = ENOUGH if mode == "grouped" else ENOUGH_EACH

    def measure(self) -> None:
        """Measure every claim, array by array."""
        for part in self.point.function.tree.slices:
            self._wrong = 0  # entries of this array
            for group in self._alike(np.arange(part.start, part.stop)):
                self._open(group)

    def having(self, *status: Status) -> list[int]:
        """The entries with such a status, in order."""
        return sorted(i for i, slope in self.slopes.items() if slope.status in status)

    def judge(self, entries: Iterable[int], status: Status, **changes: Any) -> None:
        """Give entries another status, and what else is known of their slopes."""
        for i in entries:
            self.slopes[i] = replace(self.slopes[i], status=status, **changes)

    def show(self) -> None:
        """Measure some entries for a report: of each array the largest, and many of a wrong one.

        They are shown only, because the array's verdict is known from its groups by now.
        """
        wrong, known = self.having("wrong"), self.slopes
        for part in self.point.function.tree.slices:
            own = np.arange(part.start, part.stop)
            unknown = own[[i not in known for i in own]]
            blamed = bool(np.isin(own, wrong).any())
            if blamed or len(unknown) == len(own):
                evenly = unknown[:: max(1, len(unknown) // EVIDENCE)]
                largest = unknown[np.argsort(-self.point.contributions[unknown])[:1]]
                for i in (evenly if blamed else largest).tolist():
                    known[i] = replace(measured(entry(self.point, i)), status="shown")

    # one at a time

    def _each(self, group: Index) -> None:
        """Entry by entry, by one evaluation each where the group shows no kink.

        A forward difference is enough for most: its error, half the curvature times the step, is
        small beside the claim. One direction through a group is enough too, as every entry is still
        measured alone: it is there to show kinks.
        """
        flat = self.mode != "grouped" and len(group) > FEW and self._agrees(group)
        at_once = self._by_complex_step if self.mode == "complex" else by_one_step
        for i in group.tolist():
            if self._wrong < self._enough:
                line = entry(self.point, i)
                slope = self.slopes[i] = averaged((flat and at_once(line)) or measured(line))
                self._wrong += slope.status == "wrong"

    def by_complex_steps(self) -> None:
        """Complex steps, for entries too small for differences, where f takes them."""
        for i in self.having("unclear"):
            seen = self.slopes[i]
            found = self._by_complex_step(seen.line)
            if found and abs(found.value - seen.value) <= tuned.CLEAR * seen.error:
                self.slopes[i] = seen if seen.kind else found

    def _by_complex_step(self, line: Line) -> Slope | None:
        """It can only confirm: two values that agree to many digits are no accident, while a
        difference may come from an f that is not analytic in that one entry."""
        slope = self.point.function.complex_slope(line.entries[0]) * float(line.weights[0])
        return agrees(line, line.start, slope, 0.0, 1.0 if self.mode == "complex" else PART**2)

    # in groups

    def _alike(self, index: Index) -> Iterator[Index]:
        """Groups of entries whose claimed contributions are of like size; zeros apart."""
        u = self.point.contributions[index]
        size = np.where(u <= self.point.zero, np.inf, np.floor(np.log(u) / np.log(SPREAD)))
        for one in np.unique(size):
            members = self.rng.permutation(index[size == one])
            yield from np.array_split(members, -(-len(members) // GROUP))

    def _agrees(self, group: Index) -> bool:
        """Does f agree along one random direction within the group?"""
        signs = self.rng.choice((-1.0, 1.0), len(group))
        weights = self.point.scales[group] * self.rng.uniform(*UNEVEN, len(group)) * signs
        self.groups.append(measured(Line(self.point, group, weights)))
        return self.groups[-1].status == "right"

    def _open(self, group: Index) -> None:
        """Halve a group that is not right until its entries are known one by one.

        Two errors can cancel along one direction, but hardly along a second one too. A half gets
        two as well: what its group found must not be lost in it.
        """
        if len(group) <= FEW or self.mode != "grouped":
            self._each(group)
        elif self._wrong < self._enough and not all(self._agrees(group) for _ in range(2)):
            for half in np.array_split(group, 2):
                self._open(half)
