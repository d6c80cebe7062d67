"""Exercises packed for hand-out: ``bpcourse release 11 --out week_5.zip``.

The notebooks go out byte for byte, with nbgrader's marks, and so do the files of the course that
they show or link to: the lesson, for one. A README says what to do and what to hand in.
"""

import io
import json
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bpcourse import workspace
from bpcourse.files import write
from bpcourse.marking.course import stem_of
from bpcourse.questions.bank import NOTEBOOKS, all_questions
from bpcourse.text import text

README = "README.md"
LINK = re.compile(r"\]\(([^)#:\s]+)[^):]*\)|src=[\"']([^\"'#:]+)")  # of a file, not of the web


def release(lessons: Iterable[str], out: str | Path, force: bool = False) -> list[str]:
    """Pack the exercises of ``lessons`` into the folder or .zip ``out``; returns the files' names.

    A lesson is named by its number, its name or both: "11", "matrix_form", "11_matrix_form".
    ValueError for one that has no exercises; OSError where a file would be overwritten that says
    something else (unless ``force``), or cannot be written.
    """
    stems = sorted({_stem(lesson) for lesson in lessons})
    originals = dict(workspace.originals())
    files = {README: _readme(stems, originals).encode()} | _with_links(stems, originals)
    out = Path(out).expanduser()
    if out.suffix.lower() == ".zip":
        targets = {out: _zip(files)}
    else:
        targets = {out / name: data for name, data in files.items()}
    there = [path for path, data in targets.items() if path.exists() and not _says(path, data)]
    if there and not force:
        names = ", ".join(map(str, there))
        raise FileExistsError(text("release.exists", names=names))
    for path, data in targets.items():
        write(path, data)
    if there:
        print(text("release.replaced", names=", ".join(map(str, there))))
    print(text("release.written", out=out, names=", ".join(files)))
    return list(files)


def _stem(lesson: str) -> str:
    """The exercise notebook's name without its ending."""
    if stem := stem_of(lesson):
        return stem
    raise ValueError(text("release.no_lesson", lesson=lesson, known=", ".join(NOTEBOOKS.values())))


def _with_links(stems: Iterable[str], originals: Mapping[str, bytes]) -> dict[str, bytes]:
    """{name: bytes} of the exercises, and of what they refer to. Links in lessons stay there."""
    packed: dict[str, bytes] = {}
    wanted = [f"exercises/{stem}.ipynb" for stem in stems]
    while wanted:
        name = wanted.pop(0)
        if name in originals and name not in packed:
            packed[name] = originals[name]
            if name.startswith("exercises/") and name.endswith(".ipynb"):
                wanted += _links(name, packed[name])
    return packed


def _links(name: str, data: bytes) -> Iterator[str]:
    for cell in json.loads(data)["cells"]:
        if cell["cell_type"] == "markdown":
            for groups in LINK.findall("".join(cell["source"])):
                yield posixpath.normpath(posixpath.join(posixpath.dirname(name), "".join(groups)))


def _readme(stems: Iterable[str], originals: Mapping[str, bytes]) -> str:
    parts = [text("release.readme_start")]
    for stem in stems:
        first = json.loads(originals[f"exercises/{stem}.ipynb"])["cells"][0]["source"]
        questions = [one for one in all_questions() if NOTEBOOKS[one.lesson] == stem]
        parts.append(
            text(
                "release.readme_notebook",
                stem=stem,
                title="".join(first).splitlines()[0].lstrip("# "),
                questions=len(questions),
                points=sum(one.points for one in questions),
                minutes=sum(one.minutes for one in questions),
            )
        )
    return "".join([*parts, text("release.readme_end")])


def _zip(files: Mapping[str, bytes]) -> bytes:
    """The bytes of an archive of ``files``, the same for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980: no clock in it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _says(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data
