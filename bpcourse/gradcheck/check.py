"""check_gradient: the plan of a check, from the first call of f to the report."""

import numpy as np

from bpcourse.gradcheck.complex_step import ComplexStep
from bpcourse.gradcheck.nearby import Nearby
from bpcourse.gradcheck.objective import Objective
from bpcourse.gradcheck.report import ArrayReport, GradientReport
from bpcourse.gradcheck.setting import Setting, Told, cannot_tell, direction
from bpcourse.gradcheck.structure import flatten

MODES = ("auto", "each", "grouped", "complex")
GROUPED_ABOVE = 300
EVIDENCE = 64  # entries measured in a wrong array, for a diagnosis to look at


def check_gradient(f, params, grad, *, mode="auto", rng=None):
    """Is ``grad`` the gradient of f at ``params``? A :class:`GradientReport` with its evidence.

    ``f(params)`` gives a number; ``params`` is an array, or a dict or list of arrays, which are
    moved in place and put back bit for bit; ``grad`` has the same structure, or is a function of
    params that returns it, which is then also asked at points nearby where f has a kink. ``mode``
    is "each" (one entry at a time), "grouped" (random directions in groups of entries; the default
    above 300 entries), "complex" (complex steps where f is analytic, else "each") or "auto".
    ``rng`` is a seed or generator for the directions. ``f.batch``, if there is one, takes every
    array with one more axis in front and returns as many values.

    What f or grad raises is passed on. TypeError or ValueError for an f that does not return one
    real number, parameters that are not arrays, or none; everything else is told by the report.
    """
    if not callable(f):
        raise TypeError(f"f: expected a function of params, got {type(f).__name__}")
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {MODES}, got {mode!r}")
    tree = flatten(params)
    if mode == "auto":
        size = sum(array.size for array in tree.arrays)
        mode = "each" if size <= GROUPED_ABOVE else "grouped"
    setting = Setting(Objective(f, tree), grad, np.random.default_rng(0 if rng is None else rng))
    original = [a.copy() for a in tree.arrays]
    check = _Check(setting, mode)
    try:
        with np.errstate(all="ignore"):
            return check.run()
    except Told as told:
        return GradientReport.told(
            told.verdict, told.reason, told.message, check.mode, setting.evaluations
        )
    finally:
        for array, values in zip(tree.arrays, original, strict=True):
            array[...] = values


class _Check:
    def __init__(self, setting, mode):
        self.setting, self.mode = setting, mode

    def run(self):
        setting = self.setting
        setting.inputs()
        first = setting.value()
        claims, eps = setting.claims(first=True)
        setting.prepare(first, claims, eps)
        here = setting.sweep(setting.f0, claims)
        self._look(here)
        setting.input_unchanged("f")
        if not any(found.varied for found in self.found):
            self._reacts()  # but only to larger steps than the sizes of the parameters suggest
            setting.least_size = 1.0
            here = setting.sweep(setting.f0, claims)
            self._look(here)
        nearby = Nearby(setting, here, self.found, self.mode)
        nearby.settle()
        self._rescue(here)
        if (last := setting.call_again()) != first:
            raise cannot_tell("nondeterminism", "nondeterminism", first=first, second=last)
        setting.same_again(claims)
        return self._report(here, claims, nearby.kinks)

    def _look(self, sweep):
        if self.mode == "complex" and self._look_complex(sweep):
            return
        self.found = [
            sweep.run(k, np.arange(array.size), self.mode == "grouped")
            for k, array in enumerate(self.setting.tree.arrays)
        ]

    def _look_complex(self, sweep):
        """Complex steps, one an entry; what disagrees is judged by real ones. False if f is not
        analytic."""
        try:
            step = ComplexStep(self.setting.objective.f, self.setting.caller.tree, self.setting.rng)
            slopes = [a.reshape(-1) for a in step.all_slopes()]
        except Exception:
            self.mode = "each"
            return False
        self.found = [sweep.compare(k, slopes[k]) for k in range(len(slopes))]
        self.setting.objective.calls += step.calls
        return True

    def _reacts(self):
        scales = [
            s.reshape(b.shape)
            for s, b in zip(self.setting.scales, self.setting.objective.base, strict=True)
        ]
        for size in (1e-3, 1e-1, 1.0, 1.0, 1.0, -1e-3, -1e-1, -1.0):  # relative, then absolute
            point = [
                b + (size * s if size > 0 else size) * direction(self.setting.rng, b.shape)
                for b, s in zip(self.setting.objective.base, scales, strict=True)
            ]
            if self.setting.objective.at(point) != self.setting.f0:
                return
        raise cannot_tell("f does not depend on params", "independent", value=self.setting.f0)

    def _rescue(self, here):
        """Entries too small for differences, by complex steps where f takes them.

        They can only confirm: two values that agree to many digits are no accident, while a
        difference may come from an f that is not analytic in that one entry.
        """
        if not any(found.unclear for found in self.found):
            return
        try:
            step = ComplexStep(self.setting.objective.f, self.setting.caller.tree, self.setting.rng)
        except Exception:  # f does not take them
            return
        near = max(1e-6, 64 * self.setting.limits.eps)
        for k, found in enumerate(self.found):
            left = []
            for i in found.unclear:
                claim, scale = here.claims[k][i], here.scales[k][i]
                try:
                    slope = step.slope(k, i)
                except Exception:
                    slope = np.nan
                error = near * abs(claim) + here.allowance[k][i] / scale
                error = min(error, self.setting.limits.resolve * abs(claim))
                fits = abs(slope - found.numerical[i]) <= 10 * found.bound[i]
                if fits and abs(slope - claim) <= error:
                    found.numerical[i], found.bound[i] = slope, error
                    found.judged.pop(i, None)
                else:
                    left.append(i)
            found.unclear = left
        self.setting.objective.calls += step.calls

    def _report(self, here, claims, kinks):
        arrays = []
        for k, (name, found) in enumerate(zip(self.setting.tree.names, self.found, strict=True)):
            if found.wrong:
                here.show(k, found, EVIDENCE)
            elif np.isnan(found.numerical).all():
                here.show(k, found)
            step = float(np.median(here.first_steps(k))) if claims[k].size else np.nan
            arrays.append(ArrayReport.build(name, claims[k], found, kinks[k], step))
        return GradientReport.build(arrays, self.mode, self.setting.evaluations, self.setting.sigma)
