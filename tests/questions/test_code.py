"""A function is judged on inputs that are made once, and shown the first that says most."""

from dataclasses import replace

import numpy as np
import pytest

from bpcourse.questions.bank import find
from bpcourse.questions.judging import code
from bpcourse.questions.judging.clock import OutOfTimeError
from bpcourse.questions.judging.code import judge_code, known, made_of, may_be_warmed, warm
from bpcourse.text import text

LAYER, SLOPE = find("matrix_form.linear_backward"), find("activations.tanh_slope")
SHUFFLE = find("training.mend_shuffle")


def linear_backward(dZ, A, W):
    return dZ @ W, dZ.T @ A, dZ.sum(axis=0)


def spoilt(dZ, A, W, factor=1.37):
    """A mistake without a name."""
    return dZ @ W, factor * dZ.T @ A + 0.3, dZ.sum(axis=0)


# --- what is kept ---------------------------------------------------------------------------------


def test_what_a_check_asks_and_what_mistakes_give_is_made_once():
    cases, made = known(LAYER, 5)[0], made_of(LAYER, 5)
    assert made_of(SLOPE, 5) is not made
    assert known(LAYER, 5)[0] is cases and made_of(LAYER, 5) is made
    assert known(LAYER, 6)[0] is not cases and made_of(LAYER, 6) is not made
    again = replace(LAYER)  # as a changed notebook has it
    assert known(again, 5)[0] is not cases and made_of(again, 5) is not made


def test_of_many_questions_not_all_is_kept(monkeypatch):
    for name, most in (("_known", "MOST_KNOWN"), ("_made", "MOST_MADE")):
        monkeypatch.setattr(code, name, {})
        monkeypatch.setattr(code, most, 2)
    first = known(LAYER, 0)[0]
    assert known(SLOPE, 0) and known(LAYER, 0)[0] is first
    assert known(SHUFFLE, 0) and known(LAYER, 0)[0] is not first
    monkeypatch.setattr(code, "MOST_KNOWN", 9)
    one, other = made_of(LAYER, 0), made_of(SLOPE, 0)
    assert made_of(LAYER, 0) is one  # so that of the other has not been asked for the longest time
    made_of(SHUFFLE, 0)
    assert made_of(LAYER, 0) is one and made_of(SLOPE, 0) is not other


def test_a_question_is_warmed_once_its_slips_are_sought_and_only_once():
    question = replace(SLOPE, id="activations.own_slope")
    assert not may_be_warmed(question, 0)
    judge_code(question, lambda z: np.sin(z) + 0.37 * z**2)
    assert may_be_warmed(question, 0)
    warm(question, 0)
    assert not may_be_warmed(question, 0)


# --- which inputs are shown -----------------------------------------------------------------------


def on_each_input(kinds):
    """An answer that is right, wrong, nearly right or an error on each input of a check."""
    cases, _ = known(LAYER, 0)

    def answer(dZ, A, W):
        found = (
            kind for kind, case in zip(kinds, cases, strict=True) if np.array_equal(case["dZ"], dZ)
        )
        kind = next(found, "right")
        if kind == "error":
            raise ValueError("no")
        factor = 1 + 1e-5 * (kind == "nearly")
        right = linear_backward(dZ, A * factor, W)
        return spoilt(dZ, A, W) if kind == "wrong" else right

    return answer


@pytest.mark.parametrize(
    "kinds, shown, status, works",
    [
        ("right nearly wrong wrong error right", 2, "wrong", 0),
        ("right error nearly right right right", 2, "wrong", 0),
        ("error right error right right right", 0, "failed", 1),
        ("wrong wrong wrong wrong wrong wrong", 0, "wrong", None),
        ("right right right right right wrong", 5, "wrong", 0),
    ],
)
def test_the_first_input_that_shows_it_plainly_is_shown(kinds, shown, status, works):
    cases, expected = known(LAYER, 0)
    verdict = judge_code(LAYER, on_each_input(kinds.split()))
    assert (verdict.status, verdict.misconceptions) == (status, ())
    assert verdict.arguments is cases[shown] and verdict.expected is expected[shown].value
    assert verdict.works is (None if works is None else cases[works])
    assert (verdict.given.error is not None) == (status == "failed") and not verdict.stopped


@pytest.mark.parametrize("stopped", [False, True])
def test_an_answer_that_does_not_end_is_shown_on_the_input_where_it_is(stopped):
    calls = []

    def answer(dZ, A, W):
        calls.append(1)
        if len(calls) < 3:
            return linear_backward(dZ, A, W)
        while stopped:
            pass
        raise KeyboardInterrupt

    cases, expected = known(LAYER, 0)
    verdict = judge_code(LAYER, answer, seconds=0.3)
    assert (verdict.status, verdict.stopped, len(calls)) == ("failed", stopped, 3)
    assert verdict.arguments is cases[2] and verdict.expected is expected[2].value
    assert type(verdict.given.error) is (OutOfTimeError if stopped else KeyboardInterrupt)


# --- what is told of a mistake --------------------------------------------------------------------


def test_what_is_drawn_at_random_is_told_and_what_is_only_wrong_is_not():
    rng = np.random.default_rng()

    def at_random(X, y, seed):
        return X + rng.normal(size=X.shape), y

    def only_wrong(X, y, seed):
        return X + 0.37 * np.cos(seed + X), y

    assert judge_code(SHUFFLE, at_random).misconceptions == ("seed_not_used",)
    assert judge_code(SHUFFLE, only_wrong).misconceptions == ()
    random = judge_code(LAYER, lambda dZ, A, W: spoilt(dZ, A, W, rng.normal()))
    assert random.misconceptions == () and random.seen == text("check.random")
    for answer in (spoilt, lambda dZ, A, W: (dZ @ W, dZ.T @ A, object())):
        assert text("check.random") not in judge_code(LAYER, answer).seen


def test_what_cannot_be_asked_again_is_not_called_random():
    calls = []

    def tired(dZ, A, W):
        calls.append(1)
        if len(calls) > 6:
            raise ValueError("tired")
        return spoilt(dZ, A, W)

    assert text("check.random") not in judge_code(LAYER, tired).seen


def test_the_factor_on_the_input_that_is_shown_is_told():
    cases, _ = known(LAYER, 0)
    first = cases[0]["dZ"].shape

    def answer(dZ, A, W):
        return (
            dZ @ W,
            dZ.T @ A * (7 if dZ.shape == first else 3 if len(dZ) % 2 else -5),
            dZ.sum(axis=0),
        )

    seen = judge_code(LAYER, answer).seen
    assert "7 times" in seen and "3 times" not in seen and "5 times" not in seen


def test_a_name_is_found_though_an_answer_before_gave_what_cannot_be_kept():
    met = {case["z"].tobytes() for case in known(SLOPE, 0)[0]}
    other = judge_code(SLOPE, lambda z: 1 - np.sin(z) ** 2 if z.tobytes() in met else lambda: 0)
    named = judge_code(SLOPE, lambda z: 1 - np.sin(z) ** 2)
    assert other.misconceptions == () and named.misconceptions == ("another_function",)


def test_mistakes_that_look_alike_are_told_apart_on_inputs_that_are_new():
    question, asked = replace(SLOPE, id="activations.own_slope"), []

    def answer(z):
        asked.append(z.tobytes())
        return 1 - np.sin(z) ** 2

    assert judge_code(question, answer).misconceptions == ("another_function",)
    assert len(set(asked)) == len(asked) > len(known(question, 0)[0])


# --- what is named --------------------------------------------------------------------------------


def margin_loss(s, s_c):
    """It begins to count only where the wrong class leads."""
    return (0, 0, 0) if s > s_c else (1 - s + s_c, -1, 1)


def test_what_fits_by_chance_alone_is_not_named():
    question = find("scores_and_margin.margin_loss")
    for case in known(question, 0)[0]:  # on each of them the loss is as with |s|
        by_size = max(0, 1 - abs(case["s"]) + case["s_c"])
        assert margin_loss(**case)[0] == pytest.approx(by_size)
    assert "absolute_value" not in judge_code(question, margin_loss).misconceptions


def test_the_facts_are_those_of_the_inputs_that_are_shown(monkeypatch):
    """The first wrong inputs are nearly right, and others are shown."""
    seen = []
    told = code.Facts.told
    monkeypatch.setattr(code.Facts, "told", lambda self: seen.append(self._case) or told(self))

    def nearly(z):
        wrong = np.tanh(z) * (1 + 1e-6 if np.size(z) == first_size else 1.3) + 0.01 * np.sin(9 * z)
        return 1 - wrong**2 if np.size(z) != first_size else (1 - np.tanh(z) ** 2) * (1 + 1e-6)

    first_size = np.size(known(SLOPE, 0)[0][0]["z"])
    judged = judge_code(SLOPE, nearly)
    assert judged.arguments is not known(SLOPE, 0)[0][0] and not judged.misconceptions
    assert seen and seen[0] is judged.arguments
