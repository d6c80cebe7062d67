"""Whether an explanation does on every input what an answer does."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.looks import NEAR, array_in, in_proportion, largest, look, near
from bpcourse.questions.judging.made import Made, agrees, is_covered
from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.judging.steps import SLIP, Case, Explanation, Step
from bpcourse.questions.question import Question


class Further:
    """What an answer gives on more inputs, where an explanation must hold too; asked once."""

    def __init__(
        self, question: Question, draw: Callable[[], list[Case]], ask: Callable[[Case], Outcome]
    ) -> None:
        self._question, self._draw, self._ask = question, draw, ask

    @cached_property
    def cases(self) -> list[Case]:
        return self._draw()

    @cached_property
    def given(self) -> list[Outcome]:
        return [self._ask(case) for case in self.cases]

    @cached_property
    def _made(self) -> Made:
        return Made(self._question, self.cases)

    @property
    def was_asked(self) -> bool:
        return "given" in vars(self)

    def hold(self, fits: Iterable[Explanation]) -> list[Explanation]:
        """Those that do here, too, what the answer does."""
        allowed = self._question.may_change
        return [
            fit
            for fit in fits
            if all(
                agrees(given, self._made.outcome(fit, i), allowed)
                for i, given in enumerate(self.given)
            )
        ]

    def hold_of(self, part: int, fits: Iterable[Explanation]) -> list[Explanation]:
        """Those that give here, too, what the answer does for one of its several results."""

        def holds(fit: Explanation) -> bool:
            count = len(self._question.parts)
            for i, given in enumerate(self.given):
                made = self._made.outcome(fit, i)
                if not (has_parts(given, count) and has_parts(made, count)):
                    return False
                if not alike_values(given.value[part], made.value[part]):  # type: ignore[index]
                    return False
            return True

        return [fit for fit in fits if holds(fit)]


class Fitting:
    """An answer's outcomes, ``given``, beside what explanations make of the same cases.

    ``order`` has the numbers of the cases, those first that are wrong: what does not fit there is
    out.
    """

    def __init__(
        self,
        question: Question,
        cases: Sequence[Case],
        given: Sequence[Outcome],
        expected: Sequence[Outcome],
        made: Made,
    ) -> None:
        self.question, self.cases, self.given, self.made = question, cases, given, made
        ran = [i for i in range(len(cases)) if given[i].error is None]
        wrong = [i for i in ran if not alike_values(given[i].value, expected[i].value)]
        self.wrong = wrong
        self.order = wrong + [i for i in range(len(cases)) if i not in wrong]
        first = given[self.order[0]]
        self._place = largest(first.value)
        array = None if first.error else array_in(first.value, self._place)
        self._look = None if array is None else look(array)
        self.has_numbers = bool(ran) and array is not None

    @property
    def has_few_values(self) -> bool:
        """Whether what is wrong is −2, −1, 0, 1 and 2 alone: other slips give these by chance."""
        return all(n is not None and np.isin(n, range(-2, 3)).all() for n in self._of_wrong)

    @property
    def is_of_zeros(self) -> bool:
        """Whether what is wrong is 0, and should be, so that its shape alone is wrong."""
        return all(n is not None and not n.any() for n in self._of_wrong)

    @cached_property
    def _of_wrong(self) -> list[npt.NDArray[np.floating] | None]:
        """What was given and what is right, in all that is wrong."""
        values = []
        for i in self.wrong:
            right = self.made.outcome((), i)
            both: list[Any] = [self.given[i].value, right.value]
            parts = self.differing(self.given[i], right)
            values += both if parts is None else [value[part] for value in both for part in parts]
        return [as_numbers(value) for value in values]

    @property
    def right(self) -> list[object]:
        """The right results, case by case."""
        return [self.made.outcome((), i).value for i in range(len(self.cases))]

    def differing(self, a: Outcome, b: Outcome) -> set[int] | None:
        """Which of several results differ; None where there are not several."""
        count = len(self.question.parts)
        if count < 2 or not (has_parts(a, count) and has_parts(b, count)):
            return None
        pairs = zip(a.value, b.value, strict=True)  # type: ignore[call-overload]
        return {i for i, (x, y) in enumerate(pairs) if not alike_values(x, y)}

    def among(self, *groups: Iterable[Explanation]) -> list[Explanation]:
        """Those that do on every case what the answer does, of the first group that has some.

        ∞ and nan say little: what explains the numbers themselves comes first.
        """
        found: list[tuple[int, Explanation]] = []
        for explanations in groups:
            for one in explanations:
                if self.fits(one):
                    made = (self.made.outcome(one, i) for i in range(len(self.cases)))
                    found.append((sum(map(is_covered, self.given, made)), one))
            if any(covered == 0 for covered, _ in found):
                break
        least = min((covered for covered, _ in found), default=0)
        if 2 * least >= len(self.cases):
            return []
        return [one for covered, one in found if covered == least]

    def has_finite(self, explanation: Explanation) -> bool:
        """Whether it gives plain numbers on any case that is wrong: ∞ alone says too little."""
        made = (self.made.outcome(explanation, i) for i in self.wrong)
        values = (as_numbers(outcome.value) for outcome in made if outcome.error is None)
        several = (True for value in values if value is None or np.isfinite(value).all())
        return any(several)

    def fits(self, explanation: Explanation) -> bool:
        allowed = self.question.may_change
        slips = any(step.rank == SLIP for step in explanation)
        return self._may_fit(explanation) and all(
            agrees(self.given[i], self.made.outcome(explanation, i), allowed)
            and not (slips and is_covered(self.given[i], self.made.outcome(explanation, i)))
            and not self._is_right_beyond(explanation, i)
            for i in self.order
        )

    def _is_right_beyond(self, explanation: Explanation, i: int) -> bool:
        """Whether the answer is right where the explanation has ∞: no clip does that."""
        outcomes = self.given[i], self.made.outcome(explanation, i), self.made.outcome((), i)
        given, made, right = (as_numbers(outcome.value) for outcome in outcomes)
        if given is None or made is None or right is None:
            return False
        if not given.shape == made.shape == right.shape:
            return False
        beyond = np.isinf(made) & np.isfinite(right) & (right != 0)
        return bool((np.abs(given - right) <= NEAR * np.abs(right))[beyond].any())

    def _may_fit(self, explanation: Explanation) -> bool:
        """Whether the largest array of the first case is near: nearly all are out by that."""
        if self._look is None:
            return False
        made = self.made.look_at(explanation, self.order[0], self._place)
        return made is not None and near(self._look, made)

    def followed(
        self, explanations: Iterable[Explanation], after: Sequence[Step]
    ) -> Iterator[Explanation]:
        """Each explanation, and one change of its result more that keeps its proportions."""
        return self.made.followed(explanations, after, self._look, self.order[0], self._place)

    def is_in_proportion(self, explanation: Explanation) -> bool:
        """Whether the first case's array is the answer's but for a factor and an order."""
        made = self.made.look_at(explanation, self.order[0], self._place)
        return made is not None and self._look is not None and in_proportion(self._look, made)


def has_parts(outcome: Outcome, count: int) -> bool:
    """Whether a result is so many."""
    return isinstance(outcome.value, tuple | list) and len(outcome.value) == count


def by_names(fits: Sequence[Explanation]) -> dict[frozenset[str], Explanation]:
    """{set of names: the first explanation of these}, in their order."""
    sets: dict[frozenset[str], Explanation] = {}
    for fit in fits:
        sets.setdefault(frozenset(step.name for step in fit), fit)
    return sets
