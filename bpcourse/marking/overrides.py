"""Marks that an instructor gives by hand: ``overrides.csv``.

A line has student, question, points, reason. The question is named by its id or as feedback shows
it; a notebook's name stands for all of its questions, and nothing for all that is marked. Points
are a number (it replaces), ``+2`` or ``-1`` (added to a notebook or the whole), ``excused``, or
nothing (the reason is a comment). The student reads the reason.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bpcourse.files import alone, write
from bpcourse.marking import in_words, pages, plain
from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import Course, stem_of
from bpcourse.questions.bank import NOTEBOOKS, all_questions
from bpcourse.questions.bank import find as find_question
from bpcourse.text import text

COLUMNS = ("student", "question", "points", "reason")
EXCUSED = "excused"


@dataclass(frozen=True)
class Mark:
    """What is given by hand for one thing of one student.

    ``points`` replace what was marked, ``added`` are added to it; None for neither.
    """

    line: int
    reason: str
    points: float | None = None
    added: float | None = None
    excused: bool = False


@dataclass(frozen=True)
class Overrides:
    """{(student, question's id, notebook's stem or ""): Mark}, and what is stale, to be told."""

    marks: Mapping[tuple[str, str], Mark] = field(default_factory=dict)
    stale: tuple[str, ...] = ()

    def of(self, student: str, what: str = "") -> Mark | None:
        """The mark that is given by hand, or None."""
        return self.marks.get((student, what))

    def students(self) -> set[str]:
        """Those who have a mark by hand."""
        return {student for student, _ in self.marks}


def start(path: Path) -> None:
    """Make the file, with its head, where it is not there."""
    if not path.exists():
        write(path, (",".join(COLUMNS) + "\n").encode())


def read(
    path: Path,
    course: Course,
    people: Mapping[str, str],
    assignment: Assignment | None = None,
) -> Overrides:
    """The marks of the file. ``people``: {id: name} of those who handed something in.

    ValueError names the line that is wrong: a cell too few, points out of range, no reason. A line
    for somebody or something that is not there is stale: it is told, and has no effect.
    """
    people = dict(people) | {id: one.name for id, one in course.students.items()}
    marks: dict[tuple[str, str], Mark] = {}
    stale = []
    for number, row in _rows(path):
        where = {"path": path, "line": number, "row": plain.line(", ".join(row))}
        cells = _plain(row)
        if len(cells) != len(COLUMNS) or not cells[3]:
            raise ValueError(text("grade.override", **where))
        student, what = _student(cells[0], people), _what(cells[1])
        if student is None or what is None:
            stale.append(text("grade.override_stale", **where))
            continue
        if len(what) > 1:
            raise ValueError(text("grade.override_which", **where, names=", ".join(what)))
        (id,) = what
        limit = most(id, course, assignment)
        given = mark(number, cells[2], cells[3], limit, is_question="." in id)
        if given is None:
            raise ValueError(text("grade.override_points", **where, most=pages.number(limit)))
        if before := marks.get((student, id)):
            stale.append(text("grade.override_twice", path=path, line=before.line, last=number))
        marks[student, id] = given
    return Overrides(marks, tuple(stale))


def put(
    path: Path,
    student: str,
    question: str,
    points: str,
    reason: str,
    people: Mapping[str, str] | None = None,
) -> None:
    """Write a line, in place of those for the same student and question; no line for nothing.

    By ``people``, {id: name}, lines are known that say so in other words.
    """

    def is_same(row: Sequence[str]) -> bool:
        who, what = [*_plain(row), "", ""][:2]
        by_name = _student(who, people or {}) == student and _what(what) == (question,)
        return by_name or (who, what) == (student, question)

    with alone(path.parent):
        rows = [row for _, row in _rows(path) if not is_same(row)]
        if points or reason:
            rows.append([_safe(cell) for cell in (student, question, points, reason)])
        file = io.StringIO(newline="")
        csv.writer(file).writerows([COLUMNS, *rows])
        write(path, file.getvalue().encode())


def _safe(cell: str) -> str:
    """The cell as a spreadsheet may open it; :func:`_plain` reads it."""
    return "'" + cell if cell.startswith(tuple(plain.FORMULA)) else cell


def _plain(row: Sequence[str]) -> list[str]:
    signs = tuple(f"'{sign}" for sign in plain.FORMULA)
    return [cell.strip()[cell.strip().startswith(signs) :] for cell in row]


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=";" if first.count(";") > first.count(",") else ",")
        rows = [(reader.line_num, row) for row in reader]
    return [(number, row) for number, row in rows[1:] if any(row)]


def mark(number: int, cell: str, reason: str, most: float, *, is_question: bool) -> Mark | None:
    if cell == "":
        return Mark(number, reason)
    if cell.casefold() == EXCUSED:
        return Mark(number, reason, excused=True)
    signed = re.fullmatch(r"([+-].*)", cell)
    try:
        value = float((signed[1] if signed else cell).replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(value) or abs(value) > most:
        return None
    if signed:
        return None if is_question else Mark(number, reason, added=value)
    return Mark(number, reason, points=value)


def most(id: str, course: Course, assignment: Assignment | None = None) -> float:
    """The most points that can be given for it: of a question, a notebook, or all of them."""
    if not id and assignment and assignment.points:
        return assignment.points
    if "." in id:
        words = in_words.find(id)
        return words.worth(course) if words else course.points(find_question(id))
    every = assignment.lessons if assignment else tuple(NOTEBOOKS.values())
    return sum(in_words.worth(stem, course) for stem in ([id] if id else every))


def _student(name: str, people: Mapping[str, str]) -> str | None:
    """The id of who is called so, by id or name; None where nobody is, or more than one."""
    if name in people:
        return name
    found = [id for id, other in people.items() if other and other.casefold() == name.casefold()]
    return found[0] if len(found) == 1 else None


def _what(name: str) -> tuple[str, ...] | None:
    """The ids of what is called so, one unless it is ambiguous; None for what is not there."""
    if not name:
        return ("",)
    if stem := stem_of(name):
        return (stem,)
    low = plain.line(name).casefold()
    for stem in NOTEBOOKS.values():
        if pages.lesson(stem).casefold() == low:
            return (stem,)
    if in_words.find(name):
        return (name,)
    found = []
    for stem in NOTEBOOKS.values():
        for one in in_words.questions(stem):
            shown = pages.words(one.id)
            if low in (shown.casefold(), f"{pages.lesson(stem)}: {shown}".casefold()):
                found.append(one.id)
    for question in all_questions():
        if name in question.ids:
            return (question.id,)
        shown = pages.words(question.id)
        lesson = pages.lesson(NOTEBOOKS[question.lesson])
        if low in (shown.casefold(), f"{lesson}: {shown}".casefold()):
            found.append(question.id)
    return tuple(found) or None
