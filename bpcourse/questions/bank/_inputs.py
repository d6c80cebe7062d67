"""Numbers to ask with: sizes that all differ, so that nothing wrong fits by chance."""

import numpy as np

from bpcourse.questions.types import Array, Inputs, MakeInputs

EQUAL = 3  # the size that all have where equal sizes are asked for


def sizes(rng: np.random.Generator, size: int, count: int) -> tuple[int, ...]:
    """``count`` sizes, all different, growing with ``size`` (1, 2, …); all equal for size 0."""
    if size == 0:
        return (EQUAL,) * count
    return tuple(int(n) for n in 2 + rng.permutation(count + size)[:count])


def distinct(names: str, larger: int = 0) -> MakeInputs:
    """Inputs that are whole numbers, all different, ``larger`` than sizes are."""
    one_each = names.split()
    return lambda rng, size: dict(
        zip(one_each, sizes(rng, size + larger, len(one_each)), strict=True)
    )


def normals(letters: str, **shapes: str) -> MakeInputs:
    """Inputs that are arrays of normal numbers, with a letter for each size, and for an axis of 1.

    ``normals("Nio", A="Ni", W="oi")`` gives A (N, i) and W (o, i).
    """

    def inputs(rng: np.random.Generator, size: int) -> Inputs:
        of = {"1": 1, **dict(zip(letters, sizes(rng, size, len(letters)), strict=True))}
        return {
            name: rng.normal(size=[of[letter] for letter in shape])
            for name, shape in shapes.items()
        }

    return inputs


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
