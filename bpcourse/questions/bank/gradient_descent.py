"""Lesson 03: the gradient, the update, and the slow, honest way to measure a slope."""

import numpy as np

from bpcourse.questions.inputs import rounded, sizes
from bpcourse.questions.question import question


def _uphill(theta, gradient, eta):
    from bpcourse import figures

    fig = figures.new_figure(4.2, 3.4)
    ax = fig.subplots()
    tip = theta + gradient
    arrow = {"arrowstyle": "-|>", "color": figures.GRADIENT, "linewidth": 2, "shrinkA": 0}
    ax.annotate("", tip, theta, arrowprops=arrow | {"shrinkB": 0})
    ax.plot(*theta, "o", color=figures.PARAMETER)
    away = 0.25 * gradient / np.linalg.norm(gradient)
    ax.text(*(theta - away), "θ⁰", ha="center", va="center", color=figures.PARAMETER)
    ax.text(*(tip + 1.4 * away), "∇L", ha="center", va="center", color=figures.GRADIENT)
    (left, low), (right, high) = np.minimum(theta, tip) - 0.6, np.maximum(theta, tip) + 0.6
    ax.set(xlim=(left, right), ylim=(low, high), aspect="equal")
    ax.set_xticks([theta[0]], [f"{theta[0]:g}".replace("-", "−")])
    ax.set_yticks([theta[1]], [f"{theta[1]:g}".replace("-", "−")])
    return fig


def _step(rng, size):
    return {
        "theta": rounded(rng, 2),
        "gradient": rounded(rng, 2),
        "eta": float(rng.choice([0.1, 0.2, 0.5])),
    }


@question(
    "gradient_descent.one_step",
    "array",
    answer="theta_1",
    picture=_uphill,
    inputs=_step,
    level="warm_up",
    points=1,
    minutes=2,
    decimals=2,
    misconceptions="step_uphill learning_rate_missing step_without_start",
)
def one_step(flaw, theta, gradient, eta):
    step = gradient * (1 if flaw("learning_rate_missing") else eta)
    if flaw("step_without_start"):
        return -step
    return theta + step if flaw("step_uphill") else theta - step


def _measured(rng, size):
    shape = sizes(rng, size, (2, 2, 3, 1, 2)[size])  # x may have any shape
    weights = rng.normal(size=shape)
    return {
        "f": lambda x: float(np.sum(weights * x**2) + np.sum(x) ** 3),
        "x": rng.normal(size=shape),
        "h": 1e-3 if size % 2 else 1e-2,
    }


@question(
    "gradient_descent.central_difference",
    answer="measured_slopes",
    inputs=_measured,
    points=3,
    minutes=10,
    misconceptions="divided_by_h one_sided entry_not_restored input_changed all_nudged_together "
    "sign_flipped",
)
def central_difference(flaw, f, x, h):
    point = x if flaw("input_changed") else x.copy()
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        here = point[index]
        above, below = point, point.copy()
        if flaw("all_nudged_together"):
            high, low = f(point + h), f(point - h)
        else:
            above[index] = here + h
            high = f(above)
            below[index] = here if flaw("one_sided") else here - h
            low = f(below)
        width = h if flaw("divided_by_h") or flaw("one_sided") else 2 * h
        slopes[index] = (low - high if flaw("sign_flipped") else high - low) / width
        if not flaw("entry_not_restored") and not flaw("input_changed"):
            point[index] = here
    return slopes


def _valley(rng, size):
    n = 1 + size
    slant = rng.normal(size=(n, n))
    curvature = slant @ slant.T / n + 0.5 * np.eye(n)  # no axis of the valley is one of θ's own
    lowest = rng.normal(size=n)
    return {
        "gradient": lambda theta: curvature @ (theta - lowest),
        "theta": rng.normal(size=n),
        "eta": float(rng.choice([0.05, 0.1, 0.2])),
        "steps": 3 + size,
    }


@question(
    "gradient_descent.descend",
    answer="descend",
    inputs=_valley,
    points=2,
    minutes=6,
    misconceptions="step_uphill learning_rate_missing off_by_one_loop gradient_of_the_start "
    "input_changed",
)
def descend(flaw, gradient, theta, eta, steps):
    start = theta
    if not flaw("input_changed"):
        theta = theta.copy()
    for _ in range(steps - 1 if flaw("off_by_one_loop") else steps):
        g = gradient(start if flaw("gradient_of_the_start") else theta)
        if flaw("gradient_of_the_start"):
            g = gradient(start.copy())
        move = g * (1 if flaw("learning_rate_missing") else eta)
        theta += move if flaw("step_uphill") else -move
    return theta.copy()


@question(
    "gradient_descent.mend_descent",
    "mend",
    answer="mended_descent",
    inputs=_valley,
    level="stretch",
    points=2,
    minutes=4,
    misconceptions="step_uphill learning_rate_missing step_without_start off_by_one_loop",
)
def mend_descent(flaw, gradient, theta, eta, steps):
    for _ in range(steps + 1 if flaw("off_by_one_loop") else steps):
        move = gradient(theta) * (1 if flaw("learning_rate_missing") else eta)
        move = move if flaw("step_uphill") else -move
        theta = move if flaw("step_without_start") else theta + move
    return theta


def _per_example(rng, size):
    batch, n = sizes(rng, size, 2)
    return {"per_example": rng.normal(size=(batch, n))}


@question(
    "gradient_descent.mean_gradient",
    answer="mean_gradient",
    inputs=_per_example,
    level="core",
    points=2,
    minutes=4,
    misconceptions="batch_mean_missing summed_over_wrong_axis averaged_twice first_example_only",
    forms={"summed_over_wrong_axis": "counted_there"},
)
def mean_gradient(flaw, per_example):
    axis = 1 if flaw("summed_over_wrong_axis") else 0
    total = per_example.sum(axis=axis)
    if flaw("first_example_only"):
        return per_example[0] + 0.0
    count = per_example.shape[axis if flaw("counted_there") else 0]
    if flaw("batch_mean_missing"):
        return total
    return total / count / (count if flaw("averaged_twice") else 1)


@question(
    "gradient_descent.evaluations",
    "number",
    answer="evaluations",
    inputs=lambda rng, size: {"millions": int(rng.integers(20, 200))},
    level="warm_up",
    points=1,
    minutes=2,
    misconceptions="divided_by_h cost_grows_with_weights_squared one_pass_is_enough",
)
def evaluations(flaw, millions):
    if flaw("divided_by_h"):
        return millions
    if flaw("cost_grows_with_weights_squared"):
        return 2 * millions**2
    return 2 if flaw("one_pass_is_enough") else 2 * millions


@question(
    "gradient_descent.who_updates",
    "choice",
    answer="who_updates",
    inputs=lambda rng, size: {"eta": float(rng.choice([0.1, 0.01]))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="backprop_updates backprop_is_exact_optimiser loss_must_fall",
)
def who_updates(flaw, eta):
    if flaw("backprop_updates"):
        return "changes"
    if flaw("backprop_is_exact_optimiser"):
        return "minimum"
    return "falls" if flaw("loss_must_fall") else "computes"
