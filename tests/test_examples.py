"""The worked numbers of the exercises: what they say an answer gives, the solution gives."""

import doctest
import re
from pathlib import Path

import pytest

from bpcourse import notebooks
from bpcourse.questions import all_questions
from bpcourse.questions.bank import LESSONS

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(>>> .*?)^```", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
STEMS = sorted(path.stem for path in (ROOT / "solutions").glob("*.ipynb"))


def examples(cell):
    return BLOCK.findall(cell.source) if cell.cell_type == "markdown" else []


def answers(cells):
    """The names that the notebook's imports and answers give."""
    space: dict = {}
    for cell in cells:
        if cell.id == "setup" or cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, space)
    return space


def failed(name, cells):
    """How many lines of the notebook's examples give something else than they say."""
    space = answers(cells)
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    for cell in cells:
        for block in examples(cell):
            parsed = doctest.DocTestParser().get_doctest(block, space, cell.id, name, 0)
            assert parsed.examples
            runner.run(parsed)
    return runner.summarize(verbose=False).failed


@pytest.mark.parametrize("stem", STEMS)
def test_every_example_is_what_the_solution_gives(stem):
    cells = notebooks.read(ROOT / "solutions" / f"{stem}.ipynb").cells
    assert not failed(stem, cells)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_function_has_an_example_and_every_notebook_pictures(lesson):
    cells = notebooks.read(ROOT / "solutions" / f"{LESSONS[lesson]}.ipynb").cells
    tasks = {cell.id: cell for cell in cells if cell.id.endswith("-task")}
    for question in all_questions():
        if question.lesson == lesson and question.is_code:
            name = question.id.partition(".")[2].replace("_", "-")
            assert examples(tasks[f"{name}-task"]), question.id
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    assert sum("image/png" in data for data in shown) >= 2


def test_an_example_that_is_wrong_is_found():
    cells = notebooks.read(ROOT / "solutions" / "11_matrix_form.ipynb").cells
    cell = next(cell for cell in cells if examples(cell))
    assert not failed("right", cells)
    cell.source = re.sub(r"^(array\(\[+ *)(\d)", r"\g<1>9\2", cell.source, flags=re.MULTILINE)
    assert failed("wrong", cells)
