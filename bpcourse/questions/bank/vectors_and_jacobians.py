"""Lesson 09: Jacobians, rows and columns, and their product."""

import numpy as np

from bpcourse.questions.inputs import sizes
from bpcourse.questions.question import question


def _in_and_out(n, m):
    from bpcourse import figures

    parts = [("v", (n, 1), "forward"), "→", ("f(v)", (m, 1), "forward")]
    return figures.shape_row(parts, sizes={n: "inputs", m: "outputs"})


@question(
    "vectors_and_jacobians.shape_of_jacobian",
    "shape",
    answer="jacobian_shape",
    picture=_in_and_out,
    inputs=lambda rng, size: dict(zip(("n", "m"), sizes(rng, size + 1, 2), strict=True)),
    level="warm_up",
    points=1,
    minutes=1,
    misconceptions="rows_and_columns_swapped input_alone",
)
def shape_of_jacobian(flaw, n, m):
    if flaw("input_alone"):
        return (n,)
    return (n, m) if flaw("rows_and_columns_swapped") else (m, n)


def _point_wise(rng, size):
    return {"z": rng.normal(size=2 + size)}


@question(
    "vectors_and_jacobians.pointwise_jacobian",
    answer="pointwise_jacobian",
    inputs=_point_wise,
    points=2,
    minutes=6,
    misconceptions="diagonal_forgotten full_for_diagonal function_for_slope "
    "tanh_slope_not_squared slope_at_activation",
)
def pointwise_jacobian(flaw, z):
    a = np.tanh(z)
    slope = 1 - np.tanh(a if flaw("slope_at_activation") else z) ** 2
    if flaw("tanh_slope_not_squared"):
        slope = 1 - a
    if flaw("function_for_slope"):
        slope = a
    if flaw("diagonal_forgotten"):
        return slope
    return np.outer(slope, np.ones(len(z))) if flaw("full_for_diagonal") else np.diag(slope)


def _chain(rng, size):
    n_0, n_1, n_2 = sizes(rng, size, 3)
    return {
        "x": rng.normal(size=n_0),
        "W1": rng.normal(size=(n_1, n_0)),
        "W2": rng.normal(size=(n_2, n_1)),
    }


@question(
    "vectors_and_jacobians.product_of_jacobians",
    answer="network_jacobian",
    inputs=_chain,
    level="stretch",
    points=3,
    minutes=10,
    misconceptions="gradient_transposed slope_missing slope_at_activation chain_order_reversed",
)
def product_of_jacobians(flaw, x, W1, W2):
    z = W1 @ x
    point = np.tanh(z) if flaw("slope_at_activation") else z
    J = np.eye(len(z)) if flaw("slope_missing") else np.diag(1 - np.tanh(point) ** 2)
    if flaw("chain_order_reversed"):
        return W1 @ J @ W2
    whole = W2 @ J @ W1
    return whole.T.copy() if flaw("gradient_transposed") else whole


def _row(rng, size):
    n, n_above = sizes(rng, size, 2)
    return {
        "delta_row": rng.normal(size=(1, n_above)),
        "W": rng.normal(size=(n_above, n)),
        "z": rng.normal(size=n),
    }


@question(
    "vectors_and_jacobians.row_recursion",
    answer="row_below",
    inputs=_row,
    points=2,
    minutes=6,
    misconceptions="row_for_column_form weights_wrong_way_round slope_missing slope_at_activation",
)
def row_recursion(flaw, delta_row, W, z):
    point = np.tanh(z) if flaw("slope_at_activation") else z
    slope = np.ones_like(z) if flaw("slope_missing") else 1 - np.tanh(point) ** 2
    arriving = delta_row @ (W.T if flaw("weights_wrong_way_round") else W)
    below = arriving * slope
    return below.T.copy() if flaw("row_for_column_form") else below


def _crossing(rng, size):
    n, m = sizes(rng, size, 2)
    return {"W": rng.normal(size=(m, n)), "delta": rng.normal(size=m)}


@question(
    "vectors_and_jacobians.mend_crossing",
    "mend",
    answer="cross_affine_map",
    inputs=_crossing,
    level="core",
    points=2,
    minutes=5,
    misconceptions="backward_is_inverse weights_wrong_way_round row_for_column_form sign_flipped",
)
def mend_crossing(flaw, W, delta):
    if flaw("backward_is_inverse"):
        return np.linalg.pinv(W) @ delta
    if flaw("weights_wrong_way_round"):
        return W @ delta
    below = W.T @ delta
    if flaw("row_for_column_form"):
        return below[None, :]
    return -below if flaw("sign_flipped") else below


@question(
    "vectors_and_jacobians.why_transpose",
    "choice",
    answer="why_transpose",
    inputs=lambda rng, size: {"n": int(rng.integers(3, 9))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="backward_is_inverse upstream_shared_out chain_order_reversed",
)
def why_transpose(flaw, n):
    if flaw("backward_is_inverse"):
        return "undo"
    if flaw("upstream_shared_out"):
        return "share"
    return "shape_only" if flaw("chain_order_reversed") else "sum_over_outputs"
