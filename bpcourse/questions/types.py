"""What goes into a question, and what comes out of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]
Inputs = dict[str, Any]  # what a question gives, by name
MakeInputs = Callable[[np.random.Generator, int], Inputs]  # (rng, size): fresh numbers
MakeEdges = Callable[[np.random.Generator], list[Inputs]]  # special ones, of no given size
Result = object  # what its implementation gives: with a flaw it may be of any kind
Implementation = Callable[..., Any]  # ours, or a student's: a function, or a class
Picture: TypeAlias = "Figure"  # of Matplotlib, which loads where one draws
