"""What is right on ordinary inputs is asked on special ones: a size of 1, a 0, large numbers."""

import numpy as np
import pytest

from bpcourse.questions.bank import all_questions, find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.code import known
from bpcourse.text import text


def logistic(z):
    return 1 / (1 + np.exp(-z))


def squeezed(X, W1, b1, W2, b2):
    return np.squeeze(logistic(X @ W1.T + b1) @ W2.T + b2)


def undone(x, W, b):
    """tanh at every layer, and that of the output undone, which is infinite far from 0."""
    for weights, bias in zip(W, b, strict=True):
        x = np.tanh(weights @ x + bias)
    return np.arctanh(x)


def divided(w, x):
    """The slope in x, times x, divided by the first weight, which may be 0."""
    a, slope = x, 1.0
    for weight in w:
        a = np.tanh(weight * a)
        slope *= weight * (1 - a * a)
    return slope * x / w[0]


def clipped(x, upstream):
    s = logistic(np.clip(x, -3, 3))
    return s * (1 - s) * upstream


def first_as_rival(scores, label):
    """The search begins with class 0, which may be the right one."""
    rival = 0
    for k in range(1, len(scores)):
        if k != label and scores[k] > scores[rival]:
            rival = k
    slopes = np.zeros(len(scores))
    if 1 - scores[label] + scores[rival] > 0:
        slopes[label] -= 1
        slopes[rival] += 1
    return slopes


def shifted_by_size(z):
    m = np.abs(z).max()
    return z - m - np.log(np.sum(np.exp(z - m)))


def left_complex(f, x):
    """Its imaginary part is not 0 where f rounds otherwise for a complex number."""
    step = 1j * 1e-20
    return (f(x + step) - f(x)) / step


ONLY_ORDINARY = {
    "feedforward_network.forward_batch": squeezed,
    "feedforward_network.mend_forward": undone,
    "chain_rule.thin_network": divided,
    "flow_graphs.mend_sigmoid": clipped,
    "scores_and_margin.mend_rival": first_as_rival,
    "stable_softmax.mend_log_shares": shifted_by_size,
    "gradient_checking.complex_step": left_complex,
}


@pytest.mark.parametrize("id", ONLY_ORDINARY)
def test_what_is_right_on_ordinary_inputs_alone_is_wrong(id):
    result = judge(find(id), ONLY_ORDINARY[id])
    assert result.status == "wrong" and not result.misconceptions
    assert text("check.edge") in result.message


def with_edges():
    return [q for q in all_questions() if q.is_code and known(q, 0, special=True)[0]]


@pytest.mark.parametrize("question", with_edges(), ids=lambda question: question.id)
def test_what_is_right_on_special_inputs_is_finite(question):
    """So each is of the kind that the task describes."""
    _, outcomes = known(question, 0, special=True)
    assert all(outcome.error is None for outcome in outcomes)
    for outcome in outcomes:
        parts = outcome.value if isinstance(outcome.value, tuple | list) else [outcome.value]
        for part in parts:
            flat = part if isinstance(part, tuple | list) else [part]
            assert all(np.isfinite(np.asarray(entry, float)).all() for entry in flat)


def test_most_questions_in_code_have_special_inputs():
    code = [q for q in all_questions() if q.is_code and not q.measured]
    assert len(with_edges()) > len(code) // 2
