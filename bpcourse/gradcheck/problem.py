"""What is to be checked: f, its parameters, and the gradient that is claimed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from math import nan

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.complex_step import ComplexStep
from bpcourse.gradcheck.function import DOMAIN_ERRORS, DOUBLE, Function, Vector, vector
from bpcourse.gradcheck.noise import noise_level
from bpcourse.gradcheck.point import Point, Precision, sizes
from bpcourse.gradcheck.structure import Array, Told, Tree, cannot_tell, gradient_arrays, label
from bpcourse.text import text

GOLDEN = (5 ** (1 / 2) - 1) / 2  # its multiples fill an interval evenly: directions without chance
MOVE = 1e-2  # of the parameters: a move over which f on wider arrays has to change alike,
ALIKE = (0.05, 1e-3)  # up to these parts of the change and of f itself,
ROUNDINGS = 20  # or to this many roundings of the narrow f
FINER = 1e-2  # of its noise: what is left of it, where wider arrays are worth it
CLOSELY = 1e-6  # of a claim: the errors that are looked for in the mode "complex"


def pattern(size: int, number: int) -> Vector:
    """The ``number``-th of the fixed directions: a Walsh function's signs, uneven sizes ½ to 1½."""
    i = np.arange(size)
    signs: Vector = 1 - 2.0 * (np.bitwise_count(i & number) % 2)
    return signs * (1 / 2 + (GOLDEN * (i + 1) * (number + 1)) % 1)


class Problem:
    """f, the claims, and how precise they are."""

    def __init__(self, f: Callable[..., object], tree: Tree, grad: object) -> None:
        _require_floats(tree)
        self.function, self.tree, self.grad = Function(f, tree), tree, grad
        self._first: float | None = None  # f and the claims at the caller's parameters
        self._claims: Vector | None = None
        self._varies: bool | None = None

    def complex_slope(self, i: int) -> float:
        """By a complex step; NaN where f takes none."""
        with suppress(Exception):
            return self._step.slope(i) if self._step else nan
        return nan

    @cached_property
    def _step(self) -> ComplexStep | None:
        with suppress(Exception):
            return ComplexStep(self.function.ask, self.tree, np.random.default_rng(0))
        return None

    # what f and grad say, and whether they say it twice

    def value(self) -> float:
        """f at the caller's parameters: finite, and the same whenever it is asked."""
        value = self.function()
        self.require_unchanged("f")
        if not np.isfinite(value):
            raise cannot_tell("not finite", "not_finite_f", value=value)
        first = self._first = value if self._first is None else self._first
        if value != first:
            calls = {"first": first, "second": value, "calls": self.function.calls}
            raise cannot_tell("nondeterminism", "nondeterminism", **calls)
        return value

    def claims(self) -> Vector:
        """The claims at the caller's parameters: finite, and the same whenever they are asked."""
        leaves = self._leaves()
        self._eps = [float(np.finfo(leaf.dtype).eps) for leaf in leaves if leaf.dtype.kind == "f"]
        claims = vector(leaves)
        first = self._claims = claims if self._claims is None else self._claims
        for bad, key in ((~np.isfinite(claims), "not_finite_grad"), (claims != first, "differs")):
            if bad.any():
                i = int(np.argmax(bad))
                name, index = self.function.place(i)
                values = {"label": label("grad", name), "index": index, "value": claims[i]}
                if key == "differs":
                    raise cannot_tell("nondeterminism", "grad_differs", first=first[i], **values)
                raise Told("wrong", "not finite", text(f"gradcheck.{key}", **values))
        return claims

    def require_unchanged(self, who: str) -> None:
        """The parameters are as they were left."""
        name = self.function.changed()
        if name is not None:
            raise cannot_tell("changed its input", "changed", who=who, label=label("params", name))

    def _leaves(self) -> list[Array]:
        """What is claimed where the parameters are now."""
        grad = self.grad(self.tree.value) if callable(self.grad) else self.grad
        self.require_unchanged("grad")
        return gradient_arrays(self.tree, grad)

    # other points

    def there(self, like: Point, claims: Vector | None = None) -> Point | None:
        """f where the parameters are now, and the claims there, or ``claims``, if all is defined
        and finite."""
        function = self.function
        try:
            wide = function.at(function.x) if function.wide else None
            value = function()  # after it: what grad keeps from f's last call is of this point
        except DOMAIN_ERRORS:
            return None
        claims = claims if claims is not None else vector(self._leaves())
        value = value if wide is None else wide
        finite = np.isfinite(value) and np.isfinite(claims).all()
        return Point(function, value, claims, like.scales, like.precision) if finite else None

    def varies(self, at: Point) -> bool:
        """Is grad a function of params, and not a closure over one array?"""
        if self._varies is None and callable(self.grad):
            here = self._leaves()
            kept, varies = vector(here), True
            x = self.function.x + tuned.NEARBY * at.scales * pattern(len(at.scales), 1)
            with self.function.moved(x), suppress(*DOMAIN_ERRORS):
                self.function()
                there = self._leaves()
                same = all(map(np.may_share_memory, here, there))
                varies = not (same and np.array_equal(vector(there), kept))
            self._varies = varies
        return bool(self._varies)

    # precision

    def first_point(self, closely: bool) -> Point:
        """The claims at the caller's parameters, once f's noise is known."""
        f0, _ = self.value(), self.value()
        claims, function = self.claims(), self.function
        eps, rounding = float(function.eps.max()), 0.0
        eps_claims = max([eps, *self._eps])
        if callable(self.grad):
            self.claims()
        scales = sizes(function, claims, f0)
        way = scales * pattern(len(scales), 2)
        sigma = noise_level(function, f0, way, eps)
        if eps > DOUBLE and (wide := self._widened(f0, sigma, way)):
            function.wide, rounding, (f0, sigma), eps = True, 2 * sigma, wide, DOUBLE
        steepest = float(abs(claims * scales).max(initial=0))
        coarse = sigma > tuned.COARSE * max(abs(f0), steepest)
        demand = tuned.SINGLE if eps_claims > tuned.COARSE else tuned.DOUBLE
        demand = tuned.NOISY if coarse else demand
        if closely:
            demand = replace(demand, resolve=max(CLOSELY, eps_claims))
        precision = Precision(sigma, eps, eps_claims, rounding, coarse, demand)
        return Point(function, f0, claims, scales, precision)

    def _widened(self, f0: float, sigma: float, way: Vector) -> tuple[float, float] | None:
        """f on float64 copies of the parameters and its noise, if it takes them and is more
        precise there."""
        function = self.function
        moved = function.stored(function.x + MOVE * way)
        narrow = function.at(moved) - f0
        function.wide = True
        try:
            wide_f0 = function.at(function.x)
            change = function.at(moved) - wide_f0
            wide_sigma = noise_level(function, wide_f0, way, DOUBLE)
        except Exception:  # f does not take them
            return None
        finally:
            function.wide = False
        slack = ROUNDINGS * sigma
        agrees = abs(narrow - change) <= ALIKE[0] * abs(change) + slack
        same = abs(wide_f0 - f0) <= ALIKE[1] * abs(wide_f0) + slack
        finer = wide_sigma < FINER * sigma
        return (wide_f0, wide_sigma) if agrees and same and change != 0 and finer else None


def _require_floats(tree: Tree) -> None:
    """The parameters are finite real numbers, each at a place of its own."""
    for name, array in zip(tree.names, tree.arrays, strict=True):
        where = label("params", name)
        if array.dtype.kind in "bui":
            raise cannot_tell("integer parameters", "integer", label=where, dtype=array.dtype)
        if array.dtype.kind == "c":
            raise cannot_tell("complex parameters", "complex", label=where)
        if not np.isfinite(array).all():
            raise cannot_tell("not finite", "not_finite_params", label=where)
        if _overlaps_itself(array):
            raise cannot_tell("shared memory", "overlapping", label=where)
    for (first, a), (second, b) in combinations(zip(tree.names, tree.arrays, strict=True), 2):
        if np.may_share_memory(a, b) and np.shares_memory(a, b):
            raise cannot_tell("shared memory", "shared", first=first, second=second)


def _overlaps_itself(array: Array) -> bool:
    """Do two entries of the array lie at one place in memory?"""
    if array.flags.c_contiguous or array.flags.f_contiguous or not array.size:
        return False
    steps = zip(array.shape, array.strides, strict=True)
    places = sum(np.ix_(*(stride * np.arange(n) for n, stride in steps)))
    return bool((np.diff(np.sort(places, axis=None)) < array.itemsize).any())
