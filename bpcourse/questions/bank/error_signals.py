"""Lesson 08: δ at the output, the recursion, the score and the margin loss."""

import numpy as np

from bpcourse.questions.inputs import rounded, sizes
from bpcourse.questions.question import question


def _tangents(y_hat, y):
    from bpcourse import figures

    fig = figures.new_figure(7.5, 2.7)
    for ax, here, target, name in zip(fig.subplots(1, 2), y_hat, y, "₁₂", strict=True):
        low, high = target - 1.5, here + 1.0
        u, near = np.linspace(low, high), np.array([here - 0.8, high])
        ax.plot(u, (u - target) ** 2 / 2, color=figures.FORWARD)
        height = (here - target) ** 2 / 2
        ax.plot(near, height + (here - target) * (near - here), "--", color=figures.GRADIENT)
        ax.plot(here, height, "o", color=figures.GRADIENT)
        labels = [f"y{name} = {target:g}", f"ŷ{name} = {here:g}"]
        ax.set_xticks([target, here], [label.replace("-", "−") for label in labels])
        ax.set_ylabel(f"½(ŷ{name} − y{name})²")
    return fig


@question(
    "error_signals.output_by_hand",
    "array",
    answer="delta_output",
    picture=_tangents,
    inputs=lambda rng, size: {"y_hat": rounded(rng, 2, 0.1, 0.9), "y": rounded(rng, 2, -3, -1)},
    level="warm_up",
    points=1,
    minutes=1,
    decimals=2,
    misconceptions="target_and_output_swapped factor_two_extra output_slope_twice",
)
def output_by_hand(flaw, y_hat, y):
    delta = y - y_hat if flaw("target_and_output_swapped") else y_hat - y
    if flaw("output_slope_twice"):
        delta = delta * y_hat * (1 - y_hat)
    return 2 * delta if flaw("factor_two_extra") else delta


def _output(rng, size):
    n = 2 + size
    return {"z": rng.normal(size=n), "y": rng.uniform(size=n)}


@question(
    "error_signals.delta_of_output",
    answer="delta_of_output",
    inputs=_output,
    points=2,
    minutes=5,
    misconceptions="slope_missing slope_at_activation target_and_output_swapped factor_two_extra "
    "function_for_slope",
)
def delta_of_output(flaw, z, y):
    a = 1 / (1 + np.exp(-z))
    b = 1 / (1 + np.exp(-a)) if flaw("slope_at_activation") else a
    slope = a if flaw("function_for_slope") else b * (1 - b)
    if flaw("slope_missing"):
        slope = 1.0
    error = y - a if flaw("target_and_output_swapped") else a - y
    return (2 if flaw("factor_two_extra") else 1) * error * slope


def _recursion(rng, size):
    n, n_above = sizes(rng, size, 2)
    return {
        "z": rng.normal(size=n),
        "W_above": rng.normal(size=(n_above, n)),
        "delta_above": rng.normal(size=n_above),
    }


@question(
    "error_signals.recursion",
    answer="delta_below",
    inputs=_recursion,
    points=3,
    minutes=8,
    misconceptions="weights_wrong_way_round slope_missing slope_at_activation function_for_slope "
    "one_path_only tanh_slope_not_squared",
)
def recursion(flaw, z, W_above, delta_above):
    if flaw("weights_wrong_way_round"):
        arriving = W_above @ delta_above
    elif flaw("one_path_only"):
        arriving = W_above[0] * delta_above[0]
    else:
        arriving = W_above.T @ delta_above
    a = np.tanh(z)
    slope = 1 - (a if flaw("tanh_slope_not_squared") else a**2)
    if flaw("slope_at_activation"):
        slope = 1 - np.tanh(a) ** 2
    if flaw("function_for_slope"):
        slope = a
    return arriving * (1.0 if flaw("slope_missing") else slope)


def _deep(rng, size):
    widths = sizes(rng, size, 4)
    return {
        "z": [rng.normal(size=n) for n in widths],
        "W": [rng.normal(size=shape) for shape in zip(widths[1:], widths[:-1], strict=True)],
        "delta_output": rng.normal(size=widths[-1]),
    }


@question(
    "error_signals.all_deltas",
    answer="all_deltas",
    inputs=_deep,
    parts=("delta_1", "delta_2", "delta_3", "delta_4"),
    level="stretch",
    points=4,
    minutes=15,
    may_alias=("delta_output",),  # δ of the last layer: it is one of the results as it stands
    misconceptions="weights_wrong_way_round slope_missing slope_of_wrong_layer slope_at_activation",
)
def all_deltas(flaw, z, W, delta_output):
    deltas = [delta_output + 0.0]
    for layer in range(len(W) - 1, -1, -1):
        turned = W[layer] if flaw("weights_wrong_way_round") else W[layer].T
        point = z[layer]
        if flaw("slope_at_activation"):
            point = np.tanh(point)
        if flaw("slope_of_wrong_layer"):
            point = z[layer + 1]
        arriving = turned @ deltas[0]
        deltas.insert(0, arriving * (1.0 if flaw("slope_missing") else 1 - np.tanh(point) ** 2))
    return tuple(deltas)


def _scores(rng, size):
    gap = (0.5, -0.7, 1.8, 0.2, -2.0)[size]
    s_c = float(rng.normal())
    return {"s": s_c + gap + 0.1 * float(rng.uniform()), "s_c": s_c}


@question(
    "error_signals.margin_loss",
    answer="margin_loss",
    inputs=_scores,
    parts=("loss", "dL/ds", "dL/ds_c"),
    points=2,
    minutes=6,
    misconceptions="margin_ignored sign_flipped no_margin target_and_output_swapped",
)
def margin_loss(flaw, s, s_c):
    if flaw("target_and_output_swapped"):
        s, s_c = s_c, s
    value = (0.0 if flaw("no_margin") else 1.0) - s + s_c
    active = 1.0 if value > 0 or flaw("margin_ignored") else 0.0
    loss = value if flaw("margin_ignored") else max(0.0, value)
    slopes = (active, -active) if flaw("sign_flipped") else (-active, active)
    return (loss, *slopes)


@question(
    "error_signals.mend_recursion",
    "mend",
    answer="mended_delta",
    inputs=_recursion,
    level="core",
    points=2,
    minutes=6,
    misconceptions="slope_before_weights slope_missing weights_wrong_way_round sign_flipped",
)
def mend_recursion(flaw, z, W_above, delta_above):
    slope = 1 - np.tanh(z) ** 2
    if flaw("slope_before_weights"):  # the slopes belong to units that δ has not reached yet
        return W_above.T @ (delta_above * (W_above @ slope))
    arriving = (W_above if flaw("weights_wrong_way_round") else W_above.T) @ delta_above
    if not flaw("slope_missing"):
        arriving = arriving * slope
    return -arriving if flaw("sign_flipped") else arriving


@question(
    "error_signals.maximise",
    "choice",
    answer="maximise",
    inputs=lambda rng, size: {"s": int(rng.integers(2, 9))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="margin_ignored step_uphill backward_is_inverse",
)
def maximise(flaw, s):
    if flaw("margin_ignored"):
        return "larger_still"
    if flaw("step_uphill"):
        return "same_sign"
    return "inverse" if flaw("backward_is_inverse") else "compare"
