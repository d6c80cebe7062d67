"""The code cells of a notebook that may be anything at all."""

import json

from bpcourse.text import text

MOST_BYTES = 20 << 20  # of a notebook
MOST_CELLS = 1000
MOST_SOURCE = 1 << 20  # characters of a cell


class NotANotebookError(ValueError):
    """The bytes are no notebook; says why, for the student to read."""


def code_cells(data):
    """[(number, source), …] of a notebook's bytes, numbered from 1 among all cells.

    Formats 3 and 4. :class:`NotANotebookError` for anything else.
    """
    if len(data) > MOST_BYTES:
        raise NotANotebookError(text("grade.too_large", size=len(data), most=MOST_BYTES))
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotANotebookError(text("grade.not_utf8")) from None
    except (ValueError, RecursionError) as error:
        raise NotANotebookError(text("grade.not_json", reason=error)) from None
    cells = _cells(notebook)
    if cells is None or len(cells) > MOST_CELLS:
        raise NotANotebookError(text("grade.not_notebook"))
    sources = [(number, _source(cell)) for number, cell in enumerate(cells, start=1)]
    return [(number, source) for number, source in sources if source]


def _cells(notebook):
    if not isinstance(notebook, dict):
        return None
    if notebook.get("nbformat") == 3:
        sheets = notebook.get("worksheets")
        sheet = sheets[0] if isinstance(sheets, list) and sheets else None
        notebook = sheet if isinstance(sheet, dict) else {}
    elif notebook.get("nbformat") != 4:
        return None
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else None


def _source(cell):
    """The source of a code cell, "" of any other."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source[:MOST_SOURCE] if isinstance(source, str) else ""
