"""Any input at all: it becomes a finite float matrix, or an error that names it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bpcourse.validation import (
    NotFiniteError,
    as_batch,
    as_distribution,
    as_float,
    as_probabilities,
)

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(),
    hnp.floating_dtypes(),
    hnp.complex_number_dtypes(),
    hnp.unicode_string_dtypes(max_len=3),
    hnp.datetime64_dtypes(),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


@given(array=ARRAYS, as_list=st.booleans())
def test_as_batch_gives_a_finite_matrix_or_names_the_argument(array, as_list):
    given_value = array.tolist() if as_list else array
    try:
        result = as_batch("X", given_value)
    except (TypeError, ValueError) as error:
        assert str(error).startswith("X: expected ")
        assert (
            array.dtype.kind in "UM"
            or array.ndim != 2
            or not np.isfinite(array).all()
            or (array.size == 0)
        )
        return
    assert result.ndim == 2
    assert result.shape == array.shape
    assert result.dtype in (np.float32, np.float64, np.complex64, np.complex128)
    assert np.isfinite(result).all()
    if not as_list and array.dtype.char in "fdFD" and array.dtype.isnative:
        assert result is array  # nothing is copied without need


@given(hnp.arrays(np.float64, (3, 4)))
def test_finite_is_decided_by_isfinite_alone(array):
    if np.isfinite(array).all():
        assert as_batch("X", array) is array
    else:
        with pytest.raises(NotFiniteError) as caught:
            as_batch("X", array)
        assert not np.isfinite(array[caught.value.index])


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (np.float32([1]), None, "f4"),
        (np.float32([1]), np.float64, "f8"),
        (np.float64([1]), np.float32, "f4"),
        (np.complex128([1j]), np.float32, "c8"),
        (np.complex64([1j]), np.float64, "c16"),
        (np.float16([1]), None, "f8"),
        (np.longdouble([1]), None, "f8"),
        ([True, False], None, "f8"),
        (3, None, "f8"),
    ],
)
def test_types(value, dtype, expected):
    result = as_float("x", value, dtype)
    assert result.dtype == expected
    if np.iscomplexobj(value):
        assert result.imag.any()  # the imaginary part is never dropped


def test_rows_of_targets_may_miss_the_sum_of_1_by_a_thousandth():
    rows = as_distribution([[0.25, 0.7505]], (1, 2), np.float64)
    np.testing.assert_allclose(rows, [[0.25 / 1.0005, 0.7505 / 1.0005]], rtol=1e-15)
    for row in ([0.25, 0.7515], [0.25, 0.7485], [-0.1, 1.1]):
        with pytest.raises(ValueError, match="y: expected one-hot rows or distributions"):
            as_distribution([row], (1, 2), np.float64)


def test_rows_of_probabilities_may_miss_the_sum_of_1_by_a_quarter():
    for row in ([0.5, 0.74], [0.5, 0.26]):
        np.testing.assert_array_equal(as_probabilities("y_hat", [row]), [row])
    for row in ([0.5, 0.76], [0.5, 0.24], [-0.1, 1.1]):
        with pytest.raises(ValueError, match="y_hat: expected probabilities"):
            as_probabilities("y_hat", [row])
