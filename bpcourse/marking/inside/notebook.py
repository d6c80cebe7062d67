"""The notebook's process: it runs the cells, then forks once for each question that is asked.

It belongs to the student: whatever is imported or run here may have been changed by their code.
"""

import builtins
import contextlib
import json
import linecache
import os
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from typing import Any

import numpy as np
from numpy import array_equal  # before a notebook puts another one there

from bpcourse.marking.inside import confine, frames, standin

AGAIN = 0.2  # seconds after which a loop that swallows the end of its time hears of it again
MOST_TEXT = 500  # characters of an error's message
GRACE = 1.0  # seconds that a question has more than its own code


class OutOfTimeError(BaseException):
    """The time is over. No ``Exception``, so that ``except Exception`` lets it pass."""


def serve(job, settings, alone):
    """Run the cells of ``settings``, then answer questions until the other side goes away."""
    _silence()
    message = frames.receive(job)
    module = sys.modules["__main__"]
    sys.modules["bpcourse"] = standin.StandIn(settings["allowed"])
    space = module.__dict__
    space.update(__builtins__=builtins, exit=sys.exit, quit=sys.exit)
    shell = standin.Shell(lambda source: exec(source, space))
    vars(builtins)["get_ipython"] = lambda: shell
    for number, source in message["cells"]:
        frames.send(job, {"cell": number})
        error = _run_cell(number, source, space, settings["cell_seconds"])
        if error:
            frames.send(job, {"stopped": number, "message": error})
    _end(alone)
    _bury(alone)
    frames.send(job, {"ready": True})
    while True:
        request, descriptors, _, _ = socket.recv_fds(job, 4096, 1)
        if not request or not descriptors:
            return
        asked = json.loads(request)
        channel = socket.socket(fileno=descriptors[0])
        how = _ask(space, asked["names"], asked["seconds"], channel, job, alone)
        frames.send(job, {"ended": how})


def _silence():
    """What is printed goes nowhere, however much it is; what is asked for at the keyboard, too."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin = open(0)
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")


def _run_cell(number, source, space, seconds):
    """Run one cell; what stopped it, in a line, or ""."""
    name = f"<cell {number}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        with _time_limit(seconds):
            exec(compile(_plain_python(source), name, "exec"), space)
    except BaseException as error:
        return f"{type(error).__name__}: {_message(error)}".rstrip(": ")
    return ""


def _plain_python(source):
    """The cell without magics and commands, which become calls of ``get_ipython()``."""
    if not any(mark in source for mark in "%!?"):
        return source
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    return TransformerManager().transform_cell(source)


def _ask(space, names, seconds, channel, job, alone):
    """Fork, and let the fork answer on ``channel``; how it ended: "well", "late", "died"."""
    child = _fork()
    if child == 0:
        try:
            job.close()
            os.setsid()
            confine.only_itself()
            Session(space, channel, seconds).run(names)
        finally:
            os._exit(0)
    channel.close()
    watch = os.pidfd_open(child)
    late = not select.select([watch], [], [], seconds + GRACE)[0]
    os.close(watch)
    _end(alone, child)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _bury(alone)
    return "late" if late else "well" if status == 0 else "died"


def _fork():
    """A fork, even where those just ended still count as processes for a moment."""
    for _ in range(50):
        try:
            return os.fork()
        except BlockingIOError:
            time.sleep(0.01)
    return os.fork()


def _end(alone, child=None):
    """End the fork, and all that was started here but this process and the first of all."""
    try:
        if alone:  # the namespace is ours: this reaches nobody else
            os.kill(-1, signal.SIGKILL)
        elif child is not None:
            os.kill(child, signal.SIGKILL)
            os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _bury(alone):
    """Wait for what was ended and is a child of this process, so that it counts no more."""
    try:
        while alone:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass


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
                reply = _told(error)
            self._send(*reply if isinstance(reply, tuple) else (reply,))

    def _do(self, request):
        target = self.handles[request["of"]]
        if "get" in request:
            return {"value": getattr(target, request["get"])}
        given = request["call"]
        arrays = list(_arrays(given))
        wholes = [arrays[index] for index in request["whole"]]
        before = _copies(given)
        with (
            _time_limit(self.until - time.monotonic()),
            warnings.catch_warnings(),  # an answer that warns is not wrong for that
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            try:
                reply = {"value": target(*given)}
            except Exception as error:
                reply = _told(error)
        reply["changed"] = [  # copies, since a part of what it is a part of says nothing
            [i, _copies(now)] for i, now in enumerate(given) if not _same(now, before[i])
        ]
        return reply, wholes

    def _send(self, message, views=()):
        try:
            data = frames.pack(message, self._reference, views)
        except BaseException as error:
            data = frames.pack(_told(error))
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
def _time_limit(seconds):
    """Raise :class:`OutOfTimeError` inside the block when its time is over, again and again."""

    def stop(number, frame):
        raise OutOfTimeError("it did not come to an end")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _told(error):
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


def _arrays(value):
    """Every array in lists, tuples and dicts, in order; the other side counts them likewise."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _arrays(entry)
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))


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
