"""Marking a whole class: as many notebooks side by side as are asked for, and none twice.

Any executor of ``concurrent.futures`` does the work; by default processes of this machine, each
with a sandbox of its own. Notebooks are handed out few at a time, so that memory does not grow with
the class. What a worker had that died is marked again, alone.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

from bpcourse.marking.course import Course
from bpcourse.marking.marker import Marker, Settings
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results, digest
from bpcourse.marking.submissions import Submission
from bpcourse.text import text

TRIES = 3  # of a notebook whose worker dies

_own = threading.local()  # the marker of this worker


def mark(submission: Submission, data: bytes, settings: Settings, course: Course) -> list[Record]:
    """The records of one notebook: the task of a worker, whose sandbox is there for the next."""
    if getattr(_own, "key", None) != (settings, course):
        if hasattr(_own, "marker"):
            _own.marker.close()
        _own.marker, _own.key = Marker(settings, course), (settings, course)
    marker: Marker = _own.marker
    return marker.mark(submission, data)


@dataclass
class Batch:
    """What all notebooks of a run have in common; ``done(submission)`` is told of each."""

    results: Results
    course: Course
    settings: Settings
    resume: bool = False
    done: Callable[[Submission], object] = lambda submission: None
    late: dict[Submission, Sequence[Record]] = field(
        default_factory=dict, init=False
    )  # records to be confirmed

    def grade(
        self, submissions: Iterable[Submission], *, jobs: int = 1, executor: Executor | None = None
    ) -> None:
        """Mark ``submissions`` into the results.

        ``resume`` leaves out what is marked already and has not changed since. With
        ``settings.only`` the records of that question replace those that are kept. OSError where
        the results cannot be written.
        """
        lent = nullcontext(executor) if executor else None
        left = self._round(submissions, lent or _processes(jobs), 2 * jobs)
        for _ in range(1, TRIES):  # those whose worker died: one by one, to find whose fault it is
            left = [one for s in left for one in self._round([s], lent or _processes(1), 1)]
        for submission in left:
            problem = replace(submission, problem=text("grade.worker_lost"))
            self._keep(problem, "", mark(problem, b"", self.settings, self.course))
        # Alone, before a busy machine costs anybody points; in one process while that lives.
        for submission in self._round([*self.late], lent or _processes(1), 1):
            if self._round([submission], lent or _processes(1), 1):
                self._keep(submission, "", self.late[submission])

    def _round(
        self, submissions: Iterable[Submission], pool: AbstractContextManager[Executor], width: int
    ) -> list[Submission]:
        """Mark each of them once; those whose worker was lost."""
        running: dict[Future[list[Record]], tuple[Submission, str]] = {}
        lost = []
        waiting = iter(submissions)
        with pool as workers:
            while True:
                while len(running) < width and (submission := next(waiting, None)):
                    submission, data = _read(submission)
                    made_from = digest(data, self.settings, self.course)
                    if self._is_kept(submission, made_from):
                        continue
                    try:
                        future = workers.submit(mark, submission, data, self.settings, self.course)
                        running[future] = submission, made_from
                    except RuntimeError:  # broken by the death of a worker
                        lost.append(submission)
                if not running:
                    return lost
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    submission, made_from = running.pop(future)
                    if future.exception() is None:
                        self._keep(submission, made_from, future.result())
                    else:
                        lost.append(submission)

    def _is_kept(self, submission: Submission, made_from: str) -> bool:
        """Whether it is marked already; what is known of how it was handed in is kept anew."""
        kept = self.results.kept(submission) if self.resume else None
        if kept is None or kept.digest != made_from:
            return False
        self.results.keep(submission, made_from, kept.records)
        self.done(submission)
        return True

    def _keep(self, submission: Submission, made_from: str, records: Sequence[Record]) -> None:
        if records[0].busy and submission not in self.late:
            self.late[submission] = records
            return
        records = _best(self.late.get(submission, records), records)
        if self.settings.only:
            kept = self.results.kept(submission)
            fresh = {record.question: record for record in records if record.question}
            old = kept.records if kept else records[:1]
            records = [fresh.pop(r.question or "", r) for r in old] + list(fresh.values())
            if kept is None or kept.digest != made_from:  # the others are of something else, if any
                made_from = ""
        self.results.keep(submission, made_from, records)
        self.done(submission)


def _best(before: Sequence[Record], records: Sequence[Record]) -> list[Record]:
    """The ``records``, with those of ``before`` for the questions that had more points there."""
    old = {record.question: record for record in before}
    points = sum(record.points for record in records[1:])
    best = [max(old.get(r.question, r), r, key=lambda one: one.points) for r in records[1:]]
    gained = sum(record.points for record in best) - points
    return [replace(records[0], points=records[0].points + gained), *best]


def _processes(jobs: int) -> ProcessPoolExecutor:
    """Processes started afresh: a fork would carry along whatever this one holds."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_be_interrupted)


def _be_interrupted() -> None:
    """Die of an interruption: as an exception it would end one notebook, and begin the next."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _read(submission: Submission) -> tuple[Submission, bytes]:
    """The submission and its bytes; with a problem, and none, where they cannot be had."""
    if submission.problem:
        return submission, b""
    try:
        return submission, submission.read()
    except OSError as error:
        return replace(submission, problem=text("grade.not_read", reason=error)), b""
