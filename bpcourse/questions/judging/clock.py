"""The time that an answer has: its own processor time, so that a busy machine takes none of it.

The clock runs while the answer does, and stands still while we compare. It is read from a tick of
real time. Where there are no signals a thread reads it; without threads, the trace of the
student's own frames; without any of these nothing stops an answer.
"""

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from types import FrameType
from typing import TypeVar

import numpy as np

from bpcourse.questions.judging.own import is_own

SECONDS = 3.0  # for all that a check runs
PATIENCE = 10  # times as many seconds of the clock on the wall: an answer may only sleep
TICK = 0.05  # seconds between two looks
Value = TypeVar("Value")


class OutOfTimeError(BaseException):
    """The time is over. No ``Exception``, so that a student's ``except Exception`` lets it pass."""


class Clock:
    """A clock for several calls, which have ``seconds`` of processor time together.

    Parameters
    ----------
    seconds : float
        Above 0.
    patience : float
        How many times as long it may take by the clock on the wall.
    """

    def __init__(self, seconds: float = SECONDS, patience: float = PATIENCE) -> None:
        self._left, self._left_on_wall = seconds, seconds * patience

    def call(self, function: Callable[[], Value]) -> Value:
        """What ``function()`` gives. OutOfTimeError rises in it when the time is over.

        Again and again, since a loop may swallow it.
        """
        read = _reader()
        begin, begin_on_wall = read(), time.monotonic()

        def over() -> bool:
            late = time.monotonic() - begin_on_wall > self._left_on_wall
            return late or read() - begin > self._left

        try:
            with _one_thread():
                return _watcher()(function, over)
        finally:
            self._left -= read() - begin
            self._left_on_wall -= time.monotonic() - begin_on_wall


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """NumPy's OpenBLAS with one thread: several spin while a busy machine lets them wait.

    A decomposition of 160 × 160 has cost 40 times as much processor time so.
    """
    if (blas := _openblas()) is None:
        yield
        return
    before = blas.scipy_openblas_get_num_threads64_()
    blas.scipy_openblas_set_num_threads64_(1)
    try:
        yield
    finally:
        blas.scipy_openblas_set_num_threads64_(before)


@cache
def _openblas() -> ctypes.CDLL | None:
    try:  # NumPy's own, on systems that find it in what its module has loaded
        library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
        library.scipy_openblas_set_num_threads64_  # noqa: B018, looks for it
    except (AttributeError, OSError):
        return None
    return library


def _reader() -> Callable[[], float]:
    """The processor time of this thread, also when another one asks; else of the whole process."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.process_time
    try:
        own = time.pthread_getcpuclockid(threading.get_ident())
        time.clock_gettime(own)
    except OSError:
        return time.process_time
    return lambda: time.clock_gettime(own)


def _watcher() -> Callable[[Callable[[], Value], Callable[[], bool]], Value]:
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):
        return _by_signal
    if hasattr(ctypes, "pythonapi") and _has_threads():
        return _by_thread
    if sys.gettrace() is None:  # a debugger's, or a coverage's, stays
        return _by_trace
    return lambda function, over: function()


def _has_threads() -> bool:
    try:
        thread = threading.Thread(target=int)
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True


def _by_signal(function: Callable[[], Value], over: Callable[[], bool]) -> Value:
    inside = True

    def tick(number: int, frame: FrameType | None) -> None:
        if inside and over():
            raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, tick)
    try:
        signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
        try:
            return function()
        finally:
            inside = False
    finally:  # reached also where the last tick came between the two
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _by_thread(function: Callable[[], Value], over: Callable[[], bool]) -> Value:
    target = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    def watch() -> None:
        while not done.wait(TICK):
            if over() and not done.is_set():
                error = ctypes.py_object(OutOfTimeError)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(target, error)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        return function()
    finally:
        while thread.is_alive():
            try:
                done.set()
                thread.join()
                for _ in range(10):  # what was thrown and has not arrived arrives here
                    pass
            except OutOfTimeError:
                continue


def _by_trace(function: Callable[[], Value], over: Callable[[], bool]) -> Value:
    def step(frame: FrameType, event: str, argument: object) -> object:
        if over():
            raise OutOfTimeError
        return step

    def enter(frame: FrameType, event: str, argument: object) -> object:
        if not is_own(frame.f_code.co_filename):
            return None
        frame.f_trace_opcodes = True  # an empty loop has one line, which it never leaves
        return step

    sys.settrace(enter)  # type: ignore[arg-type]
    try:
        return function()
    finally:
        sys.settrace(None)
