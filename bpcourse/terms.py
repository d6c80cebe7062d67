"""The glossary: the terms that the lessons define, each where it is first used."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from bpcourse import workspace
from bpcourse.text import text


@dataclass(frozen=True)
class Term:
    """A term, what it means (in Markdown), and the stem of the lesson that defines it."""

    name: str
    meaning: str
    lesson: str


class Glossary(tuple[Term, ...]):
    """The terms of all lessons; a notebook shows them by the alphabet."""

    def _repr_markdown_(self) -> str:
        lines = []
        for term in sorted(self, key=lambda term: term.name.casefold()):
            place = f"[{term.lesson[:2]}]({term.lesson}.ipynb)"
            lines.append(f"- **{term.name}** ({place}): {term.meaning}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self._repr_markdown_()


def glossary() -> Glossary:
    """The terms that the course defines, in the order in which a reader meets them.

    Each stands in the table ``[glossary]`` of its lesson's texts: those of ``08_error_signals`` are
    in ``text/en/error_signals.toml``.
    """
    found = []
    for lesson in sorted(path.stem for path in workspace.source("lectures").glob("*.ipynb")):
        file = files("bpcourse.text").joinpath("en", f"{lesson[3:]}.toml")
        if file.is_file():
            entries = tomllib.loads(file.read_text(encoding="utf-8")).get("glossary", {})
            found += [Term(name, text(f"glossary.{name}"), lesson) for name in entries]
    return Glossary(found)
