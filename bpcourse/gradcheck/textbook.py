r"""The textbook's two ways to a gradient, entry by entry.

The **central difference** is the honest one, silent on its own error. The **complex step** has no
difference to round, because f(x + ih) = f(x) + ih f′(x) + …, and f′ is Im f / h: one evaluation a
parameter and near machine precision, but only where f is analytic in its parameters and carries
complex numbers through. ``abs``, ``max`` of parts and conjugates are not analytic, so nothing is
taken on trust: what comes out is checked like any other gradient.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bpcourse.gradcheck.check import Seed, check_gradient
from bpcourse.gradcheck.function import Counted, Function
from bpcourse.gradcheck.structure import Array, flatten

STEP = 1e-6  # relative to parameters of size 1: near the cube root of float64's precision


def central_difference(f: Callable[[Array], Any], x: Array, h: float = STEP) -> Array:
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
            slope[index] = (above - f(x)) / (2 * h)
        finally:
            x[index] = here
    return slope


class NotAnalyticError(ValueError):
    """f does not take a complex step; the message says what was seen."""


def complex_slopes(f: Callable[..., Any], params: object, *, rng: Seed = None) -> Any:
    """The gradient of f at ``params`` by complex steps, in the structure of ``params``.

    Parameters
    ----------
    f
        Gives one number, and carries complex numbers through.
    params
        An array, or a dict or list of arrays.
    rng
        A seed or generator for the directions along which the slopes are compared with real ones.

    Raises
    ------
    NotAnalyticError
        Where f is not analytic, or drops the imaginary part.
    """
    function = Function(Counted(f), flatten(params))
    slopes = np.array([function.complex_slope(i) for i in range(len(function.x))])
    found = function.tree.rebuild(function.tree.cut(slopes))
    report = check_gradient(lambda p: np.real(f(p)), params, found, mode="grouped", rng=rng)
    if report.verdict == "wrong":
        why = "it is not analytic, or drops the imaginary part (abs, max, a conjugate, a float?)"
        raise NotAnalyticError(f"f takes no complex step: {why}. {report.message}")
    return found
