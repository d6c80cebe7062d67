"""Every loss against its formula with indices, numerical slopes, extremes and bad input."""

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference, complex_step

from bpcourse import activations
from bpcourse.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    EuclideanNorm,
    FusedLoss,
    Loss,
    MaxMargin,
    SoftmaxCrossEntropy,
    SquaredError,
)

N, K = 5, 3
LABELS = np.array([2, 0, 1, 1, 2])
ONE_HOT = np.eye(K)[LABELS]
SOFT = np.array([[0.2, 0.5, 0.3], [1, 0, 0], [0.6, 0.4, 0], [0.1, 0.1, 0.8], [0, 0, 1]])


def outputs(loss, rng):
    """What the loss takes as its first argument."""
    z = rng.normal(size=(N, K)) * 2
    return activations.softmax.value(z) if isinstance(loss, CrossEntropy) else z


def cases():
    rng = np.random.default_rng(1)
    real = rng.normal(size=(N, K))
    for loss in (SquaredError(), SquaredError(0.5), SquaredError(3, "sum"), EuclideanNorm()):
        yield loss, real
    for loss in (CrossEntropy(), SoftmaxCrossEntropy()):
        yield from ((loss, y) for y in (LABELS, ONE_HOT, SOFT))
    yield BinaryCrossEntropy(), rng.uniform(size=(N, K))
    yield BinaryCrossEntropy(), ONE_HOT
    yield MaxMargin(), LABELS
    yield MaxMargin(), ONE_HOT


CASES = list(cases())


@pytest.mark.parametrize(("loss", "y"), CASES)
def test_gradient_is_the_slope(loss, y, rng):
    y_hat = outputs(loss, rng)
    gradient = loss.gradient(y_hat, y)
    numerical = central_difference(lambda y_hat: loss.value(y_hat, y), y_hat)
    exact = complex_step(lambda y_hat: loss.value(y_hat, y), y_hat)
    np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(gradient, exact, rtol=1e-12, atol=1e-16)


def test_squared_error_is_c7_and_half_of_it_is_e():
    y_hat, y = np.array([[1.0, 3.0], [2.0, -1.0]]), np.array([[0.0, 1.0], [2.0, 1.0]])
    # (1² + 2²) + (0² + 2²) = 9 over 2 examples
    assert SquaredError().value(y_hat, y) == 4.5
    assert SquaredError(reduction="sum").value(y_hat, y) == 9
    assert SquaredError(0.5).value(y_hat[:1], y[:1]) == 2.5
    np.testing.assert_array_equal(SquaredError(0.5).gradient(y_hat[:1], y[:1]), [[1, 2]])  # X − t


def test_euclidean_norm_is_a1_with_gradient_0_at_the_kink():
    loss = EuclideanNorm()
    y_hat, y = np.array([[3.0, 4.0], [1.0, 2.0]]), np.array([[0.0, 0.0], [1.0, 2.0]])
    assert loss.value(y_hat, y) == 2.5  # (5 + 0)/2
    np.testing.assert_allclose(loss.gradient(y_hat, y), [[0.3, 0.4], [0, 0]])
    tiny = np.array([[3e-300, 4e-300]])
    assert loss.value(tiny, np.zeros((1, 2))) == pytest.approx(5e-300)
    assert loss.value(1e300 * y_hat[:1], y[:1]) == pytest.approx(5e300)


def test_cross_entropies_are_the_printed_sums(rng):
    z = rng.normal(size=(N, K))
    y_hat = activations.softmax.value(z)
    c14 = -sum(SOFT[i, c] * math.log(y_hat[i, c]) for i in range(N) for c in range(K)) / N
    assert CrossEntropy().value(y_hat, SOFT) == pytest.approx(c14, rel=1e-13)
    assert SoftmaxCrossEntropy().value(z, SOFT) == pytest.approx(c14, rel=1e-13)
    one_class = -sum(math.log(y_hat[i, LABELS[i]]) for i in range(N)) / N
    assert SoftmaxCrossEntropy().value(z, LABELS) == pytest.approx(one_class, rel=1e-13)
    np.testing.assert_allclose(SoftmaxCrossEntropy().gradient(z, ONE_HOT), (y_hat - ONE_HOT) / N)


def test_binary_cross_entropy_is_the_printed_sum(rng):
    z, y = rng.normal(size=(N, 1)), np.array([0, 1, 1, 0, 1])
    p = activations.sigmoid.value(z)[:, 0]
    expected = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert BinaryCrossEntropy().value(z, y) == pytest.approx(expected, rel=1e-13)
    assert BinaryCrossEntropy().value(z, y[:, None]) == pytest.approx(expected, rel=1e-13)


def test_max_margin_by_hand():
    scores = np.array([[2.0, 5.0, 1.0], [3.0, 1.0, 2.5], [9.0, 1.0, 1.0], [1.0, 2.0, 2.0]])
    # 1 − 2 + 5 = 4; 1 − 3 + 2.5 = 0.5; 1 − 9 + 1 < 0; 1 − 2 + 2 = 1: mean 5.5/4
    assert MaxMargin().value(scores, [0, 0, 0, 2]) == 1.375
    expected = np.array([[-1, 1, 0], [-1, 0, 1], [0, 0, 0], [0, 1, -1]]) / 4
    np.testing.assert_array_equal(MaxMargin().gradient(scores, [0, 0, 0, 2]), expected)


def test_max_margin_at_its_kink_has_gradient_0():
    assert not MaxMargin().gradient(np.array([[2.0, 1.0]]), [0]).any()


def test_certainly_wrong_is_infinite_and_never_nan():
    y_hat = np.array([[0.0, 1.0], [1.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert CrossEntropy().value(y_hat, [0, 0]) == math.inf
        assert CrossEntropy().value(y_hat, [1, 0]) == 0
        np.testing.assert_array_equal(
            CrossEntropy().gradient(y_hat, [0, 0]), [[-np.inf, 0], [-0.5, 0]]
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), BinaryCrossEntropy(), MaxMargin()])
def test_logits_of_1000_give_finite_losses_and_gradients(loss, dtype):
    z = np.array([[1000, -1000, 0], [-1000, 1000, 1000]], dtype)
    for y in ([0, 0], [1, 1], [2, 0]):
        target = np.eye(3)[y]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isfinite(loss.value(z, target))
            assert np.isfinite(loss.gradient(z, target)).all()
            assert loss.gradient(z, target).dtype == dtype
    assert SoftmaxCrossEntropy().value(z, [1, 0]) == pytest.approx(2000 + math.log(2) / 2)
    assert BinaryCrossEntropy().value(z[:, :1], [0, 1]) == pytest.approx(1000)


def test_binary_cross_entropy_keeps_its_digits_where_it_is_tiny():
    # softplus(−40) ≈ e⁻⁴⁰; max(z, 0) − z·y + log1p(…) would do as well, z − z·y would not
    assert BinaryCrossEntropy().value([[40.0]], [1]) == pytest.approx(math.exp(-40), rel=1e-12)


@pytest.mark.parametrize(("loss", "y"), CASES)
def test_only_the_loss_divides_by_the_batch_size(loss, y, rng):
    y_hat = outputs(loss, rng)
    twice, y_twice = np.concatenate([y_hat, y_hat]), np.concatenate([y, y])
    summed = getattr(loss, "reduction", "mean") == "sum"
    ratio = 2 if summed else 1
    assert loss.value(twice, y_twice) == pytest.approx(ratio * loss.value(y_hat, y))
    row = loss.gradient(twice, y_twice)[:N]
    np.testing.assert_allclose(row * (1 if summed else 2), loss.gradient(y_hat, y), rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (SquaredError(), activations.identity),
        (EuclideanNorm(), activations.identity),
        (MaxMargin(), activations.identity),
        (CrossEntropy(), activations.softmax),
        (SoftmaxCrossEntropy(), activations.softmax),
        (BinaryCrossEntropy(), activations.sigmoid),
    ],
)
def test_the_output_function_that_belongs_to_it(loss, expected, rng):
    z = rng.normal(size=(N, K))
    np.testing.assert_array_equal(loss.output(z), expected.value(z))
    assert loss.fused == isinstance(loss, SoftmaxCrossEntropy | BinaryCrossEntropy)


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_fused_equals_two_steps_while_those_can(scale, seed):
    z = np.random.default_rng(seed).normal(size=(N, K)) * min(scale, 50)
    fused = SoftmaxCrossEntropy()
    y_hat = activations.softmax.value(z)
    assert fused.value(z, SOFT) == pytest.approx(CrossEntropy().value(y_hat, SOFT), rel=1e-9)
    two_steps = activations.softmax.vjp(z, CrossEntropy().gradient(y_hat, SOFT))
    np.testing.assert_allclose(fused.gradient(z, SOFT), two_steps, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(("loss", "y"), CASES)
def test_value_is_a_plain_number_and_nothing_is_changed(loss, y, rng):
    y_hat, y_kept = outputs(loss, rng), np.array(y)
    y_hat_kept = y_hat.copy()
    assert type(loss.value(y_hat, y)) is float
    gradient = loss.gradient(y_hat, y)
    assert not np.shares_memory(gradient, y_hat)
    np.testing.assert_array_equal(y_hat, y_hat_kept)
    np.testing.assert_array_equal(y, y_kept)


@pytest.mark.parametrize(("loss", "y"), CASES)
def test_nan_and_wrong_shapes_are_named(loss, y, rng):
    y_hat = outputs(loss, rng)
    first = "z" if loss.fused else "y_hat"
    for bad in (np.nan, np.inf):
        broken = y_hat.copy()
        broken[1, 2] = bad
        with pytest.raises(ValueError, match=rf"^{first}: expected finite numbers.*\(1, 2\)"):
            loss.value(broken, y)
    with pytest.raises(ValueError, match=rf"^{first}: expected shape .*got shape \(3,\)"):
        loss.gradient(y_hat[0], y[:1])
    with pytest.raises(ValueError, match=rf"^{first}: expected at least one example"):
        loss.value(y_hat[:0], y[:0])
    with pytest.raises(ValueError, match=r"^y: expected .*shape"):
        loss.value(y_hat, y[:-1])
    with pytest.raises(TypeError, match=rf"^{first}: expected numbers"):
        loss.value(np.full((N, K), "a"), y)


@pytest.mark.parametrize("loss", [CrossEntropy(), SoftmaxCrossEntropy(), MaxMargin()])
@pytest.mark.parametrize(
    ("y", "error", "match"),
    [
        ([0, 1, 2, 3, 0], ValueError, r"y: expected labels 0 to 2, got 0 to 3"),
        ([0, 1, -1, 2, 0], ValueError, r"y: expected labels 0 to 2, got -1 to 2"),
        ([0, 1, 10**12, 2, 0], ValueError, r"y: expected labels 0 to 2"),
        ([0.0, 1.0, 1.0, 2.0, 0.0], TypeError, r"y: expected whole-number class labels"),
        (["a"] * 5, TypeError, r"y: expected whole-number class labels"),
        (ONE_HOT * 2, ValueError, r"y: expected one-hot rows or distributions"),
        (ONE_HOT - [0.5, 0, -0.5], ValueError, r"y: expected one-hot rows or distributions"),
        (np.where(ONE_HOT == 1, np.nan, 0), ValueError, r"y: expected finite numbers"),
    ],
)
def test_bad_class_targets_are_named(loss, y, error, match, rng):
    with pytest.raises(error, match=match):
        loss.value(outputs(loss, rng), y)


def test_other_bad_arguments():
    with pytest.raises(ValueError, match=r"y: expected shape \(3, 1\), got shape \(3,\)"):
        SquaredError().value(np.zeros((3, 1)), np.zeros(3))  # would broadcast to (3, 3)
    with pytest.raises(ValueError, match="logits go into SoftmaxCrossEntropy"):
        CrossEntropy().value([[2.0, -1.0]], [0])
    with pytest.raises(ValueError, match="logits go into SoftmaxCrossEntropy"):
        CrossEntropy().value([[2.0, 1.0]], [0])
    with pytest.raises(ValueError, match=r"y: expected targets in 0\.\.1"):
        BinaryCrossEntropy().value([[0.0]], [2])
    with pytest.raises(ValueError, match="reduction: expected"):
        SquaredError(reduction="average")
    for factor in (0, -1, np.inf, np.nan):
        with pytest.raises(ValueError, match="factor: expected"):
            SquaredError(factor)
    with pytest.raises(ValueError, match="at least 2 classes"):
        MaxMargin().value([[1.0]], [0])
    with pytest.raises(ValueError, match="mixed distributions"):
        MaxMargin().value(np.zeros((1, 2)), [[0.5, 0.5]])


def test_a_loss_of_ones_own_needs_value_and_gradient_alone(rng):
    class Cubic(Loss):
        def value(self, y_hat, y):
            return float(((y_hat - y) ** 3).sum())

        def gradient(self, y_hat, y):
            return 3 * (y_hat - y) ** 2

    y_hat, y = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    value, cache = Cubic().forward(y_hat, y)
    assert value == Cubic().value(y_hat, y)
    np.testing.assert_array_equal(Cubic().backward(cache), Cubic().gradient(y_hat, y))


def test_a_loss_without_its_methods_is_refused_when_it_is_built():
    class OnlyValue(Loss):
        def value(self, y_hat, y):
            return 0.0

    class OnlyGradient(FusedLoss):
        def gradient(self, z, y):
            return z

    class ForwardAlone(Loss):
        def forward(self, y_hat, y):
            return 0.0, y_hat

        def gradient(self, y_hat, y):
            return y_hat

    for kind, missing in [
        (Loss, "Loss: expected a method value or forward"),
        (FusedLoss, "FusedLoss: expected a method value or forward"),
        (OnlyValue, "OnlyValue: expected a method gradient or backward"),
        (OnlyGradient, "OnlyGradient: expected a method value or forward"),
        (ForwardAlone, "ForwardAlone: expected a method backward beside forward"),
    ]:
        with pytest.raises(TypeError, match=missing):
            kind()


def test_what_a_subclass_of_a_loss_inherits_counts():
    class Named(SoftmaxCrossEntropy):
        def __repr__(self):
            return "named"

    assert Named().value([[0.0, 0.0]], [1]) == pytest.approx(math.log(2))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("gap", [0.5, 5, 20, 40, 80])
def test_softmax_cross_entropy_keeps_its_digits_where_the_net_is_right(gap, dtype):
    """−log ŷ = log(1 + 2e⁻ᵍ) and ŷ − y = −2e⁻ᵍ / (1 + 2e⁻ᵍ) for a lead of g over two others."""
    z = np.array([[0, gap, 0], [gap, 0, 0]], dtype) + dtype(3)
    rest = 2 * math.exp(-gap)
    epsilon = 8 * float(np.finfo(dtype).eps)
    assert SoftmaxCrossEntropy().value(z, [1, 0]) == pytest.approx(math.log1p(rest), rel=epsilon)
    gradient = SoftmaxCrossEntropy().gradient(z, [1, 0])
    ahead, behind = -rest / (1 + rest) / 2, rest / 2 / (1 + rest) / 2
    expected = [[behind, ahead, behind], [ahead, behind, behind]]
    np.testing.assert_allclose(gradient, expected, rtol=epsilon)


@given(z=st.lists(st.floats(-300, 300), min_size=2, max_size=6), data=st.data())
def test_softmax_cross_entropy_against_exact_arithmetic(z, data):
    label = data.draw(st.integers(0, len(z) - 1))
    with mpmath.workdps(300):
        powers = [mpmath.exp(mpmath.mpf(z_c)) for z_c in z]
        y_hat = [power / sum(powers) for power in powers]
        exact = [y_hat[c] - (c == label) for c in range(len(z))]
        value, exact = float(-mpmath.log(y_hat[label])), [float(d) for d in exact]
    assert SoftmaxCrossEntropy().value([z], [label]) == pytest.approx(value, rel=1e-13, abs=1e-300)
    gradient = SoftmaxCrossEntropy().gradient([z], [label])[0]
    np.testing.assert_allclose(gradient, exact, rtol=1e-12, atol=1e-300)


@given(z=st.floats(-600, 600), y=st.integers(0, 1))
def test_the_gradient_of_binary_cross_entropy_keeps_its_digits(z, y):
    with mpmath.workdps(300):
        exact = float(1 / (1 + mpmath.exp(-mpmath.mpf(z))) - y)
    assert BinaryCrossEntropy().gradient([[z]], [[y]])[0, 0] == pytest.approx(exact, rel=1e-13)
