"""Is an answer right, and if not, which mistake is it? By what it does, on inputs that tell apart.

A mistake is named when the question's implementation, made to show it, does on every input what the
answer does. Two at once are tried as well. Nothing is named that does not fit: unknown is better
than a false name.
"""

import pickle
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from bpcourse.questions.judging import instead
from bpcourse.questions.judging.clock import SECONDS, Clock, OutOfTimeError
from bpcourse.questions.judging.compare import alike, alike_values, as_numbers, is_long, is_nested
from bpcourse.questions.judging.describe import NEARLY, by_effect, describe_all
from bpcourse.questions.judging.facts import Facts
from bpcourse.questions.judging.fitting import Fitting, Further
from bpcourse.questions.judging.formula import is_read
from bpcourse.questions.judging.made import Made, Named
from bpcourse.questions.judging.naming import Search
from bpcourse.questions.judging.run import LostError, Outcome, call
from bpcourse.questions.judging.steps import SLIP, Case, Explanation, Step, battery, edges
from bpcourse.questions.question import Question
from bpcourse.text import text

MOST_KNOWN = 500  # questions whose inputs are kept
MOST_MADE = 40  # and those of which it is kept what their mistakes give: 3 MB each, at most 16
_known: dict[tuple[str, int, bool], tuple[Question, list[Case], list[Outcome]]] = {}
_made: dict[tuple[str, int], tuple[list[Case], Made]] = {}
MORE = (1, 2, 3, 4) * 3  # sizes of the inputs on which a mistake must hold, too, to be named


@dataclass(frozen=True)
class Judgement:
    """``status`` "right", "wrong" or "failed", the mistakes named, and the evidence."""

    status: str
    misconceptions: tuple[str, ...] = ()
    arguments: Case | None = None  # the first inputs on which it is wrong
    given: Outcome | None = None
    expected: object = None
    seen: str = ""  # what can be seen of the difference, or where the mistake is
    stopped: bool = False  # an endless loop
    works: Case | None = None  # inputs on which it is right, where on others a mistake has no name
    slips: frozenset[str] = frozenset()  # those names that only a slip of the pen has


@dataclass(frozen=True)
class _Asked:
    """What an answer gave on the cases of a check, and what is right; ``ask`` asks it for more."""

    question: Question
    seed: int
    ask: Callable[[Case], Outcome]
    cases: Sequence[Case]
    given: Sequence[Outcome]
    expected: Sequence[Outcome]
    further: Further  # more inputs, on which it is asked if need be


def known(question: Question, seed: int, special: bool = False) -> tuple[list[Case], list[Outcome]]:
    """The inputs of a check and the right outcomes, which nobody changes: made once.

    The ``special`` ones are asked of what is right on the others: no mistake is named by them.
    """
    kept = _known.get((question.id, seed, special))
    if kept is None or kept[0] is not question:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        cases = edges(question, seed) if special else battery(question, seed)
        expected = [run(question, question.reference(), case) for case in cases]
        kept = _known[question.id, seed, special] = question, cases, expected
    return kept[1:]


def made_of(question: Question, seed: int) -> Made:
    """What a question's mistakes give on the inputs of a check, as far as it has been asked."""
    cases, _ = known(question, seed)
    kept = _made.pop((question.id, seed), None)
    if kept is None or kept[0] is not cases:
        kept = cases, Made(question, cases)
    _made[question.id, seed] = kept
    if len(_made) > MOST_MADE:
        del _made[next(iter(_made))]  # that which has not been asked for the longest time
    return kept[1]


def may_be_warmed(question: Question, seed: int) -> bool:
    """Whether slips have been searched here for an answer, and :func:`warm` has not been called."""
    return is_read(question) and not made_of(question, seed).is_warm


def warm(question: Question, seed: int) -> None:
    """Keep what every long search asks for, by one for an answer that no mistake explains."""
    cases, expected = known(question, seed)
    rng = np.random.default_rng(seed)
    odd = [replace(outcome, value=_spoilt(outcome.value, rng)) for outcome in expected]
    silent = Outcome(error=ValueError())
    _recognise(_asked(question, seed, lambda case: silent, cases, odd, expected))
    made_of(question, seed).is_warm = True


def _asked(
    question: Question,
    seed: int,
    ask: Callable[[Case], Outcome],
    cases: Sequence[Case],
    given: Sequence[Outcome],
    expected: Sequence[Outcome],
) -> _Asked:
    further = Further(question, partial(battery, question, seed + 1, MORE), ask)
    return _Asked(question, seed, ask, cases, given, expected, further)


def _spoilt(value: Any, rng: np.random.Generator) -> Any:
    """The value with each of its numbers wrong in a way of its own."""
    if is_nested(value):
        return type(value)(_spoilt(entry, rng) for entry in value)
    numbers = as_numbers(value)
    return value if numbers is None else (1 + numbers) * rng.uniform(0.6, 1.4, numbers.shape)


def judge_code(
    question: Question, answer: object, seed: int = 0, seconds: float = SECONDS
) -> Judgement:
    """The :class:`Judgement` of a function or class, which has ``seconds`` for all its calls.

    Of processor time; 0 seconds are no limit.
    """
    clock = Clock(seconds) if seconds else None
    cases, expected = known(question, seed)
    given: list[Outcome] = []
    for case, right in zip(cases, expected, strict=True):
        given.append(run(question, answer, case, clock))
        if end := _ended(case, given[-1], right):
            return end
    wrong = [i for i in range(len(cases)) if not alike(given[i], expected[i], question)]
    if not wrong:
        return _on_edges(question, answer, seed, clock)
    ran = [i for i in wrong if given[i].error is None]
    far = [i for i in ran if not alike_values(given[i].value, expected[i].value, NEARLY)]
    first = (far or ran or wrong)[0]  # where the mistake is plain to see
    ask = partial(run, question, answer, clock=clock)
    asked = _asked(question, seed, ask, cases, given, expected)
    order = [first, *(i for i in ran if i != first)] if ran else []
    try:
        found, seen = _explained(asked, order)
    except LostError:  # gone while more is asked of it: what it gave is wrong all the same
        found, seen = (), ""
    names = tuple(dict.fromkeys(step.name for step in found))
    failed = all(given[i].error is not None for i in wrong) and not names
    return Judgement(
        "failed" if failed else "wrong",
        names,
        cases[first],
        given[first],
        expected[first].value,
        seen,
        works=next((cases[i] for i in range(len(cases)) if not names and i not in wrong), None),
        slips=frozenset(step.name for step in found if step.rank == SLIP),
    )


def _ended(case: Case, given: Outcome, right: Outcome) -> Judgement | None:
    """The judgement of an answer whose time is over, or that was interrupted."""
    stopped = isinstance(given.error, OutOfTimeError)
    if stopped or isinstance(given.error, KeyboardInterrupt):
        return Judgement("failed", (), case, given, right.value, stopped=stopped)
    return None


def _on_edges(question: Question, answer: object, seed: int, clock: Clock | None) -> Judgement:
    """The judgement of an answer that is right on ordinary inputs."""
    for case, right in zip(*known(question, seed, special=True), strict=True):
        given = run(question, answer, case, clock)
        if end := _ended(case, given, right):
            return end
        if not alike(given, right, question):
            status = "wrong" if given.error is None else "failed"
            here = "" if given.error else describe_all(question, [given], [right])
            seen = "\n".join(line for line in (text("check.edge"), here) if line)
            return Judgement(status, (), case, given, right.value, seen)
    return Judgement("right")


def _explained(asked: _Asked, order: Sequence[int]) -> tuple[Explanation, str]:
    """What explains the outcomes, and what else is to be told; ``order`` as below."""
    found = _recognise(asked)
    first = asked.cases[order[0]] if order else {}
    if not found and "seed" in first and _differs(asked.given[order[0]], asked.ask(first)):
        found = (Step("seed_not_used"),)
    if found or not order:
        return found, instead.told(asked.question, found)
    return found, _seen(asked, order)


def _seen(asked: _Asked, order: Sequence[int]) -> str:
    """What can be seen of a mistake without a name; of the cases in ``order`` the first is shown.

    A pattern of all cases says most; without one, facts of the answer, and what the first shows.
    """
    question, given, expected = asked.question, asked.given, asked.expected
    first = order[0]
    if _differs(given[first], asked.ask(asked.cases[first])):
        return text("check.random")
    here = describe_all(question, [given[first]], [expected[first]])
    if any(is_long(given[i].value) for i in order):
        return here
    if everywhere := describe_all(
        question, [given[i] for i in order], [expected[i] for i in order]
    ):
        return everywhere
    right = partial(run, question, question.reference())
    shown_first = [*order, *(i for i in range(len(given)) if i not in order)]
    cases = [asked.cases[i] for i in shown_first]
    mine, due = [given[i] for i in shown_first], [expected[i] for i in shown_first]
    if not question.measured:  # what is said of all inputs holds on more of them
        cases += asked.further.cases
        mine += asked.further.given
        due += map(right, asked.further.cases)
    facts = Facts(question, asked.ask, right, cases, mine, due).told()
    return "\n".join([*facts, *([text("check.here", seen=here)] if here else [])])


def _differs(once: Outcome, again: Outcome) -> bool:
    """Whether two calls with the same inputs ended well and gave two results."""
    if once.error or again.error or is_long(once.value) or is_long(again.value):
        return False
    if not alike_values(once.value, once.value):  # not to be compared
        return False
    return not alike_values(again.value, once.value)


def run(question: Question, answer: Any, case: Case, clock: Clock | None = None) -> Outcome:
    """The outcome of one call, in the time that the ``clock`` has left."""
    outcome = call(lambda *arguments: question.run(answer, arguments), case, clock)
    return replace(outcome, aliased=outcome.aliased - set(question.may_alias))


def _recognise(asked: _Asked) -> Explanation:
    """What explains all outcomes: one mistake, or some at once, or ()."""
    question, cases, given = asked.question, asked.cases, asked.given
    effect = by_effect(question, given, asked.expected)
    if effect or any(is_long(outcome.value) for outcome in given):
        return tuple(map(Step, effect))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mistake may divide by 0
        made, same = made_of(question, asked.seed), _digest(given)
        further, kept = asked.further, made.named
        if (
            kept
            and kept.given == same
            and (not kept.further or kept.further == _digest(further.given))
        ):
            return kept.found
        found = Search(Fitting(question, cases, given, asked.expected, made), further).found()
        more = _digest(further.given) if further.was_asked else b""
        made.named = None if same is None or more is None else Named(same, more, found)
        return found


def _digest(given: Sequence[Outcome]) -> bytes | None:
    """The same for the same outcomes, so that an answer that is judged again has its names."""
    try:
        return pickle.dumps([(o.value, o.error is None, o.changed, o.aliased) for o in given])
    except Exception:  # objects of the student's
        return None
