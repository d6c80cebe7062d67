"""An instructor's own questions: asked, judged and marked as the course's, and refused clearly."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nbformat
import pytest

from bpcourse import cli
from bpcourse import text as texts
from bpcourse.questions import all_questions, bank
from bpcourse.questions import question as registry
from bpcourse.questions.asking import ask
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text

from .test_batch import shut_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "instructors" / "private_questions.md").read_text("utf-8")
MODULE, TEXTS = (
    re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[1] for kind in ("python", "toml")
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The documentation's example, in a bank that is as before afterwards."""
    (tmp_path / "midterm.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "midterm.toml").write_text(TEXTS, encoding="utf-8")
    all_questions()
    kept = [registry._registered, texts._added, texts._settings, bank.NOTEBOOKS]
    before = [dict(table) for table in kept]
    monkeypatch.setattr(bank, "_folders", set())
    yield tmp_path
    for table, entries in zip(kept, before, strict=True):
        table.clear()
        table.update(entries)
    all_questions.cache_clear()


def test_the_documentations_example_is_asked_and_judged(folder, monkeypatch):
    monkeypatch.chdir(folder)
    count = len(all_questions())
    bank.add(folder)
    first, second = all_questions()[count:]
    assert bank.NOTEBOOKS["midterm"] == "midterm" and len(all_questions()) == count + 2
    assert bank.find(first.id) is first and first.lesson == "midterm"
    assert judge(first, first.reference()).status == "right"
    for name in first.misconceptions:
        result = judge(first, first.reference(name))
        assert result.misconceptions == (name,)
        assert text(f"misconception.{name}.hint") in result.message
    assert str(ask(first.id)) == text(f"question.{first.id}.task")
    shown = str(ask(second.id))
    letters = re.findall(r"^- \*\*([A-Z])\*\*", shown, re.MULTILINE)
    verdicts = [judge(second, letter).status for letter in letters]
    assert sorted(verdicts) == ["right", "wrong", "wrong"]


def test_adding_it_twice_changes_nothing(folder, monkeypatch):
    bank.add(folder)
    questions = all_questions()
    bank.add(str(folder) + os.sep)
    monkeypatch.chdir(folder)
    bank.add(".")
    assert all_questions() == questions


def test_a_module_may_name_its_notebook(folder):
    (folder / "midterm.py").write_text(MODULE + '\nNOTEBOOK = "week-9"\n', encoding="utf-8")
    bank.add(folder)
    assert bank.NOTEBOOKS["midterm"] == "week-9"
    assert [question.lesson for question in all_questions()[-2:]] == ["midterm", "midterm"]


BAD = {
    "a question that the course has": ("midterm.first", "matrix_form.outer_product", "two quest"),
    "a lesson of the course": ("midterm.", "matrix_form.", "expected a notebook of your own"),
    "two notebooks": ('"midterm.second"', '"final.second"', r"one notebook, got \['final', 'mid"),
    "an id without a dot": ("midterm.", "midterm_", "expected (questions of one|'notebook.name')"),
    "an id with a space": ('"midterm.second"', '"midterm.sec ond"', "id: expected 'notebook.name'"),
    "an unknown misconception": ("sign_flipped", "sing_flipped", "misconception 'sing_flipped'"),
    "one answer for two": (
        'answer="second"',
        'answer="gradient_of_loss"',
        "answer: expected a name for each",
    ),
    "a module that fails": ("import numpy", "import numpie", "ModuleNotFoundError.*numpie"),
    "a wrong kind": ('"choice"', '"chioce"', "midterm.second: kind must be one of"),
    "a notebook's name with a folder": (
        "import numpy",
        'NOTEBOOK = "a/b"\nimport numpy',
        "NOTEBOOK.*'a/b'",
    ),
    "a notebook of the course": (
        "import numpy",
        'NOTEBOOK = "11_matrix_form"\nimport numpy',
        "of your own",
    ),
}


@pytest.mark.parametrize("old, new, said", BAD.values(), ids=BAD)
def test_questions_that_cannot_be_are_refused_and_nothing_is_kept(folder, old, new, said):
    before, notebooks = all_questions(), dict(bank.NOTEBOOKS)
    assert old in MODULE
    (folder / "midterm.py").write_text(MODULE.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=f"midterm.py: .*{said}"):
        bank.add(folder)
    assert all_questions() == before and bank.NOTEBOOKS == notebooks and not texts._added
    assert {path.name for path in folder.iterdir()} == {"midterm.py", "midterm.toml"}
    (folder / "midterm.py").write_text(MODULE, encoding="utf-8")  # mended, it can be added
    bank.add(folder)
    assert len(all_questions()) == len(before) + 2


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("task =", "tusk =", "midterm.py: midterm.first: .*midterm.first.task"),
        ("right =", "rihgt =", "midterm.py: midterm.second: .*midterm.second.right"),
        ("hint =", "hnt =", "midterm.py: midterm.first: .*hint"),
        ('"midterm.first"', '"matrix_form.outer_product"', "midterm.toml: .*task: .*one that is"),
        ("task =", "task = 1 #", "midterm.toml: .*task: expected a text, got 1"),
        ("task =", "task", "midterm.toml: expected a TOML file"),
    ],
)
def test_texts_that_cannot_be_are_refused(folder, old, new, said):
    assert old in TEXTS
    (folder / "midterm.toml").write_text(TEXTS.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        bank.add(folder)
    assert not texts._added


# --- settings beside the task ---------------------------------------------------------------------

SETTINGS = """
kind = "mend"
answer = "slope"
level = "stretch"
points = 7
minutes = 11
parts = ["the first", "the second"]
formerly = ["midterm.zeroth"]
task ="""
BARE = MODULE.replace('    answer="gradient_of_loss",\n', "").replace("    points=4,\n", "")


def _beside(folder, settings, module=BARE):
    texts = TEXTS.replace("\ntask =", settings, 1)
    (folder / "midterm.toml").write_text(texts, encoding="utf-8")
    (folder / "midterm.py").write_text(module, encoding="utf-8")


def test_settings_may_stand_beside_the_task(folder):
    _beside(folder, SETTINGS)
    bank.add(folder)
    first, second = all_questions()[-2:]
    assert (first.kind, first.answer, first.level) == ("mend", "slope", "stretch")
    assert (first.points, first.minutes, first.parts) == (7, 11, ("the first", "the second"))
    assert bank.find("midterm.zeroth") is first
    assert (second.kind, second.level, second.points) == ("choice", "core", 1)  # in the code


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("points = 7", 'points = "7"', "question.midterm.first.points: expected a whole .* '7'"),
        ("points = 7", "points = 7.5", "question.midterm.first.points: expected a whole .* 7.5"),
        ("points = 7", "points = true", "question.midterm.first.points: expected a whole .* True"),
        ("minutes = 11", "minuets = 11", "question.midterm.first.minuets: expected a text, got 11"),
        (
            "parts = [",
            "parts = [1, ",
            r"question.midterm.first.parts: expected a list of names, got \[1,",
        ),
        ('"mend"', '"mned"', r"midterm.first: kind must be one of \(.*, got 'mned'"),
        ('"stretch"', '"hard"', r"midterm.first: level must be one of \(.*, got 'hard'"),
        ('answer = "slope"', "", "midterm.first: answer: expected the name .* got ''"),
        ('"slope"', '"the slope"', "midterm.first: answer: expected the name .* got 'the slope'"),
    ],
)
def test_a_wrong_or_missing_setting_is_told_with_file_question_and_key(folder, old, new, said):
    assert old in SETTINGS
    _beside(folder, SETTINGS.replace(old, new))
    before = dict(texts._settings)
    with pytest.raises(ValueError, match=f"midterm.toml: {said}"):
        bank.add(folder)
    assert not texts._added and texts._settings == before


def test_a_setting_stands_in_one_place(folder):
    _beside(folder, "\npoints = 3\ntask =", MODULE)
    with pytest.raises(ValueError, match="midterm.toml: midterm.first: points: .* in both"):
        bank.add(folder)


LETTERS = """
[question."midterm.third"]
kind = "order"
answer = "third"
gives.right = "first second end"
gives.sign_flipped = "first turned end"
gives.also_right = "second first end"
task = "Put in order."
first = "a"
second = "b"
turned = "c"
end = "d"
"""
THIRD = 'from bpcourse.questions.question import lettered\n\nlettered("midterm.third")\n'


def _lettered(folder, texts=LETTERS):
    (folder / "midterm.toml").write_text(texts, encoding="utf-8")
    (folder / "midterm.py").write_text(THIRD, encoding="utf-8")


def test_what_is_answered_by_letters_needs_no_code(folder):
    _lettered(folder)
    bank.add(folder)
    third = all_questions()[-1]
    letter = {option: letter for letter, option in pose(third).labels.items()}

    def verdict(lines):
        result = judge(third, "".join(letter[line] for line in lines.split()))
        return result.status, result.misconceptions

    assert sorted(letter) == ["end", "first", "second", "turned"]
    assert verdict("first second end") == verdict("second first end") == ("right", ())
    assert verdict("first turned end") == ("wrong", ("sign_flipped",))
    assert verdict("end second first") == ("wrong", ("line_too_early",))


def test_the_example_of_contributing_is_a_question(folder):
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## A question")[2]
    texts_of, module = (
        re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1].replace("chain_rule.", "midterm.")
        for kind in ("toml", "python")
    )
    imports = "from bpcourse.questions.question import Flaws, question\n"
    imports += "from bpcourse.questions.types import Result\n"
    (folder / "midterm.toml").write_text(texts_of, encoding="utf-8")
    (folder / "midterm.py").write_text(imports + module, encoding="utf-8")
    bank.add(folder)
    question = all_questions()[-1]
    posed = pose(question)
    assert judge(question, posed.right).status == "right" and len(question.misconceptions) == 2
    for name in question.misconceptions:
        assert judge(question, posed.wrong[name]).misconceptions == (name,)
    assert all(text(f"question.{question.id}.hint_{number}") for number in (1, 2, 3))


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("gives.right =", "gives.rihgt =", "midterm.third: gives.right: expected an option"),
        ('"first turned end"', '"first trned end"', "third: gives.sign_flipped: 'trned' has no"),
        ("gives.right =", "gives =", "expected a TOML file"),
        ('kind = "order"', 'kind = "shape"', r"midterm.third: kind: expected one of \(.*'shape'"),
    ],
)
def test_letters_without_an_option_are_told_with_file_question_and_key(folder, old, new, said):
    assert old in LETTERS
    _lettered(folder, LETTERS.replace(old, new))
    with pytest.raises(ValueError, match=f"midterm.toml: .*{said}"):
        bank.add(folder)


def test_a_folder_without_questions_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ValueError, match=f"questions: expected a folder.*got {folder}$"):
            bank.add(folder)


def _judged(folder):
    """What a worker that knows nothing yet says."""
    bank.add(folder)
    question = bank.find("midterm.first")
    return judge(question, question.reference(question.misconceptions[0])).misconceptions


def test_it_works_in_a_process_that_is_spawned(folder):
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        bank.add(folder)
        assert (
            executor.submit(_judged, folder).result()
            == bank.find("midterm.first").misconceptions[:1]
        )


def test_a_fresh_python_knows_nothing_of_it(folder):
    bank.add(folder)
    code = "from bpcourse.questions import bank; bank.find('midterm.first')"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert b"midterm.first" in run.stderr


@shut_in
def test_the_documentations_example_is_marked_by_the_command(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bank.add(folder)
    posed = pose(bank.find("midterm.second"))
    wrong = "def gradient_of_loss(y_hat, y):\n    return 4 * (y_hat - y)**2"
    for student, given in (("ana", posed.shown(posed.right)), ("bo", "right")):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in (wrong, f"second = {given!r}")]
        )
        (tmp_path / "class" / student).mkdir(parents=True)
        nbformat.write(notebook, tmp_path / "class" / student / "midterm.ipynb")
    cli.main(["grade", "class", "--out", "out", "--jobs", "1", "--questions", str(folder)])
    lines = (tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()
    records = {(r["student"], r["question"]): r for r in map(json.loads, lines)}
    first, second = (records["ana", f"midterm.{name}"] for name in ("first", "second"))
    assert (first["state"], first["misconceptions"]) == ("wrong", ["cubed_not_squared"])
    assert (second["state"], second["points"]) == ("right", 1.0)
    assert records["bo", "midterm.second"]["points"] == 0  # an option's name is worth nothing
    assert "Cubed not squared" in (tmp_path / "out" / "class.html").read_text("utf-8")
