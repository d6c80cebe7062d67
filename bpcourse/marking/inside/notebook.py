"""The notebook's process: it runs the cells, then forks once for each question that is asked.

It belongs to the student: whatever is imported or run here may have been changed by their code.
"""

import builtins
import json
import linecache
import os
import select
import signal
import socket
import sys
import time

from bpcourse.marking.inside import answers, confine, frames, standin

GRACE = 1.0  # seconds that a question has more than its own code


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
    own = os.getpid()
    for number, source in message["cells"]:
        frames.send(job, {"cell": number})
        error = _run_cell(number, source, space, settings["cell_seconds"])
        if os.getpid() != own:  # a fork that the cell made goes no further
            os._exit(0)
        if error:
            frames.send(job, {"stopped": number, "message": error})
    _end(alone)
    _bury(alone)
    confine.allow_more_processes()
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
        with answers.time_limit(seconds):
            exec(compile(_plain_python(source), name, "exec"), space)
    except BaseException as error:
        seen = answers.told(error)
        return f"{seen['error']}: {seen['message']}".rstrip(": ")
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
            answers.Session(space, channel, seconds).run(names)
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
