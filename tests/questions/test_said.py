"""What a check says of a misconception: the catalogue's words, or those of the question itself."""

import tomllib
from importlib.resources import files

import pytest

from bpcourse.questions import Answer, all_questions
from bpcourse.questions.checking import as_result, judge
from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.code import judge_code
from bpcourse.questions.judging.made import Made, steps
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text

QUESTIONS = {question.id: question for question in all_questions()}
OWN = [  # (question, misconception, words)
    (name, key.removeprefix("said_"), words)
    for path in sorted((files("bpcourse.text") / "en").iterdir(), key=str)
    for name, entries in tomllib.loads(path.read_text(encoding="utf-8")).get("question", {}).items()
    for key, words in entries.items()
    if key.startswith("said_")
]


def showing(question, misconception):
    """An answer in code that shows it: the question's own, or made of its inputs or its result."""
    if misconception in (*question.misconceptions, *question.of_families):
        return question.reference(misconception)
    step = next(step for step in steps(question) if step.name == misconception)

    def answer(*arguments):
        case = dict(zip(question.names, arguments, strict=True))
        return Made(question, [case]).outcome((step,), 0).value

    return answer


def said(question, misconception):
    """The message to an answer that shows the misconception."""
    if question.is_code:
        return as_result(question, judge_code(question, showing(question, misconception))).message
    if misconception not in question.misconceptions:
        return of_slip(question, misconception)
    posed = pose(question)
    answer = posed.wrong[misconception]
    letters = {option: letter for letter, option in posed.labels.items()}
    if question.kind == "choice":
        answer = letters[answer]
    if question.kind == "order":
        answer = "".join(letters[line] for line in answer)
    return judge(question, answer).message


def of_slip(question, misconception):
    """The message to the first of its numbers that nothing else gives as well."""
    for seed in range(20):
        for name, value in by_hand.slips(question, pose(question, seed).inputs):
            result = judge(question, Answer(value, seed))
            if name == misconception and result.misconceptions == (name,):
                return result.message
    return ""


@pytest.mark.parametrize("name, misconception, words", OWN, ids=[f"{q}-{m}" for q, m, _ in OWN])
def test_a_question_speaks_of_a_misconception_in_its_own_words(name, misconception, words):
    message = said(QUESTIONS[name], misconception)
    assert words.format() in message
    assert text(f"misconception.{misconception}.hint") not in message


def test_a_slip_is_told_in_the_catalogues_words():
    def walk_down(widths):  # not the last layer is left out, as the question has it, but layer 2
        return sum(a * b for a, b in zip(widths[2:], widths[3:]))  # noqa: B905

    result = judge(QUESTIONS["counting.mend_walk_down"], walk_down)
    assert result.misconceptions == ("off_by_one_loop",)
    assert text("misconception.off_by_one_loop.hint") in result.message
    assert text("question.counting.mend_walk_down.said_off_by_one_loop") not in result.message


def test_without_words_of_its_own_it_takes_those_of_the_catalogue():
    message = said(QUESTIONS["feedforward_network.layer"], "bias_forgotten")
    assert text("misconception.bias_forgotten.hint") in message
