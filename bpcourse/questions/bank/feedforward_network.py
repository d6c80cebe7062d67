"""Lesson 01: units, layers, the forward pass."""

from collections.abc import Sequence

import numpy as np

from bpcourse.questions.bank import _by_hand as by_hand
from bpcourse.questions.bank._inputs import distinct, far, normals, rounded, sizes
from bpcourse.questions.bank._logits import softmax_of
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _unit(rng: np.random.Generator, size: int) -> Inputs:
    n = 2 + size % 3
    return {"x": rounded(rng, n), "w": rounded(rng, n), "b": float(rounded(rng, ()))}


def _one_unit(x: Array, w: Array, b: float) -> Picture:
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
def pre_activation(flaw: Flaws, x: Array, w: Array, b: float) -> Result:
    z = (w * x)[0] if flaw("elementwise_for_matrix_product") else float(w @ x)
    if not flaw("bias_forgotten"):
        z += b
    if flaw("activated_already"):
        return float(np.tanh(z) if flaw("by_tanh") else 1 / (1 + np.exp(-z)))
    return z


def _layers(**sizes: int) -> Picture:
    from bpcourse import figures

    return figures.layer_diagram(list(sizes.values()), [str(size) for size in sizes.values()])


@question(
    "feedforward_network.weight_shape",
    inputs=distinct("n_in n_out", 1),
    picture=_layers,
    misconceptions="rows_and_columns_swapped",
    slips=lambda n_in, n_out: {"bias_in_weights": [(n_out, n_in + 1), (n_out + 1, n_in)]},
)
def weight_shape(flaw: Flaws, n_in: int, n_out: int) -> Result:
    return (n_in, n_out) if flaw("rows_and_columns_swapped") else (n_out, n_in)


@question(
    "feedforward_network.parameters",
    inputs=distinct("n_0 n_1 n_2", 1),
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
def parameters(flaw: Flaws, n_0: int, n_1: int, n_2: int) -> Result:
    hidden, output = n_1 * n_0, n_2 * n_1
    if not flaw("biases_not_counted") or flaw("in_the_output"):
        hidden += n_1
    if not flaw("biases_not_counted") or flaw("in_the_hidden"):
        output += n_2
    if flaw("one_layer_only"):
        return output if flaw("the_second") else hidden
    return hidden + output + (n_0 if flaw("input_layer_counted") else 0)


ACTIVATED = Family(
    "activation_forgotten another_activation exponent_sign_lost activated_twice brackets_missing",
    forms={"another_activation": "rectified softmax"},
)


def _activated(flaw: Flaws, z: Array) -> Array:
    """σ(z), or what a mistake of ACTIVATED makes of it."""
    if flaw("activation_forgotten"):
        return z
    if flaw("softmax"):
        return softmax_of(z)
    if flaw("another_activation"):
        return np.maximum(z, 0) if flaw("rectified") else np.tanh(z)
    a = 1 / (1 + np.exp(z if flaw("exponent_sign_lost") else -z))
    if flaw("brackets_missing"):  # 1 / 1 + e⁻ᶻ
        a = 1 + np.exp(-z)
    return 1 / (1 + np.exp(-a)) if flaw("activated_twice") else a


@question(
    "feedforward_network.layer",
    inputs=normals("io", x="i", W="oi", b="o"),
    misconceptions="activation_forgotten elementwise_for_matrix_product another_activation "
    "exponent_sign_lost",
    families=(
        ACTIVATED,
        Family(
            "bias_after_activation inside_for_outside off_by_one_loop",
            {"inside_for_outside": "bias_too", "off_by_one_loop": "from_one"},
        ),
    ),
)
def layer(flaw: Flaws, x: Array, W: Array, b: Array) -> Result:
    if flaw("off_by_one_loop"):  # over the inputs
        some = slice(1, None) if flaw("from_one") else slice(-1)
        x, W = x[some], W[:, some]
    if flaw("inside_for_outside"):  # each product is squashed, and then they are added up
        each = W * x + (b[:, None] if flaw("bias_too") else 0)
        return _activated(flaw, each).sum(axis=1) + (0 if flaw("bias_too") else b)
    z = W * x if flaw("elementwise_for_matrix_product") else W @ x
    return _activated(flaw, z) + b if flaw("bias_after_activation") else _activated(flaw, z + b)


@question(
    "feedforward_network.forward_batch",
    inputs=normals("Nabc", X="Na", W1="ba", b1="b", W2="cb", b2="c"),
    misconceptions="weights_wrong_way_round activation_forgotten activation_on_output "
    "column_broadcast another_activation exponent_sign_lost first_example_only "
    "stops_after_first_round off_by_one_loop",
    forms={"off_by_one_loop": "from_one"},
    families=(ACTIVATED, Family("bias_after_activation output_layer_missing")),
)
def forward_batch(flaw: Flaws, X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Result:
    if flaw("weights_wrong_way_round"):  # W @ X, where X holds the examples in rows
        return W2 @ (1 / (1 + np.exp(-(W1 @ X + b1)))) + b2
    if flaw("column_broadcast"):
        b1, b2 = b1[:, None], b2[:, None]
    alone = flaw("first_example_only")
    if alone:
        X = X[0]
    late = flaw("bias_after_activation")
    a1 = _activated(flaw, X @ W1.T) + b1 if late else _activated(flaw, X @ W1.T + b1)
    if flaw("output_layer_missing"):
        return a1
    z2 = a1 @ W2.T + b2
    if flaw("stops_after_first_round") and not alone:
        z2[1:] = 0
    elif flaw("off_by_one_loop") and not alone:
        z2[0 if flaw("from_one") else -1] = 0
    return 1 / (1 + np.exp(-z2)) if flaw("activation_on_output") else z2


def _deep(rng: np.random.Generator, size: int) -> Inputs:
    depth = (3, 2, 3, 1, 4)[size]  # any number of layers is asked for
    return _of_widths(rng, sizes(rng, size, depth + 1))


def _of_widths(rng: np.random.Generator, widths: Sequence[int]) -> Inputs:
    shapes = list(zip(widths[1:], widths, strict=False))
    return {
        "x": rng.normal(size=widths[0]),
        "W": [rng.normal(size=shape) for shape in shapes],
        "b": [rng.normal(size=n) for n in widths[1:]],
    }


@question(
    "feedforward_network.mend_forward",
    inputs=_deep,
    edges=lambda rng: [
        *(_of_widths(rng, widths) for widths in [(1, 3, 2), (2, 1, 3), (3, 2, 1)]),
        far(far(_of_widths(rng, (2, 4, 3)))),
    ],
    misconceptions="activation_on_output activation_forgotten bias_forgotten layers_in_wrong_order "
    "off_by_one_loop another_activation",
    forms={
        "bias_forgotten": "in_the_hidden",
        "off_by_one_loop": "before_activation",
        "activation_forgotten": "in_the_last_hidden but_the_first tanh_once",
        "activation_on_output": "at_the_first",
    },
    families=(Family("bias_after_activation number_for_length"),),
)
def mend_forward(flaw: Flaws, x: Array, W: list[Array], b: list[Array]) -> Result:
    a = x
    if flaw("number_for_length"):  # written for two layers
        return W[1] @ np.tanh(W[0] @ a + b[0]) + b[1]
    layers = range(len(W) - 1 if flaw("off_by_one_loop") else len(W))
    once = flaw("but_the_first") or flaw("tanh_once")  # in layer 1
    for layer in reversed(layers) if flaw("layers_in_wrong_order") else layers:
        first = flaw("layers_in_wrong_order") or flaw("at_the_first")
        output = layer == (0 if first else len(W) - 1)
        z = W[layer] @ a
        if not flaw("bias_forgotten") or output == flaw("in_the_hidden"):
            z = z + b[layer]
        if output:
            squashed = flaw("activation_on_output") and not flaw("at_the_first")
            squashed = squashed or (flaw("tanh_once") and layer == 0)
            a = np.tanh(z) if squashed else z
        elif flaw("bias_after_activation"):
            a = np.tanh(W[layer] @ a) + b[layer]
        elif flaw("activation_forgotten") and not (
            layer == 0 if once else flaw("in_the_last_hidden") and layer < len(W) - 2
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
