"""Answers in words: they are found, read on a local page, and what is given reaches the student."""

import csv
import json
import shutil
import threading
import urllib.error
import urllib.request

import pytest

from bpcourse.marking import in_words
from bpcourse.marking.by_hand import Page, serve
from bpcourse.marking.course import Course
from bpcourse.marking.judge import Answered
from bpcourse.marking.marker import Marker, Settings
from bpcourse.marking.results import Results
from bpcourse.marking.submissions import Submission, find
from tools.notebooks import dumps
from tools.notebooks import read as read_notebook

from .test_layouts import ROOT

STEM = "02_outputs_and_losses"
(RAIN,) = in_words.questions(STEM)
CODE = "outputs_and_losses.best_constant"
ANSWER = (
    "It rains or not: a sigmoid, and p < 1.\n\n<script>alert('x')</script> \u202e" + "word " * 50
)


def notebook(answer=ANSWER, *, where="cell"):
    """The exercises of lesson 02, with an answer in words: in its cell, or in one below it."""
    made = read_notebook(ROOT / "exercises" / f"{STEM}.ipynb")
    for index, cell in enumerate(made.cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "outputs_and_losses-rain":
            if where == "cell":
                cell.source = answer
            elif where == "without its mark":
                cell.source, cell.metadata = answer, {}
            else:
                below = type(cell)(cell_type="markdown", metadata={}, source=answer, id="below")
                made.cells.insert(index + 1, below)
            break
    return dumps(made).encode()


def test_the_courses_questions_in_words_are_found_with_task_and_model():
    assert RAIN.id == "outputs_and_losses.rain"
    assert RAIN.task.startswith("### ") and "rain" in RAIN.task and len(RAIN.model) > 50
    assert in_words.find(RAIN.id) == RAIN and in_words.find(CODE) is None


@pytest.mark.parametrize("where", ["cell", "below", "without its mark"])
def test_an_answer_is_found_where_students_write_it(where):
    assert in_words.answer(notebook(where=where), RAIN) == ANSWER.strip()
    assert in_words.answer(notebook(in_words.STUB), RAIN) == ""


@pytest.mark.parametrize("data", [b"", b"[]", b'{"cells": 3}', b'{"cells": [1, {"cell_type": 2}]}'])
def test_of_a_file_that_is_none_nothing_is_read(data):
    assert in_words.answer(data, RAIN) == ""


def test_they_count_only_where_the_course_says_so():
    assert RAIN.worth(Course()) == 0 and RAIN.worth(Course(open_points=2)) == 2
    assert RAIN.worth(Course(own_points={RAIN.id: 5})) == 5


@pytest.fixture
def results(tmp_path, unrun):
    """Results of two students, whose code was not run: one has an answer in words."""
    for id, answer in (("ana", ANSWER), ("bo", in_words.STUB)):
        (tmp_path / "class" / id).mkdir(parents=True)
        (tmp_path / "class" / id / f"{STEM}.ipynb").write_bytes(notebook(answer))
    made = Results(tmp_path / "out")

    unrun(lambda code, one: Answered("wrong", "Not so."))
    course = Course(open_points=2)
    marker = Marker(Settings(way="none"), course)
    for one in find(tmp_path / "class"):
        made.keep(one, "", marker.mark(one, one.read()))
    made.write(course)
    return made


@pytest.fixture
def served(results):
    """(page, its address) of a page that is being served."""
    page = Page(results, Course(open_points=2), None)
    server = serve(page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield page, f"http://127.0.0.1:{server.server_port}/{page.token}/"
    server.shutdown()
    server.server_close()


def asked(address, data=None, **headers):
    """(status, text) of a request."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(address, body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def given(results):
    with open(results.folder / "overrides.csv", newline="") as file:
        return list(csv.reader(file))[1:]


def test_work_is_kept_with_the_record_and_an_open_answer_is_told_as_open(results):
    records = {(r.student, r.question): r for r in results.records()}
    assert records["ana", RAIN.id].work == ANSWER.strip()
    assert records["ana", RAIN.id].state == "open"
    assert records["bo", RAIN.id].state == "not answered"
    assert records["ana", CODE].work.startswith("def best_constant")
    page = (results.folder / "feedback" / "ana.html").read_text("utf-8")
    assert "for a person to read" in page


def test_what_is_given_on_the_page_reaches_grades_and_feedback(served):
    page, address = served
    status, shown = asked(f"{address}?question={RAIN.id}")
    assert status == 200 and "&lt;script&gt;alert" in shown and "<script>alert" not in shown
    assert "\u202e" not in shown and RAIN.task.splitlines()[0] in shown
    sent = {"student": "ana", "question": RAIN.id, "points": "1.5", "reason": "Say why, Zoë."}
    assert asked(f"{address}save", sent) == (200, "Saved.")
    assert given(page.results) == [["ana", RAIN.id, "1.5", "Say why, Zoë."]]
    assert "1 / 1" in asked(address)[1]
    assert asked(f"{address}write", {}) == (200, "Written.")
    feedback = (page.results.folder / "feedback" / "ana.html").read_text("utf-8")
    assert "Say why, Zoë." in feedback and "1.5 of 2 points" in feedback
    with open(page.results.folder / "grades.csv", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert (rows["ana"]["total"], rows["bo"]["total"]) == ("1.5", "0")
    assert asked(f"{address}save", sent | {"points": "", "reason": ""}) == (200, "Taken back.")
    assert given(page.results) == []


@pytest.mark.parametrize(
    "change, said",
    [
        ({"points": "3"}, "from 0 to 2"),
        ({"points": "-1"}, "from 0 to 2"),
        ({"points": "much"}, "from 0 to 2"),
        ({"student": "eve"}, "no such answer"),
        ({"question": "x.y"}, "no such answer"),
    ],
)
def test_what_cannot_be_given_is_refused_with_a_sentence(served, change, said):
    page, address = served
    sent = {"student": "ana", "question": RAIN.id, "points": "1", "reason": "x"} | change
    status, answer = asked(f"{address}save", sent)
    assert status == 400 and said in answer and given(page.results) == []


def test_nobody_else_reaches_the_page(served):
    page, address = served
    root = address.removesuffix(f"{page.token}/")
    assert asked(root)[0] == asked(f"{root}guess/")[0] == asked(f"{root}guess/save", {})[0] == 404
    assert asked(address, Host="evil.example")[0] == 404  # a name that was made to lead here
    assert asked(f"{address}save", {}, Host="evil.example")[0] == 404
    assert asked(f"{address}../overrides.csv")[0] == 404
    assert asked(f"{address}save", {"reason": "x" * 200_000})[0] == 413
    assert asked(f"{address}save", [1])[0] == 400
    assert given(page.results) == []


@pytest.mark.browser
def test_in_a_browser_points_and_a_comment_are_saved_and_kept(served, page):
    marks, address = served
    page.goto(address)
    page.get_by_role("link", name="Rain").click()
    article = page.locator("article").first
    assert "It rains or not" in article.inner_text()
    assert "A weather service" in page.locator("aside").inner_text()
    article.get_by_label("Points, of 2:").fill("2")
    article.get_by_label("Comment").fill("Well argued.")
    article.get_by_role("button", name="Save").click()
    article.get_by_text("✓ Saved.").wait_for()
    article.get_by_label("Points, of 2:").fill("20")
    article.get_by_role("button", name="Save").click()
    article.get_by_text("✗ Points from 0 to 2").wait_for()
    assert given(marks.results) == [["ana", RAIN.id, "2", "Well argued."]]
    article.get_by_label("Points, of 2:").fill("2")
    article.get_by_role("button", name="Save").click()
    article.get_by_text("✓ Saved.").wait_for()
    page.reload()
    assert page.get_by_label("Points, of 2:").first.input_value() == "2"
    assert page.get_by_label("Comment").first.input_value() == "Well argued."
    page.get_by_role("link", name="All questions").click()
    page.get_by_role("button", name="Write grades and feedback").click()
    page.get_by_text("✓ Written.").wait_for()
    assert "Well argued." in (marks.results.folder / "feedback" / "ana.html").read_text("utf-8")
    assert page.hosts == {"127.0.0.1"}
    assert all("400" in error for error in page.errors)  # the refusal of 20 points


def test_private_questions_may_be_answered_in_words(tmp_path, monkeypatch):
    from bpcourse.questions import bank

    shutil.copy(ROOT / "exercises" / f"{STEM}.ipynb", tmp_path / "midterm.ipynb")
    monkeypatch.setattr(bank, "_folders", {tmp_path})
    (one,) = in_words.questions("midterm")
    assert one.notebook == "midterm" and one.task
    assert isinstance(Submission("a", "", "midterm", "x", ("", "x")), Submission)
