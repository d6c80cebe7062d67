"""Lesson 14: mini-batches, the loop, initialisation."""

import numpy as np

from bpcourse.questions.inputs import sizes
from bpcourse.questions.question import question


@question(
    "training.steps",
    "number",
    answer="steps_of_training",
    inputs=lambda rng, size: {
        "examples": int(rng.integers(10, 30)) * 10 + 3,
        "batch": int(rng.choice([16, 32, 50])),
        "epochs": int(rng.integers(2, 9)),
    },
    level="warm_up",
    points=1,
    minutes=2,
    misconceptions="last_batch_dropped one_step_an_epoch epochs_forgotten",
)
def steps(flaw, examples, batch, epochs):
    if flaw("one_step_an_epoch"):
        return epochs
    each = examples // batch if flaw("last_batch_dropped") else -(-examples // batch)
    return each * (1 if flaw("epochs_forgotten") else epochs)


def _pile(rng, size):
    n, k = sizes(rng, size + 2, 2)
    return {
        "X": rng.normal(size=(n, k)),
        "y": rng.normal(size=n),
        "order": rng.permutation(n),
        "batch_size": 2,
    }


@question(
    "training.batches",
    answer="batches",
    inputs=_pile,
    points=2,
    minutes=8,
    misconceptions="shuffled_apart last_batch_dropped order_ignored off_by_one_loop",
)
def batches(flaw, X, y, order, batch_size):
    """A list of (rows of X, rows of y), in the given order, the last perhaps shorter."""
    n = len(X)
    if flaw("order_ignored"):
        order = np.arange(n)
    stop = n - n % batch_size if flaw("last_batch_dropped") else n
    if flaw("off_by_one_loop"):
        stop = n - batch_size
    found = []
    for start in range(0, stop, batch_size):
        rows = order[start : start + batch_size]
        others = np.arange(n)[start : start + batch_size] if flaw("shuffled_apart") else rows
        found.append((X[rows], y[others]))
    return found


def _regression(rng, size):
    n, k = sizes(rng, size + 2, 2)
    return {
        "X": rng.normal(size=(n, k)),
        "y": rng.normal(size=n),
        "w": rng.normal(size=k),
        "eta": 0.1,
        "batch_size": 2,
    }


@question(
    "training.epoch",
    answer="one_epoch",
    inputs=_regression,
    points=3,
    minutes=12,
    misconceptions="nominal_batch_size step_uphill learning_rate_missing gradient_of_the_start "
    "batch_mean_missing last_batch_dropped input_changed",
)
def epoch(flaw, X, y, w, eta, batch_size):
    """One pass in order, for y ≈ Xw and half the mean squared error of each batch."""
    start_w = w
    w = w if flaw("input_changed") else w.copy()
    n = len(X)
    stop = n - n % batch_size if flaw("last_batch_dropped") else n
    for start in range(0, stop, batch_size):
        A, t = X[start : start + batch_size], y[start : start + batch_size]
        error = A @ (start_w if flaw("gradient_of_the_start") else w) - t
        count = batch_size if flaw("nominal_batch_size") else len(A)
        gradient = A.T @ error / (1 if flaw("batch_mean_missing") else count)
        move = (1 if flaw("learning_rate_missing") else eta) * gradient
        w += move if flaw("step_uphill") else -move
    return w.copy()


@question(
    "training.initial_scale",
    "number",
    answer="initial_scale",
    inputs=lambda rng, size: {"n_in": int(rng.choice([16, 25, 100, 400]))},
    level="core",
    points=1,
    minutes=2,
    decimals=3,
    misconceptions="initialisation_too_large variance_for_deviation constant_initialisation",
)
def initial_scale(flaw, n_in):
    if flaw("initialisation_too_large"):
        return 1.0
    if flaw("constant_initialisation"):
        return 0.0
    return 1 / n_in if flaw("variance_for_deviation") else 1 / n_in**0.5


def _symmetry(answer, n_in, n_out, seed):
    """What any right draw has in common: its shape, its spread, and units that learn differently.

    The spread is a power of two times 1/√n_in, 0 for a right one. The units are told apart by the
    rows of dW after a backward pass through tanh, with the same slope from above for each.
    """
    W = np.asarray(answer(n_in, n_out, seed), float)
    if W.shape != (n_out, n_in):
        return W.shape, 0, 0
    X = np.random.default_rng(0).normal(size=(7, n_in))
    dW = (1 - np.tanh(X @ W.T) ** 2).T @ X
    units = len(np.unique(np.round(dW, 9), axis=0))
    if units == 1:  # whatever the constant is, this is what is wrong with it
        return W.shape, 0, 1
    power = np.log2(np.sqrt(np.mean(W**2) * n_in))
    return W.shape, int(np.floor(power + 0.35)), units  # He's and Glorot's rules count as right


@question(
    "training.initial_weights",
    answer="initial_weights",
    inputs=lambda rng, size: {
        "n_in": int(rng.integers(8, 12)) * 16,
        "n_out": int(rng.integers(20, 30)) + size,
        "seed": int(rng.integers(1000)),
    },
    use=_symmetry,
    parts=("shape", "spread", "units"),
    points=2,
    minutes=6,
    misconceptions="constant_initialisation initialisation_too_large variance_for_deviation "
    "rows_and_columns_swapped",
)
def initial_weights(flaw, n_in, n_out, seed):
    """Normal numbers of spread 1/√n_in, (n_out, n_in)."""
    shape = (n_in, n_out) if flaw("rows_and_columns_swapped") else (n_out, n_in)
    spread = 1 / n_in if flaw("variance_for_deviation") else n_in**-0.5
    if flaw("initialisation_too_large"):
        spread = 1.0
    rng = np.random.default_rng(seed)
    if flaw("constant_initialisation"):
        return np.full(shape, spread)
    return spread * rng.normal(size=shape)


@question(
    "training.mend_shuffle",
    "mend",
    answer="shuffled",
    inputs=lambda rng, size: {
        "X": rng.normal(size=(4 + size, 2)),
        "y": rng.normal(size=4 + size),
        "seed": int(rng.integers(1000)),
    },
    parts=("X", "y"),
    level="core",
    points=2,
    minutes=5,
    misconceptions="shuffled_apart order_ignored input_changed columns_shuffled",
)
def mend_shuffle(flaw, X, y, seed):
    """X and y in the order of default_rng(seed).permutation(n)."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    if flaw("order_ignored"):
        return X + 0.0, y + 0.0
    if flaw("columns_shuffled"):
        return X[:, ::-1][order], y[order]
    new_X, new_y = X[order], y[rng.permutation(len(X)) if flaw("shuffled_apart") else order]
    if flaw("input_changed"):
        X[:], y[:] = new_X, new_y
    return new_X, new_y


@question(
    "training.order_of_loop",
    "order",
    answer="loop_order",
    inputs=lambda rng, size: {},
    level="warm_up",
    points=2,
    minutes=3,
    misconceptions="updated_before_passed_down order_ignored",
)
def order_of_loop(flaw):
    if flaw("updated_before_passed_down"):
        return ("shuffle", "batch", "forward", "update", "backward")
    if flaw("order_ignored"):
        return ("batch", "forward", "backward", "update")
    return ("shuffle", "batch", "forward", "backward", "update")


def _equal_weights(units):
    from bpcourse import Linear, Network, SquaredError, Tanh, figures

    rng = np.random.default_rng(0)
    below, above = Linear(2, units, rng=rng), Linear(units, 1, rng=rng)
    for layer in (below, above):
        layer.W[:] = 0.1
    net = Network([below, Tanh(), above], SquaredError())
    return figures.network_diagram(net, max_units=5, weights=True)


@question(
    "training.all_equal",
    "choice",
    answer="all_equal",
    picture=_equal_weights,
    inputs=lambda rng, size: {"units": int(rng.integers(8, 200))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="constant_initialisation zero_means_solved initialisation_too_large",
)
def all_equal(flaw, units):
    if flaw("constant_initialisation"):
        return "differ"
    if flaw("zero_means_solved"):
        return "neutral"
    return "too_small" if flaw("initialisation_too_large") else "alike"


def _stays(loss, classes):
    from bpcourse import figures
    from bpcourse.text import text

    fig = figures.new_figure(4.5, 3)
    ax = fig.subplots()
    epochs = np.arange(1, 41)
    wobble = np.random.default_rng(0).normal(scale=0.01, size=len(epochs))
    ax.plot(epochs, np.log(classes) + wobble, color=figures.FORWARD)
    ax.set(xlabel=text("figures.epoch"), ylabel=text("figures.loss"), ylim=(0, 1.2 * loss))
    ax.set_yticks([0, loss], ["0", f"{loss:g}"])
    return fig


@question(
    "training.accuracy_stuck",
    "choice",
    answer="accuracy_stuck",
    picture=_stays,
    inputs=lambda rng, size: {"loss": 2.3, "classes": 10},
    level="stretch",
    points=1,
    minutes=3,
    misconceptions="shuffled_apart loss_must_fall backprop_updates",
)
def accuracy_stuck(flaw, loss, classes):
    if flaw("loss_must_fall"):
        return "rounding"
    if flaw("backprop_updates"):
        return "more_backprop"
    return "gradient_wrong" if flaw("shuffled_apart") else "labels_apart"
