"""A report for people: as text, and as a table in a notebook."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from bpcourse.text import tables, text
from bpcourse.text.numbers import number

if TYPE_CHECKING:
    from bpcourse.gradcheck.report import GradientReport

COLOURS = {"right": "#0072b2", "wrong": "#d55e00", "cannot tell": "#7a7a7a"}  # Okabe and Ito
SHOWN = 4  # entries named that moved together


def label(name: str, index: tuple[int, ...]) -> str:
    """An entry by name, such as ``0.W[1, 2]``."""
    return f"{name or 'params'}[{', '.join(map(str, index))}]" if index else name or "params"


def sentence(report: "GradientReport") -> str:
    """The verdict in a sentence or two."""
    if report.verdict == "right":
        resolved = text("gradcheck.resolved", resolution=report.resolution)
        told = text("gradcheck.right", resolved=resolved if report.resolution > 0 else "")
        return f"{told} {_remark(report)}".rstrip()
    # from the loss backwards: the first wrong array is where the mistake is
    array = [a for a in report.arrays if a.verdict == report.verdict][-1]
    together = ", ".join(array.together[:SHOWN]) + (", …" if len(array.together) > SHOWN else "")
    kink = array.kinks.get(array.index)
    left, right = array.sides or (np.nan, np.nan)
    key = f"unclear_{array.reason}"
    if report.verdict == "wrong":
        where = "_nearby" if array.point is not None else "_kink" if array.sides else ""
        key = f"wrong{where}{'_together' if together else ''}"
    values = vars(array) | {"entry": array.label, "noise": report.noise, "together": together}
    kind = kink.kind if kink else "kink"
    return text(f"gradcheck.{key}", **values | {"left": left, "right": right, "kind": kind})


def _remark(report: "GradientReport") -> str:
    """What is to be said of kinks and jumps where the gradient is right."""
    seen = [(kink.inside, a.name, i, kink) for a in report.arrays for i, kink in a.kinks.items()]
    if not seen:
        return ""
    inside, name, index, kink = min(seen, key=lambda found: found[0])
    values = {"count": len(seen), "entry": label(name, index), **vars(kink)}
    between = text(f"gradcheck.{'between' if inside else 'outside'}")
    return text(f"gradcheck.{kink.kind}", **values, between=between)


def plain(report: "GradientReport") -> str:
    """The report as text: the sentence, the look of the difference, a table, the cost."""
    look, rows, cost = _parts(report)
    told = f"{report.verdict.upper()}: {report.message}"
    return "\n".join([told, *look, *(f"  {line}" for line in tables.lines(rows)), cost])


def html(report: "GradientReport") -> str:
    """The same for a notebook."""
    look, rows, cost = _parts(report)
    table = tables.html(rows[0], rows[1:]) if rows else ""
    verdict = f'<span style="color:{COLOURS[report.verdict]};font-weight:bold">{report.verdict}'
    told = [f"{verdict}</span>: {escape(report.message)}", *map(escape, look)]
    more = "".join(f"<p>{line}</p>" for line in told)
    return f"<div>{more}{table}<p><small>{escape(cost)}</small></p></div>"


def _parts(report: "GradientReport") -> tuple[list[str], list[list[str]], str]:
    """What the difference looks like, where it has a name; the table with its head; the cost."""
    found = report.explain() if report.verdict == "wrong" else None
    rows = [text("gradcheck.head").split("|")] * bool(report.arrays)
    for a in report.arrays:
        verdict = a.verdict + (f" ({a.reason})" if a.reason else "")
        forms = {".8g": (a.claimed, a.slope), ".1g": (a.bound, a.step)}
        told = [_number(value, form) for form, values in forms.items() for value in values]
        shape = "×".join(map(str, a.shape)) or "1"
        rows.append([a.label, shape, verdict, *told, str(len(a.wrong) or "")])
    cost = text("gradcheck.cost", evaluations=report.evaluations, mode=report.mode)
    return [found.message] if found and found.cause else [], rows, cost


def _number(value: float, form: str) -> str:
    return number(value, form, typed=True) if np.isfinite(value) else "–"
