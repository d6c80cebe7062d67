"""What a check found: a verdict with its evidence, for people and for tests."""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np

from bpcourse.gradcheck import display
from bpcourse.gradcheck.function import Place
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.look import Look
from bpcourse.gradcheck.problem import Problem
from bpcourse.gradcheck.slope import Slope
from bpcourse.gradcheck.structure import Verdict
from bpcourse.text import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bpcourse.diagnosis import Diagnosis

WORST_FIRST: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")


class GradientError(AssertionError):
    """A gradient that is wrong, or in a test could not be told to be right."""


class ArrayReport:
    """One parameter array; the entry shown is the worst one, or the largest if none is wrong.

    It was ``claimed`` to have one slope and has another, known up to ``bound`` and found with
    ``step``; ``curve`` holds {step: central slope}. ``resolution`` is the smallest relative error
    that would have been found in any entry above a thousandth of the largest, or 0 where nothing
    but zeros and kinks is claimed. ``numerical`` has the slopes that were measured, NaN elsewhere
    and at kinks, where f has two; ``kinks`` has those. ``point`` is None, or the parameters nearby
    at which the numbers of the entry were found, and ``value`` what it is there; ``together`` names
    the entries that moved with it, where the fault shows only so; ``sides`` are the two slopes
    where it shows at a kink.
    """

    claimed = slope = bound = step = value = nan
    line: Line | None = None  # along which the numbers were found
    point: object = None
    sides: tuple[float, float] | None = None

    def __init__(self, problem: Problem, found: Look, k: int) -> None:
        tree, place, part = problem.tree, problem.given.place, problem.tree.slices[k]
        mine = [i for i in sorted(found.slopes) if part.start <= i < part.stop]
        own = {place(i)[1]: found.slopes[i] for i in mine}
        self.name, self.shape = tree.names[k], tree.arrays[k].shape
        self.wrong = [index for index, slope in own.items() if slope.status == "wrong"]
        self.kinks = {index: slope for index, slope in own.items() if slope.kind}
        unclear = [index for index, slope in own.items() if slope.status != "right"]
        self.verdict: Verdict = "wrong" if self.wrong else "cannot tell" if unclear else "right"
        self.reason = _reason(own.values(), self.verdict)
        groups = [s for s in found.groups if part.start <= s.line.entries[0] < part.stop]
        self.resolution = max((s.resolution for s in [*own.values(), *groups]), default=0.0)
        self.claims = problem.point.claims[part].reshape(self.shape)
        self.numerical, self.bounds = np.full(self.shape, nan), np.full(self.shape, inf)
        for index in own.keys() - self.kinks.keys():
            self.numerical[index], self.bounds[index] = own[index].value, own[index].error
        worst = self.wrong or unclear or own
        self.index: Place = max(worst, key=lambda index: own[index].distance, default=())
        self.label = display.label(self.name, self.index)
        self.curve, self.together = dict[float, float](), list[str]()
        if own:
            slope = own[self.index].shown or own[self.index]
            self.claimed, self.slope, self.bound = slope.claim, slope.value, slope.error
            self.step, self.line, self.curve = slope.step, slope.line, slope.line.curve
            moved = slope.line.entries
            if len(moved) > 1:
                self.together = [display.label(*place(i)) for i in moved]
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
    noise: float = nan
    resolution: float = nan
    context: object = field(default=None, repr=False)

    @classmethod
    def of(cls, problem: Problem, found: Look, mode: str) -> "GradientReport":
        """What a check found, array by array."""
        arrays = [ArrayReport(problem, found, k) for k in range(len(problem.tree.arrays))]
        verdict = min((a.verdict for a in arrays), key=WORST_FIRST.index)
        reason = next((a.reason for a in arrays if a.verdict == verdict and a.reason), None)
        report = cls(verdict, reason, "", mode, problem.f.calls, arrays)
        report.resolution = max(a.resolution for a in arrays)
        report.noise = problem.point.precision.sigma
        report.message = display.sentence(report)
        return report

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
        claims, slopes, bounds = (
            {array.name: getattr(array, what) for array in self.arrays}
            for what in ("claims", "numerical", "bounds")
        )
        wrong = [array.name for array in self.arrays if array.verdict == "wrong"]
        context = self.context if context is None else context
        return diagnose(claims, slopes, bounds=bounds, wrong=wrong, context=context)  # type: ignore[no-any-return,no-untyped-call]

    # how it shows itself
    __str__, _repr_html_ = display.plain, display.html

    def plot(self) -> "Figure":
        """Claimed against measured, and the worst entry's error against the step.

        It calls f a few times more where the steps were not varied yet.
        """
        from bpcourse import figures

        figure: Figure = figures.gradient_check(self)
        return figure


def _reason(own: Collection[Slope], verdict: Verdict) -> str | None:
    """The least of the names: a jump goes before a kink, and a kink before precision."""
    seen = {slope.kind for slope in own if slope.kind}
    open_ = {slope.status for slope in own} & {"kink", "jump"}
    if verdict == "cannot tell":
        return min(open_ or seen or {"precision"})
    told = verdict == "right" or any(slope.shown for slope in own)
    return min(seen, default=None) if told else None
