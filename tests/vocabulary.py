"""The words and letters that a student knows at a question, and those of a text that are strange.

*Terms* are those of the glossary: known are those of the lessons that come before, or are needed.
*Letters* are symbols and names of code: of the lesson they may be used if it has them, and long
names, such as ``dZ`` or ``labels``, only if the question itself has them, or its exercise's cell.
"""

import builtins
import keyword
import re
from functools import cache

import nbformat
import numpy as np
from lessons import LESSONS, ROOT, lesson

from bpcourse import terms, text
from bpcourse.questions.bank import NOTEBOOKS

CODE = re.compile(r"`([^`]*)`")
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
FUNCTION = re.compile(r"\b(?:np|math)\.[\w.]+|\b\w+(?==True|=False|=0|=1)")
GREEK = re.compile(r"[α-ωΑ-Ω∂∇ŷ]")
LETTER = re.compile(r"(?<![\w’'-])([B-HJ-Zb-z])(?![\w’'-])")  # a, A and I are words
COMPOUND = re.compile(r"\b(d[A-Zbxyzw]\w?|[A-Za-z]+_\w+|[A-Za-z]{1,2}\d)\b")
SHAPE = re.compile(r"\((?:[1n], ?[1n]?)\)|n × n")
NOTATION = set("δσηŷθ∇∂Σ") | set("zayeN")  # of the course, from the lesson that has it on
RAISED = str.maketrans("", "", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀˡᴸ′")  # what stands above a letter
OWN = {"axis", "keepdims", "theta"}  # named arguments, and what a Greek letter is called
SPELT = {"δ": "delta", "η": "eta", "σ": "sigma", "ŷ": "hat", "θ": "theta", "λ": "lambda"}
SPELT |= {"Σ": "sum", "∂": "partial", "∇": "nabla", "μ": "mu", "π": "pi", "γ": "gamma"}


@cache
def stems_before(stem):
    """The stems of the lessons that are known when this one is read, itself included."""
    number = stem[:2]
    if number < "20":
        return frozenset(one.stem for one in LESSONS if one.stem[:2] <= number)
    head = lesson(stem).places[0].source
    needed = {one.stem for one in LESSONS if f"({one.stem}.ipynb)" in head}
    return frozenset({stem}).union(*(stems_before(one) for one in needed))


def pattern(name):
    """A term in running text: any case, one or several."""
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?:e?s)?(?![\w-])", re.IGNORECASE)


LATER = [(one.lesson, one.name, pattern(one.name)) for one in terms.glossary()]


def strange_terms(words, stem):
    """The terms in ``words`` that a later lesson defines."""
    known = stems_before(stem)
    return [name for home, name, found in LATER if home not in known and found.search(words)]


@cache
def _source(path):
    cells = nbformat.read(path, 4).cells
    return "\n".join(cell.source for cell in cells)


def _stem(question):
    return NOTEBOOKS[question.lesson]


@cache
def of_story(stem):
    """All that stands in the story of a lesson, and in its exercises."""
    story = [place.source for place in lesson(stem).story]
    return "\n".join([*story, _source(ROOT / "exercises" / f"{stem}.ipynb")])


@cache
def of_question(id, stem):
    """All that a student reads of one question: task, hints, options, and its cells."""
    start = f"question.{id}."
    table = text._table("en")
    own = [value for key, value in table.items() if key.startswith(start) and ".said_" not in key]
    cells = [
        cell.source
        for folder in ("exercises", "solutions")
        for cell in nbformat.read(ROOT / folder / f"{stem}.ipynb", 4).cells
        if id in cell.source or id == cell.metadata.get("nbgrader", {}).get("grade_id", "")
    ]
    return "\n".join([*own, *cells])


def symbols(words):
    """(long names, letters) in a text: ``{"dZ", "W1"}, {"δ", "W"}``."""
    words = words.translate(RAISED)
    spans = CODE.findall(words)
    plain = CODE.sub(" ", words)
    names = {part for span in spans for part in NAME.findall(span)}
    names |= set(COMPOUND.findall(plain)) | set(FUNCTION.findall(plain))
    letters = set(GREEK.findall(plain)) | set(LETTER.findall(plain))
    letters |= {name for name in names if len(name) == 1}
    return {name for name in names if len(name) > 1}, letters


def _is_python(name):
    first, _, rest = name.partition(".")
    if first in ("np", "math"):
        return True
    last = name.rpartition(".")[2]
    return (
        keyword.iskeyword(name)
        or hasattr(builtins, name)
        or name in OWN
        or (bool(rest) and hasattr(np.ndarray, last) and len(first) == 1)
    )


def has(source, symbol):
    """Whether a text uses a symbol: a Greek letter also by its name, as in LaTeX."""
    spelt = SPELT.get(symbol)
    if spelt and spelt in source:
        return True
    edge = r"(?<![A-Za-z])" if symbol[0].isalpha() else ""
    return re.search(rf"{edge}{re.escape(symbol)}(?![A-Za-z0-9])", source) is not None


def strange_symbols(words, question):
    """The names and letters in ``words`` that the question does not use, nor a letter its lesson.

    A letter that the words explain (``where N is``) may be used, and n in a shape.
    """
    stem = _stem(question)
    own = "\n".join([of_question(question.id, stem), *question.names, *question.parts])
    names, letters = symbols(SHAPE.sub(" ", words))
    letters = {letter for letter in letters if f"where {letter} is" not in words}
    story = own + of_story(stem)
    found = [
        name for name in names if len(name) > 1 and not _is_python(name) and not has(own, name)
    ]
    strange = [x for x in letters if not has(story if x in NOTATION else own, x)]
    return sorted(found) + sorted(strange)
