"""Lesson 13: measuring slopes, and judging with them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _function(rng: np.random.Generator, size: int) -> Inputs:
    c = rng.normal(size=2 + size)
    return {
        "f": lambda x: float(np.sum(c * x**2) + np.prod(np.cos(x))),
        "x": rng.normal(size=2 + size),
        "h": [1e-4, 0.1, 1e-3][size % 3],  # a large one too: with it, another h gives other numbers
    }


@question(
    "gradient_checking.mend_checker",
    inputs=_function,
    misconceptions="divided_by_h one_sided entry_not_restored integer_arrays "
    "all_nudged_together off_by_one_loop number_for_parameter",
    forms={
        "divided_by_h": "by_two_alone not_at_all by_half_of_h",
        "one_sided": "from_below over_two_h from_below_over_two_h",
        "entry_not_restored": "of_x_itself above_it",
        "number_for_parameter": "a_larger_one",
    },
    families=(Family("division_without_brackets part_scaled"),),
)
def mend_checker(flaw: Flaws, f: Callable[[Array], float], x: Array, h: float) -> Result:
    if flaw("number_for_parameter"):
        h = 1e-3 if flaw("a_larger_one") else 1e-5
    slopes, whole = np.zeros(x.shape), h
    h = h / 2 if flaw("part_scaled") else h  # half the way to each side, and divided by 2h
    from_below = flaw("from_below") or flaw("from_below_over_two_h")
    over_two_h = flaw("over_two_h") or flaw("from_below_over_two_h")
    point = x if flaw("of_x_itself") else x.copy()
    for i in range(len(x) - (1 if flaw("off_by_one_loop") else 0)):
        here = point[i]
        point[i] = here if from_below else here + h
        above = f(point)
        from_above = flaw("one_sided") and not from_below
        point[i] = here if from_above else here - h
        below = f(point)
        if flaw("above_it"):
            point[i] = here + h
        elif not flaw("entry_not_restored"):
            point[i] = here
        width = h if flaw("one_sided") and not over_two_h else 2 * whole
        if flaw("divided_by_h"):
            width = h
        if flaw("division_without_brackets"):
            width = 2 / h
        widths = {"by_two_alone": 2, "not_at_all": 1, "by_half_of_h": h / 2}
        width = next((value for name, value in widths.items() if flaw(name)), width)
        slopes[i] = (above - below) / width
    if flaw("all_nudged_together"):
        slopes[:] = (f(x + h) - f(x - h)) / (2 * h)
    return np.trunc(slopes) if flaw("integer_arrays") else slopes


def _pair(rng: np.random.Generator, size: int) -> Inputs:
    larger = -1 if size % 2 else 1  # which of the two is larger where they differ most
    signs = rng.choice([-1.0, 1.0], 3)
    off = rng.permutation([1e-6, -2e-4, 0.03 * larger]) * rng.uniform(1, 2, size=3)
    sizes = rng.uniform(1, 9, 3) * 10.0 ** rng.permutation([-6, 2, 3])
    most = np.abs(off).argmax()
    sizes[most] = rng.uniform(0.5, 0.9)  # below 1, and not so small that 1e-12 beside it counts
    signs[most] = -1.0 if size in (2, 3) else 1.0  # both signs with either
    given = signs * sizes
    if size == 1:  # a lost sign: the sizes alone are alike
        off[most] = 2.0
    return {"given": given, "measured": given * (1 - off)}


@question(
    "gradient_checking.relative_error",
    inputs=_pair,
    misconceptions="absolute_error_only sign_kept mean_for_largest one_size_doubled "
    "one_scale_for_all",
    forms={
        "sign_kept": "below_alone above_and_below below_and_from_zero from_zero",
        "mean_for_largest": "their_sum",
        "one_size_doubled": "their_mean the_given the_measured the_smaller",
        "one_scale_for_all": "of_norms of_both_norms",
    },
    families=(
        Family("absolute_value last_entry_only", {"one_scale_for_all": "of_the_larger_norm"}),
    ),
)
def relative_error(flaw: Flaws, given: Array, measured: Array) -> Result:
    below_alone = flaw("below_alone") or flaw("below_and_from_zero")
    below = below_alone or flaw("above_and_below")
    gap = given - measured
    if not flaw("sign_kept") or below_alone:
        gap = np.abs(gap)
    one, other = (given, measured) if below else (np.abs(given), np.abs(measured))
    scale = np.maximum(one, other)
    if flaw("absolute_value"):
        gap = np.abs(np.abs(given) - np.abs(measured))
    if flaw("one_scale_for_all"):
        norm = np.linalg.norm
        if flaw("of_the_larger_norm"):
            return float(norm(gap) / max(norm(one), norm(other)))
        if flaw("of_both_norms"):
            return float(norm(gap) / (norm(one) + norm(other)))
        return float(norm(gap) / norm(scale) if flaw("of_norms") else gap.max() / scale.max())
    if flaw("the_given") or flaw("the_measured"):
        scale = one if flaw("the_given") else other
    elif flaw("the_smaller"):
        scale = np.minimum(one, other)
    elif flaw("one_size_doubled"):
        scale = (one + other) / (2 if flaw("their_mean") else 1)
    each = gap if flaw("absolute_error_only") else gap / scale
    if flaw("last_entry_only"):
        return float(each[-1])
    if flaw("mean_for_largest"):
        return float(each.sum() if flaw("their_sum") else each.mean())
    if flaw("from_zero") or flaw("below_and_from_zero"):  # a loop begins with worst = 0
        return max(0.0, float(each.max()))
    return float(each.max())


def _error_against_step(times: int) -> Picture:
    from bpcourse import figures
    from bpcourse.text import text

    ways: dict[str, Callable[[Array], Array]] = {
        "one_sided": lambda h: (np.exp(h) - 1) / h,
        "central": lambda h: (np.exp(h) - np.exp(-h)) / (2 * h),
    }
    fig = figures.new_figure(4.5, 3)
    ax = fig.subplots()
    h, marks = np.geomspace(3e-3, 0.3, 60), np.array([0.1 / times, 0.1])
    for (name, slope), style in zip(ways.items(), (":", "-"), strict=True):
        ax.loglog(h, slope(h) - 1, style, color=figures.GRADIENT, label=text(f"figures.{name}"))
        ax.plot(marks, slope(marks) - 1, "o", color=figures.GRADIENT)
    ax.minorticks_off()
    ax.set_xticks(marks, [f"h/{times}", "h"])
    ax.invert_xaxis()  # as in the lesson: h shrinks from left to right
    ax.set_yticks([])  # how far each has fallen is the question
    ax.set(xlabel=text("figures.step"), ylabel=text("figures.error"))
    ax.legend()
    return fig


@question(
    "gradient_checking.error_of_central",
    picture=_error_against_step,
    inputs=lambda rng, size: {"times": int(rng.integers(3, 12))},
    misconceptions="one_sided factor_two_extra cubed",
    slips=lambda times: {"exponent_for_number": 2},
)
def error_of_central(flaw: Flaws, times: int) -> Result:
    if flaw("one_sided"):
        return times
    if flaw("factor_two_extra"):
        return 2 * times
    return times**3 if flaw("cubed") else times**2


@question(
    "gradient_checking.complex_step",
    inputs=lambda rng, size: {
        # 1e8 is added: no difference of two values has many digits then. The slopes have both signs
        "f": (lambda c: lambda x: 1e8 + (-1) ** size * np.sin(c * x))(rng.uniform(1, 3)),
        "x": float(rng.uniform(-0.5, 0.5)),
    },
    edges=lambda rng: [  # rounded otherwise for a complex number than for a real one
        {"f": lambda x: np.exp(x) ** 5 / (1 + x**3) ** 5, "x": float(x)}
        for x in rng.uniform(3.5, 6, 8)
    ],
    misconceptions="real_part_taken divided_by_2h step_forgotten sign_flipped",
    forms={"real_part_taken": "over_h", "step_forgotten": "times_h"},
    families=(Family("size_for_imaginary left_at_zero"),),
)
def complex_step(flaw: Flaws, f: Callable[[complex], Any], x: float) -> Result:
    h = 1e-20
    value = f(x + (-1j if flaw("sign_flipped") else 1j) * h)
    if flaw("left_at_zero"):  # a real step of that length is lost, and so is the real part's
        return 0.0
    if flaw("real_part_taken"):
        return float(value.real / h if flaw("over_h") else value.real)
    if flaw("step_forgotten"):
        return float(value.imag * h if flaw("times_h") else value.imag)
    slope = float(value.imag / (2 * h if flaw("divided_by_2h") else h))
    if flaw("size_for_imaginary"):
        return abs(slope)
    return slope


lettered(
    "gradient_checking.smaller_step", inputs=lambda rng, size: {"power": int(rng.integers(12, 16))}
)
