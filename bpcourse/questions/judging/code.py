"""Is an answer right, and if not, which mistake is it? By what it does, on inputs that tell apart.

A mistake is named when the question's implementation, made to show it, does on every input what the
answer does. Two at once are tried as well. Nothing is named that does not fit: unknown is better
than a false name.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np

from bpcourse.questions.judging.clock import SECONDS, Clock, OutOfTimeError
from bpcourse.questions.judging.compare import alike, alike_values, is_long
from bpcourse.questions.judging.describe import (
    NEARLY,
    by_effect,
    describe,
    has_parts,
    is_nothing,
    spoilt,
)
from bpcourse.questions.judging.run import Outcome, call
from bpcourse.text import text

SIZES = (1, 2, 3, 0, 4, 0)  # of the inputs: 0 asks for equal sizes, where wrong shapes still run
MOST_KNOWN = 500  # questions whose inputs are kept
_known: dict = {}
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


def known(question, seed):
    """The inputs of a check and the right outcomes, which nobody changes: made once."""
    kept = _known.get((question.id, seed))
    if kept is None or kept[0] is not question:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        cases = battery(question, seed)
        expected = [run(question, question.reference(), case) for case in cases]
        kept = _known[question.id, seed] = question, cases, expected
    return kept[1:]


def judge_code(question, answer, seed=0, seconds=SECONDS):
    """The :class:`Judgement` of a function or class, which has ``seconds`` for all its calls.

    Of processor time; 0 seconds are no limit.
    """
    clock = Clock(seconds) if seconds else None
    cases, expected = known(question, seed)
    given: list[Outcome] = []
    for case, right in zip(cases, expected, strict=True):
        given.append(run(question, answer, case, clock))
        if isinstance(given[-1].error, OutOfTimeError | KeyboardInterrupt):
            stopped = isinstance(given[-1].error, OutOfTimeError)
            return Judgement("failed", (), case, given[-1], right.value, stopped=stopped)
    wrong = [i for i in range(len(cases)) if not alike(given[i], expected[i], question)]
    if not wrong:
        return Judgement("right")
    ran = [i for i in wrong if given[i].error is None]
    far = [i for i in ran if not alike_values(given[i].value, expected[i].value, NEARLY)]
    first = (far or ran or wrong)[0]  # where the mistake is plain to see
    ask = partial(run, question, answer, clock=clock)
    names = _recognise(question, ask, cases, given, expected, seed)
    failed = all(given[i].error is not None for i in wrong) and not names
    seen = "" if given[first].error else describe(question, given[first], expected[first])
    if not names and _differs(given[first], ask(cases[first])):
        seen = text("check.random")
    return Judgement(
        "failed" if failed else "wrong",
        names,
        cases[first],
        given[first],
        expected[first].value,
        seen,
        works=next((cases[i] for i in range(len(cases)) if failed and i not in wrong), None),
    )


def _differs(once, again):
    """Whether two calls with the same inputs ended well and gave two results."""
    if once.error or again.error or is_long(once.value) or is_long(again.value):
        return False
    if not alike_values(once.value, once.value):  # not to be compared
        return False
    return not alike_values(again.value, once.value)


def run(question, answer, case, clock=None):
    """The outcome of one call, in the time that the ``clock`` has left."""
    outcome = call(lambda *arguments: question.run(answer, arguments), case, clock)
    return replace(outcome, aliased=outcome.aliased - set(question.may_alias))


def _recognise(question, ask, cases, given, expected, seed):
    """The names of the mistakes that explain all outcomes: one, or two at once, or ()."""
    found: list[tuple[str, ...]] = [
        (name,) for name in question.misconceptions if _explains(question, (name,), cases, given)
    ]
    if not found and not all(is_nothing(outcome.value) for outcome in given):
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
        again = [ask(case) for case in more]
        found = [names for names in found if _explains(question, names, more, again)] or found[:0]
    if not found:
        return (
            by_effect(question, given, expected)
            or _with_effect(question, cases, given)
            or _by_parts(question, cases, given, expected)
        )
    if len(found) > 1 and len(found[0]) == 2:
        return ()  # two explanations by two mistakes each: neither is certain
    return found[0]


def _explains(question, names, cases, given):
    """Whether the mistakes, made together, do just what the answer did, and it ran at all.

    In whichever form they are made. That a result is a part of an input, too, contradicts nothing.
    """
    ran = any(outcome.error is None for outcome in given)
    return ran and any(_does(question, flaws, cases, given) for flaws in question.ways(*names))


def _does(question, flaws, cases, given):
    wrong = question.reference(*flaws)
    for case, outcome in zip(cases, given, strict=True):
        made = run(question, wrong, case)
        if not made.aliased <= outcome.aliased:
            return False
        if not alike(outcome, replace(made, aliased=outcome.aliased), question):
            return False
    return True


def _with_effect(question, cases, given):
    """Where inputs were changed, or given back: that, and the mistake that explains the values."""
    changed = any(outcome.changed - set(question.may_change) for outcome in given)
    if not changed and not any(outcome.aliased for outcome in given):
        return ()
    values = [replace(outcome, changed=frozenset(), aliased=frozenset()) for outcome in given]
    found = [
        name for name in question.misconceptions if _explains(question, (name,), cases, values)
    ]
    effect = "input_changed" if changed else "result_aliases_input"
    return (found[0], effect) if len(found) == 1 else ()


def _acts(question, name, cases, expected):
    wrong = question.reference(name)
    return any(
        not alike(run(question, wrong, case), right, question)
        for case, right in zip(cases, expected, strict=True)
    )


def _by_parts(question, cases, given, expected):
    """Where an answer has several results: one mistake for each part that is wrong."""
    count = len(question.parts)
    if count < 2 or not all(has_parts(outcome, count) for outcome in given):
        return ()
    names = []
    for part in range(count):
        pairs = [(g.value[part], e.value[part]) for g, e in zip(given, expected, strict=True)]
        if all(alike_values(g, e) for g, e in pairs):
            continue
        for name in question.misconceptions:
            # an order is of all results: one of them in the place of another is no other order
            if name != "results_swapped" and any(
                _does_in(question, flaws, cases, given, part) for flaws in question.ways(name)
            ):
                names.append(name)
                break
        else:
            found = spoilt(pairs)
            if not found:
                return ()
            names += found
    return tuple(dict.fromkeys(names))


def _does_in(question, flaws, cases, given, part):
    wrong = question.reference(*flaws)
    made = (run(question, wrong, case) for case in cases)
    return all(
        has_parts(w, len(question.parts)) and alike_values(g.value[part], w.value[part])
        for g, w in zip(given, made, strict=True)
    )
