"""The files in a folder or a zip, with those in the zips inside it; nothing is unpacked to disk.

A link is never followed. What is broken is a problem of that file alone, and so of one student.
"""

import lzma
import os
import re
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO

from bpcourse.marking.plain import hidden
from bpcourse.text import text

NOTEBOOK = re.compile(r"\.ipynb$", re.IGNORECASE)
MAYBE = re.compile(r"\.(ipynb\b.*|json|txt)$", re.IGNORECASE)  # what a notebook may be called
IGNORED = re.compile(r"\.|~\$|__MACOSX$|bpcourse\.json$|timestamp\.txt$|desktop\.ini$|Thumbs\.db$")
DEPTH = 3  # zips inside one another
MOST_FILES = 100_000  # in a zip
MOST_NOTEBOOKS = 1000  # in one that a student handed in
MOST_INNER = 500 << 20  # bytes that are read of a zip that a student handed in
LEAST = 256 << 10  # bytes that opening one of its files counts for
COPIES = DEPTH + 1  # of zips that are kept open
MOST_NAME = 1000  # characters of a name
BROKEN = (  # what zipfile raises for one, or for a password
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
)
IN_MEMORY = 16 << 20  # bytes of it that are not laid on disk


@dataclass(frozen=True)
class File:
    """A file that was handed in.

    ``place``: as folders (a zip is one) and file; ``chain``: the names by which it is opened,
    through zips in zips; ``time`` of its last change, in seconds; ``problem``, or ""; ``size`` in
    bytes of what is in a zip.
    """

    place: PurePosixPath
    chain: tuple[str, ...]
    time: float = 0.0
    problem: str = ""
    size: int = 0

    @property
    def may_be_read(self) -> bool:
        """Whether it is looked into: it may be a notebook, or a zip."""
        return bool(MAYBE.search(self.place.name)) or is_zip(self.place.name)


@dataclass
class _Left:
    """How much of one hand-in is still looked at: entries, and bytes."""

    entries: int
    size: int

    def of(self, files: Iterable[File]) -> list[File]:
        """Those that are looked at, notebooks first; for the others one with a problem."""
        files = list(files)
        if sum(bool(NOTEBOOK.search(file.place.name)) for file in files) > MOST_NOTEBOOKS:
            raise ValueError(text("grade.too_many_notebooks", most=MOST_NOTEBOOKS))
        kept: list[File] = []
        for file in sorted(files, key=lambda one: (not NOTEBOOK.search(one.place.name), one.size)):
            if file.may_be_read:
                self.size -= max(file.size, LEAST)
            if self.size < 0:
                problem = text("grade.large_zip", most=MOST_INNER >> 20)
                return [*kept, replace(file, problem=problem)]
            kept.append(file)
        return kept


def walk(root: Path) -> Iterator[File]:
    """Every file of a folder or zip.

    FileNotFoundError where there is no such path, ValueError where it is neither, or is damaged.
    """
    _close()
    if not root.exists():
        raise FileNotFoundError(text("grade.no_folder", path=root))
    if root.is_dir():
        files: Iterable[File] = _in_folder(root)
    elif is_zip(root.name) or zipfile.is_zipfile(root):
        try:
            files = _in_zip(_archive(root, ()), PurePosixPath(), (), MOST_FILES)
        except Exception as error:  # zipfile raises many kinds for a damaged directory
            raise ValueError(text("grade.bad_zip", path=root, reason=error)) from None
    else:
        raise ValueError(text("grade.no_folder_or_zip", path=root))
    for file in files:
        yield from _unpacked(file, root, _Left(MOST_FILES, MOST_INNER))


@contextmanager
def opened(root: Path, chain: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """The bytes of a file, as a stream. OSError where they cannot be had, for whatever reason."""
    with ExitStack() as stack:
        try:
            if root.is_dir() and len(chain) == 1:
                yield stack.enter_context(open(root / chain[0], "rb"))
                return
            yield stack.enter_context(_archive(root, chain[:-1]).open(chain[-1]))
        except BROKEN as error:
            raise OSError(str(error)) from None


Open = tuple[zipfile.ZipFile, ExitStack]
_open: dict[tuple[Path, tuple[str, ...]], Open] = {}  # the one used last at the end


def _archive(root: Path, chain: tuple[str, ...]) -> zipfile.ZipFile:
    """A zip, kept open for the files that are read next: its directory is read once."""
    key = root, chain
    if key not in _open:
        with ExitStack() as stack:
            if len(chain) == root.is_dir():
                file: IO[bytes] = stack.enter_context(open(root.joinpath(*chain), "rb"))
            else:
                with opened(root, chain) as stream:
                    file = stack.enter_context(_copied(stream))
            archive = stack.enter_context(zipfile.ZipFile(file))
            _close(COPIES - 1)
            _open[key] = archive, stack.pop_all()
    _open[key] = _open.pop(key)
    return _open[key][0]


def _close(but: int = 0) -> None:
    """Close the zips that are open, but so many of those used last."""
    while len(_open) > but:
        _open.pop(next(iter(_open)))[1].close()


def readable(name: str) -> str:
    """A name that can be written down and seen, and is still nobody else's."""
    whole = unicodedata.normalize("NFC", name)
    return "".join(repr(c)[1:-1] if hidden(c) and c != "\n" else c for c in whole)


def is_zip(name: str) -> bool:
    """Whether a file's name is that of a zip."""
    return name.lower().endswith(".zip")


def _in_folder(root: Path) -> Iterator[File]:
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not IGNORED.match(name))
        for name in sorted(names + links):
            path = Path(folder) / name
            if IGNORED.match(name):
                continue
            place = path.relative_to(root)
            status = path.lstat()
            problem = ""
            if stat.S_ISLNK(status.st_mode):
                problem = text("grade.link")
            elif not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
                problem = text("grade.no_file")
            yield File(PurePosixPath(place), (str(place),), status.st_mtime, problem)


def _in_zip(
    archive: zipfile.ZipFile, above: PurePosixPath, chain: tuple[str, ...], most: int
) -> list[File]:
    entries = archive.NameToInfo  # of two that have one name, the one that is opened by it
    if len(entries) > most:
        raise ValueError(text("grade.too_many_files", most=most))
    files = []
    windows = not any("/" in name for name in entries)
    for name, entry in entries.items():
        shown = _decoded(entry)
        if windows:
            shown = shown.replace("\\", "/")
        # Steps up lead nowhere, since nothing is unpacked; as names they would mislead.
        parts = [part for part in PurePosixPath(shown).parts if part.strip("./")]
        if shown.endswith("/") or not parts or any(map(IGNORED.match, parts)):
            continue
        problem = text("grade.link") if stat.S_ISLNK(entry.external_attr >> 16) else ""
        if len(shown) > MOST_NAME:
            parts, problem = [shown[:MOST_NAME].replace("/", " ")], text("grade.long_name")
        place = above.joinpath(*parts)
        files.append(File(place, (*chain, name), _time(entry), problem, entry.file_size))
    return files


def _unpacked(file: File, root: Path, left: _Left) -> Iterator[File]:
    """The file, or what is in it if it is a zip; with a problem where that cannot be read."""
    if file.problem or not is_zip(file.place.name):
        yield file
        return
    above = file.place.with_name(file.place.name[:-4])
    try:
        if len(file.chain) > DEPTH + root.is_dir():
            raise ValueError(text("grade.deep_zip", most=DEPTH))
        files = _in_zip(_archive(root, file.chain), above, file.chain, left.entries)
        if not files:
            raise ValueError(text("grade.empty_zip"))
        left.entries -= len(files)
        files = left.of(files)
    except Exception as error:  # zipfile raises many kinds, and it is one student's zip
        yield replace(file, problem=text("grade.bad_inner_zip", reason=error))
        return
    for one in files:
        yield from _unpacked(one, root, left)


def _copied(stream: IO[bytes]) -> IO[bytes]:
    """The stream as a file in which one can go back, which a zip's directory asks for."""
    copy = SpooledTemporaryFile(IN_MEMORY)
    while chunk := stream.read(1 << 20):
        if copy.tell() > MOST_INNER:
            copy.close()
            raise ValueError(text("grade.large_zip", most=MOST_INNER >> 20))
        copy.write(chunk)
    return copy


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The entry's name. Where the zip does not say that it is UTF-8, it may be that all the same.

    Else it is of Windows: of the code pages that it uses, one in which the name could be written.
    """
    name = entry.orig_filename.partition("\0")[0]
    if entry.flag_bits & 0x800 or name.isascii():
        return name
    data = name.encode("cp437")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pages = ["cp437", "cp850", "cp1252"]
        if min(byte for byte in data if byte > 127) >= 0xC0:  # where cp1252 has its letters
            pages = ["cp1252", "cp850", "cp437"]
        names = [data.decode(page, "replace") for page in pages]
        return next(filter(_is_written, names), names[0])


def _is_written(name: str) -> bool:
    """Whether its letters with accents are letters, and small ones behind a small one."""
    return all(
        now.isascii() or (now.isalpha() and (now.islower() or not before.islower()))
        for before, now in zip(" " + name, name, strict=False)
    )


def _time(entry: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (ValueError, OverflowError):  # the 0th of a month
        return 0.0
