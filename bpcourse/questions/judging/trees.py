"""Small parts of syntax trees: made, taken apart, and asked what they are."""

import ast
from typing import Any

UNARY = {"tanh", "exp", "log", "sqrt", "abs", "cos", "sin", "square"}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_of_values(node: ast.Call) -> bool:
    """Whether a call computes with its arguments, as NumPy's functions of numbers do."""
    return called(node) in UNARY or (is_np(node) and called(node) in ("outer", "where", "diag"))


def is_np(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "np"


def is_unary(node: ast.Call) -> bool:
    return called(node) in UNARY and len(node.args) == 1


def inner_of(node: ast.Call) -> ast.expr | None:
    """What a function is taken of: its one argument, or what its method is of."""
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        return node.args[0]
    method = isinstance(node.func, ast.Attribute) and not node.args and not is_np(node)
    return node.func.value if method else None  # type: ignore[attr-defined]


def with_inner(node: ast.Call, inner: ast.expr) -> ast.Call:
    if node.args:
        return ast.Call(node.func, [inner], node.keywords)
    assert isinstance(node.func, ast.Attribute)
    return ast.Call(ast.Attribute(inner, node.func.attr, ast.Load()), [], node.keywords)


def renamed(node: ast.Call, other: str) -> ast.Call:
    """With another function; one that arrays do not have as a method is NumPy's."""
    if isinstance(node.func, ast.Attribute):
        func: Any = ast.Attribute(node.func.value, other, ast.Load())
    else:
        func = named(other)
    return ast.Call(func, node.args, node.keywords)


def is_same(one: ast.expr, other: ast.expr) -> bool:
    return isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id == other.id


def named(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def constant(value: float) -> ast.Constant:
    return ast.Constant(value)


def plus(node: ast.expr, number: int) -> ast.expr:
    return ast.BinOp(node, ast.Add(), constant(number))


def turned(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def reshaped(node: ast.expr) -> ast.expr:
    """Of the shape of the transpose, with its entries in another order."""
    shape = ast.Attribute(turned(node), "shape", ast.Load())
    return ast.Call(ast.Attribute(node, "reshape", ast.Load()), [shape], [])


def summed(node: ast.expr, axis: int) -> ast.expr:
    return ast.Call(call_np("sum").func, [node], [ast.keyword("axis", constant(axis))])


def part_of(node: ast.expr, **ends: ast.expr) -> ast.expr:
    part = ast.Slice(ends.get("lower"), ends.get("upper"), ends.get("step"))
    return ast.Subscript(node, part, ast.Load())


def call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(named(name), list(args), [])


def call_np(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(named("np"), name, ast.Load()), list(args), [])
