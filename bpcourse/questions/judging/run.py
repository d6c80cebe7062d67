"""Running a student's code: on copies, quietly, for a few seconds at most."""

import contextlib
import io
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

from bpcourse.questions.judging.limit import SECONDS as SECONDS
from bpcourse.questions.judging.limit import OutOfTimeError as OutOfTimeError
from bpcourse.questions.judging.limit import is_own
from bpcourse.questions.judging.limit import time_limit as time_limit


@dataclass(frozen=True)
class Outcome:
    """What one call gave: ``value``, or ``error``; the inputs that it changed or gave back."""

    value: object = None
    error: BaseException | None = None
    line: str = ""  # the student's own line where it failed, with its number
    changed: frozenset = frozenset()  # names of inputs that hold something else now
    aliased: frozenset = frozenset()  # names of inputs whose memory the result shares


def call(function, arguments):
    """The :class:`Outcome` of ``function(*arguments.values())`` on copies of the arguments."""
    copies = {name: _copy(value) for name, value in arguments.items()}
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            value = function(*copies.values())
    except (Exception, OutOfTimeError) as error:
        return Outcome(error=error, line=own_line(error))
    changed = [name for name, value in arguments.items() if not _same(value, copies[name])]
    results = _arrays(value).values()
    aliased = [
        name
        for name, given in copies.items()
        if any(np.shares_memory(a, b) for a in _arrays(given).values() for b in results)
    ]
    return Outcome(value, changed=frozenset(changed), aliased=frozenset(aliased))


def own_line(error):
    """The last line of the student's own code that the error passed through.

    An error that comes from another process brings the line with it.
    """
    if hasattr(error, "student_line"):
        return error.student_line
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename)]
    return f"line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""


def _copy(value):
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_copy(entry) for entry in value)
    if isinstance(value, dict):
        return {name: _copy(entry) for name, entry in value.items()}
    return value


def _same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and _same_numbers(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    return a is b or a == b


def _same_numbers(a, b):
    """Equal but for rounding: an entry that is moved up and down again may be off by 1e-17."""
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return np.array_equal(a, b)
    rounding = 8 * np.finfo(a.dtype).eps * np.abs(a[np.isfinite(a)]).max(initial=1e-300)
    with np.errstate(all="ignore"):
        return bool(((a == b) | (np.abs(a - b) <= rounding) | (np.isnan(a) & np.isnan(b))).all())


def _arrays(value):
    """The arrays in a result or an input, each once, {its id: it}."""
    if isinstance(value, np.ndarray):
        return {id(value): value}
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return {}
    found: dict[int, np.ndarray] = {}
    for entry in {id(entry): entry for entry in value}.values():
        found |= _arrays(entry)
    return found
