"""What a check found: a verdict with its evidence, for people and for tests."""

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from bpcourse.gradcheck.look import Look
from bpcourse.gradcheck.problem import Problem
from bpcourse.gradcheck.slope import Slope, Status
from bpcourse.gradcheck.structure import Place, Verdict
from bpcourse.text import tables, text
from bpcourse.text.numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bpcourse.diagnosis import Diagnosis

COLOURS = {"right": "#0072b2", "wrong": "#d55e00", "cannot tell": "#7a7a7a"}  # Okabe and Ito
SHOWN = 4  # entries named that moved together
REASONS = ("jump", "kink", "not finite", "precision")  # of several the first is told
OPEN: tuple[Status, ...] = ("kink", "jump", "unclear")
WORST_FIRST: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")


class GradientError(AssertionError):
    """A gradient that is wrong, or in a test could not be told to be right."""


class ArrayReport:
    """One parameter array; the entry shown is the worst one, or the largest if none is wrong.

    It was ``claimed`` to have one slope and has another, known up to ``bound`` and found with
    ``step``; ``curve`` holds {step: central slope}. ``resolution`` is a relative error that
    would surely have been found in any entry above a thousandth of the largest, or 0 where nothing
    but zeros and kinks is claimed. ``numerical`` has the slopes that were measured, NaN elsewhere
    and at kinks, where f has two; ``kinks`` has those. ``point`` is None, or the parameters nearby
    at which the numbers of the entry were found, and ``value`` what it is there; ``together`` names
    the entries that moved with it, where the fault shows only so; ``sides`` are the two slopes
    where it shows at a kink.
    """

    claimed = slope = bound = step = value = np.nan
    shown: Slope | None = None  # whose numbers these are
    point: object = None
    sides: tuple[float, float] | None = None

    def __init__(self, problem: Problem, found: Look, k: int) -> None:
        tree, place, part = problem.tree, problem.given.place, problem.tree.slices[k]
        mine = [i for i in sorted(found.slopes) if part.start <= i < part.stop]
        own = {place(i)[1]: found.slopes[i] for i in mine}
        self.name, self.shape = tree.names[k], tree.arrays[k].shape
        self.wrong = [index for index, slope in own.items() if slope.status == "wrong"]
        self.kinks = {index: slope for index, slope in own.items() if slope.kind}
        unclear = {index: _open(slope) for index, slope in own.items() if slope.status in OPEN}
        self.verdict: Verdict = "wrong" if self.wrong else "cannot tell" if unclear else "right"
        told = self.verdict == "right" or any(slope.shown for slope in own.values())
        kinds = {slope.kind for slope in own.values() if told}
        seen = unclear.values() if self.verdict == "cannot tell" else kinds
        self.reason = next((reason for reason in REASONS if reason in seen), None)
        groups = [s for s in found.groups if part.start <= s.line.entries[0] < part.stop]
        self.resolution = max((s.resolution for s in [*own.values(), *groups]), default=0.0)
        self.claims = problem.point.claims[part].reshape(self.shape)
        self.numerical, self.bounds = np.full(self.shape, np.nan), np.full(self.shape, np.inf)
        for index in own.keys() - self.kinks.keys():
            self.numerical[index], self.bounds[index] = own[index].value, own[index].error
        # of those that are open, one for that reason
        worst = self.wrong or [it for it, why in unclear.items() if why == self.reason] or own
        self.index: Place = max(worst, key=lambda index: own[index].distance, default=())
        self.label = label(self.name, self.index)
        self.curve, self.together = dict[float, float](), list[str]()
        if own:
            slope = self.shown = own[self.index].shown or own[self.index]
            self.claimed, self.slope, self.bound = slope.claim, slope.value, slope.error
            self.step, self.curve = slope.step, slope.line.curve
            moved = slope.line.entries
            self.together = [label(*place(i)) for i in moved if not slope.line.single]
            if slope.x is not None:
                self.point = tree.rebuild(problem.given.parts(slope.x))
                self.value = float(slope.x[moved[0]])
            elif slope.kind == "kink":
                self.sides = (slope.left, slope.right)

    def __repr__(self) -> str:
        return f"<{self.label}: {self.verdict}>"


@dataclass
class GradientReport:
    """The verdict of a check: "right", "wrong" or "cannot tell".

    ``reason`` is None or one of: kink, jump, precision, nondeterminism, changed its input, not
    finite, not linear, wrong shape, wrong structure, wrong type, integer parameters, complex
    parameters, shared memory, f does not depend on params. ``message`` is a sentence or two;
    ``arrays`` the :class:`ArrayReport` of each parameter array (also ``report["W"]``); ``noise``
    the rounding error of f.
    """

    verdict: Verdict
    reason: str | None
    message: str
    mode: str
    evaluations: int
    arrays: list[ArrayReport] = field(default_factory=list)
    noise: float = np.nan
    resolution: float = np.nan
    context: object = field(default=None, repr=False)

    @classmethod
    def of(cls, problem: Problem, found: Look, mode: str) -> "GradientReport":
        """What a check found, array by array."""
        arrays = [ArrayReport(problem, found, k) for k in range(len(problem.tree.arrays))]
        verdict = min((a.verdict for a in arrays), key=WORST_FIRST.index)
        reason = next((a.reason for a in arrays if a.verdict == verdict and a.reason), None)
        noise, resolution = problem.point.sigma, max(a.resolution for a in arrays)
        report = cls(verdict, reason, "", mode, problem.f.calls, arrays, noise, resolution)
        return replace(report, message=_sentence(report))

    def __getitem__(self, name: object) -> ArrayReport:
        """The :class:`ArrayReport` of one parameter array."""
        for array in self.arrays:
            if array.name == str(name):
                return array
        raise KeyError(f"{name!r}: expected one of {[array.name for array in self.arrays]}")

    def raise_if_wrong(self) -> "GradientReport":
        """:class:`GradientError`, an AssertionError, if the verdict is wrong; else the report."""
        if self.verdict == "wrong":
            raise GradientError(str(self))
        return self

    def explain(self, context: object = None) -> "Diagnosis":
        """What mistake explains the difference, as a :class:`bpcourse.diagnosis.Diagnosis`.

        ``context`` is (net, X, y) with the same layers, parameters and data; without it the shape
        of the difference alone is looked at. It prints as a sentence or two.
        """
        from bpcourse.diagnosis import Diagnosis, diagnose

        if not self.arrays or self.verdict != "wrong":
            key = "diagnosis.right" if self.verdict == "right" else "diagnosis.nothing"
            return Diagnosis(None, None, text(key, message=self.message))
        wanted = ("claims", "numerical", "bounds")
        claims, slopes, bounds = ({a.name: vars(a)[it] for a in self.arrays} for it in wanted)
        wrong = [array.name for array in self.arrays if array.verdict == "wrong"]
        context = self.context if context is None else context
        return diagnose(claims, slopes, bounds=bounds, wrong=wrong, context=context)  # type: ignore[no-any-return,no-untyped-call]

    # for people

    def __str__(self) -> str:
        """The sentence, the look of the difference, a table, the cost."""
        look, rows, cost = self._parts()
        told = f"{self.verdict.upper()}: {self.message}"
        return "\n".join([told, *look, *(f"  {line}" for line in tables.lines(rows)), cost])

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        look, rows, cost = self._parts()
        table = tables.html(rows[0], rows[1:]) if rows else ""
        verdict = f'<span style="color:{COLOURS[self.verdict]};font-weight:bold">{self.verdict}'
        told = [f"{verdict}</span>: {escape(self.message)}", *map(escape, look)]
        more = "".join(f"<p>{line}</p>" for line in told)
        return f"<div>{more}{table}<p><small>{escape(cost)}</small></p></div>"

    def _parts(self) -> tuple[list[str], list[list[str]], str]:
        """The look of the difference, where it has a name; the table with its head; the cost."""
        found = self.explain() if self.verdict == "wrong" else None
        rows = [text("gradcheck.head").split("|")] * bool(self.arrays)
        for a in self.arrays:
            verdict = a.verdict + (f" ({a.reason})" if a.reason else "")
            told = _numbers(".8g", a.claimed, a.slope) + _numbers(".1g", a.bound, a.step)
            shape = "×".join(map(str, a.shape)) or "1"
            rows.append([a.label, shape, verdict, *told, str(len(a.wrong) or "")])
        cost = text("gradcheck.cost", evaluations=self.evaluations, mode=self.mode)
        return [found.message] if found and found.cause else [], rows, cost

    def plot(self) -> "Figure":
        """Claimed against measured, and the worst entry's error against the step.

        It calls f a few times more where the steps were not varied yet.
        """
        from bpcourse import figures

        return figures.gradient_check(self)  # type: ignore[no-any-return]


def _open(slope: Slope) -> str:
    """What leaves an entry open."""
    return slope.kind or ("precision" if np.isfinite(slope.value) else "not finite")


def label(name: str, index: tuple[int, ...]) -> str:
    """An entry by name, such as ``0.W[1, 2]``."""
    return f"{name or 'params'}[{', '.join(map(str, index))}]" if index else name or "params"


def _sentence(report: GradientReport) -> str:
    """The verdict in a sentence or two."""
    if report.verdict == "right":
        resolved = text("gradcheck.resolved", resolution=report.resolution)
        told = text("gradcheck.right", resolved=resolved if report.resolution > 0 else "")
        return f"{told} {_remark(report)}".rstrip()
    # from the loss backwards: the first wrong array is where the mistake is
    array = [a for a in report.arrays if a.verdict == report.verdict][-1]
    together = ", ".join(array.together[:SHOWN]) + (", …" if len(array.together) > SHOWN else "")
    kind = array.kinks[array.index].kind if array.index in array.kinks else "kink"
    left, right = array.sides or (np.nan, np.nan)
    key = f"unclear_{array.reason}"
    if report.verdict == "wrong":
        where = "_nearby" if array.point is not None else "_kink" if array.sides else ""
        key = f"wrong{where}{'_together' if together else ''}"
    values = vars(array) | {"entry": array.label, "noise": report.noise, "together": together}
    return text(f"gradcheck.{key}", **values | {"left": left, "right": right, "kind": kind})


def _remark(report: GradientReport) -> str:
    """What is to be said of kinks and jumps where the gradient is right."""
    seen = [(kink.inside, a.name, i, kink) for a in report.arrays for i, kink in a.kinks.items()]
    if not seen:
        return ""
    inside, name, index, kink = min(seen, key=lambda found: found[0])
    values = {"count": len(seen), "entry": label(name, index), **vars(kink)}
    between = text(f"gradcheck.{'between' if inside else 'outside'}")
    return text(f"gradcheck.{kink.kind}", **values, between=between)


def _numbers(form: str, *values: float) -> list[str]:
    return [number(value, form, typed=True) if np.isfinite(value) else "–" for value in values]
