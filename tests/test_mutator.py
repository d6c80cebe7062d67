"""``make mutants`` makes the changes that it says, and its list of equal ones names real ones."""

import ast

import pytest

from tools.mutants import EQUAL, ROOT, TESTS, mutants

SOURCE = '''
"""A docstring is no number: 1."""

def share(a, b):
    if a < 0 and not b:
        raise ValueError(f"a: expected {0} or more, got {a}")
    total = a + b
    return a / total if total else -1
'''


def test_each_kind_of_place_is_changed():
    names = [mutant.name for mutant in mutants(SOURCE)]
    for change in (
        "if a < 0 and (not b): => if a <= 0 and (not b):",
        "if a < 0 and (not b): => if a < 0 or not b:",
        "if a < 0 and (not b): => if not (a < 0 and (not b)):",
        "if a < 0 and (not b): => if a < 0 and b:",
        "total = a + b => total = a - b",
        "total = a + b => pass",
        "return a / total if total else -1 => return -1 if total else a / total",
        "return a / total if total else -1 => return a * total if total else -1",
        "return a / total if total else -1 => return a / total if total else -2",
    ):
        assert f"share: {change}" in names
    assert any(name.endswith("=> pass") and "raise" in name for name in names)
    assert len(names) == len(set(names))


def test_a_mutant_is_one_change_and_compiles():
    whole = ast.unparse(ast.parse(SOURCE))
    for mutant in mutants(SOURCE):
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != whole and "A docstring is no number: 1." in mutant.source
        assert "expected {0} or more" in mutant.source or "raise" not in mutant.source


@pytest.mark.parametrize("name", TESTS)
def test_every_module_has_its_tests(name):
    assert (ROOT / "bpcourse" / f"{name}.py").is_file()
    for test in TESTS[name].split():
        assert list((ROOT / "tests").glob(f"{test}*")), test


def test_every_equal_mutant_is_one_and_has_its_reason():
    of_module = {}
    for line in EQUAL.read_text(encoding="utf-8").splitlines()[1:]:
        called, reason = line.split("  # ")
        module = called.partition(": ")[0].rpartition("/")[0]
        if module not in of_module:
            source = (ROOT / "bpcourse" / f"{module}.py").read_text(encoding="utf-8")
            of_module[module] = {mutant.name for mutant in mutants(source)}
        assert called.removeprefix(f"{module}/") in of_module[module] and reason
