"""Diagnosis: what a difference looks like is told, and right gradients and noise get no name."""

import numpy as np
import pytest
from networks import random_network

from bpcourse.diagnosis import compare, diagnose
from bpcourse.diagnosis.passes import Pass
from bpcourse.gradcheck import check_gradient, check_network


def measured(net, X, y):
    report = check_network(net, X, y)
    assert report.verdict == "right", str(report)
    slopes = {a.name: a.numerical for a in report.arrays}
    return slopes, {a.name: a.bounds for a in report.arrays}


@pytest.mark.parametrize("seed", range(12))
def test_right_gradients_and_noise_are_not_named(seed):
    net, X, y, rng = random_network(seed)
    slopes, bounds = measured(net, X, y)
    right = Pass.of(net, X, y).gradients()
    for context in (None, (net, X, y)):
        assert diagnose(right, slopes, bounds=bounds, context=context).cause is None
        for _ in range(5):
            noise = {n: g * (1 + 0.1 * rng.standard_normal(g.shape)) for n, g in right.items()}
            assert diagnose(noise, slopes, bounds=bounds, context=context).cause is None
            unrelated = {n: rng.standard_normal(g.shape) for n, g in right.items()}
            assert diagnose(unrelated, slopes, bounds=bounds, context=context).cause is None


def test_explain_says_it_in_a_sentence():
    net, X, y, _ = random_network(9)
    backward = net.backward
    n = len(X)
    assert n > 4
    net.backward = lambda: {name: n * g for name, g in backward().items()}
    report = check_network(net, X, y)
    told = report.explain()
    assert told.cause == "constant_factor" and told.array == "4.b"
    assert f"{n}" in str(told) and "batch" in str(told)

    net.backward = lambda: backward() | {"2.W": backward()["2.W"] / n}
    told = check_network(net, X, y).explain()
    assert told.array == "2.W" and "batch" in str(told)


def test_explain_of_a_right_gradient_has_nothing_to_say():
    net, X, y, _ = random_network(1)
    assert check_network(net, X, y).explain().cause is None
    assert check_gradient(lambda p: np.nan, np.ones(2), np.ones(2)).explain().cause is None


def test_explain_without_context_in_grouped_mode():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 20))
    report = check_gradient(lambda p: float(np.sin(p).sum()), x, 2 * np.cos(x), mode="grouped")
    told = report.explain()
    assert told.cause == "constant_factor" and told.values["factor"] == 2


R = np.random.default_rng(3).standard_normal((4, 5))
S = np.random.default_rng(4).standard_normal((4, 4))

EQUAL = np.tile([1.0, 2.0, 4.0, 7.0, -3.0], (4, 1))


@pytest.mark.parametrize(
    ("kind", "given", "true"),
    [
        ("equal", R * (1 + 1e-9), R),
        ("zero", 0 * R, R),
        ("constant_factor", -R, R),
        ("constant_factor", 0.013 * R, R),
        ("one_entry", R + (R == R[1, 2]), R),
        ("transposed", S.T, S),
        ("transposed", 3 * S.T, S),
        ("transposed", R.T, R),
        ("reshaped", R.reshape(2, 10), R),
        ("not_summed", np.stack([R, 2 * R]), 3 * R),
        ("rows_scaled", R * np.array([[1.0], [0.5], [0.3], [2.0]]), R),
        ("columns_scaled", R * np.array([1.0, 0.5, 0.3, 2.0, 1.0]), R),
        ("some_rows", np.vstack([R[:3], R[3:] ** 2 + 1]), R),
        ("offset", R + 0.25, R),
        ("absolute", np.abs(R), R),
        ("sign_only", np.sign(R), R),
        ("squared", R**2, R),
        ("clipped", np.clip(R, -0.7, 0.7), R),
        ("moved", np.roll(R, 1, axis=0), R),
        ("moved", R[::-1], R),
        ("shape", np.ones((3, 3)), R),
        (None, R * (1 + 0.1 * R[::-1]), R),
        (None, EQUAL * 0.7 + 0.2, EQUAL),  # along a column all is equal: any change is a factor
    ],
)
def test_the_shape_of_a_difference(kind, given, true):
    assert compare(given, true).kind == kind


def test_weight_decay_and_another_arrays_gradient():
    W = np.random.default_rng(5).standard_normal((4, 5))
    difference = compare(R + 0.1 * W, R, params=W)
    assert difference.kind == "decay" and difference.values["factor"] == pytest.approx(0.1)
    assert compare(W, R, others={"2.W": W}).kind == "another"


def test_given_and_true_must_hold_the_same_arrays():
    with pytest.raises(ValueError, match="given: expected the arrays"):
        diagnose({"a": R}, {"b": R})
