"""All claims of a gradient at one point: one entry at a time, or in groups that are opened."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bpcourse.gradcheck.function import Index
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.point import Point
from bpcourse.gradcheck.slope import Measurement, Slope, Status

GROUPED_ABOVE = 300  # entries: with fewer, one by one costs little and names every wrong one
GROUP = 512  # entries: in more, the least of them would drown in the noise of the others
SPREAD = 4  # the contributions in a group differ by this factor at most
FEW = 3  # groups of up to this size are looked at one by one
ENOUGH = 12  # wrong entries named in an array before groups are left closed,
ENOUGH_EACH = 240  # and before entries are left alone
UNEVEN = (0.7, 1.3)  # weights of a group's entries: equal ones would let two errors cancel


@dataclass
class Findings:
    """What was found, by entry: an entry is right unless its slope says something else."""

    slopes: dict[int, Slope] = field(default_factory=dict)  # of the entries measured alone
    groups: list[Slope] = field(default_factory=list)  # of many at once

    @property
    def moved(self) -> bool:
        """Did f react?"""
        return any(slope.moved for slope in [*self.groups, *self.slopes.values()])

    def status(self, i: int) -> Status:
        return self.slopes[i].status if i in self.slopes else "right"

    def having(self, *status: Status) -> list[int]:
        """The entries with such a status, in order."""
        return sorted(i for i, slope in self.slopes.items() if slope.status in status)

    def judge(self, i: int, status: Status, **changes: Any) -> None:
        self.slopes[i] = replace(self.slopes[i], status=status, **changes)


def entry(point: Point, i: int) -> Line:
    """The line along one entry."""
    return Line(point, np.array([i]), point.scales[[i]])


class Look:
    """The claims at one point against f, array by array.

    ``complex_slope`` gives f's slope along an entry, to compare with a claim that no kink troubles.
    """

    def __init__(self, point: Point, rng: np.random.Generator, found: Findings) -> None:
        self.point, self.rng, self.found = point, rng, found
        self.complex_slope: Callable[[int], float] | None = None
        self._wrong = [0] * len(point.function.slices)  # entries of each array

    def run(self, grouped: bool) -> None:
        """Look at every claim."""
        for k, part in enumerate(self.point.function.slices):
            for group in self._alike(np.arange(part.start, part.stop)):
                if not grouped:
                    self._each(k, group)
                elif len(group) <= FEW or not (self._agrees(group) and self._agrees(group)):
                    self._open(k, group)

    def show(self, k: int, count: int) -> None:
        """Measure some entries, the largest and others evenly, for a report to show."""
        part, known = self.point.function.slices[k], self.found.slopes
        unknown = np.array([i for i in range(part.start, part.stop) if i not in known], np.intp)
        largest = unknown[np.argsort(-self.point.contributions[unknown])[:1]]
        some = unknown[:: max(1, len(unknown) // count)]
        for i in {*largest.tolist(), *some.tolist()}:
            known[i] = replace(Measurement(entry(self.point, i)).run(), status="right")

    # one at a time

    def _each(self, k: int, group: Index) -> None:
        """Entry by entry, by one evaluation each where the group shows no kink.

        A forward difference is enough for most: its error, half the curvature times the step, is
        small beside the claim. One direction through a group is enough too, as every entry is still
        measured alone: it is there to show kinks.
        """
        function, flat = self.point.function, False
        if function.batch:
            lines = (entry(self.point, i) for i in group.tolist())
            function.prepare(line.at(s * line.start) for line in lines for s in (1, -1))
        elif len(group) > FEW:
            flat = self._agrees(group)
        for i in group.tolist():
            self._single(k, i, flat, ENOUGH_EACH)

    def _single(self, k: int, i: int, flat: bool, enough: int) -> None:
        """Judge one entry alone, unless enough are wrong."""
        if self._wrong[k] < enough:
            measurement = Measurement(entry(self.point, i))
            slope = (self._at_once(i, measurement) if flat else None) or measurement.run()
            if slope.status == "unclear" and self.point.precision.coarse:
                slope = measurement.averaged(slope)
            self.found.slopes[i] = slope
            self._wrong[k] += slope.status == "wrong"

    def _at_once(self, i: int, measurement: Measurement) -> Slope | None:
        if self.complex_slope is None:
            return measurement.forward()
        return measurement.agrees(self.complex_slope(i) * self.point.scales[i], 0.0, 1.0)

    # in groups

    def _alike(self, index: Index) -> Iterator[Index]:
        """Groups of entries whose claimed contributions are of like size; zeros apart."""
        u = self.point.contributions[index]
        zero = u <= self.point.zero
        size = np.where(zero, np.inf, np.floor(np.log(np.where(zero, 1, u)) / np.log(SPREAD)))
        for one in np.unique(size):
            members = self.rng.permutation(index[size == one])
            yield from np.array_split(members, -(-len(members) // GROUP))

    def _agrees(self, group: Index) -> bool:
        """Does f agree along one random direction within the group?"""
        signs = self.rng.choice((-1.0, 1.0), len(group))
        weights = self.point.scales[group] * self.rng.uniform(*UNEVEN, len(group)) * signs
        self.found.groups.append(Measurement(Line(self.point, group, weights)).run())
        return self.found.groups[-1].status == "right"

    def _open(self, k: int, group: Index) -> None:
        """Halve a group that is not right until its entries are known one by one."""
        if len(group) <= FEW:
            for i in group.tolist():
                self._single(k, i, False, ENOUGH)
            return
        for half in np.array_split(group, 2):
            if self._wrong[k] < ENOUGH and not self._agrees(half):
                self._open(k, half)
