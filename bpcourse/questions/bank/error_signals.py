"""Lesson 08: δ at the output, the recursion, all the way down."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from bpcourse.questions.bank import _by_hand as by_hand
from bpcourse.questions.bank._inputs import far, normals, rounded, sizes
from bpcourse.questions.bank._slopes import (
    LOGISTIC_SLOPES,
    OF_LOGISTIC,
    OF_TANH,
    TANH_SLOPES,
    logistic_slope,
    sigmoid,
    tanh_slope,
)
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _tangents(y_hat: Array, y: Array) -> Picture:
    from bpcourse import figures

    fig = figures.new_figure(7.5, 2.7)
    for ax, here, target, name in zip(fig.subplots(1, 2), y_hat, y, "₁₂", strict=True):
        low, high = target - 1.5, here + 1.0
        u, near = np.linspace(low, high), np.array([here - 0.8, high])
        ax.plot(u, (u - target) ** 2 / 2, color=figures.FORWARD)
        height = (here - target) ** 2 / 2
        ax.plot(near, height + (here - target) * (near - here), "--", color=figures.GRADIENT)
        ax.plot(here, height, "o", color=figures.GRADIENT)
        labels = [f"y{name} = {target:g}", f"ŷ{name} = {here:g}"]
        ax.set_xticks([target, here], [label.replace("-", "−") for label in labels])
        ax.set_ylabel(f"½(ŷ{name} − y{name})²")
    return fig


@question(
    "error_signals.output_by_hand",
    picture=_tangents,
    inputs=lambda rng, size: {"y_hat": rounded(rng, 2, 0.1, 0.9), "y": rounded(rng, 2, -3, -1)},
    misconceptions="target_and_output_swapped factor_two_extra output_slope_twice",
    slips=lambda y_hat, y: (
        by_hand.difference(y_hat, y) | {"summed_to_one_number": (y_hat - y).sum()}
    ),
    on_the_way=lambda y_hat, y: {"target": y, "loss": ((y_hat - y) ** 2).sum() / 2},
)
def output_by_hand(flaw: Flaws, y_hat: Array, y: Array) -> Result:
    delta = y - y_hat if flaw("target_and_output_swapped") else y_hat - y
    if flaw("output_slope_twice"):
        delta = delta * y_hat * (1 - y_hat)
    return 2 * delta if flaw("factor_two_extra") else delta


def _output(rng: np.random.Generator, size: int) -> Inputs:
    n = 2 + size
    return {"z": rng.normal(size=n), "y": rng.uniform(size=n)}


@question(
    "error_signals.delta_of_output",
    inputs=_output,
    edges=lambda rng: [_output(rng, -1), far(_output(rng, 1))],
    misconceptions=LOGISTIC_SLOPES + " target_and_output_swapped factor_two_extra "
    "factor_two_missing activation_forgotten",
    families=(
        OF_LOGISTIC,
        Family(
            "target_for_output matrix_for_elementwise_product exponent_sign_lost brackets_missing",
            {"brackets_missing": "of_the_fraction"},
        ),
    ),
)
def delta_of_output(flaw: Flaws, z: Array, y: Array) -> Result:
    a, slope = sigmoid(-z if flaw("exponent_sign_lost") else z), logistic_slope(flaw, z)
    if flaw("of_the_fraction"):
        a = 1 + np.exp(-z)
    if flaw("target_for_output"):
        slope = y * (1 - y)
    output = z if flaw("activation_forgotten") else a
    error = y - output if flaw("target_and_output_swapped") else output - y
    if flaw("factor_two_missing"):
        error = error / 2
    error = (2 if flaw("factor_two_extra") else 1) * error
    if flaw("brackets_missing") and not flaw("of_the_fraction"):
        return error * a - a
    return error @ slope if flaw("matrix_for_elementwise_product") else error * slope


_through_one_layer = partial(
    question,
    inputs=normals("na", z="n", W_above="an", delta_above="a"),
    misconceptions=TANH_SLOPES + " one_path_only slope_before_weights slope_of_wrong_layer "
    "elementwise_for_matrix_product matrix_for_elementwise_product paths_multiplied "
    "overwritten_not_accumulated off_by_one_loop added_along_path backward_is_inverse "
    "summed_over_wrong_axis",
    forms={
        "slope_before_weights": "times_delta",
        "slope_of_wrong_layer": "of_z_alone of_delta",
        "elementwise_for_matrix_product": "turned",
        "off_by_one_loop": "from_one",
    },
    families=(
        OF_TANH,
        Family(
            "weights_missing upstream_shared_out",
            {
                "backward_is_inverse": "inv",
                "upstream_shared_out": "by_their_sizes among_those_below",
            },
        ),
    ),
)


def _delta_of_tanh(flaw: Flaws, z: Array, W: Array, delta: Array) -> Result:
    slope = tanh_slope(flaw, z)
    if flaw("upstream_shared_out"):
        shares = np.abs(W) if flaw("by_their_sizes") else W
        W = shares / shares.sum(axis=0 if flaw("among_those_below") else 1, keepdims=True)
    if flaw("slope_before_weights"):  # the slopes belong to units that δ has not reached yet
        return W.T @ (delta * (slope if flaw("times_delta") else W @ slope))
    if flaw("slope_of_wrong_layer"):
        above = W @ (z if flaw("of_z_alone") else np.tanh(z))
        return W.T @ (delta * tanh_slope(flaw, delta if flaw("of_delta") else above))
    arriving = W.T @ delta
    if flaw("one_path_only"):
        arriving = W[0] * delta[0]
    if flaw("overwritten_not_accumulated"):
        arriving = W[-1] * delta[-1]
    if flaw("off_by_one_loop"):
        rounds = slice(1, None) if flaw("from_one") else slice(-1)
        arriving = W[rounds].T @ delta[rounds]
    if flaw("paths_multiplied"):
        arriving = np.prod(W.T * delta, axis=1)
    if flaw("elementwise_for_matrix_product"):
        arriving = (W.T if flaw("turned") else W) * delta
    if flaw("summed_over_wrong_axis"):
        arriving = W.sum(axis=1) * delta
    if flaw("backward_is_inverse"):
        arriving = (np.linalg.inv(W) if flaw("inv") else np.linalg.pinv(W)) @ delta
    if flaw("weights_missing"):
        arriving = delta
    if flaw("added_along_path"):
        return arriving + slope
    return arriving @ slope if flaw("matrix_for_elementwise_product") else arriving * slope


_through_one_layer("error_signals.recursion")(_delta_of_tanh)


def _deep(rng: np.random.Generator, size: int) -> Inputs:
    return _of_widths(rng, sizes(rng, size, 4))


def _of_widths(rng: np.random.Generator, widths: Sequence[int]) -> Inputs:
    return {
        "z": [rng.normal(size=n) for n in widths],
        "W": [rng.normal(size=shape) for shape in zip(widths[1:], widths[:-1], strict=True)],
        "delta_output": rng.normal(size=widths[-1]),
    }


@question(
    "error_signals.all_deltas",
    inputs=_deep,
    edges=lambda rng: [
        *(
            _of_widths(rng, each)
            for each in [(1, 2, 3, 4), (2, 1, 4, 3), (3, 4, 1, 2), (4, 2, 3, 1)]
        ),
        far(_of_widths(rng, (2, 4, 3, 2))),
    ],
    misconceptions=TANH_SLOPES + " slope_of_wrong_layer output_slope_twice off_by_one_loop "
    "elementwise_for_matrix_product results_swapped one_path_only overwritten_not_accumulated "
    "sign_flipped",
    forms={"slope_of_wrong_layer": "below before_the_weights", "off_by_one_loop": "left_out"},
    families=(
        OF_TANH,
        Family(
            "weights_missing backward_is_inverse",
            {"slope_missing": "where_passed_on at_the_first but_at_the_top"},
        ),
    ),
)
def all_deltas(flaw: Flaws, z: list[Array], W: list[Array], delta_output: Array) -> Result:
    deltas = [delta_output * (tanh_slope(flaw, z[-1]) if flaw("output_slope_twice") else 1.0)]
    for layer in range(len(W) - 1, -1, -1):
        turned = W[layer].T
        off = (-1 if flaw("below") else 1) if flaw("slope_of_wrong_layer") else 0
        spared = (flaw("at_the_first") and layer > 0) or (
            flaw("but_at_the_top") and layer == len(W) - 1
        )
        slope = tanh_slope(Flaws() if spared else flaw, z[layer + off])
        delta = deltas[0] * (slope if flaw("before_the_weights") else 1.0)
        arriving = turned * delta if flaw("elementwise_for_matrix_product") else turned @ delta
        if flaw("one_path_only"):
            arriving = turned[:, 0] * delta[0]
        if flaw("overwritten_not_accumulated"):
            arriving = turned[:, -1] * delta[-1]
        if flaw("backward_is_inverse"):
            arriving = np.linalg.inv(W[layer]) @ delta
        if flaw("weights_missing"):
            arriving = delta
        if flaw("sign_flipped"):
            arriving = -arriving
        deltas.insert(0, arriving if flaw("before_the_weights") else arriving * slope)
    if flaw("where_passed_on"):  # each δ has its own slope, and comes down from one without
        down = [delta_output]
        for W_above in W[::-1]:
            down.insert(0, W_above.T @ down[0])
        deltas = [d * (1 - np.tanh(u) ** 2) for d, u in zip(down, z, strict=True)]
        deltas[-1] = delta_output
    if flaw("off_by_one_loop"):
        deltas[:1] = [] if flaw("left_out") else [np.zeros_like(z[0])]
    return tuple(deltas[::-1] if flaw("results_swapped") else deltas)


_through_one_layer("error_signals.mend_recursion")(_delta_of_tanh)


lettered("error_signals.order_of_recursion")


@question(
    "error_signals.delta_with_skip",
    inputs=normals("nao", z="n", W_above="an", delta_above="a", V="on", delta_output="o"),
    misconceptions=TANH_SLOPES + " one_path_only",
    families=(
        OF_TANH,
        Family(
            "slope_before_the_sum plus_for_minus paths_multiplied",
            {"one_path_only": "the_skip_alone", "paths_multiplied": "each_with_its_slope"},
        ),
    ),
)
def delta_with_skip(
    flaw: Flaws, z: Array, W_above: Array, delta_above: Array, V: Array, delta_output: Array
) -> Result:
    arriving = W_above.T @ delta_above
    if flaw("the_skip_alone"):
        return V.T @ delta_output * tanh_slope(flaw, z)
    if flaw("plus_for_minus"):
        return (arriving - V.T @ delta_output) * (1 - np.tanh(z) ** 2)
    if flaw("slope_before_the_sum"):  # the path that skips a layer ends at the same unit
        return arriving * tanh_slope(flaw, z) + V.T @ delta_output
    if flaw("paths_multiplied"):
        again = tanh_slope(flaw, z) if flaw("each_with_its_slope") else 1.0
        return arriving * (V.T @ delta_output) * tanh_slope(flaw, z) * again
    if not flaw("one_path_only"):
        arriving = arriving + V.T @ delta_output
    return arriving * tanh_slope(flaw, z)
