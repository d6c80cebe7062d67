"""Every figure of every lesson and exercise: its words are inside it, apart, and large enough."""

import re

import pytest
import running
from lessons import ROOT
from measuring import faults

from bpcourse import figures

NOTEBOOKS = sorted([*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_figure_can_be_read(path):
    found = running.apart(running.figures, path)["faults"]
    assert not found, "\n".join(f"{cell}: {fault}" for cell, fault in found)


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
