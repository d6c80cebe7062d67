"""All claims of a gradient at one point: one entry at a time, or in groups that are opened."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import Index, Vector
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.point import Point, first_step
from bpcourse.gradcheck.slope import PART, Measurement, Slope, Status, agrees_early

GROUP = 512  # entries: in more, the least of them would drown in the noise of the others
SPREAD = 4  # the contributions in a group differ by this factor at most
FEW = 3  # groups of up to this size are looked at one by one
MANY = 8  # entries of an array from which groups save evaluations, one by one too,
MANY_STACKED = 100  # and where evaluations come in stacks
ENOUGH = 12  # wrong entries named in an array before groups are left closed,
ENOUGH_EACH = 240  # and before entries are left alone
AVERAGED = 60  # entries of an array whose noise is averaged out
UNEVEN = (0.7, 1.3)  # weights of a group's entries: equal ones would let two errors cancel
SHORTER = 10  # a forward difference takes a step this much shorter: its error falls with it
TINY = 1e-3  # beside its array's largest; no resolution is stated for such an entry


@dataclass
class Findings:
    """What was found, by entry. ``status`` holds every entry that is not right."""

    slopes: Vector  # where they were measured alone, else NaN
    errors: Vector
    resolution: Vector  # of each array
    status: dict[int, Status] = field(default_factory=dict)
    evidence: dict[int, Slope] = field(default_factory=dict)  # beyond the first look
    moved: bool = False  # did f react?

    @classmethod
    def none(cls, size: int, arrays: int) -> "Findings":
        return cls(np.full(size, np.nan), np.full(size, np.inf), np.zeros(arrays))

    def having(self, *statuses: Status) -> list[int]:
        """The entries with one of these statuses, in order."""
        return sorted(i for i, status in self.status.items() if status in statuses)

    def note(self, i: int, found: Slope) -> None:
        """What was measured of an entry, per unit of it."""
        self.slopes[i], self.errors[i], self.evidence[i] = found.value, found.error, found
        self.judge(i, found.status)

    def judge(self, i: int, status: Status) -> None:
        if status == "right":
            self.status.pop(i, None)
        else:
            self.status[i] = status


class Look:
    """The claims at one point against f, array by array."""

    def __init__(
        self, point: Point, rng: np.random.Generator, found: Findings | None = None
    ) -> None:
        self.point, self.rng = point, rng
        self.found = found or Findings.none(len(point.claims), len(point.function.slices))

    def run(self, grouped: bool, index: Index | None = None) -> Findings:
        """Look at the entries ``index``, by default at all."""
        for k, part in enumerate(self.point.function.slices):
            own = np.arange(part.start, part.stop)
            own = own if index is None else index[(index >= part.start) & (index < part.stop)]
            if own.size:
                (self._groups if grouped else self._each)(k, own)
        return self.found

    # one at a time

    def _each(self, k: int, index: Index) -> None:
        stacked = self.point.function.batch is not None
        if len(index) >= (MANY_STACKED if stacked else MANY):
            index = self._forward(k, index)
        if not len(index):
            return
        point, found = self.point, self.found
        claim = (point.claims * point.scales)[index]
        t = first_step(claim, point.precision.sigma)
        (up, t_up), (down, t_down) = self._side(index, t), self._side(index, -t)
        found.moved |= bool((up != point.f0).any() or (down != point.f0).any())
        right, left = (up - point.f0) / t_up, (down - point.f0) / t_down
        central = (right * -t_down + left * t_up) / (t_up - t_down)
        noise = self._noise(up, down) / np.minimum(t_up, -t_down)
        allowance = point.allowance[index]
        rounding = allowance + point.precision.rounding
        sample = (central, left, right, noise)
        accepted = agrees_early(claim, self._tolerance(index), rounding, sample)
        error = abs(central - claim) + tuned.NOISE * noise + allowance
        self.accept(k, index[accepted], central[accepted], error[accepted])
        averaged = 0
        for n in np.flatnonzero(~accepted).tolist():
            if self._wrong_in(k) >= ENOUGH_EACH:
                break
            line = self._entry(int(index[n]))
            line.add(0, float(up[n]), float(down[n]), float(t_up[n]), float(t_down[n]))
            averaged += self._single(k, line, averaged < AVERAGED)

    def _forward(self, k: int, index: Index) -> Index:
        """One evaluation an entry, where groups showed no kink; the entries that are left.

        A forward difference with a small step is enough for most: its error, half the curvature
        times the step, is small beside the claim. One direction through a group is enough too, as
        every entry is still measured alone: it is there to show kinks.
        """
        point = self.point
        passed: list[Index] = []
        left: list[Index] = []
        for group in self._alike(index):
            agrees = len(group) > FEW and self._group_line(k, group, state=False) == "right"
            (passed if agrees else left).append(group)
        if not passed:
            return index
        at = np.concatenate(passed)
        claim = (point.claims * point.scales)[at]
        values, t = self._side(at, first_step(claim, point.precision.sigma) / SHORTER)
        slope = (values - point.f0) / t
        noise = self._noise(values) / t
        tolerance, allowance = self._tolerance(at), point.allowance[at]
        gap = abs(slope - claim)
        rounding = np.minimum(allowance + point.precision.rounding, PART * tolerance)
        near = tuned.EARLY * tolerance + 2 * noise + rounding
        accepted = (gap <= near) & (noise <= PART * tolerance)
        error = gap + tuned.NOISE * noise + allowance
        self.accept(k, at[accepted], slope[accepted], error[accepted])
        return np.concatenate([*left, at[~accepted]])

    def _side(self, index: Index, t: Vector) -> tuple[Vector, Vector]:
        """f with one entry after the other moved by t, and the t that rounding left."""
        function, scales = self.point.function, self.point.scales[index]
        x = function.x[index]
        moved = function.stored(index, x + t * scales)
        taken = (moved - x) / scales
        return function.each(index, moved), np.where(taken * t > 0, taken, np.nan)

    def _noise(self, *values: Vector) -> Vector:
        biggest = np.maximum(np.abs(values).max(axis=0), abs(self.point.f0))
        precision = self.point.precision
        noise: Vector = np.maximum(precision.sigma, precision.eps * biggest / 2)
        return noise

    def _tolerance(self, index: Index) -> Vector:
        point = self.point
        asked = point.precision.demand.resolve * point.contributions[index]
        return np.maximum(asked, point.small[index])

    def accept(self, k: int, index: Index, slopes: Vector, errors: Vector) -> None:
        """These entries are right; slopes and errors are per scale."""
        scales = self.point.scales[index]
        self.found.slopes[index], self.found.errors[index] = slopes / scales, errors / scales
        self._resolve(k, errors, (self.point.claims * self.point.scales)[index])

    def _entry(self, i: int) -> Line:
        at = np.array([i])
        return Line(self.point, at, self.point.scales[at])

    def _single(self, k: int, line: Line, average: bool = True) -> bool:
        """Judge one entry and note the outcome. Was its noise averaged out?"""
        i, measurement = int(line.index[0]), Measurement(line)
        slope = measurement.run()
        average &= slope.status == "unclear" and self.point.precision.coarse
        if average:
            slope = measurement.averaged(slope)
        self.found.moved |= slope.moved
        self.found.note(i, slope.per(float(line.weights[0])))
        if slope.status == "right":
            self._resolve(k, np.array([slope.error]), np.array([line.claim]))
        return average

    def _wrong_in(self, k: int) -> int:
        part = self.point.function.slices[k]
        return sum(part.start <= i < part.stop for i in self.found.having("wrong"))

    def _resolve(self, k: int, error: Vector, claim: Vector) -> None:
        """Note the smallest error that is found in a claim that lies within ``error``.

        A right claim and a wrong one within a bound differ by twice the bound, and no bound
        smaller than the tolerance is asked for. Claims that are tiny beside their array's, or may
        be rounded zeros, do not count.
        """
        point, part = self.point, self.point.function.slices[k]
        precision, most = point.precision, point.contributions[part].max(initial=0)
        tiny = max(TINY * most, point.zero, tuned.ROUNDED * precision.rounding)
        counts = abs(claim) > tiny
        if counts.any():
            error = np.maximum(error[counts], point.usual[part][0])
            relative = max(float((error / abs(claim[counts])).max()), precision.demand.resolve)
            self.found.resolution[k] = max(self.found.resolution[k], 2 * relative)

    def show(self, k: int, count: int = 1) -> None:
        """Measure some entries, the largest and others evenly, for a report to show."""
        part = self.point.function.slices[k]
        unknown = part.start + np.flatnonzero(np.isnan(self.found.slopes[part]))
        if not len(unknown):
            return
        largest = unknown[np.argmax(self.point.contributions[unknown])]
        more = unknown[np.linspace(0, len(unknown) - 1, min(count, len(unknown))).astype(int)]
        for i in sorted({int(largest), *more.tolist()}):
            line = self._entry(i)
            slope = Measurement(line).run().per(float(line.weights[0]))
            self.found.slopes[i], self.found.errors[i] = slope.value, slope.error
            self.found.evidence[i] = slope

    # in groups

    def _groups(self, k: int, index: Index) -> None:
        for group in self._alike(index):
            if len(group) <= FEW:
                self._open_all(k, group)
            elif "right" != self._group_line(k, group) or "right" != self._group_line(k, group):
                self._open(k, group)

    def _alike(self, index: Index) -> Iterator[Index]:
        """Groups of entries whose claimed contributions are of like size; zeros apart."""
        u = self.point.contributions[index]
        zero = u <= self.point.zero
        with np.errstate(divide="ignore"):
            size = np.floor(np.log(np.where(zero, 1, u)) / np.log(SPREAD))
        size[zero] = np.inf
        for one in np.unique(size):
            members = self.rng.permutation(index[size == one])
            yield from np.array_split(members, -(-len(members) // GROUP))

    def _group_line(self, k: int, group: Index, state: bool = True) -> Status:
        """The verdict on one random direction within the group."""
        weights = self.point.scales[group] * self.rng.uniform(*UNEVEN, len(group))
        line = Line(self.point, group, weights * self.rng.choice((-1.0, 1.0), len(group)))
        slope = Measurement(line).run()
        self.found.moved |= slope.moved
        if state and slope.status == "right":
            self._resolve(k, np.array([slope.error]), np.array([line.least]))
        return slope.status

    def _open(self, k: int, group: Index) -> None:
        """Halve a group that is not right until its entries are known one by one."""
        if len(group) <= FEW:
            self._open_all(k, group)
            return
        for half in np.array_split(group, 2):
            if self._wrong_in(k) < ENOUGH and self._group_line(k, half) != "right":
                self._open(k, half)

    def _open_all(self, k: int, group: Index) -> None:
        for i in group.tolist():
            if self._wrong_in(k) < ENOUGH:
                self._single(k, self._entry(i))
