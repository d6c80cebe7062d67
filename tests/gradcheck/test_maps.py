"""check_vjp and check_jvp: functions with several outputs, one verdict."""

import numpy as np
import pytest

from bpcourse.gradcheck import GradientError, assert_gradient, check_jvp, check_vjp

A = np.random.default_rng(3).normal(size=(4, 5))
X = np.random.default_rng(4).normal(size=5)


def f(p):
    return {"y": np.tanh(A @ p["x"]), "norm": p["x"] @ p["x"]}


def vjp(p, u):
    inner = 1 - np.tanh(A @ p["x"]) ** 2
    return {"x": A.T @ (inner * u["y"]) + 2 * p["x"] * u["norm"]}


def jvp(p, v):
    inner = 1 - np.tanh(A @ p["x"]) ** 2
    return {"y": inner * (A @ v["x"]), "norm": 2 * p["x"] @ v["x"]}


def test_both_ways():
    assert check_vjp(f, {"x": X.copy()}, vjp).verdict == "right"
    assert check_jvp(f, {"x": X.copy()}, jvp).verdict == "right"


def test_mistakes_that_a_gradient_of_ones_would_hide():
    def unweighted(p, u):  # forgets u: right for u = 1 alone
        return vjp(p, {"y": np.ones(4), "norm": np.ones(())})

    assert check_vjp(f, {"x": X.copy()}, unweighted).verdict == "wrong"

    def permuted(p, v):  # the outputs in another order: their sum is right
        out = jvp(p, v)
        return out | {"y": out["y"][::-1]}

    assert check_jvp(f, {"x": X.copy()}, permuted).verdict == "wrong"


@pytest.mark.parametrize("error", [1e-3, -0.5])
def test_one_wrong_entry(error):
    def wrong_vjp(p, u):
        g = vjp(p, u)["x"]
        g[2] *= 1 + error
        return {"x": g}

    report = check_vjp(f, {"x": X.copy()}, wrong_vjp)
    assert report.verdict == "wrong" and report["x"].wrong == [(2,)]

    def wrong_jvp(p, v):
        w = v["x"].copy()
        w[2] *= 1 + error
        return jvp(p, {"x": w})

    report = check_jvp(f, {"x": X.copy()}, wrong_jvp)
    assert report.verdict == "wrong" and report["x"].wrong == [(2,)]


def test_a_jvp_that_is_not_linear():
    for wrong in (lambda x, v: 3 * abs(v), lambda x, v: 3 * v**2):  # right for unit vectors
        for size in (1, 2, 5):
            report = check_jvp(lambda x: 3 * x, X[:size].copy(), wrong)
            assert (report.verdict, report.reason) == ("wrong", "not linear")


def test_the_message_of_a_failed_assertion_is_the_report():
    with pytest.raises(GradientError, match=r"WRONG: params\[1\] is claimed to be"):
        assert_gradient(lambda p: float(p @ p), np.array([1.0, 2]), np.array([2.0, 5]))
