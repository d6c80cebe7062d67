"""The marks as Moodle and Canvas read them, and feedback as Moodle takes it.

What the tables say comes from a map {column of the file: column of the grades}. ``[export.moodle]``
in course.toml takes the place of the one here, and ``[export.NAME]`` makes a file ``NAME.csv``.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import Course
from bpcourse.marking.plain import cell
from bpcourse.marking.roster import DIGITS, lines
from bpcourse.questions.bank import NOTEBOOKS, all_questions

Row = Mapping[str, Any]
MOODLE = {  # the worksheet for offline grading
    "Identifier": "identifier",
    "Full name": "name",
    "Email address": "email",
    "Status": "",
    "Grade": "total",
    "Maximum Grade": "of",
}
CANVAS = {  # the gradebook; a last column that Canvas does not know becomes an assignment
    "Student": "name",
    "ID": "canvas",
    "SIS User ID": "student",
    "SIS Login ID": "login",
    "Section": "",
    "Backpropagation": "total",
}
SYSTEMS = {"moodle": MOODLE, "canvas": CANVAS}  # a file of each
IDENTIFIER, GRADE = ("identifier", "id-nummer der teilnahme"), ("grade", "bewertung")


def safe(value: object) -> str:
    """A cell as text that no spreadsheet takes for a formula; a number stays a number."""
    return cell(value)


def tables(
    rows: Sequence[Row],
    course: Course,
    assignment: Assignment | None = None,
    of: Mapping[str, float] | None = None,
) -> dict[str, bytes]:
    """{name of a file: its bytes} for Moodle, Canvas and every ``[export.NAME]`` of ``course``.

    ``rows`` are dicts with student, name, email, total, of, and a column a notebook (its stem).
    What a row does not have stays empty. ``of``: {lesson: the most that can be had}. Where the
    assignment has Moodle's worksheet, ``moodle.csv`` is that one, filled in.
    """
    maps: dict[str, Mapping[str, str]] = SYSTEMS | dict(course.export)
    made = {
        f"{name}.csv": _table(name, columns, rows, course, of or {})
        for name, columns in maps.items()
    }
    if assignment and assignment.worksheet and "moodle" not in course.export:
        made["moodle.csv"] = _filled(assignment.worksheet, rows)
    return made


def moodle_feedback(pages: Mapping[tuple[str, str], bytes]) -> bytes:
    """The zip of Moodle's *Upload multiple feedback files in a zip*, of {(name, number): page}."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for (name, number), page in sorted(pages.items()):
            called = "".join(c if c.isalnum() or c in " -'" else "-" for c in name)
            entry = zipfile.ZipInfo(f"{called}_{number}_assignfeedback_file_feedback.html")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, page, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _table(
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[Row],
    course: Course,
    of: Mapping[str, float],
) -> bytes:
    if name != "canvas":
        return write_table(columns, rows, excused="")
    possible = [_possible(column, rows, course, of) for column in columns.values()]
    # Canvas wants this row, under that name, before those of the students.
    return write_table(columns, rows, ["    Points Possible", *possible[1:]])


def write_table(
    columns: Mapping[str, str],
    rows: Iterable[Row],
    first: Sequence[str] = (),
    excused: str = "EX",
) -> bytes:
    """A table of those columns of the rows, {column of the file: of the row}.

    ``excused``: what it says there, as Canvas alone reads it.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(map(safe, columns))
    if first:
        writer.writerow(first)
    for row in rows:
        cells = (_value(column, row) for column in columns.values())
        writer.writerow(safe(excused if cell == "EX" else cell) for cell in cells)
    return file.getvalue().encode()


def _value(column: str, row: Row) -> object:
    if column == "identifier":
        return row.get(column) or row.get("student")
    if column == "login":
        return row.get(column) or row.get("email")
    return row.get(column)


def _possible(column: str, rows: Sequence[Row], course: Course, of: Mapping[str, float]) -> str:
    """The most that a column of points can say; nothing for a column of something else."""
    if column == "total":
        return safe(max((row["of"] for row in rows), default=0))
    if column not in NOTEBOOKS.values():
        return ""
    of_it = (one for one in all_questions() if NOTEBOOKS[one.lesson] == column)
    return safe(of.get(column, sum(course.points(question) for question in of_it)))


def _filled(worksheet: Path, rows: Iterable[Row]) -> bytes:
    """Moodle's worksheet with the marks in it, and nothing else changed."""
    table = [row for _, row in lines(worksheet.read_bytes())]
    names = [name.strip().lower() for name in table[0]]
    identifier = next(names.index(name) for name in IDENTIFIER if name in names)
    grade = next((names.index(name) for name in GRADE if name in names), None)
    totals = {row["moodle"]: row["total"] for row in rows if row.get("moodle")}
    for row in table[1:]:
        number = (DIGITS.findall(row[identifier]) or [""])[-1]
        if grade is not None and totals.get(number, "EX") != "EX":
            row[grade] = safe(totals[number])
    file = io.StringIO(newline="")
    csv.writer(file).writerows([safe(value) for value in row] for row in table)
    return file.getvalue().encode()
