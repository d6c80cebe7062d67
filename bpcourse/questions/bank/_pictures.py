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


def each_weight(**widths: int) -> Picture:
    """A network with thin lines, since they are to be counted."""
    return network(*widths.values(), weight=0, weights=False, max_units=12)


def losses(epochs: Array, values: Array, last: float, top: float) -> Picture:
    """A loss over the epochs, below ``top``, with its ``last`` value beside the axis."""
    from bpcourse import figures
    from bpcourse.text import text

    fig = figures.new_figure(4.5, 3)
    ax = fig.subplots()
    ax.plot(epochs, values, color=figures.FORWARD)
    ax.set(xlabel=text("figures.epoch"), ylabel=text("figures.loss"), ylim=(0, top))
    ax.set_yticks([0, last], ["0", f"{last:g}"])
    return fig
