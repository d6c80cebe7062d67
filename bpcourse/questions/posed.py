"""Questions whose answer is data: the numbers they are asked with, and which answer is right."""

import re
import string
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from bpcourse.questions.judge import Judgement, alike_values, as_numbers
from bpcourse.questions.question import Flaws, Question

DRAWS = 200  # of numbers, until no mistake gives the right answer by chance
SEEDS = 10  # of a student's own numbers: the first, and those of further tries


@dataclass(frozen=True)
class Answer:
    """An answer to the numbers of one ``seed``, as ``ask`` shows it with its question.

    ValueError for a seed that is not 0, 1, 2, …
    """

    value: object
    seed: int = 0

    def __post_init__(self):
        if type(self.seed) is not int or self.seed < 0:
            raise ValueError(f"seed: expected a whole number from 0 on, got {self.seed!r}")


@dataclass(frozen=True)
class Posed:
    """A question with its numbers: what is asked, what is right, what each mistake gives.

    A choice or an order has ``labels``: {"A": option, …}, in the order shown.
    """

    question: Question
    seed: int
    inputs: dict
    right: Any
    wrong: dict
    labels: dict

    def judge(self, value):
        """The :class:`Judgement` of a plain value."""
        value = self._read(value)
        if self._same(value, self.right):
            return Judgement("right")
        names = [name for name, wrong in self.wrong.items() if self._same(value, wrong)]
        names = names or [name for name, wrong in self._forms() if self._same(value, wrong)]
        # Two mistakes that give one number cannot be told apart by it: then none is named.
        certain = names[:1] if names and self._coincide(names) else []
        return Judgement("wrong", tuple(certain), self.inputs, value, self.shown(self.right))

    def offers(self, value):
        """Whether ``value`` is one of the letters, or an option by its name; for an order, some."""
        read = self._read(value)
        if self.question.kind == "order":
            return isinstance(read, tuple) and read != () and None not in read
        return isinstance(value, str) and read in self.labels.values()

    def begins_well(self, value):
        """The letters of an order up to the first that is wrong: ``"CB"``."""
        given = self._read(value)
        differ = (
            i for i, pair in enumerate(zip(given, self.right, strict=False)) if len({*pair}) > 1
        )
        return self.shown(self.right[: next(differ, len(given))])

    def _forms(self):
        """(misconception, what it gives otherwise) for each further form of one."""
        for name, forms in self.question.forms.items():
            for form in forms.split():
                yield name, self.question.solve(Flaws([name, form]), *self.inputs.values())

    def _coincide(self, names):
        pairs = (frozenset((names[0], other)) for other in names[1:])
        return all(pair in self.question.coincide for pair in pairs)

    def _read(self, value):
        if self.question.kind == "choice" and isinstance(value, str):
            return self.labels.get(value.strip(" .)").upper(), value)
        if self.question.kind == "order" and isinstance(value, str | list | tuple):
            letters = [letter for letter in "".join(map(str, value)).upper() if letter.isalnum()]
            return tuple(self.labels.get(letter) for letter in letters)
        if self.question.kind == "shape" and isinstance(value, list | str):
            return tuple(map(int, re.findall(r"\d+", value)) if isinstance(value, str) else value)
        if self.question.kind == "number":
            return _number(value)
        if self.question.kind == "array" and isinstance(value, list | tuple):
            try:
                return np.array(value, dtype=float)
            except (TypeError, ValueError):  # dots that are left, rows of unequal length
                return value
        return value

    def _same(self, value, target):
        if self.question.kind == "order":
            accepts = self.question.accepts
            return value == target or bool(target == self.right and accepts and accepts(value))
        if self.question.decimals is None or isinstance(target, str):
            return alike_values(value, target)
        value, target = as_numbers(value), as_numbers(target)
        if value is None or target is None or value.shape != target.shape:
            return False
        return bool((np.abs(value - target) <= tolerance(self.question)).all())

    def shown(self, value):
        """A right answer in the form in which it is given: letters, or rounded numbers."""
        letters = {option: letter for letter, option in self.labels.items()}
        if self.question.kind == "choice":
            return letters[value]
        if self.question.kind == "order":
            return "".join(letters[option] for option in value)
        if self.question.decimals is None or as_numbers(value) is None:
            return value
        return np.round(value, self.question.decimals) + 0.0


def _number(value):
    """``value`` as a number where it is one: "3.5", or the one entry of a list or array."""
    try:
        if isinstance(value, str):
            return float(value)
        array = np.asarray(value)
        return array.item() if array.ndim and array.size == 1 else value
    except ValueError:  # no number, rows of unequal length
        return value


def tolerance(question):
    """How far a number by hand may be off: one unit of the last decimal that is asked for."""
    return 1.0001 * 10.0**-question.decimals


def after(seed):
    """The seed of the next try: the next of the student's own, and after the last the first."""
    first = seed - seed % SEEDS
    return first + (seed + 1) % SEEDS


def pose(question, seed=0):
    """The :class:`Posed` of ``question`` for ``seed``: the same numbers on every machine.

    They are drawn anew until no misconception gives what is right.
    """
    for draw in range(DRAWS):
        rng = np.random.default_rng([seed, draw])
        inputs = question.inputs(rng, 1 + seed % 3)
        right = question.solve(Flaws(), *inputs.values())
        wrong = {
            name: question.solve(Flaws([name]), *inputs.values())
            for name in question.misconceptions
        }
        if _tells_apart(question, right, wrong):
            break
    options = list(dict.fromkeys([right, *wrong.values()])) if question.kind == "choice" else []
    if question.kind == "order":  # the lines of every version: distractors are lines that are wrong
        options = sorted({line for version in (right, *wrong.values()) for line in version})
    order = np.random.default_rng([seed, DRAWS, crc32(question.id.encode())]).permutation(
        len(options)
    )
    if question.place is not None:
        options = [options[i] for i in order]
        now, place = options.index(right), (question.place + seed) % len(options)
        options[now], options[place] = options[place], options[now]
        order = np.arange(len(options))
    labels = dict(zip(string.ascii_uppercase, (options[i] for i in order), strict=False))
    return Posed(question, seed, inputs, right, wrong, labels)


def _tells_apart(question, right, wrong):
    values = [right, *wrong.values()]
    names = ["", *wrong]
    for i in range(len(values)):
        for j in range(i):
            if frozenset((names[i], names[j])) not in question.coincide:
                if _close(question, values[i], values[j]):
                    return False
    return True


def _close(question, a, b):
    if question.decimals is None or as_numbers(a) is None or as_numbers(b) is None:
        return alike_values(a, b)
    if np.shape(a) != np.shape(b):
        return False
    return bool((np.abs(np.subtract(a, b)) <= 2.5 * tolerance(question)).all())
