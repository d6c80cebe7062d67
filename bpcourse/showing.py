"""How a lesson prints its numbers: name, shape, values."""

import numpy as np
from numpy.typing import ArrayLike

DECIMALS = 3


def look(**arrays: ArrayLike) -> None:
    """Print each array with its name, its shape and its values, to three decimals.

    Parameters
    ----------
    **arrays
        Numbers or arrays of any shape, under the names that they are printed with. A matrix begins
        on a line of its own; a single number has no shape to print.

    Examples
    --------
    >>> look(a=[0.3543, -0.00001], loss=0.6767)
    a (2,)  [0.354 0.   ]
    loss  0.677
    """
    for name, array in arrays.items():
        values = np.asarray(array)
        if values.dtype.kind in "fc":
            values = np.round(values, DECIMALS) + 0.0  # + 0.0: no "-0."
        shape = f" {values.shape}" if values.ndim else ""
        print(f"{name}{shape}", values, sep="\n" if values.ndim > 1 else "  ")
