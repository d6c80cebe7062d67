"""The marks as Moodle and Canvas read them: ``moodle.csv``, ``canvas.csv``.

What they say comes from a map {column of the file: column of the grades}. ``[export.moodle]`` in
course.toml takes the place of the one here, and ``[export.NAME]`` makes a file ``NAME.csv``.
"""

import csv
import io

from bpcourse.questions.bank import NOTEBOOKS, all_questions

STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
MOODLE = {  # the worksheet for offline grading
    "Identifier": "student",
    "Full name": "name",
    "Email address": "email",
    "Status": "",
    "Grade": "total",
    "Maximum Grade": "of",
}
CANVAS = {  # the gradebook; a last column that Canvas does not know becomes an assignment
    "Student": "name",
    "ID": "",
    "SIS User ID": "student",
    "SIS Login ID": "email",
    "Section": "",
    "Backpropagation": "total",
}


def safe(cell):
    """``cell`` as text that no spreadsheet takes for a formula; a number stays a number."""
    if isinstance(cell, int | float):
        return f"{cell:.10g}"
    cell = "" if cell is None else str(cell)
    return "'" + cell if cell.startswith(STARTS_A_FORMULA) else cell


def tables(rows, course):
    """{name of a file: its bytes} for Moodle, Canvas and every ``[export.NAME]`` of ``course``.

    ``rows`` are dicts with student, name, email, total, of, and a column a notebook (its stem).
    What a row does not have stays empty.
    """
    maps = {"moodle": MOODLE, "canvas": CANVAS} | course.export
    return {f"{name}.csv": _table(name, columns, rows, course) for name, columns in maps.items()}


def _table(name, columns, rows, course):
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(map(safe, columns))
    if name == "canvas":  # it wants this row, under that name, before those of the students
        possible = [_possible(column, rows, course) for column in columns.values()]
        writer.writerow(["    Points Possible", *possible[1:]])
    for row in rows:
        writer.writerow(safe(row.get(column)) for column in columns.values())
    return file.getvalue().encode()


def _possible(column, rows, course):
    """The most that a column of points can say; nothing for a column of something else."""
    if column == "total":
        return safe(max((row["of"] for row in rows), default=0))
    if column not in NOTEBOOKS.values():
        return ""
    of_it = (one for one in all_questions() if NOTEBOOKS[one.lesson] == column)
    return safe(sum(course.points(question) for question in of_it))
