"""A hand-in of another version is judged by the numbers that were handed out, or by a person."""

import tomllib
from pathlib import Path

import pytest

from bpcourse import __version__
from bpcourse.marking import in_words
from bpcourse.marking.course import Course
from bpcourse.marking.grades import grades
from bpcourse.marking.judge import Answered
from bpcourse.marking.marker import Marker, Settings
from bpcourse.marking.submissions import Submission
from bpcourse.questions.bank import all_questions, find
from bpcourse.questions.judging import fingerprint
from bpcourse.questions.judging.posed import pose

from .test_layouts import ROOT, notebook

STEM = "11_matrix_form"
SHAPE = find("matrix_form.shape_of_gradient")
POSED = [question for question in all_questions() if not question.is_code]


@pytest.fixture
def mark(unrun):
    """Marks a notebook whose code is not run: every answer is right."""

    unrun(lambda code, one: Answered("right", share=1.0))

    def of(course):
        data = (ROOT / "solutions" / f"{STEM}.ipynb").read_bytes()
        submission = Submission("ana", "", STEM, "x.ipynb", ("", "x"))
        own, *records = Marker(Settings(way="none"), course).mark(submission, data)
        judged = [one for one in records if in_words.find(one.question) is None]
        return own, {record.question: record for record in judged}

    return of


def load(folder, version):
    (folder / "course.toml").write_text(
        f'[assignment.w]\nlessons = ["11"]\nversion = "{version}"\n', encoding="utf-8"
    )
    return Course.load(folder / "course.toml")


def test_a_record_carries_the_version_that_it_was_marked_by(mark, tmp_path):
    assert mark(Course())[0].version == __version__
    assert mark(load(tmp_path, "0.1.3"))[0].version == "0.1"


def test_a_question_with_other_numbers_waits_for_a_person(mark, tmp_path, monkeypatch):
    asked = dict(fingerprint.versions()["0.1"])
    course = load(tmp_path, "0.1")
    _, before = mark(course)
    assert before[SHAPE.id].state == "right"
    monkeypatch.setattr(fingerprint, "versions", lambda: {"0.1": asked | {SHAPE.id: "others"}})
    _, records = mark(course)
    assert records[SHAPE.id].state == "open" and records[SHAPE.id].points == 0
    assert "Version 0.1" in records[SHAPE.id].message
    for id in before.keys() - {SHAPE.id}:
        assert records[id].state == before[id].state
    assert mark(Course())[1][SHAPE.id].state == "right"


def test_a_question_that_the_version_did_not_have_waits_for_a_person(monkeypatch):
    monkeypatch.setattr(fingerprint, "versions", lambda: {"0.1": {}})
    assert fingerprint.changed(SHAPE, "0.1")
    assert not fingerprint.changed(
        find("matrix_form.linear_backward"), "0.1"
    )  # code has no numbers


def test_a_question_that_this_version_does_not_have_is_told(unrun):
    unrun(lambda code, one: Answered("right", share=1.0))
    data = notebook(STEM, "check('matrix_form.of_next_year', x)\ncheck('chain_rule.elsewhere', x)")
    submission = Submission("ana", "", STEM, "x.ipynb", ("", "x"))
    own, *_ = Marker(Settings(way="none")).mark(submission, data)
    assert "does not have" in own.message
    assert "matrix_form.of_next_year" in own.message and "elsewhere" not in own.message
    (row,) = grades([own], Course())
    assert own.message in row["look at"]


def test_a_version_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(ValueError, match="assignment.w.version: expected one of 0.1, got '0.0.1'"):
        load(tmp_path, "0.0.1")


def test_fingerprints_differ_with_the_numbers_and_with_what_is_right():
    alone = [one for one in POSED if one.lesson != "inventory_b"]  # it asks as inventory_a does
    assert len({fingerprint.fingerprint(one) for one in alone}) == len(alone)
    assert fingerprint.fingerprint(SHAPE) != fingerprint.fingerprint(SHAPE, first_seed=10)
    assert fingerprint.fingerprint(SHAPE) == fingerprint.fingerprint(SHAPE)


def test_what_version_0_1_asked_is_kept_for_every_question_of_it_that_is_no_code():
    folder = Path(fingerprint.FILE).parent
    asked = tomllib.loads((folder / "version_0_1.toml").read_text("utf-8"))
    ids = {find(id).id for questions in asked.values() for id in questions}
    kept = {find(id).id for id in fingerprint.versions()["0.1"]}
    assert {id for id in ids if not find(id).is_code} <= kept
    assert pose(SHAPE).right is not None
