"""Lesson 10, the way forward: softmax, and what a wrong share costs."""

import numpy as np

from bpcourse.questions.bank import _pictures as pictures
from bpcourse.questions.bank._inputs import sizes
from bpcourse.questions.bank._logits import (
    LOGS,
    PICKED,
    SHARES,
    minus_log,
    picked,
    shares_of,
    softmax_of,
)
from bpcourse.questions.question import Family, Flaws, question
from bpcourse.questions.types import Array, Inputs, Ints, Picture, Result


def _exponentials(e: Ints) -> Picture:
    from bpcourse import figures

    return figures.bars(e, ylabel="$e^z$")


@question(
    "softmax_cross_entropy.logits_by_hand",
    inputs=lambda rng, size: {"e": rng.choice(np.arange(1, 10), size=3, replace=False)},
    picture=_exponentials,
    misconceptions="exponential_forgotten no_normalisation largest_is_one",
    slips=lambda e: {"exponential_twice": np.exp(e) / np.exp(e).sum()},
    on_the_way=lambda e: {"sum": e.sum(), "logits": np.log(e)},
)
def logits_by_hand(flaw: Flaws, e: Ints) -> Result:
    if flaw("exponential_forgotten"):
        z = np.log(e)
        return z / z.sum()
    if flaw("no_normalisation"):
        return e * 1.0
    return e / (e.max() if flaw("largest_is_one") else e.sum())


def _probabilities(rng: np.random.Generator, size: int) -> Inputs:
    k = 3 + size % 2
    shares = rng.permutation([0.1, 0.2, 0.7] if k == 3 else [0.05, 0.15, 0.3, 0.5])
    return {"y_hat": shares, "c": int(rng.integers(1, k + 1))}


@question(
    "softmax_cross_entropy.cross_entropy_by_hand",
    inputs=_probabilities,
    picture=pictures.probabilities,
    misconceptions="logarithm_forgotten sign_flipped squared_error_for_classes wrong_class_picked "
    "class_miscounted",
    forms={"logarithm_forgotten": "probability_itself"},
    slips=lambda y_hat, c: {
        "another_base": [-np.log2(y_hat[c - 1]), -np.log10(y_hat[c - 1])],
        "all_classes_counted": [
            -np.log(y_hat).sum(),
            -np.log(y_hat).mean(),
            -(y_hat * np.log(y_hat)).sum(),
        ],
        "other_probability": -np.log(1 - y_hat[c - 1]),
        "factor_too_many": -y_hat[c - 1] * np.log(y_hat[c - 1]),
    },
)
def cross_entropy_by_hand(flaw: Flaws, y_hat: Array, c: int) -> Result:
    true = np.argmax(y_hat) if flaw("wrong_class_picked") else c - 1
    if np.argmax(y_hat) == c - 1 and flaw("wrong_class_picked"):
        true = np.argmin(y_hat)
    if flaw("class_miscounted"):
        true = c % len(y_hat)  # the class that NumPy calls c
    y = np.eye(len(y_hat))[true]
    if flaw("squared_error_for_classes"):
        return float(((y_hat - y) ** 2).sum())
    if flaw("logarithm_forgotten"):
        return float(y_hat[true] if flaw("probability_itself") else 1 - y_hat[true])
    loss = -np.log(y_hat[true])
    return float(-loss if flaw("sign_flipped") else loss)


def _two_losses(p: float, q: float) -> Picture:
    from bpcourse import figures

    fig = figures.new_figure(5, 2.6)
    ax = fig.subplots()
    share = np.linspace(0.6 * p, 1, 500)
    ax.plot(share, -np.log(share), color=figures.FORWARD)
    ax.plot([p, q], -np.log([p, q]), "o", color=figures.GRADIENT, clip_on=False)
    ax.set_xticks([p, q, 1], [f"{p:g}", f"{q:g}", "1"])
    ax.set_yticks([0], ["0"])
    ax.set(xlim=(0, 1), ylim=(0, None), xlabel="ŷ", ylabel="−ln ŷ")
    return fig


@question(
    "softmax_cross_entropy.how_bad",
    picture=_two_losses,
    inputs=lambda rng, size: {
        "p": float(rng.choice([0.1, 0.01, 0.001])),
        "q": float(rng.choice([0.5, 0.8, 0.9])),
    },
    misconceptions="logarithm_forgotten sign_flipped ratio_inside_logarithm",
    slips=lambda p, q: {
        "logarithm_forgotten": [q / p, p / q],
        "ratio_inside_logarithm": [np.log(p / q), np.log10(q / p), np.log2(q / p)],
        "other_probability": np.log(1 - p) / np.log(1 - q),
    },
    on_the_way=lambda p, q: {"first": -np.log(p), "second": -np.log(q)},
)
def how_bad(flaw: Flaws, p: float, q: float) -> Result:
    if flaw("logarithm_forgotten"):
        return (1 - p) / (1 - q)
    if flaw("ratio_inside_logarithm"):
        return float(np.log(q / p))
    ratio = float(np.log(p) / np.log(q))
    return -ratio if flaw("sign_flipped") else ratio


def _logits(rng: np.random.Generator, size: int) -> Inputs:
    batch, k = sizes(rng, size, 2)
    Z = 2 * rng.normal(size=(batch, k))
    if size == 4:  # e to the Z overflows; with one shift for all rows it is 0 in the others
        Z = Z + np.where(np.arange(batch) % 2, -1000.0, 1000.0)[:, None]
        Z[0, -1] += 2500  # above a mean of its row so far that a shift by it does not help
    return {"Z": Z}


@question(
    "softmax_cross_entropy.softmax",
    inputs=_logits,
    misconceptions="no_max_shift exponential_forgotten summed_over_wrong_axis bias_summed_to_one "
    "no_normalisation keepdims_forgotten exponent_sign_lost first_example_only "
    "stops_after_first_round off_by_one_loop",
    families=(SHARES, Family("softmax_twice")),
)
def softmax(flaw: Flaws, Z: Array) -> Result:
    if flaw("first_example_only"):
        return shares_of(flaw, Z[:1])[0]
    shares = shares_of(flaw, softmax_of(Z) if flaw("softmax_twice") else Z)
    if flaw("stops_after_first_round"):
        shares[1:] = 0
    elif flaw("off_by_one_loop"):
        shares[-1] = 0
    return shares


def _classified(rng: np.random.Generator, size: int) -> Inputs:
    batch, k = sizes(rng, size, 2)
    shares = rng.uniform(0.1, 1, size=(batch, k))
    return {
        "Y_hat": shares / shares.sum(axis=1, keepdims=True),
        "labels": rng.integers(k - (size == 0), size=batch),  # there, too large by 1 still runs
    }


@question(
    "softmax_cross_entropy.cross_entropy",
    inputs=_classified,
    misconceptions="batch_mean_missing logarithm_forgotten wrong_class_picked "
    "squared_error_for_classes mean_over_entries off_by_one_loop stops_after_first_round",
    forms={"off_by_one_loop": "from_one"},
    families=(
        LOGS,
        PICKED,
        Family(
            "mean_inside_logarithm another_loss all_classes_counted",
            {
                "another_loss": "over_entries",
                "all_classes_counted": "their_mean weighted",
            },
        ),
    ),
)
def cross_entropy(flaw: Flaws, Y_hat: Array, labels: Ints) -> Result:
    p = picked(flaw, Y_hat, labels)
    each = minus_log(flaw, p.mean(axis=0) if flaw("mean_inside_logarithm") else p)
    if flaw("another_loss"):  # binary cross-entropy, of each class by itself
        Y = np.eye(Y_hat.shape[1])[labels]
        each = -(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)).sum(axis=1)
        each = each / Y_hat.shape[1] if flaw("over_entries") else each
    if flaw("squared_error_for_classes"):
        each = ((Y_hat - np.eye(Y_hat.shape[1])[labels]) ** 2).sum(axis=1)
    if flaw("all_classes_counted"):
        logs = -np.log(Y_hat) * (Y_hat if flaw("weighted") else 1)
        each = logs.mean(axis=1) if flaw("their_mean") else logs.sum(axis=1)
    if flaw("stops_after_first_round"):
        each[1:] = 0
    elif flaw("off_by_one_loop"):
        each[0 if flaw("from_one") else -1] = 0
    total = each.sum() if flaw("batch_mean_missing") else each.mean()
    return total / Y_hat.shape[1] if flaw("mean_over_entries") else total


@question(
    "softmax_cross_entropy.mend_temperature",
    inputs=lambda rng, size: {"z": 2 * rng.normal(size=3 + size), "T": float(np.exp(rng.normal()))},
    misconceptions="temperature_upside_down temperature_outside no_normalisation "
    "exponential_forgotten",
    forms={"temperature_outside": "multiplied"},
    families=(Family("exponent_sign_lost", {"no_normalisation": "powers_of_shares"}),),
)
def mend_temperature(flaw: Flaws, z: Array, T: float) -> Result:
    scaled = z * T if flaw("temperature_upside_down") else z / T
    if flaw("temperature_outside"):
        scaled = z
    if flaw("exponent_sign_lost"):
        scaled = -scaled
    e = scaled if flaw("exponential_forgotten") else np.exp(scaled - scaled.max())
    if flaw("no_normalisation"):
        return softmax_of(z) ** (1 / T) if flaw("powers_of_shares") else e
    shares = e / e.sum()
    if flaw("temperature_outside"):
        return shares * T if flaw("multiplied") else shares / T
    return shares
