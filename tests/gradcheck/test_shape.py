"""The checker reads as a method: short functions, named numbers, one first page."""

import ast
import re
import tokenize
from pathlib import Path

import pytest

from bpcourse import gradcheck

MODULES = sorted(Path(gradcheck.__file__).parent.glob("*.py"))
LONGEST = 40
LINES = 1298  # of code in all modules, without docstrings, comments and blanks: no more than today
SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
PLAIN = {0, 1, 2, 1j}  # numbers that need no name


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def lines_of_code(path: Path) -> int:
    tree, lines = ast.parse(path.read_text("utf-8")), set()
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type not in (*SILENT, tokenize.ENDMARKER):
                lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_the_package_does_not_grow():
    assert sum(map(lines_of_code, MODULES)) <= LINES


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_function_is_long(path):
    for node in functions(path):
        body = node.body[ast.get_docstring(node) is not None :]
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        assert lines <= LONGEST, f"{path.name}: {node.name} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_number_has_a_name(path):
    for node in functions(path):
        for number in ast.walk(node):
            if isinstance(number, ast.Constant) and isinstance(number.value, int | float | complex):
                assert number.value in PLAIN, f"{path.name}:{number.lineno}: {number.value}"


def test_the_first_page_names_every_module_of_the_method():
    page = gradcheck.__doc__
    for name in ("slope", "line", "noise", "point", "look", "kinks", "check", "tuned"):
        assert f"``{name}.py``" in page


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_object_reaches_into_another(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr):
            assert isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"), (
                f"{path.name}:{node.lineno}: {node.attr}"
            )
