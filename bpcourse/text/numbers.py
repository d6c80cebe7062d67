"""Numbers as a reader sees them, everywhere in the course: :func:`number`.

In a page, ``widgets/static/numbers.js`` writes the same, digit for digit.
"""

import math
from collections.abc import Mapping
from numbers import Real

MINUS = "\N{MINUS SIGN}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WHOLE = 1e7  # from here on a number is shown by its first digits


def number(value: object, form: str = ".4g", *, typed: bool = False) -> str:
    """A number as a reader sees it; what is none comes back as it is.

    ``form`` is ".3f" for three decimals, ".3t" for three at most, ".4g" for four digits that count
    and "," for a whole number. Very large and very small ones have a power of ten, 8.6·10⁵. No zero
    is negative.

    ``typed`` writes it as Python does and a reader would type it, -0.5 or 1e-05: for what stands
    beside code, in a table of plain text, or in a file.
    """
    if isinstance(value, str | bool) or not isinstance(value, Real):
        return str(value)
    given = float(value)
    if typed:
        return _signed(given, _as_python(given, form), "-")
    if not math.isfinite(given):
        return "?" if math.isnan(given) else _signed(given, "∞", MINUS)
    return _signed(given, _as_people(abs(given), form), MINUS)


def in_words(found: Mapping[str, object], forms: Mapping[str, str]) -> dict[str, str]:
    """What a template of the texts is filled with: every number of ``found``, in its form."""
    return {name: number(value, forms.get(name, ".4g")) for name, value in found.items()}


def _signed(value: float, words: str, minus: str) -> str:
    """With a minus sign where the value is negative and not rounded to 0."""
    return (minus if value < 0 and any(c in words for c in "123456789∞n") else "") + words


def _as_python(value: float, form: str) -> str:
    if form.endswith("t"):
        return _trimmed(f"{abs(value):{form[:-1]}f}")
    return f"{abs(value):{form}}"


def _as_people(size: float, form: str) -> str:
    kind, digits = form[-1], int(form[1:-1] or 3)
    if size == 0 and kind != "f":
        return "0"
    if kind == "f" and size < WHOLE:
        return f"{size:{form}}"
    if kind == "," and size < WHOLE:
        return f"{size:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if kind == "t":
        if 0.5 * 10**-digits <= size < 1e5:
            return _trimmed(f"{size:.{digits}f}")
        digits = 2
    return _significant(size, digits)


def _significant(size: float, digits: int) -> str:
    mantissa, _, exponent = f"{size:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -3 <= power < 5:
        return _trimmed(f"{size:.{max(0, digits - 1 - power)}f}")
    return f"{_trimmed(mantissa)}·10{str(power).translate(RAISED)}"


def _trimmed(words: str) -> str:
    return words.rstrip("0").rstrip(".") if "." in words else words
