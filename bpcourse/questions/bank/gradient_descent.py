"""Lesson 03: the gradient, the update, and the slow, honest way to measure a slope."""

from collections.abc import Callable
from functools import partial

import numpy as np

from bpcourse.questions.bank._inputs import normals, rounded, sizes
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _uphill(theta: Array, gradient: Array, eta: float) -> Picture:
    from bpcourse import figures

    fig = figures.new_figure(4.2, 3.4)
    ax = fig.subplots()
    tip = theta + gradient
    arrow = {"arrowstyle": "-|>", "color": figures.GRADIENT, "linewidth": 2, "shrinkA": 0}
    ax.annotate("", tuple(tip), tuple(theta), arrowprops=arrow | {"shrinkB": 0})
    ax.plot(*theta, "o", color=figures.PARAMETER)
    away = 0.25 * gradient / np.linalg.norm(gradient)
    (x, y), (x_tip, y_tip) = theta - away, tip + 1.4 * away
    ax.text(x, y, "θ", ha="center", va="center", color=figures.PARAMETER)
    ax.text(x_tip, y_tip, "∇L", ha="center", va="center", color=figures.GRADIENT)
    (left, low), (right, high) = np.minimum(theta, tip) - 0.6, np.maximum(theta, tip) + 0.6
    ax.set(xlim=(left, right), ylim=(low, high), aspect="equal")
    ax.set_xticks([theta[0]], [f"{theta[0]:g}".replace("-", "−")])
    ax.set_yticks([theta[1]], [f"{theta[1]:g}".replace("-", "−")])
    return fig


def _step(rng: np.random.Generator, size: int) -> Inputs:
    return {
        "theta": rounded(rng, 2),
        "gradient": rounded(rng, 2),
        "eta": float(rng.choice([0.1, 0.2, 0.5])),
    }


@question(
    "gradient_descent.one_step",
    picture=_uphill,
    inputs=_step,
    misconceptions="step_uphill learning_rate_missing step_without_start",
    slips=lambda theta, gradient, eta: {
        "divided_for_multiplied": theta - gradient / eta,
        "plus_for_minus": [theta - eta * abs(gradient), theta + eta * abs(gradient)],
        "inputs_swapped": [eta * theta - gradient, gradient - eta * theta],
        "step_uphill learning_rate_missing": theta + gradient,
        "step_uphill step_without_start": eta * gradient,
    },
    on_the_way=lambda theta, gradient, eta: {"start": theta, "gradient": gradient},
)
def one_step(flaw: Flaws, theta: Array, gradient: Array, eta: float) -> Result:
    step = gradient * (1 if flaw("learning_rate_missing") else eta)
    if flaw("step_without_start"):
        return -step
    return theta + step if flaw("step_uphill") else theta - step


def _measured(rng: np.random.Generator, size: int) -> Inputs:
    shape = sizes(rng, size, (2, 1, 3, 2, 2)[size])  # x may have any shape
    weights = rng.normal(size=shape)
    return {
        "f": lambda x: float((weights * x**2).sum() + (weights * x).sum() ** 3),
        "x": rng.normal(size=shape),
        "h": 1e-3 if size % 2 else 1e-2,
    }


@question(
    "gradient_descent.central_difference",
    inputs=_measured,
    misconceptions="divided_by_h one_sided entry_not_restored input_changed all_nudged_together "
    "division_without_brackets stops_after_first_round off_by_one_loop",
    forms={
        "one_sided": "below_only over_two_h below_over_two_h",
        "entry_not_restored": "down_from_there both_stay",
        "all_nudged_together": "as_number",
    },
    families=(
        Family(
            "left_at_zero part_scaled number_for_parameter",
            {"all_nudged_together": "row_by_row", "number_for_parameter": "above_alone"},
        ),
    ),
)
def central_difference(flaw: Flaws, f: Callable[[Array], float], x: Array, h: float) -> Result:
    whole = h
    below_only = flaw("below_only") or flaw("below_over_two_h")
    over_two_h = flaw("over_two_h") or flaw("below_over_two_h")
    if flaw("number_for_parameter"):
        h = 1e-6
        whole = whole if flaw("above_alone") else h
    h = h / 2 if flaw("part_scaled") else h  # half the way to each side, and divided by 2h
    if flaw("left_at_zero"):  # as with x + h and x − h in one array: what was raised is lowered
        return np.zeros_like(x)
    if flaw("as_number"):
        return (f(x + h) - f(x - h)) / (2 * h)
    above, below = x if flaw("input_changed") else x.copy(), x.copy()
    one_wide = flaw("divided_by_h") or (flaw("one_sided") and not over_two_h)
    width = 2 / h if flaw("division_without_brackets") else h if one_wide else 2 * whole
    slopes = np.zeros_like(x)
    rounds = list(np.ndindex(x.shape))
    if flaw("stops_after_first_round"):
        rounds = rounds[:1]
    elif flaw("off_by_one_loop"):
        rounds = rounds[:-1]
    for index in rounds:
        if not flaw("both_stay"):
            below = above.copy()
        here = above[index]
        above[index] = here if below_only else here + h
        below[index] = here if flaw("one_sided") and not below_only else here - h
        high, low = f(above), f(below)
        if flaw("all_nudged_together"):
            nudge = np.full(x.shape, h)
            if flaw("row_by_row"):
                nudge[np.arange(len(x)) != index[0]] = 0
            high = f(x if below_only else x + nudge)
            low = f(x if flaw("one_sided") and not below_only else x - nudge)
        slopes[index] = (high - low) / width
        if flaw("down_from_there"):
            above[index] = here - h
        elif not flaw("entry_not_restored") and not flaw("input_changed"):
            above[index] = here
    return slopes


def _valley(rng: np.random.Generator, size: int) -> Inputs:
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


def _rounds(flaw: Flaws, steps: int) -> int:
    if flaw("stops_after_first_round"):
        return 1
    return steps + (0 if not flaw("off_by_one_loop") else 1 if flaw("one_more") else -1)


def _descended(
    flaw: Flaws, gradient: Callable[[Array], Array], theta: Array, eta: float, steps: int
) -> Result:
    start, theta = theta, theta.copy()
    for _ in range(_rounds(flaw, steps)):
        g = gradient(start if flaw("gradient_of_the_start") else theta)
        if flaw("step_without_start"):
            theta *= 0
        if flaw("sign_flipped"):  # η∇ − θ for θ − η∇
            theta *= -1
        theta += eta * (g if flaw("sign_flipped") else -g)
    return theta.copy()


_descent = partial(
    question,
    inputs=_valley,
    misconceptions="off_by_one_loop gradient_of_the_start step_without_start "
    "stops_after_first_round",
    forms={"off_by_one_loop": "one_more"},
    families=(Family("sign_flipped"),),
)
_descent("gradient_descent.descend")(_descended)
_descent("gradient_descent.mend_descent")(_descended)


@question(
    "gradient_descent.mean_gradient",
    inputs=normals("Nn", per_example="Nn"),
    misconceptions="batch_mean_missing summed_over_wrong_axis averaged_twice "
    "mean_over_entries off_by_one_loop stops_after_first_round overwritten_not_accumulated",
    forms={
        "summed_over_wrong_axis": "counted_there",
        "off_by_one_loop": "from_one",
        "overwritten_not_accumulated": "undivided",
    },
)
def mean_gradient(flaw: Flaws, per_example: Array) -> Result:
    axis = 1 if flaw("summed_over_wrong_axis") else 0
    rows = per_example
    if flaw("stops_after_first_round"):
        rows = rows[:1]
    elif flaw("off_by_one_loop"):
        rows = rows[1:] if flaw("from_one") else rows[:-1]
    elif flaw("overwritten_not_accumulated"):
        rows = rows[-1:]
    total = rows.sum(axis=axis)
    if flaw("undivided"):
        return total
    count = per_example.shape[axis if flaw("counted_there") else 0]
    if flaw("batch_mean_missing"):
        return total
    if flaw("mean_over_entries"):
        count = per_example.size
    return total / count / (count if flaw("averaged_twice") else 1)


@question(
    "gradient_descent.evaluations",
    inputs=lambda rng, size: {"millions": int(rng.integers(20, 200))},
    misconceptions="one_sided cost_grows_with_weights_squared one_pass_is_enough",
    forms={"one_sided": "and_one", "cost_grows_with_weights_squared": "without_two"},
    slips=lambda millions: {
        "another_unit": [2e6 * millions, 2e6 * millions + 1],
        "off_by_one_loop": 2 * millions + 1,
        "halved": millions / 2,
        "term_too_many": [3 * millions, 3 * millions + 1],
    },
    on_the_way=lambda millions: {"ones": 1e6 * millions},
)
def evaluations(flaw: Flaws, millions: int) -> Result:
    if flaw("one_sided"):
        return millions + 1 if flaw("and_one") else millions
    if flaw("without_two"):
        return millions**2
    if flaw("cost_grows_with_weights_squared"):
        return 2 * millions**2
    return 2 if flaw("one_pass_is_enough") else 2 * millions


lettered(
    "gradient_descent.who_updates", inputs=lambda rng, size: {"eta": float(rng.choice([0.1, 0.01]))}
)
