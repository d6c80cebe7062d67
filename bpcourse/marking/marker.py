"""Marking one notebook: its cells run inside the sandbox, its answers are judged out here.

Whatever the notebook does, :meth:`Marker.mark` returns its records.
"""

import time
from dataclasses import dataclass

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
from bpcourse.marking.course import Course
from bpcourse.marking.judge import Answered
from bpcourse.marking.sandbox import MEMORY, Sandbox
from bpcourse.questions import bank
from bpcourse.questions.judging.fingerprint import FIRST, changed
from bpcourse.text import text

READING = 4.0  # seconds of processor time


@dataclass(frozen=True)
class Settings:
    """How to mark; seconds of processor time for one cell, for all cells, and for one question.

    ``patience`` is how many times as long each may take by the clock on the wall.
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


class Marker:
    """Marks notebooks, one after the other, in a sandbox of its own."""

    def __init__(self, settings, course=None):
        if settings.questions:
            bank.add(settings.questions)
        self.settings = settings
        self.course = course or Course.load()
        self._sandboxes: dict = {}  # by what they have loaded: a larger one forks more slowly

    def mark(self, submission, data):
        """The records of one notebook, its own first, then one for each question."""
        begin = time.perf_counter()
        own, records = self._mark(submission, data)
        student = self.student(submission)
        about = {"student": student.id, "name": student.name or submission.name}
        records = [about | record for record in records]
        questions, _ = bank.of_notebook(own["notebook"], set())
        total = {
            "points": sum(record["points"] for record in records),
            "of": sum(r["of"] for r in records) or sum(map(self.course.points, questions)),
        }
        seconds = round(time.perf_counter() - begin, 4)
        whole = about | {"question": None, "file": submission.file, "seconds": seconds}
        return [whole | own | total, *records]

    def student(self, submission):
        """Who it is from: of the roster, where that is certain."""
        return self.course.listed(submission.student)

    def _mark(self, submission, data):
        own = {"notebook": submission.notebook, "state": "not gradable", "cells": []}
        own |= {"version": __version__}
        if submission.problem:
            return own | {"message": submission.problem}, []
        if not submission.is_notebook:
            message = text("grade.no_notebook", file=submission.file)
            return own | {"state": "not a notebook", "message": message}, []
        cells, places, message = _read(data)
        if message:
            return own | {"state": "not a notebook", "message": message}, []
        own["notebook"] = submission.notebook or lesson_in(cells)
        asked, earlier = bank.of_notebook(own["notebook"], set(ids_in(cells)))
        questions = [one for one in asked if self.settings.only in ("", one.id)]
        if not questions:
            return own | {"message": text("grade.no_lesson")}, []
        run = Run(self, submission, cells, places)
        results = run.answers(questions)
        version = self._version(own["notebook"], earlier)
        for question in questions:
            if version and changed(question, version):
                message = text("grade.other_numbers", version=version)
                results[question.id] = Answered("open", message)
        records = [self._record(own["notebook"], question, results) for question in questions]
        own |= {"version": version or __version__}
        state = run.state(records)
        own["earlier"] = earlier
        if earlier:
            state["message"] = " ".join(filter(None, (state["message"], text("grade.earlier"))))
        work = {one.id: work_of(cells, one.answer) for one in questions}
        records = [record | {"work": work[record["question"]]} for record in records]
        late = {"late": True} if run.late else {}
        return own | state | late, [*records, *self._in_words(own["notebook"], data)]

    def _version(self, notebook, earlier):
        """The version that was handed out where it is not this one, as far as is known; else ""."""
        for assignment in self.course.assignments.values():
            if notebook in assignment.lessons and assignment.version:
                return assignment.version
        return FIRST if earlier else ""

    def _in_words(self, notebook, data):
        """The records of the answers in words, which a person reads."""
        about = {"notebook": notebook, "points": 0.0, "misconceptions": [], "message": ""}
        for question in in_words.questions(notebook):
            if self.settings.only in ("", question.id):
                work = in_words.answer(data, question)
                yield about | {
                    "question": question.id,
                    "state": "open" if work else "not answered",
                    "of": question.worth(self.course),
                    "seconds": 0.0,
                    "work": work,
                }

    def _record(self, notebook, question, results):
        """The record of one question from what came of it."""
        answered = results[question.id]
        of = self.course.points(question)
        record = {
            "notebook": notebook,
            "question": question.id,
            "state": answered.state,
            "points": round(answered.share * of, 6),
            "of": of,
            "misconceptions": list(answered.misconceptions),
            "message": answered.message,
            "seconds": round(answered.seconds, 4),
        }
        return record | ({"answer": answered.answer} if answered.state == "recorded" else {})

    def sandbox(self, libraries=()):
        """The running sandbox that has loaded ``libraries``, started where there is none."""
        if libraries not in self._sandboxes:
            settings = self.settings
            self._sandboxes[libraries] = Sandbox(settings.way, settings.memory, libraries)
        return self._sandboxes[libraries]

    def finished(self, libraries=()):
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

    def close(self):
        """End the sandboxes."""
        while self._sandboxes:
            self._sandboxes.popitem()[1].close()


def _read(data):
    """(cells, places of answers, "") of a notebook's bytes, or ([], {}, why it is none).

    In a fork, since there is text that takes very much memory to read.
    """

    def read(emit):
        try:
            emit((code_cells(data), places_of(data), ""))
        except NotANotebookError as error:
            emit(([], {}, str(error)))

    return next(iter(Apart(read, READING)), ([], {}, text("grade.not_notebook")))
