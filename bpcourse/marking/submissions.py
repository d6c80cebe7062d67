"""Finding what was handed in, and whose it is: one notebook for each student and lesson.

Any layout of ``layouts`` is understood, as a folder or a zip.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from bpcourse import workspace
from bpcourse.marking.archives import MAYBE, NOTEBOOK, File, opened, readable, walk
from bpcourse.marking.cells import NotANotebookError, code_cells, lesson_in, lessons_in, trimmed
from bpcourse.marking.layouts import Owner, owners, stem_in
from bpcourse.marking.roster import Match, Roster
from bpcourse.text import text

COPY = re.compile(r"-(Copy\d*|new-\d+|old-\d+|checkpoint)(?=\.|$)")  # as the course names them
NUMBERED = re.compile(r" ?\(\d+\)$")  # what a browser adds to the name of a second download
OTHERS = ("lectures", "solutions", "release", "source")  # folders with notebooks of one name


@dataclass(frozen=True)
class Submission:
    """One file that was handed in, and counts.

    ``student`` is the roster's id where it is certain who it is from, else a key that the file's
    place gives, and that nobody of the roster has; ``name`` is as the place says it. ``notebook``
    is the stem of the exercises, "" where neither name nor content tells; ``source`` the folder or
    zip, and the names by which it is opened there; ``problem`` why it cannot be read, or "".
    ``match`` says how it was found whose it is, None without a roster; ``instead`` has a sentence
    for each file that does not count.
    """

    student: str
    name: str
    notebook: str
    file: str
    source: tuple[str | Path, str | tuple[str, ...]]
    problem: str = ""
    owner: Owner | None = None
    match: Match | None = None
    time: float = 0.0
    instead: tuple[str, ...] = ()

    def read(self) -> bytes:
        """Its bytes without outputs; OSError where they cannot be had."""
        root, names = self.source
        with opened(Path(root), (names,) if isinstance(names, str) else names) as stream:
            return trimmed(stream)

    def fault(self) -> str:
        """Why it cannot be read, or is no notebook though it should be one; else ""."""
        if self.problem or not self.is_notebook:
            return self.problem
        try:
            code_cells(self.read())
        except (OSError, NotANotebookError) as error:
            return str(error)
        return ""

    @property
    def is_notebook(self) -> bool:
        """Whether it is to be marked, or refused, as a notebook; else it is some other file."""
        return bool(NOTEBOOK.search(self.file)) or bool(self.notebook)


def find(path: str | Path, roster: Roster | None = None) -> list[Submission]:
    """Every :class:`Submission` in a folder or zip, by student; at least one for every student.

    FileNotFoundError where there is no such path; ValueError where it is neither, is empty, or its
    layout is none that is known: it says what was found and what to do.
    """
    path, roster = Path(path), roster or Roster()
    files = {file.place: file for file in walk(path)}
    around = NUMBERED.sub("", path.stem)
    places = {place: file.problem for place, file in files.items()}
    whose = owners(places, lambda one: roster.match(one).student is not None, around)
    if not whose:
        raise ValueError(text("grade.empty", path=path))
    matches = _matches(set(whose.values()), roster)
    by_student = defaultdict(list)
    for place, one in whose.items():
        match = matches[one]
        student = match.student.id if match.student else _key(one, roster)
        found = _looked_at(path, files[place], stem_in(place.name))
        told = match if roster.students else None
        found = replace(found, student=student, name=one.name, owner=one, match=told)
        by_student[student].append(found)
    return [one for student in sorted(by_student) for one in _counting(by_student[student])]


def _matches(found: set[Owner], roster: Roster) -> dict[Owner, Match]:
    """Who each is. Where two are somebody's by the name alone, at least one is somebody else's."""
    matches = {one: roster.match(one) for one in found}
    by_name = defaultdict(set)
    for one, match in matches.items():
        if match.student:
            by_name[match.student.id].add((one.platform, one.key))
    for one, match in matches.items():
        if match.student and match.how == "name" and len(by_name[match.student.id]) > 1:
            matches[one] = Match(None, "twice", (match.student,))
    return matches


def _key(one: Owner, roster: Roster) -> str:
    """What a student is called whom the roster does not have: nothing that it has."""
    if not roster.students:
        return one.key
    key = f"{one.name} ({one.key})" if one.name else one.key
    return f"{key} (?)" if key in roster.students else key


def _looked_at(root: Path, file: File, named: str) -> Submission:
    """The submission of a file; what it says decides which exercises it is, where it says so."""
    shown = readable(str(file.place))
    one = Submission("", "", named, shown, (root, file.chain), file.problem, time=file.time)
    if not MAYBE.search(file.place.name):
        return replace(one, notebook="")
    if file.problem:
        return one
    cells = _cells(one)
    if cells is None:  # of a text file that is none, nothing is said
        return one if NOTEBOOK.search(shown) else replace(one, notebook="")
    return one if named in lessons_in(cells) else replace(one, notebook=lesson_in(cells) or named)


def _counting(handed_in: list[Submission]) -> list[Submission]:
    """A student's notebooks, one for each lesson; without any, one other file."""
    by_lesson = defaultdict(list)
    others = []
    for one in handed_in:
        if not one.is_notebook:
            others.append(one)
        else:
            by_lesson[one.notebook or one.file].append(one)
    found = [_chosen(ones) for ones in by_lesson.values()]
    broken = [one for one in others if one.problem]
    if not found:
        return (broken or others)[:1]
    found.sort(key=lambda one: one.file)
    told = (text("grade.also_broken", file=one.file, reason=one.problem) for one in broken)
    found[0] = replace(found[0], instead=(*found[0].instead, *told))
    return found


def _chosen(ones: list[Submission]) -> Submission:
    """Of a student's notebooks for one lesson, the one that counts; it says why no other does."""
    if len(ones) == 1:
        return ones[0]
    ranks = {one.file: _rank(one) for one in ones}
    best = max(ones, key=lambda one: ranks[one.file])
    instead = []
    for one in ones:
        if one is not best:
            pairs = zip(RANKS, ranks[best.file], ranks[one.file], strict=True)
            why = next(name for name, ours, theirs in pairs if ours != theirs)
            reason = text(f"grade.instead_{why}")
            instead.append(text("grade.instead", file=one.file, best=best.file, reason=reason))
    return replace(best, instead=tuple(instead))


DIGITS = re.compile(r"(\d+)")
RANKS = ("unreadable", "elsewhere", "untouched", "copy", "earlier", "same_time")


def _rank(one: Submission) -> tuple[bool, bool, bool, bool, float, list[tuple[int, str]]]:
    place = PurePosixPath(one.file)
    cells = None if one.problem else _cells(one)
    return (
        cells is not None,
        not set(OTHERS) & set(place.parts[:-1]),
        cells is not None and [source for _, source in cells] != _handed_out(one.notebook),
        not COPY.search(place.name),
        one.time,
        [(int(part), "") if part.isdecimal() else (-1, part) for part in DIGITS.split(one.file)],
    )


def _cells(one: Submission) -> list[tuple[int, str]] | None:
    try:
        return code_cells(one.read())
    except (OSError, NotANotebookError):
        return None


@cache
def _handed_out(stem: str) -> list[str]:
    """The code of the exercises as they are handed out."""
    path = workspace.source("exercises") / f"{stem}.ipynb"
    return [source for _, source in code_cells(path.read_bytes())] if path.is_file() else []
