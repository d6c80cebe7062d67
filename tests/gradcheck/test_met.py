"""What people met: inputs on which the checker once said something false."""

import numpy as np
import pytest

from bpcourse.gradcheck import check_gradient


@pytest.mark.parametrize("mode", ["each", "grouped", "complex"])
def test_an_empty_array_has_nothing_to_check(mode):
    params = {"W": np.ones(2), "b": np.zeros(0)}
    for factor, verdict in ((2, "right"), (2.002, "wrong")):
        report = check_gradient(
            lambda p: (p["W"] ** 2).sum(),
            params,
            lambda p, factor=factor: {"W": factor * p["W"], "b": p["b"]},
            mode=mode,
        )
        assert report.verdict == verdict


@pytest.mark.parametrize("strides", [(8, 8), (0, 8), (8, 0)])
def test_an_array_that_overlaps_itself(strides):
    x = np.lib.stride_tricks.as_strided(np.array([1.0, 2, 3]), (2, 2), strides)
    report = check_gradient(lambda p: float((p**2).sum()), x, lambda p: 2 * p)
    assert (report.verdict, report.reason) == ("cannot tell", "shared memory")


@pytest.mark.parametrize("order", ["C", "F", "every other"])
def test_other_orders_do_not_overlap(order):
    x = np.arange(1.0, 13).reshape(3, 4)
    x = x[:, ::2] if order == "every other" else np.asarray(x, order=order)
    assert check_gradient(lambda p: float(np.sin(p).sum()), x, np.cos).verdict == "right"


def test_longdouble_is_checked():
    x = np.array([0.3, 2, -0.0, 5], np.longdouble)
    assert check_gradient(lambda p: float(np.sin(p).sum()), x, np.cos).verdict == "right"
    wrong = check_gradient(lambda p: float(np.sin(p).sum()), x, lambda p: 1.001 * np.cos(p))
    assert wrong.verdict == "wrong" and np.signbit(x[2])


def test_a_gradient_that_differs_when_asked_again_is_told():
    total = np.zeros(2)

    def accumulates(p):
        total[:] += 2 * p
        return total.copy()

    report = check_gradient(lambda p: float((p**2).sum()), np.array([1.0, 2]), accumulates)
    assert (report.verdict, report.reason) == ("cannot tell", "nondeterminism")
    assert "asked again" in report.message


@pytest.mark.parametrize("x", [[1.0, 0, 3], [0.0], [0.0, 0, 0, 1]])
@pytest.mark.parametrize("seed", range(60))
def test_both_sides_of_a_kink_are_asked(x, seed):
    def leaky(p):
        return float(np.where(p > 0, p, 0.1 * p).sum())

    x = np.array(x)
    wrong = check_gradient(leaky, x, lambda p: np.where(p > 0, 1.0, 0.0), rng=seed)
    assert wrong.verdict == "wrong"
    right = check_gradient(leaky, x, lambda p: np.where(p > 0, 1.0, 0.1), rng=seed)
    assert right.verdict == "right"


@pytest.mark.parametrize("x", [[1.0, 2, 2], [0.0, 0, 0]])
def test_a_claim_in_a_tie_has_to_fit_the_common_slope(x):
    claim = np.array([0.0, 1, 1])
    assert check_gradient(lambda w: float(w.max()), np.array(x), claim).verdict != "right"
    for right in ([0.0, 1, 0], [0.0, 0.5, 0.5]):
        assert check_gradient(lambda w: float(w.max()), np.array(x), np.array(right)).verdict == (
            "right"
        )
