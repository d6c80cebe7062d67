"""What each mistake makes of one step of a backward pass, in tables.

A row is the id of a mistake in the catalogue and what the step gives with it: an array, or several
by their form (a program makes the same one wherever it makes the mistake). ``s`` is the step, see
:class:`~bpcourse.diagnosis.passes.Step`: g arrives, x went in, y came out, of n examples. A row
applies where it gives a finite array of the right shape that is not the right one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bpcourse import activations
from bpcourse.diagnosis.passes import Step

Row = Callable[[Step], Any]
FUNCTIONS = {
    "sigmoid": activations.sigmoid.derivative,
    "tanh": activations.tanh.derivative,
    "relu": activations.relu.derivative,
}
FINER = {  # what another function's slope is called where it has a name of its own
    ("Tanh", "sigmoid"): "logistic_slope_for_tanh",
    ("Sigmoid", "tanh"): "tanh_slope_for_logistic",
    ("LeakyReLU", "relu"): "dead_side",
}


def _slopes_of_others(s):
    at_z = {name: s.g * slope(s.x) for name, slope in FUNCTIONS.items()}
    return at_z | {"sigmoid of a": s.g * s.y * (1 - s.y), "tanh of a": s.g * (1 - s.y**2)}


def _output_slope(s):
    if type(s.run.loss).__name__ == "BinaryCrossEntropy":
        return s.g * activations.sigmoid.derivative(s.run.scores)
    return activations.softmax.vjp(s.run.scores, s.g)


def _all_but_one(several, value):
    """All but one are something else than one alone where they are three at least."""
    return value if several >= 3 else None


def _examples(s, which):
    """The examples ``which`` alone; the others are 0."""
    return s.g * np.isin(np.arange(s.n), np.arange(s.n)[which])[:, None]


AT_LOSS: dict[str, Row] = {
    "target_forgotten": lambda s: s.run.loss.gradient(s.run.scores, 0 * s.run.target),
    "absolute_value": lambda s: np.abs(s.g),
    "sign_alone": lambda s: np.sign(s.g) / s.n,
    "first_example_only": lambda s: _examples(s, slice(1)),
    "last_example_only": lambda s: _examples(s, slice(-1, None)),
    "first_example_left_out": lambda s: _all_but_one(s.n, _examples(s, slice(1, None))),
    "last_example_left_out": lambda s: _all_but_one(s.n, _examples(s, slice(-1))),
}
AT_FUSED_LOSS: dict[str, Row] = AT_LOSS | {
    "target_forgotten": lambda s: s.y_hat / s.n,
    "output_slope_twice": _output_slope,
    "other_classes_forgotten": lambda s: np.minimum(s.g, 0),
    "true_class_left_out": lambda s: np.maximum(s.g, 0),
}
ANY_ACTIVATION: dict[str, Row] = {
    "slope_missing": lambda s: s.g,
    "function_for_slope": lambda s: s.g * s.y,
    "sign_flipped": lambda s: -s.right,
    "path_cut": lambda s: 0 * s.right,
}
SOFTMAX: dict[str, Row] = ANY_ACTIVATION | {
    "softmax_diagonal_only": lambda s: s.g * s.y * (1 - s.y),
}
POINTWISE: dict[str, Row] = ANY_ACTIVATION | {
    "slope_at_activation": lambda s: s.g * s.slope(s.y),
    "slope_twice": lambda s: s.g * s.slope(s.x) ** 2,
    "slope_of_first_example": lambda s: s.g * s.slope(s.x)[:1],
    "slope_averaged": lambda s: s.g * s.slope(s.x).mean(axis=0),
    "slope_of_wrong_layer": lambda s: {
        off: s.g * s.slope(x) for off, x in s.inputs_elsewhere().items()
    },
    "slope_of_another_function": _slopes_of_others,
    "added_along_path": lambda s: s.g + s.slope(s.x),
    "backward_is_inverse": lambda s: s.g / s.slope(s.x),
}
Z_FOR_A: dict[str, Row] = {
    "z_in_slope_of_a": lambda s: s.g * s.layer.function.derivative_from_output(s.x),
}
LOGISTIC: dict[str, Row] = Z_FOR_A | {
    "logistic_slope_not_multiplied": lambda s: s.g * (1 - s.y),
    "slope_plus_for_minus": lambda s: s.g * s.y * (1 + s.y),
}
TANH: dict[str, Row] = Z_FOR_A | {
    "tanh_slope_not_squared": lambda s: s.g * (1 - s.y),
    "slope_plus_for_minus": lambda s: s.g * (1 + s.y**2),
    "slope_root_taken": lambda s: s.g * np.sqrt(1 - s.y**2),
}
KINKED: dict[str, Row] = {
    "sides_swapped": lambda s: s.g * s.slope(-s.x),
    "mask_from_upstream": lambda s: {"alone": np.maximum(s.g, 0), "too": np.maximum(s.right, 0)},
}
DOWN: dict[str, Row] = {
    "weights_wrong_way_round": lambda s: s.g @ s.W.T,
    "weights_missing": lambda s: s.g,
    "one_layer_off": lambda s: {off: s.g @ W for off, W in s.weights_elsewhere().items()},
    "backward_is_inverse": lambda s: s.g @ np.linalg.inv(s.W).T,
    "absolute_value": lambda s: s.g @ np.abs(s.W),
    "sign_flipped": lambda s: -s.right,
    "averaged_twice": lambda s: s.right / s.n,
    "first_example_only": lambda s: np.repeat(s.right[:1], s.n, axis=0),
    "one_path_only": lambda s: {"first": s.g[:, :1] @ s.W[:1], "last": s.g[:, -1:] @ s.W[-1:]},
    "one_path_left_out": lambda s: _all_but_one(
        len(s.W), {"last": s.g[:, :-1] @ s.W[:-1], "first": s.g[:, 1:] @ s.W[1:]}
    ),
    "path_cut": lambda s: 0 * s.right,
}
DW: dict[str, Row] = {
    "weight_gradient_averaged": lambda s: s.right / s.n,
    "batch_mean_missing": lambda s: s.right * s.n,
    "sign_flipped": lambda s: -s.right,
    "gradient_transposed": lambda s: s.right.T,
    "slope_missing": lambda s: s.before.T @ s.x if s.is_followed() else None,
    "activation_forgotten": lambda s: s.g.T @ s.run.layers[s.i - 1][1] if s.follows() else None,
    "activation_of_own_layer": lambda s: {
        "z": s.g.T @ s.y,
        "a": s.g.T @ s.run.layers[s.i + 1][2] if s.is_followed() else None,
    },
    "one_layer_off": lambda s: {off: s.g.T @ x for off, x in s.inputs_elsewhere().items()},
    "first_example_only": lambda s: s.g[:1].T @ s.x[:1],
    "last_example_only": lambda s: s.g[-1:].T @ s.x[-1:],
    "first_example_left_out": lambda s: _all_but_one(s.n, s.g[1:].T @ s.x[1:]),
    "last_example_left_out": lambda s: _all_but_one(s.n, s.g[:-1].T @ s.x[:-1]),
    "product_of_sums": lambda s: {
        "sums": np.outer(s.g.sum(axis=0), s.x.sum(axis=0)),
        "mean": np.outer(s.g.sum(axis=0), s.x.mean(axis=0)),
    },
    "absolute_value": lambda s: {"of delta": np.abs(s.g).T @ s.x, "of x": s.g.T @ np.abs(s.x)},
    "input_missing": lambda s: np.outer(s.g.sum(axis=0), np.ones(s.x.shape[1])),
    "upstream_missing": lambda s: np.outer(np.ones(s.g.shape[1]), s.x.sum(axis=0)),
    "input_squared": lambda s: s.g.T @ s.x**2,
}
DB: dict[str, Row] = {
    "bias_averaged": lambda s: s.right / s.n,
    "batch_mean_missing": lambda s: s.right * s.n,
    "sign_flipped": lambda s: -s.right,
    "slope_missing": lambda s: s.before.sum(axis=0) if s.is_followed() else None,
    "first_example_only": lambda s: s.g[0],
    "last_example_only": lambda s: s.g[-1],
    "first_example_left_out": lambda s: _all_but_one(s.n, s.g[1:].sum(axis=0)),
    "last_example_left_out": lambda s: _all_but_one(s.n, s.g[:-1].sum(axis=0)),
    "summed_over_wrong_axis": lambda s: s.g.sum(axis=1),
    "bias_summed_to_one": lambda s: np.full(s.g.shape[1], s.g.sum()),
    "largest_for_sum": lambda s: s.g.max(axis=0),
    "absolute_value": lambda s: np.abs(s.g).sum(axis=0),
}
AT_ACTIVATION = {
    "Identity": {},
    "Softmax": SOFTMAX,
    "Sigmoid": POINTWISE | LOGISTIC,
    "Tanh": POINTWISE | TANH,
    "ReLU": POINTWISE | KINKED,
    "LeakyReLU": POINTWISE | KINKED,
}
OF_STEP = {"down": DOWN, "dW": DW, "db": DB}


def table(step: Step) -> dict[str, Row]:
    """The rows that a step may have."""
    if step.what == "loss":
        return AT_FUSED_LOSS if step.run.loss.fused else AT_LOSS
    if step.what == "act":
        return AT_ACTIVATION.get(type(step.layer.function).__name__, POINTWISE)
    return OF_STEP[step.what]


def variants(step: Step, id: str | None = None) -> dict[tuple[str, Any], np.ndarray]:
    """{(id, form): what the step gives}, of all rows or of one, where it is seen."""
    rows = table(step)
    made = {}
    with np.errstate(all="ignore"):
        for name in rows if id is None else {id} & rows.keys():
            for form, value in _forms(rows[name], step).items():
                shape = np.shape(value)
                if shape == step.right.shape and np.isfinite(value).all():
                    if not same(value, step.right):
                        made[name, form] = value
    return made


def _forms(row, step):
    try:
        value = row(step)
    except (AttributeError, TypeError, ValueError, np.linalg.LinAlgError):
        return {}  # the layer has not what the mistake needs, or the shapes do not fit
    return value if isinstance(value, dict) else {"": value}


def same(a, b):
    """Whether two arrays of one shape agree but for rounding."""
    return bool(np.abs(a - b).max(initial=0) <= 1e-9 * np.abs(b).max(initial=0))


def finer(id: str, form: Any, layers: list) -> str:
    """The id of a mistake that is made in these layers: a finer one where all have the same."""
    if id != "slope_of_another_function":
        return id
    function = str(form).split()[0]
    names = {FINER.get((type(layer.function).__name__, function), id) for layer in layers}
    return names.pop() if len(names) == 1 else id
