"""Lesson 20: the score and the margin loss."""

import numpy as np

from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Result

LEVELS = (-3.0, 2.0, 3.0, -2.0, 2.0)  # of scores: only their difference counts


def _scores(rng: np.random.Generator, size: int) -> Inputs:
    gap = (0.5, -0.7, 1.8, 0.2, -2.0)[size]
    s_c = LEVELS[size] + 0.3 * float(rng.normal())
    return {"s": s_c + gap + 0.1 * float(rng.uniform()), "s_c": s_c}


@question(
    "scores_and_margin.margin_loss",
    inputs=_scores,
    misconceptions="margin_ignored sign_flipped no_margin target_and_output_swapped sides_swapped",
    forms={"margin_ignored": "in_the_slopes"},
    families=(
        Family(
            "another_loss value_for_slope plus_for_minus other_classes_forgotten slopes_of_square",
            {"plus_for_minus": "before_the_rival"},
        ),
    ),
)
def margin_loss(flaw: Flaws, s: float, s_c: float) -> Result:
    if flaw("target_and_output_swapped"):
        s, s_c = s_c, s
    value = (0.0 if flaw("no_margin") else 1.0) - s + s_c
    if flaw("plus_for_minus"):
        value = 1 - s - s_c if flaw("before_the_rival") else 1 + s + s_c
    active = 1.0 if value > 0 or flaw("margin_ignored") else 0.0
    unbounded = flaw("margin_ignored") and not flaw("in_the_slopes")
    loss = value if unbounded else max(0.0, value)
    if flaw("sides_swapped"):
        active = 1.0 - active
    scores_swapped = flaw("target_and_output_swapped")  # and so its slopes
    slopes = (active, -active) if flaw("sign_flipped") != scores_swapped else (-active, active)
    if flaw("another_loss"):  # its square
        loss, slopes = loss**2, (2 * loss * slopes[0], 2 * loss * slopes[1])
    if flaw("slopes_of_square"):
        slopes = 2 * loss * slopes[0], 2 * loss * slopes[1]
    if flaw("value_for_slope"):
        slopes = s * slopes[0], s_c * slopes[1]
    if flaw("other_classes_forgotten"):
        slopes = slopes[0], 0.0
    return (loss, *slopes)


lettered("scores_and_margin.maximise", inputs=lambda rng, size: {"s": int(rng.integers(2, 9))})


lettered("scores_and_margin.order_of_score_slope")


def _rivals(rng: np.random.Generator, size: int) -> Inputs:
    leads = ((0.5, 2.0), (-0.7, 0.3), (1.8, 1.4), (1.7, 0.2), (0.4, -2.0))[size]
    s = LEVELS[size] + 0.3 * float(rng.normal())
    s_1, s_2 = (s - lead + 0.1 * float(rng.uniform()) for lead in leads)
    return {"s": s, "s_1": s_1, "s_2": s_2}


@question(
    "scores_and_margin.two_rivals",
    inputs=_rivals,
    misconceptions="margin_ignored no_margin sign_flipped mean_for_sum",
    families=(
        Family(
            "one_path_only largest_for_sum plus_for_minus inside_for_outside one_path_left_out",
            {
                "one_path_left_out": "in_the_slopes",
                "one_path_only": "the_second in_the_slope_of_s",
                "inside_for_outside": "with_its_slopes",
                "sign_flipped": "of_s_alone",
            },
        ),
    ),
)
def two_rivals(flaw: Flaws, s: float, s_1: float, s_2: float) -> Result:
    share = 0.5 if flaw("mean_for_sum") else 1.0
    of_s_alone = flaw("of_s_alone")
    sign = -1.0 if flaw("sign_flipped") and not of_s_alone else 1.0
    loss = 0.0
    slopes: list[float] = []
    for rival in (s_1, s_2):
        value = (0.0 if flaw("no_margin") else 1.0) - s + rival
        left_out = flaw("largest_for_sum") and rival != max(s_1, s_2)
        if flaw("one_path_only") and not flaw("in_the_slope_of_s"):
            left_out = rival == (s_1 if flaw("the_second") else s_2)
        if flaw("plus_for_minus"):
            value = 1 + s + rival
        if left_out or (flaw("one_path_left_out") and not flaw("in_the_slopes") and loss > 0):
            value = -np.inf
        loss += share * (value if flaw("margin_ignored") else max(0.0, value))
        if flaw("in_the_slopes") and any(slopes):  # elif
            value = -np.inf
        slopes.append(sign * share * (1.0 if value > 0 or flaw("margin_ignored") else 0.0))
    if flaw("inside_for_outside"):  # one maximum over both
        value = 2 - 2 * s + s_1 + s_2
        loss = max(0.0, value)
        slopes = [float(value > 0)] * 2 if flaw("with_its_slopes") else slopes
    of_s = slopes[:1] if flaw("in_the_slope_of_s") and sum(slopes) > 1 else slopes
    return (loss, sum(of_s) if of_s_alone else -sum(of_s), *slopes)


def _classes(rng: np.random.Generator, size: int) -> Inputs:
    k = 3 + size
    scores = rng.normal(size=k) + 3 * LEVELS[size]  # all below 0, or all above it
    label = int(rng.integers(1, k))
    lead = (-0.5, 1.5, 0.3, 0.9, -1.5)[size]  # of the right class: behind, enough, nearly enough
    scores[label] = np.delete(scores, label).max() + lead
    return {"scores": scores, "label": label}


@question(
    "scores_and_margin.mend_rival",
    inputs=_classes,
    edges=lambda rng: [
        {"scores": np.array([0.9, 0.4, 0.6]), "label": 0},
        {"scores": np.array([2.0, -0.3, 0.5, -1.0]), "label": 0},
        {"scores": np.array([-3.0, -2.5, -2.8]), "label": 2},
        {"scores": np.array([0.3, 0.1]), "label": 1},
    ],
    misconceptions="wrong_class_picked input_changed margin_ignored other_classes_forgotten",
    families=(
        Family(
            "zero_for_minus_infinity index_not_shifted sum_for_largest",
            {
                "zero_for_minus_infinity": "to_begin_with",
                "index_not_shifted": "after_the_loss",
                "wrong_class_picked": "the_second_best",
            },
        ),
    ),
)
def mend_rival(flaw: Flaws, scores: Array, label: int) -> Result:
    """The slopes of max(0, 1 − the right score + the largest other one), (k,)."""
    right = label
    if flaw("sum_for_largest"):
        close = 1 - scores[right] + scores > 0
        close[right] = False
        return np.where(np.arange(len(scores)) == right, -close.sum(), close).astype(float)
    others = scores.copy()
    if not flaw("wrong_class_picked"):
        others[right] = 0.0 if flaw("zero_for_minus_infinity") else -np.inf
    rival = int(others.argsort()[-2] if flaw("the_second_best") else others.argmax())
    if flaw("to_begin_with") and others[rival] <= 0:  # largest, rival = 0, 0
        rival = 0
    if flaw("index_not_shifted"):
        rival = int(np.delete(scores, right).argmax())
    lead = scores[right] - scores[rival]
    if flaw("after_the_loss"):
        lead = scores[right] - np.delete(scores, right).max()
    if flaw("input_changed"):
        scores[right] = -np.inf
    slopes = np.zeros(len(scores))
    if lead < 1.0 or flaw("margin_ignored"):
        slopes[right] -= 1
        if not flaw("other_classes_forgotten"):
            slopes[rival] += 1
    return slopes
