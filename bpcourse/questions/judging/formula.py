"""What each slip of the pen in a question's solution gives.

Wherever something else may stand (:mod:`rewriting`) a switch is put into its formula: ``a + b``
becomes ``a - b if slip == 7 else a + b``. So all slips are compiled at once, and one is made by its
number.
"""

import ast
import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from bpcourse.questions.judging import rewriting, rules, trees
from bpcourse.questions.judging.reading import asks_flaws, fold, inline, is_idle, read, stores
from bpcourse.questions.question import Flaws, Question

SWITCH, ALTERED, MIXED = "_slip", "_altered", "_mixed"  # what a formula finds in its space
ON: Any = ast.Subscript(ast.Name(SWITCH, ast.Load()), ast.Constant(0), ast.Load())  # that is on
BELOW, AT_MOST = ast.Lt(), ast.LtE()  # one for all places: trees of many nodes are slow
MOST = 900  # slips of one question that are tried: each is a run of its solution
KEPT = ("strict", "keepdims", "dtype", "start", "axis")  # arguments that are rewritten by the call
Instead = Callable[[], tuple[ast.expr, ast.expr]]


class Formula:
    """``names[k]`` is what slip k is called in the catalogue; ``answer`` makes the one that is on.

    ``instead[k]()`` has the expression that belongs in its place, and the one that it writes, if it
    is about one. Without slips where the solution cannot be read, as that of a lambda.
    """

    def __init__(self, question: Question) -> None:
        self.names: list[str] = []
        self.instead: list[Instead | None] = []
        self.besides: set[int] = set()  # those by which something comes in
        self._on = [-1]
        alter, mix = rules.functions(rules.WRAPPED), rules.functions(rules.MIXED)

        def altered(first: int, value: object) -> object:
            number = self._on[0] - first
            return alter[number](value) if 0 <= number < len(alter) else value

        def mixed(first: int, value: object, ways: Sequence[int], other: object) -> object:
            number = self._on[0] - first
            return mix[ways[number]](value, other) if 0 <= number < len(ways) else value

        self._space = {SWITCH: self._on, ALTERED: altered, MIXED: mixed}
        self._read: dict[FunctionType, FunctionType] = {}
        try:
            solve: Any = self._switched(question.solve)  # type: ignore[arg-type]
        except (OSError, TypeError, SyntaxError):
            self.names = []
            return
        flaw = Flaws()
        self.answer = (
            solve(flaw) if question.kind == "class" else lambda *given: solve(flaw, *given)
        )

    @property
    def numbers(self) -> list[int]:
        """Those of the slips, in the order in which they are to be tried; the likelier of many."""
        place = {name: i for i, name in enumerate(rewriting.ORDER)}
        places = [place[name] for name in self.names]
        every = sorted(range(len(places)), key=lambda k: (k in self.besides, places[k]))
        return sorted(every[:MOST], key=lambda k: places[k])

    @contextlib.contextmanager
    def slipped(self, number: int) -> Iterator[None]:
        """With the slip of that number made."""
        self._on[0] = number
        try:
            yield
        finally:
            self._on[0] = -1

    def _switched(self, function: FunctionType) -> FunctionType:
        """The function with switches in it, and in all functions of the questions that it calls."""
        if function in self._read:
            return self._read[function]
        if not isinstance(function, FunctionType) or function.__closure__:
            raise TypeError
        definition = read(function)
        space = dict(function.__globals__) | self._space
        space.setdefault("np", np)
        self._read[function] = function  # where it calls itself
        fold(definition)
        gone = inline(definition, space)
        for name in {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}:
            helper = space.get(name)
            if isinstance(helper, FunctionType) and asks_flaws(helper):
                with contextlib.suppress(OSError, TypeError, SyntaxError):
                    space[name] = self._switched(helper)
        _Switches(definition, self, gone).visit(definition)
        tree = _located(ast.Module([definition], []))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of slips that can only fail
            code = compile(tree, f"<slips in {function.__name__}>", "exec")
        exec(code, space)  # noqa: S102 (our own source)
        made: FunctionType = space[definition.name]
        self._read[function] = made
        return made


def _located(tree: ast.Module) -> ast.Module:
    """The tree with every node somewhere, as Python asks; one node may stand in many places."""
    seen: set[int] = set()
    todo: list[object] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, ast.AST) and id(node) not in seen:
            seen.add(id(node))
            todo += vars(node).values()
            if isinstance(node, ast.expr | ast.stmt):
                node.lineno = node.end_lineno = 1
                node.col_offset = node.end_col_offset = 0
            elif isinstance(node, ast.keyword):
                node.lineno, node.col_offset = 1, 0
    return tree


_formulas: dict[str, tuple[Question, Formula]] = {}


def formula(question: Question) -> Formula:
    """The :class:`Formula` of the question's solution, which is read once."""
    kept = _formulas.get(question.id)
    if kept is None or kept[0] is not question:
        kept = _formulas[question.id] = question, Formula(question)
    return kept[1]


def is_read(question: Question) -> bool:
    """Whether :func:`formula` has been asked for it."""
    return question.id in _formulas


class _Switches(ast.NodeTransformer):
    """Puts a switch wherever something else may stand, and its slip into the formula.

    Expressions are made anew, so that those of the solution can stand in many places.
    """

    def __init__(
        self, definition: ast.FunctionDef, formula: Formula, gone: dict[str, ast.expr]
    ) -> None:
        self._formula, self._slips, self._gone = formula, formula.names, gone
        self._since = {argument.arg: 0 for argument in definition.args.args}
        for node in ast.walk(definition):
            if isinstance(node, ast.Name) and stores(node):
                self._since[node.id] = min(node.lineno, self._since.get(node.id, node.lineno))
        loops = [node.target for node in ast.walk(definition) if isinstance(node, ast.For)]
        self._counting = {target.id for target in loops if isinstance(target, ast.Name)}
        self._since |= {name: value.lineno for name, value in gone.items()}
        self._values: set[int] = set()  # nodes that stand for numbers or arrays
        self._line, self._in_index, self._in_test = 0, False, False

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr):
            return self._expression(node)
        return super().visit(node)

    def generic_visit(self, node: ast.AST) -> Any:
        """A node like it, of what its parts become."""
        return _like(node, **{name: self._each(part) for name, part in ast.iter_fields(node)})

    def _each(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._each(entry) for entry in part]
        return self.visit(part) if isinstance(part, ast.AST) else part

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = self._lines(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self._lines(node.body)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        over = node.iter
        node.body = self._lines(node.body)
        if not isinstance(over, ast.Name):  # a list that grows in its own loop has no end
            node.iter = self.visit(over)
        node.iter = self._either(node.iter, over, rewriting.of_rounds(over))
        node.body.append(ast.If(self._is_on("stops_after_first_round"), [ast.Break()], []))
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        over = self._either(node.iter, node.iter, rewriting.of_rounds(node.iter))
        return _like(node, iter=over, ifs=[self.visit(test) for test in node.ifs])  # type: ignore[no-any-return]

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        return self._of_line(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return self._of_line(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = self._whole(node.value)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self._test(node.test)
        node.body, node.orelse = self._lines(node.body), [self.visit(line) for line in node.orelse]
        return node

    def _test(self, node: ast.expr) -> ast.expr:
        outside, self._in_test = self._in_test, True
        made: ast.expr = self.visit(node)
        self._in_test = outside
        return made

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node

    def visit_keyword(self, node: ast.keyword) -> Any:
        return node if node.arg in KEPT else self.generic_visit(node)

    def _lines(self, lines: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for line in lines:
            if is_idle(line):
                continue
            self._line = getattr(line, "lineno", self._line)
            found.append(self.visit(line))
            if isinstance(line, ast.Return):
                break
        return found or [ast.Pass()]

    def _of_line(self, line: Any) -> ast.stmt:
        others = list(rewriting.of_line(line))
        made: ast.stmt = _like(line, value=self._whole(line.value))
        for name, other in others:
            made = ast.If(self._is_on(name), [other], [made])
        return made

    def _whole(self, node: ast.expr) -> ast.expr:
        """The whole that a line computes."""
        if isinstance(node, ast.Tuple):
            return _like(node, elts=[self._whole(entry) for entry in node.elts])  # type: ignore[no-any-return]
        if isinstance(node, ast.Starred):
            return self.visit(node)  # type: ignore[no-any-return]
        if isinstance(node, ast.List):
            self._values.update(map(id, node.elts))
        if isinstance(node, ast.List | ast.Dict | ast.Constant | ast.Lambda):
            return self.visit(node)  # type: ignore[no-any-return]
        if isinstance(node, ast.Compare | ast.BoolOp):
            return self._test(node)
        self._values.add(id(node))
        return self._with_others(self.visit(node), node)

    def _with_others(self, node: ast.expr, original: ast.expr) -> ast.expr:
        """A whole, or what it is with a factor or a term that come in besides."""
        node = self._either(node, original, rewriting.of_value(original))
        first, others, firsts, ways = len(self._slips), self._others(), [], []
        for other in others:
            firsts.append(len(self._slips))
            same = type(other) is type(original) and ast.unparse(other) == ast.unparse(original)
            counts = isinstance(other, ast.Name) and other.id in self._counting
            for way, (name, made) in enumerate(rules.mixed(original, other)):
                # 0 and 1 are no slips of a term or a factor; rounds count from 0
                if (way > rules.LAST_OF_SAME and same) or (way == rules.OF_COUNT and not counts):
                    continue
                ways.append(way)
                self._formula.besides.add(len(self._slips))
                self._add(name, partial(_written, original, made))
        if not others:
            return node
        other = self._if_among(first, self._one_of(others, firsts), ast.Constant(None))
        given = [ast.Constant(first), node, ast.Constant(tuple(ways)), other]  # type: ignore[arg-type]
        return ast.Call(ast.Name(MIXED, ast.Load()), given, [])

    def _others(self) -> list[ast.expr]:
        """What there is by now, by its name, or as it was computed."""
        hidden = ("flaw", "self")
        names = [n for n, line in self._since.items() if line < self._line and n not in hidden]
        return [self._gone.get(name, ast.Name(name, ast.Load())) for name in names]

    def _expression(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Starred):
            return _like(node, value=self.visit(node.value))  # type: ignore[no-any-return]
        if isinstance(node, ast.JoinedStr) or not isinstance(
            getattr(node, "ctx", ast.Load()), ast.Load
        ):
            return node
        if isinstance(node, ast.BinOp):
            self._values.update({id(node.left), id(node.right)})
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            self._values.add(id(node.operand))
        elif isinstance(node, ast.Call) and trees.is_of_values(node):
            self._values.update(map(id, node.args))
        made = self._inside(node)
        made = self._either(made, node, rewriting.of_expression(node, self._others()))
        if isinstance(node, ast.Constant):
            return made
        if id(node) in self._values:
            made = self._altered(made, node)
        if getattr(node, "was_line", False) and not isinstance(node, ast.Name):
            made = self._with_others(made, node)
        return made

    def _altered(self, node: ast.expr, original: ast.expr) -> ast.expr:
        """A value, or what a slip makes of any that it may be."""
        first = ast.Constant(len(self._slips))
        for name, made in rules.wrapped(original):
            self._add(name, partial(_written, original, made))
        return ast.Call(ast.Name(ALTERED, ast.Load()), [first, node], [])

    def _inside(self, node: ast.expr) -> Any:
        """The same of what its parts become; not of what a function is called."""
        if isinstance(node, ast.IfExp):
            test = self._test(node.test)
            return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))
        if isinstance(node, ast.Subscript):
            value = self.visit(node.value)
            outside, self._in_index = self._in_index, True
            made = ast.Subscript(value, self.visit(node.slice), node.ctx)
            self._in_index = outside
            return made
        if not isinstance(node, ast.Call):
            return self.generic_visit(node)
        func = node.func
        if isinstance(func, ast.Attribute) and not trees.is_np(node):
            self._values.add(id(func.value))
            func = _like(func, value=self.visit(func.value))
        if getattr(func, "id", "") == "isinstance":
            return node
        args, keywords = self._each(node.args), self._each(node.keywords)
        return _like(node, func=func, args=args, keywords=keywords)

    def _either(self, node: ast.expr, original: ast.expr, others: Any) -> ast.expr:
        """The node, or one of the others, in place of the original, if its slip is on."""
        first, made = len(self._slips), []
        for name, other in others:
            self._add(name, partial(_both, original, other))
            made.append(other)
        numbers = range(first, len(self._slips))
        return self._if_among(first, self._one_of(made, numbers), node) if made else node

    def _if_among(self, first: int, made: ast.expr, other: ast.expr) -> ast.expr:
        """What is made, if a slip is on from the first of that number to the last that there is."""
        bounds = [ast.Constant(first), ast.Constant(len(self._slips) - 1)]
        among = ast.Compare(bounds[0], [AT_MOST, AT_MOST], [ON, bounds[1]])
        return ast.IfExp(among, made, other)

    def _one_of(self, others: Sequence[ast.expr], firsts: Sequence[int]) -> ast.expr:
        """That whose slip is on, found by halves: a long chain of tests would be too deep."""
        if len(others) == 1:
            return others[0]
        half = len(others) // 2
        before = ast.Compare(ON, [BELOW], [ast.Constant(firsts[half])])
        rest = self._one_of(others[half:], firsts[half:])
        return ast.IfExp(before, self._one_of(others[:half], firsts[:half]), rest)

    def _is_on(self, name: str) -> ast.expr:
        """The test of a new slip of that name."""
        self._add(name)
        return ast.Compare(ON, [ast.Eq()], [ast.Constant(len(self._slips) - 1)])

    def _add(self, name: str, instead: Instead | None = None) -> None:
        where = "another_index" if self._in_index else "condition_wrong" if self._in_test else name
        self._slips.append(where)
        self._formula.instead.append(instead)


def _both(original: ast.expr, other: ast.expr) -> tuple[ast.expr, ast.expr]:
    return original, other


def _written(original: ast.expr, made: rules.Made) -> tuple[ast.expr, ast.expr]:
    return original, made()


def _like(node: Any, **parts: object) -> Any:
    """A node of the same kind and place, with other parts."""
    made = type(node)()
    vars(made).update(vars(node))
    vars(made).update(parts)
    return made
