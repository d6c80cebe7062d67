"""Work on what a stranger sent, in a fork that may die without harm: of its time or its memory."""

import math
import os
import pickle
import re
import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from bpcourse.marking.inside import confine

MEMORY = 192 << 20  # bytes that the fork may use more than there are in use already

OURS = 70  # how the fork ends where the fault is ours

Item = TypeVar("Item")


class Apart(Generic[Item]):
    """``work(emit)`` in a fork; iterating gives what it emits, in order.

    Parameters
    ----------
    work : callable
        What it emits has to be picklable, and is believed: the work is ours.
    seconds : float
        Of processor time; then the fork ends.
    memory : int
        Bytes more than this process uses; then there is a MemoryError in the fork.

    Attributes
    ----------
    died : bool
        Whether the work did not come to its end; known after the last item.
    seconds : float
        The processor time that it took.
    """

    def __init__(
        self, work: Callable[[Callable[[Item], None]], None], seconds: float, memory: int = MEMORY
    ) -> None:
        self._work, self._most, self._memory = work, seconds, memory
        self.died, self.seconds = True, 0.0

    def __iter__(self) -> Iterator[Item]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                self._do(writing)
                status = 0
            finally:  # whatever it was: nothing of the caller goes on here
                os._exit(status)
        os.close(writing)
        whole = False
        try:
            with open(reading, "rb") as stream, suppress(EOFError, pickle.UnpicklingError):
                while True:
                    yield pickle.load(stream)
            whole = True  # it has ended, or does so now
        finally:
            if not whole:
                os.kill(child, signal.SIGKILL)
            _, status, used = os.wait4(child, 0)
            self.died = status != 0
            if os.waitstatus_to_exitcode(status) == OURS:
                raise RuntimeError("the marking itself has failed")
            self.seconds = used.ru_utime + used.ru_stime

    def _do(self, writing: int) -> None:
        confine.die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends it
        confine.processor(max(math.ceil(self._most), 1))
        most = _data_in_use() + self._memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        with open(writing, "wb") as stream:

            def emit(item: Item) -> None:
                pickle.dump(item, stream)
                stream.flush()

            try:
                self._work(emit)
            except MemoryError:
                os._exit(1)
            except BaseException:  # a mistake of ours, for which no student is to pay
                traceback.print_exc()
                os._exit(OURS)


def _data_in_use() -> int:
    """Bytes of private memory that can be written to, as the system counts them for the limit."""
    found = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) << 10 if found else 1 << 30
