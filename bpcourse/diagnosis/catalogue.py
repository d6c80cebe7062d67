"""The one catalogue of mistakes, for ``check``, for the checker's ``explain`` and for marking.

Its entries are ``[misconception.<id>]`` in ``text/en/misconceptions.toml``, and those that an
instructor's own questions bring. A mistake keeps the ids that it had, which its entry lists under
``formerly``: course files, records and private questions may still use them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bpcourse import text as texts
from bpcourse.text import text

STEPS = ("loss", "act", "down", "dW", "db")  # of a backward pass, see ``passes``


@dataclass(frozen=True)
class Mistake:
    """A mistake, in the reader's language.

    Attributes
    ----------
    id : str
        Its name in records, settings and results.
    look, numbers : str
        What it looks like in code, and in numbers.
    hint : str
        What a student is told.
    cure, section : str
        The stem of the lesson that cures it, and the heading there; a private one may have no
        section, "".
    formerly : tuple of str
        Ids that it had.
    """

    id: str
    look: str
    numbers: str
    hint: str
    cure: str
    section: str
    formerly: tuple[str, ...]

    @property
    def words(self) -> str:
        """The id as it is read: ``"sign flipped"``."""
        return self.id.replace("_", " ")

    def at(self, step: str, **values: object) -> str:
        """What it does to a step of a backward pass, in a sentence; ``step`` is one of STEPS."""
        return text(f"misconception.{self.id}.in_{step}", **values)


def ids() -> set[str]:
    """The ids of today, without those that mistakes had."""
    return texts.names("misconception")


def former() -> dict[str, str]:
    """{an id that a mistake had: its id today}."""
    return {old: id for id in sorted(ids()) for old in _text(id, "formerly").split()}


def canonical(id: str) -> str:
    """The id today of a mistake that is, or was, called ``id``; ``id`` where there is none."""
    return id if texts.has(f"misconception.{id}.hint") else former().get(id, id)


def find(id: str) -> Mistake:
    """The :class:`Mistake` that is, or was, called ``id``; KeyError if there is none."""
    id = canonical(id)
    hint, cure = text(f"misconception.{id}.hint"), text(f"misconception.{id}.cure")
    parts = ("code", "numbers", "section", "formerly")
    look, numbers, section, formerly = (_text(id, part) for part in parts)
    return Mistake(id, look, numbers, hint, cure, section, tuple(formerly.split()))


def mistakes(among: Iterable[str] | None = None) -> list[Mistake]:
    """The mistakes of the catalogue, by its order, or those called ``among``, each once."""
    wanted = ids() if among is None else {canonical(id) for id in among}
    keys = texts.below("misconception")
    return [find(id) for id in dict.fromkeys(key.partition(".")[0] for key in keys) if id in wanted]


def _text(id: str, part: str) -> str:
    key = f"misconception.{id}.{part}"
    return text(key) if texts.has(key) else ""
