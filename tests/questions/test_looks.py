"""A first look refuses nothing that fits, and there is a limit to what is tried."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpcourse.questions.bank import find
from bpcourse.questions.judging.code import known
from bpcourse.questions.judging.compare import alike_values
from bpcourse.questions.judging.formula import MOST, formula
from bpcourse.questions.judging.looks import in_proportion, largest, look, near
from bpcourse.questions.judging.made import Made, acting
from bpcourse.questions.judging.steps import all_steps

NUMBERS = arrays.arrays(float, arrays.array_shapes(max_dims=2, max_side=4), elements=st.floats())


@given(NUMBERS, st.floats(-1e-8, 1e-8))
@example(np.array([np.finfo(float).max]), 1e-8)
def test_what_is_alike_is_near(made, off):
    with np.errstate(all="ignore"):
        answer = made * (1 + off)
    if alike_values(answer, made):
        assert near(look(answer), look(made))


@given(NUMBERS, st.sampled_from([-1.0, 0.5, 3.0]))
def test_a_factor_and_an_order_keep_proportions(made, factor):
    seen = look(made)
    if seen.has_proportions and 1e-300 < seen.largest < 1e300:
        assert in_proportion(look(factor * made.T[::-1]), seen)


@pytest.mark.parametrize(
    "id", ["matrix_form.linear_backward", "flow_graphs.circuit", "softmax_cross_entropy.softmax"]
)
def test_no_change_of_a_result_is_passed_over_that_fits(id):
    """Those that are left out by the size of what they make do not fit."""
    question = find(id)
    cases, expected = known(question, 0)
    made = Made(question, cases)
    steps = acting(all_steps(question), made)
    after = [step for step in steps if step.keeps_proportions]
    place = largest(expected[0].value)
    single = [(step,) for step in steps]
    for step in after:  # an answer with one mistake of each kind, and this change besides
        for one in single[:: 1 + len(single) // 10]:
            seen = made.look_at((*one, step), 0, place)
            if seen is not None and step.name != one[0].name:
                assert (*one, step) in list(made.followed([one], after, seen, 0, place))


def test_of_a_long_formula_the_likelier_slips_are_tried():
    read = formula(find("matrix_form.whole_network"))
    tried = set(read.numbers)
    assert len(tried) == MOST < len(read.names)
    structure = {"plus_for_minus", "transpose_misplaced", "factor_missing", "brackets_missing"}
    assert {k for k, name in enumerate(read.names) if name in structure} <= tried
