"""A harmless ``bpcourse`` for the notebook: the names that an exercise may use, doing nothing."""

import __future__

import ast
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Self, TypeGuard

FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
may_use = ""  # the sentence that says what an answer may use


@dataclass(frozen=True)
class Answer:
    """An answer to the numbers of one seed."""

    value: object
    seed: int = 0


class Nothing:
    """Takes whatever is done with it, and does nothing: a check, a picture, a data set."""

    def __call__(self, *arguments: object, **named: object) -> "Nothing":
        return self

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> "Nothing":
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None


class NotInsideError(Exception):
    """What a cell needs is not here, and that is no fault of the cell."""


class Data(Nothing):
    """``datasets``: there is no data inside to be unpacked or counted."""

    def __iter__(self) -> NoReturn:
        raise NotInsideError("the data sets of the course are not there while answers are marked")

    __len__ = __iter__


class Missing(Nothing):
    """What could not be imported: harmless while cells run, an ImportError in an answer."""

    asked = False  # whether answers are asked for now

    def __init__(self, why: str) -> None:
        self.__dict__["why"] = why

    def __call__(self, *arguments: object, **named: object) -> Nothing:
        return self._used()

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._used()

    def __getitem__(self, key: object) -> Nothing:
        return self._used()

    def _used(self) -> Nothing:
        if Missing.asked:
            raise ImportError(self.__dict__["why"])
        return self


class StandIn(types.ModuleType):
    """The module: any name that is allowed, and an ImportError for the rest."""

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__("bpcourse")
        self.__path__: list[str] = []
        self.__dict__.update({name: _tool(name) for name in allowed}, Answer=Answer)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"an answer may not use bpcourse.{name}")

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Python asks for a part of the package: there is none."""
        if name.startswith("bpcourse."):
            raise ImportError(f"an answer may not use {name}")


def install(allowed: Iterable[str], sentence: str) -> None:
    """Put the stand-in where ``import bpcourse`` finds it."""
    global may_use
    may_use = sentence
    module = sys.modules["bpcourse"] = StandIn(allowed)
    sys.meta_path.insert(0, module)
    for name in allowed:  # from bpcourse.datasets import digits
        part = sys.modules[f"bpcourse.{name}"] = types.ModuleType(name)
        vars(part)["__getattr__"] = _tool(name).__getattr__


def _tool(name: str) -> Nothing:
    return Data() if name == "datasets" else Nothing()


def run(source: str, name: str, space: dict[str, Any]) -> ImportError | None:
    """Run a cell in ``space``. Where an import of its own fails, the rest is run all the same.

    What could not be imported is :class:`Missing`; returns the first such error, or None.
    """
    failed: ImportError | None = None
    flags = 0
    for part in _parts(ast.parse(source, name)):
        code = compile(part, name, "exec", flags, dont_inherit=True)
        flags |= code.co_flags & FUTURE
        try:
            exec(code, space)
        except ImportError as error:
            if not _is_import(statement := part.body[0]):
                raise
            failed = failed or error
            why = str(error)
            for alias in statement.names:
                bound = alias.asname or alias.name.partition(".")[0]
                space.setdefault(bound, Missing(why))
    return failed


def _parts(tree: ast.Module) -> Iterator[ast.Module]:
    """The statements of a cell as modules: each import alone, what stands between them together."""
    part: list[ast.stmt] = []
    for statement in tree.body:
        if part and (_is_import(statement) or _is_import(part[-1])):
            yield ast.Module(part, [])
            part = []
        part.append(statement)
    if part:
        yield ast.Module(part, [])


def _is_import(statement: ast.stmt) -> TypeGuard[ast.Import | ast.ImportFrom]:
    return isinstance(statement, ast.Import | ast.ImportFrom)


class Shell:
    """What ``get_ipython()`` gives: magics and commands do nothing, but for those around code."""

    def __init__(self, run: Callable[[str], object]) -> None:
        self._run = run

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        """``%%time`` and its like run their cell; of any other nothing is run."""
        if name in ("time", "timeit", "capture", "prun"):
            self._run(body)

    def __getattr__(self, name: str) -> Nothing:
        return Nothing()
