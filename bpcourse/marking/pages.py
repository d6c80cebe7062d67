"""HTML pages from templates: everything that comes from outside is escaped, nothing is fetched."""

import unicodedata
from functools import lru_cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from bpcourse.text import text

SIGNS = {"right": "✓", "recorded": "✓", "wrong": "✗", "not answered": "–"}  # of the others: "!"
JOINERS = "\u200c\u200d"  # inside words of some languages, and in pictures
KINDS = {"right": "right", "wrong": "wrong", "not answered": ""}  # of the others: "look"


def render(name, **values):
    """The page of ``templates/<name>.html``."""
    return _environment().get_template(f"{name}.html").render(**values)


@lru_cache
def _environment():
    environment = Environment(
        loader=PackageLoader("bpcourse.marking"),
        autoescape=True,
        finalize=_readable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(text=text, signs=SIGNS, kinds=KINDS)
    filters = (lesson, place, link, words, titles, number, decimals, percent)
    environment.filters.update({filter.__name__: filter for filter in filters})
    return environment


def _readable(value):
    """``value`` without what no reader can see or no file can hold.

    Control characters, halves of surrogates, and marks that turn the direction of what follows.
    """
    if not isinstance(value, str):
        return value
    kept = (c if c in "\n\t" or c in JOINERS or not _hidden(c) else "\ufffd" for c in value)
    return type(value)("".join(kept))


def _hidden(character):
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def lesson(stem):
    """How a notebook is called: ``"11 · Matrix form"``."""
    count, _, name = stem.partition("_")
    return f"{count} · {words(name)}" if count.isdigit() else words(stem) or text("report.unknown")


def cure(name):
    """Where a misconception is cured: the lesson's stem, and its section's heading or "".

    A misconception of private questions may have no section.
    """
    try:
        section = text(f"misconception.{name}.section")
    except KeyError:
        section = ""
    return text(f"misconception.{name}.cure"), section


def place(name):
    """The same as it is read: ``"lesson 11 · Matrix form, section “7 · Where the 1/N lives”"``."""
    stem, section = cure(name)
    if not section:
        return text("feedback.lesson", lesson=lesson(stem))
    return text("feedback.section", lesson=lesson(stem), section=section)


def link(name, course):
    """The address of that section, where the course says where its lessons are read; else ""."""
    stem, section = cure(name)
    fragment = f"#{quote(section.replace(' ', '-'))}" if section else ""
    return course.lessons and course.lessons.replace("{lesson}", stem) + fragment


def words(name):
    """A name in code as words, without the lesson in front: ``"Linear backward"``."""
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def titles(questions):
    """Names of questions by lesson: ``"Chain rule: Two paths, Thin; Training: Order"``."""
    found: dict = {}
    for question in questions:
        found.setdefault(question.partition(".")[0], []).append(words(question))
    return "; ".join(f"{words(name)}: {', '.join(own)}" for name, own in found.items())


def number(value):
    """A number of points: no more decimals than it has."""
    return f"{round(value, 2):g}"


def decimals(value):
    """A measured number, with two decimals and a real minus sign."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def percent(share):
    """A share from 0 to 1, in whole percent; a small one is not rounded to none."""
    if 0 < share < 0.005:
        return "< 1 %"
    return f"{100 * share:.0f} %".replace("-", "\N{MINUS SIGN}")
