"""The record of a student's work: one JSON file, ``bpcourse.json``, in the working folder."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bpcourse.files import alone, write
from bpcourse.text import text

NAME = "bpcourse.json"
ELSEWHERE = "BPCOURSE_RECORD"  # in the environment: the record's path, wherever one works


def find(folder: str | Path = ".") -> Path:
    """The record's path: the nearest one in ``folder`` or above it, else a new one in it.

    Or what ``ELSEWHERE`` names, where the environment has it.
    """
    if elsewhere := os.environ.get(ELSEWHERE):
        return Path(elsewhere)
    here = Path(folder).resolve()
    for above in (here, *here.parents):
        if (above / NAME).is_file():
            return above / NAME
    return here / NAME


def read(path: Path) -> dict[str, Any]:
    """What the record holds, {section: {key: value}}. ValueError if it is damaged."""
    try:
        held: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(held, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(held).__name__}")
    return held


def update(section: str, key: str, change: Callable[[Any], Any]) -> Any:
    """Replace the record's entry by ``change(entry)``, None for a new one, and return the result.

    A damaged record is never overwritten: it is kept beside the new one, under another name, and
    the student is told. OSError where the folder cannot be written.
    """
    path = find()
    with alone(path.parent):
        try:
            record = read(path)
            entries = record.setdefault(section, {})
            entries[key] = change(entries.get(key))
        except (ValueError, AttributeError, TypeError):
            _set_aside(path)
            record = {section: {key: change(None)}}
        write(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
    return record[section][key]


def entry(section: str, *keys: str) -> dict[str, Any]:
    """What the record holds under the first of ``keys`` that it has, such as an id and older ones.

    {} for nothing (or a record that cannot be read).
    """
    try:
        entries = read(find()).get(section, {})
        found = next((entries[key] for key in keys if key in entries), None)
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(section: str, key: str, change: Callable[[Any], Any]) -> None:
    """:func:`update`, or nothing where the folder cannot be written: the lesson goes on without."""
    try:
        update(section, key, change)
    except OSError:
        pass


def _set_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.stem}-damaged-{number}.json")).exists():
        number += 1
    path.rename(aside)
    print(text("predict.damaged", name=path.name, aside=aside.name))
