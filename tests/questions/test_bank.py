"""Every question of the bank: its answer is right, and each of its mistakes is named as itself."""

from collections import Counter
from pathlib import Path

import alternatives
import pytest
from rows import a_part

from bpcourse.questions import all_questions
from bpcourse.questions.bank import INVENTORY, NOTEBOOKS
from bpcourse.questions.bank.inventory import CONCEPTS, FORMS
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.code import battery, judge_code
from bpcourse.questions.judging.posed import Answer, pose
from bpcourse.questions.question import KINDS, LEVELS, Flaws
from bpcourse.text import text

ROOT = Path(__file__).parents[2]
SEEDS = range(20)
PAIRS = [(question, name) for question in all_questions() for name in question.misconceptions]
CODE = [question for question in all_questions() if question.is_code]
DATA = [question for question in all_questions() if not question.is_code]
FORM = {form: [q for q in all_questions() if q.lesson == form] for form in FORMS}


def by_id(value):
    return getattr(value, "id", value)


# --- what a question is made of -------------------------------------------------------------------


def test_ids_and_answers_are_unique():
    ids = [question.id for question in all_questions()]
    assert len(set(ids)) == len(ids)
    for lesson in NOTEBOOKS:
        names = [question.answer for question in all_questions() if question.lesson == lesson]
        assert len(set(names)) == len(names), lesson


@pytest.mark.parametrize("question", all_questions(), ids=by_id)
def test_a_question_is_whole(question):
    assert question.answer.isidentifier() and question.points > 0 and question.minutes > 0
    assert question.level in LEVELS
    assert len(set(question.misconceptions)) == len(question.misconceptions)
    assert len(question.misconceptions) >= (4 if question.is_code else 1)
    for key in () if question.recorded else ("hint_1", "hint_2", "hint_3"):
        assert len(text(f"question.{question.id}.{key}")) > 10
    for pair in question.coincide:
        assert pair <= set(question.misconceptions) and len(pair) == 2


def test_no_letter_is_right_too_often():
    for questions in (DATA, *FORM.values()):
        letters = [q for q in questions if q.kind == "choice"]
        counts = Counter(pose(question).shown(pose(question).right) for question in letters)
        assert set(counts) == set("ABCD") and max(counts.values()) <= len(letters) / 2, counts
    for questions in FORM.values():  # where the letters are chosen, they are even
        for seed in range(3):
            counts = Counter(pose(q, seed).shown(pose(q, seed).right) for q in questions)
            assert sorted(counts.values()) == [3, 4, 4, 4]


# --- the concept inventory ------------------------------------------------------------------------


def test_the_two_forms_ask_for_the_same_concepts_in_other_words():
    assert set(FORM) == set(INVENTORY) and len(CONCEPTS) == 15
    for first, second in zip(*FORM.values(), strict=True):
        assert first.answer == second.answer and first.misconceptions == second.misconceptions
        assert first.recorded and second.recorded and len(first.misconceptions) == 3
        assert text(f"question.{first.id}.task") != text(f"question.{second.id}.task")


@pytest.mark.parametrize("question", [q for form in FORM.values() for q in form], ids=by_id)
def test_the_right_option_is_not_known_by_its_length(question):
    lengths = {
        name: len(text(f"question.{question.id}.{name}")) for name in question.misconceptions
    }
    assert len(text(f"question.{question.id}.right")) <= 2.5 * max(lengths.values())


# --- right answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", a_part([SEEDS[:5], SEEDS[5:]], every=2), ids=str)
@pytest.mark.parametrize("question", CODE, ids=by_id)
def test_the_reference_is_right_on_every_seed(question, seeds):
    for seed in seeds:
        assert judge_code(question, question.reference(), seed).status == "right"


@pytest.mark.parametrize("question", CODE, ids=by_id)
def test_the_inputs_differ_and_stay_as_they_are_for_a_seed(question):
    def shown(seed):
        cases = battery(question, seed)
        return repr([[v for v in case.values() if not callable(v)] for case in cases])

    assert shown(1) == shown(1) != shown(2)


@pytest.mark.parametrize("question", DATA, ids=by_id)
def test_the_right_value_is_right_for_every_seed(question):
    for seed in SEEDS:
        posed = pose(question, seed)
        result = judge(question, Answer(posed.shown(posed.right), seed))
        assert result.status == "right", (posed.inputs, posed.right)


# --- wrong answers --------------------------------------------------------------------------------


def _may_be(question, name):
    """The names under which a mistake may be known: its own, or one it is said to coincide with."""
    return {name} | {other for pair in question.coincide if name in pair for other in pair}


@pytest.mark.parametrize("seeds", a_part([SEEDS[:1], SEEDS[1:]], every=2), ids=str)
@pytest.mark.parametrize(
    "pair", a_part(PAIRS, every=2), ids=[f"{question.id}-{name}" for question, name in PAIRS]
)
def test_a_misconception_is_rejected_and_named_as_itself(pair, seeds):
    question, name = pair
    for seed in seeds:
        if question.is_code:
            verdict = judge_code(question, question.reference(name), seed)
            status, names = verdict.status, verdict.misconceptions
        else:
            posed = pose(question, seed)
            result = judge(question, Answer(posed.shown(posed.wrong[name]), seed))
            status, names = result.status, result.misconceptions
        assert status == "wrong", f"seed {seed}: {status}"
        assert len(names) == 1 and names[0] in _may_be(question, name), f"seed {seed}: {names}"


IN_FORMS = [
    (question, name, form)
    for question in all_questions()
    for name, forms in question.forms.items()
    for form in forms.split()
]


@pytest.mark.parametrize("seeds", a_part([SEEDS[:1], SEEDS[1:4]], every=2), ids=str)
@pytest.mark.parametrize(
    "known", a_part(IN_FORMS, every=2), ids=[f"{q.id}-{name}-{form}" for q, name, form in IN_FORMS]
)
def test_a_further_form_of_a_misconception_has_its_name(known, seeds):
    question, name, form = known
    assert name in question.misconceptions
    for seed in seeds:
        if question.is_code:
            verdict = judge_code(question, question.reference(name, form), seed)
            names = verdict.misconceptions
        else:
            posed = pose(question, seed)
            value = question.solve(Flaws((name, form)), *posed.inputs.values())
            names = judge(question, Answer(posed.shown(value), seed)).misconceptions
        assert names == (name,), f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("question", CODE, ids=by_id)
def test_two_at_once_are_both_named_or_none_is(question):
    named = 0
    for i, first in enumerate(question.misconceptions):
        for second in question.misconceptions[:i]:
            verdict = judge_code(question, question.reference(first, second))
            allowed = _may_be(question, first) | _may_be(question, second)
            if not set(verdict.misconceptions) <= allowed:  # then it is the same by another name
                again = judge_code(question, question.reference(first, second), 99)
                assert again.misconceptions == verdict.misconceptions, (first, second)
            named += len(verdict.misconceptions) > 0
    assert named or len(question.misconceptions) < 2


@pytest.mark.parametrize("question", CODE, ids=by_id)
def test_a_right_answer_written_otherwise_is_right(question):
    for seed in range(3):
        verdict = judge_code(question, getattr(alternatives, question.answer), seed)
        assert verdict.status == "right"


def test_the_bank_is_large_enough():
    assert len(all_questions()) >= 50 and len(PAIRS) >= 200
    assert {question.lesson for question in all_questions()} == set(NOTEBOOKS)
    assert {question.kind for question in all_questions()} == set(KINDS)
    mended = {question.lesson for question in CODE if question.kind == "mend"}
    coding = {question.lesson for question in CODE}
    assert mended == coding
