"""Which mistakes explain a wrong answer: one, or several at once, made as the answer made them.

An explanation is kept if it does on every input what the answer does. It is named if no other of
its size does so too: nothing is better than a false name.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from bpcourse.questions.judging import plain
from bpcourse.questions.judging.compare import as_numbers
from bpcourse.questions.judging.fitting import Fitting, Further, by_names
from bpcourse.questions.judging.parts import ALONE, VAGUE, Parts
from bpcourse.questions.judging.steps import (
    ANY,
    FAMILY,
    OWN,
    SLIP,
    Explanation,
    Step,
    all_steps,
    slips,
)

Names = tuple[str, ...]
# Slips that are not told together with a change of the result: all of it is scaled, or another.
LOOSE = ("part_scaled", "part_negative", "another_value")
# Changes of the result that are not told together with a slip, which may have a factor of its own.
FACTORS = ("doubled", "halved", "divided_by_one_less", "divided_by_another_count")


class Search:
    """The explanations of one answer: ``fitting`` says what fits, and ``further`` tells apart."""

    def __init__(self, fitting: Fitting, further: Further) -> None:
        self._fitting, self._further = fitting, further
        self._question, self._made = fitting.question, fitting.made
        self._cases, self._given = fitting.cases, fitting.given
        first = fitting.order[0]
        right = self._made.outcome((), first)
        self._wrong_parts = fitting.differing(self._given[first], right)

    def found(self) -> Explanation:
        """The smallest explanation that fits; () where none does, or several."""
        if seen := plain.seen(self._fitting):
            return _named(seen)
        if not self._fitting.has_numbers:
            return ()
        every = all_steps(self._question)
        nothing = self._fitting.is_of_zeros or all(_is_nothing(g.value) for g in self._given)
        if nothing:  # many changes of a result leave nothing of it
            kept = {"integer_arrays"} if all(_is_whole(g.value) for g in self._given) else set()
            every = [step for step in every if step.rank != ANY or step.name in kept]
        fits = self._fitting.among(*(_alone(every, rank) for rank in (OWN, FAMILY, ANY)))
        if fits := self._held(fits):
            return self._chosen(fits)
        if seen := plain.of_results(self._fitting):
            return self._with_effects(_named(seen), [])
        parts = Parts(self._fitting, self._further)
        by_parts = parts.found(every)
        if len(by_parts) == 1 or self._question.measured or nothing:
            return self._with_effects(by_parts, []) if len(by_parts) == 1 else by_parts
        slipped = slips(self._question)
        if self._fitting.has_few_values:
            slipped = [step for step in slipped if step.name not in VAGUE]
        if found := self._own_pair() or self._slipped(_alone(slipped, SLIP)):
            return found
        by_parts = by_parts or parts.found(every, slipped)
        every = [step for step in self._made.acting if not _is_told_alone(step)]
        after = [step for step in every if step.keeps_proportions]
        slipped = [step for step in slipped if step.name not in LOOSE]
        in_proportion = filter(self._fitting.is_in_proportion, _alone(slipped, SLIP))
        turned = [step for step in after if step.name not in FACTORS]
        return self._together(every, after, by_parts) or self._slipped(
            self._fitting.followed(in_proportion, turned)
        )

    def _together(
        self, every: Sequence[Step], after: Sequence[Step], by_parts: Explanation
    ) -> Explanation:
        """Two mistakes at once, or three of which one changes the result."""
        pairs = list(self._pairs([step for step in every if not step.comes_after]))
        single = [(step,) for step in every]
        fits = self._fitting.among([*pairs, *self._fitting.followed(single, after)])
        if fits or len(by_parts) == 2:
            both = by_parts if len(by_parts) == 2 else ()
            if fits and min(map(_rank, fits)) < _rank(both):  # a question knows its own mistakes
                both = ()
            return self._chosen(fits, both)
        in_proportion = filter(self._fitting.is_in_proportion, pairs)
        return self._chosen(
            self._fitting.among(self._fitting.followed(in_proportion, after)), by_parts
        )

    def _own_pair(self) -> Explanation:
        """Two mistakes that the question knows: they are few, and say more than a slip does."""
        before = [s for s in self._made.acting if s.rank < ANY and not s.comes_after]
        return self._chosen(self._fitting.among(self._pairs(before)))

    def _slipped(self, explanations: Iterator[Explanation]) -> Explanation:
        """A slip of the pen; there are many, so that it must do on more inputs what they do."""
        fits = [fit for fit in self._fitting.among(explanations) if self._fitting.has_finite(fit)]
        # slips that no input tells apart are one: it has the name that stands first
        return self._chosen(self._held(fits)[:1])

    def _pairs(self, before: Sequence[Step]) -> Iterator[Explanation]:
        """Two mistakes that together spoil the results that are wrong, and no others.

        A result that one of them spoils alone must be what that one makes of it.
        """
        first = self._fitting.order[0]
        made, right = self._made, self._made.outcome((), first)
        outcomes = {step: made.quick((step,), first) for step in before}
        spoilt = {step: self._fitting.differing(outcomes[step], right) for step in before}
        off = {step: self._fitting.differing(outcomes[step], self._given[first]) for step in before}
        for one, other in combinations(before, 2):
            names = frozenset((one.name, other.name))
            if len(names) < 2 or names in self._question.coincide:
                continue
            a, b = spoilt[one], spoilt[other]
            if self._wrong_parts is None or a is None or b is None or "results_swapped" in names:
                yield one, other
            elif a | b == self._wrong_parts:
                alone = ((a - b) & (off[one] or set())) | ((b - a) & (off[other] or set()))
                if not alone:
                    yield one, other

    # --- which of them is named ---

    def _held(self, fits: Sequence[Explanation]) -> list[Explanation]:
        """Those that hold on further inputs: few numbers are like others by chance."""
        if not fits or self._question.measured:  # measured in many calls, which take their time
            return list(fits)
        return self._further.hold(fits)

    def _chosen(self, fits: Sequence[Explanation], by_parts: Explanation = ()) -> Explanation:
        """The one explanation that holds on more inputs, too; these may tell two apart."""
        sets = by_names(self._held(fits))
        if by_parts:
            sets.setdefault(frozenset(step.name for step in by_parts), by_parts)
        if len(sets) > 1 and all(len(fit) == 1 for fit in sets.values()):
            whole = {names: fit for names, fit in sets.items() if not self._has_effect([fit])}
            sets = whole or sets  # with what is done to the inputs
            best = min(fit[0].rank for fit in sets.values())  # a question knows its own mistakes
            own = [(names, fit) for names, fit in sets.items() if fit[0].rank == best]
            # what no input tells apart may be called by either name: by that which says more
            sets = dict(own if best == FAMILY else own[:1])
        if len(sets) != 1:
            return ()
        ((names, fit),) = sets.items()
        same = [one for one in fits if {step.name for step in one} == names]
        return self._with_effects(fit, same)

    def _with_effects(self, fit: Explanation, fits: Sequence[Explanation]) -> Explanation:
        """With the inputs that are changed, where no explanation of these names changes them."""
        return (*fit, *_named(("input_changed",))) if self._has_effect(fits) else fit

    def _has_effect(self, fits: Sequence[Explanation]) -> bool:
        """Whether inputs are changed that none of the explanations changes."""
        for fit in fits or [()]:
            made = (self._made.outcome(fit, i).changed for i in range(len(self._cases)))
            more = (g.changed - m for g, m in zip(self._given, made, strict=True))
            if not frozenset().union(*more) - set(self._question.may_change):
                return False
        return True


def _rank(fit: Explanation) -> int:
    """How far its mistakes are from the question's own."""
    return sum(step.rank for step in fit)


def _named(names: Names) -> Explanation:
    """An explanation that has names alone: it is seen, and not made."""
    return tuple(map(Step, names))


def _alone(steps: Sequence[Step], rank: int) -> Iterator[Explanation]:
    """Each step of a rank by itself."""
    return ((step,) for step in steps if step.rank == rank)


def _is_told_alone(step: Step) -> bool:
    """Whether it is a change of a result that is not told beside another."""
    return step.rank == ANY and step.name in ALONE


def _is_whole(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iu"


def _is_nothing(value: object) -> bool:
    todo = [value]
    while todo:
        entry = todo.pop()
        if isinstance(entry, tuple | list):
            todo += entry
        elif entry is not None and ((numbers := as_numbers(entry)) is None or numbers.any()):
            return False
    return True
