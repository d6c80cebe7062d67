"""The course's own solutions with slips in their code, as a careless hand would make them.

A slip is one change: another operator, index, axis, constant or name, a call, a term or a
transpose lost, a line dropped, repeated or at another indentation. ``python -m benchmarks
diagnosis`` asks them all, and what a check takes for right must be right on many more inputs.
"""

import ast
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

import numpy as np

from bpcourse.questions.bank import NOTEBOOKS, all_questions
from bpcourse.questions.judging.code import run
from bpcourse.questions.judging.compare import alike
from bpcourse.questions.question import Question
from tools.mutants import OTHERS, Way, places, put, replaced

ROOT = Path(__file__).parents[1]
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
INPUTS = 200  # on which a right answer agrees with the solution
SIZES = (1, 2, 3, 0, 4)
OPERATORS: dict[type[ast.AST], list[type[ast.operator]]] = {
    ast.Add: [ast.Sub, ast.Mult],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Add, ast.Div, ast.MatMult],
    ast.Div: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div],
}
CALLS = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "tanh": "exp",
    "exp": "tanh",
    "cos": "sin",
    "sin": "cos",
    "log": "log2",
    "abs": "sign",
    "outer": "multiply",
    "permutation": "integers",
}
KEPT = ("range", "len", "zip", "enumerate", "reversed", "Array")  # lost, they only raise an error


@dataclass(frozen=True)
class Slip:
    """A node in the place of another, and the way to it from the root of the tree."""

    way: Way
    node: ast.AST

    def apart(self, other: "Slip") -> bool:
        """Whether neither stands inside the other, so that both can be made."""
        return any(a != b for a, b in zip(self.way, other.way, strict=False))


@dataclass(frozen=True)
class Program:
    """A question's solution: the code of the cells before it, its own cell and the lines of it."""

    before: tuple[CodeType, ...]
    tree: ast.Module
    lines: frozenset[int]

    def answer(self, name: str, *slips: Slip) -> object:
        """What is called ``name`` when the cell has run, with slips in it."""
        space: dict[str, object] = {"np": np, "__name__": "__main__"}
        for code in self.before:
            exec(code, space)  # noqa: S102
        exec(compile(self.source(*slips), "<slip>", "exec"), space)  # noqa: S102
        return space[name]

    def source(self, *slips: Slip) -> str:
        """The cell with slips in it, and without comments."""
        tree: ast.AST = self.tree
        for slip in slips:
            tree = put(tree, slip.way, slip.node)
        return ast.unparse(tree)

    def slips(self) -> list[Slip]:
        """Every slip in the solution's lines, each once."""
        found: dict[str, Slip | None] = {self.source(): None}
        names = _names(self.tree)
        for node, way, _ in places(self.tree):
            if getattr(node, "lineno", 0) in self.lines or _ends_in(node, self.lines):
                for other in _others(node, names.get(id(node), ())):
                    slip = Slip(way, other)
                    found.setdefault(self.source(slip), slip)
        return [slip for slip in found.values() if slip]

    def pairs(self, rng: np.random.Generator, count: int) -> list[tuple[Slip, Slip]]:
        """Pairs of slips that can both be made, drawn at random."""
        slips = self.slips()
        drawn = [rng.choice(len(slips), 2) for _ in range(4 * count)] if slips else []
        pairs = [(slips[i], slips[j]) for i, j in drawn]
        return [pair for pair in pairs if pair[0].apart(pair[1])][:count]


def program(question: Question) -> Program:
    """The :class:`Program` of a code question, from its notebook in ``solutions/``."""
    sources = _cells(NOTEBOOKS[question.lesson])
    check = f'check("{question.id}", '
    end = next(i for i, source in enumerate(sources) if source.startswith(check))
    *before, own = (source for source in sources[:end] if BEGIN in source)
    code = tuple(compile(source, "<cell>", "exec") for source in before)
    return Program(code, ast.parse(own), _lines(own))


@cache
def _cells(notebook: str) -> list[str]:
    """The sources of a solution's cells of code."""
    path = ROOT / "solutions" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _lines(source: str) -> frozenset[int]:
    """The numbers of the lines between the marks of a solution."""
    lines = [line.strip() for line in source.splitlines()]
    return frozenset(range(lines.index(BEGIN) + 2, lines.index(END) + 1))


def _ends_in(node: ast.AST, lines: frozenset[int]) -> bool:
    """Whether a function, whose first line is given, ends in the solution."""
    return isinstance(node, ast.FunctionDef) and node.body[-1].lineno in lines


def _names(tree: ast.AST) -> dict[int, tuple[str, ...]]:
    """For each name that is read, by its id: others that its function has by then."""
    found: dict[int, tuple[str, ...]] = {}
    for function in ast.walk(tree):  # inner functions come later, and overwrite
        if isinstance(function, ast.FunctionDef):
            inside = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
            since = {argument.arg: 0 for argument in function.args.args}
            for node in inside:
                if isinstance(node.ctx, ast.Store):
                    since.setdefault(node.id, node.lineno)
            for node in inside:
                if node.id in since and isinstance(node.ctx, ast.Load):
                    there = {name for name, line in since.items() if line < node.lineno}
                    found[id(node)] = tuple(sorted(there - {node.id, "self"}))
    return found


def _others(node: ast.AST, names: tuple[str, ...]) -> Iterator[ast.AST]:
    """What a careless hand may write in a node's place."""
    for other in names:
        yield ast.Name(other, ast.Load())
    match node:
        case ast.BinOp(op=op, left=left, right=right):
            for kind in OPERATORS.get(type(op), []):
                yield replaced(node, op=kind())
            yield left
            yield right
            if isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
                yield replaced(node, left=right, right=left)
            if isinstance(op, ast.MatMult):
                yield replaced(node, left=ast.Attribute(left, "T", ast.Load()))
                yield replaced(node, right=ast.Attribute(right, "T", ast.Load()))
        case ast.Compare(ops=[op]):
            for comparison in OTHERS[type(op)]:
                yield replaced(node, ops=[comparison()])
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=orelse):
            yield replaced(node, body=orelse, orelse=body)
            yield body
            yield orelse
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield from (ast.Constant(other) for other in {value + 1, value - 1, 0})
        case ast.Constant(value=float(value)):
            yield from (ast.Constant(other) for other in (2 * value, value / 2, -value))
        case ast.Attribute(attr="T", value=value):
            yield value
        case ast.Subscript():
            yield from _other_entries(node)
        case ast.Slice():
            yield from (replaced(node, **{end: None}) for end in ("lower", "upper", "step"))
        case ast.Call():
            yield from _other_calls(node)
        case ast.Tuple(elts=entries, ctx=ast.Load()):
            for i, j in itertools.pairwise(range(len(entries))):
                swapped = [*entries[:i], entries[j], entries[i], *entries[j + 1 :]]
                yield replaced(node, elts=swapped)
        case ast.Return(value=ast.expr() as value):
            yield ast.Pass()
            if not isinstance(value, ast.Tuple):
                yield replaced(node, value=ast.UnaryOp(ast.USub(), value))
                yield replaced(node, value=ast.BinOp(ast.Constant(2), ast.Mult(), value))
        case ast.AugAssign(target=target, value=value):
            yield ast.Pass()
            yield _twice(node)
            yield ast.Assign([target], value)
            for kind in OPERATORS.get(type(node.op), []):
                yield replaced(node, op=kind())
        case ast.Assign() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
            yield _twice(node)
        case ast.If(test=test):
            yield replaced(node, test=ast.UnaryOp(ast.Not(), test))
            yield replaced(node, test=ast.Constant(True))
        case ast.For(body=[*start, last]) if start:  # the last line a step to the left
            yield _block(replaced(node, body=start), last)
        case ast.FunctionDef(body=[*start, ast.For() as loop, last]):  # or one to the right
            yield replaced(node, body=[*start, replaced(loop, body=[*loop.body, last])])


def _other_entries(node: ast.Subscript) -> Iterator[ast.AST]:
    match node.slice:
        case ast.Tuple(elts=[i, j]):
            yield replaced(node, slice=ast.Tuple([j, i], ast.Load()))
        case ast.Name() as i:
            for operator in (ast.Add(), ast.Sub()):
                yield replaced(node, slice=ast.BinOp(i, operator, ast.Constant(1)))
    if isinstance(node.ctx, ast.Load):
        yield node.value


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    func = node.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if isinstance(func, ast.Attribute) and name in CALLS:
        yield replaced(node, func=replaced(func, attr=CALLS[name]))
    elif name in CALLS:
        yield replaced(node, func=ast.Name(CALLS[name], ast.Load()))
    for i in range(len(node.keywords)):
        yield replaced(node, keywords=[*node.keywords[:i], *node.keywords[i + 1 :]])
    if [keyword.arg for keyword in node.keywords] == ["axis"]:
        keepdims = ast.keyword("keepdims", ast.Constant(True))
        yield replaced(node, keywords=[*node.keywords, keepdims])
    match node.args:
        case [first, second]:
            yield replaced(node, args=[second, first])
        case [only] if name not in KEPT:
            yield only
        case [] if isinstance(func, ast.Attribute) and name not in KEPT:
            yield func.value


def _twice(line: ast.stmt) -> ast.AST:
    return _block(line, line)


def _block(*lines: ast.stmt) -> ast.AST:
    """Lines in the place of one, which Python's grammar wants under a head."""
    return ast.If(ast.Constant(True), list(lines), [])


def differs(question: Question, answer: object, inputs: int = INPUTS) -> bool:
    """Whether an answer differs from what is right on any of many inputs, of every size.

    They are drawn by the question's own generator, with other seeds than a check's.
    """
    for i in range(inputs):
        rng = np.random.default_rng([7, i])
        case = question.inputs(rng, SIZES[i % len(SIZES)])
        expected = run(question, question.reference(), case)
        if not alike(run(question, answer, case), expected, question):
            return True
    return False


def code_questions() -> list[Question]:
    """The questions that are answered in code, in course order."""
    return [question for question in all_questions() if question.is_code]
