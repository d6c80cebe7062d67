"""A student's working copy of the course: ``start(folder)``.

The copy has its outputs cleared, so that predicting means something, and belongs to the student:
nothing that is there is ever overwritten.
"""

import json
from pathlib import Path

from bpcourse.files import write
from bpcourse.questions.record import NAME as RECORD  # it also marks a folder as a student's
from bpcourse.text import text

FOLDERS = ("lectures", "exercises")


def start(folder="course"):
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
    added = 0
    for name in FOLDERS:
        for original in _files(source(name)):
            copy = folder / name / original.name
            if not copy.exists():
                write(copy, _cleared(original))
                added += 1
    if new:
        write(folder / RECORD, b"{}\n")
    outcome = "created" if new else "added" if added else "kept"
    print(text(f"workspace.{outcome}", folder=folder, count=added))
    return folder


def source(name):
    """Where the originals of a folder lie: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return package / name if (package / "lectures").is_dir() else package.parent / name


def _files(folder):
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def _cleared(path):
    """The file's bytes; a notebook's without outputs and execution counts."""
    data = path.read_bytes()
    if path.suffix != ".ipynb":
        return data
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
