"""The commands ``bpcourse grade`` and ``bpcourse totals``: from notebooks to results, and weeks."""

import argparse
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from bpcourse.marking import plain
from bpcourse.marking.assignment import Assignment
from bpcourse.marking.batch import Batch
from bpcourse.marking.course import Course
from bpcourse.marking.grades import asked, who
from bpcourse.marking.marker import Settings
from bpcourse.marking.pages import assigned, lesson
from bpcourse.marking.records import Record
from bpcourse.marking.results import OVERRIDES, Results
from bpcourse.marking.sandbox import NoSandboxError, choose
from bpcourse.marking.submissions import Submission, find
from bpcourse.monitor import progress_bar
from bpcourse.questions import bank
from bpcourse.text import text

__all__ = ["NoSandboxError", "run"]
SEED = "seed"  # in the folder of results: of the inputs, the same for everybody and when resumed


def run(arguments: argparse.Namespace) -> None:
    """Do it, and print where the results are.

    OSError, ValueError and KeyError for what cannot be done; :class:`NoSandboxError` where code
    cannot be shut in.
    """
    if arguments.jobs < 1:
        raise ValueError(text("grade.bad_jobs", jobs=arguments.jobs))
    if arguments.questions:
        bank.add(arguments.questions)
    question = bank.find(arguments.only) if arguments.only else None  # or KeyError, before the work
    course = Course.load(arguments.course)
    assignment = _assignment(arguments.assignment, course)
    course = course.at(assignment)
    found = find(arguments.submissions, course.roster)
    out = Path(arguments.out) / (assignment.name if assignment else "")
    if out.resolve().is_relative_to(Path(arguments.submissions).resolve()):
        raise ValueError(text("grade.out_inside", out=arguments.out))
    chosen = [one for one in found if arguments.student is None or _is(one, arguments.student)]
    if not chosen:
        raise ValueError(text("grade.no_student", student=arguments.student))
    if question:  # those that have it, had it, or may have it
        notebooks = {bank.NOTEBOOKS.get(id.partition(".")[0], "") for id in question.ids}
        chosen = [one for one in chosen if one.notebook in ("", *notebooks)]
    marked, others = _of_assignment(chosen, assignment)
    if arguments.dry_run:
        _say(_plan(marked, others, course, assignment))
        if (out / OVERRIDES).exists():
            people = {one.student: one.name for one in found}
            _say(Results(out).overrides(course, people).stale)
        return
    way = choose(arguments.unsafe)
    if way == "none":
        print(text("grade.unsafe_warning"))
    results = Results(out)
    by_hand = results.overrides(course, {one.student: one.name for one in found})
    _say(by_hand.stale)  # what is wrong is told before the work, not after it
    _say(text("grade.not_marked", file=one.file, why=why) for one, why in others)
    results.settle(found, course)
    settings = Settings(
        way=way,
        seed=_seed(results.folder / SEED, arguments.seed),
        warm=not arguments.cold,
        only=question.id if question else "",
        questions=str(Path(arguments.questions).resolve()) if arguments.questions else "",
    )
    with _executor(arguments.scheduler) as executor, _progress(len(marked)) as done:
        batch = Batch(results, course, settings, arguments.resume, done)
        batch.grade(marked, jobs=arguments.jobs, executor=executor)
    results.write(course, assignment)
    _say(_summary(results, course, assignment))
    print(text("grade.ready", folder=results.folder))


def _assignment(name: str | None, course: Course) -> Assignment | None:
    """The assignment that is meant. ValueError where it is not said, and there is more than one."""
    if name is None and len(course.assignments) <= 1:
        return next(iter(course.assignments.values()), None)
    if not course.assignments:
        raise ValueError(text("grade.no_assignments"))
    if name is None or name not in course.assignments:
        names = ", ".join(course.assignments)
        raise ValueError(text("grade.which_assignment", names=names, given=name or "–"))
    return course.assignments[name]


def _is(one: Submission, student: str) -> bool:
    """Whether a submission is meant by what an instructor calls its student."""
    owner = one.owner
    names = [one.student, one.name]
    names += [owner.key, owner.number, owner.login] if owner else []
    if one.match and one.match.student:
        names += [one.match.student.name, one.match.student.email]
    return any(name and name.casefold() == student.casefold() for name in names)


Other = tuple[Submission, str]


def _of_assignment(
    found: Iterable[Submission], assignment: Assignment | None
) -> tuple[list[Submission], list[Other]]:
    """Those that are marked, and those that are not, with the reason."""
    marked, others = [], []
    for one in found:
        if assignment and one.notebook and one.notebook not in assignment.lessons:
            others.append((one, text("grade.not_assigned", assignment=assignment.name)))
        else:
            marked.append(one)
    return marked, others


def _plan(
    marked: Sequence[Submission],
    others: Sequence[Other],
    course: Course,
    assignment: Assignment | None,
) -> Iterable[str]:
    """What would be marked, of whom, and what would not."""
    records = [
        Record(
            one.student,
            one.name,
            one.notebook,
            question=None,
            state="",
            file=one.file,
            who=one.match.reason if one.match else "",
        )
        for one in marked
    ]
    what = asked(records, course, assignment)
    if what.guessed:
        yield assigned(what)
    yield text("grade.plan_head", count=len(marked))
    for one in marked:
        flag = text("grade.plan_late") if one.owner and one.owner.late else ""
        known = course.listed(one.student)
        which = lesson(one.notebook) if one.notebook else text("report.unknown")
        how = one.match.reason if one.match else ""
        name = known.name or one.name
        parts = (one.student, name, which, one.file, how, flag, one.fault())
        yield "  " + " | ".join(filter(None, parts))
        yield from ("      " + sentence for sentence in one.instead)
    for one, why in others:
        yield text("grade.not_marked", file=one.file, why=why)
    yield from _who(records, course)


def _summary(results: Results, course: Course, assignment: Assignment | None) -> Iterable[str]:
    records = list(results.records())
    what = asked(records, course, assignment)
    if what.guessed and (what.left_out or len(what.lessons) > 1):
        yield assigned(what)
    yield from _who(records, course)
    read = results.overrides(course)
    open_ = [r for r in records if r.state == "open" and not read.of(r.student, r.question or "")]
    if open_:
        yield text("byhand.waiting", count=len(open_), folder=results.folder)


def _who(records: Iterable[Record], course: Course) -> Iterable[str]:
    """Whose it is not certain, and who is absent."""
    rows = who(records, course)
    for row in rows:
        if row["state"] == text("grade.is_unmatched"):
            said = {"student": row["student"], "file": row["handed in"], "why": row["known"]}
            yield text("grade.unmatched", **said)
    absent = [
        row["name"] or row["student"] for row in rows if row["state"] == text("grade.is_absent")
    ]
    if absent:
        yield text("grade.absent", count=len(absent), names="; ".join(absent))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        start = len(line) - len(line.lstrip())
        print(" " * start + plain.line(line))


def _seed(path: Path, given: int | None) -> int:
    """The seed given, else that of the last time, else a new one that nobody knows beforehand."""
    if given is None and path.exists():
        return int(path.read_text())
    seed = secrets.randbelow(2**31) if given is None else given
    path.write_text(f"{seed}\n")
    return seed


def _executor(address: str | None) -> AbstractContextManager[Any]:
    if address is None:
        return nullcontext()
    from bpcourse.marking.cluster import executor

    return executor(address)


@contextmanager
def _progress(count: int) -> Iterator[Callable[[Submission], object]]:
    """A bar with an estimate, where tqdm is installed: what is called for each notebook."""
    bar = progress_bar(count, "notebook", smoothing=0.05)
    try:
        yield lambda submission: bar and bar.update()
    finally:
        if bar is not None:
            bar.close()
