"""What a slip of the pen makes of an operation, as a table: ``a + b`` becomes ``a - b``.

In a pattern a, b and c stand for any expression, ± for + or − and · for * or /, the same one in all
that is made of it.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

OPERATIONS = """
    a + b           plus_for_minus: a - b
    a + b           multiplied_for_added: a * b
    a + b           term_missing: a, b
    a + b           another_value: a + 1, b + 1
    a + b           largest_for_sum: np.maximum(a, b)
    a - b           plus_for_minus: a + b
    a - b           term_missing: a, -b
    a - b           part_negative: b - a
    a * b           divided_for_multiplied: a / b, b / a
    a * b           added_for_multiplied: a + b
    a * b           factor_missing: a, b
    a * b           factor_twice: a * b * a, a * b * b
    a / b           multiplied_for_divided: a * b
    a / b           cut_to_whole_numbers: a // b
    a / b           division_missing: a
    a / b           ratio_upside_down: b / a
    a / b           factor_twice: a / b / b
    a / b           factor_missing: 1.0 / b
    a @ b           elementwise_for_matrix_product: a * b
    a @ b           transpose_misplaced: a.T @ b, a @ b.T, b @ a
    a @ b           factor_missing: np.sum(a, axis=-1), np.sum(b, axis=0), a, b, np.sum(b)
    a @ b           summed_too_early: np.sum(a, axis=-1) * np.sum(b, axis=0)
    a ** b          factor_missing: a
    a ** b          product_for_power: a * b
    -a              part_negative: a
    a.T             transpose_misplaced: a, a.reshape(a.T.shape)
    b if a else c   condition_wrong: c if a else b, b, c

    (a ± b) · c     brackets_missing: a ± b · c
    (a ± b) ** c    brackets_missing: a ± b ** c
    (a ± b) ** c    inside_for_outside: a ** c ± b ** c
    (a * b) ** c    brackets_missing: a * b ** c
    a ± b ** c      inside_for_outside: (a ± b) ** c
    a * b ** c      inside_for_outside: (a * b) ** c
    a · (b ± c)     brackets_missing: a · b ± c
    a / (b * c)     brackets_missing: a / b * c
    a ± b · c       brackets_missing: (a ± b) · c
    a ± b * c       brackets_missing: (a ± c) * b
    a * b ± c       brackets_missing: a * (b ± c), b * (a ± c)
"""
WRAPPED = """
    a               part_negative: -a
    a               square_in_part: a ** 2, a ** 2 / 2
    a               part_scaled: 2 * a, a / 2
    a               root_in_part: np.sqrt(a)
    a               absolute_value: np.abs(a)
    a               function_too_many: np.tanh(a), np.exp(a), np.log(a), 1 / (np.exp(-a) + 1)
    a               sign_alone: np.sign(a)
    a               normalised_part: a / np.linalg.norm(a), a / np.sum(a)
    a               summed_too_early: np.sum(a)
    a               averaged_part: a / len(a)
    a               sum_not_reset: np.cumsum(a)
    a               slope_for_value: 1 - a ** 2, a * (1 - a)
    a               one_in_part: 1 - a, a + 1, a - 1
"""
MIXED = """
    a, b            another_value: b, b[-1]
    a, b            factor_too_many: a * b
    a, b            divided_once_more: a / b, a / (b + 1)
    a, b            term_too_many: a + b
    a, b            subtracted_once_more: a - b
"""
LAST_OF_SAME, OF_COUNT = 2, 4  # in MIXED: the last where a and b are the same; of a count from 0
Rule = tuple[ast.expr, str, ast.expr]
Made = Callable[[], ast.expr]


def of_operation(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """(name of the slip, what it makes of the operation)."""
    for pattern, name, made in _rules(OPERATIONS)[_kind(node)]:
        if (found := _match(pattern, node)) is not None:
            yield name, _filled(made, found)


def wrapped(node: ast.expr) -> Iterator[tuple[str, Made]]:
    """What a slip makes of any expression that has a value."""
    return _each(WRAPPED, a=node)


def mixed(node: ast.expr, other: ast.expr) -> Iterator[tuple[str, Made]]:
    """What a slip makes of an expression and another that comes in."""
    return _each(MIXED, a=node, b=other)


@cache
def functions(table: str) -> list[Callable[..., Any]]:
    """The same of the values themselves, in the same order."""
    rules = _all_rules(table)
    letters = ", ".join(n.id for n in ast.walk(rules[0][0]) if isinstance(n, ast.Name))
    written = ", ".join(f"lambda {letters}: {ast.unparse(made)}" for *_, made in rules)
    made: list[Callable[..., Any]] = eval(f"[{written}]", {"np": np})  # noqa: S307 (our own)
    return made


def _each(table: str, **found: ast.expr) -> Iterator[tuple[str, Made]]:
    return ((name, partial(_filled, made, found)) for _, name, made in _all_rules(table))


def _all_rules(table: str) -> list[Rule]:
    return [rule for rules in _rules(table).values() for rule in rules]


@cache
def _rules(table: str) -> dict[object, list[Rule]]:
    found: dict[object, list[Rule]] = defaultdict(list)
    for line in filter(None, map(str.strip, table.splitlines())):
        for signs in [("+", "*"), ("-", "*"), ("+", "/"), ("-", "/")]:
            written = line.replace("±", signs[0]).replace("·", signs[1])
            if (signs[0] == "-" and "±" not in line) or (signs[1] == "/" and "·" not in line):
                continue
            pattern, _, rest = written.partition("  ")
            name, _, made = rest.strip().partition(": ")
            read = _read(pattern)
            others = ast.parse(f"[{made}]", mode="eval").body
            assert isinstance(others, ast.List)
            found[_kind(read)] += [(read, name, other) for other in others.elts]
    return found


def _read(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _kind(node: ast.expr) -> object:
    """What a pattern and an expression have in common, at least."""
    return (type(node), type(getattr(node, "op", None)))


def _match(pattern: ast.AST, node: ast.AST) -> dict[str, ast.expr] | None:
    """What stands for each letter of the pattern; None where it does not fit."""
    if isinstance(pattern, ast.Name) and isinstance(node, ast.expr):
        return {pattern.id: node}
    if type(pattern) is not type(node):
        return None
    found: dict[str, ast.expr] = {}
    for field in pattern._fields:
        one, other = getattr(pattern, field), getattr(node, field)
        if isinstance(one, ast.expr | ast.operator | ast.unaryop):
            inside = _match(one, other)
            if inside is None:
                return None
            found |= inside
        elif isinstance(one, str) and one != other:  # the T of a transpose
            return None
    return found


def _filled(made: ast.expr, found: dict[str, ast.expr]) -> ast.expr:
    """The expression with what stands for its letters in their place; all else is shared."""

    def fill(node: ast.expr) -> ast.expr:
        return _filled(node, found)

    match made:
        case ast.Name(id):
            return found.get(id, made)
        case ast.BinOp(left, op, right):
            return ast.BinOp(fill(left), op, fill(right))
        case ast.UnaryOp(op, operand):
            return ast.UnaryOp(op, fill(operand))
        case ast.Attribute(value, attr, ctx):
            return ast.Attribute(fill(value), attr, ctx)
        case ast.Call(func, args, keywords):
            return ast.Call(fill(func), [*map(fill, args)], keywords)
        case ast.Subscript(value, index, ctx):
            return ast.Subscript(fill(value), index, ctx)
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(fill(test), fill(body), fill(orelse))
    return made
