"""The maintainers' tool that makes ``exercises/`` from ``solutions/``.

``python -m tools.exercises`` takes out the solutions and the outputs with nbgrader's own
preprocessors, used as a library: no course directory, no database. ``--check`` writes nothing and
fails where something would be written.
"""

import argparse
import sys
from pathlib import Path

from tools.made import put
from tools.notebooks import dumps, normalise, read

STUB = "raise NotImplementedError()"
WORDS = "YOUR ANSWER HERE"  # nbgrader's stub of an answer in Markdown
STEPS = (  # as nbgrader generate_assignment runs them, but for its database
    "LockCells",
    "ClearSolutions",
    "ClearOutput",
    "CheckCellMetadata",
    "ComputeChecksums",
    "ClearHiddenTests",
    "ClearMarkScheme",
    "ComputeChecksums",
    "CheckCellMetadata",
)


def generate(notebook):
    """The exercise notebook of a solution notebook.

    RuntimeError for a solution that is not closed, or stands in a cell that is not marked for it.
    """
    from nbgrader import preprocessors  # takes seconds to import, and only here is it needed

    resources: dict = {}
    for step in STEPS:
        notebook, resources = getattr(preprocessors, step)()(notebook, resources)
    for cell in notebook.cells:  # a stub names the exercise that is open
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "code" and name:
            question = name.replace("-", ".", 1)  # a grade_id may hold no dot
            cell.source = cell.source.replace(STUB, f'raise NotImplementedError("{question}")')
    return normalise(notebook)


def process(path, folder, check=False):
    """Make one exercise; (success, a line that says so)."""
    target = folder / path.name
    try:
        result = dumps(generate(read(path)))
    except (RuntimeError, ValueError) as error:
        return False, f"{path}: failed\n{error}"
    return put(target, result, check)


def main(argv=None):
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.exercises", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    arguments = parser.parse_args(argv)
    root = Path(__file__).resolve().parents[1]
    good = True
    for path in sorted((root / "solutions").glob("*.ipynb")):
        success, line = process(path, root / "exercises", arguments.check)
        print(line, flush=True)
        good &= success
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
