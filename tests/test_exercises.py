"""The exercise notebooks: made from the solutions, open, whole, and just as nbgrader makes them."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from bpcourse.questions import ALLOWED, all_questions
from bpcourse.questions.bank import INVENTORY, LESSONS, NOTEBOOKS
from bpcourse.questions.checking import judge
from bpcourse.text import text
from tools import exercises, notebooks

ROOT = Path(__file__).parents[1]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
STEMS = [path.stem for path in SOLUTIONS]


def cells(folder, stem):
    return notebooks.read(ROOT / folder / f"{stem}.ipynb").cells


def code(folder, stem):
    return [cell for cell in cells(folder, stem) if cell.cell_type == "code"]


def graded(cell, key):
    return cell.metadata.get("nbgrader", {}).get(key, False)


def test_every_lesson_with_questions_has_exercises_and_a_solution():
    assert sorted(NOTEBOOKS.values()) == STEMS
    assert sorted(path.stem for path in (ROOT / "exercises").glob("*.ipynb")) == STEMS
    for stem in LESSONS.values():
        assert (ROOT / "lectures" / f"{stem}.ipynb").exists()


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_making_them_again_changes_no_byte(path):
    made = notebooks.dumps(exercises.generate(notebooks.read(path)))
    assert (ROOT / "exercises" / path.name).read_text(encoding="utf-8") == made, "make exercises"


@pytest.mark.parametrize("stem", STEMS)
def test_all_questions_of_the_lesson_are_there_once(stem):
    lesson = next(name for name, value in NOTEBOOKS.items() if value == stem)
    questions = [question for question in all_questions() if question.lesson == lesson]
    ids = [question.id.replace(".", "-") for question in questions]
    answered = [cell for cell in code("solutions", stem) if graded(cell, "solution")]
    marked = [cell for cell in code("solutions", stem) if graded(cell, "grade")]
    assert sorted(cell.metadata.nbgrader.grade_id for cell in answered) == sorted(ids)
    assert [cell.metadata.nbgrader.grade_id for cell in marked] == [f"{id}-grade" for id in ids]
    for cell, question in zip(marked, questions, strict=True):
        assert cell.source == f'check("{question.id}", {question.answer}).require()'
        assert cell.metadata.nbgrader.points == question.points
    source = "\n".join(cell.source for cell in cells("solutions", stem))
    for question in questions:
        assert source.count(f'check("{question.id}", {question.answer})\n') == 1
        if question.is_code:
            assert text(f"question.{question.id}.task") in source
        else:
            assert source.count(f'ask("{question.id}")') == 1


@pytest.mark.parametrize("stem", STEMS)
def test_its_headings_say_the_points_and_minutes_of_each_question_and_of_all(stem):
    """A part answered in words has minutes and no points; the head has the sums."""
    lesson = next(name for name, value in NOTEBOOKS.items() if value == stem)
    questions = {question.id: question for question in all_questions() if question.lesson == lesson}
    head, *rest = cells("solutions", stem)
    said: dict = {}
    parts = []  # (number, points, minutes) of each heading with a number; what is only run has none
    for cell in rest:
        if heading := re.match(r"### (\d+) · .*(?:\n\n\*(.*)\*)?", cell.source):
            found = (re.search(rf"(\d+) {word}", heading[2] or "") for word in ("point", "minute"))
            parts.append((int(heading[1]), *(int(one[1]) if one else 0 for one in found)))
        elif asked := re.match(r'check\("(.*)", \w+\)$', cell.source):
            said[asked[1]] = parts[-1][1:]
    if lesson in INVENTORY:  # its questions are all alike, and the head alone says so
        said = dict.fromkeys(said, (1, 1))
    assert said == {id: (question.points, question.minutes) for id, question in questions.items()}
    assert [number for number, _, _ in parts] == list(range(1, len(parts) + 1))
    minutes, points = (
        int(re.search(rf"(\d+) {word}", head.source)[1]) for word in ("minutes", "points")
    )
    assert points == sum(question.points for question in questions.values())
    assert minutes == (sum(minutes for _, _, minutes in parts) or len(questions))


@pytest.mark.parametrize("stem", STEMS)
def test_no_answer_is_left_in_them_and_no_output(stem):
    for before, after in zip(cells("solutions", stem), cells("exercises", stem), strict=True):
        if after.cell_type == "code":
            assert not after.outputs and after.execution_count is None
        inside, solution = False, []
        for line in before.source.splitlines():
            if "SOLUTION" in line:
                inside = "BEGIN" in line
            elif inside and len(line.strip()) > 3:
                solution.append(line.strip())
        for line in solution:
            assert line not in after.source
        assert "SOLUTION" not in after.source


@pytest.mark.parametrize("stem", STEMS)
def test_every_stub_raises_its_name_and_no_stub_passes(stem):
    questions = {question.id: question for question in all_questions()}
    answers = [cell for cell in code("exercises", stem) if graded(cell, "solution")]
    for cell in answers:
        question = questions[cell.metadata.nbgrader.grade_id.replace("-", ".", 1)]
        assert question.answer in cell.source.splitlines()[0]  # as the introduction says
        space: dict = {}
        try:
            exec(compile(cell.source, "stub", "exec"), space)  # noqa: S102
        except NotImplementedError as error:
            assert str(error) == question.id
            continue
        answer = space[question.answer]
        arguments = question.inputs(np.random.default_rng(0), 1).values()
        with pytest.raises(NotImplementedError, match=question.id):
            answer(*arguments)
        assert judge(question, answer).status == "failed"


@pytest.mark.parametrize("stem", STEMS)
def test_an_exercise_imports_only_what_answers_may_use(stem):
    for cell in code("exercises", stem):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                assert node.module == "bpcourse"
                assert {alias.name for alias in node.names} <= set(ALLOWED)
            elif isinstance(node, ast.Import):
                assert [alias.name for alias in node.names] == ["numpy"]


def test_a_solution_that_is_not_closed_is_refused():
    notebook = notebooks.read(SOLUTIONS[0])
    cell = next(cell for cell in notebook.cells if graded(cell, "solution"))
    cell.source = cell.source.replace("### END SOLUTION", "")
    with pytest.raises(RuntimeError, match="no end solution"):
        exercises.generate(notebook)


def test_the_command_says_what_is_out_of_date(tmp_path, capsys):
    path = tmp_path / SOLUTIONS[0].name
    path.write_bytes(SOLUTIONS[0].read_bytes())
    made = tmp_path / "exercises"
    made.mkdir()
    assert exercises.process(path, made, check=True) == (False, f"{made / path.name}: out of date")
    assert exercises.process(path, made)[0] and exercises.process(path, made, check=True)[0]
    assert (made / path.name).read_bytes() == (ROOT / "exercises" / path.name).read_bytes()


@pytest.mark.slow
def test_nbgrader_itself_makes_the_same(tmp_path):
    """The real nbgrader generate_assignment, with a course folder and a database of its own."""
    source = tmp_path / "source" / "course"
    source.mkdir(parents=True)
    for path in SOLUTIONS:
        (source / path.name).write_bytes(path.read_bytes())
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'x'\n"
    )
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "course"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # for alembic
    environment = {**os.environ, "PATH": path}
    finished = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    for stem in STEMS:
        theirs = nbformat.read(tmp_path / "release" / "course" / f"{stem}.ipynb", 4)
        ours = cells("exercises", stem)
        for their, our in zip(theirs.cells, ours, strict=True):
            name = our.metadata.get("nbgrader", {}).get("grade_id", "").replace("-", ".", 1)
            named = f'raise NotImplementedError("{name}")'
            assert their.source == our.source.replace(named, exercises.STUB)
            mine = {k: v for k, v in our.metadata.get("nbgrader", {}).items() if k != "checksum"}
            his = {k: v for k, v in their.metadata.get("nbgrader", {}).items() if k != "checksum"}
            assert json.dumps(mine, sort_keys=True) == json.dumps(his, sort_keys=True)


def test_a_model_answer_in_words_is_taken_out():
    """An open question is answered in a Markdown cell, which no check reads."""
    notebook = notebooks.read(SOLUTIONS[0])
    nbgrader = {"grade": True, "solution": True, "locked": False, "task": False, "points": 0}
    nbgrader |= {"grade_id": "lesson-open", "schema_version": 3}
    source = "<!-- BEGIN SOLUTION -->\nBecause it falls.\n<!-- END SOLUTION -->"
    cell = nbformat.v4.new_markdown_cell(source, metadata={"nbgrader": nbgrader}, id="open")
    notebook.cells.insert(3, cell)
    assert exercises.generate(notebook).cells[3].source == exercises.WORDS


def squeezed(code):
    return re.sub(r"[\s`]", "", code).replace("−", "-")


def pieces(source):
    """What a solution is made of, as code of ten characters and more: its lines and expressions."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.Return | ast.Assign) and getattr(node, "value", 1):
            code = squeezed(ast.unparse(getattr(node, "value", node)))
            if len(code) >= 10:
                yield code


@pytest.mark.parametrize("question", [q for q in all_questions() if q.is_code], ids=lambda q: q.id)
def test_a_hint_is_not_the_solution(question):
    names = {id.replace(".", "-", 1) for id in question.ids}
    answers = [
        cell.source
        for cell in code("solutions", NOTEBOOKS[question.lesson])
        if cell.metadata.get("nbgrader", {}).get("grade_id") in names
    ]
    for number in (1, 2, 3):
        hint = squeezed(text(f"question.{question.id}.hint_{number}"))
        told = [piece for source in answers for piece in pieces(source) if piece in hint]
        assert answers and not told, f"hint {number} tells {told}"
