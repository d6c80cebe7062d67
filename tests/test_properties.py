"""What holds for every network: traces, live parameters, save and load."""

import copy
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse import layers, losses
from bpcourse.network import Network

HIDDEN = layers.ElementWise.__subclasses__()
LOSSES = [losses.SquaredError, losses.EuclideanNorm, losses.SoftmaxCrossEntropy, losses.MaxMargin]


@st.composite
def tasks(draw):
    """(network, X, y): any shape and depth, any units, both precisions, any start."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    sizes[-1] = max(sizes[-1], 2)
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    parts = [layers.Sigmoid()] * draw(st.booleans())  # the first layer need not be linear
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        parts += [layers.Linear(n_in, n_out, rng=rng, dtype=dtype), draw(st.sampled_from(HIDDEN))()]
    net = Network(parts, draw(st.sampled_from(LOSSES))())
    for array in net.params.values():
        array += rng.normal(size=array.shape)
    X = rng.normal(size=(draw(st.integers(1, 5)), sizes[0])).astype(dtype)
    y = rng.integers(sizes[-1], size=len(X))
    if isinstance(net.loss, losses.SquaredError | losses.EuclideanNorm):
        y = rng.normal(size=(len(X), sizes[-1])).astype(dtype)
    return net, X, y


@given(tasks())
def test_a_trace_is_the_pass_step_by_step(task):
    net, X, y = task
    value = net.forward(X, y)
    expected = net.backward(input_gradient=True)
    forward = net.forward_trace(X)
    assert [step.index for step in forward] == list(range(len(net.layers)))
    assert [step.layer for step in forward] == list(net.layers)
    assert_array_equal(forward[0].x, X)
    for before, after in zip(forward, forward[1:], strict=False):
        assert_array_equal(before.y, after.x)
    assert_array_equal(forward[-1].y, net.scores(X))
    assert net.loss.value(forward[-1].y, y) == value

    net.forward(X, y)
    backward = net.backward_trace()
    assert [step.index for step in backward] == list(range(len(net.layers)))[::-1]
    assert_array_equal(backward[0].grad_y, net.loss.gradient(forward[-1].y, y))
    for above, below in zip(backward, backward[1:], strict=False):
        assert_array_equal(above.grad_x, below.grad_y)
    for step in backward:
        for name, gradient in step.grads.items():
            assert_array_equal(gradient, expected[f"{step.index}.{name}"])
        assert step.grad_x.shape == forward[step.index].x.shape
        assert step.grad_x.dtype == X.dtype


@given(tasks())
def test_what_is_done_to_a_trace_changes_no_pass(task):
    net, X, y = task
    net.forward(X, y)
    expected = {name: array.copy() for name, array in net.backward().items()}
    net.forward(X, y)
    for step in [*net.forward_trace(X), *net.backward_trace()]:
        for name in ("x", "y", "grad_x", "grad_y"):
            array = getattr(step, name, None)
            if array is not None and array.flags.writeable and not np.shares_memory(array, X):
                array *= 0
    net.forward(X, y)
    assert_gradients_equal(net.backward(), expected)


def assert_gradients_equal(given, expected):
    assert given.keys() == expected.keys()
    for name, array in expected.items():
        assert_array_equal(given[name], array, err_msg=name)


@given(tasks(), st.data())
def test_parameters_are_live(task, data):
    """Writing into params, however, is writing into the layers; no array is ever another."""
    net, X, _ = task
    names = list(net.params)
    before = {name: net.params[name] for name in names}
    name = data.draw(st.sampled_from(names))
    index, _, key = name.partition(".")
    way = data.draw(st.sampled_from(["entry", "augmented", "assigned", "update", "layer"]))
    new = before[name] + 1
    if way == "entry":
        net.params[name].flat[0] += 1
        new = net.params[name].copy()
    elif way == "augmented":
        net.params[name] += 1
    elif way == "assigned":
        net.params[name] = new
    elif way == "update":
        net.params.update({name: new.tolist()})
    else:
        net.layers[int(index)].params[key] += 1
    for other in names:
        assert net.params[other] is before[other]
    assert net.layers[int(index)].params[key] is net.params[name]
    assert_array_equal(net.params[name], new)
    again = copy.deepcopy(net)
    assert_array_equal(again.scores(X), net.scores(X))
    for other in names:
        assert not np.shares_memory(again.params[other], net.params[other])


@given(tasks(), st.sampled_from(["pop", "popitem", "clear", "del", "setdefault", "|=", "shape"]))
def test_parameters_never_part_from_their_layers(task, way):
    net, *_ = task
    before = dict(net.params)
    name = next(iter(before))
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        match way:
            case "pop":
                net.params.pop(name)
            case "popitem":
                net.params.popitem()
            case "clear":
                net.params.clear()
            case "del":
                del net.params[name]
            case "setdefault":
                net.params.setdefault("9.W", np.zeros(1))
            case "|=":
                net.params |= {"9.W": np.zeros(1)}
            case "shape":
                net.params[name] = np.zeros((7, 7, 7))
    assert net.params.keys() == before.keys()
    assert all(net.params[key] is array for key, array in before.items())


@settings(max_examples=50)
@given(tasks())
def test_what_is_saved_is_loaded_bit_for_bit(task):
    net, X, y = task
    kept = _saved(net)
    again = Network.load(io.BytesIO(kept))
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in net.layers]
    assert type(again.loss) is type(net.loss)
    for name, array in net.params.items():
        assert again.params[name].dtype == array.dtype
        assert_array_equal(again.params[name], array)
        assert not np.shares_memory(again.params[name], array)
    assert again.forward(X, y) == net.forward(X, y)
    assert_gradients_equal(again.backward(), net.backward())
    assert _saved(again) == kept


def _saved(net):
    with tempfile.TemporaryDirectory() as folder:
        net.save(Path(folder) / "net.npz")
        return (Path(folder) / "net.npz").read_bytes()


@given(tasks())
def test_the_order_of_the_rows_does_not_matter_and_the_mean_is_of_the_rows(task):
    net, X, y = task
    if isinstance(net.loss, losses.EuclideanNorm):
        return  # no mean over the rows
    value = net.forward(X, y)
    gradient = {name: array.copy() for name, array in net.backward().items()}
    twice = net.forward(np.concatenate([X, X[::-1]]), np.concatenate([y, y[::-1]]))
    precision = 1e-10 if X.dtype == np.float64 else 1e-4
    assert_allclose(twice, value, rtol=precision)
    for name, array in net.backward().items():
        assert_allclose(array, gradient[name], rtol=precision, atol=precision * 10)
