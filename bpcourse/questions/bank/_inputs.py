"""Numbers to ask with: sizes that all differ, so that nothing wrong fits by chance."""

import numpy as np

from bpcourse.questions.types import Array

EQUAL = 3  # the size that all have where equal sizes are asked for


def sizes(rng: np.random.Generator, size: int, count: int) -> tuple[int, ...]:
    """``count`` sizes, all different, growing with ``size`` (1, 2, …); all equal for size 0."""
    if size == 0:
        return (EQUAL,) * count
    return tuple(int(n) for n in 2 + rng.permutation(count + size)[:count])


def rounded(
    rng: np.random.Generator,
    shape: int | tuple[int, ...],
    low: float = -2.0,
    high: float = 2.0,
    decimals: int = 1,
) -> Array:
    """Numbers of few digits, none of them 0, to reckon with by hand."""
    step = 10.0**-decimals
    steps = rng.integers(round(low / step), round(high / step) + 1, size=shape)
    return np.round(np.where(steps == 0, 1, steps) * step, decimals)
