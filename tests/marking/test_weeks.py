"""What is assigned and when, marks by hand, several weeks together: no notebook is run here."""

import csv
import io
import json
import os
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bpcourse import cli
from bpcourse.marking import overrides
from bpcourse.marking.assignment import Late, late_by, moment
from bpcourse.marking.batch import Batch
from bpcourse.marking.course import Course, Student
from bpcourse.marking.grades import grades
from bpcourse.marking.marker import Settings
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results
from bpcourse.marking.submissions import Submission, find
from bpcourse.marking.totals import totals
from bpcourse.questions.bank import all_questions, of_notebook

from .test_batch import Counted
from .test_layouts import laid, names, notebook

A, B, C = "11_matrix_form", "12_cost_of_backprop", "03_gradient_descent"
OF = {stem: float(sum(one.points for one in of_notebook(stem, set())[0])) for stem in (A, B, C)}
QUESTION = of_notebook(B, set())[0][0]
ROSTER = "id,name,email\nana,Ana Ruiz,ana@u\nbo,Bo Smith,bo@u\ncy,Cy Ng,cy@u\n"


def whole(student, notebook, points=None, **more):
    """The record of a notebook that has all of its points, or some."""
    of = OF[notebook]
    own = Record(student, "", notebook, None, "graded", of=of, file=notebook)
    return replace(own, points=of if points is None else points, **more)


@pytest.fixture
def course(tmp_path):
    """Writes course.toml and a roster of three, and loads them."""

    def make(settings="", roster=ROSTER):
        (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
        (tmp_path / "course.toml").write_text('roster = "roster.csv"\n' + settings, "utf-8")
        return Course.load(tmp_path / "course.toml")

    return make


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- what is assigned -----------------------------------------------------------------------------


def test_the_most_is_the_assignments_whatever_was_handed_in(course):
    made = course(f'[assignment.w1]\nlessons = ["{A}"]\n')
    records = [whole("ana", A), whole("ana", B), whole("ana", C), whole("bo", A, 3.0)]
    rows = {row["student"]: row for row in grades(records, made, made.assignments["w1"])}
    assert {row["of"] for row in rows.values()} == {OF[A]}
    assert [rows[one]["total"] for one in ("ana", "bo", "cy")] == [OF[A], 3.0, 0.0]


def test_without_a_word_the_lessons_of_the_class_count_and_it_is_said(tmp_path):
    records = [whole("eve", stem) for stem in (A, B, C)] + [whole("bo", A)]
    rows = {row["student"]: row for row in grades(records, Course())}
    assert rows["bo"]["total"] == rows["bo"]["of"] == rows["eve"]["of"] == OF[A]
    results = Results(tmp_path)
    for one in records:
        results.keep(Submission(one.student, "", one.notebook, "x.ipynb", ("", "x")), "", [one])
    results.write(Course())
    (_, possible, *_) = (tmp_path / "canvas.csv").read_text().splitlines()
    assert possible.endswith(f",{OF[A]:g}")
    assert "does not say what is assigned" in (tmp_path / "class.html").read_text("utf-8")


@pytest.mark.parametrize("missing, said", [("zero", "0"), ("blank", "")])
def test_who_is_absent_is_told_alike_in_every_column(tmp_path, course, missing, said):
    made = course(
        f'missing = "{missing}"\n[assignment.w1]\nlessons = ["12"]\n'
        f'[export.canvas]\nStudent = "name"\nTotal = "total"\nWeek = "{B}"\n'
    )
    results = Results(tmp_path / "w1")
    results.keep(Submission("ana", "", B, "x.ipynb", ("", "x")), "", [whole("ana", B)])
    results.write(made, made.assignments["w1"])
    rows = {row["Student"]: row for row in read(tmp_path / "w1" / "canvas.csv")}
    assert rows["Cy Ng"]["Total"] == rows["Cy Ng"]["Week"] == said
    assert (
        rows["    Points Possible"]["Total"] == rows["    Points Possible"]["Week"] == f"{OF[B]:g}"
    )


def test_points_of_the_assignment_scale_it(course):
    made = course('[assignment.w1]\nlessons = ["12"]\npoints = 100\n')
    ana, bo, cy = grades([whole("ana", B), whole("bo", B, OF[B] / 2)], made, made.assignments["w1"])
    assert [row["total"] for row in (ana, bo, cy)] == [100.0, 50.0, 0.0] and ana["of"] == 100.0


def test_a_notebook_of_an_earlier_version_has_its_share_of_the_points_of_now():
    (row,) = grades([whole("a", B, 2.0, of=4.0, earlier=True)], Course())
    assert (row["total"], row["of"]) == (OF[B] / 2, OF[B])


# --- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "days, kept",
    [(0, 1), (0.01, 1), (0.5, 0.9), (1, 0.9), (1.01, 0.8), (4, 0.6), (9, 0.5), (11, 0)],
)
def test_each_day_begun_takes_its_share(days, kept):
    policy = Late(per_day=0.1, at_most=0.5, until_days=10, grace_minutes=15)
    assert policy.keeps(days) == pytest.approx(kept)


@pytest.mark.parametrize(
    "status, late",
    [
        ("Submitted for grading - 2 days 3 hours late", timedelta(days=2, hours=3)),
        ("Submitted for grading1 hour 5 mins lateGraded", timedelta(hours=1, minutes=5)),
        ("Submitted for grading - ", timedelta()),
        ("No submission - Assignment is overdue by: 3 days", timedelta()),
    ],
)
def test_moodle_says_how_late_it_was(status, late):
    assert late_by(status) == late


WEEK = """
[late]
per_day = 0.5
[assignment.w1]
lessons = ["12"]
due = 2026-05-04T23:59:00+02:00
"""


@pytest.mark.parametrize(
    "more, flagged, share",
    [
        ("", False, 1),
        ("", True, 0.5),  # Canvas does not say by how much
        ("handed_in.ana = 2026-05-05T10:00:00+02:00", False, 0.5),
        ("handed_in.ana = 2026-05-04T21:58:00Z", True, 1),  # the zone counts, and by hand wins
        ("handed_in.ana = 2026-05-09", False, 0),
        ("extensions.ana = 2026-05-10\nhanded_in.ana = 2026-05-09", False, 1),
        ("extensions.ana = 2026-05-10", True, 1),
        ("file_times = true", False, 0.5),
        ("file_times = true\nextensions.ana = 2026-05-06", False, 1),
        ("late.per_day = 0.2", True, 0.8),
    ],
)
def test_late_work_keeps_what_the_course_says(course, more, flagged, share):
    made = course(WEEK + more)
    time = datetime(2026, 5, 5, 12, tzinfo=UTC).timestamp()
    record = whole("ana", B, late=flagged, time=time)
    ana = grades([record], made, made.assignments["w1"])[0]
    assert ana["total"] == pytest.approx(share * OF[B])
    assert bool(ana["days late"]) == (share < 1)
    assert ("Canvas" in ana["look at"]) == (flagged and "handed_in" not in more)


SHEET = """Identifier,Full name,Email address,Status,Grade,Maximum Grade
Participant 77,Ana Ruiz,ana@u,Submitted for grading - 1 day 2 hours late,,7
Participant 78,Bo Smith,bo@u,Submitted for grading,,7
Participant 79,Somebody Else,else@u,-,,7
"""


def test_moodles_worksheet_says_who_it_is_and_who_was_late_and_is_filled_in(tmp_path, course):
    (tmp_path / "sheet.csv").write_text(SHEET)
    made = course(WEEK + 'late.per_day = 0.1\nworksheet = "sheet.csv"')
    week = made.assignments["w1"]
    files = names(f"Anita_77_assignsubmission_file/{B}.ipynb")
    (one,) = find(laid(tmp_path / "class", files), made.at(week).roster)
    assert one.student == "ana" and one.match.how == "moodle"
    results = Results(tmp_path / "out")
    results.keep(one, "", [whole("ana", B)])
    results.write(made, week)
    rows = {row["Identifier"]: row for row in read(tmp_path / "out" / "moodle.csv")}
    assert [rows[f"Participant {n}"]["Grade"] for n in (77, 78, 79)] == [
        f"{0.8 * OF[B]:g}",
        "0",
        "",
    ]
    assert rows["Participant 77"]["Status"].endswith("late")
    assert rows["Participant 79"]["Status"] == "-"  # Moodle reads what it has written
    with zipfile.ZipFile(tmp_path / "out" / "moodle_feedback.zip") as archive:
        (name,) = archive.namelist()  # as Moodle's importer takes it apart: by _, at most in five
    full, number, kind, plugin, rest = name.split("_", 4)
    assert (full, number, kind, plugin, rest) == (
        "Ana Ruiz",
        "77",
        "assignfeedback",
        "file",
        "feedback.html",
    )


def test_a_day_ends_at_its_end_and_a_time_without_zone_is_of_here():
    assert moment(datetime(2026, 5, 4).date()) == datetime(2026, 5, 4, 23, 59, 59).astimezone()
    assert moment(datetime(2026, 5, 4, 12)).tzinfo is not None


BAD = [
    ('[assignment.w1]\nlessons = ["99"]', "assignment.w1.lessons: expected exercises.*got '99'"),
    ("[assignment.w1]\ndue = 2026-05-04", "assignment.w1.lessons: expected at least one"),
    ('[assignment.w1]\nlessons = "11"', "assignment.w1.lessons: expected a list"),
    ('[assignment.w1]\nlessons = ["11"]\ndue = "monday"', "w1.due: expected a date.*'monday'"),
    ('[assignment.w1]\nlessons = ["11"]\nexpoints = 1', "w1.expoints: expected one of lessons"),
    ('[assignment.w1]\nlessons = ["11"]\npoints = 0', "w1.points: expected more than 0"),
    (
        '[assignment.w1]\nlessons = ["11"]\nextensions.di = 2026-05-04',
        "an id of the roster, got 'di'",
    ),
    ('[assignment.w1]\nlessons = ["11"]\nlate.per_day = 20', "late.per_day: expected a share"),
    ('[assignment."../x"]\nlessons = ["11"]', "a name that can be a folder's"),
    ("[totals]\ndrop_lowest = -1", "drop_lowest: expected 0 or more"),
    ("[totals]\ndrop_lowest = true", "drop_lowest: expected a whole number"),
    ('[aliases]\n"Bobby" = "di"', "ids that the roster has, got 'di'"),
    ('missing = "no"', "missing: expected one of zero, blank"),
    ('[assignment."totals.csv"]\nlessons = ["11"]', "a name that can be a folder's"),
    ('[assignment.w1]\nlessons = ["11"]\ndue = 0001-01-01', "w1.due: expected a date of our time"),
    ('[assignment.w1]\nlessons = ["11"]\ndue = 10:00:00', "w1.due: expected a date"),
    ('[assignment.w1]\nlessons = ["11"]\nworksheet = "roster.csv"', "Moodle's grading worksheet"),
]


@pytest.mark.parametrize("settings, said", BAD)
def test_a_course_that_cannot_be_is_refused(course, settings, said):
    with pytest.raises(ValueError, match=said):
        course(settings)


# --- several weeks, and the same folder again -----------------------------------------------------


def keep(results, submissions):
    Batch(results, Course(), Settings(way="none")).grade(submissions, executor=Counted())


def kept(results):
    return {(r.student, r.notebook) for r in results.records() if r.question is None}


class Marks(Counted):
    """Gives every notebook its own lesson's record."""

    def submit(self, function, submission, *rest):
        future = super().submit(function, submission, *rest)
        future._result = [replace(r, notebook=submission.notebook) for r in future._result]
        return future


def test_another_week_or_a_latecomer_in_the_same_folder_deletes_nothing(tmp_path):
    results = Results(tmp_path / "out")
    weeks = [
        laid(tmp_path / "1", names(f"ana/{B}.ipynb", f"bo/{B}.ipynb")),
        laid(tmp_path / "2", {f"ana/{A}.ipynb": notebook(A)}),
        laid(tmp_path / "late", names(f"cy/{B}.ipynb")),
        laid(tmp_path / "again", names(f"bo/new/{B}.ipynb")),
    ]
    for week in weeks:
        found = find(week)
        Batch(results, Course(), Settings(way="none")).grade(found, executor=Marks())
        results.settle(found, Course())
    assert kept(results) == {("ana", B), ("bo", B), ("ana", A), ("cy", B)}
    bo = next(r for r in results.records() if r.student == "bo")
    assert bo.file == f"bo/new/{B}.ipynb"


def test_when_it_is_known_whose_it_is_the_unknown_name_goes(tmp_path):
    folder = laid(tmp_path / "class", names(f"Bobby_9_assignsubmission_file/{B}.ipynb"))
    course = Course(students={"bo": Student("bo", "Bo Smith")})
    results = Results(tmp_path / "out")
    for aliases in ({}, {"Bobby": "bo"}):
        course = Course(students=course.students, aliases=aliases)
        found = find(folder, course.roster)
        results.settle(found, course)
        Batch(results, course, Settings(way="none")).grade(found, executor=Marks())
    assert kept(results) == {("bo", B)}


def test_resume_after_one_question_marks_nothing_again(tmp_path):
    found = find(laid(tmp_path / "class", names(f"ana/{B}.ipynb", f"bo/{B}.ipynb")))
    results = Results(tmp_path / "out")

    def marked(**how):
        executor, resume = Marks(), how.pop("resume", False)
        batch = Batch(results, Course(), Settings(way="none", **how), resume)
        batch.grade(found, executor=executor)
        return executor.marked

    assert marked() == ["ana", "bo"] == marked(only=QUESTION.id)
    assert marked(resume=True) == []


def test_resume_knows_that_something_came_late_without_marking_it_again(tmp_path):
    class_ = laid(tmp_path / "class", names(f"ana/{B}.ipynb"))
    results = Results(tmp_path / "out")
    for name in ("1.zip", "2.zip"):
        (tmp_path / name).write_bytes(b"")
    first, second = (
        laid(tmp_path / n, names(f"ruizana_{late}1_2_{B}.ipynb"))
        for n, late in (("a", ""), ("b", "LATE_"))
    )
    for folder in (first, second):
        executor = Marks()
        Batch(results, Course(), Settings(way="none"), resume=True).grade(
            find(folder), executor=executor
        )
    assert executor.marked == [] and next(results.records()).late
    assert class_


def test_totals_put_weeks_together_with_bonus_excuse_and_the_lowest_dropped(course):
    made = course(
        "[totals]\ndrop_lowest = 1\n"
        + "".join(f'[assignment.w{n}]\nlessons = ["12"]\npoints = 10\n' for n in range(1, 5))
        + '[assignment.extra]\nlessons = ["03"]\npoints = 5\nbonus = true\n'
    )

    def week(**points):
        rows = [{"student": id, "total": value, "of": 10.0} for id, value in points.items()]
        return [row | {"of": 0.0} if row["total"] == "EX" else row for row in rows]

    weeks = {
        "w1": week(ana=10.0, bo=2.0, cy=0.0),
        "w2": week(ana=4.0, bo="EX", cy=0.0),
        "w3": week(ana=8.0, bo=6.0, cy=0.0),
        "extra": week(ana=3.0, bo=0.0, cy=5.0),
    }
    ana, bo, cy = totals(weeks, made)
    assert (ana["total"], ana["of"], ana["dropped"]) == (21.0, 20.0, "w2")
    assert (bo["total"], bo["of"], bo["dropped"], bo["w2"]) == (6.0, 10.0, "w1", "EX")
    assert (cy["total"], cy["of"]) == (5.0, 20.0)


# --- by hand --------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(tmp_path, course):
    made = course(f'[assignment.w1]\nlessons = ["{B}"]\n')
    results = Results(tmp_path / "out")
    for id in ("ana", "bo"):
        one = Submission(id, "", B, f"{id}.ipynb", ("", "x"))
        points = float(QUESTION.points)
        record = Record(id, "", B, QUESTION.id, "right", points, of=points)
        results.keep(one, "", [whole(id, B), record])

    def make(*lines):
        (tmp_path / "out" / "overrides.csv").write_text(
            "student,question,points,reason\n" + "\n".join(lines) + "\n"
        )
        marks = results.write(made, made.assignments["w1"])
        return (
            {row["student"]: row for row in read(tmp_path / "out" / "grades.csv")},
            marks,
            tmp_path,
        )

    return make


SHOWN = QUESTION.id.rpartition(".")[2].replace("_", " ").capitalize()


@pytest.mark.parametrize(
    "line, student, total, of",
    [
        (f"ana,{QUESTION.id},0.5,partly", "ana", 0.5, OF[B]),
        (f"ana,{SHOWN},0.5,as feedback shows it", "ana", 0.5, OF[B]),
        (f"Ana Ruiz,12 · Cost of backprop: {SHOWN},0,by names", "ana", 0, OF[B]),
        (f"cy,{B},5,on paper", "cy", 5, OF[B]),
        ("cy,12,5,on paper", "cy", 5, OF[B]),
        ("cy,,3,asked in person", "cy", 3, OF[B]),
        ("bo,,+2,a bonus", "bo", QUESTION.points + 2, OF[B]),
        ("bo,,-0.5,a page missing", "bo", QUESTION.points - 0.5, OF[B]),
        ("bo,12,+1,a good idea", "bo", QUESTION.points + 1, OF[B]),
        ("cy,,excused,ill", "cy", "EX", 0),
        (f"ana,{QUESTION.id},excused,a misprint", "ana", 0, OF[B] - QUESTION.points),
        ("bo,,,well done", "bo", QUESTION.points, OF[B]),
    ],
)
def test_a_mark_by_hand_for_a_question_a_notebook_or_a_student(by_hand, line, student, total, of):
    rows, marks, folder = by_hand(line)
    assert not marks.stale
    shown = total if isinstance(total, str) else f"{total:g}"
    assert (rows[student]["total"], rows[student]["of"]) == (shown, f"{of:g}")
    page = (folder / "out" / "feedback" / f"{student}.html").read_text("utf-8")
    assert line.rpartition(",")[2] in page
    canvas = {row["Student"]: row for row in read(folder / "out" / "canvas.csv")}
    names = {"ana": "Ana Ruiz", "bo": "Bo Smith", "cy": "Cy Ng"}
    assert canvas[names[student]]["Backpropagation"] == shown
    moodle = {row["Full name"]: row for row in read(folder / "out" / "moodle.csv")}
    assert moodle[names[student]]["Grade"] == ("" if total == "EX" else shown)


@pytest.mark.parametrize(
    "line, said",
    [
        (f"ana,{QUESTION.id},500,why", f"line 3: expected points from 0 to {QUESTION.points}"),
        (f"ana,{QUESTION.id},-1,why", "line 3: expected points"),
        (f"ana,{QUESTION.id},much,why", "line 3: expected points"),
        (f"ana,{QUESTION.id},nan,why", "line 3: expected points"),
        (f"ana,{B},{OF[B] + 1},why", f"line 3: expected points from 0 to {OF[B]:g}"),
        (f"ana,{QUESTION.id},1", "line 3: expected student, question, points and a reason"),
        (f"ana,{QUESTION.id},1,", "line 3: expected student, question, points and a reason"),
    ],
)
def test_a_mark_that_cannot_be_is_refused_with_its_line(by_hand, line, said):
    with pytest.raises(ValueError, match=f"overrides.csv, {said}"):
        by_hand("bo,,,fine", line)


@pytest.mark.parametrize("line", ["di,,1,who", "ana,no.such,1,what"])
def test_a_stale_line_is_a_warning_and_everything_is_written(by_hand, line):
    rows, marks, _ = by_hand(line, f"ana,{QUESTION.id},0,seen")
    assert rows["ana"]["total"] == "0"
    assert len(marks.stale) == 1 and "line 2 has no effect" in marks.stale[0]


def test_of_two_lines_for_the_same_the_last_counts_and_it_is_said(by_hand):
    rows, marks, _ = by_hand(f"ana,{QUESTION.id},0,seen", f"Ana Ruiz,{SHOWN},0.5,seen again")
    assert rows["ana"]["total"] == "0.5"
    assert (
        len(marks.stale) == 1 and "line 2 has no effect: line 3 is for the same" in marks.stale[0]
    )


def test_a_name_that_several_questions_have_is_refused_with_their_ids(by_hand):
    shown = [one.id.rpartition(".")[2] for one in all_questions()]
    twice = next(name for name in shown if shown.count(name) > 1)
    with pytest.raises(ValueError, match=f"several questions.*{twice}.*{twice}"):
        by_hand(f"ana,{twice.replace('_', ' ')},0,which")


def test_a_line_is_put_in_place_of_the_one_before(tmp_path):
    path = tmp_path / "overrides.csv"
    overrides.start(path)
    overrides.put(path, "ana", "a.b", "1", 'he said "so", twice\nand again')
    overrides.put(path, "bo", "a.b", "2", "x")
    overrides.put(path, "ana", "a.b", "2.5", "better")
    overrides.put(path, "bo", "a.b", "", "")
    assert list(csv.reader(io.StringIO(path.read_text())))[1:] == [["ana", "a.b", "2.5", "better"]]


def test_a_line_is_put_in_place_of_one_that_says_the_same_by_name(tmp_path):
    path = tmp_path / "overrides.csv"
    path.write_text(f"student,question,points,reason\nAna Ruiz,{SHOWN},1,by hand\nbo,,,x\n")
    overrides.put(path, "ana", QUESTION.id, "", "", {"ana": "Ana Ruiz"})  # taken back
    assert path.read_text().splitlines() == ["student,question,points,reason", "bo,,,x"]


def test_whoever_is_called_like_a_formula_is_one_in_no_spreadsheet(tmp_path):
    path, student = tmp_path / "overrides.csv", '=HYPERLINK("http://x")'
    overrides.start(path)
    for points in ("0.5", "1"):
        overrides.put(path, student, QUESTION.id, points, "-1 is not 1")
    (row,) = list(csv.reader(io.StringIO(path.read_text())))[1:]
    assert row == [f"'{student}", QUESTION.id, "1", "'-1 is not 1"]
    marks = overrides.read(path, Course(), {student: ""})
    assert marks.of(student, QUESTION.id).reason == "-1 is not 1"


# --- the commands ---------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_marked_and_writes_nothing(tmp_path, course, capsys):
    course(f'[assignment.w1]\nlessons = ["{B}"]\n[assignment.w2]\nlessons = ["{A}"]\n')
    files = names(f"ana/{B}.ipynb", f"ana/{B}-Copy1.ipynb", f"Bo S/{B}.ipynb", "bo/readme.pdf")
    files |= {f"bo/{B}.ipynb": b"{"}
    laid(tmp_path / "class", files | {f"ana/{A}.ipynb": notebook(A), "x\x1b[31m/1.ipynb": b"{"})
    command = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out"), "--dry-run"]
    command += ["--course", str(tmp_path / "course.toml")]
    cli.main([*command, "--assignment", "w1"])
    said = capsys.readouterr().out
    assert f"ana | Ana Ruiz | 12 · Cost of backprop | ana/{B}.ipynb | by the id" in said
    assert f"ana/{B}-Copy1.ipynb does not count" in said
    assert re.search(rf"bo/{B}.ipynb \| by the id \| The file is no notebook: .+", said)
    assert f"Not marked: ana/{A}.ipynb. It is not part of w1." in said
    assert "Not certain whose: Bo S" in said and "near: Bo Smith (bo)" in said
    assert "Nothing came from 1: Cy Ng." in said
    assert not (tmp_path / "out").exists() and "\x1b" not in said
    with pytest.raises(SystemExit):
        cli.main(command)
    assert "--assignment: expected one of w1, w2" in capsys.readouterr().err


@pytest.mark.parametrize("student", ["bo", "BO", "Bo Smith", "bo@u", "88", "Robert"])
def test_a_student_is_meant_by_what_one_calls_them(tmp_path, course, capsys, student):
    course('[aliases]\n"Robert" = "bo"\n')
    files = names(
        f"Robert_88_assignsubmission_file/{B}.ipynb", f"Ana Ruiz_7_assignsubmission_file/{B}.ipynb"
    )
    command = ["grade", str(laid(tmp_path / "class", files)), "--out", str(tmp_path / "out")]
    command += ["--course", str(tmp_path / "course.toml"), "--dry-run", "--student", student]
    cli.main(command)
    said = capsys.readouterr().out
    assert "To be marked: 1." in said and "bo | Bo Smith" in said


def test_a_line_by_hand_that_cannot_be_stops_everything_before_anything_is_marked(
    tmp_path, course, capsys, monkeypatch
):
    course()
    monkeypatch.setattr("bpcourse.marking.grading.choose", lambda unsafe: "none")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "overrides.csv").write_text(
        f"student,question,points,reason\nana,{QUESTION.id},500,much\n"
    )
    command = ["grade", str(laid(tmp_path / "class", names(f"ana/{B}.ipynb")))]
    command += ["--out", str(tmp_path / "out"), "--course", str(tmp_path / "course.toml")]
    with pytest.raises(SystemExit, match="1"):
        cli.main(command)
    assert "overrides.csv, line 2: expected points from 0 to" in capsys.readouterr().err
    assert not [*(tmp_path / "out" / "notebooks").iterdir()]


def test_who_is_not_certain_is_listed_and_nothing_is_exported_for_them(tmp_path, course):
    made = course()
    results = Results(tmp_path / "out")
    files = names(f"Bo S/{B}.ipynb", f"ana/{B}.ipynb", f"\x1b[31mevil\x07/{B}.ipynb")
    found = find(laid(tmp_path / "class", files), made.roster)
    Batch(results, made, Settings(way="none")).grade(found, executor=Marks())
    results.write(made)
    who = {row["student"]: row["state"] for row in read(tmp_path / "out" / "who.csv")}
    assert (
        who["Bo S"] == "not certain" and who["bo"] == who["cy"] == "absent" and who["ana"] == "here"
    )
    for name in ("moodle.csv", "canvas.csv"):
        table = (tmp_path / "out" / name).read_text()
        assert "Bo S," not in table and "evil" not in table and "Ana Ruiz" in table
    page = (tmp_path / "out" / "class.html").read_text("utf-8")
    assert "not certain" in page and "Bo S" not in page  # it is anonymous
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".html", ".jsonl"):
            whole_file = path.read_text("utf-8")
            assert not {c for c in whole_file if c < " " and c not in "\n\r\t"}, path
        assert "\x1b" not in str(path)


def test_the_totals_command(tmp_path, course, capsys):
    made = course(f'[assignment.w1]\nlessons = ["{B}"]\n[assignment.w2]\nlessons = ["{A}"]\n')
    for name, stem in (("w1", B), ("w2", A)):
        results = Results(tmp_path / "out" / name)
        for id in ("ana", "bo"):
            results.keep(Submission(id, "", stem, f"{id}.ipynb", ("", "x")), "", [whole(id, stem)])
        results.write(made, made.assignments[name])
        cli.main(["totals", str(tmp_path / "out"), "--course", str(tmp_path / "course.toml")])
        assert ("Not in the totals: w2" in capsys.readouterr().out) == (name == "w1")
    rows = {row["student"]: row for row in read(tmp_path / "out" / "totals.csv")}
    assert rows["ana"]["total"] == rows["cy"]["of"] == f"{OF[A] + OF[B]:g}"
    assert rows["cy"]["total"] == "0" and rows["ana"]["percent"] == "100"
    canvas = read(tmp_path / "out" / "totals_canvas.csv")
    assert canvas[0]["w1"] == f"{OF[B]:g}" and canvas[1]["w2"] == f"{OF[A]:g}"
    assert json.dumps(read(tmp_path / "out" / "totals_moodle.csv"))
    assert os.path.exists(tmp_path / "out" / "w2" / "grades.csv")
