"""Every question of the bank: its answer is right, and each of its mistakes is named as itself."""

import ast
import inspect
import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import alternatives
import numpy as np
import pytest
from rows import a_part

from bpcourse.questions import all_questions
from bpcourse.questions.bank import INVENTORY, NOTEBOOKS
from bpcourse.questions.bank.inventory import CONCEPTS, FORMS
from bpcourse.questions.checking import judge
from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.code import battery, judge_code
from bpcourse.questions.judging.posed import NUMBERS, Answer, pose
from bpcourse.questions.judging.steps import steps
from bpcourse.questions.question import KINDS, LEVELS, Flaws
from bpcourse.text import text

ROOT = Path(__file__).parents[2]
SEEDS = range(20)
PAIRS = [(question, name) for question in all_questions() for name in question.misconceptions]
HALF = np.full(2, 0.5)
NAMES = {name for _, name in PAIRS}.union(
    *(question.of_families for question in all_questions()),
    (step.name for question in all_questions() if question.is_code for step in steps(question)),
    (
        name
        for question in all_questions()
        if question.kind in NUMBERS
        for slips in (by_hand.slips(question, pose(question).inputs), by_hand.of_any(HALF, 2))
        for names, _ in slips
        for name in names.split()
    ),
    ("absolute_value", "exponent_for_number"),  # of numbers of other kinds
    ("constant_offset", "result_aliases_input"),  # seen without being made
)
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


def test_no_misconception_of_the_catalogue_is_unused():
    catalogue = tomllib.loads((ROOT / "bpcourse/text/en/misconceptions.toml").read_text("utf-8"))
    assert set(catalogue["misconception"]) == NAMES


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


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_misconception_says_what_it_is_and_where_it_is_cured(name):
    assert text(f"misconception.{name}.code") and text(f"misconception.{name}.numbers")
    assert len(text(f"misconception.{name}.hint")) > 30
    lesson = ROOT / "lectures" / f"{text(f'misconception.{name}.cure')}.ipynb"
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    lines = [line.removesuffix(" ◆") for line in lines]  # the mark of the ninety-minute path
    section = text(f"misconception.{name}.section")
    assert f"## {section}" in lines or f"### {section}" in lines


# --- right answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("question", CODE, ids=by_id)
def test_the_reference_is_right_on_every_seed(question):
    for seed in SEEDS:
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


@pytest.mark.parametrize("seeds", a_part([SEEDS[:4], SEEDS[4:]], every=2), ids=str)
@pytest.mark.parametrize("question, name", PAIRS, ids=by_id)
def test_a_misconception_is_rejected_and_named_as_itself(question, name, seeds):
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


@pytest.mark.parametrize("question, name, form", IN_FORMS, ids=by_id)
def test_a_further_form_of_a_misconception_has_its_name(question, name, form):
    assert name in question.misconceptions
    for seed in range(4):
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


# --- random wrong answers, made from the solution's own code --------------------------------------

SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult}
SWAPS |= {ast.MatMult: ast.Mult, ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.GtE: ast.Lt}


class Unflawed(ast.NodeTransformer):
    """The reference alone: every ``flaw("…")`` is False, and what hangs on it is gone."""

    def visit_Call(self, node):
        self.generic_visit(node)
        is_flaw = isinstance(node.func, ast.Name) and node.func.id == "flaw"
        return ast.copy_location(ast.Constant(False), node) if is_flaw else node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        return node.orelse if _is_false(node.test) else node

    def visit_If(self, node):
        self.generic_visit(node)
        return (node.orelse or ast.Pass()) if _is_false(node.test) else node


def _is_false(test):
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return all(_is_false(value) for value in test.values)
    return isinstance(test, ast.Constant) and test.value is False


def _places(tree):
    """(node, field, new value) for every operator, constant and name of an argument to change."""
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)})
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in SWAPS:
            yield node, "op", SWAPS[type(node.op)]()
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node, "op", ast.UAdd()
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node, "value", node.value + 1
            yield node, "value", -node.value if node.value else 2
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield node, "attr", "real"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            yield from ((node, "id", other) for other in names if other != node.id)


def mutants(question):
    """Functions: the solution with one thing in it changed."""
    source = inspect.getsource(inspect.unwrap(question.solve))
    source = source[re.search(r"^def ", source, re.M).start() :]
    tree = ast.fix_missing_locations(Unflawed().visit(ast.parse(source)))
    name = tree.body[0].name
    for node, field, value in list(_places(tree)):
        before = getattr(node, field)
        setattr(node, field, value)
        ast.fix_missing_locations(tree)
        space = dict(question.solve.__globals__)
        code = compile(tree, "<mutant>", "exec")
        setattr(node, field, before)
        exec(code, space)  # noqa: S102
        function = space[name]
        yield lambda *arguments, function=function: function(frozenset().__contains__, *arguments)


@pytest.mark.parametrize("question", [q for q in CODE if q.kind != "class"], ids=by_id)
def test_a_random_wrong_answer_is_not_accepted(question, record_property):
    tried = killed = named = 0
    rng = np.random.default_rng(0)
    made = list(mutants(question))
    for mutant in [made[i] for i in rng.permutation(len(made))[:60]]:
        tried += 1
        verdict = judge_code(question, mutant)
        if verdict.status == "right":  # then it is right: more inputs find nothing either
            again = [judge_code(question, mutant, seed).status for seed in range(100, 105)]
            assert set(again) == {"right"}
        killed += verdict.status != "right"
        named += bool(verdict.misconceptions)
    print(f"{question.id}: {tried} tried, {killed} killed, {named} named")
    assert killed


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
