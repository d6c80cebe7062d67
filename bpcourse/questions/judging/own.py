"""Which lines are the student's own."""

import os.path
import traceback

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARIES = ("site-packages", "dist-packages", os.path.dirname(os.path.abspath(os.__file__)))


def is_own(filename: str) -> bool:
    """Whether a file is neither a library's nor the package's: a notebook's cell, say."""
    ours = filename.startswith((PACKAGE + os.path.sep, "<frozen "))
    return not ours and not any(library in filename for library in LIBRARIES)


def own_line(error: BaseException) -> str:
    """The last line of the student's own code that the error passed through.

    An error that comes from another process brings the line with it.
    """
    if hasattr(error, "student_line"):
        return str(error.student_line)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if is_own(step.filename)]
    return f"line {steps[-1].lineno}: {steps[-1].line}" if steps and steps[-1].line else ""
