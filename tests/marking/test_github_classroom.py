"""The GitHub Classroom example: its commands run on a hand-out as a student's repository has it."""

import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bpcourse import __version__
from bpcourse.marking.release import release
from tools import notebooks

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "docs" / "instructors" / "github_classroom" / "checks.yml"
STEM = "03_gradient_descent"


def _commands():
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


def _run(repository, command):
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(paths), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, shell=True, cwd=repository, env=environment, capture_output=True, text=True
    )


def _solve(path, but=()):
    """Put the solutions into the exercise, except those whose grade_id is in ``but``."""
    solved = notebooks.read(ROOT / "solutions" / path.name)
    notebook = notebooks.read(path)
    for cell, solution in zip(notebook.cells, solved.cells, strict=True):
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution") and mark["grade_id"] not in but:
            cell.source = solution.source
    path.write_text(notebooks.dumps(notebook), encoding="utf-8")


def test_it_installs_the_wheel_that_the_course_makes():
    install, _ = _commands()
    (pattern,) = re.findall(r"\S+\.whl", install)
    assert fnmatch.fnmatch(f"./bpcourse-{__version__}-py3-none-any.whl", pattern)


@pytest.mark.slow
def test_its_checks_pass_where_all_is_right_and_name_what_is_not(tmp_path):
    release([STEM], tmp_path)
    exercise = tmp_path / "exercises" / f"{STEM}.ipynb"
    _, check = _commands()
    solutions = notebooks.read(ROOT / "solutions" / exercise.name).cells
    ids = [
        cell.metadata.nbgrader.grade_id.replace("-", ".", 1)
        for cell in solutions
        if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    _solve(exercise, but=[ids[1].replace(".", "-", 1)])
    run = _run(tmp_path, check)
    assert run.returncode == 1
    assert [id for id in ids if id in run.stdout] == [ids[1]], run.stdout
    _solve(exercise)
    run = _run(tmp_path, check)
    assert run.returncode == 0, run.stdout
    assert re.search(r"\d\d passed", run.stdout)
