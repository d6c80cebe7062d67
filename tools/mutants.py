"""Would the tests see it? ``make mutants`` breaks one place, and runs the tests of its module.

A mutant is a copy of a module in which one operator, number, branch or statement is another. Of
those that are not listed as equal in ``tests/equal_mutants.txt``, the tests of the module should
kill 99 % in the mathematics and 97 % elsewhere. A run draws a sample with a seed; ``--sample 0``
takes all. Modules may be named: ``make mutants ARGS="layers graph --sample 100"``.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[1]
EQUAL = ROOT / "tests" / "equal_mutants.txt"
TESTS = {  # the tests that are to see a change in the module, fastest first
    "validation": "test_validation test_losses test_layers test_network test_training",
    "normal": "test_activations",
    "sums": "test_layers test_losses",
    "activations": "test_activations test_layers test_network",
    "losses": "test_losses test_network",
    "layers": "test_layers test_network test_properties",
    "network": "test_network test_properties test_training",
    "optimizers": "test_training",
    "monitor": "test_training",
    "training": "test_training",
    "operations": "test_graph",
    "graph": "test_graph test_properties",
    "indexwise": "test_indexwise",
    "files": "test_files test_workspace",
    "text/console": "test_console",
    "questions/judging/clock": "questions/test_clock test_systems",
    "questions/judging/compare": "questions/test_compare questions/test_evidence",
    "questions/judging/code": "questions/test_code questions/test_edges questions/test_evidence "
    "questions/test_formula",
    "questions/judging/posed": "questions/test_posed questions/test_slips_by_hand",
    "marking/statistics": "marking/test_statistics marking/test_pages",
    "marking/submissions": "marking/test_submissions marking/test_layouts",
    "marking/results": "marking/test_results marking/test_weeks",
    "marking/export": "marking/test_export marking/test_weeks",
}
MATHEMATICS = list(TESTS)[: list(TESTS).index("files")]
SECONDS = 60  # of processor time for one mutant: one that does not end is seen

OTHERS: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
Node = TypeVar("Node", bound=ast.AST)
Way = list[tuple[str, int | None]]  # from the root to a node: fields, and places in them
WORDS = (ast.Raise, ast.JoinedStr)  # what is said is not what is computed


@dataclass(frozen=True)
class Mutant:
    """One change: the whole module with it, and how it is called."""

    name: str
    line: int
    tree: ast.AST

    @property
    def source(self) -> str:
        return ast.unparse(self.tree)


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module's source."""
    tree = ast.parse(source)
    for node, path, function in places(tree):
        before = _statement(tree, path)
        for other in _others(node):
            changed = put(tree, path, other)
            name = f"{function}: {before} => {_statement(changed, path)}"
            yield Mutant(name, getattr(node, "lineno", 0), changed)


def _statement(tree: ast.AST, path: Way) -> str:
    """The innermost statement on the way; of a block its first line."""
    node, found = tree, tree
    for field, i in path:
        value = getattr(node, field)
        node = value if i is None else value[i]
        found = node if isinstance(node, ast.stmt) else found
    if isinstance(found, ast.FunctionDef | ast.ClassDef):
        found = replaced(found, decorator_list=[])
    return ast.unparse(found).partition("\n")[0]


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, Way, str]]:
    """Each node that may change, the way to it from the root, and the function it stands in."""

    def walk(node: ast.AST, path: Way, function: str) -> Iterator[tuple[ast.AST, Way, str]]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".lstrip(".")
        elif isinstance(node, WORDS) or _is_for_types(node):
            if isinstance(node, ast.Raise):
                yield node, path, function
            return
        yield node, path, function
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_params", "bases"):
                continue
            if isinstance(value, list):
                for i, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        yield from walk(child, [*path, (field, i)], function)
            elif isinstance(value, ast.AST):
                yield from walk(value, [*path, (field, None)], function)

    return walk(tree, [], "")


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op):
            for kind in OTHERS.get(type(op), []):
                yield replaced(node, op=kind())
        case ast.Compare(ops=[op]):
            for kind in OTHERS[type(op)]:
                yield replaced(node, ops=[kind()])
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=orelse):
            yield replaced(node, body=orelse, orelse=body)
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(0)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 2 if value else 1.0)
        case ast.If(test=test):
            yield replaced(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Name() | ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Break():
            yield ast.Pass()


def replaced(node: Node, **fields: object) -> Node:
    """A copy of the node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def put(tree: ast.AST, path: Way, new: ast.AST) -> ast.AST:
    """The tree with another node in the place at the end of the way; the rest is shared."""
    if not path:
        return ast.fix_missing_locations(new)
    (field, i), *rest = path
    value = getattr(tree, field)
    if i is None:
        return replaced(tree, **{field: put(value, rest, new)})
    return replaced(tree, **{field: [*value[:i], put(value[i], rest, new), *value[i + 1 :]]})


def _survives(folder: Path, tests: list[str], compiling: bool = False) -> bool:
    """Whether the tests pass in the folder, in a child that has what they import already.

    Where it is ``compiling``, the bytecode of all that they load stays for the next ones.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # its signal ends the child,
        signal.setitimer(signal.ITIMER_REAL, 10 * SECONDS)  # as does this one where it only waits
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        os.chdir(folder)
        os.environ["PYTHONPATH"] = str(folder)  # for the processes that a test starts
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = not compiling
        options = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not slow and not browser"]
        os._exit(int(pytest.main([*options, "--hypothesis-seed=0", *tests])))
    finally:
        os._exit(70)


def _examine(name: str, sample: int, seed: int, equal: set[str]) -> tuple[int, int]:
    """(killed, of how many) for a sample of the module's mutants; the survivors are printed."""
    source = (ROOT / "bpcourse" / f"{name}.py").read_text(encoding="utf-8")
    all_of_it = [m for m in mutants(source) if f"{name}/{m.name}" not in equal]
    drawn = all_of_it
    if 0 < sample < len(all_of_it):
        drawn = random.Random(seed).sample(all_of_it, sample)
    tests = [str(next((ROOT / "tests").glob(f"{test}*"))) for test in TESTS[name].split()]
    tests = [os.path.relpath(test, ROOT) for test in tests]
    killed = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as made:
        folder = Path(made)
        for part in ("bpcourse", "tests", "tools", "docs", "lectures", "exercises", "solutions"):
            hidden = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(ROOT / part, folder / part, ignore=hidden)
        for part in ("conftest.py", "pyproject.toml", "Makefile", "README.md"):
            shutil.copy(ROOT / part, folder / part)
        if not _survives(folder, tests, compiling=True):
            raise SystemExit(f"{name}: its tests fail without a change: {' '.join(tests)}")
        module = folder / "bpcourse" / f"{name}.py"
        for stale in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
            stale.unlink()  # two mutants of one second and one length look alike to it
        for mutant in drawn:
            module.write_text(mutant.source, encoding="utf-8")
            if _survives(folder, tests):
                print(f"  {name}/{mutant.name}    (line {mutant.line})", flush=True)
            else:
                killed += 1
    return killed, len(drawn)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", choices=[[], *TESTS], default=MATHEMATICS)
    parser.add_argument("--sample", type=int, default=20, help="mutants a module; 0: all of them")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    import hypothesis.extra.numpy  # noqa: F401  once, for all children
    import nbformat  # noqa: F401
    import nbval.plugin  # type: ignore[import-untyped]  # noqa: F401
    import numpy.testing  # noqa: F401
    import yaml  # type: ignore[import-untyped]  # noqa: F401

    lines = EQUAL.read_text(encoding="utf-8").splitlines()
    equal = {line.partition("  # ")[0].strip() for line in lines if not line.startswith("#")}
    short = []
    for name in arguments.modules:
        started = time.perf_counter()
        killed, drawn = _examine(name, arguments.sample, arguments.seed, equal)
        share = killed / drawn if drawn else 1.0
        seconds = time.perf_counter() - started
        print(
            f"{name:26} {killed:4} of {drawn:4} killed  {share:6.1%}  {seconds:5.0f} s", flush=True
        )
        if share < (0.99 if name in MATHEMATICS else 0.97):
            short.append(name)
    if short:
        raise SystemExit(f"too few: {', '.join(short)}")


if __name__ == "__main__":
    main()
