"""What can be seen of a wrong result: mistakes that any question may show, and plain facts.

These are known by their effect on a right result, whatever the question is.
"""

from itertools import permutations

import numpy as np

from bpcourse import diagnosis
from bpcourse.questions.alike import alike_values, as_numbers
from bpcourse.text import text

MOST = 4  # results whose every order is tried


def has_parts(outcome, count):
    """Whether the value is the ``count`` results of a question with several."""
    return isinstance(outcome.value, tuple | list) and len(outcome.value) == count


def by_effect(question, given, expected):
    """The name of the mistake that shows in what was done to right results, or to the inputs."""
    if any(g.error or e.error for g, e in zip(given, expected, strict=True)):
        return ()
    values = [(g.value, e.value) for g, e in zip(given, expected, strict=True)]
    if all(alike_values(g, e) for g, e in values):
        changed = any(outcome.changed - set(question.may_change) for outcome in given)
        return ("input_changed" if changed else "result_aliases_input",)
    count = len(question.parts)
    if count < 2:
        return spoilt(values)
    orders = permutations(range(count)) if count <= MOST else ()
    if all(has_parts(outcome, count) for outcome in given) and any(
        all(alike_values([g[i] for i in order], list(e)) for g, e in values) for order in orders
    ):
        return ("results_swapped",)
    return ()


def spoilt(pairs):
    """What has happened to right numbers on all inputs, by its name."""
    numbers = [(as_numbers(g), as_numbers(e)) for g, e in pairs]
    if any(g is None or e is None or e.dtype.kind == "b" for g, e in numbers):
        return ()
    if not any(e.any() for _, e in numbers):
        return ()
    if all(alike_values(g, -e) for g, e in numbers):
        return ("sign_flipped",)
    whole = all(np.asarray(g).dtype.kind in "iu" for g, _ in pairs)
    if all(alike_values(g, np.trunc(e)) for g, e in numbers):
        return ("integer_arrays",) if whole or any(g.any() for g, _ in numbers) else ()
    return ()


def describe(question, given, expected):
    """What can be seen of a difference, in the words of the diagnosis; "" where nothing can."""
    if given.value is None:
        return text("check.nothing")
    parts = question.parts or ("",)
    got = given.value if len(parts) > 1 else (given.value,)
    true = expected.value if len(parts) > 1 else (expected.value,)
    if not isinstance(got, tuple | list) or len(got) != len(true):
        return ""
    if len(parts) == 1 and isinstance(true[0], tuple | list):
        return _entries(got[0], true[0])
    if any(isinstance(g, complex | np.ndarray) and np.iscomplexobj(g) for g in got):
        return text("check.complex")
    arrays = [(as_numbers(g), as_numbers(t)) for g, t in zip(got, true, strict=True)]
    if any(g is None or t is None for g, t in arrays):
        return ""
    if not all(np.isfinite(g).all() for g, _ in arrays):
        return text("check.not_finite")
    return diagnosis.diagnose(
        {name: g for name, (g, _) in zip(parts, arrays, strict=True)},
        {name: t for name, (_, t) in zip(parts, arrays, strict=True)},
    ).message


def _entries(given, true):
    """Of a list: its length, or the first entry that is wrong."""
    if not isinstance(given, tuple | list | np.ndarray):
        return text("check.no_list", given=type(given).__name__)
    if len(given) != len(true):
        return text("check.entries", given=len(given), expected=len(true))
    for number, (g, t) in enumerate(zip(given, true, strict=True), start=1):
        if not alike_values(g, t):
            return text("check.entry", number=number, count=len(true))
    return ""
