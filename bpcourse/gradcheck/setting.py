"""What a check goes by: f, its parameters and claims, its precision; and moving between points."""

from dataclasses import dataclass

import numpy as np

from bpcourse.gradcheck.noise import noise_level
from bpcourse.gradcheck.objective import Objective
from bpcourse.gradcheck.slopes import Limits
from bpcourse.gradcheck.structure import StructureError, Tree, gradient_arrays
from bpcourse.gradcheck.sweep import Sweep
from bpcourse.text import text

DOUBLE = float(np.finfo(np.float64).eps)
COARSE = 1e-10  # relative noise from which f counts as imprecise


@dataclass(frozen=True)
class Forgiving:
    """Errors of no importance beside an array's largest entry (at first, and at last where no step
    gives a smaller bound), and in a zero."""

    small: float
    settle: float
    zero: float


class Told(Exception):
    """The check ends here, with this verdict."""

    def __init__(self, verdict, reason, message):
        super().__init__(message)
        self.verdict, self.reason, self.message = verdict, reason, message


def cannot_tell(reason, key, **values):
    return Told("cannot tell", reason, text(f"gradcheck.{key}", **values))


class Setting:
    """f on the caller's arrays (``caller``) and what is measured (``objective``): the same, or f on
    float64 copies of them."""

    def __init__(self, objective, grad, rng):
        self.caller = self.objective = objective
        self.grad, self.rng = grad, rng
        self.least_size = 0.0  # of a parameter, for its steps
        self.sigma = np.nan

    @property
    def tree(self):
        return self.caller.tree

    @property
    def evaluations(self):
        return max(self.caller.calls, self.objective.calls)

    # before anything is measured

    def inputs(self):
        arrays, names = self.tree.arrays, self.tree.names
        for name, array in zip(names, arrays, strict=True):
            label = _label("params", name)
            kind = array.dtype.kind
            if kind in "bui":
                raise cannot_tell("integer parameters", "integer", label=label, dtype=array.dtype)
            if kind == "c":
                raise cannot_tell("complex parameters", "complex", label=label)
            if not np.isfinite(array).all():
                raise cannot_tell("not finite", "not_finite_params", label=label)
        for k, array in enumerate(arrays):
            if overlaps_itself(array):
                raise cannot_tell("shared memory", "overlapping", label=_label("params", names[k]))
            for j in range(k):
                if np.may_share_memory(array, arrays[j]) and np.shares_memory(array, arrays[j]):
                    raise cannot_tell("shared memory", "shared", first=names[j], second=names[k])

    def value(self):
        f0 = self.objective()
        self.input_unchanged("f")
        again = self.objective()
        if not (np.isfinite(f0) and np.isfinite(again)):
            value = again if np.isfinite(f0) else f0
            raise cannot_tell("not finite", "not_finite_f", value=value)
        if f0 != again:
            raise cannot_tell("nondeterminism", "nondeterminism", first=f0, second=again)
        return f0

    def claims(self, first=False):
        """The claimed gradient where the parameters are now; f has just been called there."""
        grad = self.grad
        if callable(grad):
            grad = grad(self.caller.tree.value)
            self.input_unchanged("grad")
        try:
            claims, eps = gradient_arrays(self.caller.tree, grad)
        except StructureError as error:
            raise Told("wrong", error.kind, f"{error}.") from None
        if first:
            for name, array in zip(self.tree.names, claims, strict=True):
                if not np.isfinite(array).all():
                    index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
                    values = {"value": array[index], "index": index}
                    label = _label("grad", name)
                    sentence = text("gradcheck.not_finite_grad", label=label, **values)
                    raise Told("wrong", "not finite", sentence)
        return claims, eps

    def same_again(self, claims):
        """Does grad give the same when it is asked again? f has just been called here."""
        if not callable(self.grad):
            return
        again, _ = self.claims()
        for name, first, second in zip(self.tree.names, claims, again, strict=True):
            differ = np.argwhere(first != second)
            if len(differ):
                i = tuple(int(n) for n in differ[0])
                raise cannot_tell(
                    "nondeterminism", "grad_differs", label=_label("grad", name), index=i,
                    first=first[i], second=second[i],
                )  # fmt: skip

    def input_unchanged(self, who):
        name = self.caller.changed() or self.objective.changed()
        if name is not None:
            label = _label("params", name)
            raise cannot_tell("changed its input", "changed", who=who, label=label)

    # its precision

    def prepare(self, f0, claims, eps_claims):
        eps_params = max(float(np.finfo(a.dtype).eps) for a in self.tree.arrays)
        self.f0 = f0
        self.scales = [_sizes(b, c, f0) for b, c in zip(self.objective.base, claims, strict=True)]
        self.sigma = noise_level(self.objective, f0, self.scales, self.rng, eps_params)
        eps = max(eps_claims, eps_params)
        rounding = 0.0
        if eps_params > DOUBLE and (wide := self._widened()) is not None:
            rounding = 2 * self.sigma
            self.objective, self.f0, self.sigma = wide
            eps_params = DOUBLE
        moves = max(
            float(abs(c * s).max(initial=0)) for c, s in zip(claims, self.scales, strict=True)
        )
        self.coarse = self.sigma > COARSE * max(abs(self.f0), moves)
        if self.coarse:
            self.limits = Limits(self.sigma, eps, eps_params, 30, 5e-4, 5e-4, averages=True)
            self.forgiving = Forgiving(3e-7, 3e-7, 1e-4)
        elif eps > 1e-10:
            self.limits = Limits(self.sigma, eps, eps_params, 10, 5e-4, 5e-4, rounding=rounding)
            self.forgiving = Forgiving(5e-6, 5e-6, 1e-5)
        else:
            self.limits = Limits(self.sigma, eps, eps_params, clear=10, resolve=1e-4, settle=5e-4)
            self.forgiving = Forgiving(1e-8, 1e-8, 1e-6)

    def _widened(self):
        """f on float64 copies of the parameters, if it takes them and is more precise there.

        (The objective, f0, its noise), or None.
        """
        caller = self.caller
        arrays = [a.astype(np.float64) for a in caller.base]
        wide = Objective(caller.f, Tree(caller.tree.rebuild(arrays), caller.tree.names, arrays))
        moved = [
            (b + 1e-2 * s.reshape(b.shape) * direction(self.rng, b.shape)).astype(b.dtype)
            for b, s in zip(caller.base, self.scales, strict=True)
        ]
        try:
            f0 = wide()
            narrow_change, change = caller.at(moved) - self.f0, wide.at(moved) - f0
            sigma = noise_level(wide, f0, self.scales, self.rng, DOUBLE)
        except Exception:  # f does not take them
            return None
        finally:
            caller.restore()  # should f have written its argument there
            caller.calls += wide.calls
        agrees = abs(narrow_change - change) <= 0.05 * abs(change) + 20 * self.sigma
        same = abs(f0 - self.f0) <= 1e-3 * abs(f0) + 20 * self.sigma
        if agrees and same and change != 0 and sigma < 1e-2 * self.sigma:
            wide.calls = caller.calls
            return wide, f0, sigma
        return None

    # points

    def sweep(self, f0, claims):
        scales = [
            np.maximum(_sizes(b, c, f0), self.least_size)
            for b, c in zip(self.objective.base, claims, strict=True)
        ]
        return Sweep(self.objective, f0, claims, scales, self.limits, self.forgiving, self.rng)

    def move_to(self, arrays):
        self.caller.move_base(arrays)
        if self.objective is not self.caller:
            self.objective.move_base(self.caller.base)

    def call_again(self):
        """Whatever f keeps from its last call belongs to the caller's point again."""
        return self.caller()

    def generic_point(self, base, distance, ways=None):
        """Move to a random point nearby: (f, claims) there, or None where f is not finite.

        ``distance`` is relative to the sizes of the parameters, ``ways`` the direction, by default
        a random one.
        """
        for _ in range(4):
            taken = ways or [direction(self.rng, b.shape) for b in base]
            self.move_to(
                [
                    b + distance * s.reshape(b.shape) * way
                    for b, s, way in zip(base, self.scales, taken, strict=True)
                ]
            )
            value = self.objective.guarded()
            if np.isfinite(value):
                if self.objective is not self.caller:
                    self.caller()
                claims, _ = self.claims()
                if all(np.isfinite(c).all() for c in claims):
                    return value, claims
            distance /= 30
        return None


def overlaps_itself(array):
    """Do two entries of the array lie at one place in memory?"""
    if array.flags.c_contiguous or array.flags.f_contiguous or not array.size:
        return False
    places = np.zeros((), np.intp)
    for axis, (n, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        shape = [1] * array.ndim
        shape[axis] = n
        places = places + (stride * np.arange(n)).reshape(shape)
    return np.unique(places).size < array.size


def _label(what, name):
    return f"{what}[{name}]" if name else what


def direction(rng, shape):
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
