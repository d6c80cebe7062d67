"""check_gradient: the verdicts on right and wrong gradients, and what it does with bad input."""

import numpy as np
import pytest
from corpus import SABOTAGE, mutants, random_model
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import a_part

from bpcourse.gradcheck import GradientError, assert_gradient, check_gradient
from bpcourse.layers import GELU, Linear, ReLU, SiLU, Tanh
from bpcourse.losses import MaxMargin, SoftmaxCrossEntropy
from bpcourse.network import Network

SEEDS = range(64)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def model_and_mutants(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        model = random_model(rng, np.dtype(dtype))
        return model, mutants(rng, model, 2)


@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("seed", a_part(SEEDS, every=16))
def test_right_is_right_and_wrong_is_wrong(seed, mode):
    model, wrong = model_and_mutants(seed)
    report = check_gradient(model.f, model.params, model.grad, mode=mode, rng=seed)
    assert report.verdict == "right", f"{model.name}\n{report}"
    assert wrong
    for label, grad, _ in wrong:
        report = check_gradient(model.f, model.params, grad, mode=mode, rng=seed)
        assert report.verdict == "wrong", f"{model.name}: {label}\n{report}"


@pytest.mark.parametrize("view", [lambda a: a, lambda a: a.T, lambda a: a[:, ::-1]])
def test_the_corpus_changes_one_entry_of_any_view(view):
    sent = view(np.arange(1.0, 7).reshape(2, 3))
    (changed,) = SABOTAGE["one entry"]([sent], None)
    assert (changed != sent).sum() == 1


@pytest.mark.parametrize("seed", a_part(range(100, 130), every=3))
def test_float32_is_never_blamed(seed):
    model, _ = model_and_mutants(seed, np.float32)
    report = check_gradient(model.f, model.params, model.grad, rng=seed)
    assert report.verdict != "wrong", f"{model.name}\n{report}"


def worked(rng, hidden=Tanh, loss=None, sizes=(4, 5, 3), batch=6):
    net = Network(
        [Linear(sizes[0], sizes[1], rng=rng), hidden(), Linear(sizes[1], sizes[2], rng=rng)],
        loss or SoftmaxCrossEntropy(),
    )
    X, y = rng.standard_normal((batch, sizes[0])), rng.integers(0, sizes[2], batch)

    def f(p):
        return net.forward(X, y)

    def grad(p):
        net.forward(X, y)
        return net.backward()

    return net, f, grad


@pytest.mark.parametrize("mode", ["each", "grouped", "complex"])
@pytest.mark.parametrize("error", a_part([1e-3, -1e-3, 0.5, -2], every=2))
def test_one_wrong_entry_is_found_wherever_it_is(rng, mode, error):
    net, f, grad = worked(rng, GELU)
    right = grad(None)
    for name in right:
        flat = rng.integers(right[name].size)
        wrong = {n: g.copy() for n, g in right.items()}
        wrong[name].flat[flat] *= 1 + error
        report = check_gradient(f, net.params, wrong, mode=mode)
        assert report.verdict == "wrong"
        assert report[name].wrong == [np.unravel_index(flat, right[name].shape)]
        assert [a.name for a in report.arrays if a.verdict == "wrong"] == [name]


def test_an_error_of_1e_5_is_found_one_by_one(rng):
    net, f, grad = worked(rng)
    wrong = grad(None)
    wrong["2.W"][1, 2] *= 1 + 1e-5
    assert check_gradient(f, net.params, wrong, mode="each").verdict == "wrong"


def test_one_entry_of_a_thousand_is_named_in_grouped_mode(rng):
    net, f, grad = worked(rng, SiLU, sizes=(30, 30, 5))
    for trial in range(20):
        wrong = grad(None)
        i = tuple(rng.integers(30, size=2))
        wrong["0.W"][i] *= 1.001
        report = check_gradient(f, net.params, wrong, mode="grouped", rng=trial)
        assert report.verdict == "wrong" and report["0.W"].wrong == [i]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1e-12, 1e-4, 1.0, 1e4, 1e12]),
    size=st.sampled_from([1e-8, 1e-2, 1.0, 1e6]),
)
def test_scales_of_f_and_of_params_do_not_matter(seed, scale, size):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(7) * size
    A = rng.standard_normal((7, 7))

    def f(p):
        return float(scale * np.tanh(A @ (p / size)).sum())

    def grad(p):
        return scale / size * (A.T @ (1 - np.tanh(A @ (p / size)) ** 2))

    assert check_gradient(f, x, grad).verdict == "right"
    wrong = grad(x)
    wrong[np.argmax(abs(wrong))] *= 1.001
    assert check_gradient(f, x, wrong).verdict == "wrong"


# kinks


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-9, -1e-5, 0.3])
def test_at_near_and_far_from_a_kink(x):
    params = np.array([x, 1.0])
    assert check_gradient(lambda p: float(np.abs(p).sum()), params, np.sign).verdict == "right"
    assert (
        check_gradient(
            lambda p: float(np.abs(p).sum()), params, lambda p: 1.001 * np.sign(p)
        ).verdict
        == "wrong"
    )


def test_a_kink_is_told_with_its_slopes():
    report = check_gradient(lambda p: float(np.maximum(3 * p, -p).sum()), np.zeros(1), np.zeros(1))
    assert report.verdict == "right" and report.reason == "kink"
    kink = report[""].kinks[(0,)]
    assert kink.left == pytest.approx(-1) and kink.right == pytest.approx(3) and kink.inside
    assert "kink" in str(report)


@pytest.mark.parametrize("claim", [-1.0, -0.3, 1.0])
def test_an_array_between_the_slopes_is_right(claim):
    report = check_gradient(lambda p: float(np.abs(p).sum()), np.zeros(1), np.array([claim]))
    assert report.verdict == "right" and report.reason == "kink"


@pytest.mark.parametrize("claim", [1.001, -2.0, 30.0])
def test_an_array_outside_the_slopes_is_wrong(claim):
    report = check_gradient(lambda p: float(np.abs(p).sum()), np.zeros(1), np.array([claim]))
    assert report.verdict == "wrong" and "-1 on the left and 1 on the right" in report.message


def test_several_kinks_meet():
    # relu(x) − relu(−x) is x, but backpropagation through both kinks gives 0 at 0
    def f(p):
        return float((np.maximum(p, 0) - np.maximum(-p, 0)).sum())

    def grad(p):
        return (p > 0) * 1.0 + (p < 0) * 1.0

    report = check_gradient(f, np.zeros(2), grad)
    assert report.verdict == "right" and report.reason == "kink"


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), MaxMargin()])
def test_a_network_of_zeros_sits_on_kinks(rng, loss):
    net, f, grad = worked(rng, ReLU, loss)
    for layer in (0, 2):
        for array in net.layers[layer].params.values():
            array[...] = 0
        report = check_gradient(f, net.params, grad)
        assert report.verdict == "right", str(report)
        assert check_gradient(f, net.params, grad, mode="grouped").verdict == "right"


def test_wrong_at_a_kink_and_nearby_is_wrong(rng):
    net, f, grad = worked(rng, ReLU)
    net.params["0.W"] = np.zeros((5, 4))
    net.params["0.b"] = np.zeros(5)
    net.params["2.b"] = np.array([0.5, -1.0, 0.2])  # so that the slopes at 0 do not cancel

    def wrong(p):
        return grad(p) | {"0.b": 2 * grad(p)["0.b"]}

    report = check_gradient(f, net.params, wrong)
    assert report.verdict == "wrong", str(report)


def test_max_of_ties():
    def first(p):
        grad = np.zeros_like(p)
        grad[p.argmax()] = 1
        return grad

    report = check_gradient(lambda p: float(p.max()), np.ones(3), first)
    assert report.verdict == "right" and report.reason == "kink"


# precision


def test_float32_inside_f_does_not_blame_the_gradient():
    def f(p):
        return float(np.tanh(p.astype(np.float32)).sum() + p.sum())

    x = np.array([0.3, 1.0, 2.0])
    right = 2 - np.tanh(x) ** 2
    assert check_gradient(f, x, right).verdict != "wrong"
    assert check_gradient(f, x, 1.3 * right).verdict == "wrong"


def test_float32_parameters_are_widened_where_f_takes_it():
    x = np.array([0.3, 1.0, 2.0], np.float32)
    report = check_gradient(lambda p: np.sin(p).sum(), x, np.cos(x))
    assert report.verdict == "right" and report.noise < 1e-14
    wrong = np.cos(x)
    wrong[1] *= np.float32(1.001)
    assert check_gradient(lambda p: np.sin(p).sum(), x, wrong).verdict == "wrong"


def test_too_small_a_slope_cannot_be_told():
    report = check_gradient(lambda p: float(1 + (p**4).sum()), np.array([1e-3]), np.array([5e-9]))
    assert report.verdict == "wrong"
    report = check_gradient(
        lambda p: float(np.float64(1e6) + abs(p[0]) ** 3), np.array([1e-4]), np.array([3e-8])
    )
    assert report.verdict == "cannot tell" and report.reason == "precision"


def test_evaluations(rng):
    net, f, grad = worked(rng, Tanh, sizes=(64, 128, 10), batch=8)
    size = sum(p.size for p in net.params.values())
    calls = [0]

    def counted(p):
        calls[0] += 1
        return f(p)

    report = check_gradient(counted, net.params, grad)
    assert report.mode == "grouped" and report.verdict == "right"
    assert report.evaluations == calls[0] <= 0.05 * size
    one_by_one = check_gradient(f, net.params, grad, mode="each")
    assert one_by_one.verdict == "right" and one_by_one.evaluations <= 1.2 * size


@pytest.mark.slow
def test_evaluations_one_by_one_on_small_models():
    costs = []
    for seed in SEEDS:
        model, _ = model_and_mutants(seed)
        report = check_gradient(model.f, model.params, model.grad, mode="each", rng=seed)
        costs.append(report.evaluations / sum(a.size for a in model.params.values()))
    assert np.median(costs) <= 2 and np.quantile(costs, 0.9) <= 3


def test_a_complex_step_costs_one_evaluation(rng):
    from bpcourse.gradcheck import check_network

    layers = [Linear(8, 12, rng=rng), Tanh(), Linear(12, 5, rng=rng)]
    net = Network(layers, SoftmaxCrossEntropy())
    X, y = rng.standard_normal((6, 8)), rng.integers(0, 5, 6)
    report = check_network(net, X, y, mode="complex")
    assert (report.verdict, report.mode) == ("right", "complex")
    assert report.evaluations <= 1.5 * sum(p.size for p in net.params.values())


class Unlucky(np.random.Generator):
    """Draws equal weights, along which opposite errors cancel, at the calls ``at``."""

    at, calls = (), 0

    def permutation(self, x):
        return x

    def choice(self, a, size):
        return np.ones(size)

    def uniform(self, low, high, size):
        self.calls += 1
        return np.ones(size) if self.calls in self.at else super().uniform(low, high, size)


@pytest.mark.parametrize("at", [(1,), (2,), (3,)])
def test_errors_that_cancel_along_one_direction_are_found_along_another(at):
    """The second direction is the first one of the half in which both errors lie."""
    rng = Unlucky(np.random.PCG64(0))
    rng.at = at
    slopes = np.r_[1.5, 0.5, np.ones(14)]
    report = check_gradient(
        lambda p: float(slopes @ p), np.ones(16), np.ones(16), mode="grouped", rng=rng
    )
    assert report.verdict == "wrong" and report.arrays[0].wrong == [(0,), (1,)]


def test_what_is_only_shown_of_a_wrong_array_is_not_stored_as_right():
    from bpcourse.gradcheck.check import Counted, Look, Problem, flatten
    from bpcourse.gradcheck.look import ENOUGH, EVIDENCE

    size = 400
    problem = Problem(Counted(lambda p: float(p @ p)), flatten(np.ones(size)), np.full(size, 3.0))
    problem.start(closely=False)
    look = Look(problem.point, np.random.default_rng(0), "grouped")
    look.measure()
    look.show()
    assert len(look.having("wrong")) == ENOUGH and not look.having("right")
    assert len(look.having("shown")) >= EVIDENCE
    report = check_gradient(lambda p: float(p @ p), np.ones(size), np.full(size, 3.0))
    array = report.arrays[0]
    assert len(array.wrong) == ENOUGH and array.verdict == "wrong"
    assert np.isfinite(array.numerical).sum() == ENOUGH + len(look.having("shown"))


# the parameters are left as they were


def bits(params):
    return [a.tobytes() for a in params.values()]


def test_parameters_come_back_bit_for_bit(rng):
    params = {"a": rng.standard_normal(5), "b": np.array([-0.0, 5e-324, 1e300])}
    params["c"] = rng.standard_normal((4, 6))[:, ::2]  # not contiguous
    before = bits(params)

    def f(p):
        return float(np.sin(p["a"]).sum() + np.cos(p["b"]).sum() + (p["c"] ** 3).sum())

    def grad(p):
        return {"a": np.cos(p["a"]), "b": -np.sin(p["b"]), "c": 3 * p["c"] ** 2}

    for mode in ("each", "grouped"):
        check_gradient(f, params, grad, mode=mode)
        assert bits(params) == before


@pytest.mark.parametrize("error", [RuntimeError, ValueError, KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("at", [1, 3, 5, 20, 31])
def test_an_exception_passes_and_the_parameters_come_back(error, at):
    params = {"a": np.linspace(0.1, 1, 9)}
    before = bits(params)
    calls = [0]

    def f(p):
        calls[0] += 1
        if calls[0] == at:
            raise error("stop")
        return float(np.sin(p["a"]).sum())

    with pytest.raises(error):
        check_gradient(f, params, {"a": np.cos(params["a"])})
    assert bits(params) == before


def test_outside_the_domain_a_smaller_step_is_taken():
    import math

    def f(p):
        return math.log(p[0]) + float(np.sqrt(p[1]))  # raises or is NaN below 0

    x = np.array([1e-9, 1e-12])
    assert (
        check_gradient(f, x, lambda p: np.array([1 / p[0], 0.5 / p[1] ** 0.5])).verdict == "right"
    )


def test_a_kink_beside_the_end_of_the_domain():
    """The points beside it, at which grad is asked, may lie where f raises."""
    import math

    def f(p):
        return math.sqrt(1 - p[0]) + abs(float(p[1]))

    x = np.array([1 - 1e-9, 0.0])
    for wrong, verdict in ((1, "right"), (1.01, "wrong")):
        report = check_gradient(
            f,
            x,
            lambda p, wrong=wrong: np.array([-0.5 / math.sqrt(1 - p[0]), wrong * np.sign(p[1])]),
        )
        assert report.verdict == verdict


def test_f_belongs_to_the_callers_point_afterwards(rng):
    net, f, grad = worked(rng)
    right = grad(None)
    check_gradient(f, net.params, grad)
    after = net.backward()  # of the last forward, which is the caller's again
    assert all((after[name] == right[name]).all() for name in right)


# structures


def test_arrays_lists_dicts_and_nested_ones():
    x = np.array([0.2, 0.7])
    assert check_gradient(lambda p: float(np.sin(p).sum()), x, np.cos).verdict == "right"
    assert check_gradient(
        lambda p: float(np.sin(p[0]).sum() * p[1].sum()),
        [x, np.ones(1)],
        [np.cos(x), np.array([np.sin(x).sum()])],
    ).verdict == "right"  # fmt: skip
    report = check_gradient(
        lambda p: float(np.sin(p["layer"]["W"]).sum()),
        {"layer": {"W": x}},
        lambda p: {"layer": {"W": np.cos(p["layer"]["W"])}},
    )
    assert report.verdict == "right" and report["layer.W"].shape == (2,)
    assert check_gradient(lambda p: float(p**2), 3.0, 6.0).verdict == "right"
    assert check_gradient(lambda p: float((p**2).sum()), [3.0, 4.0], [6.0, 8.0]).verdict == "right"
    frozen = x.copy()
    frozen.flags.writeable = False
    assert check_gradient(lambda p: float(np.sin(p).sum()), frozen, np.cos).verdict == "right"


# bad input, each with its own sentence


def sine(p):
    return float(np.sin(p).sum())


X = np.array([0.2, 0.7, 1.5])


@pytest.mark.parametrize(
    ("f", "params", "grad", "verdict", "reason", "words"),
    [
        (sine, X, np.zeros((3, 1)), "wrong", "wrong shape", "(3, 1)"),
        (sine, X, {"a": X}, "wrong", "wrong structure", "dict"),
        (sine, X, None, "wrong", "wrong structure", "None"),
        (sine, X, np.array(["a", "b", "c"]), "wrong", "wrong type", "real numbers"),
        (lambda p: sine(p["a"]), {"a": X}, {"b": X}, "wrong", "wrong structure", "missing"),
        (lambda p: sine(p[0]), [X], [X, X], "wrong", "wrong structure", "1 arrays"),
        (sine, X, X * np.nan, "wrong", "not finite", "nan"),
        (lambda p: np.nan, X, X, "cannot tell", "not finite", "f(params) is nan"),
        (sine, X * np.inf, X, "cannot tell", "not finite", "NaN or infinity"),
        (sine, np.array([1, 2]), X[:2], "cannot tell", "integer parameters", "whole numbers"),
        (sine, np.array([1j, 2]), X[:2], "cannot tell", "complex parameters", "complex"),
        (lambda p: 3.0, X, X, "cannot tell", "f does not depend on params", "does not depend"),
        (lambda p: 3.0, X, 0 * X, "cannot tell", "f does not depend on params", "does not depend"),
    ],
)
def test_bad_input_has_its_sentence(f, params, grad, verdict, reason, words):
    report = check_gradient(f, params, grad)
    assert (report.verdict, report.reason) == (verdict, reason)
    assert words in str(report) and words in report._repr_html_().replace("&quot;", '"')


@pytest.mark.parametrize(
    ("f", "params", "error", "words"),
    [
        (lambda p: p, X, TypeError, "shape (3,)"),
        (lambda p: None, X, TypeError, "NoneType"),
        (lambda p: "3", X, TypeError, "f: expected a number"),
        (lambda p: 1j, X, TypeError, "complex"),
        (sine, np.zeros((0, 3)), ValueError, "params: expected at least one number"),
        (sine, {}, ValueError, "at least one"),
        (sine, "abc", TypeError, "got str"),
        (3, X, TypeError, "f: expected a function"),
    ],
)
def test_misuse_raises(f, params, error, words):
    with pytest.raises(error) as raised:
        check_gradient(f, params, X)
    assert words in str(raised.value)


def test_unknown_mode():
    with pytest.raises(ValueError, match="mode: expected one of"):
        check_gradient(sine, X, np.cos, mode="fast")


def test_random_f_is_told():
    rng = np.random.default_rng(0)
    report = check_gradient(lambda p: sine(p) + rng.random(), X, np.cos)
    assert (report.verdict, report.reason) == ("cannot tell", "nondeterminism")
    calls = [0]

    def drifts(p):
        calls[0] += 1
        return sine(p) + (calls[0] > 10)

    report = check_gradient(drifts, X, np.cos)
    assert (report.verdict, report.reason) == ("cannot tell", "nondeterminism")


def test_f_or_grad_that_changes_its_input_is_told():
    def f(p):
        p *= 0.5
        return sine(p)

    def grad(p):
        p += 1
        return np.cos(p)

    for args in ((f, np.cos), (sine, grad)):
        x = X.copy()
        report = check_gradient(args[0], x, args[1])
        assert (report.verdict, report.reason) == ("cannot tell", "changed its input")
        assert (x == X).all()


def test_the_same_memory_twice_is_told():
    x = X.copy()
    report = check_gradient(
        lambda p: sine(p["a"]) + sine(p["b"]), {"a": x, "b": x}, {"a": x, "b": x}
    )
    assert (report.verdict, report.reason) == ("cannot tell", "shared memory")


# the report


def test_report_shows_its_evidence(rng):
    net, f, grad = worked(rng)
    wrong = grad(None)
    wrong["2.b"][1] += 0.25
    report = check_gradient(f, net.params, wrong)
    worst = report["2.b"]
    assert worst.index == (1,) and worst.claimed == wrong["2.b"][1]
    assert worst.slope == pytest.approx(wrong["2.b"][1] - 0.25, abs=1e-8)
    assert 0 < worst.bound < 1e-6 and worst.step > 0 and worst.curve
    for shown in (str(report), report._repr_html_()):
        assert "2.b[1]" in shown and "wrong" in shown.lower()
    with pytest.raises(GradientError, match=r"2\.b\[1\]"):
        report.raise_if_wrong()
    with pytest.raises(AssertionError):
        assert_gradient(f, net.params, wrong)
    with pytest.raises(KeyError):
        report["W"]


def test_a_right_report_states_its_resolution(rng):
    net, f, grad = worked(rng)
    report = assert_gradient(f, net.params, grad)
    assert report.raise_if_wrong() is report
    assert 0 < report.resolution < 1e-3
    wrong = grad(None)
    wrong["0.W"] *= 1 + 20 * report.resolution
    report = check_gradient(f, net.params, wrong)
    assert report.verdict == "wrong", str(report)


def test_plot(rng):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    net, f, grad = worked(rng)
    figure = check_gradient(f, net.params, lambda p: grad(p) | {"2.b": np.ones(3)}).plot()
    assert figure.axes[0].get_xlabel() and figure.axes[1].lines
    assert not pyplot.get_fignums()  # a notebook would show it a second time


def test_a_right_report_plots_its_worst_entry_too(rng):
    net, f, grad = worked(rng)
    before = bits(net.params)
    report = check_gradient(f, net.params, grad)
    (line,) = report.plot().axes[1].lines
    steps, errors = line.get_data()
    assert len(steps) >= 9 and min(errors) < 1e-3 * max(errors)  # it falls, and rises again
    assert bits(net.params) == before


def test_a_plot_leaves_parameters_as_they_were_trained_since():
    x = np.array([0.3, 1.0, 2.0])
    report = check_gradient(lambda p: float(np.sin(p).sum()), x, np.cos)
    x += 1
    after = x.tobytes()
    pytest.importorskip("matplotlib")
    report.plot()
    assert x.tobytes() == after


def test_a_gradient_that_is_the_same_everywhere_counts_as_an_array():
    # a closure over yesterday's gradient says nothing about points nearby
    stale = np.array([0.5])
    report = check_gradient(
        lambda p: float(np.abs(p).sum() + p.sum() ** 2), np.zeros(1), lambda p: stale
    )
    assert report.verdict == "right" and report.reason == "kink"
