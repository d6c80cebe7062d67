"""Lesson 15: the network as a graph of arrays."""

import numpy as np

from bpcourse.questions.bank._inputs import normals
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Result


@question(
    "to_autodiff.matmul_gate",
    inputs=normals("nmp", A="nm", B="mp", grad="np"),
    misconceptions="wrong_argument weights_wrong_way_round chain_order_reversed "
    "gradient_transposed upstream_missing backward_is_inverse elementwise_for_matrix_product",
    families=(
        Family(
            "overwritten_not_accumulated product_of_sums",
            {
                "wrong_argument": "own_value",
                "backward_is_inverse": "inv",
                "upstream_missing": "into_A_alone into_B_alone ones_for_it",
            },
        ),
    ),
)
def matmul_gate(flaw: Flaws, A: Array, B: Array, grad: Array) -> Result:
    if flaw("into_A_alone") or flaw("into_B_alone") or flaw("ones_for_it"):
        ones = np.ones_like(grad)
        into_A = (grad if flaw("into_B_alone") else ones) @ B.T
        return into_A, A.T @ (grad if flaw("into_A_alone") else ones)
    if flaw("upstream_missing"):
        return B.T.copy(), A.T.copy()
    if flaw("elementwise_for_matrix_product"):
        return grad * B, grad * A
    if flaw("own_value"):
        return grad @ grad.T @ A, B @ grad.T @ grad
    if flaw("wrong_argument"):
        return A.T @ grad, grad @ B.T
    if flaw("weights_wrong_way_round"):
        return grad @ B, A @ grad
    if flaw("chain_order_reversed"):
        return B.T @ grad, grad @ A.T
    if flaw("backward_is_inverse"):
        inverse = np.linalg.inv if flaw("inv") else np.linalg.pinv
        return grad @ inverse(B), inverse(A) @ grad
    grads = grad @ B.T, A.T @ grad
    if flaw("overwritten_not_accumulated"):  # of the rows, the last alone has come to B
        grads = grads[0], np.outer(A[-1], grad[-1])
    if flaw("product_of_sums"):
        ends = A.sum(axis=0), grad.sum(axis=0)
        grads = np.outer(grad.sum(axis=1), B.sum(axis=1)), np.outer(*ends)
    return (grads[0].T.copy(), grads[1].T.copy()) if flaw("gradient_transposed") else grads


@question(
    "to_autodiff.add_with_broadcast",
    inputs=normals("nm", X="nm", b="m", grad="nm"),
    misconceptions="bias_not_summed bias_averaged summed_over_wrong_axis upstream_shared_out "
    "bias_summed_to_one first_example_only overwritten_not_accumulated results_swapped",
    families=(Family("add_gate_as_multiply", {"add_gate_as_multiply": "with_its_own"}),),
)
def add_with_broadcast(flaw: Flaws, X: Array, b: Array, grad: Array) -> Result:
    if flaw("add_gate_as_multiply"):
        own = flaw("with_its_own")
        into_b = (grad * (b if own else X)).sum(axis=0)
        return grad * (X if own else b), into_b / (len(X) if flaw("bias_averaged") else 1)
    into_X = grad / (2 if flaw("upstream_shared_out") else 1)
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
    inputs=lambda rng, size: {"x": rng.normal(size=2 + size), "times": 1 + size},
    misconceptions="overwritten_not_accumulated not_reset wrong_argument "
    "paths_multiplied input_changed",
)
def mend_accumulate(flaw: Flaws, x: Array, times: int) -> Result:
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
    return grad


lettered("to_autodiff.what_is_kept", inputs=lambda rng, size: {"layers": int(rng.integers(10, 90))})


lettered(
    "to_autodiff.forward_or_reverse",
    inputs=lambda rng, size: {"inputs": int(rng.integers(2, 9)) * 1000},
)


# --- the capstone: reverse mode on arrays, in five steps ------------------------------------------
# Each answer is a few lines that are given in the notebook and run on the gates that the student
# has built; nothing is trained here.


@question(
    "to_autodiff.elements",
    inputs=normals("nm", u="nm", v="nm", seed="nm"),
    misconceptions="overwritten_not_accumulated upstream_missing upstream_shared_out "
    "wrong_argument",
    forms={"overwritten_not_accumulated": "the_first_stays"},
    families=(Family("left_at_zero"),),
)
def elements(flaw: Flaws, u: Array, v: Array, seed: Array) -> Result:
    """The gradients of (u + v) · u, entry by entry, when ``seed`` comes from above."""
    if flaw("upstream_missing"):
        seed = np.ones_like(seed)
    total = u + v
    into_sum = seed * (total if flaw("wrong_argument") else u)
    straight = seed * (u if flaw("wrong_argument") else total)
    if flaw("upstream_shared_out"):
        into_sum = into_sum / 2
    into_u = straight + into_sum
    if flaw("overwritten_not_accumulated"):
        into_u = straight if flaw("the_first_stays") else into_sum
    if flaw("left_at_zero"):  # the walk ends at the last gate, or comes to it last
        return straight, np.zeros_like(v)
    return into_u, into_sum


@question(
    "to_autodiff.sums",
    inputs=normals("nm", Z="nm"),
    misconceptions="overwritten_not_accumulated summed_over_wrong_axis upstream_missing "
    "upstream_shared_out",
    forms={"overwritten_not_accumulated": "of_the_square of_the_columns"},
    families=(
        Family(
            "axis_ignored visited_too_early spread_along_wrong_axis",
            {"upstream_shared_out": "in_each_sum", "visited_too_early": "with_all_each_time"},
        ),
    ),
)
def sums(flaw: Flaws, Z: Array) -> Result:
    """The gradient of Σ_k c_k² + Σ Z, where c = Z.sum(axis=0)."""
    axis = 1 if flaw("summed_over_wrong_axis") else None if flaw("axis_ignored") else 0
    c = Z.sum(axis=axis, keepdims=True)
    from_square, from_all = 2 * c, 1.0
    if flaw("upstream_missing"):
        from_square = np.ones_like(c)
    if flaw("visited_too_early"):  # c sends on what it has at each of its two visits
        from_square = (4 if flaw("with_all_each_time") else 3) * c
    if flaw("upstream_shared_out"):
        from_square, from_all = from_square / Z.size, 1 / Z.size
    if flaw("in_each_sum"):
        from_square = from_square / c.size
    if flaw("overwritten_not_accumulated"):
        if flaw("of_the_square"):
            from_square = c
        elif flaw("of_the_columns"):
            from_all = 0.0
        else:
            from_square = 0 * c
    if flaw("spread_along_wrong_axis"):  # runs where there are as many rows as columns
        from_square = from_square.T
    return np.broadcast_to(from_square + from_all, Z.shape).copy()


@question(
    "to_autodiff.undo_broadcast",
    inputs=normals("nm", X="nm", b="m", c="n1", seed="nm"),
    misconceptions="bias_not_summed bias_averaged bias_summed_to_one first_example_only",
    families=(
        Family(
            "keepdims_forgotten summed_over_wrong_axis", {"bias_summed_to_one": "in_every_place"}
        ),
    ),
)
def undo_broadcast(flaw: Flaws, X: Array, b: Array, c: Array, seed: Array) -> Result:
    """The gradients of X · b + c, when ``seed`` comes from above."""
    into_X, into_b, into_c = seed * b, seed * X, seed + 0.0
    if flaw("bias_not_summed"):
        return into_X, into_b, into_c
    if flaw("in_every_place"):
        return into_X, np.full_like(b, into_b.sum()), np.full_like(c, into_c.sum())
    if flaw("bias_summed_to_one"):
        return into_X, into_b.sum(), into_c.sum()
    if flaw("summed_over_wrong_axis"):
        return into_X, into_b.sum(axis=1), into_c.sum(axis=0)
    if flaw("first_example_only"):
        return into_X, into_b[0] + 0.0, into_c[:, :1] + 0.0
    mean = flaw("bias_averaged")
    into_b = into_b.mean(axis=0) if mean else into_b.sum(axis=0)
    into_c = into_c.mean(axis=1, keepdims=True) if mean else into_c.sum(axis=1, keepdims=True)
    if flaw("keepdims_forgotten"):  # (n, 1) and (n,) together
        into_c = np.zeros_like(into_c) + into_c[:, 0]
    return into_X, into_b, into_c


@question(
    "to_autodiff.products",
    inputs=normals("nmp", A="nm", W="pm"),
    misconceptions="gradient_transposed upstream_missing overwritten_not_accumulated "
    "results_swapped",
    families=(
        Family(
            "weights_wrong_way_round transpose_misplaced elementwise_for_matrix_product",
            {"gradient_transposed": "of_W_alone"},
        ),
    ),
)
def products(flaw: Flaws, A: Array, W: Array) -> Result:
    """The gradients of the sum of the squares of A @ W.T."""
    turned = W.reshape(W.shape[::-1]) if flaw("transpose_misplaced") else W.T
    Z = A @ turned
    dZ = 2 * Z
    if flaw("upstream_missing"):
        dZ = np.ones_like(Z)
    if flaw("overwritten_not_accumulated"):
        dZ = Z
    grads = dZ @ turned.T, dZ.T @ A
    if flaw("transpose_misplaced"):
        grads = grads[0], grads[1].T.reshape(W.shape)
    if flaw("weights_wrong_way_round"):
        grads = dZ @ W.T, (A @ dZ).T
    if flaw("elementwise_for_matrix_product"):
        grads = dZ * W.T, (dZ * A).T
    if flaw("of_W_alone"):
        grads = grads[0], np.zeros_like(W) + grads[1].T
    elif flaw("gradient_transposed"):
        grads = grads[0].T.copy(), grads[1].T.copy()
    return grads[::-1] if flaw("results_swapped") else grads


@question(
    "to_autodiff.again",
    inputs=lambda rng, size: {
        **{name: rng.normal(size=1 + size) for name in ("u", "v")},
        "unused": rng.normal(size=2 + size),
    },
    misconceptions="not_reset overwritten_not_accumulated upstream_shared_out wrong_argument",
    forms={
        "not_reset": "but_the_middle the_last_too",
        "overwritten_not_accumulated": "the_first_stays",
    },
    families=(Family("", {"not_reset": "but_the_leaves"}),),
)
def again(flaw: Flaws, u: Array, v: Array, unused: Array) -> Result:
    """The gradients of Σ (u + v) · u after the second of two backward passes."""
    total = u + v
    into_sum = total if flaw("wrong_argument") else u
    straight = u if flaw("wrong_argument") else total
    if flaw("upstream_shared_out"):
        into_sum = into_sum / 2
    into_u, into_v = straight + into_sum, into_sum + 0.0
    if flaw("overwritten_not_accumulated"):
        into_u = straight if flaw("the_first_stays") else into_sum
    if flaw("but_the_leaves"):
        return 2 * straight + 3 * into_sum, 3 * into_sum, np.zeros_like(unused)
    if flaw("not_reset"):  # the second pass sends more, as what lies between has kept its own
        second_product, second_sum = (1, 1) if flaw("but_the_middle") else (2, 3)
        if flaw("the_last_too"):
            second_product, second_sum = 3, 4
        into_u = into_u + second_product * straight + second_sum * into_sum
        into_v = into_v + second_sum * into_sum
    return into_u, into_v, np.zeros_like(unused)
