"""A lesson as its reader meets it: the story, what stands behind the fold, the predictions."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pytest

from tools import notebooks

ROOT = Path(__file__).parents[1]
ENDS = ("Checks of this lesson", "Why it is true", "In your lecture's letters")
OLD_ENDS = ("Proofs and errata", "What the sources call it")
HEADING = re.compile(r"^#{1,3} (.+?)\s*$", re.MULTILINE)
PREDICT = re.compile(r"""\bpredict\(\s*["']([\w.]+)["']""")
TAGS = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Place:
    """A cell with its number, counted from 0."""

    number: int
    cell: Any

    @property
    def source(self):
        return self.cell.source

    @property
    def is_code(self):
        return self.cell.cell_type == "code"

    @property
    def tags(self):
        return self.cell.metadata.get("tags", [])

    @property
    def folded(self):
        return bool(self.cell.metadata.get("jupyter", {}).get("source_hidden"))

    @property
    def shown(self):
        """The texts of its outputs: what is printed, captions and alternative texts."""
        found = []
        for output in self.cell.get("outputs", []):
            if output.output_type == "stream":
                found.append(output.text)
            elif output.output_type != "error":
                kinds = ("text/plain", "text/markdown", "text/latex", "text/html")
                found += [TAGS.sub(" ", output.data[kind]) for kind in kinds if kind in output.data]
                found += [about["alt"] for about in output.metadata.values() if "alt" in about]
        return "\n".join(found)


@dataclass(frozen=True)
class Prediction:
    """A guess cell and the cell that reveals the result."""

    id: str
    guess: Place
    reveal: Place


@dataclass(frozen=True)
class Lesson:
    """A lesson's cells, as they are committed."""

    path: Path

    @property
    def stem(self):
        return self.path.stem

    @cached_property
    def places(self):
        return [Place(*pair) for pair in enumerate(notebooks.read(self.path).cells)]

    @cached_property
    def headings(self):
        """{heading: number of its cell} of the whole lesson."""
        text = [(p.number, p.source) for p in self.places if not p.is_code]
        return {h: number for number, source in text for h in HEADING.findall(source)}

    @cached_property
    def is_told_anew(self):
        """Whether it has the form that design.md asks for; the others are to come."""
        return any(end in self.headings for end in ENDS)

    @cached_property
    def story(self):
        """The cells before the fold."""
        ends = [n for h, n in self.headings.items() if h in (*ENDS, *OLD_ENDS)]
        return self.places[: min(ends, default=len(self.places))]

    @cached_property
    def predictions(self):
        """Every prediction of the lesson, with its two cells."""
        found = []
        for place in self.places:
            match = place.is_code and PREDICT.search(place.source)
            if match:
                later = self.places[place.number + 1 :]
                reveal = next((p for p in later if p.is_code and ".reveal(" in p.source), place)
                found.append(Prediction(match[1], place, reveal))
        return found


@lru_cache
def lesson(stem):
    """The lesson of that stem, read once."""
    return Lesson(ROOT / "lectures" / f"{stem}.ipynb")


STEMS = sorted(path.stem for path in ROOT.glob("lectures/*.ipynb"))
LESSONS = [lesson(stem) for stem in STEMS]
TOLD_ANEW = [one for one in LESSONS if one.is_told_anew]
TO_COME = [one.stem for one in LESSONS if not one.is_told_anew]

each = pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(
            one,
            id=one.stem,
            marks=() if one.is_told_anew else pytest.mark.skip(reason=f"to come: {one.stem}"),
        )
        for one in LESSONS
    ],
)

# What lessons that are told anew still have to mend, by test: expected to fail until they do.
TO_MEND: dict[str, str] = {}


def to_mend(item):
    """Whether a test of a lesson is expected to fail."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    stem = getattr(given.get("lesson"), "stem", given.get("stem"))
    known = TO_MEND.get(getattr(item, "originalname", ""), "").split()
    return isinstance(stem, str) and stem[:2] in known
