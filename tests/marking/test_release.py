"""Exercises packed for hand-out: the notebooks as they are, what they refer to, nothing lost."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from bpcourse import cli, workspace
from bpcourse.files import write
from bpcourse.marking.release import README, release
from bpcourse.questions.bank import NOTEBOOKS, all_questions

ROOT = Path(__file__).parents[2]
ELEVEN = "exercises/11_matrix_form.ipynb"


def _files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_an_exercise_goes_out_byte_for_byte_with_its_lesson(tmp_path, capsys):
    names = release(["11"], tmp_path / "week")
    assert _files(tmp_path / "week") == set(names)
    assert set(names) == {README, ELEVEN, "lectures/11_matrix_form.ipynb"}
    assert (tmp_path / "week" / ELEVEN).read_bytes() == (ROOT / ELEVEN).read_bytes()
    lesson = json.loads((tmp_path / "week" / "lectures/11_matrix_form.ipynb").read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in lesson["cells"])
    readme = (tmp_path / "week" / README).read_text("utf-8")
    own = [question for question in all_questions() if question.lesson == "matrix_form"]
    points, minutes = sum(one.points for one in own), sum(one.minutes for one in own)
    row = f"Exercises 11 · Matrix form | {len(own)} | {points} | {minutes} minutes |"
    assert f"| `{ELEVEN}`: {row}" in readme
    assert ELEVEN in capsys.readouterr().out


@pytest.mark.parametrize("name", ["11", "matrix_form", "11_matrix_form", "11_matrix_form.ipynb"])
def test_a_lesson_has_these_names(tmp_path, name):
    assert ELEVEN in release([name, "11"], tmp_path / "week")


@pytest.mark.parametrize("name", ["00", "inventory_a", "before_you_start"])
def test_the_inventory_has_these(tmp_path, name):
    assert "exercises/00_before_you_start.ipynb" in release([name], tmp_path / "week")


@pytest.mark.parametrize("name", ["17", "", "1", "../solutions/11_matrix_form", "90"])
def test_a_lesson_without_exercises_is_refused_with_those_that_have(tmp_path, name):
    with pytest.raises(ValueError, match="lesson: expected.*11_matrix_form.*got"):
        release([name], tmp_path / "week")
    assert not (tmp_path / "week").exists()


def test_every_link_of_a_packed_exercise_leads_somewhere(tmp_path):
    names = release(NOTEBOOKS, tmp_path / "all")
    packed = [Path(name).stem for name in names if name.startswith("exercises/")]
    assert packed == sorted(NOTEBOOKS.values())
    links = 0
    for path in (tmp_path / "all" / "exercises").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for link in re.findall(r"\]\(([^)#:]+)\)", "".join(cell["source"])):
                if cell["cell_type"] == "markdown":
                    assert (path.parent / link).is_file(), f"{path.name}: {link}"
                    links += 1
    assert links >= len(NOTEBOOKS)


def test_pictures_go_with_the_exercise_that_shows_them(tmp_path, monkeypatch):
    cells = [
        {
            "cell_type": "markdown",
            "source": ["# A\n", '![a](net.svg "net") <img src="b.png">'],
        },
        {"cell_type": "markdown", "source": ["[w](https://a.example/c.png) [g](gone.png) [x](#a)"]},
    ]
    home = tmp_path / "home"
    monkeypatch.setattr(workspace, "source", lambda name: home / name)
    write(home / "exercises/11_matrix_form.ipynb", json.dumps({"cells": cells}).encode())
    write(home / "exercises/net.svg", b"<svg/>")
    write(home / "exercises/b.png", b"")
    write(home / "exercises/other.svg", b"<svg/>")
    shown = {"exercises/net.svg", "exercises/b.png"}
    assert set(release(["11"], tmp_path / "out")) == {README, ELEVEN} | shown


def test_a_zip_holds_the_same_and_is_the_same_each_time(tmp_path):
    names = release(["11", "12"], tmp_path / "a.zip")
    release(["12", "11"], tmp_path / "b.ZIP")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.ZIP").read_bytes()
    release(["11", "12"], tmp_path / "folder")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == names and archive.testzip() is None
        for name in names:
            assert archive.read(name) == (tmp_path / "folder" / name).read_bytes()


@pytest.mark.parametrize("out, file", [("week", ELEVEN), ("week.zip", "")])
def test_what_is_there_is_not_overwritten_unless_one_says_so(tmp_path, capsys, out, file):
    out = tmp_path / out
    release(["11"], out)
    release(["11"], out)  # the same again: nothing is lost
    theirs = out / file if file else out
    theirs.write_bytes(b"mine")
    capsys.readouterr()
    with pytest.raises(FileExistsError, match=f"{theirs.name}.*--force"):
        release(["11"], out)
    assert theirs.read_bytes() == b"mine"
    release(["11"], out, force=True)
    assert theirs.read_bytes() != b"mine"
    assert f"Replaced: {theirs}" in capsys.readouterr().out


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.main(["release", "11", "--out", "week.zip"])
    with pytest.raises(SystemExit, match="2"):
        cli.main(["release", "99", "--out", "other.zip"])
    assert "got '99'" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="1"):
        cli.main(["release", "12", "--out", "week.zip"])
    assert "week.zip" in capsys.readouterr().err
    cli.main(["release", "12", "--out", "week.zip", "--force"])
    assert zipfile.ZipFile("week.zip").namelist()[1] == "exercises/12_cost_of_backprop.ipynb"
    assert _files(tmp_path) == {"week.zip"}
