"""Shutting a process in: namespaces of its own, limits, no rights, and few system calls.

Linux alone, through the C library: what Python offers of this is not enough before 3.12.
"""

import contextlib
import ctypes
import math
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator

Step = tuple[int, int, int, int]  # of a filter: operation, steps to skip if so, if not, value
LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NAMESPACES = {"mount": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "net": 0x40000000}
NEW_PID, NEW_USER = 0x20000000, 0x10000000
REC, PRIVATE, NOSUID, NODEV, NOEXEC = 0x4000, 0x40000, 2, 4, 8
DISK = 32 << 20  # bytes of the private /tmp, and of one file
PROCESSES = 24  # and threads
FOR_QUESTIONS = 8  # of these, so that threads that cells leave behind do not stop the forks
FILES = 64
SET_DEATH_SIGNAL, SET_SECCOMP, SET_SUBREAPER, SET_NO_NEW_PRIVILEGES = 1, 22, 36, 38  # of prctl


def namespaces() -> None:
    """Give this process's next child namespaces of its own: no network, no other process in sight.

    Root needs no more; anybody else a user namespace too. OSError where the system refuses.
    """
    flags = NEW_PID | sum(NEW_NAMESPACES.values())
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        flags |= NEW_USER
    _do(LIBC.unshare(flags))
    if user != 0:  # the same user inside as outside
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)


def first_to_go() -> None:
    """Where memory runs out, the system ends this process and its children before others."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def own_files() -> None:
    """A /tmp of its own, small and empty; /proc and shared memory covered."""
    _mount("none", "/", None, REC | PRIVATE, None)
    flags = NOSUID | NODEV
    if not any(path.startswith("/tmp/") for path in (sys.base_prefix, *sys.path)):
        _mount("tmpfs", "/tmp", "tmpfs", flags, f"size={DISK},mode=1777")
    _mount("tmpfs", "/dev/shm", "tmpfs", flags | NOEXEC, "size=1m,mode=1777")
    _mount("tmpfs", "/proc", "tmpfs", flags | NOEXEC, "size=4k,mode=555")
    os.chdir("/tmp")


def give_up_rights(user: int) -> None:
    """Become ``user`` (for root), for good, and be able to do no more than any other."""
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
    except (
        OSError
    ):  # root of a user namespace alone, who has no other user to become, nor needs one
        pass
    header = struct.pack("Ii", 0x20080522, 0)
    _do(LIBC.capset(header, bytes(24)))
    _prctl(SET_NO_NEW_PRIVILEGES, 1)


def die_with_parent() -> None:
    """End when the process that forked this one ends."""
    _prctl(SET_DEATH_SIGNAL, signal.SIGKILL)


def adopt_orphans() -> None:
    """Be the parent of every process below whose own parent ends."""
    _prctl(SET_SUBREAPER, 1)


def allow_more_processes() -> None:
    """What the cells of a notebook could not have is there for the forks of its questions."""
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def processor(seconds: float) -> None:
    """End this process after so many seconds of processor time, whatever it catches."""
    most = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))


def processor_limit() -> int:
    """The seconds of processor time that this process has in all."""
    return resource.getrlimit(resource.RLIMIT_CPU)[0]


def limits(memory: int, seconds: float) -> None:
    """Bytes of address space, seconds of processor time, and fixed limits for the rest."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, DISK),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_NPROC, PROCESSES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (most - FOR_QUESTIONS, most))
    processor(seconds)


# --- system calls that no exercise needs ----------------------------------------------------------

# By machine: what seccomp calls it, and the numbers of what is refused.
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    # ptrace, process_vm_*, unshare, setns, mount, umount2, pivot_root, chroot, swapon/off, reboot,
    # (f)init_module, delete_module, kexec_*, bpf, perf_event_open, userfaultfd, the keyring's,
    # io_uring's three, open_by_handle_at, personality, the new mount calls, quotactl, acct
    "x86_64": [101, 310, 311, 272, 308, 165, 166, 155, 161, 167, 168, 169, 175, 313, 176, 246, 320]
    + [321, 298, 323, 248, 249, 250, 425, 426, 427, 304, 135, 428, 429, 430, 431, 432, 433, 442]
    + [179, 163],
    "aarch64": [117, 270, 271, 97, 268, 40, 39, 41, 51, 224, 225, 142, 105, 273, 106, 104, 294]
    + [280, 241, 282, 217, 218, 219, 425, 426, 427, 265, 92, 428, 429, 430, 431, 432, 433, 442]
    + [60, 89],
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
# kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, prlimit64
_SIGNALS = {
    "x86_64": [62, 200, 234, 129, 297, 424, 302],
    "aarch64": [129, 130, 131, 138, 240, 424, 261],
}
_FORKS = {"x86_64": [57, 58], "aarch64": []}  # fork, vfork
_CLONE3 = 435
_THREAD = 0x00010000  # of the flags of clone
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they stand
_ANY_NAMESPACE = NEW_PID | NEW_USER | sum(NEW_NAMESPACES.values()) | 0x02000000  # and cgroups
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_LOAD, _EQUAL, _AT_LEAST, _ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def few_system_calls() -> bool:
    """Refuse, from here on and for every child, what would reach other processes or the system.

    On a machine whose numbers are not known here nothing happens; returns whether it did.
    """
    return _refuse(_filter)


def only_itself() -> bool:
    """Refuse to start a process, or to send signals to or change the limits of another one.

    So all the time that is used is this process's own.
    """
    return _refuse(_others)


def _refuse(steps: Callable[[str], Iterator[Step]]) -> bool:
    machine = platform.machine()
    if machine not in _AUDIT:
        return False
    program = b"".join(struct.pack("HBBI", *step) for step in steps(machine))
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _prctl(SET_SECCOMP, 2, header)
    return True


def _filter(machine: str) -> Iterator[Step]:
    """The program: (operation, steps to skip if so, if not, value)."""
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, _AUDIT[machine]
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    yield _AT_LEAST, 0, 1, 0x40000000  # the other numbering of x86
    yield _RETURN, 0, 0, _KILL
    yield _EQUAL, 0, 1, _CLONE3  # its flags cannot be seen; C libraries turn to clone
    yield _RETURN, 0, 0, _ENOSYS
    for refused in _REFUSED[machine]:
        yield _EQUAL, 0, 1, refused
        yield _RETURN, 0, 0, _EPERM
    yield _EQUAL, 0, 3, _CLONE[machine]
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _ANY_OF, 4, 0, _ANY_NAMESPACE
    yield _RETURN, 0, 0, _ALLOW
    yield _EQUAL, 0, 3, _SOCKET[machine]
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _EQUAL, 1, 0, 1  # between processes of this machine
    yield _RETURN, 0, 0, _EPERM
    yield _RETURN, 0, 0, _ALLOW


def _others(machine: str) -> Iterator[Step]:
    yield _LOAD, 0, 0, _NUMBER
    for number in _FORKS[machine]:
        yield _EQUAL, 0, 1, number
        yield _RETURN, 0, 0, _EPERM
    yield _EQUAL, 0, 4, _CLONE[machine]
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _ANY_OF, 1, 0, _THREAD
    yield _RETURN, 0, 0, _EPERM
    yield _RETURN, 0, 0, _ALLOW
    calls = _SIGNALS[machine]
    for index, number in enumerate(calls):
        yield _EQUAL, len(calls) - index, 0, number
    yield _RETURN, 0, 0, _ALLOW
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _EQUAL, 2, 0, 0  # of limits: its own
    yield _EQUAL, 1, 0, os.getpid()
    yield _RETURN, 0, 0, _EPERM
    yield _RETURN, 0, 0, _ALLOW


def _prctl(option: int, value: int, pointer: bytes | None = None) -> None:
    unused = ctypes.c_ulong(0)
    _do(LIBC.prctl(option, ctypes.c_ulong(value), pointer, unused, unused))


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None) -> None:
    names = [name if name is None else name.encode() for name in (source, target, kind)]
    _do(LIBC.mount(*names, ctypes.c_ulong(flags), data if data is None else data.encode()))


def _do(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
