"""Lesson 02: what the output must be, and what the loss."""

import numpy as np

from bpcourse.questions.bank._inputs import normals
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Result

_ratings = normals("Nk", Y_hat="Nk", Y="Nk")


@question(
    "outputs_and_losses.squared_error",
    inputs=_ratings,
    misconceptions="batch_mean_missing mean_over_entries square_forgotten factor_two_extra "
    "half_added stops_after_first_round off_by_one_loop",
    forms={"square_forgotten": "with_sign"},
    families=(
        Family(
            "square_of_sum last_example_only overwritten_not_accumulated",
            {"square_of_sum": "of_each_output of_all"},
        ),
    ),
)
def squared_error(flaw: Flaws, Y_hat: Array, Y: Array) -> Result:
    if flaw("square_of_sum"):
        if flaw("of_all"):
            return (Y_hat - Y).sum() ** 2 / len(Y)
        along = 0 if flaw("of_each_output") else 1
        return ((Y_hat - Y).sum(axis=along) ** 2).sum() / len(Y)
    gap = (Y_hat - Y) ** 2
    if flaw("square_forgotten"):
        gap = Y_hat - Y if flaw("with_sign") else np.abs(Y_hat - Y)
    if flaw("stops_after_first_round"):
        gap[1:] = 0
    elif flaw("off_by_one_loop"):
        gap[-1] = 0
    if flaw("last_example_only"):  # the sum begins anew with each, and is divided by N all the same
        gap[:-1] = 0
    if flaw("overwritten_not_accumulated"):  # in the loop over the outputs
        gap[:, :-1] = 0
    total = gap.mean() if flaw("mean_over_entries") else gap.sum(axis=1).sum() / len(Y)
    if flaw("batch_mean_missing"):
        total = total * len(Y)
    if flaw("half_added"):
        total = total / 2
    return 2 * total if flaw("factor_two_extra") else total


lettered(
    "outputs_and_losses.which_output",
    inputs=lambda rng, size: {"low": -int(rng.integers(2, 20)), "high": int(rng.integers(20, 90))},
)


lettered("outputs_and_losses.order_of_mean")


def _weighted(rng: np.random.Generator, size: int) -> Inputs:
    N = 3 + size
    return {"y": rng.normal(size=N), "w": rng.uniform(0.5, 4, size=N)}


@question(
    "outputs_and_losses.best_constant",
    inputs=_weighted,
    edges=lambda rng: [_weighted(rng, -2)],
    misconceptions="no_normalisation divided_by_another_count one_scale_for_all first_example_only "
    "off_by_one_loop value_for_place",
    families=(Family("largest_for_sum another_function"),),
)
def best_constant(flaw: Flaws, y: Array, w: Array) -> Result:
    if flaw("largest_for_sum"):
        return y[w.argmax()]
    if flaw("another_function"):
        return np.median(y)
    if flaw("first_example_only"):
        return y[0]
    if flaw("one_scale_for_all"):
        return y.mean()
    products = w * y
    if flaw("off_by_one_loop"):
        products[-1] = 0
    if flaw("no_normalisation"):
        return products.sum()
    c = products.sum() / (len(y) if flaw("divided_by_another_count") else w.sum())
    return w @ (c - y) ** 2 if flaw("value_for_place") else c


@question(
    "outputs_and_losses.mend_baseline",
    inputs=_ratings,
    edges=lambda rng: [{name: rng.normal(size=(4, 1)) for name in ("Y_hat", "Y")}],
    misconceptions="one_scale_for_all summed_over_wrong_axis sides_swapped square_forgotten "
    "no_normalisation first_example_only",
    families=(
        Family("mean_of_ratios averaged_part", {"mean_of_ratios": "example_by_example their_sum"}),
    ),
)
def mend_baseline(flaw: Flaws, Y_hat: Array, Y: Array) -> Result:
    lazy = Y.mean(axis=0)
    if flaw("one_scale_for_all"):
        lazy = Y.mean()
    if flaw("summed_over_wrong_axis"):
        lazy = Y.mean(axis=1, keepdims=True)
    if flaw("first_example_only"):
        lazy = Y[0]
    gaps = Y_hat - Y, lazy - Y
    parts = [np.abs(gap) if flaw("square_forgotten") else gap**2 for gap in gaps]
    if flaw("mean_of_ratios"):
        ours, other = (part.sum(axis=1 if flaw("example_by_example") else 0) for part in parts)
        ratios = ours / other
        return ratios.sum() if flaw("their_sum") else ratios.mean()
    sums = [part.sum() for part in parts]
    if flaw("averaged_part"):
        sums[1] /= Y.size
    if flaw("no_normalisation"):
        return sums[0] / len(Y)
    return sums[1] / sums[0] if flaw("sides_swapped") else sums[0] / sums[1]
