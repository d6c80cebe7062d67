"""Advice that is followed works: what a message says is written, and the mistake is gone."""

import numpy as np
import pytest

from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge

ROWS = [  # (question, mistake, what its message says, what a student wrote, what is advised for it)
    (
        "gradient_descent.mean_gradient",
        "summed_over_wrong_axis",
        "axis 0 runs over the examples",
        "lambda per_example: per_example.mean(axis=1)",
        {"axis=1": "axis=0"},
    ),
    (
        "gradient_descent.mean_gradient",
        "keepdims_kept",
        "Leave out keepdims=True",
        "lambda per_example: per_example.mean(axis=0, keepdims=True)",
        {", keepdims=True": ""},
    ),
    (
        "feedforward_network.layer",
        "exponent_sign_lost",
        "the minus stands before all of the pre-activation",
        "lambda x, W, b: 1 / (1 + np.exp(W @ x + b))",
        {"exp(W @ x + b)": "exp(-(W @ x + b))"},
    ),
    (
        "feedforward_network.layer",
        "bias_forgotten",
        "adds its bias to the weighted sum",
        "lambda x, W, b: 1 / (1 + np.exp(-(W @ x)))",
        {"W @ x": "W @ x + b"},
    ),
    (
        "feedforward_network.layer",
        "elementwise_for_matrix_product",
        "a sum of products, `@`",
        "lambda x, W, b: 1 / (1 + np.exp(-(W * x + b)))",
        {"W * x": "W @ x"},
    ),
    (
        "feedforward_network.layer",
        "weights_wrong_way_round",
        "or the matrix itself where you took its transpose",
        "lambda x, W, b: 1 / (1 + np.exp(-(W.T @ x + b)))",
        {"W.T": "W"},
    ),
    (
        "activations.relu_backward",
        "mask_from_upstream",
        "z > 0",
        "lambda z, grad_a: grad_a * (grad_a > 0)",
        {"(grad_a > 0)": "(z > 0)"},
    ),
    (
        "activations.relu_backward",
        "slope_at_kink",
        "the mask is z > 0",
        "lambda z, grad_a: grad_a * (z >= 0)",
        {"z >= 0": "z > 0"},
    ),
    (
        "error_signals.recursion",
        "matrix_for_elementwise_product",
        "`*`, entry by entry",
        "lambda z, W_above, delta_above: (1 - np.tanh(z) ** 2) @ (W_above.T @ delta_above)",
        {"2) @": "2) *"},
    ),
    (
        "error_signals.recursion",
        "tanh_slope_not_squared",
        "1 minus its value squared",
        "lambda z, W_above, delta_above: W_above.T @ delta_above * (1 - np.tanh(z))",
        {"np.tanh(z)": "np.tanh(z) ** 2"},
    ),
    (
        "error_signals.recursion",
        "slope_at_activation",
        "It belongs at the input, the pre-activation",
        "lambda z, W_above, delta_above: W_above.T @ delta_above * (1 - np.tanh(np.tanh(z)) ** 2)",
        {"np.tanh(np.tanh(z))": "np.tanh(z)"},
    ),
    (
        "error_signals.recursion",
        "weights_wrong_way_round",
        "",
        "lambda z, W_above, delta_above: W_above @ delta_above * (1 - np.tanh(z) ** 2)",
        {"W_above @": "W_above.T @"},
    ),
    (
        "softmax_cross_entropy.softmax",
        "keepdims_forgotten",
        "Keep the axis",
        "lambda Z: (lambda E: E / E.sum(axis=1))(np.exp(Z - Z.max(axis=1, keepdims=True)))",
        {"E.sum(axis=1)": "E.sum(axis=1, keepdims=True)"},
    ),
    (
        "softmax_cross_entropy.softmax",
        "no_max_shift",
        "The shift must be the largest logit of each row",
        "lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)",
        {"exp(Z)": "exp(Z - Z.max(axis=1, keepdims=True))"},
    ),
    (
        "softmax_cross_entropy.softmax",
        "exponent_sign_lost",
        "Softmax has no minus",
        "lambda Z: (lambda E: E / E.sum(axis=1, keepdims=True))"
        "(np.exp(-(Z - Z.min(axis=1, keepdims=True))))",
        {"-(Z - Z.min": "(Z - Z.max"},
    ),
    (
        "stable_softmax.stable_loss",
        "columns_for_entries",
        "`[np.arange(N), labels]`",
        "lambda Z, labels: -(lambda S: S - np.log(np.exp(S).sum(axis=1, keepdims=True)))"
        "(Z - Z.max(axis=1, keepdims=True))[:, labels].mean()",
        {"[:, labels]": "[np.arange(len(labels)), labels]"},
    ),
    (
        "matrix_form.linear_backward",
        "bias_not_summed",
        "the sum over the examples (axis 0)",
        "lambda dZ, A, W: (dZ @ W, dZ.T @ A, dZ + 0)",
        {"dZ + 0": "dZ.sum(axis=0)"},
    ),
    (
        "matrix_form.linear_backward",
        "bias_averaged",
        "nothing is divided here",
        "lambda dZ, A, W: (dZ @ W, dZ.T @ A, dZ.sum(axis=0) / len(dZ))",
        {" / len(dZ)": ""},
    ),
    (
        "matrix_form.linear_backward",
        "bias_summed_to_one",
        "sum over the examples (axis 0)",
        "lambda dZ, A, W: (dZ @ W, dZ.T @ A, dZ.sum())",
        {"sum()": "sum(axis=0)"},
    ),
    (
        "matrix_form.linear_backward",
        "gradient_transposed",
        "here it lies on its side",
        "lambda dZ, A, W: (dZ @ W, A.T @ dZ, dZ.sum(axis=0))",
        {"A.T @ dZ": "(A.T @ dZ).T"},
    ),
    (
        "chain_rule.many_paths",
        "weights_wrong_way_round",
        "the sum runs over i",
        "lambda dp_dq, dq_dz: dq_dz @ dp_dq",
        {"dq_dz @ dp_dq": "sum(dp_dq[i] * dq_dz[i] for i in range(len(dp_dq)))"},
    ),
    (
        "gradient_descent.central_difference",
        "division_without_brackets",
        "a / (2 * h)",
        "def answer(f, x, h):\n"
        "    slopes = np.zeros(x.shape)\n"
        "    for k in np.ndindex(x.shape):\n"
        "        up, down = x.copy(), x.copy()\n"
        "        up[k] += h\n"
        "        down[k] -= h\n"
        "        slopes[k] = (f(up) - f(down)) / 2 * h\n"
        "    return slopes",
        {"2 * h": "(2 * h)"},
    ),
    (
        "gradient_descent.descend",
        "input_changed",
        "Work on a copy: theta.copy().",
        "def answer(gradient, theta, eta, steps):\n"
        "    place = theta\n"
        "    for step in range(steps):\n"
        "        place -= eta * gradient(place)\n"
        "    return place + 0",
        {"place = theta\n": "place = theta.copy()\n"},
    ),
    (
        "gradient_descent.descend",
        "stops_after_first_round",
        "move it out to the margin of the `for`",
        "def answer(gradient, theta, eta, steps):\n"
        "    place = theta.copy()\n"
        "    for step in range(steps):\n"
        "        place = place - eta * gradient(place)\n"
        "        return place\n"
        "    return place",
        {"        return place\n": ""},
    ),
    (
        "matrix_form.mend_update",
        "input_changed",
        "Work on a copy: [array.copy() for array in W].",
        "def answer(X, Y, W, b, eta):\n"
        "    W1, W2 = W\n"
        "    A = np.tanh(X @ W1.T + b[0])\n"
        "    dZ2 = (A @ W2.T + b[1] - Y) / len(X)\n"
        "    dZ1 = dZ2 @ W2 * (1 - A**2)\n"
        "    W2 -= eta * dZ2.T @ A\n"
        "    W1 -= eta * dZ1.T @ X\n"
        "    return W1 + 0, W2 + 0",
        {"W1, W2 = W\n": "W1, W2 = [array.copy() for array in W]\n"},
    ),
    (
        "softmax_cross_entropy.cross_entropy",
        "another_base",
        "the natural one, np.log",
        "lambda Y_hat, labels: -np.log2(Y_hat[np.arange(len(labels)), labels]).mean()",
        {"np.log2": "np.log"},
    ),
    (
        "to_autodiff.mend_accumulate",
        "overwritten_not_accumulated",
        "a second time keeps only the last",
        "def answer(x, times):\n"
        "    for _ in range(times):\n"
        "        grad = np.zeros_like(x)\n"
        "        for local in (x, x):\n"
        "            grad = local + 0.0\n"
        "    return grad",
        {"grad = local + 0.0": "grad += local + 0.0"},
    ),
    (
        "outputs_and_losses.squared_error",
        "last_example_only",
        "add with `+=`",
        "def answer(Y_hat, Y):\n"
        "    for y_hat, y in zip(Y_hat, Y):\n"
        "        total = 0.0\n"
        "        total = ((y_hat - y) ** 2).sum() / len(Y)\n"
        "    return total * len(Y)",
        {
            "        total = 0.0\n": "",
            "    for y_hat": "    total = 0.0\n    for y_hat",
            "        total = (": "        total += (",
            " / len(Y)\n": "\n",
            "total * len": "total / len",
        },
    ),
    (
        "softmax_cross_entropy.jacobian",
        "vector_for_every_row",
        "np.diag",
        "lambda z: (lambda p: p - np.outer(p, p))(np.exp(z - z.max()) / np.exp(z - z.max()).sum())",
        {"p - np": "np.diag(p) - np"},
    ),
    (
        "training.mend_shuffle",
        "seed_not_used",
        "np.random.default_rng(seed)",
        "lambda X, y, seed: (lambda order: (X[order], y[order]))"
        "(np.random.default_rng(0).permutation(len(X)))",
        {"default_rng(0)": "default_rng(seed)"},
    ),
    (
        "training.mend_shuffle",
        "order_inverted",
        "X[order]",
        "lambda X, y, seed: (lambda order: (X[np.argsort(order)], y[np.argsort(order)]))"
        "(np.random.default_rng(seed).permutation(len(X)))",
        {"np.argsort(order)": "order"},
    ),
    (
        "matrix_form.outer_product",
        "inner_for_outer_product",
        "np.outer",
        "lambda delta, a: delta @ a",
        {"delta @ a": "np.outer(delta, a)"},
    ),
    (
        "vectors_and_jacobians.back_through_sum",
        "ones_for_identity",
        "take np.eye",
        "lambda W, delta: (W + 1).T @ delta",
        {"W + 1": "W + np.eye(len(W))"},
    ),
    (
        "activations.tanh_slope",
        "product_for_power",
        "`**2`",
        "lambda z: 1 - np.tanh(z) * 2",
        {"* 2": "**2"},
    ),
    (
        "softmax_cross_entropy.fused_gradient",
        "overwritten_not_accumulated",
        "`-= 1`",
        "def answer(Z, labels):\n"
        "    shares = np.exp(Z - Z.max(axis=1, keepdims=True))\n"
        "    shares /= shares.sum(axis=1, keepdims=True)\n"
        "    shares[np.arange(len(Z)), labels] = -1\n"
        "    return shares / len(Z)",
        {"labels] = -1": "labels] -= 1"},
    ),
    (
        "activations.mend_leaky_relu",
        "number_for_parameter",
        "`slope` is given",
        "lambda z, slope: np.where(z > 0, 1.0, 0.01)",
        {"0.01": "slope"},
    ),
    (
        "activations.mend_leaky_relu",
        "slope_at_kink",
        "the slope of the left side there",
        "lambda z, slope: np.where(z >= 0, 1.0, slope)",
        {">=": ">"},
    ),
    (
        "scores_and_margin.mend_rival",
        "input_changed",
        "Work on a copy",
        "def answer(scores, label):\n"
        "    others = scores\n"
        "    lead = scores[label]\n"
        "    others[label] = -np.inf\n"
        "    rival = np.argmax(others)\n"
        "    slopes = np.zeros(len(scores))\n"
        "    if 1 - lead + others[rival] > 0:\n"
        "        slopes[label] -= 1\n"
        "        slopes[rival] += 1\n"
        "    return slopes",
        {"others = scores\n": "others = scores.copy()\n"},
    ),
    (
        "feedforward_network.layer",
        "inside_for_outside",
        "Ask what is inside each function",
        "lambda x, W, b: (1 / (1 + np.exp(-(W * x)))).sum(axis=1) + b",
        {"(W * x)))).sum(axis=1) + b": "(W * x).sum(axis=1) - b)))"},
    ),
    (
        "gradient_descent.mean_gradient",
        "divided_by_one_less",
        "A mean divides by all of them",
        "lambda per_example: per_example.sum(axis=0) / (len(per_example) - 1)",
        {" - 1": ""},
    ),
    (
        "outputs_and_losses.squared_error",
        "not_summed_yet",
        "only the last step is missing",
        "lambda Y_hat, Y: ((Y_hat - Y) ** 2).sum(axis=1)",
        {"sum(axis=1)": "sum(axis=1).mean()"},
    ),
    (
        "softmax_cross_entropy.delta_with_temperature",
        "multiplied_for_divided",
        "multiplied that should be divided",
        "lambda z, y, T: (lambda e: (e / e.sum() - y) * T)(np.exp((z - z.max()) / T))",
        {"- y) * T": "- y) / T"},
    ),
    (
        "chain_rule.thin_with_skip",
        "added_for_multiplied",
        "Two parts are added that should be multiplied",
        "def answer(w, x):\n"
        "    a, slope = x + np.tanh(w[0] * x), x * (1 - np.tanh(w[0] * x) ** 2)\n"
        "    for weight in w[1:]:\n"
        "        t = np.tanh(weight * a)\n"
        "        slope *= 1 + (weight + 1 - t**2)\n"
        "        a = a + t\n"
        "    return slope",
        {"(weight + 1 - t**2)": "(weight * (1 - t**2))"},
    ),
]


def answer(code):
    """The function that a student's code defines."""
    space = {"np": np, "__name__": "__main__"}
    if code.startswith("lambda"):
        return eval(code, space)
    exec(code, space)
    return space["answer"]


@pytest.mark.parametrize(
    "id, mistake, says, wrong, advised", ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS]
)
def test_what_the_message_advises_mends_it(id, mistake, says, wrong, advised):
    question = find(id)
    with np.errstate(all="ignore"):
        before = judge(question, answer(wrong))
    assert mistake in before.misconceptions, before
    assert says in before.message
    mended = wrong
    for old, new in advised.items():
        assert old in mended
        mended = mended.replace(old, new)
    after = judge(question, answer(mended))
    assert mistake not in after.misconceptions and after.status == "right", after


def test_a_message_says_a_thing_once():
    for id, mistake, _, wrong, _ in ROWS:
        with np.errstate(all="ignore"):
            lines = judge(find(id), answer(wrong)).message.split("\n")
        assert len(set(lines)) == len(lines), (id, mistake)
        assert sum("Work on a copy" in line for line in lines) <= 1, (id, lines)
