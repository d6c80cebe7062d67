"""lectures/README.md, the map: it says what the lessons themselves say."""

import re
from pathlib import Path

import pytest

from bpcourse import ledger
from tools import notebooks

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "lectures" / "README.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| \[(\d\d) [^]]+\]\((\d\d_\w+)\.ipynb\) \| .+ \| (.+) \| (\d+) \| (\d+|–) \| (.+) \|$", re.M
)
ROWS = {stem: (number, *rest) for number, stem, *rest in ROW.findall(MAP)}
STEMS = sorted(path.stem for path in ROOT.glob("lectures/*.ipynb"))


def head(stem, folder="lectures"):
    """The title cell of a notebook."""
    return notebooks.read(ROOT / folder / f"{stem}.ipynb").cells[0].source


def needs(stem):
    """The lessons that a lesson itself says it needs."""
    line = head(stem).split("\n\n")[1]
    return set(re.findall(r"\[(\d\d)\]\(\d\d_\w+\.ipynb\)", line))


def closure(arrows):
    """{lesson: all that it needs, directly or not} from {lesson: what it needs}."""
    whole = {lesson: set(direct) for lesson, direct in arrows.items()}
    for _ in whole:
        for found in whole.values():
            for other in set(found):
                found |= whole.get(other, set())
    return whole


def test_every_lesson_has_a_row():
    assert sorted(ROWS) == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_a_row_says_what_the_lesson_says(stem):
    number, wanted, reading, exercises, items = ROWS[stem]
    assert stem.startswith(number)
    assert set(re.findall(r"\d\d", wanted)) == needs(stem)
    assert re.search(rf"[Aa]bout {reading} minutes", head(stem))
    if (ROOT / "solutions" / f"{stem}.ipynb").exists():
        assert re.search(rf"About {exercises} minutes", head(stem, "solutions"))
    else:
        assert exercises == "–"
    proven = [item.id for item in ledger.items() if item.lesson == stem]
    assert re.findall(r"[A-E]\d+", items) == proven


def test_no_lesson_needs_a_later_one():
    for stem in STEMS:
        assert all(number < stem[:2] for number in needs(stem))


def test_the_figure_and_the_lessons_say_the_same():
    arrows: dict[str, set] = {stem[:2]: set() for stem in STEMS}
    for line in re.search(r"```mermaid\n(.+?)```", MAP, re.S)[1].splitlines()[1:]:
        chain = [part.strip() for part in line.split("-->")]
        for before, after in zip(chain, chain[1:], strict=False):
            arrows[after].add(before)
    assert closure(arrows) == closure({stem[:2]: needs(stem) for stem in STEMS})


def test_the_routes_add_up():
    lecture = re.search(r"\*\*One class of 90 minutes\*\*.+?\n\n(.+?)\n\n", MAP, re.S)[1]
    assert sum(int(m) for m in re.findall(r"^\| (\d+) \|", lecture, re.M)) == 90
    by_number = {row[0]: row for row in ROWS.values()}
    for lessons, reading in re.findall(r"^\| \d \| ([\d, ]+) \| (\d+) \|", MAP, re.M):
        assert sum(int(by_number[n][2]) for n in lessons.split(", ")) == int(reading)
    hours = sum(int(row[2]) for row in ROWS.values() if row[0] != "90") / 60
    practice = sum(int(row[3]) for row in ROWS.values() if row[3] != "–") / 60
    said = re.search(r"about ([\d.]+) hours of reading and ([\d.]+)\s+of exercises", MAP)
    assert [round(hours), round(practice * 2) / 2] == [float(said[1]), float(said[2])]


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", MAP):
        assert (ROOT / "lectures" / target).exists(), target
