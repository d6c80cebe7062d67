r"""The dialects: the same network in the letters and layouts of others.

``dialects()`` reads ``notation.toml``, a data file to which an instructor may add. A
:class:`Dialect` holds the symbols, and computes in its own layout: a formula of one's own lecture
can be run as it stands there, and compared with the course's.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files

from bpcourse.text import text

SYMBOLS = (
    "pre_activation activation function weights weight output target loss error".split()
)  # in the order of the table
LAYOUT = {
    "examples": ("rows", "columns", "one"),
    "weights": ("out_in", "in_out"),
    "error": ("as examples", "row"),
    "average": ("loss", "gradient", "none"),
    "input": (0, 1),
    "first": (1, 2),
}


@dataclass(frozen=True)
class Dialect:
    """One way of writing: ``symbols`` {what: LaTeX} and the conventions of ``notation.toml``."""

    name: str
    symbols: dict
    examples: str
    weights: str
    error: str
    average: str
    input: int
    first: int

    def to_examples(self, rows):
        """X, Z or A (batch, n) of the course, laid out as here; "one" takes a batch of one."""
        if self.examples == "one" and len(rows) != 1:
            raise ValueError(f"rows: expected one example for {self.name}, got {len(rows)}")
        return rows if self.examples == "rows" else rows.T

    def from_examples(self, array):
        """Back to rows."""
        return array if self.examples == "rows" else array.T

    def to_weights(self, W):
        """W (n_out, n_in) of the course, or its gradient, laid out as here; also the way back."""
        return W if self.weights == "out_in" else W.T

    def from_error(self, delta):
        """An error signal, laid out as here, back to rows (batch, n)."""
        return delta if self.error == "row" else self.from_examples(delta)

    def linear(self, A, W, b):
        """The affine map in this layout; b is (n_out,)."""
        if self.examples == "rows":
            return A @ (W.T if self.weights == "out_in" else W) + b
        return (W if self.weights == "out_in" else W.T) @ A + b[:, None]

    def to_error(self, array):
        """An array laid out as the activations are, turned as error signals stand here."""
        return array.T if self.error == "row" else array

    def down(self, delta, W):
        """∂L/∂A of the layer below, laid out as error signals are here."""
        if self.examples == "rows" or self.error == "row":
            return delta @ (W if self.weights == "out_in" else W.T)
        return (W.T if self.weights == "out_in" else W) @ delta

    def weight_gradient(self, delta, A):
        """∂L/∂W from the error signal of a layer and the activations below, laid out as W is here.

        Where the dialect takes the mean over the examples at the gradient, it is taken.
        """
        rows, A = self.from_error(delta), self.from_examples(A)
        gradient = self.to_weights(rows.T @ A)
        return gradient / len(A) if self.average == "gradient" else gradient

    def number(self, l):
        """The number that the activation (and z and δ) of layer l has here."""
        return l + self.input

    def weight_number(self, l):
        """The number that the weights into layer l have here."""
        return l + self.first - 1


class Table:
    """Rows of cells with a header; shown as HTML in a notebook, as Markdown elsewhere."""

    def __init__(self, header, rows):
        self.header, self.rows = header, rows

    def _repr_html_(self):
        def line(cells, tag):
            style = " style='text-align: left'"  # JupyterLab would put text to the right
            if tag == "td":
                style = style[:-1] + "; white-space: nowrap'"  # no formula in two pieces
            return "<tr>" + "".join(f"<{tag}{style}>{escape(c)}</{tag}>" for c in cells) + "</tr>"

        body = "".join(line(row, "td") for row in self.rows)
        return f"<table><thead>{line(self.header, 'th')}</thead><tbody>{body}</tbody></table>"

    def __repr__(self):
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def table():
    """Every dialect's symbols, a row each."""
    header = ["", *(text(f"notation.{name}") for name in SYMBOLS)]
    rows = [[d.name, *(f"${d.symbols[name]}$" for name in SYMBOLS)] for d in dialects()]
    return Table(header, rows)


def conventions():
    """Every dialect's layout, a row each."""
    header = ["", *(text(f"notation.layout_{key}") for key in LAYOUT)]
    return Table(header, [[d.name, *(str(getattr(d, k)) for k in LAYOUT)] for d in dialects()])


@lru_cache
def dialects():
    """All dialects of ``notation.toml``, the course's own first. ValueError for a bad one."""
    data = (files("bpcourse") / "notation.toml").read_text(encoding="utf-8")
    found = {}
    for entry in tomllib.loads(data)["dialect"]:
        d = dialect(entry)
        if d.name in found:
            raise ValueError(f"{d.name}: name: expected a new name, got one that is there already")
        found[d.name] = d
    return tuple(found.values())


def dialect(entry):
    """A :class:`Dialect` from one entry of the data file, a dict.

    ValueError that names the dialect, the key, what was expected and what was given.
    """
    name = entry.get("name", "a dialect without a name")
    layout = entry.get("layout", {})
    if not isinstance(layout, dict):
        raise ValueError(f"{name}: layout: expected a table of {', '.join(LAYOUT)}, got {layout!r}")
    for where, keys in ((entry, ["name", *SYMBOLS]), (layout, LAYOUT)):
        for key in keys:
            if key not in where:
                raise ValueError(f"{name}: expected a value for {key}, got none")
    for key in ["name", *SYMBOLS]:
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise ValueError(f"{name}: {key}: expected text, such as 'z^l', got {entry[key]!r}")
    for key, allowed in LAYOUT.items():
        if layout[key] not in allowed or isinstance(layout[key], bool):  # True equals 1
            raise ValueError(f"{name}: {key}: expected one of {allowed}, got {layout[key]!r}")
    if unknown := (set(entry) - {"name", "layout", *SYMBOLS}) | (set(layout) - set(LAYOUT)):
        raise ValueError(f"{name}: expected the keys of notation.toml, got also {sorted(unknown)}")
    if layout["error"] == "row" and layout["examples"] != "one":
        raise ValueError(f"{name}: error: expected 'as examples' for a batch, got 'row'")
    return Dialect(name, {key: entry[key] for key in SYMBOLS}, **layout)
