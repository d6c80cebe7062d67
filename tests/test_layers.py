"""Every layer: gradients of input and parameters, live parameters, bad input."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference, complex_step

import bpcourse
from bpcourse import Network, SquaredError, activations, layers
from bpcourse.activations import Activation
from bpcourse.layers import Linear

BATCH, N_IN, N_OUT = 5, 4, 3
ELEMENT_WISE = [kind.__name__ for kind in layers.ElementWise.__subclasses__()]
WITHOUT_PARAMETERS = [*ELEMENT_WISE, "Softmax"]


def test_every_activation_has_a_layer_that_is_public():
    functions = {type(getattr(layers, name)().function) for name in ELEMENT_WISE}
    assert functions == {type(f) for f in vars(activations).values() if isinstance(f, Activation)}
    assert set(WITHOUT_PARAMETERS) <= set(bpcourse.__all__)


def make(name, rng, dtype=np.float64):
    if name == "Linear":
        layer = Linear(N_IN, N_OUT, rng=rng, dtype=dtype)
        layer.b = rng.normal(size=N_OUT)
        return layer
    return getattr(layers, name)()


@pytest.mark.parametrize("name", ["Linear", *WITHOUT_PARAMETERS])
def test_gradients_of_input_and_parameters(name, rng):
    layer, x = make(name, rng), rng.normal(size=(BATCH, N_IN))
    grad_y = rng.normal(size=layer.forward(x).shape)  # non-uniform upstream
    grad_x = layer.backward(grad_y)
    assert grad_x.shape == x.shape

    def loss(_):
        return (grad_y * layer.forward(x)).sum()

    def loss_of_x(x):
        return (grad_y * layer.forward(x)).sum()

    np.testing.assert_allclose(grad_x, central_difference(loss_of_x, x), rtol=1e-6, atol=1e-9)
    for key, parameter in layer.params.items():
        assert layer.grads[key].shape == parameter.shape
        numerical = central_difference(loss, parameter)
        np.testing.assert_allclose(layer.grads[key], numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", WITHOUT_PARAMETERS)
def test_a_complex_step_passes_through(name, rng):
    layer, x = make(name, rng), rng.normal(size=(BATCH, N_IN))
    grad_y = rng.normal(size=(BATCH, N_IN))
    exact = complex_step(lambda x: (grad_y * layer.forward(x)).sum(), x)
    layer.forward(x)
    np.testing.assert_allclose(layer.backward(grad_y), exact, rtol=1e-9, atol=1e-15)


def test_a_complex_step_passes_through_linear(rng):
    layer, x = make("Linear", rng), rng.normal(size=(BATCH, N_IN))
    grad_y = rng.normal(size=(BATCH, N_OUT))
    exact = complex_step(lambda x: (grad_y * layer.forward(x)).sum(), x)
    layer.forward(x)
    np.testing.assert_allclose(layer.backward(grad_y), exact, rtol=1e-12)

    twin = Linear(N_IN, N_OUT, rng=None, init="zeros", dtype=complex)  # carries a step in W

    def loss_of_w(W):
        twin.W = W
        return (grad_y * twin.forward(x)).sum()

    np.testing.assert_allclose(layer.grads["W"], complex_step(loss_of_w, layer.W), rtol=1e-12)


@given(
    batch=st.integers(1, 6),
    n_in=st.integers(1, 7),
    n_out=st.integers(1, 7),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_linear_over_shapes_and_types(batch, n_in, n_out, seed, dtype):
    rng = np.random.default_rng(seed)
    layer = Linear(n_in, n_out, rng=rng, dtype=dtype)
    x, grad_y = rng.normal(size=(batch, n_in)), rng.normal(size=(batch, n_out))
    y = layer.forward(x)  # float64 in: cast to the layer's type
    grad_x = layer.backward(grad_y)
    assert (y.dtype, grad_x.dtype, layer.grads["W"].dtype, layer.grads["b"].dtype) == (dtype,) * 4
    tolerance = {"rtol": 1e-12, "atol": 1e-14}  # a sum may cancel
    if dtype is np.float32:
        tolerance = {"rtol": 1e-4, "atol": 1e-5}
    W = layer.W.astype(float)
    by_index = np.zeros((n_out, n_in))
    for r in range(batch):
        for i in range(n_out):
            assert y[r, i] == pytest.approx(
                sum(W[i, j] * x[r, j] for j in range(n_in)), rel=1e-4, abs=1e-5
            )
            for j in range(n_in):
                by_index[i, j] += grad_y[r, i] * x[r, j]
    np.testing.assert_allclose(layer.grads["W"], by_index, **tolerance)
    np.testing.assert_allclose(layer.grads["b"], grad_y.sum(axis=0), **tolerance)


def test_a_layer_neither_averages_nor_accumulates(rng):
    layer, x = make("Linear", rng), rng.normal(size=(BATCH, N_IN))
    grad_y = rng.normal(size=(BATCH, N_OUT))
    layer.forward(x)
    layer.backward(grad_y)
    once = layer.grads["W"]
    layer.backward(grad_y)
    np.testing.assert_array_equal(layer.grads["W"], once)  # the second is not twice the first
    layer.forward(np.concatenate([x, x]))
    layer.backward(np.concatenate([grad_y, grad_y]))
    np.testing.assert_allclose(layer.grads["W"], 2 * once)
    np.testing.assert_allclose(layer.grads["b"], 2 * grad_y.sum(axis=0))


@pytest.mark.parametrize("name", ["Linear", *WITHOUT_PARAMETERS])
def test_nothing_given_is_changed_and_no_result_aliases_it(name, rng):
    layer, x = make(name, rng), rng.normal(size=(BATCH, N_IN))
    y = layer.forward(x)
    grad_y = rng.normal(size=y.shape)
    kept = [array.copy() for array in (x, grad_y)]
    grad_x = layer.backward(grad_y)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(grad_y, kept[1])
    given_arrays = [x, grad_y, *layer.params.values()]
    for result in (y, grad_x, *layer.grads.values()):
        assert not any(np.shares_memory(result, given) for given in given_arrays)


def test_parameters_are_live(rng):
    layer = make("Linear", rng)
    W, b, x = layer.W, layer.b, rng.normal(size=(1, N_IN))
    before = layer.forward(x)
    layer.params["W"][0, 0] += 1
    assert layer.forward(x)[0, 0] == pytest.approx(before[0, 0] + x[0, 0])
    layer.params["W"] = np.ones((N_OUT, N_IN))
    layer.W -= 0.5
    layer.b = [1, 2, 3]
    layer.params.update(W=layer.params["W"] * 4)
    assert layer.W is W
    assert layer.b is b
    np.testing.assert_array_equal(W, np.full((N_OUT, N_IN), 2.0))
    np.testing.assert_array_equal(b, [1, 2, 3])
    with pytest.raises(ValueError, match=r"W: expected shape \(3, 4\), got shape \(4, 3\)"):
        layer.W = np.ones((N_IN, N_OUT))
    with pytest.raises(KeyError, match="V: expected one of"):
        layer.params["V"] = W


def test_parameters_never_part(rng):
    """Whatever is done to the dict, the layer, the network and the reader hold one array."""
    layer = make("Linear", rng)
    net = Network([layer], SquaredError())
    for params, name in ((layer.params, "W"), (net.params, "0.W")):
        W, twos = layer.W, np.full((N_OUT, N_IN), 2.0)
        params |= {name: twos}
        assert params[name] is W is layer.W
        np.testing.assert_array_equal(W, twos)
        assert params.setdefault(name, np.zeros((N_OUT, N_IN))) is W
        with pytest.raises(KeyError, match="V: expected one of"):
            params.setdefault("V", twos)
        for act in (
            params.clear,
            params.popitem,
            lambda params=params, name=name: params.pop(name),
            lambda params=params, name=name: params.pop("V", None),
            lambda params=params, name=name: params.__delitem__(name),
        ):
            with pytest.raises(TypeError, match="params: expected them to stay"):
                act()
        assert params[name] is W
    layer.params = {"W": np.ones((N_OUT, N_IN))}
    net.params = {"0.b": [4, 5, 6]}
    assert layer.W is W is net.params["0.W"]
    np.testing.assert_array_equal(W, np.ones((N_OUT, N_IN)))
    np.testing.assert_array_equal(layer.b, [4, 5, 6])


def test_an_update_that_does_not_fit_writes_nothing(rng):
    layer = make("Linear", rng)
    W = layer.W.copy()
    for bad, error, match in [
        (np.zeros(N_OUT + 1), ValueError, r"b: expected shape \(3,\), got shape \(4,\)"),
        (np.zeros(N_OUT) + 1j, TypeError, "b: expected numbers of type float64, got complex128"),
        (["a", "b", "c"], TypeError, "b: expected numbers of type float64, got <U1"),
    ]:
        with pytest.raises(error, match=match):
            layer.params.update(W=np.zeros((N_OUT, N_IN)), b=bad)
        with pytest.raises(error, match=match):
            layer.b = bad
    np.testing.assert_array_equal(layer.W, W)


@given(data=st.data())
def test_parameters_are_live_through_any_history(data):
    """Any sequence of writes, by layer, by network or in place: one array, seen by all."""
    layer = Linear(2, 3, rng=None, init="zeros")
    net = Network([layer], SquaredError())
    W, expected = layer.W, np.zeros((3, 2))
    writes = {
        "set": lambda v: setattr(layer, "W", v),
        "item": lambda v: layer.params.__setitem__("W", v),
        "update": lambda v: net.params.update({"0.W": v}),
        "or": lambda v: net.params.__ior__({"0.W": v}),
        "assign": lambda v: setattr(net, "params", {"0.W": v}),
        "in place": lambda v: np.copyto(net.params["0.W"], v),
        "load": lambda v: np.copyto(pickle.loads(pickle.dumps(layer)).W, v),
    }
    for _ in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(sorted(writes)))
        value = np.array(data.draw(st.lists(st.floats(-9, 9), min_size=6, max_size=6)))
        value = value.reshape(3, 2)
        writes[name](value)
        expected = expected if name == "load" else value
        assert W is layer.W is layer.params["W"] is net.params["0.W"]
        np.testing.assert_array_equal(W, expected)
        np.testing.assert_allclose(net.scores(np.eye(2)), expected.T, rtol=0, atol=0)


def test_a_layer_of_ones_own_gets_its_parameters_once_and_needs_both_passes():
    class Scale(layers.Layer):
        def __init__(self):
            super().__init__()
            self.params = layers.Parameters(s=np.ones(1))

        def forward(self, x):
            return x * self.params["s"]

        def backward(self, grad_y):
            return grad_y * self.params["s"]

    class NoBackward(layers.Layer):
        def forward(self, x):
            return x

    scale = Scale()
    s = scale.params["s"]
    scale.params = {"s": [3.0]}
    assert scale.params["s"] is s and s[0] == 3
    for kind, missing in ((NoBackward, "backward"), (layers.Layer, "backward, forward|'backward'")):
        with pytest.raises(TypeError, match=f"abstract.*({missing})"):
            kind()


def test_a_copy_is_a_layer_of_its_own(rng):
    layer = make("Linear", rng)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        twin.W = np.zeros((N_OUT, N_IN))
        assert layer.W.any()
        twin.params["b"] = [7, 7, 7]
        np.testing.assert_array_equal(twin.forward(np.zeros((1, N_IN))), [[7, 7, 7]])


@pytest.mark.parametrize(
    ("init", "variance"), [("xavier", 2 / 700), ("he", 2 / 300), ("lecun", 1 / 300)]
)
def test_initial_weights(init, variance, rng):
    W = Linear(300, 400, rng=rng, init=init).W
    assert W.shape == (400, 300)
    assert abs(W.mean()) < 4 * (variance / W.size) ** 0.5
    assert W.var() == pytest.approx(variance, rel=0.02)
    assert not Linear(300, 400, rng=rng, init=init).b.any()


def test_zeros_need_no_generator_and_types_share_their_draws():
    assert not Linear(3, 2, rng=None, init="zeros").W.any()
    W = [Linear(3, 2, rng=np.random.default_rng(5), dtype=t).W for t in ("f4", "f8")]
    np.testing.assert_array_equal(W[0], W[1].astype("f4"))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_in": 0}, ValueError, "n_in: expected at least 1, got 0"),
        ({"n_out": 2.5}, TypeError, "n_out: expected a whole number, got 2.5"),
        ({"rng": 3}, TypeError, "rng: expected"),
        ({"init": "ones"}, ValueError, "init: expected one of"),
        ({"dtype": int}, TypeError, "dtype: expected float32 or float64"),
        ({"dtype": "f2"}, TypeError, "dtype: expected float32 or float64"),
    ],
)
def test_bad_arguments_are_named(arguments, error, match, rng):
    good = {"n_in": 3, "n_out": 2, "rng": rng}
    with pytest.raises(error, match=match):
        Linear(**(good | arguments))


@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        (np.zeros((2, 3)), ValueError, r"x: expected shape \(batch, 4\).*got shape \(2, 3\)"),
        (np.zeros((4, 2)), ValueError, r"is it transposed\?"),
        (np.zeros(4), ValueError, r"for one example write x\[None, :\]"),
        (np.zeros((0, 4)), ValueError, r"x: expected at least one example"),
        (np.full((1, 4), np.nan), ValueError, r"x: expected finite numbers, got nan"),
        (np.full((1, 4), -np.inf), ValueError, r"x: expected finite numbers, got -inf"),
        ([["1", "2", "3", "4"]], TypeError, r"x: expected numbers, got an array of type <U1"),
        ([[1, 2, 3, 4], [1]], ValueError, r"x: expected rows of one length"),
    ],
)
def test_bad_input_to_linear_is_named(x, error, match, rng):
    with pytest.raises(error, match=match):
        make("Linear", rng).forward(x)


def test_finite_numbers_whose_squares_overflow_are_fine(rng):
    layer = make("Linear", rng)
    assert np.isfinite(layer.forward(np.full((2, N_IN), 1e200))).all()


@pytest.mark.parametrize("name", ["Linear", *WITHOUT_PARAMETERS])
def test_backward_before_forward_and_a_wrong_upstream(name, rng):
    layer = make(name, rng)
    with pytest.raises(RuntimeError, match=rf"{name}.backward: call forward first"):
        layer.backward(np.zeros((BATCH, N_OUT)))
    layer.forward(np.zeros((BATCH, N_IN)))
    with pytest.raises(ValueError, match=r"grad_y: expected shape \(5, \d\), got shape \(5, 9\)"):
        layer.backward(np.zeros((BATCH, 9)))


def test_reprs_say_what_they_are(rng):
    assert repr(make("Linear", rng)) == "Linear(4, 3)"
    assert repr(layers.Tanh()) == "Tanh()"
    assert repr(layers.LeakyReLU(0.2)) == "LeakyReLU(0.2)"


def test_a_copy_on_other_arrays_leaves_the_layer_as_it_is():
    layer = layers.Linear(N_IN, N_OUT, rng=np.random.default_rng(0), dtype=np.float32)
    before = {name: array.copy() for name, array in layer.params.items()}
    doubled = {name: 2 * array.astype(np.float64) for name, array in layer.params.items()}
    other = layer.with_params(doubled)
    assert all(other.params[name] is doubled[name] for name in doubled)
    assert other.forward(np.ones((3, N_IN))).dtype == np.float64
    for name, array in layer.params.items():
        assert array.dtype == np.float32 and np.array_equal(array, before[name])


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_a_layer_on_other_arrays_computes_in_their_type(dtype, rng):
    layer = make("Linear", rng)
    other = layer.with_params({name: array.astype(dtype) for name, array in layer.params.items()})
    x = rng.normal(size=(BATCH, N_IN))
    y = other.forward(x)
    assert y.dtype == other.dtype == dtype and layer.dtype == layer.forward(x).dtype == np.float64
    np.testing.assert_allclose(y, layer.forward(x), rtol=1e-5)
    assert other.backward(np.ones_like(y)).dtype == other.grads["W"].dtype == dtype
    assert layers.Tanh().with_params({}).dtype is None

    class Scale(layers.Layer):
        """A layer of one's own, which works in the type of its input."""

        forward = backward = lambda self, x: self.params["s"] * x

    scale = Scale()
    scale.params = {"s": np.ones(N_IN)}
    assert scale.with_params({"s": np.ones(N_IN, dtype)}).dtype is None


def test_a_leaky_unit_lets_one_percent_through_unless_told_otherwise():
    np.testing.assert_array_equal(layers.LeakyReLU().forward([[-1.0, 2.0]]), [[-0.01, 2.0]])
    np.testing.assert_array_equal(layers.LeakyReLU(0.5).forward([[-1.0, 2.0]]), [[-0.5, 2.0]])
