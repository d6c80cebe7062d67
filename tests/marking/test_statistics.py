"""What the records of a class say together, number by number."""

from dataclasses import replace

import numpy as np
import pytest

from bpcourse.marking import statistics
from bpcourse.marking.records import Record
from bpcourse.questions.bank import find
from bpcourse.questions.bank.inventory import CONCEPTS, FORMS
from bpcourse.questions.judging.posed import pose

WEEK = "11_matrix_form"
RIGHT_OR_WRONG = [True, False, True, True, False, False, True, False, True, False]


def record(student, question, state="wrong", *, notebook=WEEK, points=0.0, of=2.0, shown=()):
    return Record(
        student, "", notebook, question, state, points=points, of=of, misconceptions=shown
    )


def test_the_mistakes_of_most_students_come_first_with_their_questions():
    records = [
        record("a", "q2", shown=("transposed", "sign")),
        record("b", "q1", shown=("transposed", "mean")),
        record("c", "q1", shown=("mean",)),
        record("c", "q2", shown=("mean", "batch")),
        record("c", None, "graded", shown=("never",)),  # a notebook has none
    ]
    assert statistics.commonest(records) == [
        ("mean", 2, ["q1", "q2"]),
        ("transposed", 2, ["q1", "q2"]),
        ("batch", 1, ["q2"]),
        ("sign", 1, ["q2"]),
    ]
    assert [name for name, *_ in statistics.commonest(records, 2)] == ["mean", "transposed"]
    many = [record("a", "q", shown=tuple(f"m{n}" for n in range(7)))]
    assert len(statistics.commonest(many)) == 5


def test_a_map_has_the_mistakes_seen_most_at_the_top_and_the_notebooks_in_order():
    records = [
        record("a", "q1", notebook="12", shown=("seldom",)),
        record("b", "q1", notebook="12", shown=("often",)),
        record("c", "q1", notebook="12", shown=("often",)),
        record("a", "q2", notebook="12", shown=("often",)),
        record("b", "q2", "right", notebook="12"),
        record("a", "p", notebook="11", shown=("seldom",)),
        record("b", "r", "right", notebook="11"),  # a question without a mistake has no column
    ]
    maps = statistics.heat_maps(records)
    assert list(maps) == ["11", "12"]
    assert maps["11"] == (["p"], {"seldom": [1.0]})
    questions, rows = maps["12"]
    assert questions == ["q1", "q2"] and list(rows) == ["often", "seldom"]
    assert rows == {"often": [2 / 3, 1 / 2], "seldom": [1 / 3, 0.0]}


@pytest.mark.parametrize("state", ["right", "wrong", "failed", "timeout", "crashed"])
def test_each_answer_that_was_tried_is_one_of_those_who_answered(state):
    records = [record("a", "q", shown=("sign",)), record("b", "q", state)]
    assert statistics.heat_maps(records)[WEEK][1] == {"sign": [1 / 2]}


def test_from_two_students_on_a_question_may_be_right_for_all_or_for_nobody():
    both = [record(student, "easy", "right", points=2.0) for student in "ab"]
    both += [record(student, "hard") for student in "ab"]
    both += [record(student, "open", "open") for student in "ab"]
    both += [record(student, "form", "recorded") for student in "ab"]
    both += [record("a", "mixed"), record("b", "mixed", "right")]
    both += [record(student, None, "graded") for student in "ab"]
    found = statistics.separating_nobody(both)
    assert found == [("easy", "all", 1.0, 0.0), ("hard", "none_right", 0.0, 0.0)]
    assert statistics.separating_nobody(both[:1]) == []


def a_class(rest):
    """Ten students: who has "asked" right, and the points of each in another question."""
    for n, (right, points) in enumerate(zip(RIGHT_OR_WRONG, rest, strict=False)):
        yield record(f"s{n}", "asked", "right" if right else "wrong", points=2.0 * right)
        yield record(f"s{n}", "other", "right" if n % 3 else "wrong", points=points)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_weak_question_has_its_correlation_with_the_rest_of_the_marks(sign):
    rest = [3.0 + sign * 0.1 * right + 0.5 * (n % 2) for n, right in enumerate(RIGHT_OR_WRONG)]
    expected = np.corrcoef(RIGHT_OR_WRONG, rest)[0, 1]
    assert expected < 0.15 and abs(expected) > 0.1
    found = {name: rest for name, *rest in statistics.separating_nobody(a_class(rest))}
    why, share, correlation = found["asked"]
    assert (why, share) == ("weak", 0.5) and correlation == pytest.approx(expected, rel=1e-12)


def test_a_correlation_is_asked_from_ten_students_on_and_not_where_the_rest_is_one_number():
    rest = [n % 2 for n in range(10)]
    assert "asked" in {name for name, *_ in statistics.separating_nobody(a_class(rest))}
    nine = [one for one in a_class(rest) if one.student != "s9"]
    assert statistics.separating_nobody(nine) == []
    assert "asked" not in {name for name, *_ in statistics.separating_nobody(a_class([1.0] * 10))}


def test_a_question_that_goes_with_the_rest_is_not_weak():
    rest = [float(right) for right in RIGHT_OR_WRONG]
    assert "asked" not in {name for name, *_ in statistics.separating_nobody(a_class(rest))}
    rest = [right + 2.5 * (n % 2) for n, right in enumerate(RIGHT_OR_WRONG)]
    rest[1] = rest[5] = 0.0
    assert 0.15 < np.corrcoef(RIGHT_OR_WRONG, rest)[0, 1] < 0.3
    assert "asked" not in {name for name, *_ in statistics.separating_nobody(a_class(rest))}


def test_who_could_get_no_points_has_a_share_of_none():
    records = [record("a", None, "graded", points=1.0), record("b", None, "empty", of=0.0)]
    assert statistics.scores([*records, record("a", "q", points=9.0)]) == {"a": 0.5, "b": 0.0}


def test_a_share_of_one_is_in_the_last_tenth():
    assert statistics.distribution([0.0, 0.1, 1.0, 0.95]) == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]


def test_who_has_all_right_before_and_after_is_counted_so_in_every_concept():
    records = []
    for form in FORMS:
        for concept in CONCEPTS:
            posed = pose(find(f"{form}.{concept}"))
            records.append(
                replace(record("a", posed.question.id, "recorded"), answer=posed.shown(posed.right))
            )
    assert statistics.gains(records) == [(concept, 1, 1.0, 1.0) for concept in CONCEPTS]
    both = records + [replace(one, student="b") for one in records]
    assert statistics.gains(both) == [(concept, 2, 1.0, 1.0) for concept in CONCEPTS]
    unread = [replace(one, state="failed") for one in records]
    assert statistics.gains(unread) == []
    first = [one for one in records if one.question.startswith(FORMS[0])]
    assert statistics.gains(first) == []
