"""Files written whole or not at all, and by one program at a time, on whatever system."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

WAIT = 2.0  # seconds; another program needs milliseconds for what it does alone
LOCK = ".bpcourse-lock"  # where the system itself has no locks


def write(path: Path, data: bytes) -> None:
    """Put the bytes ``data`` at ``path``, whole or not at all, making its folder if need be.

    OSError where that cannot be. Windows refuses to replace a file while another program (a
    virus scanner, a synchroniser) holds it open, so it is asked again for a while.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    until = time.monotonic() + WAIT
    try:
        temporary.write_bytes(data)
        while True:
            try:
                os.replace(temporary, path)
                return
            except PermissionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only program that is in such a block for this folder.

    Two notebooks that are open at once write into one record; without this one would lose.
    """
    handle = _locked(folder)
    mine = handle is None and _file_made(folder / LOCK)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
        if mine:
            (folder / LOCK).unlink(missing_ok=True)


def _locked(folder: Path) -> int | None:
    """A handle that holds the system's lock on the folder; None where there is no such lock."""
    if not hasattr(fcntl, "flock"):  # Windows, or a browser
        return None
    handle = os.open(folder, os.O_RDONLY)  # the folder itself, so that no file is left behind
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a network's file system may have none
        os.close(handle)
        return None
    return handle


def _file_made(path: Path) -> bool:
    """Make a file that one program alone can make, and wait while another's is there.

    False after a while: then a program was ended before it took its file away, or the folder
    cannot be written, and going on is better than waiting for ever.
    """
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            return True
        except FileExistsError:
            time.sleep(0.02)
        except OSError:
            return False
    path.unlink(missing_ok=True)  # what an ended program left
    return False
