"""Scalar functions with known derivatives: kinks, cliffs, high frequencies, all scales."""

import math

import numpy as np
import pytest
from corpus import random_model
from rows import a_part

from bpcourse.gradcheck import check_gradient

FUNCTIONS = {
    "|x|": (np.abs, np.sign),
    "x|x|": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x)),
    "|x|^1.5": (lambda x: np.abs(x) ** 1.5, lambda x: 1.5 * np.sign(x) * np.abs(x) ** 0.5),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "max(2x, -3x)": (lambda x: np.maximum(2 * x, -3 * x), lambda x: np.where(x > 0, 2.0, -3.0)),
    "x^2": (lambda x: x**2, lambda x: 2 * x),
    "x^3": (lambda x: x**3, lambda x: 3 * x**2),
    "sqrt(x^2 + 1e-12)": (
        lambda x: np.sqrt(x * x + 1e-12),
        lambda x: x / np.sqrt(x * x + 1e-12),
    ),
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "sin 1e6 x": (lambda x: np.sin(1e6 * x), lambda x: 1e6 * np.cos(1e6 * x)),
    "x + sin(1e4 x)/2e4": (
        lambda x: x + np.sin(1e4 * x) / 2e4,
        lambda x: 1 + 0.5 * np.cos(1e4 * x),
    ),
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "polynomial": (lambda x: x**5 - 3 * x**2 + x, lambda x: 5 * x**4 - 6 * x + 1),
}
POINTS = [0.0, 1e-9, -1e-6, 0.01, 0.7, -3.0]
POSITIVE = {
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "log": (np.log, lambda x: 1 / x),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2),
    "x log x": (lambda x: x * np.log(x), lambda x: np.log(x) + 1),
}
CASES = [(name, x) for name in FUNCTIONS for x in POINTS]
CASES += [(name, x) for name in POSITIVE for x in (1e-12, 1e-6, 0.2, 1e6)]
SLOPING = [(name, x) for name, x in CASES if (FUNCTIONS | POSITIVE)[name][1](np.array(x)) != 0]
CLIFFS = [1e2, 1e4, 1e6, 1e8]


def function(name):
    value, slope = (FUNCTIONS | POSITIVE)[name]
    return (lambda p: float(value(p).sum())), slope


@pytest.mark.parametrize(("name", "x"), CASES)
@pytest.mark.parametrize("plain", [False, True], ids=["callable", "array"])
def test_right(name, x, plain):
    f, slope = function(name)
    x = np.array([x])
    assert check_gradient(f, x, slope(x) if plain else slope).verdict == "right"


@pytest.mark.parametrize(("name", "x"), SLOPING)
@pytest.mark.parametrize("error", a_part([1e-3, -0.002, 1.0, -2.0], every=2))
def test_wrong(name, x, error):
    f, slope = function(name)
    x = np.array([x])
    assert check_gradient(f, x, lambda p: slope(p) * (1 + error)).verdict == "wrong"


@pytest.mark.parametrize("width", CLIFFS)
@pytest.mark.parametrize("at", [0.0, 0.3, 1.0])
def test_cliffs(width, at):
    x = np.array([at / width])

    def f(p):
        return float(np.tanh(width * p).sum())

    def slope(p):
        return width / np.cosh(width * p) ** 2

    assert check_gradient(f, x, slope).verdict == "right"
    assert check_gradient(f, x, lambda p: 1.001 * slope(p)).verdict == "wrong"
    assert check_gradient(f, x, 1.001 * slope(x)).verdict == "wrong"


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e-8, 1e8, 1e30, 1e150])
def test_scales(scale):
    x = np.array([0.3, 1.0, 2.0])
    assert (
        check_gradient(
            lambda p: float(np.sin(p).sum() * scale), x, lambda p: scale * np.cos(p)
        ).verdict
        == "right"
    )
    assert (
        check_gradient(
            lambda p: float(np.sin(p / scale).sum()), x * scale, lambda p: np.cos(p / scale) / scale
        ).verdict
        == "right"
    )


@pytest.mark.parametrize("frequency", [1e4, 1e6, 1e8])
@pytest.mark.parametrize("x", [0.0, 0.3, 3.0])
def test_oscillations_faster_than_the_first_step(frequency, x):
    def f(p):
        return float(np.sin(frequency * p).sum())

    def slope(p):
        return frequency * np.cos(frequency * p)

    x = np.array([x])
    assert check_gradient(f, x, slope).verdict == "right"
    assert check_gradient(f, x, slope(x)).verdict == "right"
    assert check_gradient(f, x, lambda p: 1.001 * slope(p)).verdict == "wrong"


def test_badly_scaled_parameters():
    x = np.array([1e-8, 1e8])

    def f(p):
        return float((p[0] * 1e8) ** 2 + np.sin(p[1] * 1e-8))

    right = np.array([2e8, 1e-8 * np.cos(1.0)])
    assert check_gradient(f, x, right).verdict == "right"
    for i in (0, 1):
        wrong = right.copy()
        wrong[i] *= 1.001
        report = check_gradient(f, x, wrong)
        assert report.verdict == "wrong" and report[""].wrong == [(i,)]


def test_a_minimum():
    def rosenbrock(p):
        return float(100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2)

    def slope(p):
        rest = p[1] - p[0] ** 2
        return np.array([-400 * p[0] * rest - 2 * (1 - p[0]), 200 * rest])

    for x in ([1.0, 1.0], [-1.2, 1.0]):
        assert check_gradient(rosenbrock, np.array(x), slope).verdict == "right"
    assert check_gradient(rosenbrock, np.ones(2), np.array([0.0, 1e-3])).verdict == "wrong"


@pytest.mark.parametrize("x", [-1.0, -1e-3])
def test_a_slope_claimed_where_f_is_zero_all_around(x):
    def f(p):
        return float(np.maximum(p, 0).sum())

    x = np.array([x])
    assert check_gradient(f, x, np.zeros(1)).verdict == "right"
    assert check_gradient(f, x, np.array([0.01])).verdict == "wrong"


def test_a_saddle_between_two_zeros():
    x = np.zeros(2)
    assert check_gradient(lambda p: float(p[0] * p[1]), x, lambda p: p[::-1].copy()).verdict == (
        "right"
    )
    assert check_gradient(lambda p: float(p[0] * p[1]), x, np.full(2, 0.01)).verdict == "wrong"


@pytest.mark.parametrize("offset", [1e6, 1e8])
def test_zero_claimed_everywhere_under_a_large_offset(offset):
    x = np.array([1e-3])
    assert check_gradient(lambda p: float(offset + (p**2).sum()), x, np.zeros(1)).verdict == "wrong"


@pytest.mark.parametrize("size", [2, 5, 30])
def test_the_largest_of_equals(size):
    def f(p):
        return float(p.max())

    def slope(p):
        return (np.arange(p.size) == p.argmax()) * 1.0

    x = np.ones(size)
    assert check_gradient(f, x, slope).verdict == "right"
    assert check_gradient(f, x, slope(x)).verdict == "right"
    assert check_gradient(f, x, lambda p: np.zeros(size)).verdict == "wrong"
    assert check_gradient(f, x, lambda p: 1.001 * slope(p)).verdict == "wrong"


@pytest.mark.parametrize("seed", a_part([20004, 20016, 20017, 20041], every=2))
def test_a_curve_seen_from_afar_is_no_kink_in_float32(seed):
    model = random_model(np.random.default_rng(seed), np.dtype(np.float32))

    def f(p):  # computes in float32 whatever it is given
        return model.f({name: array.astype(np.float32) for name, array in p.items()})

    report = check_gradient(f, model.params, model.grad, mode="each", rng=seed)
    assert report.verdict != "wrong" and not any(a.kinks for a in report.arrays)


@pytest.mark.parametrize("x", [[0.0, 0.0], [1.0, 0.0]])
def test_a_kink_hidden_in_a_curve(x):
    """Its two slopes differ by 2 %, and backpropagation through relu′(0) = 0 gives neither."""

    def f(p):
        a, t = p
        bent = 4091 * np.maximum(-t, 0) - 4187 * np.maximum(t, 0)
        return float(abs(a) + bent + 3.6e6 * t**2 + 7.9e7 * t**3)

    def slope(p):
        a, t = p
        bent = -4091.0 * (t < 0) - 4187.0 * (t > 0)
        return np.array([np.sign(a), bent + 7.2e6 * t + 2.37e8 * t**2])

    report = check_gradient(f, np.array(x), slope)
    assert report.verdict == "right" and (1,) in report[""].kinks
    assert check_gradient(f, np.array(x), lambda p: slope(p) * [1, 1.001]).verdict == "wrong"


@pytest.mark.parametrize("mode", ["each", "grouped"])
def test_kinks_nearer_than_any_step_are_judged_elsewhere(mode):
    rng = np.random.default_rng(0)
    X, A, v = rng.standard_normal((6, 4)), rng.standard_normal((4, 5)), rng.standard_normal(5)
    W = np.stack([A, A + 1e-8 * rng.standard_normal(A.shape)])

    def f(W):
        return float((np.maximum(X @ W[0], X @ W[1]) @ v).sum())

    def slope(W):
        first = X @ W[0] > X @ W[1]
        return np.stack([X.T @ (first * v), X.T @ (~first * v)])

    assert check_gradient(f, W, slope, mode=mode).verdict == "right"
    assert check_gradient(f, W, slope(W), mode=mode).verdict != "wrong"
    assert check_gradient(f, W, lambda W: 1.001 * slope(W), mode=mode).verdict == "wrong"


@pytest.mark.parametrize(("seed", "gap"), [(7, 1e-5), (10, 1e-4), (15, 1e-6), (39, 1e-6)])
def test_one_wrong_entry_among_near_ties(seed, gap):
    """Moved at random, most such units take the other weights, and the entry's slope is zero."""
    rng = np.random.default_rng(seed)
    X, A = rng.standard_normal((4, 3)), rng.standard_normal((3, 4))
    V, T = rng.standard_normal((4, 6)), rng.standard_normal((4, 6))
    W = np.stack([A, A + gap * rng.standard_normal(A.shape), rng.standard_normal(A.shape)])

    def f(W):
        return float(((np.max(X @ W, axis=0) @ V - T) ** 2).mean())

    def slope(W):
        z = X @ W
        d = 2 * (z.max(axis=0) @ V - T) @ V.T / T.size
        return np.stack([X.T @ (d * (z.argmax(axis=0) == unit)) for unit in range(3)])

    assert check_gradient(f, W, slope).verdict == "right"
    entries = np.flatnonzero(abs(slope(W)) > 1e-3)
    assert len(entries) >= 3
    for i in entries:

        def wrong(W, i=i):
            slopes = slope(W)
            slopes.flat[i] *= 1.001
            return slopes

        assert check_gradient(f, W, wrong).verdict != "right"


@pytest.mark.parametrize("seed", [0, 11, 13, 18])
def test_an_array_outside_all_slopes_where_kinks_meet(seed):
    """At W = 0 backpropagation takes −1 for |z|′ in every row and unit at once: a choice that no
    point nearby makes, and that an array does not tell."""
    rng = np.random.default_rng(seed)
    X, V = rng.standard_normal((19, 3)), rng.standard_normal((4, 2))
    T = rng.standard_normal((19, 2))

    def f(W):
        return float(((abs(X @ W) @ V - T) ** 2).sum())

    def slope(W):
        z = X @ W
        return X.T @ (2 * (abs(z) @ V - T) @ V.T * np.where(z > 0, 1, -1))

    zeros, generic = np.zeros((3, 4)), rng.standard_normal((3, 4))
    assert check_gradient(f, zeros, slope(zeros)).verdict == "cannot tell"
    assert check_gradient(f, zeros, slope).verdict == "right"
    assert check_gradient(f, generic, 2 * slope(generic)).verdict == "wrong"


@pytest.mark.parametrize("x", [0.0, 0.1, 0.3, 1.0])
def test_on_a_jump_a_zero_is_not_right(x):
    def f(p):
        return float((np.floor(10 * p) + p).sum())

    x = np.array([x])
    assert check_gradient(f, x, np.zeros(1)).verdict == "cannot tell"
    assert check_gradient(f, x, np.zeros_like).verdict != "right"
    assert check_gradient(f, x, np.ones_like).verdict == "right"


@pytest.mark.parametrize("x", [300.0, 700.0])
def test_values_whose_squares_overflow(x):
    x = np.array([x])
    assert check_gradient(lambda p: float(np.exp(p).sum()), x, np.exp(x)).verdict == "right"
    assert check_gradient(lambda p: float(np.exp(p).sum()), x, 1.001 * np.exp(x)).verdict == "wrong"


def test_slopes_that_vanish_below_the_rounding_inside_f():
    def f(p):  # log(1 + tiny) is exactly 0; what else f does, it does far away
        return math.log(1 + 1e-70 * float(p[0])) + float(p[1]) ** 8

    report = check_gradient(f, np.zeros(2), np.array([1e-70, 0]))
    assert report.verdict == "cannot tell" and report.reason == "precision"


@pytest.mark.parametrize("x", [[0.0], [0.0, 0.0], [0.0, 1.0]])
def test_two_kinks_that_cancel(x):
    x = np.array(x)

    def f(p):  # this is p itself
        return float((np.maximum(p, 0) - np.maximum(-p, 0)).sum())

    def backpropagated(p):
        return (p > 0) * 1.0 + (-p > 0) * 1.0

    assert check_gradient(f, x, backpropagated).verdict == "right"
    assert check_gradient(f, x, np.ones_like(x)).verdict == "right"
    for wrong in (0.5, 2.0):
        assert check_gradient(f, x, np.full_like(x, wrong)).verdict == "wrong"
