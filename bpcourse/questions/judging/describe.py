"""What can be seen of a wrong result: mistakes that any question may show, and plain facts.

These are known by their effect on a right result, whatever the question is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bpcourse import diagnosis
from bpcourse.diagnosis.compare import KNOWN
from bpcourse.diagnosis.explain import Diagnosis
from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.question import Question
from bpcourse.text import text

NEARLY = 1e-4  # relative: from here on a wrong number is called nearly right


def by_effect(
    question: Question, given: Sequence[Outcome], expected: Sequence[Outcome]
) -> tuple[str, ...]:
    """What was done to the inputs, where all results are right; () where one is not."""
    if any(g.error or e.error for g, e in zip(given, expected, strict=True)):
        return ()
    if not all(alike_values(g.value, e.value) for g, e in zip(given, expected, strict=True)):
        return ()
    changed = any(outcome.changed - set(question.may_change) for outcome in given)
    return ("input_changed" if changed else "result_aliases_input",)


def describe_all(question: Question, given: Sequence[Outcome], expected: Sequence[Outcome]) -> str:
    """What can be seen of a difference, in the words of the diagnosis; "" where nothing can.

    It is said of the first of several outcomes. A pattern of its numbers is said if it is in all.
    """
    described = [describe(question, g, e) for g, e in zip(given, expected, strict=True)] or [
        ("", None)
    ]
    patterns = {pattern for _, pattern in described}
    return described[0][0] if described[0][1] is None or len(patterns) == 1 else ""


def describe(question: Question, given: Outcome, expected: Outcome) -> tuple[str, object]:
    """What can be seen of one difference, and the pattern of its numbers, or None."""
    said = _of_kind(question, given, expected)
    return (said, None) if isinstance(said, str) else said


def _of_kind(question: Question, given: Outcome, expected: Outcome) -> str | tuple[str, object]:
    if given.value is None:
        return text("check.nothing")
    parts = question.parts or ("",)
    got: Any = given.value if len(parts) > 1 else (given.value,)
    true: Any = expected.value if len(parts) > 1 else (expected.value,)
    if not isinstance(got, tuple | list) or len(got) != len(true):
        return ""
    if any(g is None for g in got):
        return text("check.nothing")
    if len(parts) == 1 and isinstance(true[0], tuple | list):
        return _of_list(got[0], true[0])
    if any(isinstance(g, complex | np.ndarray) and np.iscomplexobj(g) for g in got):
        return text("check.complex")
    return _of_arrays(parts, got, true)


def _of_list(given: object, true: Sequence[object]) -> str:
    """What is wrong with a list: its length, or the shape of an entry."""
    if not isinstance(given, tuple | list | np.ndarray):
        return text("check.no_list", given=type(given).__name__)
    if len(given) != len(true):
        return text("check.entries", given=len(given), expected=len(true))
    place, g, t = first_wrong(given, true)
    g, t = as_numbers(g), as_numbers(t)
    if g is None or t is None or g.shape == t.shape:
        return ""
    return text("diagnosis.shape", array=place, values={"given": g.shape, "true": t.shape})


def first_wrong(given: object, true: object) -> tuple[str, object, object]:
    """(place, given, true) of the first difference in a list of lists of arrays: ("[1][0]", …)."""
    place = ""
    while isinstance(true, tuple | list) and isinstance(given, tuple | list):
        if len(given) != len(true):
            break
        pairs = enumerate(zip(given, true, strict=True))
        found = next(((i, g, t) for i, (g, t) in pairs if not alike_values(g, t)), None)
        if found is None:
            break
        i, given, true = found
        place += f"[{i}]"
    return place, given, true


def _of_arrays(
    names: Sequence[str], given: Sequence[object], true: Sequence[object]
) -> str | tuple[str, object]:
    """What is wrong with arrays, by the diagnosis; of single numbers, their factor."""
    pairs = [(as_numbers(g), as_numbers(t)) for g, t in zip(given, true, strict=True)]
    if any(
        isinstance(t, tuple) and not alike_values(g, t) for g, t in zip(given, true, strict=True)
    ):
        return ""
    for g, (read, right) in zip(given, pairs, strict=True):
        if read is None and right is not None and not isinstance(g, tuple | list):
            return text("check.no_numbers", given=type(g).__name__)
    numbers = [(g, t) for g, t in pairs if g is not None and t is not None]
    if len(numbers) < len(pairs):
        return ""
    wrong = [(g, t) for g, t in numbers if not alike_values(g, t)]
    if not all(np.isfinite(g).all() for g, _ in wrong):
        return text("check.not_finite")
    if wrong and all(alike_values(g, t, NEARLY) for g, t in wrong):
        return text("check.nearly")
    if all(g.ndim == t.ndim == 0 for g, t in wrong):
        factors = {round(float(g / t), 6) if t else np.inf for g, t in wrong}
        known = len(factors) == 1 and factors & set(KNOWN)
        return (text("check.factor", factor=min(known)), min(known)) if known else ""
    found: Diagnosis = diagnosis.diagnose(  # type: ignore[no-untyped-call]
        {name: g for name, (g, _) in zip(names, numbers, strict=True)},
        {name: t for name, (_, t) in zip(names, numbers, strict=True)},
        whole=text("check.whole"),
    )
    if found.cause is None:
        for name, (g, t) in zip(names, numbers, strict=True):
            if g.shape != t.shape:
                shapes = {"given": g.shape, "true": t.shape}
                return text("diagnosis.shape", array=name or text("check.whole"), values=shapes)
        return ""
    factor = found.values.get("factor")
    return found.message, (found.cause, found.array, factor and round(factor, 6))
