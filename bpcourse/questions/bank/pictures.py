"""Pictures of the numbers of more than one question. Each loads Matplotlib when it is drawn."""

import itertools

import numpy as np


def probabilities(y_hat, c):
    """A bar for each class, the true one marked; ``c`` counts from 1."""
    from bpcourse import figures
    from bpcourse.text import text

    fig = figures.new_figure(4, 2.4)
    ax = fig.subplots()
    places = range(1, len(y_hat) + 1)
    ax.bar(places, y_hat, width=0.6, color=figures.FORWARD)
    for place, share in zip(places, y_hat, strict=True):
        ax.text(place, share + 0.02, f"{share:g}", ha="center")
    mark = text("figures.true")
    ax.set_xticks(places, [f"{n}\n{mark}" if n == c else f"{n}" for n in places])
    ax.set(ylim=(0, 0.85), ylabel="ŷ")
    return fig


def network(*widths, weight, **shown):
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
