"""Lesson 11: a whole layer at once, then a whole batch."""

import numpy as np

from bpcourse.questions.inputs import sizes
from bpcourse.questions.question import question


def _through_a_layer(N, n_in, n_out):
    from bpcourse import figures

    parts = [("A", (N, n_in), "forward"), "→", ("Z", (N, n_out), "forward")]
    names = {N: "examples", n_in: "inputs", n_out: "units"}
    return figures.shape_row(parts, sizes=names)


@question(
    "matrix_form.shape_of_gradient",
    "shape",
    answer="shape_of_dW",
    picture=_through_a_layer,
    inputs=lambda rng, size: dict(
        zip(("N", "n_in", "n_out"), sizes(rng, size + 1, 3), strict=True)
    ),
    level="warm_up",
    points=1,
    minutes=1,
    misconceptions="gradient_transposed inner_sizes_kept bias_not_summed",
)
def shape_of_gradient(flaw, N, n_in, n_out):
    if flaw("inner_sizes_kept"):
        return (N, n_in)
    if flaw("bias_not_summed"):
        return (N, n_out)
    return (n_in, n_out) if flaw("gradient_transposed") else (n_out, n_in)


def _one(rng, size):
    n_in, n_out = sizes(rng, size, 2)
    return {"delta": rng.normal(size=n_out), "a": rng.normal(size=n_in)}


@question(
    "matrix_form.outer_product",
    answer="outer_gradient",
    inputs=_one,
    level="warm_up",
    points=2,
    minutes=4,
    misconceptions="gradient_transposed column_broadcast sign_flipped upstream_missing",
)
def outer_product(flaw, delta, a):
    if flaw("column_broadcast"):  # (n, 1) of one and (n, 1) of the other
        return (
            (delta[:, None] * a[:, None]) if len(a) == len(delta) else delta[:, None] @ a[:, None]
        )
    if flaw("upstream_missing"):
        delta = np.ones_like(delta)
    table = np.outer(delta, a)
    if flaw("sign_flipped"):
        table = -table
    return table.T.copy() if flaw("gradient_transposed") else table


def _layer(rng, size):
    batch, n_in, n_out = sizes(rng, size, 3)
    return {
        "dZ": rng.normal(size=(batch, n_out)),
        "A": rng.normal(size=(batch, n_in)),
        "W": rng.normal(size=(n_out, n_in)),
    }


@question(
    "matrix_form.linear_backward",
    answer="linear_backward",
    inputs=_layer,
    parts=("dA", "dW", "db"),
    points=3,
    minutes=8,
    misconceptions="weights_wrong_way_round gradient_transposed averaged_twice bias_not_summed "
    "bias_averaged summed_over_wrong_axis weight_gradient_averaged bias_summed_to_one",
)
def linear_backward(flaw, dZ, A, W):
    dA = dZ @ (W.T if flaw("weights_wrong_way_round") else W)
    dW = A.T @ dZ if flaw("gradient_transposed") else dZ.T @ A
    db = dZ.sum(axis=1 if flaw("summed_over_wrong_axis") else 0)
    if flaw("bias_not_summed"):
        db = dZ + 0.0
    if flaw("bias_summed_to_one"):
        db = dZ.sum()
    if flaw("averaged_twice") or flaw("weight_gradient_averaged"):
        dW = dW / len(dZ)
    if flaw("averaged_twice") or flaw("bias_averaged"):
        db = db / len(dZ)
    return dA, dW, db


def _network(rng, size):
    batch, *widths = sizes(rng, size, 4)
    weights = [rng.normal(size=shape) for shape in zip(widths[1:], widths[:-1], strict=True)]
    return {
        "X": rng.normal(size=(batch, widths[0])),
        "Y": rng.normal(size=(batch, widths[-1])),
        "W": weights,
        "b": [rng.normal(size=n) for n in widths[1:]],
    }


@question(
    "matrix_form.whole_network",
    answer="network_gradients",
    inputs=_network,
    parts=("dW1", "db1", "dW2", "db2"),
    level="stretch",
    points=5,
    minutes=20,
    misconceptions="batch_mean_missing averaged_twice slope_missing slope_at_activation "
    "slope_of_wrong_layer gradient_transposed target_and_output_swapped factor_two_extra "
    "activation_of_own_layer",
)
def whole_network(flaw, X, Y, W, b):
    Z1 = X @ W[0].T + b[0]
    A1 = np.tanh(Z1)
    Y_hat = A1 @ W[1].T + b[1]  # linear outputs, and half the squared error, averaged
    dZ2 = Y - Y_hat if flaw("target_and_output_swapped") else Y_hat - Y
    if flaw("factor_two_extra"):
        dZ2 = 2 * dZ2
    if not flaw("batch_mean_missing"):
        dZ2 = dZ2 / len(X)
    point = A1 if flaw("slope_at_activation") else Z1
    dA1 = dZ2 @ W[1]
    if flaw("slope_of_wrong_layer"):
        dA1 = (dZ2 * (1 - np.tanh(Y_hat) ** 2)) @ W[1]
    elif not flaw("slope_missing"):
        dA1 = dA1 * (1 - np.tanh(point) ** 2)
    below = Y_hat if flaw("activation_of_own_layer") else A1
    dW1, dW2 = dA1.T @ X, dZ2.T @ below
    if flaw("gradient_transposed"):
        dW1, dW2 = X.T @ dA1, below.T @ dZ2
    share = len(X) if flaw("averaged_twice") else 1
    return dW1 / share, dA1.sum(axis=0) / share, dW2 / share, dZ2.sum(axis=0) / share


@question(
    "matrix_form.layer_class",
    "class",
    answer="MyLinear",
    inputs=lambda rng, size: {
        **_layer(rng, size),
        "b": rng.normal(size=1),
        "X_other": rng.normal(size=(2, 2)),
    },
    use=lambda cls, dZ, A, W, b, X_other: _use_layer(cls, dZ, A, W, b),
    parts=("first backward", "second backward"),
    level="stretch",
    points=4,
    minutes=15,
    misconceptions="stale_cache not_reset weights_wrong_way_round bias_not_summed averaged_twice",
)
def layer_class(flaw):
    class MyLinear:
        def __init__(self, W, b):
            self.W, self.b = W, b
            self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
            self.A = None

        def forward(self, A):
            if self.A is None or not flaw("stale_cache"):
                self.A = A
            return A @ self.W.T + self.b

        def backward(self, dZ):
            dW, db = dZ.T @ self.A, dZ.sum(axis=0)
            if flaw("bias_not_summed"):
                db = dZ
            if flaw("averaged_twice"):
                dW, db = dW / len(dZ), db / len(dZ)
            self.dW = self.dW + dW if flaw("not_reset") else dW
            self.db = self.db + db if flaw("not_reset") else db
            return dZ @ (self.W.T if flaw("weights_wrong_way_round") else self.W)

    return MyLinear


def _use_layer(cls, dZ, A, W, b):
    """Two rounds with other numbers, as in two steps of training."""
    layer = cls(W.copy(), np.resize(b, len(W)))
    rounds = []
    for factor in (1.0, 0.5):
        inputs = factor * A + (1 - factor)
        outputs = layer.forward(inputs.copy())
        below = layer.backward(factor * dZ)
        rounds.append((outputs, below, layer.dW, layer.db))
    return tuple(rounds)


@question(
    "matrix_form.mend_update",
    "mend",
    answer="one_step_of_training",
    inputs=lambda rng, size: {**_network(rng, size), "eta": 0.1},
    parts=("W1", "W2"),
    level="stretch",
    points=3,
    minutes=10,
    misconceptions="updated_before_passed_down step_uphill learning_rate_missing slope_missing",
)
def mend_update(flaw, X, Y, W, b, eta):
    W1, W2 = (w.copy() for w in W)
    A1 = np.tanh(X @ W1.T + b[0])
    dZ2 = (A1 @ W2.T + b[1] - Y) / len(X)
    rate = (1 if flaw("learning_rate_missing") else eta) * (-1 if flaw("step_uphill") else 1)
    new_W2 = W2 - rate * dZ2.T @ A1
    dA1 = dZ2 @ (new_W2 if flaw("updated_before_passed_down") else W2)
    dZ1 = dA1 if flaw("slope_missing") else dA1 * (1 - A1**2)
    return W1 - rate * dZ1.T @ X, new_W2


def _forward_pass():
    from bpcourse import figures

    places = {"X": (0, 1), "Z1": (1, 1), "A1": (2, 1), "Ŷ": (3, 1), "L": (4, 1)}
    above = {"W1": (0.5, 0), "W2": (2.5, 0), "Y": (3.5, 0)}
    edges = [("X", "Z1"), ("Z1", "A1", "tanh"), ("A1", "Ŷ"), ("Ŷ", "L")]
    edges += [("W1", "Z1"), ("W2", "Ŷ"), ("Y", "L")]
    return figures.flow_graph({**places, **above}, edges, kind="forward")


@question(
    "matrix_form.order_of_backward",
    "order",
    answer="backward_steps",
    picture=_forward_pass,
    inputs=lambda rng, size: {},
    level="core",
    points=2,
    minutes=4,
    misconceptions="updated_before_passed_down layers_in_wrong_order slope_missing",
    accepts=lambda lines: lines == ("delta2", "delta1", "update1", "update2"),
)
def order_of_backward(flaw):
    if flaw("updated_before_passed_down"):
        return ("delta2", "update2", "delta1", "update1")
    if flaw("layers_in_wrong_order"):
        return ("delta1", "delta2", "update2", "update1")
    if flaw("slope_missing"):
        return ("delta2", "delta1_without", "update2", "update1")
    return ("delta2", "delta1", "update2", "update1")
