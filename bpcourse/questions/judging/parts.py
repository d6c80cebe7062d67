"""Several results, each with a mistake of its own."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bpcourse.diagnosis.transformations import given_back
from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.fitting import Fitting, Further, by_names, has_parts
from bpcourse.questions.judging.looks import array_in, look, near
from bpcourse.questions.judging.steps import ANY, OWN, SLIP, Explanation, Step

MOST = 2  # names for one answer: a third is found by chance
VAGUE = (  # slips that fit easily where each result has one of its own
    "another_value another_number one_in_part part_scaled part_negative divided_once_more "
    "subtracted_once_more factor_too_many term_too_many slope_for_value another_input "
    "inputs_swapped"
).split()
ALONE = (  # changes of a result that are not told beside another: two give nearly anything
    "ratio_upside_down one_minus square_lost squared_once_more rounded_result summed_too_early "
    "divided_by_another_count"
).split()


class Parts:
    """What explains each result that is wrong, of an answer that gives several."""

    def __init__(self, fitting: Fitting, further: Further) -> None:
        self._fitting, self._further = fitting, further
        self._question, self._made = fitting.question, fitting.made
        self._cases, self._given, self._order = fitting.cases, fitting.given, fitting.order

    def found(self, every: Sequence[Step], slips: Sequence[Step] = ()) -> Explanation:
        """What explains each result that is wrong, or ()."""
        count = len(self._question.parts)
        if count < 2 or not all(has_parts(outcome, count) for outcome in self._given):
            return ()
        # an order is of all results: one of them in the place of another is no other order
        usable = [step for step in every if step.name != "results_swapped"]
        of_parts = []
        for part in sorted(self._wrong):
            of_parts.append(self._of_part(part, usable, slips))
            if not of_parts[-1]:
                return ()
        # what explains each of them comes before a mistake for each
        sets = [by_names(fits) for fits in of_parts]
        shared = [fit for names, fit in sets[0].items() if all(names in other for other in sets)]
        several: dict[str, Step] = {}
        for fit in shared[:1] or [fits[0] for fits in of_parts]:
            for step in fit:
                several.setdefault(step.name, step)
        names = set(several)
        says_little = len(names) > 1 and names & {*VAGUE, *ALONE}
        return () if says_little or len(several) > MOST else tuple(several.values())

    @cached_property
    def _wrong(self) -> set[int]:
        """The results that are wrong on any input."""
        right = (self._made.outcome((), i) for i in range(len(self._cases)))
        differing = (self._fitting.differing(g, e) for g, e in zip(self._given, right, strict=True))
        return set().union(*(parts for parts in differing if parts is not None))

    def _of_part(
        self, part: int, usable: Sequence[Step], slips: Sequence[Step]
    ) -> list[Explanation]:
        """What explains one result, that which is named first; [] where nothing is to be named."""
        arrays = [array_in(outcome.value, (part,)) for outcome in self._given]
        given = [None if array is None else look(array) for array in arrays]
        plain = [outcome.value[part] for outcome in self._given]  # type: ignore[index]
        count = len(self._question.parts)

        def fits(explanation: Explanation) -> bool:
            is_finite = False  # on any input: with ∞ alone any number agrees
            for i in self._order:
                there, mine = self._made.look_at(explanation, i, (part,)), given[i]
                if mine is not None and (there is None or not near(mine, there)):
                    return False
                made = self._made.outcome(explanation, i)
                if not has_parts(made, count) or not alike_values(plain[i], made.value[part]):  # type: ignore[index]
                    return False
                if not self._leaves(explanation, i):
                    return False
                is_finite = is_finite or _is_finite(made.value[part])  # type: ignore[index]
            return is_finite

        single = [(step,) for step in usable]
        simple = [step for step in usable if step.keeps_proportions]
        whole = all(_are_whole(value) for value in plain)  # such as −1, 0 and 1: like by chance
        slipped = [(slip,) for slip in slips if not whole]
        first = self._order[0]
        both = self._made.followed(single, simple, given[first], first, (part,))
        for explanations in (single, slipped, both):
            fitting = [one for one in explanations if fits(one)]
            sets = by_names(self._further.hold_of(part, fitting) if fitting else [])
            if sets:
                best = min(sum(step.rank for step in fit) for fit in sets.values())
                least = [fit for fit in sets.values() if sum(s.rank for s in fit) == best]
                by_either = best in (OWN, SLIP) or (best == ANY and not whole)
                return least if len(least) == 1 or (by_either and len(least[0]) == 1) else []
        return self._of_another(plain, part)

    def _leaves(self, explanation: Explanation, i: int) -> bool:
        """Whether it spoils no measurement that is right: all are of one thing that was done."""
        if not self._question.measured:
            return True
        made, right = self._made.outcome(explanation, i), self._made.outcome((), i)
        spoilt = self._fitting.differing(made, right)
        return spoilt is not None and spoilt <= self._wrong

    def _of_another(self, values: Sequence[object], part: int) -> list[Explanation]:
        """Where one result is an input, or another of the results that are right."""
        if self._question.measured:
            return []
        for name in given_back(self._cases[0]):
            if all(
                alike_values(v, case[name]) for v, case in zip(values, self._cases, strict=True)
            ):
                return [(Step("input_given_back"),)]
        right: list[Any] = [self._made.outcome((), i).value for i in range(len(self._cases))]
        for other in set(range(len(self._question.parts))) - {part}:
            if all(alike_values(v, r[other]) for v, r in zip(values, right, strict=True)):
                return [(Step("result_given_twice"),)]
        return []


def _is_finite(value: object) -> bool:
    numbers = as_numbers(value)
    return numbers is None or bool(np.isfinite(numbers).all())


def _are_whole(value: object) -> bool:
    numbers = as_numbers(value)
    return numbers is not None and bool((numbers == np.round(numbers)).all())
