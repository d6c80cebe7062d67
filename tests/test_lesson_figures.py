"""Every figure of every lesson and exercise: its words are inside it, apart, large and dark enough.

On a light page and on a dark one.
"""

import re

import pytest
import running
from lessons import ROOT
from matplotlib.colors import to_rgb
from measuring import faults, on_dark

from bpcourse import figures
from bpcourse.figures.style import ON_DARK
from tools import notebooks

NOTEBOOKS = sorted([*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_figure_can_be_read(path):
    found = running.apart(running.figures, path)["faults"]
    assert not found, "\n".join(f"{cell}: {fault}" for cell, fault in found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_a_notebook_draws_itself_is_in_the_style_of_the_course(path):
    for cell in notebooks.read(path).cells:
        drawn, styled = (cell.source.count(words) for words in ("new_figure(", "@figures.styled"))
        assert drawn <= styled, f"cell {cell.id}"


# --- the measure can fail -------------------------------------------------------------------------


@pytest.fixture
def sketch():
    fig, ax = figures.sketch(4, 2)
    figures.put(ax, (1, 1), "in the middle")
    return fig, ax


def test_a_figure_that_can_be_read_has_no_fault(sketch):
    assert faults(sketch[0]) == []


@pytest.mark.parametrize(
    ("at", "words", "size", "said"),
    [
        ((1.1, 1.02), "on it", 10, "'in the middle' stands on 'on it'"),
        ((3.9, 1), "cut off", 10, "'cut off' reaches .* pixels over the edge"),
        ((3, 1), "small", 7, "'small' has 7 points"),
    ],
)
def test_a_fault_is_found(sketch, at, words, size, said):
    fig, ax = sketch
    figures.put(ax, at, words, size=size)
    assert pytest.approx(1) == len(faults(fig))
    assert re.fullmatch(said, faults(fig)[0])


@pytest.mark.parametrize(
    ("color", "said"),
    [
        ("#6B6B6B", []),
        ("#7A7A7A", ["4.3 on a light page"]),
        ("#999999", ["2.8 on a light page", "3.5 on a dark page"]),
    ],
)
def test_words_too_faint_are_found_in_both_themes(sketch, color, said):
    fig, ax = sketch
    figures.put(ax, (1, 0.4), "pale", color)
    assert faults(fig) == [f"'pale' has contrast {words}" for words in said]


def test_words_are_measured_on_what_is_behind_them(sketch):
    fig, ax = sketch
    ax.fill([0, 2, 2, 0], [0, 0, 0.7, 0.7], "#333333")
    ax.text(0.5, 0.4, "on a field")
    light, dark = faults(fig)
    assert light.startswith("'on a field' has contrast 1.") and light.endswith("a light page")
    assert dark.startswith("'on a field' has contrast 1.") and dark.endswith("a dark page")
    figures.put(ax, (1.5, 0.3), "on its own paper")
    assert faults(fig) == [light, dark]


def test_a_dark_page_is_measured_as_css_shows_it():
    assert on_dark(to_rgb("white")) == pytest.approx(to_rgb("#111"), abs=1e-3)
    assert on_dark(to_rgb("black")) == pytest.approx([0.933] * 3)
    red, green, blue = on_dark(to_rgb(figures.FORWARD))
    assert red < green < blue  # blue stays blue
    site = (ROOT / "docs/_static/site.css").read_text("utf-8")
    assert all(f"{rule};" in site for rule in ON_DARK.split("; "))  # the site does the same
