"""What is to be checked: f, its parameters, and the gradient that is claimed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.complex_step import ComplexStep
from bpcourse.gradcheck.function import DOUBLE, Function, Vector
from bpcourse.gradcheck.noise import noise_level
from bpcourse.gradcheck.point import Point, Precision, sizes
from bpcourse.gradcheck.structure import Array, StructureError, Tree, gradient_arrays, label
from bpcourse.text import text

GOLDEN = (5 ** (1 / 2) - 1) / 2  # its multiples fill an interval evenly: directions without chance
MOVE = 1e-2  # of the parameters: a move over which f on wider arrays has to change alike,
ALIKE = (0.05, 1e-3)  # up to these parts of the change and of f itself,
ROUNDINGS = 20  # or to this many roundings of the narrow f
FINER = 1e-2  # of its noise: what is left of it, where wider arrays are worth it

Verdict = Literal["right", "wrong", "cannot tell"]


class Told(Exception):
    """The check ends here, with this verdict."""

    def __init__(self, verdict: Verdict, reason: str, message: str) -> None:
        super().__init__(message)
        self.verdict, self.reason = verdict, reason


def cannot_tell(reason: str, key: str, **values: object) -> Told:
    return Told("cannot tell", reason, text(f"gradcheck.{key}", **values))


def pattern(size: int, number: int) -> Vector:
    """The ``number``-th of the fixed directions: a Walsh function's signs, uneven sizes ½ to 1½."""
    i = np.arange(size)
    signs: Vector = 1 - 2.0 * (np.bitwise_count(i & number) % 2)
    return signs * (1 / 2 + (GOLDEN * (i + 1) * (number + 1)) % 1)


class Problem:
    """f on the caller's arrays (``caller``), what is measured (``function``: the same, or f on
    float64 copies of them), and the claims."""

    def __init__(self, f: Callable[..., object], tree: Tree, grad: object) -> None:
        _require_floats(tree)
        self.caller = self.function = Function(f, tree)
        self.tree, self.grad = tree, grad
        self._first: float | None = None  # f and the claims at the caller's parameters
        self._claims: Vector | None = None
        self._varies: bool | None = None
        self._step: ComplexStep | None = None

    @property
    def evaluations(self) -> int:
        counted = {self.caller, self.function} | ({self._step} if self._step else set())
        return sum(one.calls for one in counted)

    def complex_step(self, rng: np.random.Generator) -> ComplexStep:
        """f's complex steps; NotAnalyticError, or what f raises, where it has none."""
        if self._step is None:
            self._step = ComplexStep(self.caller.f, self.tree, rng)
        return self._step

    # what f and grad say, and whether they say it twice

    def value(self) -> float:
        """f at the caller's parameters: finite, and the same whenever it is asked."""
        value = self.caller()
        self.require_unchanged("f")
        if not np.isfinite(value):
            raise cannot_tell("not finite", "not_finite_f", value=value)
        first = self._first = value if self._first is None else self._first
        if value != first:
            calls = {"first": first, "second": value, "calls": self.evaluations}
            raise cannot_tell("nondeterminism", "nondeterminism", **calls)
        return value

    def claims(self) -> tuple[Vector, float]:
        """The claims at the caller's parameters, finite and the same whenever they are asked, and
        the precision of their type."""
        claims, eps = self._claimed()
        first = self._claims = claims if self._claims is None else self._claims
        checks: tuple[tuple[Any, Verdict, str, str], ...] = (
            (~np.isfinite(claims), "wrong", "not finite", "not_finite_grad"),
            (claims != first, "cannot tell", "nondeterminism", "grad_differs"),
        )
        for bad, verdict, reason, key in checks:
            if bad.any():
                i = int(np.argmax(bad))
                name, index = self.function.place(i)
                values = {"label": label("grad", name), "index": index, "value": claims[i]}
                told = text(f"gradcheck.{key}", first=first[i], second=claims[i], **values)
                raise Told(verdict, reason, told)
        return claims, eps

    def require_unchanged(self, who: str) -> None:
        """The parameters are as they were left."""
        name = self.caller.changed() or self.function.changed()
        if name is not None:
            raise cannot_tell("changed its input", "changed", who=who, label=label("params", name))

    def _leaves(self) -> list[Array]:
        grad = self.grad
        if callable(grad):
            grad = grad(self.tree.value)
            self.require_unchanged("grad")
        try:
            return gradient_arrays(self.tree, grad)
        except StructureError as error:
            raise Told("wrong", error.kind, str(error)) from None

    def _claimed(self) -> tuple[Vector, float]:
        leaves = self._leaves()
        eps = [float(np.finfo(leaf.dtype).eps) for leaf in leaves if leaf.dtype.kind == "f"]
        flat = [np.asarray(leaf, np.float64).reshape(-1) for leaf in leaves]
        return np.concatenate(flat), max([0.0, *eps])

    # other points

    @contextmanager
    def moved(self, x: Vector) -> Iterator[None]:
        """The parameters are elsewhere, for f and for grad."""
        with self.caller.moved(x):
            if self.function is self.caller:
                yield
            else:
                with self.function.moved(self.caller.x):
                    yield

    def there(self, like: Point, claims: Vector | None = None) -> Point | None:
        """f where the parameters are now, and the claims there, or ``claims``, if all is finite."""
        value = self.function.here()
        if not np.isfinite(value):
            return None
        if claims is None:
            if self.function is not self.caller:
                self.caller()  # what grad keeps from the last call of f is of this point
            claims, _ = self._claimed()
        finite = np.isfinite(claims).all()
        return Point(self.function, value, claims, like.scales, like.precision) if finite else None

    def varies(self, at: Point) -> bool:
        """Is grad a function of params, and not a closure over one array?"""
        if self._varies is None and callable(self.grad):
            first = self._leaves()
            kept = [np.array(leaf) for leaf in first]
            way = tuned.NEARBY * at.scales * pattern(len(at.scales), 1)
            with self.caller.moved(self.caller.x + way):
                self.caller.here()
                three = zip(first, self._leaves(), kept, strict=True)
            self._varies = not all(
                np.may_share_memory(a, b) and np.array_equal(b, c) for a, b, c in three
            )
        return bool(self._varies)

    # precision

    def first_point(self) -> Point:
        """The claims at the caller's parameters, once f's noise is known."""
        f0, _ = self.value(), self.value()
        claims, eps_claims = self.claims()
        if callable(self.grad):
            self.claims()
        scales = sizes(self.function, claims, f0)
        eps, rounding = float(self.caller.eps.max()), 0.0
        way = scales * pattern(len(scales), 2)
        sigma = noise_level(self.function, f0, way, eps)
        eps_claims = max(eps_claims, eps)
        if eps > DOUBLE and (wide := self._widened(f0, sigma, way)) is not None:
            self.function, rounding, (f0, sigma), eps = wide[0], 2 * sigma, wide[1:], DOUBLE
        steepest = float(abs(claims * scales).max(initial=0))
        coarse = sigma > tuned.COARSE * max(abs(f0), steepest)
        demand = tuned.SINGLE if eps_claims > tuned.COARSE else tuned.DOUBLE
        demand = tuned.NOISY if coarse else demand
        precision = Precision(sigma, eps, eps_claims, rounding, coarse, demand)
        return Point(self.function, f0, claims, scales, precision)

    def _widened(
        self, f0: float, sigma: float, way: Vector
    ) -> tuple[Function, float, float] | None:
        """f on float64 copies of the parameters, its value and its noise, if it takes them and is
        more precise there."""
        caller, everything = self.caller, self.caller.everything
        moved = caller.stored(everything, caller.x + MOVE * way)
        try:
            wide = caller.widened()
            wide_f0 = wide()
            narrow = caller.at(everything, moved) - f0
            change = wide.at(everything, moved) - wide_f0
            wide_sigma = noise_level(wide, wide_f0, way, DOUBLE)
        except Exception:  # f does not take them
            return None
        finally:
            caller.restore()  # should f have written its argument there
        slack = ROUNDINGS * sigma
        agrees = abs(narrow - change) <= ALIKE[0] * abs(change) + slack
        same = abs(wide_f0 - f0) <= ALIKE[1] * abs(wide_f0) + slack
        finer = wide_sigma < FINER * sigma
        return (wide, wide_f0, wide_sigma) if agrees and same and change != 0 and finer else None


def _require_floats(tree: Tree) -> None:
    """The parameters are finite real numbers, each at a place of its own."""
    for k, (name, array) in enumerate(zip(tree.names, tree.arrays, strict=True)):
        where = label("params", name)
        if array.dtype.kind in "bui":
            raise cannot_tell("integer parameters", "integer", label=where, dtype=array.dtype)
        if array.dtype.kind == "c":
            raise cannot_tell("complex parameters", "complex", label=where)
        if not np.isfinite(array).all():
            raise cannot_tell("not finite", "not_finite_params", label=where)
        if _overlaps_itself(array):
            raise cannot_tell("shared memory", "overlapping", label=where)
        for first, other in zip(tree.names[:k], tree.arrays, strict=False):
            if np.may_share_memory(array, other) and np.shares_memory(array, other):
                raise cannot_tell("shared memory", "shared", first=first, second=name)


def _overlaps_itself(array: Array) -> bool:
    """Do two entries of the array lie at one place in memory?"""
    if array.flags.c_contiguous or array.flags.f_contiguous or not array.size:
        return False
    steps = zip(array.shape, array.strides, strict=True)
    places = sum(np.ix_(*(stride * np.arange(n) for n, stride in steps)))
    return bool((np.diff(np.sort(places, axis=None)) < array.itemsize).any())
