"""The ledger: 90 items, each checked by a cell of its lesson; and it goes red where one is not."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bpcourse import cli, ledger, workspace

COUNTS = {"A": 14, "B": 10, "C": 37, "D": 14, "E": 15}
ALL = [f"{source}{number}" for source, count in COUNTS.items() for number in range(1, count + 1)]
LESSONS = {path.stem for path in workspace.source("lectures").glob("*.ipynb")}


def test_the_data_names_the_90_items_in_the_order_of_the_sources():
    assert [item.id for item in ledger.items()] == ALL


@pytest.mark.parametrize("item", ledger.items(), ids=lambda item: item.id)
def test_an_item_says_what_is_stated_and_what_is_claimed(item):
    assert item.lesson in LESSONS
    assert item.kind in ledger.KINDS
    assert len(item.statement) > 20 and item.statement.count("$") % 2 == 0
    assert len(item.claim.split()) >= 6, "a claim is a sentence"


def test_no_two_items_claim_the_same():
    claims = [item.claim for item in ledger.items()]
    assert len(set(claims)) == len(claims)


@pytest.mark.parametrize("entry", ledger.ledger(), ids=lambda entry: entry.item.id)
def test_an_item_is_checked_in_its_lesson(entry):
    assert entry.status == ledger.CHECKED


def test_every_tag_names_an_item_and_every_tagged_cell_asserts():
    for tag, cells in ledger.tagged_cells().items():
        assert tag in ALL, f"the tag {tag} in {cells[0].lesson} names no item"
        for cell in cells:
            assert cell.status == ledger.CHECKED, f"{tag} in {cell.lesson}, cell {cell.id}"


# --- it can go red --------------------------------------------------------------------------------

CHECK = "assert 1 + x == 3"


@pytest.fixture
def status(tmp_path):
    """Write a lesson of the given cells and return the status of item D8 there."""

    def status(*cells, lesson="05_flow_graphs"):
        notebook = new_notebook(cells=list(cells))
        nbformat.write(notebook, tmp_path / f"{lesson}.ipynb")
        return next(e.status for e in ledger.ledger(tmp_path) if e.item.id == "D8")

    return status


def _check(source=CHECK, count=1, outputs=(), tag="D8"):
    outputs = list(outputs)
    cell = new_code_cell(source, execution_count=count, outputs=outputs, metadata={"tags": [tag]})
    return cell


def test_a_tagged_asserting_cell_that_has_run_checks_its_item(status):
    assert status(_check()) == "checked"
    assert status(_check("%time\nnp.testing.assert_allclose(a, b)")) == "checked"
    assert status(_check("with pytest.raises(ValueError): f(x)")) == "checked"


@pytest.mark.parametrize(
    "cells, expected",
    [
        ([], "no check"),
        ([_check(tag="D7")], "no check"),
        ([_check(tag="hide-output")], "no check"),
        ([_check("print(x == 2)")], "no assertion"),
        ([_check("assert True")], "no assertion"),
        ([_check("# assert x == 2\nx = 'assert x'")], "no assertion"),
        ([new_markdown_cell(CHECK, metadata={"tags": ["D8"]})], "no assertion"),
        ([_check(count=None)], "not run"),
        ([_check(outputs=[new_output("error", ename="E", evalue="", traceback=[])])], "not run"),
        ([_check(), _check("print(x)")], "no assertion"),  # the worst of its cells
        ([_check(), _check(count=None)], "not run"),
    ],
)
def test_what_checks_nothing_is_named(status, cells, expected):
    assert status(*cells) == expected


def test_a_check_in_another_lesson_is_none(status):
    assert status(_check(), lesson="04_chain_rule") == "no check"


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_item_lesson_cell_and_status(capsys):
    cli.main(["ledger"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 92 and lines[-1] == "90 of 90 items checked"
    for item, line in zip(ledger.items(), lines[1:], strict=False):
        name, kind, lesson, status, *cells = line.split()
        assert name.rstrip("*") == item.id and name.endswith("*") == item.slip
        assert (kind, lesson, status) == (item.kind, item.lesson, "checked") and cells


def test_the_command_shows_single_items_and_sources_whole(capsys):
    cli.main(["ledger", "A12", "B"])
    out = capsys.readouterr().out
    chosen = [item for item in ledger.items() if item.id == "A12" or item.id[0] == "B"]
    for item in chosen:
        assert item.statement in out and item.claim in out
    assert re.findall(r"^([A-E]\d+)", out, re.M) == [item.id for item in chosen]
    assert out.endswith("11 of 11 items checked\n")


def test_the_command_fails_where_an_item_is_not_checked(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(workspace, "source", lambda name: tmp_path)
    with pytest.raises(SystemExit) as stop:
        cli.main(["ledger"])
    assert stop.value.code == 1
    assert capsys.readouterr().out.endswith("0 of 90 items checked\n")


def test_the_command_refuses_what_is_no_item(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["ledger", "C38"])
    assert stop.value.code == 2
    assert "'C38' is no item" in capsys.readouterr().err
