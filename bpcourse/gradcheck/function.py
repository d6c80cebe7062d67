"""f as a function of one vector: every entry of every parameter array, in order."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from bpcourse.gradcheck.structure import Array, Tree

Vector = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

DOUBLE = float(np.finfo(np.float64).eps)
DOMAIN_ERRORS = (ValueError, ArithmeticError)  # what f may raise where it is not defined
STACK = 1_000_000  # numbers in one stack for f.batch


class Function:
    """f on the leaves of ``tree``. Every method puts the leaves back bit for bit.

    ``x`` is the vector around which f is looked at, ``slices`` are the parts of it that each array
    is, ``calls`` counts evaluations and ``eps`` is the precision of each entry's type.
    """

    def __init__(self, f: Callable[..., object], tree: Tree) -> None:
        self.f, self.tree, self.calls = f, tree, 0
        self.batch: Callable[..., object] | None = getattr(f, "batch", None)
        arrays = [np.asarray(a) for a in tree.arrays]  # without what a subclass does
        self._views = [a.reshape(-1) if a.flags.c_contiguous else a.flat for a in arrays]
        self._starts = [0, *np.cumsum([a.size for a in arrays]).tolist()]
        self.slices = [slice(*ends) for ends in zip(self._starts, self._starts[1:], strict=False)]
        eps = [np.full(a.size, max(DOUBLE, float(np.finfo(a.dtype).eps))) for a in arrays]
        self.eps: Vector = np.concatenate(eps)
        self._all_double = all(a.dtype == np.float64 for a in arrays)
        self.everything: Index = np.arange(self._starts[-1])
        self._ahead: dict[tuple[int, float], float] = {}  # what f.batch gave, until it is asked for
        self._keep()

    def _keep(self) -> None:
        self._kept: list[Array] = [np.array(view) for view in self._views]
        self.x: Vector = np.concatenate(self._kept).astype(np.float64)

    def __call__(self) -> float:
        """f where the parameters are now. TypeError unless it is one real number."""
        self.calls += 1
        return as_number(self.f(self.tree.value))

    def here(self) -> float:
        """f where the parameters are now; NaN where f says that it is not defined."""
        try:
            return self()
        except DOMAIN_ERRORS as error:
            # Does f refuse this point, and only this point? Then it is outside f's domain.
            try:
                self()
            except DOMAIN_ERRORS:
                self.restore()
                self()
                return math.nan
            raise error

    def at(self, index: Index, values: Vector) -> float:
        """f with the entries ``index`` set to ``values``; NaN where it is not defined."""
        if self._ahead and len(index) == 1:
            known = self._ahead.pop((int(index[0]), float(values[0])), None)
            if known is not None:
                return known
        x = self.x.copy()
        x[index] = values
        try:
            self._write(self._parts(x))
            return self.here()
        finally:
            self.restore()

    def prepare(self, index: Index, values: Vector) -> None:
        """Ask f.batch, if there is one, for f with one entry after the other set to its value."""
        rows = max(1, STACK // len(self.x))
        for start in range(0, len(index) if self.batch else 0, rows):
            own, moved = index[start : start + rows], values[start : start + rows]
            stack = np.repeat(self.x[None], len(own), axis=0)
            stack[np.arange(len(own)), own] = moved
            parts = zip(self.slices, self.tree.arrays, strict=True)
            arrays = [stack[:, s].astype(a.dtype).reshape(-1, *a.shape) for s, a in parts]
            out = np.asarray(self.batch(self.tree.rebuild(arrays)) if self.batch else 0)
            if out.shape != (len(own),):
                expected = f"one number for each of {len(own)} stacked parameters"
                raise TypeError(f"f.batch: expected {expected}, got shape {out.shape}")
            keys = zip(own.tolist(), moved.tolist(), strict=True)
            self._ahead |= zip(keys, out.tolist(), strict=True)
            self.calls += len(own)

    def stored(self, index: Index, values: Vector) -> Vector:
        """What the arrays keep of these entries' ``values``, after rounding to their types."""
        if self._all_double:
            return values
        x = self.x.copy()
        x[index] = values
        kept = zip(self._parts(x), self._kept, strict=True)
        return np.concatenate([part.astype(a.dtype) for part, a in kept]).astype(np.float64)[index]

    @contextmanager
    def moved(self, x: Vector) -> Iterator[None]:
        """Look around another point; afterwards around this one again."""
        kept, here = self._kept, self.x
        try:
            self._write(self._parts(x))
            self._keep()
            yield
        finally:
            self._kept, self.x = kept, here
            self.restore()

    def restore(self) -> None:
        """Put the parameters back, whatever f or grad did to them."""
        self._write(self._kept)

    def _write(self, parts: Sequence[Array]) -> None:
        for view, part in zip(self._views, parts, strict=True):
            view[:] = part

    def _parts(self, x: Vector) -> list[Vector]:
        return [x[part] for part in self.slices]

    def widened(self) -> "Function":
        """f on float64 copies of the parameters."""
        arrays = [np.asarray(a).astype(np.float64) for a in self.tree.arrays]
        return Function(self.f, Tree(self.tree.rebuild(arrays), self.tree.names, arrays))

    def changed(self) -> str | None:
        """The name of the first array that is not as it was left."""
        for name, view, kept in zip(self.tree.names, self._views, self._kept, strict=True):
            now = np.array(view)
            if not (np.array_equal(now, kept) and (np.signbit(now) == np.signbit(kept)).all()):
                return name
        return None

    def of_arrays(self, values: Vector) -> Vector:
        """For every entry the largest of ``values`` (at least 0) in its array."""
        parts = [values[part] for part in self.slices]
        return np.concatenate([np.full(part.size, part.max(initial=0)) for part in parts])

    def place(self, i: int) -> tuple[str, tuple[int, ...]]:
        """The array's name and the index in it of entry i."""
        k = bisect_right(self._starts, i) - 1
        index = np.unravel_index(i - self._starts[k], self.tree.arrays[k].shape)
        return self.tree.names[k], tuple(map(int, index))


def as_number(value: object) -> float:
    """What f returned, as a float. TypeError unless it is one real number."""
    array = np.asarray(value)
    if array.size == 1 and array.dtype.kind in "buif":
        return float(array.reshape(()))
    got = type(value).__name__ if array.dtype.kind not in "buifc" else "a complex one"
    if array.size != 1:
        got = f"an array of shape {array.shape}; take its sum or mean"
    raise TypeError(f"f: expected a number (a loss), got {got}")
