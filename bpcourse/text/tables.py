"""Tables of words: as HTML for a notebook, as lines for anything else."""

from collections.abc import Iterable, Sequence
from html import escape

LEFT = "text-align: left"  # JupyterLab would put words to the right


def html(head: Sequence[str], rows: Iterable[Sequence[str]], style: str = "") -> str:
    """A table with a head; ``style`` is CSS for the cells below it."""

    def line(cells: Sequence[str], tag: str, style: str) -> str:
        whole = "".join(f"<{tag} style='{style}'>{escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{whole}</tr>"

    body = "".join(line(row, "td", f"{LEFT}; {style}" if style else LEFT) for row in rows)
    return f"<table><thead>{line(head, 'th', LEFT)}</thead><tbody>{body}</tbody></table>"


def lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """Each row as a line, the cells of a column one below the other."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
