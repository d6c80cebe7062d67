"""A small classifier and its training: the data, the mistakes of the loop, what it has learnt."""

from functools import cache, partial
from itertools import permutations
from typing import Any

import numpy as np

from bpcourse.questions.bank._logits import softmax_of
from bpcourse.questions.question import Flaws
from bpcourse.questions.types import Array, Implementation, Inputs, Ints, Result
from bpcourse.text import text

ORDER = "question.training.learn.order"
ALIKE = 0.94  # the cosine of two W that have learnt the same; other orders give more than 0.99
# How long W may be, as a part of a right one's: up to a bound, and what is said of it. Each mistake
# has a stretch of its own, with gaps between them: other orders give 0.97 to 1.03.
LENGTHS = ((0.5, 0.4), (0.74, 0.6), (0.93, 0.85), (1.11, 1.0), (3.0, 1.5), (9.0, 5.0))


def how_much(W: Array, right_W: Array) -> float:
    """How much of what W was to learn it has, about: 0 nothing, 0.6 too little, 1 right.

    ``right_W`` is one that was trained with the examples in another order.
    """
    length, right_length = np.linalg.norm(W), np.linalg.norm(right_W)
    if np.shape(W) != right_W.shape or not (W * right_W).sum() > ALIKE * length * right_length:
        return 0.0
    return next((about for bound, about in LENGTHS if length < bound * right_length), 20.0)


def points(rng: np.random.Generator, size: int) -> Inputs:
    """Three classes around a circle, not equally many, sorted by class: 48 examples."""
    labels = np.repeat(np.arange(3), rng.permutation([10, 16, 22]))
    angles = rng.uniform(0, 2 * np.pi) + labels * 2 * np.pi / 3
    X = 0.7 * rng.normal(size=(len(labels), 2 + size % 3))
    X[:, :2] += 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return {
        "X": X,
        "labels": labels,
        "epochs": 5,
        "batch_size": 6,
        "eta": 0.5 if size % 2 else 0.4,  # not ½ alone: η forgotten would be a factor 2
        "seed": int(rng.integers(1000)),
    }


def _output_gradient(flaw: Flaws, Z: Array, T: Array) -> Array:
    """Of softmax cross-entropy, for each example."""
    P = softmax_of(Z.T).T if flaw("summed_over_wrong_axis") else softmax_of(Z)
    if flaw("true_class_not_subtracted"):
        return P
    if flaw("output_slope_twice"):
        return (P - T) * P * (1 - P)
    if not flaw("softmax_twice"):
        return P - T
    dP = softmax_of(P) - T
    return P * (dP - (dP * P).sum(axis=1, keepdims=True)) if flaw("down_through_both") else dP


def learn(
    flaw: Flaws, X: Array, labels: Ints, epochs: int, batch_size: int, eta: float, seed: int
) -> tuple[Array, ...]:
    """W and b of a softmax classifier after training; the order of the examples is free."""
    rng = np.random.default_rng(seed)
    Y = np.eye(3)[labels]
    W, b = np.zeros((3, X.shape[1])), np.zeros(3)
    eta_of_b = 1 if flaw("learning_rate_missing") else eta
    eta = eta if flaw("of_b") else eta_of_b
    order = np.arange(len(X)) if flaw("order_ignored") else rng.permutation(len(X))
    for epoch in range(1 if flaw("epochs_forgotten") else epochs):
        if epoch and not flaw("order_ignored") and not flaw("order_drawn_once"):
            order = rng.permutation(len(X))
        others = np.arange(len(X)) if flaw("shuffled_apart") else order
        for start in range(0, len(X), batch_size):
            A, T = X[order[start : start + batch_size]], Y[others[start : start + batch_size]]
            dZ = _output_gradient(flaw, A @ W.T + (0 if flaw("bias_forgotten") else b), T)
            summed = flaw("batch_mean_missing") and not flaw("of_b_alone")
            dZ /= -len(A) if flaw("step_uphill") else 1 if summed else len(A)
            W -= eta * dZ.T @ A
            db = dZ.mean(axis=0) if flaw("bias_averaged") else dZ.sum(axis=0)
            if flaw("of_b_alone"):
                db *= len(A)
            if flaw("forward_after_update"):
                db = (softmax_of(A @ W.T + b) - T).mean(axis=0)
            b -= 0 if flaw("parameter_not_updated") else eta_of_b * db
    return W, b


# Five examples, which an answer is to take one at a time for five epochs. If it takes them in the
# same order in each, W shows in which of the 120; a right answer does so once in 120⁴ times.
FIVE: dict[str, Any] = {
    "X": np.array([[0.9, 0.2], [0.1, 0.7], [-0.8, 0.5], [-0.3, -0.6], [0.6, -1.1]]),
    "labels": np.array([0, 0, 1, 1, 2]),
    "epochs": 5,
    "batch_size": 1,
    "eta": 0.5,
}


@cache
def _of_each_order() -> Array:
    """[W and b in one row] of a right answer that takes FIVE in one order throughout; that first
    in which they stand."""
    orders = np.array(list(permutations(range(len(FIVE["labels"])))))
    X, Y = FIVE["X"][orders], np.eye(3)[FIVE["labels"]][orders]
    W, b = np.zeros((len(orders), 3, X.shape[2])), np.zeros((len(orders), 3))
    for step in range(FIVE["epochs"] * orders.shape[1]):
        x, y = X[:, step % orders.shape[1]], Y[:, step % orders.shape[1]]
        dz = FIVE["eta"] * (softmax_of((W @ x[..., None])[..., 0] + b) - y)
        W, b = W - dz[..., None] * x[:, None, :], b - dz
    return np.hstack([W.reshape(len(orders), -1), b])


def which_order(answer: Implementation, seed: int) -> str:
    """The key of what is said of the order in each epoch: "new", "same", or "given".

    By what is learnt with two seeds, because a new order may be the one in which they stand.
    """
    found = set()
    for s in (seed, seed + 1):
        W, b = (np.asarray(part, float) for part in answer(*_fresh(FIVE), s))
        if W.shape != (3, 2) or b.shape != (3,):
            return "new"
        away = np.abs(_of_each_order() - np.append(W, b)).max(axis=1)
        same = away.min() < 1e-6
        found.add("new" if not same else "given" if away.argmin() == 0 else "same")
    return "new" if "new" in found else "given" if found == {"given"} else "same"


@cache
def _of_one_epoch() -> Array:
    """[W and b in one row] after an epoch of FIVE in pairs, the last alone, for each order."""
    found = []
    for order in permutations(range(len(FIVE["labels"]))):
        W, b = np.zeros((3, 2)), np.zeros(3)
        for rows in (list(order[:2]), list(order[2:4]), list(order[4:])):
            A = FIVE["X"][rows]
            dZ = (softmax_of(A @ W.T + b) - np.eye(3)[FIVE["labels"][rows]]) / len(rows)
            W, b = W - FIVE["eta"] * dZ.T @ A, b - FIVE["eta"] * dZ.sum(axis=0)
        found.append(np.append(W, b))
    return np.array(found)


def takes_batches(answer: Implementation, seed: int) -> bool:
    """Whether an epoch takes each example once, in batches of the size that is given."""
    W, b = answer(*_fresh(FIVE | {"epochs": 1, "batch_size": 2}), seed)
    return bool((np.abs(_of_one_epoch() - np.append(W, b)).max(axis=1) < 1e-6).any())


def _fresh(data: Inputs) -> tuple[Any, ...]:
    return tuple(v.copy() if isinstance(v, np.ndarray) else v for v in data.values())


def what_is_learnt(
    answer: Implementation,
    X: Array,
    labels: Ints,
    epochs: int,
    batch_size: int,
    eta: float,
    seed: int,
) -> Result:
    """W and b after two epochs of one batch each, where no order matters; what mini-batches do;
    and whether each epoch has a new order.

    Where mini-batches learn nothing, for the examples have lost their labels, the numbers would be
    of another pairing each time, and are not looked at.
    """
    data = X.copy(), labels.copy()
    right_W, _ = learn(Flaws(), X, labels, epochs, batch_size, eta, seed + 1)
    given = answer(X, labels, epochs, batch_size, eta, seed)
    if not isinstance(given, tuple | list):
        return given
    if len(given) != 2:
        return (given,)  # one thing, so that it is not taken for the four that are looked at
    W = given[0]
    learnt = how_much(W, right_W)
    train = answer
    if not learnt and np.shape(W) == right_W.shape:
        short = np.linalg.norm(W) < 0.65 * np.linalg.norm(right_W)
        if short and _sees_each_label_once(answer, *data, eta, seed):
            train = partial(learn, Flaws())
    W, b = train(*data, 2, len(X), eta, seed)
    order = which_order(train, seed)
    right = learn(Flaws(), *data, 2, len(X), eta, seed)
    alike = all(
        np.shape(a) == np.shape(r) and np.allclose(a, r) for a, r in zip((W, b), right, strict=True)
    )
    if alike and learnt == 1 and order == "new" and not takes_batches(train, seed):
        order = "no_batches"  # all else is as it should be
    return np.asarray(W, float), np.asarray(b, float), learnt, text(f"{ORDER}.{order}")


def _sees_each_label_once(
    answer: Implementation, X: Array, labels: Ints, eta: float, seed: int
) -> bool:
    """Whatever an example is paired with: its first step of b needs the labels alone."""
    one_step = X, labels, 1, len(X), eta, seed
    _, right_b = learn(Flaws(), *one_step)
    _, b = answer(X.copy(), labels.copy(), *one_step[2:])
    return np.shape(b) == right_b.shape and np.allclose(b, right_b)
