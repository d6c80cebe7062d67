r"""The complex step: f(x + ih) = f(x) + ih f′(x) + …, so Im f / h has no difference to round.

One evaluation a parameter and near machine precision, but only where f is analytic in its
parameters and carries complex numbers through. ``abs``, ``max`` of parts and conjugates are not
analytic, so nothing is taken on trust: along random directions the complex slope must be the real
one.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from bpcourse.gradcheck.function import DOUBLE, vector
from bpcourse.gradcheck.structure import Inexact, Tree, flatten

STEP = 1e-30  # relative; nothing is subtracted, so it may be as small as this
AGREEMENT = 1e-5  # of the slope: real steps along a direction have to give the complex one
DIRECTIONS = 3  # random ones along which they are compared
STEPS = (1e-3, 1e-4, 1e-5, 1e-6)  # real ones, relative: one of them is good enough for AGREEMENT
ROUNDINGS = 8  # of two values, that a real slope may be off by


class NotAnalyticError(ValueError):
    """f does not take a complex step; the message says what was seen."""


def complex_slopes(
    f: Callable[..., Any], params: object, *, rng: int | np.random.Generator | None = None
) -> Any:
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
    tree = flatten(params)
    step = ComplexStep(f, tree, np.random.default_rng(rng))
    slopes = [step.slope(i) for i in range(sum(a.size for a in tree.arrays))]
    return tree.rebuild(tree.cut(np.array(slopes)))


class ComplexStep:
    """f on complex copies of the leaves of ``tree``; building it checks that f is analytic."""

    def __init__(self, f: Callable[..., object], tree: Tree, rng: np.random.Generator) -> None:
        self.f, self.tree = f, tree
        self._x = vector(tree.arrays)
        sizes = np.maximum(abs(self._x), abs(self._x).mean() or 1.0)
        for _ in range(DIRECTIONS):
            uneven = rng.uniform(1 / 2, 1 + 1 / 2, sizes.size)
            self._require_analytic(sizes * uneven * rng.choice((-1, 1), sizes.size))

    def slope(self, i: int) -> float:
        """The slope of f in entry i."""
        way = np.zeros(self._x.size)
        way[i] = abs(self._x[i]) or 1.0
        return self._along(way) / float(way[i])

    def _along(self, way: Inexact) -> float:
        return self._at(self._x + 1j * STEP * way).imag / STEP

    def _at(self, x: Inexact) -> complex:
        with warnings.catch_warnings(action="error", category=np.exceptions.ComplexWarning):
            try:
                value = np.asarray(self.f(self.tree.rebuild(self.tree.cut(x + 0j))))
            except (TypeError, ValueError, np.exceptions.ComplexWarning) as error:
                raise NotAnalyticError(f"f does not take complex parameters: {error}") from error
        if value.dtype.kind != "c" or value.size != 1:
            dropped = "f dropped the imaginary part of its parameters (abs, or a cast to float?)"
            raise NotAnalyticError(dropped)
        return complex(value.reshape(()))

    def _require_analytic(self, way: Inexact) -> None:
        """The complex slope along this direction is the real one, by one step or another."""
        slope = self._along(way)
        for t in STEPS:
            up, down = self._at(self._x + t * way).real, self._at(self._x - t * way).real
            rounding = ROUNDINGS * 2 * DOUBLE * max(abs(up), abs(down)) / t
            real = (up - down) / (2 * t)
            if abs(real - slope) - rounding <= AGREEMENT * (abs(slope) or 1):
                return
        raise NotAnalyticError(
            f"along a random direction the complex step gives the slope {slope:.6g} and "
            f"real steps {real:.6g}: f is not analytic (abs, max, a conjugate?)"
        )
