"""A student's page: every question, its points, and what there is to learn from the answer."""

from collections.abc import Sequence
from typing import Any

from bpcourse.marking.course import Course, Student
from bpcourse.marking.grades import Row
from bpcourse.marking.overrides import Mark, Overrides
from bpcourse.marking.pages import cure, lesson, link, place, render, words
from bpcourse.marking.records import Record
from bpcourse.text import text

UNMARKED = ("not a notebook", "not gradable")


def page(
    student: Student,
    records: Sequence[Record],
    course: Course,
    row: Row | None = None,
    by_hand: Overrides | None = None,
) -> str:
    """The page as HTML, from the student's ``records``.

    ``course.feedback`` says how much: "full" with the misconception, its hint and the smallest
    failing example, "where" which questions are right, "none" the points alone. ``row`` has the
    student's marks, ``by_hand`` what was given by hand.
    """
    own = [record for record in records if record.question is None]
    notebooks = [_notebook(one, records, course) for one in own]
    sums = {
        key: sum(getattr(one, of) for one in own) for key, of in (("total", "points"), ("of", "of"))
    }
    row = row or sums | {"days late": ""}
    return render(
        "feedback",
        title=text("feedback.title", name=student.name or student.id),
        row=row,
        notebooks=sorted(notebooks, key=lambda one: one["own"].notebook),
        by_hand=_by_hand(student.id, records, by_hand) if by_hand else [],
        says={"none": "", "where": "where", "full": "full"}[course.feedback],
    )


def _by_hand(id: str, records: Sequence[Record], by_hand: Overrides) -> list[tuple[str, Mark]]:
    """[(what it is of, its mark)] of what stands at none of the student's questions."""
    there = {record.question for record in records}
    found = []
    for (student, what), mark in by_hand.marks.items():
        if student == id and (what not in there or not what):
            name = words(what) if "." in what else lesson(what) if what else ""
            found.append((name or text("feedback.whole"), mark))
    return found


def _notebook(own: Record, records: Sequence[Record], course: Course) -> dict[str, Any]:
    marked = own.state not in UNMARKED  # or the questions are of a later file
    questions = [r for r in records if r.question and r.notebook == own.notebook and marked]
    return {
        "own": own,
        "questions": [vars(record) | _in_parts(record, course) for record in questions],
        "recorded": sum(record.state == "recorded" for record in questions),
    }


def _in_parts(record: Record, course: Course) -> dict[str, Any]:
    """What is said of an answer: hints, what was seen, and where to read again."""
    lines = record.message.split("\n")
    names = record.misconceptions or ("",)  # the hint of each is a line, then what was seen
    return {
        "said": list(zip(names, lines, strict=False)),
        "seen": "\n".join(lines[len(names) :]),
        "cures": cures(record, course),
    }


def cures(record: Record, course: Course) -> list[tuple[str, str, str]]:
    """[(section to read again, its notebook, its address or "")] of what is named, each once."""
    places = (
        (place(name), f"lectures/{cure(name)[0]}.ipynb", link(name, course))
        for name in record.misconceptions
    )
    return list(dict.fromkeys(places))
