"""What an instructor has settled about a class: ``course.toml`` and the roster beside it.

Every key may be left out, and without a file everything is as it is by default.
"""

import csv
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from bpcourse.questions.bank import NOTEBOOKS, all_questions
from bpcourse.questions.judging.posed import SEEDS
from bpcourse.text import names

FEEDBACK = ("none", "where", "full")
KEYS = ("name", "roster", "feedback", "anonymous", "lessons", "points", "credit", "export")
COLUMNS = ("student", "name", "email", "total", "of")  # of the grades, besides the notebooks
MOODLE_OR_CANVAS = re.compile(  # what they put behind a student's name in the name of a file
    r"_\d+_assignsubmission_.*|(_late)?_\d+_\d+_.*", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Student:
    """One student. ``seed`` is of the numbers that the student is asked, as the roster has it."""

    id: str
    name: str = ""
    email: str = ""
    seed: int = 0


@dataclass(frozen=True)
class Course:
    """The settings of a class. ``feedback`` is one of FEEDBACK, ``students`` {id: Student}."""

    name: str = ""
    feedback: str = "full"
    anonymous: bool = True  # the report on the class: no student is named there
    lessons: str = ""  # where students read them: https://example.org/{lesson}.html
    students: dict = field(default_factory=dict)
    own_points: dict = field(default_factory=dict)  # {question's id: points}
    own_credit: dict = field(default_factory=dict)  # {misconception: share of the points}
    export: dict = field(default_factory=dict)  # {NAME: {column of the file: of the grades}}

    @classmethod
    def load(cls, path=None):
        """The course of a ``course.toml``; the default where ``path`` is None.

        Private questions that it names are added first (``bank.add``). ValueError, with file, key,
        what was expected and what was given, for a file that cannot be used.
        """
        return cls() if path is None else _course(Path(path))

    def points(self, question):
        """How many points ``question`` (a Question) gives in this course."""
        return float(self.own_points.get(question.id, question.points))

    def credit(self, misconceptions):
        """The share, 0 to 1, of its points that a wrong answer keeps which shows these.

        The smallest of their shares; 0 if one of them has none, or none was named.
        """
        return min((self.own_credit.get(name, 0.0) for name in misconceptions), default=0.0)

    def student(self, key):
        """The Student of an id, an email, or a name as Moodle or Canvas write it in file names.

        ``Student(key)`` where the roster has none, or more than one: a mark is never given to
        somebody who may be somebody else.
        """
        if key in self.students:
            return self.students[key]
        email = key.strip().casefold()
        found = [one for one in self.students.values() if email and one.email.casefold() == email]
        if not found:
            name = "".join(_words(MOODLE_OR_CANVAS.sub("", key)))
            found = [one for one in self.students.values() if name in _spellings(one.name)]
        return found[0] if len(found) == 1 else Student(key)


def _words(name):
    return re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold().replace("_", " "))


def _spellings(name):
    """What may stand for it in a file name: "Ana Ruiz" is there anaruiz (Moodle), ruizana."""
    words = _words(name)
    return {"".join(words[i:] + words[:i]) for i in range(len(words))}


def _course(path):
    table = _read(path)
    for key in table:
        _require(key in KEYS, path, key, f"one of {', '.join(KEYS)}", key)
    for key, kind, wanted in (
        ("name", str, "a text"),
        ("roster", str, "the name of a file"),
        ("anonymous", bool, "true or false"),
        ("lessons", str, "an address"),
        ("points", dict, "a table"),
        ("credit", dict, "a table"),
        ("export", dict, "a table"),
    ):
        if key in table:
            _require(isinstance(table[key], kind), path, key, wanted, table[key])
    settings = {
        key: table[key] for key in ("name", "anonymous", "lessons", "export") if key in table
    }
    if "lessons" in table:
        address = table["lessons"]
        good = address.startswith(("http://", "https://")) and "{lesson}" in address
        _require(good, path, "lessons", "an http address with {lesson} in it", address)
    if "feedback" in table:
        wanted, given = f"one of {', '.join(FEEDBACK)}", table["feedback"]
        _require(given in FEEDBACK, path, "feedback", wanted, given)
        settings["feedback"] = given
    for name, columns in table.get("export", {}).items():
        key = f"export.{name}"
        wanted = 'a table of "column of the file" = "column of the grades"'
        _require(isinstance(columns, dict), path, key, wanted, columns)
        plain = name not in ("", "grades") and not set("/\\") & set(name)
        _require(plain, path, key, "a name for a file NAME.csv, but grades", name)
        known = ("", *COLUMNS, *NOTEBOOKS.values())
        for column, ours in columns.items():
            wanted = f"one of {', '.join(known[1:])}, or nothing"
            _require(ours in known, path, f'{key}."{column}"', wanted, ours)
    if "roster" in table:
        settings["students"] = _students(path.parent / table["roster"])
    ids = {id: question.id for question in all_questions() for id in reversed(question.ids)}
    points = _numbers(path, "points", table, ids, "a question", "0 or more", float("inf"))
    points = {ids[name]: value for name, value in points.items()}
    share = "a share from 0 to 1"
    credit = _numbers(path, "credit", table, names("misconception"), "a misconception", share, 1)
    return Course(**settings, own_points=points, own_credit=credit)


def _read(path):
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: expected a TOML file in UTF-8, got {error}") from error


def _numbers(path, table_name, table, known, kind, wanted, largest):
    """A table of numbers by name, checked: {name: number}."""
    numbers = {}
    for name, value in table.get(table_name, {}).items():
        key = f'{table_name}."{name}"'
        _require(name in known, path, key, f"the name of {kind} of the course, quoted", name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        _require(number and 0 <= value <= largest, path, key, wanted, value)
        numbers[name] = float(value)
    return numbers


def _students(path):
    """{id: Student} of a roster: CSV with a line of column names, in UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)  # a spreadsheet may write semicolons
            rows = csv.DictReader(file, delimiter=delimiter, strict=True)
            columns = [(name or "").strip().lower() for name in rows.fieldnames or ()]
            for column in ("id", "name"):
                _require(column in columns, path, "line 1", f"a column {column}", columns)
            rows.fieldnames = columns
            lines = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: roster: expected a CSV file in UTF-8, got {error}") from error
    students, emails = {}, {}
    for number, row in lines:
        line = f"line {number}"
        _require(None not in row, path, line, f"{len(columns)} cells", row.get(None))
        cells = {column: (cell or "").strip() for column, cell in row.items()}
        if not any(cells.values()):
            continue
        id, seed, email = cells["id"], cells.get("seed") or "0", cells.get("email", "")
        plain = id and id.isprintable() and not set("/\\") & set(id) and not id.startswith(".")
        _require(plain, path, f"{line}, id", "an id that can be the name of a file", id)
        _require(id not in students, path, f"{line}, id", "an id that nobody else has", id)
        tens = seed.isascii() and seed.isdigit() and int(seed) % SEEDS == 0
        _require(tens, path, f"{line}, seed", f"a multiple of {SEEDS}", seed)
        address = email.casefold()
        _require(address not in emails, path, f"{line}, email", "one that nobody else has", email)
        if email:
            emails[address] = id
        students[id] = Student(id, cells["name"], email, int(seed))
    return students


def _require(good, path, key, expected, given):
    if not good:
        raise ValueError(f"{path}: {key}: expected {expected}, got {given!r}")
