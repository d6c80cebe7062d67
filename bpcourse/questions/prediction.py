"""Predict with commitment: say what you expect, then run, and see both side by side."""

from dataclasses import dataclass
from html import escape

import numpy as np

from bpcourse.questions import record
from bpcourse.questions.judging.compare import rounded
from bpcourse.text import text


@dataclass(frozen=True)
class Prediction:
    """A student's guess; ``guess`` is the first one, None until there is one."""

    id: str
    guess: object = None

    def reveal(self, result, tolerance=None):
        """Show the guess beside ``result`` (number, array, shape, string) and whether they match.

        Numbers match within ``tolerance``, else if the guess is the result rounded to the digits
        that the guess has, and no more than 5 % away.
        """
        rows = [(text("predict.result"), _shown(result))]
        if self.guess is None:
            verdict = text("predict.no_guess")
        else:
            rows.insert(0, (text("predict.guess"), _shown(self.guess)))
            matches = _matches(self.guess, _plain(result), tolerance)
            verdict = text("predict.match" if matches else "predict.differ")
        _display(rows, verdict)


def predict(id, guess):
    """Commit to a guess before running the next cell; returns a :class:`Prediction` to reveal.

    ``guess`` is a number, array, shape, string or truth value; ``...``, or a list that still holds
    it, is no guess yet, reminds and lets the notebook run on. The first guess counts; later ones
    are kept with it in the record of the working folder; where that cannot be written, the lesson
    goes on without. TypeError for anything else.
    """
    if not isinstance(id, str) or not id:
        raise TypeError(f"id: expected the name of the prediction, got {id!r}")
    if _is_open(guess):
        print(text("predict.reminder"))
        return Prediction(id)
    plain = _plain(guess)
    try:
        guesses = record.update("predictions", id, lambda before: _with(before, plain))
    except OSError as error:
        print(text("predict.not_kept", reason=error.strerror))
        return Prediction(id, plain)
    if guesses[0] == plain:
        print(text("predict.kept", guess=_shown(plain)))
    else:
        print(text("predict.changed", first=_shown(guesses[0]), guess=_shown(plain)))
    return Prediction(id, guesses[0])


def _is_open(guess):
    """Whether the dots still stand in it."""
    if isinstance(guess, np.ndarray):
        guess = guess.tolist()
    if isinstance(guess, list | tuple):
        return any(_is_open(entry) for entry in guess)
    return guess is ...


def _with(guesses, guess):
    """The list of guesses with a new one at its end; the same guess again adds nothing."""
    guesses = list(guesses or [])
    return guesses if guesses and guesses[-1] == guess else [*guesses, guess]


def _plain(value):
    """``value`` as JSON holds it: numbers, strings, truth values and lists of them."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, complex) or not isinstance(value, bool | int | float | str):
        expected = "a number, an array, a shape, a string or ..."
        raise TypeError(f"guess: expected {expected}, got {value!r}")
    return value


def _matches(guess, result, tolerance):
    if isinstance(guess, list) or isinstance(result, list):
        return (
            isinstance(guess, list)
            and isinstance(result, list)
            and len(guess) == len(result)
            and all(_matches(g, r, tolerance) for g, r in zip(guess, result, strict=True))
        )
    if isinstance(guess, str) or isinstance(result, str):
        return str(guess).strip().casefold() == str(result).strip().casefold()
    if guess == result or not np.isfinite(guess):
        return guess == result
    away = abs(guess - result)
    if tolerance is not None:
        return bool(away <= tolerance)
    decimals = len(repr(float(guess)).partition(".")[2]) if guess != int(guess) else 0
    return bool(away <= 0.5000001 * 10**-decimals and away <= 0.05 * abs(result))


def _shown(value):
    """A value as a student reads it: rounded, and without a negative zero."""
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, tuple):  # a shape reads the same whether it was (4, 3) or [4, 3]
        value = list(value)
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return str(value)
    if array.dtype.kind not in "iuf":
        return str(value)
    if array.ndim == 0:
        return f"{array.item() + 0:.4g}"
    return np.array2string(rounded(array), separator=", ", suppress_small=True)


def _display(rows, verdict):
    plain = "\n".join([*(f"{name}: {value}" for name, value in rows), verdict])
    try:
        from IPython.display import display
    except ImportError:
        print(plain)
        return
    cells = "".join(
        f"<tr><th style='text-align: left'>{escape(name)}</th>"
        f"<td style='text-align: left'><pre style='margin: 0'>{escape(value)}</pre></td></tr>"
        for name, value in rows
    )
    html = f"<table>{cells}</table><p>{escape(verdict)}</p>"
    display({"text/plain": plain, "text/html": html}, raw=True)
