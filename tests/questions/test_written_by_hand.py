"""Answers written by hand, as students write them, each with the name that it should be given.

"" stands for a mistake that has no name here; "right" for a right answer.
"""

# ruff: noqa: B905, students write zip without strict=

import numpy as np
import pytest
from rows import a_part

from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge

WRITTEN = []


def answer(id, expected):
    return lambda function: WRITTEN.append((id, expected, function)) or function


def sig(z):
    return 1 / (1 + np.exp(-z))


def sm(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


answer("feedforward_network.layer", "bias_forgotten")(lambda x, W, b: sig(W @ x))
answer("feedforward_network.layer", "weights_wrong_way_round")(lambda x, W, b: sig(W.T @ x + b))
answer("feedforward_network.layer", "another_activation")(lambda x, W, b: np.tanh(W @ x + b))
answer("feedforward_network.layer", "bias_subtracted")(lambda x, W, b: sig(W @ x - b))
answer("feedforward_network.layer", "right")(
    lambda x, W, b: np.array(
        [sig(sum(W[i, j] * x[j] for j in range(len(x))) + b[i]) for i in range(len(b))]
    )
)
answer("feedforward_network.layer", "keepdims_kept")(lambda x, W, b: sig(W @ x + b)[:, None])
answer("feedforward_network.layer", "bias_after_activation")(lambda x, W, b: sig(W @ x) + b)
answer("feedforward_network.forward_batch", "right")(
    lambda X, W1, b1, W2, b2: np.stack([W2 @ sig(W1 @ x + b1) + b2 for x in X])
)
answer("feedforward_network.forward_batch", "activation_on_output")(
    lambda X, W1, b1, W2, b2: sig(sig(X @ W1.T + b1) @ W2.T + b2)
)
answer("feedforward_network.forward_batch", "weights_wrong_way_round")(
    lambda X, W1, b1, W2, b2: sig(X @ W1 + b1) @ W2 + b2
)
answer("outputs_and_losses.softmax", "no_max_shift")(
    lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
)
answer("outputs_and_losses.softmax", "summed_over_wrong_axis")(
    lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(axis=0)
)
answer("outputs_and_losses.softmax", "no_max_shift")(
    lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(axis=1, keepdims=True)
)
answer("outputs_and_losses.softmax", "bias_summed_to_one")(
    lambda Z: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum()
)


def smip(Z):
    Z -= Z.max(axis=1, keepdims=True)
    e = np.exp(Z)
    return e / e.sum(axis=1, keepdims=True)


answer("outputs_and_losses.softmax", "input_changed")(smip)
answer("outputs_and_losses.cross_entropy", "batch_mean_missing")(
    lambda Y, l: -np.log(Y[np.arange(len(l)), l]).sum()
)
answer("outputs_and_losses.cross_entropy", "sign_flipped")(
    lambda Y, l: np.log(Y[np.arange(len(l)), l]).mean()
)
answer("outputs_and_losses.cross_entropy", "columns_for_entries")(
    lambda Y, l: -np.log(Y[:, l]).mean()
)
answer("outputs_and_losses.cross_entropy", "another_base")(
    lambda Y, l: -np.log2(Y[np.arange(len(l)), l]).mean()
)
answer("outputs_and_losses.squared_error", "mean_over_entries")(lambda a, y: ((a - y) ** 2).mean())
answer("outputs_and_losses.squared_error", "batch_mean_missing")(lambda a, y: ((a - y) ** 2).sum())
answer("outputs_and_losses.squared_error", "half_added")(
    lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=1).mean()
)
answer("outputs_and_losses.squared_error", "square_forgotten")(
    lambda a, y: np.abs(a - y).sum(axis=1).mean()
)


def cd1(f, x, h):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        a = f(x)
        x[i] -= 2 * h
        b = f(x)
        x[i] += h
        g[i] = (a - b) / (2 * h)
    return g


answer("gradient_descent.central_difference", "right")(cd1)  # back, up to rounding


def cd2(f, x, h):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        a = f(x)
        x[i] -= 2 * h
        b = f(x)
        g[i] = (a - b) / (2 * h)
    return g


answer("gradient_descent.central_difference", "entry_not_restored+input_changed")(cd2)


def cd3(f, x, h):
    g = np.zeros(len(x))
    for i in range(len(x)):
        d = np.zeros_like(x)
        d[i] = h
        g[i] = (f(x + d) - f(x - d)) / (2 * h)
    return g


answer("gradient_descent.central_difference", "")(cd3)


def cd4(f, x, h):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y = x.copy()
        y[i] += h
        g[i] = (f(y) - f(x)) / h
    return g


answer("gradient_descent.central_difference", "one_sided")(cd4)


def de1(g, th, eta, n):
    th = th.copy()
    for _ in range(n):
        th += eta * g(th)
    return th


answer("gradient_descent.descend", "step_uphill")(de1)


def de2(g, th, eta, n):
    for _ in range(n):
        th -= eta * g(th)
    return th


answer("gradient_descent.descend", "input_changed")(de2)


def de3(g, th, eta, n):
    th = th.copy()
    for _ in range(1, n):
        th = th - eta * g(th)
    return th


answer("gradient_descent.descend", "off_by_one_loop")(de3)


def de4(g, th, eta, n):
    d = g(th)
    th = th.copy()
    for _ in range(n):
        th = th - eta * d
    return th


answer("gradient_descent.descend", "gradient_of_the_start")(de4)
answer("gradient_descent.mean_gradient", "batch_mean_missing")(lambda p: p.sum(axis=0))
answer("gradient_descent.mean_gradient", "summed_over_wrong_axis")(lambda p: p.mean(axis=1))
answer("gradient_descent.mean_gradient", "summed_to_one_number")(lambda p: p.mean())


def th1(w, x):
    h = [x]
    for k in w:
        h.append(np.tanh(k * h[-1]))
    s = 1.0
    for l in range(len(w) - 1, 0, -1):
        s *= (1 - h[l + 1] ** 2) * w[l]
    return s * (1 - h[1] ** 2) * x


answer("chain_rule.thin_network", "right")(th1)


def th2(w, x):
    h = [x]
    for k in w:
        h.append(np.tanh(k * h[-1]))
    s = 1.0
    for l in range(len(w) - 1, 0, -1):
        s *= (1 - h[l + 1] ** 2) * w[l]
    return s * (1 - h[1] ** 2)


answer("chain_rule.thin_network", "inner_slope_missing")(th2)


def th3(w, x):
    h = [x]
    for k in w:
        h.append(np.tanh(k * h[-1]))
    s = 1.0
    for l in range(len(w)):
        s *= w[l] * (1 - h[l + 1] ** 2)
    return s * x


answer("chain_rule.thin_network", "variable_as_factor")(th3)
answer("chain_rule.many_paths", "weights_wrong_way_round")(lambda a, B: B @ a)
answer("chain_rule.many_paths", "upstream_shared_out")(lambda a, B: (a[:, None] * B).mean(axis=0))
answer("chain_rule.many_paths", "one_path_only")(lambda a, B: a[0] * B[0])
answer("flow_graphs.circuit", "overwritten_not_accumulated")(lambda x, y, z: (x * y, x * x, x))
answer("flow_graphs.circuit", "overwritten_not_accumulated")(lambda x, y, z: (x * y + z, x * x, x))
answer("flow_graphs.circuit", "right")(lambda x, y, z: (2 * x * y + z, x * x, x))
answer("flow_graphs.circuit", "upstream_missing")(lambda x, y, z: (2 * x * y + z, x, x))
answer("activations.tanh_slope", "tanh_slope_not_squared")(lambda z: 1 - np.tanh(z))
answer("activations.tanh_slope", "slope_at_activation")(lambda z: 1 - np.tanh(np.tanh(z)) ** 2)
answer("activations.tanh_slope", "z_in_slope_of_a")(lambda z: 1 - z**2)
answer("activations.tanh_slope", "right")(lambda z: 1 / np.cosh(z) ** 2)
answer("activations.relu_backward", "right")(lambda z, g: np.where(z > 0, g, 0))
answer("activations.relu_backward", "slope_at_kink")(lambda z, g: g * (z >= 0))
answer("activations.relu_backward", "mask_from_upstream")(lambda z, g: g * (g > 0))
answer("activations.relu_backward", "function_for_slope")(lambda z, g: g * np.maximum(z, 0))


def rb(z, g):
    g[z <= 0] = 0
    return g


answer("activations.relu_backward", "input_changed")(rb)
answer("activations.logistic_backward", "slope_at_activation")(
    lambda z, g: g * sig(sig(z)) * (1 - sig(sig(z)))
)
answer("activations.logistic_backward", "z_in_slope_of_a")(lambda z, g: g * z * (1 - z))
answer("one_weight_at_a_time.all_weights", "gradient_transposed")(lambda d, a: np.outer(a, d))
answer("one_weight_at_a_time.all_weights", "inner_for_outer_product")(lambda d, a: d @ a)
answer("activations.relu_backward", "upstream_missing")(lambda z, g: (z > 0).astype(float))
answer("activations.relu_backward", "sides_swapped")(lambda z, g: g * (z < 0))
answer("activations.mend_leaky_relu", "sides_swapped")(lambda z, s: np.where(z > 0, s, 1))
answer("flow_graphs.mend_sigmoid", "z_in_slope_of_a")(lambda x, u: x * (1 - x) * u)
answer("error_signals.delta_of_output", "z_in_slope_of_a")(lambda z, y: (sig(z) - y) * z * (1 - z))
answer("error_signals.delta_of_output", "activation_forgotten")(
    lambda z, y: (z - y) * sig(z) * (1 - sig(z))
)
answer("error_signals.delta_of_output", "target_forgotten")(
    lambda z, y: sig(z) * sig(z) * (1 - sig(z))
)
answer("error_signals.recursion", "another_value")(lambda z, W, d: (W.T @ d) * z)
answer("error_signals.mend_recursion", "tanh_slope_not_squared")(
    lambda z, W, d: (W.T @ d) * (1 - np.tanh(z))
)


def one_hidden(combine, slope):
    def slope_of_one_weight(x, W1, W2, y, j, i):
        z = W1 @ x
        error = W2 @ np.tanh(z) - y
        return combine(error * W2[:, j]) * slope(z[j]) * x[i]

    return slope_of_one_weight


def tanh_slope(z):
    return 1 - np.tanh(z) ** 2


for name, combine, slope in [
    ("right", np.sum, tanh_slope),
    ("paths_multiplied", np.prod, tanh_slope),
    ("overwritten_not_accumulated", lambda terms: terms[-1], tanh_slope),
    ("z_in_slope_of_a", np.sum, lambda z: 1 - z**2),
    ("tanh_slope_not_squared", np.sum, lambda z: 1 - np.tanh(z)),
]:
    answer("one_weight_at_a_time.nested_sum", name)(one_hidden(combine, slope))


def deltas_by(slope, output=lambda delta: delta + 0.0):
    def all_deltas(z, W, delta_output):
        deltas = [output(delta_output)]
        for layer in (2, 1, 0):
            deltas.insert(0, (W[layer].T @ deltas[0]) * slope(z[layer]))
        return tuple(deltas)

    return all_deltas


answer("error_signals.all_deltas", "z_in_slope_of_a")(deltas_by(lambda z: 1 - z**2))
answer("error_signals.all_deltas", "tanh_slope_not_squared")(deltas_by(lambda z: 1 - np.tanh(z)))
answer("error_signals.all_deltas", "right")(deltas_by(tanh_slope, output=lambda delta: delta))
answer("error_signals.delta_of_output", "slope_missing")(lambda z, y: sig(z) - y)
answer("error_signals.delta_of_output", "target_and_output_swapped")(
    lambda z, y: (y - sig(z)) * sig(z) * (1 - sig(z))
)
answer("error_signals.delta_of_output", "slope_at_activation")(
    lambda z, y: (sig(z) - y) * sig(sig(z)) * (1 - sig(sig(z)))
)
answer("error_signals.delta_of_output", "factor_two_extra")(
    lambda z, y: 2 * (sig(z) - y) * sig(z) * (1 - sig(z))
)
answer("error_signals.recursion", "weights_wrong_way_round")(
    lambda z, W, d: (W @ d) * (1 - np.tanh(z) ** 2)
)
answer("error_signals.recursion", "z_in_slope_of_a")(lambda z, W, d: (d @ W) * (1 - z**2))
answer("error_signals.recursion", "right")(
    lambda z, W, d: np.array(
        [
            sum(W[k, j] * d[k] for k in range(len(d))) * (1 - np.tanh(z[j]) ** 2)
            for j in range(len(z))
        ]
    )
)
answer("error_signals.recursion", "slope_missing")(lambda z, W, d: d @ W)
answer("scores_and_margin.margin_loss", "no_margin")(
    lambda s, c: (max(0, c - s), -1.0 * (c > s), 1.0 * (c > s))
)
answer("scores_and_margin.margin_loss", "margin_ignored")(
    lambda s, c: (max(0, 1 - s + c), -1.0, 1.0)
)
answer("vectors_and_jacobians.pointwise_jacobian", "diagonal_as_vector")(
    lambda z: 1 - np.tanh(z) ** 2
)
answer("vectors_and_jacobians.pointwise_jacobian", "tanh_slope_not_squared")(
    lambda z: np.diag(1 - np.tanh(z))
)
answer("vectors_and_jacobians.product_of_jacobians", "slope_missing")(lambda x, A, B: B @ A)
answer("vectors_and_jacobians.product_of_jacobians", "jacobian_transposed")(
    lambda x, A, B: (B @ np.diag(1 - np.tanh(A @ x) ** 2) @ A).T
)
answer("vectors_and_jacobians.product_of_jacobians", "right")(
    lambda x, A, B: (B * (1 - np.tanh(A @ x) ** 2)) @ A
)
answer("softmax_cross_entropy.jacobian", "softmax_diagonal_only")(
    lambda z: np.diag(sm(z[None])[0] * (1 - sm(z[None])[0]))
)
answer("softmax_cross_entropy.jacobian", "diagonal_forgotten")(
    lambda z: -np.outer(sm(z[None])[0], sm(z[None])[0])
)


def fg(Z, l):
    P = sm(Z)
    P[np.arange(len(l)), l] -= 1
    return P


answer("softmax_cross_entropy.fused_gradient", "batch_mean_missing")(fg)
answer("softmax_cross_entropy.fused_gradient", "true_class_not_subtracted")(
    lambda Z, l: sm(Z) / len(Z)
)
answer("softmax_cross_entropy.fused_gradient", "target_and_output_swapped")(
    lambda Z, l: (np.eye(Z.shape[1])[l] - sm(Z)) / len(Z)
)
answer("softmax_cross_entropy.fused_gradient", "mean_over_entries")(lambda Z, l: fg(Z, l) / Z.size)
answer("softmax_cross_entropy.fused_gradient", "output_slope_twice")(
    lambda Z, l: fg(Z, l) * sm(Z) * (1 - sm(Z)) / len(Z)
)
answer("softmax_cross_entropy.stable_loss", "log_of_zero")(
    lambda Z, l: -np.log(sm(Z)[np.arange(len(l)), l]).mean()
)
answer("softmax_cross_entropy.stable_loss", "log_of_zero")(
    lambda Z, l: -np.log(sm(Z)[np.arange(len(l)), l] + 1e-12).mean()
)
answer("softmax_cross_entropy.stable_loss", "no_max_shift")(
    lambda Z, l: (np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(l)), l]).mean()
)
answer("matrix_form.outer_product", "gradient_transposed")(lambda d, a: np.outer(a, d))
answer("matrix_form.outer_product", "elementwise_for_matrix_product")(lambda d, a: d * a)
answer("matrix_form.linear_backward", "weights_wrong_way_round")(
    lambda Z, A, W: (Z @ W.T, Z.T @ A, Z.sum(0))
)
answer("matrix_form.linear_backward", "gradient_transposed")(
    lambda Z, A, W: (Z @ W, A.T @ Z, Z.sum(0))
)
answer("matrix_form.linear_backward", "bias_averaged")(lambda Z, A, W: (Z @ W, Z.T @ A, Z.mean(0)))
answer("matrix_form.linear_backward", "weight_gradient_averaged")(
    lambda Z, A, W: (Z @ W, Z.T @ A / len(Z), Z.sum(0))
)
answer("matrix_form.linear_backward", "averaged_twice")(
    lambda Z, A, W: (Z @ W, Z.T @ A / len(Z), Z.mean(0))
)
answer("matrix_form.linear_backward", "keepdims_kept")(
    lambda Z, A, W: (Z @ W, Z.T @ A, Z.sum(0, keepdims=True))
)
answer("matrix_form.linear_backward", "gradient_transposed+bias_averaged")(
    lambda Z, A, W: (Z @ W, A.T @ Z, Z.mean(0))
)
answer("matrix_form.linear_backward", "results_swapped")(lambda Z, A, W: (Z.T @ A, Z @ W, Z.sum(0)))


def wn(X, Y, W, b, factor=1, count=None, slope=lambda Z: 1 - np.tanh(Z) ** 2):
    Z1 = X @ W[0].T + b[0]
    A = np.tanh(Z1)
    d = factor * (A @ W[1].T + b[1] - Y) / (count or len(X))
    e = (d @ W[1]) * slope(Z1)
    return e.T @ X, e.sum(0), d.T @ A, d.sum(0)


answer("matrix_form.whole_network", "right")(lambda X, Y, W, b: wn(X, Y, W, b))
answer("matrix_form.whole_network", "batch_mean_missing")(
    lambda X, Y, W, b: wn(X, Y, W, b, count=1)
)
answer("matrix_form.whole_network", "slope_missing")(
    lambda X, Y, W, b: wn(X, Y, W, b, slope=lambda Z: 1)
)
answer("matrix_form.whole_network", "factor_two_extra")(lambda X, Y, W, b: wn(X, Y, W, b, factor=2))
answer("matrix_form.whole_network", "tanh_slope_not_squared")(
    lambda X, Y, W, b: wn(X, Y, W, b, slope=lambda Z: 1 - np.tanh(Z))
)
answer("matrix_form.whole_network", "slope_at_activation")(
    lambda X, Y, W, b: wn(X, Y, W, b, slope=lambda Z: 1 - np.tanh(np.tanh(Z)) ** 2)
)
answer("cost_of_backprop.count_backward", "one_layer_off")(
    lambda w: sum(w[i] * w[i + 1] for i in range(len(w) - 1))
)
answer("cost_of_backprop.count_backward", "right")(
    lambda w: sum(a * b for a, b in zip(w[1:], w[2:], strict=False))
)
answer("gradient_checking.relative_error", "absolute_error_only")(lambda g, m: np.abs(g - m).max())
answer("gradient_checking.relative_error", "one_size_doubled")(
    lambda g, m: (np.abs(g - m) / (np.abs(g) + np.abs(m))).max()
)
answer("gradient_checking.relative_error", "one_size_doubled")(
    lambda g, m: (np.abs(g - m) / np.abs(m)).max()
)
answer("gradient_checking.relative_error", "one_scale_for_all")(
    lambda g, m: np.linalg.norm(g - m) / max(np.linalg.norm(g), np.linalg.norm(m))
)
answer("training.batches", "last_batch_dropped")(
    lambda X, y, o, n: [
        (X[o[k * n : (k + 1) * n]], y[o[k * n : (k + 1) * n]]) for k in range(len(X) // n)
    ]
)
answer("training.batches", "order_ignored")(
    lambda X, y, o, n: [(X[k : k + n], y[k : k + n]) for k in range(0, len(X), n)]
)
answer("training.batches", "shuffled_apart")(
    lambda X, y, o, n: [(X[o][k : k + n], y[k : k + n]) for k in range(0, len(X), n)]
)


def ep(X, y, w, eta, n, div=None, sign=-1, inp=False, first=False):
    if not inp:
        w = w.copy()
    w0 = w.copy()
    for k in range(0, len(X), n):
        A = X[k : k + n]
        g = A.T @ (A @ (w0 if first else w) - y[k : k + n]) / (div or len(A))
        w += sign * eta * g
    return w


answer("training.epoch", "right")(lambda *a: ep(*a))
answer("training.epoch", "nominal_batch_size")(lambda X, y, w, eta, n: ep(X, y, w, eta, n, div=n))
answer("training.epoch", "step_uphill")(lambda X, y, w, eta, n: ep(X, y, w, eta, n, sign=1))
answer("training.epoch", "input_changed")(lambda X, y, w, eta, n: ep(X, y, w, eta, n, inp=True))
answer("training.epoch", "divided_by_another_count")(
    lambda X, y, w, eta, n: ep(X, y, w, eta, n, div=len(X))
)
answer("training.epoch", "batch_mean_missing")(lambda X, y, w, eta, n: ep(X, y, w, eta, n, div=1))
answer("training.epoch", "gradient_of_the_start")(
    lambda X, y, w, eta, n: ep(X, y, w, eta, n, first=True)
)
answer("training.initial_weights", "variance_for_deviation")(
    lambda a, b, s: np.random.default_rng(s).normal(0, 1 / a, (b, a))
)
answer("training.initial_weights", "right")(
    lambda a, b, s: np.random.default_rng(s).normal(0, np.sqrt(2 / (a + b)), (b, a))
)
answer("training.initial_weights", "right")(
    lambda a, b, s: np.random.default_rng(s).uniform(-1, 1, (b, a)) * np.sqrt(3 / a)
)
answer("training.initial_weights", "initialisation_too_large")(
    lambda a, b, s: np.random.default_rng(s).normal(size=(b, a))
)
answer("training.initial_weights", "constant_initialisation")(lambda a, b, s: np.zeros((b, a)))
answer("training.initial_weights", "weights_of_one_sign")(
    lambda a, b, s: np.random.default_rng(s).uniform(0, 1, (b, a)) / np.sqrt(a)
)
answer("to_autodiff.matmul_gate", "weights_wrong_way_round")(lambda A, B, g: (g @ B, A @ g))
answer("to_autodiff.matmul_gate", "right")(lambda A, B, g: (g @ B.T, A.T @ g))
answer("to_autodiff.matmul_gate", "wrong_argument")(lambda A, B, g: (A.T @ g, g @ B.T))
answer("to_autodiff.add_with_broadcast", "result_aliases_input")(lambda X, b, g: (g, g.sum(0)))
answer("to_autodiff.add_with_broadcast", "bias_not_summed")(lambda X, b, g: (g.copy(), g.copy()))


# --- lessons 09 to 15, once more ------------------------------------------------------------------


def these(id, **cases):
    """Answers by the name of their mistake; ``a__b`` is both at once, and ``unnamed`` none."""
    for name, answers in cases.items():
        for written in answers:
            answer(id, "" if name == "unnamed" else name.replace("__", "+"))(written)


def slope(z):
    return 1 - np.tanh(z) ** 2


def zeros_of_whole_numbers(z):
    J = np.zeros((len(z), len(z)), dtype=int)
    for i in range(len(z)):
        J[i, i] = slope(z[i])
    return J


def over_its_input(z):
    z[:] = np.tanh(z)
    return np.diag(1 - z**2)


these(
    "vectors_and_jacobians.pointwise_jacobian",
    right=[
        lambda z: [[slope(z[i]) * (i == j) for j in range(len(z))] for i in range(len(z))],
        lambda z: tuple(np.diag(slope(z))),
        lambda z: np.diag(slope(z.astype(np.float32))),
        lambda z: np.asmatrix(np.diag(slope(z))),
        lambda z: np.diag(np.imag(np.tanh(z + 1e-20j)) / 1e-20),
    ],
    z_in_slope_of_a=[lambda z: np.diag(1 - z**2)],
    logistic_slope_for_tanh=[lambda z: np.diag(np.tanh(z) * (1 - np.tanh(z)))],
    full_for_diagonal=[
        lambda z: np.tile(slope(z), (len(z), 1)),
        lambda z: np.outer(slope(z), slope(z)),
        lambda z: np.eye(len(z)) - np.outer(np.tanh(z), np.tanh(z)),
        lambda z: 1 - np.diag(np.tanh(z) ** 2),
    ],
    sign_flipped=[lambda z: -np.diag(slope(z))],
    integer_arrays=[zeros_of_whole_numbers],
    input_changed=[over_its_input],
    nothing_returned=[lambda z: None],
    tanh_slope_not_squared=[lambda z: np.diag(1 / np.cosh(z))],
    doubled=[lambda z: 2 * np.diag(slope(z))],
    unnamed=[lambda z: slope(z)[:, None], lambda z: "diag"],
)
these(
    "vectors_and_jacobians.product_of_jacobians",
    right=[lambda x, A, B: np.einsum("ki,i,ij->kj", B, slope(A @ x), A)],
    tanh_slope_not_squared=[lambda x, A, B: B @ np.diag(1 - np.tanh(A @ x)) @ A],
    one_layer_only=[
        lambda x, A, B: B @ np.diag(slope(A @ x)),
        lambda x, A, B: np.diag(slope(A @ x)) @ A,
    ],
    slope_of_wrong_layer=[lambda x, A, B: B @ A @ np.diag(slope(x))],
    chain_order_reversed__slope_missing=[lambda x, A, B: A @ B],
)
these(
    "vectors_and_jacobians.row_recursion",
    right=[
        lambda d, W, z: [[float(v) for v in (d @ W * slope(z))[0]]],
        lambda d, W, z: (W.T @ d.T * slope(z)[:, None]).T,
    ],
    column_broadcast=[lambda d, W, z: W.T @ d.T * slope(z)],
    elementwise_for_matrix_product=[lambda d, W, z: d.T * W * slope(z)],
    matrix_for_elementwise_product=[lambda d, W, z: d @ W @ slope(z)],
    function_for_slope=[lambda d, W, z: d @ W * np.tanh(z)],
    flattened=[lambda d, W, z: (d @ W * slope(z))[0]],
    slope_twice=[lambda d, W, z: d @ W * slope(z) ** 2],
)
these(
    "vectors_and_jacobians.mend_crossing",
    right=[lambda W, d: (W.T @ d).tolist(), lambda W, d: sum(e * row for e, row in zip(d, W))],
    elementwise_for_matrix_product=[lambda W, d: W * d, lambda W, d: W.T * d],
    upstream_shared_out=[lambda W, d: (W / W.sum(axis=1, keepdims=True)).T @ d],
    off_by_one_loop=[lambda W, d: sum(d[i] * W[i] for i in range(len(d) - 1))],
    overwritten_not_accumulated=[lambda W, d: [d[i] * W[i] for i in range(len(d))][-1]],
    input_given_back=[lambda W, d: d],
    summed_too_early=[lambda W, d: W.sum(axis=0) * d.sum()],
)
these(
    "vectors_and_jacobians.shape_of_jacobian",
    right=["(2, 4)", "2x4", [2, 4], np.array([2, 4]), (2.0, 4.0), "2 × 4"],
    jacobian_transposed=["(4, 2)", (4, 2)],
    input_alone=[(4,), (1, 4)],
    output_alone=[(2,)],
    unnamed=[8, "four by two", (2, 4, 1)],
)
these(
    "softmax_cross_entropy.jacobian",
    softmax_diagonal_only=[lambda z: (y := sm(z[None])[0]) * (1 - y)],
    product_not_subtracted=[
        lambda z: np.diag(sm(z[None])[0]),
        lambda z: np.abs(np.diag(y := sm(z[None])[0]) - np.outer(y, y)),
    ],
    vector_for_every_row=[
        lambda z: (y := sm(z[None])[0]) - np.outer(y, y),
        lambda z: np.diag(y := sm(z[None])[0]) - y * y,
    ],
    no_normalisation=[lambda z: np.diag(e := np.exp(z)) - np.outer(e, e)],
    factor_missing=[lambda z: np.eye(len(z)) - np.outer(y := sm(z[None])[0], y)],
)


def one_hot(Z, labels):
    return np.eye(Z.shape[1])[labels]


def true_ones(Z, labels):
    return Z[np.arange(len(labels)), labels]


def of_whole_columns(Z, labels):
    Y = sm(Z)
    Y[:, labels] -= 1
    return Y / len(Z)


def shifted_in_place(Z, labels):
    Z -= Z.max(axis=1, keepdims=True)
    return (sm(Z) - one_hot(Z, labels)) / len(Z)


def shifted_by_one_number(Z, labels):
    e = np.exp(Z - Z.max())
    return (e / e.sum(axis=1, keepdims=True) - one_hot(Z, labels)) / len(Z)


def axis_not_kept(Z, labels):
    e = np.exp(Z - Z.max(axis=1)[:, None])
    return (e / e.sum(axis=1) - one_hot(Z, labels)) / len(Z)


these(
    "softmax_cross_entropy.fused_gradient",
    right=[lambda Z, c: ((sm(Z) - one_hot(Z, c)) / len(Z)).tolist()],
    averaged_twice=[lambda Z, c: (sm(Z) - one_hot(Z, c)) / len(Z) ** 2],
    batch_mean_missing=[lambda Z, c: sm(Z) / len(Z) - one_hot(Z, c)],
    summed_over_wrong_axis=[lambda Z, c: (sm(Z.T).T - one_hot(Z, c)) / len(Z)],
    class_miscounted=[lambda Z, c: (sm(Z) - one_hot(Z, c - 1)) / len(Z)],
    columns_for_entries=[of_whole_columns],
    other_classes_forgotten=[lambda Z, c: (sm(Z) - 1) * one_hot(Z, c) / len(Z)],
    activation_forgotten=[lambda Z, c: (Z - one_hot(Z, c)) / len(Z)],
    input_changed=[shifted_in_place],
    no_max_shift=[shifted_by_one_number],
    keepdims_forgotten=[axis_not_kept],
    doubled=[lambda Z, c: 2 * (sm(Z) - one_hot(Z, c)) / len(Z)],
)


def log_sums(Z):
    return np.logaddexp.reduce(Z, axis=1)


these(
    "softmax_cross_entropy.stable_loss",
    right=[lambda Z, c: (log_sums(Z) - true_ones(Z, c)).mean()],
    no_max_shift=[
        lambda Z, c: np.mean(Z.max() + np.log(np.exp(Z - Z.max()).sum(axis=1)) - true_ones(Z, c)),
        lambda Z, c: -np.log(true_ones(np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True), c)).mean(),
    ],
    shift_not_undone=[lambda Z, c: (log_sums(Z) - Z.max(axis=1) - true_ones(Z, c)).mean()],
    another_base=[lambda Z, c: (log_sums(Z) - true_ones(Z, c)).mean() / np.log(2)],
    logarithm_forgotten=[lambda Z, c: true_ones(sm(Z), c).mean()],
    squared_error_for_classes=[lambda Z, c: 0.5 * ((sm(Z) - one_hot(Z, c)) ** 2).sum() / len(Z)],
    mean_over_entries=[lambda Z, c: (log_sums(Z) - true_ones(Z, c)).sum() / Z.size],
    another_function=[lambda Z, c: np.median(log_sums(Z) - true_ones(Z, c))],
)


def classifier(of_loss=1.0, of_dW=1.0, slope=1.0, back=lambda loss, dW: (loss, dW)):
    def loss_and_gradient(W, X, labels):
        Z = X @ W.T
        loss = (log_sums(Z) - true_ones(Z, labels)).mean()
        P = sm(Z)
        dZ = (P - one_hot(Z, labels)) * (slope if np.isscalar(slope) else slope(P))
        of = of_dW if np.isscalar(of_dW) else of_dW(X)
        return back(
            (of_loss if np.isscalar(of_loss) else of_loss(X)) * loss, of * dZ.T @ X / len(X)
        )

    return loss_and_gradient


these(
    "softmax_cross_entropy.classifier",
    right=[classifier(back=lambda loss, dW: [float(loss), dW.tolist()])],
    results_swapped=[classifier(back=lambda loss, dW: (dW, loss))],
    gradient_transposed=[classifier(back=lambda loss, dW: (loss, dW.T))],
    averaged_twice=[classifier(of_dW=lambda X: 1 / len(X))],
    batch_mean_missing=[classifier(of_loss=len), classifier(of_dW=len)],
    output_slope_twice=[classifier(slope=lambda P: P * (1 - P))],
    sign_flipped=[classifier(of_dW=-1.0), classifier(of_loss=-1.0)],
    part_scaled=[classifier(of_dW=2.0)],
    unnamed=[classifier(back=lambda loss, dW: (loss, 0 * dW))],
)
these(
    "softmax_cross_entropy.mend_softmax_backward",
    right=[lambda Z, g: [(np.diag(y) - np.outer(y, y)) @ h for y, h in zip(sm(Z), g)]],
    product_not_subtracted=[lambda Z, g: sm(Z) * g],
    diagonal_forgotten=[lambda Z, g: -sm(Z) * (g * sm(Z)).sum(axis=1, keepdims=True)],
    error_for_every_loss=[lambda Z, g: sm(Z) - g],
    keepdims_forgotten=[lambda Z, g: sm(Z) * (g - (g * sm(Z)).sum(axis=1))],
    shares_missing_in_sum=[lambda Z, g: sm(Z) * (g - g.sum(axis=1, keepdims=True))],
)
these(
    "softmax_cross_entropy.delta_by_hand",
    right=["-0.3, 0.1, 0.2", np.array([[-0.3], [0.1], [0.2]]), (-0.3, 0.1, 0.2)],
    other_classes_forgotten=[[-0.3, 0, 0]],
    class_miscounted=[[0.7, -0.9, 0.2]],
    absolute_value=[[0.3, 0.1, 0.2]],
    unnamed=[0.36, "none"],
)
these(
    "matrix_form.outer_product",
    right=[lambda d, a: [[x * y for y in a] for x in d], lambda d, a: [x * a for x in d]],
    integer_arrays=[lambda d, a: np.outer(d, a).astype(int)],
    off_by_one_loop=[lambda d, a: np.outer(np.append(d[:-1], 0), a)],
    inner_for_outer_product=[lambda d, a: d @ a],
    factor_missing=[lambda d, a: np.outer(d, np.ones(len(a)))],
)
these(
    "matrix_form.linear_backward",
    right=[lambda Z, A, W: [(Z @ W).tolist(), (Z.T @ A).tolist(), Z.sum(axis=0).tolist()]],
    results_swapped=[lambda Z, A, W: (Z.T @ A, Z.sum(axis=0), Z @ W)],
    row_for_column_form=[lambda Z, A, W: (W.T @ Z.T, Z.T @ A, Z.sum(axis=0))],
    averaged_twice=[lambda Z, A, W: (Z @ W / len(Z), Z.T @ A / len(Z), Z.mean(axis=0))],
    first_example_only=[lambda Z, A, W: (Z @ W, np.outer(Z[0], A[0]), Z.sum(axis=0))],
    slope_in_linear_layer=[lambda Z, A, W: (Z @ W * (1 - A**2), Z.T @ A, Z.sum(axis=0))],
    sign_flipped=[lambda Z, A, W: (Z @ W, -Z.T @ A, Z.sum(axis=0))],
    bias_not_summed__row_for_column_form=[lambda Z, A, W: (W.T @ Z.T, Z.T @ A, Z.copy())],
    nothing_returned=[lambda Z, A, W: (Z @ W, Z.T @ A, None)],
    result_given_twice=[lambda Z, A, W: (Z.T @ A, Z.T @ A, Z.sum(axis=0))],
    unnamed=[
        lambda Z, A, W: (Z @ W, Z.T @ A),
        lambda Z, A, W: np.array(2.0),
    ],
)


def layer(**other):
    class MyLinear:
        def __init__(self, W, b):
            self.W, self.b = W, b
            self.dW, self.db = np.zeros(W.shape), np.zeros(len(W))

        def forward(self, A):
            self.A = A
            return A @ self.W.T + self.b

        def backward(self, dZ):
            np.matmul(dZ.T, self.A, out=self.dW)
            np.sum(dZ, axis=0, out=self.db)
            return dZ @ self.W

    return type("MyLinear", (MyLinear,), other)


def added_in_place(self, dZ):
    self.dW += dZ.T @ self.A
    self.db += dZ.sum(axis=0)
    return dZ @ self.W


def in_lists(self, A):
    self.A = A
    return (A @ self.W.T + self.b).tolist()


def keeps_its_result(self, A):
    self.A = A @ self.W.T + self.b
    return self.A


def anew(self, dZ):
    self.dW, self.db = dZ.T @ self.A, dZ.sum(axis=0)
    return dZ @ self.W


these(
    "matrix_form.layer_class",
    right=[layer(), layer(forward=in_lists)],
    not_reset=[layer(backward=added_in_place)],
    activation_of_own_layer=[layer(forward=keeps_its_result, backward=anew)],
    nothing_returned=[layer(backward=lambda self, dZ: None)],
    unnamed=[layer(backward=None)],
)


def one_step(X, Y, W, b, eta, count=None, of=slope, back=lambda W1, W2: (W1, W2)):
    A1 = np.tanh(X @ W[0].T + b[0])
    dZ2 = (A1 @ W[1].T + b[1] - Y) / (count or len(X))
    dZ1 = dZ2 @ W[1] * of(X @ W[0].T + b[0])
    return back(W[0] - eta * dZ1.T @ X, W[1] - eta * dZ2.T @ A1)


def into_the_list(X, Y, W, b, eta):
    W[0], W[1] = one_step(X, Y, W, b, eta)
    return W[0].copy(), W[1].copy()


these(
    "matrix_form.mend_update",
    right=[lambda *a: one_step(*a, back=lambda W1, W2: [W1.tolist(), W2.tolist()])],
    number_for_parameter=[lambda X, Y, W, b, eta: one_step(X, Y, W, b, 0.1)],
    batch_mean_missing=[lambda *a: one_step(*a, count=1)],
    results_swapped=[lambda *a: one_step(*a, back=lambda W1, W2: (W2, W1))],
    logistic_slope_for_tanh=[lambda *a: one_step(*a, of=lambda z: np.tanh(z) * (1 - np.tanh(z)))],
    input_changed=[into_the_list],
)
these(
    "matrix_form.order_of_backward",
    right=["A-D-E-B", "adbe", np.array(list("ADEB"))],
    line_missing=["AD"],
    unnamed=["XYZ", ""],
)
these(
    "cost_of_backprop.mend_count",
    right=[lambda w: np.array(np.dot(w[:-1], w[1:])), lambda w: float(np.dot(w[:-1], w[1:]))],
    off_by_one_loop=[
        lambda w: sum(w[i] * w[i + 1] for i in range(len(w) - 2)),
        lambda w: sum(w[i - 1] * w[i] for i in range(len(w))),
    ],
    added_along_path=[sum, lambda w: sum(w[1:])],
    additions_counted=[lambda w: 2 * np.dot(w[:-1], w[1:])],
    not_summed_yet=[lambda w: [a * b for a, b in zip(w, w[1:])]],
)
these(
    "cost_of_backprop.count_backward",
    one_layer_off=[lambda w: sum(w[i] * w[i + 1] for i in range(len(w) - 2))],
    cost_grows_with_weights_squared=[lambda w: np.dot(w[:-1], w[1:]) * np.dot(w[1:-1], w[2:])],
    unnamed=[lambda w: str(np.dot(w[1:-1], w[2:]))],
)
these(
    "cost_of_backprop.forward_multiplications",
    right=["54", [54], np.array([54.0]), " 54 "],
    one_layer_only=[24, 30],
    unnamed=["many", [24, 30]],
)


def nudged(back, halves=(1, 1), width=2.0, copy=False):
    """Slopes by nudging x itself, or a copy; ``back`` puts the entry back: (x, i, here, h)."""

    def slopes(f, x, h):
        x = x.copy() if copy else x
        found = np.zeros(len(x))
        for i in range(len(x)):
            here = x[i]
            x[i] = here + halves[0] * h
            above = f(x)
            x[i] = here - halves[1] * h
            found[i] = (above - f(x)) / (width * h)
            back(x, i, here, h)
        return found

    return slopes


def put_back(x, i, here, h):
    x[i] = here


def up_again(x, i, here, h):
    x[i] += h  # back, but for rounding


def leave(x, i, here, h):
    pass


these(
    "gradient_checking.mend_checker",
    right=[
        nudged(put_back),
        nudged(up_again),
        lambda f, x, h: [(f(x + e) - f(x - e)) / (2 * h) for e in h * np.eye(len(x))],
    ],
    entry_not_restored=[
        nudged(leave),
        nudged(leave, copy=True),
        nudged(lambda x, i, here, h: x.__setitem__(i, here + h), copy=True),
    ],
    one_sided=[nudged(put_back, (0, 1), 1.0), nudged(put_back, (1, 0), 2.0)],
    all_nudged_together=[lambda f, x, h: np.full(len(x), (f(x + h) - f(x - h)) / (2 * h))],
    number_for_parameter=[lambda f, x, h: nudged(put_back)(f, x, 1e-5)],
    division_without_brackets=[lambda f, x, h: nudged(put_back)(f, x, h) * h * h],
    absolute_value=[lambda f, x, h: np.abs(nudged(put_back)(f, x, h))],
)


def gaps(g, m, below=np.maximum):
    return np.abs(g - m) / below(np.abs(g), np.abs(m))


these(
    "gradient_checking.relative_error",
    right=[lambda g, m: gaps(g, m, lambda a, b: np.maximum(a, b) + 1e-12).max()],
    one_scale_for_all=[lambda g, m: np.abs(g - m).max() / np.abs([g, m]).max()],
    one_size_doubled=[lambda g, m: gaps(g, m, np.minimum).max()],
    sign_kept=[lambda g, m: (np.abs(g - m) / np.maximum(g, m)).max()],
    mean_for_largest=[lambda g, m: gaps(g, m).sum()],
    not_summed_yet=[lambda g, m: gaps(g, m)],
    unnamed=[lambda g, m: np.median(gaps(g, m))],
)
these(
    "gradient_checking.complex_step",
    right=[lambda f, x: np.imag(f(complex(x, 1e-30))) / 1e-30],
    real_part_taken=[lambda f, x: f(x + 1e-20j).real / 1e-20],
    left_at_zero=[lambda f, x: (f(x + 1e-20) - f(x)) / 1e-20],  # as with 1j forgotten
    unnamed=[
        lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5,
    ],
    size_for_imaginary=[lambda f, x: abs(f(x + 1e-20j).imag) / 1e-20],
    imaginary_part_forgotten=[lambda f, x: (f(x + 1e-20j) - f(x)) / 1e-20],
)
these(
    "gradient_checking.error_of_central",
    right=["100", "1e2"],
    cubed=["1000"],
    ratio_upside_down=[0.01],
)


def cut(X, y, order, n, first=0, more=0):
    rows = [order[i : i + n + more] for i in range(first, len(order), n)]
    return [(X[i], y[i]) for i in rows]


these(
    "training.batches",
    right=[lambda *a: [(A.tolist(), t.tolist()) for A, t in cut(*a)]],
    shuffled_apart=[
        lambda X, y, o, n: [
            (A, t) for (A, _), (_, t) in zip(cut(X, y, np.arange(len(y)), n), cut(X, y, o, n))
        ]
    ],
    off_by_one_loop=[
        lambda *a: cut(*a, first=1),
        lambda *a: cut(*a, more=1),
        lambda X, y, o, n: [
            (X[o[k * n : k * n + n]], y[o[k * n : k * n + n]]) for k in range(len(y) // n + 1)
        ],
    ],
    results_swapped=[lambda *a: [(t, A) for A, t in cut(*a)]],
    one_step_an_epoch=[lambda *a: cut(*a)[:1]],
    unnamed=[
        lambda X, y, o, n: [(X[i], y[i]) for i in np.array_split(o, -(-len(o) // n))],
        lambda X, y, o, n: cut(X, y, o, 2),
        lambda *a: dict(enumerate(cut(*a))),
        lambda *a: [A for A, _ in cut(*a)],
    ],
)
these(
    "training.epoch",
    right=[lambda *a: ep(*a).tolist(), lambda *a: tuple(ep(*a))],
    number_for_parameter=[lambda X, y, w, eta, n: ep(X, y, w, 0.1, n)],
    one_step_an_epoch=[lambda X, y, w, eta, n: ep(X, y, w, eta, len(y))],
    factor_two_extra=[lambda X, y, w, eta, n: ep(X, y, w, 2 * eta, n)],
    step_for_each_example=[lambda X, y, w, eta, n: ep(X, y, w, eta, 1)],
    input_given_back=[lambda X, y, w, eta, n: w.copy()],
)


def drawn(of, seed=lambda s: s):
    return lambda a, b, s: of(np.random.default_rng(seed(s)), a, b)


these(
    "training.initial_weights",
    right=[
        drawn(lambda rng, a, b: (rng.normal(size=(b, a)) / np.sqrt(a)).tolist()),
        drawn(lambda rng, a, b: 5 / 3 * rng.normal(size=(b, a)) / np.sqrt(a)),
        drawn(lambda rng, a, b: rng.normal(size=(b, a)) * np.sqrt(2 / a)),
        drawn(lambda rng, a, b: np.linalg.qr(rng.normal(size=(a, b)))[0].T),
    ],
    seed_not_used=[
        drawn(lambda rng, a, b: rng.normal(size=(b, a)) / np.sqrt(a), seed=lambda s: 0),
        drawn(lambda rng, a, b: rng.normal(size=(b, a)) / np.sqrt(a), seed=lambda s: None),
    ],
    initialisation_too_large=[drawn(lambda rng, a, b: rng.normal(size=(b, a)) * np.sqrt(a))],
    unnamed=[
        drawn(lambda rng, a, b: np.eye(b, a)),
        drawn(lambda rng, a, b: np.tile(rng.normal(size=(b, 1)) / np.sqrt(a), (1, a))),
        drawn(lambda rng, a, b: rng.normal(size=(b, a)) * 0.01),
    ],
    weights_of_one_sign=[drawn(lambda rng, a, b: np.abs(rng.normal(size=(b, a))) / np.sqrt(a))],
)


def ordered(X, y, seed, of_y=None, draw=np.random.default_rng):
    order = draw(seed).permutation(len(y))
    return X[order], y[order if of_y is None else of_y]


these(
    "training.mend_shuffle",
    right=[lambda X, y, s: [v.tolist() for v in ordered(X, y, s)]],
    shuffled_apart=[lambda X, y, s: ordered(X, y, s, of_y=np.arange(len(y)))],
    seed_not_used=[
        lambda X, y, s: ordered(X, y, 0),
        lambda X, y, s: ordered(X, y, s, draw=np.random.RandomState),
        lambda X, y, s: ordered(X, y, None),
    ],
    results_swapped=[lambda X, y, s: ordered(X, y, s)[::-1]],
    unnamed=[lambda X, y, s: (*ordered(X, y, s), s)],
)
these(
    "training.steps",
    right=["45", 45.0],
    last_batch_dropped=[40, 42, 43, 42.65625],
    unnamed=[44],
)
these(
    "training.order_of_loop",
    right=["C A E B D", "c,a,e,b,d"],
    stale_cache=["CABED"],
    shuffled_too_late=["ACEBD"],
    line_too_early=["CADEB"],
)
these(
    "training.initial_scale",
    right=["0.1", "1/10", [0.1]],
    initialisation_too_large=[10],
    doubled=[0.2],
)
these(
    "to_autodiff.matmul_gate",
    right=[lambda A, B, g: [(g @ B.T).tolist(), (A.T @ g).tolist()]],
    upstream_missing=[lambda A, B, g: (B.T.copy(), A.T.copy())],
    backward_is_inverse=[lambda A, B, g: (g @ np.linalg.pinv(B), np.linalg.pinv(A) @ g)],
    sign_flipped=[lambda A, B, g: (-g @ B.T, A.T @ g)],
    nothing_returned=[lambda A, B, g: (g @ B.T, None)],
    input_given_back=[lambda A, B, g: (A, B)],
)
these(
    "to_autodiff.add_with_broadcast",
    right=[lambda X, b, g: [g.tolist(), g.sum(axis=0).tolist()]],
    bias_summed_to_one=[lambda X, b, g: (g.copy(), g.sum())],
    first_example_only=[lambda X, b, g: (g.copy(), g[0].copy())],
    results_swapped=[lambda X, b, g: (g.sum(axis=0), g.copy())],
    axis_summed_away=[lambda X, b, g: (g.sum(axis=0), g.sum(axis=0))],
    keepdims_kept=[lambda X, b, g: (g.copy(), g.sum(axis=0, keepdims=True))],
)


def doubled_in_place(x, times):
    for _ in range(times):
        grad = x
        grad += x
    return grad


these(
    "to_autodiff.mend_accumulate",
    right=[lambda x, times: [2 * float(v) for v in x], lambda x, times: np.add(x, x)],
    paths_multiplied=[lambda x, times: x * x],
    input_changed=[doubled_in_place],
    not_reset=[lambda x, times: 2 * times * x],
    doubled=[lambda x, times: 4 * x],
    nothing_returned=[lambda x, times: None],
    summed_to_one_number=[lambda x, times: (2 * x).sum()],
)


# --- lessons 01 to 04, each mistake as the task tempts to it --------------------------------------


def lesson_1():
    at = "feedforward_network.layer"
    answer(at, "exponent_sign_lost")(lambda x, W, b: 1 / (1 + np.exp(W @ x + b)))
    answer(at, "bias_subtracted")(lambda x, W, b: 1 / (1 + np.exp(-W @ x + b)))
    answer(at, "another_activation")(lambda x, W, b: np.maximum(0, W @ x + b))
    answer(at, "column_broadcast")(lambda x, W, b: sig(W @ x.reshape(-1, 1) + b))
    answer(at, "averaged_part")(lambda x, W, b: sig((W * x).mean(axis=1) + b))
    answer(at, "right")(
        lambda x, W, b: [float(sig(row @ x + c)) for row, c in zip(W, b, strict=True)]
    )
    answer(at, "right")(lambda x, W, b: 0.5 * (1 + np.tanh((x @ W.T + b) / 2)))

    def into_whole_numbers(x, W, b):
        a = np.zeros(len(b), dtype=int)
        for i in range(len(b)):
            a[i] = sig(W[i] @ x + b[i])
        return a

    answer(at, "integer_arrays")(into_whole_numbers)

    at = "feedforward_network.forward_batch"
    answer(at, "bias_forgotten")(lambda X, W1, b1, W2, b2: sig(X @ W1.T) @ W2.T + b2)
    answer(at, "bias_forgotten")(lambda X, W1, b1, W2, b2: sig(X @ W1.T + b1) @ W2.T)
    answer(at, "weights_wrong_way_round")(lambda X, W1, b1, W2, b2: sig(X @ W1.T + b1) @ W2 + b2)
    answer(at, "weights_wrong_way_round")(lambda X, W1, b1, W2, b2: W2 @ sig(W1 @ X + b1) + b2)
    answer(at, "first_example_only")(lambda X, W1, b1, W2, b2: sig(X[0] @ W1.T + b1) @ W2.T + b2)
    answer(at, "activation_on_output+bias_forgotten")(
        lambda X, W1, b1, W2, b2: sig(sig(X @ W1.T) @ W2.T + b2)
    )
    answer(at, "")(lambda X, W1, b1, W2, b2: sig(X @ W1.T + b2) @ W2.T + b1)
    answer(at, "")(lambda X, W1, b1, W2, b2: np.zeros((len(X), len(b2))))

    at = "feedforward_network.mend_forward"
    answer(at, "number_for_length")(
        lambda x, W, b: W[1] @ np.tanh(W[0] @ x + b[0]) + b[1]
    )  # two layers alone

    def hidden(x, W, b):
        for weights, bias in zip(W[:-1], b[:-1], strict=True):
            x = np.tanh(weights @ x + bias)
        return x

    answer(at, "off_by_one_loop")(hidden)
    answer(at, "bias_forgotten")(lambda x, W, b: W[-1] @ hidden(x, W, b))
    answer(at, "right")(lambda x, W, b: W[-1] @ hidden(x, W, b) + b[-1])
    answer(at, "weights_wrong_way_round")(
        lambda x, W, b: hidden(x, [w.T for w in W], b) @ W[-1] + b[-1]
    )

    def every_activation(x, W, b):  # rows of unequal length
        a = [x.copy()]
        for weights, bias in zip(W, b, strict=True):
            a.append(np.tanh(weights @ a[-1] + bias))
        return a

    answer(at, "")(every_activation)


def lesson_2():
    def shift(Z):
        return np.exp(Z - Z.max(axis=1, keepdims=True))

    at = "outputs_and_losses.softmax"
    answer(at, "keepdims_forgotten")(lambda Z: shift(Z) / shift(Z).sum(axis=1))
    answer(at, "keepdims_forgotten")(
        lambda Z: np.exp(Z - Z.max(axis=1)) / np.exp(Z - Z.max(axis=1)).sum(axis=1, keepdims=True)
    )
    answer(at, "no_normalisation")(shift)
    answer(at, "exponent_sign_lost")(lambda Z: shift(-Z) / shift(-Z).sum(axis=1, keepdims=True))
    answer(at, "summed_over_wrong_axis")(
        lambda Z: np.exp(Z - Z.max(axis=0)) / np.exp(Z - Z.max(axis=0)).sum(axis=0)
    )
    answer(at, "no_max_shift+no_normalisation")(np.exp)
    answer(at, "")(lambda Z: np.zeros_like(Z))
    answer(at, "right")(lambda Z: np.exp(Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)))

    def true(Y_hat, labels):
        return Y_hat[np.arange(len(labels)), labels]

    at = "outputs_and_losses.cross_entropy"
    answer(at, "class_miscounted")(lambda p, c: -np.log(true(p, c - 1)).mean())
    answer(at, "logarithm_forgotten")(lambda p, c: true(p, c).mean())
    answer(at, "mean_over_entries")(lambda p, c: -(np.eye(p.shape[1])[c] * np.log(p)).mean())
    answer(at, "first_example_only")(lambda p, c: -np.log(p[0, c[0]]))
    answer(at, "batch_mean_missing+class_miscounted")(lambda p, c: -np.log(true(p, c - 1)).sum())
    answer(at, "mean_inside_logarithm")(lambda p, c: -np.log(true(p, c).mean()))
    answer(at, "")(lambda p, c: 0.0)
    answer(at, "not_summed_yet")(lambda p, c: -np.log(true(p, c)))
    answer(at, "right")(lambda p, c: -np.log(true(p, c) + 1e-12).mean())

    at = "outputs_and_losses.squared_error"
    answer(at, "half_added")(lambda p, y: ((p - y) ** 2).sum(axis=1).mean() / 2)
    answer(at, "half_added+mean_over_entries")(lambda p, y: ((p - y) ** 2).mean() / 2)
    answer(at, "square_forgotten")(lambda p, y: (p - y).sum(axis=1).mean())
    answer(at, "square_of_sum")(lambda p, y: ((p - y).sum(axis=1) ** 2).mean())
    answer(at, "root_in_part")(lambda p, y: np.linalg.norm(p - y, axis=1).mean())
    answer(at, "right")(lambda p, y: np.trace((p - y) @ (p - y).T) / len(y))

    at = "outputs_and_losses.mend_temperature"
    answer(at, "exponential_forgotten")(lambda z, T: (z / T) / (z / T).sum())
    answer(at, "temperature_outside")(lambda z, T: T * shift(z[None])[0] / shift(z[None]).sum())
    answer(at, "temperature_forgotten")(lambda z, T: shift(z[None])[0] / shift(z[None]).sum())


def lesson_3():
    at = "gradient_descent.central_difference"

    def each(slope):
        def slopes(f, x, h):
            steps = np.eye(x.size).reshape(x.size, *x.shape) * h
            return np.reshape([slope(f, x, step, h) for step in steps], x.shape)

        return slopes

    def centred(f, x, d, h):
        return (f(x + d) - f(x - d)) / 2 / h

    answer(at, "right")(each(centred))
    answer(at, "one_sided")(each(lambda f, x, d, h: (f(x) - f(x - d)) / h))
    answer(at, "one_sided")(each(lambda f, x, d, h: (f(x + d) - f(x)) / (2 * h)))
    answer(at, "division_without_brackets")(each(lambda f, x, d, h: (f(x + d) - f(x - d)) / 2 * h))
    answer(at, "all_nudged_together")(lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h))
    answer(at, "left_at_zero")(each(lambda f, x, d, h: 0.0))

    answer(at, "absolute_value")(lambda f, x, h: np.abs(each(centred)(f, x, h)))
    answer(at, "summed_too_early")(lambda f, x, h: np.full(x.shape, each(centred)(f, x, h).sum()))

    def of_matrices(f, x, h):
        slopes = np.zeros_like(x)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                above, below = x.copy(), x.copy()
                above[i, j] += h
                below[i, j] -= h
                slopes[i, j] = (f(above) - f(below)) / (2 * h)
        return slopes

    answer(at, "")(of_matrices)

    def copies_that_stay(f, x, h):
        slopes, above, below = np.zeros_like(x), x.copy(), x.copy()
        for i in np.ndindex(x.shape):
            above[i] += h
            below[i] -= h
            slopes[i] = (f(above) - f(below)) / (2 * h)
        return slopes

    answer(at, "entry_not_restored")(copies_that_stay)

    for at in ("gradient_descent.descend", "gradient_descent.mend_descent"):

        def too_many(gradient, theta, eta, steps):
            for _ in range(steps + 1):
                theta = theta - eta * gradient(theta)
            return theta

        def by_coordinates(gradient, theta, eta, steps):
            theta = theta.copy()
            for _ in range(steps):
                for i in range(len(theta)):
                    theta[i] -= eta * gradient(theta)[i]
            return theta

        def eta_fixed(gradient, theta, eta, steps):
            for _ in range(steps):
                theta = theta - 0.1 * gradient(theta)
            return theta

        def in_place(gradient, theta, eta, steps):
            for _ in range(steps):
                theta -= gradient(theta) * eta
            return theta

        answer(at, "off_by_one_loop")(too_many)
        answer(at, "")(by_coordinates)
        answer(at, "number_for_parameter")(eta_fixed)
        answer(at, "input_changed")(in_place)
        answer(at, "stops_after_first_round")(
            lambda gradient, theta, eta, steps: theta - eta * gradient(theta)
        )

    at = "gradient_descent.mean_gradient"
    answer(at, "summed_to_one_number")(lambda g: g.mean())
    answer(at, "off_by_one_loop")(lambda g: sum(g[i] for i in range(len(g) - 1)) / len(g))
    answer(at, "overwritten_not_accumulated")(lambda g: g[-1] / len(g))
    answer(at, "keepdims_kept")(lambda g: g.mean(axis=0, keepdims=True))
    answer(at, "another_function")(lambda g: np.median(g, axis=0))

    def into_the_first(g):
        total = g[0]
        for row in g[1:]:
            total += row
        return total / len(g)

    answer(at, "input_changed")(into_the_first)


def lesson_4():
    def forward(w, x):
        h = [x]
        for weight in w:
            h.append(np.tanh(weight * h[-1]))
        return np.array(h)

    at = "chain_rule.thin_network"
    answer(at, "right")(lambda w, x: x * np.prod(w[1:]) * np.prod(1 - forward(w, x)[1:] ** 2))
    answer(at, "tanh_slope_not_squared")(
        lambda w, x: x * np.prod(w[1:]) * np.prod(1 - forward(w, x)[1:])
    )
    answer(at, "wrong_argument")(lambda w, x: np.prod(w) * np.prod(1 - forward(w, x)[1:] ** 2))
    answer(at, "inner_slope_missing")(lambda w, x: x * np.prod(1 - forward(w, x)[1:] ** 2))
    answer(at, "slope_missing")(
        lambda w, x: x * np.prod(w[1:]) * np.prod(1 - forward(w, x)[2:] ** 2)
    )
    answer(at, "slope_of_wrong_layer")(
        lambda w, x: x * np.prod(w[1:]) * np.prod(1 - forward(w, x)[:-1] ** 2)
    )
    answer(at, "plus_for_minus")(
        lambda w, x: x * np.prod(w[1:]) * np.prod(1 + forward(w, x)[1:] ** 2)
    )
    answer(at, "another_value")(lambda w, x: forward(w, x)[-1])

    at = "chain_rule.many_paths"
    answer(at, "upstream_missing")(lambda p, q: q.sum(axis=0))
    answer(at, "elementwise_for_matrix_product")(lambda p, q: p * q)
    answer(at, "overwritten_not_accumulated")(lambda p, q: p[-1] * q[-1])
    answer(at, "off_by_one_loop")(lambda p, q: sum(p[i] * q[i] for i in range(1, len(p))))
    answer(at, "added_along_path")(lambda p, q: (p[:, None] + q).sum(axis=0))
    answer(at, "product_of_sums")(lambda p, q: p.sum() * q.sum(axis=0))
    answer(at, "keepdims_kept")(lambda p, q: (p @ q)[None])
    answer(at, "right")(lambda p, q: np.tensordot(p, q, 1))

    at = "chain_rule.sine_of_square"
    for inside in (lambda x, c: x**2, lambda x, c: c * x, lambda x, c: 2 * c * x):
        answer(at, "outer_slope_at_wrong_point")(
            lambda x, c, inside=inside: np.cos(inside(x, c)) * 2 * c * x
        )
    answer(at, "added_along_path")(lambda x, c: np.cos(c * x**2) + 2 * c * x)
    answer(at, "factor_left_out")(lambda x, c: np.cos(c * x**2) * 2 * x)
    answer(at, "sign_flipped")(lambda x, c: -np.cos(c * x**2) * 2 * c * x)
    answer(at, "right")(lambda x, c: np.sin(c * x * x + np.pi / 2) * (x + x) * c)


lesson_1()
lesson_2()
lesson_3()
lesson_4()


def down_by(z, W, delta_output, slope_at):
    """All error signals, the recursion written backwards, with a slope of one's own."""
    found = [delta_output.copy()]
    for weights, below in zip(W[::-1], z[-2::-1], strict=True):
        found.append(weights.T @ found[-1] * slope_at(below))
    return tuple(found[::-1])


these(
    "error_signals.all_deltas",
    right=[lambda z, W, delta_output: list(down_by(z, W, delta_output, slope))],
    function_for_slope=[lambda z, W, delta_output: down_by(z, W, delta_output, np.tanh)],
    tanh_slope_not_squared=[
        lambda z, W, delta_output: down_by(z, W, delta_output, lambda u: 1 - np.tanh(u))
    ],
    z_in_slope_of_a=[lambda z, W, delta_output: down_by(z, W, delta_output, lambda u: 1 - u**2)],
)
these(
    "error_signals.recursion",
    right=[lambda z, W_above, delta_above: np.einsum("mn,m,n->n", W_above, delta_above, slope(z))],
    overwritten_not_accumulated=[
        lambda z, W_above, delta_above: W_above[-1] * delta_above[-1] * slope(z)
    ],
)
these(
    "error_signals.mend_recursion",
    right=[lambda z, W_above, delta_above: list(delta_above @ W_above * slope(z))],
    function_for_slope=[lambda z, W_above, delta_above: delta_above @ W_above * np.tanh(z)],
    tanh_slope_not_squared=[
        lambda z, W_above, delta_above: delta_above @ W_above * (1 - np.tanh(z))
    ],
    slope_at_activation=[lambda z, W_above, delta_above: delta_above @ W_above * slope(np.tanh(z))],
    another_value=[lambda z, W_above, delta_above: delta_above @ W_above * z],
)
these(
    "activations.relu_backward",
    right=[lambda z, grad_a: grad_a * np.heaviside(z, 0)],
    upstream_missing=[lambda z, grad_a: (z > 0).astype(float)],
    mask_from_upstream=[lambda z, grad_a: grad_a * (z > 0) * (grad_a > 0)],
    unnamed=[lambda z, grad_a: grad_a[z > 0]],
)


def nested(x, W1, W2, y, j, i, k=slice(None), slope_at=slope):
    h = np.tanh(W1 @ x)
    return np.sum(((W2 @ h - y) * W2[:, j])[k]) * slope_at(W1[j] @ x) * x[i]


these(
    "one_weight_at_a_time.nested_sum",
    right=[nested],
    overwritten_not_accumulated=[lambda *given: nested(*given, k=-1)],
    one_path_only=[lambda *given: nested(*given, k=0)],
    function_for_slope=[lambda *given: nested(*given, slope_at=np.tanh)],
    tanh_slope_not_squared=[lambda *given: nested(*given, slope_at=lambda u: 1 - np.tanh(u))],
    off_by_one_loop=[lambda *given: nested(*given, k=slice(-1))],
)


def value_for_slope_in_place(z):
    value = np.tanh(z)
    z[:] = 0
    return value


answer("activations.tanh_slope", "function_for_slope+input_changed")(value_for_slope_in_place)


# --- lessons 05 to 08, once more ------------------------------------------------------------------


def deltas_in_a_list(z, W, delta_output, slope=slope):
    deltas = [delta_output]  # as it was given: it is δ of the last layer
    for layer in range(len(W) - 1, -1, -1):
        deltas.insert(0, (W[layer].T @ deltas[0]) * slope(z[layer]))
    return deltas


these(
    "error_signals.all_deltas",
    right=[deltas_in_a_list, lambda *given: tuple(deltas_in_a_list(*given))],
    results_swapped=[lambda *given: deltas_in_a_list(*given)[::-1]],
    slope_missing=[lambda *given: deltas_in_a_list(*given, slope=lambda z: 1)],
    off_by_one_loop=[lambda *given: deltas_in_a_list(*given)[1:]],
    tanh_slope_not_squared=[
        lambda *given: deltas_in_a_list(*given, slope=lambda z: 1 - np.tanh(z))
    ],
    slope_missing__results_swapped=[
        lambda *given: deltas_in_a_list(*given, slope=lambda z: 1)[::-1],
    ],
    first_entry_only=[lambda *given: deltas_in_a_list(*given)[0]],
)


these(
    "error_signals.delta_of_output",
    right=[lambda z, y: sig(z) ** 2 - sig(z) ** 3 - y * sig(z) + y * sig(z) ** 2],
    z_in_slope_of_a=[lambda z, y: (sig(z) - y) * z * (1 - z)],
    logistic_slope_not_multiplied=[lambda z, y: (sig(z) - y) * (1 - sig(z))],
    tanh_slope_for_logistic=[
        lambda z, y: (sig(z) - y) * (1 - sig(z) ** 2),
        lambda z, y: (sig(z) - y) * slope(z),
    ],
    target_forgotten=[lambda z, y: sig(z) * sig(z) * (1 - sig(z))],
    factor_two_missing=[lambda z, y: 0.5 * (sig(z) - y) * sig(z) * (1 - sig(z))],
    factor_twice=[lambda z, y: (sig(z) - y) ** 2 * sig(z) * (1 - sig(z))],
)


def last_unit_above(z, W, d):
    delta = np.zeros(len(z))
    for j in range(len(z)):
        for i in range(len(d)):
            delta[j] = W[i, j] * d[i] * slope(z[j])
    return delta


these(
    "flow_graphs.circuit",
    paths_multiplied=[lambda x, y, z: ((x * y + z) * x * y, x * x, x)],
    wrong_argument=[lambda x, y, z: (x * x + x * y + z, x * y, x)],
    added_along_path=[lambda x, y, z: (y + x + x * y + z, x + x, x)],
    upstream_missing=[lambda x, y, z: (2 * x * y + z, x * x, 1)],
    unnamed=[lambda x, y, z: 2 * x * y + z + x * x + x],
)


def backward(leaves, tape, start=0.0, at_add=1.0, twice=True, rounds=slice(None)):
    values = list(leaves)
    for op, i, j in tape:
        values.append(values[i] + values[j] if op == "add" else values[i] * values[j])
    grad = [start] * len(values)
    grad[-1] = 1.0
    for k in range(len(values))[len(leaves) :][rounds][::-1]:
        op, i, j = tape[k - len(leaves)]
        to_i, to_j = (at_add, at_add) if op == "add" else (values[j], values[i])
        grad[i] += grad[k] * to_i
        if twice or i != j:
            grad[j] += grad[k] * to_j
    return np.array(grad[: len(leaves)])


def without_a_start(leaves, tape):
    return 0 * backward(leaves, tape)


def at_the_leaves_alone(leaves, tape):
    grad = np.zeros(len(leaves))
    for op, i, j in tape[::-1]:
        grad[i] += 1 if op == "add" else leaves[j]
        grad[j] += 1 if op == "add" else leaves[i]
    return grad


these(
    "flow_graphs.reverse_mode",
    right=[backward],
    upstream_shared_out=[lambda leaves, tape: backward(leaves, tape, at_add=0.5)],
    not_reset=[lambda leaves, tape: backward(leaves, tape, start=1.0)],
    one_path_only=[lambda leaves, tape: backward(leaves, tape, twice=False)],
    off_by_one_loop=[lambda leaves, tape: backward(leaves, tape, rounds=slice(1, None))],
    backward_not_started=[without_a_start],
    unnamed=[at_the_leaves_alone],
)
these(
    "flow_graphs.mend_sigmoid",
    right=[lambda x, g: g * (1 - np.tanh(x / 2) ** 2) / 4],
    tanh_slope_for_logistic=[lambda x, g: (1 - sig(x) ** 2) * g, lambda x, g: slope(x) * g],
    z_in_slope_of_a=[lambda x, g: x * (1 - x) * g],
    added_along_path=[lambda x, g: sig(x) * (1 - sig(x)) + g],
    matrix_for_elementwise_product=[lambda x, g: (sig(x) * (1 - sig(x))) @ g],
    inputs_swapped=[lambda x, g: sig(g) * (1 - sig(g)) * x],
)
these(
    "activations.tanh_slope",
    right=[lambda z: np.array([1 - np.tanh(row) ** 2 for row in z])],
    logistic_slope_for_tanh=[
        lambda z: np.tanh(z) * (1 - np.tanh(z)),
        lambda z: sig(z) * (1 - sig(z)),
    ],
    tanh_slope_not_squared=[lambda z: 1 / np.cosh(z)],
    plus_for_minus=[lambda z: 1 + np.tanh(z) ** 2],
    inside_for_outside=[lambda z: 1 - np.tanh(z**2)],
)
these(
    "activations.relu_backward",
    right=[lambda z, g: g * np.heaviside(z, 0)],
    upstream_missing=[lambda z, g: (z > 0).astype(float), lambda z, g: z > 0],
    sides_swapped=[lambda z, g: g * (z < 0)],
    slope_at_kink=[lambda z, g: g * np.heaviside(z, 0.5)],
    mask_from_upstream=[lambda z, g: g * (z > 0) * (g > 0)],
    added_along_path=[lambda z, g: g + (z > 0)],
    condition_wrong=[lambda z, g: g * np.sign(z)],
    unnamed=[lambda z, g: g[z > 0]],
)
these(
    "activations.logistic_backward",
    right=[lambda z, g: g * sig(z) * sig(-z)],
    tanh_slope_for_logistic=[lambda z, g: g * (1 - sig(z) ** 2), lambda z, g: g * slope(z)],
    added_along_path=[lambda z, g: g + sig(z) * (1 - sig(z))],
    matrix_for_elementwise_product=[lambda z, g: g @ (sig(z) * (1 - sig(z)))],
    brackets_missing=[lambda z, g: g * sig(z) * 1 - sig(z)],
    unnamed=[lambda z, g: g / 4],
)
these(
    "activations.mend_leaky_relu",
    right=[lambda z, k: k + (1 - k) * (z > 0), lambda z, k: np.maximum(z > 0, k)],
    sides_swapped=[lambda z, k: np.where(z > 0, k, 1.0), lambda z, k: np.where(z < 0, 1.0, k)],
    number_for_parameter=[lambda z, k: np.where(z > 0, 1.0, 0.01)],
    function_for_slope=[lambda z, k: np.where(z > 0, 1.0, k * z)],
    slope_at_kink=[lambda z, k: (z > 0) + k * (z < 0)],
    sign_flipped=[lambda z, k: np.where(z > 0, 1.0, -k)],
    one_in_part=[lambda z, k: np.where(z > 0, 1.0, 1 - k)],
)


def returned_too_early(d, a):
    table = np.zeros((len(d), len(a)))
    for i in range(len(d)):
        for j in range(len(a)):
            table[i, j] = d[i] * a[j]
        return table


these(
    "one_weight_at_a_time.all_weights",
    right=[lambda d, a: [[p * q for q in a] for p in d]],
    elementwise_for_matrix_product=[lambda d, a: d * a],
    added_along_path=[lambda d, a: d[:, None] + a],
    off_by_one_loop=[returned_too_early],
    indices_swapped=[
        lambda d, a: np.array([[d[j] * a[i] for j in range(len(a))] for i in range(len(d))]),
    ],
    slope_in_linear_layer=[lambda d, a: np.outer(d, a * (1 - a))],
    flattened=[lambda d, a: np.kron(d, a)],
)
these(
    "one_weight_at_a_time.mend_slope",
    indices_swapped=[
        lambda x, W, v, i, j: v[i] * slope(W[i] @ x) * x[i],
        lambda x, W, v, i, j: v[j] * slope(W[j] @ x) * x[j],
    ],
    activation_of_own_layer=[lambda x, W, v, i, j: v[i] * slope(W[i] @ x) * (W[i] @ x)],
    upstream_missing=[lambda x, W, v, i, j: slope(W[i] @ x) * x[j]],
    tanh_slope_not_squared=[lambda x, W, v, i, j: v[i] * (1 - np.tanh(W[i] @ x)) * x[j]],
    unnamed=[lambda x, W, v, i, j: v[i] * slope(W[i, j] * x[j]) * x[j]],
)


def nested_with(x, W1, W2, y, j, i, slope=slope, paths=lambda terms: terms.sum(), row=False):
    error = W2 @ np.tanh(W1 @ x) - y
    return paths(error * (W2[j] if row else W2[:, j])) * slope(W1[j] @ x) * x[i]


these(
    "one_weight_at_a_time.nested_sum",
    right=[nested_with],
    sign_flipped=[lambda *given: -nested_with(*given)],
    factor_two_missing=[lambda *given: nested_with(*given) / 2],
    factor_two_missing__sign_flipped=[lambda *given: -nested_with(*given) / 2],
    paths_multiplied=[lambda *given: nested_with(*given, paths=np.prod)],
    overwritten_not_accumulated=[lambda *given: nested_with(*given, paths=lambda terms: terms[-1])],
    weights_wrong_way_round=[lambda *given: nested_with(*given, row=True)],
    tanh_slope_not_squared=[lambda *given: nested_with(*given, slope=lambda z: 1 - np.tanh(z))],
    indices_swapped=[lambda x, W1, W2, y, j, i: nested(x, W1, W2, y, i, j)],
    off_by_one_loop=[lambda *given: nested_with(*given, paths=lambda terms: terms[:-1].sum())],
    not_summed_yet=[lambda *given: nested_with(*given, paths=lambda terms: terms)],
)
for recursion in ("error_signals.recursion", "error_signals.mend_recursion"):
    these(
        recursion,
        right=[lambda z, W, d: np.diag(slope(z)) @ W.T @ d],
        slope_before_weights=[
            lambda z, W, d: W.T @ (d * (W @ slope(z))),
            lambda z, W, d: W.T @ (d * slope(z)),
        ],
        slope_of_wrong_layer=[lambda z, W, d: W.T @ (d * slope(W @ np.tanh(z)))],
        summed_over_wrong_axis=[lambda z, W, d: (W.T * d).sum(axis=0) * slope(z)],
        matrix_for_elementwise_product=[lambda z, W, d: (W.T @ d) @ slope(z)],
        overwritten_not_accumulated=[last_unit_above],
        upstream_missing=[lambda z, W, d: W.sum(axis=0) * slope(z)],
        logistic_slope_for_tanh=[
            lambda z, W, d: (W.T @ d) * sig(z) * (1 - sig(z)),
            lambda z, W, d: (W.T @ d) * np.tanh(z) * (1 - np.tanh(z)),
        ],
        tanh_slope_not_squared__weights_wrong_way_round=[lambda z, W, d: W @ d * (1 - np.tanh(z))],
        divided_for_multiplied=[lambda z, W, d: (W.T @ d) / slope(z)],
        factor_missing=[lambda z, W, d: d.sum() * slope(z)],
    )
these(
    "scores_and_margin.margin_loss",
    target_and_output_swapped=[
        lambda s, c: (max(0, 1 + s - c), float(1 + s - c > 0), -float(1 + s - c > 0)),
    ],
    sides_swapped=[lambda s, c: (max(0, 1 - s + c), -float(s - c > 1), float(s - c > 1))],
)


def rival_hidden_by(number):
    def margin_slopes(scores, label):
        others = np.where(np.arange(len(scores)) == label, number, scores)
        return pushed(scores, label, others.argmax())

    return margin_slopes


def pushed(scores, label, rival, lead=None):
    slopes = np.zeros(len(scores))
    if (scores[label] - scores[rival] if lead is None else lead) < 1:
        slopes[label] -= 1
        slopes[rival] += 1
    return slopes


def rival_searched_from_zero(scores, label):
    largest, rival = 0, 0
    for k, score in enumerate(scores):
        if k != label and score > largest:
            largest, rival = score, k
    return pushed(scores, label, rival)


def rival_in_the_shorter(scores, label):
    others = list(scores[:label]) + list(scores[label + 1 :])
    return pushed(scores, label, others.index(max(others)), scores[label] - max(others))


def rival_moved_back(scores, label):
    rival = np.delete(scores, label).argmax()
    return pushed(scores, label, rival + (rival >= label))


def every_rival(scores, label):
    slopes = (scores + 1 > scores[label]).astype(float)
    slopes[label] = 1 - slopes.sum()
    return slopes


these(
    "scores_and_margin.mend_rival",
    right=[rival_hidden_by(-np.inf), rival_hidden_by(-1e300), rival_moved_back],
    zero_for_minus_infinity=[rival_hidden_by(0), rival_searched_from_zero],
    index_not_shifted=[
        rival_in_the_shorter,
        lambda scores, label: pushed(scores, label, np.delete(scores, label).argmax()),
    ],
    sum_for_largest=[every_rival],
)
these(
    "outputs_and_losses.squared_error",
    right=[lambda a, y: np.trace((a - y) @ (a - y).T) / len(y)],
    square_of_sum=[
        lambda a, y: ((a.sum(axis=1) - y.sum(axis=1)) ** 2).mean(),
        lambda a, y: (a - y).sum() ** 2 / len(y),
        lambda a, y: sum((a - y).sum(axis=0) ** 2) / len(y),
    ],
)
these(
    "outputs_and_losses.best_constant",
    right=[lambda y, w: w / w.sum() @ y],
    weights_squared=[lambda y, w: w**2 @ y / (w @ w)],
    divided_by_another_count=[lambda y, w: (w * y).mean()],
    value_for_place=[lambda y, w: w @ y**2 - (w @ y) ** 2 / w.sum()],
)


def lazy_ratios(Y_hat, Y, axis):
    return ((Y_hat - Y) ** 2).sum(axis=axis) / ((Y - Y.mean(axis=0)) ** 2).sum(axis=axis)


these(
    "outputs_and_losses.mend_baseline",
    right=[lambda a, y: ((a - y) ** 2).mean() / y.var(axis=0).mean()],
    mean_of_ratios=[
        lambda a, y: np.mean([lazy_ratios(a, y, 0)[k] for k in range(y.shape[1])]),
        lambda a, y: lazy_ratios(a, y, 1).mean(),
        lambda a, y: sum(lazy_ratios(a, y, 0)),
    ],
)


def both_moved(f, x, h, copy=np.asarray):
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        above, below = copy(x), copy(x)
        above[i] += h
        below[i] -= h
        slopes[i] = (f(above) - f(below)) / (2 * h)
    return slopes


these(
    "gradient_descent.central_difference",
    right=[lambda f, x, h: both_moved(f, x, h, np.copy)],
    left_at_zero=[lambda f, x, h: both_moved(f, np.copy(x), h)],
)
for descent in ("gradient_descent.descend", "gradient_descent.mend_descent"):
    these(
        descent,
        learning_rate_divided=[
            lambda g, at, eta, n: descended(g, at, eta / n, n),
            lambda g, at, eta, n: descended(g, at, eta / len(at), n),
        ],
        right=[lambda g, at, eta, n: descended(g, at, eta, n)],
    )


def descended(gradient, at, eta, steps):
    return at if not steps else descended(gradient, at - eta * gradient(at), eta, steps - 1)


def thin_slopes(w, x, skip):
    a, slopes = [x], []
    for weight in w:
        t = np.tanh(weight * a[-1])
        slopes.append(1 - t * t)
        a.append(t + skip * a[-1])
    return np.array(a), np.array(slopes)


def thin_product(w, x):
    return x * w.prod() * thin_slopes(w, x, 0)[1].prod()


def skipping(w, x, first=lambda w, x, slope: slope * x, of_output=False):
    a, slopes = thin_slopes(w, x, 1)
    above = (1 - a**2)[1:] if of_output else slopes
    return first(w[0], x, slopes[0]) * np.prod(1 + w[1:] * above[1:])


these(
    "chain_rule.thin_network",
    variable_as_factor=[thin_product],
)
these(
    "chain_rule.thin_with_skip",
    right=[skipping],
    variable_as_factor=[lambda w, x: w[0] * skipping(w, x)],
    path_too_many=[
        lambda w, x: skipping(w, x, lambda v, x, slope: 1 + slope * x),
        lambda w, x: skipping(w, x, lambda v, x, slope: 1 + v * slope),
        lambda w, x: skipping(w, x, lambda v, x, slope: x * (1 + v * slope)),
    ],
    slope_of_more_than_tanh=[lambda w, x: skipping(w, x, of_output=True)],
)
these(
    "chain_rule.many_paths",
    right=[lambda p, q: [p @ column for column in q.T]],
    product_of_sums=[lambda p, q: sum(p) * sum(q)],
)
these(
    "one_weight_at_a_time.shared_weight",
    right=[np.dot, lambda d, a: np.trace(np.outer(d, a))],
    product_of_sums=[lambda d, a: (d[:, None] * a).sum(), lambda d, a: sum(d) * sum(a)],
)
these(
    "one_weight_at_a_time.all_weights",
    slope_in_linear_layer=[
        lambda d, a: np.outer(d, a - a**3),
        lambda d, a: np.outer(d, a**2 * (1 - a)),
    ],
)
these(
    "flow_graphs.mend_sigmoid",
    right=[lambda x, up: up * sig(x) * sig(-x)],
    z_in_slope_of_a=[
        lambda x, up: up * sig(x) * (1 - x),
        lambda x, up: up * x * (1 - sig(x)),
    ],
)
these(
    "error_signals.delta_with_skip",
    right=[lambda z, W, d, V, e: (d @ W + e @ V) * slope(z)],
    paths_multiplied=[
        lambda z, W, d, V, e: (d @ W) * (e @ V) * slope(z),
        lambda z, W, d, V, e: (d @ W * slope(z)) * (e @ V * slope(z)),
    ],
)
these(
    "activations.scaled_tanh_slope",
    slope_of_more_than_tanh=[lambda z, A, B: A * B - A * B * (A * np.tanh(B * z)) ** 2],
    right=[lambda z, A, B: B * (A - (A * np.tanh(B * z)) ** 2 / A)],
)


def linear_first(x, W, b):
    a = W[0] @ x + b[0]
    for M, c in zip(W[1:], b[1:]):
        a = np.tanh(M @ a + c)
    return a


these("feedforward_network.mend_forward", activation_on_output=[linear_first])
these(
    "gradient_checking.mend_checker",
    division_without_brackets=[
        lambda f, x, h: np.array([f(x + d) - f(x - d) for d in h * np.eye(len(x))]) / 2 * h
    ],
)
these(
    "vectors_and_jacobians.back_through_sum",
    right=[lambda W, d: (W + np.eye(len(d))).T @ d],
    ones_for_identity=[lambda W, d: d @ (1 + W)],
)
these(
    "vectors_and_jacobians.row_recursion",
    flattened=[lambda d, W, z: (d @ W * slope(z)).ravel()],
    right=[lambda d, W, z: (d @ W * slope(z)).ravel()[None]],
)
these(
    "to_autodiff.add_with_broadcast",
    add_gate_as_multiply__bias_averaged=[lambda X, b, g: (g * b, (g * X).mean(axis=0))],
)


def positive_weights(n_in, n_out, seed, low=0.0):
    return np.random.default_rng(seed).uniform(low, 1, (n_out, n_in)) / n_in**0.5


these(
    "starting_well.initial_weights",
    right=[lambda n_in, n_out, seed: 3**0.5 * positive_weights(n_in, n_out, seed, -1)],
    weights_of_one_sign=[
        positive_weights,
        lambda n_in, n_out, seed: 3**0.5 * positive_weights(n_in, n_out, seed),
    ],
)


@pytest.mark.parametrize(
    "answer", a_part(WRITTEN, every=2), ids=[f"{id}-{name}" for id, name, _ in WRITTEN]
)
def test_an_answer_written_by_hand_has_the_name_that_fits(answer):
    id, expected, function = answer
    result = judge(find(id), function)
    given = "right" if result.status == "right" else "+".join(sorted(result.misconceptions))
    assert given == "+".join(sorted(expected.split("+"))), result.message


@pytest.mark.parametrize(
    ("id", "answer", "name"),
    [
        ("feedforward_network.pre_activation", "-3.63", "right"),
        ("feedforward_network.pre_activation", np.array([-3.63]), "right"),
        ("feedforward_network.pre_activation", 0.03, "activated_already"),
        ("feedforward_network.pre_activation", "minus 3", ""),
        ("feedforward_network.weight_shape", "(2, 4)", "right"),
        ("feedforward_network.weight_shape", (8,), ""),
        ("feedforward_network.parameters", 60, "biases_not_counted"),
        ("feedforward_network.parameters", 35, "one_layer_only"),
        ("feedforward_network.order_of_forward", "C-B-F-A-G", "right"),
        ("feedforward_network.order_of_forward", "CBFAE", "activation_on_output"),
        ("outputs_and_losses.cross_entropy_by_hand", 1.9, "class_miscounted"),
        ("outputs_and_losses.cross_entropy_by_hand", 0.05, "logarithm_forgotten"),
        ("gradient_descent.evaluations", 174, "one_sided"),
        ("chain_rule.one_path", 3.7, "inner_slope_missing"),
        ("chain_rule.two_paths", -0.14, "one_path_only"),
    ],
)
def test_a_value_by_hand_has_the_name_that_fits(id, answer, name):
    result = judge(find(id), answer)
    assert ("right" if result.status == "right" else "+".join(result.misconceptions)) == name


def margin_losses(scores):
    values = [1 - scores[0] + rival for rival in scores[1:]]
    active = [float(value > 0) for value in values]
    return (sum(v * on for v, on in zip(values, active)), -sum(active), *active)


@pytest.mark.parametrize("name", ["margin_loss", "two_rivals"])
def test_scores_below_0_are_among_those_that_are_tried(name):
    question = find(f"scores_and_margin.{name}")
    assert judge(question, lambda *scores: margin_losses(scores)).status == "right"
    above = judge(question, lambda *scores: margin_losses([max(s, 0.0) for s in scores]))
    assert above.status == "wrong"


def test_what_a_result_lacks_is_said_in_words():
    softmax = find("outputs_and_losses.softmax")
    assert "return missing" in judge(softmax, lambda Z: print(sm(Z))).message
    assert judge(softmax, lambda Z: sm(Z).tolist()).status == "right"
    assert "nearly right" in judge(softmax, lambda Z: sm(Z) * (1 + 1e-6)).message
    sine = find("chain_rule.sine_of_square")  # where x is small, right but for the shown digits
    assert (
        "nearly" not in judge(sine, lambda x, c: np.cos(np.radians(c * x**2)) * 2 * c * x).message
    )
