"""A formula that is changed turns its cell red: the checks of the lessons check.

Prints what survived. ``tests/equal_formulas.toml`` names the changes that change nothing, and
``tests/opposites.toml`` the opposites of claims that are no formula.
"""

import tomllib

import pytest
from changing import changes
from lessons import LESSONS, ROOT
from running import apart, formulas, opposites

from bpcourse import ledger

EQUAL = tomllib.loads((ROOT / "tests/equal_formulas.toml").read_text("utf-8"))
OPPOSITES = tomllib.loads((ROOT / "tests/opposites.toml").read_text("utf-8"))
ITEMS = {item.id: item for item in ledger.items()}
WITH_FORMULAS = sorted({item.lesson for item in ITEMS.values() if item.kind == "formula"})


@pytest.mark.slow
@pytest.mark.parametrize("stem", WITH_FORMULAS)
def test_every_changed_formula_is_noticed(stem):
    found = apart(formulas, ROOT / f"lectures/{stem}.ipynb")
    known = EQUAL.get(stem, {})
    survived = [
        f"{cell}: {change}"
        for cell, changed in found["survived"].items()
        for change in changed
        if change not in known.get(cell, {})
    ]
    print(f"{stem}: {found['changes']} changes, {len(survived)} survived")
    assert found["changes"] and not survived, "\n".join(survived)


@pytest.mark.slow
@pytest.mark.parametrize("stem", sorted({ITEMS[id].lesson for id in OPPOSITES}))
def test_the_opposite_of_a_claim_is_noticed(stem):
    chosen = {id: one for id, one in OPPOSITES.items() if ITEMS[id].lesson == stem}
    assert apart(opposites, ROOT / f"lectures/{stem}.ipynb", chosen) == []


def test_an_opposite_is_of_an_item_and_changes_its_cell():
    cells = {(lesson.stem, place.cell.id): place for lesson in LESSONS for place in lesson.places}
    for id, opposite in OPPOSITES.items():
        place = cells[ITEMS[id].lesson, opposite["cell"]]
        assert id in place.tags and opposite["old"] in place.source and opposite["reads"], id


def test_every_claim_that_is_no_formula_has_an_opposite():
    assert {item.id for item in ITEMS.values() if item.kind != "formula"} == set(OPPOSITES)


@pytest.mark.slow
def test_a_claim_that_stays_true_is_not_noticed():
    same = {"cell": "c15", "old": "math.prod(", "new": "np.prod("}
    error = same | {"new": "no_such_name("}  # raises, but no assertion fails
    lesson = ROOT / "lectures/10_softmax_cross_entropy.ipynb"
    assert apart(opposites, lesson, {"C15": same, "another": error}) == ["C15", "another"]


# --- what is changed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("d = W.T @ e", ["d = W @ e", "d = W.T @ e * 1.001"]),
        ("d = f.derivative(z) * e", ["d = f.derivative(f.value(z)) * e"]),
        ("loss = total / N", ["loss = total"]),
        ("s = a + b", ["s = a", "s = b"]),
        ("x = W[i, j] * a[j]", ["x = W[j, i] * a[j]", "x = W[i, j] * a[j - 1]"]),
        ("s = W.T @ W.T", ["s = W @ W.T", "s = W.T @ W"]),
    ],
)
def test_a_formula_is_changed_as_a_careless_hand_would(source, expected):
    made = [made.replace("(W.T @ e)", "W.T @ e") for made in changes(source).values()]
    assert set(expected) <= set(made)


@pytest.mark.parametrize(
    "source",
    [
        "x = rng.normal(size=(n + 1, 2)) + 1",
        "print(a + b)",
        "for i in range(n - 1):\n    pass",
        "n = 0\nn += W.size + b.size\nprint(f'{n} entries')",
        "wrong = W @ e\nassert not np.allclose(wrong, right)",
    ],
)
def test_what_is_no_formula_stays(source):
    assert not changes(source)
