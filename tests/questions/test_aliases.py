"""A question that has moved: its former id goes on working wherever it was used."""

import json
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bpcourse import ask, check, hint, progress
from bpcourse.marking.course import Course
from bpcourse.marking.submissions import Submission
from bpcourse.questions import all_questions, bank
from bpcourse.questions import question as registry
from bpcourse.questions.bank import LESSONS, NOTEBOOKS, find, handed_out, of_notebook

ROOT = Path(__file__).parents[2]
OLD, NEW = "cost_of_backprop.count_backward", "matrix_form.count_backward"
STEM = "12_cost_of_backprop"
OF_VERSION_0_1 = tomllib.loads(
    (ROOT / "bpcourse/questions/bank/version_0_1.toml").read_text("utf-8")
)


@pytest.fixture
def moved(monkeypatch, tmp_path):
    """A question of lesson 12 goes to lesson 11; the current folder is a student's."""
    was = find(OLD)
    now = replace(was, id=NEW, formerly=(OLD,))
    registered = {q.id: now if q is was else q for q in registry._registered.values()}
    monkeypatch.setattr(registry, "_registered", registered)
    all_questions.cache_clear()
    texts = bank.text.__globals__["_table"]("en")
    for key in [key for key in texts if key.startswith(f"question.{OLD}.")]:
        monkeypatch.setitem(texts, key.replace(OLD, NEW), texts[key])
    (tmp_path / "bpcourse.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    yield now
    all_questions.cache_clear()


def kept():
    return json.loads(Path("bpcourse.json").read_text())


def test_every_id_of_version_0_1_is_still_found():
    ids = [id for entries in OF_VERSION_0_1.values() for id in entries]
    assert len(ids) == len(set(ids)) >= 130
    for notebook, entries in OF_VERSION_0_1.items():
        assert notebook in NOTEBOOKS.values()
        assert [one.answer for one in handed_out(notebook)] == list(entries.values())


def test_no_former_id_is_in_use():
    ids = [id for question in all_questions() for id in question.ids]
    assert len(ids) == len(set(ids))


def test_the_former_id_is_asked_checked_and_hinted(moved):
    assert find(OLD) is moved is find(NEW)
    assert str(ask(OLD)) == str(ask(NEW))
    result = check(OLD, moved.reference())
    assert (result.status, result.question) == ("right", NEW)
    assert list(kept()["answers"]) == [NEW]
    assert "Hint 1" in str(hint(OLD)) and "Hint 2" in str(hint(NEW))
    assert f"✓  {NEW}" in str(progress("matrix_form"))


def test_what_was_recorded_under_the_former_id_counts(moved):
    old = {"answers": {OLD: {"tries": 2, "status": "right"}}, "hints": {OLD: {"given": 1}}}
    Path("bpcourse.json").write_text(json.dumps(old))
    assert f"✓  {NEW}" in str(progress("matrix_form"))
    assert "Hint 2" in str(hint(NEW))
    check(NEW, lambda *arguments: None)
    assert kept()["answers"][NEW] == {"tries": 3, "status": "right"}
    assert kept()["answers"][OLD] == old["answers"][OLD]


def test_a_course_file_may_name_it(moved, tmp_path):
    (tmp_path / "course.toml").write_text(f'[points]\n"{OLD}" = 7\n')
    assert Course.load(tmp_path / "course.toml").points(moved) == 7


def test_which_version_a_notebook_is_of(moved):
    now = {q.id for q in all_questions() if q.lesson == "cost_of_backprop"}
    then = set(OF_VERSION_0_1[STEM])
    assert then - now == {OLD}
    for mentioned, earlier in ((now, False), (then, True), ({OLD}, True), (set(), False)):
        questions, found = of_notebook(STEM, mentioned)
        assert found == earlier
        expected = now - {OLD} | {NEW} if earlier else now
        assert {question.id for question in questions} == expected
    # To lesson 11 a question has come: who does not ask for it has the earlier version.
    then = set(OF_VERSION_0_1["11_matrix_form"])
    assert of_notebook("11_matrix_form", then)[1]
    assert not of_notebook("11_matrix_form", {*then, NEW})[1]
    assert not of_notebook("11_matrix_form", {*then, OLD})[1]


@pytest.mark.skipif(sys.platform != "linux", reason="marking needs Linux")
def test_a_hand_in_of_the_earlier_version_is_marked(moved):
    from bpcourse.marking.marker import Marker, Settings

    marker = Marker(Settings(way="none", seed=1))
    submission = Submission("ana", "", STEM, f"{STEM}.ipynb", (Path(), ""))
    try:
        data = (ROOT / "solutions" / f"{STEM}.ipynb").read_bytes()
        own, *records = marker.mark(submission, data)
    finally:
        marker.close()
    assert "earlier version" in own.message
    assert [record.question for record in records if record.question == NEW] == [NEW]
    states = {record.state for record in records}
    assert states - {"open"} == {"right"}, records  # what is answered in words waits for a person
    assert own.of == sum(find(id).points for id in OF_VERSION_0_1[STEM])


def test_the_lessons_that_may_still_come_have_their_places():
    assert list(LESSONS.values()) == sorted(LESSONS.values())
    for name, stem in LESSONS.items():
        assert stem.endswith(name)
