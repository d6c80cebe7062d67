"""Who is in the class, and whose a submission is: nobody is given what may be somebody else's.

A roster is a CSV file as a platform or a spreadsheet writes it, in UTF-8, UTF-16 or cp1252.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from bpcourse.marking.layouts import Owner
from bpcourse.questions.judging.posed import SEEDS
from bpcourse.text import text

COLUMNS = {  # what a column may be called, lower case, in the order in which they are believed
    "id": "id, student id, id number, sis user id, matriculation number, matrikelnummer, username, "
    "login, benutzername, sis login id, login id",
    "name": "name, full name, student, student name, fullname, vollständiger name",
    "first": "first name, firstname, given name, vorname",
    "last": "last name, lastname, surname, family name, nachname",
    "email": "email, email address, e-mail, e-mail address, mail, e-mail-adresse",
    "login": "login, username, benutzername, sis login id, login id, anmeldename",
    "moodle": "moodle, identifier, id-nummer der teilnahme",
    "canvas": "canvas, canvas id",
    "seed": "seed",
    "status": "status",
}
DIGITS = re.compile(r"\d+")
# Signs where cp1250 and others have letters.
SIGNS = (
    "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xac\xae\xaf\xb1\xb2\xb3\xb6\xb8\xb9\xbc\xbd"
    "\xbe\xbf\xd7\xf7\u201e\u2020\u2021\u2022\u2026\u2030\u2039\u203a\u02dc\u2122"
)
ODD = re.compile(rf"[^\W\d_][{SIGNS}]|[{SIGNS}][^\W\d_]")
NOT_DECOMPOSED = str.maketrans("øłđðþæœıħ", "oldd" + "t" + "aoih")
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


@dataclass(frozen=True)
class Student:
    """One student. ``seed`` is of the numbers that the student is asked, as the roster has it.

    ``moodle`` and ``canvas`` are the numbers that these have for the person, where a roster has
    them.
    """

    id: str
    name: str = ""
    email: str = ""
    seed: int = 0
    login: str = ""
    moodle: str = ""
    canvas: str = ""


@dataclass(frozen=True)
class Match:
    """Who a submission is from. ``student`` is None where nobody is certain; ``how``, or why not.

    ``near``: of the roster, who it might be.
    """

    student: Student | None
    how: str
    near: tuple[Student, ...] = ()

    @property
    def reason(self) -> str:
        """How it is known, or why not, to read."""
        near = "; ".join(f"{one.name} ({one.id})" for one in self.near)
        return text(f"grade.who_{self.how}", near=near or "–")


@dataclass(frozen=True)
class Roster:
    """The students by id; ``aliases``: {name as a platform writes it: id}."""

    students: Mapping[str, Student] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def match(self, owner: Owner) -> Match:
        """Who it is, by the alias, the platform's number, login or id, e-mail, name: in that order.

        A number is compared with the platform's own column alone, since it may mean something else
        anywhere else. One that says somebody else than the name does is nobody's.
        """
        folded = {fold(name): id for name, id in self.aliases.items()}
        for key in (owner.name, owner.key, owner.number):
            if key and fold(key) in folded:
                return Match(self.students[folded[fold(key)]], "alias")
        named = self._by_name(owner.name or owner.key)
        by_number = [
            one
            for one in self.students.values()
            if owner.platform in ("moodle", "canvas")
            and owner.number
            and getattr(one, owner.platform) == owner.number
        ]
        if len(by_number) == 1:
            if named and by_number[0] not in named:
                return Match(None, "clash", (*by_number, *named))
            return Match(by_number[0], owner.platform)
        if owner.login or not owner.platform:
            key = owner.login or owner.key
            for how in ("id", "login", "email"):
                found = [s for s in self.students.values() if _same(getattr(s, how), key)]
                if len(found) == 1:
                    return Match(found[0], how)
        if len(named) == 1:
            return Match(named[0], "name")
        return Match(None, "several" if named else "unknown", tuple(named) or self._near(owner))

    def _by_name(self, name: str) -> list[Student]:
        """Those who are called so; of a group's work in Moodle, the name stands after a hyphen."""
        for part in (name, name.partition("-")[2]):
            written = {"".join(words) for words in _words(part)} - {""}
            found = [s for s in self.students.values() if written & _spellings(s.name)]
            if found:
                return found
        return []

    def _near(self, owner: Owner) -> tuple[Student, ...]:
        by_name = {fold(student.name): student for student in self.students.values()}
        near = get_close_matches(fold(owner.name or owner.key), by_name, n=2, cutoff=0.5)
        return tuple(by_name[name] for name in near)


def numbered(roster: Roster, worksheet: Path) -> dict[str, dict[str, str]]:
    """{student's id: the row} of Moodle's worksheet; without a roster, by the row's own number."""
    found = {}
    table = rows(worksheet)
    known = not table or "moodle" in table[0][1]
    _require(known, worksheet, "line 1", "Moodle's grading worksheet, with a column Identifier", "")
    for _, row in table:
        if not row.get("moodle"):
            continue
        keys = (row.get("email", ""), row["id"], row["name"])
        students = [roster.match(Owner(key)).student for key in keys if key]
        student = next((one for one in students if one), None)
        if student or not roster.students:
            found[student.id if student else row["moodle"]] = row
    return found


def fold(name: str) -> str:
    """``name`` without case, accents, and what stands between its words."""
    return "".join(_words(name)[0])


def _letters(text: str) -> str:
    """The same for two texts that differ in capitals alone, or in how an accent is stored."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def _same(one: str, other: str) -> bool:
    return bool(one) and _letters(one) == _letters(other)


@cache
def _words(name: str) -> list[list[str]]:
    """The words of a name, folded: once without its accents, once as German writes them."""
    low = unicodedata.normalize("NFKC", name).casefold().replace("_", " ")
    found = []
    for table in (NOT_DECOMPOSED, GERMAN):
        plain = unicodedata.normalize("NFKD", low.translate(table).translate(NOT_DECOMPOSED))
        letters = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’`´")
        found.append(re.findall(r"\w+", letters))
    return found


@cache
def _spellings(name: str) -> set[str]:
    """What may stand for it: "Ana Ruiz" is anaruiz (Moodle), ruizana (Canvas)."""
    return {"".join(words[i:] + words[:i]) for words in _words(name) for i in range(len(words))} - {
        ""
    }


def read(path: Path, aliases: Mapping[str, str] | None = None) -> Roster:
    """The roster of a CSV file. ValueError names file, line and column that cannot be used."""
    students: dict[str, Student] = {}
    seen: dict[tuple[str, str], int] = {}  # the line on which a cell stands
    for number, cells in rows(path):
        line = f"line {number}"
        id = cells["id"]
        plain = id and id.isprintable() and not set("/\\") & set(id) and not id.startswith(".")
        _require(plain, path, f"{line}, id", "an id that can be the name of a file", id)
        seed = cells.get("seed") or "0"
        tens = seed.isascii() and seed.isdigit() and len(seed) < 10 and int(seed) % SEEDS == 0
        _require(tens, path, f"{line}, seed", f"a multiple of {SEEDS}", seed)
        for column in ("id", "email", "moodle", "canvas"):
            value = _letters(cells.get(column, ""))
            new = not value or seen.setdefault((column, value), number) == number
            _require(new, path, f"{line}, {column}", "one that nobody else has", cells.get(column))
        rest = {name: cells.get(name, "") for name in ("email", "login", "moodle", "canvas")}
        students[id] = Student(id, cells["name"], seed=int(seed), **rest)
    unknown = [id for id in (aliases or {}).values() if id not in students]
    _require(not unknown, path, "aliases", "ids that the roster has", ", ".join(unknown))
    return Roster(students, aliases or {})


def rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(line, {our name of a column: its cell}) of a platform's or a spreadsheet's CSV file."""
    try:
        table = list(lines(path.read_bytes()))
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"{path}: roster: expected a CSV file, got {error}") from error
    number, head = table[0] if table else (1, [])
    names = [name.strip().lower() for name in head]
    ours = _columns(names)
    named = "name" in ours or "last" in ours
    _require("id" in ours, path, f"line {number}", "a column id", names)
    _require(named, path, f"line {number}", "a column name", names)
    found = []
    for number, row in table[1:]:
        _require(len(row) <= len(names), path, f"line {number}", f"{len(names)} cells", row)
        row = [cell.strip() for cell in row] + [""] * (len(names) - len(row))
        cells = {name: next((row[i] for i in at if row[i]), "") for name, at in ours.items()}
        if not any(row) or cells.get("name", "").lower() in ("points possible", "student, test"):
            continue
        if "name" not in cells or not cells["name"]:
            cells["name"] = f"{cells.get('first', '')} {cells.get('last', '')}".strip()
        if "moodle" in cells:  # "Participant 1234"
            cells["moodle"] = (DIGITS.findall(cells["moodle"]) or [""])[-1]
        found.append((number, cells))
    return found


def lines(data: bytes) -> Iterable[tuple[int, list[str]]]:
    """(number, cells) of the lines, however the file is encoded and its cells are parted."""
    whole = _decoded(data).lstrip("\ufeff")
    first, _, rest = whole.partition("\n")
    skipped = first.strip().strip('"').lower().startswith("sep=")
    if skipped:  # Excel's own word for what parts the cells
        delimiter = first.strip().strip('"')[4:5] or "\t"
        whole = rest
    else:
        delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=delimiter, strict=True)
    for row in reader:
        yield reader.line_num + skipped, row


def _decoded(data: bytes) -> str:
    """The text of a file. ValueError where it is a workbook, or cannot be told."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValueError(text("grade.workbook"))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    for codec, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if zeros.count(0) > len(data) // 4:
            return data.decode(codec)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        whole = data.decode("cp1252")
    if odd := ODD.search(whole):  # ł of cp1250 is ³ here
        raise ValueError(text("grade.encoding", letter=odd[0].strip()))
    return whole


def _columns(names: list[str]) -> dict[str, list[int]]:
    """{our name: the columns that may be it, the surest first}."""
    canvas = "student" in names and "id" in names and bool({"sis user id", "section"} & set(names))
    found: dict[str, list[int]] = {}
    for ours, theirs in COLUMNS.items():
        places = [names.index(name) for name in theirs.split(", ") if name in names]
        if canvas and ours == "id":  # there "ID" is Canvas's own number
            places = [i for i in places if names[i] != "id"] + [names.index("id")]
        if canvas and ours == "canvas":
            places = [names.index("id")]
        if places:
            found[ours] = places
    if "id" not in found and "moodle" in found:  # the worksheet, without id numbers
        found["id"] = found.get("email", []) + found["moodle"]
    elif "id" in found and "moodle" in found:
        found["id"] += found.get("email", [])
    return found


def _require(good: object, path: Path, key: str, expected: str, given: object) -> None:
    if not good:
        raise ValueError(f"{path}: {key}: expected {expected}, got {given!r}")
