"""The slopes of tanh and of the logistic function, and the ways in which students miss them."""

import numpy as np

TANH_SLOPES = (
    "slope_missing slope_at_activation tanh_slope_not_squared function_for_slope "
    "logistic_slope_for_tanh z_in_slope_of_a"
)
LOGISTIC_SLOPES = (
    "slope_missing slope_at_activation logistic_slope_not_multiplied function_for_slope "
    "tanh_slope_for_logistic z_in_slope_of_a"
)
LOGISTIC_FORMS = {"tanh_slope_for_logistic": "of_tanh"}


def sigmoid(z):
    """σ(z), of the shape of ``z``."""
    return 1 / (1 + np.exp(-z))


def logistic_slope(flaw, z):
    """σ(z)(1 − σ(z)), of the shape of ``z``; or what one of LOGISTIC_SLOPES makes of it."""
    a = sigmoid(z)
    if flaw("slope_missing"):
        return np.ones_like(a)
    if flaw("slope_at_activation"):
        a = sigmoid(a)
    if flaw("logistic_slope_not_multiplied"):
        return 1 - a
    if flaw("function_for_slope"):
        return a
    if flaw("tanh_slope_for_logistic"):
        return 1 - (np.tanh(z) if flaw("of_tanh") else a) ** 2
    return z * (1 - z) if flaw("z_in_slope_of_a") else a * (1 - a)


def tanh_slope(flaw, z):
    """1 − tanh²z, of the shape of ``z``; or what one of TANH_SLOPES makes of it.

    The form "of_sigma" of logistic_slope_for_tanh takes the logistic function along, too.
    """
    a = np.tanh(z)
    if flaw("slope_missing"):
        return np.ones_like(a)
    if flaw("slope_at_activation"):
        return 1 - np.tanh(a) ** 2
    if flaw("tanh_slope_not_squared"):
        return 1 - a
    if flaw("function_for_slope"):
        return a
    if flaw("logistic_slope_for_tanh"):
        s = sigmoid(z) if flaw("of_sigma") else a
        return s * (1 - s)
    return 1 - z**2 if flaw("z_in_slope_of_a") else 1 - a**2
