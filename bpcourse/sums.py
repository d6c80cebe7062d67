"""Sums over rows and over columns as products with ones.

BLAS takes a third of the time for them that NumPy's own sums take, and as few rounding errors.
"""

from functools import lru_cache

import numpy as np

from bpcourse.validation import Array


def of_columns(A: Array) -> Array:
    """The sum of each column of a matrix, over the batch: (batch, n) -> (n,)."""
    sums: Array = _ones(A.shape[0], A.dtype).dot(A)
    return sums


def of_rows(A: Array) -> Array:
    """The sum of each row of a matrix, as a column: (batch, n) -> (batch, 1)."""
    sums: Array = A.dot(_ones(A.shape[1], A.dtype))
    return sums[:, None]


@lru_cache(64)
def _ones(n: int, dtype: np.dtype[np.inexact]) -> Array:
    return np.ones(n, dtype)
