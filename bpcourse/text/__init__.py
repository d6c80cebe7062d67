r"""What a student reads, by language: ``text("workspace.created", folder="course")``.

``en.toml`` holds every key; another language's file may hold some, and English stands in for the
rest. ``BPCOURSE_LANG=zh`` chooses ``zh.toml``. Entries are ``str.format`` templates, so a literal
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
        raise KeyError(f"text: no key {key!r} in bpcourse/text/en.toml")
    try:
        return template.format(**values)
    except KeyError as error:
        raise KeyError(f"text: {key!r} needs a value for {error}, given {sorted(values)}") from None


@lru_cache
def _table(language):
    """{"section.name": template} of one language; empty for a language without a file."""
    path = files(__name__) / f"{language}.toml"
    if not path.is_file():
        return {}
    return dict(_flatten("", tomllib.loads(path.read_text(encoding="utf-8"))))


def _flatten(prefix, table):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(f"{prefix}{name}.", value)
        else:
            yield prefix + name, value
