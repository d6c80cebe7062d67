"""Wrong numbers by hand: named by a slip that is known, or else told what can be seen of them."""

import re
from collections import Counter
from dataclasses import replace
from operator import attrgetter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import a_part

from bpcourse.questions import Answer, all_questions
from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.fingerprint import fingerprint
from bpcourse.questions.judging.posed import NUMBERS, pose
from bpcourse.text import below, text

SEEDS = range(10)
ASKED = [question for question in all_questions() if question.kind in NUMBERS]
UNIT = "feedforward_network.pre_activation"  # x = [1.4 0.6 0.1], w = [−0.9 −0.8 −1.9], b = −1.7


def said(question, value, seed=0):
    return judge(question, Answer(value, seed), show_expected=False)


def in_hand(question, value):
    """A value as it is written down: rounded, or a shape."""
    if question.kind == "shape":
        return tuple(value)
    return value if question.decimals is None else np.round(value, question.decimals)


# --- what is asked does not depend on it ----------------------------------------------------------


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.id)
def test_slips_move_nothing_that_is_asked(question):
    alone = replace(question, slips=None, on_the_way=None)
    assert fingerprint(question) == fingerprint(alone)  # of ten seeds
    for seed in SEEDS:
        assert repr(pose(question, seed).forms) == repr(pose(alone, seed).forms)


# --- slips ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.id)
def test_a_slip_is_named_and_never_as_what_it_is_not(question):
    """Its own name, or none; or that of a mistake that gives the same number here."""
    named = Counter()
    for seed in SEEDS:
        posed = pose(question, seed)
        for names, value in by_hand.slips(question, posed.inputs):
            result = said(question, in_hand(question, value), seed)
            if result.misconceptions == tuple(names.split()):
                named[names] += 1
            elif result.misconceptions:
                same = [v for n, v in posed.forms if n == result.misconception]
                assert any(posed._same(in_hand(question, value), v) for v in same), (names, seed)
    assert set(named) == {names for names, _ in by_hand.slips(question, pose(question).inputs)}


@pytest.mark.parametrize(
    "id, value, name",
    [
        (UNIT, -0.23, "bias_subtracted"),
        (UNIT, 3.63, "sign_flipped"),
        (UNIT, -3.6, "rounded_result"),
        (UNIT, -1.11, "plus_for_minus"),
        (UNIT, [-1.26, -0.48, -0.19], "not_summed_yet"),
        ("gradient_descent.one_step", 1.39, "first_entry_only"),
        ("gradient_descent.evaluations", 347, "off_by_one_loop"),
        ("error_signals.output_by_hand", 5.9, "summed_to_one_number"),
        ("softmax_cross_entropy.cross_entropy_by_hand", 0.15, "factor_too_many"),
        ("feedforward_network.parameters", 120, "widths_multiplied"),
        ("feedforward_network.parameters", 56, "one_bias_a_layer"),
        ("gradient_descent.evaluations", 346_000_000, "another_unit"),
        ("chain_rule.one_path", -1.19, "divided_for_multiplied"),
        ("activations.through_layers", 0.25, "one_layer_only"),
        ("activations.through_layers", 0.0977, "percent_for_share"),
        ("activations.through_layers", 0.0009, "rounded_result"),
        ("one_weight_at_a_time.two_terms", 0.12, "counted_from_zero"),
        ("one_weight_at_a_time.number_of_paths", 128, "one_layer_off"),
        ("error_signals.output_by_hand", [-1.2, -1.9], "plus_for_minus"),
        ("error_signals.output_by_hand", [3.1, 2.8], "order_reversed"),
        ("softmax_cross_entropy.cross_entropy_by_hand", 6.79, "all_classes_counted"),
        ("softmax_cross_entropy.how_bad", 0.03, "ratio_upside_down"),
        ("softmax_cross_entropy.logits_by_hand", [42.11, 26.32, 31.58], "percent_for_share"),
        ("gradient_checking.error_of_central", 0.01, "ratio_upside_down"),
        ("gradient_checking.error_of_central", 2, "exponent_for_number"),
        ("training.steps", 1365, "step_for_each_example"),
        ("matrix_form.shape_of_gradient", (5, 7), "bias_in_weights"),
        ("vectors_and_jacobians.shape_of_jacobian", (2,), "output_alone"),
    ],
)
def test_a_likely_wrong_value_is_named(id, value, name):
    result = said(find(id), value)
    assert result.status == "wrong" and result.misconceptions == (name,)


def test_two_slips_that_give_one_number_are_not_named():
    twice = replace(find(UNIT), slips=lambda x, w, b: {"doubled": 9.0, "halved": 9.0})
    assert said(twice, 9.0).misconceptions == ()
    assert said(replace(find(UNIT), slips=lambda x, w, b: {"doubled": 9.0}), 9.0).misconceptions


def test_two_mistakes_at_once_have_both_names():
    names = said(find("gradient_descent.one_step"), [1.5, -0.3]).misconceptions
    assert names == ("step_uphill", "learning_rate_missing")


def test_a_number_that_is_only_near_a_slip_is_not_it():
    assert said(find(UNIT), -0.236).misconceptions == ()  # −0.23 is the bias subtracted


@pytest.mark.parametrize("question", a_part(ASKED, every=2), ids=attrgetter("id"))
def test_a_slip_is_wrong_however_near_the_right_number_it_is(question):
    """Upstream alone is 0.10 where 0.11 is right: as near as one that was rounded on the way."""
    for seed in range(15):
        posed = pose(question, seed)
        right = in_hand(question, posed.right)
        for names, value in by_hand.slips(question, posed.inputs):
            given = in_hand(question, value)
            if not np.array_equal(given, right):
                assert said(question, given, seed).status == "wrong", (names, value, posed.right)
    of_no_slip = said(find("flow_graphs.multiply_gate"), 0.12)
    assert of_no_slip.status == "right"  # one unit of the last decimal is free


def test_what_any_number_may_show_is_listed():
    made = [by_hand.of_any(np.array(right), 2) for right in (0.5, [0.5, 0.1], [-1.0, 2.0])]
    assert {name for some in made for name, _ in some} == set(by_hand.OF_ANY)


# --- what is seen of an unknown one ---------------------------------------------------------------


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.id)
def test_a_value_on_the_way_is_told_as_what_it_is(question):
    keys = by_hand.on_the_way(question, pose(question).inputs)
    ways = {key for key in below(f"question.{question.id}") if key.startswith("way_")}
    assert {f"way_{key}" for key in keys} <= ways
    told = set()
    for seed in SEEDS:
        posed = pose(question, seed)
        for key, value in by_hand.on_the_way(question, posed.inputs).items():
            what = text(f"question.{question.id}.way_{key}")
            result = said(question, in_hand(question, value), seed)
            if text("by_hand.way", what=what) == result.message:
                told.add(f"way_{key}")
            elif result.status == "wrong" and not result.misconceptions:
                assert text("by_hand.way", what="").split("{")[0][:7] in result.message
    assert told == ways


@pytest.mark.parametrize(
    "id, value, key, values",
    [
        (UNIT, 2.0, "sign", {}),
        (UNIT, -36.3, "point", {}),
        (UNIT, -363, "point", {}),
        (UNIT, -90.0, "far_larger", {"times": 10}),
        (UNIT, -0.06, "far_smaller", {"times": 10}),
        (UNIT, -5e-324, "far_smaller", {"times": 10}),
        (UNIT, -3.68, "near", {"percent": 3}),
        (UNIT, -4.2, "larger", {}),
        (UNIT, -3.1, "smaller", {}),
        (UNIT, 0, "zero", {}),
        (UNIT, np.inf, "not_finite", {}),
        (UNIT, [1.0, 2.0], "count", {"given": 2, "right": 1}),
        ("training.steps", 44, "one_less", {}),
        ("training.steps", 46, "one_more", {}),
        ("training.steps", 41.5, "whole", {}),
        ("error_signals.output_by_hand", [2.8, 3.3], "some_wrong", {"places": "2"}),
        ("error_signals.output_by_hand", [7.1, -4.2], "all_wrong", {"count": 2}),
        ("error_signals.output_by_hand", [2.85, 3.15], "near", {"percent": 3}),
        ("error_signals.output_by_hand", 4.4, "count", {"given": 1, "right": 2}),
        ("softmax_cross_entropy.delta_by_hand", [0.1, -0.3, 0.2], "another_order", {}),
        ("matrix_form.shape_of_gradient", (5,), "axes", {"given": 1, "right": 2}),
        ("matrix_form.shape_of_gradient", (5, 9), "rows_right", {}),
        ("matrix_form.shape_of_gradient", (9, 6), "columns_right", {}),
        ("matrix_form.shape_of_gradient", (9, 9), "sizes", {}),
    ],
)
def test_an_unknown_wrong_number_gets_something_to_go_on(id, value, key, values):
    result = said(find(id), value)
    assert result.misconceptions == ()
    assert result.message == text(f"by_hand.{key}", **values)


@given(st.sampled_from(ASKED), st.integers(0, 9), st.floats(-1e9, 1e9), st.floats(-2, 2))
def test_every_wrong_number_gets_one_sentence_or_two_and_no_right_value(question, seed, far, near):
    posed = pose(question, seed)
    right = np.asarray(posed.shown(posed.right))
    for value in (far, near, right * near, right + near):
        result = said(question, value if question.kind != "shape" else (7, 8, 9), seed)
        if result.status == "right":
            continue
        assert result.message and text("check.not_known") not in result.message
        assert "right is" not in result.message and "{" not in result.message
        assert len(re.findall(r"[.?!](\s|$)", result.message)) <= 4


def test_a_decimal_comma_is_read():
    assert said(find(UNIT), "−3,63").status == said(find(UNIT), "-3.63").status == "right"
    assert said(find(UNIT), "1,2,3").status == "wrong"


def test_a_slip_of_the_pen_is_hardly_ever_named_by_chance():
    rng, chance, asked = np.random.default_rng(5), 0, 0
    for question in ASKED:
        if question.kind == "shape" or question.decimals is None:
            continue
        for seed in range(3):
            posed = pose(question, seed)
            for value in np.round(rng.uniform(-2, 2, 20)[:, None] * posed.right, question.decimals):
                found = by_hand._of_one(
                    list(by_hand.of_pen(question, posed.inputs)), value, question.decimals
                )
                chance, asked = chance + bool(found), asked + 1
    assert asked > 500 and chance <= 0.03 * asked
