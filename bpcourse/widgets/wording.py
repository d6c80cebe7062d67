"""Numbers in the words below a figure, digit for digit as the page's numbers.js has them."""

import math
from collections.abc import Mapping

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WHOLE = 1e7  # from here on a number is shown by its first digits


def shown(value: object, form: str = ".4g") -> str:
    """A number as a figure shows it; what is none comes back as it is.

    ``form`` is ".3f" for three decimals, ".4g" for four digits that count and "," for a whole
    number. Very large and very small ones have a power of ten, 8.6·10⁵.
    """
    if isinstance(value, str | bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "?" if math.isnan(value) else "∞" if value > 0 else "\N{MINUS SIGN}∞"
    if value == 0 and not form.endswith("f"):
        return "0"
    size = abs(value)
    if form.endswith("f") and size < WHOLE:
        words = f"{size:{form}}"
    elif form == "," and size < WHOLE:
        words = f"{size:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    else:
        words = _significant(float(size), int(form[1:-1] or 3))
    negative = value < 0 and any(digit in words for digit in "123456789")
    return ("\N{MINUS SIGN}" if negative else "") + words


def _significant(size: float, digits: int) -> str:
    mantissa, _, exponent = f"{size:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -3 <= power < 5:
        return _trimmed(f"{size:.{max(0, digits - 1 - power)}f}")
    return f"{_trimmed(mantissa)}·10{str(power).translate(RAISED)}"


def _trimmed(words: str) -> str:
    return words.rstrip("0").rstrip(".") if "." in words else words


def in_words(found: Mapping[str, object], forms: Mapping[str, str]) -> dict[str, str]:
    """What a template of the texts is filled with: every number of ``found``, in its form."""
    return {name: shown(value, forms.get(name, ".4g")) for name, value in found.items()}
