"""Mistakes in a backward pass that is written by hand, without the catalogue's help."""

import numpy as np
import pytest

from bpcourse.diagnosis import diagnose
from bpcourse.gradcheck import check_gradient
from bpcourse.layers import Linear, Sigmoid, Tanh
from bpcourse.losses import SoftmaxCrossEntropy
from bpcourse.network import Network


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(4)
    net = Network(
        [Linear(5, 4, rng=rng), Tanh(), Linear(4, 4, rng=rng), Sigmoid(), Linear(4, 3, rng=rng)],
        SoftmaxCrossEntropy(),
    )
    for name in ("0.b", "2.b", "4.b"):
        net.params[name][...] = 0.3 * rng.standard_normal(net.params[name].shape)
    return net, rng.standard_normal((6, 5)), rng.integers(0, 3, 6)


def backward(case, delta=None, back=None, slope_1=None, slope_2=None):
    """The gradient, with the given steps replaced: functions of what the step needs."""
    net, X, y = case
    p = net.params
    a1 = np.tanh(X @ p["0.W"].T + p["0.b"])
    z2 = a1 @ p["2.W"].T + p["2.b"]
    a2 = 1 / (1 + np.exp(-z2))
    scores = a2 @ p["4.W"].T + p["4.b"]
    y_hat = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    target = np.eye(3)[y]
    d3 = (delta or (lambda y_hat, target: (y_hat - target) / 6))(y_hat, target)
    g2 = (back or (lambda d, W: d @ W))(d3, p["4.W"])
    d2 = g2 * (slope_2 or (lambda z, a: a * (1 - a)))(z2, a2)
    d1 = d2 @ p["2.W"] * (slope_1 or (lambda a: 1 - a**2))(a1)
    pairs = {"0": (d1, X), "2": (d2, a1), "4": (d3, a2)}
    grads = {f"{i}.W": d.T @ x for i, (d, x) in pairs.items()}
    return grads | {f"{i}.b": d.sum(axis=0) for i, (d, _) in pairs.items()}


def explained(case, grads, context=True):
    net, X, y = case
    report = check_gradient(lambda p: net.forward(X, y), net.params, grads)
    assert report.verdict == "wrong"
    found = report.explain(context=case if context else None)
    assert str(found)
    return found


STEPS = {
    "target_forgotten": {"delta": lambda y_hat, t: y_hat / 6},
    "other_classes_forgotten": {"delta": lambda y_hat, t: (y_hat - t) / 6 * t},
    "absolute_value": {"back": lambda d, W: d @ abs(W)},
    "slope_missing": {"slope_2": lambda z, a: 1},
    "function_for_slope": {"slope_2": lambda z, a: a},
    "tanh_slope_not_squared": {"slope_1": lambda a: 1 - a},
    "slope_twice": {"slope_2": lambda z, a: (a * (1 - a)) ** 2},
    "z_in_slope_of_a": {"slope_2": lambda z, a: z * (1 - z)},
    "slope_averaged": {"slope_2": lambda z, a: (a * (1 - a)).mean(axis=0)},
    "slope_plus_for_minus": {"slope_1": lambda a: 1 + a**2},
    "logistic_slope_for_tanh": {"slope_1": lambda a: a * (1 - a)},
}
NAMELESS = {
    "scores for probabilities": {"delta": lambda y_hat, t: (np.log(y_hat) - t) / 6},
    "the next class": {"delta": lambda y_hat, t: (y_hat - np.roll(t, 1, axis=1)) / 6},
    "examples in reverse": {"delta": lambda y_hat, t: (y_hat - t[::-1]) / 6},
    "one example twice": {
        "delta": lambda y_hat, t: (y_hat - t) * np.array([[1, 1, 2, 1, 1, 1]]).T / 6
    },
    "a row of W left out": {"back": lambda d, W: d @ (W * np.array([[1], [0], [1]]))},
    "W of the next step": {
        "back": lambda d, W: d @ (W - 0.1 * np.sin(np.arange(12).reshape(3, 4)))
    },
}


def test_nothing_replaced_is_right(case):
    net, X, y = case
    grads = backward(case)
    assert check_gradient(lambda p: net.forward(X, y), net.params, grads).verdict == "right"
    assert diagnose(grads, backward(case)).cause is None


@pytest.mark.parametrize("cause", STEPS)
def test_named(case, cause):
    assert explained(case, backward(case, **STEPS[cause])).cause == cause


@pytest.mark.parametrize("step", NAMELESS)
@pytest.mark.parametrize("context", [True, False])
def test_not_named(case, step, context):
    assert explained(case, backward(case, **NAMELESS[step]), context).cause is None


@pytest.mark.parametrize("factor", [1.0, 0.01])
def test_weight_decay_is_told(case, factor):
    grads = backward(case)
    grads["4.W"] = grads["4.W"] + factor * case[0].params["4.W"]
    found = explained(case, grads)
    assert found.cause == "decay" and f"{factor:g} times the parameter" in str(found)


def test_a_sum_that_cancels_is_no_factor(case):
    grads = backward(case)
    grads["4.b"] = 1e-17 * grads["4.b"]
    assert explained(case, grads, context=False).cause == "zero"
