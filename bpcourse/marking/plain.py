"""Text from outside, made fit for files, tables and the screen."""

import re
import unicodedata
from typing import Any

from bpcourse.text.numbers import number

HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control characters, halves, and ends of lines of its own
JOINERS = "\u200c\u200d"  # inside words of some languages, and in pictures
FORMULA = "=+-@\t\r\n＝＋－＠"  # what a spreadsheet takes for the start of one
# Inside a cell it would start one where ; parts the cells: no quote then holds its lines together.
INSIDE = re.compile(r"([;\t|\n]\s*)(?=[=+\-@＝＋－＠])")


def hidden(character: str) -> bool:
    """Whether no reader can see it: control characters, halves, marks that turn the direction."""
    return character not in JOINERS and unicodedata.category(character) in HIDDEN


def clean(text: str) -> str:
    """``text`` without what no reader can see or no file can hold; its lines stay lines."""
    return "".join("\ufffd" if c not in "\n\t" and hidden(c) else c for c in text)


def line(text: str) -> str:
    """``text`` as one line for the screen."""
    return " ".join(clean(text).split())


def clean_all(value: Any) -> Any:
    """Plain data with every text in it cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_all(one) for one in value]
    if isinstance(value, dict):
        return {key: clean_all(one) for key, one in value.items()}
    return value


def cell(value: object) -> str:
    """A cell of a table, which no spreadsheet takes for a formula; a number stays a number."""
    if isinstance(value, int | float):
        return number(value, ".10g", typed=True)
    shown = INSIDE.sub(r"\1'", clean("" if value is None else str(value)))
    starts = len(shown) > 1 and shown.startswith(tuple(FORMULA))  # a sign alone starts nothing
    return "'" + shown if starts else shown


def folded(text: str, lines: int = 12) -> tuple[str, str]:
    """(the first lines, the others): a long error does not stretch a page."""
    parts = text.split("\n")
    if len(parts) <= lines + 2:
        return text, ""
    return "\n".join(parts[:lines]), "\n".join(parts[lines:])
