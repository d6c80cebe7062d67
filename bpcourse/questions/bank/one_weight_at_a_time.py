"""Lesson 07: the two terms, δ, and the sums over all paths."""

import numpy as np

from bpcourse.questions.inputs import rounded, sizes
from bpcourse.questions.question import question


def _weight(rng, size):
    return {
        "delta": rounded(rng, 3, -2, 2),
        "a": rounded(rng, 4, 0.1, 2.5),
        "w": float(rounded(rng, (), 3, 5)),
        "i": int(rng.integers(1, 4)),
        "j": int(rng.integers(1, 5)),
    }


def _the_weight(delta, a, w, i, j):
    from bpcourse import figures

    def numbers(values):
        return [figures.number(value, 1) for value in values]

    return figures.layer_diagram(
        [numbers(a), numbers(delta)],
        ["$a$", r"$\delta$"],
        kinds=["forward", "gradient"],
        marked={(0, j - 1, i - 1): f"{w:g}"},
    )


@question(
    "one_weight_at_a_time.two_terms",
    "number",
    answer="dC_dw",
    inputs=_weight,
    picture=_the_weight,
    level="warm_up",
    points=1,
    minutes=2,
    decimals=2,
    misconceptions="big_weight_big_gradient upstream_missing indices_swapped sign_flipped",
)
def two_terms(flaw, delta, a, w, i, j):
    if flaw("indices_swapped"):
        i, j = min(j, len(delta)), i
    d, below = float(delta[i - 1]), float(a[j - 1])
    if flaw("big_weight_big_gradient"):
        return d * w
    if flaw("upstream_missing"):
        return below
    return -d * below if flaw("sign_flipped") else d * below


def _parts(rng, size):
    n_in, n_out = sizes(rng, size, 2)
    return {"delta": rng.normal(size=n_out), "a_below": rng.normal(size=n_in)}


@question(
    "one_weight_at_a_time.all_weights",
    answer="weight_gradients",
    inputs=_parts,
    points=2,
    minutes=6,
    misconceptions="gradient_transposed upstream_missing one_path_only sign_flipped",
)
def all_weights(flaw, delta, a_below):
    table = np.empty((len(delta), len(a_below)))
    for i in range(len(delta)):
        for j in range(len(a_below)):
            table[i, j] = (1 if flaw("upstream_missing") else delta[i]) * a_below[j]
    if flaw("one_path_only"):
        table[1:] = 0
    if flaw("sign_flipped"):
        table = -table
    return table.T.copy() if flaw("gradient_transposed") else table


def _hidden(rng, size):
    n_0, n_1, n_2 = sizes(rng, size, 3)
    return {
        "x": rng.normal(size=n_0),
        "W1": rng.normal(size=(n_1, n_0)),
        "W2": rng.normal(size=(n_2, n_1)),
        "y": rng.normal(size=n_2),
        "j": int(rng.integers(n_1)),
        "i": int(rng.integers(n_0)),
    }


@question(
    "one_weight_at_a_time.nested_sum",
    answer="slope_of_one_weight",
    inputs=_hidden,
    level="stretch",
    points=3,
    minutes=15,
    misconceptions="one_path_only slope_missing slope_at_activation upstream_missing "
    "activation_of_own_layer factor_two_extra function_for_slope tanh_slope_not_squared",
    forms={"one_path_only": "the_last_path"},
)
def nested_sum(flaw, x, W1, W2, y, j, i):
    z = W1 @ x
    a = np.tanh(z)
    error = W2 @ a - y  # E = ½ Σ (ŷ − y)²
    total = 0.0
    paths = range(len(y))
    if flaw("one_path_only"):
        paths = paths[-1:] if flaw("the_last_path") else paths[:1]
    for k in paths:
        total += (1 if flaw("upstream_missing") else error[k]) * W2[k, j]
    if not flaw("slope_missing"):
        t = np.tanh(a[j] if flaw("slope_at_activation") else z[j])
        slope = 1 - (t if flaw("tanh_slope_not_squared") else t**2)
        total *= t if flaw("function_for_slope") else slope
    total *= a[j] if flaw("activation_of_own_layer") else x[i]
    return 2 * total if flaw("factor_two_extra") else total


def _one_output(rng, size):
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
    "mend",
    answer="mended_slope",
    inputs=_one_output,
    level="core",
    points=2,
    minutes=6,
    misconceptions="activation_of_own_layer slope_missing slope_at_activation "
    "big_weight_big_gradient",
)
def mend_slope(flaw, x, W, v, i, j):
    z = W @ x  # s = v · tanh(W x): one output
    a = np.tanh(z)
    slope = 1 - np.tanh(a[i] if flaw("slope_at_activation") else z[i]) ** 2
    if flaw("slope_missing"):
        slope = 1.0
    arriving = a[i] if flaw("activation_of_own_layer") else x[j]
    if flaw("big_weight_big_gradient"):
        arriving = W[i, j]
    return v[i] * slope * arriving


def _further_layers(width, layers, outputs):
    from bpcourse import figures

    sizes = [1] + [width] * layers + [outputs]
    return figures.layer_diagram(sizes, [str(size) for size in sizes])


@question(
    "one_weight_at_a_time.number_of_paths",
    "number",
    answer="paths",
    picture=_further_layers,
    inputs=lambda rng, size: {
        "width": int(rng.integers(3, 9)),
        "layers": int(rng.integers(2, 5)),
        "outputs": 2,
    },
    level="core",
    points=1,
    minutes=3,
    misconceptions="added_along_path one_layer_off outputs_not_counted",
)
def number_of_paths(flaw, width, layers, outputs):
    if flaw("added_along_path"):
        return width * layers + outputs
    between = width ** (layers + 1 if flaw("one_layer_off") else layers)
    return between * (1 if flaw("outputs_not_counted") else outputs)


@question(
    "one_weight_at_a_time.silent_pixel",
    "choice",
    answer="silent_pixel",
    inputs=lambda rng, size: {"pixel": int(rng.integers(1, 60))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="big_weight_big_gradient zero_means_solved slope_missing",
)
def silent_pixel(flaw, pixel):
    if flaw("big_weight_big_gradient"):
        return "shrink"
    if flaw("zero_means_solved"):
        return "perfect"
    return "hidden_dead" if flaw("slope_missing") else "stay"
