"""The textbook's central difference against known slopes; x comes back as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse import central_difference


@given(shape=st.sampled_from([(), (3,), (2, 5), (4, 1, 3)]), seed=st.integers(0, 999))
def test_it_measures_each_entrys_own_slope_and_restores_x(shape, seed):
    rng = np.random.default_rng(seed)
    x, weights = np.asarray(rng.normal(size=shape)), rng.normal(size=shape)
    before = x.copy()
    slope = central_difference(lambda x: np.sum(weights * x**3), x)
    assert slope.shape == x.shape and np.array_equal(x, before)
    np.testing.assert_allclose(slope, 3 * weights * x**2, rtol=1e-7, atol=1e-7)


def test_the_error_falls_with_the_square_of_h():
    x = np.array([0.7])
    errors = [
        abs(central_difference(lambda x: np.exp(x[0]), x, h)[0] - np.exp(0.7)) for h in (0.1, 0.01)
    ]
    assert 95 < errors[0] / errors[1] < 105


def test_x_is_restored_after_an_exception():
    x = np.array([1.0, 2.0])

    def f(x):
        if x[1] > 2:
            raise ArithmeticError("too large")
        return x.sum()

    with pytest.raises(ArithmeticError):
        central_difference(f, x)
    assert np.array_equal(x, [1.0, 2.0])


def test_bad_input():
    with pytest.raises(TypeError, match="x must be a NumPy array of floats, not an array of int64"):
        central_difference(np.sum, np.array([1, 2]))
    with pytest.raises(TypeError, match="x must be a NumPy array of floats, not list"):
        central_difference(np.sum, [1.0, 2.0])
    with pytest.raises(ValueError, match="h must be greater than 0, not 0"):
        central_difference(np.sum, np.ones(2), h=0)
