"""Docstrings of the reference: numpydoc sections that name what a function takes and gives."""

import doctest
import importlib
import inspect
import re

import pytest

MODULES = [  # a module belongs here once its docstrings are whole
    "activations",
    "datasets",
    "graph",
    "indexwise",
    "layers",
    "losses",
    "network",
    "notation",
    "operations",
    "optimizers",
    "training",
]


def _public(module):
    """(name, function) for every public function and method that the module defines."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            yield name, thing
            for method, value in vars(thing).items():
                value = value.__func__ if isinstance(value, classmethod) else value
                if inspect.isfunction(value) and not method.startswith("_"):
                    yield f"{name}.{method}", getattr(thing, method)
        elif inspect.isfunction(thing):
            yield name, thing


PUBLIC = [
    pytest.param(thing, id=f"{module}.{name}")
    for module in MODULES
    for name, thing in _public(importlib.import_module(f"bpcourse.{module}"))
]
# One line is enough: what dict or another docstring says, or what only the package itself calls.
SHORT = {"setdefault", "update", "pop", "popitem", "clear", "step", "build", "topological_order"}
SHORT |= {"unbroadcast", "Table", "Optimizer"}


def _section(text, title):
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", text, re.M | re.S)
    return found[1] if found else ""


@pytest.mark.parametrize("thing", PUBLIC)
def test_a_docstring_names_what_it_takes_and_gives(thing):
    text = inspect.getdoc(thing)
    assert text and text.splitlines()[0].strip()
    if thing.__name__ in SHORT or not thing.__doc__:  # it has the docstring of its base
        return
    if inspect.isclass(thing) and "__init__" not in vars(thing):
        return
    signature = inspect.signature(thing)
    taken = [name for name in signature.parameters if name not in ("self", "cls")]
    sections = _section(text, "Parameters") + _section(text, "Attributes")
    names = re.findall(r"^(\*{0,2}\w[\w, *]*) : ", sections, re.M)
    listed = [name.strip("* ") for line in names for name in line.split(",")]
    if not (inspect.isclass(thing) and not taken):
        assert set(taken) <= set(listed), f"expected {taken}, got {listed}"
    if inspect.isfunction(thing) and signature.return_annotation not in (None, "None"):
        assert _section(text, "Returns")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    module = importlib.import_module(f"bpcourse.{name}")
    assert doctest.testmod(module).failed == 0
