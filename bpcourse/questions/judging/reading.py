"""A solution's source, read as a formula: without its flaws, and in as few lines as it can be.

What a line gives a name that is used once is put in the place of that name, so that a slip can be
made between the two: ``a = np.tanh(z)`` and ``1 - a**2`` become ``1 - np.tanh(z) ** 2``.
"""

import ast
import contextlib
import copy
import inspect
import linecache
import textwrap
from types import FunctionType
from typing import Any


def asks_flaws(function: FunctionType) -> bool:
    """Whether a function is one of a question's, which asks its first argument for flaws."""
    return function.__code__.co_varnames[:1] == ("flaw",)


def read(function: FunctionType) -> ast.FunctionDef:
    """A function's source, as one definition; TypeError or OSError where it has none."""
    try:
        tree = ast.parse(_source(function))
    except SyntaxError:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError
    definition.decorator_list = []
    return definition


def _source(function: FunctionType) -> str:
    """Its lines, to the next that stands as far to the left: ``inspect`` reads every token."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)[code.co_firstlineno - 1 :]
    source, has_begun = [], False
    for line in lines:
        margin = len(lines[0]) - len(lines[0].lstrip())
        begins = line[margin : margin + 1]
        if has_begun and begins.strip() and begins not in ")#":
            break
        has_begun |= line[margin:].startswith("def ")
        source.append(line)
    if not source:
        raise OSError(f"no source of {code.co_name}")
    return textwrap.dedent("".join(source))


# --- without flaws ---


def fold(definition: ast.FunctionDef) -> None:
    """Take out what is there for flaws alone."""
    while True:
        stored = [n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and stores(n)]
        known = {}
        for line in ast.walk(definition):
            match line:
                case ast.Assign(targets=[ast.Name(id)], value=ast.Constant(value=bool() as value)):
                    if stored.count(id) == 1:
                        known[id] = value
        folding = _Fold(known)
        folding.visit(definition)
        if not folding.has_changed:
            return


def stores(node: ast.Name) -> bool:
    """Whether a name is given a value there."""
    return isinstance(node.ctx, ast.Store)


class _Fold(ast.NodeTransformer):
    """Every ``flaw(…)`` is False, and so are names that hold it."""

    def __init__(self, known: dict[str, bool]) -> None:
        self._known = known
        self.has_changed = False

    def visit(self, node: ast.AST) -> Any:
        made = super().visit(node)
        self.has_changed |= made is not node
        return made

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        asks = isinstance(node.func, ast.Name) and node.func.id == "flaw"
        return ast.Constant(False) if asks else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = node.id in self._known and not stores(node)
        return ast.Constant(self._known[node.id]) if known else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        left = [value for value in node.values if _truth(value) != (not decides)]
        if not left:
            return ast.Constant(not decides)
        if _truth(left[0]) == decides:
            return ast.Constant(decides)
        if len(left) == len(node.values):
            return node
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

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult | ast.Div) and _is_one(node.right):
            return node.left
        return node.right if isinstance(node.op, ast.Mult) and _is_one(node.left) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        truth = _truth(node.test)
        return node if truth is None else node.body if truth else node.orelse

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        truth = _truth(node.test)
        return node if truth is None else (node.body if truth else node.orelse) or ast.Pass()


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == 1


def _truth(node: ast.expr) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is bool else None


# --- in one line ---


def inline(definition: ast.FunctionDef, space: dict[str, Any]) -> dict[str, ast.expr]:
    """Put what a name stands for in its place, where it is used once; and helpers of one line.

    Gives back what each of these names stood for.
    """
    gone: dict[str, ast.expr] = {}
    _Helpers(space).visit(definition)
    _take_apart(definition)
    names = [node for node in ast.walk(definition) if isinstance(node, ast.Name)]
    stored = [node.id for node in names if stores(node)]
    loaded = [node.id for node in names if not stores(node)]
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
    stored = [n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and stores(n)]
    given = {argument.arg for argument in definition.args.args}
    for name in set(plain):
        count = stored.count(name)
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
    """Put ``value`` in the place of ``name`` where it stands next; False if it cannot be."""
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
        if changed or any(stores(node) and node.id in needs for node in inside):
            return False
        if any(
            isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) for n in ast.walk(line)
        ):
            return False
    return False


class _Put(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self._name or stores(node):
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
        if not isinstance(helper, FunctionType) or node.keywords or not asks_flaws(helper):
            return node
        if helper.__code__.co_argcount != len(node.args) or helper.__closure__:
            return node
        with contextlib.suppress(OSError, TypeError, SyntaxError):
            definition = read(helper)
            fold(definition)
            inline(definition, dict(helper.__globals__))
            lines = [line for line in definition.body if not is_idle(line)]
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
                        return value
        return node


def is_idle(line: ast.stmt) -> bool:
    """Whether a line does nothing."""
    comment = isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
    return comment or isinstance(line, ast.Pass)
