"""The checks that every public function of the mathematics makes, and their wording.

A message names the argument, says what was expected and what was given.
"""

import math
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# Parameters and their gradients; what a layer computes, where complex numbers may carry a complex
# step; and targets, which may also be class labels.
Floats: TypeAlias = npt.NDArray[np.floating]
Array: TypeAlias = npt.NDArray[np.inexact]
Targets: TypeAlias = npt.NDArray[np.number]
FLOATS = "fdFD"


class NotFiniteError(ValueError):
    """An array holds NaN or infinity. ``name`` is the argument, ``index`` the first such entry."""

    def __init__(self, name: str, array: Array) -> None:
        self.name = name
        self.index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f" at index {self.index}" if self.index else ""
        super().__init__(f"{name}: expected finite numbers, got {array[self.index]}{where}")


def as_float(name: str, value: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> Array:
    """``value`` as an array of floats: float32 stays float32, integers become float64.

    With ``dtype`` (float32 or float64) the result has that type; complex input keeps its
    imaginary part at the same precision. TypeError if ``value`` holds no numbers.
    """
    array: npt.NDArray[Any] = value if type(value) is np.ndarray else _as_array(name, value)
    if dtype is not None:
        if array.dtype == dtype:
            return array
        if array.dtype.kind == "c":
            dtype = np.result_type(dtype, np.complex64)
        _require_numbers(name, array)
        return array.astype(dtype, copy=False)
    if array.dtype.char not in FLOATS:
        _require_numbers(name, array)
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if not array.dtype.isnative:  # read from a file of another machine
        return array.astype(array.dtype.newbyteorder("="))
    return array


def _as_array(name: str, value: npt.ArrayLike) -> npt.NDArray[np.generic]:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: expected rows of one length, got a ragged sequence") from None


def _require_numbers(name: str, array: npt.NDArray[np.generic]) -> None:
    if array.dtype.kind not in "buifc":
        raise TypeError(f"{name}: expected numbers, got an array of type {array.dtype}")


def require_finite(name: str, array: Array) -> None:
    """Raise :class:`NotFiniteError` if ``array`` holds NaN or infinity."""
    # vdot sees them all at half the price of isfinite().all() and, unlike dot, never warns; but
    # it can overflow on finite numbers, so isfinite has the last word.
    if not math.isfinite(np.vdot(array, array).real) and not np.isfinite(array).all():
        raise NotFiniteError(name, array)


def as_batch(
    name: str,
    value: npt.ArrayLike,
    columns: int | None = None,
    dtype: npt.DTypeLike | None = None,
) -> Array:
    """``value`` as a finite float matrix (batch, columns) with at least one row.

    ValueError for another shape, an empty batch, NaN or infinity; TypeError for non-numbers.
    """
    array = as_float(name, value, dtype)
    if (
        array.ndim == 2
        and array.shape[1] == (columns or array.shape[1])
        and array.size
        and math.isfinite(np.vdot(array, array).real)
    ):
        return array  # as nearly always: see require_finite
    if array.ndim != 2 or (columns is not None and array.shape[1] != columns):
        expected = f"shape (batch, {'n' if columns is None else columns}), rows are examples"
        hint = ""
        if array.ndim == 1:
            hint = f"; for one example write {name}[None, :]"
        elif array.ndim == 2 and array.shape[0] == columns:
            hint = "; is it transposed?"
        raise ValueError(f"{name}: expected {expected}, got shape {array.shape}{hint}")
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one example, got shape {array.shape}")
    require_finite(name, array)
    return array


def as_targets(y: npt.ArrayLike, y_hat: Array) -> Array:
    """Targets as finite floats of exactly the shape of ŷ: (n,) beside (n, 1) would broadcast."""
    y = as_float("y", y, y_hat.real.dtype)
    require_shape("y", y, y_hat.shape)
    require_finite("y", y)
    return y


def as_distribution(y: npt.ArrayLike, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Class targets as rows that sum to 1: labels become one-hot, and rounding is evened out."""
    labels = np.asarray(y)
    batch, k = shape
    if labels.ndim == 1:
        require_shape("y", labels, (batch,))
        if labels.dtype.kind not in "iu":
            raise TypeError(f"y: expected whole-number class labels, got type {labels.dtype}")
        one_hot = _classes(k) == labels  # (k, batch): long rows take half the time of short ones
        if np.count_nonzero(one_hot) != batch:  # a label that is no class
            raise ValueError(f"y: expected labels 0 to {k - 1}, got {min(labels)} to {max(labels)}")
        rows: Array = one_hot.T.astype(dtype)
        return rows
    rows = as_float("y", y, dtype)
    if rows.shape != shape:
        expected = f"labels of shape ({batch},) or one-hot rows of shape {shape}"
        raise ValueError(f"y: expected {expected}, got shape {rows.shape}")
    require_finite("y", rows)
    sums = rows.real.sum(axis=1)
    if rows.real.min() < 0 or np.abs(sums - 1).max() > 1e-3:
        raise ValueError(
            "y: expected one-hot rows or distributions (each row at least 0, sum 1), "
            f"got a smallest entry {rows.real.min()} and row sums {sums.min()} to {sums.max()}"
        )
    rows = rows / sums[:, None]
    return rows


@lru_cache
def _classes(k: int) -> npt.NDArray[np.integer]:
    return np.arange(k)[:, None]


def as_probabilities(name: str, value: npt.ArrayLike) -> Array:
    """``value`` as a batch of rows that are at least 0 and sum to 1, with some slack.

    The slack lets a gradient check nudge one entry; logits are far outside it.
    """
    array = as_batch(name, value)
    sums = array.real.sum(axis=1)
    if array.real.min() < 0 or np.abs(sums - 1).max() > 0.25:
        raise ValueError(
            f"{name}: expected probabilities (each row at least 0, sum 1), got a smallest entry "
            f"{array.real.min()} and row sums {sums.min()} to {sums.max()}; "
            "logits go into SoftmaxCrossEntropy"
        )
    return array


def require_shape(name: str, array: npt.NDArray[np.generic], shape: tuple[int, ...]) -> None:
    """Raise ValueError if ``array`` has not exactly ``shape``."""
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got shape {array.shape}")


def require_positive_int(name: str, value: int) -> int:
    """``value`` as an int of at least 1; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name}: expected at least 1, got {value}")
    return int(value)


# In quotes, because np.random, a third of NumPy's import, loads when it is first looked at.
def require_generator(name: str, rng: "np.random.Generator | None") -> "np.random.Generator":
    """``rng`` itself. TypeError if it is not a NumPy random generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name}: expected numpy.random.default_rng(seed), got {rng!r}")
    return rng
