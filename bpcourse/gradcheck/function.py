"""f as a function of one vector: every entry of every parameter array, in order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, pairwise
from math import nan

import numpy as np
import numpy.typing as npt

from bpcourse.gradcheck.structure import Array, Inexact, Tree

Vector = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Place = tuple[int, ...]

DOUBLE = float(np.finfo(np.float64).eps)
DOMAIN_ERRORS = (ValueError, ArithmeticError)  # what f may raise where it is not defined
STACK = 1_000_000  # numbers in one stack for f.batch


class Function:
    """f on the leaves of ``tree``, which every method puts back bit for bit.

    ``x`` is the vector around which f is looked at, ``slices`` are the parts of it that each array
    is, ``calls`` counts evaluations. If f is ``wide`` it gets float64 copies of the leaves.
    """

    def __init__(self, f: Callable[..., object], tree: Tree) -> None:
        self.f, self.tree, self.calls, self.wide = f, tree, 0, False
        self.batch: Callable[..., object] | None = getattr(f, "batch", None)
        self._arrays = [np.asarray(a) for a in tree.arrays]  # without what a subclass does
        ends = np.cumsum([0, *(a.size for a in self._arrays)]).tolist()
        self.slices = [slice(*pair) for pair in pairwise(ends)]
        eps = [np.full(a.size, max(DOUBLE, float(np.finfo(a.dtype).eps))) for a in self._arrays]
        self._eps: Vector = np.concatenate(eps)
        self._ahead: dict[int, float] = {}  # what f.batch gave, until it is asked for
        self._keep()

    def _keep(self) -> None:
        self._kept = [a.copy() for a in self._arrays]
        self.x = vector(self._kept)

    @property
    def eps(self) -> Vector:
        """The precision of each entry's type."""
        return np.full(len(self.x), DOUBLE) if self.wide else self._eps

    def ask(self, params: object) -> object:
        """f of some parameters, whatever it may be."""
        self.calls += 1
        return self.f(params)

    def __call__(self) -> float:
        """f where the parameters are now. TypeError unless it is one real number."""
        return as_number(self.ask(self.tree.value))

    def at(self, x: Vector) -> float:
        """f at x; NaN where it is not defined."""
        known = self._ahead.pop(hash(x.tobytes()), None) if self._ahead else None
        if known is not None:
            return known
        try:
            return self._moved_to(x)
        except DOMAIN_ERRORS as error:
            # Does f refuse this point, and only this point? Then it is outside f's domain.
            try:
                self._moved_to(x)
            except DOMAIN_ERRORS:
                self()
                return nan
            raise error

    def _moved_to(self, x: Vector) -> float:
        if self.wide:
            return as_number(self.ask(self.tree.rebuild(self.tree.cut(x.copy()))))
        try:
            self._write(self.tree.cut(x))
            return self()
        finally:
            self.restore()

    def prepare(self, points: Iterator[Vector]) -> None:
        """Ask f.batch, if there is one, for f at all these points."""
        rows = max(1, STACK // len(self.x))
        while self.batch and (some := list(islice(points, rows))):
            stack = np.array([self.stored(x) for x in some])
            parts = zip(self.slices, self.tree.arrays, strict=True)
            arrays = [stack[:, s].astype(a.dtype).reshape(-1, *a.shape) for s, a in parts]
            out = np.asarray(self.batch(self.tree.rebuild(arrays)))
            if out.shape != (len(stack),):
                expected = f"one number for each of {len(stack)} stacked parameters"
                raise TypeError(f"f.batch: expected {expected}, got shape {out.shape}")
            self._ahead |= {hash(x.tobytes()): v for x, v in zip(stack, out.tolist(), strict=True)}
            self.calls += len(stack)

    def stored(self, x: Vector) -> Vector:
        """What the arrays keep of x, after rounding to their types."""
        if self.wide or all(kept.dtype == np.float64 for kept in self._kept):
            return x
        parts = zip(self.tree.cut(x), self._kept, strict=True)
        return vector([part.astype(kept.dtype) for part, kept in parts])

    @contextmanager
    def moved(self, x: Vector) -> Iterator[None]:
        """Look around another point; afterwards around this one again, with the arrays as now."""
        kept, here, now = self._kept, self.x, [a.copy() for a in self._arrays]
        try:
            self._write(self.tree.cut(x))
            self._keep()
            yield
        finally:
            self._kept, self.x = kept, here
            self._write(now)

    def restore(self) -> None:
        """Put the parameters back, whatever f or grad did to them."""
        self._write(self._kept)

    def _write(self, parts: Sequence[Inexact]) -> None:
        for array, part in zip(self._arrays, parts, strict=True):
            array[...] = part

    def changed(self) -> str | None:
        """The name of the first array that is not as it was left."""
        for name, now, kept in zip(self.tree.names, self._arrays, self._kept, strict=True):
            if not (np.array_equal(now, kept) and (np.signbit(now) == np.signbit(kept)).all()):
                return name
        return None

    def of_arrays(self, values: Vector) -> Vector:
        """For every entry the largest of ``values`` (at least 0) in its array."""
        parts = [values[part] for part in self.slices]
        return np.concatenate([np.full(part.size, part.max(initial=0)) for part in parts])

    def part(self, i: int) -> int:
        """The number of the array that has entry i."""
        return next(k for k, part in enumerate(self.slices) if i < part.stop)

    def place(self, i: int) -> tuple[str, Place]:
        """The array's name and the index in it of entry i."""
        k = self.part(i)
        index = np.unravel_index(i - self.slices[k].start, self.tree.arrays[k].shape)
        return self.tree.names[k], tuple(map(int, index))


def vector(arrays: Sequence[Array]) -> Vector:
    """All entries of all arrays, in order."""
    return np.concatenate([np.asarray(array, np.float64).reshape(-1) for array in arrays])


def as_number(value: object) -> float:
    """What f returned, as a float. TypeError unless it is one real number."""
    array = np.asarray(value)
    if array.size == 1 and array.dtype.kind in "buif":
        return float(array.reshape(()))
    got = type(value).__name__ if array.dtype.kind not in "buifc" else "a complex one"
    if array.size != 1:
        got = f"an array of shape {array.shape}; take its sum or mean"
    raise TypeError(f"f: expected a number (a loss), got {got}")
