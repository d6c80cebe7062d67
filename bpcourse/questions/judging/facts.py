"""What can be said of a wrong answer whose mistake has no name: facts that show a next step.

They come from all inputs of a check together, or from an experiment: one input is changed, and what
follows is compared with what should.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.run import Outcome
from bpcourse.questions.question import Question
from bpcourse.text import text

Case = dict[str, object]
Ask = Callable[[Case], Outcome]
Numbers = npt.NDArray[np.floating]
Before = tuple[Numbers, Numbers]  # what an input's change has changed: before, and after
MOST = 2  # facts that are told: one thing to look at, and another
NEAR = 1e-7  # relative: what is no difference
NEARLY = 1e-3  # as far as a measured slope is off


class Facts:
    """The facts of an answer that gave ``given`` where ``expected`` was right; ``ask`` runs it."""

    def __init__(
        self,
        question: Question,
        ask: Ask,
        right: Ask,
        cases: Sequence[Case],
        given: Sequence[Outcome],
        expected: Sequence[Outcome],
    ) -> None:
        self._question, self._ask, self._right = question, ask, right
        pairs = list(zip(cases, given, expected, strict=True))
        self._pairs = [(case, g, e) for case, g, e in pairs if g.error is None and e.error is None]
        self._has_run = len(self._pairs) == len(pairs)  # what holds for all of them can be said
        wrong = [pair for pair in self._pairs if not alike_values(pair[1].value, pair[2].value)]
        self._parts = self._wrong_parts()
        self._case, self._mine, self._due = wrong[0] if wrong else ({}, Outcome(), Outcome())

    def told(self) -> list[str]:
        """The first of them that say something; the plainest where no other does."""
        found = [self._of_parts()]
        if not self._question.measured and self._has_its_form:
            found += [self._without_influence(), self._not_proportional(), self._not_shifted()]
            found += [self._right_when(), self._of_places()]
        found = [fact for fact in found if fact][:MOST]
        return found or [fact for fact in [self._of_numbers()] if fact]

    # --- several results ---

    def _wrong_parts(self) -> list[int]:
        """The places of the results that are wrong on any input; none where they do not fit."""
        count = len(self._question.parts)
        values = [(g.value, e.value) for _, g, e in self._pairs]
        if count < 2 or not all(isinstance(g, tuple | list) and len(g) == count for g, _ in values):
            return []
        pairs = [list(zip(g, e, strict=True)) for g, e in values]  # type: ignore[call-overload]
        return [i for i in range(count) if not all(alike_values(*pair[i]) for pair in pairs)]

    def _of_parts(self) -> str:
        names = [name for i, name in enumerate(self._question.parts) if i not in self._parts]
        if self._question.measured:  # what is measured of a mistake may be the same by chance
            return ""
        if not self._parts or not names or not self._has_run:
            return ""
        return text("check.parts_right", names=", ".join(names))

    # --- experiments ---

    def _without_influence(self) -> str:
        """Inputs that change what is right, and not what the answer gives."""
        names = [
            name
            for name, mine, due in self._changed(_varied)
            if mine is not None and _equal(*mine) and due is not None and not _equal(*due)
        ]
        return text("check.no_influence", names=", ".join(names)) if names else ""

    def _not_proportional(self) -> str:
        """An input to which what is right is proportional, and the answer is not."""

        def doubles(before: Numbers, after: Numbers) -> bool:
            return _factor(before, after) == 2

        for name, mine, _ in self._changed(_doubled):
            factor = mine and _factor(*mine)
            if factor != 2 and self._always(name, _doubled, doubles):
                is_power = factor in (0.25, 0.5, 4, 8, 16)  # of 2: what counts is how often
                key = "stays" if factor == 1 else "times" if is_power else "not_proportional"
                return text(f"check.{key}", name=name, factor=factor)
        return ""

    def _not_shifted(self) -> str:
        """An input whose common shift leaves what is right as it is, and not the answer."""
        for name, mine, _ in self._changed(_shifted):
            value = self._case[name]
            several = isinstance(value, np.ndarray) and value.size > 1
            changes = several and not (mine and _equal(*mine))
            if changes and self._always(name, _shifted, _equal):
                return text("check.not_shifted", name=name)
        return ""

    def _always(
        self,
        name: str,
        change: Callable[[Numbers], Numbers],
        follows: Callable[[Numbers, Numbers], bool],
    ) -> bool:
        """Whether what is right follows an input's change so on every input of the check."""
        for case, _, right in self._pairs:
            after = self._right({**case, name: _put(change, case[name])})
            both = self._both(right, after)
            if both is None or not follows(*both):
                return False
        return True

    def _right_when(self) -> str:
        """An input that, where it says little, lets the answer be right: so it comes in wrongly."""
        cases = [self._case, *(case for case, _, _ in self._pairs if case is not self._case)]
        for name, value in self._case.items():
            for key, change, count in _plainer(value, alone=len(self._case) == 1):
                plainer = ({**case, name: change(case[name])} for case in cases)
                if self._has_run and all(map(self._is_right, plainer)):
                    return text(f"check.right_when_{key}", name=name, count=count)
        return ""

    def _is_right(self, case: Case) -> bool:
        """Whether the results that are wrong elsewhere are right here, and not all 0."""
        mine, due = self._numbers(self._ask(case)), self._numbers(self._right(case))
        if mine is None or due is None or mine.shape != due.shape or not due.any():
            return False
        return bool(np.isfinite(due).all()) and _equal(mine, due)

    def _of_shorter(self) -> Iterator[tuple[Outcome, Outcome]]:
        """What is given and right for the first input with a list of it cut shorter."""
        for name, value in self._case.items():
            for key, change, _ in _plainer(value, alone=True):
                if key == "short":
                    case = {**self._case, name: change(value)}
                    yield self._ask(case), self._right(case)

    def _changed(
        self, change: Callable[[Numbers], Numbers]
    ) -> Iterator[tuple[str, Before | None, Before | None]]:
        """For each input that holds floats, changed: what was wrong, and right, before and then."""
        for name, value in self._case.items():
            if _is_float(value):
                case = {**self._case, name: _put(change, value)}
                yield (
                    name,
                    self._both(self._mine, self._ask(case)),
                    self._both(self._due, self._right(case)),
                )

    def _both(self, before: Outcome, after: Outcome) -> Before | None:
        a, b = self._numbers(before), self._numbers(after)
        return (a, b) if a is not None and b is not None and a.shape == b.shape else None

    @property
    def _has_its_form(self) -> bool:
        """Whether as much is given as is asked for."""
        mine, due = self._numbers(self._mine), self._numbers(self._due)
        return mine is not None and due is not None and mine.shape == due.shape

    def _numbers(self, outcome: Outcome) -> Numbers | None:
        """The results that are wrong, one after the other."""
        if outcome.error is not None:
            return None
        value = outcome.value
        if self._parts:
            if not isinstance(value, tuple | list) or len(value) <= max(self._parts):
                return None
            value = [value[i] for i in self._parts]
        found = [as_numbers(entry) for entry in _leaves(value)]
        arrays = [entry.ravel() for entry in found if entry is not None]
        if len(arrays) < len(found):
            return None
        if self._question.measured:  # beside what the answer has computed, our measures are nothing
            arrays = [array for array in arrays if len(array) > 1] or arrays
        return np.concatenate(arrays) if arrays else None

    # --- what is left ---

    def _of_places(self) -> str:
        """Where only the first or the last of several numbers is right, or wrong."""
        both = [(self._numbers(g), self._numbers(e)) for _, g, e in self._pairs]
        same = [(g, e) for g, e in both if g is not None and e is not None and g.shape == e.shape]
        same = [(g, e) for g, e in same if g.size > 2]
        right = [np.isclose(g, e, rtol=NEAR, atol=0) for g, e in same]
        for key, place in (("first", 0), ("last", -1)):
            if len({e[place] for _, e in same}) < 2:  # the same in each, whatever the inputs are
                continue
            one, others = [r[place] for r in right], [np.delete(r, place) for r in right]
            if all(one) and not any(map(np.any, others)):
                return text(f"check.{key}_right")
            if not any(one) and all(map(np.all, others)):
                return text(f"check.{key}_wrong")
        return ""

    def _of_numbers(self) -> str:
        """Where the numbers stand, their zeros and signs, whether they are too large or small."""
        tried = [(g, e) for _, g, e in self._pairs] + list(self._of_shorter())
        both = [(self._numbers(g), self._numbers(e)) for g, e in tried]
        same = [(g, e) for g, e in both if g is not None and e is not None and g.shape == e.shape]
        if not same:
            return ""
        if len(same) == len(both) and all(_equal(np.sort(g), np.sort(e)) for g, e in same):
            return text("check.other_places")
        given, right = (np.concatenate(column) for column in zip(*same, strict=True))
        if not np.isfinite(given[np.isfinite(right)]).all():
            return text("check.not_finite")
        with np.errstate(all="ignore"):  # beside what is 0, or next to it, nothing has a size
            there = np.isfinite(given / right) & (right != 0)
        given, right = given[there], right[there]
        if not len(right):
            return text("check.not_zero")
        low, high = np.min(given / right), np.max(given / right)
        if high - low <= NEAR * abs(high):
            return text("check.factor", factor=high)
        if high - low <= NEARLY * abs(high):
            return text("check.about", factor=high)
        zeros, signs = given == 0, given * right < 0
        if zeros.any():
            return text("check.zeros", count=int(zeros.sum()), of=len(zeros))
        if signs.any() and _equal(np.abs(given), np.abs(right)):
            return text("check.signs", count=int(signs.sum()), of=len(signs))
        alone = all(g.size == 1 for g, _ in same)
        if signs.any():
            key = "one_sign" if alone else "signs_and_sizes"
            return text(f"check.{key}", count=int(signs.sum()), of=len(signs))
        key = "too_large" if low > 1 - NEAR else "too_small" if high < 1 + NEAR else "both_sizes"
        return text(f"check.{'one_' if alone else ''}{key}", low=low, high=high)


def _equal(a: Numbers, b: Numbers) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(a, b, rtol=NEAR, atol=0, equal_nan=True))


def _factor(before: Numbers, after: Numbers) -> float | None:
    """How many times as large all of it has become; None where that differs."""
    there = before != 0
    with np.errstate(all="ignore"):
        factor = float(np.median(after[there] / before[there])) if there.any() else np.nan
        if not np.isfinite(factor) or not np.allclose(after, factor * before, rtol=1e-6):
            return None
    return float(f"{factor:.4g}")


def _leaves(value: object) -> Iterator[object]:
    """What stands in lists in lists, as far as it is no list of numbers."""
    if isinstance(value, tuple | list) and as_numbers(value) is None:
        for entry in value:
            yield from _leaves(entry)
    else:
        yield value


def _doubled(numbers: Numbers) -> Numbers:
    return np.asarray(2 * numbers)


def _shifted(numbers: Numbers) -> Numbers:
    return np.asarray(numbers + 1)


def _varied(numbers: Numbers) -> Numbers:
    """Each number changed by a factor of its own, from 0.8 to 1.25; its sign is kept."""
    factors = np.random.default_rng(1).uniform(0.8, 1.25, np.shape(numbers))
    return np.asarray(numbers * factors)


def _is_float(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_is_float, value))
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def _plainer(value: object, *, alone: bool) -> Iterator[tuple[str, Callable[[Any], Any], int]]:
    """(key, what makes it plainer, a count): shorter, or all 0 or 1, if it is not all there is."""
    if _is_float(value) and not alone:
        yield "zero", partial(_put, np.zeros_like), 0
        yield "one", partial(_put, np.ones_like), 1
    elif isinstance(value, list) and all(type(entry) is int for entry in value):
        for count in range(len(value) - 1, 1, -1):
            yield "short", itemgetter(slice(count)), count


def _put(change: Callable[[Numbers], Numbers], value: object) -> object:
    if isinstance(value, list | tuple):
        return type(value)(_put(change, entry) for entry in value)
    changed = change(np.asarray(value))
    return float(changed) if isinstance(value, float) else changed
