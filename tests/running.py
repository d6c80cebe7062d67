"""A notebook run cell by cell by an IPython without a kernel, in a process of its own.

``apart(figures, path)`` returns what is wrong with a notebook's figures, ``apart(formulas, path)``
which changed formulas its tagged cells did not notice.
"""

import contextlib
import importlib
import io
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tools.notebooks import ENVIRONMENT, read

IMPORTED = ["bpcourse", "bpcourse.figures", "bpcourse.questions", "bpcourse.widgets"]
IMPORTED += ["IPython.core.interactiveshell", "matplotlib.pyplot", __name__]


def apart(task, *arguments):
    """What the task returns in a new process, forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)  # it is started once, and knows nothing of the tests
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(task, *arguments).result()


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


def broken(path, module, change):
    """The first failure of the notebook when ``change`` is run at the end of a module, or None."""
    module = importlib.import_module(module)
    exec(change, vars(module))
    try:
        for _ in Session(path).each():
            pass
    except Failed as failure:
        return str(failure)
    return None
