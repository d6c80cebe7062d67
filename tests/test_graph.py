"""Reverse mode: the rules that hand-made graphs break, and slopes of everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference

from bpcourse import Linear, Network, SoftmaxCrossEntropy, Tanh, graph
from bpcourse.graph import Node


def test_the_sigmoid_circuit():
    """w = (2, −3, −3), x = (−1, −2): w₀x₀ + w₁x₁ + w₂ = −2 + 6 − 3 = 1, σ(1) ≈ 0.73, σ′ ≈ 0.197."""
    w, x = [Node(v) for v in (2, -3, -3)], [Node(v) for v in (-1, -2)]
    f = graph.sigmoid(w[0] * x[0] + w[1] * x[1] + w[2])
    f.backward()
    assert f.value == pytest.approx(0.73, abs=0.005)
    np.testing.assert_allclose([n.grad for n in w], [-0.20, -0.39, 0.20], atol=0.005)
    np.testing.assert_allclose([n.grad for n in x], [0.39, -0.59], atol=0.005)


def test_a_reused_node_receives_from_every_successor():
    x = Node(3.0)
    (x * x).backward()
    assert x.grad == 6  # an overwritten gradient would say 3
    a = Node(2.0)
    b = a + a
    c = b + b  # pulled in the wrong order this gives 2 or 3
    c.backward()
    assert a.grad == 4
    x = Node(0.5)
    y = graph.exp(x)
    (y * x + graph.tanh(y)).backward()  # a diamond
    expected = np.exp(0.5) * 1.5 + np.exp(0.5) * (1 - np.tanh(np.exp(0.5)) ** 2)
    assert x.grad == pytest.approx(expected)


def test_not_computed_is_not_zero():
    x, unused = Node(2.0), Node(5.0)
    y = x * 3
    assert (x.grad, y.grad, y.contributions) == (None, None, ())
    y.backward()
    assert unused.grad is None
    z = x * 0
    z.backward()
    assert x.grad == 0


def test_a_second_backward_gives_the_same_and_a_new_graph_starts_anew():
    x = Node(4.0)
    y = x * x * x + x
    y.backward()
    first = x.grad
    y.backward()
    assert x.grad == first == 49
    (x * 2).backward()
    assert x.grad == 2
    y.backward(seed=0.5)
    assert x.grad == first / 2


def test_a_very_long_chain():
    x = Node(1.0)
    y = x
    for _ in range(200_000):
        y = y + 1
    y.backward()
    assert (y.value, x.grad) == (200_001, 1)


def test_every_node_shows_local_times_upstream():
    x, y = Node(2.0, "x"), Node(-3.0, "y")
    product = x * y
    f = graph.exp(product / 4)
    f.backward()
    assert product.op == "×"
    assert product.parents == (x, y)
    assert product.local == (-3, 2)
    assert product.contributions == (product.grad * -3, product.grad * 2)
    assert (x.grad, y.grad) == product.contributions
    A, v = Node(np.ones((2, 3))), Node(np.ones(3))
    (A @ v).sum().backward()
    product = A @ v
    assert product.local == (None, None)  # a matrix product has no element-wise derivative


rng = np.random.default_rng(0)
A, B, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=3)
UNARY = {
    "neg": lambda x: -x,
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "power 0": lambda x: x**0,
    "reciprocal": lambda x: 2 / x,
    "power −1.5": lambda x: (x * x + 1) ** -1.5,
    "exp": graph.exp,
    "log": lambda x: graph.log(x * x + 0.3),
    "tanh": graph.tanh,
    "sigmoid": graph.sigmoid,
    "relu": graph.relu,
    "sum": lambda x: x.sum(),
    "sum 0": lambda x: x.sum(axis=0),
    "sum −1 kept": lambda x: x.sum(axis=-1, keepdims=True) * x,
    "mean": lambda x: x.mean(),
    "mean 1": lambda x: x.mean(axis=1),
    "max": lambda x: x.max(),
    "max 1": lambda x: x.max(axis=1) * [1.0, 2.0],
    "max 0 kept": lambda x: x.max(axis=0, keepdims=True) - x,
    "T": lambda x: x.T @ x,
    "[1]": lambda x: x[1],
    "[:, 0]": lambda x: x[:, 0],
    "[[0, 0, 1], [2, 2, 0]]": lambda x: x[[0, 0, 1], [2, 2, 0]],
    "x @ matrix": lambda x: x @ B,
    "x @ vector": lambda x: x @ v,
    "matrix @ x": lambda x: B.T @ x.T,
    "vector @ x": lambda x: v[:2] @ x,
    "array + x": lambda x: v + x,
    "array − x": lambda x: v - x,
    "array × x": lambda x: v * x,
    "array ÷ x": lambda x: v / x,
    "2 ** x": lambda x: 2.0**x,
    "maximum": lambda x: graph.maximum(x, 0.1),
}


@pytest.mark.parametrize("name", UNARY)
def test_slopes_of_every_operation(name):
    x = A.copy()
    out = UNARY[name](Node(x))
    weight = np.random.default_rng(1).normal(size=np.shape(out.value))

    def f(x):
        return (UNARY[name](Node(x)) * weight).sum()

    node = Node(x)
    (UNARY[name](node) * weight).sum().backward()
    assert node.grad.shape == x.shape
    numerical = central_difference(lambda x: f(x).value, x)
    np.testing.assert_allclose(node.grad, numerical, rtol=1e-6, atol=1e-8)


SHAPES = [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3)), ((4, 1, 3), (2, 1)), ((1,), (5,))]
BINARY = {
    "+": lambda x, y: x + y,
    "−": lambda x, y: x - y,
    "×": lambda x, y: x * y,
    "÷": lambda x, y: x / y,
    "**": lambda x, y: x**y,
    "max": graph.maximum,
}


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("swapped", [False, True])
def test_broadcasting(name, shapes, swapped, rng):
    shapes = shapes[::-1] if swapped else shapes
    values = [np.array(rng.uniform(0.5, 2, size=shape)) for shape in shapes]
    weight = rng.normal(size=np.broadcast_shapes(*shapes))
    nodes = [Node(value) for value in values]
    BINARY[name](*nodes).backward(seed=weight)
    for k, value in enumerate(values):

        def f(changed, k=k):
            pair = [changed if i == k else values[i] for i in range(2)]
            return (BINARY[name](Node(pair[0]), Node(pair[1])).value * weight).sum()

        assert np.shape(nodes[k].grad) == value.shape
        numerical = central_difference(f, value)
        np.testing.assert_allclose(nodes[k].grad, numerical, rtol=1e-6, atol=1e-8)


@given(seed=st.integers(0, 10_000), size=st.integers(2, 25))
def test_random_graphs(seed, size):
    """Any graph of smooth operations, with much sharing, against central differences."""

    def build(x):
        rng = np.random.default_rng(seed)
        nodes = [Node(value) for value in x]
        inputs = list(nodes)
        for _ in range(size):
            a, b = (nodes[i] for i in rng.integers(len(nodes), size=2))
            made = [a + b, a - b, a * graph.tanh(b), graph.tanh(a), graph.sigmoid(a), -b]
            nodes.append(made[rng.integers(len(made))])
        return inputs, sum((node * 0.3 for node in nodes[1:]), nodes[0])

    x = np.random.default_rng(seed + 1).normal(size=3)
    inputs, out = build(x)
    out.backward()
    numerical = central_difference(lambda x: build(x)[1].value, x)
    np.testing.assert_allclose([n.grad for n in inputs], numerical, rtol=1e-5, atol=1e-7)


def test_a_network_on_the_graph(rng):
    """Lesson 11's gradients from lesson 05's idea."""
    net = Network([Linear(3, 4, rng=rng), Tanh(), Linear(4, 2, rng=rng)], SoftmaxCrossEntropy())
    X, y = rng.normal(size=(5, 3)), rng.integers(2, size=5)
    nodes = {name: Node(p, name) for name, p in net.params.items()}
    h = graph.tanh(X @ nodes["0.W"].T + nodes["0.b"])
    z = h @ nodes["2.W"].T + nodes["2.b"]
    shifted = z - z.max(axis=1, keepdims=True)
    log_y_hat = shifted - graph.log(graph.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_y_hat[np.arange(5), y].mean()
    loss.backward()
    assert loss.value == pytest.approx(net.forward(X, y))
    for name, gradient in net.backward().items():
        np.testing.assert_allclose(nodes[name].grad, gradient, rtol=1e-12, atol=1e-15)


def test_ties_share_the_gradient():
    x = Node([2.0, 5.0, 5.0])
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0, 0.5, 0.5])
    a, b = Node(1.0), Node(1.0)
    graph.maximum(a, b).backward()
    assert (a.grad, b.grad) == (0.5, 0.5)


def test_gradients_alias_nothing(rng):
    x = Node(rng.normal(size=(2, 3)))
    seed = rng.normal(size=(3, 2))
    y = x.T
    y.backward(seed)
    assert not np.shares_memory(y.grad, seed)
    assert not np.shares_memory(x.grad, y.grad)
    assert not np.shares_memory(x.grad, x.value)


@pytest.mark.parametrize(
    ("act", "error", "match"),
    [
        (lambda: Node("a"), TypeError, "value: expected numbers"),
        (lambda: Node(np.nan), ValueError, "value: expected finite numbers"),
        (lambda: Node([1.0, 2.0]).backward(), ValueError, r"seed: expected shape \(2,\)"),
        (lambda: Node(1.0).backward([1.0]), ValueError, r"seed: expected shape \(\)"),
        (lambda: graph.log(Node(0.0)), ValueError, "x: expected positive numbers, got 0.0"),
        (lambda: Node(-1.0) ** Node(2.0), ValueError, "expected a positive base"),
        (lambda: Node(1.0) @ Node([1.0]), ValueError, "@: expected vectors or matrices"),
    ],
)
def test_bad_input_is_named(act, error, match):
    with pytest.raises(error, match=match):
        act()
