"""Kinks, ties, saturated parts: no false alarm and no miss; the counts are printed (pytest -s)."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from kinked import Case, cases
from rows import a_part

from bpcourse.gradcheck import GradientReport, check_gradient

SEEDS = range(5)  # about 250 cases
MANY = [range(first, first + 10) for first in range(0, 100, 10)]


def told(case: Case, given: str) -> GradientReport:
    grad = case.grad if given == "function" else np.array(case.grad(case.params), float)
    return check_gradient(case.f, case.params.copy(), grad)


@pytest.mark.parametrize("seed", a_part(SEEDS, every=2))
def test_a_gradient_function_at_kinks(seed):
    found = [(case, told(case, "function")) for case in cases(seed)]
    assert {case.due for case, _ in found} == {"right", "wrong"} and len(found) > 40
    for case, report in found:
        assert report.verdict == case.due, f"{case.name} at {case.params}\n{report}"


@pytest.mark.parametrize("seed", SEEDS)
def test_an_array_at_kinks_is_never_blamed_where_it_is_right(seed):
    for case in cases(seed):
        if case.due == "right":
            report = told(case, "array")
            assert report.verdict != "wrong", f"{case.name} at {case.params}\n{report}"


@pytest.mark.slow
@pytest.mark.parametrize("given", ["function", "array"])
@pytest.mark.parametrize("seeds", MANY, ids=str)
def test_a_hundred_seeds(seeds, given, capsys):
    counts, bad = Counter(), []
    for seed in seeds:
        for case in cases(seed):
            verdict = told(case, given).verdict
            counts[case.due, verdict] += 1
            blamed = case.due == "right" and verdict == "wrong"
            if blamed or (given == "function" and verdict != case.due):
                bad.append((seed, case.name, case.params, verdict))
    with capsys.disabled():
        print(f"\nkinked, {seeds}, grad as {given}: {dict(counts)}")
    assert not bad, bad


def test_what_a_convention_gives_outside_is_told_as_a_remark():
    def f(w):
        return float((np.maximum(w, 0) - np.maximum(-w, 0) / 2).sum())

    def grad(w):
        return (w > 0) + (w < 0) / 2

    report = check_gradient(f, np.zeros(1), grad)
    assert report.verdict == "right" and report.reason == "kink" and "outside" in report.message
    assert check_gradient(f, np.zeros(1), np.zeros(1)).verdict == "cannot tell"
    assert check_gradient(f, np.zeros(1), np.full(1, 2.0)).verdict == "wrong"


@pytest.mark.parametrize("apart", [6e-5, 1e-3, 0.1])
def test_an_array_at_kinks_that_nearly_cancel_is_not_blamed(apart):
    def f(w):
        return float((np.maximum(w, 0) - (1 + apart) * np.maximum(-w, 0)).sum())

    for by_convention in (0.0, 2 + apart):
        report = check_gradient(f, np.array([0.0, -0.2]), np.array([by_convention, 1 + apart]))
        assert (report.verdict, report.reason) == ("cannot tell", "kink")


@pytest.mark.parametrize("scale", [1.0, 1e-3, 30.0])
def test_an_array_at_kinks_that_no_entry_shows_is_not_blamed(scale):
    """Along each axis the kinks cancel, and what a convention makes of them is not the slope."""

    def f(w):
        return scale * float(np.maximum(w[0] + w[1], 0) - np.maximum(w[1] - w[0], 0))

    for at_0 in (0.0, 2.0):  # of relu′; with ½ it would be the slopes
        report = check_gradient(f, np.zeros(2), scale * np.array([at_0, 0.0]))
        assert (report.verdict, report.reason) == ("cannot tell", "kink")
    assert check_gradient(f, np.zeros(2), scale * np.array([1.0, 0.0])).verdict == "right"
    assert check_gradient(f, np.zeros(2), scale * np.array([3.0, 0.0])).verdict == "wrong"


def test_at_most_64_calls_of_grad_at_a_kink():
    calls = []

    def grad(w):
        calls.append(w.copy())
        return np.sign(w)

    report = check_gradient(lambda w: float(abs(w).sum()), np.zeros(40), grad)
    assert report.verdict == "right"
    assert len({c.tobytes() for c in calls}) <= 64 + 2  # the point itself, and one for constants
    kinds = {tuple(np.sign(c)) for c in calls}
    for i in range(40):  # each entry is asked on both sides
        assert {kind[i] for kind in kinds} >= {-1.0, 1.0}


@pytest.mark.parametrize("seed", a_part(range(20), every=10))
def test_the_verdict_at_a_kink_takes_no_chance(seed):
    for case in list(cases(0))[:20]:
        report = check_gradient(case.f, case.params.copy(), case.grad, rng=seed)
        assert report.verdict == case.due


@pytest.mark.parametrize("at", [0.0, 2.0])
@pytest.mark.parametrize(("part", "due"), [(1 / 3, "right"), (0.4, "wrong"), (0.3, "wrong")])
def test_two_ties_of_three_are_each_moved_together(at, part, due):
    """No pair shows it, and moved all together the two claims cancel."""

    def f(w):
        return float(w[:3].max() + (-w[3:]).max())

    def grad(w):
        top = np.r_[w[:3] == w[:3].max(), w[3:] == w[3:].min()].reshape(2, 3)
        tied = top.all(axis=1, keepdims=True)
        return (np.where(tied, part, top / top.sum(axis=1, keepdims=True)) * [[1], [-1]]).ravel()

    w = np.r_[np.full(3, at), np.full(3, 1 - at)]
    assert check_gradient(f, w, grad).verdict == due
    assert check_gradient(f, w, grad(w)).verdict == due


@pytest.mark.parametrize("bent", [1, -1], ids=["max", "min"])
@pytest.mark.parametrize("signs", [*product((1, -1), repeat=3)], ids=str)
def test_a_claim_outside_a_tie_is_wrong_whatever_its_signs(signs, bent):
    """At 0 in bent · max(0, ±p0, ±p1, ±p2) no more than one of the four may get its slope."""
    signs = np.array(signs)

    def f(p):
        return float(bent * np.maximum(signs * p, 0).max())

    def one(p):
        z = signs * p
        return bent * signs * (np.arange(3) == z.argmax()) * (z.max() > 0)

    def every(p):
        return one(p) if p.any() else bent * signs

    for grad, due in ((one, "right"), (every, "wrong")):
        assert check_gradient(f, np.zeros(3), grad).verdict == due
        assert check_gradient(f, np.zeros(3), grad(np.zeros(3)) * 1.0).verdict == due
