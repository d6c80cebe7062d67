"""What is to be checked: f, its parameters, and the gradient that is claimed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.function import DOUBLE, Function, Index, Vector
from bpcourse.gradcheck.noise import noise_level
from bpcourse.gradcheck.point import Point, Precision, sizes
from bpcourse.gradcheck.structure import Array, StructureError, Tree, gradient_arrays
from bpcourse.text import text

GOLDEN = (5 ** (1 / 2) - 1) / 2  # its multiples fill an interval evenly: directions without chance
MOVE = 1e-2  # of the parameters: a move over which f on wider arrays has to change alike,
ALIKE = (0.05, 1e-3)  # up to these parts of the change and of f itself,
ROUNDINGS = 20  # or to this many roundings of the narrow f
FINER = 1e-2  # of its noise: what is left of it, where wider arrays are worth it
OFTEN = 3  # calls after which an f that draws random numbers has mostly given itself away


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
        self._closure: bool | None = None
        self._claims: Vector | None = None  # at the caller's parameters

    @property
    def evaluations(self) -> int:
        wide = self.function.calls if self.function is not self.caller else 0
        return self.caller.calls + wide

    def value(self) -> float:
        """f at the caller's parameters, asked a few times."""
        values = []
        for _ in range(OFTEN - 1):
            values.append(self.caller())
            self.require_unchanged("f")
        if not np.isfinite(values).all():
            bad = next(value for value in values if not np.isfinite(value))
            raise cannot_tell("not finite", "not_finite_f", value=bad)
        self._first = values[0]
        self._require_first(values[-1])
        return values[0]

    def require_same_again(self) -> None:
        """f and grad give at the caller's parameters what they gave at first."""
        self._require_first(self.caller())
        self.first_claims()

    def _require_first(self, value: float) -> None:
        if value != self._first:
            raise cannot_tell(
                "nondeterminism", "nondeterminism", first=self._first, second=value,
                calls=self.evaluations,
            )  # fmt: skip

    def claims(self) -> tuple[Vector, float]:
        """The claimed gradient where the parameters are now, and the precision of its type."""
        leaves = self._leaves()
        flat = [np.asarray(leaf, np.float64).reshape(-1) for leaf in leaves]
        eps = [float(np.finfo(leaf.dtype).eps) for leaf in leaves if leaf.dtype.kind == "f"]
        return np.concatenate(flat), max([0.0, *eps])

    def first_claims(self) -> tuple[Vector, float]:
        """The claims at the caller's parameters: finite, and the same whenever they are asked."""
        claims, eps = self.claims()
        if callable(self.grad):
            again = self.claims()[0] if self._claims is None else self._claims
            self._claims = claims
            differ = np.flatnonzero((claims != again) & ~(np.isnan(claims) & np.isnan(again)))
            if len(differ):
                i = int(differ[0])
                label, index = self.place(i)
                raise cannot_tell(
                    "nondeterminism", "grad_differs", label=_label("grad", label), index=index,
                    first=claims[i], second=again[i],
                )  # fmt: skip
        if not np.isfinite(claims).all():
            i = int(np.flatnonzero(~np.isfinite(claims))[0])
            name, index = self.place(i)
            values = {"label": _label("grad", name), "value": claims[i], "index": index}
            raise Told("wrong", "not finite", text("gradcheck.not_finite_grad", **values))
        return claims, eps

    def place(self, i: int) -> tuple[str, tuple[int, ...]]:
        """The array's name and the index in it of entry i."""
        k = next(k for k, part in enumerate(self.function.slices) if i < part.stop)
        start, array = self.function.slices[k].start, self.tree.arrays[k]
        index = tuple(int(n) for n in np.unravel_index(i - start, array.shape))
        return self.tree.names[k], index

    def require_unchanged(self, who: str) -> None:
        """The parameters are as they were left."""
        name = self.caller.changed() or self.function.changed()
        if name is not None:
            label = _label("params", name)
            raise cannot_tell("changed its input", "changed", who=who, label=label)

    def _leaves(self) -> list[Array]:
        grad = self.grad
        if callable(grad):
            grad = grad(self.tree.value)
            self.require_unchanged("grad")
        try:
            return gradient_arrays(self.tree, grad)
        except StructureError as error:
            raise Told("wrong", error.kind, f"{error}.") from None

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

    def there(self, like: Point) -> Point | None:
        """The claims where the parameters are now, if f and they are finite."""
        value = self.function.here()
        if not np.isfinite(value):
            return None
        if self.function is not self.caller:
            self.caller()  # what grad keeps from the last call of f is of this point
        claims, _ = self.claims()
        if not np.isfinite(claims).all():
            return None
        return Point(self.function, value, claims, like.scales, like.precision)

    def is_function(self, at: Point) -> bool:
        """Is grad a function of params, and not a closure over one array?"""
        if not callable(self.grad):
            return False
        if self._closure is None:
            first = self._leaves()
            kept = [np.array(leaf) for leaf in first]
            way = tuned.NEARBY * at.scales * pattern(len(at.scales), 1)
            with self.caller.moved(self.caller.x + way):
                self.caller.here()
                second = self._leaves()
            self._closure = all(
                np.may_share_memory(a, b) and np.array_equal(b, c)
                for a, b, c in zip(first, second, kept, strict=True)
            )
        return not self._closure

    # precision

    def first_point(self, rng: np.random.Generator) -> Point:
        """The claims at the caller's parameters, once f's noise is known."""
        f0 = self.value()
        claims, eps_claims = self.first_claims()
        scales = sizes(self.function, claims, f0)
        eps = self.caller.eps
        way = (
            scales
            * rng.uniform(1 / 2, 1 + 1 / 2, len(scales))
            * rng.choice((-1.0, 1.0), len(scales))
        )
        sigma, rounding = noise_level(self.function, f0, way, eps), 0.0
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
        caller = self.caller
        everything: Index = caller.everything
        moved = caller.stored(everything, caller.x + MOVE * way)
        try:
            wide = caller.on(np.float64)
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
    arrays, names = tree.arrays, tree.names
    for k, (name, array) in enumerate(zip(names, arrays, strict=True)):
        label = _label("params", name)
        if array.dtype.kind in "bui":
            raise cannot_tell("integer parameters", "integer", label=label, dtype=array.dtype)
        if array.dtype.kind == "c":
            raise cannot_tell("complex parameters", "complex", label=label)
        if not np.isfinite(array).all():
            raise cannot_tell("not finite", "not_finite_params", label=label)
        if _overlaps_itself(array):
            raise cannot_tell("shared memory", "overlapping", label=label)
        for j in range(k):
            if np.may_share_memory(array, arrays[j]) and np.shares_memory(array, arrays[j]):
                raise cannot_tell("shared memory", "shared", first=names[j], second=name)


def _overlaps_itself(array: Array) -> bool:
    """Do two entries of the array lie at one place in memory?"""
    if array.flags.c_contiguous or array.flags.f_contiguous or not array.size:
        return False
    places = np.zeros((), np.intp)
    for axis, (n, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        shape = [1] * array.ndim
        shape[axis] = n
        places = places + (stride * np.arange(n)).reshape(shape)
    return bool((np.diff(np.sort(places, axis=None)) < array.itemsize).any())


def _label(what: str, name: str) -> str:
    return f"{what}[{name}]" if name else what
