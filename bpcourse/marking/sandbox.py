"""Starting the process that students' code runs in, shut in as far as this machine can.

``bubblewrap`` builds a system of its own: read-only, without a network, with NumPy and nothing of
the course or of other students in it. ``unshare`` does so where bubblewrap is not installed and
the system lets it. Without either there are limits and, for root, another user, and nobody is told
that this is safe.
"""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from bpcourse.questions import bank
from bpcourse.text import text

INSIDE = Path(__file__).parent / "inside"
CODE = "/marking"  # where the folder above is, inside
LIBRARIES = "/libraries"  # and what Python's packages are installed in, one folder or more
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
MEMORY = 2 << 30  # bytes of address space for each process
START = 20.0  # seconds in which a sandbox has to be there


class NoSandboxError(RuntimeError):
    """There is no way to shut students' code in on this machine."""


def choose(unsafe: bool = False) -> str:
    """The way to shut code in that works here: "bubblewrap", "unshare" or "none".

    "none" only where ``unsafe`` allows it; else :class:`NoSandboxError`.
    """
    if sys.platform != "linux":
        raise NoSandboxError(text("grade.linux", system=sys.platform))
    reasons = []
    for way, program in (("bubblewrap", "bwrap"), ("unshare", "unshare")):
        if shutil.which(program) is None:
            reasons.append(text("grade.no_program", program=program))
            continue
        try:
            Sandbox(way).close()
        except OSError as error:
            reasons.append(text("grade.fails", program=program, reason=error))
        else:
            return way
    if unsafe:
        return "none"
    raise NoSandboxError(text("grade.no_sandbox", reasons="\n".join(reasons)))


class Sandbox:
    """A running server of :mod:`inside.serve`: :meth:`job` gives a socket to a fresh process.

    OSError where it does not start.
    """

    def __init__(self, way: str, memory: int = MEMORY, preload: Sequence[str] = ()) -> None:
        self.way = way
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START)
        with theirs:
            python = [os.path.realpath(sys.executable), "-I", "-S", "-c", _start_code(way)]
            user = 60000 + os.getpid() % 5000  # of its own, so that its processes count apart
            arguments = [str(theirs.fileno()), str(memory), str(user), *preload]
            self._process = subprocess.Popen(
                [*AROUND[way](), *python, *arguments],
                env=_environment(),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        try:
            greeting = self._control.recv(4096)
        except BaseException:
            self.close()
            raise
        if not greeting:
            raise OSError(self.close())
        # Whether one server is safe for many notebooks.
        self.alone: bool = json.loads(greeting)["alone"]

    def job(self, settings: Mapping[str, object]) -> socket.socket:
        """The socket of a process for one notebook, started now."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [json.dumps(settings).encode()], [theirs.fileno()])
        return ours

    def finish(self) -> bool:
        """End the notebook's process and everything that it started; return when it is gone.

        Whether the system had ended it already, because all its processor time was used.
        """
        self._control.sendall(b"stop")
        while (said := self._control.recv(4096)) not in (b"done\n", b"late\n"):
            if not said:
                raise OSError(text("grade.server_gone"))
        return said == b"late\n"

    def close(self) -> str:
        """End the server and all that it started; what it said on the way."""
        self._control.close()
        self._process.kill()
        return self._process.communicate()[1].decode(errors="replace").strip()[-2000:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _start_code(way: str) -> str:
    """What the Python inside begins with: our folder is all that there is of a ``bpcourse``."""
    folder = str(INSIDE) if way == "none" else CODE
    libraries = [str(path if way == "none" else _places(path)[0]) for path in _libraries()]
    return (
        "import sys, types\n"
        f"for name, path in ('', []), ('.marking', []), ('.marking.inside', [{folder!r}]):\n"
        "    package = sys.modules['bpcourse' + name] = types.ModuleType('bpcourse' + name)\n"
        "    package.__path__ = path\n"
        f"sys.path += {libraries!r}\n"
        "from bpcourse.marking.inside import serve\nserve.main()"
    )


def _environment() -> dict[str, str]:
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB")}
    return one | {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }


def _libraries() -> list[Path]:
    """The folders that NumPy, and what notebooks import beside it, are installed in."""
    found = (find_spec(name) for name in ("numpy", "matplotlib", "IPython"))
    parents = (Path(spec.origin).resolve().parents[1] for spec in found if spec and spec.origin)
    return list(dict.fromkeys(parents))


def _contents() -> dict[Path, Path]:
    """{place inside: what of this machine is there, for reading}."""
    system = [Path(name) for name in SYSTEM if Path(name).exists()]
    prefix = Path(sys.base_prefix).resolve()
    if not any(map(prefix.is_relative_to, system)):
        system.append(prefix)
    contents = {path: path for path in system}
    for number, path in enumerate(_libraries()):
        if not any(map(path.is_relative_to, system)):
            contents[Path(LIBRARIES, str(number))] = path
    return contents | {Path(CODE): INSIDE}


def _places(path: Path) -> list[Path]:
    """Where a path of this machine is inside: at each folder that shows it, also by a link."""
    shown = [(place, folder.resolve()) for place, folder in _contents().items()]
    return [place / path.relative_to(real) for place, real in shown if path.is_relative_to(real)]


def _covered() -> dict[Path, Path]:
    """What is not to be seen inside, though it lies in a folder that is: every ``bpcourse``.

    The one that marks with all that lies beside it in a checkout, any other that a Python there
    would find, by a folder or by a file that points elsewhere; and the private questions.
    """
    package = Path(__file__).resolve().parents[1]
    hidden = [package, *bank.folders()]
    if (package.parent / "solutions").is_dir():  # a checkout; its .venv has to be seen
        hidden += [path for path in package.parent.iterdir() if path.name[0] not in "._"]
    for folder in _package_folders():
        hidden += [
            folder / "bpcourse",
            *folder.glob("bpcourse*.egg"),
            *folder.glob("bpcourse*.zip"),
        ]
        for pointer in (*folder.glob("*.pth"), *folder.glob("*.egg-link")):
            lines = pointer.read_text(encoding="utf-8", errors="replace").splitlines()
            for place in (folder / line.strip() for line in lines if _is_path(line)):
                if (place / "bpcourse").is_dir():
                    hidden.append(place)
        for origin in folder.glob("bpcourse-*.dist-info/direct_url.json"):
            url = json.loads(origin.read_text(encoding="utf-8")).get("url", "")
            if url.startswith("file://"):
                hidden.append(Path(unquote(url.removeprefix("file://"))))
    found = {path.resolve() for path in hidden if path.exists()}
    shown = [root.resolve() for place, root in _contents().items() if str(place) != CODE]
    return {
        place: path
        for path in sorted(found)
        if not any(root.is_relative_to(path) for root in shown)
        for place in _places(path)
        if not place.is_relative_to(CODE)
    }


def _is_path(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("#", "import ", "import\t"))


def _package_folders() -> list[Path]:
    """Where Python's packages are, of any Python that is to be seen inside."""
    found = [Path(entry) for entry in sys.path if entry]
    for root in _contents().values():
        for folder in ("", "local/", "envs/*/", "opt/*/", "usr/", "usr/local/"):
            for kind in ("site-packages", "dist-packages"):
                found += root.glob(f"{folder}lib*/python3*/{kind}")
    return list(dict.fromkeys(path.resolve() for path in found if path.is_dir()))


def _bubblewrap() -> list[str]:
    command = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    command += ["--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:  # needs no user namespace, but rights to make the others with
        for right in ("SYS_ADMIN", "SETUID", "SETGID"):
            command += ["--cap-add", f"CAP_{right}"]
    else:
        command += ["--unshare-user"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for place, path in _contents().items():
        for parent in reversed(place.parents[:-1]):  # passable for the user that it runs as
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(path), str(place)]
    for place, path in _covered().items():
        if path.is_dir():
            command += ["--tmpfs", str(place), "--remount-ro", str(place)]
        else:
            command += ["--ro-bind", "/dev/null", str(place)]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]


def _unshare() -> list[str]:
    """The same with the system's own tools: a new root on a file system in memory."""
    free = [Path(name) for name in ("/mnt", "/media", "/srv") if Path(name).is_dir()]
    needed = _contents().values()
    free = [path for path in free if not any(p.is_relative_to(path) for p in needed)]
    root = (free or [Path("/var")])[0]
    lines = ["set -e", f"mount -t tmpfs -o mode=755 tmpfs {root}"]

    def bind(source: str | Path, target: Path) -> str:
        kind = "mkdir -p" if Path(source).is_dir() else "touch"
        parent, there = shlex.quote(str(target.parent)), shlex.quote(str(target))
        here = shlex.quote(str(source))
        lines.append(f"mkdir -p {parent}; {kind} {there}; mount --bind {here} {there}")
        return there

    lines.append(f"mkdir {root}/tmp; mount -t tmpfs tmpfs {root}/tmp")
    for place, path in _contents().items():
        target = bind(path, root / place.relative_to("/"))
        lines.append(f"mount -o remount,bind,ro {target}")
    for place, path in _covered().items():
        target = shlex.quote(str(root / place.relative_to("/")))
        how = "-t tmpfs -o ro tmpfs" if path.is_dir() else "--bind /dev/null"
        lines.append(f"mount {how} {target}")
    for name in ("null", "zero", "full", "random", "urandom"):
        bind(f"/dev/{name}", root / "dev" / name)
    lines += [
        f"cd {root}",
        "mkdir -p dev/shm proc old",
        "mount -t proc proc proc",
        "pivot_root . old",
        "umount -l /old",
        "rmdir /old",
        "mount -o remount,bind,ro /",
        "cd /tmp",
        'exec "$@"',
    ]
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    flags = ["--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts"]
    return ["unshare", *user, *flags, "--", "sh", "-c", "\n".join(lines), "sh"]


AROUND: dict[str, Callable[[], list[str]]]
AROUND = {"bubblewrap": _bubblewrap, "unshare": _unshare, "none": list}
