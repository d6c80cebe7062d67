"""What explanations make of a right answer, and whether an answer does the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bpcourse.diagnosis import transformations
from bpcourse.questions.judging.compare import alike_values, as_numbers, is_long, is_nested
from bpcourse.questions.judging.formula import formula
from bpcourse.questions.judging.run import Outcome, plain_call
from bpcourse.questions.judging.steps import ANY, Case, Explanation, Step, all_steps, battery
from bpcourse.questions.question import Question

NEAR = 1e-5  # relative: what a first look lets pass
MOST_KEPT = 20_000  # outcomes of one question


@dataclass(frozen=True)
class Named:
    """What explains an answer, and its outcomes as bytes: on the cases, and further, if asked."""

    given: bytes
    further: bytes
    found: Explanation


class Made:
    """What explanations give on the cases: each outcome is computed once, and kept."""

    def __init__(self, question: Question, cases: Sequence[Case]) -> None:
        self._question, self._cases, self.count = question, cases, len(cases)
        self.named: Named | None = None  # the last answer that was searched for here
        self.is_warm = False  # whether all is kept that a long search asks for
        self._examples = [transformations.examples(case) for case in cases]
        self._kept: dict[tuple[Explanation, int], Outcome] = {}
        self._arrays: dict[
            tuple[Explanation, int, tuple[int, ...]], npt.NDArray[np.floating] | None
        ] = {}

    @cached_property
    def acting(self) -> list[Step]:
        """Every step, slips apart, that does something of its own on these cases."""
        return acting(all_steps(self._question), self)

    def outcome(self, explanation: Explanation, i: int) -> Outcome:
        """The outcome on case ``i``; the changes of the result are made last, in their order."""
        key = explanation, i
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
            self._arrays.clear()
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
                made = plain_call(lambda *given: self._question.run(read.answer, given), inputs)
            # a list that a slip has put into itself has no end
            return Outcome(error=ValueError()) if is_long(made.value) else made
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


def steps(question: Question) -> list[Step]:
    """Every step that does something of its own on the cases of a check."""
    return Made(question, battery(question, 0)).acting


def acting(every: Sequence[Step], made: Made) -> list[Step]:
    """Those that change a result, without the transformations that do what another step does."""
    found: list[Step] = []
    alike: dict[str, list[Step]] = {}  # by a look at the first case

    def same(one: Explanation, other: Explanation) -> bool:
        return all(agrees(made.outcome(one, i), made.outcome(other, i)) for i in range(made.count))

    for step in every:
        mark = _mark(made.outcome((step,), 0))
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
