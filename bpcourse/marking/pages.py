"""HTML pages from templates: everything that comes from outside is escaped, nothing is fetched."""

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from bpcourse.text import text

SIGNS = {"right": "✓", "recorded": "✓", "wrong": "✗", "not answered": "–"}  # of the others: "!"


def render(name, **values):
    """The page of ``templates/<name>.html``."""
    return _environment().get_template(f"{name}.html").render(**values)


@lru_cache
def _environment():
    environment = Environment(
        loader=PackageLoader("bpcourse.marking"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(text=text, signs=SIGNS)
    environment.filters.update(
        lesson=lesson, words=words, number=number, percent=percent, place=place
    )
    return environment


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
    """The same as a student reads it: ``"11 · Matrix form, section 7 · Where the 1/N lives"``."""
    stem, section = cure(name)
    if not section:
        return lesson(stem)
    return text("feedback.section", lesson=lesson(stem), section=section)


def words(name):
    """A name in code as words, without the lesson in front: ``"Linear backward"``."""
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def number(value):
    """A number of points: no more decimals than it has."""
    return f"{round(value, 2):g}"


def percent(share):
    """A share from 0 to 1, in whole percent."""
    return f"{100 * share:.0f} %"
