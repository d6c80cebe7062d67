"""Output that any console can show: what an old code page lacks is written with the letters it has.

``print`` of ∂ or ✓ is an error where the output is not Unicode: a redirected command on Windows, a
machine without a locale. There each sign is replaced by its like: ∂ by d, ✓ by +, ŷ by y_hat.
"""

import codecs
import re
import sys
import unicodedata

NAME = "bpcourse.plain"
LIKE = {
    "✓": "+",
    "✗": "x",
    "∂": "d",
    "∇": "grad ",
    "−": "-",
    "–": "-",
    "—": "-",
    "·": "*",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "→": "->",
    "←": "<-",
    "↦": "->",
    "∈": "in",
    "∑": "sum",
    "√": "sqrt",
    "∞": "inf",
    "ℝ": "R",
    "ℒ": "L",
    "⊤": "T",
    "⊙": "*",
    "…": "...",
    "‖": "||",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "°": "deg",
    "±": "+-",
    "÷": "/",
    "⁄": "/",
    "′": "'",
    "″": "''",
    "⋮": ":",
    "⋯": "...",
    "▶": ">",
    "○": "o",
    "●": "*",
    "◆": "*",
    "⟨": "<",
    "⟩": ">",
    "⁽": "(",
    "⁾": ")",
    "λ": "lambda",
    "ß": "ss",
    "\u0302": "_hat",  # as in ŷ, where it follows its letter
}


def like(sign: str) -> str:
    r"""What stands for a sign in ASCII: a Greek letter's name, a raised 2 as ^2, else ``?``.

    >>> like("δ"), like("ŷ"), like("²"), like("₁"), like("中")
    ('delta', 'y_hat', '^2', '_1', '?')
    """
    if sign.isascii() or sign in LIKE:
        return LIKE.get(sign, sign)
    name = unicodedata.name(sign, "").lower()
    parts = unicodedata.normalize("NFKD", sign)
    if parts == sign:
        letter = re.search(r"(small|capital) (?:letter|ligature) (?:final |dotless )?(\w+)", name)
        if letter and name.startswith(("greek", "latin")):
            return letter[2] if letter[1] == "small" else letter[2].capitalize()
        return "" if unicodedata.combining(sign) else "?"
    mark = "^" if re.match("superscript|modifier", name) else "_" if "subscript" in name else ""
    return mark + "".join(map(like, parts))


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(like, error.object[error.start : error.end])), error.end


def any_console() -> None:
    """Let standard output and error take every sign; where they are Unicode, nothing changes."""
    codecs.register_error(NAME, _plain)
    for stream in (sys.stdout, sys.stderr):
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if hasattr(stream, "reconfigure") and not codecs.lookup(encoding).name.startswith("utf"):
            stream.reconfigure(errors=NAME)
