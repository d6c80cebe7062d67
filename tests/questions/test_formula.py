"""A solution as a formula: it is read rightly, and each slip of the pen in it has a name."""

from operator import attrgetter

import numpy as np
import pytest
from rows import a_part

from bpcourse.diagnosis import catalogue
from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging import rewriting
from bpcourse.questions.judging.code import judge_code, known, made_of, warm
from bpcourse.questions.judging.compare import alike_values
from bpcourse.questions.judging.formula import Formula
from bpcourse.questions.judging.made import Made
from bpcourse.questions.judging.steps import SLIP, slips
from bpcourse.questions.question import Question
from tools.slips import code_questions

READ = [question for question in code_questions() if not question.measured]


def _helper(flaw, z):
    a = np.tanh(z)
    return a**3 if flaw("cubed") else 1 - a**2


def _solve(flaw, X, w):
    total = X @ w
    total = total + (0 if flaw("bias_forgotten") else 0.5)
    found = np.zeros(len(X))
    for i in range(len(X)):
        found[i] += np.sqrt(X[i] @ X[i]) * total[i]
    return found * _helper(flaw, total) / (len(X) + w.sum())


def _inputs(rng, size):
    n, m = (2 + size, 3 + 2 * size) if size else (3, 3)
    return {"X": rng.normal(size=(n, m)), "w": rng.uniform(1, 2, size=m)}


MADE_UP = Question(
    "made.formula", "function", 1, 1, "core", "up", _inputs, _solve, ("bias_forgotten",)
)
SLIPS = {  # what is written, and how that is called
    "plus_for_minus": ("1 - np.tanh(total)**2", "1 + np.tanh(total)**2"),
    "inside_for_outside": ("np.tanh(total)**2", "np.tanh(total**2)"),
    "function_missing": ("np.sqrt(X[i] @ X[i])", "(X[i] @ X[i])"),
    "brackets_missing": ("/ (len(X) + w.sum())", "/ len(X) + w.sum()"),
    "multiplied_for_divided": ("/ (len(X) + w.sum())", "* (len(X) + w.sum())"),
    "off_by_one_loop": ("range(len(X))", "range(1, len(X))"),
    "factor_missing": (" * total[i]", ""),
    "another_number": ("0.5", "1.5"),
    "division_missing": (" / (len(X) + w.sum())", ""),
    "averaged_part": ("w.sum()", "w.mean()"),
    "another_function": ("w.sum()", "w.min()"),
    "square_in_part": ("* total[i]", "* total[i]**2"),
    "root_in_part": ("w.sum()", "np.sqrt(w.sum())"),
    "another_index": ("total[i]", "total[i - 1]"),
    "factor_twice": ("* total[i]", "* total[i] * total[i]"),
    "number_for_length": ("w.sum()", "w[:2].sum()"),
    "sign_alone": ("* total[i]", "* np.sign(total[i])"),
    "largest_for_sum": ("X @ w + 0.5", "np.maximum(X @ w, 0.5)"),
}
RIGHT = """
def answer(X, w):
    total = X @ w + 0.5
    found = np.zeros(len(X))
    for i in range(len(X)):
        found[i] = np.sqrt(X[i] @ X[i]) * total[i]
    return found * (1 - np.tanh(total)**2) / (len(X) + w.sum())
"""
SAME = {"square_in_part": "factor_twice"}  # what is one and the same has the name that comes first


def written(source):
    space = {"np": np}
    exec(source, space)  # noqa: S102
    return space["answer"]


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_an_answer_that_is_written_otherwise_is_named(name):
    assert judge_code(MADE_UP, written(RIGHT)).status == "right"
    old, new = SLIPS[name]
    assert old in RIGHT
    verdict = judge_code(MADE_UP, written(RIGHT.replace(old, new)))
    assert verdict.misconceptions == (SAME.get(name, name),)


def _of_one(flaw, u, v, i):
    return u[i] * (1 - v[i] ** 2) * (2.0 if len(u) > 4 else 3.0)


def _of_all(flaw, u, v, i):
    a = np.cos(u)
    return a * (1 - a) * v + np.dot(u, v)


def _of_slope(flaw, u, v, i):
    return (1 - np.tanh(u) ** 2) * v


@pytest.mark.parametrize(
    ("name", "solve", "answer"),
    [
        ("summed_too_early", _of_one, lambda u, v, i: (u * (1 - v**2)).sum() * (3 - (len(u) > 4))),
        ("brackets_missing", _of_one, lambda u, v, i: u[i] - u[i] * v[i] ** 2 * (3 - (len(u) > 4))),
        ("condition_wrong", _of_one, lambda u, v, i: u[i] * (1 - v[i] ** 2) * 3),
        ("brackets_missing", _of_all, lambda u, v, i: np.cos(u) * (1 - np.cos(u) * v) + u @ v),
        ("factor_too_many", _of_slope, lambda u, v, i: np.tanh(u) * v / np.cosh(u) ** 2),
    ],
)
def test_a_slip_where_an_index_or_brackets_stand(name, solve, answer):
    def inputs(rng, size):
        n = 3 + size
        return {"u": rng.normal(size=n), "v": rng.normal(size=n), "i": int(rng.integers(n))}

    question = Question("made.entry", "function", 1, 1, "core", "up", inputs, solve, ())
    assert judge_code(question, answer).misconceptions == (name,)


def test_a_slip_and_a_change_of_the_result_are_named_together():
    answer = written(RIGHT.replace("1 - np", "1 + np").replace("return ", "return -"))
    names = judge_code(MADE_UP, answer).misconceptions
    assert set(names) == {"plus_for_minus", "sign_flipped"}


def test_what_no_slip_gives_has_no_name():
    answer = written(RIGHT.replace("np.sqrt(X[i] @ X[i])", "X[i, 0] ** 2").replace("0.5", "0.7"))
    assert judge_code(MADE_UP, answer).misconceptions == ()


def test_a_question_knows_its_own_mistake_before_a_slip():
    assert judge_code(MADE_UP, written(RIGHT.replace("+ 0.5", ""))).misconceptions == (
        "bias_forgotten",
    )


@pytest.mark.parametrize("question", a_part(READ, every=2), ids=attrgetter("id"))
def test_the_formula_of_a_solution_is_right(question):
    read = Formula(question)
    assert len(read.names) > 20 and set(read.names) <= catalogue.ids()
    cases, expected = known(question, 0)
    for case, right in zip(cases, expected, strict=True):
        value = question.run(read.answer, [*_copies(case)])
        assert alike_values(value, right.value)


def _copies(case):
    for value in case.values():
        several = isinstance(value, list | tuple)
        yield type(value)(map(np.copy, value)) if several and _arrays(value) else _copy(value)


def _arrays(value):
    return all(isinstance(entry, np.ndarray) for entry in value)


def _copy(value):
    return value.copy() if isinstance(value, np.ndarray) else value


def test_every_slip_has_its_place_in_the_order():
    assert len(set(rewriting.ORDER)) == len(rewriting.ORDER)
    assert set(rewriting.ORDER) <= catalogue.ids()


def test_a_solution_without_source_has_no_slips():
    question = Question("made.none", "function", 1, 1, "core", "up", _inputs, max, ())
    assert Formula(question).names == []


@pytest.mark.parametrize("id", ["matrix_form.linear_backward", "activations.tanh_slope"])
def test_each_slip_is_named_or_has_something_to_go_on(id):
    question = find(id)
    cases, _ = known(question, 0)
    made = Made(question, cases)
    steps = [step for step in slips(question) if step.slip is not None][::17]
    for step in steps:
        if made.outcome((step,), 0).error is None:
            read = Formula(question)
            read.slipped(step.slip).__enter__()
            result = judge(question, lambda *given, read=read: read.answer(*given))
            assert result.status == "right" or result.misconceptions, step.name
    assert {step.rank for step in steps} == {SLIP}


@pytest.mark.parametrize("id", ["matrix_form.linear_backward", "matrix_form.layer_class"])
def test_what_a_search_makes_of_slips_is_made_once(id, monkeypatch):
    question, seed = find(id), 7
    warm(question, seed)
    made = made_of(question, seed)
    monkeypatch.setattr(
        Made, "_made", lambda *explanation: pytest.fail(f"made again: {explanation}")
    )
    assert made.is_warm
    for step in slips(question):
        made.look_at((step,), 0, (1,))


def test_an_answer_that_is_judged_again_keeps_its_names(monkeypatch):
    question = find("matrix_form.linear_backward")
    judged = judge_code(question, lambda dZ, A, W: (dZ @ W, 2 * dZ.T @ A, dZ.sum(axis=0)))
    monkeypatch.setattr("bpcourse.questions.judging.code.Search.found", lambda search: ())
    again = judge_code(question, lambda dZ, A, W: (dZ @ W, dZ.T @ A * 2, dZ.sum(axis=0)))
    assert again.misconceptions == judged.misconceptions != ()
    other = judge_code(question, lambda dZ, A, W: (dZ @ W, dZ.T @ A * 3, dZ.sum(axis=0)))
    assert other.misconceptions == ()


def test_a_name_is_not_kept_for_an_answer_that_goes_its_own_way_on_further_inputs():
    """On those of a check it does what the answer before it did, which was named by a slip."""
    question = find("activations.tanh_slope")
    cases, _ = known(question, 0)
    met = {case["z"].tobytes() for case in cases}
    named = judge_code(question, lambda z: 1 - np.sin(z) ** 2)
    other = judge_code(
        question, lambda z: 1 - (np.sin(z) if z.tobytes() in met else np.cbrt(z)) ** 2
    )
    assert named.misconceptions == ("another_function",) and other.misconceptions == ()
