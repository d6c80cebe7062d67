"""What is said of a mistake that has no name: facts, each of which holds, and always one."""

import re
from functools import partial
from itertools import pairwise
from operator import attrgetter

import numpy as np
import pytest
from rows import a_part

from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.code import known, run
from bpcourse.questions.judging.facts import Facts
from bpcourse.text import text
from tools.answering import line_of, says_something
from tools.slips import code_questions, program

SLIPS = 4  # of each question


def tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def backward(dA=lambda dZ, A, W: dZ @ W, dW=lambda dZ, A, W: dZ.T @ A):
    return lambda *given: (dA(*given), dW(*given), given[0].sum(axis=0))


def logistic(slope, upstream):
    def logistic_backward(z, grad_a):
        a = 1 / (1 + np.exp(-z))
        return slope(z, a, grad_a) * upstream(grad_a)

    return logistic_backward


ANSWERS = {  # what a slip leads to: (question, answer)
    "parts_right": ("matrix_form.linear_backward", backward(dW=lambda dZ, A, W: (dZ**2).T @ A)),
    "no_influence": (
        "activations.logistic_backward",
        logistic(lambda z, a, g: 0.3 + 0 * z, lambda g: g),
    ),
    "not_proportional": (
        "activations.logistic_backward",
        logistic(lambda z, a, g: a * (1 - a) + g, lambda g: g),
    ),
    "times": (
        "activations.logistic_backward",
        logistic(lambda z, a, g: a * (1 - a) * g**2, lambda g: g),
    ),
    "stays": (
        "error_signals.recursion",
        lambda z, W, delta: (W / W.sum(1, keepdims=True)).T @ delta * tanh_slope(z),
    ),
    "not_shifted": ("softmax_cross_entropy.softmax", lambda Z: Z**2 + 0.1),
    "other_places": (
        "vectors_and_jacobians.pointwise_jacobian",
        lambda z: np.diag(tanh_slope(z))[::-1],
    ),
    "zeros": ("activations.tanh_slope", lambda z: np.where(z > 0.5, 0.0, tanh_slope(z))),
    "signs": ("activations.tanh_slope", lambda z: tanh_slope(z) * np.where(z > 0.5, -1, 1)),
    "signs_and_sizes": ("activations.tanh_slope", lambda z: 0.9 - np.tanh(z) ** 2),
    "one_sign": ("chain_rule.thin_network", lambda w, x: x + (w * tanh_slope(w)).sum()),
    "one_both_sizes": (
        "counting.mend_walk_down",
        lambda widths: sum(a * b for a, b in pairwise(widths[1:])) * 5 // widths[0],
    ),
    "right_when_one": (
        "starting_well.leaky_spread",
        lambda n_in, slope: 2 / n_in**0.5 / (1 + slope),
    ),
    "right_when_zero": (
        "error_signals.delta_with_skip",
        lambda z, W, d, V, e: (W.T @ d - 0.3 * V.T @ e) * tanh_slope(z),
    ),
    "right_when_short": (
        "counting.all_paths",
        lambda widths: sum(
            widths[l] * widths[l - 1] * (np.prod(widths[l + 1 :]) if l > 1 else widths[2])
            for l in range(1, len(widths))
        ),
    ),
    "first_right": ("gradient_descent.mean_gradient", lambda g: np.cumsum(g.mean(axis=0))),
    "last_wrong": ("gradient_descent.mean_gradient", lambda g: np.append(g.mean(0)[:-1], 7.0)),
    "too_large": ("activations.tanh_slope", lambda z: tanh_slope(z) + 0.01 * z**2),
    "too_small": ("activations.tanh_slope", lambda z: tanh_slope(z) ** 3),
    "both_sizes": ("activations.tanh_slope", lambda z: tanh_slope(z) ** 3 + 0.05),
    "one_too_large": (
        "counting.mend_walk_down",
        lambda widths: sum(a * b for a, b in pairwise(widths)) - widths[0],
    ),
    "one_too_small": (
        "counting.mend_walk_down",
        lambda widths: sum(a + b for a, b in pairwise(widths[:-1])),
    ),
    "factor": ("activations.tanh_slope", lambda z: 0.3 * tanh_slope(z)),
}


def told(question, answer):
    question = find(question)
    cases, expected = known(question, 0)
    given = [run(question, answer, case) for case in cases]
    right = partial(run, question, question.reference())
    return Facts(question, partial(run, question, answer), right, cases, given, expected).told()


@pytest.mark.parametrize("key", ANSWERS)
def test_a_fact_is_told(key):
    facts = told(*ANSWERS[key])
    assert any(re.fullmatch(line_of(f"check.{key}"), fact) for fact in facts), facts


def test_a_fact_names_what_it_is_about():
    assert told(*ANSWERS["parts_right"]) == [
        text("check.parts_right", names="dA, db"),
        text("check.times", name="dZ", factor=4),
    ]
    assert told(*ANSWERS["no_influence"]) == [text("check.no_influence", names="z")]
    assert told(*ANSWERS["factor"]) == [text("check.factor", factor=0.3)]


def test_a_pattern_of_the_first_input_alone_is_not_told():
    by_columns = judge(find("gradient_descent.mean_gradient"), lambda g: g.sum(axis=0) / len(g[0]))
    line = re.compile(line_of("diagnosis.constant_factor"))
    assert not any(line.search(one) for one in by_columns.message.splitlines())


def test_a_factor_is_told_only_where_each_wrong_number_has_it():
    def two_rivals(s, s_1, s_2):  # its slopes are switched on by the sum, not each by its own part
        L = max(0.0, 1 - s + s_1) + max(0.0, 1 - s + s_2)
        return (L, -2.0, 1.0, 1.0) if L > 0 else (L, 0.0, 0.0, 0.0)

    message = judge(find("scores_and_margin.two_rivals"), two_rivals).message
    assert not re.search(line_of("check.factor"), message), message


def test_what_holds_for_some_of_the_inputs_alone_is_not_told():
    def two_rivals(s, s_1, s_2):  # right where s_1 is 0, for the first inputs but not for others
        a, b = 1 - s + s_1, 1 - s + s_2
        slopes = (float(a > 0), float(a <= 0 < b))
        return max(0.0, a) + max(0.0, b), -sum(slopes), *slopes

    facts = told("scores_and_margin.two_rivals", two_rivals)
    assert facts[0] == text("check.parts_right", names="loss, dL/ds_1")
    assert not any(re.fullmatch(line_of("check.right_when_zero"), fact) for fact in facts), facts


def test_what_is_said_of_every_input_holds_for_shorter_lists_too():
    def all_paths(widths):  # biases are counted, and paths are lost: too large for small networks
        total = 0
        for l in range(len(widths) - 1):
            paths = 1 if l == len(widths) - 2 else widths[-1]
            total += (widths[l] + 1) * widths[l + 1] * paths
        return total

    (fact,) = told("counting.all_paths", all_paths)
    assert re.fullmatch(line_of("check.one_both_sizes"), fact), fact


def test_what_is_measured_alike_is_not_called_right():
    def learn(X, labels, epochs, batch_size, eta, seed):  # no epoch takes each example once
        rng, W, b = np.random.default_rng(seed), np.zeros((3, X.shape[1])), np.zeros(3)
        for _ in range(epochs * -(-len(X) // batch_size)):
            rows = rng.choice(len(X), batch_size)
            e = np.exp(X[rows] @ W.T + b)
            delta = (e / e.sum(axis=1, keepdims=True) - np.eye(3)[labels[rows]]) / batch_size
            W, b = W - eta * delta.T @ X[rows], b - eta * delta.sum(axis=0)
        return W, b

    message = judge(find("training.learn"), learn).message
    assert not re.search(line_of("check.parts_right"), message), message


def test_where_some_inputs_are_right_nothing_is_said_of_every_input():
    (fact,) = told("starting_well.mend_signal", lambda n, s, d: (s * int(n**0.5)) ** d)
    assert re.fullmatch(line_of("check.one_too_small"), fact)
    assert "where it is wrong" in fact


def test_a_mistake_that_is_told_is_not_called_unknown():
    def epoch(X, y, w, eta, batch_size):
        w -= eta * X.T @ (X @ w - 0.9 * y)  # a change of what was given, and another mistake
        return w

    message = judge(find("training.epoch"), epoch).message
    assert "w" in message and text("check.unknown") not in message, message
    assert (
        text("check.unknown") in judge(find("training.epoch"), lambda *given: given[2] + 1).message
    )


def test_where_it_is_right_is_told():
    result = judge(find("matrix_form.outer_product"), lambda d, a: np.outer(d, a + (len(a) > 4)))
    assert any(re.fullmatch(line_of("check.right_here"), one) for one in result.message.split("\n"))


@pytest.mark.parametrize("question", a_part(code_questions(), every=4), ids=attrgetter("id"))
def test_no_slip_is_left_without_something_to_go_on(question):
    solved, rng = program(question), np.random.default_rng(1)
    slips = solved.slips()
    for i in rng.permutation(len(slips))[:SLIPS]:
        try:
            answer = solved.answer(question.answer, slips[i])
        except Exception:  # the cell itself stops
            continue
        result = judge(question, answer)
        if result.status != "right" and not result.misconceptions:
            assert says_something(result.message), (solved.source(slips[i]), result.message)


# --- what is said is true of every input, or says of which ----------------------------------------


def lines(id, answer):
    return judge(find(id), answer).message.split("\n")


def says(id, answer, key):
    return any(re.fullmatch(line_of(f"check.{key}"), line) for line in lines(id, answer))


def cut_below(z):
    shares = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    return np.log(np.maximum(shares, 1e-12))


def test_what_doubles_on_one_input_alone_is_not_said_to_double():
    """Where one number is far above the others, their logarithms are nearly differences."""
    assert says("stable_softmax.mend_log_shares", cut_below, "no_influence")
    assert not says("stable_softmax.mend_log_shares", cut_below, "stays")


def test_what_is_infinite_hides_behind_no_size():
    def from_the_smallest(z):
        with np.errstate(over="ignore"):
            return z - z.min() - np.log2(np.exp(z - z.min()).sum())

    assert says("stable_softmax.mend_log_shares", from_the_smallest, "not_finite")
    assert not says("stable_softmax.mend_log_shares", from_the_smallest, "too_large")


def test_a_measured_factor_is_told_as_far_as_it_is_sure():
    def halves(x, W1, W2, h=1e-6):
        f = lambda x: W2 @ np.tanh(W1 @ x)  # noqa: E731
        steps = h * np.eye(len(x))
        return np.stack([(f(x + step) - f(x)) / (2 * h) for step in steps], axis=1)

    assert "It is about 0.5 times what it should be." in lines(
        "vectors_and_jacobians.product_of_jacobians", halves
    )


def test_no_experiment_is_made_with_more_results_than_are_asked_for():
    class Layer:
        def __init__(self, W, b):
            self.W, self.b = W, b

        def forward(self, A):
            self.A = A
            return A @ self.W.T + self.b

        def backward(self, dZ):
            self.dW, self.db = dZ.T @ self.A, dZ.sum(axis=0)
            return dZ @ self.W, self.dW, self.db

    assert says("matrix_form.layer_class", Layer, "parts_right")
    assert not says("matrix_form.layer_class", Layer, "not_proportional")


def test_what_is_measured_of_one_thing_is_explained_as_a_whole():
    """A spread of half the size is no sign of weights that lie on one side."""

    def narrow(n_in, n_out, seed):
        most = 1 / np.sqrt(n_in)
        return np.random.default_rng(seed).uniform(-most, most, (n_out, n_in))

    assert judge(find("starting_well.initial_weights"), narrow).misconceptions == ()


def test_each_of_two_mistakes_is_said_to_be_told_alone():
    def step(X, Y, W, b, eta):
        A1 = np.tanh(X @ W[0].T + b[0])
        dZ2 = A1 @ W[1].T + b[1] - Y
        dZ1 = dZ2 @ W[1] * (1 - A1**2)
        return W[1] - eta * dZ2.T @ A1, W[0] - eta * dZ1.T @ X

    assert lines("matrix_form.mend_update", step)[0] == text("check.several")
    assert not says("matrix_form.linear_backward", backward(dA=lambda dZ, A, W: -dZ @ W), "several")


def test_beside_a_right_number_next_to_0_nothing_has_a_size():
    """Of a share of 10⁻³²⁰ no number is so and so many times as large: there was a warning."""
    right = find("softmax_cross_entropy.fused_gradient").reference()

    def wrong(*given):
        gradient = right(*given)
        places = np.arange(1, gradient.size + 1).reshape(gradient.shape)
        return 1.37 * gradient + 0.1 * np.sin(places) * (1 + np.abs(gradient))

    said = " ".join(lines("softmax_cross_entropy.fused_gradient", partial(wrong)))
    assert said and "inf" not in said


def test_what_we_measured_is_not_counted_among_the_numbers_of_an_answer():
    """Its measure is 0, and the weights themselves are not."""

    def learn(X, labels, epochs, batch_size, eta, seed):
        W, b, rng = np.zeros((3, X.shape[1])), np.zeros(3), np.random.default_rng(seed)
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                Z = X[rows] @ W.T + b
                P = np.exp(Z - Z.max(axis=1, keepdims=True))
                P /= P.sum(axis=0)  # over the examples
                P[np.arange(len(rows)), labels[rows]] -= 1
                W, b = W - eta * P.T @ X[rows] / len(rows), b - eta * P.mean(axis=0)
        return W, b

    assert not says("training.learn", learn, "zeros")
    assert says("training.learn", learn, "signs_and_sizes")
