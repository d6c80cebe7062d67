"""The marks that an answer deserves: whatever fails above it, comes after it, or runs beside it."""

import json
import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from bpcourse.marking import batch
from bpcourse.marking.apart import Apart
from bpcourse.marking.cells import given_in
from bpcourse.marking.course import Course
from bpcourse.marking.judge import Answered, better
from bpcourse.marking.marker import Marker, Settings
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results
from bpcourse.marking.submissions import Submission, find
from bpcourse.questions.bank import find as question
from bpcourse.questions.judging.code import made_of
from bpcourse.questions.judging.posed import pose

from . import hostile
from .test_hostile import ALL, OTHERS, ROOT, WAYS, of

pytestmark = pytest.mark.skipif(not WAYS, reason="students' code cannot be shut in here")
RIGHT, WRONG = hostile.function("pass"), hostile.WRONG_ANSWER
SUBMISSION = Submission("s", "s", hostile.LESSON, "x.ipynb", ("", ""))
ORDER = "matrix_form.order_of_backward"


@pytest.fixture(scope="module")
def mark():
    settings = Settings(way=WAYS[0], cell_seconds=2, seconds=8, question_seconds=2)
    marker = Marker(settings)
    yield lambda **changes: marker.mark(SUBMISSION, hostile.solved(ROOT, **changes))
    marker.close()


@pytest.mark.parametrize(
    "line",
    [
        "from bpcourse.gradcheck import check_gradient",
        "import pandas_that_is_not_here as pd\npd.DataFrame([1]).plot()",
        "from __future__ import annotations\nimport bpcourse.layers, os",
        "from bpcourse.datasets import digits",
    ],
)
def test_a_failing_import_does_not_take_the_answer_with_it(mark, line):
    records = mark(answer=f"{line}\n{RIGHT}")
    assert of(records).state == "right", of(records)
    said = [cell.message for cell in records[0].cells]
    assert ("datasets" in line) is not any("An answer may use NumPy" in text for text in said)


def test_an_answer_that_uses_what_it_may_not_is_told_what_it_may(mark):
    records = mark(answer="from bpcourse.layers import Linear\n" + hostile.function("Linear(2, 3)"))
    assert of(records).state == "failed" and records[0].points == OTHERS
    assert "may not use bpcourse.layers" in of(records).message
    assert "An answer may use NumPy" in of(records).message


@pytest.mark.parametrize(
    "last", ["linear_backward = 5", "np = None", "len = 5", "del linear_backward", f"{WRONG}"]
)
def test_what_comes_later_does_not_take_an_answer_that_was_right(mark, last):
    answer = hostile.function("len(dZ)", "dZ @ W, np.dot(dZ.T, A), dZ.sum(axis=0)")
    records = mark(answer=answer, last=last)
    assert of(records).state == "right" and of(records).points == 3
    assert "as its own cell left it" in of(records).message


def test_what_comes_later_may_make_it_right(mark):
    answer = RIGHT.replace("dZ.T @ A", "helper(dZ, A)")
    records = mark(answer=answer, last="def helper(a, b):\n    return a.T @ b")
    assert of(records).state == "right"
    assert "as the end of the notebook left it" in of(records).message


def test_a_cell_that_needs_our_data_is_named_only_where_it_takes_an_answer_with_it(mark):
    data = "from bpcourse import datasets\nX, y = datasets.digits()"
    records = mark(first=data, last="print(len(y))")
    assert records[0].points == ALL and not records[0].cells
    records = mark(answer=f"{data}\n{RIGHT}")
    assert of(records).state == "not answered"
    assert "data sets of the course" in records[0].cells[0].message


def test_a_line_without_an_end_is_read_in_no_time():
    source = "x, y = 1\nz == 2\n" + "a" + " " * 1_000_000  # seconds by the square of its length
    assert list(given_in(source)) == ["x", "y"]


def test_two_answers_to_a_choice_are_not_two_tries(mark):
    posed = pose(question(ORDER))
    letters = posed.shown(posed.right)
    assert of(mark(last=f"backward_steps = '{letters[::-1]}'"), ORDER).state == "wrong"
    assert of(mark(last="backward_steps = [1, 2.5]"), ORDER).state == "right"
    own, last = Answered("right", share=1.0, offered=True), Answered("wrong", offered=True)
    assert better(own, last) is last and better(last, own) is own


def spin(stop):
    while not stop.is_set():
        pass


@pytest.mark.slow
def test_the_same_marks_beside_a_busy_loop_on_every_core(tmp_path):
    folder = tmp_path / "in"
    slow = hostile.function(
        "import time\nend = time.thread_time() + 0.1\nwhile time.thread_time() < end:\n    pass"
    )
    for name, answer in {"slow": slow, "wrong": WRONG, "right": RIGHT}.items():
        (folder / name).mkdir(parents=True)
        data = hostile.solved(ROOT, answer=answer)
        (folder / name / f"{hostile.LESSON}.ipynb").write_bytes(data)
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    loops = [context.Process(target=spin, args=(stop,)) for _ in range(os.cpu_count() or 1)]
    for loop in loops:
        loop.start()
    try:
        results = Results(tmp_path / "out")
        settings = Settings(way=WAYS[0], question_seconds=2)
        batch.Batch(results, Course.load(), settings).grade(find(folder), jobs=2)
    finally:
        stop.set()
        for loop in loops:
            loop.join()
    points = {r.student: r.points for r in results.records() if r.question is None}
    assert points == {"slow": ALL, "wrong": OTHERS, "right": ALL}


def test_what_the_clock_on_the_wall_stops_is_tried_again_alone_before_it_costs_points(tmp_path):
    def record(question, points):
        return Record("ana", "", hostile.LESSON, question, "wrong", points)

    first = [record(None, 1.0), record("a", 1.0), record("b", 0.0)]
    again = [record(None, 2.0), record("a", 0.0), record("b", 2.0)]
    best = batch._best(first, again)
    assert [record.points for record in best] == [3.0, 1.0, 2.0]


MUCH = [
    "[np.broadcast_to(A[:1, 0], (1 << 23,))] * 5, W, W",
    "np.zeros(1 << 25, np.int8)",
    "{i: A for i in range(49_000)}",
]
MEASURED = f"""
import json, resource, sys
from bpcourse.marking.marker import Marker, Settings
from tests.marking import hostile
from tests.marking.test_fair import ROOT, SUBMISSION, of
marker = Marker(Settings(way={WAYS[:1]!r}[0], cell_seconds=2, seconds=8, question_seconds=2))
before = 0
for result in sys.argv[1:]:
    data = hostile.solved(ROOT, answer=hostile.function("pass", result))
    record = of(marker.mark(SUBMISSION, data))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps([record.state, record.message, used.ru_utime - before, used.ru_maxrss]))
    before = used.ru_utime
marker.close()
"""


@pytest.fixture(scope="module")
def measured():
    """{result: (state, message, seconds, kilobytes)}, of a process that has no other children."""
    command = [sys.executable, "-c", MEASURED, *MUCH]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(zip(MUCH, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("result", MUCH)
def test_no_notebook_takes_much_memory_or_time_outside(measured, result):
    state, message, seconds, kilobytes = measured[result]
    assert state == "failed" and "very much larger" in message
    assert seconds < 20  # the limit that is promised, not a speed
    assert kilobytes < 400 << 10  # of the largest so far


def test_work_that_is_done_apart_may_die_of_its_time_or_its_memory():
    def forever(emit):
        emit(1)
        while True:
            pass

    def greedy(emit):
        emit(1)
        emit(len([0] * (1 << 27)))

    for work in (forever, greedy):
        apart = Apart(work, seconds=1)
        assert list(apart) == [1] and apart.died
    apart = Apart(lambda emit: emit({"x": 2}), seconds=1)
    assert list(apart) == [{"x": 2}] and not apart.died


def test_a_fault_of_ours_costs_no_student_points(capfd):
    with pytest.raises(RuntimeError, match="the marking itself"):
        list(Apart(lambda emit: emit(1 / 0), seconds=1))
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_what_a_long_search_computed_is_kept_for_the_notebooks_to_come():
    """So a class does not pay for it once a notebook; the records are the same."""
    marker = Marker(Settings(way=WAYS[0], seed=20_014))  # of no other test: nothing is kept yet
    odd = hostile.function("pass", "np.cbrt(dZ @ W) + 0.3, np.cbrt(dZ.T @ A) + 0.3, dZ[0] + 0.3")
    data = hostile.solved(ROOT, answer=odd)
    try:
        first = of(marker.mark(SUBMISSION, data))
        asked = question(first.question)
        kept = made_of(asked, marker.settings.seed)
        assert first.state == "wrong" and first.misconceptions == () and not kept.is_warm
        again = of(marker.mark(SUBMISSION, data))
        assert kept.is_warm and made_of(asked, marker.settings.seed) is kept
        assert replace(again, seconds=first.seconds) == first
    finally:
        marker.close()
