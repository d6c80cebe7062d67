"""Wrong numbers by hand: the slips that give them, and what can be seen of one that no slip gives.

A slip is only judged. What a question asks with, its numbers, options and letters, does not depend
on it.
"""

from collections.abc import Callable, Iterator
from math import log10
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.compare import as_numbers
from bpcourse.questions.question import Question
from bpcourse.text import text

NEAR = 0.03  # relative: as far off as rounding on the way may lead
FAR = 10  # times as large, or as small, is another order of magnitude
MOST_SHIFTED = 6  # places of a decimal point
Numbers = npt.NDArray[np.floating]

ANY: tuple[tuple[str, Callable[[Numbers], Any]], ...] = (  # of any number: None where it cannot be
    ("sign_flipped", lambda r: -r),
    ("doubled", lambda r: 2 * r),
    ("halved", lambda r: r / 2),
    ("upside_down", lambda r: 1 / r if r.all() else None),
    ("absolute_value", lambda r: np.abs(r)),
    ("squared_once_more", lambda r: r**2),
    ("square_lost", lambda r: np.sqrt(r) if (r >= 0).all() else None),
    ("percent_for_share", lambda r: 100 * r if ((r > 0) & (r < 1)).all() else None),
    ("exponent_for_number", lambda r: np.log10(r) if (r > 0).all() else None),
)


def slips(question: Question, inputs: dict[str, Any], right: object) -> Iterator[tuple[str, Any]]:
    """(misconception, what it gives) for the question's own slips, then for those of any number."""
    own = question.slips(*inputs.values()) if question.slips else {}
    for name, values in own.items():
        yield from ((name, value) for value in (values if isinstance(values, list) else [values]))
    numbers = as_numbers(right)
    if question.kind in ("number", "array") and numbers is not None:
        yield from ((n, v) for n, make in ANY if (v := make(numbers)) is not None)


def on_the_way(question: Question, inputs: dict[str, Any]) -> dict[str, Any]:
    """{key: value} of what one computes on the way to the answer."""
    return question.on_the_way(*inputs.values()) if question.on_the_way else {}


def is_rounded(value: object, exact: object, decimals: int | None) -> bool:
    """Whether ``value`` is ``exact``, or is it rounded to so many decimals; None allows none."""
    given, number = as_numbers(value), as_numbers(exact)
    if given is None or number is None or given.shape != number.shape:
        return False
    most = 1e-9 * np.abs(number) if decimals is None else 0.5001 * 10.0**-decimals
    return bool((np.abs(given - number) <= most).all())


def seen_of_shape(given: tuple[float, ...], right: tuple[int, ...]) -> str:
    """What can be seen of a wrong shape."""
    if len(given) != len(right):
        return text("by_hand.axes", given=len(given), right=len(right))
    if sorted(given) == sorted(right):
        return text("by_hand.sizes_swapped")
    same = [g == r for g, r in zip(given, right, strict=True)]
    return text(f"by_hand.{'rows_right' if same[0] else 'columns_right' if same[1] else 'sizes'}")


def seen_of_numbers(given: Numbers, right: Numbers, near: Callable[[Any, Any], bool]) -> str:
    """What can be seen of several numbers; ``near`` says which of them are right."""
    if given.shape != right.shape:
        return text("by_hand.count", given=given.size, right=right.size)
    given, right = given.ravel(), right.ravel()
    if near(np.sort(given), np.sort(right)):
        return text("by_hand.another_order")
    wrong = [i for i in range(right.size) if not near(given[i], right[i])]
    facts = {seen_of_number(given[i].item(), right[i].item()) for i in wrong}
    if len(wrong) == right.size:
        return facts.pop() if len(facts) == 1 else text("by_hand.all_wrong", count=len(wrong))
    return text("by_hand.some_wrong", places=", ".join(str(i + 1) for i in wrong))


def seen_of_number(given: float, right: float, *, counted: bool = False) -> str:
    """The most certain that can be seen of a wrong number; ``counted``, if it is to be a count."""
    if not np.isfinite(given):
        return text("by_hand.not_finite")
    if counted and given != round(given):
        return text("by_hand.whole")
    if counted and abs(given - right) == 1:
        return text(f"by_hand.one_{'more' if given > right else 'less'}")
    if given * right < 0:
        return text("by_hand.sign")
    if given == 0 or right == 0:
        return text("by_hand.zero" if right else "by_hand.not_zero")
    times = given / right
    places = round(log10(times))
    if 0 < abs(places) <= MOST_SHIFTED and abs(times / 10**places - 1) < 1e-3:
        return text("by_hand.point")
    larger = "larger" if abs(given) > abs(right) else "smaller"
    if not 1 / FAR < times < FAR:
        return text(f"by_hand.far_{larger}")
    if not counted and abs(times - 1) <= NEAR:
        return text("by_hand.near")
    return text(f"by_hand.{larger}")
