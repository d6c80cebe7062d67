"""Running a student's code: on copies, quietly, for a few seconds at most."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from bpcourse.questions.judging.clock import Clock
from bpcourse.questions.judging.own import own_line
from bpcourse.text import text

MOST_AXES = 8  # of two arrays together: with more it is hard to say whether they overlap


class LostError(BaseException):
    """An answer is gone, with its process: nothing is to be judged by that, and it passes."""


@dataclass(frozen=True)
class Outcome:
    """What one call gave: ``value``, or ``error``; the inputs that it changed or gave back."""

    value: object = None
    error: BaseException | None = None
    line: str = ""  # the student's own line where it failed, with its number
    changed: frozenset[str] = frozenset()  # names of inputs that hold something else now
    aliased: frozenset[str] = frozenset()  # names of inputs whose memory the result shares
    left: Mapping[str, object] | None = None  # what the changed inputs hold now


def call(
    function: Callable[..., object], arguments: Mapping[str, object], clock: Clock | None = None
) -> Outcome:
    """The :class:`Outcome` of ``function(*arguments.values())`` on copies of the arguments.

    The ``clock`` runs only while the function does. What the function raises is its outcome,
    ``SystemExit`` and an interrupt too.
    """
    copies = {name: _copy(value) for name, value in arguments.items()}
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            ready = partial(function, *copies.values())
            value = clock.call(ready) if clock else ready()
    except LostError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not error.args:
            error.args = (text("check.interrupted"),)
        return Outcome(error=error, line=own_line(error))
    changed = [name for name, given in arguments.items() if not _same(given, copies[name])]
    left = {name: copies[name] for name in changed}
    return Outcome(value, changed=frozenset(changed), aliased=_aliased(value, copies), left=left)


def plain_call(function: Callable[..., object], arguments: Mapping[str, object]) -> Outcome:
    """The outcome of our own code, which prints nothing and takes no time to speak of."""
    copies = {name: _copy(value) for name, value in arguments.items()}
    outcome = _plain(function, copies)
    changed = [name for name, given in arguments.items() if not _same(given, copies[name])]
    return outcome if outcome.error else Outcome(outcome.value, changed=frozenset(changed))


def quick_call(function: Callable[..., object], arguments: Mapping[str, object]) -> Outcome:
    """The same, without a look at which inputs it has changed."""
    return _plain(function, {name: _copy(value) for name, value in arguments.items()})


def _plain(function: Callable[..., object], copies: Mapping[str, object]) -> Outcome:
    try:
        with np.errstate(all="ignore"):
            return Outcome(function(*copies.values()))
    except Exception as error:
        return Outcome(error=error)


def _copy(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(map(_copy, value))
    if isinstance(value, dict):
        return {name: _copy(entry) for name, entry in value.items()}
    return value


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and _same_numbers(a, b)
    if isinstance(a, list | tuple):
        if not isinstance(b, list | tuple) or len(a) != len(b):
            return False
        return all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        if not isinstance(b, dict) or a.keys() != b.keys():
            return False
        return all(_same(a[name], b[name]) for name in a)
    return a is b or bool(a == b)


def _same_numbers(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> bool:
    """Equal but for rounding: an entry that is moved up and down again may be off by 1e-17."""
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():  # as nearly always
        return True
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return np.array_equal(a, b)
    rounding = 8 * np.finfo(a.dtype).eps * np.abs(a[np.isfinite(a)]).max(initial=1e-300)
    with np.errstate(all="ignore"):
        return bool(((a == b) | (np.abs(a - b) <= rounding) | (np.isnan(a) & np.isnan(b))).all())


def _aliased(value: object, given: Mapping[str, object]) -> frozenset[str]:
    """The names of the inputs that an array of the result lies in; each is looked at once."""
    found: set[str] = set()
    inputs = {
        id(array): (name, array) for name, entry in given.items() for array in arrays_in(entry)
    }
    for array in arrays_in(value):
        base = array if array.base is None else array.base
        if id(base) in inputs:
            known = [inputs[id(base)]]
        elif array.base is None or type(base) is np.ndarray and base.base is None:
            continue  # memory of its own, or that of another array: no copy of an input lies there
        else:
            known = [*inputs.values()]
        found.update(name for name, whole in known if name not in found and _overlap(array, whole))
    return frozenset(found)


def arrays_in(value: object) -> Iterator[npt.NDArray[np.generic]]:
    """Every array in lists, tuples and dicts, once, however often it stands there."""
    seen: set[int] = set()
    todo = [value]
    while todo:
        entry = todo.pop()
        if not isinstance(entry, np.ndarray | list | tuple | dict) or id(entry) in seen:
            continue
        seen.add(id(entry))
        if isinstance(entry, np.ndarray):
            yield entry
        else:
            todo += entry.values() if isinstance(entry, dict) else entry


def _overlap(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> bool:
    if not np.may_share_memory(a, b):  # by the ends of both: cheap
        return False
    return a.ndim + b.ndim > MOST_AXES or np.shares_memory(a, b)
