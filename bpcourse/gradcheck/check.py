"""check_gradient: ask, and ask more closely until a verdict is certain."""

from collections.abc import Callable
from math import isnan
from typing import Literal

import numpy as np

from bpcourse.gradcheck import tuned
from bpcourse.gradcheck.kinks import Kinks
from bpcourse.gradcheck.look import GROUPED_ABOVE, Findings, Look
from bpcourse.gradcheck.point import Point, sizes
from bpcourse.gradcheck.problem import Problem, pattern
from bpcourse.gradcheck.report import GradientReport
from bpcourse.gradcheck.structure import Told, cannot_tell, flatten

Mode = Literal["auto", "each", "grouped", "complex"]
Seed = int | np.random.Generator | None

MODES = ("auto", "each", "grouped", "complex")
EVIDENCE = 64  # entries measured in a wrong array, for a diagnosis to look at
COMPLEX_DIGITS = 64  # roundings that a complex slope may have collected,
COMPLEX_NEAR = 1e-6  # and the part of a claim to which it is trusted
REACTS = (1e-3, 1e-1, 1.0, -1e-3, -1e-1, -1.0)  # moves to which some f react, relative, absolute


def check_gradient(
    f: Callable[..., object], params: object, grad: object, *, mode: Mode = "auto", rng: Seed = None
) -> GradientReport:
    """Is ``grad`` the gradient of f at ``params``?

    At a kink this is promised. A gradient *function* is asked on both sides of each kinked entry
    and of at most 32 mixed directions: right on all sides is right, wrong on one is wrong. What it
    gives *at* the kink is wrong outside f's one-sided slopes, along an entry or a mixed direction
    (as in a tie of max), where all kinks bend the same way; between 0 and the sum of the two
    slopes it is told only, because conventions such as relu′(0) = 0 can lead there. An *array* is
    right if it fits one side, or lies between the slopes along every direction; outside it is wrong
    in the same cases, and else it cannot be told. On a jump only the side without it counts.

    Where f computes in float32 inside, most right gradients cannot be told, because noise hides
    errors of a thousandth in small entries; ``docs/gradcheck.md`` has the figures.

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
        (the default above 300 entries); "complex" compares each with a complex step, a hundred
        times as closely, where f is analytic; else it is "each".
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
        return GradientReport.told(told, check.mode, problem.function.calls)
    finally:
        problem.function.restore()


class _Check:
    """One check: what is known so far, and the questions in the order in which they are asked."""

    def __init__(self, problem: Problem, mode: str, rng: np.random.Generator) -> None:
        self.problem, self.mode, self.rng = problem, mode, rng

    def run(self) -> GradientReport:
        problem = self.problem
        if self.mode == "complex" and isnan(problem.complex_slope(0)):
            self.mode = "each"
        self._look(problem.first_point(self.mode == "complex"))
        self._larger_steps()
        kinks = Kinks(problem, self.point, self.found)
        for ask in (kinks.settle, kinks.elsewhere, self._complex, problem.claims, problem.value):
            problem.require_unchanged("f")
            ask()
        return self._report()

    def _look(self, point: Point) -> None:
        """f's slope along every entry, or along groups of them."""
        self.point, self.found = point, Findings()
        self.look = Look(point, self.rng, self.found)
        if self.mode == "complex":
            self.look.complex_slope = self.problem.complex_slope
        self.look.run(self.mode == "grouped")

    def _larger_steps(self) -> None:
        """f did not react: does it, to larger steps than the parameters' sizes suggest?"""
        if self.found.moved:
            return
        point, function = self.point, self.problem.function
        ways = (s * point.scales if s > 0 else np.full(len(function.x), -s) for s in REACTS)
        moves = (way * pattern(len(way), number) for number, way in enumerate(ways))
        if all(function.at(function.x + move) == point.f0 for move in moves):
            raise cannot_tell("f does not depend on params", "independent", value=point.f0)
        scales = sizes(function, point.claims, point.f0, least=1.0)
        self._look(Point(function, point.f0, point.claims, scales, point.precision))

    def _complex(self) -> None:
        """Complex steps, for entries too small for differences, where f takes them.

        They can only confirm: two values that agree to many digits are no accident, while a
        difference may come from an f that is not analytic in that one entry.
        """
        found, point = self.found, self.point
        near = max(COMPLEX_NEAR, COMPLEX_DIGITS * point.precision.eps_claims)
        for i in found.having("unclear"):
            measured, rounded = found.slopes[i], float(point.allowance[i] / point.scales[i])
            value, claim = self.problem.complex_slope(i), measured.claim
            error = min(near * abs(claim) + rounded, point.precision.demand.resolve * abs(claim))
            fits = abs(value - measured.value) <= tuned.CLEAR * measured.error
            if fits and not measured.kind and abs(value - claim) <= error:
                found.judge(i, "right", value=value, error=error)

    def _report(self) -> GradientReport:
        point, found, look = self.point, self.found, self.look
        for k, part in enumerate(point.function.slices):
            wrong = any(part.start <= i < part.stop for i in found.having("wrong"))
            if wrong or not any(i in found.slopes for i in range(part.start, part.stop)):
                look.show(k, EVIDENCE if wrong else 1)
        kept = {"mode": self.mode, "evaluations": self.problem.function.calls}
        return GradientReport.build(self.problem.tree, point, found, **kept)
