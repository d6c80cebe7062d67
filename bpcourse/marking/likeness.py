"""The command ``bpcourse alike``: pairs of answers that are alike beyond what the task forces.

Code is compared without its layout, and without the names that a student chose: as a syntax tree,
read in order, in pieces of a few nodes. A piece that much of the class wrote is forced by the task
and counts for little; a piece that two wrote, of forty, counts for about four bits. Names and
comments count in the same way. A pair is shown where its bits stand far above the other pairs'.
It is a place to look, and accuses nobody: people who work together, or read one book, write alike.
"""

import argparse
import ast
import io
import math
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from bpcourse.files import write
from bpcourse.marking import pages
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results
from bpcourse.questions import bank
from bpcourse.text import text

PIECE = 5  # nodes of a syntax tree: of fewer, all programs consist
LEAST = 40.0  # bits: a chance of one in 10¹², of which a class of 200 has 20,000 pairs
BEYOND = 6.0  # robust standard deviations above the middle of all pairs
MOST = 40  # pairs on the page


@dataclass(frozen=True)
class Shared:
    """What two answers to one question have in common: its bits, and the share of the shorter."""

    question: str
    bits: float
    share: float  # from 0 to 1
    works: tuple[str, str]


@dataclass(frozen=True)
class Alike:
    """Two students, and the questions where they wrote alike, those with most bits first."""

    names: tuple[str, str]
    bits: float
    shared: tuple[Shared, ...]


def run(arguments: argparse.Namespace) -> None:
    """Write ``alike.html`` into a folder of results. ValueError where it is none."""
    if arguments.questions:
        bank.add(arguments.questions)
    folder = Path(arguments.results)
    if not (folder / "notebooks").is_dir():
        raise ValueError(text("byhand.no_results", folder=folder))
    found = alike(Results(folder).records())
    page = pages.render("alike", title=text("alike.title"), pairs=found[:MOST], count=len(found))
    write(folder / "alike.html", page.encode())
    print(text("alike.ready", count=len(found), path=folder / "alike.html"))


def alike(records: Iterable[Record]) -> list[Alike]:
    """The pairs that stand far above all others, those with most bits first."""
    works: dict[str, dict[str, str]] = defaultdict(dict)  # {question: {student: code}}
    names: dict[str, str] = {}
    for record in records:
        names[record.student] = record.name or record.student
        if record.question and record.work:
            works[record.question][record.student] = record.work
    together: dict[tuple[str, str], list[Shared]] = defaultdict(list)
    for question, own in works.items():
        for pair, shared in _of_question(question, own):
            together[pair].append(shared)
    bits = {
        pair: sum(one.bits for one in together[pair])
        for pair in combinations(sorted({student for own in works.values() for student in own}), 2)
    }
    least = _bound(list(bits.values()))
    found = [
        Alike(
            (names[a], names[b]),
            bits[a, b],
            tuple(sorted(together[a, b], key=lambda one: -one.bits)),
        )
        for a, b in bits
        if bits[a, b] >= least
    ]
    return sorted(found, key=lambda one: -one.bits)


def _bound(bits: Sequence[float]) -> float:
    """From how many bits on a pair stands out from all pairs of the class."""
    values = np.array(bits or [0.0])
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))  # of a normal spread: its σ
    return max(LEAST, middle + BEYOND * spread)


def _of_question(
    question: str, works: Mapping[str, str]
) -> Iterator[tuple[tuple[str, str], Shared]]:
    pieces = {student: pieces_of(code) for student, code in works.items()}
    written = Counter(piece for own in pieces.values() for piece in own)
    count = len(pieces)

    def bits(of: Iterable[object]) -> float:
        return sum(math.log2(count / written[piece]) for piece in of) / PIECE

    for a, b in combinations(sorted(works), 2):
        both = pieces[a] & pieces[b]
        if value := bits(both):
            whole = min(bits(pieces[a]), bits(pieces[b]))
            yield (a, b), Shared(question, value, value / whole, (works[a], works[b]))


def pieces_of(code: str) -> frozenset[object]:
    """The pieces of an answer: of its syntax tree without its own names, and those names."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    own: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            own.setdefault(node.arg, len(own))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.setdefault(node.id, len(own))
    order: dict[str, int] = {}
    nodes = list(_nodes(tree, own, order))
    runs = (tuple(nodes[i : i + PIECE]) for i in range(max(1, len(nodes) - PIECE + 1)))
    said = {("name", name) for name in own} | {("comment", one) for one in _comments(code)}
    return frozenset(runs) | said


def _nodes(tree: ast.AST, own: Mapping[str, int], order: dict[str, int]) -> Iterator[object]:
    """The nodes in reading order; a name of the student's is the number of its first use."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name | ast.arg):
            name = node.id if isinstance(node, ast.Name) else node.arg
            yield order.setdefault(name, len(order)) if name in own else name
        elif isinstance(node, ast.Constant):
            yield node.value if isinstance(node.value, int | float) else type(node.value).__name__
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif not isinstance(node, ast.expr_context | ast.Module | ast.arguments):
            yield type(node).__name__
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _comments(code: str) -> Iterator[str]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                yield token.string.strip("# \t").casefold()
    except (tokenize.TokenError, SyntaxError):
        return
