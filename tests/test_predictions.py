"""Predictions: each has its texts, and nothing before a reveal gives its answer away."""

import re

import pytest
from lessons import TO_COME, TOLD_ANEW, each

from bpcourse import text as texts
from bpcourse.questions.guesses import in_another_form, read, same
from bpcourse.text import text

MOST = 4  # predictions of a lesson
DIGITS = 3  # an answer of fewer significant digits is found everywhere: those are listed, and read
NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?![\d,])|(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?")
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
WORDS += "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
# {(prediction, lesson): why a number that stands there all the same gives nothing away}
HARMLESS = {
    ("stable_softmax.twice", "00_start_here"): "the loss of a drawn digit, by chance",
    ("stable_softmax.loss_of_a_thousand", "13_gradient_checking"): "a number of draws",
    ("error_signals.output_push", "02_outputs_and_losses"): "the error there; here a slope",
    ("autodiff.backward_twice", "04_chain_rule"): "rounded, another number",
    ("autodiff.backward_twice", "11_matrix_form"): "rounded, another number",
}


def entry(id, part):
    key = f"prediction.{id}.{part}"
    return text(key) if texts.has(key) else ""


def wrong(id):
    return texts.below(f"prediction.{id}.wrong")


# --- the cells and their texts --------------------------------------------------------------------


@each
def test_a_prediction_is_a_guess_and_a_folded_reveal_with_texts_of_its_own(lesson):
    assert len(lesson.predictions) <= MOST
    for one in lesson.predictions:
        assert re.search(rf'predict\("{one.id}", \.\.\.\)', one.guess.source), one.id
        assert not one.guess.folded and not one.guess.shown.count(entry(one.id, "explain")), one.id
        assert one.reveal.number == one.guess.number + 1, one.id
        assert one.reveal.folded and "hide-output" in one.reveal.tags, one.id
        assert one.reveal.source.startswith("#"), f"{one.id}: the first line stays in view"
        assert entry(one.id, "answer") and entry(one.id, "explain"), one.id
        assert wrong(one.id), f"{one.id}: a prediction catches a wrong idea, and names it"


@each
def test_the_texts_of_a_lesson_are_those_of_its_predictions(lesson):
    used = {one.id for one in lesson.predictions}
    for id in used:
        known = {key.split(".")[0] for key in texts.below(f"prediction.{id.partition('.')[0]}")}
        assert {f"{id.partition('.')[0]}.{name}" for name in known} <= used


@each
def test_an_answer_is_what_the_lesson_computes_and_what_the_text_explains(lesson):
    for one in lesson.predictions:
        explained = entry(one.id, "explain")
        assert explained in one.reveal.shown, f"{one.id}: run the pipeline"
        moved = text("predict.moved", result="").split("`")[0]
        assert moved not in one.reveal.shown, f"{one.id}: {entry(one.id, 'answer')} is not computed"
        answer = entry(one.id, "answer")
        plain = explained.replace("−", "-").replace("\\,", "").casefold()
        named = [answer.replace("−", "-").casefold()]
        named += [word for number, word in enumerate(WORDS) if answer == str(number)]
        assert any(form in plain for form in named), f"{one.id}: the text does not say {answer}"


@each
def test_a_wrong_idea_is_none_that_is_right(lesson):
    for one in lesson.predictions:
        answer = entry(one.id, "answer")
        for idea in wrong(one.id):
            assert not same(idea, answer) and not in_another_form(idea, answer), (one.id, idea)
            twins = [other for other in wrong(one.id) if other != idea and same(idea, other)]
            assert not twins, (one.id, idea, twins)


# --- spoilers -------------------------------------------------------------------------------------


def significant(literal):
    """The significant digits of a number as it is written."""
    return len(literal.partition("e")[0].replace(".", "").replace(",", "").lstrip("0"))


def decimals(literal):
    return len(literal.partition("e")[0].partition(".")[2])


def numbers(source):
    """The numbers of a text as they are written, without their signs."""
    return NUMBER.findall(source.replace("{,}", ",").replace("\\,", "").replace("\u202f", ""))


def gives_away(literal, answer):
    """Whether a number in a text is an answer, to the digits that both of them have."""
    places = min(decimals(literal), decimals(answer))
    a, b = (abs(float(number.replace(",", ""))) for number in (literal, answer))
    return significant(literal) >= DIGITS and abs(a - b) <= 0.5000001 * 10.0**-places


def telling(id):
    """The numbers of an answer that have digits enough to be looked for."""
    return [number for number in numbers(entry(id, "answer")) if significant(number) >= DIGITS]


def met(lesson, place):
    """Where a cell stands, and what a reader meets in it."""
    return f"{lesson.stem}, {place.cell.id}", f"{place.source}\n{place.shown}"


def seen_before(lesson, one):
    """(where, text) of all that a reader meets before a reveal, and of its own source."""
    for place in lesson.places[: one.reveal.number]:
        yield met(lesson, place)
    yield f"{lesson.stem}, {one.reveal.cell.id}", one.reveal.source


def spoilers(lesson, one, places):
    for where, source in places:
        for literal in numbers(source):
            for answer in telling(one.id):
                if gives_away(literal, answer):
                    yield f"{one.id}: {answer} stands as {literal} in {where}"


@each
def test_no_answer_stands_before_its_reveal(lesson):
    for one in lesson.predictions:
        if (one.id, lesson.stem) not in HARMLESS:
            found = list(spoilers(lesson, one, seen_before(lesson, one)))
            assert not found, "\n".join(found)


def from_earlier_lessons():
    for lesson in TOLD_ANEW:
        before = [one for one in TOLD_ANEW if one.stem < lesson.stem]
        for one in lesson.predictions:
            open_to = [earlier for earlier in before if (one.id, earlier.stem) not in HARMLESS]
            cells = [met(earlier, place) for earlier in open_to for place in earlier.story]
            yield from spoilers(lesson, one, cells)


def test_no_answer_stands_in_an_earlier_lesson():
    found = list(from_earlier_lessons())
    if TO_COME:
        pytest.skip("to come: " + "; ".join([*TO_COME, *found]))
    assert not found, "\n".join(found)


def test_answers_of_few_digits_are_listed_to_be_read(capsys):
    """``pytest -s`` shows them: what cannot be looked for is read by a person."""
    for lesson in TOLD_ANEW:
        for one in lesson.predictions:
            if not telling(one.id):
                print(f"{lesson.stem}, {one.guess.cell.id}: {entry(one.id, 'answer')}")
    listed = capsys.readouterr().out
    with capsys.disabled():
        print(f"\n{listed}", end="")


# --- the tests can fail ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "answer", "found"),
    [
        ("the loss is −1.085 there", "-1.085", True),
        ("1.0847", "-1.085", True),
        ("[[ 0.354 -1.0849]]", "-1.085", True),
        ("1.08", "-1.085", True),
        ("1.1", "-1.085", False),  # two digits tell nothing
        ("1.074", "-1.085", False),
        ("x1.085", "1.085", False),
        ("4,810 of them", "4810", True),
        ("4{,}810", "4810", True),
        ("14810", "4810", False),
        ("== 112", "112", True),
        ("112.4", "112", True),
    ],
)
def test_a_number_that_gives_an_answer_away_is_found(source, answer, found):
    assert any(gives_away(literal, answer) for literal in numbers(source)) == found


def test_what_is_significant():
    digits = {"0.014": 2, "1.085": 4, "112": 3, "0.5": 1, "4,810": 4, "1.50e-3": 3}
    assert {number: significant(number) for number in digits} == digits
    assert read("4,810") == [4, 810]  # so no answer is written with a comma
