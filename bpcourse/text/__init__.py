r"""What a student reads, by language: ``text("workspace.created", folder="course")``.

``en.toml`` holds every key, but for those of the questions, which stand by lesson in the folder
``en``. Another language may hold some, and English stands in for the rest. ``BPCOURSE_LANG=zh``
chooses ``zh.toml`` and the folder ``zh``. Entries are ``str.format`` templates, so a literal
brace is doubled: ``$\hat{{y}}$``.
"""

import os
import tomllib
from functools import lru_cache
from importlib.resources import files


def text(key, /, **values):
    """The text called ``key`` ("section.name") in the reader's language, its {fields} filled in.

    KeyError for a key that no file has, or a field that is not given.
    """
    for language in (os.environ.get("BPCOURSE_LANG", "en"), "en"):
        template = _table(language).get(key)
        if template is not None:
            break
    else:
        raise KeyError(f"text: no key {key!r} in bpcourse/text")
    try:
        return template.format(**values)
    except KeyError as error:
        raise KeyError(f"text: {key!r} needs a value for {error}, given {sorted(values)}") from None


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
