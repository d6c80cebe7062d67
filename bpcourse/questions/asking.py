"""What a student is asked, hints step by step, and how far they have come."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bpcourse.questions import record
from bpcourse.questions.bank import NOTEBOOKS, all_questions, find
from bpcourse.questions.judging.posed import pose
from bpcourse.questions.result import HINTS, last
from bpcourse.text import tables, text
from bpcourse.text.numbers import number

MARKS = {"right": "✓", "wrong": "✗", "recorded": "✓", None: "·"}


@dataclass(frozen=True)
class Shown:
    """A text for a notebook and a terminal."""

    plain: str

    def __str__(self) -> str:
        return self.plain

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.plain


@dataclass(frozen=True)
class Pictured(Shown):
    """A text with a picture below it, where one can be shown."""

    picture: Any  # a Matplotlib figure, which is not imported for this
    alt: str

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from bpcourse import figures

        display(Shown(self.plain))  # type: ignore[no-untyped-call]
        figures.show(self.picture, alt=self.alt)


@dataclass(frozen=True)
class Table:
    """Rows of text; the first is the head."""

    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        return "\n".join(tables.lines(self.rows))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return tables.html(self.rows[0], self.rows[1:])


def ask(question_id: str, seed: int | None = None) -> Shown:
    """Show a question with its current numbers, or with those of ``seed``.

    Letters carry their seed (B2 is of seed 1), and are answered as they are shown. Numbers of seed
    0 are answered by a plain value, others by ``Answer(value, seed)``. They are the current ones
    until a choice has been answered wrongly: then it is asked with the next. KeyError for an
    unknown question.
    """
    question = find(question_id)
    last.append(question.id)
    if seed is None:
        seed = record.entry("answers", *question.ids).get("seed", 0)
    key = f"question.{question.id}"
    if question.is_code:
        return Shown(text(f"{key}.task"))
    posed = pose(question, seed)
    if posed.labels and record.entry("asked", *question.ids).get("seed", 0) != seed:
        record.keep("asked", question.id, lambda before: {"seed": seed})
    values = {name: _in_text(value) for name, value in posed.inputs.items()}
    lines = [text(f"{key}.task", **values)]
    if posed.labels:
        lines.append("")
        for letter, option in posed.labels.items():
            lines.append(f"- **{letter}**  " + text(f"{key}.{option}", **values))
    if seed and posed.labels:
        example = f"{list(posed.labels)[0]}" + ("…" if question.kind == "order" else "")
        lines += ["", text("ask.form", answer=question.answer, example=example)]
    elif seed:
        lines += ["", text("ask.seed", answer=question.answer, seed=seed)]
    if question.picture:
        from bpcourse import figures  # and with it Matplotlib, which no check needs

        alt = text(f"{key}.picture", **values)
        return Pictured("\n".join(lines), figures.styled(question.picture)(**posed.inputs), alt)
    return Shown("\n".join(lines))


def hint(question_id: str | None = None) -> Shown:
    """The next of up to three hints, each a step nearer; from the last on, that one again.

    Without an id, for the question that was asked or checked last; KeyError where there is none.
    """
    if question_id is None and not last:
        raise KeyError(text("ask.no_last"))
    question = find(last[-1] if question_id is None else question_id)
    if question.recorded:
        return Shown(text("ask.no_hints"))
    given = record.entry("hints", *question.ids).get("given", 0)
    number = min(given + 1, HINTS)
    record.keep("hints", question.id, lambda before: {"given": number})
    heading = text("ask.hint", number=number, count=HINTS)
    return Shown(f"**{heading}** " + text(f"question.{question.id}.hint_{number}"))


def progress(lesson: str | None = None) -> Table:
    """Which questions of ``lesson`` (``"matrix_form"``), or of all lessons, are answered."""
    if lesson is not None and lesson not in NOTEBOOKS:
        raise KeyError(text("ask.no_lesson", lesson=lesson, known=", ".join(NOTEBOOKS)))
    chosen = [q for q in all_questions() if lesson in (None, q.lesson)]
    rows: list[tuple[str, ...]] = [tuple(text("ask.head").split("|"))]
    looked = []
    points = 0
    for question in chosen:
        entry = record.entry("answers", *question.ids)
        status = entry.get("status")
        earned = question.points if status in ("right", "recorded") else 0
        points += earned
        mark = MARKS.get(status, MARKS[None])
        rows.append((mark, question.id, f"{earned}/{question.points}"))
        looked.append(text("ask.looked") if entry.get("shown") else "")
    total = sum(question.points for question in chosen)
    rows.append(("", text("ask.total"), f"{points}/{total}"))
    if any(looked):
        rows = [(*row, note) for row, note in zip(rows, ["", *looked, ""], strict=True)]
    return Table(tuple(rows))


def _in_text(value: object) -> object:
    if isinstance(value, np.ndarray):
        plain: Any = {"float_kind": _in_text}  # [0.3, 0.05], and not [0.3 , 0.05]
        return np.array2string(value, separator=", ", formatter=plain).replace("\n", "")
    if isinstance(value, float | np.floating):
        return number(value, ".6g", typed=True)
    return value
