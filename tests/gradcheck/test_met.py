"""What people met: inputs on which the checker once said something false.

Each input that was reported has its test here, and its kind beside it: other seeds, sizes,
positions of the kink, types and scales. The two about graphs are in ``tests/test_graph.py``.
"""

import numpy as np
import pytest
from rows import a_part

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
@pytest.mark.parametrize("seed", a_part(range(60), every=4))
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


# log-sum-exp beyond the precision of f: there it is a max with a tie


def log_sum_exp(w):
    return float(w.max() + np.log(np.exp(w - w.max()).sum()))


@pytest.mark.parametrize("size", [1e20, 1e50, 1e300])
def test_log_sum_exp_of_huge_numbers(size):
    x = np.full(2, size)
    assert check_gradient(log_sum_exp, x, np.array([0.5, 0.5])).verdict == "right"
    assert check_gradient(log_sum_exp, x, np.array([1.0, 1.0])).verdict != "right"


# jumps


def stairs(p):
    return float((np.floor(10 * p) + p).sum())


@pytest.mark.parametrize("x", [0.0, 0.1, 0.3, 1.0])
def test_a_jump_at_the_point_is_told(x):
    x = np.array([x])
    for grad in (np.ones(1), np.ones_like):
        report = check_gradient(stairs, x, grad)
        assert (report.verdict, report.reason) == ("right", "jump") and "jump" in report.message
    for claim in (0.0, 2.0):
        report = check_gradient(stairs, x, np.array([claim]))
        assert (report.verdict, report.reason) == ("cannot tell", "jump")
        assert report.noise < 1e-10  # the jump is no rounding error of f
        grad = lambda p, claim=claim: np.full_like(p, claim)  # noqa: E731
        assert check_gradient(stairs, x, grad).verdict == "wrong"


@pytest.mark.parametrize("distance", [1e-14, 1e-13, 1e-12, 1e-9, 1e-6, 1e-3])
@pytest.mark.parametrize("side", [1, -1])
def test_a_jump_beside_the_point(side, distance):
    x = np.array([0.1 + side * distance])
    assert check_gradient(stairs, x, np.ones_like).verdict == "right"
    assert check_gradient(stairs, x, lambda p: np.full_like(p, 2.0)).verdict == "wrong"
    report = check_gradient(stairs, x, np.ones(1))
    assert report.verdict == "right" or (report.verdict, report.reason) == ("cannot tell", "jump")
    assert check_gradient(stairs, x, np.full(1, 2.0)).verdict != "right"


def test_a_single_point_off_the_curve():
    def f(p):
        return float((p**2).sum() + (p[0] == 0.5))

    report = check_gradient(f, np.array([0.5, 1]), lambda p: 2 * p)
    assert (report.verdict, report.reason) == ("right", "jump")
    assert check_gradient(f, np.array([0.5, 1]), lambda p: 3 * p).verdict == "wrong"


# the end of the domain


def only(inside, said):
    """Says, raises or gives what ``said`` is, except where the parameters are ``inside``."""

    def f(p):
        if inside(p):
            return 1 + 1e-9 * float((p - 1).sum())
        if isinstance(said, type):
            raise said("outside of the domain")
        return said

    return f


@pytest.mark.parametrize("said", [ValueError, ZeroDivisionError, np.nan, np.inf])
def test_where_f_is_defined_at_the_point_alone_that_is_the_reason(said):
    f = only(lambda p: (p == 1).all(), said)
    for grad in (np.ones(2), np.zeros(2), np.ones_like):
        report = check_gradient(f, np.ones(2), grad)
        assert (report.verdict, report.reason) == ("cannot tell", "not finite")
        assert "beside them it is NaN" in report.message


@pytest.mark.parametrize("said", [ValueError, ZeroDivisionError, np.nan, np.inf])
def test_the_end_of_the_domain_is_no_jump(said):
    f = only(lambda p: (abs(p - 1) < 1e-3).all(), said)
    report = check_gradient(f, np.ones(1), np.full(1, 1e-9))
    assert (report.verdict, report.reason) == ("cannot tell", "precision")


def test_another_exception_beside_the_point_is_passed_on():
    with pytest.raises(KeyError):
        check_gradient(only(lambda p: (p == 1).all(), KeyError), np.ones(2), np.ones(2))


# noise and state


def test_the_calls_that_a_random_f_took_are_told():
    rng, calls = np.random.default_rng(0), [0]

    def f(p):
        return float((p**2).sum()) + 1e-9 * rng.random()

    report = check_gradient(f, np.ones(2), lambda p: 2 * p)
    assert report.reason == "nondeterminism" and "at call 2" in report.message

    def late(p):
        calls[0] += 1
        return float((p**2).sum()) + (calls[0] > 7) * 1e-3

    report = check_gradient(late, np.ones(2), lambda p: 2 * p)
    assert report.reason == "nondeterminism" and f"at call {report.evaluations}" in report.message


def test_dropout_without_a_seed_in_grad_is_told():
    rng = np.random.default_rng(0)
    report = check_gradient(
        lambda p: float((p**2).sum()), np.ones(20), lambda p: 2 * p * (rng.random(20) > 0.5)
    )
    assert (report.verdict, report.reason) == ("cannot tell", "nondeterminism")


# inputs


def squares(p):
    return float((np.asarray(p) ** 2).sum())


@pytest.mark.parametrize("factor", [1.0, 1.01])
@pytest.mark.parametrize(
    "kind", ["0-d", "matrix", "subclass", "read-only", "transposed", "backwards"]
)
def test_arrays_of_every_kind(kind, factor):
    x = {
        "0-d": lambda: np.array(3.0),
        "matrix": lambda: np.ones((2, 2)).view(np.matrix),
        "subclass": lambda: np.ones(3).view(type("Own", (np.ndarray,), {})),
        "read-only": lambda: np.arange(1.0, 4),
        "transposed": lambda: np.arange(6.0).reshape(2, 3).T,
        "backwards": lambda: np.arange(24.0).reshape(4, 6)[::2, ::-3],
    }[kind]()
    x.flags.writeable = kind != "read-only"
    before = x.tobytes()
    report = check_gradient(squares, x, lambda p: factor * 2 * np.asarray(p))
    assert report.verdict == ("right" if factor == 1 else "wrong")
    assert x.tobytes() == before


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_subclass_is_what_f_is_called_with(dtype):
    def grad(p):  # of a product of matrices, which * is for them alone
        a, ones = np.asarray(p), np.ones((2, 2), p.dtype)
        return ones @ a.T + a.T @ ones

    x = np.array([[0.3, -1], [2, 0.7]], dtype).view(np.matrix)
    report = check_gradient(lambda p: (p * p).sum(), x, grad)
    assert report.verdict == "right" and report.noise < 1e-14


def test_an_f_in_float16_is_not_blamed():
    def f(p):
        return (p.astype(np.float16) ** 2).sum()

    for dtype in (np.float16, np.float32, np.float64):
        x = np.array([1, 2], dtype)
        assert check_gradient(f, x, lambda p: 2 * p).verdict != "wrong"
        assert check_gradient(f, x, lambda p: 3 * p).verdict == "wrong"


@pytest.mark.parametrize("other", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(4))
def test_a_part_in_float16_beside_a_finer_one_is_not_blamed(seed, other):
    rng = np.random.default_rng(seed)
    params = {"a": rng.normal(size=3).astype(np.float16), "b": rng.normal(size=3).astype(other)}

    def f(p, inside=np.float16):
        return float((p["a"].astype(inside) ** 2).sum() + (p["b"] ** 2).sum())

    def grad(p, factor=2):
        return {"a": factor * p["a"], "b": factor * p["b"]}

    assert check_gradient(f, params, grad).verdict != "wrong"
    assert check_gradient(lambda p: f(p, np.float64), params, grad).verdict == "right"
    assert check_gradient(f, params, lambda p: grad(p, 3)).verdict == "wrong"


@pytest.mark.parametrize("seed", range(60))
def test_steps_of_float16_are_noise(seed):
    """By luck such steps may lie on a straight line, for which no noise shows in a table."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 5, rng.integers(1, 5)) * rng.choice([-1, 1]) / rng.choice([1, 2, 10])

    def f(p):
        return float((p.astype(np.float16) ** 2).sum())

    report = check_gradient(f, x, lambda p: 2 * p)
    assert report.verdict != "wrong" and report.noise > 1e-8
    assert check_gradient(f, x, lambda p: 4 * p).verdict != "right"


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-100, 1e-20, 1e20, 1e100, 1e200, 1e300])
@pytest.mark.parametrize("factor", [1.0, 1.001])
def test_scales_from_end_to_end(scale, factor):
    x, verdict = np.array([1.0, 2]), "right" if factor == 1 else "wrong"
    report = check_gradient(
        lambda p: float(np.sin(p / scale).sum()),
        x * scale,
        lambda p: factor * np.cos(p / scale) / scale,
    )
    assert report.verdict == verdict
    report = check_gradient(
        lambda p: float(scale * np.sin(p).sum()), x, lambda p: factor * scale * np.cos(p)
    )
    assert report.verdict == verdict


# evidence


def test_a_fault_nearby_is_shown_with_the_point_and_its_numbers():
    def leaky(p):
        return float(np.where(p["w"] > 0, p["w"], 0.1 * p["w"]).sum())

    params = {"w": np.array([1.0, 0, 3])}
    report = check_gradient(leaky, params, lambda p: {"w": np.where(p["w"] > 0, 1.0, 0.0)})
    worst = report["w"]
    assert worst.wrong == [(1,)] and worst.index == (1,) and worst.label == "w[1]"
    assert worst.point["w"][1] == worst.value < 0 and worst.point["w"][0] == 1
    assert worst.claimed == 0 and worst.slope == pytest.approx(0.1) and worst.bound < 1e-6
    assert f"{worst.value:.8g}" in report.message and "0.1" in report.message


def test_a_tie_is_shown_with_the_entries_that_meet():
    report = check_gradient(lambda w: float(w.max()), np.array([1.0, 2, 2]), np.array([0.0, 1, 1]))
    worst = report[""]
    assert worst.together == ["params[1]", "params[2]"] and worst.sides == pytest.approx((1, 1))
    assert worst.claimed == pytest.approx(2) and "meet in a kink" in report.message


def test_the_look_of_the_difference_stands_in_the_report():
    x = np.array([1.0, 2, 3])
    report = check_gradient(lambda p: float((p**3).sum()), x, lambda p: 6 * p**2)
    assert "2 times what they should be" in str(report) and "2 times" in report._repr_html_()
