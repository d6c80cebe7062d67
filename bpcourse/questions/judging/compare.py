"""Whether two results, or two outcomes, are the same up to rounding; numbers as they are shown."""

import numpy as np

from bpcourse.questions.question import TOLERANCE


def alike(a, b, question):
    """Whether two outcomes agree: the values, or the kind of error; and what they did to inputs."""
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error)
    unasked = a.changed.symmetric_difference(b.changed) - set(question.may_change)
    return not unasked and a.aliased == b.aliased and alike_values(a.value, b.value)


def alike_values(a, b, tolerance=0.0):
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
        if isinstance(a, np.ndarray) and a.ndim and a.dtype != object:
            a = list(a)
        return (
            isinstance(a, tuple | list)
            and len(a) == len(b)
            and all(alike_values(x, y, tolerance) for x, y in zip(a, b, strict=True))
        )
    if b is None or isinstance(b, str | bool):
        return type(a) is type(b) and a == b
    a, b = as_numbers(a), as_numbers(b)
    if a is None or b is None or a.shape != b.shape:
        return False
    near = max(tolerance, *(TOLERANCE.get(str(array.dtype), 1e-7) for array in (a, b)))
    largest = np.abs(b[np.isfinite(b)]).max(initial=0)
    with np.errstate(all="ignore"):
        close = (np.abs(a - b) <= near * (np.abs(b) + 1e-3 * largest)) | (a == b)
    return bool((close | (np.isnan(a) & np.isnan(b))).all())


def as_numbers(value):
    """``value`` as an array of floats or booleans; None where it is no array of numbers.

    Lists and tuples of numbers count as arrays.
    """
    if type(value) not in (np.ndarray, np.matrix, int, float, bool, list, tuple):
        if not isinstance(value, np.generic):
            return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of unequal length
        return None
    if array.dtype.kind not in "biuf":
        return None
    return array if array.dtype == np.float32 else array.astype(np.float64)


def rounded(array: np.ndarray, decimals: int = 4) -> np.ndarray:
    """``array`` as a student reads it: rounded, without −0; what is too large for that as it is."""
    with np.errstate(all="ignore"):
        short = np.round(array, decimals) + 0
    return np.where(np.isfinite(short), short, array)
