"""The mistakes that an answer may show, each a *step* away from what is right.

A step is made by flaws of the question's own implementation, or by a transformation of its inputs
or of its result, or by a slip of the pen. Steps can be made together: an explanation is a tuple of
them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from bpcourse.diagnosis import transformations
from bpcourse.questions.judging.compare import as_numbers, is_nested
from bpcourse.questions.judging.formula import formula
from bpcourse.questions.question import Question

SIZES = (1, 2, 3, 0, 4, 0)  # of the inputs: 0 asks for equal sizes, where wrong shapes still run
OWN, FAMILY, ANY, SLIP = range(4)  # whose it is: the question's, its families', anyone's, the pen's
MOST_ORDERED = 4  # results whose every order is tried

Case = transformations.Inputs


@dataclass(frozen=True, eq=False)
class Step:
    """One mistake, by its name in the catalogue, made in one way.

    ``flaws`` of the solution; or a change ``of_inputs``; or one ``of_array``, made to every array
    of a result; or one ``of_result``, a value and its case; or a ``slip`` in its formula.
    """

    name: str
    rank: int = ANY
    flaws: tuple[str, ...] = ()
    of_inputs: Callable[[Case], Case] | None = None
    of_array: transformations.OfArray | None = None
    of_result: Callable[[object, Case], object] | None = None
    keeps_proportions: bool = False
    slip: int | None = None  # in the solution's formula
    instead: tuple[str, str] | None = None  # what belongs there, and what stands there, as code

    @property
    def comes_after(self) -> bool:
        """Whether it changes a result, and so is made after all that leads to one."""
        return self.of_array is not None or self.of_result is not None


Explanation = tuple[Step, ...]
_kept: dict[tuple[str, int], tuple[Question, list[Step]]] = {}


def battery(question: Question, seed: int, sizes: Sequence[int] = SIZES) -> list[Case]:
    """The inputs of a check, {name: value} each: always the same for one seed."""
    return [question.inputs(np.random.default_rng([seed, i]), size) for i, size in enumerate(sizes)]


def edges(question: Question, seed: int) -> list[Case]:
    """Special inputs of a question: a size of 1, a 0, numbers far from 0. Always the same."""
    make = question.edges or getattr(question.inputs, "edges", None)
    return make(np.random.default_rng([seed, len(SIZES)])) if make else []


def all_steps(question: Question) -> list[Step]:
    """Every step that may act on the question but a slip, its own first."""
    return _once(question, ANY, _all_steps)


def slips(question: Question) -> list[Step]:
    """Every slip of the pen in the question's solution, those first that are more likely."""
    return _once(question, SLIP, _slips)


def _once(
    question: Question, rank: int, find: Callable[[Question, Case], Iterator[Step]]
) -> list[Step]:
    """The steps up to that rank, found once: what they give is kept for each of them."""
    kept = _kept.get((question.id, rank))
    if kept is None or kept[0] is not question:
        case = question.inputs(np.random.default_rng([0, 0]), SIZES[0])
        kept = _kept[question.id, rank] = question, list(find(question, case))
    return kept[1]


def _slips(question: Question, case: Case) -> Iterator[Step]:
    read = formula(question)
    for number in read.numbers:
        yield Step(read.names[number], SLIP, slip=number)
    for change in transformations.altered(case):
        yield Step(change.name, SLIP, of_inputs=change.of_inputs, instead=change.instead)


def _all_steps(question: Question, case: Case) -> Iterator[Step]:
    for rank, names in ((OWN, question.misconceptions), (FAMILY, question.of_families)):
        for name in names:
            for flaws in question.ways(name):
                yield Step(name, rank, tuple(flaws))
    if question.measured:
        return
    for change in transformations.on_inputs(case):
        yield Step(change.name, of_inputs=change.of_inputs, instead=change.instead)
    for change in transformations.RESULTS:
        proportional = change.keeps_proportions
        yield Step(change.name, of_array=change.of_result, keeps_proportions=proportional)
    count = len(question.parts)
    if 2 <= count <= MOST_ORDERED:
        for order in list(permutations(range(count)))[1:]:
            yield Step("results_swapped", of_result=_ordered(order))
    if count > 1:
        yield Step("first_entry_only", of_result=_alone(0, count))
        yield Step("last_entry_only", of_result=_alone(-1, count))
    for divisor in transformations.counts(case):
        divided = _divided(divisor)
        yield Step("divided_by_another_count", of_result=divided, keeps_proportions=True)
    yield Step("lists_for_pairs", of_result=_unzipped)
    for name in transformations.given_back(case):
        yield Step("input_given_back", of_result=_given_back(name))


def _ordered(order: tuple[int, ...]) -> Callable[[object, Case], object]:
    def changed(value: object, case: Case) -> object:
        whole = isinstance(value, tuple | list) and len(value) == len(order)
        return tuple(value[i] for i in order) if whole else None  # type: ignore[index]

    return changed


def _alone(i: int, count: int) -> Callable[[object, Case], object]:
    def alone(value: object, case: Case) -> object:
        whole = isinstance(value, tuple | list) and len(value) == count
        return value[i] if whole else None  # type: ignore[index]

    return alone


def _divided(divisor: Callable[[Case], float]) -> Callable[[object, Case], object]:
    def divided(value: Any, case: Case) -> Any:
        if is_nested(value):
            return type(value)(divided(entry, case) for entry in value)
        array, count = as_numbers(value), divisor(case)
        return None if array is None or not count else array / count

    return divided


def _unzipped(value: object, case: Case) -> object:
    pairs = isinstance(value, list) and all(isinstance(entry, tuple) for entry in value)
    return tuple(map(list, zip(*value, strict=True))) if pairs and value else None  # type: ignore


def _given_back(name: str) -> Callable[[object, Case], object]:
    return lambda value, case: case[name]
