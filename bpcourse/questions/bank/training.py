"""Lesson 14: mini-batches, the loop, what goes wrong in training."""

import numpy as np

from bpcourse.questions.bank import _classifier as classifier
from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Ints, Picture, Result


@question(
    "training.steps",
    inputs=lambda rng, size: {
        "examples": int(rng.integers(10, 30)) * 10 + 3,
        "batch": int(rng.choice([16, 32, 50])),
        "epochs": int(rng.integers(2, 9)),
    },
    misconceptions="last_batch_dropped one_step_an_epoch epochs_forgotten",
    forms={"last_batch_dropped": "over_all_epochs rounded_once not_rounded"},
    slips=lambda examples, batch, epochs: {"step_for_each_example": [examples * epochs, examples]},
    on_the_way=lambda examples, batch, epochs: {
        "exact": examples / batch,
        "full": examples // batch,
        "rest": examples % batch,
        "seen": batch * epochs,
    },
)
def steps(flaw: Flaws, examples: int, batch: int, epochs: int) -> Result:
    if flaw("over_all_epochs"):
        return examples * epochs // batch
    if flaw("rounded_once"):
        return -(-examples * epochs // batch)
    if flaw("not_rounded"):
        return examples * epochs / batch
    if flaw("one_step_an_epoch"):
        return epochs
    each = examples // batch if flaw("last_batch_dropped") else -(-examples // batch)
    return each * (1 if flaw("epochs_forgotten") else epochs)


def _examples(rng: np.random.Generator, size: int) -> tuple[Array, Array, int]:
    """Rows and a batch size: the last batch is short, for size 2 by more than one, for 4 full."""
    batch_size = 2 + size % 2 + 2 * (size == 2)
    n = batch_size * (2 + size // 2) + {2: 2, 4: 0}.get(size, 1)
    return rng.normal(size=(n, 2 + size % 3)), rng.normal(size=n), batch_size


def _pile(rng: np.random.Generator, size: int) -> Inputs:
    X, y, batch_size = _examples(rng, size)
    return {"X": X, "y": y, "order": rng.permutation(len(y)), "batch_size": batch_size}


@question(
    "training.batches",
    inputs=_pile,
    edges=lambda rng: [_pile(rng, 1) | {"batch_size": size} for size in (1, 20)],
    misconceptions="shuffled_apart last_batch_dropped order_ignored off_by_one_loop "
    "results_swapped one_step_an_epoch",
    forms={
        "shuffled_apart": "X_left",
        "off_by_one_loop": "one_row_less one_row_more from_one one_batch_more",
    },
    families=(
        Family(
            "last_batch_filled another_index size_for_count",
            {"last_batch_filled": "with_the_last"},
        ),
    ),
)
def batches(flaw: Flaws, X: Array, y: Array, order: Ints, batch_size: int) -> Result:
    """A list of (rows of X, rows of y), in the given order, the last perhaps shorter."""
    n = len(X)
    forms = {"one_row_less": (0, n, -1), "one_row_more": (0, n, 1), "from_one": (1, n, 0)}
    forms["one_batch_more"] = (0, n - n % batch_size + batch_size, 0)
    first, stop, more = 0, n, 0
    if flaw("off_by_one_loop"):  # the last round is left out, or one of the other forms
        first, stop, more = next((v for k, v in forms.items() if flaw(k)), (0, n - batch_size, 0))
    if flaw("order_ignored"):
        order = np.arange(n)
    if flaw("size_for_count"):
        return [(X[rows], y[rows]) for rows in np.array_split(order, batch_size)]
    if flaw("last_batch_dropped"):
        stop = n - n % batch_size
    if flaw("one_step_an_epoch"):
        stop = 1
    found = []
    for start in range(first, stop, batch_size):
        end = batch_size if flaw("another_index") else start + batch_size + more
        rows = order[start:end]
        if flaw("last_batch_filled"):
            filled = np.arange(start, start + batch_size)
            rows = (
                order[-batch_size:]
                if flaw("with_the_last") and filled[-1] >= n
                else order[filled % n]
            )
        others = np.arange(n)[start : start + batch_size] if flaw("shuffled_apart") else rows
        if flaw("X_left"):
            rows, others = others, rows
        found.append((y[others], X[rows]) if flaw("results_swapped") else (X[rows], y[others]))
    return found


def _regression(rng: np.random.Generator, size: int) -> Inputs:
    X, y, batch_size = _examples(rng, size)
    eta = [0.1, 0.05, 0.2][size % 3]
    return {"X": X, "y": y, "w": rng.normal(size=X.shape[1]), "eta": eta, "batch_size": batch_size}


@question(
    "training.epoch",
    inputs=_regression,
    edges=lambda rng: [_regression(rng, 1) | {"batch_size": size} for size in (1, 20)],
    misconceptions="nominal_batch_size gradient_of_the_start batch_mean_missing "
    "last_batch_dropped factor_two_extra averaged_twice not_reset one_step_an_epoch "
    "mean_over_entries stops_after_first_round",
    families=(
        Family(
            "divided_by_another_count sign_flipped step_for_each_example gradient_summed_to_one "
            "overwritten_not_accumulated",
            {"gradient_summed_to_one": "and_averaged"},
        ),
    ),
)
def epoch(flaw: Flaws, X: Array, y: Array, w: Array, eta: float, batch_size: int) -> Result:
    """One pass in order, for y ≈ Xw and half the mean squared error of each batch."""
    start_w, w = w, w.copy()
    n = len(X)
    first, stop = 0, n - n % batch_size if flaw("last_batch_dropped") else n
    if flaw("one_step_an_epoch"):
        batch_size = n
    if flaw("overwritten_not_accumulated"):  # each step begins at the w that was given
        first = (n - 1) // batch_size * batch_size
    if flaw("stops_after_first_round"):
        stop = 1
    if flaw("step_for_each_example"):
        batch_size = 1
    before = np.zeros_like(w)
    for start in range(first, stop, batch_size):
        A, t = X[start : start + batch_size], y[start : start + batch_size]
        error = A @ (start_w if flaw("gradient_of_the_start") else w) - t
        count = batch_size if flaw("nominal_batch_size") else len(A)
        if flaw("divided_by_another_count"):
            count = n
        if flaw("averaged_twice") or flaw("mean_over_entries"):
            count *= len(A) if flaw("averaged_twice") else len(w)
        gradient = A.T @ error / (1 if flaw("batch_mean_missing") else count)
        if flaw("gradient_summed_to_one"):
            one = gradient.mean() if flaw("and_averaged") else gradient.sum()
            gradient = np.full_like(w, one)
        if flaw("factor_two_extra"):
            gradient = 2 * gradient
        if flaw("not_reset"):
            gradient = before = before + gradient
        if flaw("sign_flipped"):  # η∇ − w for w − η∇
            w *= -1
        w += eta * (gradient if flaw("sign_flipped") else -gradient)
    return w.copy()


@question(
    "training.mend_shuffle",
    inputs=lambda rng, size: {
        "X": rng.normal(size=(4 + size, 2)),
        "y": rng.normal(size=4 + size),
        "seed": int(rng.integers(1000)),
    },
    misconceptions="shuffled_apart order_ignored columns_shuffled seed_not_used results_swapped",
    forms={"shuffled_apart": "y_left X_left next_seed"},
    families=(Family("order_inverted another_draw", {"another_draw": "with_repeats"}),),
)
def mend_shuffle(flaw: Flaws, X: Array, y: Array, seed: int) -> Result:
    """X and y in the order of default_rng(seed).permutation(n)."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    if flaw("another_draw"):
        order = rng.permutation(len(X))
    if flaw("with_repeats"):
        order = np.random.default_rng(seed).integers(len(X), size=len(X))
    if flaw("order_inverted"):
        order = order.argsort()
    if flaw("seed_not_used"):  # by a generator of the old kind
        order = np.random.RandomState(seed).permutation(len(X))
    if flaw("order_ignored"):
        return X + 0.0, y + 0.0
    if flaw("columns_shuffled"):
        return X[:, ::-1][order], y[order]
    other = rng.permutation(len(X)) if flaw("shuffled_apart") else order
    if flaw("next_seed"):
        other = np.random.default_rng(seed + 1).permutation(len(X))
    if flaw("y_left") or flaw("X_left"):
        other = np.arange(len(X))
    new_X, new_y = (X[other], y[order]) if flaw("X_left") else (X[order], y[other])
    return (new_y, new_X) if flaw("results_swapped") else (new_X, new_y)


question(
    "training.learn",
    inputs=classifier.points,
    use=classifier.what_is_learnt,
    measured=True,
    misconceptions="shuffled_apart softmax_twice step_uphill learning_rate_missing "
    "batch_mean_missing true_class_not_subtracted epochs_forgotten parameter_not_updated "
    "order_ignored order_drawn_once",
    forms={"softmax_twice": "down_through_both"},
    families=(
        Family(
            "bias_forgotten bias_averaged summed_over_wrong_axis forward_after_update "
            "output_slope_twice",
            {"learning_rate_missing": "of_b", "batch_mean_missing": "of_b_alone"},
        ),
    ),
)(classifier.learn)


lettered("training.order_of_loop")


def _equal_weights(units: int) -> Picture:
    return pictures.network(2, units, 1, weight=0.1, weights=False, max_units=5)


lettered(
    "training.all_equal",
    picture=_equal_weights,
    inputs=lambda rng, size: {"units": int(rng.integers(8, 200))},
)


def _stays(loss: float, classes: int) -> Picture:
    wobble = np.random.default_rng(0).normal(scale=0.01, size=40)
    return pictures.losses(np.arange(1.0, 41.0), np.log(classes) + wobble, loss, 1.2 * loss)


lettered(
    "training.accuracy_stuck", picture=_stays, inputs=lambda rng, size: {"loss": 2.3, "classes": 10}
)
