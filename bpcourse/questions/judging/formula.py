"""A question's solution, read as a formula, and what each slip of the pen in it gives.

The solution's source is read without the places where it asks for flaws. Wherever something else
may stand (:mod:`rewriting`) a switch is put in: ``a + b`` becomes ``a - b if slip == 7 else a + b``.
So all slips are compiled at once, and one is made by its number.
"""

import ast
import contextlib
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

from bpcourse.questions.judging import rewriting
from bpcourse.questions.question import Flaws, Question

SWITCH = "_slip"
KEPT = ("strict", "keepdims", "dtype", "start", "axis")  # arguments that are rewritten by the call
PLACES = ("range", "len", "enumerate", "zip", "list", "tuple", "eye", "zeros", "arange")


class Formula:
    """``names[k]`` is what slip k is called in the catalogue; ``answer`` makes the one that is on.

    Without slips where the solution cannot be read, as that of a lambda.
    """

    def __init__(self, question: Question) -> None:
        self.names: list[str] = []
        self._on = [-1]
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
        """Those of the slips, in the order in which they are to be tried."""
        return sorted(range(len(self.names)), key=lambda k: rewriting.ORDER.index(self.names[k]))

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
        tree: Any = ast.parse(textwrap.dedent(inspect.getsource(function)))
        (definition,) = tree.body
        if not isinstance(definition, ast.FunctionDef):
            raise TypeError
        definition.decorator_list = []
        space = dict(function.__globals__) | {SWITCH: self._on}
        space.setdefault("np", np)
        self._read[function] = function  # where it calls itself
        _fold(definition)
        gone = _inline(definition, space)
        for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
            helper = space.get(name)
            if isinstance(helper, FunctionType) and _asks_flaws(helper):
                with contextlib.suppress(OSError, TypeError, SyntaxError):
                    space[name] = self._switched(helper)
        _Switches(definition, self.names, gone).visit(definition)
        code = compile(ast.fix_missing_locations(tree), f"<slips in {function.__name__}>", "exec")
        exec(code, space)  # noqa: S102 (our own source)
        self._read[function] = made = space[definition.name]
        return made


def _asks_flaws(function: FunctionType) -> bool:
    return function.__code__.co_varnames[:1] == ("flaw",)


# --- without flaws ---


def _fold(definition: ast.FunctionDef) -> None:
    """Take out what is there for flaws alone."""
    before = ""
    while before != (before := ast.unparse(definition)):
        stored = [n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and _stores(n)]
        known = {}
        for line in ast.walk(definition):
            match line:
                case ast.Assign(targets=[ast.Name(id)], value=ast.Constant(value=bool() as value)):
                    if stored.count(id) == 1:
                        known[id] = value
        _Fold(known).visit(definition)
        if before == ast.unparse(definition):
            return


def _stores(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


class _Fold(ast.NodeTransformer):
    """Every ``flaw(…)`` is False, and so are names that hold it."""

    def __init__(self, known: dict[str, bool]) -> None:
        self._known = known

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        asks = isinstance(node.func, ast.Name) and node.func.id == "flaw"
        return ast.Constant(False) if asks else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = node.id in self._known and not _stores(node)
        return ast.Constant(self._known[node.id]) if known else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        left = [value for value in node.values if _truth(value) != (not decides)]
        if not left:
            return ast.Constant(not decides)
        if _truth(left[0]) == decides:
            return ast.Constant(decides)
        return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        truth = _truth(node.operand) if isinstance(node.op, ast.Not) else None
        return node if truth is None else ast.Constant(not truth)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        sides = _truth(node.left), _truth(node.comparators[0])
        if None in sides or not isinstance(node.ops[0], ast.NotEq):
            return node
        return ast.Constant(sides[0] != sides[1])

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        truth = _truth(node.test)
        return node if truth is None else node.body if truth else node.orelse

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        truth = _truth(node.test)
        return node if truth is None else (node.body if truth else node.orelse) or ast.Pass()


def _truth(node: ast.expr) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is bool else None


# --- in one line ---


def _inline(definition: ast.FunctionDef, space: dict[str, Any]) -> dict[str, ast.expr]:
    """Put what a name stands for in its place, where it is used once; and helpers of one line.

    Gives back what each of these names stood for.
    """
    gone: dict[str, ast.expr] = {}
    _Helpers(space).visit(definition)
    _take_apart(definition)
    names = [node for node in ast.walk(definition) if isinstance(node, ast.Name)]
    stored = [node.id for node in names if _stores(node)]
    loaded = [node.id for node in names if not _stores(node)]
    inner = (ast.Lambda, ast.FunctionDef, ast.ClassDef)
    if any(isinstance(node, inner) for line in definition.body for node in ast.walk(line)):
        return gone
    for block in [node.body for node in ast.walk(definition) if isinstance(node, ast.For)] + [
        definition.body
    ]:
        for i in reversed(range(len(block))):
            match block[i]:
                case ast.Assign(targets=[ast.Name(id)]) if id not in loaded:
                    block[i] = ast.Pass()
                case ast.Assign(targets=[ast.Name(id)], value=value) if (
                    stored.count(id) == loaded.count(id) == 1
                ):
                    if _put(block, i, id, value):
                        block[i] = ast.Pass()
                        gone[id] = value
    for name, value in reversed(gone.items()):  # those that come first are last
        for other in gone:
            gone[other] = _Put(name, value).visit(gone[other])
    return gone


def _take_apart(definition: ast.FunctionDef) -> None:
    """Give each value a line and a name of its own: ``a, b = x, y``, and ``z = z + b``."""
    lines: list[ast.stmt] = []
    for line in definition.body:
        match line:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if (
                len(names) == len(values)
                and all(isinstance(name, ast.Name) for name in names)
                and not {n.id for v in values for n in ast.walk(v) if isinstance(n, ast.Name)}
                & {name.id for name in names if isinstance(name, ast.Name)}
            ):
                pairs = zip(names, values, strict=True)
                lines += [ast.copy_location(ast.Assign([n], v), line) for n, v in pairs]
            case _:
                lines.append(line)
    definition.body = lines
    plain = [
        line.targets[0].id
        for line in lines
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
    ]
    stores = [n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and _stores(n)]
    given = {argument.arg for argument in definition.args.args}
    for name in set(plain):
        count = stores.count(name)
        if plain.count(name) < count or count + (name in given) < 2:
            continue
        version = 0 if name in given else -1
        for line in lines:
            new = isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == name
            if version > 0:
                _Put(name, ast.Name(f"{name}_{version}", ast.Load())).visit(line)
            if new:
                version += 1
                if version > 0:
                    line.targets = [ast.Name(f"{name}_{version}", ast.Store())]  # type: ignore
    ast.fix_missing_locations(definition)


def _put(block: list[ast.stmt], i: int, name: str, value: ast.expr) -> bool:
    """Put ``value`` in the place of ``name``, in the next line that uses it; False if it may not."""
    needs = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    for line in block[i + 1 :]:
        inside = [node for node in ast.walk(line) if isinstance(node, ast.Name)]
        if any(node.id == name for node in inside):
            plain = isinstance(line, ast.Assign | ast.AugAssign | ast.Return)
            nested = any(isinstance(node, ast.comprehension) for node in ast.walk(line))
            if plain and not nested:
                _Put(name, value).visit(line)
            return plain and not nested
        changed = isinstance(line, ast.AugAssign | ast.For | ast.If | ast.Expr)
        if changed or any(_stores(node) and node.id in needs for node in inside):
            return False
        if any(isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) for n in ast.walk(line)):
            return False
    return False


class _Put(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self._name or _stores(node):
            return node
        value: Any = copy.deepcopy(self._value)
        value.was_line = True
        return value  # type: ignore[no-any-return]


class _Helpers(ast.NodeTransformer):
    """A call of a helper that is one expression becomes that expression."""

    def __init__(self, space: dict[str, Any]) -> None:
        self._space = space

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        helper = self._space.get(getattr(node.func, "id", ""))
        if not isinstance(helper, FunctionType) or node.keywords or not _asks_flaws(helper):
            return node
        if helper.__code__.co_argcount != len(node.args) or helper.__closure__:
            return node
        with contextlib.suppress(OSError, SyntaxError):
            tree: Any = ast.parse(textwrap.dedent(inspect.getsource(helper)))
            definition = tree.body[0]
            _fold(definition)
            _inline(definition, dict(helper.__globals__))
            lines = [line for line in definition.body if not _is_idle(line)]
            if len(lines) == 1 and isinstance(lines[0], ast.Return) and lines[0].value:
                value = lines[0].value
                parameters = [argument.arg for argument in definition.args.args]
                used = [n.id for n in ast.walk(value) if isinstance(n, ast.Name)]
                foreign = set(used) - set(parameters)
                if all(helper.__globals__.get(n) is self._space.get(n) for n in foreign):
                    pairs = list(zip(parameters, node.args, strict=True))[1:]
                    if all(used.count(n) == 1 or isinstance(a, ast.Name) for n, a in pairs):
                        for name, argument in pairs:
                            value = _Put(name, argument).visit(value)
                        return value  # type: ignore[no-any-return]
        return node


def _is_idle(line: ast.stmt) -> bool:
    comment = isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
    return comment or isinstance(line, ast.Pass)


# --- with switches ---


class _Switches(ast.NodeTransformer):
    """Puts a switch wherever something else may stand, and its name into ``slips``."""

    def __init__(
        self, definition: ast.FunctionDef, slips: list[str], gone: dict[str, ast.expr]
    ) -> None:
        self._slips, self._gone = slips, gone
        self._since = {argument.arg: 0 for argument in definition.args.args}
        for node in ast.walk(definition):
            if isinstance(node, ast.Name) and _stores(node):
                self._since[node.id] = min(node.lineno, self._since.get(node.id, node.lineno))
        self._since |= {name: value.lineno for name, value in gone.items()}
        self._values: set[int] = set()  # nodes that stand for numbers or arrays
        self._line = 0

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr):
            return self._expression(node)
        return super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = self._lines(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self._lines(node.body)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        rounds = list(rewriting.of_rounds(copy.deepcopy(node.iter)))
        node.body = self._lines(node.body)
        if not isinstance(node.iter, ast.Name):  # a list that grows in its own loop has no end
            node.iter = self.visit(node.iter)
        node.iter = self._either(node.iter, rounds)
        node.body.append(ast.If(self._is_on("stops_after_first_round"), [ast.Break()], []))
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self._either(node.iter, rewriting.of_rounds(copy.deepcopy(node.iter)))
        node.ifs = [self.visit(test) for test in node.ifs]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        return self._of_line(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return self._of_line(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = self._whole(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        return node if node.arg in KEPT else self.generic_visit(node)

    def _lines(self, lines: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for line in lines:
            if _is_idle(line):
                continue
            self._line = getattr(line, "lineno", self._line)
            found.append(self.visit(line))
            if isinstance(line, ast.Return):
                break
        return found or [ast.Pass()]

    def _of_line(self, line: Any) -> ast.AST:
        others = list(rewriting.of_line(copy.deepcopy(line)))
        line.value = self._whole(line.value)
        for name, other in others:
            line = ast.If(self._is_on(name), [other], [line])
        return line

    def _whole(self, node: ast.expr) -> ast.expr:
        """The whole that a line computes."""
        if isinstance(node, ast.Tuple):
            node.elts = [self._whole(entry) for entry in node.elts]
            return node
        if isinstance(node, ast.Starred):
            return self.visit(node)  # type: ignore[no-any-return]
        if isinstance(node, ast.List):
            self._values.update(map(id, node.elts))
        if isinstance(node, ast.List | ast.Dict | ast.Constant | ast.Lambda):
            return self.visit(node)  # type: ignore[no-any-return]
        more = list(rewriting.of_value(copy.deepcopy(node), self._others()))
        self._values.add(id(node))
        return self._either(self.visit(node), more)

    def _others(self) -> list[ast.expr]:
        """What there is by now, by its name, or as it was computed."""
        hidden = ("flaw", "self")
        names = [n for n, line in self._since.items() if line < self._line and n not in hidden]
        return [self._gone.get(name, ast.Name(name, ast.Load())) for name in names]

    def _expression(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Starred):
            node.value = self.visit(node.value)
            return node
        if isinstance(node, ast.JoinedStr) or not isinstance(
            getattr(node, "ctx", ast.Load()), ast.Load
        ):
            return node
        if isinstance(node, ast.BinOp):
            self._values.update({id(node.left), id(node.right)})
        elif isinstance(node, ast.Call) and rewriting.is_of_values(node):
            self._values.update(map(id, node.args))
        original = copy.deepcopy(node)
        value = id(node) in self._values
        others = list(rewriting.of_expression(original, self._others(), value=value))
        if getattr(node, "was_line", False) and not isinstance(node, ast.Name | ast.Constant):
            others += rewriting.of_value(original, self._others())
        if isinstance(node, ast.Call):
            self._inside(node)
        else:
            self.generic_visit(node)
        return self._either(node, others)

    def _inside(self, node: ast.Call) -> None:
        """What a function is called with; not what it is called."""
        if isinstance(node.func, ast.Attribute) and not rewriting.is_np(node):
            self._values.add(id(node.func.value))
            node.func.value = self.visit(node.func.value)
        if getattr(node.func, "id", "") == "isinstance":
            return
        node.args = [self.visit(arg) for arg in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]

    def _either(self, node: ast.expr, others: Any) -> ast.expr:
        """The node, or one of the others if its slip is on."""
        first, chosen = len(self._slips), None
        for name, other in others:
            on = self._is_on(name)
            chosen = other if chosen is None else ast.IfExp(on, other, chosen)
        if chosen is None:
            return node
        bounds = [ast.Constant(first), ast.Constant(len(self._slips) - 1)]
        slip: Any = ast.Subscript(ast.Name(SWITCH, ast.Load()), ast.Constant(0), ast.Load())
        among = ast.Compare(bounds[0], [ast.LtE(), ast.LtE()], [slip, bounds[1]])
        return ast.IfExp(among, chosen, node)

    def _is_on(self, name: str) -> ast.expr:
        """The test of a new slip of that name."""
        self._slips.append(name)
        on = ast.Subscript(ast.Name(SWITCH, ast.Load()), ast.Constant(0), ast.Load())
        return ast.Compare(on, [ast.Eq()], [ast.Constant(len(self._slips) - 1)])
