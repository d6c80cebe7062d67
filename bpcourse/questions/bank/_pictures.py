"""Pictures of the numbers of more than one question. Each loads Matplotlib when it is drawn."""

import itertools
from typing import Any

import numpy as np

from bpcourse.questions.types import Array, Picture


def probabilities(y_hat: Array, c: int) -> Picture:
    """A bar for each class, the true one marked; ``c`` counts from 1."""
    from bpcourse import figures

    return figures.bars(y_hat, marked=c - 1, ylabel=r"$\hat y$")


def network(*widths: int, weight: float, **shown: Any) -> Picture:
    """Layers of these widths, inputs first, with one value for all weights.

    ``shown``: as for ``figures.network_diagram``.
    """
    from bpcourse import figures
    from bpcourse.layers import Linear
    from bpcourse.losses import SquaredError
    from bpcourse.network import Network

    rng = np.random.default_rng(0)
    layers = [Linear(n_in, n_out, rng=rng) for n_in, n_out in itertools.pairwise(widths)]
    for layer in layers:
        layer.W[:] = weight
    return figures.network_diagram(Network(layers, SquaredError()), **shown)
