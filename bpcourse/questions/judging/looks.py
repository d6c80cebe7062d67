"""A look at an array: a few of its numbers, by which nearly all that cannot be alike is seen.

Thousands of explanations are tried for one answer. A look costs a hundredth of a comparison, and
never refuses what is alike.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.compare import as_numbers, is_nested

NEAR = 1e-5  # relative: what a first look lets pass


class Look(NamedTuple):
    """An array's shape, its last entry, and of the sizes of its entries the largest and the sum."""

    shape: tuple[int, ...]
    last: float
    largest: float
    total: float

    @property
    def has_proportions(self) -> bool:
        """Whether it is finite, and not all 0."""
        return 0 < self.largest and math.isfinite(self.total)


def look(array: npt.NDArray[np.floating]) -> Look:
    """The :class:`Look` at an array; ``total`` is ∞ or nan if any entry is."""
    numbers = array.ravel().tolist()
    sizes = list(map(abs, numbers))
    last = numbers[-1] if numbers else 0.0
    return Look(array.shape, last, max(sizes, default=0.0), sum(sizes))


def near(given: Look, made: Look) -> bool:
    """Whether an array may be what is made; where that is infinite any number is."""
    if given.shape != made.shape:
        return False
    if not math.isfinite(made.last) or not math.isfinite(made.total):
        return True
    away = abs(given.last - made.last)
    return not away > NEAR * abs(made.last) + 1e-2 * NEAR * made.largest


def in_proportion(given: Look, made: Look) -> bool:
    """Whether an array is what is made but for one factor and the places of the entries."""
    if not (given.has_proportions and made.has_proportions):
        return False
    if math.prod(given.shape) != math.prod(made.shape):
        return False
    a, b = given.total / given.largest, made.total / made.largest
    return abs(a - b) <= NEAR * a


def array_in(value: object, place: tuple[int, ...]) -> npt.NDArray[np.floating] | None:
    """The array at a place of a nested value, (1, 0) for ``value[1][0]``; None where none is."""
    for index in place:
        if not isinstance(value, tuple | list) or len(value) <= index:
            return None
        value = value[index]
    return as_numbers(value)


def largest(value: object) -> tuple[int, ...]:
    """The place of the array with most entries in a nested value."""
    if not is_nested(value) or not value:
        return ()
    sizes = [_size(entry) for entry in value]
    best = int(np.argmax(sizes))
    return (best, *largest(value[best]))


def _size(value: object) -> int:
    if isinstance(value, tuple | list):
        return sum(map(_size, value))
    return int(np.size(value)) if isinstance(value, np.ndarray) else 1
