"""The names that docs/versions.md promises are there, and what is to be filled in can be found."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import yaml

import bpcourse
from bpcourse import datasets, gradcheck, graph, questions

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
PROMISED = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()


def _parameters(signature):
    """(name, whether by keyword alone, default as it is written) of each parameter."""
    arguments = ast.parse(f"def f{signature}: ...").body[0].args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults
    for argument, default in zip(arguments.args, defaults, strict=True):
        yield argument.arg, False, default and ast.unparse(default)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield argument.arg, True, default and ast.unparse(default)


def _default(parameter):
    value = parameter.default
    if value is inspect.Parameter.empty:
        return None
    return value.__name__ if isinstance(value, type) else repr(value)


@pytest.mark.parametrize("line", PROMISED)
def test_a_name_that_stays_takes_what_is_promised(line):
    name, signature = line[: line.index("(")], line[line.index("(") :]
    given = inspect.signature(attrgetter(name)(bpcourse)).parameters
    given = {key: value for key, value in given.items() if key != "self"}
    promised = list(_parameters(signature))
    by_place = [key for key, keyword, _ in promised if not keyword]
    assert list(given)[: len(by_place)] == by_place
    for key, keyword, default in promised:
        assert (given[key].kind is inspect.Parameter.KEYWORD_ONLY) == keyword
        if default is not None:  # what had to be given may be left out one day
            assert _default(given[key]) == default
    for key in given.keys() - {key for key, *_ in promised} - {"args", "kwargs"}:
        assert _default(given[key]) is not None, f"{key} has to be given: a call breaks"


def test_every_public_class_and_function_is_promised_or_new():
    """A new public name is added to the page, or said here to be free to change."""
    free = {"Answer", "central_difference", "gain", "glossary", "look", "reveals"}
    names = {line.split("(")[0].split(".")[0] for line in PROMISED}
    modules = {name for name in bpcourse.__all__ if inspect.ismodule(getattr(bpcourse, name))}
    assert set(bpcourse.__all__) - modules - free <= names


def test_the_attributes_that_stay(rng):
    net, X, y = datasets.worked_network()
    net.forward(X, y)
    assert set(net.backward()) == set(net.params) == {"0.W", "0.b", "2.W", "2.b"}
    assert all(hasattr(net.forward_trace(X)[0], name) for name in "index layer x y".split())
    net.forward(X, y)
    step = net.backward_trace()[0]
    assert all(hasattr(step, name) for name in "index layer grad_y grad_x grads".split())
    assert net.layers[0].params.keys() == {"W", "b"}
    assert net.layers[0].grads.keys() == {"W", "b"}
    node = graph.Node(2.0) * graph.Node(3.0)
    assert node.grad is None
    node.backward()
    assert all(hasattr(node, name) for name in "value grad parents local contributions".split())
    report = gradcheck.check_gradient(lambda w: (w**2).sum(), np.ones(2), 2 * np.ones(2))
    assert report.verdict == "right" and hasattr(report, "reason") and callable(report.explain)
    question = questions.all_questions()[0]
    assert all(hasattr(question, name) for name in "id points answer misconceptions".split())
    result = bpcourse.check("matrix_form.linear_backward", lambda dZ, A, W: (dZ, A, W))
    assert result.status == "wrong" and result.message and callable(result.require)
    assert result.misconception is None or result.misconception in result.misconceptions


def test_the_commands_that_stay():
    listed = re.search(
        r"On the command line: (.*?); in the\nrepository: (.*)\n(.*)", PAGE, re.DOTALL
    )
    commands = re.findall(r"`(?:bpcourse )?([\w-]+)`", listed[1])
    run = subprocess.run(
        [sys.executable, "-m", "bpcourse", "--help"], capture_output=True, text=True
    )
    assert len(commands) == 9 and all(command in run.stdout for command in commands)
    targets = re.findall(r"`(?:make )?([\w-]+)`", listed[2] + listed[3])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert len(targets) == 7
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_version_is_the_same_wherever_it_stands():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == bpcourse.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version, date = re.findall(r"^## \[(\d[^]]*)\] - (\S+)$", changelog, re.MULTILINE)[0]
    assert (version, date) == (bpcourse.__version__, str(citation["date-released"]))
    sections = set(re.findall(r"^### (.*)$", changelog, re.MULTILINE))
    assert sections <= set("Added Changed Deprecated Removed Fixed Security".split())


def test_an_address_is_a_placeholder_until_there_is_one():
    """Whoever publishes searches for ADDRESS-; the guide names each file that has one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert all("/ADDRESS-OF-THE-REPOSITORY" in url for url in project["urls"].values())
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## A release")[2]
    files = [path for path in ROOT.iterdir() if path.suffix in (".md", ".toml", ".cff")]
    have = {path.name for path in files if "ADDRESS-" in path.read_text(encoding="utf-8")}
    assert have - {"CONTRIBUTING.md"} == {"pyproject.toml", "CHANGELOG.md", "SECURITY.md"}
    assert all(name in guide for name in have - {"CONTRIBUTING.md"})
