"""Lesson 23: a loss that no logit breaks, and softmax applied twice."""

import numpy as np

from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.bank._logits import labelled_logits, shift_of, softmax_of
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Ints, Picture, Result


@question(
    "stable_softmax.stable_loss",
    inputs=labelled_logits,
    misconceptions="log_of_zero no_max_shift batch_mean_missing softmax_twice "
    "wrong_class_picked mean_over_entries shift_not_undone logarithm_forgotten "
    "squared_error_for_classes summed_over_wrong_axis "
    "columns_for_entries no_normalisation another_base",
    families=(
        Family(
            "logits_clipped exponent_sign_lost",
            {
                "logits_clipped": "at_700 at_500 at_100 at_50 at_30",
                "exponent_sign_lost": "everywhere",
            },
        ),
    ),
    forms={
        "another_base": "of_ten",
        "batch_mean_missing": "one_for_each",
        "no_max_shift": "one_shift_for_all added",
        "no_normalisation": "but_shifted without_its_logarithm",
        "shift_not_undone": "added_inside taken_outside",
        "logarithm_forgotten": "of_the_true_class",
    },
)
def stable_loss(flaw: Flaws, Z: Array, labels: Ints) -> Result:
    rows = np.arange(len(Z))
    if flaw("wrong_class_picked"):
        labels = Z.argmax(axis=1)
    if flaw("softmax_twice"):
        Z = softmax_of(Z)
    if flaw("logits_clipped"):
        bounds = {"at_700": 700, "at_500": 500, "at_100": 100, "at_50": 50, "at_30": 30}
        bound = next((bound for name, bound in bounds.items() if flaw(name)), 1000)
        Z = np.clip(Z, -bound, bound)
    if flaw("squared_error_for_classes"):
        return 0.5 * np.sum((softmax_of(Z) - np.eye(Z.shape[1])[labels]) ** 2) / len(Z)
    if flaw("logarithm_forgotten"):
        shares = softmax_of(Z)[rows, labels].mean()
        return shares if flaw("of_the_true_class") else 1 - shares
    columns = flaw("summed_over_wrong_axis")
    axis = 0 if columns else 1
    top = Z.max(axis=0) if columns else shift_of(flaw, Z)
    logits = top - Z if flaw("exponent_sign_lost") else Z - top
    total = np.exp(Z + top if flaw("added_inside") else logits).sum(axis=axis, keepdims=True)
    logs = total if flaw("without_its_logarithm") else 0 if flaw("but_shifted") else np.log(total)
    outside = -1 if flaw("taken_outside") else 1 if flaw("added_inside") else 0
    each = (outside if flaw("shift_not_undone") else 1) * top + logs - Z
    if flaw("everywhere"):  # max - z for z - max, in the sum and of the true class
        each = logs - logits
    if flaw("columns_for_entries"):
        return each[:, labels].mean()
    each = each[rows, labels]
    if flaw("log_of_zero"):
        shares = softmax_of(Z, shift=not flaw("no_max_shift"))
        each = -np.log((np.exp(Z - top) if flaw("but_shifted") else shares)[rows, labels])
    elif flaw("no_normalisation") and not flaw("but_shifted") and not flaw("without_its_logarithm"):
        each = -Z[rows, labels]
    if flaw("another_base"):
        each = each / np.log(10 if flaw("of_ten") else 2)
    if flaw("mean_over_entries"):
        return each.sum() / Z.size
    if flaw("one_for_each"):
        return each
    return each.sum() if flaw("batch_mean_missing") else each.mean()


def _falls_and_stays(classes: int, loss: float, epochs: int) -> Picture:
    epoch, start = np.linspace(0, epochs, 200), np.log(classes)  # a network that knows nothing
    values = loss + (start - loss) * np.exp(-8 * epoch / epochs)
    fig = pictures.losses(epoch, values, loss, 1.05 * start)
    fig.axes[0].set_xticks([0, epochs], ["0", f"{epochs}"])
    return fig


lettered(
    "stable_softmax.stuck_loss",
    picture=_falls_and_stays,
    inputs=lambda rng, size: {"classes": 10, "loss": 1.46, "epochs": int(rng.integers(20, 90))},
)


TINY = ("1e-7", "1e-8", "1e-9", "1e-10", "1e-12", "1e-15", "1e-16", "1e-300")  # beside a share


def _far_apart(rng: np.random.Generator, size: int) -> Inputs:
    return {"z": (1.0, 3.0, 400.0, 2.0, 1500.0)[size] * rng.normal(size=3 + size)}


@question(
    "stable_softmax.mend_log_shares",
    inputs=_far_apart,
    edges=lambda rng: [{"z": rng.normal(size=3) + shift} for shift in (-1000.0, 1000.0)],
    misconceptions="log_of_zero no_max_shift shift_not_undone another_base no_normalisation",
    forms={
        "log_of_zero": " ".join(TINY),
        "no_max_shift": "added",
        "no_normalisation": "without_its_logarithm",
        "shift_not_undone": "added_inside taken_outside",
    },
    families=(Family("exponent_sign_lost", {"exponent_sign_lost": "everywhere"}),),
)
def mend_log_shares(flaw: Flaws, z: Array) -> Result:
    """ln ŷ of every class, (k,)."""
    if flaw("log_of_zero"):
        return np.log(softmax_of(z) + next((float(tiny) for tiny in TINY if flaw(tiny)), 0.0))
    top = (-z.max() if flaw("added") else 0.0) if flaw("no_max_shift") else z.max()
    logits = top - z if flaw("exponent_sign_lost") else z - top
    total = np.exp(z + top if flaw("added_inside") else logits).sum()
    log_sum = 0.0 if flaw("no_normalisation") else np.log(total)
    if flaw("without_its_logarithm"):
        log_sum = total
    outside = -1 if flaw("taken_outside") else 1 if flaw("added_inside") else 0
    logs = z - log_sum - (outside if flaw("shift_not_undone") else 1) * top
    if flaw("everywhere"):
        logs = logits - log_sum
    return logs / np.log(2) if flaw("another_base") else logs
