"""``check(id, answer)``: right, wrong in a way that has a name, wrong, or not to be run."""

import numpy as np

from bpcourse.questions import record
from bpcourse.questions.allowed import reaches_into
from bpcourse.questions.bank import find
from bpcourse.questions.judge import NEARLY, alike_values, as_numbers, judge_code
from bpcourse.questions.posed import Answer, after, pose
from bpcourse.questions.result import Result
from bpcourse.text import text

NOT_KNOWN = "?"  # an honest answer to the concept inventory, better than a guess


def check(question_id, answer):
    """Judge ``answer`` and say what is wrong with it; returns a :class:`Result`.

    ``answer`` is a function or class, or the value asked for, or ``Answer(value, seed)``. The tries
    are counted in the record of the working folder. KeyError for an unknown question.
    """
    question = find(question_id)
    if question.recorded:
        return _write_down(question, answer)
    before = record.entry("answers", question_id)
    seed = answer.seed if isinstance(answer, Answer) else 0
    if before.get("status") == "wrong" and before.get("seed") == after(seed):
        again = {"id": question_id, "answer": question.answer, "seed": after(seed)}
        return Result(question_id, "failed", text("check.answered_before", **again))
    result = judge(question, answer, show_expected=before.get("tries", 0) >= 1)
    if result.status != "failed":
        record.keep("answers", question_id, lambda old: _tried(question, old or {}, result, seed))
    return result


def _tried(question, before, result, seed):
    """The record's entry after one more try; a choice's says with which seed it is to be asked."""
    status = "right" if before.get("status") == "right" else result.status
    entry = {"tries": before.get("tries", 0) + 1, "status": status}
    if question.kind == "choice":
        entry["seed"] = after(seed) if result.status == "wrong" else seed
    return entry


def _write_down(question, answer):
    """An answer to the concept inventory: kept, and nothing is said of it."""
    if answer is ... or answer is None:
        return Result(question.id, "failed", text("check.open"))
    letters = pose(question).labels
    letter = answer.strip().upper() if isinstance(answer, str) else answer
    if letter not in (*letters, NOT_KNOWN):
        known = ", ".join(letters)
        return Result(question.id, "failed", text("check.letter", letters=known, given=answer))
    record.keep("answers", question.id, lambda _: {"status": "recorded", "answer": letter})
    return Result(question.id, "recorded", "")


def judge(question, answer, *, show_expected=True, again=True):
    """The :class:`Result` of an answer, with nothing written down.

    ``show_expected`` says whether it tells what is right; ``again``, how to ask with other numbers.
    """
    if answer is ... or answer is None:
        return Result(question.id, "failed", text("check.open"))
    if question.is_code:
        return _of_code(question, answer)
    seed, value = (answer.seed, answer.value) if isinstance(answer, Answer) else (0, answer)
    return _of_value(pose(question, seed), value, show_expected, again)


def _of_value(posed, value, show_expected, again):
    question = posed.question
    if value is ...:
        return Result(question.id, "failed", text("check.open"))
    if posed.labels and not posed.offers(value):
        key = "check.choose" if question.kind == "choice" else "check.arrange"
        known = ", ".join(posed.labels)
        return Result(question.id, "failed", text(key, letters=known, given=value))
    verdict = posed.judge(value)
    if verdict.status == "right":
        return Result(question.id, "right", "")
    lines = [_hint(name) for name in verdict.misconceptions]
    if not lines and question.kind == "order" and not question.accepts:
        begun = posed.begins_well(value)
        lines = [text("check.begun", letters=begun) if begun else text("check.begins")]
    lines = lines or [text("check.unknown")]
    if show_expected and not posed.labels:  # the letter of a choice would only be copied
        lines.append(text("check.expected", given=_shown(value), expected=_shown(verdict.expected)))
    if question.kind == "choice" and again:  # other numbers, in another order
        seed = after(posed.seed)
        lines.append(text("check.again", id=question.id, answer=question.answer, seed=seed))
    return Result(question.id, "wrong", "\n".join(lines), verdict.misconceptions)


def _of_code(question, answer):
    kind = "class" if question.kind == "class" else "function"
    if not callable(answer) or (kind == "class") != isinstance(answer, type):
        given = type(answer).__name__
        return Result(question.id, "failed", text("check.kind", expected=kind, given=given))
    if name := reaches_into(answer):
        return Result(question.id, "failed", text("check.reaches_into", name=name))
    return told(question, judge_code(question, answer))


def told(question, verdict):
    """The :class:`Result` that says what the :class:`Judgement` of a code question found."""
    if verdict.status == "right":
        return Result(question.id, "right", "")
    outcome = verdict.given
    if verdict.stopped:
        line = outcome.line if outcome else ""
        return Result(question.id, "failed", text("check.endless", line=line).rstrip(" :"))
    lines = [line for name in verdict.misconceptions for line in _named(name, outcome)]
    if outcome.error is not None:
        error = f"{type(outcome.error).__name__}: {outcome.error}"
        if isinstance(outcome.error, NotImplementedError):
            return Result(question.id, "failed", text("check.open"))
        lines.append(text("check.raised", error=error, line=outcome.line).rstrip(" ,"))
    elif not lines:
        lines += _seen(question, verdict)
    lines.append(_example(question, verdict))
    return Result(question.id, verdict.status, "\n".join(lines), verdict.misconceptions)


def _seen(question, verdict):
    """What can be seen of a difference that has no name."""
    outcome, right = verdict.given, verdict.expected
    extra = _named("input_changed", outcome) if outcome.changed else []
    extra += _named("result_aliases_input", outcome) if outcome.aliased else []
    if outcome.value is None:
        return [*extra, text("check.nothing")]
    if _as_array(outcome.value, right):
        return [*extra, text("check.listed")]
    if alike_values(outcome.value, right, NEARLY):
        return [*extra, *([] if alike_values(outcome.value, right) else [text("check.nearly")])]
    return [*extra, text("check.unknown"), *([verdict.seen] if verdict.seen else [])]


def _named(name, outcome):
    """A mistake in words: where it is one of the inputs that has suffered, which."""
    suffered = {"input_changed": outcome.changed, "result_aliases_input": outcome.aliased}
    key = {"input_changed": "changed", "result_aliases_input": "aliased"}.get(name)
    inputs = sorted(suffered.get(name, ()))
    return [text(f"check.{key}", name=each) for each in inputs] or [_hint(name)]


def _as_array(value, right):
    """Whether ``value`` is what is right in every number, in a list."""
    if not isinstance(value, list | tuple) or not isinstance(right, np.ndarray | np.generic):
        return False
    try:
        return alike_values(np.array(value), right)
    except (TypeError, ValueError):  # rows of unequal length
        return False


def _example(question, verdict):
    """The first inputs on which it is wrong; of several results those that are."""
    lines = [text("check.example", inputs=_sizes(verdict.arguments))]
    given, right = verdict.given.value, verdict.expected
    if verdict.given.error is not None:
        if verdict.works is not None:
            lines.append(text("check.works", inputs=_sizes(verdict.works)))
        return "\n".join(lines)
    if not question.parts:
        pairs = [("", given, right)]
    elif isinstance(given, tuple | list) and len(given) == len(right):
        named = zip(question.parts, given, right, strict=True)
        pairs = [(f"{name} ", g, r) for name, g, r in named if not alike_values(g, r)]
    else:
        names = ", ".join(question.parts)
        return text("check.parts", count=len(right), names=names, given=_shown(given))
    for name, g, r in pairs:
        lines.append(text("check.compare", name=name, given=_shown(g), expected=_shown(r)))
    return "\n".join(lines)


def _sizes(arguments):
    return ", ".join(f"{name} {_kind(value)}" for name, value in arguments.items())


def _hint(name):
    return text(f"misconception.{name}.hint")


def _kind(value):
    if callable(value):
        return text("check.function")
    if isinstance(value, list | tuple) and value and isinstance(value[0], np.ndarray):
        return "[" + ", ".join(_kind(entry) for entry in value) + "]"
    return str(np.shape(value)) if isinstance(value, np.ndarray) else _shown(value)


def _shown(value):
    """A value as a student reads it: small arrays whole, others by their shape."""
    if isinstance(value, tuple | list):
        return "(" + ", ".join(_shown(entry) for entry in value) + ")"
    numbers = as_numbers(value)
    if numbers is None or isinstance(value, bool):
        return str(value)
    if numbers.ndim == 0:
        return f"{numbers.item():.6g}"
    if numbers.size > 12:
        return text("check.shape", shape=numbers.shape)
    return np.array2string(np.round(numbers, 4) + 0.0, separator=", ").replace("\n", "")
