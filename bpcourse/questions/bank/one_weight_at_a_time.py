"""Lesson 07: the two terms, δ, and the sums over all paths."""

import numpy as np

from bpcourse.questions.bank import _by_hand as by_hand
from bpcourse.questions.bank._inputs import normals, rounded, sizes
from bpcourse.questions.bank._slopes import OF_TANH, TANH_SLOPES, tanh_slope
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _weight(rng: np.random.Generator, size: int) -> Inputs:
    return {
        "delta": rounded(rng, 3, -2, 2),
        "a": rounded(rng, 4, 0.1, 2.5),
        "w": float(rounded(rng, (), 3, 5)),
        "i": int(rng.integers(1, 4)),
        "j": int(rng.integers(1, 5)),
    }


def _the_weight(delta: Array, a: Array, w: float, i: int, j: int) -> Picture:
    from bpcourse import figures

    return figures.layer_diagram(
        [[figures.number(value, 1) for value in values] for values in (a, delta)],
        ["$a$", r"$\delta$"],
        kinds=["forward", "gradient"],
        marked={(0, j - 1, i - 1): f"{w:g}"},
    )


@question(
    "one_weight_at_a_time.two_terms",
    inputs=_weight,
    picture=_the_weight,
    misconceptions="big_weight_big_gradient upstream_missing indices_swapped sign_flipped",
    slips=lambda delta, a, w, i, j: (
        by_hand.entry_of(delta, a, i, j)
        | {
            "big_weight_big_gradient": [delta[i - 1] * a[j - 1] * w, a[j - 1] * w, w],
            "indices_swapped": delta[i - 1] * a[i - 1],
            "divided_for_multiplied": [delta[i - 1] / a[j - 1], a[j - 1] / delta[i - 1]],
        }
    ),
    on_the_way=lambda delta, a, w, i, j: {"delta": delta[i - 1]},
)
def two_terms(flaw: Flaws, delta: Array, a: Array, w: float, i: int, j: int) -> Result:
    if flaw("indices_swapped"):
        i, j = min(j, len(delta)), i
    d, below = float(delta[i - 1]), float(a[j - 1])
    if flaw("big_weight_big_gradient"):
        return d * w
    if flaw("upstream_missing"):
        return below
    return -d * below if flaw("sign_flipped") else d * below


@question(
    "one_weight_at_a_time.all_weights",
    inputs=normals("io", delta="o", a_below="i"),
    misconceptions="gradient_transposed off_by_one_loop indices_swapped "
    "elementwise_for_matrix_product added_along_path",
    forms={"off_by_one_loop": "last_unit last_input"},
    families=(
        Family(
            "slope_in_linear_layer inner_for_outer_product",
            {"slope_in_linear_layer": "of_tanh times_that_of_tanh times_that_of_sigma"},
        ),
    ),
)
def all_weights(flaw: Flaws, delta: Array, a_below: Array) -> Result:
    if flaw("inner_for_outer_product"):
        return delta @ a_below
    if flaw("slope_in_linear_layer"):
        slope = a_below * (1 - a_below)
        if flaw("of_tanh") or flaw("times_that_of_tanh"):
            slope = 1 - a_below**2
        both = flaw("times_that_of_tanh") or flaw("times_that_of_sigma")
        a_below = a_below * slope if both else slope
    if flaw("elementwise_for_matrix_product"):
        return delta * a_below
    table = np.zeros((len(delta), len(a_below)))
    for i in range(len(delta)):
        for j in range(len(a_below)):
            d, a = (delta[j], a_below[i]) if flaw("indices_swapped") else (delta[i], a_below[j])
            table[i, j] = d + a if flaw("added_along_path") else d * a
    if flaw("off_by_one_loop"):
        if flaw("last_unit"):
            table[-1] = 0
        elif flaw("last_input"):
            table[:, -1] = 0
        else:  # a return inside the loop
            table[1:] = 0
    return table.T.copy() if flaw("gradient_transposed") else table


def _hidden(rng: np.random.Generator, size: int) -> Inputs:
    return _of_sizes(rng, *sizes(rng, size, 3))


def _of_sizes(rng: np.random.Generator, n_0: int, n_1: int, n_2: int) -> Inputs:
    return {
        "x": rng.normal(size=n_0),
        "W1": rng.normal(size=(n_1, n_0)),
        "W2": rng.normal(size=(n_2, n_1)),
        "y": rng.normal(size=n_2),
        "i": int(rng.integers(n_1)),
        "j": int(rng.integers(n_0)),
    }


@question(
    "one_weight_at_a_time.nested_sum",
    inputs=_hidden,
    edges=lambda rng: [_of_sizes(rng, *each) for each in [(1, 2, 3), (3, 1, 2), (2, 3, 1)]],
    misconceptions=TANH_SLOPES + " one_path_only upstream_missing activation_of_own_layer "
    "factor_two_extra factor_two_missing indices_swapped "
    "paths_multiplied overwritten_not_accumulated off_by_one_loop weights_wrong_way_round "
    "activation_forgotten activation_on_output",
    families=(
        OF_TANH,
        Family(
            "target_for_output big_weight_big_gradient summed_too_early",
            {
                "activation_on_output": "with_its_slope",
                "weights_wrong_way_round": "entry_by_entry",
                "big_weight_big_gradient": "for_the_input",
            },
        ),
    ),
    forms={
        "one_path_only": "own_number",
        "indices_swapped": "of_the_weights of_the_slope of_both of_the_result",
    },
)
def nested_sum(flaw: Flaws, x: Array, W1: Array, W2: Array, y: Array, i: int, j: int) -> Result:
    z = W1 @ x
    a = np.tanh(z)
    y_hat = W2 @ (z if flaw("activation_forgotten") else a)
    if flaw("activation_on_output"):
        y_hat = np.tanh(y_hat)
    error = y_hat - y  # E = ½ Σ (ŷ − y)²
    if flaw("target_for_output"):
        error = y + 0.0
    if flaw("with_its_slope"):
        error = error * (1 - y_hat**2)
    if flaw("upstream_missing"):
        error = np.ones_like(error)
    if flaw("summed_too_early"):
        return (error @ W2 * (1 - a**2)).sum() * x[j]
    swapped = flaw("indices_swapped")
    if swapped and flaw("of_the_result"):
        i, j = j, i
    column = W2[:, j if swapped and (flaw("of_the_weights") or flaw("of_both")) else i]
    if flaw("weights_wrong_way_round"):
        column = W2[i].take(range(len(y))) if flaw("entry_by_entry") else W2[i]
    terms = error * column
    if flaw("one_path_only"):
        terms = terms[i if flaw("own_number") else 0]
    if flaw("overwritten_not_accumulated"):
        terms = terms[-1]
    if flaw("off_by_one_loop"):
        terms = terms[:-1]
    total = terms.prod() if flaw("paths_multiplied") else terms.sum()
    total *= tanh_slope(flaw, z[j if swapped and (flaw("of_the_slope") or flaw("of_both")) else i])
    others = ("of_the_weights", "of_the_slope", "of_both", "of_the_result")
    arriving = x[i if swapped and not any(map(flaw, others)) else j]
    if flaw("big_weight_big_gradient"):
        arriving = W1[i, j] * (1.0 if flaw("for_the_input") else arriving)
    total *= a[i] if flaw("activation_of_own_layer") else arriving
    if flaw("factor_two_missing"):
        total = total / 2
    return 2 * total if flaw("factor_two_extra") else total


def _one_output(rng: np.random.Generator, size: int) -> Inputs:
    n_in, n = sizes(rng, size + 1, 2)
    return {
        "x": rng.normal(size=n_in),
        "W": rng.normal(size=(n, n_in)),
        "v": rng.normal(size=n),
        "i": int(rng.integers(n)),
        "j": int(rng.integers(n_in)),
    }


@question(
    "one_weight_at_a_time.mend_slope",
    inputs=_one_output,
    misconceptions=TANH_SLOPES
    + " activation_of_own_layer big_weight_big_gradient upstream_missing "
    "indices_swapped",
    families=(
        OF_TANH,
        Family(
            "activation_on_input",
            {
                "activation_of_own_layer": "of_unit_j of_unit_j_before",
                "big_weight_big_gradient": "beside_the_input",
            },
        ),
    ),
    forms={
        "activation_of_own_layer": "before_tanh",
        "indices_swapped": "of_delta of_both of_v of_slope",
    },
)
def mend_slope(flaw: Flaws, x: Array, W: Array, v: Array, i: int, j: int) -> Result:
    if flaw("indices_swapped"):
        if flaw("of_both"):
            i, j = j, i
        elif flaw("of_delta"):
            i = j
        elif not flaw("of_v") and not flaw("of_slope"):
            j = i
    z = W @ x  # s = v · tanh(W x): one output
    a = z if flaw("before_tanh") else np.tanh(z)
    arriving = a[i] if flaw("activation_of_own_layer") else x[j]
    if flaw("of_unit_j") or flaw("of_unit_j_before"):
        arriving = (a if flaw("of_unit_j") else z)[j]
    if flaw("activation_on_input"):
        arriving = np.tanh(x[j])
    if flaw("big_weight_big_gradient"):
        arriving = W[i, j] * (x[j] if flaw("beside_the_input") else 1.0)
    weight = 1.0 if flaw("upstream_missing") else v[j if flaw("of_v") else i]
    return weight * tanh_slope(flaw, z[j if flaw("of_slope") else i]) * arriving


def _further_layers(width: int, layers: int, outputs: int) -> Picture:
    from bpcourse import figures

    sizes = [1] + [width] * layers + [outputs]
    return figures.layer_diagram(sizes, [str(size) for size in sizes])


@question(
    "one_weight_at_a_time.number_of_paths",
    picture=_further_layers,
    inputs=lambda rng, size: {
        "width": int(rng.integers(3, 9)),
        "layers": int(rng.integers(2, 5)),
        "outputs": 2,
    },
    misconceptions="added_along_path one_layer_off outputs_not_counted",
    slips=lambda width, layers, outputs: {
        "one_layer_off": width ** (layers - 1) * outputs,
        "multiplied_for_power": width * layers * outputs,
        "base_and_exponent_swapped": [layers**width * outputs, layers**width],
        "added_along_path": [width**layers + outputs, width + layers + outputs],
        "one_layer_off outputs_not_counted": width ** (layers + 1),
    },
    on_the_way=lambda width, layers, outputs: {"one_layer": width, "to_outputs": width * outputs},
)
def number_of_paths(flaw: Flaws, width: int, layers: int, outputs: int) -> Result:
    if flaw("added_along_path"):
        return width * layers + outputs
    between = width ** (layers + 1 if flaw("one_layer_off") else layers)
    return between * (1 if flaw("outputs_not_counted") else outputs)


lettered(
    "one_weight_at_a_time.silent_pixel",
    inputs=lambda rng, size: {"pixel": int(rng.integers(1, 60))},
)


lettered("one_weight_at_a_time.order_of_two_terms")


def _shared(rng: np.random.Generator, size: int) -> Inputs:
    n = 2 + size
    return {"delta": rng.normal(size=n), "a_below": rng.normal(size=n)}


@question(
    "one_weight_at_a_time.shared_weight",
    inputs=_shared,
    misconceptions="one_path_only overwritten_not_accumulated mean_for_sum paths_multiplied",
    families=(Family("product_of_sums"),),
)
def shared_weight(flaw: Flaws, delta: Array, a_below: Array) -> Result:
    if flaw("product_of_sums"):
        return float(delta.sum() * a_below.sum())
    terms = delta * a_below
    if flaw("one_path_only"):
        terms = terms[:1]
    if flaw("overwritten_not_accumulated"):
        terms = terms[-1:]
    if flaw("paths_multiplied"):
        return float(np.prod(terms))
    return float(terms.mean() if flaw("mean_for_sum") else terms.sum())
