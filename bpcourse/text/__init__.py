r"""What a student reads, by language: ``text("workspace.created", folder="course")``.

``en.toml`` holds every key, but for those of the questions, which stand by lesson in the folder
``en``. Another language may hold some, and English stands in for the rest. ``BPCOURSE_LANG=zh``
chooses ``zh.toml`` and the folder ``zh``. An instructor's own questions add theirs. Entries are
``str.format`` templates, so a literal brace is doubled: ``$\hat{{y}}$``. Beside the texts of a
question stand its SETTINGS, such as its points, in English alone.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bpcourse.text.console import any_console

any_console()  # before the first text is shown

Entry = str | int | list[str] | dict[str, str]
Expected = tuple[type, str]
TEXT: Expected = (str, "a text")
SETTINGS: dict[str, Expected] = {  # of a question, beside those that are words
    "points": (int, "a whole number"),
    "minutes": (int, "a whole number"),
    "decimals": (int, "a whole number"),
    "parts": (list, "a list of names"),
    "formerly": (list, "a list of names"),
    "may_change": (list, "a list of names"),
    "may_alias": (list, "a list of names"),
    "gives": (dict, "a table of texts"),
}
_added: dict[str, Entry] = {}  # {"section.name": template}, in the language they are written in
_files: dict[str, Traversable | Path] = {}  # {"section.name": where it stands}


def text(key: str, /, **values: object) -> str:
    """The text called ``key`` ("section.name") in the reader's language, its {fields} filled in.

    KeyError for a key that no file has, or a field that is not given.
    """
    template = open_text(key)
    try:
        return template.format(**values)
    except KeyError as error:
        raise KeyError(f"text: {key!r} needs a value for {error}, given {sorted(values)}") from None


def open_text(key: str) -> str:
    """The text called ``key`` with its {fields} left open, for a page that fills them.

    KeyError for a key that no file has.
    """
    language = os.environ.get("BPCOURSE_LANG", "en")
    for table in (_table(language), _table("en"), _added):
        if isinstance(template := table.get(key), str):
            return template
    raise KeyError(f"text: no key {key!r} in bpcourse/text")


def setting(key: str) -> Entry | None:
    """The entry called ``key`` as it stands in the file, such as a question's points."""
    return _table("en").get(key, _added.get(key))


def file_of(section: str) -> str:
    """The path of the file that has a section; "" where none has it."""
    return next((str(_files[f"{section}.{name}"]) for name in below(section)), "")


def names(section: str) -> set[str]:
    """The names with texts of their own in a section: {"sign_flipped", …} of "misconception"."""
    start = f"{section}."
    keys = [key for table in (_table("en"), _added) for key in table if key.startswith(start)]
    return {key.removeprefix(start).rpartition(".")[0] for key in keys}


def has(key: str) -> bool:
    """Whether there is a text of that name."""
    return any(key in table for table in (_table("en"), _added))


def below(section: str) -> list[str]:
    """What the keys of a section are called in it, in the order of the file.

    ``below("prediction.error_signals.output_push.wrong")`` are the wrong ideas' numbers.
    """
    start = f"{section}."
    keys = dict.fromkeys((*_table("en"), *_added))
    return [key.removeprefix(start) for key in keys if key.startswith(start)]


def add(path: Path) -> None:
    """Add the texts of a TOML file. ValueError for a file that is none, or a key that is there."""
    entries = _read(path)
    for key in entries:
        if key in _added or key in _table("en"):
            raise ValueError(f"{path}: {key}: expected a key of your own, got one that is there")
    _added.update(entries)
    _files.update(dict.fromkeys(entries, path))


@lru_cache
def _table(language: str) -> dict[str, Entry]:
    """{"section.name": entry} of one language; empty for a language without a file."""
    home = files(__name__)
    folder = home / language
    paths = [home / f"{language}.toml", *(folder.iterdir() if folder.is_dir() else ())]
    entries: dict[str, Entry] = {}
    for path in paths:
        if path.is_file() and path.name.endswith(".toml"):
            of_file = _read(path)
            entries |= of_file
            _files.update(dict.fromkeys(of_file, path))
    return entries


def _read(path: Traversable | Path) -> dict[str, Entry]:
    """The entries of a TOML file. ValueError for a file that is none, and for a wrong entry."""
    try:
        entries = dict(_flatten("", tomllib.loads(path.read_bytes().decode("utf-8-sig"))))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: expected a TOML file in UTF-8, got {error}") from error
    for key, value in entries.items():
        if not _is(value, _expected(key)[0]):
            raise ValueError(f"{path}: {key}: expected {_expected(key)[1]}, got {value!r}")
    return entries


def _expected(key: str) -> Expected:
    """What may stand under a key, as a type and in words."""
    return SETTINGS.get(key.rpartition(".")[2], TEXT) if key.startswith("question.") else TEXT


def _is(value: Any, kind: type) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return type(value) is kind and all(isinstance(part, str) for part in parts)


def _flatten(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and _expected(prefix + name)[0] is not dict:
            yield from _flatten(f"{prefix}{name}.", value)
        else:
            yield prefix + name, value
