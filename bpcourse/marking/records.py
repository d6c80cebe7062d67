"""A record: what came of one question of a notebook, or of the notebook itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

OF_QUESTION = ("misconceptions", "work", "answer")
OF_NOTEBOOK = ("file", "cells", "version", "earlier", "late", "time", "instead", "who", "moodle")


@dataclass(frozen=True)
class Stopped:
    """A cell of a notebook that did not come to its end, by its number, and why."""

    cell: int
    message: str


@dataclass(frozen=True)
class Record:
    """What came of a question; where ``question`` is None, of the whole notebook.

    Of the other fields those in OF_QUESTION belong to a question alone, and those in OF_NOTEBOOK to
    a notebook: most of these are how it was handed in, which is known only when it is kept.
    """

    student: str
    name: str
    notebook: str  # the stem of its exercises
    question: str | None
    state: str  # of a question as in judge.Answered, or "open"; of a notebook one of report.STATES
    points: float = 0.0
    of: float = 0.0
    message: str = ""
    seconds: float = 0.0
    misconceptions: tuple[str, ...] = ()
    work: str = ""  # the answer's code, or words
    answer: str | None = None  # the letter that was given to the concept inventory
    file: str = ""
    cells: tuple[Stopped, ...] = ()
    version: str = ""  # of the course, whose questions these are
    earlier: bool = False  # than ours
    late: bool = False
    time: float = 0.0
    instead: tuple[str, ...] = ()  # a sentence for each file that does not count
    who: str = ""  # how it is known whose it is
    moodle: str = ""  # the number that Moodle gave it
    override: str = ""  # why its points are not those of the marking
    busy: bool = False  # whether the clock on the wall stopped anything; this is never kept

    def as_json(self) -> dict[str, Any]:
        """Its fields, as they are kept in files."""
        foreign = ("busy", *(OF_NOTEBOOK if self.question else OF_QUESTION))
        shown = {name: value for name, value in asdict(self).items() if name not in foreign}
        if shown.get("answer", "") is None:
            del shown["answer"]
        return shown


def from_json(kept: Mapping[str, Any]) -> Record:
    """The record whose fields were kept in a file, by this version or an earlier one."""
    known = {field.name: kept[field.name] for field in fields(Record) if field.name in kept}
    for name in ("misconceptions", "instead"):
        known[name] = tuple(known.get(name, ()))
    known["cells"] = tuple(Stopped(one["cell"], one["message"]) for one in known.get("cells", ()))
    return Record(**known)
