"""A message speaks the language of the lesson that its reader is in."""

from operator import attrgetter

import pytest
from rows import a_part
from vocabulary import strange_symbols, strange_terms

from bpcourse import text
from bpcourse.diagnosis import catalogue
from bpcourse.diagnosis.transformations import MORE
from bpcourse.questions import all_questions
from bpcourse.questions.bank import NOTEBOOKS, find
from bpcourse.questions.checking import _hint
from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.made import Made, agrees, steps
from bpcourse.questions.judging.posed import OF_LINES, pose
from bpcourse.questions.judging.steps import battery, slips

TOLD = [question for question in all_questions() if not question.recorded]
EXPLAINED = {"flow_graphs.reverse_mode": ["tape"], "stable_softmax.stuck_loss": ["epoch"]}


def may_be_named(question):
    """The mistakes that an answer to the question can show: its own, its families', anyone's."""
    found = dict.fromkeys((*question.misconceptions, *question.of_families))
    if question.is_code:
        cases = battery(question, 0)
        made, numbers = Made(question, cases), range(len(cases))
        for step in steps(question):
            if not all(agrees(made.outcome((step,), i), made.outcome((), i)) for i in numbers):
                found[step.name] = None
        if not question.measured:
            found |= dict.fromkeys(step.name for step in slips(question))
            found |= dict.fromkeys(name for name, _ in MORE if not question.parts)
    elif question.kind == "order":
        found |= dict.fromkeys(OF_LINES)
    elif question.kind != "choice":
        inputs = pose(question).inputs
        made = [*by_hand.slips(question, inputs), *by_hand.of_pen(question, inputs)]
        found |= dict.fromkeys(name for names, _ in made for name in names.split())
    return list(found)


@pytest.mark.parametrize("question", a_part(TOLD, every=4), ids=attrgetter("id"))
def test_a_message_has_no_words_of_another_lesson(question):
    stem = NOTEBOOKS[question.lesson]
    for name in may_be_named(question):
        words = _hint(name, question)
        assert not strange_terms(words, stem), (name, words)
        assert not strange_symbols(words, question), (name, words)
        assert not [id for id in catalogue.ids() if "_" in id and id in words], (name, words)


@pytest.mark.parametrize("question", TOLD, ids=lambda question: question.id)
def test_a_task_and_its_hints_have_no_term_of_a_later_lesson(question):
    start, mine = f"question.{question.id}.", EXPLAINED.get(question.id, [])
    for key, words in text._table("en").items():
        if key.startswith(start) and ".said_" not in key and isinstance(words, str):
            strange = strange_terms(words, NOTEBOOKS[question.lesson])
            assert not set(strange) - set(mine), (key, words)


@pytest.mark.parametrize(
    "words, id, terms, symbols",
    [
        ("A multiply gate sends it on.", "chain_rule.thin_network", ["gate"], []),
        ("The gates add.", "flow_graphs.circuit", [], []),
        ("The first score.", "matrix_form.linear_backward", ["score"], []),
        ("Take dZ @ W.", "feedforward_network.layer", [], ["dZ"]),
        ("Take dZ @ W.", "matrix_form.linear_backward", [], []),
        ("Take `Y[labels]`.", "softmax_cross_entropy.fused_gradient", [], ["Y"]),
        ("Multiply by δ.", "chain_rule.thin_network", [], ["δ"]),
        ("It is (n,), a sum.", "chain_rule.two_paths", [], []),
        ("N, where N is the number.", "chain_rule.two_paths", [], []),
        ("The slope is 1 − q².", "activations.tanh_slope", [], ["q"]),
    ],
)
def test_what_is_strange_is_found(words, id, terms, symbols):
    question = find(id)
    assert strange_terms(words, NOTEBOOKS[question.lesson]) == terms
    assert strange_symbols(words, question) == symbols
