"""The textbook's central difference: the honest way to a gradient, silent on its own error."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

STEP = 1e-6  # relative to parameters of size 1: near the cube root of float64's precision


def central_difference(
    f: Callable[[npt.NDArray[np.floating]], Any], x: npt.NDArray[np.floating], h: float = STEP
) -> npt.NDArray[np.floating]:
    """∂f/∂x, entry by entry: nudge one entry by h both ways, and divide the change of f by 2h.

    Lesson 03 derives it, lesson 13 shows what its error is made of; :func:`check_gradient` knows
    that error and gives a verdict. Beyond the source items.

    Parameters
    ----------
    f
        Takes ``x`` and returns one number. It is called twice for every entry.
    x
        Array of floats, of any shape. It is nudged in place, so that the live parameters of a
        network will do, and restored bit for bit, after an exception too.
    h
        The nudge, > 0.

    Returns
    -------
    Array of the shape of ``x``.

    Raises
    ------
    TypeError
        When ``x`` is no array of floats (integers cannot be nudged).
    """
    if not isinstance(x, np.ndarray) or not np.issubdtype(x.dtype, np.floating):
        kind = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"x must be a NumPy array of floats, not {kind}")
    if not h > 0:
        raise ValueError(f"h must be greater than 0, not {h}")
    slope = np.empty_like(x)
    for index in np.ndindex(x.shape):
        here = x[index]
        try:
            x[index] = here + h
            above = f(x)
            x[index] = here - h
            below = f(x)
        finally:
            x[index] = here
        slope[index] = (above - below) / (2 * h)
    return slope
