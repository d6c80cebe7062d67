"""Lines in order: a wrong one is named by its false line, or by what is wrong with true ones."""

import itertools

import pytest

from bpcourse.questions import Answer, all_questions
from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text

ORDERS = [question for question in all_questions() if question.kind == "order"]


def said(id, lines, seed=0):
    posed = pose(find(id), seed)
    letters = {option: letter for letter, option in posed.labels.items()}
    return judge(posed.question, Answer("".join(letters[line] for line in lines.split()), seed))


@pytest.mark.parametrize(
    "id, lines, names",
    [
        (
            "outputs_and_losses.order_of_mean",
            "start slope zero undivided mean",
            "batch_mean_missing",
        ),
        (
            "softmax_cross_entropy.order_of_delta",
            "start share outer once end",
            "inner_slope_missing",
        ),
        ("feedforward_network.order_of_forward", "z1 a1 z2 give", "line_missing"),
        ("feedforward_network.order_of_forward", "start z1 z2 give", "activation_forgotten"),
        ("chain_rule.order_of_two_paths", "stages moves slopes limit", "line_too_early"),
        ("training.order_of_loop", "batch shuffle forward backward update", "shuffled_too_late"),
        ("starting_well.order_of_spread", "start spreads unsquared total want root", ""),
        ("flow_graphs.order_of_nodes", "s s q p", ""),
    ],
)
def test_an_order_is_named_by_its_lines(id, lines, names):
    result = said(id, lines)
    assert result.status == "wrong" and " ".join(result.misconceptions) == names
    assert result.message and text("check.not_known") not in result.message


@pytest.mark.parametrize("question", ORDERS, ids=lambda question: question.id)
def test_an_order_is_right_in_one_way_or_two_and_never_without_a_word(question):
    posed = pose(question)
    letters = list(posed.labels)[: 1 + len(posed.right)]
    right = []
    for some in itertools.permutations(letters, len(posed.right)):
        judged = posed.judge("".join(some))
        if judged.status == "right":
            right.append(some)
        else:
            assert judged.misconceptions or judged.seen, some
    assert len(right) <= 2
