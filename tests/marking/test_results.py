"""The folder of results: what is kept of a notebook, and which files are made from it."""

import csv
import json
import os
import zipfile
from dataclasses import replace

import pytest

from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import Course
from bpcourse.marking.layouts import Owner
from bpcourse.marking.marker import Settings
from bpcourse.marking.overrides import Mark, Overrides
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results, digest, file_name, with_marks
from bpcourse.marking.roster import Match, Student
from bpcourse.marking.submissions import Submission

STEM, OTHER = "12_cost_of_backprop", "11_matrix_form"
QUESTION = "cost_of_backprop.count_backward"
ANA, BO = Student("ana", "Ana Ruiz", "ana@u", moodle="7"), Student("bo", "Bo Smith")


def handed_in(student, notebook=STEM, file="", **more):
    file = file or f"{student}/{notebook}.ipynb"
    return Submission(student, "", notebook, file, ("", file), **more)


def marked(student, notebook=STEM, points=1.0):
    about = student, student.title(), notebook
    return [
        Record(*about, None, "graded", points, of=2.0),
        Record(*about, QUESTION, "wrong", points, of=2.0, message="see"),
    ]


def keep(results, student, notebook=STEM, file="", points=1.0, **more):
    one = handed_in(student, notebook, file, **more)
    results.keep(one, "d", marked(student, notebook, points))
    return one


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- what is kept ---------------------------------------------------------------------------------


def test_a_notebook_is_kept_with_how_it_was_handed_in(tmp_path):
    results = Results(tmp_path / "made" / "out")
    owner = Owner("7", platform="moodle", number="7", late=True)
    more = {"time": 5.0, "instead": ("a copy",), "match": Match(ANA, "id"), "owner": owner}
    one = keep(results, "ana", **more)
    kept = results.kept(one)
    own, question = kept.records
    assert kept.digest == "d" and question == marked("ana")[1]
    assert (own.file, own.time, own.instead) == (one.file, 5.0, ("a copy",))
    assert (own.late, own.moodle, own.who) == (True, "7", Match(ANA, "id").reason)
    assert list(results.records()) == [own, question] and results.people() == {"ana": "Ana"}
    canvas = replace(one, owner=replace(owner, platform="canvas", late=False), match=None)
    own = results.kept(canvas).records[0]  # as it is handed in now
    assert (own.late, own.moodle, own.who) == (False, "", "")
    assert results.kept(handed_in("bo")) is results.kept(handed_in("ana", OTHER)) is None


def test_what_is_kept_already_is_not_written_again(tmp_path):
    results = Results(tmp_path)
    keep(results, "ana")
    (path,) = results.notebooks.iterdir()
    os.utime(path, (5, 5))
    keep(Results(tmp_path), "ana")
    assert path.stat().st_mtime == 5
    keep(results, "ana", points=2.0)
    assert path.stat().st_mtime > 5 and next(results.records()).points == 2.0


def test_a_file_that_holds_no_records_is_passed_over(tmp_path):
    results = Results(tmp_path)
    one = keep(results, "ana")
    (path,) = results.notebooks.iterdir()
    for data in (b"\xff", b"{", b"[]", b"3", b"{}", b'{"records": []}'):
        path.write_bytes(data)
        assert results.kept(one) is None and list(results.records()) == []
    Results(tmp_path).write(Course())
    assert (tmp_path / "grades.csv").read_text() == ""


def test_of_two_records_of_one_notebook_the_last_counts(tmp_path):
    results = Results(tmp_path)
    for n, file in enumerate(("mine.ipynb", "yours.ipynb", "ours.ipynb")):
        one = handed_in("ana", "", file)  # it was not known which exercises it is
        results.keep(one, "", marked("ana", STEM, points=float(n)))
    keep(results, "ana", "", "x.pdf")
    for path in results.notebooks.iterdir():
        is_second = b"yours" in path.read_bytes()
        os.utime(path, (9, 9) if is_second else (5, 5))
    assert [one.points for one in results.records() if one.notebook] == [1.0, 1.0]
    assert len(list(results.records())) == 4


@pytest.mark.parametrize(
    "kept, now, students, stays",
    [
        (("Bobby", STEM, "a"), ("bo", STEM, "a"), (), False),  # now it is known whose it is
        (("Bobby", STEM, "a"), ("bo", STEM, "a"), ("Bobby",), True),
        (("Bobby", STEM, "a"), ("Bobby", STEM, "a"), (), True),
        (("Bobby", "", "a"), ("bo", STEM, "a"), (), False),
        (("Bobby", OTHER, "a"), ("bo", STEM, "a"), (), True),
        (("Bobby", STEM, "a"), ("bo", STEM, "b"), (), True),
        (("bo", "", "a"), ("bo", STEM, "b"), ("bo",), False),  # a notebook has come since
        (("bo", "", "a"), ("bo", "", "b"), ("bo",), True),
        (("bo", "", "a"), ("cy", STEM, "b"), ("bo",), True),
        (("bo", "", "a"), ("bo", "", "a"), ("bo",), True),
        (("bo", OTHER, "a"), ("bo", STEM, "b"), ("bo",), True),
    ],
)
def test_what_was_kept_before_it_was_known_whose_it_is_goes(tmp_path, kept, now, students, stays):
    results = Results(tmp_path)
    keep(results, *kept)
    course = Course(students={id: Student(id) for id in students})
    results.settle([handed_in(*now)], course)
    assert bool(list(results.records())) == stays


# --- which files are made -------------------------------------------------------------------------


def test_every_file_is_made_from_what_is_kept(tmp_path):
    results = Results(tmp_path)
    keep(results, "ana")
    keep(results, "Bobby", owner=Owner("9", platform="moodle", number="9"))
    results.write(Course())
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["student"] for line in lines] == ["Bobby", "Bobby", "ana", "ana"]
    bobby, ana = table(tmp_path / "grades.csv")
    assert list(ana)[:5] == ["student", "name", "email", "total", "of"] and "moodle" not in ana
    assert ana["student"] == "ana" and ana["total"] == "1" and "login" not in ana
    assert [row["state"] for row in table(tmp_path / "who.csv")] == ["here", "here"]
    for name in ("moodle.csv", "canvas.csv"):
        assert "Bobby" in (tmp_path / name).read_text() and "Ana" in (tmp_path / name).read_text()
    assert "<html" in (tmp_path / "class.html").read_text()
    assert "see" in (tmp_path / "feedback" / "ana.html").read_text()
    with zipfile.ZipFile(tmp_path / "moodle_feedback.zip") as archive:
        (name,) = archive.namelist()
    assert name.startswith("Bobby_9_")


def test_with_a_roster_nothing_is_exported_for_whom_it_does_not_have(tmp_path):
    results = Results(tmp_path)
    keep(results, "ana")
    keep(results, "Bobby", owner=Owner("9", platform="moodle", number="9"))
    course = Course(students={"ana": ANA, "bo": BO})
    results.write(course)
    assert [row["student"] for row in table(tmp_path / "grades.csv")] == ["Bobby", "ana", "bo"]
    for name in ("moodle.csv", "canvas.csv"):
        said = (tmp_path / name).read_text()
        assert "Ana Ruiz" in said and "Bo Smith" in said and "Bobby" not in said
    pages = tmp_path / "feedback"
    assert {path.name for path in pages.iterdir()} == {"ana.html", "Bobby.html"}
    with zipfile.ZipFile(tmp_path / "moodle_feedback.zip") as archive:
        assert [name[:11] for name in archive.namelist()] == ["Ana Ruiz_7_"]
    numbers = Assignment("1", (STEM,), numbers={"ana": "41"})
    results.write(course, numbers)
    with zipfile.ZipFile(tmp_path / "moodle_feedback.zip") as archive:
        assert [name[:12] for name in archive.namelist()] == ["Ana Ruiz_41_"]


def test_what_is_not_the_case_any_more_has_no_page_and_no_zip(tmp_path):
    results = Results(tmp_path)
    keep(results, "ana", owner=Owner("9", platform="moodle", number="9"))
    results.write(Course())
    assert (tmp_path / "moodle_feedback.zip").exists()
    keep(results, "ana")
    (tmp_path / "feedback" / "old.html").write_text("of somebody who is gone")
    results.write(Course())
    assert [path.name for path in (tmp_path / "feedback").iterdir()] == ["ana.html"]
    assert not (tmp_path / "moodle_feedback.zip").exists()


def test_marks_by_hand_are_of_those_who_are_there(tmp_path):
    results = Results(tmp_path)
    keep(results, "ana")
    lines = [f"{id},{QUESTION},2,asked" for id in ("ana", "bo", "cy")]
    (tmp_path / "overrides.csv").write_text("\n".join(["student,question,points,reason", *lines]))
    course = Course(students={"bo": BO})
    assert results.overrides(course).students() == {"ana", "bo"}
    assert results.overrides(course, {"cy": "Cy"}).students() == {"ana", "bo", "cy"}
    assert len(results.write(course).stale) == 1
    totals = {row["student"]: row["total"] for row in table(tmp_path / "grades.csv")}
    assert totals == {"ana": "2", "bo": "2"}
    page = (tmp_path / "feedback" / "bo.html").read_text()  # who handed in nothing has a page
    assert "Bo Smith" in page and "asked" in page


def test_points_by_hand_are_in_the_sum_of_their_notebook_unless_that_has_its_own():
    records = marked("ana") + marked("bo")
    one, whole = Mark(2, "asked", points=2.5), Mark(3, "late", points=0.5)
    questions = Overrides({("ana", QUESTION): one, ("bo", QUESTION): one, ("bo", STEM): whole})
    made = with_marks(records, questions)
    assert [record.points for record in made] == [2.5, 2.5, 0.5, 2.5]
    assert [record.override for record in made] == ["", "asked", "late", "asked"]
    comment = Overrides({("ana", QUESTION): Mark(2, "well done")})
    assert [record.points for record in with_marks(records, comment)] == [1.0] * 4
    assert with_marks(records, comment)[1].override == "well done"


# --- what marks depend on, and names --------------------------------------------------------------


def test_marks_are_made_again_where_what_they_depend_on_is_another(tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    (private / "own.py").write_text("1")
    (private / "notes.txt").write_text("1")
    settings = Settings(questions=str(private))
    course = Course(students={"ana": ANA}, assignments={"1": Assignment("1", (STEM,))})

    def now(data=b"{}", settings=settings, **more):
        return digest(data, settings, replace(course, **more))

    before = now()
    (private / "notes.txt").write_text("2")
    same = [now(), now(settings=replace(settings, only=QUESTION)), now(name="another")]
    same += [now(students={"ana": ANA, "bo": BO})]
    same += [now(assignments={"1": Assignment("1", (OTHER,), points=9.0)})]
    assert set(same) == {before} and len(before) == 32
    other = [before, now(b"[]"), now(settings=replace(settings, seed=2))]
    other += [now(own_points={QUESTION: 3.0}), now(own_credit={"sign_flipped": 0.5})]
    other += [now(students={"ana": replace(ANA, seed=3)})]
    other += [now(assignments={"1": Assignment("1", (STEM,), version="0.1")})]
    other += [now(settings=Settings())]
    (private / "own.py").write_text("2")
    other += [now()]
    (private / "own.toml").write_text("a = 1")
    other += [now()]
    assert len(set(other)) == len(other)


@pytest.mark.parametrize(
    "student, name",
    [
        ("ana", "ana"), ("a b@c", "a b@c"), ("a/b", "a%2Fb"), ("a%2Fb", "a%252Fb"),
        (".", "%2E"), ("..", "%2E."), (" a", "%20a"), ("-a", "%2Da"), ("@a", "%40a"),
        ("=1", "%3D1"),
        ("a" * 100, "a" * 100),
    ],
)  # fmt: skip
def test_a_student_has_a_file_with_a_plain_name(student, name):
    assert file_name(student) == name


def test_file_names_differ_and_are_short():
    names = [file_name(name) for name in ["", "%", "x" * 101, "x" * 102, "x" * 300, "é" * 200]]
    assert len(set(names)) == len(names) and all(0 < len(name) <= 100 for name in names)
    assert names[2].startswith("x" * 80 + "-")
