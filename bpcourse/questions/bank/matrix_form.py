"""Lesson 11: a whole layer at once, then a whole batch."""

from copy import deepcopy
from typing import Any

import numpy as np

from bpcourse.questions.bank._inputs import distinct, normals, sizes
from bpcourse.questions.bank._layers import OF_LAYER, layer_gradients
from bpcourse.questions.bank._slopes import OF_TANH, TANH_SLOPES, tanh_slope
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Implementation, Inputs, Picture, Result


def _through_a_layer(N: int, n_in: int, n_out: int) -> Picture:
    from bpcourse import figures

    return figures.shape_row(
        [("A", (N, n_in), "forward"), "→", ("Z", (N, n_out), "forward")],
        sizes={N: "examples", n_in: "inputs", n_out: "units"},
    )


@question(
    "matrix_form.shape_of_gradient",
    picture=_through_a_layer,
    inputs=distinct("N n_in n_out", 1),
    misconceptions="gradient_transposed inner_sizes_kept",
    forms={"inner_sizes_kept": "with_the_units for_each_example"},
    slips=lambda N, n_in, n_out: {"bias_in_weights": [(n_out, n_in + 1), (n_out + 1, n_in)]},
)
def shape_of_gradient(flaw: Flaws, N: int, n_in: int, n_out: int) -> Result:
    if flaw("for_each_example"):
        return (N, n_out, n_in)
    if flaw("inner_sizes_kept"):
        return (N, n_out if flaw("with_the_units") else n_in)
    return (n_in, n_out) if flaw("gradient_transposed") else (n_out, n_in)


@question(
    "matrix_form.outer_product",
    inputs=normals("io", delta="o", a="i"),
    misconceptions="gradient_transposed column_broadcast sign_flipped off_by_one_loop",
    families=(
        Family(
            "inner_for_outer_product elementwise_for_matrix_product slope_in_linear_layer",
            {"slope_in_linear_layer": "of_tanh"},
        ),
    ),
)
def outer_product(flaw: Flaws, delta: Array, a: Array) -> Result:
    if flaw("inner_for_outer_product"):
        return delta @ a
    if flaw("elementwise_for_matrix_product"):
        return delta * a
    if flaw("slope_in_linear_layer"):
        a = a * (1 - (a**2 if flaw("of_tanh") else a))
    if flaw("column_broadcast"):  # (n, 1) of one and (n, 1) of the other
        return (
            (delta[:, None] * a[:, None]) if len(a) == len(delta) else delta[:, None] @ a[:, None]
        )
    table = np.outer(delta, a)
    if flaw("off_by_one_loop"):
        table[-1] = 0
    if flaw("sign_flipped"):
        table = -table
    return table.T.copy() if flaw("gradient_transposed") else table


_layer = normals("Nio", dZ="No", A="Ni", W="oi")


@question(
    "matrix_form.linear_backward",
    inputs=_layer,
    misconceptions="gradient_transposed bias_not_summed "
    "bias_averaged summed_over_wrong_axis weight_gradient_averaged bias_summed_to_one "
    "row_for_column_form backward_is_inverse results_swapped first_example_only "
    "overwritten_not_accumulated off_by_one_loop slope_in_linear_layer "
    "averaged_twice",  # after its halves: of a single part they say more
    forms={
        "averaged_twice": "below_too",
        "row_for_column_form": "everywhere",
        "slope_in_linear_layer": "logistic",
    },
    families=(OF_LAYER, Family("", {"backward_is_inverse": "inv"})),
)
def linear_backward(flaw: Flaws, dZ: Array, A: Array, W: Array) -> Result:
    inverse = np.linalg.inv if flaw("inv") else np.linalg.pinv
    back = inverse(W).T if flaw("backward_is_inverse") else W
    dA = dZ @ back
    if flaw("slope_in_linear_layer"):
        dA = dA * (A * (1 - A) if flaw("logistic") else 1 - A**2)
    if flaw("row_for_column_form"):
        dA = dA.T.copy()
    dW, db = layer_gradients(flaw, dZ, A)
    if flaw("below_too"):
        dA = dA / len(dZ)
    if flaw("everywhere"):
        dW = dW.T.copy()
    return (dW, dA, db) if flaw("results_swapped") else (dA, dW, db)


lettered("matrix_form.order_of_weights")


def _shared(rng: np.random.Generator, size: int) -> Inputs:
    return _of_shared(rng, *sizes(rng, max(size, 1), 2))


def _of_shared(rng: np.random.Generator, n: int, N: int) -> Inputs:
    return {
        "X": rng.normal(size=(N, n)),
        "Y": rng.normal(size=(N, n)),
        "W": rng.normal(size=(n, n)),
    }


@question(
    "matrix_form.shared_weight",
    inputs=_shared,
    edges=lambda rng: [_of_shared(rng, 1, 3), _of_shared(rng, 3, 1)],
    misconceptions="one_path_only upstream_shared_out batch_mean_missing gradient_transposed "
    f"weights_wrong_way_round target_and_output_swapped factor_two_extra {TANH_SLOPES}",
    forms={"one_path_only": "the_lower"},
    families=(
        OF_TANH,
        Family(
            "mean_over_entries weights_missing activation_on_output",
            {"activation_on_output": "without_its_slope"},
        ),
    ),
)
def shared_weight(flaw: Flaws, X: Array, Y: Array, W: Array) -> Result:
    """dW of Ŷ = tanh(X Wᵀ) Wᵀ, half the squared error, averaged over the N examples."""
    Z1 = X @ W.T
    A1 = np.tanh(Z1)
    Y_hat = np.tanh(A1 @ W.T) if flaw("activation_on_output") else A1 @ W.T
    dZ2 = Y - Y_hat if flaw("target_and_output_swapped") else Y_hat - Y
    if flaw("activation_on_output") and not flaw("without_its_slope"):
        dZ2 = dZ2 * (1 - Y_hat**2)
    dZ2 = (
        dZ2 * (2 if flaw("factor_two_extra") else 1) / (1 if flaw("batch_mean_missing") else len(X))
    )
    if flaw("mean_over_entries"):
        dZ2 = dZ2 / Y.shape[1]
    dA1 = dZ2 @ (W.T if flaw("weights_wrong_way_round") else W)
    if flaw("weights_missing"):
        dA1 = dZ2
    dZ1 = dA1 * tanh_slope(flaw, Z1)
    upper, lower = dZ2.T @ A1, dZ1.T @ X
    total = upper + lower
    if flaw("one_path_only"):
        total = lower if flaw("the_lower") else upper
    if flaw("upstream_shared_out"):
        total = total / 2
    return total.T.copy() if flaw("gradient_transposed") else total


def _network(rng: np.random.Generator, size: int) -> Inputs:
    return _of_sizes(rng, *sizes(rng, size, 4))


def _of_sizes(rng: np.random.Generator, batch: int, *widths: int) -> Inputs:
    weights = [rng.normal(size=shape) for shape in zip(widths[1:], widths[:-1], strict=True)]
    return {
        "X": rng.normal(size=(batch, widths[0])),
        "Y": rng.normal(size=(batch, widths[-1])),
        "W": weights,
        "b": [rng.normal(size=n) for n in widths[1:]],
    }


@question(
    "matrix_form.whole_network",
    inputs=_network,
    edges=lambda rng: [
        *(_of_sizes(rng, *each) for each in [(1, 2, 3, 4), (4, 1, 2, 3), (3, 4, 1, 2)]),
        _of_sizes(rng, 2, 3, 4, 1),
    ],
    misconceptions="batch_mean_missing slope_of_wrong_layer gradient_transposed "
    "target_and_output_swapped factor_two_extra activation_of_own_layer mean_over_entries "
    "activation_on_output bias_not_summed bias_averaged summed_over_wrong_axis "
    "overwritten_not_accumulated results_swapped activation_forgotten "
    f"averaged_twice {TANH_SLOPES}",
    forms={"activation_on_output": "in_its_slope_alone in_slope_of_output"},
    families=(
        OF_TANH,
        OF_LAYER,
        Family(
            "weights_missing weights_wrong_way_round", {"activation_on_output": "with_its_slope"}
        ),
    ),
)
def whole_network(flaw: Flaws, X: Array, Y: Array, W: list[Array], b: list[Array]) -> Result:
    Z1 = X @ W[0].T + b[0]
    A1 = np.tanh(Z1)
    Y_hat = A1 @ W[1].T + b[1]  # linear outputs, and half the squared error, averaged
    Z2, slope2 = Y_hat, 1 - np.tanh(Y_hat) ** 2
    if flaw("activation_on_output") and not flaw("in_its_slope_alone"):
        if not flaw("with_its_slope"):
            slope2 = 1 - Y_hat**2 if flaw("in_slope_of_output") else np.ones_like(Y_hat)
        Y_hat = Y_hat if flaw("in_slope_of_output") else np.tanh(Z2)
    dZ2 = Y - Y_hat if flaw("target_and_output_swapped") else Y_hat - Y
    if flaw("activation_on_output"):
        dZ2 = dZ2 * slope2
    if flaw("factor_two_extra"):
        dZ2 = 2 * dZ2
    if not flaw("batch_mean_missing"):
        dZ2 = dZ2 / (Y.size if flaw("mean_over_entries") else len(X))
    if flaw("slope_of_wrong_layer"):
        dZ1 = (dZ2 * (1 - np.tanh(Z2) ** 2)) @ W[1]
    elif flaw("weights_missing"):
        dZ1 = dZ2 * tanh_slope(flaw, Z1)
    else:
        back = W[1].T if flaw("weights_wrong_way_round") else W[1]
        dZ1 = dZ2 @ back * tanh_slope(flaw, Z1)
    below = Y_hat if flaw("activation_of_own_layer") else A1
    if flaw("activation_forgotten"):
        below = Z1
    (dW1, db1), (dW2, db2) = layer_gradients(flaw, dZ1, X), layer_gradients(flaw, dZ2, below)
    return (dW2, db2, dW1, db1) if flaw("results_swapped") else (dW1, db1, dW2, db2)


@question(
    "matrix_form.layer_class",
    inputs=lambda rng, size: {
        **_layer(rng, size),
        "b": rng.normal(size=1),
        "X_other": rng.normal(size=(2, 2)),
    },
    use=lambda cls, dZ, A, W, b, X_other: _use_layer(cls, dZ, A, W, b),
    misconceptions="stale_cache not_reset weights_wrong_way_round bias_not_summed "
    "gradient_transposed bias_averaged summed_over_wrong_axis activation_of_own_layer "
    "overwritten_not_accumulated slope_in_linear_layer averaged_twice",
    forms={"weights_wrong_way_round": "forward_alone", "slope_in_linear_layer": "logistic"},
    families=(OF_LAYER, Family("backprop_updates kept_in_class")),
)
def layer_class(flaw: Flaws) -> Result:
    class MyLinear:
        A: Any  # of the layer that has been forward last

        def __init__(self, W: Array, b: Array) -> None:
            self.W, self.b = W, b
            self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
            self.A = None

        def forward(self, A: Array) -> Array:
            if self.A is None or not flaw("stale_cache"):
                self.A = MyLinear.A = A
            Z = A @ (self.W if flaw("forward_alone") else self.W.T) + self.b
            if flaw("activation_of_own_layer"):
                self.A = Z
            return Z

        def backward(self, dZ: Array) -> Array:
            kept = MyLinear.A if flaw("kept_in_class") else self.A
            dW, db = layer_gradients(flaw, dZ, kept)
            self.dW = self.dW + dW if flaw("not_reset") else dW
            self.db = self.db + db if flaw("not_reset") else db
            if flaw("backprop_updates"):
                self.W, self.b = self.W - 0.1 * dW, self.b - 0.1 * db
            wrong = flaw("weights_wrong_way_round") and not flaw("forward_alone")
            dA = dZ @ (self.W.T if wrong else self.W)
            if flaw("slope_in_linear_layer"):
                dA = dA * (self.A * (1 - self.A) if flaw("logistic") else 1 - self.A**2)
            return dA

    return MyLinear


def _use_layer(cls: Implementation, dZ: Array, A: Array, W: Array, b: Array) -> tuple[object, ...]:
    """Two rounds with other numbers, as in two steps of training; what each leaves is copied."""
    layer = cls(W.copy(), np.resize(b, len(W)))
    another = cls(1 - W, np.ones(len(W)))
    rounds = []
    for factor in (1.0, 0.5):
        inputs = factor * A + (1 - factor)
        outputs = layer.forward(inputs.copy())
        another.forward(np.cos(3 * inputs))  # as in a network: this layer's numbers are its own
        below = layer.backward(factor * dZ)
        rounds += deepcopy([outputs, below, layer.dW, layer.db])
    return tuple(rounds)


@question(
    "matrix_form.mend_update",
    inputs=lambda rng, size: {**_network(rng, size), "eta": [0.1, 0.05, 0.2][size % 3]},
    misconceptions="updated_before_passed_down "
    "batch_mean_missing factor_two_extra mean_over_entries results_swapped step_without_start "
    f"averaged_twice {TANH_SLOPES}",
    families=(
        OF_TANH,
        Family(
            "forward_after_update weights_missing gradient_for_step parameter_not_updated "
            "activation_on_output activation_forgotten",
            {"forward_after_update": "in_part up_to_the_output"},
        ),
    ),
    coincide={frozenset({"batch_mean_missing", "mean_over_entries"})},  # a mean over the outputs
)
def mend_update(
    flaw: Flaws, X: Array, Y: Array, W: list[Array], b: list[Array], eta: float
) -> Result:
    W1, W2 = (w.copy() for w in W)
    Z1 = X @ W1.T + b[0]
    A1 = np.tanh(Z1)
    Y_hat = A1 @ W2.T + b[1]
    if flaw("activation_on_output"):
        Y_hat = np.tanh(Y_hat)
    dZ2 = (Y_hat - Y) / (Y.size if flaw("mean_over_entries") else len(X))
    if flaw("batch_mean_missing"):
        dZ2 = dZ2 * len(X)
    if flaw("factor_two_extra"):
        dZ2 = 2 * dZ2
    if flaw("averaged_twice"):
        eta = eta / len(X)
    new_W2 = W2 - eta * dZ2.T @ (Z1 if flaw("activation_forgotten") else A1)
    if flaw("up_to_the_output"):  # W2 first, and then the error that it gives
        dZ2 = (A1 @ new_W2.T + b[1] - Y) / len(X)
        W2 = new_W2
    back = dZ2 @ (new_W2 if flaw("updated_before_passed_down") else W2)
    dZ1 = (dZ2 if flaw("weights_missing") else back) * tanh_slope(flaw, Z1)
    new_W1 = W1 - (0 if flaw("parameter_not_updated") else eta) * dZ1.T @ X
    if flaw("forward_after_update") and not flaw(
        "up_to_the_output"
    ):  # with W1 as it is by now, whole or up to A1
        A1 = np.tanh(X @ new_W1.T + b[0])
        if not flaw("in_part"):
            dZ2 = (A1 @ W2.T + b[1] - Y) / len(X)
        new_W2 = W2 - eta * dZ2.T @ A1
    if flaw("step_without_start") or flaw("gradient_for_step"):
        new_W1, new_W2 = new_W1 - W1, new_W2 - W2
    if flaw("gradient_for_step"):
        new_W1, new_W2 = -new_W1 / eta, -new_W2 / eta
    return (new_W2, new_W1) if flaw("results_swapped") else (new_W1, new_W2)


def _forward_pass() -> Picture:
    from bpcourse import figures

    places = {"X": (0, 1), "Z1": (1, 1), "A1": (2, 1), "Ŷ": (3, 1), "L": (4, 1)}
    above = {"W1": (0.5, 0), "W2": (2.5, 0), "Y": (3.5, 0)}
    edges = [("X", "Z1"), ("Z1", "A1", "tanh"), ("A1", "Ŷ"), ("Ŷ", "L")]
    edges += [("W1", "Z1"), ("W2", "Ŷ"), ("Y", "L")]
    return figures.flow_graph({**places, **above}, edges, kind="forward")


lettered("matrix_form.order_of_backward", picture=_forward_pass)
