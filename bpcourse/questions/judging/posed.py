"""Questions whose answer is data: the numbers they are asked with, and which answer is right."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard
from zlib import crc32

import numpy as np

from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.code import Judgement
from bpcourse.questions.judging.compare import alike_values, as_numbers
from bpcourse.questions.question import LETTERED, Flaws, Question
from bpcourse.questions.types import Inputs
from bpcourse.text import text

NUMBERS = ("number", "array", "shape")  # what is answered by numbers
OF_LINES = ("line_missing", "line_too_early", "line_too_many")  # of an order of lines
DRAWS = 200  # of numbers, until no mistake gives the right answer by chance
COMMA = re.compile(
    r"^(\s*[-+]?\d*),(\d+\s*)$"
)  # of a decimal fraction, as much of Europe writes it
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SEEDS = 10  # of a student's own numbers: the first, and those of further tries
LABEL = re.compile(r"([A-Z])(\d{0,6})")


@dataclass(frozen=True)
class Answer:
    """An answer to the numbers of one ``seed``, as ``ask`` shows it with its question.

    ValueError for a seed that is not 0, 1, 2, …
    """

    value: object
    seed: int = 0

    def __post_init__(self) -> None:
        if type(self.seed) is not int or self.seed < 0:
            raise ValueError(f"seed: expected a whole number from 0 on, got {self.seed!r}")


@dataclass(frozen=True)
class Posed:
    """A question with its numbers: what is asked, what is right, what each mistake gives.

    A choice or an order has ``labels``: {"A": option, …}, in the order shown. They carry their
    form: those of seed 1 are A2, B2, …, so that an answer means the same wherever it is read.
    """

    question: Question
    seed: int
    inputs: Inputs
    right: Any
    wrong: dict[str, Any]
    labels: dict[str, str]
    forms: tuple[tuple[str, Any], ...]  # (name, what it gives) for every form of every mistake

    def judge(self, value: object) -> Judgement:
        """The :class:`Judgement` of a plain value."""
        value = self._read(value)
        if self._same(value, self.right) and not self._is_a_slip(value):
            return Judgement("right")
        fits = (name for name, wrong in self.forms if self._same(value, wrong))
        names, seen = list(dict.fromkeys(fits)), ""
        asked = self.question, self.inputs, self.right, value
        if self.question.kind in NUMBERS:
            names = names or by_hand.named(*asked)
        elif self.question.kind == "order" and isinstance(value, tuple) and None not in value:
            names, seen = (names, "") if names else self._by_lines(value)
        # Two mistakes that give one number cannot be told apart by it: then none is named.
        certain = names[0].split() if names and self._coincide(names) else []
        if self.question.kind in NUMBERS and not certain:
            seen = by_hand.seen(*asked, near=self._same)
        return Judgement(
            "wrong", tuple(certain), self.inputs, expected=self.shown(self.right), seen=seen
        )

    def _is_a_slip(self, value: object) -> bool:
        """Whether a number as good as right is what a slip gives, and not the right one rounded."""
        if self.question.kind not in NUMBERS or self.question.decimals is None:
            return False
        right = by_hand.is_rounded(value, self.right, self.question.decimals)
        return not right and by_hand.is_of_a_slip(self.question, self.inputs, value)

    def _by_lines(self, lines: Sequence[str]) -> tuple[list[str], str]:
        """The mistake whose false lines are there, or what is wrong with an order of true ones.

        And what can be seen of an order that has no such name.
        """
        if len(set(lines)) < len(lines):
            return [], text("by_hand.line_twice")
        false = set(lines) - set(self.right)
        if len(false) == 1 and len(lines) > len(self.right):
            return ["line_too_many"], ""
        if false:
            names = dict.fromkeys(name for name, wrong in self.forms if false <= set(wrong))
            return (list(names), "") if len(names) == 1 else ([], text("by_hand.false_lines"))
        return ["line_missing" if set(self.right) - set(lines) else "line_too_early"], ""

    def offers(self, value: object) -> bool:
        """Whether ``value`` can be an answer: a letter, letters, numbers."""
        read = self._read(value)
        if self.question.kind == "choice":
            return read is not None
        if self.question.kind == "order":
            return isinstance(read, tuple) and None not in read
        return as_numbers(read) is not None

    def leading(self, value: object) -> int:
        """How many lines of an order are right, from the first on: as many as in any right one."""
        lines = self._read(value)
        accepted = (self.right, *self.question.also_right)
        same = ([a == b for a, b in zip(lines, one, strict=False)] for one in accepted)
        return max([*each, False].index(False) for each in same)

    def _coincide(self, names: Sequence[str]) -> bool:
        pairs = (frozenset((names[0], other)) for other in names[1:])
        return all(pair in self.question.coincide for pair in pairs)

    def _read(self, value: object) -> Any:
        """What a student means, however it is written: "(2, 3)", [0.5], "c a b"; or as it is.

        Of a choice or an order the options that the letters stand for: their names say nothing.
        """
        kind = self.question.kind
        if kind in LETTERED:
            pairs = _letters(kind, value)
            form = form_of(self.seed)
            if pairs is None or any(number not in ("", form or "1") for _, number in pairs):
                return None
            options = tuple(self.labels.get(letter + form) for letter, _ in pairs)
            return options if kind == "order" else options[0] if len(options) == 1 else None
        numbers = as_numbers(_numbers_in(value, kind) if _is_text(value) else value)
        if numbers is None:
            return value
        if kind == "number":
            return numbers.reshape(()) if numbers.size == 1 else numbers
        return numbers.ravel() if numbers.size == max(numbers.shape, default=0) else numbers

    def _same(self, value: Any, target: object) -> bool:
        if self.question.kind == "order":
            return value == target or (target == self.right and value in self.question.also_right)
        if self.question.decimals is None or isinstance(target, str):
            return alike_values(value, target)
        value, target = as_numbers(value), as_numbers(target)
        if value is None or target is None or value.shape != target.shape:
            return False
        return bool((np.abs(value - target) <= tolerance(self.question.decimals)).all())

    def shown(self, value: Any) -> Any:
        """A right answer in the form in which it is given: letters, or rounded numbers."""
        letters = {option: letter for letter, option in self.labels.items()}
        if self.question.kind == "choice":
            return letters[value]
        if self.question.kind == "order":
            form = form_of(self.seed)  # once, behind the last letter
            return "".join(letters[option].removesuffix(form) for option in value) + form
        if self.question.decimals is None or as_numbers(value) is None:
            return value
        return np.round(value, self.question.decimals) + 0.0


def form_of(seed: int) -> str:
    """What the labels of a seed carry behind their letter: nothing, 2, 3, …"""
    return str(seed + 1) if seed else ""


def labelled_seed(question: Question, value: object) -> int | None:
    """The seed that the letters of an answer carry with them; None where they are plain."""
    pairs = _letters(question.kind, value) if question.kind in LETTERED else None
    numbers = {number for _, number in pairs or () if number}
    return int(numbers.pop()) - 1 if len(numbers) == 1 and "0" not in numbers else None


def _letters(kind: str, value: object) -> list[tuple[str, str]] | None:
    """(letter, number) of each label in "B2", "CAB2" or a list of some; None for anything else."""
    if not isinstance(value, str | list | tuple | np.ndarray):
        return None
    if kind == "choice" and not isinstance(value, str):
        return None
    words = value if isinstance(value, str) else "".join(map(str, value))
    words = re.sub(r"[\s.,;()–-]", "", words).upper()
    return LABEL.findall(words) if re.fullmatch(f"(?:{LABEL.pattern})+", words) else None


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _numbers_in(words: str, kind: str) -> object:
    """The numbers that a text holds; of one number also a fraction, "1/3"."""
    words = words.replace("−", "-")
    if kind != "number":
        return [float(number) for number in re.findall(NUMBER, words)] or words
    above, stroke, below = words.partition("/")
    try:  # in floats alone: an exact fraction of "1e999999999" would never end
        return float(above) / float(below) if stroke else float(COMMA.sub(r"\1.\2", above))
    except (ValueError, ZeroDivisionError):
        return words


def tolerance(decimals: int) -> float:
    """How far a number by hand may be off: one unit of the last decimal that is asked for."""
    return 1.0001 * 10.0**-decimals


def after(seed: int) -> int:
    """The seed of the next try: the next of the student's own, and after the last the first."""
    first = seed - seed % SEEDS
    return first + (seed + 1) % SEEDS


def pose(question: Question, seed: int = 0) -> Posed:
    """The :class:`Posed` of ``question`` for ``seed``: the same numbers on every machine.

    They are drawn anew until no misconception gives what is right.
    """
    for draw in range(DRAWS):
        rng = np.random.default_rng([seed, draw])
        inputs = question.inputs(rng, 1 + seed % 3)
        right = question.solve(Flaws(), *inputs.values())
        forms = tuple(
            (name, question.solve(Flaws(flaws), *inputs.values()))
            for name in question.misconceptions
            for flaws in _ways(question, name)
        )
        if _tells_apart(question, right, forms):
            break
    wrong: dict[str, Any] = {}
    for name, value in forms:
        wrong.setdefault(name, value)
    options = list(dict.fromkeys([right, *wrong.values()])) if question.kind == "choice" else []
    if question.kind == "order":  # the lines of every version: distractors are lines that are wrong
        options = sorted({line for version in (right, *wrong.values()) for line in version})
    order = np.random.default_rng([seed, DRAWS, crc32(question.ids[-1].encode())]).permutation(
        len(options)
    )
    if question.place is not None:
        options = [options[i] for i in order]
        now, place = options.index(right), (question.place + seed) % len(options)
        options[now], options[place] = options[place], options[now]
        order = np.arange(len(options))
    letters = (letter + form_of(seed) for letter in string.ascii_uppercase)
    labels = dict(zip(letters, (options[i] for i in order), strict=False))
    return Posed(question, seed, inputs, right, wrong, labels, forms)


def _ways(question: Question, name: str) -> list[tuple[str, ...]]:
    """The forms of a mistake that are the question's own: what is asked is made of these alone."""
    return [(name,), *((name, form) for form in question.forms.get(name, "").split())]


def _tells_apart(question: Question, right: object, forms: Sequence[tuple[str, Any]]) -> bool:
    made = [("", right), *forms]
    return not any(
        name != other
        and frozenset((name, other)) not in question.coincide
        and _close(question, value, another)
        for i, (name, value) in enumerate(made)
        for other, another in made[:i]
    )


def _close(question: Question, a: Any, b: Any) -> bool:
    if question.decimals is None or as_numbers(a) is None or as_numbers(b) is None:
        return alike_values(a, b)
    if np.shape(a) != np.shape(b):
        return False
    return bool((np.abs(np.subtract(a, b)) <= 2.5 * tolerance(question.decimals)).all())
