"""check_gradient: ask, and ask more closely until a verdict is certain."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.complex_step import ComplexStep
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.kinks import Kinks, elsewhere
from bpcourse.gradcheck.line import Line
from bpcourse.gradcheck.look import Findings, Look
from bpcourse.gradcheck.point import Point, sizes
from bpcourse.gradcheck.problem import Problem, Told, cannot_tell, pattern
from bpcourse.gradcheck.report import GradientReport
from bpcourse.gradcheck.slope import Measurement
from bpcourse.gradcheck.structure import flatten

Mode = Literal["auto", "each", "grouped", "complex"]
MODES = ("auto", "each", "grouped", "complex")
GROUPED_ABOVE = 300  # parameters: with fewer, one by one costs little and names every wrong entry
CURVE = range(-3, 6)  # steps of a plot
EVIDENCE = 64  # entries measured in a wrong array, for a diagnosis to look at
COMPLEX_DIGITS = 64  # roundings that a complex slope may have collected,
COMPLEX_NEAR = (1e-9, 1e-6)  # and the parts to which it is trusted: to agree, and to settle doubts
CLOSELY = 1e-6  # of a claim: the errors that are looked for where complex steps disagree
REACTS = (1e-3, 1e-1, 1.0, -1e-3, -1e-1, -1.0)  # moves to which some f react, relative, absolute


def check_gradient(
    f: Callable[..., object],
    params: object,
    grad: object,
    *,
    mode: Mode = "auto",
    rng: int | np.random.Generator | None = None,
) -> GradientReport:
    """Is ``grad`` the gradient of f at ``params``?

    At a kink this is promised. A gradient *function* is asked on both sides of each kinked entry
    and of at most 32 mixed directions: right on all sides is right, wrong on one is wrong. What it
    gives *at* the kink is wrong outside f's one-sided slopes, along an entry or a mixed direction
    (as in a tie of max), where all kinks bend the same way; between 0 and the sum of the two
    slopes it is told only, because conventions such as relu′(0) = 0 can lead there. An *array* is
    right if it fits one side, or lies between the slopes along every direction; outside it is wrong
    in the same cases, and else it cannot be told. On a jump only the side without it counts.

    Parameters
    ----------
    f
        ``f(params)`` gives one real number. ``f.batch``, if there is one, takes every array with
        one more axis in front and returns as many values.
    params
        An array, or a dict or list of arrays, nested ones too. They are moved in place and put
        back bit for bit, also when f raises.
    grad
        The claimed gradient in the structure of ``params``, or a function of params that gives it,
        which is then also asked at points nearby where f has a kink.
    mode
        "each" looks at one entry at a time; "grouped" at random directions in groups of entries
        (the default above 300 entries); "complex" takes complex steps where f is analytic, else
        "each".
    rng
        A seed or generator for the directions of groups. Verdicts at kinks take no chance.

    Returns
    -------
    The report; ``report.verdict`` is "right", "wrong" or "cannot tell".

    Raises
    ------
    TypeError, ValueError
        For an f that does not return one real number, and parameters that are not arrays, or none.
        What f or grad raises is passed on; everything else is told by the report.
    """
    if not callable(f):
        raise TypeError(f"f: expected a function of params, got {type(f).__name__}")
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {MODES}, got {mode!r}")
    tree = flatten(params)
    size = sum(array.size for array in tree.arrays)
    chosen = ("each" if size <= GROUPED_ABOVE else "grouped") if mode == "auto" else mode
    try:
        problem = Problem(f, tree, grad)
    except Told as told:
        return GradientReport.told(told, chosen, 0)
    check = _Check(problem, chosen, np.random.default_rng(0 if rng is None else rng))
    try:
        with np.errstate(all="ignore"):
            return check.run()
    except Told as told:
        return GradientReport.told(told, check.mode, problem.evaluations)
    finally:
        problem.caller.restore()


class _Check:
    """One check: what is known so far, and the questions in the order in which they are asked."""

    def __init__(self, problem: Problem, mode: str, rng: np.random.Generator) -> None:
        self.problem, self.mode, self.rng = problem, mode, rng

    def run(self) -> GradientReport:
        problem = self.problem
        self.point = problem.first_point(self.rng)
        self.x = problem.caller.x.copy()
        self.found = Findings.none(len(self.point.claims), len(problem.function.slices))
        self.kinks = Kinks(problem, self.point, self.found)
        for ask in (self._slopes, self._larger_steps, self._sides, self._around, self._complex):
            ask()
            problem.require_unchanged("f")
            if self.found.moved and not self.found.status:
                break
        problem.require_same_again()  # and what f keeps belongs to the caller's point again
        return self._report()

    def _slopes(self) -> None:
        """f's slope along every entry, or along groups of them."""
        self._look(self.point)

    def _larger_steps(self) -> None:
        """f did not react: does it, to larger steps than the parameters' sizes suggest?"""
        if self.found.moved:
            return
        point, function = self.point, self.problem.function
        for number, size in enumerate(REACTS):
            way = size * point.scales if size > 0 else np.full(len(point.scales), -size)
            moved = function.x + way * pattern(len(way), number)
            if function.at(function.everything, moved) != point.f0:
                break
        else:
            raise cannot_tell("f does not depend on params", "independent", value=point.f0)
        scales = sizes(function, point.claims, point.f0, least=1.0)
        self._look(Point(function, point.f0, point.claims, scales, point.precision))

    def _look(self, point: Point) -> None:
        self.point = point
        if self.mode != "complex" or not self._look_complex():
            self.found = Look(point, self.rng).run(self.mode == "grouped")
        self.kinks = Kinks(self.problem, point, self.found)

    def _sides(self) -> None:
        """The sides of kinks and jumps."""
        self.kinks.settle()

    def _around(self) -> None:
        """Points around, for what cannot be told here."""
        elsewhere(self.problem, self.point, self.found, self.mode == "grouped")

    def _complex(self) -> None:
        """Complex steps, for entries too small for differences, where f takes them.

        They can only confirm: two values that agree to many digits are no accident, while a
        difference may come from an f that is not analytic in that one entry.
        """
        found, point = self.found, self.point
        open_ = [i for i in found.having("unclear") if i not in self.kinks.seen]
        step = self._complex_step() if open_ else None
        if step is None:
            return
        precision = point.precision
        near = max(COMPLEX_NEAR[1], COMPLEX_DIGITS * precision.eps_claims)
        for i in open_:
            try:
                slope = step.slope(i)
            except Exception:  # f does not take this one
                continue
            claim = float(point.claims[i])
            error = near * abs(claim) + float(point.allowance[i] / point.scales[i])
            error = min(error, precision.demand.resolve * abs(claim))
            fits = abs(slope - found.slopes[i]) <= tuned.CLEAR * found.errors[i]
            if fits and abs(slope - claim) <= error:
                found.slopes[i], found.errors[i] = slope, error
                found.evidence.pop(i, None)
                found.judge(i, "right")
        self.problem.caller.calls += step.calls

    def _complex_step(self) -> ComplexStep | None:
        try:
            return ComplexStep(self.problem.caller.f, self.problem.tree, self.rng)
        except Exception:  # f does not take complex numbers, or is not analytic
            return None

    def _look_complex(self) -> bool:
        """Complex steps, one an entry; what disagrees is judged by real ones. False if f is not
        analytic."""
        step = self._complex_step()
        try:
            slopes = None if step is None else step.all_slopes()
        except Exception:
            slopes = None
        if step is None or slopes is None:
            self.mode = "each"
            return False
        self.problem.caller.calls += step.calls
        self.found = _compare(self.point, slopes, self.rng)
        return True

    def _report(self) -> GradientReport:
        point, found = self.point, self.found
        look = Look(point, self.rng, found)
        for k, part in enumerate(self.problem.function.slices):
            wrong = any(part.start <= i < part.stop for i in found.having("wrong"))
            if wrong or np.isnan(found.slopes[part]).all():
                look.show(k, EVIDENCE if wrong else 1)
        evaluations = self.problem.evaluations
        report = GradientReport.build(
            self.problem.tree, point, found, self.kinks, self.mode, evaluations
        )
        report.look_again = self._curve
        return report

    def _curve(self, k: int, index: tuple[int, ...]) -> dict[float, float]:
        """The slope of one entry by step, where the check was made."""
        part, shape = self.point.function.slices[k], self.problem.tree.arrays[k].shape
        at = np.array([part.start + int(np.ravel_multi_index(index, shape) if shape else 0)])
        with np.errstate(all="ignore"), self.problem.moved(self.x):
            line = Line(self.point, at, self.point.scales[at])
            for j in CURVE:
                line.sample(j)
            return Measurement(line).run().per(float(self.point.scales[at[0]])).curve


def _compare(point: Point, slopes: Vector, rng: np.random.Generator) -> Findings:
    """The findings from complex slopes, each of which is also looked at with real steps.

    Complex steps see more than groups do. So groups may object to what agrees, but need not
    resolve it, and what does not agree is looked at as closely as complex steps do.
    """
    precision = point.precision
    near = max(COMPLEX_NEAR[0], COMPLEX_DIGITS * precision.eps_claims)
    error = near * abs(point.claims) + point.allowance / point.scales
    agree = abs(slopes - point.claims) <= error
    found = Look(point, rng).run(True, np.flatnonzero(agree))
    found.moved |= bool(slopes.any())
    for i in found.having("unclear"):
        found.judge(i, "right")
    demand = replace(precision.demand, resolve=max(CLOSELY, precision.eps_claims))
    closer = replace(precision, demand=demand)
    look = Look(Point(point.function, point.f0, point.claims, point.scales, closer), rng, found)
    found.resolution[:] = 0
    for k, part in enumerate(point.function.slices):
        own = part.start + np.flatnonzero(agree[part])
        look.accept(k, own, (slopes * point.scales)[own], (error * point.scales)[own])
    return look.run(False, np.flatnonzero(~agree))
