"""Wrong numbers by hand: the slips that give them, and what can be seen of one that no slip gives.

A slip is only judged. What a question asks with, its numbers, options and letters, does not depend
on it.
"""

from collections.abc import Callable, Iterator, Mapping
from math import log10
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.diagnosis.transformations import RESULTS
from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.judging.formula import formula
from bpcourse.questions.judging.run import quick_call
from bpcourse.questions.question import Question
from bpcourse.text import text

NEAR = 0.03  # relative: as far off as rounding on the way may lead
FAR = 10  # times as large, or as small, is another order of magnitude
CHANCE = 0.05  # of a number to be what some slip gives, at most
MOST_SHIFTED = 6  # places of a decimal point
Numbers = npt.NDArray[np.floating]

# Changes of any result (diagnosis.transformations) that one makes by hand as well as in code.
LIKE_CODE = ("sign_flipped", "doubled", "halved", "ratio_upside_down", "squared_once_more",
             "square_lost", "order_reversed")  # fmt: skip
OF_ANY = (*LIKE_CODE, "absolute_value", "one_minus", "percent_for_share", "exponent_for_number",
          "rounded_result", "first_entry_only", "last_entry_only")  # fmt: skip

# Slips of the pen that say something of a number: in a formula that is worked out once.
PEN = frozenset(
    """
    plus_for_minus divided_for_multiplied multiplied_for_divided multiplied_for_added
    added_for_multiplied brackets_missing inside_for_outside ratio_upside_down function_missing
    another_function term_missing factor_missing division_missing factor_twice product_for_power
    part_negative square_in_part root_in_part another_index
""".split()
)


def of_any(right: Numbers, decimals: int | None) -> Iterator[tuple[str, Any]]:
    """(misconception, what it makes of the right numbers), whatever the question is."""
    for change in RESULTS:
        made = change.of_result(right, None) if change.of_result else None
        if change.name in LIKE_CODE and made is not None:
            yield change.name, made
    if right.size > 1:
        yield from (("first_entry_only", right[0]), ("last_entry_only", right[-1]))
    if right.ndim and (right > 0).any():  # of one number it is the sign that is lost
        yield "absolute_value", np.abs(right)
    if ((right > 0) & (right < 1)).all():
        yield from (("one_minus", 1 - right), ("percent_for_share", 100 * right))
    if right.ndim == 0 and right > 0:
        yield "exponent_for_number", np.log10(right)
    yield from (("rounded_result", np.round(right, some)) for some in range(decimals or 0))


def slips(question: Question, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(misconception, what it gives) for each slip of this question."""
    made = question.slips(*inputs.values()) if question.slips else {}
    for name, values in made.items():
        yield from ((name, value) for value in (values if isinstance(values, list) else [values]))


def of_pen(question: Question, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(misconception, what it gives) for each slip of the pen in the question's own formula."""
    read = formula(question)
    for number in read.numbers:
        if read.names[number] in PEN:
            with read.slipped(number):
                made = quick_call(read.answer, inputs)
            if made.error is None:
                yield read.names[number], made.value


def is_of_a_slip(question: Question, inputs: Mapping[str, Any], value: object) -> bool:
    """Whether ``value`` is what a slip of this question gives, rounded as it asks."""
    made = (slip for _, slip in slips(question, inputs))
    return any(is_rounded(value, slip, question.decimals) for slip in made)


def named(question: Question, inputs: Mapping[str, Any], right: object, value: object) -> list[str]:
    """The names of the slips that give ``value``: the question's, or else those of any number.

    Or one of the pen, if it is the only one, and no value on the way. Two names with a space
    between them are made together.
    """
    numbers, decimals = as_numbers(right), question.decimals
    made = [slips(question, inputs)]
    if numbers is not None and question.kind != "shape":
        made.append(of_any(numbers, decimals))
    for some in made:
        found = [name for name, slip in some if is_rounded(value, slip, decimals)]
        if found:
            return list(dict.fromkeys(found))
    passed = on_the_way(question, inputs).values()
    if len(made) < 2 or any(is_rounded(value, way, decimals) for way in passed):
        return []
    return _of_one(list(of_pen(question, inputs)), value, decimals)


def _of_one(made: list[tuple[str, Any]], value: object, decimals: int | None) -> list[str]:
    """The name of the slip that gives ``value``, if it is hardly by chance that it does.

    What gives the same number to the last digit is one slip, with the name that comes first.
    """
    found = [(name, slip) for name, slip in made if is_rounded(value, slip, decimals)]
    if not found or not all(alike_values(slip, found[0][1]) for _, slip in found):
        return []
    if np.size(found[0][1]) == 1:
        number, unit = abs(float(np.asarray(found[0][1]).item())), 10.0 ** -(decimals or 0)
        sizes = (abs(np.asarray(slip).item()) for _, slip in made if np.size(slip) == 1)
        near = {round(size / unit) for size in sizes if number / 2 < size < 2 * number}
        if len(near) * unit > CHANCE * 1.5 * number:
            return []
    return [found[0][0]]


def seen(
    question: Question,
    inputs: Mapping[str, Any],
    right: object,
    value: object,
    *,
    near: Callable[[object, object], bool],
) -> str:
    """What can be seen of a wrong number, the most certain of it; "" of what is no number.

    ``near`` says of two numbers whether one is as good as the other.
    """
    numbers, true = as_numbers(value), as_numbers(right)
    if numbers is None or true is None:
        return ""
    for key, passed in on_the_way(question, inputs).items():
        if is_rounded(value, passed, question.decimals):
            return text("by_hand.way", what=text(f"question.{question.id}.way_{key}"))
    if question.kind == "shape":
        return _seen_of_shape(numbers.ravel(), true)
    if numbers.ndim or true.ndim:
        return _seen_of_numbers(numbers, true, near)
    return seen_of_number(numbers.item(), true.item(), counted=question.decimals is None)


def on_the_way(question: Question, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """{key: value} of what one computes on the way to the answer."""
    return question.on_the_way(*inputs.values()) if question.on_the_way else {}


def is_rounded(value: object, exact: object, decimals: int | None) -> bool:
    """Whether ``value`` is ``exact``, or is it rounded to so many decimals; None allows none."""
    given, number = as_numbers(value), as_numbers(exact)
    if given is None or number is None or given.shape != number.shape:
        return False
    most = 1e-9 * np.abs(number) if decimals is None else 0.5001 * 10.0**-decimals
    return bool((np.abs(given - number) <= most).all())


def _seen_of_shape(given: Numbers, right: Numbers) -> str:
    if len(given) != len(right):
        return text("by_hand.axes", given=len(given), right=len(right))
    if sorted(given) == sorted(right):
        return text("by_hand.sizes_swapped")
    rows, columns = given == right
    return text(f"by_hand.{'rows_right' if rows else 'columns_right' if columns else 'sizes'}")


def _seen_of_numbers(given: Numbers, right: Numbers, near: Callable[[object, object], bool]) -> str:
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
    key = difference(given, right, counted=counted)
    return text(f"by_hand.{key}", times=FAR, percent=round(100 * NEAR))


def difference(given: float, right: float, *, counted: bool = False) -> str:
    """The key of what is to be said of a wrong number."""
    if not np.isfinite(given):
        return "not_finite"
    if counted and given != round(given):
        return "whole"
    if counted and abs(given - right) == 1:
        return "one_more" if given > right else "one_less"
    if given * right < 0:
        return "sign"
    if given == 0 or right == 0:
        return "zero" if right else "not_zero"
    times = given / right
    if not 0 < times < np.inf:  # so far apart that a float does not hold it
        return f"far_{'larger' if times else 'smaller'}"
    places = round(log10(times))
    if 0 < abs(places) <= MOST_SHIFTED and abs(times / 10**places - 1) < 1e-3:
        return "point"
    larger = "larger" if times > 1 else "smaller"
    if not 1 / FAR < times < FAR:
        return f"far_{larger}"
    return "near" if not counted and abs(times - 1) <= NEAR else larger
