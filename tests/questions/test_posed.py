"""An answer by numbers or letters: how it may be written, which is right, and which has a name."""

from dataclasses import replace

import numpy as np
import pytest

from bpcourse.questions import Answer
from bpcourse.questions.bank import find
from bpcourse.questions.judging.posed import after, labelled_seed, pose
from bpcourse.text import text

UNIT, COUNT = find("feedforward_network.pre_activation"), find("feedforward_network.parameters")
SHAPE, ARRAY = find("matrix_form.shape_of_gradient"), find("softmax_cross_entropy.delta_by_hand")
CHOICE, ORDER = find("activations.zero_gradient"), find("training.order_of_loop")
FIXED = find("inventory_a.cost")  # its right option has a place


# --- how an answer may be written -----------------------------------------------------------------


@pytest.mark.parametrize(
    "question, right, forms",
    [
        (UNIT, -0.5, [-0.5, "-0.5", "−0.5", "-,5", "-0,5", " -1/2 ", [-0.5], np.array([[-0.5]])]),
        (SHAPE, (5, 6), [(5, 6), [5, 6], "(5, 6)", "5 x 6", np.array([5.0, 6.0])]),
        (ARRAY, [-0.3, 0.1, 0.2], ["[-0.3, .1, 2e-1]", [[-0.3], [0.1], [0.2]], [[-0.3, 0.1, 0.2]]]),
    ],
)
def test_a_number_is_read_however_it_is_written(question, right, forms):
    posed = replace(pose(question), right=right)
    for form in forms:
        assert posed.offers(form) and posed.judge(form).status == "right", form


@pytest.mark.parametrize(
    "question, value",
    [
        (UNIT, "many"), (UNIT, "1/0"), (UNIT, "1/"), (UNIT, None), (UNIT, "1,2,3"),
        (SHAPE, "none"), (ARRAY, "none"), (ARRAY, object()),
        (CHOICE, "E"), (CHOICE, "AB"), (CHOICE, "A2"), (CHOICE, ["A"]), (CHOICE, 1), (CHOICE, ""),
        (ORDER, "CAEBX"), (ORDER, "CAEBD2"), (ORDER, ""), (ORDER, []), (ORDER, 7), (ORDER, "2"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_none(question, value):
    posed = pose(question)
    assert not posed.offers(value) and posed.judge(value).status == "wrong"


def test_numbers_of_another_shape_are_not_right():
    right = pose(ARRAY).right
    square = replace(pose(ARRAY), right=np.eye(2))
    assert square.judge([[1, 0], [0, 1]]).status == "right"
    assert square.judge([1, 0, 0, 1]).status == "wrong"
    assert pose(ARRAY).judge([*right, 0]).status == "wrong"
    assert pose(UNIT).judge([pose(UNIT).right] * 2).status == "wrong"


def test_letters_are_read_in_any_case_and_with_any_signs_between_them():
    choice, order = pose(CHOICE), pose(ORDER)
    assert (choice.shown(choice.right), order.shown(order.right)) == ("A", "CAEBD")
    for form in ("A", "a", " (a) ", "A1", "A."):
        assert choice.judge(form).status == "right"
    for form in ("CAEBD", "c a e b d", "C, A; E – B-D.", list("caebd"), "C1A1E1B1D1", "CAEBD1"):
        assert order.judge(form).status == "right", form
    later = pose(ORDER, 9)
    assert later.shown(later.right)[-2:] == "10"
    assert later.judge(later.shown(later.right)).status == "right"
    assert order.judge(later.shown(later.right)).status == "wrong"


@pytest.mark.parametrize(
    "question, value, seed",
    [
        (CHOICE, "B", None), (CHOICE, "B2", 1), (CHOICE, "b11", 10), (CHOICE, "B0", None),
        (CHOICE, "B1", 0), (CHOICE, "?", None), (CHOICE, 3, None), (UNIT, "B2", None),
        (ORDER, "BA3", 2), (ORDER, "B2A3", None), (ORDER, ["B2", "A2"], 1), (ORDER, "BA", None),
    ],
)  # fmt: skip
def test_letters_carry_the_seed_of_their_numbers(question, value, seed):
    assert labelled_seed(question, value) == seed


def test_the_seeds_of_tries_go_round_among_ten():
    assert [after(seed) for seed in (0, 8, 9, 70, 79)] == [1, 9, 0, 71, 70]
    assert Answer(1.0).seed == 0 and Answer(1.0, 0) == Answer(1.0)


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True])
def test_the_seed_of_an_answer_is_a_whole_number(seed):
    with pytest.raises(ValueError, match=f"seed: expected a whole number .*, got {seed!r}"):
        Answer("A", seed)


# --- what is asked --------------------------------------------------------------------------------


def test_the_same_is_asked_on_every_machine():
    assert pose(CHOICE) == pose(CHOICE, 0)
    assert pose(CHOICE).labels == dict(A="dead", B="weights_zero", C="solved", D="upstream")
    assert pose(CHOICE, 1).labels == dict(A2="solved", B2="dead", C2="weights_zero", D2="upstream")
    assert "".join(option[0] for option in pose(ORDER, 1).labels.values()) == "ubbfs"
    assert [pose(UNIT, seed).right for seed in range(2)] == pytest.approx([-3.63, 3.58])
    # A question that has moved goes on asking what it asked under its first name.
    moved = replace(CHOICE, id="activations.moved", formerly=("activations.later", CHOICE.id))
    assert pose(moved, 3).labels == pose(CHOICE, 3).labels


def test_the_lines_of_every_version_are_shown_in_a_mixed_order():
    asked = find("feedforward_network.order_of_forward")
    posed = pose(asked)
    assert set(posed.labels.values()) == {
        *posed.right,
        *(line for lines in posed.wrong.values() for line in lines),
    }
    assert list(posed.labels) == list("ABCDEFG") and list(posed.labels.values()) != sorted(
        posed.labels.values()
    )
    assert pose(UNIT).labels == {}


def test_a_right_option_with_a_place_moves_on_by_one_from_form_to_form():
    places = [list(pose(FIXED, seed).labels.values()).index("right") for seed in range(6)]
    count = len(pose(FIXED).labels)
    assert places == [(FIXED.place + seed) % count for seed in range(6)]


def drawn(numbers, mistake, **more):
    """A question with the right answer x, and one mistake."""
    numbers = iter(numbers)

    def solve(flaw, x):
        return mistake(x) if flaw("sign_flipped") else x

    return replace(
        UNIT, inputs=lambda rng, size: {"x": next(numbers)}, solve=solve,
        misconceptions=("sign_flipped",), forms={}, slips=None, on_the_way=None, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    "numbers, mistake, decimals, x",
    [
        ([0.0, 0.01, 0.02], lambda x: -x, 2, 0.02),  # rounded by hand, 0.01 and -0.01 may be one
        ([0.0, 0.01, 0.02], lambda x: -x, None, 0.01),
        ([0.0, 0.02], lambda x: np.array([x]), 2, 0.0),
        ([0.0, 0.02], lambda x: "none", 2, 0.0),
    ],
)
def test_numbers_are_drawn_until_a_mistake_gives_another_answer(numbers, mistake, decimals, x):
    posed = pose(drawn(numbers, mistake, decimals=decimals))
    assert posed.right == posed.inputs["x"] == x


def test_mistakes_that_nothing_can_tell_apart_are_named_by_the_first():
    def solve(flaw, x):
        return 2 * x if flaw("sign_flipped") or flaw("bias_forgotten") else x

    numbers = iter(range(1, 1000))
    asked = replace(
        drawn([], None), inputs=lambda rng, size: {"x": 1.0 * next(numbers)}, solve=solve,
        misconceptions=("sign_flipped", "bias_forgotten"),
    )  # fmt: skip
    unknown = pose(asked)
    assert unknown.judge(2 * unknown.right).misconceptions == ()
    both = frozenset({"sign_flipped", "bias_forgotten"})
    known = pose(replace(asked, coincide=frozenset({both})))
    assert known.judge(2 * known.right).misconceptions == ("sign_flipped",)


# --- which answer is right ------------------------------------------------------------------------


def test_a_number_by_hand_may_be_off_by_one_in_its_last_decimal():
    posed = pose(UNIT)
    assert (
        posed.judge(posed.right + 0.01).status == posed.judge(posed.right - 0.01).status == "right"
    )
    assert posed.judge(posed.right + 0.012).status == posed.judge(-posed.right).status == "wrong"
    assert pose(COUNT).judge(pose(COUNT).right + 1).status == "wrong"
    shown = replace(posed, right=-0.0012).judge(1.0).expected
    assert shown == 0 and not np.signbit(shown)
    assert posed.judge(1.0).expected == -3.63 and pose(SHAPE).judge("1, 2").expected == (5, 6)


def test_a_mistake_is_named_in_each_of_its_forms():
    posed = pose(UNIT)
    for name, value in posed.forms:
        verdict = posed.judge(value)
        assert (verdict.status, verdict.misconceptions) == ("wrong", (name,))
        assert verdict.arguments == posed.inputs and verdict.expected == posed.shown(posed.right)
    assert len(posed.forms) == 1 + len(posed.wrong)  # one has two forms


def test_lines_in_order_are_named_by_what_is_wrong_with_them():
    asked = find("feedforward_network.order_of_forward")
    posed = pose(asked)
    letters = {option: letter for letter, option in posed.labels.items()}

    def judged(lines):
        verdict = posed.judge("".join(letters[line] for line in lines.split()))
        return verdict.misconceptions, verdict.seen

    assert judged("start z1 z2 give") == (("activation_forgotten",), "")
    assert judged("start z1 a1 z2") == (("line_missing",), "")
    assert judged("z1 start a1 z2 give") == (("line_too_early",), "")
    assert judged("start z1 a1 z2 a2 give") == (("line_too_many",), "")
    assert judged("start z1 a1 a2 give") == (("activation_on_output",), "")
    assert judged("start z1 z1 a1 z2 give") == ((), text("by_hand.line_twice"))
    spread = pose(find("starting_well.order_of_spread"))
    letters = {option: letter for letter, option in spread.labels.items()}
    false = spread.judge("".join(letters[line] for line in ("start", "unsquared", "no_root")))
    assert (false.misconceptions, false.seen) == ((), text("by_hand.false_lines"))


def test_a_second_order_may_be_right_too_and_hides_no_mistake():
    posed = pose(find("matrix_form.order_of_backward"))
    other = ("delta2", "delta1", "update1", "update2")
    assert other != posed.right and posed.judge(posed.shown(other)).status == "right"
    for name, lines in posed.wrong.items():
        assert posed.judge(posed.shown(lines)).misconceptions == (name,)


def test_how_many_lines_are_right_from_the_first_on():
    posed = pose(ORDER)
    counts = {"CAEBD": 5, "CA": 2, "CABED": 2, "ACEBD": 0, "CAEBDD": 5}
    assert {letters: posed.leading(letters) for letters in counts} == counts


def test_lines_are_counted_as_in_the_right_order_that_is_nearest():
    posed = pose(find("matrix_form.order_of_backward"))
    letters = {option: letter for letter, option in posed.labels.items()}
    other = [letters[line] for line in ("delta2", "delta1", "update1", "update2")]
    assert posed.leading("".join(other)) == 4
    assert posed.leading("".join(other[:3])) == 3
