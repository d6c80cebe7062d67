"""The slope of tanh on the way back, and the ways in which students miss it."""

import numpy as np

TANH_SLOPES = (
    "slope_missing slope_at_activation tanh_slope_not_squared function_for_slope "
    "logistic_slope_for_tanh z_in_slope_of_a"
)


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
        s = 1 / (1 + np.exp(-z)) if flaw("of_sigma") else a
        return s * (1 - s)
    return 1 - z**2 if flaw("z_in_slope_of_a") else 1 - a**2
