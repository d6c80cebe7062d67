r"""The stepper's formulas and names as MathML, for its page to fill in and put in its place.

``<a>`` and ``<b>`` are what an operation takes, ``<n>`` the exponent of a power; ``<l>``, ``<i>``
and ``<j>`` are a name's layer and units, ``<m>`` the next layer.
"""

import re

from bpcourse.notation import Dialect
from bpcourse.text import text
from bpcourse.widgets.mathml import inside

# Each operation's formula, then its slopes, one for each of what it takes.
FORMULAS = {
    "+": ("<a>+<b>", "1", "1"),
    "−": ("<a>-<b>", "1", "-1"),
    "×": (r"<a>\cdot<b>", "<b>", "<a>"),
    "÷": (r"\frac{<a>}{<b>}", r"\frac{1}{<b>}", r"-\frac{<a>}{<b>^2}"),
    "neg": ("-<a>", "-1"),
    "power": ("<a>^{<n>}", r"<n>\cdot<a>^{<less>}"),
    "sum": (r"\text{sum}(<a>)", "1"),
    "mean": (r"\text{mean}(<a>)", r"\frac{1}{n}"),
    "largest": (r"\max(<a>)", r"1<or>0"),
    "leaky relu": (r"\text{leaky relu}(<a>)", r"1<or><small>"),
    "softplus": (r"\text{softplus}(<a>)", r"\sigma(<a>)"),
    "silu": (r"\text{silu}(<a>)", r"\sigma(<a>)\cdot(1+<a>\cdot\sigma(-<a>))"),
    "gelu": (r"\text{gelu}(<a>)", r"\Phi(<a>)+<a>\cdot\phi(<a>)"),
    "exp": (r"\exp(<a>)", r"\exp(<a>)"),
    "log": (r"\log(<a>)", r"\frac{1}{<a>}"),
    "tanh": (r"\tanh(<a>)", r"1-\tanh^2(<a>)"),
    "σ": (r"\sigma(<a>)", r"\sigma(<a>)\cdot(1-\sigma(<a>))"),
    "relu": (r"\max(0,<a>)", r"1<or>0"),
    "max": (r"\max(<a>,<b>)", r"1<or>0", r"1<or>0"),
    "^": ("<a>^{<b>}", r"<b>\cdot<a>^{<b>-1}", r"<a>^{<b>}\cdot\log(<a>)"),
    "@": (r"<a>\,<b>", r"<upstream>\,<b>^\top", r"<a>^\top\,<upstream>"),
    "row softmax": (r"\text{softmax}(<a>)", r"y\cdot(<upstream>-\sum y\cdot<upstream>)"),
}
WORDS = ("or", "small", "upstream")  # of the texts
NAMED = {
    "pre_activation": "z", "activation": "a", "output": "y_hat", "target": "y", "weights": "W",
    "weight": "w", "loss": "loss", "error": "delta",
}  # fmt: skip
OF_UNITS = ("z", "a", "y_hat", "y", "delta")
LETTERS = re.compile(r"\\(?:text|mathrm)\{.*?\}|\\[A-Za-z]+|l\+1|[lij]")
IN_PLACE = {"l": "<l>", "l+1": "<m>", "i": "<i>", "j": "<j>"}
PLAIN = re.compile(r"(\w|\\hat \w|\\delta)(\^(\w|<\w>|\{[^{}]*\}))?")  # has room for an index


def formulas() -> dict[str, list[str]]:
    """:data:`FORMULAS` as MathML."""
    return {op: [_with_words(inside(part)) for part in parts] for op, parts in FORMULAS.items()}


def _with_words(formula: str) -> str:
    for name in WORDS:
        words = f"<mtext>\N{NO-BREAK SPACE}{text(f'stepper.{name}')}\N{NO-BREAK SPACE}</mtext>"
        formula = formula.replace(f"<mn>{{{name}}}</mn>", words)
    return re.sub(r"<mn>(\{[ab]\})</mn>", r"\1", formula)  # MathML, too


def names(dialect: Dialect) -> dict[str, str]:
    """What a dialect calls the numbers of a network, by kind; ``kind_i`` is that of one unit.

    What it has no name for is left out.
    """
    found = {}
    for symbol, kind in NAMED.items():
        tex = dialect.symbols[symbol].split(",")[0]
        if "–" in tex:
            continue
        tex = re.sub("_1$", "_j", tex)  # the weights of one unit, w_1, w_2, …
        tex = LETTERS.sub(lambda letter: IN_PLACE.get(letter[0], letter[0]), tex)
        found[kind] = inside(tex)
        if kind in OF_UNITS:
            found[f"{kind}_i"] = inside(f"{tex}_<i>" if PLAIN.fullmatch(tex) else f"{{{tex}}}_<i>")
    return found
