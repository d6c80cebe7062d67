"""The slopes of tanh and of the logistic function, and the ways in which students miss them."""

import numpy as np

from bpcourse.questions.question import Family, Flaws
from bpcourse.questions.types import Array, Result

TANH_SLOPES = (
    "slope_missing slope_at_activation tanh_slope_not_squared function_for_slope "
    "logistic_slope_for_tanh z_in_slope_of_a"
)
LOGISTIC_SLOPES = (
    "slope_missing slope_at_activation logistic_slope_not_multiplied function_for_slope "
    "tanh_slope_for_logistic z_in_slope_of_a"
)
OF_TANH = Family(
    TANH_SLOPES + " slope_twice plus_for_minus divided_for_multiplied",
    forms={"tanh_slope_not_squared": "of_the_root", "logistic_slope_for_tanh": "of_sigma"},
)
OF_LOGISTIC = Family(
    LOGISTIC_SLOPES + " slope_twice plus_for_minus divided_for_multiplied",
    forms={
        "slope_at_activation": "in_the_second_factor in_the_first_factor",
        "tanh_slope_for_logistic": "of_tanh",
        "z_in_slope_of_a": "z_in_the_second_factor z_in_the_first_factor",
    },
)
ACROSS = Family(  # of ``across``
    "added_along_path matrix_for_elementwise_product brackets_missing slope_from_upstream",
    forms={
        "slope_from_upstream": "times_upstream",
        "brackets_missing": "of_the_square before_the_last around_neither of_the_fraction",
    },
)


def sigmoid(z: Array) -> Array:
    """σ(z), of the shape of ``z``."""
    return 1 / (1 + np.exp(-z))


def logistic_slope(flaw: Flaws, z: Array) -> Array:
    """σ(z)(1 − σ(z)), of the shape of ``z``; or what a mistake OF_LOGISTIC makes of it."""
    a = 1 + np.exp(-z) if flaw("of_the_fraction") else sigmoid(z)  # 1 / 1 + e⁻ᶻ
    if flaw("slope_missing"):
        return np.ones_like(a)
    if flaw("in_the_second_factor") or flaw("in_the_first_factor"):
        again = sigmoid(a)
        return a * (1 - again) if flaw("in_the_second_factor") else again * (1 - a)
    if flaw("slope_at_activation"):
        a = sigmoid(a)
    if flaw("logistic_slope_not_multiplied"):
        return 1 - a
    if flaw("function_for_slope"):
        return a
    if flaw("tanh_slope_for_logistic"):
        return 1 - (np.tanh(z) if flaw("of_tanh") else a) ** 2
    if flaw("plus_for_minus"):
        return a * (1 + a)
    first = last = z if flaw("z_in_slope_of_a") else a
    if flaw("z_in_the_second_factor"):
        first = a
    if flaw("z_in_the_first_factor"):
        last = a
    return _once(flaw, first * (1 - last))


def tanh_slope(flaw: Flaws, z: Array) -> Array:
    """1 − tanh²z, of the shape of ``z``; or what a mistake OF_TANH makes of it.

    The form "of_sigma" of logistic_slope_for_tanh takes the logistic function along, too.
    """
    a = np.tanh(z)
    if flaw("slope_missing"):
        return np.ones_like(a)
    if flaw("slope_at_activation"):
        return 1 - np.tanh(a) ** 2
    if flaw("tanh_slope_not_squared"):
        return np.sqrt(1 - a**2) if flaw("of_the_root") else 1 - a
    if flaw("function_for_slope"):
        return a
    if flaw("logistic_slope_for_tanh"):
        s = sigmoid(z) if flaw("of_sigma") else a
        return s * (1 - s)
    if flaw("plus_for_minus"):
        return 1 + a**2
    return _once(flaw, 1 - z**2 if flaw("z_in_slope_of_a") else 1 - a**2)


def _once(flaw: Flaws, slope: Array) -> Array:
    """The slope as a factor: once, and not below a fraction's line."""
    if flaw("divided_for_multiplied"):
        return 1 / slope
    return slope**2 if flaw("slope_twice") else slope


def across(flaw: Flaws, grad: Array, z: Array) -> Result:
    """The gradient on its way back across a logistic unit; or what a mistake of ACROSS makes."""
    a, slope = sigmoid(z), logistic_slope(flaw, z)
    if flaw("before_the_last"):  # a - a**2 * grad
        return a - a**2 * grad
    if flaw("around_neither"):  # a * 1 - a * grad
        return a - a * grad
    if flaw("brackets_missing") and not flaw("of_the_fraction"):  # grad * a * 1 - a
        return grad * a - (a**2 if flaw("of_the_square") else a)
    if flaw("slope_from_upstream"):
        own = grad * (1 - grad)
        return grad * own if flaw("times_upstream") else own
    if flaw("added_along_path"):
        return grad + slope
    return grad @ slope if flaw("matrix_for_elementwise_product") else grad * slope
