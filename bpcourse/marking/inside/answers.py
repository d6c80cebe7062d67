"""Answering for questions: names are looked up, functions called, and plain data is sent.

This runs in a fork of the notebook's process, and what it calls may do anything.
"""

import builtins
import contextlib
import signal
import time
import traceback
import warnings
from typing import Any

import numpy as np
from numpy import array_equal  # before a notebook puts another one there

from bpcourse.marking.inside import frames, standin

AGAIN = 0.2  # seconds after which a loop that swallows the end of its time hears of it again
MOST_TEXT = 500  # characters of an error's message


class OutOfTimeError(BaseException):
    """The time is over. No ``Exception``, so that ``except Exception`` lets it pass."""


class Session:
    """One question: requests come in, plain data goes out; other objects by handle."""

    def __init__(self, space, channel, seconds):
        self.space, self.channel = space, channel
        self.until = time.monotonic() + seconds
        self.handles = []

    def run(self, names):
        """Send the values of ``names``, then do what is asked for, until the other side goes."""
        for name in names:
            value: Any = self.space.get(name)
            seed: Any = 0
            if isinstance(value, standin.Answer):
                value, seed = value.value, value.seed
            found = {"found": name in self.space, "sort": _sort(value), "seed": seed}
            self._send(found | {"value": value})
        while True:
            request = frames.receive(self.channel, self._resolve)
            try:
                reply = self._do(request)
            except BaseException as error:
                reply = told(error)
            self._send(*reply if isinstance(reply, tuple) else (reply,))

    def _do(self, request):
        target = self.handles[request["of"]]
        if "get" in request:
            return {"value": getattr(target, request["get"])}
        given = request["call"]
        arrays = list(frames.arrays_in(given))
        wholes = [arrays[index] for index in request["whole"]]
        before = _copies(given)
        with (
            time_limit(self.until - time.monotonic()),
            warnings.catch_warnings(),  # an answer that warns is not wrong for that
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            try:
                reply = {"value": target(*given)}
            except Exception as error:
                reply = told(error)
        reply["changed"] = [  # copies, since a part of what it is a part of says nothing
            [i, _copies(now)] for i, now in enumerate(given) if not _same(now, before[i])
        ]
        return reply, wholes

    def _send(self, message, views=()):
        try:
            data = frames.pack(message, self._reference, views)
        except BaseException as error:
            data = frames.pack(told(error))
        self.channel.sendall(data)

    def _reference(self, value):
        self.handles.append(value)
        return {"handle": [len(self.handles) - 1, type(value).__name__[:80], _sort(value)]}

    def _resolve(self, kind, body, reader):
        if kind == "callback":
            return lambda *arguments: self._call_back(body, arguments)
        raise frames.FrameError(f"frame: unknown kind {kind!r}")

    def _call_back(self, number, arguments):
        """A function among the inputs: the other side has it."""
        self.channel.sendall(frames.pack({"callback": number, "with": list(arguments)}))
        reply = frames.receive(self.channel, self._resolve)
        if "error" in reply:
            raise getattr(builtins, reply["error"], Exception)(reply["message"])
        return reply["value"]


@contextlib.contextmanager
def time_limit(seconds):
    """Raise :class:`OutOfTimeError` inside the block when its time is over, again and again."""

    def stop(number, frame):
        raise OutOfTimeError("it did not come to an end")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def told(error):
    return {"error": type(error).__name__[:80], "message": _message(error), "line": _line(error)}


def _message(error):
    one = len(error.args) == 1 and type(error.args[0]) is str
    try:
        return (error.args[0] if one else str(error))[:MOST_TEXT]
    except BaseException:  # a class of the student's own
        return ""


def _line(error):
    """The last line of a cell that the error passed through."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if step.filename.startswith("<cell ")]
    return f"line {own[-1].lineno}: {own[-1].line}"[:MOST_TEXT] if own and own[-1].line else ""


def _sort(value):
    return "class" if isinstance(value, type) else "function" if callable(value) else "data"


def _copies(value):
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(map(_copies, value))
    if isinstance(value, dict):
        return {name: _copies(entry) for name, entry in value.items()}
    return value


def _same(a, b):
    if isinstance(a, np.ndarray):
        return array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_same(a[n], b[n]) for n in a)
    return a is b or a == b
