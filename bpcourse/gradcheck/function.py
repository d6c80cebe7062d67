"""f as a function of one vector: every entry of every parameter array, in order."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
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
    is, ``calls`` counts evaluations and ``eps`` is the precision of the coarsest array.
    """

    def __init__(self, f: Callable[..., object], tree: Tree) -> None:
        self.f, self.tree, self.calls = f, tree, 0
        self.batch: Callable[..., object] | None = getattr(f, "batch", None)
        arrays = [np.asarray(a) for a in tree.arrays]  # without what a subclass does
        self._views = [a.reshape(-1) if a.flags.c_contiguous else a.flat for a in arrays]
        self._starts = [0, *np.cumsum([a.size for a in arrays]).tolist()]
        self.slices = [slice(*ends) for ends in zip(self._starts, self._starts[1:], strict=False)]
        self._eps = [max(DOUBLE, float(np.finfo(a.dtype).eps)) for a in arrays]
        self.eps = max(self._eps)
        self._all_double = all(a.dtype == np.float64 for a in arrays)
        self.everything: Index = np.arange(self._starts[-1])
        self._keep()

    def _keep(self) -> None:
        self._kept: list[Array] = [np.array(view) for view in self._views]
        self.x: Vector = np.concatenate(self._kept).astype(np.float64)

    def __call__(self) -> float:
        """f where the parameters are now. TypeError unless it is one real number."""
        self.calls += 1
        value = self.f(self.tree.value)
        return value if type(value) is float else as_number(value)

    def at(self, index: Index, values: Vector) -> float:
        """f with the entries ``index`` set to ``values``; NaN where f says it is not defined."""
        pieces = list(self._pieces(index))
        for k, here, part in pieces:
            self._views[k][here] = values[part]
        try:
            return self.here()
        finally:
            for k, here, _ in pieces:
                self._views[k][here] = self._kept[k][here]

    def each(self, index: Index, values: Vector) -> Vector:
        """f with one entry of an array after the other set to its value."""
        if self.batch is not None:
            return self._stacked(self.batch, index, values)
        result = np.empty(len(index))
        for k, here, part in self._pieces(index):
            view, kept, seen = self._views[k], self._kept[k], []
            for i, value in zip(here.tolist(), values[part].tolist(), strict=True):
                view[i] = value
                seen.append(self.here())
                view[i] = kept[i]
            result[part] = seen
        return result

    def stored(self, index: Index, values: Vector) -> Vector:
        """What the arrays keep of ``values``, after rounding to their types."""
        if self._all_double:
            return values
        kept = values.copy()
        for k, _, part in self._pieces(index):
            kept[part] = values[part].astype(self._kept[k].dtype)
        return kept

    @contextmanager
    def moved(self, x: Vector) -> Iterator[None]:
        """Look around another point; afterwards around this one again."""
        kept, here = self._kept, self.x
        try:
            for view, part in zip(self._views, self.slices, strict=True):
                view[:] = x[part]
            self._keep()
            yield
        finally:
            self._kept, self.x = kept, here
            self.restore()

    def restore(self) -> None:
        """Put the parameters back, whatever f or grad did to them."""
        for view, values in zip(self._views, self._kept, strict=True):
            view[:] = values

    def on(self, dtype: type[np.floating]) -> "Function":
        """f on copies of the parameters of another type."""
        arrays = [np.asarray(a).astype(dtype) for a in self.tree.arrays]
        return Function(self.f, Tree(self.tree.rebuild(arrays), self.tree.names, arrays))

    def changed(self) -> str | None:
        """The name of the first array that is not as it was left."""
        for name, view, kept in zip(self.tree.names, self._views, self._kept, strict=True):
            now = np.array(view)
            if not (
                np.array_equal(now, kept) and np.array_equal(np.signbit(now), np.signbit(kept))
            ):
                return name
        return None

    def of_arrays(self, values: Vector) -> Vector:
        """For every entry the largest of ``values`` (at least 0) in its array."""
        return np.concatenate(
            [np.full(values[part].size, values[part].max(initial=0)) for part in self.slices]
        )

    def eps_of(self, index: Index) -> float:
        """The precision of the coarsest array that ``index`` is in."""
        return max(self._eps[k] for k, _, _ in self._pieces(index))

    def _pieces(self, index: Index) -> Iterator[tuple[int, Index, Index | slice]]:
        """(array, places in the array, places in ``index``) of every array that index is in."""
        first, last = index.min(), index.max()
        k = bisect_right(self._starts, first) - 1
        if last < self._starts[k + 1]:
            yield k, index - self._starts[k], slice(None)
            return
        owner = np.searchsorted(self._starts, index, side="right") - 1
        for k in np.unique(owner).tolist():
            part = np.flatnonzero(owner == k)
            yield k, index[part] - self._starts[k], part

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

    def _stacked(self, batch: Callable[..., object], index: Index, values: Vector) -> Vector:
        """The same as ``each`` through f.batch, whose arrays have one more axis in front."""
        result = np.empty(len(index))
        rows = max(1, STACK // len(self.x))
        for start in range(0, len(index), rows):
            part = slice(start, start + rows)
            count = len(index[part])
            stack = np.repeat(self.x[None], count, axis=0)
            stack[np.arange(count), index[part]] = values[part]
            arrays = [
                stack[:, own].astype(array.dtype).reshape(count, *array.shape)
                for own, array in zip(self.slices, self.tree.arrays, strict=True)
            ]
            out = np.asarray(batch(self.tree.rebuild(arrays)))
            if out.shape != (count,):
                raise TypeError(
                    f"f.batch: expected one number for each of the {count} stacked parameters, "
                    f"shape ({count},), got shape {out.shape}"
                )
            result[part] = out
            self.calls += count
        return result


def as_number(value: object) -> float:
    """What f returned, as a float. TypeError unless it is one real number."""
    if isinstance(value, float | int | np.floating | np.integer):
        return float(value)
    array = np.asarray(value)
    if array.dtype.kind == "c" and array.size == 1:
        raise TypeError("f: expected a real number, got a complex one")
    if array.dtype.kind not in "buif":
        raise TypeError(f"f: expected a number, got {type(value).__name__}")
    if array.size != 1:
        raise TypeError(
            f"f: expected a single number (a loss), got an array of shape {array.shape}; "
            "take its sum or mean"
        )
    return float(array.reshape(()))
