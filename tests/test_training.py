"""Training against the algorithm written out, and what it says when it cannot go on."""

import builtins
import copy
import math

import numpy as np
import pytest

from bpcourse import (
    BinaryCrossEntropy,
    CrossEntropy,
    Linear,
    Network,
    ReLU,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    train,
)
from bpcourse.optimizers import SGD, Adam, cosine, step_decay

N = 23


def problem(rng, loss=None):
    X = rng.normal(size=(N, 3))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    net = Network(
        [Linear(3, 8, rng=rng), Tanh(), Linear(8, 2, rng=rng)], loss or SoftmaxCrossEntropy()
    )
    return net, X, y


def options(rng, **changed):
    good = {"epochs": 3, "batch_size": 5, "learning_rate": 0.1, "rng": rng, "progress": False}
    return good | changed


def test_gradient_descent_is_the_algorithm_written_out(rng):
    """C33 with mini-batches: the same numbers as four plain lines."""
    net, X, y = problem(rng)
    twin = copy.deepcopy(net)
    history = train(net, X, y, **options(np.random.default_rng(7)))

    order_rng, losses = np.random.default_rng(7), []
    for _ in range(3):
        order = order_rng.permutation(N)
        for start in range(0, N, 5):
            batch = order[start : start + 5]
            losses.append(twin.forward(X[batch], y[batch]))
            for name, gradient in twin.backward().items():
                twin.params[name] -= 0.1 * gradient
    for name in net.params:
        np.testing.assert_array_equal(net.params[name], twin.params[name])
    assert history.step_loss == losses
    assert len(losses) == 3 * 5  # 23 examples: four batches of 5 and one of 3
    sizes = [5, 5, 5, 5, 3]
    expected = [np.dot(losses[5 * e : 5 * e + 5], sizes) / N for e in range(3)]
    np.testing.assert_allclose(history.loss, expected)


def test_momentum_and_adam_are_their_formulas(rng):
    gradients = [rng.normal(size=(2, 3)) for _ in range(4)]
    theta = {name: np.ones((2, 3)) for name in ("momentum", "adam")}
    momentum, adam = SGD(momentum=0.9), Adam()
    for g in gradients:
        momentum.step({"W": theta["momentum"]}, {"W": g.copy()}, 0.1)
        adam.step({"W": theta["adam"]}, {"W": g.copy()}, 0.1)

    expected, v = np.ones((2, 3)), 0
    for g in gradients:
        v = 0.9 * v + 0.1 * g
        expected -= v
    np.testing.assert_allclose(theta["momentum"], expected)

    expected = np.ones((2, 3))
    for t in range(1, 5):
        seen = gradients[:t]
        m = sum(0.1 * 0.9 ** (t - 1 - k) * g for k, g in enumerate(seen)) / (1 - 0.9**t)
        s = sum(0.001 * 0.999 ** (t - 1 - k) * g * g for k, g in enumerate(seen)) / (1 - 0.999**t)
        expected -= 0.1 * m / (np.sqrt(s) + 1e-8)
    np.testing.assert_allclose(theta["adam"], expected)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", Adam()])
def test_every_optimizer_lowers_the_loss(optimizer, rng):
    net, X, y = problem(rng)
    rate = 0.01 if optimizer != "sgd" else 0.3
    given = options(rng, epochs=60, learning_rate=rate, optimizer=optimizer)
    history = train(net, X, y, **given)
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert history.accuracy[-1] > history.accuracy[0]


def test_one_seed_one_result(rng):
    net, X, y = problem(rng)
    twin = copy.deepcopy(net)
    runs = [train(n, X, y, **options(np.random.default_rng(3))) for n in (net, twin)]
    assert runs[0] == runs[1]
    for name in net.params:
        np.testing.assert_array_equal(net.params[name], twin.params[name])


def test_x_and_y_are_shuffled_together_and_not_changed(rng):
    net, X, y = problem(rng)
    kept = X.copy(), y.copy()
    train(net, X, y, **options(rng))
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_weight_decay_shrinks_weights_and_not_biases(rng):
    net, X, y = problem(rng)
    for name, parameter in net.params.items():
        if name.endswith(".b"):
            parameter += rng.normal(size=parameter.shape)  # they start at 0, which nothing shrinks
    plain = copy.deepcopy(net)
    start = {name: p.copy() for name, p in net.params.items()}
    given = {"epochs": 1, "batch_size": N, "learning_rate": 0.1}
    train(plain, X, y, **options(np.random.default_rng(1), **given))
    train(net, X, y, **options(np.random.default_rng(1), **given, weight_decay=0.5))
    for name in net.params:
        decay = 0.1 * 0.5 * start[name] if name.endswith(".W") else 0
        np.testing.assert_allclose(net.params[name], plain.params[name] - decay, atol=1e-15)


@pytest.mark.parametrize("adam, epsilon", [(Adam(epsilon=0.5), 0.5), (Adam(), 1e-8)])
def test_the_first_step_of_adam_is_the_gradient_over_its_size_and_epsilon(adam, epsilon):
    g = np.array([3.0, -0.25, 0.0, 1e-8])
    theta = {"W": np.ones(4)}
    adam.step(theta, {"W": g}, 0.1)
    np.testing.assert_allclose(theta["W"], 1 - 0.1 * g / (np.abs(g) + epsilon), rtol=1e-14)


@pytest.mark.parametrize("every, error", [(0, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_schedule_of_no_whole_number_of_epochs_is_refused(every, error):
    with pytest.raises(error, match="every: expected"):
        step_decay(every)


def test_schedules(rng):
    assert [step_decay(2)(e, 6) for e in range(6)] == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert cosine(0, 10) == 1
    assert cosine(5, 10) == pytest.approx(0.5)
    assert 0 < cosine(9, 10) < 0.05
    net, X, y = problem(rng)
    history = train(net, X, y, **options(rng, epochs=4, schedule=step_decay(1)))
    np.testing.assert_allclose(history.learning_rate, [0.1, 0.05, 0.025, 0.0125])


def test_early_stop_brings_the_best_epoch_back(rng):
    net, X, y = problem(rng)
    X_val, y_val = rng.normal(size=(40, 3)), rng.integers(2, size=40)  # noise: soon overfitted
    given = {"epochs": 300, "learning_rate": 0.5, "validation": (X_val, y_val), "early_stop": 5}
    history = train(net, X, y, **options(rng, **given))
    assert len(history.loss) == history.best_epoch + 6 < 300
    assert history.validation_loss[history.best_epoch] == min(history.validation_loss)
    assert net.forward(X_val, y_val) == pytest.approx(min(history.validation_loss))
    assert len(history.validation_accuracy) == len(history.loss)


class Steps(SGD):
    """Sets every parameter to the next of the numbers given, whatever the gradient."""

    def __init__(self, values):
        self.values = list(values)

    def step(self, params, grads, learning_rate):
        value = self.values.pop(0)
        for parameter in params.values():
            parameter[...] = value


def walk(values, rng, **changed):
    """Train z = w x + b on y = 0, with w and b going through ``values``: a validation loss each."""
    net = Network([Linear(1, 1, rng=None, init="zeros")], SquaredError())
    X, y = np.ones((2, 1)), np.zeros((2, 1))
    given = {"epochs": len(values), "batch_size": 2, "optimizer": Steps(values), "early_stop": 2}
    return net, lambda: train(net, X, y, **options(rng, **given, validation=(X, y)) | changed)


@pytest.mark.parametrize(
    ("values", "epochs", "best"),
    [
        ([3, 2, 1, 4, 5, 6, 7], 5, 2),
        ([1, 4, 5, 0, 0], 3, 0),
        ([3, 4, 1, 1, 1, 0, 0], 5, 2),  # as good is not better
        ([3, 4, 2, 3, 1, 2], 6, 4),
    ],
)
def test_early_stop_waits_so_long_and_returns_to_the_best(values, epochs, best, rng):
    net, run = walk(values, rng)
    history = run()
    assert (len(history.loss), history.best_epoch) == (epochs, best)
    assert net.params["0.W"] == net.params["0.b"] == values[best]
    assert history.validation_loss == [(2 * v) ** 2 for v in values[:epochs]]
    net, run = walk(values, rng, early_stop=None)
    assert run().best_epoch == min(range(len(values)), key=values.__getitem__)
    assert net.params["0.W"] == values[-1]  # without early_stop nothing is brought back


@pytest.mark.parametrize("broken", [np.nan, np.inf, 1e200])
def test_the_best_parameters_are_back_after_a_divergence(broken, rng):
    net, run = walk([3, 1, 2, broken], rng)
    match = r"training diverged at step 4 \(epoch 3\).*The parameters of epoch 1 are back\.$"
    with pytest.raises(RuntimeError, match=match):
        run()
    assert net.params["0.W"] == net.params["0.b"] == 1
    net, run = walk([3, 1, 2, broken], rng, early_stop=None)
    with pytest.raises(RuntimeError, match="Try a smaller learning_rate.$"):
        run()
    assert net.params["0.W"] != 1


def test_the_best_parameters_are_back_after_an_interruption(rng):
    class Interrupted(Steps):
        def step(self, params, grads, learning_rate):
            if len(self.values) == 1:
                raise KeyboardInterrupt
            super().step(params, grads, learning_rate)

    net, run = walk([3, 1, 2, 5], rng, optimizer=Interrupted([3, 1, 2, 5]))
    with pytest.raises(KeyboardInterrupt):
        run()
    assert net.params["0.W"] == 1


def test_a_validation_loss_that_is_not_finite_is_said(rng):
    """The loss is infinite where the true class has the probability 0."""
    net = Network([Linear(1, 2, rng=rng), Softmax()], CrossEntropy())
    net.params["0.W"] = [[800.0], [0.0]]
    X, y = np.ones((1, 1)), [0]
    given = options(rng, epochs=1, batch_size=1)
    train(net, X, y, **given)
    with pytest.raises(
        RuntimeError, match="diverged at step 1 .*the validation loss: expected fin"
    ):
        train(net, X, y, **given, validation=(X, [1]))
    with pytest.raises(RuntimeError, match="diverged at step 0 .*: the loss: expected fin"):
        train(net, X, [1], **given)


def test_a_gradient_that_is_not_finite_stops_a_step_though_the_loss_is(rng):
    class Steep(SquaredError):
        def backward(self, cache):
            return np.full_like(super().backward(cache), np.inf)

    X, y = np.ones((2, 1)), np.zeros((2, 1))
    net = Network([Linear(1, 1, rng=rng)], Steep())
    W = net.params["0.W"].copy()
    with pytest.raises(RuntimeError, match="diverged at step 0 .*: the gradient of 0.W: expected"):
        train(net, X, y, **options(rng))
    np.testing.assert_array_equal(net.params["0.W"], W)


def test_a_loss_that_is_infinite_stops_a_step_though_the_gradient_is_not(rng):
    class Infinite(SquaredError):
        def forward(self, y_hat, y):
            return math.inf, super().forward(y_hat, y)[1]

    X, y = np.ones((2, 1)), np.zeros((2, 1))
    net = Network([Linear(1, 1, rng=rng)], Infinite())
    W = net.params["0.W"].copy()
    with pytest.raises(
        RuntimeError, match="diverged at step 0 .*: the loss: expected fin.* got inf"
    ):
        train(net, X, y, **options(rng))
    np.testing.assert_array_equal(net.params["0.W"], W)


def test_the_accuracy_of_all_examples_can_be_left_out(rng, monkeypatch):
    net, X, y = problem(rng)
    shown = train(copy.deepcopy(net), X, y, **options(np.random.default_rng(1)))
    calls = []
    predict = Network.predict
    monkeypatch.setattr(Network, "predict", lambda net, X: calls.append(len(X)) or predict(net, X))
    given = options(np.random.default_rng(1), training_accuracy=False, validation=(X[:7], y[:7]))
    history = train(net, X, y, **given)
    assert history.accuracy == [] and len(history.validation_accuracy) == 3
    assert history.loss == shown.loss
    assert calls == [7, 7, 7]  # no pass over the examples of training


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.eye(3)[[0, 1, 2]], True),
        ([[1, 1, 0], [0, 1, 0], [0, 0, 1]], False),
        ([[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]], False),
        ([[0, 0, 0], [0, 1, 0], [0, 0, 1]], False),
        ([[2, -1, 0], [0, 1, 0], [0, 0, 1]], False),
    ],
)
def test_an_accuracy_needs_rows_of_one_one(y, classes, rng):
    net = Network([Linear(2, 3, rng=rng)], SquaredError())
    history = train(net, rng.normal(size=(3, 2)), y, **options(rng, validation=([[1, 2]], y[:1])))
    assert len(history.accuracy) == 3 * classes
    assert len(history.validation_accuracy) == 3 * (list(y[0]) in ([1, 0, 0], [0, 1, 0]))


def test_a_softmax_layer_trains_with_cross_entropy_and_a_layer_alone_with_its_input(rng):
    X, y = rng.normal(size=(N, 3)), rng.integers(2, size=N)
    net = Network([Linear(3, 2, rng=rng), Softmax()], CrossEntropy())
    twin = Network([copy.deepcopy(net.layers[0])], SoftmaxCrossEntropy())
    runs = [train(n, X, y, **options(np.random.default_rng(2))) for n in (net, twin)]
    np.testing.assert_allclose(runs[0].loss, runs[1].loss, rtol=1e-12)
    np.testing.assert_allclose(net.params["0.W"], twin.params["0.W"], rtol=1e-12)
    history = train(Network([Tanh()], SquaredError()), X, np.tanh(X), **options(rng))
    assert history.loss == [0, 0, 0]
    with pytest.raises(ValueError, match=r"^y: expected shape \(23, 3\), got shape \(23, 2\)"):
        train(Network([Tanh()], SquaredError()), X, X[:, :2], **options(rng))


def test_the_bar_is_closed_however_training_ends(rng, monkeypatch):
    import tqdm.auto

    closed, made = [], []

    class Bar(tqdm.auto.tqdm):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)  # a bar that nobody has any more closes itself

        def close(self):
            closed.append(self.n)
            super().close()

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    net, X, y = problem(rng)
    train(net, X, y, **options(rng, progress=True))
    assert closed[:1] == [3]
    closed.clear()
    with pytest.raises(ValueError):
        train(net, X, y, **options(rng, progress=True, schedule=lambda e, n: 1 if e < 2 else -1))
    assert closed[:1] == [2]


def test_no_accuracy_without_classes(rng):
    X, y = rng.normal(size=(N, 3)), rng.normal(size=(N, 2))
    net = Network([Linear(3, 2, rng=rng)], SquaredError())
    history = train(net, X, y, **options(rng))
    assert (history.accuracy, history.best_epoch) == ([], None)
    one_hot = np.eye(2)[rng.integers(2, size=N)]
    assert len(train(net, X, one_hot, **options(rng)).accuracy) == 3


def test_xor_is_learnt(rng):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    net = Network([Linear(2, 8, rng=rng), Tanh(), Linear(8, 1, rng=rng)], BinaryCrossEntropy())
    history = train(net, X, y, **options(rng, epochs=300, batch_size=4, learning_rate=0.5))
    assert history.accuracy[-1] == 1
    np.testing.assert_array_equal(net.predict(X)[:, 0] > 0.5, y)


def test_divergence_says_where(rng):
    X = rng.normal(size=(N, 3))
    net = Network([Linear(3, 4, rng=rng), ReLU(), Linear(4, 1, rng=rng)], SquaredError())
    match = r"training diverged at step \d+ \(epoch \d+\): .*Parameter [02]\.[Wb] has reached"
    with pytest.raises(RuntimeError, match=match):  # and no warning of NumPy's before it
        train(net, X, X[:, :1], **options(rng, epochs=100, learning_rate=1e3))


def test_a_last_step_that_breaks_a_parameter_is_not_silent(rng):
    class Breaks(SGD):
        def step(self, params, grads, learning_rate):
            params["0.b"] += np.inf

    X, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    net = Network([Linear(3, 2, rng=rng)], SquaredError())
    given = options(rng, epochs=1, batch_size=4, optimizer=Breaks())
    with pytest.raises(RuntimeError, match=r"diverged at step 1 .*parameter 0\.b"):
        train(net, X, y, **given)


def test_the_loss_of_an_epoch_is_a_sum_where_the_loss_is_one(rng):
    X, y = rng.normal(size=(N, 3)), rng.normal(size=(N, 2))
    net = Network([Linear(3, 2, rng=rng)], SquaredError(reduction="sum"))
    expected = net.forward(X, y)
    history = train(net, X, y, **options(rng, epochs=1, learning_rate=1e-12))
    assert history.loss[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["0.W", "2.b"])
def test_a_broken_parameter_is_the_one_that_is_named(name, rng):
    net, X, y = problem(rng)
    net.params[name][1] = np.nan
    match = rf"step 0 \(epoch 0\).*Parameter {name} has reached nan"
    with pytest.raises(RuntimeError, match=match):
        train(net, X, y, **options(rng))


def test_progress_goes_to_stderr_with_tqdm_and_to_stdout_without(rng, capsys, monkeypatch):
    net, X, y = problem(rng)
    train(net, X, y, **options(rng))
    assert capsys.readouterr() == ("", "")
    train(net, X, y, **options(rng, progress=True))
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    assert "loss=" in err

    real_import = builtins.__import__

    def without_tqdm(name, *args, **kwargs):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_tqdm)
    train(net, X, y, **options(rng, progress=True))
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[2].startswith("epoch 3/3: loss 0.")


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"X": np.zeros((N, 4))}, ValueError, r"^X: expected shape \(batch, 3\)"),
        ({"X": np.zeros((0, 3)), "y": []}, ValueError, "^X: expected at least one example"),
        ({"X": np.full((N, 3), np.nan)}, ValueError, "^X: expected finite numbers"),
        ({"X": [["a"] * 3] * N}, TypeError, "^X: expected numbers"),
        ({"y": np.zeros(N - 1, int)}, ValueError, "^y: expected 23 targets"),
        ({"y": np.zeros(N, int) + 2}, ValueError, "^y: expected labels 0 to 1, got 2 to 2"),
        ({"y": np.zeros(N)}, TypeError, "^y: expected whole-number class labels"),
        ({"y": 3}, ValueError, "^y: expected 23 targets"),
        ({"epochs": 0}, ValueError, "^epochs: expected at least 1"),
        ({"batch_size": 2.0}, TypeError, "^batch_size: expected a whole number"),
        ({"learning_rate": 0}, ValueError, "^learning_rate: expected a finite number above 0"),
        ({"learning_rate": math.inf}, ValueError, "^learning_rate: expected a finite number"),
        ({"weight_decay": math.inf}, ValueError, "^weight_decay: expected a finite number"),
        ({"early_stop": 0, "validation": (np.zeros((1, 3)), [0])}, ValueError, "^early_stop: exp"),
        ({"early_stop": "x", "validation": (np.zeros((1, 3)), [0])}, TypeError, "^early_stop: exp"),
        ({"learning_rate": True}, TypeError, "^learning_rate: expected a number"),
        ({"learning_rate": math.nan}, ValueError, "^learning_rate: expected"),
        ({"weight_decay": -1}, ValueError, "^weight_decay: expected a finite number of at least"),
        ({"rng": 0}, TypeError, "^rng: expected"),
        ({"optimizer": "rmsprop"}, ValueError, "^optimizer: expected one of"),
        ({"optimizer": 3}, TypeError, "^optimizer: expected an object with a method step"),
        ({"early_stop": 2}, ValueError, "^early_stop: expected validation"),
        ({"validation": (np.zeros((2, 3)), [0, 5])}, ValueError, "^validation y: expected labels"),
        ({"validation": np.zeros((2, 3))}, TypeError, r"^validation: expected \(X, y\)"),
        ({"schedule": "cosine"}, TypeError, "^schedule: expected a function"),
        ({"schedule": lambda e, n: math.nan}, ValueError, "^learning_rate times schedule"),
        ({"schedule": lambda e, n: -1}, ValueError, "^learning_rate times schedule"),
        ({"learning_rate": "0.1"}, TypeError, "^learning_rate: expected a number, got '0.1'"),
        ({"weight_decay": None}, TypeError, "^weight_decay: expected a number, got None"),
        ({"optimizer": Adam}, TypeError, "^optimizer: expected an object with a method step"),
        ({"net": "mlp"}, TypeError, "^net: expected a Network"),
    ],
)
def test_bad_arguments_are_named_before_anything_changes(changed, error, match, rng):
    net, X, y = problem(rng)
    before = {name: p.copy() for name, p in net.params.items()}
    given = {"net": net, "X": X, "y": y, **options(rng)} | changed
    with pytest.raises(error, match=match):
        train(given.pop("net"), given.pop("X"), given.pop("y"), **given)
    for name in before:
        np.testing.assert_array_equal(net.params[name], before[name])


@pytest.mark.parametrize("momentum", [-0.1, 1, np.nan])
def test_momentum_out_of_range(momentum):
    with pytest.raises(ValueError, match="momentum: expected"):
        SGD(momentum)


def test_logistic_hidden_units_train_too(rng):
    net, X, y = problem(rng)
    net = Network([net.layers[0], Sigmoid(), net.layers[2]], SoftmaxCrossEntropy())
    history = train(net, X, y, **options(rng, epochs=200, learning_rate=1))
    assert history.loss[-1] < 0.7 * history.loss[0]
