"""Questions whose right answers differ in every number: judged, and named, by what they do."""

import numpy as np
import pytest
from rows import a_part

from bpcourse.questions.bank import _classifier, find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.code import judge_code
from bpcourse.questions.question import Flaws

LEARN = """
def learn(X, labels, epochs, batch_size, eta, seed):
    rng = np.random.default_rng(seed)
    W, b = np.zeros((3, X.shape[1])), np.zeros(3)
    rows = np.arange(len(X))
    for epoch in range(epochs):
        rng.shuffle(rows)
        for start in range(0, len(X), batch_size):
            batch = rows[start : start + batch_size]
            z = X[batch] @ W.T + b
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p = p / p.sum(axis=1, keepdims=True)
            p[np.arange(len(batch)), labels[batch]] -= 1
            p = p / len(batch)
            W = W - eta * p.T @ X[batch]
            b = b - eta * p.sum(axis=0)
    return W, b
"""


def judged(*changes, seed=0):
    source = LEARN
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    space = {"np": np, "Still": Still}
    exec(source, space)
    return judge_code(find("training.learn"), space["learn"], seed)


@pytest.mark.parametrize("seed", a_part(range(5), every=3))
@pytest.mark.parametrize(
    "line",
    [
        "rng.shuffle(rows)",
        "rows = rng.permutation(len(X))",
        "rows = np.random.default_rng([epoch, 77]).permutation(len(X))",
        "rows = np.argsort(rng.random(len(X)))",
    ],
)
def test_any_order_of_the_examples_is_right(line, seed):
    assert judged(("rng.shuffle(rows)", line), seed=seed).status == "right"


def test_five_examples_tell_the_orders_apart_far_beyond_rounding():
    made = _classifier._of_each_order()
    apart = np.abs(made[:, None] - made[None]).max(axis=2) + np.eye(len(made))
    assert len(made) == 120 and apart.min() > 1e-4
    W, b = _classifier.learn(Flaws(["order_ignored"]), **_classifier.FIVE, seed=3)
    assert np.allclose(made[0], [*W.ravel(), *b], rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", a_part(range(5), every=3))
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("order_ignored", "rng.shuffle(rows)", "pass"),
        ("order_ignored", "rows = np.arange(len(X))", "rows = np.arange(len(X)); rng = Still()"),
        (
            "order_drawn_once",
            "rng.shuffle(rows)",
            "rows = rows if epoch else rng.permutation(rows)",
        ),
        ("order_drawn_once", "rng.shuffle(rows)", "rows = np.arange(len(X))[::-1]"),
        (
            "order_drawn_once",
            "rng.shuffle(rows)",
            "rows = np.random.default_rng(seed).permutation(len(X))",
        ),
    ],
)
def test_an_order_that_is_not_drawn_anew_is_named(name, old, new, seed):
    verdict = judged((old, new), seed=seed)
    assert verdict.status == "wrong" and verdict.misconceptions == (name,)


class Still:
    """A generator of random numbers that shuffles nothing."""

    def shuffle(self, rows):
        pass


SOFTMAX = "p = p / p.sum(axis=1, keepdims=True)\n"
STEP = "W = W - eta * p.T @ X[batch]"
LOST = [  # ways in which the examples lose their labels
    ("labels[batch]", "labels[start : start + batch_size]"),
    ("labels[batch]", "labels[rng.permutation(len(X))[: len(batch)]]"),
    ("rng.shuffle(rows)", "rng.shuffle(rows); labels = rng.permutation(labels)"),
    ("rng.shuffle(rows)", "rng.shuffle(rows); X = rng.permutation(X)"),
]


@pytest.mark.parametrize("seed", a_part(range(5), every=3))
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        *(("shuffled_apart", old, new) for old, new in LOST),
        ("softmax_twice", SOFTMAX, SOFTMAX + " " * 12 + "p = np.exp(p)\n" + " " * 12 + SOFTMAX),
        ("step_uphill", "- eta", "+ eta"),
        ("learning_rate_missing", "eta * ", ""),
        ("batch_mean_missing", " / len(batch)", ""),
        ("true_class_not_subtracted", "-= 1", "-= 0"),
        ("epochs_forgotten", "range(epochs)", "range(1)"),
        ("epochs_forgotten", "    return W, b", "        return W, b"),
        ("parameter_not_updated", "b = b - eta * p.sum(axis=0)", "pass"),
    ],
)
def test_a_mistake_is_named_by_what_is_learnt(name, old, new, seed):
    verdict = judged((old, new), seed=seed)
    assert verdict.status == "wrong" and verdict.misconceptions == (name,)


@pytest.mark.parametrize("seed", a_part(range(5), every=3))
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("p = p / len(batch)", "p = p / len(X)"),  # learns the same, more slowly
        ("p = p / len(batch)", "p = p / len(batch) / 2"),
        ("p = p / len(batch)", "p = p / len(batch) / 4"),
        ("p = p / len(batch)", "p = 2 * p / len(batch)"),  # like an η of ½ forgotten
        (STEP, "W = W - eta * (X[batch].T @ p).reshape(W.shape)"),
        ("-= 1", "*= -1"),
        ("range(0, len(X), batch_size)", "range(0, batch_size, batch_size)"),
        ("return W, b", "return W.T, b"),
        ("return W, b", "return b, b"),
        ("rows = np.arange(len(X))", "rows = np.arange(len(W))"),  # so few learn little as well
        ("np.zeros((3, X.shape[1]))", "np.ones((3, X.shape[1])) * np.arange(3)[:, None]"),
    ],
)
def test_what_behaves_like_a_mistake_in_some_things_alone_has_no_name(old, new, seed):
    verdict = judged((old, new), seed=seed)
    assert verdict.status == "wrong" and not verdict.misconceptions


@pytest.mark.parametrize("rows", ["rows", "rows[start:]", "rows[: start + batch_size]"])
def test_steps_that_take_other_rows_than_a_batch_are_not_right(rows):
    verdict = judged(("rows[start : start + batch_size]", rows))
    assert verdict.status == "wrong" and "batches" in str(verdict.given.value)


# --- right on nearly all inputs -------------------------------------------------------------------


def last_step_assigned(leaves, tape):
    """The first step back assigns: a last gate with one value at both ends is half."""
    values = list(leaves)
    for op, i, j in tape:
        values.append(values[i] + values[j] if op == "add" else values[i] * values[j])
    op, i, j = tape[-1]
    into = np.zeros(len(values))
    into[i] = 1 if op == "add" else values[j]
    into[j] = 1 if op == "add" else values[i]
    for k in reversed(range(len(leaves), len(values) - 1)):
        op, i, j = tape[k - len(leaves)]
        into[i] += into[k] * (1 if op == "add" else values[j])
        into[j] += into[k] * (1 if op == "add" else values[i])
    return into[: len(leaves)]


def shifted_by_the_mean(Z):
    e = np.exp(Z - Z.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def signs_lost(given, measured):
    given, measured = np.abs(given), np.abs(measured)
    return np.max(np.abs(given - measured) / np.maximum(given, measured))


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("flow_graphs.reverse_mode", last_step_assigned),
        ("softmax_cross_entropy.softmax", shifted_by_the_mean),
        ("gradient_checking.relative_error", signs_lost),
    ],
)
def test_what_one_input_alone_shows_is_wrong(id, answer):
    assert judge(find(id), answer).status == "wrong"
