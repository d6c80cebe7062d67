"""Lesson 09: Jacobians, rows and columns, and their product."""

import numpy as np

from bpcourse.questions.bank._inputs import distinct, far, normals
from bpcourse.questions.bank._slopes import OF_TANH, TANH_SLOPES, tanh_slope
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result

INVERSE = Family("backward_is_inverse", {"backward_is_inverse": "inv"})


def inverse(flaw: Flaws, W: Array) -> Array:
    """W⁻¹, or what stands for it where W is not square; an error there, in the form "inv"."""
    return (np.linalg.inv(W) if flaw("inv") else np.linalg.pinv(W)).astype(float)


def _in_and_out(n: int, m: int) -> Picture:
    from bpcourse import figures

    return figures.shape_row(
        [("v", (n, 1), "forward"), "→", ("f(v)", (m, 1), "forward")],
        sizes={n: "inputs", m: "outputs"},
    )


@question(
    "vectors_and_jacobians.shape_of_jacobian",
    picture=_in_and_out,
    inputs=distinct("n m", 1),
    misconceptions="jacobian_transposed input_alone",
    forms={"input_alone": "as_row"},
    slips=lambda n, m: {"output_alone": [(m,), (m, 1), (1, m), (m, m)], "input_alone": [(n, n)]},
)
def shape_of_jacobian(flaw: Flaws, n: int, m: int) -> Result:
    if flaw("input_alone"):
        return (1, n) if flaw("as_row") else (n,)
    return (n, m) if flaw("jacobian_transposed") else (m, n)


def _point_wise(rng: np.random.Generator, size: int) -> Inputs:
    return {"z": rng.normal(size=2 + size)}


@question(
    "vectors_and_jacobians.pointwise_jacobian",
    inputs=_point_wise,
    edges=lambda rng: [_point_wise(rng, -1), far(_point_wise(rng, 1))],
    misconceptions=f"diagonal_as_vector full_for_diagonal {TANH_SLOPES}",
    families=(OF_TANH,),
    forms={"full_for_diagonal": "in_rows of_all_pairs of_all_activations ones_beside of_softmax"},
)
def pointwise_jacobian(flaw: Flaws, z: Array) -> Result:
    slope = tanh_slope(flaw, z)
    if flaw("diagonal_as_vector"):
        return slope
    if not flaw("full_for_diagonal"):
        return np.diag(slope)
    if flaw("of_all_activations"):
        return np.eye(len(z)) - np.outer(np.tanh(z), np.tanh(z))
    if flaw("ones_beside"):
        return 1 - np.diag(1 - slope)
    if flaw("of_softmax"):
        return np.diag(np.tanh(z)) - np.outer(np.tanh(z), np.tanh(z))
    full = np.outer(slope, slope if flaw("of_all_pairs") else np.ones(len(z)))
    return full.T.copy() if flaw("in_rows") else full


@question(
    "vectors_and_jacobians.product_of_jacobians",
    inputs=normals("abc", x="a", W1="ba", W2="cb"),
    misconceptions=f"jacobian_transposed chain_order_reversed one_layer_only activation_on_output "
    f"slope_of_wrong_layer {TANH_SLOPES}",
    families=(OF_TANH,),
    forms={"one_layer_only": "the_lower", "slope_of_wrong_layer": "of_the_input"},
)
def product_of_jacobians(flaw: Flaws, x: Array, W1: Array, W2: Array) -> Result:
    z = W1 @ x
    y = W2 @ np.tanh(z)
    J = np.diag(tanh_slope(flaw, z))
    if flaw("slope_of_wrong_layer"):
        if flaw("of_the_input"):
            return W2 @ W1 @ np.diag(1 - np.tanh(x) ** 2)
        return np.diag(1 - np.tanh(y) ** 2) @ W2 @ W1
    if flaw("chain_order_reversed"):
        return W1 @ J @ W2
    if flaw("one_layer_only"):
        return J @ W1 if flaw("the_lower") else W2 @ J
    whole = W2 @ J @ W1
    if flaw("activation_on_output"):
        whole = np.diag(1 - np.tanh(y) ** 2) @ whole
    return whole.T.copy() if flaw("jacobian_transposed") else whole


@question(
    "vectors_and_jacobians.row_recursion",
    inputs=normals("na", delta_row="1a", W="an", z="n"),
    misconceptions=f"row_for_column_form backward_is_inverse "
    f"elementwise_for_matrix_product matrix_for_elementwise_product column_broadcast "
    f"added_along_path {TANH_SLOPES}",
    families=(OF_TANH, INVERSE, Family("weights_missing overwritten_not_accumulated")),
)
def row_recursion(flaw: Flaws, delta_row: Array, W: Array, z: Array) -> Result:
    slope = tanh_slope(flaw, z)
    if flaw("elementwise_for_matrix_product"):
        return delta_row.T * W * slope
    if flaw("backward_is_inverse"):
        W = inverse(flaw, W).T
    arriving = delta_row if flaw("weights_missing") else delta_row @ W
    if flaw("overwritten_not_accumulated"):  # the last of the units above
        arriving = delta_row[:, -1:] * W[-1]
    if flaw("matrix_for_elementwise_product"):
        return arriving @ slope
    if flaw("added_along_path"):
        return arriving + slope
    if flaw("column_broadcast"):
        return arriving.T * slope
    below = arriving * slope
    return below.T.copy() if flaw("row_for_column_form") else below


@question(
    "vectors_and_jacobians.mend_crossing",
    inputs=normals("nm", W="mn", delta="m"),
    misconceptions="backward_is_inverse row_for_column_form elementwise_for_matrix_product "
    "summed_over_wrong_axis overwritten_not_accumulated upstream_shared_out off_by_one_loop",
    forms={
        "row_for_column_form": "as_column",
        "elementwise_for_matrix_product": "transposed as_it_is",
        "upstream_shared_out": "of_each_input",
    },
    coincide={frozenset({"upstream_shared_out", "summed_over_wrong_axis"})},  # gives δ itself
    families=(INVERSE,),
)
def mend_crossing(flaw: Flaws, W: Array, delta: Array) -> Result:
    if flaw("backward_is_inverse"):
        return inverse(flaw, W) @ delta
    if flaw("elementwise_for_matrix_product"):
        if flaw("as_it_is"):
            return W * delta
        return W.T * delta if flaw("transposed") else (W.T * delta).T
    if flaw("upstream_shared_out"):
        W = W / W.sum(axis=0 if flaw("of_each_input") else 1, keepdims=True)
    if flaw("off_by_one_loop"):
        W, delta = W[:-1], delta[:-1]
    each = W.T * delta
    if flaw("overwritten_not_accumulated"):
        return each[:, -1].copy()
    below = each.sum(axis=0 if flaw("summed_over_wrong_axis") else 1)
    if flaw("row_for_column_form"):
        return below[:, None] if flaw("as_column") else below[None, :]
    return below


lettered(
    "vectors_and_jacobians.why_transpose", inputs=lambda rng, size: {"n": int(rng.integers(3, 9))}
)


lettered("vectors_and_jacobians.order_of_column")


def _residual(rng: np.random.Generator, size: int) -> Inputs:
    n = 2 + size
    return {"W": rng.normal(size=(n, n)), "delta": rng.normal(size=n)}


@question(
    "vectors_and_jacobians.back_through_sum",
    inputs=_residual,
    edges=lambda rng: [_residual(rng, -1)],
    misconceptions="one_path_only weights_wrong_way_round backward_is_inverse "
    "elementwise_for_matrix_product",
    families=(
        Family(
            "paths_multiplied plus_for_minus ones_for_identity upstream_missing",
            {"one_path_only": "the_other"},
        ),
    ),
)
def back_through_sum(flaw: Flaws, W: Array, delta: Array) -> Result:
    if flaw("ones_for_identity"):
        return (W.T + 1) @ delta
    turned = W if flaw("weights_wrong_way_round") else W.T
    if flaw("backward_is_inverse"):
        return np.linalg.pinv(W + np.eye(len(W))) @ delta
    if flaw("elementwise_for_matrix_product"):
        return turned * delta + delta
    back = turned @ delta
    if flaw("paths_multiplied") or flaw("plus_for_minus"):
        return back * delta if flaw("paths_multiplied") else back - delta
    if flaw("the_other"):
        return delta + 0.0
    if flaw("upstream_missing"):  # on the direct path
        return back + 1
    if not flaw("one_path_only"):
        back = back + delta
    return back
