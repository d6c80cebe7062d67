"""HTML pages from templates: everything that comes from outside is escaped, nothing is fetched."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from bpcourse.diagnosis import catalogue
from bpcourse.marking.course import Course
from bpcourse.marking.plain import clean, folded
from bpcourse.text import numbers, text

if TYPE_CHECKING:
    from bpcourse.marking.grades import Asked
    from bpcourse.marking.overrides import Mark

SIGNS = {
    "right": "✓",
    "recorded": "✓",
    "open": "…",
    "wrong": "✗",
    "not answered": "–",
}  # of the others: "!"
KINDS = {
    "right": "right",
    "wrong": "wrong",
    "not answered": "",
    "open": "",
}  # of the others: "look"


def render(name: str, **values: object) -> str:
    """The page of ``templates/<name>.html``."""
    return _environment().get_template(f"{name}.html").render(**values)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bpcourse.marking"),
        autoescape=True,
        finalize=_readable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(text=text, mistake=catalogue.find, signs=SIGNS, kinds=KINDS)
    filters = (
        lesson,
        place,
        link,
        words,
        titles,
        number,
        decimals,
        percent,
        folded,
        given,
        assigned,
    )
    environment.filters.update({filter.__name__: filter for filter in filters})
    return environment


def _readable(value: object) -> object:
    """``value`` without what no reader can see or no file can hold."""
    return type(value)(clean(value)) if isinstance(value, str) else value


def lesson(stem: str) -> str:
    """How a notebook is called: ``"11 · Matrix form"``."""
    count, _, name = stem.partition("_")
    return f"{count} · {words(name)}" if count.isdigit() else words(stem) or text("report.unknown")


def cure(name: str) -> tuple[str, str]:
    """Where a misconception is cured: the lesson's stem, and its section's heading or "".

    A misconception of private questions may have no section.
    """
    mistake = catalogue.find(name)
    return mistake.cure, mistake.section


def place(name: str) -> str:
    """The same as it is read: ``"lesson 11 · Matrix form, section “7 · Where the 1/N lives”"``."""
    stem, section = cure(name)
    if not section:
        return text("feedback.lesson", lesson=lesson(stem))
    return text("feedback.section", lesson=lesson(stem), section=section)


def link(name: str, course: Course) -> str:
    """The address of that section, where the course says where its lessons are read; else ""."""
    stem, section = cure(name)
    fragment = f"#{quote(section.replace(' ', '-'))}" if section else ""
    return course.lessons and course.lessons.replace("{lesson}", stem) + fragment


def words(name: str) -> str:
    """A name in code as words, without the lesson in front: ``"Linear backward"``."""
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def titles(questions: Iterable[str]) -> str:
    """Names of questions by lesson: ``"Chain rule: Two paths, Thin; Training: Order"``."""
    found: dict[str, list[str]] = {}
    for question in questions:
        found.setdefault(question.partition(".")[0], []).append(words(question))
    return "; ".join(f"{words(name)}: {', '.join(own)}" for name, own in found.items())


def number(value: float) -> str:
    """A number of points: no more decimals than it has."""
    return numbers.number(value, ".2t")


def given(mark: "Mark") -> str:
    """What a mark given by hand does: ``"+2 points"``, or "" for a comment alone."""
    if mark.excused:
        return text("feedback.excused")
    if mark.added is not None:
        return text("feedback.added", points="+" * (mark.added >= 0) + number(mark.added))
    return text("feedback.given", points=number(mark.points)) if mark.points is not None else ""


def assigned(asked: "Asked") -> str:
    """What counts where the course file does not say: the lessons, and those that do not."""
    said = text("grade.guessed", lessons=", ".join(map(lesson, asked.lessons)))
    if asked.left_out:
        said += " " + text("grade.left_out", lessons=", ".join(map(lesson, asked.left_out)))
    return said


def decimals(value: float) -> str:
    """A measured number, with two decimals and a real minus sign."""
    return numbers.number(value, ".2f")


def percent(share: float) -> str:
    """A share from 0 to 1, in whole percent; a small one is not rounded to none."""
    if 0 < share < 0.005:
        return "< 1 %"
    return f"{numbers.number(100 * share, '.0f')} %"
