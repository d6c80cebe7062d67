"""The command ``bpcourse totals``: all assignments of the course together, with its policies."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpcourse.files import write
from bpcourse.marking import plain
from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import OF_PERSON, Course
from bpcourse.marking.export import CANVAS, write_table
from bpcourse.marking.grades import EXEMPT, Row, asked, grades
from bpcourse.marking.results import Results, with_marks
from bpcourse.questions import bank
from bpcourse.text import text


def run(arguments: argparse.Namespace) -> None:
    """Put the weeks together into ``totals.csv``, and say what is missing.

    OSError, ValueError where it cannot be done.
    """
    if arguments.questions:
        bank.add(arguments.questions)
    course = Course.load(arguments.course)
    out = Path(arguments.out)
    if not course.assignments:
        raise ValueError(text("grade.no_assignments"))
    weeks, missing = {}, []
    for name, assignment in course.assignments.items():
        if (out / name / "notebooks").is_dir():
            weeks[name] = _week(Results(out / name), course.at(assignment), assignment)
        else:
            missing.append(name)
    if not weeks:
        raise ValueError(text("grade.no_week", out=out, names=", ".join(course.assignments)))
    rows = totals(weeks, course)
    columns = [*OF_PERSON[:3], *weeks, "dropped", "total", "of", "percent"]
    write(out / "totals.csv", write_table(dict(zip(columns, columns, strict=True)), rows))
    certain = [row for row in rows if not course.students or row["student"] in course.students]
    write(out / "totals_canvas.csv", _canvas(certain, weeks, course))
    moodle = {"Email address": "email", "ID number": "student"}
    moodle |= {name: name for name in (*weeks, "total")}
    write(out / "totals_moodle.csv", write_table(moodle, certain, excused=""))
    for name in missing:
        print(text("grade.week_missing", name=plain.line(name)))
    print(text("grade.totals_ready", path=out / "totals.csv", count=len(weeks)))


def totals(weeks: Mapping[str, list[Row]], course: Course) -> list[Row]:
    """A row a student: the points of each week, what is dropped, the sum, and the most of it.

    A bonus adds to the sum, and not to the most. An excused week counts for neither. Of the others
    those with the smallest share of their points are dropped, as many as the course says.
    """
    students: dict[str, Row] = {id: _person(id, course) for id in course.students}
    for rows in weeks.values():
        for row in rows:
            students.setdefault(row["student"], {key: row.get(key, "") for key in OF_PERSON})
    by_week = {name: {row["student"]: row for row in rows} for name, rows in weeks.items()}
    full = {name: max((r["of"] for r in rows), default=0.0) for name, rows in weeks.items()}
    found = []
    for id in sorted(students):
        row, counted = dict(students[id]), {}
        for name in weeks:
            own = by_week[name].get(id, {"total": 0.0, "of": full[name]})
            row[name] = own["total"]
            if own["total"] != EXEMPT:
                counted[name] = (float(own["total"] or 0.0), float(own["of"]))
        usual = [name for name in counted if not course.assignments[name].bonus]
        usual.sort(key=lambda name: counted[name][0] / counted[name][1] if counted[name][1] else 1)
        dropped = usual[: min(course.drop_lowest, max(len(usual) - 1, 0))]
        total = sum(points for name, (points, _) in counted.items() if name not in dropped)
        of = sum(counted[name][1] for name in usual if name not in dropped)
        row |= {"dropped": ", ".join(dropped), "total": round(total, 6), "of": round(of, 6)}
        row["percent"] = round(100 * total / of, 2) if of else ""
        found.append(row)
    return found


def _week(results: Results, course: Course, assignment: Assignment) -> list[Row]:
    by_hand = results.overrides(course)
    for sentence in by_hand.stale:
        print(plain.line(sentence))
    records = with_marks(results.records(), by_hand)
    return grades(records, course, assignment, by_hand)


def _person(id: str, course: Course) -> Row:
    one = course.listed(id)
    row: Row = {key: getattr(one, key, "") for key in OF_PERSON}
    return row | {"student": id, "identifier": id}


def _canvas(rows: list[Row], weeks: Mapping[str, Any], course: Course) -> bytes:
    columns = {theirs: ours for theirs, ours in CANVAS.items() if ours != "total"}
    columns |= {name: name for name in weeks}
    possible: Row = {"name": "    Points Possible"}
    for name, assignment in course.assignments.items():
        what = asked([], course, assignment)
        possible[name] = assignment.points or sum(what.of.values())
    return write_table(columns, [possible, *rows])
