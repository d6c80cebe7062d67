"""Guesses as people write them: read, compared with a result, shown again."""

import ast
import re
from typing import TypeAlias, TypeGuard

import numpy as np

from bpcourse.questions.judging.compare import rounded
from bpcourse.text.numbers import number

Plain: TypeAlias = bool | int | float | str | list["Plain"]  # what JSON holds

HUGE = 1e300  # what is larger, or no number, is compared as it stands
NEAR = 0.05  # relative: a guess of few digits is no nearer than this
PERCENT = re.compile(r"(.*\d)\s*%")
SHAPE = re.compile(r"\(?(\s*\d+\s*(?:[x×,]\s*\d+\s*)+,?)\)?")
POWER = re.compile(r"10\s*(?:\^|\*\*)\s*\(?\s*([+-]?\d+)\s*\)?")
WORDS = {"yes": True, "true": True, "no": False, "false": False}


def plain(value: object) -> Plain:
    """``value`` as JSON holds it: numbers, strings, truth values and lists of them.

    TypeError for anything else.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"guess: expected a number, an array, a shape, a string or ..., got {value!r}")


def is_open(guess: object) -> bool:
    """Whether the dots still stand in it."""
    if isinstance(guess, np.ndarray):
        guess = guess.tolist()
    if isinstance(guess, list | tuple):
        return any(is_open(entry) for entry in guess)
    return guess is ...


def read(value: Plain) -> Plain:
    """What is meant by a guess that may be written as a text.

    ``"−1.085"`` is a number, ``"98 %"`` is 0.98, ``"3 × 4"`` and ``"(3, 4)"`` are shapes, ``"yes"``
    is True, ``"10^-5"`` is 1e-5; a list of one entry is that entry; other words in small letters.
    """
    if isinstance(value, list):
        return read(value[0]) if len(value) == 1 else [read(entry) for entry in value]
    if not isinstance(value, str):
        return value
    words = value.strip().casefold().replace("\N{MINUS SIGN}", "-").removeprefix("+")
    if words in WORDS:
        return WORDS[words]
    if match := PERCENT.fullmatch(words):
        share = read(match[1])
        return share / 100 if is_number(share) else words
    if match := POWER.fullmatch(words):
        return 10.0 ** int(match[1])
    if match := SHAPE.fullmatch(words):
        words = "[" + re.sub("[x×]", ",", match[1]) + "]"
    try:
        found = plain(ast.literal_eval(words))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return words
    return words if isinstance(found, str) else read(found)


def same(guess: Plain, result: Plain, tolerance: float | None = None) -> bool:
    """Whether a guess is the result, in whatever form the two are written.

    Numbers match within ``tolerance``, else if the guess is the result rounded to the digits that
    the guess has, and no more than 5 % away.
    """
    return _same(read(guess), read(result), tolerance)


def in_another_form(
    guess: Plain, result: Plain, tolerance: float | None = None, exponent: bool = False
) -> bool:
    """Whether a guess that is not the result means it: 98 for 0.98, 1e-5 for the exponent −5.

    A positive exponent is only seen as one where ``exponent`` says that one is asked for, because
    1000 is no count of 3.
    """
    a, b = read(guess), read(result)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        both = zip(a, b, strict=True)
        return all(_same(x, y, tolerance) or in_another_form(x, y, tolerance) for x, y in both)
    if not is_number(a) or not is_number(b) or not -HUGE <= a <= HUGE:
        return False
    if 0 < b < 1 < a <= 100 and _same(a, 100 * b, tolerance and 100 * tolerance):
        return True
    whole = float(b).is_integer() and (exponent or b < 0)
    return whole and a > 0 and _same(float(np.log10(a)), b, tolerance)


def is_number(value: Plain) -> TypeGuard[int | float]:
    """Whether a guess is a number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(guess: Plain, result: Plain, tolerance: float | None) -> bool:
    if isinstance(guess, list) or isinstance(result, list):
        return (
            isinstance(guess, list)
            and isinstance(result, list)
            and len(guess) == len(result)
            and all(_same(g, r, tolerance) for g, r in zip(guess, result, strict=True))
        )
    if not is_number(guess) or not is_number(result) or not -HUGE <= guess <= HUGE:
        return guess == result
    away = abs(guess - result)
    if tolerance is not None:
        return bool(away <= tolerance)
    if guess == result:
        return True
    decimals = len(repr(float(guess)).partition(".")[2]) if guess != int(guess) else 0
    return bool(away <= 0.5000001 * 10**-decimals and away <= NEAR * abs(result))


def shown(value: object) -> str:
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
        return number(array.item(), typed=True)
    return np.array2string(rounded(array), separator=", ", suppress_small=True)
