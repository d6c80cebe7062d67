"""The ledger: which cell of which lesson checks each of the sources' 90 items, and how it stands.

``ledger.toml`` says of every item what the source states and what the check claims; the lessons say
the rest, by their cells' tags. ``bpcourse ledger`` prints both side by side.
"""

import ast
import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bpcourse import workspace
from bpcourse.text import text

TAG = re.compile(r"[A-Z]\d+")  # every tag of this form must name an item
KINDS = ("formula", "algorithm", "idea")
CHECKED = "checked"


@dataclass(frozen=True)
class Item:
    """One of the 90: what a source states, which lesson teaches it, and what is checked there."""

    id: str  # "C29": source C, item 29
    lesson: str  # its stem, "09_vectors_and_jacobians"
    kind: str  # "formula", "algorithm" or "idea"
    slip: bool  # wrong or ambiguous as printed in the source
    statement: str  # in the source's own notation
    claim: str  # what the check asserts


@dataclass(frozen=True)
class Cell:
    """A code cell of a lesson that carries an item's ID as a tag."""

    lesson: str
    id: str
    asserts: bool  # it holds an assertion that could fail
    passed: bool  # its committed outputs show a run without an error

    @property
    def status(self) -> str:
        """``"checked"``, or what is missing: ``"no assertion"``, ``"not run"``."""
        return "no assertion" if not self.asserts else CHECKED if self.passed else "not run"


@dataclass(frozen=True)
class Entry:
    """An item with the cells of its own lesson that carry its tag."""

    item: Item
    cells: tuple[Cell, ...]

    @property
    def status(self) -> str:
        """The worst of its cells' (``"checked"`` when all are), or ``"no check"``."""
        return min((cell.status for cell in self.cells), key=_WORST.index, default="no check")


_WORST = ["no assertion", "not run", CHECKED]


@lru_cache
def items() -> tuple[Item, ...]:
    """The 90 :class:`Item` in the sources' order, as a tuple."""
    data = tomllib.loads(files("bpcourse").joinpath("ledger.toml").read_text(encoding="utf-8"))
    return tuple(Item(id=name, **fields) for name, fields in data.items())


def tagged_cells(folder: str | Path | None = None) -> dict[str, list[Cell]]:
    """{tag: cells} for every tag that looks like an item's, in the notebooks of ``folder``.

    Without a folder, in the course's own lessons.
    """
    found: dict[str, list[Cell]] = {}
    folder = workspace.source("lectures") if folder is None else Path(folder)
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for tag in filter(TAG.fullmatch, cell["metadata"].get("tags", [])):
                found.setdefault(tag, []).append(_cell(path.stem, cell))
    return found


def _cell(lesson: str, cell: dict[str, Any]) -> Cell:
    is_code = cell["cell_type"] == "code"
    outputs = cell.get("outputs", [])
    return Cell(
        lesson,
        cell["id"],
        asserts=is_code and asserts("".join(cell["source"])),
        passed=cell.get("execution_count") is not None
        and all(output["output_type"] != "error" for output in outputs),
    )


def asserts(source: str) -> bool:
    """Whether the code holds an assertion that depends on something: ``assert``, NumPy's, raises.

    ``assert True`` depends on nothing. Lines of IPython's own (``%``) are passed over.
    """
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("%"))
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assert):
            if any(isinstance(part, ast.Name) for part in ast.walk(node.test)):
                return True
        elif isinstance(node, ast.Attribute) and node.attr.startswith(("assert_", "raises")):
            return True
    return False


def ledger(folder: str | Path | None = None) -> list[Entry]:
    """An :class:`Entry` for each item, in order: the ledger."""
    cells = tagged_cells(folder)
    return [
        Entry(item, tuple(cell for cell in cells.get(item.id, ()) if cell.lesson == item.lesson))
        for item in items()
    ]


def report(names: Sequence[str] = (), folder: str | Path | None = None) -> tuple[list[str], bool]:
    """The lines that ``bpcourse ledger`` prints, and whether every item shown is checked.

    ``names`` are items (``"C29"``) or sources (``"C"``), which are then shown whole, with statement
    and claim; without any, a table of all 90. ValueError for a name that is neither.
    """
    entries = ledger(folder)
    known = {entry.item.id for entry in entries}
    for name in names:
        if name not in known | {item[0] for item in known}:
            raise ValueError(text("ledger.unknown", name=name))
    shown = [e for e in entries if not names or {e.item.id, e.item.id[0]} & set(names)]
    lines = [] if names else [text("ledger.head")]
    for entry in shown:
        lines.append(_line(entry))
        if names:
            lines += [f"    {entry.item.statement}", f"    = {entry.item.claim}"]
    checked = sum(entry.status == CHECKED for entry in shown)
    lines.append(text("ledger.total", checked=checked, count=len(shown)))
    return lines, checked == len(shown)


def _line(entry: Entry) -> str:
    item = entry.item
    name = f"{item.id}{'*' if item.slip else ''}"
    cells = " ".join(cell.id for cell in entry.cells)
    return f"{name:<5}{item.kind:<11}{item.lesson:<26}{entry.status:<14}{cells}".rstrip()
