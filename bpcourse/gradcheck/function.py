"""f as a function of one vector: every entry of every parameter array, in order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from warnings import catch_warnings

import numpy as np
import numpy.typing as npt
from numpy.exceptions import ComplexWarning

from bpcourse.gradcheck.structure import Inexact, Place, Told, Tree, label

Vector = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

DOUBLE = float(np.finfo(np.float64).eps)
DOMAIN_ERRORS = (ValueError, ArithmeticError)  # what f may raise where it is not defined
STEP = 1e-30  # a complex one, relative; nothing is subtracted, so it may be as small as this


class Counted:
    """f, and how often it was called."""

    def __init__(self, f: Callable[..., object]) -> None:
        self.f, self.calls = f, 0

    def __call__(self, params: object) -> object:
        self.calls += 1
        return self.f(params)


class Function:
    """f on the leaves of ``tree``, which every method puts back bit for bit.

    ``x`` is the vector around which f is looked at, ``eps`` the precision of each entry's type.
    """

    def __init__(self, f: Counted, tree: Tree) -> None:
        self.f, self.tree = f, tree
        self._arrays = [np.asarray(a) for a in tree.arrays]  # without what a subclass does
        self._double = all(a.dtype == np.float64 for a in self._arrays)
        eps = [np.full(a.size, max(DOUBLE, float(np.finfo(a.dtype).eps))) for a in self._arrays]
        self.eps = vector(eps)
        self._kept = [a.copy() for a in self._arrays]
        self.x = vector(self._kept)

    def __call__(self) -> float:
        """f where the parameters are now. TypeError unless it is one real number."""
        array = np.asarray(value := self.f(self.tree.value))
        if array.size == 1 and array.dtype.kind in "buif":
            return float(array.reshape(()))
        got = type(value).__name__ if array.dtype.kind not in "buifc" else "a complex one"
        if array.size != 1:
            got = f"an array of shape {array.shape}; take its sum or mean"
        raise TypeError(f"f: expected a number (a loss), got {got}")

    def at(self, x: Vector) -> float:
        """f at x; NaN where it is not defined."""
        try:
            return self._moved_to(x)
        except DOMAIN_ERRORS as error:
            # Does f refuse this point, and only this point? Then it is outside f's domain.
            try:
                self._moved_to(x)
            except DOMAIN_ERRORS:
                self()
                return np.nan
            raise error

    def _moved_to(self, x: Vector) -> float:
        try:
            self._write(self.tree.cut(x))
            return self()
        finally:
            self._write(self._kept)

    def complex_slope(self, i: int) -> float:
        """The slope in entry i by a complex step; NaN where f takes none."""
        x, h = self.x + 0j, STEP * float(abs(self.x[i]) or 1)
        x[i] += 1j * h
        with suppress(Exception), catch_warnings(action="error", category=ComplexWarning):
            value = np.asarray(self.f(self.tree.rebuild(self.tree.cut(x))))
            if value.dtype.kind == "c":  # else f dropped the imaginary part
                return float(value.item().imag / h)
        return np.nan

    def parts(self, x: Vector) -> list[Inexact]:
        """x as the arrays would keep it, rounded to their types."""
        parts = zip(self.tree.cut(x), self._arrays, strict=True)
        return [part.astype(array.dtype) for part, array in parts]

    def stored(self, x: Vector) -> Vector:
        """What the arrays would keep of x."""
        return x if self._double else vector(self.parts(x))

    @contextmanager
    def moved(self, x: Vector) -> Iterator[None]:
        """Look around another point; afterwards around this one again, with the arrays as now."""
        kept, here, now = self._kept, self.x, [a.copy() for a in self._arrays]
        try:
            self._write(self.tree.cut(x))
            self._kept = [a.copy() for a in self._arrays]
            self.x = vector(self._kept)
            yield
        finally:
            self._kept, self.x = kept, here
            self._write(now)

    def _write(self, parts: Sequence[Inexact]) -> None:
        for array, part in zip(self._arrays, parts, strict=True):
            array[...] = part

    def require_unchanged(self, who: str) -> None:
        """The arrays are as they were left; else Told that ``who`` changed them."""
        for name, now, kept in zip(self.tree.names, self._arrays, self._kept, strict=True):
            if not (np.array_equal(now, kept) and (np.signbit(now) == np.signbit(kept)).all()):
                raise Told("changed its input", "changed", who=who, label=label("params", name))

    def of_arrays(self, values: Vector) -> Vector:
        """For every entry the largest of ``values`` (at least 0) in its array."""
        parts = [values[part] for part in self.tree.slices]
        return np.concatenate([np.full(part.size, part.max(initial=0)) for part in parts])

    def place(self, i: int) -> tuple[str, Place]:
        """The array's name and the index in it of entry i."""
        k = next(k for k, part in enumerate(self.tree.slices) if i < part.stop)
        index = np.unravel_index(i - self.tree.slices[k].start, self.tree.arrays[k].shape)
        return self.tree.names[k], tuple(map(int, index))


def vector(arrays: Sequence[Inexact]) -> Vector:
    """All entries of all arrays, in order."""
    return np.concatenate([np.asarray(array, np.float64).reshape(-1) for array in arrays])
