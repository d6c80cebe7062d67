"""Where a slip is, in the letters of the task."""

import re

import numpy as np
import pytest
from vocabulary import strange_symbols

from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging import instead
from bpcourse.questions.judging.steps import slips
from bpcourse.text import text
from tools.slips import code_questions

READ = [question for question in code_questions() if not question.measured]


@pytest.mark.parametrize(
    "id, answer, key, values",
    [
        (
            "activations.tanh_slope",
            lambda z: (1 - np.tanh(z)) ** 2,
            "written",
            {"given": "(1 - np.tanh(z)) ** 2"},
        ),
        (
            "outputs_and_losses.mend_baseline",
            lambda Y_hat, Y: ((Y_hat - Y) ** 2).sum() / ((Y_hat.mean(axis=0) - Y) ** 2).sum(),
            "stood",
            {"given": "Y_hat", "needed": "Y"},
        ),
        (
            "one_weight_at_a_time.mend_slope",
            lambda x, W, v, i, j: v[i] * (1 - np.tanh(W @ x)[i] ** 2) * x,
            "stood",
            {"given": "x", "needed": "x[j]"},
        ),
        (
            "error_signals.recursion",
            lambda z, W_above, delta_above: W_above.T @ delta_above**2 * (1 - np.tanh(z) ** 2),
            "stood",
            {"given": "delta_above ** 2", "needed": "delta_above"},
        ),
    ],
)
def test_what_stands_in_the_place_of_what_is_told(id, answer, key, values):
    result = judge(find(id), answer)
    assert result.misconceptions and text(f"check.as_if_{key}", **values) in result.message


@pytest.mark.parametrize("question", READ, ids=lambda question: question.id)
def test_it_is_told_in_letters_that_the_task_has(question):
    for step in slips(question)[::29]:
        said = instead.told(question, (step,))
        names = re.sub(r"(?<!np)\.\w+", "", said)  # without methods, such as .T and .sum
        assert not strange_symbols(names, question), said
        assert "flaw" not in said and len(said) < 150
