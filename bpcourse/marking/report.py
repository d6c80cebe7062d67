"""The report on a class: what it can do, what it misunderstood, and what to teach again."""

from collections.abc import Iterable

import numpy as np

from bpcourse.marking import statistics
from bpcourse.marking.course import Course
from bpcourse.marking.grades import Asked
from bpcourse.marking.pages import render
from bpcourse.marking.records import Record
from bpcourse.text import text

STATES = ("graded", "partly graded", "timeout", "crashed", "not a notebook", "not gradable")


def page(records: Iterable[Record], course: Course, asked: Asked | None = None) -> str:
    """The page as HTML, from all ``records``; nobody is named where ``course.anonymous``.

    ``asked`` is what was assigned, or guessed to be.
    """
    records = list(records)
    own = [record for record in records if record.question is None]
    shares = statistics.scores(records)
    maps = statistics.heat_maps(records)
    present = {record.student for record in own}
    absent = [one.name or id for id, one in course.students.items() if id not in present]
    return render(
        "report",
        title=course.name or text("report.title"),
        students=len(shares),
        absent=sorted(absent),
        unmatched=_unmatched(own, course),
        asked=asked,
        own=own,
        mean=np.mean(list(shares.values())) if shares else 0.0,
        median=np.median(list(shares.values())) if shares else 0.0,
        counts=statistics.distribution(shares.values()),
        commonest=statistics.commonest(records),
        maps=maps,
        most=max((max(row) for _, rows in maps.values() for row in rows.values()), default=0.0),
        nobody=statistics.separating_nobody(records),
        gains=[(*gain, _normalised(*gain[2:])) for gain in statistics.gains(records)],
        table=list(statistics.notebooks(records)),
        states=[state for state in STATES if any(record.state == state for record in own)],
        seconds=sum(record.seconds for record in own),
        look=_to_look_at(own),
        fewest=statistics.FEWEST,
        course=course,
    )


def _unmatched(own: Iterable[Record], course: Course) -> list[tuple[str, str, str]]:
    """[(key, name, files, why)] of those whom the roster does not have for certain."""
    found: dict[tuple[str, str], list[str]] = {}
    for record in own:
        if course.students and record.student not in course.students:
            key = record.student, record.who
            found.setdefault(key, []).append(record.file)
    return [(id, ", ".join(files), why) for (id, why), files in sorted(found.items())]


def _to_look_at(own: Iterable[Record]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """{(state, reason): {student: [file]}} of the notebooks that were not marked, or in part."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for record in own:
        if record.state != "graded":
            who = found.setdefault((record.state, record.message), {})
            who.setdefault(record.name or record.student, []).append(record.file)
    return found


def _normalised(before: float, after: float) -> float:
    """What was gained of what there was to gain, or lost of what there was to lose (negative)."""
    if after == before:
        return 0.0
    return (after - before) / (1 - before if after > before else before)
