"""Lesson 21: how large weights should be at first, and why."""

import numpy as np

from bpcourse.questions.bank import _behaviour as behaviour
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Result


@question(
    "starting_well.initial_scale",
    inputs=lambda rng, size: {"n_in": int(rng.choice([16, 25, 100, 400]))},
    misconceptions="initialisation_too_large variance_for_deviation constant_initialisation",
    forms={"initialisation_too_large": "times_the_root"},
    slips=lambda n_in: {"scale_of_relu": (2 / n_in) ** 0.5, "another_number": (3 / n_in) ** 0.5},
    on_the_way=lambda n_in: {"inputs": n_in},
)
def initial_scale(flaw: Flaws, n_in: int) -> Result:
    if flaw("initialisation_too_large"):
        return n_in**0.5 if flaw("times_the_root") else 1.0
    if flaw("constant_initialisation"):
        return 0.0
    return 1 / n_in if flaw("variance_for_deviation") else 1 / n_in**0.5


lettered("starting_well.order_of_spread")


@question(
    "starting_well.leaky_spread",
    inputs=lambda rng, size: {
        "n_in": int(rng.integers(4, 30)) * 10,
        "slope": [0.1, 0.25, 0.5, 0.4, 0.2][size % 5],
    },
    misconceptions="variance_for_deviation dead_side square_forgotten activation_forgotten "
    "factor_two_missing sides_swapped",
    families=(Family("inside_for_outside ratio_upside_down"),),
)
def leaky_spread(flaw: Flaws, n_in: int, slope: float) -> Result:
    """The standard deviation of weights that keeps a signal through leaky ReLU units."""
    passed = 1 + slope if flaw("square_forgotten") else 1 + slope**2
    if flaw("inside_for_outside"):  # the square of the mean, for the mean of the squares
        passed = (1 + slope) ** 2 / 2
    if flaw("dead_side"):
        passed = 1
    if flaw("sides_swapped"):
        passed = slope**2
    variance = 2 / (passed * n_in)
    if flaw("ratio_upside_down"):
        variance = passed / (2 * n_in)
    if flaw("activation_forgotten"):
        variance = 1 / n_in
    if flaw("factor_two_missing"):
        variance = variance * (2 if flaw("ratio_upside_down") else 0.5)
    return variance if flaw("variance_for_deviation") else variance**0.5


@question(
    "starting_well.initial_weights",
    inputs=lambda rng, size: {
        "n_in": int(rng.integers(8, 12)) * 16,
        "n_out": int(rng.integers(20, 30)) + size,
        "seed": int(rng.integers(1000)),
    },
    use=behaviour.symmetry,
    measured=True,
    misconceptions="constant_initialisation initialisation_too_large variance_for_deviation "
    "rows_and_columns_swapped seed_not_used",
    forms={"initialisation_too_large": "times_the_root"},
    families=(
        Family("scaled_by_outputs weights_of_one_sign", {"weights_of_one_sign": "drawn_below_one"}),
    ),
)
def initial_weights(flaw: Flaws, n_in: int, n_out: int, seed: int) -> Result:
    """Normal numbers of spread 1/√n_in, (n_out, n_in)."""
    shape = (n_in, n_out) if flaw("rows_and_columns_swapped") else (n_out, n_in)
    spread = 1 / n_in if flaw("variance_for_deviation") else n_in**-0.5
    if flaw("scaled_by_outputs"):
        spread = n_out**-0.5
    if flaw("initialisation_too_large"):
        spread = n_in**0.5 if flaw("times_the_root") else 1.0
    rng = np.random.default_rng(0 if flaw("seed_not_used") else seed)
    if flaw("constant_initialisation"):
        return np.full(shape, spread)
    if flaw("weights_of_one_sign"):
        drawn = rng.uniform if flaw("drawn_below_one") else lambda size: abs(rng.normal(size=size))
        return spread * drawn(size=shape)
    return spread * rng.normal(size=shape)


@question(
    "starting_well.mend_signal",
    inputs=lambda rng, size: {
        "n": int(rng.integers(5, 30)),
        "spread": float(rng.uniform(0.1, 0.6)),
        "depth": 2 + size,
    },
    misconceptions="initialisation_too_large variance_for_deviation added_along_path "
    "one_layer_only off_by_one_loop",
)
def mend_signal(flaw: Flaws, n: int, spread: float, depth: int) -> Result:
    """The spread of the signal after ``depth`` linear layers of n units; 1 comes in."""
    factor = spread * (n if flaw("initialisation_too_large") else n**0.5)
    if flaw("variance_for_deviation"):
        factor = factor**2
    if flaw("added_along_path"):
        return factor * depth
    if flaw("one_layer_only"):
        return factor
    return factor ** (depth - 1 if flaw("off_by_one_loop") else depth)
