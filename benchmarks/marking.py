"""Marking a class: notebooks a second, shut in, beside nbgrader's autograde in the same run.

The class hands in as classes do: forty students, better and worse ones, with several lessons each.
Some answers are a misconception of the bank or have a slip in their code, some are open; there are
plots, prints, loops, errors, pictures in outputs, copies beside, zips, and a cell that never ends.
All that the command does is timed: finding, marking, and the files for people. nbgrader, whose
checks run in the student's process, marks a sample of the same notebooks.
"""

import itertools
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat

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
STUDENTS = 40
NOTEBOOKS = 300
BESIDE = 20  # that nbgrader marks too
LESSONS = sorted(path.stem for path in (ROOT / "solutions").glob("[01]*.ipynb"))[1:-1]
EXTRAS = {  # a cell at the end, and how many of a hundred notebooks have it
    "import matplotlib.pyplot as plt\nplt.plot(range(100))\nplt.show()": 15,
    "for i in range(2000):\n    print(i, i ** 2)": 10,
    "total = 0\nfor i in range(300_000):\n    total += i": 10,
    "1 / 0": 8,
    "import pandas as pd": 4,
    "%matplotlib inline": 10,
    "input('who is there? ')": 2,
    "while True:\n    pass": 1,
}


def answer(source, question, rng):
    """The source of a solved cell with a mistake in it."""
    if question.is_code:
        pattern, slip = rng.choice(SLIPS)
        return re.sub(pattern, slip, source)
    posed = pose(question)
    wrong = posed.shown(posed.wrong[rng.choice(sorted(posed.wrong))])
    return f"{question.answer} = {wrong!r}"


def done(stem, share, open_, rng):
    """A notebook of the solved exercises: that share of its answers wrong, and of them open."""
    notebook = read(ROOT / "solutions" / f"{stem}.ipynb")
    stubs = read(ROOT / "exercises" / f"{stem}.ipynb").cells
    for cell, stub in zip(notebook.cells, stubs, strict=True):
        mark = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not mark.get("solution"):
            continue
        if rng.random() < open_:
            cell.source = stub.source
        elif rng.random() < share:
            question = find_question(mark["grade_id"].replace("-", ".", 1))
            cell.source = answer(cell.source, question, rng)
    extras = [source for source, percent in EXTRAS.items() if rng.random() < percent / 100]
    cells = enumerate(extras)
    notebook.cells += [nbformat.v4.new_code_cell(source, id=f"x{i}") for i, source in cells]
    if rng.random() < 0.3:
        picture = {"image/png": "A" * rng.randrange(2_000_000)}
        notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", picture)]
    return dumps(notebook).encode()


def hand_in(folder, count):
    """So many notebooks of forty students, in a folder as Moodle delivers it."""
    rng = random.Random(0)
    lessons = itertools.cycle(LESSONS)
    for number in range(count):
        student = number % STUDENTS
        stem = next(lessons)
        if student == 0 and number:  # so that the lessons differ from round to round
            stem = next(lessons)
        data = done(stem, 0.6 * student / STUDENTS, 0.2 * rng.random(), rng)
        path = folder / f"Student {student}_{student}_assignsubmission_file" / f"{stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if rng.random() < 0.1:
            with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
                archive.writestr(path.name, data)
        else:
            path.write_bytes(data)
        if rng.random() < 0.1:
            path.with_stem(f"{stem}-Copy1").write_bytes(data)


def sample(folder):
    """Notebooks of one lesson, in nbgrader's layout."""
    for number in range(BESIDE):
        path = folder / f"s{number:03}" / STEM / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(done(STEM, 0.6 * number / BESIDE, 0.0, random.Random(number)))


def marked(folder, results, jobs, **settings):
    """(seconds, notebooks) in which ``jobs`` mark a folder, with all files for people."""
    start = time.perf_counter()
    found, course = find(folder), Course.load()
    kept = Results(results)
    Batch(kept, course, Settings(**settings)).grade(found, jobs=jobs)
    kept.write(course)
    return time.perf_counter() - start, len(found)


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
        hand_in(home / "third", NOTEBOOKS // 3)
        hand_in(home / "all", NOTEBOOKS)
        sample(home / "sample")
        rows = []
        contenders = [
            ("the class, a third", "third", 1, {}),
            ("the class", "all", 1, {}),
            ("the class", "all", os.cpu_count() or 1, {}),
            ("the sample", "sample", 1, {}),
            ("the sample, a new sandbox each", "sample", 1, {"warm": False}),
        ]
        for place, (title, name, jobs, how) in enumerate(contenders):
            seconds, count = marked(home / name, home / f"results {place}", jobs, way=way, **how)
            rows.append([title, jobs, count, seconds, _peak()])
        rows.append(["the sample, nbgrader autograde", 1, BESIDE, autograded(home / "sample"), 0])
    slow = rows[-1][3] / BESIDE
    print(f"marking ({way}): seconds, and how many times as fast as nbgrader a notebook")
    _timing.table(
        ["what", "jobs", "notebooks", "seconds", "a second", "times nbgrader", "peak MB so far"],
        [
            [title, jobs, n, f"{s:.1f}", f"{n / s:.1f}", f"{slow * n / s:.0f}", f"{mb:.0f}"]
            for title, jobs, n, s, mb in rows
        ],
    )


def _peak():
    """MB that a process of the marking had at most."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in both) / 1024


if __name__ == "__main__":
    main()
