"""Reverse mode: the rules that hand-made graphs break, and slopes of everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference

from bpcourse import Linear, Network, SoftmaxCrossEntropy, Tanh, graph, operations
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
    for _ in range(20_000):
        y = y + 1
    y.backward()
    assert (y.value, x.grad) == (20_001, 1)


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


y_ = rng.uniform(0.5, 2, size=(2, 3))
VALUES = {  # every operation, both ways round, beside NumPy's
    "x + y": (lambda x, y: x + y, np.add),
    "x − y": (lambda x, y: x - y, np.subtract),
    "x × y": (lambda x, y: x * y, np.multiply),
    "x ÷ y": (lambda x, y: x / y, np.divide),
    "y ** x": (lambda x, y: y**x, lambda x, y: np.power(y, x)),
    "maximum": (graph.maximum, np.maximum),
    "x @ yᵀ": (lambda x, y: x @ y.T, lambda x, y: np.matmul(x, y.T)),
    "yᵀ @ x": (lambda x, y: y.T @ x, lambda x, y: np.matmul(y.T, x)),
    "x[0] @ y[1]": (lambda x, y: x[0] @ y[1], lambda x, y: np.dot(x[0], y[1])),
    "x @ y[0]": (lambda x, y: x @ y[0], lambda x, y: np.dot(x, y[0])),
    "y[:, 0] @ x": (lambda x, y: y[:, 0] @ x, lambda x, y: np.dot(y[:, 0], x)),
}
VALUES_OF_ONE = {
    "−x": (lambda x: -x, np.negative),
    "x²": (lambda x: x**2, np.square),
    "x³": (lambda x: x**3, lambda x: x * x * x),
    "x⁰": (lambda x: x**0, np.ones_like),
    "x⁻¹": (lambda x: x**-1, np.reciprocal),
    "xⁿ": (lambda x: (x * x) ** [0.5, 1, 2], lambda x: np.power(x * x, [0.5, 1, 2])),
    "x + 2": (lambda x: x + 2, lambda x: np.add(x, 2)),
    "2 + x": (lambda x: 2 + x, lambda x: np.add(2, x)),
    "x − 2": (lambda x: x - 2, lambda x: np.subtract(x, 2)),
    "2 − x": (lambda x: 2 - x, lambda x: np.subtract(2, x)),
    "x × 2": (lambda x: x * 2, lambda x: np.multiply(x, 2)),
    "2 × x": (lambda x: 2 * x, lambda x: np.multiply(2, x)),
    "x ÷ 2": (lambda x: x / 2, lambda x: np.divide(x, 2)),
    "2 ÷ x": (lambda x: 2 / x, lambda x: np.divide(2, x)),
    "3 ** x": (lambda x: 3**x, lambda x: np.power(3, x)),
    "v ** x": (lambda x: y_**x, lambda x: np.power(y_, x)),
    "v @ x": (lambda x: y_.T @ x, lambda x: np.matmul(y_.T, x)),
    "exp": (graph.exp, np.exp),
    "log": (lambda x: graph.log(x * x), lambda x: np.log(x * x)),
    "tanh": (graph.tanh, np.tanh),
    "sigmoid": (graph.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "relu": (graph.relu, lambda x: np.where(x > 0, x, 0)),
    "sum": (lambda x: x.sum(), np.sum),
    "sum 0": (lambda x: x.sum(axis=0), lambda x: np.sum(x, 0)),
    "sum kept": (lambda x: x.sum(axis=1, keepdims=True), lambda x: np.sum(x, 1, keepdims=True)),
    "mean": (lambda x: x.mean(), np.mean),
    "mean 1": (lambda x: x.mean(axis=1), lambda x: np.mean(x, 1)),
    "mean (0, 1)": (lambda x: x.mean(axis=(0, 1)), np.mean),
    "max": (lambda x: x.max(), np.max),
    "max 0": (lambda x: x.max(axis=0), lambda x: np.max(x, 0)),
    "max kept": (lambda x: x.max(axis=-1, keepdims=True), lambda x: np.max(x, 1, keepdims=True)),
    "T": (lambda x: x.T, np.transpose),
    "[1, ::2]": (lambda x: x[1, ::2], lambda x: np.stack([x[1, 0], x[1, 2]])),
    "[mask]": (lambda x: x[x.value > 0], lambda x: x[x > 0]),
}


def same(node, expected, dtype):
    assert node.value.dtype == dtype
    assert np.shape(node.value) == np.shape(expected)
    tolerance = 8 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(node.value, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", VALUES)
def test_values_of_two_inputs_are_numpys(name, dtype):
    ours, numpys = VALUES[name]
    x, y = A.astype(dtype), y_.astype(dtype)
    expected = numpys(x, y)
    same(ours(Node(x), Node(y)), expected, dtype)
    same(ours(Node(x), y), expected, dtype)  # the constant on the right, and on the left
    same(ours(x, Node(y)), expected, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", VALUES_OF_ONE)
def test_values_of_one_input_are_numpys_and_float32_stays(name, dtype):
    ours, numpys = VALUES_OF_ONE[name]
    x = A.astype(dtype)
    constant = name in ("xⁿ", "v ** x", "v @ x")  # an array of float64 decides, as in NumPy
    node, result = Node(x), ours(Node(x))
    same(result, numpys(x), np.float64 if constant else dtype)
    if not constant:
        out = ours(node)
        out.backward(np.ones(out.shape))
        assert node.grad.dtype == dtype
        assert all(contribution.dtype == dtype for contribution in out.contributions)


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


def test_what_was_given_may_change_afterwards():
    """A node, a seed and an index are copies: no gradient of another point than the value's."""
    x, seed, rows = np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]), np.array([0, 2])
    factor, exponent = np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0])
    node = Node(x)
    y = ((node * factor) ** exponent)[rows]
    for array in (x, rows, factor, exponent):
        array[...] = 0
    y.backward(seed)
    assert not np.shares_memory(y.grad, seed)
    # d(4x)/dx = 4 at 1; d(6x)³/dx = 3 · 6 · 18² = 5832 at 3
    np.testing.assert_allclose(node.value, [1, 2, 3])
    np.testing.assert_allclose(y.value, [4, 18**3])
    np.testing.assert_allclose(node.grad, [4, 0, 58320])
    np.testing.assert_array_equal(y.detail, [0, 2])


@pytest.mark.parametrize("other", [2, 2.0, True, np.float32(2), np.array(2, np.float32)])
def test_a_plain_number_does_not_widen_float32(other):
    x = Node(np.float32([1.0, 2.0]))
    for node in (x + other, other - x, x * other, other / x, x**other, other**x):
        assert node.value.dtype == np.float32
        assert all(parent.value.dtype == np.float32 for parent in node.parents)
        node.backward(np.array([1.0, 3.0]))
        assert node.grad.dtype == x.grad.dtype == np.float32
    assert (x * np.float64(2)).value.dtype == np.float64  # as in NumPy: this one has a type
    assert (x * 1j).value.dtype == np.complex64
    assert (Node(np.float32(3)) * 2).value.dtype == np.float32
    assert graph.maximum(x, 1.5).value.dtype == graph.maximum(1.5, x).value.dtype == np.float32


@pytest.mark.parametrize("n", [0, 1, 2, 3, -1, -2, 1.5, 0.5, -0.5, [2, 0.5]])
@pytest.mark.parametrize("x", [-2.0, 0.0, 2.0, [2.0, -2.0], [0.0, 2.0]])
def test_a_power_is_there_where_it_and_its_slope_are(x, n):
    base, exponent = np.broadcast_arrays(np.array(x), np.array(n, float))
    fine = all(
        b > 0 or (b < 0 and e == round(e)) or (b == 0 and (e == 0 or e >= 1))
        for b, e in zip(base.flat, exponent.flat, strict=True)
    )
    if not fine:
        with pytest.raises(ValueError, match=r"^\*\*: expected a positive base where the exponent"):
            Node(x) ** n
        return
    node = Node(x)
    out = node**n
    np.testing.assert_allclose(out.value, np.power(base, exponent), rtol=1e-14)
    out.backward(np.ones(out.shape))
    slope = [e * b ** (e - 1) if e else 0.0 for b, e in zip(base.flat, exponent.flat, strict=True)]
    expected = np.reshape(slope, base.shape)
    assert np.shape(node.grad) == np.shape(x)
    np.testing.assert_allclose(np.sum(node.grad), np.sum(expected), rtol=1e-14)


def test_a_power_of_whole_numbers_has_their_slope_at_negative_bases():
    x = Node([-2.0, -1.0, 0.0])
    (x**3).sum().backward()
    np.testing.assert_array_equal(x.grad, [12, 3, 0])


def test_a_new_operation_is_one_entry(rng):
    square = operations.Elementwise("²", lambda x: x * x, lambda v, x: 2 * x)
    hypotenuse = operations.Elementwise(
        "hyp", np.hypot, lambda v, x, y: x / v, lambda v, x, y: y / v
    )
    x, y = Node(rng.normal(size=(2, 3))), Node(rng.normal(size=3))
    out = graph.apply(hypotenuse, graph.apply(square, x), y)
    out.sum().backward()
    assert (out.op, out.operation, out.parents[0].op) == ("hyp", hypotenuse, "²")
    for node in (x, y):

        def f(value, node=node):
            pair = [value if n is node else n.value for n in (x, y)]
            return np.hypot(pair[0] ** 2, pair[1]).sum()

        numerical = central_difference(f, node.value.copy())
        np.testing.assert_allclose(node.grad, numerical, rtol=1e-6, atol=1e-9)


def test_every_operation_has_a_symbol_and_says_what_it_was_told():
    x, y = Node([[1.0, 2.0]]), Node([[3.0, 4.0]])
    shown = {
        "+": x + y, "−": x - y, "×": x * y, "÷": x / y, "^": x**y, "^3": x**3, "@": x @ y.T,
        "[(0, 1)]": x[0, 1], "ᵀ": x.T, "sum": x.sum(axis=1), "mean": x.mean(), "max": x.max(),
        "exp": graph.exp(x), "log": graph.log(x), "tanh": graph.tanh(x), "σ": graph.sigmoid(x),
        "relu": graph.relu(x),
    }  # fmt: skip
    assert {symbol: node.op for symbol, node in shown.items()} == {s: s for s in shown}
    assert (-x).op == "−" and graph.maximum(x, y).op == "max"
    assert x.op == "" and x.operation is None
    assert (x + y).detail is None
    assert (shown["sum"].detail, shown["mean"].detail) == (1, None)
    assert (shown["^3"].detail, shown["[(0, 1)]"].detail) == (3, (0, 1))
    assert repr(Node(2.0, "x")) == "Node(x = 2.0, grad=None)"
    assert repr(Node(2.0)) == "Node(2.0, grad=None)"


def test_numbers_stay_numbers():
    """A node of one number holds a number, not an array of shape (), and so does its gradient."""
    x = Node(2.0)
    y = graph.exp(x * 3 + Node(np.array(1.0)))
    y.backward()
    for value in (x.value, y.value, x.grad, y.grad, *y.contributions, *y.local):
        assert isinstance(value, np.float64), value


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
        (lambda: graph.log([2.0, -1.0]), ValueError, "x: expected positive numbers, got -1.0"),
        (lambda: Node(0.0) ** Node(2.0), ValueError, "expected a positive base"),
        (lambda: Node([1.0, -1.0]) ** Node(2.0), ValueError, "expected a positive base.*got -1.0"),
        (lambda: 0.0 ** Node(2.0), ValueError, "expected a positive base"),
        (lambda: Node(-2.0) ** 0.5, ValueError, "the exponent is 0.5, got -2.0"),
        (lambda: Node(0.0) ** 0.5, ValueError, "the exponent is 0.5, got 0.0"),
        (lambda: Node([1.0, 0.0]) ** -1, ValueError, "the exponent is -1.0, got 0.0"),
        (lambda: Node(1.0) / Node(0.0), ValueError, "÷: expected a divisor other than 0, got 0.0"),
        (lambda: 1 / Node([2.0, 0.0]), ValueError, "÷: expected a divisor other than 0, got 0.0"),
        (lambda: Node(1.0) / 0, ValueError, "÷: expected a divisor other than 0"),
        (lambda: Node(1.0) ** np.nan, ValueError, "exponent: expected finite numbers"),
        (lambda: Node(1.0) * np.inf, ValueError, "value: expected finite numbers"),
        (lambda: Node(1.0) ** "2", TypeError, "exponent: expected numbers"),
        (lambda: Node(np.ones((2, 2, 2))) @ np.ones(2), ValueError, "@: expected vectors or mat"),
        (lambda: np.ones(2) @ Node(np.ones((2, 2, 2))), ValueError, "@: expected vectors or mat"),
        (lambda: Node([1.0]) @ Node(1.0), ValueError, "@: expected vectors or matrices"),
        (lambda: Node(1.0) @ Node([1.0]), ValueError, "@: expected vectors or matrices"),
    ],
)
def test_bad_input_is_named(act, error, match):
    with pytest.raises(error, match=match):
        act()


def test_an_operation_with_a_way_too_few_or_too_many_does_not_go_back_quietly():
    few = operations.Elementwise("?", lambda x, y: x * y, lambda v, x, y: y)
    many = operations.Elementwise("?", lambda x: 2 * x, lambda v, x: 2.0, lambda v, x: 2.0)
    for z in (graph.apply(few, Node(2.0), Node(3.0)), graph.apply(many, Node(2.0))):
        with pytest.raises(ValueError):
            z.backward()
