"""What is to be checked: f, its parameters, and the gradient that is claimed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from itertools import combinations

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import DOMAIN_ERRORS, DOUBLE, Counted, Function, Vector, vector
from bpcourse.gradcheck.noise import GOLDEN, noise_level
from bpcourse.gradcheck.point import Point, sizes
from bpcourse.gradcheck.structure import Array, Told, Tree, label, matched

MOVE = 1e-2  # of the parameters: a move over which f on wider arrays has to change alike,
ALIKE = 0.05  # up to this part of the change, and of f itself,
ROUNDINGS = 20  # or to this many roundings of the narrow f
FINER = 1e-2  # of its noise: what is left of it, where wider arrays are worth it
NO_FLOATS = dict.fromkeys("bui", "integer") | {"c": "complex"}
CLOSELY = 1e-6  # of a claim: the errors that are looked for in the mode "complex"
# {the least size that a parameter counts with: moves, in sizes, to one of which f has to react}
REACTS = {0.0: (1e-3, 1e-2), 1.0: (1e-2, 1.0, 1e3)}


def pattern(size: int, number: int) -> Vector:
    """The ``number``-th of the fixed directions: a Walsh function's signs, uneven sizes ½ to 1½."""
    i = np.arange(size)
    signs: Vector = 1 - 2.0 * (np.bitwise_count(i & number) % 2)
    return signs * (1 / 2 + (GOLDEN * (i + 1) * (number + 1)) % 1)


class Problem:
    """f, the claims, and how precise they are.

    ``given`` is f of the caller's parameters. ``function`` is what slopes are measured of: the
    same, or f of float64 copies where f is more precise with them.
    """

    def __init__(self, f: Counted, tree: Tree, grad: object) -> None:
        _require_floats(tree)
        self.f, self.tree, self.grad = f, tree, grad
        self.given = self.function = Function(f, tree)
        self._first: tuple[float, Vector] | None = None  # what was said at first

    # what f and grad say, here and elsewhere

    def ask(self) -> tuple[float, Vector, list[Array]]:
        """f and the claims at the caller's parameters: finite, and the same whenever asked."""
        value = self.given()
        self.given.require_unchanged("f")
        if not np.isfinite(value):
            raise Told("not finite", "not_finite_f", value=value)
        claims = vector(leaves := self._leaves())
        first, before = self._first = self._first or (value, claims)
        if value != first:
            raise Told("nondeterminism", "f_differs", first=first, now=value, calls=self.f.calls)
        for i in np.flatnonzero(~np.isfinite(claims) | (claims != before)).tolist():
            name, index = self.given.place(i)
            values = {"label": label("grad", name), "index": index, "value": claims[i]}
            if not np.isfinite(claims[i]):
                raise Told("not finite", "not_finite_grad", "wrong", **values)
            raise Told("nondeterminism", "grad_differs", first=before[i], **values)
        return value, claims, leaves

    def _leaves(self) -> list[Array]:
        """What is claimed where the parameters are now."""
        grad = self.grad(self.tree.value) if callable(self.grad) else self.grad
        self.given.require_unchanged("grad")
        return matched(self.tree.value, grad)

    @contextmanager
    def moved(self, x: Vector) -> Iterator[None]:
        """The parameters, and their copies, are others for a while."""
        with self.given.moved(x), self.function.moved(self.given.stored(x)):
            yield

    def there(self) -> Point | None:
        """f where the parameters are now, and the claims there, if all is defined and finite."""
        try:
            value = self.function()
            if self.function is not self.given:
                self.given()  # what grad keeps from f's last call is of this point
        except DOMAIN_ERRORS:
            return None
        claims = vector(self._leaves())
        finite = np.isfinite(value) and np.isfinite(claims).all()
        return replace(self.point, f0=value, claims=claims) if finite else None

    @cached_property
    def varies(self) -> bool:
        """Is grad a function of params, and not a closure over one array?"""
        if not callable(self.grad):
            return False
        here, scales = self._leaves(), self.point.scales
        x = self.given.x + tuned.NEARBY * scales * pattern(len(scales), 1)
        with self.moved(x), suppress(*DOMAIN_ERRORS):
            self.given()
            there = self._leaves()
            same = all(map(np.may_share_memory, here, there))
            return not (same and np.array_equal(vector(there), self.point.claims))
        return True

    # precision

    def start(self, closely: bool) -> None:
        """Find how precise f and the claims are, and so the point."""
        self.ask()
        f0, claims, leaves = self.ask()
        eps, narrow_noise = float(self.given.eps.max()), 0.0
        floats = (leaf.dtype for leaf in leaves if leaf.dtype.kind == "f")
        eps_claims = max([eps, *(float(np.finfo(dtype).eps) for dtype in floats)])
        scales = self._scales(f0, claims)
        way = scales * pattern(len(scales), 2)
        sigma = noise_level(self.given, f0, way, eps, eps)
        if eps > DOUBLE and (wide := self._wide(f0, sigma, way)):
            eps, narrow_noise, (self.function, f0, sigma) = DOUBLE, 2 * sigma, wide
        coarse = sigma > tuned.COARSE * max(abs(f0), float(abs(claims * scales).max()))
        demand = tuned.SINGLE if eps_claims > tuned.COARSE else tuned.DOUBLE
        demand = tuned.NOISY if coarse else demand
        if closely:
            demand = replace(demand, resolve=max(CLOSELY, eps_claims))
        known = (scales, sigma, eps, eps_claims, narrow_noise, coarse, demand)
        # where all is measured
        self.point = Point(self.function, f0, claims, *known)

    def _scales(self, f0: float, claims: Vector) -> Vector:
        """The sizes on which steps are based, so large that f reacts to some of them."""
        for least, moves in REACTS.items():
            scales, x = sizes(self.given, claims, f0, least), self.given.x
            ways = (move * scales * pattern(len(x), n) for n, move in enumerate(moves))
            if any(self.given.at(x + sign * way) != f0 for way in ways for sign in (1, -1)):
                return scales
        raise Told("f does not depend on params", "independent", value=f0)

    def _wide(self, f0: float, sigma: float, way: Vector) -> tuple[Function, float, float] | None:
        """f on float64 copies of the parameters, its value and its noise, if it takes them and is
        more precise there."""
        moved = self.given.stored(self.given.x + MOVE * way)
        narrow = self.given.at(moved) - f0
        copies: list[Array] = [array.astype(np.float64) for array in self.tree.arrays]
        wide = Function(self.f, replace(self.tree, value=self.tree.rebuild(copies), arrays=copies))
        try:
            wide_f0 = wide()
            change = wide.at(moved) - wide_f0
            wide_sigma = noise_level(wide, wide_f0, way, DOUBLE, float(self.given.eps.max()))
        except Exception:  # f does not take them
            return None
        slack, both = ROUNDINGS * sigma, ((f0, wide_f0), (narrow, change))
        alike = all(abs(one - other) <= ALIKE * abs(other) + slack for one, other in both)
        finer = wide_sigma < FINER * sigma
        return (wide, wide_f0, wide_sigma) if alike and change != 0 and finer else None


def _require_floats(tree: Tree) -> None:
    """The parameters are finite real numbers, each at a place of its own."""
    for name, array in zip(tree.names, tree.arrays, strict=True):
        where = label("params", name)
        if kind := NO_FLOATS.get(array.dtype.kind):
            raise Told(f"{kind} parameters", kind, label=where, dtype=array.dtype)
        if not np.isfinite(array).all():
            raise Told("not finite", "not_finite_params", label=where)
        if _overlaps_itself(array):
            raise Told("shared memory", "overlapping", label=where)
    for (first, a), (second, b) in combinations(zip(tree.names, tree.arrays, strict=True), 2):
        if np.may_share_memory(a, b) and np.shares_memory(a, b):
            raise Told("shared memory", "shared", first=first, second=second)


def _overlaps_itself(array: Array) -> bool:
    """Do two entries of the array lie at one place in memory?"""
    if array.flags.c_contiguous or array.flags.f_contiguous or not array.size:
        return False
    steps = zip(array.shape, array.strides, strict=True)
    places = sum(np.ix_(*(stride * np.arange(n) for n, stride in steps)))
    return bool((np.diff(np.sort(places, axis=None)) < array.itemsize).any())
