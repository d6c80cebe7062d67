"""All claims of a gradient at one point: one entry at a time, or in groups that are opened."""

from dataclasses import dataclass, field, replace

import numpy as np

from bpcourse.gradcheck.averaging import averaged_slope, least_bound
from bpcourse.gradcheck.kinks import bends
from bpcourse.gradcheck.lines import EntryLine, GroupLine
from bpcourse.gradcheck.samples import Samples
from bpcourse.gradcheck.slopes import ROUNDED, Limits, accepts_early, first_step, judge

DOUBLE = float(np.finfo(np.float64).eps)
GROUP = 512
SPREAD = 4  # the contributions in a group differ by this factor at most
FEW = 3  # groups of up to this size are looked at one by one
MANY = 8  # entries of an array from which groups save evaluations, one by one too,
MANY_STACKED = 100  # and where evaluations come in stacks
AVERAGED = 60  # entries of an array whose noise is averaged out
SURE = 5  # bounds of an averaged slope at which a claim is wrong
UNDERFLOW = 1e-30  # where f is zero all around, a claimed change of less may have vanished in it
TINY = 1e-3  # beside its array's largest; no resolution is stated for such an entry
CLOSELY = 1e-6  # relative errors that are looked for where complex steps disagree
ENOUGH = 12  # wrong entries named in an array before the rest of it is left alone


@dataclass
class Findings:
    """What a sweep found in one array; indices are flat."""

    numerical: np.ndarray  # slopes where they were measured alone, else NaN
    bound: np.ndarray
    judged: dict = field(default_factory=dict)  # {i: (Judgement, scale)} beyond the first look
    wrong: list = field(default_factory=list)
    unclear: list = field(default_factory=list)
    kinked: list = field(default_factory=list)
    resolution: float = 0.0
    varied: bool = False  # did f react?
    averaged: int = 0


class Sweep:
    """f around ``objective.base``, where its value is f0, against the claims."""

    def __init__(self, objective, f0, claims, scales, limits, forgiving, rng):
        self.objective, self.f0 = objective, f0
        self.claims = [c.reshape(-1) for c in claims]
        self.scales = [s.reshape(-1) for s in scales]
        self.limits: Limits = limits
        self.rng = rng
        self.contributions = [abs(c * s) for c, s in zip(self.claims, self.scales, strict=True)]
        most = []  # the largest contribution of each array, by the entries' own sizes
        for claim, scale, base in zip(self.claims, self.scales, objective.base_flat, strict=True):
            own = np.where(base == 0, scale, np.minimum(abs(base.astype(np.float64)), scale))
            most.append(float(abs(claim * own).max(initial=0)))
        self.largest = largest = max(most)
        # Below this a claim is a rounded zero, or less than f's last digit can show.
        eps = DOUBLE if limits.rounding else limits.eps
        self.zero = max(max(1e3 * DOUBLE, 30 * eps) * largest, limits.floor * abs(f0))
        # Where everything is claimed to be zero, all steps are worth their evaluations.
        self.zero_forgiven = (
            max(1e-3 * forgiving.zero * largest, 1e-12 * abs(f0) if largest else 0.0),
            max(forgiving.zero * largest, 1e-8 * abs(f0)),
        )
        self.forgiven = [forgiving.small * u for u in most]
        self.forgiven_last = [forgiving.settle * u for u in most]
        # The rounding of a claim: its type's, of the largest entry or the largest contribution.
        self.allowance = []
        for claim, scale, base, u in zip(
            self.claims, self.scales, objective.base_flat, most, strict=True
        ):
            with np.errstate(divide="ignore", invalid="ignore"):
                by_size = u * scale / abs(base.astype(np.float64))
            entry = np.fmin(float(abs(claim).max(initial=0)) * scale, by_size)
            self.allowance.append(8 * limits.eps * entry)

    def run(self, k, index, grouped):
        """The :class:`Findings` on the entries ``index`` (flat) of array k."""
        size = self.claims[k].size
        found = Findings(np.full(size, np.nan), np.full(size, np.inf))
        if not len(index):
            return found  # an empty array: nothing to check
        if grouped:
            self._groups(k, index, found)
        else:
            self._each(k, index, found)
        return found

    # one at a time

    def _each(self, k, index, found):
        if len(index) >= (MANY if self.objective.batch is None else MANY_STACKED):
            index = self._forward(k, index, found)
        claim = (self.claims[k] * self.scales[k])[index]
        t = first_step(claim, self.limits.sigma)
        tolerance = self._tolerance(k, index)
        fp, tp = self._side(k, index, t, 1)
        fm, tm = self._side(k, index, t, -1)
        found.varied |= bool((fp != self.f0).any() or (fm != self.f0).any())
        right, left = (fp - self.f0) / tp, (fm - self.f0) / tm
        central = (right * -tm + left * tp) / (tp - tm)
        biggest = np.maximum(np.maximum(abs(fp), abs(fm)), abs(self.f0))
        noise = np.maximum(self.limits.sigma, self.limits.floor * biggest / 2)
        noise = noise / np.minimum(tp, -tm)
        allowance = self.allowance[k][index]
        rounded = allowance + self.limits.rounding
        accepted = accepts_early(claim, tolerance, rounded, (central, left, right, noise))
        scale = self.scales[k][index]
        found.numerical[index] = central / scale
        error = abs(central - claim) + 3.2 * noise + allowance
        found.bound[index] = error / scale
        self._resolve(k, found, error[accepted], claim[accepted])
        for n in np.flatnonzero(~accepted):
            if len(found.wrong) >= 20 * ENOUGH:
                break
            line = self._entry(k, index[n])
            samples = Samples(line, float(t[n]), self.limits)
            samples.add(0, fp[n], fm[n], tp[n], tm[n], self.f0)
            self._single(k, int(index[n]), found, float(t[n]), line, samples)

    def _forward(self, k, index, found):
        """One evaluation an entry, where groups showed no kink; the entries that are left.

        A forward difference with a small step is enough for most: its error, half the curvature
        times the step, is small beside the claim. One direction through a group is enough too, as
        every entry is still measured alone: it is there to show kinks.
        """
        passed: list = []
        left: list = []
        aside = Findings(found.numerical, found.bound)
        for group in self._alike(k, index):
            agree = len(group) > FEW and self._line(k, group, aside) == "right"
            (passed if agree else left).append(group)
        found.varied |= aside.varied
        if not passed:
            return index
        at = np.concatenate(passed)
        claim, scale = (self.claims[k] * self.scales[k])[at], self.scales[k][at]
        values, t = self._side(k, at, first_step(claim, self.limits.sigma) / 10, 1)
        slope = (values - self.f0) / t
        biggest = np.maximum(abs(values), abs(self.f0))
        noise = np.maximum(self.limits.sigma, self.limits.floor * biggest / 2) / t
        tolerance, allowance = self._tolerance(k, at), self.allowance[k][at]
        gap = abs(slope - claim)
        rounded = allowance + self.limits.rounding
        near = 0.03 * tolerance + 2 * noise + np.minimum(rounded, 0.1 * tolerance)
        accepted = (gap <= near) & (noise <= 0.1 * tolerance)
        done = at[accepted]
        error = (gap + 3.2 * noise + allowance)[accepted]
        found.numerical[done] = (slope / scale)[accepted]
        found.bound[done] = error / scale[accepted]
        self._resolve(k, found, error, claim[accepted])
        return np.concatenate([*left, at[~accepted]])

    def _side(self, k, index, t, sign):
        """f with each entry moved by ±t, and the t that rounding left."""
        x = self.objective.base_flat[k][index]
        wide = x.astype(np.float64)
        scale = self.scales[k][index]
        moved = (wide + sign * t * scale).astype(x.dtype)
        taken = (moved.astype(np.float64) - wide) / scale
        taken = np.where(taken * sign > 0, taken, np.nan)
        return self.objective.each(k, index, moved), taken

    def _entry(self, k, i):
        i = int(i)
        return EntryLine(self.objective, self.f0, k, i, self.claims[k][i], self.scales[k][i])

    def _single(self, k, i, found, t=None, line=None, samples=None):
        """Judge one entry and note the outcome."""
        line = line or self._entry(k, i)
        if t is None:
            t = float(first_step(line.claim, self.limits.sigma))
        judged = judge(line, t, self.limits, self.allowance[k][i], self._forgiven(k, i), samples)
        if judged.verdict == "unclear" and self.limits.averages and found.averaged < AVERAGED:
            self._average(k, i, line, found, judged)
        if judged.verdict == "wrong" and self.f0 == judged.slope == 0:
            if abs(line.claim) < UNDERFLOW:
                judged.verdict, judged.bound = "unclear", UNDERFLOW
        found.varied |= judged.moved
        found.numerical[i] = judged.slope / line.scale
        found.bound[i] = judged.bound / line.scale
        found.judged[i] = (judged, line.scale)
        if judged.verdict == "right":
            self._resolve(k, found, np.array([judged.bound]), np.array([line.claim]))
        else:
            {"wrong": found.wrong, "unclear": found.unclear, "kink": found.kinked}[
                judged.verdict
            ].append(i)
        return judged.verdict

    def _average(self, k, i, line, found, judged):
        """A second look through the noise, at an entry that no pair of steps decides."""
        enough = max(self._forgiven(k, i)[1], self.limits.settle * line.smallest)
        least, distance = least_bound(self.limits), abs(judged.slope - line.claim)
        if least > enough and distance < SURE * least:
            return  # it could neither confirm nor convict
        found.averaged += 1
        known = averaged_slope(line, self.limits)
        if known is None or not known[1] < judged.bound:
            return
        judged.slope, judged.bound, judged.step = known
        distance = abs(judged.slope - line.claim)
        if distance <= judged.bound <= enough:
            judged.verdict = "right"
        elif distance > SURE * judged.bound:
            judged.verdict = "wrong"

    def _forgiven(self, k, i):
        first, last = self.zero_forgiven if self.contributions[k][i] <= self.zero else (0.0, 0.0)
        return max(self.forgiven[k], first), max(self.forgiven_last[k], last)

    def _tolerance(self, k, index):
        u = self.contributions[k][index]
        zero = max(self.forgiven[k], self.zero_forgiven[0])
        forgiven = np.where(u <= self.zero, zero, self.forgiven[k])
        return np.maximum(self.limits.resolve * u, forgiven)

    def _resolve(self, k, found, error, claim):
        """Note the smallest error that is found in a claim that lies within ``error``.

        A right claim and a wrong one within a bound differ by twice the bound, and no bound
        smaller than the tolerance is asked for. Claims that are tiny beside their array's, or may
        be rounded zeros, do not count.
        """
        tiny = max(
            TINY * self.contributions[k].max(initial=0), self.zero, ROUNDED * self.limits.rounding
        )
        size = abs(claim)[abs(claim) > tiny]
        if size.size:
            error = np.maximum(error[abs(claim) > tiny], self.forgiven[k])
            relative = float((error / size).max())
            found.resolution = max(found.resolution, 2 * relative, 2 * self.limits.resolve)

    def compare(self, k, slopes):
        """The findings from slopes that are known to rounding; real steps judge what disagrees."""
        claims, scales = self.claims[k], self.scales[k]
        near = max(1e-9, 64 * self.limits.eps)
        bound = near * abs(claims) + self.allowance[k] / scales
        found = Findings(slopes.copy(), bound.copy(), varied=bool(np.any(slopes)))
        agree = abs(slopes - claims) <= bound
        self._groups(k, np.flatnonzero(agree), found)
        found.numerical[agree], found.bound[agree] = slopes[agree], bound[agree]
        # Complex steps see more than the groups, and what they doubt is looked at as closely.
        usual = self.limits
        self.limits = replace(usual, resolve=max(CLOSELY, usual.eps))
        found.resolution = 0.0
        self._resolve(k, found, (bound * scales)[agree], (claims * scales)[agree])
        for i in np.flatnonzero(~agree):
            self._single(k, int(i), found)
        self.limits = usual
        # What real steps cannot resolve, but complex ones confirm:
        found.unclear = [i for i in found.unclear if not agree[i]]
        return found

    def show(self, k, found, count=1):
        """Measure some entries, the largest and random ones, for a report to show."""
        unknown = np.flatnonzero(np.isnan(found.numerical))
        if not len(unknown):
            return
        largest = unknown[np.argmax(self.contributions[k][unknown])]
        more = self.rng.choice(unknown, min(count - 1, len(unknown)), replace=False)
        for i in {int(largest), *(int(i) for i in more)}:
            self._measure(k, i, found)

    def _measure(self, k, i, found):
        line = self._entry(k, i)
        t = float(first_step(line.claim, self.limits.sigma))
        judged = judge(line, t, self.limits, self.allowance[k][i], self._forgiven(k, i))
        found.numerical[i] = judged.slope / line.scale
        found.bound[i] = judged.bound / line.scale
        found.judged[i] = (judged, line.scale)

    def first_steps(self, k):
        """The steps with which each entry of array k begins."""
        return first_step(self.claims[k] * self.scales[k], self.limits.sigma) * self.scales[k]

    # in groups

    def _groups(self, k, index, found):
        for group in self._alike(k, index):
            if len(group) <= FEW:
                self._open_all(k, group, found)
            elif self._line(k, group, found) != "right" or self._line(k, group, found) != "right":
                self._open(k, group, found)

    def _alike(self, k, index):
        """Groups of entries whose claimed contributions are of like size; zeros apart."""
        u = self.contributions[k][index]
        zero = u <= self.zero
        with np.errstate(divide="ignore"):
            size = np.floor(np.log(np.where(zero, 1, u)) / np.log(SPREAD))
        size[zero] = np.inf
        for one in np.unique(size):
            members = self.rng.permutation(index[size == one])
            yield from np.array_split(members, -(-len(members) // GROUP))

    def _line(self, k, group, found):
        """The verdict on one random direction within the group."""
        weights = self.scales[k][group] * self.rng.uniform(0.7, 1.3, len(group))
        weights *= self.rng.choice((-1.0, 1.0), len(group))
        line = GroupLine(self.objective, self.f0, k, group, self.claims[k][group], weights)
        zero = self.contributions[k][group[0]] <= self.zero
        if zero:
            line.smallest = 0.0
        size = line.smallest * len(group) ** 0.5
        t = float(first_step(size, self.limits.sigma))
        allowance = float(np.linalg.norm(self.allowance[k][group]))
        judged = judge(line, t, self.limits, allowance, self._forgiven(k, group[0]))
        found.varied |= judged.moved
        if judged.verdict == "right":
            self._resolve(k, found, np.array([judged.bound]), np.array([line.smallest]))
        return judged.verdict

    def _open(self, k, group, found):
        """Halve a group that is not right until its entries are known one by one."""
        if len(found.wrong) >= ENOUGH:
            return
        if len(group) <= FEW:
            self._open_all(k, group, found)
            return
        for half in np.array_split(group, 2):
            if self._line(k, half, found) != "right":
                self._open(k, half, found)

    def along_all(self, k, index):
        """The verdict on the direction in which these entries of array k move together."""
        weights = np.full(len(index), float(np.mean(self.scales[k][index])))
        line = GroupLine(self.objective, self.f0, k, index, self.claims[k][index], weights)
        t = float(first_step(line.claim, self.limits.sigma))
        allowance = float(np.linalg.norm(self.allowance[k][index]))
        return judge(line, t, self.limits, allowance, self._forgiven(k, index[0])).verdict

    def kinked(self, k):
        """Does f have a kink here along some random direction within array k?"""
        index = np.arange(self.claims[k].size)
        for _ in range(2):
            weights = self.scales[k] * self.rng.uniform(0.5, 1.5, len(index))
            weights *= self.rng.choice((-1.0, 1.0), len(index))
            line = GroupLine(self.objective, self.f0, k, index, 0 * self.claims[k], weights)
            samples = Samples(line, 1e-3, self.limits)
            if sum(bends(samples, j) for j in range(0, -9, -1)) >= 3:
                return True
        return False

    def _open_all(self, k, group, found):
        for i in group:
            if len(found.wrong) < ENOUGH:
                self._single(k, int(i), found)
