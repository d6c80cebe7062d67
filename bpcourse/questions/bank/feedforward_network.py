"""Lesson 01: units, layers, the forward pass."""

import numpy as np

from bpcourse.questions.bank import _by_hand as by_hand
from bpcourse.questions.bank._inputs import rounded, sizes
from bpcourse.questions.question import Family, lettered, question


def _unit(rng, size):
    n = 2 + size % 3
    return {"x": rounded(rng, n), "w": rounded(rng, n), "b": float(rounded(rng, ()))}


def _one_unit(x, w, b):
    from bpcourse import figures

    number = figures.number
    return figures.layer_diagram(
        [[number(value, 1) for value in x], [f"b =\n{number(b, 1)}"]],
        kinds=["forward", "parameter"],
        marked={(0, j, 0): number(weight, 1) for j, weight in enumerate(w)},
    )


@question(
    "feedforward_network.pre_activation",
    inputs=_unit,
    picture=_one_unit,
    misconceptions="bias_forgotten elementwise_for_matrix_product activated_already",
    forms={"activated_already": "by_tanh"},
    slips=lambda x, w, b: by_hand.weighted_sum(w, x, b),
    on_the_way=lambda x, w, b: {
        **{f"product_{i + 1}": product for i, product in enumerate(w * x)},
        "without_last": (w * x)[:-1].sum(),
        "bias": b,
    },
)
def pre_activation(flaw, x, w, b):
    z = (w * x)[0] if flaw("elementwise_for_matrix_product") else float(w @ x)
    if not flaw("bias_forgotten"):
        z += b
    if flaw("activated_already"):
        return float(np.tanh(z) if flaw("by_tanh") else 1 / (1 + np.exp(-z)))
    return z


def _sizes(rng, size):
    n_in, n_out = sizes(rng, size + 1, 2)
    return {"n_in": n_in, "n_out": n_out}


def _layers(**sizes):
    from bpcourse import figures

    return figures.layer_diagram(list(sizes.values()), [str(size) for size in sizes.values()])


@question(
    "feedforward_network.weight_shape",
    inputs=_sizes,
    picture=_layers,
    misconceptions="rows_and_columns_swapped",
    slips=lambda n_in, n_out: {"bias_in_weights": [(n_out, n_in + 1), (n_out + 1, n_in)]},
)
def weight_shape(flaw, n_in, n_out):
    return (n_in, n_out) if flaw("rows_and_columns_swapped") else (n_out, n_in)


def _widths(rng, size):
    n_0, n_1, n_2 = sizes(rng, size + 1, 3)
    return {"n_0": n_0, "n_1": n_1, "n_2": n_2}


@question(
    "feedforward_network.parameters",
    inputs=_widths,
    picture=_layers,
    misconceptions="biases_not_counted input_layer_counted one_layer_only",
    forms={"biases_not_counted": "in_the_hidden in_the_output", "one_layer_only": "the_second"},
    slips=by_hand.layers,
    on_the_way=lambda n_0, n_1, n_2: {
        "weights_1": n_0 * n_1,
        "weights_2": n_1 * n_2,
        "biases": n_1 + n_2,
        "skipping": n_0 * n_2,
    },
)
def parameters(flaw, n_0, n_1, n_2):
    hidden, output = n_1 * n_0, n_2 * n_1
    if not flaw("biases_not_counted") or flaw("in_the_output"):
        hidden += n_1
    if not flaw("biases_not_counted") or flaw("in_the_hidden"):
        output += n_2
    if flaw("one_layer_only"):
        return output if flaw("the_second") else hidden
    return hidden + output + (n_0 if flaw("input_layer_counted") else 0)


ACTIVATED = Family(
    "activation_forgotten another_activation exponent_sign_lost activated_twice",
    forms={"another_activation": "rectified softmax"},
)


def _activated(flaw, z):
    """σ(z), or what a mistake of ACTIVATED makes of it."""
    if flaw("activation_forgotten"):
        return z
    if flaw("softmax"):
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    if flaw("another_activation"):
        return np.maximum(z, 0) if flaw("rectified") else np.tanh(z)
    a = 1 / (1 + np.exp(z if flaw("exponent_sign_lost") else -z))
    return 1 / (1 + np.exp(-a)) if flaw("activated_twice") else a


def _layer(rng, size):
    n_in, n_out = sizes(rng, size, 2)
    return {
        "x": rng.normal(size=n_in),
        "W": rng.normal(size=(n_out, n_in)),
        "b": rng.normal(size=n_out),
    }


@question(
    "feedforward_network.layer",
    inputs=_layer,
    misconceptions="activation_forgotten elementwise_for_matrix_product another_activation "
    "exponent_sign_lost",
    families=(ACTIVATED, Family("bias_after_activation")),
)
def layer(flaw, x, W, b):
    z = W * x if flaw("elementwise_for_matrix_product") else W @ x
    return _activated(flaw, z) + b if flaw("bias_after_activation") else _activated(flaw, z + b)


def _network(rng, size):
    batch, n_0, n_1, n_2 = sizes(rng, size, 4)
    return {
        "X": rng.normal(size=(batch, n_0)),
        "W1": rng.normal(size=(n_1, n_0)),
        "b1": rng.normal(size=n_1),
        "W2": rng.normal(size=(n_2, n_1)),
        "b2": rng.normal(size=n_2),
    }


@question(
    "feedforward_network.forward_batch",
    inputs=_network,
    misconceptions="weights_wrong_way_round activation_forgotten activation_on_output "
    "column_broadcast another_activation exponent_sign_lost first_example_only "
    "stops_after_first_round off_by_one_loop",
    forms={"off_by_one_loop": "from_one"},
    families=(ACTIVATED, Family("bias_after_activation")),
)
def forward_batch(flaw, X, W1, b1, W2, b2):
    if flaw("weights_wrong_way_round"):  # W @ X, where X holds the examples in rows
        return W2 @ (1 / (1 + np.exp(-(W1 @ X + b1)))) + b2
    if flaw("column_broadcast"):
        b1, b2 = b1[:, None], b2[:, None]
    alone = flaw("first_example_only")
    if alone:
        X = X[0]
    late = flaw("bias_after_activation")
    a1 = _activated(flaw, X @ W1.T) + b1 if late else _activated(flaw, X @ W1.T + b1)
    z2 = a1 @ W2.T + b2
    if flaw("stops_after_first_round") and not alone:
        z2[1:] = 0
    elif flaw("off_by_one_loop") and not alone:
        z2[0 if flaw("from_one") else -1] = 0
    return 1 / (1 + np.exp(-z2)) if flaw("activation_on_output") else z2


def _deep(rng, size):
    depth = (3, 2, 3, 1, 4)[size]  # any number of layers is asked for
    widths = sizes(rng, size, depth + 1)
    shapes = list(zip(widths[1:], widths, strict=False))
    return {
        "x": rng.normal(size=widths[0]),
        "W": [rng.normal(size=shape) for shape in shapes],
        "b": [rng.normal(size=n) for n in widths[1:]],
    }


@question(
    "feedforward_network.mend_forward",
    inputs=_deep,
    misconceptions="activation_on_output activation_forgotten bias_forgotten layers_in_wrong_order "
    "off_by_one_loop another_activation",
    forms={
        "bias_forgotten": "in_the_hidden",
        "off_by_one_loop": "before_activation",
        "activation_forgotten": "in_the_last_hidden",
        "activation_on_output": "at_the_first",
    },
)
def mend_forward(flaw, x, W, b):
    a = x
    layers = range(len(W) - 1 if flaw("off_by_one_loop") else len(W))
    for layer in reversed(layers) if flaw("layers_in_wrong_order") else layers:
        first = flaw("layers_in_wrong_order") or flaw("at_the_first")
        output = layer == (0 if first else len(W) - 1)
        z = W[layer] @ a
        if not flaw("bias_forgotten") or output == flaw("in_the_hidden"):
            z = z + b[layer]
        if output:
            a = np.tanh(z) if flaw("activation_on_output") and not flaw("at_the_first") else z
        elif flaw("activation_forgotten") and not (
            flaw("in_the_last_hidden") and layer < len(W) - 2
        ):
            a = z
        else:
            a = 1 / (1 + np.exp(-z)) if flaw("another_activation") else np.tanh(z)
    return z if flaw("before_activation") else a


lettered("feedforward_network.order_of_forward")


lettered(
    "feedforward_network.why_nonlinear",
    inputs=lambda rng, size: {"depth": int(rng.integers(3, 60))},
)
