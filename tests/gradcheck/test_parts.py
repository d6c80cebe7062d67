"""The course's layers, losses, activations and networks, right and sabotaged."""

from types import SimpleNamespace

import numpy as np
import pytest

from bpcourse import activations as functions
from bpcourse.gradcheck import check_activation, check_layer, check_loss, check_network
from bpcourse.gradcheck.look import Look
from bpcourse.layers import (
    GELU,
    Identity,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from bpcourse.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    EuclideanNorm,
    MaxMargin,
    SoftmaxCrossEntropy,
    SquaredError,
)
from bpcourse.network import Network

HIDDEN = [Identity, Sigmoid, Tanh, ReLU, LeakyReLU, Softplus, SiLU, GELU, Softmax]
SIZES = [1e-3, 1.0, 30.0]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layer", HIDDEN)
def test_layers(rng, layer, size):
    x = size * rng.standard_normal((5, 4))
    assert check_layer(layer(), x).verdict == "right"
    assert check_layer(layer(), np.zeros((2, 3))).verdict == "right"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["each", "grouped", "complex"])
def test_linear(rng, dtype, mode):
    layer = Linear(4, 3, rng=rng, dtype=dtype)
    x = rng.standard_normal((5, 4)).astype(dtype)
    report = check_layer(layer, x, mode=mode, rng=0)
    assert report.verdict == "right" and [a.name for a in report.arrays] == ["W", "b", "x"]

    class Scaled(Linear):
        def backward(self, grad_y):
            return 1.01 * super().backward(grad_y)

    report = check_layer(Scaled(4, 3, rng=rng, dtype=dtype), x, mode=mode)
    assert [a.verdict for a in report.arrays] == ["right", "right", "wrong"]


def test_an_all_ones_upstream_would_hide_this(rng):
    class Divides(Tanh):
        def backward(self, grad_y):
            return super().backward(1 / grad_y)

    assert check_layer(Divides(), rng.standard_normal((3, 4))).verdict == "wrong"


def test_no_chance_without_a_seed(rng):
    layer, x = Linear(4, 3, rng=rng), rng.standard_normal((5, 4))
    slopes = [check_layer(layer, x)["W"].claims for _ in range(2)]
    assert (slopes[0] == slopes[1]).all()


@pytest.mark.parametrize(
    "activation",
    [functions.identity, functions.sigmoid, functions.tanh, functions.relu, functions.leaky_relu,
     functions.softplus, functions.silu, functions.gelu, functions.softmax],
)  # fmt: skip
@pytest.mark.parametrize("size", SIZES)
def test_activations(rng, activation, size):
    z = size * rng.standard_normal((3, 4))
    assert check_activation(activation, z).verdict == "right"

    class Wrong:
        value = staticmethod(activation.value)

        @staticmethod
        def derivative(z):
            jacobian = activation.jacobian(z) if activation is functions.softmax else None
            right = activation.derivative(z) if jacobian is None else jacobian[..., 0]
            return 1.001 * right

    assert check_activation(Wrong, z).verdict == "wrong"


LOSSES = [
    (SquaredError(), "values"), (SquaredError(0.5, "sum"), "values"), (EuclideanNorm(), "values"),
    (SoftmaxCrossEntropy(), "labels"), (MaxMargin(), "labels"), (BinaryCrossEntropy(), "onehot"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1e-2, 1.0, 300.0])
@pytest.mark.parametrize(("loss", "targets"), LOSSES)
def test_losses(rng, loss, targets, size):
    z = size * rng.standard_normal((5, 4))
    labels = rng.integers(0, 4, 5)
    y = {"values": rng.standard_normal((5, 4)), "labels": labels, "onehot": np.eye(4)[labels]}[
        targets
    ]
    assert check_loss(loss, z, y).verdict == "right"
    assert check_loss(loss, np.zeros((5, 4)), y).verdict == "right"


def test_cross_entropy_on_probabilities(rng):
    y_hat = functions.softmax.value(rng.standard_normal((5, 4)))
    assert check_loss(CrossEntropy(), y_hat, rng.integers(0, 4, 5)).verdict == "right"


def test_a_perfect_fit_is_a_kink(rng):
    y = rng.standard_normal((3, 2))
    report = check_loss(EuclideanNorm(), y, y)
    assert report.verdict == "right" and report.reason == "kink"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", [Tanh, ReLU, Sigmoid, GELU])
@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), MaxMargin()])
def test_networks(rng, hidden, loss, dtype):
    layers = [Linear(4, 6, rng=rng, dtype=dtype), hidden(), Linear(6, 3, rng=rng, dtype=dtype)]
    net = Network(layers, loss)
    X, y = rng.standard_normal((7, 4)), rng.integers(0, 3, 7)
    before = [p.tobytes() for p in net.params.values()]
    for inputs in (False, True):
        report = check_network(net, X, y, inputs=inputs)
        assert report.verdict == "right", str(report)
    assert [p.tobytes() for p in net.params.values()] == before

    backward = net.backward
    net.backward = lambda **options: backward(**options) | {"0.b": 1.01 * net.layers[0].grads["b"]}
    report = check_network(net, X, y)
    assert report.verdict == "wrong" and report["0.W"].verdict == "right"


def test_a_saturated_network_is_resolved_by_complex_steps(monkeypatch):
    rng = np.random.default_rng(4)
    net = Network([Linear(4, 5, rng=rng), Tanh(), Linear(5, 3, rng=rng)], SoftmaxCrossEntropy())
    net.params["0.W"] *= 100  # so that differences cannot tell some of its slopes
    X, y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
    assert check_network(net, X, y).verdict == "right"
    monkeypatch.setattr(Look, "by_complex_steps", lambda self: None)
    assert check_network(net, X, y).verdict == "cannot tell"


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda: check_layer(3, np.ones((2, 2))), "layer: expected an object with forward"),
        (lambda: check_network("net", 1, 2), "net: expected"),
        (lambda: check_loss(None, np.ones(2), 1), "loss: expected"),
        (lambda: check_activation(np.tanh, np.ones(2)), "activation: expected"),
        (
            lambda: check_activation(SimpleNamespace(value=np.tanh), np.ones(2)),
            "activation: expected .* value, derivative, got SimpleNamespace, which has no d",
        ),
        (lambda: check_layer(Tanh(), np.array([["a"]])), "x: expected numbers"),
    ],
)
def test_misuse(check, words):
    with pytest.raises(TypeError, match=words):
        check()
