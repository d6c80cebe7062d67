"""Is an answer right, and if not, which mistake is it? By what it does, on inputs that tell apart.

A mistake is named when the question's implementation, made to show it, does on every input what the
answer does. Two at once are tried as well. Nothing is named that does not fit: unknown is better
than a false name.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from bpcourse import diagnosis
from bpcourse.questions.question import TOLERANCE
from bpcourse.questions.run import SECONDS, Outcome, call, time_limit

SIZES = (1, 2, 3, 0, 4, 0)  # of the inputs: 0 asks for equal sizes, where wrong shapes still run
NEARLY = 1e-4  # relative: up to here a wrong number is called nearly right
MORE = 12  # inputs that are tried where two mistakes have looked alike so far


@dataclass(frozen=True)
class Judgement:
    """``status`` "right", "wrong" or "failed", the mistakes named, and the evidence."""

    status: str
    misconceptions: tuple = ()
    arguments: dict | None = None  # the first inputs on which it is wrong
    given: Outcome | None = None
    expected: object = None
    seen: str = ""  # what can be seen of the difference
    stopped: bool = False  # an endless loop
    works: dict | None = None  # inputs on which it is right, where on others it raises an error


def battery(question, seed, sizes=SIZES):
    """The inputs of a check, {name: value} each: always the same for one seed."""
    return [question.inputs(np.random.default_rng([seed, i]), size) for i, size in enumerate(sizes)]


def judge_code(question, answer, seed=0, seconds=SECONDS):
    """The :class:`Judgement` of a function or class, which has ``seconds`` for all inputs."""
    cases = battery(question, seed)
    expected = [run(question, question.reference(), case) for case in cases]
    try:
        with time_limit(seconds):
            given = [run(question, answer, case) for case in cases]
    except BaseException as error:  # between two calls
        if type(error).__name__ != "OutOfTimeError":
            raise
        return Judgement("failed", stopped=True)
    wrong = [i for i in range(len(cases)) if not alike(given[i], expected[i], question)]
    if not wrong:
        return Judgement("right")
    ran = [i for i in wrong if given[i].error is None]
    far = [i for i in ran if not alike_values(given[i].value, expected[i].value, NEARLY)]
    first = (far or ran or wrong)[0]  # where the mistake is plain to see
    stopped = any(type(outcome.error).__name__ == "OutOfTimeError" for outcome in given)
    names = () if stopped else _recognise(question, answer, cases, given, expected, seed)
    failed = all(given[i].error is not None for i in wrong) and not names
    return Judgement(
        "failed" if failed else "wrong",
        names,
        cases[first],
        given[first],
        expected[first].value,
        "" if given[first].error else describe(question, given[first], expected[first]),
        stopped,
        next((cases[i] for i in range(len(cases)) if failed and i not in wrong), None),
    )


def run(question, answer, case):
    """The outcome of one call."""
    return call(lambda *arguments: question.run(answer, arguments), case)


def _recognise(question, answer, cases, given, expected, seed):
    """The names of the mistakes that explain all outcomes: one, or two at once, or ()."""
    found: list[tuple[str, ...]] = [
        (name,) for name in question.misconceptions if _explains(question, (name,), cases, given)
    ]
    if not found:
        acting = [
            name for name in question.misconceptions if _acts(question, name, cases, expected)
        ]
        found = [
            pair
            for pair in combinations(acting, 2)
            if frozenset(pair) not in question.coincide and _explains(question, pair, cases, given)
        ]
    if len(found) > 1:  # more inputs, to tell them apart
        more = battery(question, seed + 1, (1, 2, 3, 4) * (MORE // 4))
        again = [run(question, answer, case) for case in more]
        found = [names for names in found if _explains(question, names, more, again)] or found[:0]
    if not found:
        seen = _by_effect(question, cases, given, expected) or _cut_off(given, expected)
        return seen or _by_parts(question, cases, given, expected)
    if len(found) > 1 and len(found[0]) == 2:
        return ()  # two explanations by two mistakes each: neither is certain
    return found[0]


def _explains(question, names, cases, given):
    """Whether the mistakes, made together, do just what the answer did, and it ran at all.

    In whichever form they are made. That a result is a part of an input, too, contradicts nothing.
    """
    forms = [(), *((form,) for name in names for form in question.forms.get(name, "").split())]
    ran = any(outcome.error is None for outcome in given)
    return ran and any(_does(question, (*names, *form), cases, given) for form in forms)


def _does(question, flaws, cases, given):
    wrong = question.reference(*flaws)
    for case, outcome in zip(cases, given, strict=True):
        made = run(question, wrong, case)
        if not made.aliased <= outcome.aliased:
            return False
        if not alike(outcome, replace(made, aliased=outcome.aliased), question):
            return False
    return True


def _by_effect(question, cases, given, expected):
    """Where something was done to the inputs: that, and the mistake that explains the values."""
    changed = any(outcome.changed - set(question.may_change) for outcome in given)
    if not changed and not any(outcome.aliased for outcome in given):
        return ()
    effect = "input_changed" if changed else "result_aliases_input"
    values = list(zip(given, expected, strict=True))
    if not any(g.error or e.error or not alike_values(g.value, e.value) for g, e in values):
        return (effect,)
    unseen = [replace(outcome, changed=frozenset(), aliased=frozenset()) for outcome in given]
    found = [
        name for name in question.misconceptions if _explains(question, (name,), cases, unseen)
    ]
    return (found[0], effect) if len(found) == 1 else ()


def _cut_off(given, expected):
    """Where every number is right up to what an array of whole numbers cannot hold."""
    for g, e in zip(given, expected, strict=True):
        values = as_numbers(e.value)
        if values is None or not isinstance(g.value, np.ndarray) or g.value.dtype.kind != "i":
            return ()
        if not alike_values(g.value, np.trunc(values)):
            return ()
    return ("integer_arrays",)


def _acts(question, name, cases, expected):
    wrong = question.reference(name)
    return any(
        not alike(run(question, wrong, case), right, question)
        for case, right in zip(cases, expected, strict=True)
    )


def _by_parts(question, cases, given, expected):
    """Where an answer has several results: one mistake for each part that is wrong."""
    count = len(question.parts)
    if count < 2 or not all(_has_parts(outcome, count) for outcome in given):
        return ()
    names = []
    for part in range(count):
        pairs = [(g.value[part], e.value[part]) for g, e in zip(given, expected, strict=True)]
        if all(alike_values(g, e) for g, e in pairs):
            continue
        for name in question.misconceptions:
            wrong = [run(question, question.reference(name), case) for case in cases]
            if all(
                _has_parts(w, count) and alike_values(g.value[part], w.value[part])
                for g, w in zip(given, wrong, strict=True)
            ):
                names.append(name)
                break
        else:
            return ()
    return tuple(dict.fromkeys(names))


def _has_parts(outcome, count):
    return isinstance(outcome.value, tuple | list) and len(outcome.value) == count


# --- whether two outcomes are the same ------------------------------------------------------------


def alike(a, b, question):
    """Whether two outcomes agree: the values, or the kind of error; and what they did to inputs."""
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error)
    unasked = a.changed.symmetric_difference(b.changed) - set(question.may_change)
    return not unasked and a.aliased == b.aliased and alike_values(a.value, b.value)


def alike_values(a, b, tolerance=0.0):
    """Whether two results agree in structure, shape and numbers, up to rounding.

    Or up to a ``tolerance`` that is coarser.
    """
    if isinstance(b, dict):
        return (
            isinstance(a, dict)
            and a.keys() == b.keys()
            and all(alike_values(a[k], b[k], tolerance) for k in b)
        )
    if isinstance(b, tuple | list):
        if isinstance(a, np.ndarray) and a.dtype != object:
            a = list(a)
        return (
            isinstance(a, tuple | list)
            and len(a) == len(b)
            and all(alike_values(x, y, tolerance) for x, y in zip(a, b, strict=True))
        )
    if b is None or isinstance(b, str | bool):
        return type(a) is type(b) and a == b
    a, b = as_numbers(a), as_numbers(b)
    if a is None or b is None or a.shape != b.shape:
        return False
    near = max(tolerance, *(TOLERANCE.get(str(array.dtype), 1e-7) for array in (a, b)))
    largest = np.abs(b[np.isfinite(b)]).max(initial=0)
    with np.errstate(all="ignore"):
        close = (np.abs(a - b) <= near * (np.abs(b) + 1e-3 * largest)) | (a == b)
    return bool((close | (np.isnan(a) & np.isnan(b))).all())


def as_numbers(value):
    """``value`` as an array of floats or booleans; None where it is no array of numbers."""
    if type(value) not in (np.ndarray, int, float, bool) and not isinstance(value, np.generic):
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        return None
    return array if array.dtype == np.float32 else array.astype(np.float64)


def describe(question, given, expected):
    """What can be seen of a difference, in the words of the diagnosis; "" where nothing can."""
    parts = question.parts or ("",)
    got = given.value if len(parts) > 1 else (given.value,)
    true = expected.value if len(parts) > 1 else (expected.value,)
    if not isinstance(got, tuple | list) or len(got) != len(true):
        return ""
    arrays = [(as_numbers(g), as_numbers(t)) for g, t in zip(got, true, strict=True)]
    if any(g is None or t is None or not np.isfinite(g).all() for g, t in arrays):
        return ""
    found = diagnosis.diagnose(
        {name: g for name, (g, _) in zip(parts, arrays, strict=True)},
        {name: t for name, (_, t) in zip(parts, arrays, strict=True)},
    )
    return found.message if found.cause else ""
