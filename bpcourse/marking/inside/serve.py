"""The sandbox's server: NumPy is loaded once, and each notebook gets a fork of this process.

``serve.py CONTROL MEMORY USER PRELOAD``: the number of the inherited socket to take work from, the
bytes that each process may use, the user to become where this is root, and modules to load.

One notebook at a time. Each has namespaces of its own, whose first process is ours and ends with
the notebook: then the system kills whatever else was started there. Where that is refused
("alone": false in the greeting), the outer sandbox is all there is, and the caller starts a new one
for every notebook.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
import types

from bpcourse.marking.inside import confine, notebook

LATE = 3  # how the first process ends where the notebook's has used all its processor time


def main() -> None:
    """Serve until the other side closes the control socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    memory, user = int(sys.argv[2]), int(sys.argv[3])
    for name in sys.argv[4:]:
        try:
            importlib.import_module(name)
        except Exception as error:  # a plot is not worth failing for
            print(name, error, file=sys.stderr)
    confine.adopt_orphans()
    alone = _can_be_alone()
    control.sendall(json.dumps({"alone": alone}).encode() + b"\n")
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        except OSError:
            break
        if not message:
            break
        if descriptors:
            job = socket.socket(fileno=descriptors[0])
            late = _one(control, job, json.loads(message), alone, memory, user)
            control.sendall(b"late\n" if late else b"done\n")


def _can_be_alone() -> bool:
    child = os.fork()
    if child == 0:
        try:
            confine.namespaces()
            inner = os.fork()
            if inner == 0:
                confine.own_files()
                os._exit(0)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) != 0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _one(
    control: socket.socket,
    job: socket.socket,
    settings: notebook.Settings,
    alone: bool,
    memory: int,
    user: int,
) -> bool:
    """Run one notebook, until it ends or the caller says to stop (or goes away).

    Whether the system ended it because it had used all its processor time.
    """
    child = os.fork()
    if child == 0:
        control.close()
        try:
            _shut_in(job, settings, alone, memory, user)
        finally:
            os._exit(1)
    job.close()
    ended = os.pidfd_open(child)
    both: list[int | socket.socket] = [ended, control]
    ready = select.select(both, [], [])[0]
    os.close(ended)
    if control in ready:
        os.kill(child, signal.SIGKILL)  # takes all that it started with it
        control.recv(4096)
        os.waitpid(child, 0)
        late = False
    else:
        late = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == LATE
    _wait_for_all(alone)
    return late


def _wait_for_all(alone: bool) -> None:
    """Return when nothing of a notebook is left: what loses its parent becomes our child."""
    try:
        while True:
            if not alone:  # no namespace ends them
                for pid in open(f"/proc/self/task/{os.getpid()}/children").read().split():
                    os.kill(int(pid), signal.SIGKILL)
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass


def _shut_in(
    job: socket.socket, settings: notebook.Settings, alone: bool, memory: int, user: int
) -> None:
    """In a process between: make namespaces, start their first process, and wait for it."""
    confine.first_to_go()
    if alone:
        confine.namespaces()
    first = os.fork()
    if first == 0:
        try:
            if alone:
                confine.own_files()
            _first(job, settings, alone, memory, user)
        finally:
            os._exit(1)
    job.close()
    confine.die_with_parent()
    os._exit(max(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]), 0))


def _first(
    job: socket.socket, settings: notebook.Settings, alone: bool, memory: int, user: int
) -> None:
    """The first process of the namespace: it starts the notebook's, and its end ends all."""
    confine.give_up_rights(user)
    confine.die_with_parent()  # after the change of user, which undoes it
    confine.limits(memory, 2 * settings["seconds"])  # where the clock inside is not heard
    confine.few_system_calls()
    os.setsid()
    main_process = os.fork()
    if main_process == 0:
        confine.die_with_parent()
        _forget_ourselves()
        notebook.serve(job, settings, alone)
        os._exit(0)
    job.close()
    ended = 0
    while ended != main_process:  # orphans come here to be buried
        ended, status, used = os.wait3(0)
    spent = used.ru_utime + used.ru_stime >= confine.processor_limit()
    os._exit(LATE if spent and status else 0)


def _forget_ourselves() -> None:
    """No server, and no package of ours, in the modules that the student's code can import."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "bpcourse"]:
        del sys.modules[name]
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv = [""]


if __name__ == "__main__":
    main()
