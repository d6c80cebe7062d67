"""``bpcourse doctor``: is everything here that the course needs, and how to mend what is not."""

import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpcourse.text import text

NEEDED = {
    "numpy": "2.0",
    "jupyterlab": "4.4",
    "matplotlib": "3.9",
    "ipywidgets": "8.1",
    "anywidget": "0.9",
    "tqdm": "4.66",
}
PYTHON = (3, 11)
SLOW = 0.35  # a kernel below this share of the best one that could run here is called slow,
ROUNDS = 4  # in every one of so many rounds


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``mend`` says what to do, "" if all is well."""

    what: str
    seen: str
    mend: str = ""


def examine(folder: str | Path = ".") -> list[Finding]:
    """Every :class:`Finding`, in the order in which a reader should mend them."""
    return [python(), *versions(), kernel(), widgets(), writable(Path(folder)), blas()]


def python() -> Finding:
    """Is Python new enough?"""
    seen = platform.python_version()
    mend = "" if sys.version_info >= PYTHON else text("doctor.python", needed="3.11", seen=seen)
    return Finding("Python", seen, mend)


def versions() -> Iterator[Finding]:
    """Is every package there, and new enough?"""
    for name, needed in NEEDED.items():
        try:
            seen = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(
                name, text("doctor.missing"), text("doctor.install", name=name, needed=needed)
            )
            continue
        old = _parts(seen) < _parts(needed)
        yield Finding(name, seen, text("doctor.install", name=name, needed=needed) if old else "")


def _parts(version: str) -> list[int]:
    numbers = []
    for part in version.split(".")[:3]:
        digits = "".join(c for c in part if c.isdigit())
        numbers.append(int(digits or 0))
    return numbers


def kernel() -> Finding:
    """Is there a kernel for notebooks, and does it run this very Python?"""
    missing = Finding("kernel", text("doctor.missing"), text("doctor.kernel"))
    if not all(map(importlib.util.find_spec, ("ipykernel", "jupyter_client"))):
        return missing
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return missing
    own = Path(command).resolve() == Path(sys.executable).resolve()
    same = own or command in ("python", "python3")  # a bare name is the one of this environment
    return Finding("kernel", "python3", "" if same else text("doctor.other_python", seen=command))


def widgets() -> Finding:
    """Is the front end of ipywidgets where JupyterLab looks for it, in the version that fits?"""
    folders = [Path(sys.prefix) / "share", *(Path(p) / "share" for p in (sys.base_prefix,))]
    for folder in folders:
        package = folder / "jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json"
        if package.is_file():
            return Finding("widgets", json.loads(package.read_text(encoding="utf-8"))["version"])
    return Finding("widgets", text("doctor.missing"), text("doctor.widgets"))


def writable(folder: Path) -> Finding:
    """Can the working folder be written?"""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("folder", str(error.strerror), text("doctor.folder", folder=folder))
    return Finding("folder", text("doctor.fine"))


def blas() -> Finding:
    """Does NumPy's BLAS use what the CPU can do? Some choose an old kernel on a new CPU.

    On a busy machine a single measurement may say anything. So a kernel is advised only if it was
    far ahead in every one of several rounds, and with the smallest lead that it had.
    """
    library = _blas_name()
    if "openblas" not in library.lower():
        return Finding("BLAS", library or text("doctor.unknown"))
    best, lead = 0.0, {core: math.inf for core in _cores()}
    for _ in range(ROUNDS):
        here = _speed_of(None)
        best = max(best, here)
        for core in lead:
            lead[core] = min(lead[core], _speed_of(core) / here if here else 0)
        lead = {core: times for core, times in lead.items() if times * SLOW > 1}
        if not lead:
            break
    seen = text("doctor.speed", library=library, rate=best)
    if not lead:
        return Finding("BLAS", seen)
    core = max(lead, key=lead.__getitem__)
    return Finding("BLAS", seen, text("doctor.blas", core=core, times=lead[core]))


def _speed_of(core: str | None) -> float:
    """:func:`speed` in a process of its own, with that kernel or the one it chooses; 0 if none."""
    environment = os.environ | ({"OPENBLAS_CORETYPE": core} if core else {})
    command = [sys.executable, "-c", f"from {__name__} import speed; print(speed())"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return float(done.stdout or 0) if done.returncode == 0 else 0.0


def speed(size: int = 500) -> float:
    """Billions of operations a second in a product of two matrices, the best of three."""
    a = np.random.default_rng(0).random((size, size))
    a @ a
    best = 0.0
    for _ in range(3):
        started = time.perf_counter()
        a @ a
        best = max(best, 2 * size**3 / (time.perf_counter() - started) / 1e9)
    return best


def _blas_name() -> str:
    try:
        return np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    except (TypeError, KeyError):
        return ""


def _cores() -> list[str]:
    """OpenBLAS kernels that this CPU's flags allow, as Linux tells them."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return []
    cores = ["HASWELL"] if " avx2" in flags and " fma" in flags else []
    if " avx512f" in flags and " avx512dq" in flags:
        cores.append("SKYLAKEX")
    return cores
