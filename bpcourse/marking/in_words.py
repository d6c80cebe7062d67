"""Questions that are answered in words: nobody but a person can mark them.

They are the Markdown cells of the handed-out exercises that nbgrader calls manually graded.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpcourse import workspace
from bpcourse.questions import bank

if TYPE_CHECKING:
    from bpcourse.marking.course import Course

STUB = "YOUR ANSWER HERE"  # nbgrader's
MOST_TEXT = 10_000  # characters of an answer
HEADING = re.compile(r"\s*#{1,6}\s")


@dataclass(frozen=True)
class InWords:
    """A question that is answered in words. ``model``: an answer of ours, where we have one."""

    id: str
    notebook: str
    task: str
    model: str = ""

    def worth(self, course: "Course") -> float:
        """Its points in the course; 0 where answers in words are read, and not counted."""
        return course.own_points.get(self.id, course.open_points)


def questions(notebook: str) -> tuple[InWords, ...]:
    """Those of a notebook of exercises, by its stem."""
    folders = [workspace.source("exercises"), *sorted(bank.folders())]
    return _questions(notebook, tuple(folders))


@cache
def _questions(notebook: str, folders: tuple[Path, ...]) -> tuple[InWords, ...]:
    path = next(
        (f / f"{notebook}.ipynb" for f in folders if (f / f"{notebook}.ipynb").exists()), None
    )
    if path is None:
        return ()
    cells = _markdown(path.read_bytes())
    models = workspace.source("solutions") / f"{notebook}.ipynb"
    ours = (
        {_id(cell): _source(cell) for cell in _markdown(models.read_bytes())}
        if models.exists()
        else {}
    )
    found = []
    for before, cell in zip([{}, *cells], cells, strict=False):
        if id := _id(cell):
            found.append(InWords(id, notebook, _source(before), ours.get(id, "")))
    return tuple(found)


def worth(notebook: str, course: "Course") -> float:
    """The points of all questions of a notebook, with those in words that count."""
    judged = sum(course.points(one) for one in bank.of_notebook(notebook, set())[0])
    return judged + sum(one.worth(course) for one in questions(notebook))


def find(id: str) -> InWords | None:
    """The question of that id, or None."""
    stem = bank.NOTEBOOKS.get(id.partition(".")[0], "")
    return next((one for one in questions(stem) if one.id == id), None) if stem else None


def answer(data: bytes, question: InWords) -> str:
    """What a student's notebook says to a question: in its cell, and in those around it.

    From the task's heading to the next one, without the task itself; "" where there is nothing.
    """
    cells = _markdown(data)
    heading = question.task.strip().partition("\n")[0]
    said, inside = [], False
    for cell in cells:
        source = _source(cell)
        first = source.strip().partition("\n")[0]
        if heading and first == heading:
            inside = True
            said.append(source.replace(question.task, "") if question.task in source else source)
        elif _id(cell) == question.id or (inside and not HEADING.match(source)):
            said.append(source)
        elif HEADING.match(source):
            inside = False
    whole = "\n\n".join(said).replace(STUB, "").strip()
    return whole[:MOST_TEXT]


def _markdown(data: bytes) -> list[dict[str, Any]]:
    """The Markdown cells of a notebook; none of what is none."""
    try:
        cells = json.loads(data.decode("utf-8-sig")).get("cells", [])
    except (ValueError, AttributeError, RecursionError):
        return []
    cells = cells if isinstance(cells, list) else []
    return [c for c in cells if isinstance(c, dict) and c.get("cell_type") == "markdown"]


def _id(cell: dict[str, Any]) -> str:
    """The id of the question that the cell answers, or ""."""
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(mark, dict) or not (mark.get("grade") and mark.get("solution")):
        return ""
    return str(mark.get("grade_id", "")).replace("-", ".", 1)


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
