"""Numbers are alike up to rounding: of the arithmetic that is due, not of a cast at the end."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.run import call


@given(st.floats(-3, 3), st.floats(1e-5, 1e-3), st.sampled_from([-1, 1]))
def test_a_rough_answer_is_rough_in_any_type(x, error, sign):
    right = np.array([np.cos(x) + 2, 3.0])
    rough = right * (1 + sign * error)
    assert not alike_values(rough, right)
    assert not alike_values(rough.astype(np.float32), right)
    assert alike_values(right.astype(np.float32), right)
    assert alike_values(rough, right.astype(np.float32))  # asked for in float32


def test_an_answer_in_float32_throughout_is_right():
    rng = np.random.default_rng(3)
    for _ in range(50):
        A, W = rng.normal(size=(8, 12)), rng.normal(size=(5, 12))
        single = np.exp((A.astype(np.float32) @ W.T.astype(np.float32)) / np.float32(8))
        assert single.dtype == np.float32 and alike_values(single, np.exp(A @ W.T / 8))


@pytest.mark.parametrize(
    "value, numbers",
    [
        (Fraction(1, 4), 0.25),
        (0.25 + 0j, 0.25),
        (np.array(0.25), 0.25),
        (np.array([0.25 + 0j]), [0.25]),
        ([Fraction(1, 4), 1], [0.25, 1.0]),
        ([[0.25], [np.float32(1)]], [[0.25], [1.0]]),
        ((np.array([1.0]), [2]), [[1.0], [2.0]]),
    ],
)
def test_numbers_however_they_are_written(value, numbers):
    assert as_numbers(value).tolist() == numbers


@pytest.mark.parametrize(
    "part",
    [
        lambda a: a,
        lambda a: a[:1].reshape(-1)[None],
        lambda a: a.T.view(np.matrix),
        lambda a: np.asarray(memoryview(a)),
        lambda a: np.lib.stride_tricks.as_strided(a, (2, 2), (0, 8)),
    ],
)
def test_a_result_that_lies_in_an_input_is_seen_and_a_copy_is_not(part):
    inputs = {"a": np.zeros((3, 2)), "b": [np.ones((3, 2))]}
    of_a = call(lambda a, b: [a * 1, part(a)], inputs)
    of_b = call(lambda a, b: {"x": (part(b[0]), a.copy()[1:])}, inputs)
    assert (of_a.aliased, of_b.aliased) == ({"a"}, {"b"})
    assert not call(lambda a, b: part(a.copy()), inputs).aliased


LOOP: list = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    "value",
    [1j, "1", ["1", 2], [None], LOOP, [[1], [1, 2]], {1: 2}, b"12", bytearray(b"12"), object(),
     Fraction(10**400), [Fraction(10**400)], [10**400], ["x" * 10**6] + ["y"] * 10**5],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_array_of_numbers_is_none_and_takes_no_memory(value):
    assert as_numbers(value) is None
