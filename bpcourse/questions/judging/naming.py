"""Which mistakes explain a wrong answer: one, or several at once, made as the answer made them.

An explanation is kept if it does on every input what the answer does. It is named if no other of
its size does so too: nothing is better than a false name.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.diagnosis.transformations import MORE, given_back
from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.judging.steps import (
    ANY,
    FAMILY,
    NEAR,
    OWN,
    Case,
    Explanation,
    Made,
    Step,
    acting,
    agrees,
    all_steps,
    array_in,
    is_covered,
    is_nested,
    near,
    slips,
)
from bpcourse.questions.question import Question

Names = tuple[str, ...]


class Search:
    """The explanations of one answer: ``given`` outcomes on ``cases``, where some are wrong.

    ``ask`` runs the answer on one case more, and ``more`` gives cases that tell two explanations
    apart that have agreed so far.
    """

    def __init__(
        self,
        question: Question,
        cases: Sequence[Case],
        given: Sequence[Outcome],
        expected: Sequence[Outcome],
        ask: Callable[[Case], Outcome],
        more: Callable[[], Sequence[Case]],
    ) -> None:
        self._question, self._cases, self._given = question, cases, given
        self._ask, self._more = ask, more
        self._made = Made(question, cases)
        ran = [i for i in range(len(cases)) if given[i].error is None]
        wrong = [i for i in ran if not alike_values(given[i].value, expected[i].value)]
        self._ran = bool(ran)
        self._order = wrong + [i for i in range(len(cases)) if i not in wrong]
        first = self._order[0]  # what does not fit there is out
        self._place = _largest(given[first].value)
        self._array = None if given[first].error else array_in(given[first].value, self._place)
        self._wrong_parts = self._differing(given[first], expected[first])

    def names(self) -> Names:
        """The names of the smallest explanation that fits; () where none does, or several."""
        if seen := self._seen():
            return seen
        if not self._ran or self._array is None:
            return ()
        every = all_steps(self._question)
        nothing = all(_is_nothing(outcome.value) for outcome in self._given)
        if nothing:  # many changes of a result leave nothing of it
            kept = {"integer_arrays"} if all(_is_whole(g.value) for g in self._given) else set()
            every = [step for step in every if step.rank != ANY or step.name in kept]
        single = ([(step,) for step in every if step.rank == rank] for rank in (OWN, FAMILY, ANY))
        if fits := self._fitting(*single):
            return self._chosen(fits)
        if self._is_offset():
            return self._with_effects(("constant_offset",), [])
        if more := self._more_than_asked():
            return self._with_effects(more, [])
        by_parts = self._by_parts(every)
        if len(by_parts) == 1:
            return self._with_effects(by_parts, [])
        if self._question.measured or nothing:
            return by_parts
        slipped = slips(self._question)
        fits = self._fitting([(step,) for step in slipped])
        if fits and (fits := self._told_apart(fits)):
            return self._chosen(fits)
        every = acting(every, self._made, self._order)
        before = [step for step in every if not step.comes_after]
        after = [step for step in every if step.keeps_proportions]
        pairs = list(self._pairs(before))
        fits = self._fitting([*pairs, *_with([(step,) for step in every], after)])
        if fits or len(by_parts) == 2:
            return self._chosen(fits, by_parts if len(by_parts) == 2 else ())
        in_proportion = [pair for pair in pairs if self._is_in_proportion(pair)]
        names = self._chosen(self._fitting(_with(in_proportion, after)), by_parts)
        if names:
            return names
        slips_in_proportion = [(step,) for step in slipped if self._is_in_proportion((step,))]
        fits = self._fitting(_with(slips_in_proportion, after))
        return self._chosen(self._told_apart(fits)) if fits else ()

    def _seen(self) -> Names:
        """What is plain to see: nothing given back, or a complex number that holds the slope."""
        values = [outcome.value for outcome in self._given if outcome.error is None]
        nested = [value if is_nested(value) else (value,) for value in values]
        if values and all(any(entry is None for entry in entries) for entries in nested):
            return ("nothing_returned",)
        right = [self._made.outcome((), i).value for i in range(len(self._cases))]
        if len(values) == len(right) and all(map(_is_complex, values)):
            parts = [np.asarray(value).imag for value in values]
            if all(map(alike_values, parts, right)):
                return ("imaginary_part_forgotten",)
        return ()

    def _more_than_asked(self) -> Names:
        """Where a right result stands in the one that is given, or is its sum."""
        if self._question.parts or self._question.measured:
            return ()
        pairs = []
        for i, outcome in enumerate(self._given):
            given, right = array_in(outcome.value, ()), array_in(self._made.outcome((), i).value, ())
            if given is None or right is None or given.ndim <= right.ndim and given.size <= right.size:
                return ()
            pairs.append((given, right))
        for name, change in MORE:
            with np.errstate(all="ignore"):
                if all(alike_values(change(g, r.shape) if g.ndim else g, r) for g, r in pairs):
                    return (name,)
        return ()

    # --- what fits ---

    def _pairs(self, before: Sequence[Step]) -> Iterator[Explanation]:
        """Two mistakes that together spoil the results that are wrong, and no others.

        A result that one of them spoils alone must be what that one makes of it.
        """
        first = self._order[0]
        made, right = self._made, self._made.outcome((), first)
        outcomes = {step: made.outcome((step,), first) for step in before}
        spoilt = {step: self._differing(outcomes[step], right) for step in before}
        off = {step: self._differing(outcomes[step], self._given[first]) for step in before}
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

    def _differing(self, a: Outcome, b: Outcome) -> set[int] | None:
        """Which of several results differ; None where there are not several."""
        count = len(self._question.parts)
        if count < 2 or not (_has_parts(a, count) and _has_parts(b, count)):
            return None
        pairs = zip(a.value, b.value, strict=True)  # type: ignore[call-overload]
        return {i for i, (x, y) in enumerate(pairs) if not alike_values(x, y)}

    def _fitting(self, *groups: Iterable[Explanation]) -> list[Explanation]:
        """Those that do on every case what the answer does, of the first group that has some.

        ∞ and nan say little: what explains the numbers themselves comes first.
        """
        found: list[tuple[int, Explanation]] = []
        for explanations in groups:
            for one in explanations:
                if self._fits(one):
                    made = (self._made.outcome(one, i) for i in range(len(self._cases)))
                    found.append((sum(map(is_covered, self._given, made)), one))
            if any(covered == 0 for covered, _ in found):
                break
        least = min((covered for covered, _ in found), default=0)
        if 2 * least >= len(self._cases):
            return []
        return [one for covered, one in found if covered == least]

    def _fits(self, explanation: Explanation) -> bool:
        allowed = self._question.may_change
        return self._may_fit(explanation) and all(
            agrees(self._given[i], self._made.outcome(explanation, i), allowed)
            and not self._is_right_beyond(explanation, i)
            for i in self._order
        )

    def _is_right_beyond(self, explanation: Explanation, i: int) -> bool:
        """Whether the answer is right where the explanation has ∞: no clip does that."""
        outcomes = self._given[i], self._made.outcome(explanation, i), self._made.outcome((), i)
        given, made, right = (as_numbers(outcome.value) for outcome in outcomes)
        if given is None or made is None or right is None:
            return False
        if not given.shape == made.shape == right.shape:
            return False
        beyond = np.isinf(made) & np.isfinite(right) & (right != 0)
        return bool((np.abs(given - right) <= NEAR * np.abs(right))[beyond].any())

    def _may_fit(self, explanation: Explanation) -> bool:
        """Whether the largest array of the first case is near: nearly all are out by that."""
        if self._array is None:
            return False
        made = self._made.array_at(explanation, self._order[0], self._place)
        return made is not None and near(self._array, made)

    def _is_in_proportion(self, explanation: Explanation) -> bool:
        """Whether the first case's array is the answer's but for a factor and an order."""
        made = self._made.array_at(explanation, self._order[0], self._place)
        if made is None or self._array is None or made.size != self._array.size:
            return False
        a, b = _proportions(self._array), _proportions(made)
        return a is not None and b is not None and abs(a - b) <= NEAR * a

    def _is_offset(self) -> bool:
        """Whether every entry of every case is off by the same number."""
        if self._question.measured or self._question.parts:
            return False
        gaps = []
        for i, outcome in enumerate(self._given):
            right = array_in(self._made.outcome((), i).value, ())
            given = array_in(outcome.value, ())
            if given is None or right is None or given.shape != right.shape:
                return False
            gaps.append((given - right).ravel())
        gap = np.concatenate(gaps)
        return bool(np.ptp(gap) <= NEAR * 1e-2 * abs(gap[0]) and np.isfinite(gap).all())

    # --- which of them is named ---

    def _chosen(self, fits: Sequence[Explanation], by_parts: Names = ()) -> Names:
        """The names of the one explanation; more inputs may tell two apart."""
        sets = _by_names(fits)
        if len(sets) > 1:
            sets = _by_names(self._told_apart(fits))
        if by_parts:
            sets.setdefault(frozenset(by_parts), ())
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
        return self._with_effects(tuple(step.name for step in fit) or by_parts, same)

    def _with_effects(self, names: Names, fits: Sequence[Explanation]) -> Names:
        """With the inputs that are changed, where no explanation of these names changes them."""
        effects = ["input_changed"] if self._has_effect(fits) else []
        return tuple(dict.fromkeys([*names, *effects]))

    def _has_effect(self, fits: Sequence[Explanation]) -> bool:
        """Whether inputs are changed that none of the explanations changes."""
        for fit in fits or [()]:
            made = (self._made.outcome(fit, i).changed for i in range(len(self._cases)))
            more = (g.changed - m for g, m in zip(self._given, made, strict=True))
            if not frozenset().union(*more) - set(self._question.may_change):
                return False
        return True

    def _told_apart(self, fits: Sequence[Explanation]) -> list[Explanation]:
        cases = self._more()
        made = Made(self._question, cases)
        again = [self._ask(case) for case in cases]
        allowed = self._question.may_change
        return [
            fit
            for fit in fits
            if all(agrees(again[i], made.outcome(fit, i), allowed) for i in range(len(cases)))
        ]

    # --- several results, each with a mistake of its own ---

    def _by_parts(self, every: Sequence[Step]) -> Names:
        """What explains each result that is wrong, or ()."""
        count = len(self._question.parts)
        if count < 2 or not all(_has_parts(outcome, count) for outcome in self._given):
            return ()
        # an order is of all results: one of them in the place of another is no other order
        usable = [step for step in every if step.name != "results_swapped"]
        names: list[str] = []
        for part in sorted(self._wrong_anywhere()):
            found = self._of_part(part, usable)
            if found is None:
                return ()
            names += found
        return tuple(dict.fromkeys(names))

    def _wrong_anywhere(self) -> set[int]:
        right = (self._made.outcome((), i) for i in range(len(self._cases)))
        differing = (self._differing(g, e) for g, e in zip(self._given, right, strict=True))
        return set().union(*(parts for parts in differing if parts is not None))

    def _of_part(self, part: int, usable: Sequence[Step]) -> Names | None:
        """The names of what explains one result; None if nothing does, or several things."""
        given = [array_in(outcome.value, (part,)) for outcome in self._given]
        plain = [outcome.value[part] for outcome in self._given]  # type: ignore[index]
        count = len(self._question.parts)

        def fits(explanation: Explanation) -> bool:
            for i in self._order:
                array, mine = self._made.array_at(explanation, i, (part,)), given[i]
                if array is not None and mine is not None and not near(mine, array):
                    return False
                made = self._made.outcome(explanation, i)
                if not _has_parts(made, count) or not alike_values(plain[i], made.value[part]):  # type: ignore[index]
                    return False
            return True

        single = [(step,) for step in usable]
        simple = [step for step in usable if step.keeps_proportions]
        for explanations in (single, _with(single, simple)):
            sets = _by_names([one for one in explanations if fits(one)])
            if sets:
                best = min(sum(step.rank for step in fit) for fit in sets.values())
                least = [fit for fit in sets.values() if sum(s.rank for s in fit) == best]
                unique = len(least) == 1 or (best == OWN and len(least[0]) == 1)
                return tuple(step.name for step in least[0]) if unique else None
        return self._of_another(plain, part)

    def _of_another(self, values: Sequence[object], part: int) -> Names | None:
        """Where one result is an input, or another of the results that are right."""
        if self._question.measured:
            return None
        for name in given_back(self._cases[0]):
            if all(
                alike_values(v, case[name]) for v, case in zip(values, self._cases, strict=True)
            ):
                return ("input_given_back",)
        right: list[Any] = [self._made.outcome((), i).value for i in range(len(self._cases))]
        for other in set(range(len(self._question.parts))) - {part}:
            if all(alike_values(v, r[other]) for v, r in zip(values, right, strict=True)):
                return ("result_given_twice",)
        return None


def _by_names(fits: Sequence[Explanation]) -> dict[frozenset[str], Explanation]:
    """{set of names: the first explanation of these}, in their order."""
    sets: dict[frozenset[str], Explanation] = {}
    for fit in fits:
        sets.setdefault(frozenset(step.name for step in fit), fit)
    return sets


def _with(explanations: Sequence[Explanation], after: Sequence[Step]) -> Iterator[Explanation]:
    """Each explanation and one change of its result more, of another name."""
    for one in explanations:
        names = {step.name for step in one}
        yield from ((*one, step) for step in after if step.name not in names)


def _largest(value: object) -> tuple[int, ...]:
    """The place of the array with most entries in a nested value."""
    if not is_nested(value) or not value:
        return ()
    sizes = [_size(entry) for entry in value]
    best = int(np.argmax(sizes))
    return (best, *_largest(value[best]))


def _size(value: object) -> int:
    if isinstance(value, tuple | list):
        return sum(map(_size, value))
    return int(np.size(value)) if isinstance(value, np.ndarray) else 1


def _is_whole(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iu"


def _is_complex(value: object) -> bool:
    return np.iscomplexobj(value) if isinstance(value, complex | np.generic | np.ndarray) else False


def _has_parts(outcome: Outcome, count: int) -> bool:
    return isinstance(outcome.value, tuple | list) and len(outcome.value) == count


def _is_nothing(value: object) -> bool:
    todo = [value]
    while todo:
        entry = todo.pop()
        if isinstance(entry, tuple | list):
            todo += entry
        elif entry is not None and ((numbers := as_numbers(entry)) is None or numbers.any()):
            return False
    return True


def _proportions(array: npt.NDArray[np.floating]) -> float | None:
    """A number that no factor changes, and no other order of the entries: Σ|x| / max|x|."""
    sizes = np.abs(array)
    largest = sizes.max(initial=0)
    return float(sizes.sum() / largest) if 0 < largest < np.inf else None
