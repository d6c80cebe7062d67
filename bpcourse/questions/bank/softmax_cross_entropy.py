"""Lesson 10: softmax with cross-entropy."""

import numpy as np

from bpcourse.questions.bank import pictures
from bpcourse.questions.inputs import sizes
from bpcourse.questions.question import question


def _softmax(z, shift=True):
    e = np.exp(z - z.max(axis=-1, keepdims=True) if shift else z)
    return e / e.sum(axis=-1, keepdims=True)


def _shares(rng, size):
    return {"y_hat": rng.permutation([0.1, 0.2, 0.7]), "c": int(rng.integers(1, 4))}


@question(
    "softmax_cross_entropy.delta_by_hand",
    "array",
    answer="delta_by_hand",
    picture=pictures.probabilities,
    inputs=_shares,
    level="warm_up",
    points=1,
    minutes=2,
    decimals=2,
    misconceptions="true_class_not_subtracted target_and_output_swapped output_slope_twice",
)
def delta_by_hand(flaw, y_hat, c):
    y = np.eye(3)[c - 1]
    if flaw("true_class_not_subtracted"):
        return y_hat * 1.0
    delta = y - y_hat if flaw("target_and_output_swapped") else y_hat - y
    return delta * y_hat * (1 - y_hat) if flaw("output_slope_twice") else delta


def _logits(rng, size):
    return {"z": rng.normal(size=2 + size) * 2}


@question(
    "softmax_cross_entropy.jacobian",
    answer="softmax_jacobian",
    inputs=_logits,
    points=3,
    minutes=10,
    misconceptions="softmax_diagonal_only diagonal_forgotten product_not_subtracted sign_flipped",
)
def jacobian(flaw, z):
    y_hat = _softmax(z)
    if flaw("softmax_diagonal_only"):
        return np.diag(y_hat * (1 - y_hat))
    products = np.outer(y_hat, y_hat)
    diagonal = 0 * products if flaw("diagonal_forgotten") else np.diag(y_hat)
    J = diagonal + products if flaw("product_not_subtracted") else diagonal - products
    return -J if flaw("sign_flipped") else J


def _batch(rng, size):
    batch, k = sizes(rng, size, 2)
    Z, labels = 2 * rng.normal(size=(batch, k)), rng.integers(k, size=batch)
    if size == 3:  # far apart: the true class's probability rounds to 0
        Z[0], labels[0] = np.linspace(-450, 450, k), 0
    return {"Z": Z + 1000.0 if size == 4 else Z, "labels": labels}  # large: e to the Z overflows


@question(
    "softmax_cross_entropy.fused_gradient",
    answer="fused_gradient",
    inputs=_batch,
    points=3,
    minutes=10,
    misconceptions="batch_mean_missing true_class_not_subtracted output_slope_twice no_max_shift "
    "target_and_output_swapped softmax_twice",
)
def fused_gradient(flaw, Z, labels):
    Y_hat = _softmax(Z, shift=not flaw("no_max_shift"))
    if flaw("softmax_twice"):
        Y_hat = _softmax(Y_hat)
    Y = np.eye(Z.shape[1])[labels]
    if flaw("true_class_not_subtracted"):
        Y = 0 * Y
    gradient = Y - Y_hat if flaw("target_and_output_swapped") else Y_hat - Y
    if flaw("output_slope_twice"):
        gradient = gradient * Y_hat * (1 - Y_hat)
    return gradient / (1 if flaw("batch_mean_missing") else len(Z))


@question(
    "softmax_cross_entropy.stable_loss",
    answer="stable_loss",
    inputs=_batch,
    points=3,
    minutes=10,
    misconceptions="log_of_zero no_max_shift batch_mean_missing softmax_twice sign_flipped "
    "wrong_class_picked",
)
def stable_loss(flaw, Z, labels):
    rows = np.arange(len(Z))
    if flaw("wrong_class_picked"):
        labels = Z.argmax(axis=1)
    if flaw("softmax_twice"):
        Z = _softmax(Z)
    top = 0 if flaw("no_max_shift") else Z.max(axis=1)
    if flaw("log_of_zero"):
        each = -np.log(_softmax(Z)[rows, labels])
    else:
        each = top + np.log(np.exp((Z.T - top).T).sum(axis=1)) - Z[rows, labels]
    total = each.sum() if flaw("batch_mean_missing") else each.mean()
    return -total if flaw("sign_flipped") else total


def _classifier(rng, size):
    n, k, batch = sizes(rng, size + 1, 3)
    return {
        "W": rng.normal(size=(k, n)),
        "X": rng.normal(size=(batch, n)),
        "labels": rng.integers(k, size=batch),
    }


def _train(answer, W, X, labels):
    """The losses of 15 steps, and W after them: a gradient that fits a wrong loss shows here."""
    losses = []
    for _ in range(15):
        loss, dW = answer(W, X, labels)
        losses.append(float(loss))
        W = W - 0.5 * np.asarray(dW)
    return np.array(losses), W


@question(
    "softmax_cross_entropy.classifier",
    answer="loss_and_gradient",
    inputs=_classifier,
    use=_train,
    parts=("losses", "W"),
    points=3,
    minutes=12,
    misconceptions="softmax_twice true_class_not_subtracted batch_mean_missing sign_flipped",
)
def classifier(flaw, W, X, labels):
    """(ℒ, dW) for ŷ = softmax(W x), the mean over the rows of X."""
    y_hat = _softmax(X @ W.T)
    shown = _softmax(y_hat) if flaw("softmax_twice") else y_hat
    rows = np.arange(len(X))
    loss = -np.mean(np.log(shown[rows, labels]))
    delta = shown.copy()
    if not flaw("true_class_not_subtracted"):
        delta[rows, labels] -= 1
    if flaw("softmax_twice"):  # its own gradient, so that every gradient check passes
        delta = y_hat * (delta - (y_hat * delta).sum(axis=1, keepdims=True))
    dW = delta.T @ X / (1 if flaw("batch_mean_missing") else len(X))
    return loss, -dW if flaw("sign_flipped") else dW


def _upstream(rng, size):
    batch, k = sizes(rng, size, 2)
    return {"Z": rng.normal(size=(batch, k)), "grad_y": rng.normal(size=(batch, k))}


@question(
    "softmax_cross_entropy.mend_softmax_backward",
    "mend",
    answer="softmax_backward",
    inputs=_upstream,
    level="stretch",
    points=3,
    minutes=10,
    misconceptions="softmax_diagonal_only summed_over_wrong_axis slope_missing upstream_missing",
)
def mend_softmax_backward(flaw, Z, grad_y):
    Y_hat = _softmax(Z)
    if flaw("slope_missing"):
        return grad_y + 0.0
    if flaw("softmax_diagonal_only"):
        return grad_y * Y_hat * (1 - Y_hat)
    if flaw("upstream_missing"):
        return Y_hat * (1 - Y_hat)
    axis = 0 if flaw("summed_over_wrong_axis") else 1
    return Y_hat * (grad_y - (grad_y * Y_hat).sum(axis=axis, keepdims=True))


def _falls_and_stays(classes, loss, epochs):
    from bpcourse import figures
    from bpcourse.text import text

    fig = figures.new_figure(4.5, 3)
    ax = fig.subplots()
    epoch = np.linspace(0, epochs, 200)
    start = np.log(classes)  # a network that knows nothing
    ax.plot(epoch, loss + (start - loss) * np.exp(-8 * epoch / epochs), color=figures.FORWARD)
    ax.set(xlabel=text("figures.epoch"), ylabel=text("figures.loss"), ylim=(0, 1.05 * start))
    ax.set_xticks([0, epochs], ["0", f"{epochs}"])
    ax.set_yticks([0, loss], ["0", f"{loss:g}"])
    return fig


@question(
    "softmax_cross_entropy.stuck_loss",
    "choice",
    answer="stuck_loss",
    picture=_falls_and_stays,
    inputs=lambda rng, size: {"classes": 10, "loss": 1.46, "epochs": int(rng.integers(20, 90))},
    level="core",
    points=1,
    minutes=3,
    misconceptions="softmax_twice zero_means_solved batch_mean_missing",
)
def stuck_loss(flaw, classes, loss, epochs):
    if flaw("softmax_twice"):
        return "more_epochs"
    if flaw("zero_means_solved"):
        return "best_possible"
    return "divide" if flaw("batch_mean_missing") else "twice"
