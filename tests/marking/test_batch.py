"""A whole class: every notebook once, whatever happens on the way; the files that come of it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bpcourse import check, cli
from bpcourse.marking import batch, sandbox
from bpcourse.marking.course import Course
from bpcourse.marking.marker import Marker, Settings
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results, file_name, grades
from bpcourse.marking.submissions import Submission, find
from bpcourse.questions.bank import find as find_question
from bpcourse.questions.judging.posed import pose

from . import hostile

ROOT = Path(__file__).resolve().parents[2]
STEM = "12_cost_of_backprop"  # the shortest
QUESTION = "cost_of_backprop.count_backward"
STUDENTS = ["ana", "bo", '=cmd|"x"!A1, Jr.', "../../etc", "-x\nnew line", "é" * 200]
try:
    WAY = sandbox.choose()
except sandbox.NoSandboxError:
    WAY = None
shut_in = pytest.mark.skipif(WAY is None, reason="students' code cannot be shut in here")


@pytest.fixture
def handed_in(tmp_path):
    folder = tmp_path / "class"
    data = (ROOT / "solutions" / f"{STEM}.ipynb").read_bytes()
    for student in ("ana", "bo", "cy"):
        (folder / student).mkdir(parents=True)
        (folder / student / f"{STEM}.ipynb").write_bytes(data)
    return folder


class Counted(Executor):
    """Marks in this process, counts, and dies at the notebooks that it is told to."""

    def __init__(self, dies_at=()):
        self.marked, self.dies_at = [], list(dies_at)

    def submit(self, function, submission, *rest):
        future = Future()
        self.marked.append(submission.student)
        if submission.student in self.dies_at:
            self.dies_at.remove(submission.student)
            future.set_exception(OSError("the worker is gone"))
        else:
            future.set_result(fake(submission))
        return future


def fake(submission, points=1.0):
    about = submission.student, "", STEM
    return [
        Record(*about, None, "graded", points, of=2.0, file=submission.file),
        Record(*about, QUESTION, "wrong", points, of=2.0),
    ]


def run(results, submissions, executor, **how):
    batch.Batch(results, Course.load(), Settings(way="none"), **how).grade(
        submissions, executor=executor
    )


def test_resumed_nothing_is_marked_twice_and_what_changed_is_marked_again(tmp_path, handed_in):
    results = Results(tmp_path / "out")
    executor = Counted()
    run(results, find(handed_in)[:2], executor)  # interrupted after two
    assert executor.marked == ["ana", "bo"]
    executor = Counted()
    run(results, find(handed_in), executor, resume=True)
    assert executor.marked == ["cy"]
    (handed_in / "bo" / f"{STEM}.ipynb").write_bytes(b"{}")
    executor = Counted()
    run(results, find(handed_in), executor, resume=True)
    assert executor.marked == ["bo"]
    executor = Counted()
    run(results, find(handed_in), executor)
    assert sorted(executor.marked) == ["ana", "bo", "cy"]


def test_what_a_lost_worker_had_is_marked_again_and_the_culprit_has_a_record(tmp_path, handed_in):
    results = Results(tmp_path / "out")
    executor = Counted(dies_at=["ana", "bo", "bo", "bo"])
    told = []
    run(results, find(handed_in), executor, done=lambda one: told.append(one.student))
    assert sorted(told) == ["ana", "bo", "cy"]
    states = {r.student: r.state for r in results.records() if r.question is None}
    assert states == {"ana": "graded", "bo": "not gradable", "cy": "graded"}


class Busy(Counted):
    """The clock on the wall stops every notebook; the second time the worker may die."""

    def submit(self, function, submission, *rest):
        again = submission.student in self.marked
        future = super().submit(function, submission, *rest)
        if future.exception() is None:
            points = 2.0 if again else 1.0
            own, *others = fake(submission, points)
            future = Future()
            future.set_result([replace(own, busy=True), *others])
        return future


def test_what_was_late_keeps_its_record_where_the_second_try_is_lost(tmp_path, handed_in):
    class Dies(Busy):
        def submit(self, function, submission, *rest):
            if submission.student in self.marked and submission.student != "ana":
                self.dies_at = [submission.student]
            return super().submit(function, submission, *rest)

    results, executor = Results(tmp_path / "out"), Dies()
    run(results, find(handed_in), executor)
    points = {r.student: r.points for r in results.records() if r.question is None}
    assert points == {"ana": 2.0, "bo": 1.0, "cy": 1.0}
    assert sorted(executor.marked) == ["ana"] * 2 + ["bo"] * 3 + ["cy"] * 3  # in any order


def test_few_notebooks_are_in_memory_at_once(tmp_path, handed_in):
    waiting = []

    class Slow(ThreadPoolExecutor):
        def submit(self, function, submission, *rest):
            waiting.append(submission.student)
            return super().submit(fake, submission)

    reads = []
    many = find(handed_in) * 10

    class Watched(Submission):
        def read(self):
            reads.append(len(reads))
            return b""

    many = [Watched(f"s{i}", "", STEM, f"s{i}.ipynb", one.source) for i, one in enumerate(many)]
    done = []
    with Slow(1) as executor:
        run(
            Results(tmp_path / "out"),
            many,
            executor,
            done=lambda one: done.append(len(reads)),
        )
    assert len(done) == 30
    assert all(read - index <= 3 for index, read in enumerate(done))


def test_tables_are_quoted_and_hold_no_formula(tmp_path):
    results = Results(tmp_path / "out")
    for student in STUDENTS:
        one = Submission(student, "", STEM, f"{student}.ipynb", (tmp_path, "x"))
        results.keep(one, "", [replace(r, name="=1+1") for r in fake(one)])
    results.write(Course.load())
    with open(tmp_path / "out" / "grades.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["student"].removeprefix("'") for row in rows} == set(STUDENTS)
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")]
    names = {path.name for path in (tmp_path / "out" / "feedback").iterdir()}
    assert names == {f"{file_name(student)}.html" for student in STUDENTS}
    assert len(names) == len(STUDENTS) and all(len(name) < 120 for name in names)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_what_a_student_wrote_that_no_file_can_hold_is_kept_as_a_question_mark(tmp_path):
    results, submission = Results(tmp_path), Submission("ana", "", STEM, "x", ("", "x"))
    results.keep(submission, "", [replace(r, message="a\ud800b") for r in fake(submission)])
    assert {record.message for record in results.records()} == {"a?b"}
    results.write(Course())
    assert "a?b" in (tmp_path / "feedback" / "ana.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("later_first", [True, False])
def test_a_notebook_handed_in_twice_has_the_points_of_the_one_that_was_marked(later_first):
    later = Record("ana", "", STEM, None, "graded", points=3.0, of=4.0)
    earlier = Record("ana", "", "", None, "not gradable")
    (row,) = grades([later, earlier] if later_first else [earlier, later], Course())
    assert (row[STEM], row["total"], row["look at"]) == (3.0, 3.0, "not gradable")


def test_marks_given_by_hand_survive_marking_again(tmp_path, handed_in):
    results = Results(tmp_path / "out")
    run(results, find(handed_in), Counted())
    with open(tmp_path / "out" / "overrides.csv", "a") as file:
        file.write(f'bo,{QUESTION},1.5,"asked, and explained it"\n')
    for _ in range(2):
        results.write(Course.load())
        lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        (bo,) = [r for r in records if r["student"] == "bo" and r["question"] == QUESTION]
        assert bo["points"] == 1.5 and bo["override"] == "asked, and explained it"
        with open(tmp_path / "out" / "grades.csv", newline="") as file:
            assert {r["student"]: r["total"] for r in csv.DictReader(file)}["bo"] == "1.5"
        run(results, find(handed_in), Counted())


@shut_in
def test_the_command_marks_a_class_and_one_question_and_one_student(tmp_path, handed_in, capsys):
    wrong = hostile.read(ROOT / "solutions" / f"{STEM}.ipynb")
    for cell in wrong.cells:
        cell.source = cell.source.replace(find_question(QUESTION).answer, "another_name")
    wrong_data = hostile.nbformat.writes(wrong).encode()
    (handed_in / "bo" / f"{STEM}.ipynb").write_bytes(wrong_data)
    out = str(tmp_path / "out")
    cli.main(["grade", str(handed_in), "--out", out, "--jobs", "1", "--seed", "5"])
    grades = read_grades(out)
    assert grades["ana"]["total"] == grades["ana"]["of"] == "7"
    assert grades["bo"][QUESTION] == "0"
    assert (tmp_path / "out" / "seed").read_text() == "5\n"
    # one question of one student, again
    (handed_in / "bo" / f"{STEM}.ipynb").write_bytes(
        (handed_in / "ana" / f"{STEM}.ipynb").read_bytes()
    )
    cli.main(["grade", str(handed_in), "--out", out, "--student", "bo", "--only", QUESTION])
    assert read_grades(out)["bo"]["total"] == "7"
    assert (tmp_path / "out" / "seed").read_text() == "5\n"
    assert "Written to" in capsys.readouterr().out


def read_grades(out):
    with open(Path(out) / "grades.csv", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--out", "out"], "no such folder"),
        (["class", "--out", "out", "--only", "matrix_form.linear_backwards"], "linear_backward"),
        (["class", "--out", "out", "--student", "di"], "'di'"),
        (["class", "--out", "out", "--jobs", "0"], "1 or more"),
        (["class", "--out", "class/results"], "another one"),
        (["class", "--out", "out", "--course", "no.toml"], "no.toml"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path, handed_in, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bpcourse.marking.grading.choose", lambda unsafe: "none")
    with pytest.raises(SystemExit) as stop:
        cli.main(["grade", *arguments])
    assert stop.value.code == 1 and message in capsys.readouterr().err


def test_where_the_extra_is_not_installed_it_says_which():
    code = "import sys; sys.modules['jinja2'] = None; from bpcourse import cli; "
    code += "cli.main(['grade', 'class', '--out', 'out'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and 'pip install "bpcourse[grade]"' in done.stderr


def test_without_a_sandbox_it_refuses_and_says_what_is_not_protected(
    tmp_path, handed_in, monkeypatch, capsys
):
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(SystemExit) as stop:
        cli.main(["grade", str(handed_in), "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert stop.value.code == 1
    for word in ("bubblewrap", "--unsafe", "read every file", "network"):
        assert word in said
    assert not (tmp_path / "out" / "grades.csv").exists()
    assert sandbox.choose(unsafe=True) == "none"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_unsafe_marks_all_the_same(tmp_path, handed_in, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda program: None)
    out = str(tmp_path / "out")
    cli.main(["grade", str(handed_in), "--out", out, "--unsafe", "--jobs", "1"])
    assert read_grades(out)["ana"]["total"] == "7"
    assert "Not shut in" in capsys.readouterr().out


@shut_in
def test_every_solution_has_full_marks_and_every_stub_none():
    marker = Marker(Settings(way=WAY, question_seconds=10))
    try:
        for folder, share, every in (("solutions", 1, 1), ("exercises", 0, 2)):
            for path in sorted((ROOT / folder).glob("*.ipynb"))[::every]:
                one = Submission("ana", "", path.stem, path.name, (path.parent, path.name))
                own, *records = marker.mark(one, path.read_bytes())
                assert own.state == "graded" and records and not own.cells, (path, own)
                assert own.points == share * own.of, (path, records)
    finally:
        marker.close()


@shut_in
def test_an_answer_counts_only_for_numbers_that_are_the_students(tmp_path):
    question = find_question("matrix_form.shape_of_gradient")
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name,seed\nana,Ana,40\n")
    (tmp_path / "course.toml").write_text('roster = "roster.csv"\n')
    marker = Marker(Settings(way=WAY), Course.load(tmp_path / "course.toml"))
    try:
        for seed, state in (
            (40, "right"),
            (43, "right"),
            (0, "wrong"),
            (50, "wrong"),
            (39, "wrong"),
        ):
            value = pose(question, seed).right
            cell = f"from bpcourse import Answer\nshape_of_dW = Answer({value!r}, seed={seed})"
            data = hostile.solved(ROOT, last=cell)
            one = Submission("ana", "", "11_matrix_form", "a.ipynb", (tmp_path, "a.ipynb"))
            (record,) = [r for r in marker.mark(one, data) if r.question == question.id]
            assert record.state == state, record
            assert state == "right" or "not yours" in record.message
    finally:
        marker.close()


@pytest.mark.parametrize("first_seed", [0, 40])
def test_letters_are_marked_as_they_stand_on_the_screen(tmp_path, monkeypatch, first_seed):
    monkeypatch.chdir(tmp_path)
    question = find_question("activations.zero_gradient")
    (tmp_path / "roster.csv").write_text(f"id,name,seed\nana,Ana,{first_seed}\n")
    (tmp_path / "course.toml").write_text('roster = "roster.csv"\n')
    marker = Marker(Settings(way="none"), Course.load(tmp_path / "course.toml"))
    wrong, right = (
        [pose(question, first_seed + tried).shown(name) for tried in range(3)]
        for name in ("solved", "dead")
    )
    answers = [
        (letters, state) for state, n in (("wrong", wrong), ("right", right)) for letters in n
    ]
    answers.append((pose(question, first_seed + 10).shown("dead"), "wrong"))  # of another student
    try:
        for letters, state in answers:
            cell = f"zero_gradient = {letters!r}"
            cells = [{"cell_type": "code", "source": cell}]
            data = json.dumps({"nbformat": 4, "cells": cells}).encode()
            one = Submission("ana", "", "06_activations", "a.ipynb", (tmp_path, "a.ipynb"))
            (record,) = [r for r in marker.mark(one, data) if r.question == question.id]
            assert record.state == state, (letters, record)
            if letters in wrong + right:  # a check says the same
                said = check(question.id, letters)
                assert said.status == state
    finally:
        marker.close()


@pytest.fixture
def keyboard():
    """It interrupts what is started here, which a shell that started the tests with & prevents."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@shut_in
@pytest.mark.usefixtures("keyboard")
def test_an_interrupted_batch_leaves_nothing_running_and_goes_on(tmp_path):
    quick = hostile.solved(ROOT, without=hostile.LONG)
    endless = hostile.solved(ROOT, first="import time\ntime.sleep(600)")
    name = f"{hostile.LESSON}.ipynb"
    handed_in = [tmp_path / "class" / f"s{number:02}" / name for number in range(16)]
    for number, path in enumerate(handed_in):
        path.parent.mkdir(parents=True)
        path.write_bytes(quick if number < 8 else endless)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bpcourse", "grade", str(tmp_path / "class")]
    command += ["--out", str(out)]
    running = subprocess.Popen(
        [*command, "--jobs", "2"], stderr=subprocess.PIPE, start_new_session=True
    )
    while len(list(out.glob("notebooks/*.json"))) < 5 and running.poll() is None:
        time.sleep(0.01)
    started = psutil.Process(running.pid).children(recursive=True)
    os.killpg(running.pid, signal.SIGINT)  # as the keyboard does
    said = running.communicate()[1].decode()
    assert running.returncode == 130 and "--resume" in said
    kept = {path: path.stat().st_mtime_ns for path in out.glob("notebooks/*.json")}
    assert 5 <= len(kept) <= 8 and not (out / "grades.csv").exists()
    assert not list(out.rglob(".*"))
    assert len(started) >= 4
    psutil.wait_procs(started)  # for ever, if one of them is left
    for path in handed_in[8:]:
        path.write_bytes(quick)
    subprocess.run([*command, "--resume"], check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    rows = read_grades(out)
    assert len(rows) == 16 and {float(row["total"]) for row in rows.values()} == {hostile.MOST}


@pytest.mark.usefixtures("keyboard")
def test_an_interrupted_worker_begins_nothing_new():
    with batch._processes(1) as workers:
        worker = workers.submit(os.getpid).result()
        asleep = workers.submit(time.sleep, 1000)
        while not asleep.running():
            time.sleep(0.01)
        os.kill(worker, signal.SIGINT)
        assert isinstance(asleep.exception(), BrokenProcessPool)


def test_a_sandbox_that_does_not_start_is_told_and_costs_no_other_notebook(monkeypatch, handed_in):
    starts = []

    def fails(*settings):
        starts.append(settings)
        raise OSError("no namespaces today")

    monkeypatch.setattr("bpcourse.marking.marker.Sandbox", fails)
    marker = Marker(Settings(way="unshare"))
    for one in find(handed_in)[:2]:
        own, *records = marker.mark(one, one.read())
        assert own.state == "crashed" and own.points == 0 and own.of == 7
        assert {record.state for record in records} - {"open"} == {"crashed"}
        assert "no namespaces today" in str(own.cells)
    assert len(starts) <= 12  # an attempt, not a start and another to end it
