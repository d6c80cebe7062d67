"""Which lines are the student's own."""

import os
import re
import traceback
from pathlib import Path

PACKAGE = os.path.join(Path(__file__).parents[2], "")
LIBRARY = re.compile(r"[/\\](site-packages|dist-packages|lib[/\\]python[\d.]+|Lib)[/\\]|^<frozen ")


def is_own(filename: str) -> bool:
    """Whether a file holds a student's code: a cell has one of its own, libraries lie elsewhere."""
    return not filename.startswith(PACKAGE) and not LIBRARY.search(filename)


def own_line(error: BaseException) -> str:
    """The last line of the student's own code that the error passed through.

    An error that comes from another process brings the line with it.
    """
    if hasattr(error, "student_line"):
        return str(error.student_line)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if is_own(step.filename)]
    return f"line {steps[-1].lineno}: {steps[-1].line}" if steps and steps[-1].line else ""
