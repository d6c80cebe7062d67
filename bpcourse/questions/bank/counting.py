"""Lesson 22: paths, counted."""

from collections.abc import Sequence
from itertools import accumulate
from math import prod
from operator import mul

from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.bank._inputs import distinct
from bpcourse.questions.question import Family, Flaws, question
from bpcourse.questions.types import Result


@question(
    "counting.paths_of_a_weight",
    picture=pictures.each_weight,
    inputs=distinct("n_0 n_1 n_2 n_3", 3),
    misconceptions="added_along_path outputs_not_counted one_path_only",
    slips=lambda *widths: {
        "one_layer_off": [prod(widths[1:]), widths[0] * widths[2] * widths[3]],
        "widths_multiplied": prod(widths),
        "multiplied_for_added": widths[1] * widths[2],
        "output_alone": widths[3],
        "term_too_many": widths[1] * widths[2] + widths[2] * widths[3],
        "added_along_path": [sum(widths), sum(widths[1:])],
    },
)
def paths_of_a_weight(flaw: Flaws, n_0: int, n_1: int, n_2: int, n_3: int) -> Result:
    if flaw("one_path_only"):
        return 1
    if flaw("outputs_not_counted"):
        return n_2
    return n_2 + n_3 if flaw("added_along_path") else n_2 * n_3


@question(
    "counting.all_paths",
    inputs=lambda rng, size: {
        "widths": [2, *(int(n) for n in rng.permutation(range(3, 8 + size))[: 3 + size % 2])]
    },
    misconceptions="added_along_path outputs_not_counted one_layer_only one_path_only "
    "off_by_one_loop",
    forms={"one_layer_only": "the_last", "off_by_one_loop": "from_one one_more"},
    families=(Family("not_reset first_entry_only one_layer_off paths_from_below"),),
)
def all_paths(flaw: Flaws, widths: list[int]) -> Result:
    """The paths of all weights together, from each weight to the loss."""
    L, total = len(widths) - 1, widths[-1] if flaw("one_more") else 0
    layers: Sequence[int] = range(2 if flaw("from_one") else 1, L + 1)
    if flaw("off_by_one_loop") and not flaw("from_one") and not flaw("one_more"):
        layers = range(1, L)
    if flaw("one_layer_only"):
        layers = [L if flaw("the_last") else 1]
    if flaw("not_reset"):  # one product for all layers
        return sum(accumulate((prod(widths[i:]) for i in range(L)), mul))
    for layer in layers:
        above = widths[layer + (0 if flaw("one_layer_off") else 1) :]
        if flaw("paths_from_below"):
            above = widths[: layer - 1]
        if flaw("outputs_not_counted"):
            above = above[:-1]
        if flaw("first_entry_only"):
            above = above[:1]
        choices = sum(above) if flaw("added_along_path") and above else prod(above)
        total += widths[layer] * widths[layer - 1] * (1 if flaw("one_path_only") else choices)
    return total


@question(
    "counting.mend_walk_down",
    inputs=lambda rng, size: {
        "widths": [int(n) for n in rng.permutation(range(2, 10))[: 4 + size]]
    },
    misconceptions="input_layer_counted added_along_path one_layer_only off_by_one_loop "
    "paths_multiplied",
    forms={"input_layer_counted": "less_the_inputs"},
    families=(Family("one_layer_off slopes_counted"),),
)
def mend_walk_down(flaw: Flaws, widths: list[int]) -> Result:
    """The multiplications by weights that bring δ from the output down to layer 1."""
    pairs = list(zip(widths, widths[1:], strict=False))
    if flaw("one_layer_off"):
        pairs = [(0, 0), *zip(widths, widths[2:], strict=False)]
    used = pairs if flaw("input_layer_counted") else pairs[1:]
    if flaw("one_layer_only"):
        used = used[-1:]
    if flaw("off_by_one_loop"):
        used = used[:-1]
    if flaw("paths_multiplied"):
        return prod(widths[1:])
    total = sum(a + b if flaw("added_along_path") else a * b for a, b in used)
    if flaw("less_the_inputs"):
        total -= widths[0]
    return total + sum(a for a, _ in used) if flaw("slopes_counted") else total
