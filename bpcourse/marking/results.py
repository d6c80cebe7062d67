"""The folder of results: what is kept of each notebook, and the files made from it.

``notebooks/`` has one file of records for each notebook that was marked, written whole, so that an
interrupted batch goes on where it stopped. A notebook of the same student and lesson takes its
place; no other is ever deleted. All other files are made from these, from ``overrides.csv`` and
from the course's settings, and can be made again.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from bpcourse import __version__
from bpcourse.files import write
from bpcourse.marking import feedback, overrides, plain, report
from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import OF_PERSON, Course
from bpcourse.marking.export import moodle_feedback, tables
from bpcourse.marking.grades import Row, asked, grades, who
from bpcourse.marking.marker import Settings
from bpcourse.marking.overrides import Overrides
from bpcourse.marking.records import Record, from_json
from bpcourse.marking.submissions import Submission

__all__ = ["Results", "digest", "file_name", "grades"]
OVERRIDES = "overrides.csv"


@dataclass(frozen=True)
class Kept:
    """The records of a notebook, its own first; ``digest`` says of what they are the records."""

    digest: str
    records: tuple[Record, ...]


class Results:
    """A folder of results, made where it is not there. OSError where it cannot be."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.notebooks = self.folder / "notebooks"
        self.notebooks.mkdir(parents=True, exist_ok=True)
        overrides.start(self.folder / OVERRIDES)

    def kept(self, submission: Submission) -> Kept | None:
        """What is kept of a notebook, as it was handed in now; or None."""
        kept = _read(self._path(submission))
        return kept and replace(kept, records=_handed_in(kept.records, submission))

    def keep(self, submission: Submission, digest: str, records: Sequence[Record]) -> None:
        """Keep the records of a notebook; ``digest`` says of what they are the records."""
        whole = [record.as_json() for record in _handed_in(records, submission)]
        shown = json.dumps({"digest": digest, "records": whole}, ensure_ascii=False)
        data = shown.encode("utf-8", "replace")  # halves of characters
        path = self._path(submission)
        if not (path.is_file() and path.read_bytes() == data):
            write(path, data)

    def settle(self, submissions: Iterable[Submission], course: Course) -> None:
        """Forget what these submissions were kept as before it was known whose or what they are.

        The same file under another name that the roster does not have; and "no notebook" of a
        student who has handed in one since.
        """
        now = {one.file: one for one in submissions}
        with_notebook = {one.student for one in now.values() if one.notebook}
        for path, kept in self._all():
            own = kept.records[0]
            one = now.get(own.file)
            moved = one and one.student != own.student and own.student not in course.students
            same = one is not None and own.notebook in ("", one.notebook)
            replaced = not own.notebook and own.student in with_notebook and not one
            if (moved and same) or replaced:
                path.unlink()

    def records(self) -> Iterator[Record]:
        """Every record, as it was marked; of a student's notebook for a lesson the last one."""
        last: dict[tuple[str, str], tuple[Record, ...]] = {}
        files = sorted(self._all(), key=lambda one: one[0].stat().st_mtime)
        for _, kept in files:
            own = kept.records[0]
            last[own.student, own.notebook or own.file] = kept.records
        for key in sorted(last):
            yield from last[key]

    def people(self) -> dict[str, str]:
        """{student: name} of those of whom something is kept."""
        return {record.student: record.name for record in self.records()}

    def overrides(self, course: Course, people: Mapping[str, str] | None = None) -> Overrides:
        """The marks given by hand. ValueError names the line that is wrong."""
        people = self.people() | dict(people or {})
        assignment = course.assignments.get(self.folder.resolve().name)
        return overrides.read(self.folder / OVERRIDES, course, people, assignment)

    def write(self, course: Course, assignment: Assignment | None = None) -> Overrides:
        """Make every file for people from what is kept; ValueError for wrong overrides."""
        course = course.at(assignment)
        by_hand = self.overrides(course)
        records = with_marks(self.records(), by_hand)
        what = asked(records, course, assignment)
        lines = (json.dumps(plain.clean_all(one.as_json()), ensure_ascii=False) for one in records)
        write(self.folder / "results.jsonl", "".join(f"{line}\n" for line in lines).encode())
        rows = grades(records, course, assignment, by_hand)
        write(self.folder / "grades.csv", _table(rows, OF_PERSON[3:]).encode())
        write(self.folder / "who.csv", _table(who(records, course)).encode())
        certain = [row for row in rows if not course.students or row["student"] in course.students]
        for name, data in tables(certain, course, assignment, what.of).items():
            write(self.folder / name, data)
        write(self.folder / "class.html", report.page(records, course, what).encode())
        self._feedback(records, rows, course, by_hand)
        return by_hand

    def _feedback(
        self, records: Sequence[Record], rows: list[Row], course: Course, by_hand: Overrides
    ) -> None:
        """A page for each student, and all of them in the layout of Moodle's upload."""
        pages = self.folder / "feedback"
        own: dict[str, list[Record]] = {row["student"]: [] for row in rows}
        for record in records:
            own[record.student].append(record)
        made, numbers = {}, {}
        for row in rows:
            id = row["student"]
            if not own[id] and id not in by_hand.students():
                continue
            student = replace(course.listed(id), id=id, name=row["name"])
            page = feedback.page(student, own[id], course, row, by_hand).encode()
            made[pages / f"{file_name(id)}.html"] = page
            number = row["moodle"] or next((r.moodle for r in own[id] if r.moodle), "")
            if number and (not course.students or id in course.students):
                numbers[row["name"] or id, number] = page
        for path, page in made.items():
            write(path, page)
        if pages.is_dir():
            for path in set(pages.iterdir()) - set(made):
                path.unlink()
        bulk = self.folder / "moodle_feedback.zip"
        if numbers:
            write(bulk, moodle_feedback(numbers))
        else:
            bulk.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[Path, Kept]]:
        for path in sorted(self.notebooks.glob("*.json")):
            if kept := _read(path):
                yield path, kept

    def _path(self, submission: Submission) -> Path:
        name = _digest(submission.student, submission.notebook or submission.file)[:12]
        return self.notebooks / f"{file_name(submission.student)}-{name}.json"


def _handed_in(records: Sequence[Record], submission: Submission) -> tuple[Record, ...]:
    """The records with what is known of how the notebook was handed in, and whose it is."""
    owner, match = submission.owner, submission.match
    own = replace(
        records[0],
        file=submission.file,
        late=owner is not None and owner.late,
        time=submission.time,
        instead=submission.instead,
        who=match.reason if match else "",
        moodle=owner.number if owner and owner.platform == "moodle" else "",
    )
    return own, *records[1:]


def digest(data: bytes, settings: Settings, course: Course) -> str:
    """What a notebook's records depend on, as a short text. Deadlines and names change nothing."""
    private = sorted(Path(settings.questions).iterdir()) if settings.questions else ()
    questions = [path.read_bytes() for path in private if path.suffix in (".py", ".toml")]
    seeds = {id: one.seed for id, one in course.students.items() if one.seed}
    marks = sorted(course.own_points.items()), sorted(course.own_credit.items()), seeds
    handed_out = [(one.lessons, one.version) for one in course.assignments.values() if one.version]
    return _digest(
        _digest(data), __version__, replace(settings, only=""), marks, handed_out, *questions
    )


def _digest(*parts: object) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part if isinstance(part, bytes) else repr(part).encode())
    return whole.hexdigest()[:32]


def _read(path: Path) -> Kept | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or not kept.get("records"):
        return None
    return Kept(kept["digest"], tuple(map(from_json, kept["records"])))


def file_name(student: str) -> str:
    """A name for files that any student id gives: no step up, no hidden file, no formula."""
    name = quote(student, safe=" ()@,")
    name = f"%{ord(name[0]):02X}{name[1:]}" if name[:1] in (".", " ", "-", "@") else name
    return name if 0 < len(name) <= 100 else f"{name[:80] or '%'}-{_digest(student)[:12]}"


def with_marks(records: Iterable[Record], by_hand: Overrides) -> list[Record]:
    """The records with what is given by hand for their questions and notebooks."""
    changed: list[Record] = []
    whole: int | None = None  # where the notebook's own is, whose points are the sum
    for record in records:
        mark = by_hand.of(record.student, record.question or record.notebook)
        points = record.points if mark is None or mark.points is None else mark.points
        if record.question is None:
            whole = len(changed) if mark is None or mark.points is None else None
        elif whole is not None:
            own = changed[whole]
            changed[whole] = replace(own, points=own.points + points - record.points)
        changed.append(replace(record, points=points, override=mark.reason if mark else ""))
    return changed


def _table(rows: Sequence[Row], without: Sequence[str] = ()) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    columns = [name for name in rows[0] if name not in without] if rows else []
    if columns:
        writer.writerow(map(plain.cell, columns))
    for row in rows:
        writer.writerow(plain.cell(row[name]) for name in columns)
    return file.getvalue()
