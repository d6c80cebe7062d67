r"""LaTeX as MathML, as far as the figures' formulas need it.

``<name>`` in a formula is a number that the page fills in, ``<name!>`` one in parentheses where it
is negative; ``\value{…}``, ``\slope{…}`` and ``\parameter{…}`` give their part its colour. Letters
are set in the italics of a text font, which every device has: a math font need not be sent along.
"""

import re
from html import escape

TOKEN = re.compile(r"<\w+!?>|\\(?:text|mathrm)\{[^}]*\}|\\[A-Za-z]+|\\.|[A-Za-z]|[0-9.]+|\S")
FLAT = "<mo stretchy='false'>"
LAYER = re.compile(rf"^<mrow>{FLAT}([(\[])</mo><mn>([^<]*)</mn>{FLAT}([)\]])</mo></mrow>$")
LETTERS = {
    "alpha": "α", "delta": "δ", "eta": "η", "theta": "θ", "sigma": "σ", "ell": "ℓ", "phi": "φ",
    "Phi": "Φ", "varepsilon": "ε",
}  # fmt: skip
SIGNS = {
    "cdot": "·", "odot": "⊙", "leftarrow": "←", "approx": "≈", "sum": "∑", "top": "⊤",
    "times": "×", "ldots": "…", "le": "≤", "ge": "≥", "neq": "≠",
}  # fmt: skip
OPENING = ("", "(", "[", "{", ",", "=")
PRINTED = {"-": "\N{MINUS SIGN}", "'": "\N{PRIME}"}
UPRIGHT = {"partial": "∂", "Delta": "Δ", "nabla": "∇"}
NAMES = {"sin", "cos", "exp", "log", "tanh", "max"}
LOOKS = {"value", "slope", "parameter"}


def math(tex: str) -> str:
    """The formula as a ``math`` element. ValueError for a command that is not known."""
    return f"<math displaystyle='true'>{inside(tex)}</math>"


def inside(tex: str) -> str:
    """What stands in the ``math`` element."""
    return _Reader(tex).row(None)


def rich(words: str) -> str:
    """Words with formulas between dollars as HTML."""
    parts = words.split("$")
    return "".join(math(part) if k % 2 else escape(part) for k, part in enumerate(parts))


class _Reader:
    """Reads the tokens of a formula from left to right."""

    def __init__(self, tex: str) -> None:
        self.tex = tex
        self.tokens = TOKEN.findall(tex)[::-1]
        self.before = ""

    def row(self, end: str | None) -> str:
        """Everything up to ``end``, with its powers and indices."""
        parts: list[str] = []
        while self.tokens and self.tokens[-1] != end:
            part = self.one()
            marks = {}
            while self.tokens and self.tokens[-1] in ("^", "_"):
                mark = self.tokens.pop()
                marks[mark] = self.one()
            if len(marks) == 2:
                part = f"<msubsup>{part}{marks['_']}{marks['^']}</msubsup>"
            elif marks:
                kind = "msup" if "^" in marks else "msub"
                part = f"<{kind}>{part}{''.join(marks.values())}</{kind}>"
            parts.append(part)
        if end is not None:
            if not self.tokens:
                raise ValueError(f"tex: expected {end} in {self.tex}")
            self.tokens.pop()
        return "".join(parts)

    def one(self) -> str:
        """The next thing: a sign, or a group in braces."""
        token = self.tokens.pop()
        before, self.before = self.before, token
        if token == "{":
            # The layer of z^{(1)} is one thing: a page pays for every element.
            return LAYER.sub(r"<mn>\1\2\3</mn>", f"<mrow>{self.row('}')}</mrow>")
        if token.startswith("<") and len(token) > 1:
            return f"<mn>{{{token[1:-1]}}}</mn>"
        if token.startswith(("\\text{", "\\mathrm{")):
            words = token.partition("{")[2].removesuffix("}")
            return f"<mtext>{escape(words).replace(chr(92), '')}</mtext>"
        if token.startswith("\\"):
            return self.command(token[1:])
        if token.isalpha():
            return _letter(token)
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        flat = " stretchy='false'" if token in "()[]|" else ""
        if token == "-" and before in OPENING:  # the sign of what follows, and close to it
            flat = " form='prefix'"
        if token == "'":  # clear of the f, which leans to the right
            flat = " lspace='0.12em' rspace='0'"
        return f"<mo{flat}>{escape(PRINTED.get(token, token))}</mo>"

    def command(self, name: str) -> str:
        if name == "frac":
            above, below = self.one(), self.one()
            return f"<mfrac>{above}{below}</mfrac>"
        if name == "hat":
            return _letter(self.tokens.pop() + "\N{COMBINING CIRCUMFLEX ACCENT}")
        if name == "sqrt":
            return f"<msqrt>{self.one()}</msqrt>"
        if name in LOOKS:
            return f"<mrow class='{name}'>{self.one()}</mrow>"
        if name in ("mathcal", "mathscr"):  # the loss alone
            self.one()
            return "<mi mathvariant='normal'>ℒ</mi>"
        if name in LETTERS:
            return _letter(LETTERS[name])
        if name in UPRIGHT or name in NAMES:
            return f"<mi mathvariant='normal'>{UPRIGHT.get(name, name)}</mi>"
        if name in SIGNS:
            return f"<mo>{SIGNS[name]}</mo>"
        if name in (",", ";", "quad"):
            return f"<mspace width='{dict(quad='1em').get(name, '0.2em')}'/>"
        raise ValueError(f"tex: expected a command that figures know, got \\{name} in {self.tex}")


def _letter(letter: str) -> str:
    return f"<mi class='letter' mathvariant='normal'>{letter}</mi>"
