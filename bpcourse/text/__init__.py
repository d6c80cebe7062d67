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
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bpcourse.text.console import any_console

any_console()  # before the first text is shown

Setting = str | int | list[str] | dict[str, str]
SETTINGS: dict[str, tuple[type, str]] = {  # their types, in words too
    **dict.fromkeys(("kind", "answer", "level"), (str, "a name")),
    **dict.fromkeys(("points", "minutes", "decimals"), (int, "a whole number")),
    **dict.fromkeys(("parts", "formerly", "may_change", "may_alias"), (list, "a list of names")),
    "gives": (dict, "a table of names"),
}
_added: dict[str, str] = {}  # {"section.name": template}, in the language they are written in
_settings: dict[str, Setting] = {}  # {"question.<id>.points": 2}, of all files that have been read
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
        if (template := table.get(key)) is not None:
            return template
    raise KeyError(f"text: no key {key!r} in bpcourse/text")


def setting(key: str) -> Setting | None:
    """A setting of a question, such as "question.<id>.points"; None where it has none."""
    _table("en")  # reads them
    return _settings.get(key)


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


def all_or_none() -> AbstractContextManager[None]:
    """Take back the texts that a block has added, if it fails."""
    _table("en")  # the settings of the course are read before, and so stay
    return restored(_added, _settings)


@contextmanager
def restored(*tables: dict[str, Any]) -> Iterator[None]:
    """If the block fails, the tables are what they were before it."""
    before = [dict(table) for table in tables]
    try:
        yield
    except BaseException:
        for table, kept in zip(tables, before, strict=True):
            table.clear()
            table.update(kept)
        raise


def add(path: Path) -> None:
    """Add the texts of a TOML file. ValueError for a file that is none, or a key that is there."""
    templates, settings = _read(path)
    for key in (*templates, *settings):
        if key in _added or key in _table("en") or key in _settings:
            raise ValueError(f"{path}: {key}: expected a key of your own, got one that is there")
    _added.update(templates)
    _settings.update(settings)


@lru_cache
def _table(language: str) -> dict[str, str]:
    """{"section.name": template} of one language; empty for a language without a file."""
    home = files(__name__)
    folder = home / language
    paths = [home / f"{language}.toml", *(folder.iterdir() if folder.is_dir() else ())]
    entries: dict[str, str] = {}
    for path in paths:
        if path.is_file() and path.name.endswith(".toml"):
            templates, settings = _read(path)
            entries.update(templates)
            _settings.update(settings if language == "en" else {})
    return entries


def _read(path: Traversable | Path) -> tuple[dict[str, str], dict[str, Setting]]:
    """The texts of a TOML file, and its settings. ValueError for one that is not as it must be."""
    try:
        entries = dict(_flatten("", tomllib.loads(path.read_bytes().decode("utf-8-sig"))))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: expected a TOML file in UTF-8, got {error}") from error
    templates: dict[str, str] = {}
    settings: dict[str, Setting] = {}
    for key, value in entries.items():
        kind, words = _setting_of(key) or (str, "a text")
        parts = value if type(value) is list else value.values() if type(value) is dict else ()
        if type(value) is not kind or not all(isinstance(part, str) for part in parts):
            raise ValueError(f"{path}: {key}: expected {words}, got {value!r}")
        if _setting_of(key):
            settings[key] = entries[key]
        else:
            templates[key] = entries[key]
    _files.update(dict.fromkeys(entries, path))
    return templates, settings


def _setting_of(key: str) -> tuple[type, str] | None:
    """What a key has to hold, as a type and in words, if it is one of a question's settings."""
    return SETTINGS.get(key.rpartition(".")[2]) if key.startswith("question.") else None


def _flatten(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and _setting_of(prefix + name) != SETTINGS["gives"]:
            yield from _flatten(f"{prefix}{name}.", value)
        else:
            yield prefix + name, value
