"""Random numbers that Python and the page draw alike: the stream of draws.js, number for number.

The generator is mulberry32. Its n-th number depends on n and the seed alone, so that whole arrays
are drawn at once. It is for figures: NumPy's generators are better, and no page has them.
"""

import numpy as np
import numpy.typing as npt

from bpcourse.validation import Floats

STEP = 0x6D2B79F5


class Draws:
    """A stream of random numbers, the same for the same ``seed``."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.taken = 0

    def uniform(self, count: int) -> Floats:
        """``count`` numbers from 0 up to, but not including, 1."""
        n = np.arange(self.taken + 1, self.taken + count + 1, dtype=np.uint64)
        self.taken += count
        t = (self.seed + n * STEP).astype(np.uint32)
        with np.errstate(over="ignore"):  # products are meant modulo 2³²
            t = (t ^ (t >> 15)) * (t | 1)
            t ^= t + (t ^ (t >> 7)) * (t | 61)
        drawn: Floats = (t ^ (t >> 14)) / 2.0**32
        return drawn

    def normal(self, count: int) -> Floats:
        """``count`` numbers of mean 0 and spread 1, made in pairs (Box and Muller)."""
        pairs = self.uniform(count + count % 2).reshape(-1, 2)
        size = np.sqrt(-2 * np.log(1 - pairs[:, 0]))
        angle = 2 * np.pi * pairs[:, 1]
        return np.stack([size * np.cos(angle), size * np.sin(angle)], axis=1).ravel()[:count]

    def order(self, count: int) -> npt.NDArray[np.intp]:
        """The numbers 0 … ``count`` − 1 in a random order."""
        return np.argsort(self.uniform(count), kind="stable")
