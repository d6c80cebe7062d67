"""The evidence of a check: what was given, and yours beside what is right, so that both differ."""

import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.code import Judgement
from bpcourse.questions.judging.compare import alike_values, as_numbers, rounded
from bpcourse.questions.judging.describe import first_wrong
from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.question import Question
from bpcourse.text import text
from bpcourse.text.numbers import number

MOST = 4  # results that are shown, of those that are wrong
DEEPEST = 3  # lists in each other that are written out
SHOWN = 12  # entries of an array or a list that are written out
DIGITS = (0, 9, 13, 17)  # significant ones: 0 for the usual six, or four decimals in an array


def example(question: Question, verdict: Judgement) -> list[str]:
    """Lines of the first inputs on which an answer is wrong; of several results those that are."""
    lines = [text("check.example", inputs=sizes(verdict.arguments or {}))]
    outcome, right = verdict.given, verdict.expected
    given: Any = outcome.value if outcome else None
    if outcome is not None and outcome.error is not None:
        if verdict.works is not None:
            lines.append(text("check.works", inputs=sizes(verdict.works)))
        return lines
    if outcome is not None and alike_values(given, right):  # wrong is what it did to its inputs
        unasked = set(outcome.left or ()) - set(question.may_change)
        return [*lines, *(_left(name, verdict, outcome) for name in sorted(unasked))]
    if not question.parts:
        place, given, right = first_wrong(given, right)
        pairs = [(f"{place} " if place else "", given, right)]
    elif isinstance(right, tuple | list) and _has_parts(given, len(right)):
        named = zip(question.parts, given, right, strict=True)
        pairs = [(f"{name} ", g, r) for name, g, r in named if not alike_values(g, r)]
    elif given is None:
        return lines  # said already
    elif question.use:  # its parts are what is looked at, not what it gives back
        return [*lines, text("check.gives", given=_kind(given))]
    else:
        count, names = len(question.parts), ", ".join(question.parts)
        return [text("check.parts", count=count, names=names, given=_kind(given))]
    for name, g, r in pairs[:MOST]:
        index, g, r = _first_entry(as_numbers(g), as_numbers(r)) or ("", g, r)
        yours, expected = apart(g, r)
        lines.append(text("check.compare", name=f"{name}{index}", given=yours, expected=expected))
    return lines


def _left(name: str, verdict: Judgement, outcome: Outcome) -> str:
    """What an input held before the call, and after it."""
    before = (verdict.arguments or {})[name]
    place, after, before = first_wrong((outcome.left or {})[name], before)
    entry = _first_entry(as_numbers(after), as_numbers(before))
    index, after, before = entry or ("", after, before)
    now, was = apart(after, before)
    return text("check.left", name=f"{name}{place} {index}".rstrip(), before=was, after=now)


def _has_parts(given: object, count: int) -> bool:
    return isinstance(given, tuple | list) and len(given) == count


def _first_entry(
    given: npt.NDArray[np.floating] | None, right: npt.NDArray[np.floating] | None
) -> tuple[str, object, object] | None:
    """(place, given, right) of the first entry that differs in arrays too large to be shown."""
    if given is None or right is None or given.shape != right.shape or right.size <= SHOWN:
        return None
    for index in np.ndindex(right.shape):
        if not alike_values(given[index], right[index]):
            return f"{list(index)} ", given[index], right[index]
    return None


def copied(name: str, value: object) -> str:
    """How a student makes a copy of an input of this kind."""
    if isinstance(value, np.ndarray):
        return f"{name}.copy()"
    arrays = isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value)
    return text("check.copies", name=name) if arrays else f"{type(value).__name__}({name})"


def apart(given: object, right: object) -> tuple[str, str]:
    """Both as a student reads them, with as few digits as tell them apart."""
    if isinstance(right, list | tuple) and as_numbers(right) is None:
        return _kind(given), _kind(right)
    most = _most_different(as_numbers(given), as_numbers(right))
    for digits in DIGITS:
        different = most is None or shown(most[0], digits=digits) != shown(most[1], digits=digits)
        yours, expected = shown(given, digits=digits), shown(right, digits=digits)
        if different and yours != expected:
            break
    return yours, expected


def _most_different(
    given: npt.NDArray[np.floating] | None, right: npt.NDArray[np.floating] | None
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]] | None:
    """The entry of each in which they differ most, as an array of one."""
    if given is None or right is None or given.shape != right.shape or not right.size:
        return None
    away = np.abs(given - right).ravel()
    place = int(np.nan_to_num(away, nan=np.inf).argmax())
    one = slice(place, place + 1)
    return (given.ravel()[one], right.ravel()[one]) if right.ndim else (given, right)


def sizes(arguments: Mapping[str, object]) -> str:
    """What was given, each by its shape or value."""
    return ", ".join(f"{name} {_kind(value)}" for name, value in arguments.items())


def _several(show: Callable[..., str], values: Sequence[object], depth: int) -> str:
    """The first of many values, as ``show`` shows each; what lies too deep is left out."""
    if depth >= DEEPEST:
        return "…"
    these = [show(value, depth + 1) for value in values[:SHOWN]]
    return ", ".join([*these, *["…"] * (len(values) > SHOWN)])


def _kind(value: object, depth: int = 0) -> str:
    if callable(value):
        return text("check.function")
    if isinstance(value, list | tuple) and as_numbers(value) is None:
        return f"[{_several(_kind, value, depth)}]"
    return str(np.shape(value)) if isinstance(value, np.ndarray) else shown(value)


def shown(value: object, depth: int = 0, *, digits: int = 0) -> str:
    """A value as a student reads it: small arrays whole, others by their shape; no negative 0."""
    numbers = as_numbers(value)
    if isinstance(value, tuple) or (isinstance(value, list) and numbers is None):
        return f"({_several(shown, value, depth)}{',' * (len(value) == 1)})"
    if numbers is None or isinstance(value, bool):
        if isinstance(value, str | dict):
            return reprlib.repr(value)  # cut if long
        bare = str(value).startswith("<")  # says where it lies in memory
        return text("check.of_type", kind=type(value).__name__) if bare else str(value)
    if numbers.ndim == 0:
        return number(numbers.item(), f".{digits or 6}g", typed=True)
    if numbers.size > SHOWN:
        return text("check.shape", shape=numbers.shape)
    how: Any = None
    if np.asarray(value).dtype.kind in "iu":
        numbers = numbers.astype(int)
    elif digits:
        how = {"float_kind": lambda x: number(x, f".{digits}g", typed=True)}
    else:
        numbers = rounded(numbers)
    return np.array2string(numbers, separator=", ", formatter=how).replace("\n", "")
