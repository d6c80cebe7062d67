"""The code cells of a notebook that may be anything at all."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO

from bpcourse.questions.bank import NOTEBOOKS
from bpcourse.questions.question import Question
from bpcourse.text import text

Cells = Sequence[tuple[int, str]]  # numbers and sources
Places = Mapping[str, int]  # which cell was handed out for which answer

MOST_READ = 1 << 30  # bytes of a file
MOST_BYTES = 8 << 20  # of a notebook without its outputs
MOST_PARTS = 3_000_000  # strings, lists and objects in outputs
CHUNK = 1 << 20
LEFT_OUT = re.compile(rb'(?<!\\)"(?:outputs|attachments|widgets)"\s{0,9}:\s{0,9}[\[{]')
REACH = 40  # bytes that it spans at most
PLAIN = re.compile(rb'[^"\[\]{}]*+')
STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
MENTIONED = re.compile(r"""\b(?:check|ask)\(\s*["'](\w+\.\w+)["']""")
MOST_WORK = 10_000  # characters of an answer that are kept
MOST_CELLS = 1000
MOST_SOURCE = 1 << 20  # characters of a cell


class NotANotebookError(ValueError):
    """The bytes are no notebook; says why, for the student to read."""


def trimmed(stream: IO[bytes]) -> bytes:
    """The notebook's bytes without its outputs and pictures, which nobody marks.

    At most one byte more than MOST_BYTES, so that a file too large is known by its length. Only
    what is kept is ever in memory.
    """
    kept = bytearray()
    left, read, parts = b"", 0, 0
    depth, inside = 0, False  # in how many brackets of what is left out; and in a string there
    while (chunk := stream.read(CHUNK)) or left:
        data, last = left + chunk, not chunk
        read += len(chunk)
        at, left = 0, b""
        while at < len(data):
            if not depth:
                escaped = kept.endswith(b"\\")  # its quote would be one within a string
                found = LEFT_OUT.search(data, at + escaped)
                end = found.end() if found else len(data) if last else max(len(data) - REACH, at)
                kept += data[at:end]
                depth, at = int(found is not None), end
                if not found:
                    left, at = data[end:], len(data)
                continue
            at = (STRING if inside else PLAIN).match(data, at).end()  # type: ignore[union-attr]
            if at == len(data):
                break
            byte, parts = data[at : at + 1], parts + 1
            if byte == b"\\":  # the last of the chunk; what it stands before comes with the next
                left = b"" if last else byte
            elif byte == b'"':
                inside = not inside
            else:
                depth += 1 if byte in b"[{" else -1
                if not depth:
                    kept += byte
            at += 1
        if len(kept) > MOST_BYTES or read > MOST_READ or parts > MOST_PARTS:
            return bytes(MOST_BYTES + 1)
    return bytes(kept)


def ids_in(cells: list[tuple[int, str]]) -> list[str]:
    """The ids of the questions that the cells check, each as often as they do."""
    return [id for _, source in cells for id in MENTIONED.findall(source)]


def work_of(cells: list[tuple[int, str]], name: str) -> str:
    """The source of the last cell that gives ``name`` a value, as a person may want to read it."""
    gives = re.compile(rf"^(?:def|class)\s+{name}\b|^{name}\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
    found = [source for _, source in cells if gives.search(source)]
    return found[-1][:MOST_WORK] if found else ""


def lessons_in(cells: list[tuple[int, str]]) -> Counter[str]:
    """The stems of the exercises whose questions the cells check, and how often."""
    names = (id.partition(".")[0] for id in ids_in(cells))
    return Counter(NOTEBOOKS[name] for name in names if name in NOTEBOOKS)


def lesson_in(cells: list[tuple[int, str]]) -> str:
    """The stem of the exercises whose questions the cells check most; "" for none."""
    counts = lessons_in(cells)
    return max(counts, key=lambda stem: (counts[stem], stem), default="")


def place_of(question: Question, cells: Cells, places: Places) -> int | None:
    """The number of the cell that gives an answer, among ``cells``; None where none does.

    The one that was handed out for it; else, since a name may be used again, the first that gives
    it a value, or the last that defines it.
    """
    name = re.escape(question.answer)
    gives = re.compile(rf"^(?:(?:async )?def |class ){name}\b|^{name}\b[^=\n]*=(?!=)", re.MULTILINE)
    found = [number for number, source in cells if gives.search(source)]
    handed_out = [places.get(id.replace(".", "-")) for id in question.ids]
    if own := [number for number in found if number in handed_out]:
        return own[0]
    return found[-1 if question.is_code else 0] if found else None


def follows(message: str, missing: Iterable[str]) -> bool:
    """Whether a cell stopped only because an exercise is still open, or for our data above it."""
    errors = {f"NameError: name '{name}' is not defined" for name in missing}
    return message.startswith("NotImplementedError") or message in errors


def needs_data(message: str) -> bool:
    """Whether a cell stopped because the data sets of the course are not inside."""
    return message.startswith("NotInsideError: ")


def given_in(source: str) -> Iterator[str]:
    """The names that a cell gives a value."""
    for names in re.findall(r"^([\w, ]++)=(?!=)", source, re.MULTILINE):
        yield from re.findall(r"\w+", names)


def code_cells(data: bytes) -> list[tuple[int, str]]:
    """[(number, source), …] of a notebook's bytes, numbered from 1 among all cells.

    Formats 3 and 4. :class:`NotANotebookError` for anything else.
    """
    sources = [(number, _source(cell)) for number, cell in enumerate(_all_cells(data), start=1)]
    return [(number, source) for number, source in sources if source]


def places_of(data: bytes) -> dict[str, int]:
    """{id that a cell had for nbgrader when it was handed out: the cell's number}."""
    places: dict[str, int] = {}
    for number, cell in enumerate(_all_cells(data), start=1):
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        own = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        id = own.get("grade_id") if isinstance(own, dict) else None
        if isinstance(id, str):
            places.setdefault(id, number)
    return places


def _all_cells(data: bytes) -> list[object]:
    if len(data) > MOST_BYTES:
        raise NotANotebookError(text("grade.too_large", size=len(data), most=MOST_BYTES))
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotANotebookError(text("grade.not_utf8")) from None
    except (ValueError, RecursionError) as error:
        raise NotANotebookError(text("grade.not_json", reason=error)) from None
    cells = _cells(notebook)
    if cells is None or len(cells) > MOST_CELLS:
        raise NotANotebookError(text("grade.not_notebook"))
    return cells


def _cells(notebook: object) -> list[object] | None:
    if not isinstance(notebook, dict):
        return None
    if notebook.get("nbformat") == 3:
        sheets = notebook.get("worksheets")
        sheet = sheets[0] if isinstance(sheets, list) and sheets else None
        notebook = sheet if isinstance(sheet, dict) else {}
    elif notebook.get("nbformat") != 4:
        return None
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else None


def _source(cell: object) -> str:
    """The source of a code cell, "" of any other."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source[:MOST_SOURCE] if isinstance(source, str) else ""
