"""From records to marks: what is assigned, how much each has of it, and who is who.

The most that can be had is the assignment's, for everybody, whatever was handed in.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpcourse.marking import in_words
from bpcourse.marking.assignment import Assignment, Lateness
from bpcourse.marking.course import Course
from bpcourse.marking.overrides import Overrides, most
from bpcourse.marking.records import Record
from bpcourse.questions.bank import of_notebook
from bpcourse.text import text

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is marked together. ``guessed``: the course file does not say, so the class's work does.

    ``left_out`` are the lessons that some handed in, and that do not count.
    """

    lessons: tuple[str, ...]
    questions: tuple[str, ...]  # their ids
    of: Mapping[str, float]  # {lesson: its points}
    guessed: bool = False
    left_out: tuple[str, ...] = ()


def asked(records: Iterable[Record], course: Course, assignment: Assignment | None) -> Asked:
    """The lessons of the assignment; without one, those that more than half of the class did.

    Where the class agrees on none, all that anybody did.
    """
    done: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.question is None and record.notebook:
            done[record.notebook].add(record.student)
    everybody = set().union(*done.values())
    if assignment is not None:
        lessons = assignment.lessons
    else:
        usual = [stem for stem, who in sorted(done.items()) if 2 * len(who) > len(everybody)]
        lessons = tuple(usual or sorted(done))
    return Asked(
        lessons,
        tuple(id for stem in lessons for id in _ids(stem)),
        {stem: in_words.worth(stem, course) for stem in lessons},
        guessed=assignment is None,
        left_out=tuple(stem for stem in sorted(done) if stem not in lessons),
    )


def grades(
    records: Iterable[Record],
    course: Course,
    assignment: Assignment | None = None,
    by_hand: Overrides | None = None,
) -> list[Row]:
    """The rows of ``grades.csv``, as dicts of one set of keys: one row a student, by id."""
    records, by_hand = list(records), by_hand or Overrides()
    what = asked(records, course, assignment)
    own: dict[str, list[Record]] = {id: [] for id in course.students}
    own |= {id: [] for id in by_hand.students() - set(own)}
    for record in records:
        own.setdefault(record.student, []).append(record)
    return [_row(id, own[id], course, assignment, by_hand, what) for id in sorted(own)]


def lateness(id: str, own: Iterable[Record], assignment: Assignment | None) -> Lateness:
    """How late a student's work for the assignment is."""
    whole = [one for one in own if one.question is None]
    flagged = any(one.late for one in whole)
    times = [one.time for one in whole if one.time]
    if not whole:
        return Lateness()
    if assignment is None:
        return Lateness(0.0, text("grade.late_flag") if flagged else "")
    return assignment.lateness(id, flagged=flagged, times=times)


def _row(
    id: str,
    own: Sequence[Record],
    course: Course,
    assignment: Assignment | None,
    by_hand: Overrides,
    what: Asked,
) -> Row:
    student = course.listed(id)
    name = student.name or next((one.name for one in own), "")
    late = lateness(id, own, assignment)
    kept = assignment.late.keeps(late.days) if assignment else 1.0
    blank = "" if course.missing == "blank" else 0.0
    row: Row = {"student": id, "name": name, "email": student.email, "total": 0.0, "of": 0.0}
    row |= {"days late": round(late.days, 2) if late.days else "", "look at": ""}
    points: dict[str, float | str] = {}
    for stem in what.lessons:
        points[stem] = _lesson(id, stem, own, by_hand, what.of[stem], blank)
        row[stem] = points[stem]
    marked = {one.question: one for one in own if one.question}
    for question in what.questions:
        mark, record = by_hand.of(id, question), marked.get(question)
        by_machine = record.points if record else ""
        row[question] = mark.points if mark and mark.points is not None else by_machine
        if mark and mark.excused:
            row[question] = EXEMPT
    counted = {stem: value for stem, value in points.items() if value != EXEMPT}
    total = sum(value for value in counted.values() if isinstance(value, float)) * kept
    of = sum(_of(id, stem, by_hand, what, course) for stem in counted)
    full = sum(what.of.values())
    scale = assignment.points / full if assignment and assignment.points and full else 1.0
    total, of, whole = total * scale, of * scale, by_hand.of(id)
    if whole and whole.points is not None:  # of the assignment's points, as feedback shows them
        total = whole.points
    if whole and whole.added is not None:
        total = max(0.0, total + whole.added)
    row |= {"total": round(total, 6), "of": round(of, 6)}
    if blank == "" and not own and id not in by_hand.students():
        row["total"] = ""
    if (whole and whole.excused) or (what.lessons and not counted):
        row |= {"total": EXEMPT, "of": 0.0}
    notebooks = [one for one in own if one.question is None]
    states = [one.state for one in notebooks if one.state != "graded"]
    states += [one.message for one in notebooks if one.state == "graded" and one.message]
    certain = not course.students or id in course.students
    odd = [*dict.fromkeys(states), late.said, "" if certain else text("grade.not_certain")]
    row["look at"] = "; ".join(filter(None, odd))
    row["identifier"] = f"Participant {student.moodle}" if student.moodle else id
    row |= {"login": student.login, "moodle": student.moodle, "canvas": student.canvas}
    return row


EXEMPT = "EX"  # as Canvas reads it


def _lesson(
    id: str, stem: str, own: Sequence[Record], by_hand: Overrides, of: float, blank: float | str
) -> float | str:
    """A student's points for a lesson; EXEMPT, or nothing where nothing was handed in."""
    mark = by_hand.of(id, stem)
    if mark and mark.excused:
        return EXEMPT
    if mark and mark.points is not None:
        return mark.points
    here = [one for one in own if one.notebook == stem]
    ids = {one.question: one for one in here if one.question}
    given = {
        what: one.points
        for (student, what), one in by_hand.marks.items()
        if student == id and one.points is not None and what in _ids(stem)
    }
    if not here and not given and not (mark and mark.added is not None):
        return blank
    excused = {what for what in _ids(stem) if (one := by_hand.of(id, what)) and one.excused}
    sums: dict[str, float] = {what: float(one.points) for what, one in ids.items()} | given
    total = float(sum(value for what, value in sums.items() if what not in excused))
    if not ids and not given:  # its questions could not be marked, or are not kept
        total = float(sum(one.points for one in here))
    whole = next((one for one in here if one.question is None), None)
    if whole and whole.earlier and whole.of:  # of a version with other questions
        total *= of / whole.of
    return max(0.0, total + (mark.added if mark and mark.added is not None else 0.0))


def _of(id: str, stem: str, by_hand: Overrides, what: Asked, course: Course) -> float:
    """The most of a lesson, without the questions that a student is excused from."""
    excused = [one for one in _ids(stem) if (mark := by_hand.of(id, one)) and mark.excused]
    return what.of[stem] - sum(most(one, course) for one in excused)


def _ids(stem: str) -> list[str]:
    judged = [question.id for question in of_notebook(stem, set())[0]]
    return judged + [one.id for one in in_words.questions(stem)]


def who(records: Iterable[Record], course: Course) -> list[Row]:
    """Who handed in what, how that is known, who is absent, and who is nobody of the roster."""
    rows, present = [], Counter[str]()
    for record in records:
        if record.question is not None:
            continue
        id = record.student
        present[id] += 1
        certain = not course.students or id in course.students
        state = "here" if certain else "unmatched"
        row = {"student": id, "name": record.name, "state": text(f"grade.is_{state}")}
        row |= {"handed in": record.file, "known": record.who}
        row["counts not"] = " ".join(record.instead)
        rows.append(row)
    for id, one in course.students.items():
        if not present[id]:
            row = {"student": id, "name": one.name, "state": text("grade.is_absent")}
            rows.append(row | {"handed in": "", "known": "", "counts not": ""})
    order = {
        text(f"grade.is_{state}"): i for i, state in enumerate(("unmatched", "absent", "here"))
    }
    return sorted(rows, key=lambda row: (order[row["state"]], row["student"], row["handed in"]))
