"""Every activation against exact arithmetic (mpmath), numerical slopes and the float range."""

import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference, complex_step

from bpcourse import activations

ALL = [  # whatever the module has, so that a new one is compared too
    name
    for name, function in vars(activations).items()
    if isinstance(function, activations.Activation)
]
KINKED = ["relu", "leaky_relu"]
SMOOTH = [name for name in ALL if name not in KINKED]

EXACT = {  # value and derivative in 60 digits
    "sigmoid": (
        lambda z: 1 / (1 + mpmath.exp(-z)),
        lambda z: 1 / (1 + mpmath.exp(-z)) / (1 + mpmath.exp(z)),
    ),
    "tanh": (mpmath.tanh, lambda z: mpmath.sech(z) ** 2),
    "softplus": (lambda z: mpmath.log1p(mpmath.exp(z)), lambda z: 1 / (1 + mpmath.exp(-z))),
    "silu": (
        lambda z: z / (1 + mpmath.exp(-z)),
        lambda z: (1 + z / (1 + mpmath.exp(z))) / (1 + mpmath.exp(-z)),
    ),
    "gelu": (lambda z: z * mpmath.ncdf(z), lambda z: mpmath.ncdf(z) + z * mpmath.npdf(z)),
}
# SiLU′ and GELU′ cross zero near −1.28 and −0.75, where no relative accuracy can be had.
ULPS = {"value": 4, "derivative": 4, "near a root": 64}


def function(name):
    return getattr(activations, name)


def test_every_smooth_activation_has_its_exact_values():
    assert set(EXACT) == set(SMOOTH) - {"identity"}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("which", ["value", "derivative"])
def test_exact_to_a_few_ulps_in_both_tails(name, which, rng):
    z = np.concatenate([np.linspace(-36, 36, 289), rng.normal(size=100) * 8, [-700, 700, 1e-9]])
    computed = getattr(function(name), which)(z)
    with mpmath.workdps(60):
        for z_i, computed_i in zip(z, computed, strict=True):
            exact = EXACT[name][which == "derivative"](mpmath.mpf(float(z_i)))
            if abs(exact) < 1e-300:
                assert abs(computed_i) < 1e-299
                continue
            root = which == "derivative" and name in ("silu", "gelu") and -2 < z_i < -0.5
            ulps = abs(mpmath.mpf(float(computed_i)) / exact - 1) / np.finfo(float).eps
            assert ulps < ULPS["near a root" if root else which], (z_i, ulps)


@pytest.mark.parametrize("name", ALL)
def test_no_warning_and_no_nan_anywhere_in_the_float_range(name):
    largest = np.finfo(float).max
    z = np.array([-largest, -1e300, -1e4, -745, -40, -1e-300, 0, 1e-300, 40, 745, 1e4, largest])
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        for z_typed in (z, z[2:-1].astype(np.float32)):
            a = function(name).value(z_typed)
            slope = function(name).derivative(z_typed)
            assert np.isfinite(a).all()
            assert np.isfinite(slope).all()


@pytest.mark.parametrize("name", ALL)
def test_derivative_is_the_slope(name, rng):
    z = rng.normal(size=(3, 4)) * 2
    weight = rng.normal(size=(3, 4))  # a non-uniform upstream gradient
    f = function(name)
    numerical = central_difference(lambda z: (weight * f.value(z)).sum(), z)
    np.testing.assert_allclose(weight * f.derivative(z), numerical, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ALL)
@given(z=st.floats(-30, 30))
def test_derivative_is_the_complex_step(name, z):
    f = function(name)
    if name in KINKED and z == 0:
        return
    exact = complex_step(lambda z: f.value(z).sum(), np.array([z]))
    np.testing.assert_allclose(f.derivative(np.array([z])), exact, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [n for n in ALL if hasattr(function(n), "derivative_from_output")])
def test_derivative_from_output_agrees(name, rng):
    z = rng.normal(size=(2, 5)) * 3
    f = function(name)
    from_output = f.derivative_from_output(f.value(z))
    np.testing.assert_allclose(from_output, f.derivative(z), rtol=1e-9)


@pytest.mark.parametrize("which", ["value", "derivative"])
def test_gelu_in_float32_is_rounded_once(which):
    z = np.linspace(-10, 6, 2001, dtype=np.float32)
    compute = getattr(activations.gelu, which)
    exact, short = compute(z.astype(np.float64)), compute(z)
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, exact, rtol=np.finfo(np.float32).eps, atol=0)


@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_no_form_from_the_output_where_none_exists(name):
    """SiLU and GELU are not one-to-one: two z give one a, with slopes of opposite sign."""
    assert not hasattr(function(name), "derivative_from_output")


@pytest.mark.parametrize("name", ALL)
def test_jacobian_is_diagonal(name, rng):
    z = rng.normal(size=(3, 4))
    jacobian = function(name).jacobian(z)
    assert jacobian.shape == (3, 4, 4)
    for row in range(3):
        np.testing.assert_array_equal(jacobian[row], np.diag(function(name).derivative(z)[row]))


def test_the_derivative_at_a_kink_is_stated():
    assert activations.relu.derivative(0.0) == 0
    assert activations.leaky_relu.derivative(0.0) == 0.01
    assert activations.LeakyReLU(0.2).derivative_from_output(0.0) == 0.2


@pytest.mark.parametrize("name", [*ALL, "softmax"])
def test_float32_stays_and_integers_become_floats(name):
    f = function(name)
    assert f.value(np.float32([[1, -2]])).dtype == np.float32
    assert f.jacobian(np.float32([[1, -2]])).dtype == np.float32
    assert f.value([[1, -2]]).dtype == np.float64
    for method in ("value", "derivative", "derivative_from_output"):
        if hasattr(f, method):
            of_list, of_array = (getattr(f, method)(z) for z in ([[0.5, 1]], np.array([[0.5, 1]])))
            np.testing.assert_array_equal(of_list, of_array)


@pytest.mark.parametrize("name", ALL)
def test_nan_stays_nan(name):
    assert np.isnan(function(name).value(np.nan))
    if name not in KINKED:
        assert np.isnan(function(name).derivative(np.nan)) or name == "identity"


@pytest.mark.parametrize("name", [*ALL, "softmax"])
@pytest.mark.parametrize("bad", [["a", "b"], [None, 1], [[1, 2], [3]]])
def test_not_numbers(name, bad):
    with pytest.raises((TypeError, ValueError), match=r"^z: expected"):
        function(name).value(bad)


def test_a_function_of_ones_own_needs_value_and_derivative():
    class Square(activations.Activation):
        def value(self, z):
            return z * z

    for kind in (activations.Activation, Square):
        with pytest.raises(TypeError, match="abstract.*derivative"):
            kind()


def test_identity_is_a_copy(rng):
    z = rng.normal(size=3)
    assert not np.shares_memory(activations.identity.value(z), z)


@pytest.mark.parametrize("slope", [0, 1, -0.1, np.nan])
def test_leaky_slope_out_of_range(slope):
    with pytest.raises(ValueError, match="slope: expected"):
        activations.LeakyReLU(slope)


def test_softmax_rows_sum_to_one_at_any_scale():
    z = np.array([[1000.0, 0, -1000], [1e300, 1e300, -1e300], [3, 3, 3]])
    y_hat = activations.softmax.value(z)
    np.testing.assert_allclose(y_hat, [[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3], atol=1e-300)


@given(shift=st.floats(-500, 500))
def test_softmax_does_not_see_a_shift(shift):
    z = np.array([[0.3, -1.2, 2.0, 0.7]])
    shifted = activations.softmax.value(z + shift)
    np.testing.assert_allclose(shifted, activations.softmax.value(z), rtol=1e-12)


def test_softmax_jacobian_and_vjp(rng):
    z = rng.normal(size=(3, 5))
    grad_y = rng.normal(size=(3, 5))
    f = activations.softmax
    jacobian = f.jacobian(z)
    for k in range(5):
        exact = complex_step(lambda z, k=k: f.value(z)[:, k].sum(), z)
        np.testing.assert_allclose(jacobian[:, k, :], exact, rtol=1e-12, atol=1e-16)
    vjp = f.vjp(z, grad_y)
    np.testing.assert_allclose(vjp, np.einsum("bk,bkj->bj", grad_y, jacobian), rtol=1e-12)
    numerical = central_difference(lambda z: (grad_y * f.value(z)).sum(), z)
    np.testing.assert_allclose(vjp, numerical, rtol=1e-6, atol=1e-9)


def test_softmax_goes_along_the_last_axis(rng):
    """Of one example alone, and of examples in two axes, as of the rows of a batch."""
    z, grad_y = rng.normal(size=(2, 4, 3, 5))
    f = activations.softmax
    flat, flat_grad = z.reshape(12, 5), grad_y.reshape(12, 5)
    for logits, upstream in ((z, grad_y), (flat[0], flat_grad[0])):
        rows = logits.size // 5
        for function, shape in ((f.value, (5,)), (f.jacobian, (5, 5))):
            expected = function(flat)[:rows].reshape(*logits.shape[:-1], *shape)
            np.testing.assert_allclose(function(logits), expected, rtol=1e-14)
        expected = f.vjp(flat, flat_grad)[:rows].reshape(logits.shape)
        np.testing.assert_allclose(f.vjp(logits, upstream), expected, rtol=1e-13, atol=1e-16)
