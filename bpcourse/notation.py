r"""The dialects: the same network in the letters and layouts of others.

``dialects()`` reads ``notation.toml``, a data file to which an instructor may add. A
:class:`Dialect` holds the symbols, and computes in its own layout: a formula of one's own lecture
can be run as it stands there, and compared with the course's.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bpcourse.text import tables, text

Layout: TypeAlias = npt.NDArray[np.floating]

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
    """One way of writing: the letters, and the conventions of ``notation.toml``.

    Attributes
    ----------
    name : str
        What it is called.
    symbols : dict of str to str
        The LaTeX of each of ``SYMBOLS``.
    examples : {"rows", "columns", "one"}
        How a batch stands; "one" is a single column.
    weights : {"out_in", "in_out"}
        Which index of a weight comes first.
    error : {"as examples", "row"}
        How an error signal stands.
    average : {"loss", "gradient", "none"}
        Where the mean over the examples is taken.
    input, first : int
        The number that x has, and that the weights of the first layer have.
    """

    name: str
    symbols: dict[str, str]
    examples: str
    weights: str
    error: str
    average: str
    input: int
    first: int

    def to_examples(self, rows: Layout) -> Layout:
        """Lay out X, Z or A of the course as it is here.

        Parameters
        ----------
        rows : array, shape (batch, n)
            An example in each row; exactly one where ``examples`` is "one".

        Returns
        -------
        array
            The same numbers, laid out as here.

        Raises
        ------
        ValueError
            For a batch where there is none here.
        """
        if self.examples == "one" and len(rows) != 1:
            raise ValueError(f"rows: expected one example for {self.name}, got {len(rows)}")
        return rows if self.examples == "rows" else rows.T

    def from_examples(self, array: Layout) -> Layout:
        """Turn X, Z or A, laid out as here, back to rows.

        Parameters
        ----------
        array : array
            As this dialect lays them out.

        Returns
        -------
        array, shape (batch, n)
            An example in each row.
        """
        return array if self.examples == "rows" else array.T

    def to_weights(self, W: Layout) -> Layout:
        """Lay out W of the course, or its gradient, as it is here; also the way back.

        Parameters
        ----------
        W : array, shape (n_out, n_in)
            The weights.

        Returns
        -------
        array
            The same numbers, laid out as here.
        """
        return W if self.weights == "out_in" else W.T

    def from_error(self, delta: Layout) -> Layout:
        """Turn an error signal, laid out as here, back to rows.

        Parameters
        ----------
        delta : array
            As this dialect lays it out.

        Returns
        -------
        array, shape (batch, n)
            An example in each row.
        """
        return delta if self.error == "row" else self.from_examples(delta)

    def linear(self, A: Layout, W: Layout, b: Layout) -> Layout:
        """Compute the affine map in this layout.

        Parameters
        ----------
        A : array
            The activations below, laid out as here.
        W : array
            The weights, laid out as here.
        b : array, shape (n_out,)
            The biases.

        Returns
        -------
        array
            The pre-activations, laid out as here.
        """
        if self.examples == "rows":
            return A @ (W.T if self.weights == "out_in" else W) + b
        return (W if self.weights == "out_in" else W.T) @ A + b[:, None]

    def to_error(self, array: Layout) -> Layout:
        """Turn an array laid out as activations are, as error signals stand here.

        Parameters
        ----------
        array : array
            Laid out as activations are here.

        Returns
        -------
        array
            Laid out as error signals are here.
        """
        return array.T if self.error == "row" else array

    def down(self, delta: Layout, W: Layout) -> Layout:
        """Compute ∂L/∂A of the layer below.

        Parameters
        ----------
        delta : array
            The error signal of the layer, laid out as here.
        W : array
            Its weights, laid out as here.

        Returns
        -------
        array
            Laid out as error signals are here.
        """
        if self.examples == "rows" or self.error == "row":
            return delta @ (W if self.weights == "out_in" else W.T)
        return (W.T if self.weights == "out_in" else W) @ delta

    def weight_gradient(self, delta: Layout, A: Layout) -> Layout:
        """Compute ∂L/∂W of a layer.

        Where the dialect takes the mean over the examples at the gradient, it is taken.

        Parameters
        ----------
        delta : array
            The error signal of the layer, laid out as here.
        A : array
            The activations below, laid out as here.

        Returns
        -------
        array
            Laid out as W is here.
        """
        rows, A = self.from_error(delta), self.from_examples(A)
        gradient = self.to_weights(rows.T @ A)
        return gradient / len(A) if self.average == "gradient" else gradient

    def number(self, l: int) -> int:
        """Number the activation (and z and δ) of layer l as here.

        Parameters
        ----------
        l : int
            The layer as the course counts, x is 0.

        Returns
        -------
        int
            The number that it has here.
        """
        return l + self.input

    def weight_number(self, l: int) -> int:
        """Number the weights into layer l as here.

        Parameters
        ----------
        l : int
            The layer as the course counts, x is 0.

        Returns
        -------
        int
            The number that they have here.
        """
        return l + self.first - 1


class Table:
    """Rows of cells with a header; shown as HTML in a notebook, as Markdown elsewhere."""

    def __init__(self, header: list[str], rows: list[list[str]]) -> None:
        self.header, self.rows = header, rows

    def _repr_html_(self) -> str:
        return tables.html(self.header, self.rows, "white-space: nowrap")  # no formula in two

    def __repr__(self) -> str:
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def table() -> Table:
    """Show every dialect's symbols.

    Returns
    -------
    Table
        A row for each dialect.
    """
    header = ["", *(text(f"notation.{name}") for name in SYMBOLS)]
    rows = [[d.name, *(f"${d.symbols[name]}$" for name in SYMBOLS)] for d in dialects()]
    return Table(header, rows)


def conventions() -> Table:
    """Show every dialect's layout.

    Returns
    -------
    Table
        A row for each dialect.
    """
    header = ["", *(text(f"notation.layout_{key}") for key in LAYOUT)]
    return Table(header, [[d.name, *(str(getattr(d, k)) for k in LAYOUT)] for d in dialects()])


@lru_cache
def dialects() -> tuple[Dialect, ...]:
    """Read all dialects of ``notation.toml``.

    Returns
    -------
    tuple of Dialect
        The course's own is the first.

    Raises
    ------
    ValueError
        For an entry that is not one, or a name that is there twice.
    """
    data = (files("bpcourse") / "notation.toml").read_text(encoding="utf-8")
    found: dict[str, Dialect] = {}
    for entry in tomllib.loads(data)["dialect"]:
        d = dialect(entry)
        if d.name in found:
            raise ValueError(f"{d.name}: name: expected a new name, got one that is there already")
        found[d.name] = d
    return tuple(found.values())


def dialect(entry: dict[str, Any]) -> Dialect:
    """Build a dialect from one entry of the data file.

    Parameters
    ----------
    entry : dict
        As TOML gives it: a name, a string for each of ``SYMBOLS``, and a table ``layout``.

    Returns
    -------
    Dialect
        The dialect.

    Raises
    ------
    ValueError
        With the dialect, the key, what was expected and what was given.
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
