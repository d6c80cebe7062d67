"""What explanations make of a right answer, and whether an answer does the same."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bpcourse.diagnosis import transformations
from bpcourse.questions.judging.compare import alike_values, as_numbers, is_long, is_nested
from bpcourse.questions.judging.formula import formula
from bpcourse.questions.judging.looks import (
    NEAR,
    Look,
    array_in,
    in_proportion,
    largest,
    look,
    near,
)
from bpcourse.questions.judging.run import Outcome, plain_call, quick_call
from bpcourse.questions.judging.steps import ANY, Case, Explanation, Step, all_steps, battery
from bpcourse.questions.question import Question

MOST_KEPT = 20_000  # outcomes of one question
Place = tuple[int, ...]  # of an array in a result that is nested
Call = Callable[[Callable[..., object], Case], Outcome]


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
        self._values: dict[tuple[Explanation, int], Outcome] = {}
        self._looks: dict[tuple[Explanation, int, Place], Look | None] = {}
        self._factors: dict[tuple[Step, int, tuple[int, ...]], float] = {}

    @cached_property
    def acting(self) -> list[Step]:
        """Every step, slips apart, that does something of its own on these cases."""
        return acting(all_steps(self._question), self)

    def outcome(self, explanation: Explanation, i: int) -> Outcome:
        """The outcome on case ``i``; the changes of the result are made last, in their order."""
        key = explanation, i
        if len(self._values) > MOST_KEPT:
            for kept in (self._kept, self._values, self._looks):
                kept.clear()
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
        """The outcome, with the inputs that are changed: of several steps, those of each."""
        if len(explanation) > 1:
            made = self.quick(explanation, i)
            changed = (self.outcome((step,), i).changed for step in explanation)
            return made if made.error else replace(made, changed=frozenset().union(*changed))
        return self._made(explanation, i, plain_call)

    def quick(self, explanation: Explanation, i: int) -> Outcome:
        """The outcome without a look at the inputs: thousands are asked for no more."""
        key = explanation, i
        if key not in self._values:
            self._values[key] = self._made(explanation, i, quick_call)
        return self._values[key]

    def _made(self, explanation: Explanation, i: int, call: Call) -> Outcome:
        inputs, flaws, slip = self._cases[i], list[str](), None
        try:
            for step in explanation:
                inputs = step.of_inputs(inputs) if step.of_inputs else inputs
                flaws += step.flaws
                slip = step.slip if slip is None else slip
        except (ValueError, TypeError, IndexError) as error:  # the one after does not allow it
            return Outcome(error=error)
        run = self._question.run
        if slip is None:
            answer = self._question.reference(*flaws)
            return call(lambda *given: run(answer, given), inputs)
        read = formula(self._question)
        with read.slipped(slip):
            made = call(lambda *given: run(read.answer, given), inputs)
        # a list that a slip has put into itself has no end
        return Outcome(error=ValueError()) if is_long(made.value) else made

    def array_at(
        self, explanation: Explanation, i: int, place: Place
    ) -> npt.NDArray[np.floating] | None:
        """The array at a place of a result, or None where there is none."""
        last = explanation[-1] if explanation else None
        if last is not None and last.of_array is not None:
            base = self.array_at(explanation[:-1], i, place)
            changed = None if base is None else self.of_array(last, base, i)
            return base if changed is None else changed
        comes_after = last is not None and last.comes_after
        outcome = (self.outcome if comes_after else self.quick)(explanation, i)
        return None if outcome.error else array_in(outcome.value, place)

    def look_at(self, explanation: Explanation, i: int, place: Place) -> Look | None:
        """A look at that array, which is kept."""
        key = explanation, i, place
        if key not in self._looks:
            array = self.array_at(explanation, i, place)
            self._looks[key] = None if array is None else look(array)
        return self._looks[key]

    def followed(
        self,
        explanations: Iterable[Explanation],
        after: Sequence[Step],
        given: Look | None,
        i: int,
        place: Place,
    ) -> Iterator[Explanation]:
        """Each explanation and one change of its result more, of another name, where it may fit.

        The changes keep proportions, so that a look at an answer's array says which may.
        """
        for one in explanations:
            made = self.look_at(one, i, place)
            names = {step.name for step in one}
            others = (step for step in after if step.name not in names)
            if given and made and given.has_proportions and made.has_proportions:
                if not in_proportion(given, made):
                    continue
                factor = given.largest / made.largest
                others = (step for step in others if self._may_be(step, factor, i, made.shape))
            yield from ((*one, step) for step in others)

    def _may_be(self, step: Step, factor: float, i: int, shape: tuple[int, ...]) -> bool:
        """Whether a change of the result makes the entries so many times as large, in size."""
        key = step, i, shape
        if key not in self._factors:
            ones = as_numbers(self._changed(Outcome(np.ones(shape)), step, i).value)
            self._factors[key] = 1.0 if ones is None else float(np.abs(ones).max(initial=0))
        own = self._factors[key]
        return not math.isfinite(own) or abs(own - factor) <= NEAR * factor


def steps(question: Question) -> list[Step]:
    """Every step that does something of its own on the cases of a check."""
    return Made(question, battery(question, 0)).acting


def acting(every: Sequence[Step], made: Made) -> list[Step]:
    """Those that change a result, without the transformations that do what another step does."""
    found: list[Step] = []
    alike: dict[object, list[Step]] = {}  # by a look at the first case

    place = largest(made.outcome((), 0).value)

    def same(one: Explanation, other: Explanation) -> bool:
        a, b = made.look_at(one, 0, place), made.look_at(other, 0, place)
        if a is not b and (a is None or b is None or not near(a, b)):
            return False
        return all(agrees(made.outcome(one, i), made.outcome(other, i)) for i in range(made.count))

    for step in every:
        seen = made.look_at((step,), 0, place)
        others = alike.setdefault(seen and (seen.shape, f"{seen.last:.5e}"), [])
        idle = same((step,), ())
        # what leaves a right result as it is may still change a wrong one, of another shape
        if idle and not step.of_array:
            continue
        if idle or step.rank != ANY or not any(same((step,), (other,)) for other in others):
            found.append(step)
            others.append(step)
    return found


def agrees(given: Outcome, made: Outcome, may_change: Sequence[str] = ()) -> bool:
    """Whether an answer does what an explanation does; it may change more inputs than that.

    An error is as good as another: an index or a shape that does not fit.
    """
    if given.error is not None or made.error is not None:
        return given.error is not None and made.error is not None
    if made.changed - given.changed - set(may_change):
        return False
    if alike_values(given.value, made.value):
        return True
    covered = _covered(given, made)
    return covered is not made.value and alike_values(given.value, covered)


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
