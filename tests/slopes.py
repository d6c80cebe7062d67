"""Numerical slopes, independent of the package: what analytic derivatives are held against."""

import numpy as np


def central_difference(f, x, h=1e-6):
    """∂f/∂x for a scalar f of an array x, entry by entry; x is restored."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + h
        above = f(x)
        x[index] = kept - h
        below = f(x)
        x[index] = kept
        gradient[index] = (above - below) / (2 * h)
    return gradient


def complex_step(f, x, h=1e-30):
    """∂f/∂x for an analytic scalar f: no subtraction, so exact to rounding."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        stepped = x.astype(complex)
        stepped[index] += 1j * h
        gradient[index] = complex(f(stepped)).imag / h
    return gradient
