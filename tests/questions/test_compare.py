"""Numbers are alike up to rounding: of the arithmetic that is due, not of a cast at the end."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse.questions.bank import find
from bpcourse.questions.judging.compare import (
    alike,
    alike_values,
    as_numbers,
    is_long,
    is_nested,
    rounded,
)
from bpcourse.questions.judging.run import Outcome, call

NAN, INF = np.nan, np.inf
ONE, TWO = np.array([1.0, 2.0]), np.array([3.0, 4.0])


@pytest.mark.parametrize(
    "a, b, same",
    [
        ({"W": ONE, "b": 2.0}, {"W": ONE, "b": 2.0}, True),
        ({"W": ONE, "b": 3.0}, {"W": ONE, "b": 2.0}, False),
        ({"W": ONE}, {"W": ONE, "b": 2.0}, False),
        ([ONE], {"W": ONE}, False),
        ((ONE, TWO), (ONE, TWO), True),
        ([ONE, TWO], (ONE, TWO), True),
        (np.array([ONE, TWO]), (ONE, TWO), True),
        (np.array([ONE, ONE]), (ONE, TWO), False),
        (np.array([ONE]), (ONE, TWO), False),
        (np.array([1.0, 3.0], object), (1.0, 3.0), False),
        (np.array(1.0), (1.0,), False),
        (ONE, [1.0, 2.0], True),
        ([1.0, 2.0], ONE, True),
        ([ONE, TWO], np.array([ONE, TWO]), True),
        ([1.0], ONE, False),
        (ONE, ONE[None], False),
        ("x", "x", True),
        ("x", "y", False),
        (True, True, True),
        (False, True, False),
        (1, True, False),
        (None, None, True),
        (0.0, None, False),
        (1.0, {1}, False),
        ({1}, 1.0, False),
        ([NAN, 1.0], np.array([NAN, 1.0]), True),
        (NAN, 1.0, False),
        (1.0, NAN, False),
        (INF, INF, True),
        (1.0, INF, True),
        (NAN, INF, False),
        (INF, 1.0, False),
        (-1.0, 1.0, False),
        (2e-12, 1e-12, False),
    ],
)
def test_results_are_alike_in_structure_shape_and_numbers(a, b, same):
    assert alike_values(a, b) == same


def test_a_small_number_beside_a_large_one_may_be_off_by_a_thousandth_of_what_that_one_may():
    right = np.array([1.0, 1000.0])
    assert alike_values(right + [1.9e-7, 0], right) and not alike_values(right + [2.1e-7, 0], right)
    assert alike_values(right + [0, 0.9e-4], right) and not alike_values(right + [0, 2e-4], right)
    assert alike_values(1.09, 1.0, 0.1) and not alike_values(1.11, 1.0, 0.1)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_cast_to_float32_costs_some_of_its_last_digits_at_any_scale(scale):
    right = np.array([0.5, 1.0]) * scale
    assert alike_values((right * (1 + 1e-6)).astype(np.float32), right)
    assert not alike_values((right * (1 + 1e-5)).astype(np.float32), right)


def test_outcomes_are_alike_in_errors_and_in_what_was_done_to_the_inputs():
    question = replace(find("matrix_form.linear_backward"), may_change=("W",))
    one = Outcome(1.0)
    assert alike(one, one, question) and not alike(one, Outcome(2.0), question)
    failed = Outcome(error=ValueError("a"))
    assert alike(failed, Outcome(error=ValueError("b")), question)
    assert not alike(failed, Outcome(error=TypeError("a")), question)
    assert not alike(failed, one, question) and not alike(one, failed, question)
    changes_a, changes_w = (Outcome(1.0, changed=frozenset(name)) for name in "AW")
    assert alike(changes_a, changes_a, question) and alike(changes_w, one, question)
    assert not alike(changes_a, one, question) and not alike(one, changes_a, question)
    assert not alike(Outcome(1.0, aliased=frozenset("A")), one, question)


def test_what_is_long_holds_more_than_the_most_in_all():
    within = [[1, 2, 3], {"a": (1, 2), "b": 1}, [], np.zeros(9), 7]
    assert not any(is_long(value, 4) for value in within)
    assert all(
        is_long(value, 3) for value in ([1, 2, 3, 4], [1, 2, [3]], {"a": (1, 2), "b": (3, 4)})
    )
    assert is_long([[1, 2], [3]], 2) and is_long([0] * 10**4) and not is_long([0] * 1000)


def test_several_results_are_a_tuple_or_a_list_of_more_than_numbers():
    assert is_nested((1, 2)) and is_nested([1, [2]]) and is_nested([1, (2,)]) and is_nested([ONE])
    assert not (is_nested([1, 2]) or is_nested(ONE) or is_nested({"a": 1}))


def test_a_number_is_shown_to_four_decimals_without_a_minus_zero():
    shown = rounded(np.array([1.23456, -1e-9, -INF, 1e305]))
    assert shown.tolist() == [1.2346, 0.0, -INF, 1e305] and not np.signbit(shown[1])


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


def test_numbers_have_eight_bytes_unless_they_are_given_with_four():
    assert {as_numbers(value).dtype for value in (1, True, [1, 2], np.float16(1))} == {
        np.dtype(float)
    }
    assert {as_numbers(value).dtype for value in (np.float32(1), [np.float32(1)])} == {
        np.dtype("f4")
    }


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
     Fraction(10**400), [Fraction(10**400)], [10**400], np.array([Fraction(1, 4)]), np.array(["1"]),
     ["x" * 10**6] + ["y"] * 10**5, [["x" * 10**6] + ["y"] * 10**5]],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_array_of_numbers_is_none_and_takes_no_memory(value):
    assert as_numbers(value) is None
