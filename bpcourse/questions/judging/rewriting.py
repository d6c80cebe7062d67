"""What a slip of the pen writes in place of a part of a formula, each with its name.

A part is an expression or a line of a solution. The names are those of the catalogue; where two
slips do the same, the one that stands first in ORDER is named.
"""

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import Any

from bpcourse.questions.judging import rules, trees

ORDER = """
    overwritten_not_accumulated stops_after_first_round off_by_one_loop range_step_missing
    loop_other_way inner_for_outer_product sum_not_reset
    brackets_missing plus_for_minus divided_for_multiplied multiplied_for_divided
    multiplied_for_added added_for_multiplied inside_for_outside summed_over_wrong_axis
    maximum_over_wrong_axis summed_too_early averaged_part added_part largest_for_sum
    ratio_upside_down elementwise_for_matrix_product transpose_misplaced condition_wrong
    function_missing another_function term_missing factor_missing division_missing factor_twice
    another_index another_value part_negative another_number number_for_length
    one_in_part product_for_power part_scaled square_in_part root_in_part absolute_value
    sign_alone cut_to_whole_numbers normalised_part function_too_many factor_too_many
    divided_once_more term_too_many subtracted_once_more slope_for_value
""".split()
Part = tuple[str, ast.AST]

ALIKE = (  # functions that are taken for each other
    ("sum", "mean", "max", "prod"),
    ("max", "min", "mean", "sum"),
    ("maximum", "minimum"),
    ("argmax", "argmin"),
    ("tanh", "exp", "sin", "cosh", "arctan"),
    ("cos", "sin", "tan", "cosh"),
    ("exp", "exp2", "square", "expm1"),
    ("log", "log2", "log10", "log1p", "exp"),
    ("sqrt", "square"),
    ("abs", "sign", "square"),
    ("mean", "sum", "max", "min"),
)
REDUCING = {"sum": "averaged_part", "mean": "added_part"}  # and what the other of them is called
OTHERS = {(a, b): None for first, *rest in ALIKE for a in [first] for b in rest}
_DOTS, _TWO = ast.Constant(...), ast.Slice(upper=ast.Constant(2))
MISSED = (  # what a sum leaves out
    (ast.Slice(upper=ast.Constant(-1)), "off_by_one_loop"),
    (ast.Slice(lower=ast.Constant(1)), "off_by_one_loop"),
    (_TWO, "number_for_length"),
    (ast.Tuple([_DOTS, _TWO], ast.Load()), "number_for_length"),
)
SIGNS = ORDER[ORDER.index("plus_for_minus") : ORDER.index("inside_for_outside")]
COMPARED = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)


def of_expression(node: ast.expr, names: Sequence[ast.expr]) -> Iterator[Part]:
    """What may stand there in its place; ``names`` are what else there is."""
    yield from rules.of_operation(node)
    match node:
        case ast.BinOp():
            yield from _of_operation(node)
        case ast.Call():
            yield from _of_call(node)
        case ast.Compare(ops=[op]) if isinstance(op, COMPARED):
            for kind in COMPARED:
                if kind is not type(op):
                    changed: Any = ast.Compare(node.left, [kind()], node.comparators)
                    yield "condition_wrong", changed
            for other in names:
                yield "condition_wrong", ast.Compare(node.left, [op], [other])
            there: Any = ast.BinOp(trees.constant(1.0), ast.Mult(), node)
            for elsewhere in (0.01, 0.1, -1.0):
                yield (
                    "condition_wrong",
                    trees.call_np("where", there, trees.constant(1.0), trees.constant(elsewhere)),
                )
            yield "condition_wrong", trees.call_np("sign", node.left)
            yield from (("condition_wrong", trees.constant(always)) for always in (True, False))
        case ast.Subscript(ctx=ast.Load()):
            yield from _of_entry(node)
            yield "summed_too_early", trees.call_np("sum", node.value)
            yield from (("another_value", other) for other in names)
        case ast.Name():
            yield from (
                ("another_value", other) for other in names if not trees.is_same(other, node)
            )
        case ast.Constant(value=int() | float() as number) if type(number) is not bool:
            for another in (number + 1, number - 1, 2 * number, number / 2, 0):
                yield "another_number", trees.constant(another)


def of_value(node: ast.expr) -> Iterator[Part]:
    """What may stand in the place of a whole."""
    yield from _over_all(node)
    for other in _values_inside(node):
        yield "factor_too_many", ast.BinOp(node, ast.Mult(), other)


def _over_all(node: ast.expr) -> Iterator[Part]:
    """A sum over every value of an index, where one of them is meant."""
    entries = [part for part in ast.walk(node) if isinstance(part, ast.Subscript)]
    names = [part for entry in entries for part in _indices(entry) if isinstance(part, ast.Name)]
    for name in dict.fromkeys(index.id for index in names):
        every = _Every(name).visit(copy.deepcopy(node))
        if name not in {part.id for part in ast.walk(every) if isinstance(part, ast.Name)}:
            yield "summed_too_early", trees.call_np("sum", every)


def _indices(entry: ast.Subscript) -> list[ast.expr]:
    return entry.slice.elts if isinstance(entry.slice, ast.Tuple) else [entry.slice]


class _Every(ast.NodeTransformer):
    """Takes a whole axis wherever an index of this name stands."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        ends: list[ast.expr] = [
            ast.Slice() if isinstance(end, ast.Name) and end.id == self._name else end
            for end in _indices(node)
        ]
        node.slice = ends[0] if len(ends) == 1 else ast.Tuple(ends, ast.Load())
        return node


def _values_inside(node: ast.expr) -> Iterator[ast.expr]:
    """The values of the functions in it: what one multiplies by who takes value and slope."""
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call) and trees.is_unary(part)]
    for call in {ast.unparse(call): call for call in calls}.values():
        yield call
        if trees.called(call) == "cos":
            yield trees.renamed(call, "sin")


def of_rounds(node: ast.expr) -> Iterator[Part]:
    """Other rounds of a loop over ``node``."""
    match node:
        case ast.Call(func=ast.Name("range"), args=args):
            first, last = (trees.constant(0), args[0]) if len(args) == 1 else args[:2]
            step: Any = args[2:]
            if step:
                yield "range_step_missing", trees.call("range", first, last)
            for start in (trees.plus(first, 1), trees.plus(first, -1)):
                yield "off_by_one_loop", trees.call("range", start, last, *step)
            for end in (trees.plus(last, -1), trees.plus(last, 1)):
                yield "off_by_one_loop", trees.call("range", first, end, *step)
        case _:
            listed = trees.call("list", node)
            yield "off_by_one_loop", trees.part_of(listed, lower=trees.constant(1))
            yield "off_by_one_loop", trees.part_of(listed, upper=trees.constant(-1))
    backwards: Any = trees.part_of(trees.call("list", node), step=trees.constant(-1))
    yield "loop_other_way", backwards


def of_line(line: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    """What may stand in the place of a line that changes what there is already."""
    match line:
        case ast.AugAssign(target=target, op=op, value=value):
            plain: Any = ast.Assign([target], value)
            adds = isinstance(op, ast.Add | ast.Sub)
            yield "overwritten_not_accumulated" if adds else "factor_missing", plain
            yield "term_missing" if adds else "factor_missing", ast.Pass()
            for name, other in rules.of_operation(ast.BinOp(target, op, value)):
                if name in SIGNS and isinstance(other, ast.BinOp):
                    yield name, ast.AugAssign(target, other.op, value)
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Add(), right=right)):
            if ast.unparse(target) == ast.unparse(left):
                yield "overwritten_not_accumulated", ast.Assign([target], right)


# --- kinds of expressions ---


def _of_operation(node: ast.BinOp) -> Iterator[Part]:
    """What a slip makes of it besides what the rules say."""
    match node:
        case ast.BinOp(op=ast.Mult()):
            yield from _of_product(_factors(node))
        case ast.BinOp(ast.Call() as total, ast.Div()) if trees.called(total) == "sum":
            yield from (("another_function", other) for other in _other_summaries(total))
    match node:  # what is done to one of two, done to both
        case ast.BinOp(ast.Call(args=[inner]) as call, joined, side) if trees.is_unary(call):
            yield "inside_for_outside", trees.with_inner(call, ast.BinOp(inner, joined, side))
        case ast.BinOp(side, joined, ast.Call(args=[inner]) as call) if trees.is_unary(call):
            yield "inside_for_outside", trees.with_inner(call, ast.BinOp(side, joined, inner))


def _factors(node: ast.expr) -> list[ast.expr]:
    """Those of a product, however it is bracketed."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _factors(node.left) + _factors(node.right)
    return [node]


def _of_product(factors: list[ast.expr]) -> Iterator[Part]:
    """Of a product of three or more, in whatever order they stand."""
    if len(factors) < 3:
        return
    for i, one in enumerate(factors):
        rest = [*factors[:i], *factors[i + 1 :]]
        yield "factor_missing", _product(rest)
        match one:
            case ast.BinOp(a, ast.Add() | ast.Sub() as op, b):
                for some in range(1, 2 ** len(rest)):  # these with a, and the others with b
                    with_a = [f for j, f in enumerate(rest) if some >> j & 1]
                    with_b = [f for j, f in enumerate(rest) if not some >> j & 1]
                    yield (
                        "brackets_missing",
                        ast.BinOp(_product([*with_a, a]), op, _product([b, *with_b])),
                    )
                for j, other in enumerate(rest):  # one of the factors has come into the brackets
                    inside = ast.BinOp(a, op, _product([b, other]))
                    outside = [*rest[:j], *rest[j + 1 :]]
                    yield "brackets_missing", _product([*outside, inside])
        for j, other in enumerate(rest[i:]):
            third = [*rest[: i + j], *rest[i + j + 1 :]]
            for name, kind in (
                ("added_for_multiplied", ast.Add),
                ("divided_for_multiplied", ast.Div),
            ):
                yield name, _product([ast.BinOp(one, kind(), other), *third])
            yield "divided_for_multiplied", _product([ast.BinOp(other, ast.Div(), one), *third])


def _product(factors: list[ast.expr]) -> ast.expr:
    whole, *others = factors
    for other in others:
        whole = ast.BinOp(whole, ast.Mult(), other)
    return whole


def _other_summaries(node: ast.Call) -> Iterator[ast.expr]:
    """Of what is summed up: its largest or smallest, its median, its length."""
    yield from (trees.renamed(node, other) for other in ("max", "min", "prod"))
    inner = trees.inner_of(node)
    if inner is not None:
        yield ast.Call(trees.call_np("median").func, [inner], node.keywords)
        yield trees.call_np(
            "sqrt", trees.with_inner(node, ast.BinOp(inner, ast.Pow(), trees.constant(2)))
        )


def _of_call(node: ast.Call) -> Iterator[Part]:
    name = trees.called(node)
    inner = trees.inner_of(node)
    for one, other in OTHERS:
        if one == name:
            reducing = {"max": "largest_for_sum", "mean": "averaged_part", "sum": "added_part"}
            known = name in REDUCING or (name == "max" and other in REDUCING)
            called = reducing.get(other, "another_function") if known else "another_function"
            yield called, trees.renamed(node, other)
    if name in REDUCING:
        yield from (("another_function", other) for other in _other_summaries(node))
    if name in trees.UNARY and inner is not None:
        yield "function_missing", inner
    if name == "where" and len(node.args) == 3:
        test, yes, no = node.args
        for args in ((test, no, yes), (test, yes, yes), (test, no, no)):
            yield "condition_wrong", ast.Call(node.func, list(args), [])
    if name in ("maximum", "max", "outer") and len(node.args) == 2:
        called = "function_missing" if name != "outer" else "elementwise_for_matrix_product"
        yield from ((called, side) for side in node.args)
    if name == "outer":
        for i, side in enumerate(node.args):
            ones = ast.BinOp(side, ast.Div(), side)
            sides = [ones, node.args[1]] if i == 0 else [node.args[0], ones]
            yield "factor_missing", ast.Call(node.func, sides, [])
        column: Any = ast.Tuple([ast.Slice(), ast.Constant(None)], ast.Load())
        left = ast.Subscript(node.args[0], column, ast.Load())
        yield "inner_for_outer_product", ast.BinOp(node.args[0], ast.MatMult(), node.args[1])
        yield "added_for_multiplied", ast.BinOp(left, ast.Add(), node.args[1])
        yield "divided_for_multiplied", ast.BinOp(left, ast.Div(), node.args[1])
    for i, keyword in enumerate(node.keywords):
        if keyword.arg == "axis":
            rest = [*node.keywords[:i], *node.keywords[i + 1 :]]
            wrong = "maximum" if "max" in name else "summed"
            yield f"{wrong}_over_wrong_axis", ast.Call(node.func, node.args, rest)
            for axis in (0, 1):
                there = [*rest, ast.keyword("axis", trees.constant(axis))]
                yield f"{wrong}_over_wrong_axis", ast.Call(node.func, node.args, there)
    if inner is not None and (name in REDUCING or trees.is_unary(node)):
        match inner:  # first the one and then the other, in the other order
            case ast.BinOp(a, ast.Pow() as op, b):
                yield "inside_for_outside", ast.BinOp(trees.with_inner(node, a), op, b)
            case ast.BinOp(a, op, b):
                yield "inside_for_outside", ast.BinOp(trees.with_inner(node, a), op, b)
                both = ast.BinOp(trees.with_inner(node, a), op, trees.with_inner(node, b))
                yield "inside_for_outside", both
                if not isinstance(op, ast.MatMult):
                    yield "inside_for_outside", ast.BinOp(a, op, trees.with_inner(node, b))
            case ast.UnaryOp(op=ast.USub() as sign, operand=operand):
                yield "part_negative", ast.UnaryOp(sign, trees.with_inner(node, operand))
        if name in REDUCING:
            for missed, called in MISSED:
                yield called, trees.with_inner(node, ast.Subscript(inner, missed, ast.Load()))


def _of_entry(node: ast.Subscript) -> Iterator[Part]:
    match node.slice:
        case ast.Tuple(elts=[i, j]) if not isinstance(i, ast.Slice) or not isinstance(j, ast.Slice):
            yield (
                "another_index",
                ast.Subscript(node.value, ast.Tuple([j, i], ast.Load()), node.ctx),
            )
        case ast.Slice() | ast.Tuple():
            return
        case ast.Name() | ast.Constant() | ast.BinOp() as i:
            for step in (1, -1):
                yield "another_index", ast.Subscript(node.value, trees.plus(i, step), node.ctx)
