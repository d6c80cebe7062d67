"""What an answer may use of the course: the tools around the exercises, not the solved parts."""

import dis
import types
from collections.abc import Iterator
from typing import Any

TOOLS = ("Answer", "ask", "check", "gain", "hint", "look", "predict", "progress", "reveals")
ALLOWED = (*TOOLS, "datasets", "figures")


def reaches_into(answer: object) -> str | None:
    """The name through which an answer uses another part of the package, or None.

    Looked for in what its code imports and in the names of its module that it uses, functions that
    it calls included.
    """
    seen: set[int] = set()
    todo: list[Any] = [answer]
    while todo:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if _is_ours(thing):
            return str(thing.__name__)
        if isinstance(thing, type):
            todo += [value for value in vars(thing).values() if _has_code(value)]
            continue
        function = getattr(thing, "__func__", thing)
        if not isinstance(function, types.FunctionType) or _home(function).startswith("bpcourse."):
            continue
        for name, value in _used(function):
            if isinstance(value, str):  # an import
                if value.split(".")[0] == "bpcourse":
                    return value
            elif _home(value).split(".")[0] == "bpcourse" and name not in ALLOWED:
                return name
            elif _has_code(value) or isinstance(value, type):
                todo.append(value)
    return None


def _has_code(value: object) -> bool:
    return hasattr(getattr(value, "__func__", value), "__code__")


def _is_ours(thing: object) -> bool:
    home = _home(thing)
    return home.startswith("bpcourse.") and not home.startswith("bpcourse.questions.")


def _home(value: object) -> str:
    if isinstance(value, types.ModuleType):
        return value.__name__
    home = getattr(value, "__module__", None) or getattr(type(value), "__module__", "")
    return home if isinstance(home, str) else ""


def _used(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """(name, value) of every global and closure variable, (name, module) of every import."""
    for code in _codes(function.__code__):
        for instruction in dis.get_instructions(code):
            name = instruction.argval
            if instruction.opname == "IMPORT_NAME":
                yield name, name
            elif instruction.opname == "LOAD_GLOBAL" and name in function.__globals__:
                value = function.__globals__[name]
                if not isinstance(value, str):
                    yield name, value
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:  # not yet filled
            continue
        if not isinstance(value, str):
            yield name, value


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)
