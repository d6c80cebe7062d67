"""What an instructor has settled about a class: ``course.toml`` and the roster beside it.

Every key may be left out, and without a file everything is as it is by default.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import inf, isfinite
from pathlib import Path
from typing import Any

from bpcourse import __version__
from bpcourse.diagnosis import catalogue
from bpcourse.marking import in_words
from bpcourse.marking import roster as rosters
from bpcourse.marking.assignment import Assignment, Late, late_by, moment
from bpcourse.marking.layouts import Owner, owner
from bpcourse.marking.roster import Roster, Student
from bpcourse.questions.bank import NOTEBOOKS, all_questions
from bpcourse.questions.judging.fingerprint import versions
from bpcourse.questions.question import Question

__all__ = ["Assignment", "Course", "Student", "stem_of"]
FEEDBACK = ("none", "where", "full")
MISSING = ("zero", "blank")
KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {  # of the keys of course.toml
    "name": (str, "a text"),
    "roster": (str, "the name of a file"),
    "feedback": (object, ""),
    "anonymous": (bool, "true or false"),
    "lessons": (str, "an address"),
    "missing": (object, ""),
    "open_points": ((int, float), "a number"),
    "points": (dict, "a table"),
    "credit": (dict, "a table"),
    "export": (dict, "a table"),
    "aliases": (dict, "a table"),
    "assignment": (dict, "a table"),
    "late": (dict, "a table"),
    "totals": (dict, "a table"),
}
OF_ASSIGNMENT: dict[str, tuple[type | tuple[type, ...], str]] = {
    "lessons": (list, "a list of lessons"),
    "points": ((int, float), "a number"),
    "due": (date, "a date, or a date and a time, without quotes"),
    "bonus": (bool, "true or false"),
    "late": (dict, "a table"),
    "extensions": (dict, "a table"),
    "handed_in": (dict, "a table"),
    "worksheet": (str, "the name of a file"),
    "file_times": (bool, "true or false"),
    "version": (str, "a version of the course"),
}
OF_PERSON = ("student", "name", "email", "login", "identifier", "moodle", "canvas")
COLUMNS = (*OF_PERSON, "total", "of", "days late")  # of the grades, besides the notebooks


@dataclass(frozen=True)
class Course:
    """The settings of a class. ``feedback`` is one of FEEDBACK, ``missing`` one of MISSING."""

    name: str = ""
    feedback: str = "full"
    anonymous: bool = True  # the report on the class: no student is named there
    lessons: str = ""  # where students read them: https://example.org/{lesson}.html
    students: Mapping[str, Student] = field(default_factory=dict)  # by id
    aliases: Mapping[str, str] = field(default_factory=dict)  # {a name as it came: id}
    own_points: Mapping[str, float] = field(default_factory=dict)  # {question's id: points}
    own_credit: Mapping[str, float] = field(default_factory=dict)  # {misconception: share}
    export: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    missing: str = "zero"  # what the tables say of a notebook that was not handed in
    open_points: float = 0.0  # of an answer in words, which a person gives
    drop_lowest: int = 0  # of the assignments, in the totals

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Course":
        """The course of a ``course.toml``; the default where ``path`` is None.

        Private questions that it names are added first (``bank.add``). ValueError, with file, key,
        what was expected and what was given, for a file that cannot be used.
        """
        return cls() if path is None else _course(Path(path))

    @property
    def roster(self) -> Roster:
        """Who is in the class, and how they are found."""
        return Roster(self.students, self.aliases)

    def points(self, question: Question) -> float:
        """How many points ``question`` gives in this course."""
        return float(self.own_points.get(question.id, question.points))

    def credit(self, misconceptions: Iterable[str]) -> float:
        """The share, 0 to 1, of its points that a wrong answer keeps which shows these.

        The smallest of their shares; 0 if one of them has none, or none was named.
        """
        ids = map(catalogue.canonical, misconceptions)
        return min((self.own_credit.get(id, 0.0) for id in ids), default=0.0)

    def at(self, assignment: Assignment | None) -> "Course":
        """The course with the numbers that an assignment's worksheet has for the students."""
        if assignment is None or not assignment.numbers:
            return self
        numbers = assignment.numbers
        students = {
            id: replace(one, moodle=numbers.get(id, "")) for id, one in self.students.items()
        }
        return replace(self, students=students)

    def listed(self, id: str) -> Student:
        """The roster's student of that id; ``Student(id)`` where it has none."""
        return self.students.get(id) or Student(id)

    def student(self, key: str) -> Student:
        """The Student of an id, an email, or a name as Moodle or Canvas write it in file names.

        ``Student(key)`` where it is not certain: a mark is never given to somebody who may be
        somebody else.
        """
        return self.roster.match(owner(key) or Owner(key)).student or Student(key)


def stem_of(lesson: object) -> str | None:
    """The stem of the exercises that "11", "matrix_form" or "11_matrix_form" names; else None."""
    name = str(lesson).removesuffix(".ipynb")
    for module, stem in NOTEBOOKS.items():
        if name in (stem, stem.partition("_")[0], module) or name == stem.partition("_")[2]:
            return stem
    return None


Table = Mapping[str, Any]


def _course(path: Path) -> Course:
    table = _read(path)
    _keys(path, "", table, KINDS)
    settings: dict[str, Any] = {
        key: table[key]
        for key in ("name", "anonymous", "lessons", "export", "open_points")
        if key in table
    }
    if "lessons" in table:
        address = table["lessons"]
        good = address.startswith(("http://", "https://")) and "{lesson}" in address
        _require(good, path, "lessons", "an http address with {lesson} in it", address)
    for key, choices in (("feedback", FEEDBACK), ("missing", MISSING)):
        if key in table:
            wanted = f"one of {', '.join(choices)}"
            _require(table[key] in choices, path, key, wanted, table[key])
            settings[key] = table[key]
    _exports(path, table.get("export", {}))
    points = table.get("open_points", 0)
    _require(0 <= points < inf, path, "open_points", "0 or more", points)
    aliases, roster = table.get("aliases", {}), Roster()
    for name, id in aliases.items():
        _require(isinstance(id, str), path, f'aliases."{name}"', "an id of the roster", id)
    if "roster" in table:
        roster = rosters.read(path.parent / table["roster"], aliases)
        settings |= {"students": roster.students, "aliases": aliases}
    _require(not aliases or "roster" in table, path, "aliases", "a roster", "none")
    ids = {id: question.id for question in all_questions() for id in reversed(question.ids)}
    ids |= {one.id: one.id for stem in NOTEBOOKS.values() for one in in_words.questions(stem)}
    own = _numbers(path, "points", table, ids, "a question", inf)
    settings["own_points"] = {ids[name]: value for name, value in own.items()}
    mistakes = {id: id for id in catalogue.ids()} | catalogue.former()
    shares = _numbers(path, "credit", table, mistakes, "a misconception", 1)
    settings["own_credit"] = {mistakes[name]: value for name, value in shares.items()}
    late = _late(path, "late", table.get("late", {}), Late())
    settings["assignments"] = {
        name: _assignment(path, name, entries, late, roster)
        for name, entries in table.get("assignment", {}).items()
    }
    totals = table.get("totals", {})
    _keys(path, "totals.", totals, {"drop_lowest": (int, "a whole number")})
    drop = totals.get("drop_lowest", 0)
    _require(drop >= 0, path, "totals.drop_lowest", "0 or more", drop)
    return Course(**settings, drop_lowest=drop)


def _exports(path: Path, exports: Table) -> None:
    for name, columns in exports.items():
        key = f"export.{name}"
        wanted = 'a table of "column of the file" = "column of the grades"'
        _require(isinstance(columns, dict), path, key, wanted, columns)
        plain = name not in ("", "grades", "who", "totals", "overrides") and not set("/\\") & set(
            name
        )
        _require(plain, path, key, "a name for a file NAME.csv, but grades", name)
        known = ("", *COLUMNS, *NOTEBOOKS.values())
        for column, ours in columns.items():
            wanted = f"one of {', '.join(known[1:])}, or nothing"
            _require(ours in known, path, f'{key}."{column}"', wanted, ours)


def _assignment(path: Path, name: str, table: object, late: Late, roster: Roster) -> Assignment:
    key = f"assignment.{name}"
    if not isinstance(table, dict):
        raise ValueError(f"{path}: {key}: expected a table, got {table!r}")
    plain = not name.startswith(".") and name.isprintable() and not set("/\\") & set(name)
    plain = plain and name != "" and not name.endswith(".csv")  # which are files beside it
    _require(plain, path, key, "a name that can be a folder's", name)
    _keys(path, f"{key}.", table, OF_ASSIGNMENT)
    stems = []
    for lesson in table.get("lessons", []):
        stem = stem_of(lesson)
        wanted = f"exercises, of {', '.join(NOTEBOOKS.values())}"
        if stem is None:
            raise ValueError(f"{path}: {key}.lessons: expected {wanted}, got {lesson!r}")
        stems.append(stem)
    _require(stems, path, f"{key}.lessons", "at least one lesson", table.get("lessons"))
    points = table.get("points")
    good = points is None or (not isinstance(points, bool) and isfinite(points) and points > 0)
    _require(good, path, f"{key}.points", "more than 0", points)
    moments: dict[str, dict[str, datetime]] = {"extensions": {}, "handed_in": {}}
    for part in moments:
        for id, when in table.get(part, {}).items():
            _require(isinstance(when, date), path, f"{key}.{part}.{id}", "a date", when)
            known = not roster.students or id in roster.students
            _require(known, path, f"{key}.{part}", "an id of the roster", id)
            moments[part][id] = _moment(path, f"{key}.{part}.{id}", when)
    worksheet = path.parent / table["worksheet"] if "worksheet" in table else None
    rows = rosters.numbered(roster, worksheet) if worksheet else {}
    return Assignment(
        name,
        tuple(dict.fromkeys(stems)),
        None if points is None else float(points),
        _moment(path, f"{key}.due", table["due"]) if "due" in table else None,
        _late(path, f"{key}.late", table.get("late", {}), late),
        bonus=table.get("bonus", False),
        worksheet=worksheet,
        file_times=table.get("file_times", False),
        version=_version(path, f"{key}.version", table.get("version", "")),
        numbers={id: row["moodle"] for id, row in rows.items()},
        late_in_moodle={id: late_by(row.get("status", "")) for id, row in rows.items()},
        **moments,
    )


def _moment(path: Path, key: str, when: date) -> datetime:
    try:
        return moment(when)
    except (ValueError, OverflowError):
        raise ValueError(f"{path}: {key}: expected a date of our time, got {when}") from None


def _version(path: Path, key: str, given: str) -> str:
    """The version that was handed out, "" for this one; later digits of it change no question."""
    short = ".".join(given.split(".")[:2])
    if short in ("", ".".join(__version__.split(".")[:2])):
        return ""
    _require(short in versions(), path, key, f"one of {', '.join(versions())}", given)
    return short


def _late(path: Path, key: str, table: Table, otherwise: Late) -> Late:
    limits = {"per_day": 1, "at_most": 1, "until_days": inf, "grace_minutes": inf}
    _keys(path, f"{key}.", table, dict.fromkeys(limits, ((int, float), "a number")))
    for name, most in limits.items():
        value = table.get(name, 0)
        wanted = "a share from 0 to 1" if most == 1 else "0 or more"
        _require(isfinite(value) and 0 <= value <= most, path, f"{key}.{name}", wanted, value)
    given = {name: float(value) for name, value in table.items()}
    return Late(**{name: given.get(name, getattr(otherwise, name)) for name in limits})


def _keys(
    path: Path,
    above: str,
    table: Table,
    kinds: Mapping[str, tuple[type | tuple[type, ...], str]],
) -> None:
    """Refuse a key that is none, and a value of another kind."""
    for key, value in table.items():
        _require(key in kinds, path, f"{above}{key}", f"one of {', '.join(kinds)}", key)
        kind, wanted = kinds[key]
        is_number = isinstance(value, bool) and kind in (int, (int, float))
        _require(isinstance(value, kind) and not is_number, path, f"{above}{key}", wanted, value)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: expected a TOML file in UTF-8, got {error}") from error


def _numbers(
    path: Path, table_name: str, table: Table, known: Iterable[str], kind: str, largest: float
) -> dict[str, float]:
    """A table of numbers by name, checked: {name: number}."""
    numbers = {}
    wanted = "a share from 0 to 1" if largest == 1 else "0 or more"
    for name, value in table.get(table_name, {}).items():
        key = f'{table_name}."{name}"'
        _require(name in known, path, key, f"the name of {kind} of the course, quoted", name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        _require(number and 0 <= value <= largest, path, key, wanted, value)
        numbers[name] = float(value)
    return numbers


def _require(good: object, path: Path, key: str, expected: str, given: object) -> None:
    if not good:
        raise ValueError(f"{path}: {key}: expected {expected}, got {given!r}")
