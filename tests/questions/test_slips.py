"""Slips in the solutions' code: none is taken for right that is wrong on some other input."""

from operator import attrgetter

import numpy as np
import pytest
from rows import a_part

from bpcourse.questions.judging.clock import Clock
from bpcourse.questions.judging.code import judge_code, known, run
from bpcourse.questions.judging.compare import alike
from tools.slips import code_questions, differs, program

SLIPS, PAIRS = 12, 4  # of each question; where it may take minutes, all slips
SECONDS = 1.0  # for all inputs of a check: a slip may never end
NOTHING_TO_WRITE = "to_autodiff.again"


def accepted(question, answer):
    """Whether a check finds an answer right: as it does, but without asking what is wrong."""
    cases, expected = known(question, 0)
    clock = Clock(SECONDS)
    both = zip(cases, expected, strict=True)
    return all(alike(run(question, answer, case, clock), right, question) for case, right in both)


@pytest.mark.parametrize("question", a_part(code_questions(), every=4), ids=attrgetter("id"))
@pytest.mark.parametrize("all_of_them", a_part([False, True], every=2))
def test_a_slip_that_is_accepted_is_right_on_all_inputs(question, all_of_them):
    solved, rng = program(question), np.random.default_rng(0)
    slips = [(slip,) for slip in solved.slips()]
    assert slips or question.id == NOTHING_TO_WRITE
    if not all_of_them:
        slips = [slips[i] for i in rng.permutation(len(slips))[:SLIPS]]
    for made in [*slips, *solved.pairs(rng, 4 * PAIRS if all_of_them else PAIRS)]:
        try:
            answer = solved.answer(question.answer, *made)
        except Exception:  # the cell itself stops
            continue
        if accepted(question, answer):
            assert not differs(question, answer), solved.source(*made)


def test_the_solutions_are_the_programs():
    for question in code_questions():
        assert judge_code(question, program(question).answer(question.answer)).status == "right"
