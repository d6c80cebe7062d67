"""Whether two results, or two outcomes, are the same up to rounding; numbers as they are shown."""

from fractions import Fraction
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.question import TOLERANCE, Question

MOST = 2000  # entries of a result that are compared one by one
CAST = 16 * float(np.finfo(np.float32).eps)  # what computing in float32 costs in these exercises


def alike(a: Outcome, b: Outcome, question: Question) -> bool:
    """Whether two outcomes agree: the values, or the kind of error; and what they did to inputs."""
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error)
    unasked = a.changed.symmetric_difference(b.changed) - set(question.may_change)
    return not unasked and a.aliased == b.aliased and alike_values(a.value, b.value)


def alike_values(a: object, b: object, tolerance: float = 0.0) -> bool:
    """Whether two results agree in structure, shape and numbers, up to rounding.

    Or up to a relative ``tolerance`` that is coarser.
    A list of numbers is as good as an array. Where ``b`` is infinite any number agrees: a mistake
    that gives ∞ is the same mistake when a clip hides it.
    """
    if isinstance(b, dict):
        return (
            isinstance(a, dict)
            and a.keys() == b.keys()
            and all(alike_values(a[k], b[k], tolerance) for k in b)
        )
    if isinstance(b, tuple | list):
        if isinstance(a, np.ndarray) and a.ndim and a.dtype != object and len(a) == len(b):
            a = list(a)
        return (
            isinstance(a, tuple | list)
            and len(a) == len(b)
            and all(alike_values(x, y, tolerance) for x, y in zip(a, b, strict=True))
        )
    if b is None or isinstance(b, str | bool):
        return type(a) is type(b) and a == b
    right = as_numbers(b)
    if right is None or (isinstance(a, tuple | list) and right.shape[:1] != (len(a),)):
        return False  # seen without reading a long list
    given = as_numbers(a)
    if given is None or given.shape != right.shape:
        return False
    # What is due decides: a cast to float32 at the end buys a rough answer no more than the cast.
    near = max(tolerance, TOLERANCE["float32" if right.dtype == np.float32 else "float64"])
    cast = CAST if given.dtype == np.float32 and right.dtype != np.float32 else 0.0
    size = np.abs(right)
    largest = size[np.isfinite(right)].max(initial=0)
    with np.errstate(all="ignore"):
        # No sum of sizes: the largest numbers that there are would overflow in it.
        most = np.fmax(near * size + 1e-3 * near * largest, cast * size + cast * largest)
        close = (np.abs(given - right) <= most) | (given == right)
    return bool((close | (np.isnan(given) & np.isnan(right))).all())


def is_nested(value: object) -> TypeGuard[tuple[object, ...] | list[object]]:
    """Whether a result is several: a tuple, or a list of other things than numbers."""
    if isinstance(value, list):
        return any(isinstance(entry, np.ndarray | tuple | list) for entry in value)
    return isinstance(value, tuple)


def is_long(value: object, most: int = MOST) -> bool:
    """Whether lists, tuples and dicts in each other hold more than ``most`` entries together."""
    count, todo = 0, [value]
    while todo and count <= most:
        entry = todo.pop()
        if isinstance(entry, dict):
            entry = list(entry.values())
        if isinstance(entry, list | tuple):
            count += len(entry)
            todo += entry[:most]
    return count > most


def as_numbers(value: object) -> npt.NDArray[np.floating] | None:
    """``value`` as an array of floats; None where it is no array of numbers.

    Lists and tuples of numbers count as arrays, and so does a fraction, and what is complex in
    name alone.
    """
    kinds = (np.ndarray, np.matrix, int, float, bool, complex, Fraction, list, tuple)
    if type(value) not in kinds and not isinstance(value, np.generic):
        return None
    try:
        if isinstance(value, list | tuple) and not _of_numbers(value):
            return None  # NumPy would make each of many texts as long as the longest
        array = np.asarray(float(value) if isinstance(value, Fraction) else value)
        if array.dtype.kind == "O" and isinstance(value, list | tuple):  # fractions among them
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):  # rows of unequal length
        return None
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real
    if array.dtype.kind not in "biuf":
        return None
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _of_numbers(values: list[object] | tuple[object, ...]) -> bool:
    kinds = set(map(type, values))
    if kinds & {list, tuple}:
        nested = (entry for entry in values if isinstance(entry, list | tuple))
        return all(map(_of_numbers, nested)) and _are_numbers(kinds - {list, tuple})
    return _are_numbers(kinds)


def _are_numbers(kinds: set[type]) -> bool:
    return all(
        issubclass(kind, int | float | complex | Fraction | np.ndarray | np.generic)
        for kind in kinds
    )


def rounded(array: npt.NDArray[np.floating], decimals: int = 4) -> npt.NDArray[np.floating]:
    """``array`` as a student reads it: rounded, without −0; what is too large for that as it is."""
    with np.errstate(all="ignore"):
        short = np.round(array, decimals) + 0
    return np.where(np.isfinite(short), short, array)
