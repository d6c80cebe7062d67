"""A limit of time for a student's code, by whatever means the system has.

A signal where there is one, else a thread that watches, else a trace of the student's own code.
"""

import contextlib
import ctypes
import os
import re
import signal
import sys
import threading
import time
from _thread import LockType
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

SECONDS = 3.0  # for all that a check runs
AGAIN = 0.2  # seconds
PACKAGE = os.path.join(Path(__file__).parents[2], "")
LIBRARY = re.compile(r"[/\\](site-packages|dist-packages|lib[/\\]python[\d.]+|Lib)[/\\]|^<frozen ")


class OutOfTimeError(BaseException):
    """The time is over. No ``Exception``, so that a student's ``except Exception`` lets it pass."""


def is_own(filename: str) -> bool:
    """Whether a file holds a student's code: a cell has one of its own, libraries lie elsewhere."""
    return not filename.startswith(PACKAGE) and not LIBRARY.search(filename)


@contextlib.contextmanager
def time_limit(seconds: float = SECONDS) -> Iterator[None]:
    """Raise :class:`OutOfTimeError` inside the block when it takes longer.

    0 seconds are no limit. A signal raises it again and again, because a loop may swallow it; a
    thread and a trace cannot, so that a loop with ``except BaseException`` goes on.
    """
    if not seconds:
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):
        limit: contextlib.AbstractContextManager[object] = _by_signal(seconds)
    elif watchdog := _watchdog(seconds):
        limit = _by_watchdog(*watchdog)
    else:
        limit = _by_trace(seconds)
    with limit:
        yield


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _watch(going_on: LockType, thread: int, seconds: float) -> None:
    if not going_on.acquire(timeout=seconds):
        raised = ctypes.c_ulong(thread), ctypes.py_object(OutOfTimeError)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(*raised)


def _watchdog(seconds: float) -> tuple[LockType, threading.Thread] | None:
    """A thread that raises the exception in this one, if the lock is still held by then."""
    going_on = threading.Lock()
    going_on.acquire()
    target = (going_on, threading.get_ident(), seconds)
    thread = threading.Thread(target=_watch, args=target, daemon=True)
    try:
        ctypes.pythonapi.PyThreadState_SetAsyncExc  # noqa: B018  (another Python has none)
        thread.start()
    except (RuntimeError, AttributeError):  # a browser has no threads
        return None
    return going_on, thread


@contextlib.contextmanager
def _by_watchdog(going_on: LockType, thread: threading.Thread) -> Iterator[None]:
    try:
        yield
    finally:
        try:
            going_on.release()
            thread.join()
            for _ in range(9):  # what was on its way when the block ended arrives here
                pass
        except OutOfTimeError:
            pass


@contextlib.contextmanager
def _by_trace(seconds: float) -> Iterator[None]:
    """Look at the clock at each step of the student's own code. A debugger stays where it is."""
    if sys.gettrace() is not None:
        yield
        return
    until = time.monotonic() + seconds

    def step(frame: FrameType, event: str, argument: object) -> Any:
        if time.monotonic() > until:
            raise OutOfTimeError
        return step

    def enter(frame: FrameType, event: str, argument: object) -> Any:
        if not is_own(frame.f_code.co_filename):
            return None
        frame.f_trace_opcodes = True  # an empty loop has one line, which it never leaves
        return step

    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(None)
