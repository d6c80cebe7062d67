"""Numbers to ask with: sizes that all differ, so that nothing wrong fits by chance."""

import numpy as np

EQUAL = 3  # the size that all have where equal sizes are asked for


def sizes(rng, size, count):
    """``count`` sizes, all different, growing with ``size`` (1, 2, …); all equal for size 0."""
    if size == 0:
        return (EQUAL,) * count
    return tuple(int(n) for n in 2 + rng.permutation(count + size)[:count])


def rounded(rng, shape, low=-2.0, high=2.0, decimals=1):
    """Numbers of few digits, none of them 0, to reckon with by hand."""
    step = 10.0**-decimals
    values = rng.integers(round(low / step), round(high / step) + 1, size=shape) * step
    return np.round(np.where(values == 0, step, values), decimals)
