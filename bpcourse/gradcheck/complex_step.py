r"""The complex step: f(x + ih) = f(x) + ih f′(x) + …, so Im f / h has no difference to round.

One evaluation a parameter and near machine precision, but only where f is analytic in its
parameters and carries complex numbers through. ``abs``, ``max`` of parts and conjugates are not
analytic, so nothing is taken on trust: along random directions the complex slope must be the real
one.
"""

import warnings

import numpy as np

from bpcourse.gradcheck.structure import flatten

STEP = 1e-30  # relative; nothing is subtracted, so it may be as small as this
AGREEMENT = 1e-5
DIRECTIONS = 3


class NotAnalyticError(ValueError):
    """f does not take a complex step; the message says what was seen."""


def complex_slopes(f, params, *, rng=None):
    """The gradient of f at ``params`` by complex steps, in the structure of ``params``.

    :class:`NotAnalyticError` where f is not analytic, or drops the imaginary part.
    """
    tree = flatten(params)
    slopes = ComplexStep(f, tree, np.random.default_rng(rng)).all_slopes()
    return tree.rebuild(slopes)


class ComplexStep:
    """f on complex copies of the leaves of ``tree``; building it checks that f is analytic."""

    def __init__(self, f, tree, rng):
        self.f = f
        self.arrays = [np.array(a, dtype=np.complex128) for a in tree.arrays]
        self.value = tree.rebuild(self.arrays)
        self.real = tree.rebuild([a.astype(np.float64) for a in tree.arrays])
        self.calls = 0
        self._check(tree, rng)

    def slope(self, k, i):
        """∂f/∂ entry i (flat) of array k."""
        flat = self.arrays[k].reshape(-1)
        x = flat[i]
        h = STEP * (abs(x) or 1.0)
        flat[i] = x + 1j * h
        slope = self._call().imag / h
        flat[i] = x
        return slope

    def all_slopes(self):
        return [
            np.array([self.slope(k, i) for i in range(a.size)]).reshape(a.shape)
            for k, a in enumerate(self.arrays)
        ]

    def _call(self):
        self.calls += 1
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            try:
                value = np.asarray(self.f(self.value))
            except (TypeError, ValueError, np.exceptions.ComplexWarning) as error:
                raise NotAnalyticError(f"f does not take complex parameters: {error}") from error
        if value.dtype.kind != "c" or value.size != 1:
            raise NotAnalyticError(
                "f dropped the imaginary part of its parameters (abs, or a cast to float?)"
            )
        return complex(value.reshape(()))

    def _check(self, tree, rng):
        """Is the complex slope along random directions the real one?"""
        base = [a.real.copy() for a in self.arrays]
        sizes = [np.maximum(abs(b), abs(b).mean() or 1.0) for b in base if b.size]
        if len(sizes) != len(base):
            sizes = [np.maximum(abs(b), 1.0) for b in base]
        for _ in range(DIRECTIONS):
            way = [s * rng.uniform(0.5, 1.5, s.shape) * rng.choice((-1, 1), s.shape) for s in sizes]
            self._set(base, way, 1j * STEP)
            slope = self._call().imag / STEP
            nearest = np.inf
            for t in (1e-3, 1e-4, 1e-5, 1e-6):
                ends = []
                for sign in (t, -t):
                    self._set(base, way, sign)
                    ends.append(self._call().real)
                real = (ends[0] - ends[1]) / (2 * t)
                rounding = 4e-16 * max(abs(ends[0]), abs(ends[1])) / t
                nearest = min(nearest, max(abs(real - slope) - 8 * rounding, 0) / (abs(slope) or 1))
            self._set(base, way, 0)
            if not nearest <= AGREEMENT:
                raise NotAnalyticError(
                    f"along a random direction the complex step gives the slope {slope:.6g} and "
                    f"real steps {real:.6g}: f is not analytic (abs, max, a conjugate?)"
                )

    def _set(self, base, way, t):
        for array, b, w in zip(self.arrays, base, way, strict=True):
            array[...] = b + t * w
