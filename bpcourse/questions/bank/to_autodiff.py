"""Lesson 15: the network as a graph of arrays."""

import numpy as np

from bpcourse.questions.bank._inputs import sizes
from bpcourse.questions.question import question


def _product(rng, size):
    n, m, p = sizes(rng, size, 3)
    return {
        "A": rng.normal(size=(n, m)),
        "B": rng.normal(size=(m, p)),
        "grad": rng.normal(size=(n, p)),
    }


@question(
    "to_autodiff.matmul_gate",
    answer="matmul_backward",
    inputs=_product,
    parts=("grad_A", "grad_B"),
    points=3,
    minutes=10,
    misconceptions="wrong_argument weights_wrong_way_round chain_order_reversed "
    "gradient_transposed upstream_missing backward_is_inverse elementwise_for_matrix_product",
    forms={"upstream_missing": "transposes_alone"},
)
def matmul_gate(flaw, A, B, grad):
    if flaw("transposes_alone"):
        return B.T.copy(), A.T.copy()
    if flaw("upstream_missing"):
        grad = np.ones_like(grad)
    if flaw("elementwise_for_matrix_product"):
        return grad * B, grad * A
    if flaw("wrong_argument"):
        return A.T @ grad, grad @ B.T
    if flaw("weights_wrong_way_round"):
        return grad @ B, A @ grad
    if flaw("chain_order_reversed"):
        return B.T @ grad, grad @ A.T
    if flaw("backward_is_inverse"):
        return grad @ np.linalg.pinv(B), np.linalg.pinv(A) @ grad
    grads = grad @ B.T, A.T @ grad
    return (grads[0].T.copy(), grads[1].T.copy()) if flaw("gradient_transposed") else grads


def _broadcast(rng, size):
    n, m = sizes(rng, size, 2)
    return {"X": rng.normal(size=(n, m)), "b": rng.normal(size=m), "grad": rng.normal(size=(n, m))}


@question(
    "to_autodiff.add_with_broadcast",
    answer="broadcast_backward",
    inputs=_broadcast,
    parts=("grad_X", "grad_b"),
    points=2,
    minutes=6,
    misconceptions="bias_not_summed bias_averaged summed_over_wrong_axis upstream_shared_out "
    "result_aliases_input bias_summed_to_one upstream_missing first_example_only "
    "overwritten_not_accumulated results_swapped",
)
def add_with_broadcast(flaw, X, b, grad):
    into_X = grad if flaw("result_aliases_input") else grad + 0.0
    if flaw("upstream_shared_out"):
        into_X = grad / 2
    if flaw("upstream_missing"):
        into_X = grad = np.ones_like(grad)
    total = grad.sum(axis=1 if flaw("summed_over_wrong_axis") else 0)
    if flaw("bias_not_summed"):
        total = grad + 0.0
    if flaw("bias_summed_to_one"):
        total = grad.sum()
    if flaw("first_example_only") or flaw("overwritten_not_accumulated"):
        total = grad[0 if flaw("first_example_only") else -1] + 0.0
    if flaw("upstream_shared_out") or flaw("bias_averaged"):
        total = total / (2 if flaw("upstream_shared_out") else len(X))
    return (total, into_X) if flaw("results_swapped") else (into_X, total)


@question(
    "to_autodiff.mend_accumulate",
    "mend",
    answer="gradient_of_sum_of_squares",
    inputs=lambda rng, size: {"x": rng.normal(size=2 + size), "times": 1 + size},
    level="core",
    points=2,
    minutes=6,
    misconceptions="overwritten_not_accumulated not_reset sign_flipped wrong_argument "
    "paths_multiplied input_changed",
)
def mend_accumulate(flaw, x, times):
    """The gradient of Σ x·x, computed ``times`` times over; each time from zero."""
    grad = np.zeros_like(x)
    if flaw("input_changed"):  # grad = x; grad += x
        for _ in range(times):
            x += x
        return x
    for _ in range(times):
        if not flaw("not_reset"):
            grad = np.zeros_like(x)
        if flaw("paths_multiplied"):
            grad = np.ones_like(x)
        for local in (x, x):  # the two inputs of the multiply gate
            if flaw("wrong_argument"):
                local = np.ones_like(x)
            if flaw("overwritten_not_accumulated"):
                grad = local + 0.0
            else:
                grad = grad * local if flaw("paths_multiplied") else grad + local
    return -grad if flaw("sign_flipped") else grad


@question(
    "to_autodiff.what_is_kept",
    "choice",
    answer="what_is_kept",
    inputs=lambda rng, size: {"layers": int(rng.integers(10, 90))},
    level="warm_up",
    points=1,
    minutes=2,
    misconceptions="stale_cache backward_is_inverse one_pass_is_enough",
)
def what_is_kept(flaw, layers):
    if flaw("stale_cache"):
        return "weights_only"
    if flaw("backward_is_inverse"):
        return "recompute_inputs"
    return "nothing" if flaw("one_pass_is_enough") else "activations"


@question(
    "to_autodiff.forward_or_reverse",
    "choice",
    answer="forward_or_reverse",
    inputs=lambda rng, size: {"inputs": int(rng.integers(2, 9)) * 1000},
    level="stretch",
    points=1,
    minutes=2,
    misconceptions="cost_grows_with_weights_squared matrix_times_matrix one_pass_is_enough",
)
def forward_or_reverse(flaw, inputs):
    if flaw("cost_grows_with_weights_squared"):
        return "as_many"
    if flaw("matrix_times_matrix"):
        return "no_difference"
    return "forward_once" if flaw("one_pass_is_enough") else "reverse_once"
