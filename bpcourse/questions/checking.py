"""``check(id, answer)``: right, wrong in a way that has a name, wrong, or not to be run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bpcourse.diagnosis import catalogue
from bpcourse.questions import evidence, record
from bpcourse.questions.allowed import reaches_into
from bpcourse.questions.bank import find
from bpcourse.questions.judging.code import Judgement, judge_code
from bpcourse.questions.judging.posed import (
    NUMBERS,
    Answer,
    Posed,
    after,
    form_of,
    labelled_seed,
    pose,
)
from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.question import LETTERED, Question
from bpcourse.questions.result import Result, last
from bpcourse.text import has, text

EFFECTS = {  # on what an answer is given: in an outcome, and in the catalogue
    "changed": "input_changed",
    "aliased": "result_aliases_input",
}
OF_SHAPE = ("lies_on_its_side", "keepdims_kept", "flattened", "order_reversed")
NOT_KNOWN = "?"  # an honest answer to the concept inventory, better than a guess


def check(question_id: str, answer: object, *, show: bool = False) -> Result:
    """Judge ``answer`` and say what is wrong with it; returns a :class:`Result`.

    ``answer`` is a function or class, or the value asked for, or ``Answer(value, seed)``. The tries
    are counted in the record of the working folder. With ``show`` the right value is told as well,
    where numbers are asked and an answer is there; the record notes that. KeyError for an unknown
    question.
    """
    question = find(question_id)
    last.append(question.id)
    if question.recorded:
        return _write_down(question, answer)
    before = record.entry("answers", *question.ids)
    answer, advice = _in_its_form(question, answer)
    seed = answer.seed if isinstance(answer, Answer) else 0
    if before.get("status") == "wrong" and before.get("seed") == after(seed):
        again = {"id": question.id, "form": form_of(after(seed))}
        return Result(question.id, "failed", text("check.answered_before", **again))
    again = before.get("tries", 0) >= 1
    show_what = {"show_expected": show, "show_place": again}
    result = judge(question, answer, **show_what)
    if result.status != "failed":
        has_value = question.kind in NUMBERS
        record.keep(
            "answers",
            question.id,
            lambda old: _tried(question, old or before, result, seed, show and has_value),
        )
        if result.status == "wrong" and (show or again):
            id, name, other = question.id, question.answer, after(seed)
            key = ("shown" if show else "show") if has_value else "no_show" if show else ""
            advice = text(f"check.{key}", id=id, answer=name, seed=other) if key else advice
        if advice:
            result = replace(result, message=f"{result.message}\n{advice}".strip())
    return result


def _in_its_form(question: Question, answer: object) -> tuple[object, str]:
    """The answer with the seed that it is for, and what to write in its place, or "".

    Letters say it themselves; plain ones are of the form that ``ask`` has shown last.
    """
    if question.kind not in LETTERED or answer is ... or answer is None:
        return answer, ""
    value = answer.value if isinstance(answer, Answer) else answer
    seed = labelled_seed(question, value)
    if seed is not None:
        return Answer(value, seed), ""
    if isinstance(answer, Answer):
        return answer, ""
    seed = record.entry("asked", *question.ids).get("seed", 0)
    if not seed or not isinstance(value, str):
        return Answer(value, seed), ""
    label = value.strip(" .()").upper() + form_of(seed)
    return Answer(value, seed), text("check.write_label", answer=question.answer, label=label)


def _tried(
    question: Question, before: Mapping[str, Any], result: Result, seed: int, shown: bool
) -> dict[str, Any]:
    """The record's entry after one more try; a choice's says with which seed it is to be asked.

    And whether the right value has been looked at before the answer was right.
    """
    done = before.get("status") == "right"
    entry = {"tries": before.get("tries", 0) + 1, "status": "right" if done else result.status}
    if before.get("shown") or (shown and entry["status"] == "wrong"):
        entry["shown"] = True
    if question.kind == "choice":
        entry["seed"] = after(seed) if result.status == "wrong" else seed
    return entry


def letter_of(question: Question, answer: object) -> tuple[str, str]:
    """(The letter that answers a question of the concept inventory, or what is wrong with it)."""
    letters = pose(question).labels
    letter = answer.strip().upper() if isinstance(answer, str) else ""
    if letter in (*letters, NOT_KNOWN):
        return letter, ""
    return "", text("check.letter", letters=", ".join(letters), given=str(answer)[:40])


def _write_down(question: Question, answer: object) -> Result:
    """An answer to the concept inventory: kept, and nothing is said of it."""
    if answer is ... or answer is None:
        return Result(question.id, "failed", text("check.open"))
    letter, fault = letter_of(question, answer)
    if fault:
        return Result(question.id, "failed", fault)
    record.keep("answers", question.id, lambda _: {"status": "recorded", "answer": letter})
    return Result(question.id, "recorded", "")


def judge(
    question: Question,
    answer: object,
    *,
    show_expected: bool = True,
    show_place: bool = True,
    again: bool = True,
) -> Result:
    """The :class:`Result` of an answer, with nothing written down.

    ``show_expected`` says whether it tells the right value; ``show_place``, how many lines of an
    order are right; ``again``, how to ask with other numbers.
    """
    if answer is ... or answer is None:
        return Result(question.id, "failed", text("check.open"))
    if question.is_code:
        return _of_code(question, answer)
    seed, value = (answer.seed, answer.value) if isinstance(answer, Answer) else (0, answer)
    return _of_value(pose(question, seed), value, show_expected, show_place, again)


def _of_value(
    posed: Posed, value: object, show_expected: bool, show_place: bool, again: bool
) -> Result:
    question = posed.question
    if value is ...:
        return Result(question.id, "failed", text("check.open"))
    if question.kind == "choice" and not posed.offers(value):
        known = ", ".join(posed.labels)
        return Result(
            question.id, "failed", text("check.choose", letters=known, given=evidence.shown(value))
        )
    verdict = posed.judge(value)
    if verdict.status == "right":
        return Result(question.id, "right", "")
    unknown = "not_known" if posed.offers(value) else f"write_{question.kind}"
    lines = [_hint(name, question) for name in verdict.misconceptions]
    lines = lines or [verdict.seen or text(f"check.{unknown}")]
    brief = _message(lines)
    if show_expected and not posed.labels:  # the letter of a choice would only be copied
        given, expected = evidence.apart(value, verdict.expected)
        lines.append(text("check.expected", given=given, expected=expected))
    if show_place and question.kind == "order" and posed.offers(value):
        lines.append(text("check.in_order", count=posed.leading(value)))
    if question.kind == "choice" and again:  # other numbers, in another order
        lines.append(text("check.again", id=question.id, form=form_of(after(posed.seed))))
    return Result(question.id, "wrong", _message(lines), verdict.misconceptions, brief)


def _of_code(question: Question, answer: object) -> Result:
    kind = "class" if question.kind == "class" else "function"
    if not callable(answer) or (kind == "class") != isinstance(answer, type):
        given = type(answer).__name__
        return Result(question.id, "failed", text("check.kind", expected=kind, given=given))
    if name := reaches_into(answer):
        return Result(question.id, "failed", text("check.reaches_into", name=name))
    return as_result(question, judge_code(question, answer))


def as_result(question: Question, verdict: Judgement) -> Result:
    """The :class:`Result` that says what the :class:`Judgement` of a code question found."""
    if verdict.status == "right":
        return Result(question.id, "right", "")
    outcome = verdict.given or Outcome()
    if verdict.stopped:
        said = text("check.endless", line=outcome.line)
        return Result(question.id, "failed", said.rstrip(" :"))
    done = [] if outcome.error else [*_effects(question, verdict)]
    named = [name for name in verdict.misconceptions if not done or name not in EFFECTS.values()]
    lines = [_hint(name, question, own=name not in verdict.slips) for name in named]
    if len(named) == 1 and named[0] in OF_SHAPE and not done:
        lines = [text("check.numbers_right", hint=lines[0])]
    if len(named) > 1:
        lines.insert(0, text("check.several"))
    if outcome.error is not None:
        error = f"{type(outcome.error).__name__}: {outcome.error}"
        if isinstance(outcome.error, NotImplementedError):
            return Result(question.id, "failed", text("check.open"))
        key = "check.raised_at" if outcome.line else "check.raised"
        lines.append(text(key, error=error, line=outcome.line))
    else:
        lines += done
        if not verdict.misconceptions and not done:
            lines.append(text("check.unknown"))
        if verdict.seen:
            lines.append(verdict.seen)
        if not verdict.misconceptions and verdict.works is not None:
            lines.append(text("check.right_here", inputs=evidence.sizes(verdict.works)))
    lines += evidence.example(question, verdict)
    return Result(question.id, verdict.status, _message(lines), verdict.misconceptions)


def _effects(question: Question, verdict: Judgement) -> Iterator[str]:
    """What the answer did to what it was given: in the question's words, or with the names."""
    outcome, arguments = verdict.given or Outcome(), verdict.arguments or {}
    changed = outcome.changed - set(question.may_change)
    for effect, names in (("changed", changed), ("aliased", outcome.aliased)):
        if names and has(f"question.{question.id}.said_{EFFECTS[effect]}"):
            yield _hint(EFFECTS[effect], question)
            continue
        for name in sorted(names):
            copy = evidence.copied(name, arguments[name])
            yield text(f"check.{effect}", name=name, copy=copy)


def _message(lines: Sequence[str]) -> str:
    """The lines, none of them twice."""
    return "\n".join(dict.fromkeys(lines))


def _hint(name: str, question: Question, own: bool = True) -> str:
    """A misconception in the words of the question, where it has its own, or of the catalogue.

    A question speaks of the mistakes that it makes itself: a slip may be another of that name.
    """
    keys = [f"question.{question.id}.said_{name}"] * own
    if question.kind in NUMBERS and name not in question.misconceptions:
        keys.append(f"by_hand.said_{name}")
    said = next(filter(has, keys), None)
    return text(said) if said else catalogue.find(name).hint
