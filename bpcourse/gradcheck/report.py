"""What a check found: a verdict with its evidence, for people and for tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from bpcourse.gradcheck import display
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.kinks import Beside, Crossing, Kink, Kinks, Way
from bpcourse.gradcheck.look import Findings
from bpcourse.gradcheck.point import Point
from bpcourse.gradcheck.problem import Told, Verdict
from bpcourse.gradcheck.slope import Status
from bpcourse.gradcheck.structure import Tree
from bpcourse.text import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bpcourse.diagnosis import Diagnosis

Place = tuple[int, ...]


class GradientError(AssertionError):
    """A gradient that is wrong, or in a test could not be told to be right."""


@dataclass(kw_only=True)
class Numbers:
    """What was claimed and measured of one entry, and where."""

    claimed: float = nan
    slope: float = nan
    bound: float = nan
    step: float = nan
    curve: dict[float, float] = field(default_factory=dict, repr=False)
    point: object = field(default=None, repr=False)
    value: float = nan  # of the entry, at that point
    together: list[str] = field(default_factory=list, repr=False)
    sides: tuple[float, float] | None = None


@dataclass(kw_only=True)
class ArrayReport(Numbers):
    """One parameter array; the entry shown is the worst one, or the largest if none is wrong.

    ``resolution`` is the smallest relative error that would have been found in any entry above a
    thousandth of the largest, or 0 where nothing but zeros and kinks is claimed; ``curve`` holds
    {step: central slope} for the entry; ``numerical`` the slopes that were measured, else NaN.
    ``point`` is None, or the parameters nearby at which the numbers of the entry were found;
    ``together`` names the entries that moved with it, where the fault shows only so; ``sides`` are
    the two slopes where it shows at a kink.
    """

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    reason: str | None
    index: Place
    resolution: float
    wrong: list[Place] = field(repr=False)
    kinks: dict[Place, Kink] = field(repr=False)
    claims: Vector = field(repr=False)
    numerical: Vector = field(repr=False)
    bounds: Vector = field(repr=False)

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


class _Builder:
    """The reports of all arrays, from what a check knows in the end."""

    def __init__(self, tree: Tree, point: Point, found: Findings, kinks: Kinks) -> None:
        self.tree, self.point, self.found, self.kinks = tree, point, found, kinks
        self.slices = point.function.slices

    def array(self, k: int) -> ArrayReport:
        part, shape, found = self.slices[k], self.tree.arrays[k].shape, self.found
        own = {i: s for i, s in found.status.items() if part.start <= i < part.stop}
        seen = {i: kink for i, kink in self.kinks.seen.items() if part.start <= i < part.stop}
        wrong = sorted(i - part.start for i, status in own.items() if status == "wrong")
        verdict: Verdict = "wrong" if wrong else "cannot tell" if own else "right"
        left = sorted(i - part.start for i in own)
        among = wrong or left or np.flatnonzero(~np.isnan(found.slopes[part])).tolist()
        i = self._worst(part, among)

        def place(n: int) -> Place:
            return tuple(int(v) for v in np.unravel_index(n, shape))

        numbers = self._numbers(part.start + i) if part.stop > part.start else Numbers()
        return ArrayReport(
            name=self.tree.names[k],
            shape=shape,
            verdict=verdict,
            reason=self._reason(verdict, own, seen),
            index=place(i) if part.stop > part.start else (),
            resolution=float(found.resolution[k]),
            wrong=[place(n) for n in wrong],
            kinks={place(n - part.start): kink for n, kink in sorted(seen.items())},
            claims=self.point.claims[part].reshape(shape),
            numerical=found.slopes[part].reshape(shape),
            bounds=found.errors[part].reshape(shape),
            **vars(numbers),
        )

    def _worst(self, part: slice, among: list[int]) -> int:
        """The entry to show: farthest from its slope in bounds."""
        claims, found = self.point.claims[part], self.found
        if not among:
            return int(np.argmax(abs(claims))) if claims.size else 0
        with np.errstate(divide="ignore", invalid="ignore"):
            far = abs(claims - found.slopes[part])[among] / found.errors[part][among]
        return int(among[int(np.argmax(np.nan_to_num(far, nan=0.0, posinf=np.inf)))])

    def _reason(
        self, verdict: Verdict, own: dict[int, Status], seen: dict[int, Kink]
    ) -> str | None:
        kinds = [kink.kind for kink in seen.values()]
        kind = "jump" if "jump" in kinds else "kink" if kinds else None
        if verdict == "wrong":
            by_kinks = self.kinks.beside.keys() | self.kinks.outside.keys()
            return kind if by_kinks & {i for i, s in own.items() if s == "wrong"} else None
        if verdict == "right":
            return kind
        return next((s for s in ("jump", "kink") if s in own.values()), kind or "precision")

    def _numbers(self, i: int) -> Numbers:
        """What was claimed and measured of an entry, and where."""
        point, found, kinks = self.point, self.found, self.kinks
        if found.status.get(i) == "wrong" and i in kinks.beside:
            return self._nearby(kinks.beside[i])
        if found.status.get(i) == "wrong" and i in kinks.outside:
            return self._outside(*kinks.outside[i])
        evidence = found.evidence.get(i)
        return Numbers(
            claimed=float(point.claims[i]),
            slope=float(found.slopes[i]),
            bound=float(found.errors[i]),
            step=evidence.step if evidence else point.first_step(i),
            curve=evidence.curve if evidence else {},
        )

    def _outside(self, way: Way, crossing: Crossing) -> Numbers:
        """The numbers of a claim that lies outside the two slopes of a kink."""
        scale = self._scale(way)
        left, right = crossing.left / scale, crossing.right / scale
        return Numbers(
            claimed=crossing.claim / scale,
            slope=(left + right) / 2,
            bound=abs(right - left) / 2,
            sides=(left, right),
            together=self._names(way),
        )

    def _nearby(self, beside: Beside) -> Numbers:
        """The numbers of a claim that is wrong at a point nearby, and that point."""
        arrays = [
            beside.x[part].reshape(array.shape).astype(array.dtype)
            for part, array in zip(self.slices, self.tree.arrays, strict=True)
        ]
        scale = self._scale(beside.way)
        slope = beside.slope.per(scale)
        return Numbers(
            claimed=beside.claim / scale,
            slope=slope.value,
            bound=slope.error,
            step=slope.step,
            curve=slope.curve,
            point=self.tree.rebuild(arrays),
            value=float(beside.x[beside.way.index[0]]),
            together=self._names(beside.way),
        )

    @staticmethod
    def _scale(way: Way) -> float:
        """Slopes are told per unit of the first entry that moves."""
        return float(way.weights[0])

    def _names(self, way: Way) -> list[str]:
        return [self._label(i) for i in way.index.tolist()] if len(way.index) > 1 else []

    def _label(self, i: int) -> str:
        k = next(k for k, part in enumerate(self.slices) if i < part.stop)
        index = np.unravel_index(i - self.slices[k].start, self.tree.arrays[k].shape)
        return display.label(self.tree.names[k], tuple(int(n) for n in index))


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
    look_again: Callable[[int, Place], dict[float, float]] | None = field(default=None, repr=False)

    @classmethod
    def told(cls, told: Told, mode: str, evaluations: int) -> "GradientReport":
        """A check that ended before any slope was measured."""
        message = str(told)
        return cls(told.verdict, told.reason, message, [], mode, evaluations, nan, nan)

    @classmethod
    def build(
        cls, tree: Tree, point: Point, found: Findings, kinks: Kinks, mode: str, evaluations: int
    ) -> "GradientReport":
        """What a check found, array by array."""
        builder = _Builder(tree, point, found, kinks)
        arrays = [builder.array(k) for k in range(len(tree.arrays))]
        verdicts = [a.verdict for a in arrays]
        order: Sequence[Verdict] = ("wrong", "cannot tell", "right")
        verdict = next(v for v in order if v in verdicts)
        reason = next((a.reason for a in arrays if a.verdict == verdict and a.reason), None)
        resolution = max((a.resolution for a in arrays), default=nan)
        noise = point.precision.sigma
        report = cls(verdict, reason, "", arrays, mode, evaluations, noise, resolution)
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
        for k, array in enumerate(self.arrays):
            if not array.curve and self.look_again and array.claims.size and not array.sides:
                array.curve = self.look_again(k, array.index)
        return display.plot(self)

    def __str__(self) -> str:
        return display.plain(self)

    def _repr_html_(self) -> str:
        return display.html(self)
