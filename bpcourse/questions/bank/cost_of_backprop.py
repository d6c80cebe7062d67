"""Lesson 12: what it costs, counted."""

from math import prod

from numpy.random import Generator

from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.bank._inputs import distinct, sizes
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Inputs, Picture, Result


@question(
    "cost_of_backprop.forward_multiplications",
    picture=pictures.each_weight,
    inputs=distinct("n_0 n_1 n_2", 3),
    misconceptions="added_along_path one_layer_only biases_counted",
    forms={"added_along_path": "in_pairs", "one_layer_only": "the_upper"},
    slips=lambda *widths: {"widths_multiplied": prod(widths)},
    on_the_way=lambda n_0, n_1, n_2: {"units": n_1 + n_2, "skipping": n_0 * n_2},
)
def forward_multiplications(flaw: Flaws, n_0: int, n_1: int, n_2: int) -> Result:
    if flaw("added_along_path"):
        return n_0 + n_1 + n_2 + (n_1 if flaw("in_pairs") else 0)
    if flaw("one_layer_only"):
        return n_1 * n_2 if flaw("the_upper") else n_0 * n_1
    return n_0 * n_1 + n_1 * n_2 + (n_1 + n_2 if flaw("biases_counted") else 0)


def _row_and_matrices(m: int, n: int, p: int) -> Picture:
    from bpcourse import figures

    boxes = [("v", (1, m), "gradient"), ("A", (m, n)), ("B", (n, p))]
    return figures.shape_row([boxes[0], "·", boxes[1], "·", boxes[2]])


@question(
    "cost_of_backprop.two_orders",
    picture=_row_and_matrices,
    inputs=distinct("m n p", 4),
    misconceptions="matrix_times_matrix added_along_path one_layer_only",
    forms={"matrix_times_matrix": "that_alone the_second_alone", "one_layer_only": "the_second"},
    slips=lambda m, n, p: {
        "multiplied_for_added": m * n * n * p,
        "factor_missing": [m * n + p, m * n + n, m + n * p, n + n * p],
        "added_along_path": [m + 2 * n + p],
        "additions_counted": 2 * (m * n + n * p) - n - p,
        "another_input": m * n + m * p,
        "output_alone": n + p,
    },
    on_the_way=lambda m, n, p: {"entries": m * n + n * p + m, "result": m * p},
)
def two_orders(flaw: Flaws, m: int, n: int, p: int) -> Result:
    if flaw("matrix_times_matrix"):
        other = 0 if flaw("that_alone") else m * n if flaw("the_second_alone") else m * p
        return m * n * p + other
    if flaw("added_along_path"):
        return m + n + p
    if flaw("one_layer_only"):
        return n * p if flaw("the_second") else m * n
    return m * n + n * p


def _chain(rng: Generator, size: int) -> Inputs:
    widths = sizes(rng, size, 3 + size % 2)
    return {"widths": [int(n) for n in widths] + [1 + size % 2]}


@question(
    "cost_of_backprop.count_backward",
    inputs=_chain,
    misconceptions="one_layer_off biases_counted one_layer_only matrix_times_matrix "
    "added_along_path cost_grows_with_weights_squared off_by_one_loop",
    forms={
        "one_layer_only": "the_lowest",
        "one_layer_off": "at_both_ends",
        "added_along_path": "each_once",
        "matrix_times_matrix": "that_alone of_three of_three_above",
    },
    families=(
        Family(
            "slopes_counted additions_counted widths_multiplied weight_gradients_counted",
            {"additions_counted": "one_less"},
        ),
    ),
)
def count_backward(flaw: Flaws, widths: list[int]) -> Result:
    """The multiplications of Wᵀδ, from the output down to layer 1 (the input needs none)."""
    if flaw("widths_multiplied"):
        return prod(widths[1:])
    if flaw("one_layer_only"):
        return widths[1] * widths[2] if flaw("the_lowest") else widths[-1] * widths[-2]
    if flaw("each_once"):
        return sum(widths[1:])
    if flaw("of_three") or flaw("of_three_above"):  # neighbours
        some = widths[1:] if flaw("of_three_above") else widths
        return sum(map(prod, zip(some, some[1:], some[2:], strict=False)))
    total = 0
    stop = len(widths) - (2 if flaw("off_by_one_loop") or flaw("at_both_ends") else 1)
    for layer in range(0 if flaw("one_layer_off") else 1, stop):
        below, above = widths[layer], widths[layer + 1]
        total += below + above if flaw("added_along_path") else below * above
        if flaw("matrix_times_matrix"):
            total += below * above * (widths[-1] - 1 if flaw("that_alone") else widths[-1] + 1)
        if flaw("biases_counted"):
            total += above
        if flaw("slopes_counted"):
            total += below
        if flaw("additions_counted"):
            total += below * (above - 1 if flaw("one_less") else above)
    if flaw("weight_gradients_counted"):
        total += sum(a * b for a, b in zip(widths[1:], widths, strict=False))
    if flaw("cost_grows_with_weights_squared"):
        total *= sum(a * b for a, b in zip(widths[1:], widths, strict=False))
    return total


@question(
    "cost_of_backprop.mend_count",
    inputs=_chain,
    misconceptions="added_along_path off_by_one_loop one_layer_only biases_counted",
    forms={
        "added_along_path": "each_once without_inputs",
        "off_by_one_loop": "at_the_end around",
        "one_layer_only": "the_last",
    },
    families=(Family("additions_counted widths_multiplied", {"additions_counted": "one_less"}),),
)
def mend_count(flaw: Flaws, widths: list[int]) -> Result:
    """The multiplications of one forward pass of one example."""
    if flaw("widths_multiplied"):
        return prod(widths)
    if flaw("one_layer_only"):
        return widths[-2] * widths[-1] if flaw("the_last") else widths[0] * widths[1]
    if flaw("each_once") or flaw("without_inputs"):
        return sum(widths[1:]) if flaw("without_inputs") else sum(widths)
    first, last = 0, len(widths) - 1
    if flaw("at_the_end"):
        last -= 1
    elif flaw("around"):
        first = -1
    elif flaw("off_by_one_loop"):
        first = 1
    total = 0
    for layer in range(first, last):
        below, above = widths[layer], widths[layer + 1]
        total += below + above if flaw("added_along_path") else below * above
        total += above if flaw("biases_counted") else 0
        if flaw("additions_counted"):
            total += above * (below - 1 if flaw("one_less") else below)
    return total


lettered(
    "cost_of_backprop.why_backwards", inputs=lambda rng, size: {"layers": int(rng.integers(4, 30))}
)
