"""One notebook in the sandbox, in as many attempts as it takes.

A cell that ends the process, or never ends itself, is left out, and the rest is run again without
it; a question that does so costs itself alone.
"""

import json
import re
import socket
import time

from bpcourse.marking.inside import frames
from bpcourse.marking.remote import SLACK, Line, LostError, Remote
from bpcourse.questions.allowed import ALLOWED
from bpcourse.questions.bank import find
from bpcourse.questions.checking import NOT_KNOWN, judge, told
from bpcourse.questions.judging.code import judge_code
from bpcourse.questions.judging.posed import SEEDS, Answer, labelled_seed, pose
from bpcourse.text import text

LOADED = {  # worth loading once for many notebooks, and how a notebook shows that it needs it
    "matplotlib.pyplot": re.compile(r"\bmatplotlib\b"),
    "IPython.core.inputtransformer2": re.compile(r"^[ \t]*[%!]|[?][ \t]*$", re.MULTILINE),
}
ATTEMPTS = 6  # at a notebook, each without what ended the one before
PATIENCE = 4  # times the seconds for all cells: then no attempt is begun any more
MOST_TEXT = 4000  # characters of a message


class Run:
    """The run of one notebook for a ``marker``, which has the sandbox and the settings."""

    def __init__(self, marker, submission, cells):
        self.marker, self.cells = marker, cells
        self.settings = marker.settings
        sources = "".join(source for _, source in cells)
        wanted = (name for name, sign in LOADED.items() if sign.search(sources))
        self.libraries = tuple(wanted) if self.settings.warm else ()
        self.first_seed = marker.student(submission).seed
        self.stopped: dict[int, str] = {}  # what stopped which cell
        self.left_out: dict[int, str] = {}  # cells that ended an attempt: "timeout" or "crashed"
        self.ready = False

    def answers(self, questions):
        """{question id: (state, message, misconceptions, seconds, answer)}."""
        results: dict = {}
        until = time.monotonic() + PATIENCE * self.settings.seconds
        for _ in range(ATTEMPTS):
            left = [question for question in questions if question.id not in results]
            if not left or time.monotonic() > until:
                break
            self._attempt(left, results)
        for question in questions:
            if question.id not in results:
                state = next(iter(self.left_out.values()), "crashed")
                results[question.id] = (state, text(f"grade.{state}"), (), 0.0, None)
        return results

    def state(self, records):
        """What the notebook's own record says of it."""
        kinds = {record["state"] for record in records} & {"timeout", "crashed"}
        if not self.ready:
            state = next(iter(self.left_out.values()), "crashed")
            message = text(f"grade.notebook_{state}")
        elif kinds or self.left_out:
            state, message = "partly graded", text("grade.partly")
        else:
            state, message = "graded", ""
        unanswered = {find(r["question"]).answer for r in records if r["state"] == "not answered"}
        stopped = [
            {"cell": number, "message": message}
            for number, message in sorted(self.stopped.items())
            if not _follows(message, unanswered)
        ]
        return {"state": state, "message": message, "cells": stopped}

    def _attempt(self, questions, results):
        settings = self.settings
        job = None
        try:
            job = self.marker.sandbox(self.libraries).job(
                {
                    "seconds": settings.seconds + settings.question_seconds * len(questions),
                    "cell_seconds": settings.cell_seconds,
                    "allowed": ALLOWED,
                }
            )
            if self._run_cells(job):
                self.ready = True
                self._ask_all(job, questions, results)
        except OSError as error:
            self.stopped[0] = str(error)
        finally:
            if job is not None:
                job.close()
            self.marker.finished(self.libraries)

    def _run_cells(self, job):
        """Run the cells; False where one of them has to be left out the next time."""
        until = time.monotonic() + self.settings.seconds
        cells = [[number, source] for number, source in self.cells if number not in self.left_out]
        numbers = [number for number, _ in cells]
        running = numbers[0] if numbers else 0
        try:
            job.settimeout(self.settings.seconds)
            frames.send(job, {"cells": cells})
            while True:
                event = frames.receive(job, until=until)
                if "ready" in event:
                    return True
                cell = event.get("cell")
                if type(cell) is int and cell in numbers:
                    running = cell
                elif "stopped" in event:
                    self.stopped[running] = str(event.get("message"))[:500]
        except (OSError, EOFError, frames.FrameError) as error:
            how = "timeout" if isinstance(error, TimeoutError) else "crashed"
            self.left_out[running] = how
            self.stopped[running] = text(f"grade.cell_{how}")
            return False

    def _ask_all(self, job, questions, results):
        """Ask each question that runs code in a fork of its own; the values of all others in one.

        Where that one is lost, each of its questions is asked again alone.
        """
        values = [question for question in questions if not question.is_code]
        groups = [[question] for question in questions if question.is_code]
        groups[:0] = [values] if values else []
        while groups:
            group = groups.pop(0)
            there = self._ask(job, group, results)
            if not there:
                break
            groups[:0] = [[question] for question in group if question.id not in results]

    def _ask(self, job, questions, results):
        """Put what comes of the questions into ``results``; whether the notebook is still there."""
        seconds = self.settings.question_seconds
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                names = [question.answer for question in questions]
                request = json.dumps({"names": names, "seconds": seconds})
                socket.send_fds(job, [request.encode()], [theirs.fileno()])
            line = Line(ours, seconds)
            lost = None
            for question in questions:
                begin = time.perf_counter()
                try:
                    result = self._judge(question, line)
                except LostError:
                    lost = question
                    break
                except Exception:  # data that no honest answer gives
                    result = ("failed", text("grade.unreadable"), (), None)
                state, message, misconceptions, answer = result
                taken = time.perf_counter() - begin
                results[question.id] = (state, message[:MOST_TEXT], misconceptions, taken, answer)
        ended = self._ended(job, seconds + 2 * SLACK)
        if lost and (len(questions) == 1 or ended is None):
            state = "timeout" if ended == "late" else "crashed"
            taken = time.perf_counter() - begin
            results[lost.id] = (state, text(f"grade.{state}"), (), taken, None)
        return ended is not None

    def _ended(self, job, seconds):
        """How the notebook's process says that the question ended; None where it is gone."""
        try:
            return str(frames.receive(job, until=time.monotonic() + seconds).get("ended"))
        except (OSError, EOFError, frames.FrameError):
            return None

    def _judge(self, question, line):
        found, sort, value, seed = line.found()
        if not found or value is None or value is ...:
            return "not answered", text("grade.not_answered", answer=question.answer), (), None
        if question.is_code:
            return self._judge_code(question, sort, value)
        if question.recorded:
            return _recorded(question, value)
        labelled = labelled_seed(question, value)  # letters carry their seed
        seed = seed if labelled is None else labelled
        if type(seed) is not int or not 0 <= seed - self.first_seed < SEEDS:
            return "wrong", text("grade.foreign_seed", seed=str(seed)[:20]), (), None
        result = judge(question, Answer(value, seed), again=False)
        return result.status, result.message, result.misconceptions, None

    def _judge_code(self, question, sort, value):
        kind = "class" if question.kind == "class" else "function"
        if sort != kind or not isinstance(value, Remote):
            return "failed", text("check.kind", expected=kind, given=sort[:20]), (), None
        verdict = judge_code(question, value, self.settings.seed, seconds=0)
        result = told(question, verdict)
        state = "timeout" if verdict.stopped else result.status
        if verdict.given is not None and isinstance(verdict.given.error, NotImplementedError):
            state = "not answered"
        return state, result.message, result.misconceptions, None


def _follows(message, unanswered):
    """Whether a cell stopped only because an exercise is still open."""
    missing = {f"NameError: name '{name}' is not defined" for name in unanswered}
    return message.startswith("NotImplementedError") or message in missing


def _recorded(question, value):
    """An answer to the concept inventory: written down, neither right nor wrong."""
    letters = pose(question).labels
    letter = value.strip().upper() if isinstance(value, str) else ""
    if letter not in (*letters, NOT_KNOWN):
        known = ", ".join(letters)
        return "failed", text("check.letter", letters=known, given=str(value)[:40]), (), None
    return "recorded", "", (), letter
