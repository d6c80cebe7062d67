"""Finding what was handed in: a folder, a zip, nbgrader's tree; and who it is from.

Known forms: ``ana/11_matrix_form.ipynb``, ``ana/assignment/11_matrix_form.ipynb`` (nbgrader),
``Ana Ruiz_1234_assignsubmission_file/11_matrix_form.ipynb`` (Moodle),
``ruizana_1234_5678_11_matrix_form.ipynb`` (Canvas), ``ana_11_matrix_form.ipynb``, ``ana.ipynb``.
"""

import os
import re
import stat
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bpcourse.marking.cells import MOST_BYTES
from bpcourse.questions.bank import NOTEBOOKS
from bpcourse.text import text

MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_\w+_?", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
IGNORED = re.compile(r"\.|__MACOSX|bpcourse\.json$|timestamp\.txt$")  # files and folders


@dataclass(frozen=True)
class Submission:
    """One file that was handed in.

    ``student`` and ``name`` as the file's place says them; ``notebook`` the stem of the exercises,
    "" where the name does not tell; ``problem`` why it cannot be read, or "".
    """

    student: str
    name: str
    notebook: str
    file: str
    source: tuple  # the path of the folder or zip, and the name in it
    problem: str = ""

    def read(self):
        """Its bytes, one more than is allowed at most. OSError where they cannot be had."""
        root, member = self.source
        if root.is_dir():
            with open(root / member, "rb") as file:
                return file.read(MOST_BYTES + 1)
        try:
            with zipfile.ZipFile(root) as archive, archive.open(member) as file:
                return file.read(MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, KeyError) as error:
            raise OSError(str(error)) from None


def find(path):
    """Every :class:`Submission` in a folder or zip, in order; at least one for every student.

    FileNotFoundError where there is no such path, ValueError where it is neither, or is empty.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(text("grade.no_folder", path=path))
    if path.is_dir():
        files = list(_in_folder(path))
    elif zipfile.is_zipfile(path):
        files = list(_in_zip(path))
    else:
        raise ValueError(text("grade.no_folder_or_zip", path=path))
    if not files:
        raise ValueError(text("grade.empty", path=path))
    top = {file.place.parts[0] for file in files if len(file.place.parts) > 1}
    skip = len(top) == 1 and top <= {"submitted", path.stem}
    by_student = defaultdict(list)
    for file in sorted(files, key=lambda file: file.time):
        student, name, notebook = map(_readable, _who(PurePosixPath(*file.place.parts[skip:])))
        shown = _readable(str(file.place))
        one = Submission(student, name, notebook, shown, (path, file.member), file.problem)
        by_student[student].append(one)
    return [one for student in sorted(by_student) for one in _chosen(by_student[student])]


class _File(NamedTuple):
    place: PurePosixPath  # as names of folders and of the file
    member: str  # what it is opened by
    time: object  # of its last change
    problem: str


def _chosen(handed_in):
    """A student's notebooks, of two for one lesson the later; without any, one other file."""
    notebooks = [one for one in handed_in if one.file.endswith(".ipynb")]
    last = {one.notebook: one for one in notebooks if one.notebook}
    for index, one in enumerate(notebooks):
        if one.notebook and last[one.notebook] is not one:
            later = text("grade.later", file=last[one.notebook].file)
            notebooks[index] = replace(one, problem=later)
    return sorted(notebooks, key=lambda one: one.file) or handed_in[:1]


def _who(place):
    """(student, name, notebook) as the place of a file tells them."""
    file = place.name.removesuffix(".ipynb")
    notebook = stem_in(file)
    if len(place.parts) > 1:
        folder = place.parts[0]
        match = MOODLE.fullmatch(folder)
        return (match["id"], match["name"], notebook) if match else (folder, "", notebook)
    if match := CANVAS.fullmatch(file):
        return match["id"], match["name"], stem_in(match["file"])
    student = file.partition(notebook)[0].rstrip("_- ") if notebook else file
    return student or file, "", notebook


def stem_in(name):
    """The stem of the exercises that a file's name holds as words of their own, or ""."""
    found = (s for s in NOTEBOOKS.values() if re.search(rf"(?<![^\W_]){s}(?![^\W_])", name))
    return max(found, key=len, default="")


def _in_folder(root):
    """Every file below. A link that leads out is a problem; folders are not followed by links."""
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = [name for name in folders if not IGNORED.match(name)]
        for name in names + links:
            path = Path(folder) / name
            inside = path.resolve().is_relative_to(root.resolve())
            if IGNORED.match(name) or (inside and name in links):
                continue
            problem = "" if inside else text("grade.link")
            if inside and not path.is_file():  # a pipe would be waited for
                problem = text("grade.no_file")
            place = path.relative_to(root)
            yield _File(PurePosixPath(place), str(place), path.lstat().st_mtime, problem)


def _in_zip(path):
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            # Steps up lead nowhere, since nothing is unpacked; as names they would mislead.
            parts = [part for part in PurePosixPath(entry.filename).parts if part.strip("./")]
            if entry.is_dir() or not parts or any(map(IGNORED.match, parts)):
                continue
            problem = text("grade.link") if stat.S_ISLNK(entry.external_attr >> 16) else ""
            yield _File(PurePosixPath(*parts), entry.filename, entry.date_time, problem)


def _readable(name):
    """A name that can be written down, and is still nobody else's."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
