"""The folder of results: what is kept of each notebook, and the files made from it.

``notebooks/`` has one file of records for each notebook that was marked, written whole, so that an
interrupted batch goes on where it stopped. All other files are made from these, from
``overrides.csv`` and from the course's settings, and can be made again.
"""

import csv
import hashlib
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from bpcourse import __version__
from bpcourse.files import write
from bpcourse.marking import feedback, report
from bpcourse.marking.export import safe, tables
from bpcourse.text import text

OVERRIDES = "overrides.csv"
COLUMNS = ["student", "question", "points", "reason"]  # of the overrides


class Results:
    """A folder of results, made where it is not there. OSError where it cannot be."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.notebooks = self.folder / "notebooks"
        self.notebooks.mkdir(parents=True, exist_ok=True)
        if not (self.folder / OVERRIDES).exists():
            write(self.folder / OVERRIDES, (",".join(COLUMNS) + "\n").encode())

    def kept(self, submission):
        """What is kept of a notebook: {"digest", "records"}, or None."""
        try:
            return json.loads(self._path(submission).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def keep(self, submission, digest, records):
        """Keep the records of a notebook; ``digest`` says of what they are the records."""
        data = json.dumps({"digest": digest, "records": records}, ensure_ascii=False)
        write(self._path(submission), data.encode("utf-8", "replace"))  # halves of characters

    def only(self, submissions):
        """Forget the notebooks that are not among those handed in."""
        there = {self._path(submission) for submission in submissions}
        for path in set(self.notebooks.iterdir()) - there:
            path.unlink()

    def records(self):
        """Every record, with the marks given by hand in their place."""
        by_hand = self.overrides()
        for path in sorted(self.notebooks.glob("*.json")):
            records = json.loads(path.read_text(encoding="utf-8"))["records"]
            changed = [_overridden(record, by_hand) for record in records]
            points = sum(record["points"] for record in changed if record["question"])
            yield from ({**r, "points": points} if r["question"] is None else r for r in changed)

    def overrides(self):
        """{(student, question): (points, reason)}. ValueError names the line that is wrong."""
        path = self.folder / OVERRIDES
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        marks = {}
        for number, row in enumerate(rows, start=1):
            if number == 1 or not any(row):
                continue
            cells = [cell.strip() for cell in row]
            if len(cells) != len(COLUMNS) or not _is_points(cells[2]) or not cells[3]:
                raise ValueError(text("grade.override", path=path, line=number, row=", ".join(row)))
            marks[cells[0], cells[1]] = (float(cells[2]), cells[3])
        return marks

    def write(self, course):
        """Make every file for people from what is kept; ValueError for wrong overrides."""
        records = list(self.records())
        known = {(record["student"], record["question"]) for record in records}
        for student, question in set(self.overrides()) - known:
            raise ValueError(text("grade.override_unknown", student=student, question=question))
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        write(self.folder / "results.jsonl", lines.encode())
        rows = grades(records, course)
        write(self.folder / "grades.csv", _table(rows).encode())
        for name, data in tables(rows, course).items():
            write(self.folder / name, data)
        write(self.folder / "class.html", report.page(records, course).encode())
        pages = self.folder / "feedback"
        students: dict[str, list] = {}
        for record in records:
            students.setdefault(record["student"], []).append(record)
        for id, own in students.items():
            student = replace(course.listed(id), id=id, name=own[0]["name"])
            write(pages / f"{file_name(id)}.html", feedback.page(student, own, course).encode())
        if pages.is_dir():
            for path in set(pages.iterdir()) - {pages / f"{file_name(id)}.html" for id in students}:
                path.unlink()

    def _path(self, submission):
        name = _digest(submission.student, submission.file)[:12]
        return self.notebooks / f"{file_name(submission.student)}-{name}.json"


def digest(data, settings, course):
    """What a notebook's records depend on, as a short text."""
    private = sorted(Path(settings.questions).iterdir()) if settings.questions else ()
    questions = [path.read_bytes() for path in private if path.suffix in (".py", ".toml")]
    return _digest(_digest(data), __version__, settings, course, *questions)


def _digest(*parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part if isinstance(part, bytes) else repr(part).encode())
    return whole.hexdigest()[:32]


def file_name(student):
    """A name for files that any student id gives: no step up, no hidden file, no formula."""
    name = quote(student, safe=" ()@,")
    name = f"%{ord(name[0]):02X}{name[1:]}" if name[:1] in (".", " ", "-", "@") else name
    return name if 0 < len(name) <= 100 else f"{name[:80] or '%'}-{_digest(student)[:12]}"


def grades(records, course):
    """The rows of ``grades.csv``, as dicts of one set of keys: one row a student, by id."""
    rows: dict[str, dict] = {}
    questions = list(dict.fromkeys(r["question"] for r in records if r["question"]))
    notebooks = list(dict.fromkeys(r["notebook"] for r in records if r["notebook"]))
    for id, student in course.students.items():
        rows[id] = _row(id, student.name, student.email, notebooks, questions)
    for record in records:
        id = record["student"]
        email = course.listed(id).email
        row = rows.setdefault(id, _row(id, record["name"], email, notebooks, questions))
        if record["question"]:
            row[record["question"]] = record["points"]
            continue
        row["total"] += record["points"]
        row["of"] += record["of"]
        if record["notebook"]:
            row[record["notebook"]] = (row[record["notebook"]] or 0.0) + record["points"]
        if record["state"] != "graded":
            row["look at"] = "; ".join(filter(None, [row["look at"], record["state"]]))
    return [rows[id] for id in sorted(rows)]


def _row(id, name, email, notebooks, questions):
    row = {"student": id, "name": name, "email": email, "total": 0.0, "of": 0.0, "look at": ""}
    return row | dict.fromkeys([*notebooks, *questions], "")


def _table(rows):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    if rows:
        writer.writerow(map(safe, rows[0]))
        for row in rows:
            writer.writerow(map(safe, row.values()))
    return file.getvalue()


def _overridden(record, by_hand):
    mark = by_hand.get((record["student"], record["question"]))
    return record | {"points": mark[0], "override": mark[1]} if mark else record | {"override": ""}


def _is_points(cell):
    try:
        return math.isfinite(float(cell)) and float(cell) >= 0
    except ValueError:
        return False
