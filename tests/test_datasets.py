"""The data: the worked network by hand, the digits and their split, toy data, MNIST's files."""

import gzip
import hashlib
import struct
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse import Linear, Network, SoftmaxCrossEntropy, datasets, train

# The worked network


def test_the_running_example_by_hand():
    """x = (0.5, −2, 1.5), y = (0.2, 0.9), from the numbers printed in the docstring.

    z¹₁ =  0.3·0.5 − 0.5·(−2) − 1.1·1.5 − 0.1 =  0.15 + 1.0 − 1.65 − 0.1 = −0.6
    z¹₂ = −1.0·0.5 + 0.7·(−2) + 1.2·1.5 + 0.4 = −0.50 − 1.4 + 1.80 + 0.4 =  0.3
    z¹₃ =  0.8·0.5 − 0.9·(−2) − 0.6·1.5 − 0.2 =  0.40 + 1.8 − 0.90 − 0.2 =  1.1
    z¹₄ =  0.2·0.5 + 0.1·(−2) − 0.4·1.5 + 0.3 =  0.10 − 0.2 − 0.60 + 0.3 = −0.4
    a¹ = σ(z¹) = (0.3543, 0.5744, 0.7503, 0.4013)
    z²₁ = −0.3543 − 0.4·0.5744 + 1.1·0.7503 − 0.3·0.4013 + 0.5 =  0.6208
    z²₂ = −0.1·0.3543 + 1.2·0.5744 − 0.8·0.7503 + 0.9·0.4013 − 0.6 = −0.1851
    δ² = ŷ − y = (0.4208, −1.0851)         loss = ½ (0.1771 + 1.1775) = 0.6773
    W²ᵀδ² = (−0.3123, −1.4705, 1.3310, −1.1028), for instance −0.4208 + 0.1·1.0851 = −0.3123
    σ′ = a(1 − a) = (0.2288, 0.2445, 0.1874, 0.2403)
    δ¹ = (−0.0714, −0.3595, 0.2494, −0.2650)
    """
    net, X, Y = datasets.worked_network()
    assert (X.shape, Y.shape) == ((5, 3), (5, 2))
    assert abs(net.forward(X[:1], Y[:1]) - 0.6773) < 5e-5
    z1, a1, z2 = (step.y[0] for step in net.forward_trace(X[:1]))
    delta2, grad_a1, delta1 = (step.grad_y[0] for step in net.backward_trace())
    np.testing.assert_allclose(z1, [-0.6, 0.3, 1.1, -0.4], rtol=1e-14)
    for numbers, by_hand in [
        (a1, [0.3543, 0.5744, 0.7503, 0.4013]),
        (z2, [0.6208, -0.1851]),
        (delta2, [0.4208, -1.0851]),
        (grad_a1, [-0.3123, -1.4705, 1.3310, -1.1028]),
        (delta1, [-0.0714, -0.3595, 0.2494, -0.2650]),
    ]:
        np.testing.assert_allclose(numbers, by_hand, atol=5.1e-5)


def test_the_docstring_prints_the_numbers_of_the_network():
    printed = datasets.worked_network.__doc__.replace("−", "-")
    for row in datasets.W1 + datasets.W2:
        assert "  ".join(f"{w:4.1f}" for w in row).strip() in printed


@pytest.mark.parametrize(
    "output, layers, targets", [("linear", 3, (5, 2)), ("sigmoid", 4, (5, 2)), ("softmax", 3, (5,))]
)
def test_the_worked_network_has_three_outputs_and_one_set_of_parameters(output, layers, targets):
    linear, X, _ = datasets.worked_network()
    net, X_too, Y = datasets.worked_network(output)
    assert len(net.layers) == layers
    assert Y.shape == targets
    np.testing.assert_array_equal(X, X_too)
    for name, parameter in net.params.items():
        np.testing.assert_array_equal(parameter, linear.params[name])
    net.forward(X, Y)
    assert np.abs(net.backward()["0.W"]).min() > 1e-4


def test_the_worked_network_hides_no_mistake():
    """One decimal each; no two entries of a matrix agree up to sign, and no size equals another."""
    net, X, Y = datasets.worked_network()
    assert len({len(X), *net.params["0.W"].shape, *net.params["2.W"].shape}) == 4
    for array in [*net.params.values(), X[:1], Y[:1]]:
        np.testing.assert_array_equal(array, array.round(1))
        assert len(set(np.abs(array).ravel())) == array.size
    z = np.concatenate([step.y.ravel() for step in net.forward_trace(X)[::2]])
    assert np.abs(z).max() < 2.5
    np.testing.assert_array_equal((net.forward_trace(X[:1])[0].y > 0).sum(), 2)


def test_the_worked_network_is_fresh_each_time_and_refuses_other_outputs():
    net, X, Y = datasets.worked_network()
    for array in [*net.params.values(), X, Y]:
        array += 1
    assert datasets.worked_network()[0].params["0.W"][0, 0] == 0.3
    assert datasets.worked_network()[1][0, 0] == 0.5
    with pytest.raises(ValueError, match="output: .*'linear'.*got 'relu'"):
        datasets.worked_network("relu")


# The digits


def test_the_digits_are_the_published_ones():
    with (files("bpcourse") / "data" / "digits.npz").open("rb") as file, np.load(file) as data:
        pixels = data["images"].tobytes() + data["labels"].tobytes()
    assert hashlib.sha256(pixels).hexdigest().startswith("87ff0c9e40dc7e2c")
    sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn has a copy")
    original = sklearn_datasets.load_digits()
    assert pixels == original.data.astype("u1").tobytes() + original.target.astype("u1").tobytes()


def test_the_digits_are_scaled_split_and_stratified():
    X_train, y_train, X_test, y_test = datasets.digits()
    assert (X_train.shape, y_train.shape) == ((1437, 64), (1437,))
    assert (X_test.shape, y_test.shape) == ((360, 64), (360,))
    assert X_train.dtype == X_test.dtype == np.float64
    assert y_train.dtype.kind == y_test.dtype.kind == "i"
    assert X_train.min() == X_test.min() == 0 and X_train.max() == X_test.max() == 1
    share = np.bincount(y_test) - 360 / 1797 * np.bincount(np.concatenate([y_train, y_test]))
    assert np.abs(share).max() < 1
    together = np.concatenate([X_train, X_test])
    assert len(np.unique(together, axis=0)) == 1797  # no image is on both sides


def test_the_split_of_the_digits_never_changes():
    first, second = datasets.digits(), datasets.digits()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert hashlib.sha256(first[2].tobytes()).hexdigest().startswith("1fd52ee6d03c8500")


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.data())
def test_a_stratified_sample_has_its_size_and_shares(counts, data):
    y = np.repeat(np.arange(len(counts)), counts)
    size = data.draw(st.integers(0, len(y)))
    mask = datasets._stratified(y, size, np.random.default_rng(0))
    assert mask.sum() == size
    taken = np.bincount(y[mask], minlength=len(counts))
    assert np.abs(taken - np.array(counts) * size / len(y)).max() < 1


# Toy data


def test_no_linear_network_fits_xor():
    X, y = datasets.xor()
    assert (X.shape, y.tolist()) == ((4, 2), [0, 1, 1, 0])
    net = Network([Linear(2, 2, rng=np.random.default_rng(0))], SoftmaxCrossEntropy())
    rng = np.random.default_rng(0)
    train(net, X, y, epochs=200, batch_size=4, learning_rate=1, rng=rng, progress=False)
    np.testing.assert_allclose(net.predict(X), 0.5, atol=1e-3)


@pytest.mark.parametrize("draw", [datasets.moons, datasets.spirals])
def test_toy_data_come_from_the_seed(draw):
    arguments = (51, 0.1) if draw is datasets.moons else (51, 3, 0.1)
    (X, y), again, other = (draw(*arguments, np.random.default_rng(s)) for s in (0, 0, 1))
    assert X.shape == (51, 2) and y.shape == (51,) and y.dtype.kind == "i"
    np.testing.assert_array_equal(X, again[0])
    assert (X != other[0]).any()
    assert np.ptp(np.bincount(y)) <= 1


def test_moons_without_noise_are_half_circles(rng):
    X, y = datasets.moons(100, 0, rng)
    centre = np.where(y[:, None] == 0, [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.hypot(*(X - centre).T), 1)
    assert ((X - centre)[:, 1] * np.where(y == 0, 1, -1) >= 0).all()


def test_spirals_without_noise_are_arms(rng):
    X, y = datasets.spirals(90, 3, 0, rng)
    radius = np.hypot(*X.T)
    angle = np.arctan2(X[:, 1], X[:, 0])
    turns = (angle / (2 * np.pi) - y / 3 - radius) % 1
    np.testing.assert_allclose(np.minimum(turns, 1 - turns), 0, atol=1e-9)
    assert radius.max() <= 1


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda rng: datasets.moons(0, 0.1, rng), "n: "),
        (lambda rng: datasets.moons(10, -1, rng), "noise: .*-1"),
        (lambda rng: datasets.moons(10, np.nan, rng), "noise: .*nan"),
        (lambda rng: datasets.moons(10, 0.1, 0), "rng: .*got 0"),
        (lambda rng: datasets.spirals(10, 0, 0.1, rng), "classes: "),
    ],
)
def test_toy_data_refuse_bad_arguments(call, message, rng):
    with pytest.raises((TypeError, ValueError), match=message):
        call(rng)


def test_the_films_have_ratings_beyond_a_logistic_output():
    X, Y = datasets.movie_ratings()
    assert (X.shape, Y.shape) == ((24, 4), (24, 3))
    assert (Y.max(axis=0) > 1).all()
    assert len(np.unique(X, axis=0)) == 24


# MNIST

TRAIN, TEST = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    (
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ),
)


def idx(array):
    """The bytes of an IDX file."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


@pytest.fixture
def small(tmp_path, rng):
    """A folder with seven training and three test images of 28×28, and what is in it."""
    arrays = {}
    for names, n in ((TRAIN, 7), (TEST, 3)):
        arrays[names[0]] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[names[1]] = rng.integers(0, 10, n, dtype=np.uint8)
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path, arrays


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_is_read_plain_and_gzip(small, packed):
    folder, arrays = small
    if packed:
        for name in arrays:
            (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
            (folder / name).unlink()
    X_train, y_train, X_test, y_test = datasets.mnist(folder)
    np.testing.assert_array_equal(X_train, arrays[TRAIN[0]].reshape(7, 784) / 255)
    np.testing.assert_array_equal(X_test, arrays[TEST[0]].reshape(3, 784) / 255)
    np.testing.assert_array_equal(y_train, arrays[TRAIN[1]])
    np.testing.assert_array_equal(y_test, arrays[TEST[1]])
    assert y_train.dtype.kind == "i"
    assert datasets.mnist(str(folder), np.float32)[0].dtype == np.float32


def test_mnist_files_with_a_dot_in_the_name_are_found(small):
    folder, arrays = small
    for name in arrays:
        (folder / name).rename(folder / name.replace("-idx", ".idx"))
    assert len(datasets.mnist(folder)[0]) == 7


def test_absent_files_are_named(small, tmp_path):
    folder, _ = small
    (folder / TEST[1]).unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte or .*gz in the folder"):
        datasets.mnist(folder)
    with pytest.raises(FileNotFoundError, match="nowhere, which does not exist"):
        datasets.mnist(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name, damage, message",
    [
        (
            TRAIN[0],
            lambda d: b"\x00\x00\x08\x01" + d[4:],
            "begins with 00 00 08 03, got 00 00 08 01",
        ),
        (TRAIN[0], lambda d: b"", "got an empty file"),
        (TRAIN[0], lambda d: d[:6], "expected .* entries"),
        (TRAIN[0], lambda d: d[:4] + bytes(12), "expected 0 x 0 x 0 entries"),
        (TRAIN[0], lambda d: d[:-1], "expected 7 x 28 x 28 entries.*got 5487"),
        (TRAIN[0], lambda d: d + b"x", "got 5489"),
        (TRAIN[0], lambda d: gzip.compress(d)[:-30], "expected a whole gzip file"),
        (TRAIN[0], lambda d: gzip.compress(d)[:200] + bytes(99), "expected a whole gzip file"),
        (TRAIN[0], lambda d: gzip.compress(d)[:-8] + bytes(8), "expected a whole gzip file.*CRC"),
        (TEST[1], lambda d: idx(np.arange(2, dtype=np.uint8)), "expected 3 labels.*got 2"),
        (TEST[1], lambda d: idx(np.array([1, 10, 2], np.uint8)), "expected labels 0 to 9, got 10"),
        (TEST[0], lambda d: idx(np.zeros((3, 14, 14), np.uint8)), "one size, got 784 and 196"),
    ],
)
def test_damaged_files_are_named(small, name, damage, message):
    file = small[0] / name
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=message) as caught:
        datasets.mnist(small[0])
    assert name in str(caught.value) or "one size" in message
