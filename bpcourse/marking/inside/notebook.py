"""The notebook's process: it runs the cells, and forks once for each question that is asked.

It belongs to the student: whatever is imported or run here may have been changed by their code.
"""

import builtins
import contextlib
import linecache
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from typing import Any, TypedDict

from bpcourse.marking.inside import answers, confine, frames, standin

GRACE = 1.0  # seconds that a question has more than its own code


class Settings(TypedDict):
    """Of a notebook, as they come in: seconds for a question, for one cell, for all cells."""

    question_seconds: float
    cell_seconds: float
    seconds: float
    patience: float
    allowed: Iterable[str]
    may_use: str


def serve(job: socket.socket, settings: Settings, alone: bool) -> None:
    """Run the cells that come, and answer questions between them, until the other side goes."""
    _silence()
    module = sys.modules["__main__"]
    standin.install(settings["allowed"], settings["may_use"])
    space = module.__dict__
    space.update(__builtins__=builtins, exit=sys.exit, quit=sys.exit)
    shell = standin.Shell(lambda source: exec(source, space))
    vars(builtins)["get_ipython"] = lambda: shell
    clock = answers.Clock(settings["seconds"], settings["patience"])
    own = os.getpid()
    while True:
        request = frames.receive(job)
        if "cell" in request:
            number = request["cell"]
            said = _run_cell(number, request["source"], space, clock, settings["cell_seconds"])
            if os.getpid() != own:  # a fork that the cell made goes no further
                os._exit(0)
            frames.send(job, {"ran": number, "stopped": said})
        elif "ask" in request:
            _, descriptors, _, _ = socket.recv_fds(job, 1, 1)
            how = _ask(space, request, socket.socket(fileno=descriptors[0]), job)
            frames.send(job, {"ended": how})
        elif "last" in request:  # there are no more cells: what they have left running ends
            _end(alone)
            confine.allow_more_processes()
            frames.send(job, {"ready": True})


def _silence() -> None:
    """What is printed goes nowhere, however much it is; what is asked for at the keyboard, too."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin = open(0)
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")


def _run_cell(
    number: int, source: str, space: answers.Space, clock: answers.Clock, seconds: float
) -> str:
    """Run one cell; what stopped it, in a line, or ""."""
    name = f"<cell {number}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    error: BaseException | None
    try:
        with clock.running(seconds):
            error = standin.run(_plain_python(source), name, space)
    except BaseException as raised:
        error = raised
    if error is None:
        return ""
    seen = answers.as_reply(error)
    return f"{seen['error']}: {seen['message']}".rstrip(": ")


def _plain_python(source: str) -> str:
    """The cell without magics and commands, which become calls of ``get_ipython()``."""
    if not any(mark in source for mark in "%!?"):
        return source
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    plain: str = TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
    return plain


def _ask(
    space: answers.Space, request: dict[str, Any], channel: socket.socket, job: socket.socket
) -> str:
    """Fork, and let the fork answer on ``channel``; how it ended.

    "well", "died", "late" by the clock on the wall, "spent" all the processor time that it had,
    or "not", where there are too many processes now.
    """
    seconds, patience = request["seconds"], request["patience"]
    try:
        child = os.fork()
    except BlockingIOError:
        channel.close()
        return "not"
    if child == 0:
        try:
            job.close()
            os.setsid()
            confine.processor(2 * seconds)  # where the clock inside is not heard
            confine.only_itself()
            standin.Missing.asked = True
            answers.Session(space, channel, seconds, patience, request["most"]).run(request["ask"])
        finally:
            os._exit(0)
    channel.close()
    watch = os.pidfd_open(child)
    both: list[int | socket.socket] = [watch, job]
    ready = select.select(both, [], [], patience * seconds + GRACE)[0]
    if job in ready:  # the other side has enough; what is left of the fork is to go
        ready = select.select(both[:1], [], [], GRACE)[0] or ready
    late = not ready
    os.close(watch)
    for end in (os.kill, os.killpg):  # a child that is not yet waited for is there
        with contextlib.suppress(ProcessLookupError):
            end(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    if late:
        return "late"
    if status == 0:
        return "well"
    # The limit counts whole ticks, and on a busy machine more than what was used.
    limit = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
    return "spent" if limit or used.ru_utime + used.ru_stime >= 1.8 * seconds else "died"


def _end(alone: bool) -> None:
    """End all that was started here but this process and the first of all; wait until it is gone.

    What is a child of this process then counts no more.
    """
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        if alone:  # the namespace is ours: this reaches nobody else
            os.kill(-1, signal.SIGKILL)
        while alone:
            os.waitpid(-1, 0)
