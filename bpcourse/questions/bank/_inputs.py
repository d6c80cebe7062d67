"""Numbers to ask with: sizes that all differ, so that nothing wrong fits by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpcourse.questions.types import Array, Inputs, MakeInputs

EQUAL = 3  # the size that all have where equal sizes are asked for
FAR = 4.0  # times as large: most units are saturated then, and no exponential overflows


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


@dataclass(frozen=True)
class Normals:
    """Draws arrays of normal numbers; ``shapes`` has a letter for each size, and 1 for 1."""

    letters: str
    shapes: Mapping[str, str]

    def __call__(self, rng: np.random.Generator, size: int) -> Inputs:
        return self._draw(rng, sizes(rng, size, len(self.letters)))

    def edges(self, rng: np.random.Generator) -> list[Inputs]:
        """Each size in turn is 1; and numbers some of which are far from 0."""
        count = len(self.letters)
        ones = [[1 if i == at else 2 + i for i in range(count)] for at in range(count)]
        return [*(self._draw(rng, each) for each in ones), far(self(rng, 1))]

    def _draw(self, rng: np.random.Generator, each: Sequence[int]) -> Inputs:
        of = {"1": 1, **dict(zip(self.letters, each, strict=True))}
        return {
            name: rng.normal(size=[of[letter] for letter in shape])
            for name, shape in self.shapes.items()
        }


def normals(letters: str, **shapes: str) -> Normals:
    """Inputs that are arrays of normal numbers, with a letter for each size, and for an axis of 1.

    ``normals("Nio", A="Ni", W="oi")`` gives A (N, i) and W (o, i).
    """
    return Normals(letters, shapes)


def far(inputs: Inputs) -> Inputs:
    """The same inputs with arrays, and lists of them, of larger numbers."""

    def larger(value: Any) -> Any:
        if isinstance(value, list):
            return [larger(entry) for entry in value]
        return FAR * value if isinstance(value, np.ndarray) else value

    return {name: larger(value) for name, value in inputs.items()}


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
