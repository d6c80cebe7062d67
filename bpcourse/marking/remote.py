"""The student's functions and objects as they look from outside: called by handle, over a socket.

What comes back is plain data, or again a handle. An array that an answer changed is changed in the
caller's own array, and a result that lies in an input's memory lies in that of the caller's: so
the judge sees what it would see if the answer were called in its own process.
"""

import builtins
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bpcourse.marking.inside import frames
from bpcourse.questions.judging.clock import OutOfTimeError
from bpcourse.questions.judging.run import LostError
from bpcourse.text import text

MOST_TEXT = 500  # characters of an error's message, and of a line
ERRORS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
} | {
    "LinAlgError": np.linalg.LinAlgError,
    "AxisError": np.exceptions.AxisError,
    "OutOfTimeError": OutOfTimeError,
    "TooLargeError": frames.TooLargeError,
}


class Remote:
    """An object of the student's. It can be called, and has attributes; nothing else."""

    def __init__(self, line: "Line", handle: int, name: str, sort: str) -> None:
        self._line, self._handle, self._name, self._sort = line, handle, name, sort

    def __call__(self, *arguments: object) -> Any:
        return self._line.call(self._handle, list(arguments))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # NumPy asks for some of these
            raise AttributeError(name)
        return self._line.get(self._handle, name)

    def __str__(self) -> str:
        return self._name


class Line:
    """The connection to the fork that answers one question, for ``seconds`` of the clock in all.

    More than ``most`` entries in what comes at once are an error of the answer.
    """

    def __init__(self, sock: socket.socket, seconds: float, most: int = frames.MOST) -> None:
        self._sock, self._most = sock, most
        self._until = time.monotonic() + seconds

    @property
    def is_late(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() >= self._until

    def found(self) -> tuple[bool, str, Any, object]:
        """(whether the name is there, "function", "class" or "data", the value, its seed)."""
        reply = self._receive()
        try:
            return reply["found"] is True, reply["sort"], reply["value"], reply["seed"]
        except KeyError as error:
            if "error" in reply:  # a value that cannot be sent, or is too large
                raise ValueError(str(reply["error"])) from None
            raise LostError(f"no {error}") from None

    def call(self, handle: int, arguments: list[object]) -> Any:
        """What the object gives for ``arguments``; raises the error that it raised."""
        functions: list[Callable[..., object]] = []

        def number(value: object) -> dict[str, int]:
            if not callable(value):
                raise TypeError(f"{type(value).__name__} cannot be given to an answer")
            functions.append(value)
            return {"callback": len(functions) - 1}

        arrays = list(frames.arrays_in(arguments))
        whole = [index for index, array in enumerate(arrays) if array.flags.c_contiguous]
        self._send({"of": handle, "call": arguments, "whole": whole}, number)
        wholes = [arrays[index] for index in whole]
        while "callback" in (reply := self._receive(wholes)):
            self._call_back(functions, reply)
        for index, now in reply.get("changed", ()):
            _become(arguments, index, now)
        return self._value(reply)

    def get(self, handle: int, name: str) -> Any:
        """An attribute."""
        self._send({"of": handle, "get": name})
        return self._value(self._receive())

    def _call_back(self, functions: list[Callable[..., object]], reply: dict[str, Any]) -> None:
        """The answer calls one of the functions that it was given."""
        try:
            answer: dict[str, object] = {"value": functions[reply["callback"]](*reply["with"])}
        except Exception as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        self._send(answer)

    def _send(self, message: dict[str, Any], reference: frames.Reference | None = None) -> None:
        self._sock.settimeout(max(self._until - time.monotonic(), 1e-6))
        try:
            frames.send(self._sock, message, reference)
        except (OSError, frames.FrameError) as error:
            raise LostError(str(error)) from None

    def _receive(self, wholes: frames.Arrays = ()) -> dict[str, Any]:
        try:
            return frames.receive(self._sock, self._resolve, wholes, self._until, self._most)
        except frames.TooLargeError as error:
            return {"error": "TooLargeError", "message": str(error)}
        except (OSError, EOFError, frames.FrameError) as error:
            raise LostError(str(error)) from None

    def _resolve(self, kind: str, body: Any, reader: object) -> "Remote":
        if kind != "handle":
            raise frames.FrameError(f"frame: unknown kind {kind!r}")
        handle, name, sort = body
        if type(handle) is not int or type(name) is not str or type(sort) is not str:
            raise frames.FrameError("frame: a handle that is none")
        return Remote(self, handle, name[:80], sort)

    def _value(self, reply: dict[str, Any]) -> Any:
        if "error" in reply:
            raise _error(*(str(reply.get(name, "")) for name in ("error", "message", "line")))
        if "value" not in reply:
            raise LostError("no value")
        return reply["value"]


def _error(name: str, message: str, line: str) -> Exception:
    """The error of that name, with the student's line; one unknown here is like no other."""
    if name == "TooLargeError":
        message = text("grade.too_much")
    unknown: type[Exception] = type(name if name.isidentifier() else "Error", (Exception,), {})
    error: Any  # which has a line of the student's beside its own
    try:
        error = ERRORS.get(name, unknown)(message[:MOST_TEXT])
    except TypeError:  # wants more than a message
        error = unknown(message[:MOST_TEXT])
    error.student_line = line[:MOST_TEXT]
    found: Exception = error
    return found


def _become(holder: Any, key: Any, now: object) -> None:
    """Give ``holder[key]`` the contents of ``now``, within the array or list that it is."""
    old = holder[key]
    if isinstance(old, np.ndarray) and isinstance(now, np.ndarray) and old.shape == now.shape:
        old[...] = now.astype(old.dtype)
    elif isinstance(old, list) and isinstance(now, list):
        del old[len(now) :]
        for index in range(len(old)):
            _become(old, index, now[index])
        old += now[len(old) :]
    elif isinstance(old, dict) and isinstance(now, dict):
        for name in set(old) - set(now):
            del old[name]
        old.update({name: value for name, value in now.items() if name not in old})
        for name in now:
            _become(old, name, now[name])
    elif type(holder) is not tuple:
        holder[key] = now
