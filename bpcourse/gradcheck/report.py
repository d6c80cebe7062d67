"""What a check found: a verdict with its evidence, for people and for tests."""

from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from bpcourse.gradcheck import display
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.look import Findings
from bpcourse.gradcheck.point import Point
from bpcourse.gradcheck.slope import Slope
from bpcourse.gradcheck.structure import Told, Tree, Verdict
from bpcourse.text import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bpcourse.diagnosis import Diagnosis

Place = tuple[int, ...]


class GradientError(AssertionError):
    """A gradient that is wrong, or in a test could not be told to be right."""


@dataclass(kw_only=True)
class ArrayReport:
    """One parameter array; the entry shown is the worst one, or the largest if none is wrong.

    It was ``claimed`` to have one slope and has another, known up to ``bound`` and found with
    ``step``; ``curve`` holds {step: central slope}. ``resolution`` is the smallest relative error
    that would have been found in any entry above a thousandth of the largest, or 0 where nothing
    but zeros and kinks is claimed; ``numerical`` the slopes that were measured, else NaN.
    ``point`` is None, or the parameters nearby at which the numbers of the entry were found, and
    ``value`` what it is there; ``together`` names the entries that moved with it, where the fault
    shows only so; ``sides`` are the two slopes where it shows at a kink.
    """

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    reason: str | None
    index: Place
    resolution: float
    claimed: float = nan
    slope: float = nan
    bound: float = nan
    step: float = nan
    line: Line | None = field(default=None, repr=False)  # of the entry, where it was measured
    point: object = field(default=None, repr=False)
    value: float = nan
    together: list[str] = field(default_factory=list, repr=False)
    sides: tuple[float, float] | None = None
    wrong: list[Place] = field(repr=False)
    kinks: dict[Place, Slope] = field(repr=False)
    claims: Vector = field(repr=False)
    numerical: Vector = field(repr=False)
    bounds: Vector = field(repr=False)

    @property
    def curve(self) -> dict[float, float]:
        return self.line.curve if self.line else {}

    @property
    def label(self) -> str:
        """The entry by name, such as ``0.W[1, 2]``."""
        return display.label(self.name, self.index)

    def without_kinks(self) -> Vector:
        """The measured slopes, NaN at kinks, where there are two of them."""
        measured = self.numerical.copy()
        for index in self.kinks:
            measured[index] = nan
        return measured


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
    arrays: list[ArrayReport]
    mode: str
    evaluations: int
    noise: float
    resolution: float
    context: object = field(default=None, repr=False)

    @classmethod
    def told(cls, told: Told, mode: str, evaluations: int) -> "GradientReport":
        """A check that ended before any slope was measured."""
        message = str(told)
        return cls(told.verdict, told.reason, message, [], mode, evaluations, nan, nan)

    @classmethod
    def build(cls, tree: Tree, point: Point, found: Findings, **kept: Any) -> "GradientReport":
        """What a check found, array by array."""
        arrays = [_array_report(tree, point, found, k) for k in range(len(tree.arrays))]
        order: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")
        verdict = min((a.verdict for a in arrays), key=order.index)
        reason = next((a.reason for a in arrays if a.verdict == verdict and a.reason), None)
        resolution, noise = max(a.resolution for a in arrays), point.precision.sigma
        report = cls(verdict, reason, "", arrays, noise=noise, resolution=resolution, **kept)
        report.message = display.sentence(report)
        return report

    def __getitem__(self, name: object) -> ArrayReport:
        """The :class:`ArrayReport` of one parameter array."""
        for array in self.arrays:
            if array.name == str(name):
                return array
        raise KeyError(f"{name!r}: expected one of {[a.name for a in self.arrays]}")

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
        found: Diagnosis = diagnose(  # type: ignore[no-untyped-call]
            {a.name: a.claims for a in self.arrays},
            {a.name: a.without_kinks() for a in self.arrays},
            bounds={a.name: a.bounds for a in self.arrays},
            wrong=[a.name for a in self.arrays if a.verdict == "wrong"],
            context=self.context if context is None else context,
        )
        return found

    def plot(self) -> "Figure":
        """A figure for ``figures.show``: claimed against measured, and the worst entry's error
        against the step. It calls f a few times more where the steps were not varied yet."""
        for array in self.arrays:
            if array.line and array.point is None and not array.sides:
                array.line.look_again()
        return display.plot(self)

    def __str__(self) -> str:
        return display.plain(self)

    def _repr_html_(self) -> str:
        return display.html(self)


def _array_report(tree: Tree, point: Point, found: Findings, k: int) -> ArrayReport:
    """What was found of one array, and the numbers of the entry that shows it best."""
    part, shape, place = point.function.slices[k], tree.arrays[k].shape, point.function.place
    own = {i: s for i, s in sorted(found.slopes.items()) if part.start <= i < part.stop}
    wrong = [i for i, s in own.items() if s.status == "wrong"]
    left = [i for i, s in own.items() if s.status != "right"]
    verdict: Verdict = "wrong" if wrong else "cannot tell" if left else "right"
    entry = max(wrong or left or own, key=lambda i: _distance(own[i]), default=None)
    numerical, bounds = np.full((2, part.stop - part.start), np.array([[nan], [np.inf]]))
    for i, slope in own.items():
        numerical[i - part.start], bounds[i - part.start] = slope.value, slope.error
    lines = [s for s in found.groups if part.start <= s.index[0] < part.stop]
    return ArrayReport(
        name=tree.names[k], shape=shape, verdict=verdict,
        reason=_reason(own, verdict),
        index=() if entry is None else place(entry)[1],
        resolution=max((s.resolution for s in [*own.values(), *lines]), default=0.0),
        wrong=[place(i)[1] for i in wrong],
        kinks={place(i)[1]: s for i, s in own.items() if s.kind},
        claims=point.claims[part].reshape(shape),
        numerical=numerical.reshape(shape), bounds=bounds.reshape(shape),
        **({} if entry is None else _numbers(tree, point, own[entry].shown or own[entry])),
    )  # fmt: skip


def _distance(slope: Slope) -> float:
    """From the claim to the slope, in bounds."""
    far = abs(slope.claim - slope.value)
    return far / slope.error if slope.error else np.inf if far else 0.0


def _reason(own: dict[int, Slope], verdict: Verdict) -> str | None:
    """The least of the names: a jump goes before a kink, and a kink before precision."""
    seen = {slope.kind for slope in own.values() if slope.kind}
    open_ = {slope.status for slope in own.values()} & {"kink", "jump"}
    if verdict == "cannot tell":
        return min(open_ or seen or {"precision"})
    told = verdict == "right" or any(slope.shown for slope in own.values())
    return min(seen, default=None) if told else None


def _numbers(tree: Tree, point: Point, shown: Slope) -> dict[str, Any]:
    """What was claimed and measured, and where."""
    found: dict[str, Any] = {"claimed": shown.claim, "slope": shown.value, "bound": shown.error}
    found |= {"step": shown.step, "line": shown.line}
    entries = shown.index.tolist()
    if len(entries) > 1:
        found["together"] = [display.label(*point.function.place(i)) for i in entries]
    if shown.x is not None:
        parts = zip(tree.cut(shown.x), tree.arrays, strict=True)
        found["point"] = tree.rebuild([part.astype(array.dtype) for part, array in parts])
        found["value"] = float(shown.x[entries[0]])
    elif shown.kind == "kink":
        found["sides"] = (shown.left, shown.right)
    return found
