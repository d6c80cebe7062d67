"""Numerical slopes: what the tests hold analytic derivatives against."""

import numpy as np

from bpcourse.gradcheck import central_difference as central_difference


def complex_step(f, x, h=1e-30):
    """∂f/∂x for an analytic scalar f: no subtraction, so exact to rounding."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        stepped = x.astype(complex)
        stepped[index] += 1j * h
        gradient[index] = complex(f(stepped)).imag / h
    return gradient
