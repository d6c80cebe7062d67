"""One notebook in the sandbox, in as many attempts as it takes.

A cell that ends the process, or never ends itself, is left out, and the rest is run again without
it; a question that does so costs itself alone. An answer is judged as its own cell left it and,
where it was not right, as the notebook's end left it: the better counts.
"""

import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bpcourse.marking.apart import Apart
from bpcourse.marking.cells import Cells, Places, follows, given_in, needs_data, place_of
from bpcourse.marking.inside import answers, frames
from bpcourse.marking.judge import CONTROL, Answered, Judge, Limits, better
from bpcourse.marking.records import Stopped
from bpcourse.questions.allowed import ALLOWED
from bpcourse.questions.bank import find
from bpcourse.questions.judging.code import may_be_warmed
from bpcourse.questions.question import Question
from bpcourse.text import text

if TYPE_CHECKING:
    from bpcourse.marking.marker import Marker
    from bpcourse.marking.submissions import Submission

Event = tuple[str, object, object]  # of Progress: a field, a key if it is a dict, a value

LOADED = {  # worth loading once for many notebooks, and how a notebook shows that it needs it
    "matplotlib.pyplot": re.compile(r"\bmatplotlib\b"),
    "IPython.core.inputtransformer2": re.compile(r"^[ \t]*[%!]|[?][ \t]*$", re.MULTILINE),
}
ATTEMPTS = 6  # at a notebook, each without what ended the one before
JUDGING = 16.0  # seconds of processor time for all that is done with one notebook out here


@dataclass
class Progress:
    """What is known of a notebook so far; every attempt adds to it."""

    stopped: dict[int, str] = field(default_factory=dict)  # what stopped which cell
    left_out: dict[int, str] = field(default_factory=dict)  # cells that ended an attempt, and how
    early: dict[str, Answered] = field(default_factory=dict)  # as an answer's own cell left it
    results: dict[str, Answered] = field(default_factory=dict)  # for good
    running: int = 0  # the cell that runs
    asking: str = ""  # the question that is being judged
    ended: str = ""  # how a cell ended the attempt: "timeout" or "crashed"
    ready: bool = False  # whether all cells have been run
    late: bool = False  # whether the clock on the wall has stopped anything
    searched: dict[str, bool] = field(default_factory=dict)  # questions, for slips of the pen

    def add(self, name: str, key: object, value: object) -> None:
        """Take what an attempt has emitted."""
        known = getattr(self, name)
        if isinstance(known, dict):
            known[key] = value
        else:
            setattr(self, name, value or (known and name == "late"))


class Run:
    """The run of one notebook for a ``marker``, which has the sandbox and the settings."""

    def __init__(
        self, marker: "Marker", submission: "Submission", cells: Cells, places: Places
    ) -> None:
        self.marker, self.cells, self.places = marker, cells, places
        self.settings = marker.settings
        sources = "".join(source for _, source in cells)
        wanted = (name for name, sign in LOADED.items() if sign.search(sources))
        self.libraries = tuple(wanted) if self.settings.warm else ()
        self.first_seed = marker.student(submission).seed
        self.progress = Progress()
        self.spent = 0.0  # seconds of processor time out here

    def answers(self, questions: Sequence[Question]) -> dict[str, Answered]:
        """{question id: :class:`Answered`}."""
        progress, settings = self.progress, self.settings
        until = time.monotonic() + settings.patience * settings.seconds
        for _ in range(ATTEMPTS):
            left = [question for question in questions if question.id not in progress.results]
            if not left or time.monotonic() > until or self.spent > JUDGING:
                break
            self._attempt(left, until)
        lost = Answered(self._how(), text(f"grade.{self._how()}"))
        found = progress.early | progress.results
        return {question.id: found.get(question.id, lost) for question in questions}

    @property
    def late(self) -> bool:
        """Whether the clock on the wall has stopped anything, which a busy machine may do."""
        return self.progress.late or any(one.late for one in self.progress.results.values())

    def _how(self) -> str:
        otherwise = "timeout" if self.progress.late else "crashed"
        return next(iter(self.progress.left_out.values()), otherwise)

    def outcome(self, results: Mapping[str, Answered]) -> tuple[str, str, tuple[Stopped, ...]]:
        """What the notebook's own record says of it: (state, message, cells that stopped)."""
        progress = self.progress
        kinds = {answered.state for answered in results.values()} & {"timeout", "crashed"}
        if not progress.ready:
            state = self._how()
            message = text(f"grade.notebook_{state}")
        elif kinds or progress.left_out:
            state, message = "partly graded", text("grade.partly")
        else:
            state, message = "graded", ""
        open = [find(id) for id, one in results.items() if one.state == "not answered"]
        wanted = {place_of(question, self.cells, self.places) for question in open}
        without_data = {
            number: source
            for number, source in self.cells
            if number not in wanted and needs_data(progress.stopped.get(number, ""))
        }
        missing = {question.answer for question in open}
        missing |= {name for source in without_data.values() for name in given_in(source)}
        stopped = tuple(
            Stopped(number, message)
            for number, message in sorted(progress.stopped.items())
            if number not in without_data and not follows(message, missing)
        )
        return state, message, stopped

    def _attempt(self, questions: Sequence[Question], until: float) -> None:
        """Run the cells and ask, in a fork that tells us how far it has come."""
        settings, progress = self.settings, self.progress
        job, spent = None, False
        progress.ended = ""
        self.marker.warm(questions)
        try:
            job = self.marker.sandbox(self.libraries).job(
                {
                    "seconds": settings.seconds,
                    "patience": settings.patience,
                    "cell_seconds": settings.cell_seconds,
                    "allowed": ALLOWED,
                    "may_use": text("grade.may_use", names=", ".join(ALLOWED)),
                }
            )
            apart: Apart[Event] = Apart(
                Attempt(self, job, questions, until).run, JUDGING - self.spent
            )
            for event in apart:
                progress.add(*event)
            self.spent += apart.seconds
            if apart.died and progress.asking:  # what it gives back cannot be judged
                unreadable = Answered("failed", text("grade.unreadable"))
                progress.results[progress.asking] = unreadable
        except OSError as error:
            progress.stopped[0] = str(error)
        finally:
            if job is not None:
                job.close()
            spent = self.marker.finished(self.libraries)
            self.marker.searched |= progress.searched.keys()
        if progress.ended:
            how = "timeout" if spent else progress.ended  # spent: it heard nothing of its end
            progress.left_out[progress.running] = how
            progress.stopped[progress.running] = text(f"grade.cell_{how}")


class Attempt:
    """One attempt, in a fork: what it finds out is emitted as it comes."""

    def __init__(
        self, run: Run, job: socket.socket, questions: Sequence[Question], until: float
    ) -> None:
        self._run, self._job, self._until, self._questions = run, job, until, questions
        settings = run.settings
        limits = Limits(settings.question_seconds, settings.patience, settings.slack)
        self._judge = Judge(job, limits, settings.seed, run.first_seed, run.marker.course)
        self._early, self._done = dict(run.progress.early), set(run.progress.results)

    def run(self, emit: Callable[[Event], None]) -> None:
        """Run the cells, asking each question after its own; then ask again what is not right."""
        self._send = emit
        left_out = self._run.progress.left_out
        cells = [(number, source) for number, source in self._run.cells if number not in left_out]
        own = self._own(cells)
        asked: dict[str, int] = {}  # after which cell
        for number, source in cells:
            if not self._cell(number, source):
                return
            for question in own.get(number, ()):
                if question.id not in self._early and not self._ask([question], self._after_cell):
                    return
                asked[question.id] = number
        if not self._tell({"last": True}, "ready", True):
            return
        self._emit("ready", None, True)
        for question in self._questions:  # whose cell is the last: that is the end
            if cells and asked.get(question.id) == cells[-1][0] and question.id in self._early:
                self._at_the_end(question, self._early[question.id])
        self._ask_all([one for one in self._questions if one.id not in self._done])

    def _emit(self, name: str, key: object, value: object) -> None:
        self._send((name, key, value))

    def _own(self, cells: Cells) -> dict[int, list[Question]]:
        """{number of a cell: the questions whose answers it gives}."""
        own: dict[int, list[Question]] = {}
        for question in self._questions:
            if place := place_of(question, cells, self._run.places):
                own.setdefault(place, []).append(question)
        return own

    def _cell(self, number: int, source: str) -> bool:
        """Run one cell; False where it has to be left out the next time."""
        self._emit("running", None, number)
        said = self._tell({"cell": number, "source": source}, "ran", number)
        if said and said.get("stopped"):
            message = str(said["stopped"])[:500]
            if message.startswith("OutOfTimeError"):
                self._emit("late", None, answers.ON_THE_WALL in message)
                message = text("grade.cell_timeout")
            self._emit("stopped", number, message)
        return said is not None

    def _tell(self, message: dict[str, object], name: str, value: object) -> dict[str, Any] | None:
        """Send it, and give the reply, which says ``name``; None where none comes.

        Then the cell that runs is left out the next time.
        """
        settings = self._run.settings
        longest = time.monotonic() + settings.patience * settings.cell_seconds + 2 * settings.slack
        until = min(self._until, longest)
        try:
            self._job.settimeout(settings.slack)
            frames.send(self._job, message)
            for _ in range(1000):  # a notebook may have put in others
                said = frames.receive(self._job, until=until, most=CONTROL)
                if said.get(name) == value:
                    return said
            how = "crashed"
        except TimeoutError:
            how = "timeout"
            self._emit("late", None, True)
        except (OSError, EOFError, frames.FrameError):
            how = "crashed"
        self._emit("ended", None, how)
        return None

    def _ask_all(self, questions: Sequence[Question]) -> None:
        """Ask each question that runs code in a fork of its own; the values of all others in one.

        Where that one is lost, each of its questions is asked again alone.
        """
        values = [question for question in questions if not question.is_code]
        groups = [[question] for question in questions if question.is_code]
        groups[:0] = [values] if values else []
        while groups:
            group = groups.pop(0)
            if not self._ask(group, self._at_the_end):
                break
            groups[:0] = [[one] for one in group if one.id not in self._done and len(group) > 1]

    def _ask(
        self, questions: Sequence[Question], keep: Callable[[Question, Answered], None]
    ) -> bool:
        """Ask them, and ``keep`` what comes; whether the notebook is still there."""
        if time.monotonic() > self._until:  # the whole notebook has had its time
            self._emit("late", None, True)
            return False
        self._emit("asking", None, questions[0].id)
        there, found = self._judge.ask(questions)
        for question in questions:
            if question.id in found:
                keep(question, found[question.id])
            if question.is_code and may_be_warmed(question, self._run.settings.seed):
                self._emit("searched", question.id, True)
        self._emit("asking", None, "")
        return there

    def _after_cell(self, question: Question, answered: Answered) -> None:
        """Its own cell has just been run. What is right, or was stopped, is so for good."""
        self._early[question.id] = answered
        self._emit("early", question.id, answered)
        if answered.state in ("timeout", "crashed"):
            self._at_the_end(question, answered)

    def _at_the_end(self, question: Question, answered: Answered) -> None:
        early = self._early.get(question.id, answered)
        answered = better(early, answered)
        self._done.add(question.id)
        self._emit("results", question.id, answered)
