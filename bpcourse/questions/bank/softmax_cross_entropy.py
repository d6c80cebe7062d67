"""Lesson 10: softmax with cross-entropy."""

import numpy as np

from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.bank._inputs import sizes
from bpcourse.questions.question import question


def _softmax(z, shift=True, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True) if shift else z)
    return e / e.sum(axis=axis, keepdims=True)


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
    misconceptions="true_class_not_subtracted target_and_output_swapped output_slope_twice "
    "other_classes_forgotten class_miscounted slope_missing",
)
def delta_by_hand(flaw, y_hat, c):
    y = np.eye(3)[(c if flaw("class_miscounted") else c - 1) % 3]
    if flaw("slope_missing"):
        return -y / y_hat
    if flaw("other_classes_forgotten"):
        return (y_hat - y) * y
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
    misconceptions="softmax_diagonal_only diagonal_forgotten product_not_subtracted sign_flipped "
    "vector_for_every_row softmax_twice no_normalisation",
    forms={
        "softmax_diagonal_only": "as_vector",
        "product_not_subtracted": "left_out added_beside",
        "vector_for_every_row": "in_columns squares_alone",
        "no_normalisation": "not_shifted",
    },
)
def jacobian(flaw, z):
    y_hat = _softmax(_softmax(z) if flaw("softmax_twice") else z)
    if flaw("no_normalisation"):
        y_hat = np.exp(z if flaw("not_shifted") else z - z.max())
    if flaw("softmax_diagonal_only"):
        slopes = y_hat * (1 - y_hat)
        return slopes if flaw("as_vector") else np.diag(slopes)
    products = np.outer(y_hat, y_hat)
    diagonal = 0 * products if flaw("diagonal_forgotten") else np.diag(y_hat)
    if flaw("vector_for_every_row"):
        if flaw("squares_alone"):
            return diagonal - y_hat * y_hat
        return (y_hat - products).T if flaw("in_columns") else y_hat - products
    if flaw("product_not_subtracted"):
        if flaw("left_out"):
            return diagonal
        J = diagonal + products
        return np.abs(diagonal - products) if flaw("added_beside") else J
    J = diagonal - products
    return -J if flaw("sign_flipped") else J


def _batch(rng, size):
    batch, k = sizes(rng, size, 2)
    Z, labels = 2 * rng.normal(size=(batch, k)), rng.integers(k, size=batch)
    if size == 3:  # far apart: the true class's probability rounds to 0
        Z[0], labels[0] = np.linspace(-450, 450, k), 0
    if size == 4:  # e to the Z overflows; with one shift for all rows it is 0 in the others
        Z = Z + np.where(np.arange(batch) % 2, -1000.0, 1000.0)[:, None]
    return {"Z": Z, "labels": labels}


def _shifted(flaw, Z):
    """The largest logit of each row, (batch, 1); 0, or the largest of all, as a mistake."""
    if flaw("no_max_shift"):
        return np.full((len(Z), 1), Z.max() if flaw("one_shift_for_all") else 0.0)
    return Z.max(axis=1, keepdims=True)


@question(
    "softmax_cross_entropy.fused_gradient",
    answer="fused_gradient",
    inputs=_batch,
    points=3,
    minutes=10,
    misconceptions="batch_mean_missing true_class_not_subtracted output_slope_twice no_max_shift "
    "target_and_output_swapped softmax_twice averaged_twice mean_over_entries "
    "summed_over_wrong_axis class_miscounted columns_for_entries other_classes_forgotten "
    "activation_forgotten slope_missing keepdims_forgotten",
    forms={
        "batch_mean_missing": "before_the_target",
        "no_max_shift": "one_shift_for_all",
        "columns_for_entries": "as_rows",
    },
)
def fused_gradient(flaw, Z, labels):
    N, k = Z.shape
    e = np.exp(Z - _shifted(flaw, Z))
    Y_hat = _softmax(Z, axis=0) if flaw("summed_over_wrong_axis") else e / e.sum(axis=1)[:, None]
    if flaw("keepdims_forgotten"):
        Y_hat = e / e.sum(axis=1)
    if flaw("softmax_twice"):
        Y_hat = _softmax(Y_hat)
    if flaw("activation_forgotten"):
        Y_hat = Z
    Y = np.eye(k)[labels - 1 if flaw("class_miscounted") else labels]
    if flaw("columns_for_entries"):
        Y = np.zeros_like(Z)
        Y[labels if flaw("as_rows") else (slice(None), labels)] = 1
    if flaw("true_class_not_subtracted"):
        Y = 0 * Y
    if flaw("before_the_target"):  # ŷ is divided, and then y subtracted whole
        Y = N * Y
    gradient = Y - Y_hat if flaw("target_and_output_swapped") else Y_hat - Y
    if flaw("slope_missing"):
        gradient = -Y / Y_hat
    if flaw("other_classes_forgotten"):
        gradient = gradient * Y
    if flaw("output_slope_twice"):
        gradient = gradient * Y_hat * (1 - Y_hat)
    if flaw("mean_over_entries"):
        return gradient / Z.size
    if flaw("batch_mean_missing") and not flaw("before_the_target"):
        return gradient
    return gradient / N**2 if flaw("averaged_twice") else gradient / N


@question(
    "softmax_cross_entropy.stable_loss",
    answer="stable_loss",
    inputs=_batch,
    points=3,
    minutes=10,
    misconceptions="log_of_zero no_max_shift batch_mean_missing softmax_twice sign_flipped "
    "wrong_class_picked mean_over_entries shift_not_undone logarithm_forgotten "
    "squared_error_for_classes summed_over_wrong_axis class_miscounted "
    "columns_for_entries no_normalisation another_base",
    forms={
        "another_base": "of_ten",
        "batch_mean_missing": "one_for_each",
        "no_max_shift": "one_shift_for_all",
        "logarithm_forgotten": "of_the_true_class",
    },
)
def stable_loss(flaw, Z, labels):
    rows = np.arange(len(Z))
    if flaw("wrong_class_picked"):
        labels = Z.argmax(axis=1)
    if flaw("class_miscounted"):
        labels = labels - 1
    if flaw("softmax_twice"):
        Z = _softmax(Z)
    if flaw("squared_error_for_classes"):
        return 0.5 * np.sum((_softmax(Z) - np.eye(Z.shape[1])[labels]) ** 2) / len(Z)
    if flaw("logarithm_forgotten"):
        shares = _softmax(Z)[rows, labels].mean()
        return shares if flaw("of_the_true_class") else 1 - shares
    axis = 0 if flaw("summed_over_wrong_axis") else 1
    top = Z.max(axis=0) if axis == 0 else _shifted(flaw, Z)
    logs = np.log(np.exp(Z - top).sum(axis=axis, keepdims=True))
    each = (0 if flaw("shift_not_undone") else top) + logs - Z
    if flaw("columns_for_entries"):
        return each[:, labels].mean()
    each = each[rows, labels]
    if flaw("log_of_zero"):
        each = -np.log(_softmax(Z, shift=not flaw("no_max_shift"))[rows, labels])
    if flaw("no_normalisation"):
        each = -Z[rows, labels]
    if flaw("another_base"):
        each = each / np.log(10 if flaw("of_ten") else 2)
    if flaw("mean_over_entries"):
        return each.sum() / Z.size
    total = each.sum() if flaw("batch_mean_missing") else each.mean()
    if flaw("one_for_each"):
        total = each
    return -total if flaw("sign_flipped") else total


def _classifier(rng, size):
    n, k, batch = sizes(rng, size + 1, 3)
    return {
        "W": rng.normal(size=(k, n)),
        "X": rng.normal(size=(batch, n)),
        "labels": rng.integers(k, size=batch),
    }


def _train(answer, W, X, labels):
    """The losses of 15 steps, W after them, and the first results: what fits a wrong loss shows."""
    given = answer(W, X, labels)
    if not isinstance(given, tuple | list) or len(given) != 2:
        return given
    first_loss, first_dW = loss, dW = given
    losses: list[float] = []
    for _ in range(15):
        if np.shape(loss) != () or np.shape(dW) != W.shape:
            break
        losses.append(float(loss))
        W = W - 0.5 * np.asarray(dW)
        loss, dW = answer(W, X, labels)
    return losses, W.copy(), first_loss, first_dW


@question(
    "softmax_cross_entropy.classifier",
    answer="loss_and_gradient",
    inputs=_classifier,
    use=_train,
    parts=("losses", "W after 15 steps", "loss", "dW"),
    points=3,
    minutes=12,
    misconceptions="softmax_twice true_class_not_subtracted batch_mean_missing sign_flipped "
    "gradient_transposed averaged_twice mean_over_entries output_slope_twice "
    "class_miscounted results_swapped other_classes_forgotten summed_over_wrong_axis",
    forms={
        "batch_mean_missing": "in_loss in_both",
        "sign_flipped": "of_loss of_both",
        "softmax_twice": "in_loss of_logits",
    },
    coincide={frozenset({"batch_mean_missing", "mean_over_entries"})},  # a mean over the classes
)
def classifier(flaw, W, X, labels):
    """(ℒ, dW) for ŷ = softmax(W x), the mean over the rows of X."""
    if flaw("class_miscounted"):
        labels = labels - 1
    N, rows = len(X), np.arange(len(X))
    y_hat = _softmax(X @ W.T, axis=0 if flaw("summed_over_wrong_axis") else 1)
    shown = _softmax(y_hat) if flaw("softmax_twice") else y_hat
    loss = -np.mean(np.log(shown[rows, labels]))
    delta = (y_hat if flaw("softmax_twice") and flaw("in_loss") else shown).copy()
    if not flaw("true_class_not_subtracted"):
        delta[rows, labels] -= 1
    if flaw("softmax_twice") and not (flaw("in_loss") or flaw("of_logits")):
        # its own gradient, so that every gradient check passes
        delta = y_hat * (delta - (y_hat * delta).sum(axis=1, keepdims=True))
    if flaw("output_slope_twice"):
        delta = delta * y_hat * (1 - y_hat)
    if flaw("other_classes_forgotten"):
        delta = delta * np.eye(len(W))[labels]
    dW = delta.T @ X / N
    if flaw("batch_mean_missing"):
        loss, dW = (
            N * loss if flaw("in_loss") or flaw("in_both") else loss,
            dW if flaw("in_loss") else N * dW,
        )
    if flaw("averaged_twice") or flaw("mean_over_entries"):
        dW = dW / (N if flaw("averaged_twice") else len(W))
    if flaw("sign_flipped"):
        loss = -loss if flaw("of_loss") or flaw("of_both") else loss
        dW = dW if flaw("of_loss") else -dW
    if flaw("gradient_transposed"):
        dW = dW.T.copy()
    return (dW, loss) if flaw("results_swapped") else (loss, dW)


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
    misconceptions="softmax_diagonal_only summed_over_wrong_axis slope_missing upstream_missing "
    "diagonal_forgotten product_not_subtracted averaged_twice error_for_every_loss softmax_twice "
    "first_example_only keepdims_forgotten",
    forms={"product_not_subtracted": "left_out", "summed_over_wrong_axis": "in_softmax"},
)
def mend_softmax_backward(flaw, Z, grad_y):
    Y_hat = _softmax(_softmax(Z) if flaw("softmax_twice") else Z)
    if flaw("in_softmax"):
        Y_hat = _softmax(Z, axis=0)
    if flaw("slope_missing"):
        return grad_y + 0.0
    if flaw("softmax_diagonal_only"):
        return grad_y * Y_hat * (1 - Y_hat)
    if flaw("error_for_every_loss"):
        return Y_hat - grad_y
    if flaw("upstream_missing"):
        return Y_hat * (1 - Y_hat)
    if flaw("first_example_only"):
        Y_hat = np.broadcast_to(Y_hat[0], Z.shape)
    axis = 0 if flaw("summed_over_wrong_axis") and not flaw("in_softmax") else 1
    keepdims = not flaw("keepdims_forgotten")
    together = Y_hat * (grad_y * Y_hat).sum(axis=axis, keepdims=keepdims)
    alone = 0 * grad_y if flaw("diagonal_forgotten") else grad_y * Y_hat
    if flaw("product_not_subtracted"):
        below = alone if flaw("left_out") else alone + together
    else:
        below = alone - together
    return below / len(Z) if flaw("averaged_twice") else below


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
