"""Lesson 10, the way back: the Jacobian of softmax, and ŷ − y."""

import numpy as np

from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.bank import _softmax_forward  # noqa: F401, its questions come first
from bpcourse.questions.bank._inputs import normals, sizes
from bpcourse.questions.bank._layers import layer_gradients
from bpcourse.questions.bank._logits import (
    OF_MEAN,
    SHARES,
    labelled_logits,
    minus_log,
    picked,
    shares_of,
    softmax_of,
)
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Implementation, Inputs, Ints, Result


def _shares(rng: np.random.Generator, size: int) -> Inputs:
    return {"y_hat": rng.permutation([0.1, 0.2, 0.7]), "c": int(rng.integers(1, 4))}


@question(
    "softmax_cross_entropy.delta_by_hand",
    picture=pictures.probabilities,
    inputs=_shares,
    misconceptions="true_class_not_subtracted target_and_output_swapped output_slope_twice "
    "other_classes_forgotten class_miscounted slope_missing",
    slips=lambda y_hat, c: {
        "plus_for_minus": y_hat + np.eye(3)[c - 1],
        "constant_offset": y_hat - 1,
        "class_miscounted target_and_output_swapped": np.eye(3)[c % 3] - y_hat,
    },
    on_the_way=lambda y_hat, c: {"target": np.eye(3)[c - 1], "loss": -np.log(y_hat[c - 1])},
)
def delta_by_hand(flaw: Flaws, y_hat: Array, c: int) -> Result:
    y = np.eye(3)[(c if flaw("class_miscounted") else c - 1) % 3]
    if flaw("slope_missing"):
        return -y / y_hat
    if flaw("other_classes_forgotten"):
        return (y_hat - y) * y
    if flaw("true_class_not_subtracted"):
        return y_hat * 1.0
    delta = y - y_hat if flaw("target_and_output_swapped") else y_hat - y
    return delta * y_hat * (1 - y_hat) if flaw("output_slope_twice") else delta


def _logits(rng: np.random.Generator, size: int) -> Inputs:
    return {"z": rng.normal(size=2 + size) * 2}


@question(
    "softmax_cross_entropy.jacobian",
    inputs=_logits,
    misconceptions="softmax_diagonal_only diagonal_forgotten product_not_subtracted "
    "vector_for_every_row softmax_twice no_normalisation",
    forms={
        "softmax_diagonal_only": "as_vector",
        "product_not_subtracted": "left_out added_beside",
        "vector_for_every_row": "squares_alone the_vector_alone",
    },
    families=(
        Family(
            "log_softmax another_activation exponent_sign_lost exponential_forgotten "
            "factor_missing term_missing term_too_many diagonal_everywhere",
            {
                "no_normalisation": "not_shifted",
                "vector_for_every_row": "but_the_diagonal",
            },
        ),
    ),
)
def jacobian(flaw: Flaws, z: Array) -> Result:
    if flaw("log_softmax"):
        return np.eye(len(z)) - softmax_of(z)
    y_hat = shares_of(flaw, softmax_of(z) if flaw("softmax_twice") else z)
    if flaw("softmax_diagonal_only"):
        slopes = y_hat * (1 - y_hat)
        return slopes if flaw("as_vector") else np.diag(slopes)
    products = np.outer(y_hat, y_hat)
    diagonal = 0 * products if flaw("diagonal_forgotten") else np.diag(y_hat)
    if flaw("but_the_diagonal"):
        return np.diag(2 * y_hat - y_hat**2) - y_hat
    if flaw("term_missing"):
        return np.diag(y_hat + y_hat**2) - products
    if flaw("term_too_many"):
        return np.diag(y_hat * (1 - y_hat)) - products
    if flaw("factor_missing"):
        return np.eye(len(z)) - products
    if flaw("vector_for_every_row"):
        if flaw("the_vector_alone"):
            return diagonal - y_hat
        if flaw("squares_alone"):
            return diagonal - y_hat * y_hat
        return y_hat - products
    if flaw("diagonal_everywhere"):
        return np.outer(y_hat, 1 - y_hat)
    if flaw("product_not_subtracted"):
        if flaw("left_out"):
            return diagonal
        return np.abs(diagonal - products) if flaw("added_beside") else diagonal + products
    return diagonal - products


@question(
    "softmax_cross_entropy.fused_gradient",
    inputs=labelled_logits,
    misconceptions="batch_mean_missing true_class_not_subtracted output_slope_twice no_max_shift "
    "target_and_output_swapped softmax_twice averaged_twice mean_over_entries "
    "summed_over_wrong_axis columns_for_entries other_classes_forgotten "
    "activation_forgotten slope_missing keepdims_forgotten",
    forms={"batch_mean_missing": "before_the_target", "columns_for_entries": "as_rows"},
    families=(SHARES, Family("true_class_left_out overwritten_not_accumulated")),
)
def fused_gradient(flaw: Flaws, Z: Array, labels: Ints) -> Result:
    N, k = Z.shape
    Y_hat = shares_of(flaw, Z)
    if flaw("softmax_twice"):
        Y_hat = softmax_of(Y_hat)
    if flaw("activation_forgotten"):
        Y_hat = Z
    Y = np.eye(k)[labels]
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
    if flaw("true_class_left_out"):
        gradient = gradient * (1 - Y)
    if flaw("overwritten_not_accumulated"):  # "= -1" for "-= 1"
        gradient = np.where(Y == 1, -1.0, Y_hat)
    if flaw("output_slope_twice"):
        gradient = gradient * Y_hat * (1 - Y_hat)
    if flaw("mean_over_entries"):
        return gradient / Z.size
    if flaw("batch_mean_missing") and not flaw("before_the_target"):
        return gradient
    return gradient / N**2 if flaw("averaged_twice") else gradient / N


lettered("softmax_cross_entropy.order_of_delta")


def _warm(rng: np.random.Generator, size: int) -> Inputs:
    k = 3 + size
    y = rng.dirichlet(np.ones(k)) if size % 2 else np.eye(k)[rng.integers(k)]
    z = 2 * rng.normal(size=k)
    z[0] = 0.0  # a logit like any other
    return {"z": z, "y": y, "T": float(rng.choice([0.4, 2.5, 4.0]))}


@question(
    "softmax_cross_entropy.delta_with_temperature",
    inputs=_warm,
    misconceptions="inner_slope_missing temperature_outside target_and_output_swapped "
    "output_slope_twice",
    families=(SHARES, Family("softmax_diagonal_only")),
)
def delta_with_temperature(flaw: Flaws, z: Array, y: Array, T: float) -> Result:
    y_hat = shares_of(flaw, z if flaw("temperature_outside") else z / T)
    delta = y - y_hat if flaw("target_and_output_swapped") else y_hat - y
    if flaw("softmax_diagonal_only"):  # −y / ŷ times ŷ(1 − ŷ)
        delta = -y * (1 - y_hat)
    if flaw("output_slope_twice"):
        delta = delta * y_hat * (1 - y_hat)
    return delta if flaw("inner_slope_missing") else delta / T


def _classifier(rng: np.random.Generator, size: int) -> Inputs:
    n, k, batch = sizes(rng, size + 1, 3)
    return {
        "W": rng.normal(size=(k, n)),
        "X": rng.normal(size=(batch, n)),
        "labels": rng.integers(k, size=batch),
    }


def _train(answer: Implementation, W: Array, X: Array, labels: Ints) -> Result:
    """The losses of 3 steps, W after them, and the first results: what fits a wrong loss shows."""
    given = answer(W, X, labels)
    if not isinstance(given, tuple | list) or len(given) != 2:
        return given
    first_loss, first_dW = loss, dW = given
    losses: list[float] = []
    for _ in range(3):
        if np.shape(loss) != () or np.shape(dW) != W.shape:
            break
        losses.append(float(loss))
        W = W - 0.5 * np.asarray(dW)
        loss, dW = answer(W, X, labels)
    return losses, W.copy(), first_loss, first_dW


@question(
    "softmax_cross_entropy.classifier",
    inputs=_classifier,
    use=_train,
    misconceptions="softmax_twice true_class_not_subtracted batch_mean_missing sign_flipped "
    "gradient_transposed averaged_twice mean_over_entries output_slope_twice "
    "class_miscounted results_swapped other_classes_forgotten summed_over_wrong_axis",
    forms={
        "batch_mean_missing": "in_loss in_both",
        "sign_flipped": "of_both",
        "softmax_twice": "in_loss of_logits",
    },
    coincide={frozenset({"batch_mean_missing", "mean_over_entries"})},  # a mean over the classes
    families=(
        OF_MEAN,
        Family(
            "another_base overwritten_not_accumulated product_of_sums exponent_sign_lost "
            "backprop_updates",
            {"two_names_one_array": "its_size", "backprop_updates": "by_half by_one"},
        ),
    ),
)
def classifier(flaw: Flaws, W: Array, X: Array, labels: Ints) -> Result:
    """(ℒ, dW) for ŷ = softmax(W x), the mean over the rows of X."""
    if flaw("backprop_updates"):  # three steps of its own, and the results of the last
        rate = 0.5 if flaw("by_half") else 1 if flaw("by_one") else 0.1
        for _ in range(2):
            W = W - rate * classifier.solve(Flaws(), W, X, labels)[1]
    if flaw("class_miscounted"):
        labels = labels - 1
    N, rows = len(X), np.arange(len(X))
    sign = -1 if flaw("exponent_sign_lost") else 1
    y_hat = softmax_of(sign * X @ W.T, axis=0 if flaw("summed_over_wrong_axis") else 1)
    shown = softmax_of(y_hat) if flaw("softmax_twice") else y_hat
    p = picked(flaw, shown, labels)
    loss = minus_log(flaw, p.mean() if flaw("mean_inside_logarithm") else p).mean()
    delta = (y_hat if flaw("softmax_twice") and flaw("in_loss") else shown).copy()
    if not flaw("true_class_not_subtracted"):
        delta[rows, labels] -= 1
    if flaw("two_names_one_array"):
        changed = delta[rows, labels]
        loss = -np.mean(np.log(abs(changed) if flaw("its_size") else changed))
    if flaw("softmax_twice") and not (flaw("in_loss") or flaw("of_logits")):
        # its own gradient, so that every gradient check passes
        delta = y_hat * (delta - (y_hat * delta).sum(axis=1, keepdims=True))
    if flaw("output_slope_twice"):
        delta = delta * y_hat * (1 - y_hat)
    if flaw("other_classes_forgotten"):
        delta = delta * np.eye(len(W))[labels]
    dW = layer_gradients(flaw, delta, X)[0] / N
    if flaw("batch_mean_missing"):
        loss, dW = (
            N * loss if flaw("in_loss") or flaw("in_both") else loss,
            dW if flaw("in_loss") else N * dW,
        )
    if flaw("mean_over_entries"):
        dW = dW / len(W)
    if flaw("sign_flipped"):
        loss, dW = -loss if flaw("of_both") else loss, -dW
    return (dW, loss) if flaw("results_swapped") else (loss, dW)


@question(
    "softmax_cross_entropy.mend_softmax_backward",
    inputs=normals("Nk", Z="Nk", grad_y="Nk"),
    misconceptions="softmax_diagonal_only summed_over_wrong_axis slope_missing upstream_missing "
    "diagonal_forgotten product_not_subtracted averaged_twice error_for_every_loss softmax_twice "
    "first_example_only keepdims_forgotten",
    forms={"product_not_subtracted": "left_out", "summed_over_wrong_axis": "in_softmax"},
    families=(
        Family(
            "shares_missing_in_sum exponent_sign_lost",
            {"shares_missing_in_sum": "averaged", "product_not_subtracted": "but_the_diagonal"},
        ),
    ),
)
def mend_softmax_backward(flaw: Flaws, Z: Array, grad_y: Array) -> Result:
    Z = -Z if flaw("exponent_sign_lost") else Z
    Y_hat = softmax_of(softmax_of(Z) if flaw("softmax_twice") else Z)
    if flaw("in_softmax"):
        Y_hat = softmax_of(Z, axis=0)
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
    weighted = grad_y if flaw("shares_missing_in_sum") else grad_y * Y_hat
    total = weighted.sum(axis=axis, keepdims=keepdims)
    together = Y_hat * (total / Z.shape[1] if flaw("averaged") else total)
    alone = 0 * grad_y if flaw("diagonal_forgotten") else grad_y * Y_hat
    if flaw("product_not_subtracted"):
        below = alone if flaw("left_out") else alone + together
        if flaw("but_the_diagonal"):
            below = below - 2 * grad_y * Y_hat**2
    else:
        below = alone - together
    return below / len(Z) if flaw("averaged_twice") else below
