"""The mistakes that an answer may show, each a *step* away from what is right, and what they give.

A step is made by flaws of the question's own implementation, or by a transformation of its inputs
or of its result. Steps can be made together: an explanation is a tuple of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from bpcourse.diagnosis import transformations
from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.formula import Formula
from bpcourse.questions.judging.run import Outcome, plain_call
from bpcourse.questions.question import Question

SIZES = (1, 2, 3, 0, 4, 0)  # of the inputs: 0 asks for equal sizes, where wrong shapes still run
OWN, FAMILY, ANY, SLIP = range(4)  # whose it is: the question's, its families', anyone's, the pen's
MOST_ORDERED = 4  # results whose every order is tried
NEAR = 1e-5  # relative: what a first look lets pass

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

    @property
    def comes_after(self) -> bool:
        """Whether it changes a result, and so is made after all that leads to one."""
        return self.of_array is not None or self.of_result is not None


Explanation = tuple[Step, ...]
_kept: dict[str, tuple[Question, list[Step]]] = {}
_formulas: dict[str, tuple[Question, Formula]] = {}


def battery(question: Question, seed: int, sizes: Sequence[int] = SIZES) -> list[Case]:
    """The inputs of a check, {name: value} each: always the same for one seed."""
    return [question.inputs(np.random.default_rng([seed, i]), size) for i, size in enumerate(sizes)]


def all_steps(question: Question) -> list[Step]:
    """Every step that may act on the question, its own first."""
    kept = _kept.get(question.id)
    if kept is None or kept[0] is not question:
        case = question.inputs(np.random.default_rng([0, 0]), SIZES[0])
        kept = _kept[question.id] = question, list(_all_steps(question, case))
    return kept[1]


def steps(question: Question) -> list[Step]:
    """Every step that does something of its own on the cases of a check."""
    cases = battery(question, 0)
    return acting(all_steps(question), Made(question, cases), range(len(cases)))


def formula(question: Question) -> Formula:
    """The :class:`Formula` of the question's solution, which is read once."""
    kept = _formulas.get(question.id)
    if kept is None or kept[0] is not question:
        kept = _formulas[question.id] = question, Formula(question)
    return kept[1]


def slips(question: Question) -> list[Step]:
    """Every slip of the pen in the question's solution, those first that are more likely."""
    case = question.inputs(np.random.default_rng([0, 0]), SIZES[0])
    before = [Step(one.name, SLIP, of_inputs=one.of_inputs) for one in transformations.altered(case)]
    read = formula(question)
    return before + [Step(read.names[number], SLIP, slip=number) for number in read.numbers]


def acting(every: Sequence[Step], made: "Made", order: Sequence[int]) -> list[Step]:
    """Those that change a result, without the transformations that do what another step does.

    ``order`` is that of the cases; on the first most of them differ.
    """
    found: list[Step] = []
    alike: dict[str, list[Step]] = {}  # by a look at the first case

    def same(one: Explanation, other: Explanation) -> bool:
        return all(agrees(made.outcome(one, i), made.outcome(other, i)) for i in order)

    for step in every:
        mark = _mark(made.outcome((step,), order[0]))
        others = alike.setdefault(mark, [])
        idle = same((step,), ())
        # what leaves a right result as it is may still change a wrong one, of another shape
        if idle and not step.of_array:
            continue
        if idle or step.rank != ANY or not any(same((step,), (other,)) for other in others):
            found.append(step)
            others.append(step)
    return found


def _mark(outcome: Outcome) -> str:
    """Alike for what is alike, nearly always: the shape and some digits of one entry."""
    value = outcome.value
    while is_nested(value) and value:
        value = value[0]
    array = as_numbers(value)
    if outcome.error is not None or array is None:
        return ""
    return f"{array.shape} {array.item(0):.5e}" if array.size else f"{array.shape}"


def _all_steps(question: Question, case: Case) -> Iterator[Step]:
    for rank, names in ((OWN, question.misconceptions), (FAMILY, question.of_families)):
        for name in names:
            for flaws in question.ways(name):
                yield Step(name, rank, tuple(flaws))
    if question.measured:
        return
    for change in transformations.on_inputs(case):
        yield Step(change.name, of_inputs=change.of_inputs)
    for change in transformations.RESULTS:
        proportional = change.keeps_proportions
        yield Step(change.name, of_array=change.of_result, keeps_proportions=proportional)
    count = len(question.parts)
    if 2 <= count <= MOST_ORDERED:
        for order in list(permutations(range(count)))[1:]:
            yield Step("results_swapped", of_result=_ordered(order))
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


class Made:
    """What explanations give on the cases: each outcome is computed once, and kept."""

    def __init__(self, question: Question, cases: Sequence[Case]) -> None:
        self._question, self._cases = question, cases
        self._examples = [transformations.examples(case) for case in cases]
        self._kept: dict[tuple[Explanation, int], Outcome] = {}
        self._arrays: dict[
            tuple[Explanation, int, tuple[int, ...]], npt.NDArray[np.floating] | None
        ] = {}

    def outcome(self, explanation: Explanation, i: int) -> Outcome:
        """The outcome on case ``i``; the changes of the result are made last, in their order."""
        key = explanation, i
        if key not in self._kept:
            last = explanation[-1] if explanation else None
            if last is not None and last.comes_after:
                self._kept[key] = self._changed(self.outcome(explanation[:-1], i), last, i)
            else:
                self._kept[key] = self._run(explanation, i)
        return self._kept[key]

    def _changed(self, outcome: Outcome, step: Step, i: int) -> Outcome:
        if outcome.error is not None:
            return outcome
        if step.of_result is not None:
            value = step.of_result(outcome.value, self._cases[i])
        else:
            value = self._of_arrays(step, outcome.value, i)
        return outcome if value is None else replace(outcome, value=value)

    def _of_arrays(self, step: Step, value: object, i: int) -> object:
        """The value with every array changed; None where none of them can be."""
        if not is_nested(value):
            array = as_numbers(value)
            return None if array is None else self.of_array(step, array, i)
        made = [self._of_arrays(step, entry, i) for entry in value]
        if all(entry is None for entry in made):
            return None
        return type(value)(v if m is None else m for v, m in zip(value, made, strict=True))

    def of_array(
        self, step: Step, array: npt.NDArray[np.floating], i: int
    ) -> npt.NDArray[np.floating] | None:
        """One array, changed; None where it cannot be."""
        if not array.size or step.of_array is None:
            return None
        with np.errstate(all="ignore"):
            return step.of_array(array, self._examples[i])

    def _run(self, explanation: Explanation, i: int) -> Outcome:
        inputs = self._cases[i]
        try:
            for step in explanation:
                inputs = step.of_inputs(inputs) if step.of_inputs else inputs
        except (ValueError, TypeError, IndexError) as error:  # the one after does not allow it
            return Outcome(error=error)
        look = len(explanation) < 2
        slip = next((step.slip for step in explanation if step.slip is not None), None)
        if slip is not None:
            read = formula(self._question)
            with read.slipped(slip):
                return plain_call(lambda *given: self._question.run(read.answer, given), inputs)
        answer = self._question.reference(*(flaw for step in explanation for flaw in step.flaws))
        made = plain_call(lambda *given: self._question.run(answer, given), inputs, look=look)
        if look or made.error is not None:
            return made
        changed = (self.outcome((step,), i).changed for step in explanation)
        return replace(made, changed=frozenset().union(*changed))

    def array_at(
        self, explanation: Explanation, i: int, place: tuple[int, ...]
    ) -> npt.NDArray[np.floating] | None:
        """The array at a place of a result, or None where there is none."""
        key = explanation, i, place
        if key not in self._arrays:
            last = explanation[-1] if explanation else None
            if last is not None and last.of_array is not None:
                base = self.array_at(explanation[:-1], i, place)
                changed = None if base is None else self.of_array(last, base, i)
                self._arrays[key] = base if changed is None else changed
            else:
                outcome = self.outcome(explanation, i)
                self._arrays[key] = None if outcome.error else array_in(outcome.value, place)
        return self._arrays[key]


def is_nested(value: object) -> TypeGuard[tuple[object, ...] | list[object]]:
    """Whether a result is several: a tuple, or a list of other things than numbers."""
    if isinstance(value, list):
        return any(isinstance(entry, np.ndarray | tuple | list) for entry in value)
    return isinstance(value, tuple)


def array_in(value: object, place: tuple[int, ...]) -> npt.NDArray[np.floating] | None:
    """The array at a place of a nested value, (1, 0) for ``value[1][0]``; None where none is."""
    for index in place:
        if not isinstance(value, tuple | list) or len(value) <= index:
            return None
        value = value[index]
    return as_numbers(value)


def agrees(given: Outcome, made: Outcome, may_change: Sequence[str] = ()) -> bool:
    """Whether an answer does what an explanation does; it may change more inputs than that.

    An error is as good as another: an index or a shape that does not fit.
    """
    if given.error is not None or made.error is not None:
        return given.error is not None and made.error is not None
    if made.changed - given.changed - set(may_change):
        return False
    return alike_values(given.value, made.value) or alike_values(given.value, _covered(given, made))


def _covered(given: Outcome, made: Outcome) -> object:
    """What is made, with numbers in the place of nan where the answer has some: nan_to_num."""
    own, right = as_numbers(given.value), as_numbers(made.value)
    if own is None or right is None or own.shape != right.shape or not np.isnan(right).any():
        return made.value
    return np.where(np.isnan(right), own, right)


def is_covered(given: Outcome, made: Outcome) -> bool:
    """Whether the answer has numbers where an explanation has none, ∞ or nan."""
    if given.error is not None or made.error is not None:
        return False
    own, right = as_numbers(given.value), as_numbers(made.value)
    if own is None or right is None or own.shape != right.shape:
        return False
    return bool((np.isfinite(own) & ~np.isfinite(right)).any())


def near(given: npt.NDArray[np.floating], made: npt.NDArray[np.floating]) -> bool:
    """A first look that costs little, and never refuses what is alike: shape and one entry."""
    if given.shape != np.shape(made):
        return False
    if not given.size:
        return True
    a, b = given.item(-1), made.item(-1)
    if not np.isfinite(b):
        return True
    return not abs(a - b) > NEAR * abs(b) + 1e-2 * NEAR * np.abs(made).max()
