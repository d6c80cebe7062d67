"""Marking one notebook: its cells run inside the sandbox, its answers are judged out here.

Whatever the notebook does, :meth:`Marker.mark` returns its records.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bpcourse import __version__
from bpcourse.marking import in_words
from bpcourse.marking.apart import Apart
from bpcourse.marking.attempts import Run
from bpcourse.marking.cells import (
    NotANotebookError,
    code_cells,
    ids_in,
    lesson_in,
    places_of,
    work_of,
)
from bpcourse.marking.course import Course, Student
from bpcourse.marking.judge import Answered
from bpcourse.marking.records import Record
from bpcourse.marking.sandbox import MEMORY, Sandbox
from bpcourse.marking.submissions import Submission
from bpcourse.questions import bank
from bpcourse.questions.judging.code import known, warm
from bpcourse.questions.judging.fingerprint import FIRST, changed
from bpcourse.questions.question import Question
from bpcourse.text import text

READING = 4.0  # seconds of processor time
Read = tuple[list[tuple[int, str]], dict[str, int], str]  # cells, places of answers, what is wrong


@dataclass(frozen=True)
class Settings:
    """How to mark; seconds of processor time for one cell, for all cells, and for one question.

    ``patience`` is how many times as long each may take by the clock on the wall, ``slack`` how
    many seconds of it more, in which what stops there has to be told here.
    """

    way: str = "bubblewrap"
    seed: int = 1
    warm: bool = True  # whether one server may serve many notebooks
    only: str = ""  # one question alone
    questions: str = ""  # the folder of private questions
    memory: int = MEMORY
    cell_seconds: float = 10.0
    seconds: float = 30.0
    question_seconds: float = 5.0
    patience: float = 10.0
    slack: float = 2.0


class Marker:
    """Marks notebooks, one after the other, in a sandbox of its own."""

    def __init__(self, settings: Settings, course: Course | None = None) -> None:
        if settings.questions:
            bank.add(settings.questions)
        self.settings = settings
        self.course = course or Course.load()
        self._sandboxes: dict[tuple[str, ...], Sandbox] = {}  # a larger one forks more slowly
        self.searched: set[str] = set()  # questions where naming a mistake took a long search

    def mark(self, submission: Submission, data: bytes) -> list[Record]:
        """The records of one notebook, its own first, then one for each question."""
        begin = time.perf_counter()
        student = self.student(submission)
        own = Record(
            student.id,
            student.name or submission.name,
            submission.notebook,
            question=None,
            state="not gradable",
            file=submission.file,
            version=__version__,
        )
        own, records = self._mark(own, submission, data)
        of = sum(record.of for record in records)
        if not of:
            of = sum(map(self.course.points, bank.of_notebook(own.notebook, set())[0]))
        points = sum(record.points for record in records)
        seconds = round(time.perf_counter() - begin, 4)
        return [replace(own, points=points, of=of, seconds=seconds), *records]

    def student(self, submission: Submission) -> Student:
        """Who it is from: of the roster, where that is certain."""
        return self.course.listed(submission.student)

    def _mark(
        self, own: Record, submission: Submission, data: bytes
    ) -> tuple[Record, list[Record]]:
        """The notebook's own record, from what is known so far, and those of its questions."""
        if submission.problem:
            return replace(own, message=submission.problem), []
        if not submission.is_notebook:
            message = text("grade.no_notebook", file=submission.file)
            return replace(own, state="not a notebook", message=message), []
        cells, places, message = _read(data)
        if message:
            return replace(own, state="not a notebook", message=message), []
        own = replace(own, notebook=own.notebook or lesson_in(cells))
        ids = set(ids_in(cells))
        asked, earlier = bank.of_notebook(own.notebook, ids)
        questions = [one for one in asked if self.settings.only in ("", one.id)]
        if not questions:
            return replace(own, message=text("grade.no_lesson")), []
        run = Run(self, submission, cells, places)
        results = run.answers(questions)
        version = self._version(own.notebook, earlier)
        for question in questions:
            if version and changed(question, version):
                message = text("grade.other_numbers", version=version)
                results[question.id] = Answered("open", message)
        state, message, stopped = run.outcome(results)
        told = [message, text("grade.earlier") if earlier else ""]
        if unknown := bank.not_here(own.notebook, ids):
            told.append(text("grade.not_here", version=__version__, ids=", ".join(unknown[:5])))
        message = " ".join(filter(None, told))
        about = replace(own, file="", version="")
        records = [
            self._record(about, question, results[question.id], work_of(cells, question.answer))
            for question in questions
        ]
        own = replace(own, state=state, message=message, cells=stopped, busy=run.late)
        own = replace(own, version=version or __version__, earlier=earlier)
        return own, [*records, *self._in_words(about, data)]

    def _version(self, notebook: str, earlier: bool) -> str:
        """The version that was handed out where it is not this one, as far as is known; else ""."""
        for assignment in self.course.assignments.values():
            if notebook in assignment.lessons and assignment.version:
                return assignment.version
        return FIRST if earlier else ""

    def _in_words(self, about: Record, data: bytes) -> Iterator[Record]:
        """The records of the answers in words, which a person reads."""
        for question in in_words.questions(about.notebook):
            if self.settings.only in ("", question.id):
                work = in_words.answer(data, question)
                yield replace(
                    about,
                    question=question.id,
                    state="open" if work else "not answered",
                    of=question.worth(self.course),
                    work=work,
                )

    def _record(self, about: Record, question: Question, answered: Answered, work: str) -> Record:
        """The record of one question from what came of it."""
        of = self.course.points(question)
        return replace(
            about,
            question=question.id,
            state=answered.state,
            points=round(answered.share * of, 6),
            of=of,
            misconceptions=answered.misconceptions,
            message=answered.message,
            seconds=round(answered.seconds, 4),
            answer=answered.answer if answered.state == "recorded" else None,
            work=work,
        )

    def sandbox(self, libraries: tuple[str, ...] = ()) -> Sandbox:
        """The running sandbox that has loaded ``libraries``, started where there is none."""
        if libraries not in self._sandboxes:
            settings = self.settings
            self._sandboxes[libraries] = Sandbox(settings.way, settings.memory, libraries)
        return self._sandboxes[libraries]

    def warm(self, questions: Sequence[Question]) -> None:
        """Keep here, for every fork to come, what is right, and what a search asked for in a fork.

        The latter is computed anew, of our own code alone, where such a question comes again.
        """
        for question in questions:
            with suppress(Exception):  # what fails here fails there too, and is told there
                if question.is_code:
                    known(question, self.settings.seed)
                    known(question, self.settings.seed, special=True)
                if question.id in self.searched:
                    self.searched.remove(question.id)
                    warm(question, self.settings.seed)

    def finished(self, libraries: tuple[str, ...] = ()) -> bool:
        """End what the last notebook left; start anew where a server serves but one.

        Whether the notebook had used all its processor time.
        """
        sandbox = self._sandboxes.get(libraries)
        if sandbox is None:  # it did not start
            return False
        spent = False
        try:
            spent = sandbox.finish()
        except OSError:
            self.close()
        else:
            if not (self.settings.warm and sandbox.alone):
                self.close()
        return spent

    def close(self) -> None:
        """End the sandboxes."""
        while self._sandboxes:
            self._sandboxes.popitem()[1].close()


def _read(data: bytes) -> Read:
    """(cells, places of answers, "") of a notebook's bytes, or ([], {}, why it is none).

    In a fork, since there is text that takes very much memory to read.
    """

    def read(emit: Callable[[Read], None]) -> None:
        try:
            emit((code_cells(data), places_of(data), ""))
        except NotANotebookError as error:
            emit(([], {}, str(error)))

    return next(iter(Apart(read, READING)), ([], {}, text("grade.not_notebook")))
