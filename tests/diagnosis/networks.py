"""Networks of many shapes with data, for what is said of wrong backward passes."""

import numpy as np

from bpcourse.layers import GELU, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from bpcourse.losses import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from bpcourse.network import Network

ACTIVATIONS = (Tanh, Sigmoid, ReLU, Softplus, GELU, SiLU, LeakyReLU)
LOSSES = (SoftmaxCrossEntropy, SquaredError, BinaryCrossEntropy)


def random_network(seed):
    """(net, X, y, rng): depth, widths, activations, loss and batch differ; some widths are equal,
    some networks have one activation throughout."""
    rng = np.random.default_rng(seed)
    depth = 1 + seed % 4
    sizes = [int(v) for v in rng.integers(2, 7, depth + 2)]
    if rng.random() < 0.4:
        sizes[1:-1] = [sizes[1]] * depth
    alike = rng.choice(ACTIVATIONS) if rng.random() < 0.5 else None
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:-1], strict=False):
        layers += [Linear(n_in, n_out, rng=rng), (alike or rng.choice(ACTIVATIONS))()]
    net = Network([*layers, Linear(sizes[-2], sizes[-1], rng=rng)], LOSSES[seed % 3]())
    for name, array in net.params.items():
        if name.endswith("b"):
            array[...] = 0.3 * rng.standard_normal(array.shape)
    batch = int(rng.integers(2, 9))
    X, y = rng.standard_normal((batch, sizes[0])), rng.integers(0, sizes[-1], batch)
    return net, X, y if seed % 3 == 0 else np.eye(sizes[-1])[y], rng
