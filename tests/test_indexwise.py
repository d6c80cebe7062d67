"""The index formulas against the network, one another and counts done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference

from bpcourse import (
    Linear,
    Network,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    indexwise,
    layers,
)
from bpcourse.indexwise import Count

FORMULAS = [
    indexwise.gradient_by_paths,
    indexwise.gradient_nested,
    indexwise.gradient_merged,
]


def make(rng, sizes, hidden="Sigmoid", loss=None, last=()):
    parts = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        parts += [Linear(n_in, n_out, rng=rng), getattr(layers, hidden)()]
        parts[-2].b = rng.normal(size=n_out)
    return Network([*parts[:-1], *last], loss or SquaredError(0.5))


def example(net, rng):
    k = net.n_out
    fused = net.loss.fused
    return rng.normal(size=(1, net.n_in)), rng.integers(k, size=1) if fused else rng.normal(
        size=(1, k)
    )


def gradients(net, x, y):
    net.forward(x, y)
    return [g for name, g in net.backward().items() if name.endswith(".W")]


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    hidden=st.sampled_from(["Sigmoid", "Tanh", "Softplus", "GELU"]),
    loss=st.sampled_from([SquaredError(0.5), SoftmaxCrossEntropy()]),
    output=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_all_formulas_are_the_network_to_1e12(sizes, hidden, loss, output, seed):
    rng = np.random.default_rng(seed)
    last = (Tanh(),) if output and not loss.fused else ()
    net = make(rng, sizes, hidden, loss, last)
    x, y = example(net, rng)
    expected = gradients(net, x, y)
    u = indexwise.units(net, x, y)
    results = [indexwise.recursive_gradients(u, Count())]
    results += [indexwise.naive_gradients(u, Count(), formula) for formula in FORMULAS]
    for result in results:
        for l, gradient in enumerate(expected, start=1):
            np.testing.assert_allclose(result[l], gradient, rtol=1e-12, atol=1e-12)


def test_the_deltas_are_the_networks(rng):
    net = make(rng, (3, 4, 5, 2), last=(Sigmoid(),))
    x, y = example(net, rng)
    u = indexwise.units(net, x, y)
    delta = indexwise.deltas(u, Count())
    assert len(delta) == u.L + 1 and delta[0] is None
    net.forward(x, y)
    steps = net.backward_trace()
    deltas = [step.grad_y[0] for step in steps if isinstance(step.layer, Linear)][::-1]
    for l in (1, 2, 3):
        np.testing.assert_allclose(delta[l], deltas[l - 1], rtol=1e-12)
    # C27, one unit at a time, against the gradient that leaves the layer above
    grad_h = next(step.grad_x for step in steps if step.index == 4)[0]
    for j in range(5):
        c27 = indexwise.activation_gradient(u, 2, j, delta[3], Count())
        assert c27 == pytest.approx(grad_h[j], rel=1e-12)


def test_the_score_of_d_is_a_network_with_one_output(rng):
    """D2: s = Uᵀf(Wx + b), ∂s/∂W_ij = U_i f′(z_i) x_j, against central differences."""
    W, b, U = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=4)
    x = rng.normal(size=3)
    slope = 1 - np.tanh(W @ x + b) ** 2
    numerical = central_difference(lambda W: U @ np.tanh(W @ x + b), W)
    for i in range(4):
        for j in range(3):
            d2 = indexwise.score_gradient(U, slope, x, i, j, Count())
            assert d2 == pytest.approx(numerical[i, j], rel=1e-6, abs=1e-9)


def test_counts_done_by_hand(rng):
    """Sizes 3-4-5-2, biases left out: how many multiplications each way takes."""
    n = (3, 4, 5, 2)
    net = make(rng, n)
    u = indexwise.units(net, *example(net, rng))
    assert len(indexwise.paths(u, 1, 0)) == 5 * 2
    assert indexwise.paths(u, 3, 1) == [(1,)]

    count = Count()
    indexwise.deltas(u, count)
    # δ³: 2; δ²: 5 units, each 2 products and σ′; δ¹: 4 units, each 5 and σ′
    assert count.multiplications == 2 + 5 * (2 + 1) + 4 * (5 + 1)
    count = Count()
    indexwise.recursive_gradients(u, count)
    assert count.multiplications == 41 + 2 * 5 + 5 * 4 + 4 * 3

    count = Count()
    indexwise.gradient_by_paths(u, 1, 2, 1, count)
    # 10 paths, each ∂C/∂y, three σ′, two w and one x: 7 factors, 6 multiplications
    assert count.multiplications == 10 * 6
    count = Count()
    indexwise.gradient_nested(u, 1, 2, 1, count)
    # layer 1: σ′·x; layer 2, 5 units for each output: w·(…), σ′·Σ; layer 3: w·(…) 5 times, σ′, ∂C
    assert count.multiplications == 2 * (5 * (1 + 2 + 1) + 2)
    count = Count()
    indexwise.gradient_nested(u, 3, 1, 4, count)
    assert count.multiplications == 2


def test_units_speaks_of_one_example_and_known_layers(rng):
    net = make(rng, (3, 4, 2))
    with pytest.raises(ValueError, match=r"x: expected one example of shape \(1, 3\)"):
        indexwise.units(net, np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"net: expected Linear layers.*got Softmax\(\)"):
        indexwise.units(make(rng, (3, 2), last=(Softmax(),)), np.zeros((1, 3)), np.zeros((1, 2)))
    two = Network([Linear(3, 2, rng=rng), Tanh(), Sigmoid()], SquaredError())
    with pytest.raises(ValueError, match=r"net: expected Linear layers.*got Sigmoid\(\)"):
        indexwise.units(two, np.zeros((1, 3)), np.zeros((1, 2)))
