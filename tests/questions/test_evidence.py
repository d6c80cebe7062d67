"""Evidence shows a difference: with enough digits, of what holds everywhere or is said not to."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.evidence import apart, copied
from bpcourse.questions.judging.compare import alike_values
from bpcourse.text import text

LAYER = find("matrix_form.linear_backward")


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5),
    st.sampled_from([1.0, 1e-12, 1e9]),
    st.floats(1e-6, 1),
    st.integers(0, 4),
)
def test_two_results_that_differ_are_shown_to_differ(numbers, scale, off, place):
    right = np.array(numbers) * scale
    wrong = right.copy()
    wrong[place % len(right)] *= 1 + off
    assume(not alike_values(wrong, right))
    for a, b in ((wrong, right), (wrong[place % len(right)], right[place % len(right)])):
        yours, expected = apart(a, b)
        assert yours != expected
    assert len(expected) < 40


def test_the_entry_that_is_wrong_is_the_one_that_is_seen():
    right = np.array([0.94591, 0.77734999999])  # the second is right up to rounding
    yours, expected = apart(right * [1 + 1e-5, 1 + 1e-12], right)
    assert yours.split(",")[0] != expected.split(",")[0]


def test_few_digits_where_few_will_do():
    assert apart(np.array([0.5, -0.25]), np.array([0.5, 0.25])) == (
        "[ 0.5 , -0.25]",
        "[0.5 , 0.25]",
    )
    assert apart(1 / 3, 0.5) == ("0.333333", "0.5")


@pytest.mark.parametrize("zero", [-0.0, np.array(-0.0), np.array([-0.0, 2.0])])
def test_no_zero_is_negative(zero):
    assert "-0" not in "".join(apart(zero, np.asarray(zero) + 1))
    assert "-0" not in "".join(apart(np.asarray(zero) + 1e-9, zero))[:60].split("e-")[0]


def test_a_small_fault_is_seen_in_a_check():
    result = judge(LAYER, lambda dZ, A, W: (dZ @ W, dZ.T @ A * (1 + 2e-6), dZ.sum(axis=0)))
    yours, right = re.search(r"dW yours: (.*), right: (.*)", result.message).groups()
    assert yours != right


# --- what is said once, or of one case ------------------------------------------------------------


def multiplications(widths):
    return sum(below * above for below, above in pairwise(widths))


def test_what_holds_for_one_case_is_not_said_as_if_for_all():
    count, first = find("cost_of_backprop.mend_count"), []

    def twice_here(widths):
        first.append(list(widths))
        return multiplications(widths) * (0.25 if widths == first[0] else 5)

    everywhere = judge(count, lambda widths: 0.25 * multiplications(widths)).message.splitlines()
    here = judge(count, twice_here).message.splitlines()
    twice = text("check.factor", factor=0.25)
    assert twice in everywhere and twice not in here
    assert text("check.here", seen=twice) in here


def test_a_changed_input_is_told_once_and_by_its_name():
    def changes(dZ, A, W):
        result = dZ @ W, dZ.T @ A, dZ.sum(axis=0)
        dZ *= 0
        return result

    result = judge(LAYER, changes)
    assert result.misconceptions == ("input_changed",)
    assert "It changes dZ" in result.message and result.message.count("Work on a copy") == 1


def test_what_an_answer_may_change_is_no_fault():
    def changes(dZ, A, W):
        result = dZ @ W, A.T @ dZ, dZ.sum(axis=0)
        dZ *= 0
        return result

    assert "It changes dZ" in judge(LAYER, changes).message
    assert "It changes dZ" not in judge(replace(LAYER, may_change=("dZ",)), changes).message


@pytest.mark.parametrize("value", [np.ones(2), [np.ones(2), np.ones(3)], [1, 2], {"a": np.ones(1)}])
def test_the_advice_for_a_copy_makes_one(value):
    made = eval(copied("W", value), {"W": value})  # noqa: S307
    assert repr(made) == repr(value) and made is not value
    if isinstance(value, list) and isinstance(value[0], np.ndarray):
        assert made[0] is not value[0]


def test_an_input_that_is_changed_is_shown_before_and_after():
    def answer(dZ, A, W):
        right = dZ @ W, dZ.T @ A, dZ.sum(axis=0)
        dZ[0, 0] = 7.5
        return right

    result = judge(LAYER, answer)
    assert result.misconceptions == ("input_changed",)
    assert "yours:" not in result.message  # it is right
    before, after = re.search(
        r"dZ.* before your call: (.*), after it: (.*)", result.message
    ).groups()
    assert "7.5" in after and before != after


def test_what_has_no_words_of_its_own_is_shown_by_its_type():
    result = judge(find("cost_of_backprop.count_backward"), lambda widths: (n for n in widths))
    assert "an object of type generator" in result.message and "0x" not in result.message
