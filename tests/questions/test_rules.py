"""The table of what a slip of the pen makes of an operation."""

import ast

import numpy as np
import pytest

from bpcourse.questions.judging import rewriting, rules


def read(source):
    return ast.parse(source, mode="eval").body


def made(source, of=rules.of_operation):
    return {(name, ast.unparse(other)) for name, other in of(read(source))}


@pytest.mark.parametrize(
    "source, name, other",
    [
        ("x - y", "plus_for_minus", "x + y"),
        ("x - y", "part_negative", "y - x"),
        ("x - f(y)", "term_missing", "-f(y)"),
        ("x[0] * y.T", "factor_twice", "x[0] * y.T * y.T"),
        ("x @ W", "factor_missing", "np.sum(W, axis=0)"),
        ("W.T", "transpose_misplaced", "W.reshape(W.T.shape)"),
        ("u if z > 0 else v", "condition_wrong", "v if z > 0 else u"),
        ("(x - y) / z", "brackets_missing", "x - y / z"),
        ("x * (y - z)", "brackets_missing", "x * y - z"),
        ("x + y * z", "brackets_missing", "(x + z) * y"),
        ("1 - a ** 2", "inside_for_outside", "(1 - a) ** 2"),
    ],
)
def test_a_rule_makes_what_its_pattern_says(source, name, other):
    assert (name, other) in made(source)


def test_a_pattern_fits_only_what_is_built_like_it():
    assert made("f(x)") == made("x") == made("x.shape") == set()
    assert not {name for name, _ in made("x * y")} & {"brackets_missing", "inside_for_outside"}
    assert ("brackets_missing", "x + y * z") not in made("(x - y) * z")


def test_every_value_may_be_wrapped():
    found = [(name, ast.unparse(other())) for name, other in rules.wrapped(read("p[i]"))]
    assert ("one_in_part", "1 - p[i]") in found
    assert {"square_in_part"} <= {name for name, _ in found} <= set(rewriting.ORDER)


@pytest.mark.parametrize(
    ("table", "of", "letters"),
    [(rules.WRAPPED, rules.wrapped, "a"), (rules.MIXED, rules.mixed, "ab")],
)
def test_what_is_done_to_a_value_is_what_is_told_of_it(table, of, letters):
    given = {"a": np.array([0.5, 2.0]), "b": np.array([3.0, 0.25])}
    told = [ast.unparse(other()) for _, other in of(*map(read, letters))]
    done = [function(*map(given.get, letters)) for function in rules.functions(table)]
    assert len(told) == len(done) > 5
    for code, value in zip(told, done, strict=True):
        np.testing.assert_array_equal(eval(code, {"np": np, **given}), value)  # noqa: S307


def test_what_comes_in_is_told_apart_by_its_place_in_the_table():
    told = [ast.unparse(other()) for _, other in rules.mixed(read("a"), read("b"))]
    assert told[rules.LAST_OF_SAME] == "a * b" and told[rules.OF_COUNT] == "a / (b + 1)"
