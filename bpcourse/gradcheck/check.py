"""check_gradient: the plan of a check, from the first call of f to the report."""

from dataclasses import dataclass

import numpy as np

from bpcourse.gradcheck.complex_step import ComplexStep, NotAnalyticError
from bpcourse.gradcheck.noise import noise_level
from bpcourse.gradcheck.objective import Objective
from bpcourse.gradcheck.report import ArrayReport, GradientReport, Kink
from bpcourse.gradcheck.slopes import Limits
from bpcourse.gradcheck.structure import StructureError, Tree, flatten, gradient_arrays
from bpcourse.gradcheck.sweep import ENOUGH, Sweep
from bpcourse.text import text

MODES = ("auto", "each", "grouped", "complex")
GROUPED_ABOVE = 300
DOUBLE = float(np.finfo(np.float64).eps)
EVIDENCE = 64  # entries measured in a wrong array, for a diagnosis to look at
COARSE = 1e-10  # relative noise from which f counts as imprecise


@dataclass(frozen=True)
class Forgiving:
    """Errors of no importance beside an array's largest entry (at first, and at last where no step
    gives a smaller bound), in a zero, and by rounding in every claim."""

    small: float
    settle: float
    zero: float
    rounding: float


class _Told(Exception):
    """The check ends here, with this verdict."""

    def __init__(self, verdict, reason, message):
        super().__init__(message)
        self.verdict, self.reason, self.message = verdict, reason, message


def _cannot_tell(reason, key, **values):
    return _Told("cannot tell", reason, text(f"gradcheck.{key}", **values))


def check_gradient(f, params, grad, *, mode="auto", rng=None):
    """Is ``grad`` the gradient of f at ``params``? A :class:`GradientReport` with its evidence."""
    if not callable(f):
        raise TypeError(f"f: expected a function of params, got {type(f).__name__}")
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {MODES}, got {mode!r}")
    rng = np.random.default_rng(0) if rng is None else np.random.default_rng(rng)
    tree = flatten(params)
    objective = Objective(f, tree)
    original = [a.copy() for a in tree.arrays]
    check = _Check(objective, grad, mode, rng)
    try:
        with np.errstate(all="ignore"):
            return check.run()
    except _Told as told:
        return GradientReport.told(
            told.verdict, told.reason, told.message, check.mode, check._evaluations()
        )
    finally:
        for array, values in zip(tree.arrays, original, strict=True):
            array[...] = values


class _Check:
    def __init__(self, objective, grad, mode, rng):
        self.caller = objective  # on the caller's arrays
        self.objective = objective  # what is measured: the same, or f in float64
        self.grad, self.mode, self.rng = grad, mode, rng
        self.tree: Tree = objective.tree
        self.size = sum(a.size for a in self.tree.arrays)
        if mode == "auto":
            self.mode = "each" if self.size <= GROUPED_ABOVE else "grouped"
        self.least_size = 0.0  # of a parameter, for its steps
        self.sigma = np.nan

    def run(self):
        self._inputs()
        f0 = self.first = self._value()
        claims, eps = self._claims(first=True)
        self._prepare(f0, claims, eps)
        here = self._sweep(self.f0, claims)
        self._look(here)
        self._input_unchanged("f")
        if not any(found.varied for found in self.found):
            self._reacts()  # but only to larger steps than the sizes of the parameters suggest
            self.least_size = 1.0
            here = self._sweep(self.f0, claims)
            self._look(here)
            still = not any(found.varied for found in self.found)
            if still and f0 == 0 and any(c.any() for c in claims):
                raise _cannot_tell("precision", "flat", value=self.f0)
        self.kinks: list[dict] = [{} for _ in self.found]  # {i: Kink}
        self._kinks(here)
        self._confirm(here)
        self._rescue(here)
        if (last := self._call_again()) != self.first:
            raise _cannot_tell("nondeterminism", "nondeterminism", first=self.first, second=last)
        return self._report(here, claims)

    def _rescue(self, here):
        """Entries too small for differences, by complex steps where f takes them.

        They can only confirm: two values that agree to many digits are no accident, while a
        difference may come from an f that is not analytic in that one entry.
        """
        if not any(found.unclear for found in self.found):
            return
        try:
            step = ComplexStep(self.objective.f, self.caller.tree, self.rng)
        except Exception:  # f does not take them
            return
        near = max(1e-6, 64 * self.limits.eps)
        for k, found in enumerate(self.found):
            left = []
            for i in found.unclear:
                claim, scale = here.claims[k][i], here.scales[k][i]
                try:
                    slope = step.slope(k, i)
                except NotAnalyticError:
                    slope = np.nan
                rounding = here.allowance[k][i] / scale
                fits = abs(slope - found.numerical[i]) <= 10 * found.bound[i]
                if fits and abs(slope - claim) <= near * abs(claim) + rounding:
                    found.numerical[i], found.bound[i] = slope, near * abs(claim) + rounding
                    found.judged.pop(i, None)
                else:
                    left.append(i)
            found.unclear = left
        self.objective.calls += step.calls

    def _look(self, sweep):
        if self.mode == "complex" and self._look_complex(sweep):
            return
        self.found = [
            sweep.run(k, np.arange(array.size), self.mode == "grouped")
            for k, array in enumerate(self.tree.arrays)
        ]

    def _look_complex(self, sweep):
        """Complex steps, one an entry; what disagrees is judged by real ones. False if f is not
        analytic."""
        try:
            step = ComplexStep(self.objective.f, self.caller.tree, self.rng)
            slopes = [a.reshape(-1) for a in step.all_slopes()]
        except Exception:
            self.mode = "each"
            return False
        self.found = [sweep.compare(k, slopes[k]) for k in range(len(slopes))]
        self.objective.calls += step.calls
        return True

    # before anything is measured

    def _inputs(self):
        arrays, names = self.tree.arrays, self.tree.names
        for name, array in zip(names, arrays, strict=True):
            label = _label("params", name)
            kind = array.dtype.kind
            if kind in "bui":
                raise _cannot_tell("integer parameters", "integer", label=label, dtype=array.dtype)
            if kind == "c":
                raise _cannot_tell("complex parameters", "complex", label=label)
            if not np.isfinite(array).all():
                raise _cannot_tell("not finite", "not_finite_params", label=label)
        for k, array in enumerate(arrays):
            for j in range(k):
                if np.may_share_memory(array, arrays[j]) and np.shares_memory(array, arrays[j]):
                    raise _cannot_tell("shared memory", "shared", first=names[j], second=names[k])

    def _value(self):
        f0 = self.objective()
        self._input_unchanged("f")
        again = self.objective()
        if not (np.isfinite(f0) and np.isfinite(again)):
            value = again if np.isfinite(f0) else f0
            raise _cannot_tell("not finite", "not_finite_f", value=value)
        if f0 != again:
            raise _cannot_tell("nondeterminism", "nondeterminism", first=f0, second=again)
        return f0

    def _claims(self, first=False):
        """The claimed gradient where the parameters are now; f has just been called there."""
        grad = self.grad
        if callable(grad):
            grad = grad(self.caller.tree.value)
            self._input_unchanged("grad")
        try:
            claims, eps = gradient_arrays(self.caller.tree, grad)
        except StructureError as error:
            raise _Told("wrong", error.kind, f"{error}.") from None
        if first:
            for name, array in zip(self.tree.names, claims, strict=True):
                if not np.isfinite(array).all():
                    index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
                    values = {"value": array[index], "index": index}
                    label = _label("grad", name)
                    sentence = text("gradcheck.not_finite_grad", label=label, **values)
                    raise _Told("wrong", "not finite", sentence)
        return claims, eps

    def _input_unchanged(self, who):
        name = self.caller.changed() or self.objective.changed()
        if name is not None:
            label = _label("params", name)
            raise _cannot_tell("changed its input", "changed", who=who, label=label)

    # what the check goes by

    def _prepare(self, f0, claims, eps_claims):
        eps_params = max(float(np.finfo(a.dtype).eps) for a in self.tree.arrays)
        self.f0 = f0
        self.scales = [_sizes(b, c, f0) for b, c in zip(self.objective.base, claims, strict=True)]
        self.sigma = noise_level(self.objective, f0, self.scales, self.rng, eps_params)
        eps = max(eps_claims, eps_params)
        rounding = 0.0
        if eps_params > DOUBLE and (wide := self._widened()) is not None:
            rounding = 2 * self.sigma
            self.objective, self.f0, self.sigma = wide
            self.tree = self.objective.tree
            eps_params = DOUBLE
        self.coarse = self.sigma > COARSE * abs(self.f0)
        if self.coarse:
            self.limits = Limits(self.sigma, eps, eps_params, clear=30, resolve=5e-4, settle=5e-3)
            self.forgiving = Forgiving(1e-5, 1e-3, 1e-3, rounding)
        elif eps > 1e-10:
            self.limits = Limits(self.sigma, eps, eps_params, clear=30, resolve=5e-4, settle=5e-4)
            self.forgiving = Forgiving(5e-6, 5e-6, 1e-5, rounding)
        else:
            self.limits = Limits(self.sigma, eps, eps_params, clear=10, resolve=1e-4, settle=5e-4)
            self.forgiving = Forgiving(1e-8, 1e-8, 1e-6, rounding)

    def _widened(self):
        """f on float64 copies of the parameters, if it takes them and is more precise there.

        (The objective, f0, its noise), or None.
        """
        caller = self.caller
        arrays = [a.astype(np.float64) for a in caller.base]
        wide = Objective(caller.f, Tree(caller.tree.rebuild(arrays), caller.tree.names, arrays))
        moved = [
            (b + 1e-2 * s.reshape(b.shape) * _direction(self.rng, b.shape)).astype(b.dtype)
            for b, s in zip(caller.base, self.scales, strict=True)
        ]
        try:
            f0 = wide()
            narrow_change, change = caller.at(moved) - self.f0, wide.at(moved) - f0
            sigma = noise_level(wide, f0, self.scales, self.rng, DOUBLE)
        except Exception:  # f does not take them
            return None
        finally:
            caller.calls += wide.calls
        agrees = abs(narrow_change - change) <= 0.05 * abs(change) + 20 * self.sigma
        same = abs(f0 - self.f0) <= 1e-3 * abs(f0) + 20 * self.sigma
        if agrees and same and change != 0 and sigma < 1e-2 * self.sigma:
            wide.calls = caller.calls
            return wide, f0, sigma
        return None

    def _reacts(self):
        for size in (1e-3, 1e-1, 1.0, -1e-3, -1e-1, -1.0):  # relative, then absolute
            point = [
                b
                + (size * s.reshape(b.shape) if size > 0 else size) * _direction(self.rng, b.shape)
                for b, s in zip(self.objective.base, self.scales, strict=True)
            ]
            if self.objective.at(point) != self.f0:
                return
        raise _cannot_tell("f does not depend on params", "independent", value=self.f0)

    # kinks, and points nearby

    def _kinks(self, here):
        for k, found in enumerate(self.found):
            self._judge_kinks(here, k, found, list(found.kinked))

    def _judge_kinks(self, here, k, found, entries):
        if not entries:
            return
        found.kinked = []
        nearby = self._nearby(k, np.array(entries)) if callable(self.grad) else None
        for i in entries:
            judged, scale = found.judged[i]
            left, right = judged.left / scale, judged.right / scale
            claim = here.claims[k][i]
            low, high = min(left, right), max(left, right)
            slack = 1e-5 * (high - low) + judged.bound / scale
            inside = low - slack <= claim <= high + slack
            if nearby is not None:
                outcome = nearby[i]
            elif inside or self._near_slope(k, i, claim, scale, high - low):
                outcome = "right"
            else:
                outcome = "unclear"
            self.kinks[k][i] = Kink(left, right, bool(inside))
            if outcome == "wrong":
                found.wrong.append(i)
            elif outcome == "unclear":
                found.unclear.append(i)

    def _nearby(self, k, index, distance=None):
        """{i: verdict} of the claims for these entries at generic points nearby.

        Wrong needs two points at which some claim is wrong. None if grad gives the same there, bit
        for bit: then it is a constant, not a function.
        """
        said: dict = {int(i): [] for i in index}
        wrong_at = 0
        constant = True
        base = [b.copy() for b in self.caller.base]
        here = self._claims()[0]
        try:
            for point in range(6):
                moved = self._generic_point(base, distance)
                if moved is None:
                    break
                value, claims = moved
                constant &= all(np.array_equal(a, b) for a, b in zip(here, claims, strict=True))
                found = self._sweep(value, claims).run(k, index, self.mode == "grouped")
                verdicts = dict.fromkeys([*found.unclear, *found.kinked], "unclear")
                verdicts |= dict.fromkeys(found.wrong, "wrong")
                rest = "unclear" if len(found.wrong) >= ENOUGH else "right"
                for i in said:
                    said[i].append(verdicts.get(i, rest))
                wrong_at += bool(found.wrong)
                if (wrong_at >= 2 and not constant) or (point >= 1 and wrong_at == 0):
                    break
        finally:
            self._move_to(base)
            self._call_again()
        if constant and wrong_at:
            return None
        outcome = {}
        for i, heard in said.items():
            if "wrong" in heard and wrong_at >= 2:
                outcome[i] = "wrong"
            else:
                outcome[i] = "right" if "right" in heard else "unclear"
        return outcome

    def _sweep(self, f0, claims):
        scales = [
            np.maximum(_sizes(b, c, f0), self.least_size)
            for b, c in zip(self.objective.base, claims, strict=True)
        ]
        return Sweep(self.objective, f0, claims, scales, self.limits, self.forgiving, self.rng)

    def _move_to(self, arrays):
        self.caller.move_base(arrays)
        if self.objective is not self.caller:
            self.objective.move_base(self.caller.base)

    def _call_again(self):
        """Whatever f keeps from its last call belongs to the caller's point again."""
        return self.caller()

    def _generic_point(self, base, distance=None):
        """Move to a random point nearby: (f, claims) there, or None where f is not finite.

        ``distance`` is relative to the sizes of the parameters.
        """
        if distance is None:
            distance = 1e-2 if self.coarse else 1e-3
        for _ in range(4):
            self._move_to(
                [
                    b + (distance * s.reshape(b.shape) * _direction(self.rng, b.shape))
                    for b, s in zip(base, self.scales, strict=True)
                ]
            )
            value = self.objective.guarded()
            if np.isfinite(value):
                if self.objective is not self.caller:
                    self.caller()
                claims, _ = self._claims()
                if all(np.isfinite(c).all() for c in claims):
                    return value, claims
            distance /= 30
        return None

    def _near_slope(self, k, i, claim, scale, jump):
        """Does f have this slope at a point close by? (The claim is an array, known only here.)"""
        distance, step, tolerance = (3e-2, 3e-3, 3e-2) if self.coarse else (1e-6, 1e-8, 3e-5)
        base = [b.copy() for b in self.objective.base]
        try:
            for _ in range(6):
                self.objective.move_base(
                    [
                        b + distance * s.reshape(b.shape) * _direction(self.rng, b.shape)
                        for b, s in zip(base, self.scales, strict=True)
                    ]
                )
                x = self.objective.base_flat[k][i]
                up, down = x + x.dtype.type(step * scale), x - x.dtype.type(step * scale)
                rise = self.objective.at_entry(k, i, up) - self.objective.at_entry(k, i, down)
                slope = rise / (float(up) - float(down))
                if abs(slope - claim) <= tolerance * max(abs(claim), jump):
                    return True
            return False
        finally:
            self.objective.move_base(base)

    def _confirm(self, here):
        """Are wrong claims wrong nearby too?

        Where several kinks meet, f may have one slope on both sides of an entry and
        backpropagation another, outside of both. Other directions then show a kink, or the claims
        nearby are right and equal to the slope found here.
        """
        if not callable(self.grad):
            return
        for k, found in enumerate(self.found):
            if not found.wrong or any(i in self.kinks[k] for i in found.wrong):
                continue
            everything = np.arange(here.claims[k].size)
            if here.kinked(k):
                nearby = self._nearby(k, everything)
                if nearby is None or "wrong" in nearby.values():
                    continue
                found.unclear += [i for i in found.wrong if nearby[i] != "right"]
            else:
                step = max(1e-7, float(np.median([found.judged[i][0].step for i in found.wrong])))
                some = np.array(found.wrong[:ENOUGH])
                if not all(self._special(here, k, found, at, step) for at in (some, everything)):
                    continue
            for i in found.wrong:
                judged, scale = found.judged[i]
                slope = judged.slope / scale
                self.kinks[k][i] = Kink(slope, slope, False)
            found.wrong = []

    def _special(self, here, k, found, index, step):
        """Are the claims for these entries right nearby, and there the slopes found here?"""
        base = [b.copy() for b in self.caller.base]
        try:
            for _ in range(2):
                moved = self._generic_point(base, step)
                if moved is None:
                    return False
                value, claims = moved
                there = claims[k].reshape(-1)[found.wrong]
                slopes, claimed = found.numerical[found.wrong], here.claims[k][found.wrong]
                if (abs(there - slopes) > abs(claimed - slopes) / 4).any():
                    return False
                nearby = self._sweep(value, claims).run(k, index, self.mode == "grouped")
                if nearby.wrong or nearby.unclear:
                    return False
            return True
        finally:
            self._move_to(base)
            self._call_again()

    # the report

    def _report(self, here, claims):
        arrays = []
        for k, (name, found) in enumerate(zip(self.tree.names, self.found, strict=True)):
            if found.wrong:
                here.show(k, found, EVIDENCE)
            elif np.isnan(found.numerical).all():
                here.show(k, found)
            step = float(np.median(here.first_steps(k))) if claims[k].size else np.nan
            arrays.append(ArrayReport.build(name, claims[k], found, self.kinks[k], step))
        return GradientReport.build(arrays, self.mode, self._evaluations(), self.sigma)

    def _evaluations(self):
        return max(self.caller.calls, self.objective.calls)


def _label(what, name):
    return f"{what}[{name}]" if name else what


def _direction(rng, shape):
    return rng.uniform(0.5, 1.5, shape) * rng.choice((-1.0, 1.0), shape)


def _sizes(x, claim, f0):
    """For each entry the size on which a step is based: its own, or its array's typical one."""
    x = np.abs(x.astype(np.float64))
    inside = x[x > 0]
    if inside.size:
        typical = float(np.exp(np.log(inside).mean()))
    else:
        steepest = float(np.abs(claim).max(initial=0))
        typical = min(1.0, abs(f0) / steepest) if steepest > 0 and f0 != 0 else 1.0
    return np.maximum(x, typical)
