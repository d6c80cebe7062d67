"""The network: both passes against hand arithmetic, numerical slopes and its own trace."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slopes import central_difference, complex_step

from bpcourse import (
    BinaryCrossEntropy,
    CrossEntropy,
    EuclideanNorm,
    LeakyReLU,
    Linear,
    MaxMargin,
    Network,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    accuracy,
    activations,
    layers,
    losses,
)

BATCH, SIZES = 5, (3, 4, 2)
HIDDEN = [kind.__name__ for kind in layers.ElementWise.__subclasses__()]


def make(rng, hidden="Tanh", loss=None, sizes=SIZES, dtype=np.float64):
    parts = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        parts += [Linear(n_in, n_out, rng=rng, dtype=dtype), getattr(layers, hidden)()]
        parts[-2].b = rng.normal(size=n_out)
    return Network(parts[:-1], loss or SquaredError())


def targets(loss, rng, k=SIZES[-1]):
    if isinstance(loss, SquaredError | EuclideanNorm):
        return rng.normal(size=(BATCH, k))
    if isinstance(loss, BinaryCrossEntropy):
        return rng.uniform(size=(BATCH, k))
    return rng.integers(k, size=BATCH)


def test_a_network_worked_by_hand():
    """2-2-1, logistic hidden units, ½ squared error, one example: every number on paper.

    W¹ = [[1, 0], [0, −1]], b¹ = [−2, 1], W² = [[3, −4]], b² = [½]; x = [2, 1], t = 1.
    z¹ = [1·2 − 2, −1·1 + 1] = [0, 0]          a¹ = [½, ½]          σ′ = ½·½ = ¼ twice
    z² = 3·½ − 4·½ + ½ = 0                     loss = ½ (0 − 1)² = ½
    δ² = z² − t = −1                           dW² = δ² a¹ = [−½, −½]       db² = −1
    δ¹ = σ′ ⊙ (W²ᵀ δ²) = ¼ · [−3, 4] = [−¾, 1]
    dW¹ = δ¹ xᵀ = [[−1.5, −0.75], [2, 1]]      db¹ = [−¾, 1]
    ∂L/∂x = W¹ᵀ δ¹ = [−¾, −1]
    """
    first, last = (Linear(n, m, rng=None, init="zeros") for n, m in ((2, 2), (2, 1)))
    first.W, first.b, last.W, last.b = [[1, 0], [0, -1]], [-2, 1], [[3, -4]], [0.5]
    net = Network([first, Sigmoid(), last], SquaredError(0.5))
    assert net.forward([[2, 1]], [[1]]) == 0.5
    expected = {
        "0.W": [[-1.5, -0.75], [2, 1]],
        "0.b": [-0.75, 1],
        "2.W": [[-0.5, -0.5]],
        "2.b": [-1],
        "X": [[-0.75, -1]],
    }
    grads = net.backward(input_gradient=True)
    assert list(grads) == list(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(grads[name], gradient, rtol=1e-15)
    assert "X" not in net.backward()


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(
    "loss", [SquaredError(), EuclideanNorm(), SoftmaxCrossEntropy(), BinaryCrossEntropy()]
)
def test_gradients_are_slopes(hidden, loss, rng):
    net = make(rng, hidden, loss, sizes=(3, 6, 4, 2))
    X, y = rng.normal(size=(BATCH, 3)), targets(loss, rng)
    net.forward(X, y)
    grads = net.backward(input_gradient=True)
    for name, parameter in net.params.items():
        numerical = central_difference(lambda _: net.forward(X, y), parameter)
        np.testing.assert_allclose(grads[name], numerical, rtol=1e-5, atol=1e-8, err_msg=name)
    exact = complex_step(lambda X: net.forward(X, y), X)
    np.testing.assert_allclose(grads["X"], exact, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("last", "loss"), [([Softmax()], CrossEntropy()), ([], MaxMargin()), ([Sigmoid()], None)]
)
def test_gradients_through_other_outputs(last, loss, rng):
    net = make(rng, sizes=(3, 5, 4))
    net = Network(net.layers + last, loss or SquaredError())
    X, y = rng.normal(size=(BATCH, 3)), targets(net.loss, rng, 4)
    net.forward(X, y)
    grads = net.backward()
    for name, parameter in net.params.items():
        numerical = central_difference(lambda _: net.forward(X, y), parameter)
        np.testing.assert_allclose(grads[name], numerical, rtol=1e-5, atol=1e-8, err_msg=name)


@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    hidden=st.sampled_from(["Sigmoid", "Tanh", "Softplus", "SiLU"]),
    seed=st.integers(0, 10_000),
)
def test_the_directional_slope_of_random_networks(sizes, hidden, seed):
    rng = np.random.default_rng(seed)
    net = make(rng, hidden, sizes=sizes)
    X, y = rng.normal(size=(4, sizes[0])), rng.normal(size=(4, sizes[-1]))
    net.forward(X, y)
    grads = net.backward()
    direction = {name: rng.normal(size=p.shape) for name, p in net.params.items()}
    slope = sum((grads[name] * d).sum() for name, d in direction.items())
    start, h = {name: p.copy() for name, p in net.params.items()}, 1e-6
    values = []
    for step in (h, -h):
        net.params.update({name: start[name] + step * d for name, d in direction.items()})
        values.append(net.forward(X, y))
    assert slope == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-5, abs=1e-6)


def test_predict_gives_what_the_loss_says_and_scores_what_the_layer_says(rng):
    X = rng.normal(size=(BATCH, 3))
    for loss, output in [
        (SquaredError(), activations.identity),
        (SoftmaxCrossEntropy(), activations.softmax),
        (BinaryCrossEntropy(), activations.sigmoid),
        (MaxMargin(), activations.identity),
    ]:
        net = make(rng, loss=loss)
        z = np.tanh(X @ net.params["0.W"].T + net.params["0.b"])
        z = z @ net.params["2.W"].T + net.params["2.b"]
        np.testing.assert_allclose(net.scores(X), z, rtol=1e-13)
        np.testing.assert_allclose(net.predict(X), output.value(z), rtol=1e-12)
    net = Network([Linear(3, 2, rng=rng), Softmax()], CrossEntropy())  # no second softmax
    np.testing.assert_array_equal(net.predict(X), net.scores(X))


def test_the_traces_are_the_two_passes(rng):
    net = make(rng, loss=SoftmaxCrossEntropy())
    X, y = rng.normal(size=(BATCH, 3)), rng.integers(2, size=BATCH)
    net.forward(X, y)
    grads = net.backward()
    forward = net.forward_trace(X)
    assert [step.index for step in forward] == [0, 1, 2]
    assert [step.layer for step in forward] == net.layers
    np.testing.assert_array_equal(forward[0].x, X)
    for step, following in zip(forward, forward[1:], strict=False):
        assert step.y is following.x
    np.testing.assert_array_equal(forward[-1].y, net.scores(X))

    net.forward(X, y)
    backward = net.backward_trace()
    assert [step.index for step in backward] == [2, 1, 0]
    y_hat = net.predict(X)
    np.testing.assert_allclose(backward[0].grad_y, (y_hat - np.eye(2)[y]) / BATCH)
    for step, following in zip(backward, backward[1:], strict=False):
        assert step.grad_x is following.grad_y
    traced = {f"{step.index}.{name}": g for step in backward for name, g in step.grads.items()}
    assert traced.keys() == grads.keys()
    for name in grads:
        np.testing.assert_array_equal(traced[name], grads[name])


def test_backward_gives_fresh_gradients(rng):
    net = make(rng)
    X, y = rng.normal(size=(BATCH, 3)), rng.normal(size=(BATCH, 2))
    net.forward(X, y)
    once = net.backward()
    again = net.backward()
    for name in once:
        np.testing.assert_array_equal(once[name], again[name])
        assert not np.shares_memory(once[name], again[name])
        assert not np.shares_memory(once[name], net.params[name])


def test_parameters_are_the_layers_own(rng):
    net = make(rng)
    assert list(net.params) == ["0.W", "0.b", "2.W", "2.b"]
    assert net.params["2.W"] is net.layers[2].W
    net.params["2.W"] = np.zeros((2, 4))
    net.params["2.b"] -= net.params["2.b"]
    assert not net.predict(np.ones((1, 3))).any()


def test_float32_from_input_to_gradient(rng):
    net = make(rng, dtype=np.float32, loss=SoftmaxCrossEntropy())
    X = rng.normal(size=(BATCH, 3))  # float64: cast to the network's type
    net.forward(X, rng.integers(2, size=BATCH))
    results = [net.predict(X), net.scores(X), *net.backward(input_gradient=True).values()]
    results += [step.y for step in net.forward_trace(X)]
    assert {array.dtype for array in results} == {np.dtype(np.float32)}


@pytest.mark.parametrize("loss", [SquaredError(0.5, "sum"), SoftmaxCrossEntropy()])
def test_save_and_load(loss, rng, tmp_path):
    first, last = Linear(3, 4, rng=rng, dtype="f4"), Linear(4, 2, rng=rng, dtype="f4")
    net = Network([first, LeakyReLU(0.3), last], loss)
    net.save(tmp_path / "net.bp")
    back = Network.load(tmp_path / "net.bp")
    X = rng.normal(size=(BATCH, 3))
    np.testing.assert_array_equal(back.predict(X), net.predict(X))
    assert repr(back) == repr(net)
    assert back.dtype == np.float32
    assert back.layers[1].slope == 0.3


def test_load_refuses_what_save_did_not_write(rng, tmp_path):
    net = make(rng)
    (tmp_path / "empty.npz").write_bytes(b"")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    net.save(tmp_path / "whole.npz")
    with np.load(tmp_path / "whole.npz") as arrays:
        parts = dict(arrays)
    np.savez(tmp_path / "no bias.npz", **{k: v for k, v in parts.items() if k != "2.b"})
    np.savez(tmp_path / "wrong shape.npz", **(parts | {"2.b": np.zeros(3)}))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:200])
    for name in ("empty", "other", "no bias", "wrong shape", "cut"):
        with pytest.raises(ValueError, match="path: expected a file written by Network.save"):
            Network.load(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "none.npz")


def test_save_refuses_a_layer_that_load_could_not_build(rng, tmp_path):
    class Doubling(Tanh):
        pass

    with pytest.raises(TypeError, match="save: expected layers and losses of bpcourse"):
        Network([Linear(3, 2, rng=rng), Doubling()], SquaredError()).save(tmp_path / "x")


def test_repr_says_shapes_and_counts(rng):
    text = repr(make(rng))
    assert "26 parameters" in text  # 3·4 + 4 + 4·2 + 2
    assert "0 Linear(3, 4): W (4, 3), b (4,), 16 parameters" in text
    assert "1 Tanh()" in text


@pytest.mark.parametrize(
    ("X", "error", "match"),
    [
        (np.zeros((2, 4)), ValueError, r"^X: expected shape \(batch, 3\).*got shape \(2, 4\)"),
        (np.zeros(3), ValueError, r"^X: .*write X\[None, :\]"),
        (np.zeros((0, 3)), ValueError, r"^X: expected at least one example"),
        ([[1, np.nan, 2]], ValueError, r"^X: expected finite numbers, got nan at index \(0, 1\)"),
        ([[1, np.inf, 2]], ValueError, r"^X: expected finite numbers, got inf"),
        ([["a", "b", "c"]], TypeError, r"^X: expected numbers"),
        (None, TypeError, r"^X: expected numbers"),
    ],
)
@pytest.mark.parametrize("call", ["scores", "predict", "forward_trace", "forward"])
def test_bad_input_is_named(call, X, error, match, rng):
    net = make(rng)
    arguments = (X, np.zeros((2, 2))) if call == "forward" else (X,)
    with pytest.raises(error, match=match):
        getattr(net, call)(*arguments)


def test_an_overflow_on_the_way_is_told_from_a_bad_input(rng):
    net = make(rng, "Identity")
    net.params["0.W"] *= 1e300
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="x: expected finite numbers") as caught,
    ):
        net.scores(np.full((1, 3), 1e300))
    assert "X itself is as expected" in caught.value.__notes__[0]


def test_backward_belongs_to_the_last_forward_whatever_came_between(rng):
    net = make(rng)
    X, y = rng.normal(size=(BATCH, 3)), rng.normal(size=(BATCH, 2))
    net.forward(X, y)
    expected = net.backward()
    net.forward(X, y)
    net.predict(X + 1)
    net.scores(rng.normal(size=(2, 3)))
    net.forward_trace(X)
    for name, gradient in net.backward().items():
        np.testing.assert_array_equal(gradient, expected[name])


def test_backward_without_a_forward_of_its_own(rng):
    net = make(rng)
    X, y = rng.normal(size=(BATCH, 3)), rng.normal(size=(BATCH, 2))

    def fails():
        for call in (net.backward, net.backward_trace):
            with pytest.raises(RuntimeError, match=r"call forward\(X, y\) first"):
                call()

    fails()
    net.predict(X)
    fails()
    net.forward(X, y)
    net.forward_trace(X + 1)
    fails()
    net.forward(X, y)
    with pytest.raises(ValueError, match="^y: expected shape"):
        net.forward(X + 1, y[:2])
    fails()


@pytest.mark.parametrize("loss", [SquaredError(), CrossEntropy(), BinaryCrossEntropy()])
def test_backward_is_that_of_forward_though_x_and_y_change_in_place(loss, rng):
    """Nothing that a caller holds reaches the pass: no gradient mixes two points."""
    last = [Softmax()] if isinstance(loss, CrossEntropy) else []
    net = Network([*make(rng, "SiLU").layers, *last], loss)
    X, y = rng.normal(size=(BATCH, 3)), np.eye(2)[rng.integers(2, size=BATCH)]
    net.forward(X, y)
    expected = net.backward()
    for trace in (False, True):
        X_changing, y_changing = X.copy(), y.copy()
        net.forward(X_changing, y_changing)
        if trace:
            for step in net.forward_trace(X_changing):
                step.y[...] = 7
        X_changing *= 3
        y_changing[...] = y_changing[::-1]
        for name, gradient in net.backward().items():
            np.testing.assert_array_equal(gradient, expected[name], err_msg=name)


def test_a_trace_of_a_changed_x_wants_a_new_forward(rng):
    net = make(rng)
    X, y = rng.normal(size=(BATCH, 3)), rng.normal(size=(BATCH, 2))
    net.forward(X, y)
    X *= 3
    steps = net.forward_trace(X)
    np.testing.assert_array_equal(steps[-1].y, net.scores(X))
    with pytest.raises(RuntimeError, match=r"call forward\(X, y\) first"):
        net.backward()


ACTS = {
    "predict": lambda net, X, y: net.predict(X),
    "scores": lambda net, X, y: net.scores(X),
    "trace": lambda net, X, y: net.forward_trace(X),
    "trace of a list": lambda net, X, y: net.forward_trace(X.tolist()),
    "backward": lambda net, X, y: net.backward(),
    "back trace": lambda net, X, y: net.backward_trace(),
    "in place": lambda net, X, y: np.negative(X, out=X),
    "other trace": lambda net, X, y: net.forward_trace(X + 1),
}


@given(acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=5), seed=st.integers(0, 100))
def test_after_anything_backward_is_the_last_forwards_or_asks_for_one(acts, seed):
    rng = np.random.default_rng(seed)
    net = make(rng, "GELU", SoftmaxCrossEntropy())
    X, y = rng.normal(size=(BATCH, 3)), rng.integers(2, size=BATCH)
    net.forward(X, y)
    expected = net.backward()
    stale, same = False, True
    for name in acts:
        if stale and name in ("backward", "back trace"):
            continue
        ACTS[name](net, X, y)
        same ^= name == "in place"
        stale |= name == "other trace" or (name.startswith("trace") and not same)
    if stale:
        with pytest.raises(RuntimeError):
            net.backward()
    else:
        for name, gradient in net.backward().items():
            np.testing.assert_array_equal(gradient, expected[name])


def test_layers_that_do_not_fit_are_named(rng):
    def build(*parts, loss=None):
        return Network(parts, loss or SquaredError())

    lin = Linear(3, 4, rng=rng)
    with pytest.raises(ValueError, match="at least one layer"):
        build()
    with pytest.raises(ValueError, match=r"layers\[2\]: expected n_in = 4.*got Linear\(3, 2\)"):
        build(lin, Tanh(), Linear(3, 2, rng=rng))
    with pytest.raises(ValueError, match=r"layers\[1\]: expected float64, got float32"):
        build(lin, Linear(4, 2, rng=rng, dtype="f4"))
    with pytest.raises(ValueError, match="in the list twice"):
        square = Linear(3, 3, rng=rng)
        build(square, square)
    with pytest.raises(TypeError, match=r"layers\[1\]: expected a layer"):
        build(lin, np.tanh)
    with pytest.raises(TypeError, match="loss: expected a loss"):
        Network([lin], "mse")
    with pytest.raises(ValueError, match="double softmax"):
        build(lin, Softmax(), loss=SoftmaxCrossEntropy())
    with pytest.raises(ValueError, match="double sigmoid"):
        build(lin, Sigmoid(), loss=BinaryCrossEntropy())
    with pytest.raises(ValueError, match="takes probabilities"):
        build(lin, loss=CrossEntropy())


def test_accuracy():
    y_hat = np.array([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    assert accuracy(y_hat, [1, 0, 0, 0]) == 0.75
    assert accuracy(y_hat, np.eye(2)[[1, 0, 0, 0]]) == 0.75
    assert accuracy(y_hat[:, 1:], [1, 0, 0, 0]) == 0.75
    assert accuracy(y_hat[:, 1:], [[1], [0], [0], [0]]) == 0.75
    with pytest.raises(ValueError, match=r"y: expected shape \(4,\), got shape \(3,\)"):
        accuracy(y_hat, [0, 1, 1])


class _Program:
    """What runs a program where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_loading_a_file_runs_nothing_that_stands_in_it(tmp_path):
    np.savez(tmp_path / "net.npz", network=np.array([_Program(tmp_path / "ran")], dtype=object))
    with pytest.raises(ValueError, match="Network.save"):
        Network.load(tmp_path / "net.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shape", [(2, 3), (2, 1), (3, 2), (2, 2, 1)])
def test_accuracy_takes_no_rows_of_another_shape(shape):
    with pytest.raises(ValueError, match="y: expected shape"):
        accuracy([[0.2, 0.8], [0.9, 0.1]], np.zeros(shape))


def test_assigning_parameters_writes_into_the_arrays_that_are_there(rng):
    net = make(rng, "Tanh")
    arrays = dict(net.params)
    net.params = {"0.W": np.full(net.params["0.W"].shape, 7.0)}
    assert all(net.params[name] is array for name, array in arrays.items())
    assert net.layers[0].W is arrays["0.W"] and (arrays["0.W"] == 7).all()
    with pytest.raises(KeyError, match="9.W"):
        net.params = {"9.W": np.zeros(1)}


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_a_copy_on_other_arrays_leaves_the_network_as_it_is(dtype):
    class Own(Network):
        pass

    rng = np.random.default_rng(0)
    first = make(rng, dtype=np.float32)
    net = Own(first.layers, first.loss)
    X, y = rng.normal(size=(BATCH, SIZES[0])), targets(net.loss, rng)
    loss, before = net.forward(X, y), {n: a.copy() for n, a in net.params.items()}
    arrays = {name: 2 * array.astype(dtype) for name, array in net.params.items()}
    other = net.with_params(arrays)
    assert isinstance(other, Own) and other.dtype == dtype and net.dtype == np.float32
    assert all(other.params[name] is arrays[name] for name in arrays)
    assert other.forward(X, y) != loss
    assert all(np.array_equal(net.params[name], before[name]) for name in before)
    net.backward()  # of its own forward pass


def test_a_loss_of_ones_own_gets_an_array_whatever_the_last_layer_gives(rng):
    class InLists(layers.Identity):
        def forward(self, x):
            return super().forward(x).tolist()

    class Own(losses.Loss):
        def value(self, y_hat, y):
            return float(((y_hat[:, :] - y) ** 2).sum())

        def gradient(self, y_hat, y):
            return 2 * (y_hat - y)

    X, y = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    layer = Linear(3, 2, rng=rng)
    net = Network([layer, InLists()], Own())
    assert net.forward(X, y) == pytest.approx(((X @ layer.W.T + layer.b - y) ** 2).sum())
    assert isinstance(net.scores(X), np.ndarray)
