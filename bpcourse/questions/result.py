"""What ``check`` says, for a notebook, a terminal and a program."""

from dataclasses import dataclass
from html import escape

from bpcourse.text import has, text

HINTS = 3
last: list[str] = []  # ids of the questions that were asked or checked, the latest at the end
COLOURS = {"right": "#1B7837", "wrong": "#B2182B", "failed": "#8C510A"}
COLOURS |= {"recorded": "#2166AC"}
SIGNS = {"right": "✓", "wrong": "✗", "failed": "!", "recorded": "✓"}  # to be read without colour


class NotRightError(AssertionError):
    """An answer is not right; what the check said is its message."""


@dataclass(frozen=True)
class Result:
    """The result of a check. ``status`` is "right", "wrong" or "failed" (it could not be run).

    In the concept inventory it is "recorded", for any answer that can be one.

    ``misconception`` is the name of the mistake or None; ``misconceptions`` all that are named,
    where there are several at once; ``message`` is what the student reads, and ``brief`` the part
    of it that does not say what is right.
    """

    question: str
    status: str
    message: str
    misconceptions: tuple[str, ...] = ()
    brief: str = ""

    @property
    def misconception(self) -> str | None:
        return self.misconceptions[0] if self.misconceptions else None

    def require(self) -> None:
        """Return nothing for an answer that is right or recorded; raise :class:`NotRightError`.

        It says what is wrong and not what is right: everybody can run the cells for marking.
        """
        if self.status not in ("right", "recorded"):
            raise NotRightError(f"{self.question}: {self.brief or self.message}")

    def __str__(self) -> str:
        return f"{SIGNS[self.status]} {text(f'check.{self.status}')}\n{self.message}".rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = COLOURS[self.status]
        lines = "".join(
            f"<p style='margin: 0.3em 0; white-space: pre-wrap'>{escape(line)}</p>"
            for line in self.message.split("\n")
            if line
        )
        head = f"{SIGNS[self.status]} {escape(text(f'check.{self.status}'))}"
        style = f"border-left: 4px solid {colour}; padding: 0.2em 0.8em"
        return f"<div style='{style}'><strong>{head}</strong>{lines}{self._hints()}</div>"

    def _hints(self) -> str:
        """The question's hints, folded, each inside the one before: a click away."""
        keys = [f"question.{self.question}.hint_{number + 1}" for number in range(HINTS)]
        if self.status not in ("wrong", "failed") or not all(map(has, keys)):
            return ""
        folded = ""
        for number in range(HINTS, 0, -1):
            heading = escape(text("ask.hint", number=number, count=HINTS))
            words = escape(text(keys[number - 1]))
            folded = f"<details><summary>{heading}</summary><p>{words}</p>{folded}</details>"
        return folded
