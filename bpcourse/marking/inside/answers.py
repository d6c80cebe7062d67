"""Answering for questions: names are looked up, functions called, and plain data is sent.

This runs in a fork of the notebook's process, and what it calls may do anything.
"""

import builtins
import contextlib
import signal
import socket
import traceback
from collections.abc import Iterable, Iterator, Sequence
from time import monotonic, thread_time  # before a notebook puts others there
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy import array_equal, errstate

from bpcourse.marking.inside import frames, standin

TICK = 0.05  # seconds between two looks at the clock
ON_THE_WALL = "by the clock on the wall"  # not by its own: the machine may be busy
Space = dict[str, Any]  # what a notebook has defined: anything at all
Reply = dict[str, Any]
MOST_TEXT = 500  # characters of an error's message


class OutOfTimeError(BaseException):
    """The time is over. No ``Exception``, so that ``except Exception`` lets it pass."""


class Session:
    """One question: requests come in, plain data goes out; other objects by handle."""

    def __init__(
        self, space: Space, channel: socket.socket, seconds: float, patience: float, most: int
    ) -> None:
        self.space, self.channel, self.most = space, channel, most
        self.clock = Clock(seconds, patience)
        self.handles: list[Any] = []

    def run(self, names: Iterable[str]) -> None:
        """Send the values of ``names``, then do what is asked for, until the other side goes."""
        for name in names:
            value, seed = self.space.get(name), 0
            if isinstance(given := value, standin.Answer):
                value, seed = given.value, given.seed
            found = {"found": name in self.space, "sort": _sort(value), "seed": seed}
            self._send(found | {"value": value})
        while True:
            request = frames.receive(self.channel, self._resolve)
            try:
                reply, wholes = self._do(request)
            except BaseException as error:
                reply, wholes = as_reply(error), []
            self._send(reply, wholes)

    def _do(self, request: dict[str, Any]) -> tuple[Reply, frames.Arrays]:
        target = self.handles[request["of"]]
        if "get" in request:
            return {"value": getattr(target, request["get"])}, []
        given = request["call"]
        arrays = list(frames.arrays_in(given))
        wholes = [arrays[index] for index in request["whole"]]
        before = [_copies(entry) for entry in given]
        with (
            self.clock.running(),
            catch_warnings(),  # an answer that warns is not wrong for that
            errstate(all="ignore"),
        ):
            simplefilter("ignore")
            try:
                reply: Reply = {"value": target(*given)}
            except Exception as error:
                reply = as_reply(error)
        reply["changed"] = [  # copies, since a part of what it is a part of says nothing
            [i, _copies(now)] for i, now in enumerate(given) if not _same(now, before[i])
        ]
        return reply, wholes

    def _send(self, message: Reply, views: frames.Arrays = ()) -> None:
        try:
            data = frames.pack(message, self._reference, views, self.most)
        except BaseException as error:
            data = frames.pack(as_reply(error))
        self.channel.sendall(data)

    def _reference(self, value: object) -> dict[str, list[object]]:
        self.handles.append(value)
        return {"handle": [len(self.handles) - 1, type(value).__name__[:80], _sort(value)]}

    def _resolve(self, kind: str, body: object, reader: object) -> object:
        if kind == "callback":
            return lambda *arguments: self._call_back(body, arguments)
        raise frames.FrameError(f"frame: unknown kind {kind!r}")

    def _call_back(self, number: object, arguments: Sequence[object]) -> object:
        """A function among the inputs: the other side has it."""
        self.channel.sendall(frames.pack({"callback": number, "with": list(arguments)}))
        reply = frames.receive(self.channel, self._resolve)
        if "error" in reply:
            raise getattr(builtins, reply["error"], Exception)(reply["message"])
        return reply["value"]


class Clock:
    """Processor time of the main thread, ``seconds`` of it; ``patience`` times as long at most."""

    def __init__(self, seconds: float, patience: float) -> None:
        self.left, self.left_on_wall = seconds, seconds * patience

    @contextlib.contextmanager
    def running(self, seconds: float | None = None) -> Iterator[None]:
        """Raise :class:`OutOfTimeError` inside the block when its time is over, again and again.

        ``seconds`` are those of this block alone, where it has fewer than there are left.
        """
        patience = self.left_on_wall / self.left if self.left > 0 else 1
        most = self.left if seconds is None else min(seconds, self.left)
        begin, begin_on_wall = thread_time(), monotonic()

        def tick(number: int, frame: object) -> None:
            if thread_time() - begin > most:
                raise OutOfTimeError("it did not come to an end")
            if monotonic() - begin_on_wall > most * patience:
                raise OutOfTimeError(ON_THE_WALL)

        signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.left -= thread_time() - begin
            self.left_on_wall -= monotonic() - begin_on_wall


def as_reply(error: BaseException) -> Reply:
    """An error as it is sent: its name, message, and the student's own line."""
    message = _message(error)
    if isinstance(error, ImportError):
        message = f"{message}. {standin.may_use}".strip()
    return {"error": type(error).__name__[:80], "message": message, "line": _line(error)}


def _message(error: BaseException) -> str:
    one = len(error.args) == 1 and type(error.args[0]) is str
    try:
        return (error.args[0] if one else str(error))[:MOST_TEXT]
    except BaseException:  # a class of the student's own
        return ""


def _line(error: BaseException) -> str:
    """The last line of a cell that the error passed through."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if step.filename.startswith("<cell ")]
    return f"line {own[-1].lineno}: {own[-1].line}"[:MOST_TEXT] if own and own[-1].line else ""


def _sort(value: object) -> str:
    return "class" if isinstance(value, type) else "function" if callable(value) else "data"


def _copies(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(map(_copies, value))
    if isinstance(value, dict):
        return {name: _copies(entry) for name, entry in value.items()}
    return value


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_same(a[n], b[n]) for n in a)
    return a is b or a == b
