"""Lesson 06: activation functions and their derivatives."""

import numpy as np

from bpcourse.questions.bank._inputs import far
from bpcourse.questions.bank._slopes import (
    ACROSS,
    LOGISTIC_SLOPES,
    OF_LOGISTIC,
    OF_TANH,
    across,
    sigmoid,
    tanh_slope,
)
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _far_below_zero(z: int) -> Picture:
    from bpcourse import figures

    fig = figures.new_figure(5, 2.2)
    ax = fig.subplots()
    ax.plot([1.4 * z, 0, -0.4 * z], [0, 0, -0.4 * z], color=figures.FORWARD)
    ax.plot(z, 0, "o", color=figures.GRADIENT, clip_on=False)
    ax.set_xticks([z, 0], [f"z = {z:g}".replace("-", "−"), "0"])
    ax.set_yticks([0], ["0"])
    ax.set_ylabel("a")
    return fig


def _values(rng: np.random.Generator, size: int) -> Inputs:
    z = rng.normal(size=(1 + size, 3))
    z[0, 0] = 0.0
    return {"z": z}


def _at_activation(a: float) -> Picture:
    from bpcourse import figures

    fig = figures.tangent(sigmoid, float(np.log(a / (1 - a))), low=-5, high=5, names=("z", "a"))
    fig.axes[0].set(xticks=[], yticks=[0, a, 1])
    return fig


@question(
    "activations.logistic_slope_by_hand",
    picture=_at_activation,
    inputs=lambda rng, size: {"a": float(rng.choice([0.1, 0.2, 0.6, 0.7, 0.8, 0.9]))},
    misconceptions="logistic_slope_not_multiplied function_for_slope slope_at_activation",
    slips=lambda a: {"tanh_slope_for_logistic": 1 - a**2},
    on_the_way=lambda a: {"square": a**2, "logistic": sigmoid(a), "z": np.log(a / (1 - a))},
)
def logistic_slope_by_hand(flaw: Flaws, a: float) -> Result:
    if flaw("logistic_slope_not_multiplied"):
        return 1 - a
    if flaw("function_for_slope"):
        return a
    at = sigmoid(np.array(a)) if flaw("slope_at_activation") else a
    return float(at * (1 - at))


@question(
    "activations.tanh_slope",
    inputs=_values,
    edges=lambda rng: [far(_values(rng, 1))],
    misconceptions="tanh_slope_not_squared slope_at_activation function_for_slope "
    "logistic_slope_for_tanh z_in_slope_of_a",
    families=(OF_TANH,),
)
def slope_of_tanh(flaw: Flaws, z: Array) -> Result:
    return tanh_slope(flaw, z)


def _upstream(rng: np.random.Generator, size: int) -> Inputs:
    z = rng.normal(size=(2 + size, 3))
    z[0, 0] = z[1, 2] = 0.0
    return {"z": z, "grad_a": rng.normal(size=z.shape)}


@question(
    "activations.relu_backward",
    inputs=_upstream,
    edges=lambda rng: [far(_upstream(rng, 1))],
    misconceptions="mask_from_upstream slope_at_kink slope_missing function_for_slope "
    "sides_swapped added_along_path matrix_for_elementwise_product",
    forms={
        "mask_from_upstream": "and_from_z",
        "slope_at_kink": "half",
        "function_for_slope": "alone",
        "sides_swapped": "with_kink",
    },
)
def relu_backward(flaw: Flaws, z: Array, grad_a: Array) -> Result:
    mask = 1.0 * (z >= 0 if flaw("slope_at_kink") else z > 0)
    if flaw("half"):
        mask[z == 0] = 0.5
    if flaw("sides_swapped"):
        mask = 1.0 * (z <= 0 if flaw("with_kink") else z < 0)
    if flaw("mask_from_upstream"):
        mask = (grad_a > 0) * (mask if flaw("and_from_z") else 1.0)
    if flaw("added_along_path"):
        return grad_a + mask
    if flaw("matrix_for_elementwise_product"):
        return grad_a @ mask
    if flaw("alone"):
        return np.maximum(z, 0)
    if flaw("slope_missing"):
        return grad_a * 1.0
    if flaw("function_for_slope"):
        return grad_a * np.maximum(z, 0)
    return grad_a * mask


@question(
    "activations.logistic_backward",
    inputs=_upstream,
    edges=lambda rng: [far(_upstream(rng, 1))],
    misconceptions=LOGISTIC_SLOPES + " added_along_path matrix_for_elementwise_product",
    families=(OF_LOGISTIC, ACROSS),
)
def logistic_backward(flaw: Flaws, z: Array, grad_a: Array) -> Result:
    return across(flaw, grad_a, z)


@question(
    "activations.mend_leaky_relu",
    inputs=lambda rng, size: {**_values(rng, size), "slope": float(rng.uniform(0.01, 0.3))},
    misconceptions="slope_at_kink dead_side function_for_slope sides_swapped number_for_parameter "
    "sign_flipped",
    forms={
        "slope_at_kink": "zero_there",
        "function_for_slope": "on_the_left on_the_right",
        "sides_swapped": "with_kink",
        "number_for_parameter": "hundredth",
    },
)
def mend_leaky_relu(flaw: Flaws, z: Array, slope: float) -> Result:
    active = z >= 0 if flaw("slope_at_kink") and not flaw("zero_there") else z > 0
    if flaw("sides_swapped"):
        active = z <= 0 if flaw("with_kink") else z < 0
    left, right = np.full_like(z, 0.0 if flaw("dead_side") else slope), np.ones_like(z)
    if flaw("number_for_parameter"):
        left[:] = 0.01 if flaw("hundredth") else 0.1
    if flaw("sign_flipped"):
        left = -left
    if flaw("function_for_slope"):
        left = left if flaw("on_the_right") else left * z
        right = right if flaw("on_the_left") else right * z
    result = np.where(active, right, left)
    return np.where(z == 0, 0.0, result) if flaw("zero_there") else result


def _gates(layers: int) -> Picture:
    from bpcourse import figures

    names = ["z", *(f"a{layer}" for layer in range(layers))]
    return figures.flow_graph(
        {name: (0.55 * n, 0) for n, name in enumerate(names)},
        list(zip(names, names[1:], strict=False)),
        gates=dict.fromkeys(names[1:], "σ"),
        grads={names[0]: "?", names[-1]: 1},
    )


@question(
    "activations.through_layers",
    picture=_gates,
    inputs=lambda rng, size: {"layers": int(rng.integers(2, 6))},
    misconceptions="added_along_path function_for_slope one_layer_off",
    slips=lambda layers: {
        "one_layer_only": 0.25,
        "one_layer_off": 0.25 ** (layers + 1),
        "base_and_exponent_swapped": layers**0.25,
        "function_for_slope": 1.0,
        "multiplied_for_power": 0.25 / layers,
        "rounded_result": 0.06 ** (layers // 2) * 0.25 ** (layers % 2),  # too early: ¼ of ¼
    },
)
def through_layers(flaw: Flaws, layers: int) -> Result:
    if flaw("added_along_path"):
        return 0.25 * layers
    if flaw("function_for_slope"):
        return 0.5**layers
    return 0.25 ** (layers - 1 if flaw("one_layer_off") else layers)


lettered(
    "activations.zero_gradient",
    picture=_far_below_zero,
    inputs=lambda rng, size: {"z": -int(rng.integers(3, 40))},
)


lettered("activations.order_of_logistic_slope")


def _scaled(rng: np.random.Generator, size: int) -> Inputs:
    A, B = rng.uniform(1.5, 3.0), rng.uniform(0.4, 0.8)
    return {"z": rng.normal(size=3 + size), "A": float(A), "B": float(B)}


@question(
    "activations.scaled_tanh_slope",
    inputs=_scaled,
    edges=lambda rng: [far(_scaled(rng, 1))],
    misconceptions="inner_slope_missing outer_slope_at_wrong_point slope_missing "
    "function_for_slope tanh_slope_not_squared",
    families=(OF_TANH, Family("factor_left_out slope_of_more_than_tanh")),
)
def scaled_tanh_slope(flaw: Flaws, z: Array, A: float, B: float) -> Result:
    if flaw("slope_of_more_than_tanh"):
        outer = 1 - (A * np.tanh(B * z)) ** 2
    else:
        outer = tanh_slope(flaw, z if flaw("outer_slope_at_wrong_point") else B * z)
    outer = outer if flaw("factor_left_out") else A * outer
    return outer if flaw("inner_slope_missing") else outer * B
