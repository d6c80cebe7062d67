"""A student's working copy of the course: ``start``, ``update``, ``reset``.

The copy has its outputs cleared, so that predicting means something, and belongs to the student:
nothing that a student wrote is ever overwritten or lost.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from bpcourse.files import write
from bpcourse.questions.record import NAME as RECORD  # it also marks a folder as a student's
from bpcourse.text import text

FOLDERS = ("lectures", "exercises")
HANDED_OUT = ".handed_out.json"  # {file: digest of what it said when it was handed out}


def start(folder: str | Path = "course") -> Path:
    """Copy the lessons and exercises into ``folder``, print what was done and return its path.

    A first start makes the folder; a later one adds what is missing and changes nothing else.
    OSError where that cannot be: the folder is a file, is the course's own, or cannot be written.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(text("workspace.not_a_folder", folder=folder))
    if folder.resolve() == source("lectures").parent:
        raise FileExistsError(text("workspace.own_source", folder=folder))
    new = not (folder / RECORD).exists()
    handed_out = _handed_out(folder)
    added = 0
    for name, data in originals():
        if not (folder / name).exists():
            write(folder / name, data)
            handed_out[name] = _digest(name, data)
            added += 1
    if new:
        write(folder / RECORD, b"{}\n")
    _keep(folder, handed_out)
    outcome = "created" if new else "added" if added else "kept"
    print(text(f"workspace.{outcome}", folder=folder, count=added))
    return folder


def update(folder: str | Path = "course") -> dict[str, str]:
    """Bring ``folder`` up to date, print what was done and return {file: what happened to it}.

    New files are added; files in which the student wrote nothing are replaced (running a cell is
    not writing); where the student did, the new version is laid beside it under another name.
    OSError for a folder that ``start`` has not made, or that cannot be written.
    """
    folder = Path(folder).expanduser()
    if not (folder / RECORD).exists():
        raise FileNotFoundError(text("workspace.not_started", folder=folder))
    handed_out = _handed_out(folder)
    done: dict[str, str] = {}
    for name, data in originals():
        path, digest = folder / name, _digest(name, data)
        if not path.exists():
            write(path, data)
            done[name] = "added"
        elif (theirs := _digest(name, path.read_bytes())) != digest:
            if theirs == handed_out.get(name):
                write(path, data)
                done[name] = "replaced"
            elif digest != handed_out.get(name) and (beside := _beside(path, "new", data)):
                write(beside, data)
                done[name] = beside.name
        handed_out[name] = digest
    _keep(folder, handed_out)
    for name, what in done.items():
        key = {"added": "new_file", "replaced": "replaced"}.get(what, "beside")
        print(text(f"workspace.{key}", name=name, beside=what))
    if not done:
        print(text("workspace.up_to_date", folder=folder))
    return done


def reset(path: str | Path) -> Path | None:
    """Put a fresh copy in the place of the student's file ``path``; returns where the old one is.

    The old one lies beside it under another name. OSError for a file that the course does not
    have, one outside a working folder, or a folder that cannot be written.
    """
    path = Path(path).expanduser().resolve()
    folder = next((above for above in path.parents if (above / RECORD).exists()), None)
    fresh = dict(originals())
    name = path.relative_to(folder).as_posix() if folder else path.name
    if folder is None or name not in fresh:
        raise FileNotFoundError(text("workspace.no_original", path=path))
    aside = _free(path, "old") if path.exists() else None
    if aside:  # a copy, because Windows renames no file that is open
        write(aside, path.read_bytes())
    try:
        write(path, fresh[name])
    except OSError:
        if aside:
            aside.unlink()
        raise
    _keep(folder, _handed_out(folder) | {name: _digest(name, fresh[name])})
    print(text("workspace.reset", name=name, aside=aside.name if aside else "-"))
    return aside


def originals() -> Iterator[tuple[str, bytes]]:
    """Yield (name in the working folder, bytes) of every file of the course, without outputs."""
    for folder in FOLDERS:
        for original in _files(source(folder)):
            yield f"{folder}/{original.name}", _cleared(original)


def _digest(name: str, data: bytes) -> str:
    """Of what a file says: of a notebook the cells, without outputs and what a front end adds."""
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(data)["cells"]
            said = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
            data = json.dumps(said).encode()
        except (ValueError, KeyError, TypeError):  # no notebook any more: every byte counts
            pass
    return hashlib.sha256(data).hexdigest()


def _handed_out(folder: Path) -> dict[str, str]:
    try:
        known = json.loads((folder / HANDED_OUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # then every file counts as the student's
    return known if isinstance(known, dict) else {}


def _keep(folder: Path, handed_out: dict[str, str]) -> None:
    data = (json.dumps(handed_out, indent=1) + "\n").encode()
    if not (folder / HANDED_OUT).exists() or (folder / HANDED_OUT).read_bytes() != data:
        write(folder / HANDED_OUT, data)


def _free(path: Path, word: str) -> Path:
    """A name beside ``path`` that is not taken: ``04_chain_rule-old-1.ipynb``."""
    number = 1
    while (free := path.with_name(f"{path.stem}-{word}-{number}{path.suffix}")).exists():
        number += 1
    return free


def _beside(path: Path, word: str, data: bytes) -> Path | None:
    """Where to lay ``data`` beside ``path``; None if it lies there already."""
    lying = path.parent.glob(f"{path.stem}-{word}-*{path.suffix}")
    same = any(
        _digest(path.name, other.read_bytes()) == _digest(path.name, data) for other in lying
    )
    return None if same else _free(path, word)


def source(name: str) -> Path:
    """Where the originals of a folder lie: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return package / name if (package / "lectures").is_dir() else package.parent / name


def _files(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def _cleared(path: Path) -> bytes:
    """The file's bytes; a notebook's without outputs and execution counts."""
    data = path.read_bytes()
    if path.suffix != ".ipynb":
        return data
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
