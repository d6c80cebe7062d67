"""Asking a notebook's process for answers, and judging what comes: data of a stranger."""

import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from bpcourse.marking.course import Course
from bpcourse.marking.inside import answers, frames
from bpcourse.marking.remote import Line, Remote
from bpcourse.questions.checking import as_result, judge, letter_of
from bpcourse.questions.judging.clock import OutOfTimeError
from bpcourse.questions.judging.code import judge_code, known
from bpcourse.questions.judging.posed import SEEDS, Answer, labelled_seed, pose
from bpcourse.questions.judging.run import LostError
from bpcourse.questions.question import Question
from bpcourse.text import text

JUDGING = 4.0  # seconds of processor time for judging one question
FACTOR = 20  # how many times as large as what is right a result may be
LEAST_MOST = 5000  # entries that any result may have
MOST_TEXT = 4000  # characters of a message
CONTROL = 1000  # entries of a message that is no answer
GONE = 20.0  # seconds without a sign of the notebook's process


class TooLongError(LostError):
    """Judging takes too long: for what no honest answer gives."""


@dataclass(frozen=True)
class Answered:
    """What came of a question: its state and share of the points, and what the student reads."""

    state: str  # "right", "wrong", "failed", "recorded", "not answered", "timeout", "crashed"
    message: str = ""
    misconceptions: tuple[str, ...] = ()
    share: float = 0.0
    seconds: float = 0.0
    answer: str | None = None  # to the concept inventory
    late: bool = False  # stopped by the clock on the wall, which a busy machine may do
    offered: bool = False  # to a choice or an order: whether it is one of the possible answers


def better(own: Answered, last: Answered) -> Answered:
    """The better of what an answer's own cell and the notebook's end left, saying which it is.

    Who gives two answers to a choice or an order has the last one: else every answer could be
    tried.
    """
    if own.share == last.share or (own.offered and last.offered):
        return last
    if last.share > own.share:
        return replace(last, message=_said(last, "grade.at_the_end"))
    return replace(own, message=_said(own, "grade.at_its_cell"))


def _said(answered: Answered, key: str) -> str:
    return "\n".join(filter(None, (answered.message, text(key))))


@dataclass(frozen=True)
class Limits:
    """Of a question: seconds of processor time, how many times as long it may take, and slack."""

    seconds: float
    patience: float
    slack: float


class Judge:
    """Asks and judges for one student, whose numbers begin with ``first_seed``."""

    def __init__(
        self, job: socket.socket, limits: Limits, seed: int, first_seed: int, course: Course
    ) -> None:
        self._job, self._limits, self._course = job, limits, course
        self._seed, self._first_seed = seed, first_seed

    def ask(self, questions: Sequence[Question]) -> tuple[bool, dict[str, Answered]]:
        """Ask for the answers in one fork: (whether the notebook is still there, by id).

        Where the fork is lost, those that it owes are missing, unless there was one alone.
        """
        found: dict[str, Answered] = {}
        ours, theirs = socket.socketpair()
        on_the_wall = self._limits.seconds * self._limits.patience + self._limits.slack
        most = max(map(self._most, questions))
        lost: Question | None = None
        begin = time.perf_counter()
        with ours:
            with theirs:
                names = [question.answer for question in questions]
                try:
                    self._job.settimeout(self._limits.slack)
                    frames.send(self._job, {"ask": names, "most": most} | vars(self._limits))
                    socket.send_fds(self._job, [b"?"], [theirs.fileno()])
                except OSError:
                    return False, found
            line = Line(ours, on_the_wall, most)
            for question in questions:
                begin = time.perf_counter()
                try:
                    with _judging():
                        answered = self._judge(question, line)
                except TooLongError:
                    answered = Answered("failed", text("grade.unreadable"))
                except LostError:
                    lost = question
                    break
                except Exception:  # data that no honest answer gives
                    answered = Answered("failed", text("grade.unreadable"))
                found[question.id] = self._whole(answered, begin)
        ended = self._ended()
        late = ended == "late" or (ended in ("died", "") and line.is_late)  # of being stopped, then
        if lost and ended != "not" and (len(questions) == 1 or ended == ""):
            state = "timeout" if late or ended == "spent" else "crashed"
            answered = Answered(state, text(f"grade.{state}"), late=late)
            found[lost.id] = self._whole(answered, begin)
        return ended != "", found

    def _whole(self, answered: Answered, begin: float) -> Answered:
        share = 1.0 if answered.state in ("right", "recorded") else 0.0
        if answered.state == "wrong":
            share = self._course.credit(answered.misconceptions)
        message = answered.message[:MOST_TEXT]
        seconds = time.perf_counter() - begin
        return replace(answered, share=share, message=message, seconds=seconds)

    def _ended(self) -> str:
        """How the notebook's process says that the question ended; "" where it is gone."""
        until = time.monotonic() + GONE
        try:
            frames.send(self._job, {"enough": True})  # whatever the fork is still doing
            for _ in range(1000):  # a notebook may have put in others
                said = frames.receive(self._job, until=until, most=CONTROL)
                if "ended" in said:
                    return str(said["ended"])
        except (OSError, EOFError, frames.FrameError):
            pass
        return ""

    def _most(self, question: Question) -> int:
        """Entries that a result may have: many times those of what is right, and of the inputs."""
        if not question.is_code:
            return LEAST_MOST
        cases, outcomes = known(question, self._seed)
        sizes = [_entries([*case.values()]) for case in cases]
        sizes += [_entries(outcome.value) for outcome in outcomes]
        return max(LEAST_MOST, FACTOR * max(sizes))

    def _judge(self, question: Question, line: Line) -> Answered:
        found, sort, value, seed = line.found()
        if not found or value is None or value is ...:
            return Answered("not answered", text("grade.not_answered", answer=question.answer))
        if question.is_code:
            return self._judge_code(question, sort, value)
        if question.recorded:
            return _recorded(question, value)
        labelled = labelled_seed(question, value)  # letters carry their seed
        seed = seed if labelled is None else labelled
        if type(seed) is not int or not 0 <= seed - self._first_seed < SEEDS:
            return Answered("wrong", text("grade.foreign_seed", seed=str(seed)[:20]))
        result = judge(question, Answer(value, seed), again=False)
        offered = question.kind in ("choice", "order") and pose(question, seed).offers(value)
        return Answered(result.status, result.message, result.misconceptions, offered=offered)

    def _judge_code(self, question: Question, sort: str, value: object) -> Answered:
        kind = "class" if question.kind == "class" else "function"
        if sort != kind or not isinstance(value, Remote):
            return Answered("failed", text("check.kind", expected=kind, given=sort[:20]))
        verdict = judge_code(question, value, self._seed, seconds=0)
        result = as_result(question, verdict)
        error = verdict.given.error if verdict.given else None
        state = result.status
        if isinstance(error, OutOfTimeError):
            late = answers.ON_THE_WALL in str(error)
            return Answered("timeout", result.message, late=late)
        if isinstance(error, NotImplementedError):
            state = "not answered"
        return Answered(state, result.message, result.misconceptions)


def _recorded(question: Question, value: object) -> Answered:
    """An answer to the concept inventory: written down, neither right nor wrong."""
    letter, fault = letter_of(question, value)
    return Answered("failed", fault) if fault else Answered("recorded", answer=letter, offered=True)


def _entries(value: object) -> int:
    """How many entries a message with ``value`` would have."""
    if isinstance(value, np.ndarray):
        return value.size + 1
    if isinstance(value, dict):
        return 1 + _entries([*value.values()])
    return 1 + sum(map(_entries, value)) if isinstance(value, list | tuple) else 1


@contextmanager
def _judging() -> Iterator[None]:
    """The judge's own clock: TooLongError in the block where it has used its processor time."""

    def stop(number: int, frame: object) -> None:
        raise TooLongError

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, JUDGING, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
