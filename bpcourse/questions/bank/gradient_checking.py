"""Lesson 13: measuring slopes, and judging with them."""

import numpy as np

from bpcourse.questions.question import question


def _function(rng, size):
    c = rng.normal(size=2 + size)
    return {
        "f": lambda x: float(np.sum(c * x**2) + np.prod(np.cos(x))),
        "x": rng.normal(size=2 + size),
        "h": 1e-4,
    }


@question(
    "gradient_checking.mend_checker",
    "mend",
    answer="mended_slopes",
    inputs=_function,
    points=3,
    minutes=8,
    misconceptions="divided_by_h one_sided entry_not_restored integer_arrays sign_flipped",
)
def mend_checker(flaw, f, x, h):
    slopes = np.zeros(x.shape)
    point = x.copy()
    for i in range(len(x)):
        here = point[i]
        point[i] = here + h
        above = f(point)
        point[i] = here if flaw("one_sided") else here - h
        below = f(point)
        if not flaw("entry_not_restored"):
            point[i] = here
        width = h if flaw("divided_by_h") or flaw("one_sided") else 2 * h
        slopes[i] = (below - above if flaw("sign_flipped") else above - below) / width
    return np.trunc(slopes) if flaw("integer_arrays") else slopes


def _pair(rng, size):
    larger = -1 if size % 2 else 1  # which of the two is larger where they differ most
    given = rng.choice([-1.0, 1.0], 3) * rng.uniform(1, 9, 3) * 10.0 ** rng.integers(-6, 3)
    off = rng.permutation([1e-6, -2e-4, 0.03 * larger]) * rng.uniform(1, 2, size=3) * np.sign(given)
    return {"given": given, "measured": given * (1 - off * np.sign(given))}


@question(
    "gradient_checking.relative_error",
    answer="relative_error",
    inputs=_pair,
    points=2,
    minutes=6,
    misconceptions="absolute_error_only sign_kept mean_for_largest one_size_doubled",
)
def relative_error(flaw, given, measured):
    gap = given - measured if flaw("sign_kept") else np.abs(given - measured)
    scale = np.maximum(np.abs(given), np.abs(measured))
    if flaw("one_size_doubled"):
        scale = np.abs(given) + np.abs(measured)
    each = gap if flaw("absolute_error_only") else gap / scale
    return float(each.mean() if flaw("mean_for_largest") else each.max())


def _error_against_step(times):
    from bpcourse import figures
    from bpcourse.text import text

    ways = {
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
    "number",
    answer="how_many_times_smaller",
    picture=_error_against_step,
    inputs=lambda rng, size: {"times": int(rng.integers(3, 12))},
    level="warm_up",
    points=1,
    minutes=2,
    misconceptions="one_sided factor_two_extra cubed",
)
def error_of_central(flaw, times):
    if flaw("one_sided"):
        return times
    if flaw("factor_two_extra"):
        return 2 * times
    return times**3 if flaw("cubed") else times**2


@question(
    "gradient_checking.complex_step",
    answer="complex_step",
    inputs=lambda rng, size: {
        "f": (lambda c: lambda x: np.exp(c * x) * np.sin(x))(rng.normal()),
        "x": float(rng.normal()),
    },
    level="stretch",
    points=2,
    minutes=8,
    misconceptions="real_part_taken divided_by_2h step_forgotten sign_flipped",
)
def complex_step(flaw, f, x):
    h = 1e-20
    value = f(x + 1j * h)
    if flaw("real_part_taken"):
        return float(value.real)
    if flaw("step_forgotten"):
        return float(value.imag)
    slope = float(value.imag / (2 * h if flaw("divided_by_2h") else h))
    return -slope if flaw("sign_flipped") else slope


@question(
    "gradient_checking.smaller_step",
    "choice",
    answer="smaller_step",
    inputs=lambda rng, size: {"power": int(rng.integers(12, 16))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="smaller_is_better one_sided absolute_error_only",
)
def smaller_step(flaw, power):
    if flaw("smaller_is_better"):
        return "better"
    if flaw("one_sided"):
        return "side"
    return "tolerance" if flaw("absolute_error_only") else "rounding"
