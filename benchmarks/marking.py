"""Marking a class: notebooks a second, shut in, beside nbgrader's autograde in the same run.

The class is made from the solutions: in each notebook some answers are a misconception of the bank
or have a slip in their code. nbgrader, whose checks run in the student's process, is the measure.
"""

import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import _timing
from bpcourse.marking.batch import Batch
from bpcourse.marking.course import Course
from bpcourse.marking.marker import Settings
from bpcourse.marking.results import Results
from bpcourse.marking.sandbox import NoSandboxError, choose
from bpcourse.marking.submissions import find
from bpcourse.questions.bank import find as find_question
from bpcourse.questions.judging.posed import pose
from tools.notebooks import dumps, read

ROOT = Path(__file__).resolve().parents[1]
STEM = "11_matrix_form"
SLIPS = [(r"\.T\b", ""), (" - ", " + "), (r" / len\(\w+\)", ""), (r"axis=0", "axis=1"), ("@", "*")]
STUDENTS = 300
BESIDE = 20  # that nbgrader marks too


def answer(source, question, rng):
    """The source of a solved cell with a mistake in it."""
    if question.is_code:
        pattern, slip = rng.choice(SLIPS)
        return re.sub(pattern, slip, source)
    posed = pose(question)
    wrong = posed.shown(posed.wrong[rng.choice(sorted(posed.wrong))])
    return f"{question.answer} = {wrong!r}"


def hand_in(folder, students):
    """A notebook of the solved exercises for each student, with a mistake in every third answer."""
    rng = random.Random(0)
    for number in range(students):
        notebook = read(ROOT / "solutions" / f"{STEM}.ipynb")
        for cell in notebook.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("solution") and rng.random() < 1 / 3:
                question = find_question(mark["grade_id"].replace("-", ".", 1))
                cell.source = answer(cell.source, question, rng)
        path = folder / f"s{number:03}" / STEM / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(dumps(notebook).encode())


def marked(folder, results, jobs, **settings):
    """Seconds in which ``jobs`` mark all notebooks of the folder."""
    start = time.perf_counter()
    Batch(Results(results), Course.load(), Settings(**settings)).grade(find(folder), jobs=jobs)
    return time.perf_counter() - start


def autograded(folder):
    """Seconds in which nbgrader's autograde marks the same notebooks."""
    with tempfile.TemporaryDirectory() as course:
        course = Path(course)
        source = course / "source" / STEM / f"{STEM}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_bytes((ROOT / "solutions" / source.name).read_bytes())
        (course / "submitted").symlink_to(folder)
        nbgrader(course, "generate_assignment", STEM)
        start = time.perf_counter()
        nbgrader(course, "autograde", STEM)
        return time.perf_counter() - start


def nbgrader(course, *command):
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]  # it calls alembic by name
    subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=course,
        env=os.environ | {"PATH": os.pathsep.join(paths), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )


def main():
    try:
        way = choose()
    except NoSandboxError as error:
        print(f"marking: not measured\n{error}")
        return
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        for name, students in (("few", BESIDE), ("third", STUDENTS // 3), ("all", STUDENTS)):
            hand_in(home / name, students)
        rows = []
        speeds = {}
        contenders = [
            ("third", 1, {}),
            ("all", 1, {}),
            ("all", 2, {}),
            ("few", 1, {"warm": False}),
            ("few", 2, {"warm": False}),
        ]
        for name, jobs, how in contenders:
            count = len(list((home / name).iterdir()))
            seconds = marked(home / name, home / f"{name}{jobs}{len(how)}", jobs, way=way, **how)
            mode = "a server for many" if not how else "a new sandbox each"
            speeds[name, jobs, mode] = count / seconds
            memory = max(
                resource.getrusage(who).ru_maxrss
                for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            )
            rows.append([f"{way}, {mode}", jobs, count, count / seconds, memory / 1024])
        seconds = autograded(home / "few")
        rows.append(["nbgrader autograde", 1, BESIDE, BESIDE / seconds, float("nan")])
    base = rows[-1][3]
    print(f"marking {STEM}: notebooks a second, and how many times nbgrader's in this run")
    _timing.table(
        ["how", "jobs", "notebooks", "a second", "times nbgrader", "peak MB so far"],
        [
            [how, jobs, n, f"{v:.1f}", f"{v / base:.0f}", f"{mb:.0f}"]
            for how, jobs, n, v, mb in rows
        ],
    )


if __name__ == "__main__":
    main()
