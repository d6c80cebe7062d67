"""The record of a student's work: one JSON file, ``bpcourse.json``, in the working folder."""

import json
from pathlib import Path

from bpcourse.files import alone, write
from bpcourse.text import text

NAME = "bpcourse.json"


def find(folder="."):
    """The record's path: the nearest one in ``folder`` or above it, else a new one in it."""
    folder = Path(folder).resolve()
    for above in (folder, *folder.parents):
        if (above / NAME).is_file():
            return above / NAME
    return folder / NAME


def read(path):
    """What the record holds, {section: {key: value}}. ValueError if it is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(record, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(record).__name__}")
    return record


def update(section, key, change):
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


def entry(section, key):
    """What the record holds there, {} for nothing (or a record that cannot be read)."""
    try:
        found = read(find()).get(section, {}).get(key, {})
    except (OSError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(section, key, change):
    """:func:`update`, or nothing where the folder cannot be written: the lesson goes on without."""
    try:
        update(section, key, change)
    except OSError:
        pass


def _set_aside(path):
    number = 1
    while (aside := path.with_name(f"{path.stem}-damaged-{number}.json")).exists():
        number += 1
    path.rename(aside)
    print(text("predict.damaged", name=path.name, aside=aside.name))
