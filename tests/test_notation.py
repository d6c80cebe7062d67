"""The dialects: their data, their layouts, and that the notation page runs every one of them."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bpcourse import ledger, notation
from bpcourse.widgets import mathml
from tools.notebooks import read

ROOT = Path(__file__).parents[1]
DIALECTS = notation.dialects()
ENTRIES = tomllib.loads((ROOT / "bpcourse" / "notation.toml").read_text(encoding="utf-8"))[
    "dialect"
]
FORMULAS = {  # by examples, weights: the affine map, and an error signal sent down
    ("rows", "out_in"): (lambda A, W, b: A @ W.T + b, lambda delta, W: delta @ W),
    ("rows", "in_out"): (lambda A, W, b: A @ W + b, lambda delta, W: delta @ W.T),
    ("columns", "out_in"): (lambda A, W, b: W @ A + b[:, None], lambda delta, W: W.T @ delta),
    ("columns", "in_out"): (lambda A, W, b: W.T @ A + b[:, None], lambda delta, W: W @ delta),
    ("one", "out_in"): (lambda A, W, b: W @ A + b[:, None], lambda delta, W: W.T @ delta),
    ("one", "in_out"): (lambda A, W, b: W.T @ A + b[:, None], lambda delta, W: W @ delta),
}


def layer(examples, seed=0):
    rng = np.random.default_rng(seed)
    N = 1 if examples == "one" else 5
    shapes = (N, 3), (4, 3), (4,), (N, 4)
    return [rng.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize(("examples", "weights"), FORMULAS)
@pytest.mark.parametrize("average", notation.LAYOUT["average"])
def test_every_layout_computes_what_the_course_does(examples, weights, average):
    d = replace(DIALECTS[0], examples=examples, weights=weights, average=average)
    affine, sent_down = FORMULAS[examples, weights]
    A, W, b, delta = layer(examples)
    a, w, e = d.to_examples(A), d.to_weights(W), d.to_error(d.to_examples(delta))
    np.testing.assert_allclose(d.linear(a, w, b), affine(a, w, b))
    np.testing.assert_allclose(d.from_examples(d.linear(a, w, b)), A @ W.T + b)
    np.testing.assert_allclose(d.down(e, w), sent_down(e, w))
    np.testing.assert_allclose(d.from_error(d.down(e, w)), delta @ W)
    mean = len(A) if average == "gradient" else 1
    gradient = d.weight_gradient(e, a)
    assert gradient.shape == w.shape
    np.testing.assert_allclose(d.to_weights(gradient), delta.T @ A / mean)


def test_a_row_error_beside_a_column():
    d = replace(DIALECTS[0], examples="one", error="row")
    A, W, b, delta = layer("one")
    e = d.to_error(d.to_examples(delta))
    assert e.shape == (1, 4)
    np.testing.assert_allclose(d.down(e, W), e @ W)
    np.testing.assert_allclose(d.weight_gradient(e, A.T), np.outer(delta[0], A[0]))


def test_the_five_sources_and_the_others_are_there():
    names = [d.name for d in DIALECTS]
    assert names[0] == "this course"
    for start in ("A", "B", "C", "D", "E", "Nielsen", "Ng", "CS231n", "Keras", "PyTorch"):
        assert any(name.startswith(start) for name in names), start
    by_name = {d.name.split(":")[0]: d for d in DIALECTS}
    assert by_name["D"].number(1) == 2 and by_name["D"].weight_number(1) == 1  # z ahead, W not
    assert by_name["E"].error == "row"
    assert by_name["A"].symbols["target"] == r"\hat y"
    assert by_name["C"].symbols["pre_activation"] == "a_l"


@pytest.mark.parametrize("d", DIALECTS, ids=lambda d: d.name)
def test_the_numbers_in_the_letters_are_those_of_the_layout(d):
    """Every row speaks of the course's layer l: a dialect that is one ahead says l+1."""
    for name in ("pre_activation", "activation", "error"):
        symbol = d.symbols[name]
        if "l" in re.sub(r"\\(text\{.*\}|[a-z]+)", "", symbol):
            assert ("l+1" in symbol) == (d.input == 1), symbol
    assert ("l+1" in d.symbols["weights"]) == ("l+1" in d.symbols["weight"]) == (d.first == 2)


@pytest.fixture(scope="module")
def page():
    """What the cells of the notation page define: its formulas ``own``, ``check``, ``net`` …"""
    cells = {cell.id: cell for cell in read(ROOT / "lectures" / "90_notation.ipynb").cells}
    names: dict = {}
    for id in ("setup", "imports", "own-columns", "own-d-e", "own-batches", "run", "check"):
        exec(cells[id].source, names)
    return names | {"shown": cells["check-all"]}


def test_the_page_runs_every_dialect_by_formulas_of_its_own(page):
    assert "for d in notation.dialects()" in page["shown"].source
    for d in DIALECTS:
        assert f"{d.name}: " in page["shown"].outputs[0].text, "run make notebooks"
        assert page["check"](d, page["own"][d.name], page["net"], page["X"], page["Y"]) == 2


def wrong(d):
    """``d`` with one convention wrong, in every way that is not another reading of the same."""
    turned = {
        "examples": {"rows": "columns", "columns": "rows", "one": "rows"}[d.examples],
        "weights": "in_out" if d.weights == "out_in" else "out_in",
        "input": 1 - d.input,
        "first": 3 - d.first,
    }
    if d.examples == "one":
        turned["error"] = "row" if d.error == "as examples" else "as examples"
    for key, value in turned.items():
        yield replace(d, **{key: value})
    for average in set(notation.LAYOUT["average"]) - {d.average}:
        yield replace(d, average=average)


@pytest.mark.parametrize("d", DIALECTS, ids=lambda d: d.name)
def test_the_page_finds_every_wrong_convention(page, d):
    for mistaken in wrong(d):
        with pytest.raises((AssertionError, KeyError, ValueError)):
            page["check"](mistaken, page["own"][d.name], page["net"], page["X"], page["Y"])


@pytest.mark.parametrize("entry", ["z", "error", "delta", "dW"])
def test_the_page_finds_every_wrong_formula(page, entry):
    formulas = page["own"]["A: Lee"]
    right = getattr(formulas, entry)
    twice = formulas._replace(**{entry: lambda *arguments: 2 * right(*arguments)})
    with pytest.raises(AssertionError):
        page["check"](DIALECTS[1], twice, page["net"], page["X"], page["Y"])


def test_the_page_lists_every_starred_item_with_the_lesson_that_checks_it():
    slips = {item.id: item.lesson for item in ledger.items() if item.slip}
    cells = {cell.id: cell for cell in read(ROOT / "lectures" / "90_notation.ipynb").cells}
    listed = {}
    for row in cells["errata"].source.splitlines():
        if re.match(r"\| [A-E]\d", row):
            _, items, *_, lessons, _ = row.split("|")
            listed |= {item: lessons for item in items.replace(",", " ").split()}
    assert set(listed) == set(slips)
    for item, lessons in listed.items():
        assert f"[{slips[item]}]({slips[item]}.ipynb)" in lessons, item


def test_the_tables_show_all():
    for made in (notation.table(), notation.conventions()):
        assert [row[0] for row in made.rows] == [d.name for d in DIALECTS]
        assert all(len(row) == len(made.header) for row in made.rows)
        html = made._repr_html_()
        assert html.count("<tr>") == len(DIALECTS) + 1
        lines = repr(made).splitlines()  # Markdown: header, rule, a line for each
        assert len(lines) == len(DIALECTS) + 2 and set(lines[1]) == set("| -")
        assert {line.count("|") for line in lines} == {len(made.header) + 1}
    assert r"$\delta^l$" in repr(notation.table())


def test_text_in_a_table_cannot_become_markup():
    assert "&lt;b&gt;" in notation.Table(["<b>"], [["x"]])._repr_html_()


@pytest.mark.parametrize("key", ["name", *notation.SYMBOLS])
def test_a_missing_symbol_is_named(key):
    entry = {k: v for k, v in ENTRIES[1].items() if k != key}
    with pytest.raises(ValueError, match=f"expected a value for {key}, got none"):
        notation.dialect(entry)


@pytest.mark.parametrize("key", notation.LAYOUT)
@pytest.mark.parametrize("value", ["lines", 7, None, True])
def test_a_bad_convention_is_named(key, value):
    layout = ENTRIES[1]["layout"]
    with pytest.raises(ValueError, match=rf"A: Lee: {key}: expected one of .*, got {value!r}"):
        notation.dialect(ENTRIES[1] | {"layout": layout | {key: value}})
    rest = {k: v for k, v in layout.items() if k != key}
    with pytest.raises(ValueError, match=f"A: Lee: expected a value for {key}"):
        notation.dialect(ENTRIES[1] | {"layout": rest})


def test_other_mistakes_are_named():
    with pytest.raises(ValueError, match=r"keys of notation.toml, got also \['colour'\]"):
        notation.dialect(ENTRIES[1] | {"colour": "red"})
    with pytest.raises(ValueError, match="A: Lee: pre_activation: expected text.* got 7"):
        notation.dialect(ENTRIES[1] | {"pre_activation": 7})
    with pytest.raises(ValueError, match="A: Lee: layout: expected a table of examples, .* 'rows'"):
        notation.dialect(ENTRIES[1] | {"layout": "rows"})
    layout = ENTRIES[1]["layout"] | {"examples": "rows", "error": "row"}
    with pytest.raises(ValueError, match="error: expected 'as examples' for a batch, got 'row'"):
        notation.dialect(ENTRIES[1] | {"layout": layout})
    lee = next(d for d in DIALECTS if d.name == "A: Lee")
    with pytest.raises(ValueError, match="rows: expected one example for A: Lee, got 5"):
        lee.to_examples(np.zeros((5, 3)))


def test_a_name_that_is_there_twice_is_told(tmp_path, monkeypatch):
    text = (ROOT / "bpcourse" / "notation.toml").read_text(encoding="utf-8")
    (tmp_path / "notation.toml").write_text(text.replace('"Keras"', '"Ng"'), encoding="utf-8")
    monkeypatch.setattr(notation, "files", lambda name: tmp_path)
    with pytest.raises(ValueError, match="Ng: name: expected a new name"):
        notation.dialects.__wrapped__()


def test_a_name_with_an_underscore_is_written_so_that_a_page_shows_it():
    r"""In \text a page writes the backslash of \_ as well; in \mathrm it is an underscore."""
    for dialect in notation.dialects():
        for tex in dialect.symbols.values():
            assert not re.search(r"\\text\{[^}]*\\_", tex), (dialect.name, tex)
    assert mathml.inside(r"\mathrm{y\_pred}") == "<mtext>y_pred</mtext>"
