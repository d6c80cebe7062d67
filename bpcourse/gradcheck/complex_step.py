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
import numpy.typing as npt

from bpcourse.gradcheck.function import DOUBLE, Vector
from bpcourse.gradcheck.structure import Tree, flatten

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
    slopes = ComplexStep(f, tree, np.random.default_rng(rng)).all_slopes()
    ends = np.cumsum([a.size for a in tree.arrays])[:-1]
    parts = np.split(slopes, ends)
    return tree.rebuild([p.reshape(a.shape) for p, a in zip(parts, tree.arrays, strict=True)])


class ComplexStep:
    """f on complex copies of the leaves of ``tree``; building it checks that f is analytic."""

    def __init__(self, f: Callable[..., object], tree: Tree, rng: np.random.Generator) -> None:
        self.f, self.calls = f, 0
        self._flat: npt.NDArray[np.complex128] = np.concatenate(
            [np.asarray(a, np.complex128).reshape(-1) for a in tree.arrays]
        )
        parts = np.split(self._flat, np.cumsum([a.size for a in tree.arrays])[:-1])
        shaped = [p.reshape(a.shape) for p, a in zip(parts, tree.arrays, strict=True)]
        self._value = tree.rebuild(shaped)  # views of the flat vector
        self._require_analytic(rng)

    def slope(self, i: int) -> float:
        """The slope of f in entry i."""
        x = self._flat[i]
        h = STEP * (abs(x) or 1.0)
        self._flat[i] = x + 1j * h
        slope = self._call().imag / h
        self._flat[i] = x
        return slope

    def all_slopes(self) -> Vector:
        return np.array([self.slope(i) for i in range(self._flat.size)])

    def _call(self) -> complex:
        self.calls += 1
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            try:
                value = np.asarray(self.f(self._value))
            except (TypeError, ValueError, np.exceptions.ComplexWarning) as error:
                raise NotAnalyticError(f"f does not take complex parameters: {error}") from error
        if value.dtype.kind != "c" or value.size != 1:
            raise NotAnalyticError(
                "f dropped the imaginary part of its parameters (abs, or a cast to float?)"
            )
        return complex(value.reshape(()))

    def _require_analytic(self, rng: np.random.Generator) -> None:
        """The complex slope along random directions is the real one."""
        base = self._flat.real.copy()
        sizes = np.maximum(abs(base), abs(base).mean() or 1.0)
        for _ in range(DIRECTIONS):
            way = sizes * rng.uniform(1 / 2, 1 + 1 / 2, base.size) * rng.choice((-1, 1), base.size)
            self._flat[:] = base + 1j * STEP * way
            slope = self._call().imag / STEP
            nearest = np.inf
            for t in STEPS:
                ends = []
                for sign in (t, -t):
                    self._flat[:] = base + sign * way
                    ends.append(self._call().real)
                real = (ends[0] - ends[1]) / (2 * t)
                rounding = ROUNDINGS * 2 * DOUBLE * max(map(abs, ends)) / t
                nearest = min(nearest, max(abs(real - slope) - rounding, 0) / (abs(slope) or 1))
            self._flat[:] = base
            if not nearest <= AGREEMENT:
                raise NotAnalyticError(
                    f"along a random direction the complex step gives the slope {slope:.6g} and "
                    f"real steps {real:.6g}: f is not analytic (abs, max, a conjugate?)"
                )
