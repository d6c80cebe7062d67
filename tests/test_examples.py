"""The worked examples below the tasks of the exercises: what they print is what an answer gives."""

import doctest
import re
from pathlib import Path

import pytest

from bpcourse.questions import all_questions
from bpcourse.questions.bank import LESSONS, NOTEBOOKS
from bpcourse.text import text
from tools import notebooks

ROOT = Path(__file__).parents[1]
STEMS = sorted(NOTEBOOKS.values())


def cells(stem):
    return notebooks.read(ROOT / "solutions" / f"{stem}.ipynb").cells


def examples(cell):
    """The fenced blocks of a cell that begin with a prompt, as one text."""
    blocks = re.findall(r"^```python\n(>>> .*?)^```$", cell.source, re.MULTILINE | re.DOTALL)
    return "\n".join(blocks) if cell.cell_type == "markdown" else ""


def answers(stem):
    """What the code cells of the imports and of the answers define."""
    space: dict = {}
    for cell in cells(stem):
        is_answer = cell.metadata.get("nbgrader", {}).get("solution", False)
        if cell.cell_type == "code" and (is_answer or cell.source.startswith("import")):
            exec(compile(cell.source, stem, "exec"), space)  # noqa: S102
    return space


def failures(source, space):
    """What doctest says of the examples that print something else: "" if there are none."""
    found: list = []
    example = doctest.DocTestParser().get_doctest(source, dict(space), "example", None, 0)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(example, out=found.append)
    return "".join(found)


@pytest.mark.parametrize("stem", STEMS)
def test_what_an_example_prints_is_what_the_answer_gives(stem):
    space = answers(stem)
    for cell in cells(stem):
        source = examples(cell)
        prompts = re.findall("^>>> ", cell.source, re.MULTILINE)
        assert len(prompts) == source.count(">>> "), "an example in no fenced block"
        assert not failures(source, space), cell.source
        assert not re.search(r"\d\.\d{9}", source), "more digits than all machines agree on"


@pytest.mark.parametrize("stem", STEMS)
def test_below_the_task_of_every_answer_in_code_stands_an_example_of_it(stem):
    lesson = next(name for name, value in NOTEBOOKS.items() if value == stem)
    asked = [q for q in all_questions() if q.lesson == lesson and q.is_code]
    for question in asked:
        task = text(f"question.{question.id}.task")
        cell = next(cell for cell in cells(stem) if task in cell.source)
        parsed = doctest.DocTestParser().get_examples(examples(cell))
        assert any(example.want for example in parsed), question.id
        assert any(re.search(rf"\b{question.answer}\(", e.source) for e in parsed), question.id


@pytest.mark.parametrize("stem", LESSONS.values())
def test_every_lesson_has_exercises_with_pictures(stem):
    shown = [output.get("data", {}) for cell in cells(stem) for output in cell.get("outputs", [])]
    assert sum("image/png" in data for data in shown) >= 2


@pytest.mark.parametrize("stem", LESSONS.values())
def test_a_picture_in_a_cell_stands_below_its_task(stem):
    before = None
    for cell in cells(stem):
        if cell.cell_type == "code" and "figures.show(" in cell.source:
            assert cell.id.endswith("-picture")
            assert before.id == cell.id.replace("-picture", "-task")
            assert cell.metadata.get("jupyter") == {"source_hidden": True}  # it only draws
        before = cell


def test_an_example_with_a_wrong_number_is_found():
    right = ">>> double(np.array([1.0, 2.0]))\narray([2., 4.])\n"
    space = {"double": lambda x: 2 * x}
    exec("import numpy as np", space)  # noqa: S102
    assert not failures(right, space)
    assert not failures(right.replace("2., 4.", "2.,   4."), space)
    assert "array([2., 4.])" in failures(right.replace("4.]", "5.]"), space)
    assert "NameError" in failures(">>> unknown(1)\n2\n", space)
