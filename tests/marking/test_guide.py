"""The instructors' pages: made from the lessons and the bank, and no link in them leads nowhere."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bpcourse.diagnosis import catalogue
from bpcourse.questions import all_questions
from bpcourse.questions.bank import LESSONS, find
from bpcourse.text import text
from tools import guide

ROOT = Path(__file__).parents[2]
LESSON_PAGES = ROOT / "docs" / "instructors" / "lessons"
PAGES = sorted(set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs" / "index.md"})  # the site's


@pytest.mark.parametrize("module, stem", LESSONS.items(), ids=LESSONS)
def test_the_page_of_a_lesson_is_up_to_date(module, stem):
    page = (LESSON_PAGES / f"{stem}.md").read_text("utf-8")
    assert page == guide.page(module), "make exercises"


def test_the_page_of_the_mistakes_is_up_to_date_and_whole():
    page = (ROOT / "docs" / "instructors" / "mistakes.md").read_text("utf-8")
    assert page == guide.mistakes(), "make exercises"
    assert sorted(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == sorted(catalogue.ids())
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 8 for row in rows)


def test_there_is_one_page_a_lesson():
    assert sorted(path.stem for path in LESSON_PAGES.iterdir()) == sorted(LESSONS.values())


@pytest.mark.parametrize("module", LESSONS)
def test_a_page_has_goals_three_questions_and_the_lessons_own_wrong_answers(module):
    page = guide.page(module)
    assert len(re.findall(r"^\d\. \*\*.*\?", page, re.MULTILINE)) == 3
    goals = page.partition("## Goals")[2].partition("##")[0]
    assert len(re.findall("^- ", goals, re.MULTILINE)) >= 3
    own = [question for question in all_questions() if question.lesson == module]
    minutes = sum(question.minutes for question in own)
    assert page.count(f"exercises/{LESSONS[module]}.ipynb), about {minutes} minutes") == 1
    wrong = page.partition("## The commonest")[2]
    shown = re.findall(r"^- \*\*([\w ]+)\*\*", wrong, re.MULTILINE)
    assert 4 <= len(shown) <= guide.SHOWN and len(set(shown)) == len(shown)
    counts = []
    for name in (words.replace(" ", "_") for words in shown):
        counts.append(sum(name in guide.shown_by(question) for question in own))
        assert text(f"misconception.{name}.hint") in wrong
    assert counts == sorted(counts, reverse=True) and counts[-1] >= 1


def test_what_is_made_with_an_input_is_a_mistake_of_the_question_too():
    layer, mean = find("feedforward_network.layer"), find("gradient_descent.mean_gradient")
    made = {"weights_wrong_way_round", "bias_forgotten"}
    assert made <= set(guide.shown_by(layer)) and not made & set(layer.misconceptions)
    assert guide.shown_by(mean) == mean.misconceptions
    assert "**weights wrong way round** (in layer," in guide.page("feedforward_network")


def test_check_finds_a_page_that_is_behind_and_writes_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "lectures").symlink_to(ROOT / "lectures")
    monkeypatch.setattr(guide, "ROOT", tmp_path)
    assert guide.main(["--check"]) == 1
    assert not (tmp_path / "docs").exists()
    assert guide.main([]) == 0
    page = tmp_path / "docs/instructors/lessons/11_matrix_form.md"
    page.write_bytes(page.read_bytes() + b"by hand")
    capsys.readouterr()
    assert guide.main(["--check"]) == 1
    behind = [line for line in capsys.readouterr().out.splitlines() if "out of date" in line]
    assert behind == [f"{page}: out of date"]
    assert guide.main([]) == 0 and not page.read_bytes().endswith(b"by hand")


def test_a_lesson_with_another_head_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(guide, "ROOT", tmp_path)
    (tmp_path / "lectures").mkdir()
    cells = [{"cell_type": "markdown", "source": ["# 11 · Matrix\n", "no head\n"]}]
    lesson = tmp_path / "lectures" / "11_matrix_form.ipynb"
    lesson.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    with pytest.raises(ValueError, match="(?s)first cell: expected.*About.*got # 11"):
        guide.page("matrix_form")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(path):
    for link in re.findall(r"\]\((?!\w+:)([^)#]+)[^)]*\)", path.read_text("utf-8")):
        assert (path.parent / link).exists(), link


def _sigmoid_slope(z):
    s = 1 / (1 + np.exp(-z))
    return s * (1 - s)


def _seen_across_a_kink(z, h):
    return (max(z + h, 0) - max(z - h, 0)) / (2 * h)


@pytest.mark.parametrize(
    "key, said",
    [
        ("softmax_cross_entropy.expect_3", f"{-np.log(1e-4):.1f} against {-np.log(0.01):.1f}"),
        ("softmax_cross_entropy.expect_3", f"{(1 - 1e-4) ** 2:.4f} against {(1 - 0.01) ** 2:.4f}"),
        ("gradient_descent.expect_1", f"falls by about {2 * 0.01:.2f}"),
        ("chain_rule.expect_1", f"about {2 * 3 * 0.01:.2f}"),
        ("flow_graphs.expect_1", f"Multiply: {6 * 5} and {6 * 2}"),
        ("activations.expect_1", f"= {0.99 * (1 - 0.99):.4f}"),
        ("activations.expect_2", f"{_sigmoid_slope(1):.3f} and {_sigmoid_slope(0):.2f}"),
        ("cost_of_backprop.expect_1", f"{9 * 100**2:_}".replace("_", " ")),
        ("gradient_checking.expect_3", f"About {_seen_across_a_kink(1e-6, 1e-3):.1f}:"),
        ("training.expect_1", f"{-(-1000 // 64)} steps an epoch, {5 * -(-1000 // 64)} in all"),
        ("training.expect_1", f"last batch has {1000 % 64}"),
    ],
)
def test_the_numbers_of_the_expected_answers_are_right(key, said):
    assert said in text(f"guide.{key}")
