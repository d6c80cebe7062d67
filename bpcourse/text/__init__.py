r"""What a student reads, by language: ``text("workspace.created", folder="course")``.

``en.toml`` holds every key, but for those of the questions, which stand by lesson in the folder
``en``. Another language may hold some, and English stands in for the rest. ``BPCOURSE_LANG=zh``
chooses ``zh.toml`` and the folder ``zh``. An instructor's own questions add theirs. Entries are
``str.format`` templates, so a literal brace is doubled: ``$\hat{{y}}$``.
"""

import os
import tomllib
from functools import lru_cache
from importlib.resources import files

from bpcourse.text.console import any_console

any_console()  # before the first text is shown

_added: dict[str, str] = {}  # {"section.name": template}, in the language they are written in


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


def add(path):
    """Add the texts of a TOML file. ValueError for a file that is none, or a key that is there."""
    try:
        entries = dict(_flatten("", tomllib.loads(path.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: expected a TOML file in UTF-8, got {error}") from error
    for key, template in entries.items():
        if not isinstance(template, str):
            raise ValueError(f"{path}: {key}: expected a text, got {template!r}")
        if key in _added or key in _table("en"):
            raise ValueError(f"{path}: {key}: expected a key of your own, got one that is there")
    _added.update(entries)


@lru_cache
def _table(language):
    """{"section.name": template} of one language; empty for a language without a file."""
    home = files(__name__)
    folder = home / language
    paths = [home / f"{language}.toml", *(folder.iterdir() if folder.is_dir() else ())]
    entries: dict[str, str] = {}
    for path in paths:
        if path.is_file() and path.name.endswith(".toml"):
            entries.update(_flatten("", tomllib.loads(path.read_text(encoding="utf-8"))))
    return entries


def _flatten(prefix, table):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(f"{prefix}{name}.", value)
        else:
            yield prefix + name, value
