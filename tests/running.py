"""A notebook run in this process, cell by cell, by an IPython without a kernel.

``python tests/running.py lectures/11_matrix_form.ipynb`` prints, as JSON, what is wrong with its
figures; with ``--formulas`` which changed formulas its tagged cells did not notice.
"""

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.notebooks import ENVIRONMENT, read  # noqa: E402


class Failed(RuntimeError):
    """A cell of the notebook as it is has raised."""


class Session:
    """The notebook at ``path``, run in its own folder as the pipeline runs it."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.cells = [cell for cell in read(self.path).cells if cell.cell_type == "code"]
        os.environ |= ENVIRONMENT | {"IPYTHONDIR": tempfile.mkdtemp()}
        os.environ.pop("BPCOURSE_SANDBOX", None)
        from IPython.core.interactiveshell import InteractiveShell

        self.shell = InteractiveShell.instance()
        self.cell = ""  # the id of the one that runs

    def run(self, source):
        """The exception that the source raises, or None; what it prints is swallowed."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = self.shell.run_cell(source)
        return result.error_before_exec or result.error_in_exec

    def each(self):
        """Run cell after cell, and yield each when it has run."""
        os.chdir(self.path.parent)
        for cell in self.cells:
            self.cell = cell.id
            error = self.run(cell.source)
            if error is not None and "raises-exception" not in cell.metadata.get("tags", []):
                raise Failed(f"{self.path.name}, {cell.id}: {error!r}")
            yield cell


def figures(path):
    """[(cell, what is wrong with a figure that it shows), …] and how many figures there are."""
    from measuring import faults

    import bpcourse.figures

    session, found, count = Session(path), [], 0
    show = bpcourse.figures.show

    def measured(fig, **about):
        nonlocal count
        count += 1
        found.extend((session.cell, fault) for fault in faults(fig))
        show(fig, **about)

    bpcourse.figures.show = measured
    for _ in session.each():
        pass
    return {"figures": count, "faults": found}


def formulas(path):
    """{cell: {changed formula: how it was noticed}} of the cells that check a formula."""
    from changing import tried

    return tried(Session(path))


def opposites(path, chosen):
    """The items whose claim's opposite is not noticed."""
    from changing import opposed

    return opposed(Session(path), chosen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--formulas", action="store_true")
    parser.add_argument("--opposites", type=json.loads)
    arguments = parser.parse_args()
    out = os.dup(1)
    if arguments.opposites is not None:
        result = opposites(arguments.path, arguments.opposites)
    else:
        result = (formulas if arguments.formulas else figures)(arguments.path)
    os.write(out, json.dumps(result).encode())
