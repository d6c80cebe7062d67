"""Predict with commitment: say what you expect, then run, and read why it is so."""

import os
from dataclasses import dataclass
from html import escape

import numpy as np

from bpcourse import text as texts
from bpcourse.questions import record
from bpcourse.questions.guesses import (
    HUGE,
    Plain,
    in_another_form,
    is_number,
    is_open,
    plain,
    read,
    same,
    shown,
)
from bpcourse.questions.judging import by_hand
from bpcourse.text import has, tables, text

SKIP = "skip"  # a guess that is none, on purpose
SETTING = "BPCOURSE_REVEALS"


def reveals(state: str) -> None:
    """Choose for the rest of this session whether a reveal waits for a guess.

    Parameters
    ----------
    state
        "open": every reveal shows its result at once, for rereading and for teachers; "closed":
        a reveal without a guess shows nothing, as at the beginning.

    Raises
    ------
    ValueError
        For another word.
    """
    if state not in ("open", "closed"):
        raise ValueError(f'state: expected "open" or "closed", got {state!r}')
    os.environ[SETTING] = state


@dataclass(frozen=True)
class Shown:
    """Whether a reveal has shown something: true or false in an ``if``, and no output of a cell."""

    yes: bool

    def __bool__(self) -> bool:
        return self.yes

    def _ipython_display_(self) -> None:
        """Nothing, where the reveal is the last line of a cell."""


@dataclass(frozen=True)
class Prediction:
    """A student's guess; ``guess`` is the first one, None until there is one."""

    id: str
    guess: Plain | None = None

    def reveal(self, result: object, tolerance: float | None = None) -> Shown:
        """Show the guess, what is to be said about it, and why the result is what it is.

        Without a guess nothing is shown but a reminder, unless the student skips it or reveals are
        open.

        Parameters
        ----------
        result
            The number, array, shape, string or truth value that was to be predicted.
        tolerance
            Within which numbers match; without one, if the guess is the result rounded to the
            digits that the guess has, and no more than 5 % away.

        Returns
        -------
        Shown
            True in an ``if`` when something was shown, so that a picture may follow.
        """
        answer = plain(result)
        entry = f"prediction.{self.id}"
        if not texts.has(f"{entry}.explain"):
            _show_both(self.guess, answer, tolerance)
            return Shown(True)
        if self.guess is None and os.environ.get(SETTING) != "open":
            print(text("predict.first"))
            return Shown(False)
        paragraphs = [text(f"{entry}.explain")]
        if self.guess is not None and self.guess != SKIP:
            said = text("predict.you_said", guess=shown(self.guess))
            verdict = _verdict(entry, self.guess, answer, tolerance)
            paragraphs.insert(0, f"{said} {verdict}")
        if not same(text(f"{entry}.answer"), answer, tolerance):
            paragraphs.insert(-1, text("predict.moved", result=shown(result)))
        _display({"text/markdown": (words := "\n\n".join(paragraphs)), "text/plain": words})
        return Shown(True)


def predict(id: str, guess: object) -> Prediction:
    """Commit to a guess before running the next cell.

    Parameters
    ----------
    id
        Of the prediction, "lesson.name".
    guess
        A number, array, shape, string or truth value. ``...``, or a list that still holds it, is no
        guess yet: the one in the record of the working folder counts, if there is one. ``"skip"``
        goes on without a guess. The first guess counts; later ones are kept with it in the record;
        where that cannot be written, the lesson goes on without.

    Returns
    -------
    Prediction
        To :meth:`~Prediction.reveal` in the next cell.

    Raises
    ------
    TypeError
        For a guess of another kind, or an id that is no name.
    ValueError
        For an id that is not among those of its lesson.
    """
    if not isinstance(id, str) or not id:
        raise TypeError(f"id: expected the name of the prediction, got {id!r}")
    lesson = id.partition(".")[0]
    known = {f"{lesson}.{key.split('.')[0]}" for key in texts.below(f"prediction.{lesson}")}
    if known and id not in known:
        raise ValueError(f"id: expected one of {', '.join(sorted(known))}, got {id!r}")
    if is_open(guess):
        before = _kept(id)
        first = None if before is None else _first(before)
        print(_reminder(first))
        return Prediction(id, first)
    value = plain(guess)
    try:
        guesses = record.update("predictions", id, lambda before: _with(before, value))
    except OSError as error:
        print(text("predict.not_kept", reason=error.strerror))
        return Prediction(id, value)
    first = _first(guesses)
    if value == SKIP == first:
        print(text("predict.skipped"))
    elif first == value:
        print(text("predict.kept", guess=shown(value)))
    else:
        print(text("predict.changed", first=shown(first), guess=shown(value)))
    return Prediction(id, first)


def _reminder(first: Plain | None) -> str:
    if first is None:
        return text("predict.reminder")
    return text("predict.skipped" if first == SKIP else "predict.from_before", guess=shown(first))


def _kept(id: str) -> list[Plain] | None:
    """The guesses that the record holds."""
    try:
        found = record.read(record.find()).get("predictions", {}).get(id)
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, list) and found else None


def _with(before: list[Plain] | None, guess: Plain) -> list[Plain]:
    """The list of guesses with a new one at its end; the same guess again adds nothing."""
    guesses = list(before or [])
    return guesses if guesses and guesses[-1] == guess else [*guesses, guess]


def _first(guesses: list[Plain]) -> Plain:
    """The first guess that is one: who skips, and guesses later, has guessed."""
    return next((guess for guess in guesses if guess != SKIP), SKIP)


def _verdict(entry: str, guess: Plain, answer: Plain, tolerance: float | None) -> str:
    """What is said about a guess: right, a wrong idea that is known, or another one."""
    if same(guess, answer, tolerance):
        return text("predict.match")
    wrong = texts.below(f"{entry}.wrong")
    for idea in sorted(wrong, key=lambda idea: -len(idea)):  # that of most digits says most
        if same(guess, idea):
            return text(f"{entry}.wrong.{idea}")
    exponent = texts.has(f"{entry}.form") and text(f"{entry}.form") == "exponent"
    if in_another_form(guess, answer, tolerance, exponent):
        return text("predict.match")
    return _difference(guess, answer)


def _difference(guess: Plain, answer: Plain) -> str:
    """What is seen of a guess that nothing in the lesson's text knows: of a number, how it is off.

    First what gives it exactly, such as twice the result, then the sign, and the size.
    """
    given, right = read(guess), read(answer)
    if not is_number(given) or not is_number(right) or not abs(given) <= HUGE:
        return text("predict.differ")
    for name, value in by_hand.of_any(np.asarray(right, np.float64), None):
        if has(f"predict.{name}") and value.ndim == 0 and same(given, value.item()):
            return text(f"predict.{name}")
    seen = by_hand.difference(given, right)
    return text(f"predict.{seen if has(f'predict.{seen}') else 'differ'}")


def _show_both(guess: Plain | None, answer: Plain, tolerance: float | None) -> None:
    """The guess beside the result, for a prediction without texts of its own."""
    rows = [(text("predict.result"), shown(answer))]
    if guess is None or guess == SKIP:
        verdict = text("predict.no_guess")
    else:
        rows.insert(0, (text("predict.guess"), shown(guess)))
        right = same(guess, answer, tolerance) or in_another_form(guess, answer, tolerance)
        verdict = text("predict.match" if right else "predict.differ")
    plain_text = "\n".join([*(f"{name}: {value}" for name, value in rows), verdict])
    names, values = zip(*rows, strict=True)
    beside = tables.html(names, [values], "white-space: pre; font-family: monospace")
    html = f"{beside}<p>{escape(verdict)}</p>"
    _display({"text/plain": plain_text, "text/html": html})


def _display(data: dict[str, str]) -> None:
    try:
        from IPython.display import display
    except ImportError:
        print(data["text/plain"])
        return
    display(data, raw=True)  # type: ignore[no-untyped-call]
