"""The exercises go through the real nbgrader as they are: out, back, marked, returned."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bpcourse.marking.release import release
from bpcourse.questions.bank import all_questions, find
from tools import notebooks

ROOT = Path(__file__).parents[2]
STEM = "11_matrix_form"
BACKWARD = "matrix_form-linear_backward"
WRONG = "def linear_backward(dZ, A, W):\n    return dZ @ W, A.T @ dZ, dZ.sum(axis=0)"


def _nbgrader(course, command):
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]  # it calls alembic by name
    environment = os.environ | {
        "PATH": os.pathsep.join(paths),
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(course / "config"),  # of this test, not of who runs it
    }
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command.split(), STEM],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


def _answered(handed_out, answers):
    """The hand-out with ``answers``, {grade_id: source}, in their cells; the bytes of a file."""
    notebook = notebooks.read(handed_out)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution"):
            cell.source = answers.get(mark["grade_id"], cell.source)
    return notebooks.dumps(notebook).encode()


def _solutions():
    cells = notebooks.read(ROOT / "solutions" / f"{STEM}.ipynb").cells
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def _score(gradebook, student):
    """({id of the check's cell: points}, the total, the maximum)."""
    submission = gradebook.find_submission_notebook(STEM, STEM, student)
    points = {grade.name: grade.auto_score for grade in submission.grades}
    return points, submission.score, submission.max_score


@pytest.mark.slow
def test_nbgrader_marks_what_was_handed_out(tmp_path):
    from nbgrader.api import Gradebook

    course = tmp_path / "course"
    source = course / "source" / STEM / f"{STEM}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_bytes((ROOT / "solutions" / source.name).read_bytes())
    _nbgrader(course, "generate_assignment")

    release([STEM], tmp_path / "hand_out")
    handed_out = tmp_path / "hand_out" / "exercises" / source.name
    returned = {
        "right": _answered(handed_out, _solutions()),
        "untouched": handed_out.read_bytes(),
        "transposed": _answered(handed_out, _solutions() | {BACKWARD: WRONG}),
    }
    for student, data in returned.items():
        path = course / "submitted" / student / STEM / source.name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    _nbgrader(course, "autograde")
    _nbgrader(course, "generate_feedback")

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        scores = {student: _score(gradebook, student) for student in returned}
    points, total, largest = scores["right"]
    ours = [one for one in all_questions() if one.lesson == "matrix_form"]
    of_code = sum(one.points for one in ours)  # an answer in words waits for a person
    assert total == of_code < largest and len(points) >= len(ours)
    assert scores["untouched"][1:] == (0, largest) and not any(scores["untouched"][0].values())
    lost = find("matrix_form.linear_backward").points
    (wrong,) = (name for name in points if scores["transposed"][0][name] != points[name])
    assert points[wrong] == lost and scores["transposed"][0][wrong] == 0
    assert wrong.startswith(BACKWARD) and scores["transposed"][1:] == (of_code - lost, largest)
    for student in returned:
        assert (course / "feedback" / student / STEM / f"{STEM}.html").exists()
    page = (course / "feedback" / "transposed" / STEM / f"{STEM}.html").read_text("utf-8")
    assert "here it lies on its side" in page  # the misconception's hint reaches the student
