"""check_gradient: ask, and ask more closely until a verdict is certain."""

from collections.abc import Callable
from typing import Literal, TypedDict, get_args

import numpy as np

from bpcourse.gradcheck.function import Counted
from bpcourse.gradcheck.kinks import Kinks
from bpcourse.gradcheck.look import GROUPED_ABOVE, Look
from bpcourse.gradcheck.problem import Problem
from bpcourse.gradcheck.report import GradientReport
from bpcourse.gradcheck.structure import Told, flatten

Mode = Literal["auto", "each", "grouped", "complex"]
Seed = int | np.random.Generator | None


class Options(TypedDict, total=False):
    """What every check passes on to :func:`check_gradient`, where it is explained."""

    mode: Mode
    rng: Seed


def check_gradient(
    f: Callable[..., object], params: object, grad: object, *, mode: Mode = "auto", rng: Seed = None
) -> GradientReport:
    """Is ``grad`` the gradient of f at ``params``?

    At a kink this is promised. A gradient *function* is asked on both sides of at most 32
    directions: each kinked entry alone, and mixtures of them; with 32 kinked entries or more only
    mixtures of all. Right on all sides is right, wrong on one is wrong. What it gives *at* the kink
    is wrong outside f's one-sided slopes, along an entry or a mixed direction (as in a tie of max),
    where all kinks bend the same way; between 0 and the sum of the two slopes it is told only,
    because conventions such as relu′(0) = 0 can lead there. An *array* is right if it fits one
    side, or lies between the slopes along every direction; outside it is wrong in the same cases,
    and else it cannot be told. On a jump only the side without it counts.

    Where f computes in float32 inside, most right gradients cannot be told, because noise hides
    errors of a thousandth in small entries; ``docs/gradcheck.md`` has the figures.

    Parameters
    ----------
    f
        ``f(params)`` gives one real number.
    params
        An array, or a dict or list of arrays, nested ones too. They are moved in place and put
        back bit for bit, also when f raises.
    grad
        The claimed gradient in the structure of ``params``, or a function of params that gives it,
        which is then also asked at points nearby where f has a kink.
    mode
        "each" measures every entry alone (the default up to 300 entries); "grouped" measures groups
        of entries along random directions, and alone those in groups of up to three or in groups
        that do not agree (the default above); "complex" compares each with a complex step, a
        hundred times as closely. If f takes none in the first entry, this is "each".
    rng
        A seed or generator for the directions of groups. Verdicts at kinks take no chance.

    Returns
    -------
    The report; ``report.verdict`` is "right", "wrong" or "cannot tell".

    Raises
    ------
    TypeError, ValueError
        For an f that does not return one real number, and parameters that are not arrays, or none.
        What f or grad raises at ``params`` is passed on. Where f raises a ValueError or an
        ArithmeticError beside them, it counts as undefined there, like NaN; other exceptions are
        passed on, and those of grad. Everything else is told by the report.
    """
    if not callable(f):
        raise TypeError(f"f: expected a function of params, got {type(f).__name__}")
    if mode not in get_args(Mode):
        raise ValueError(f"mode: expected one of {get_args(Mode)}, got {mode!r}")
    counted, tree = Counted(f), flatten(params)
    size = sum(array.size for array in tree.arrays)
    chosen = ("each" if size <= GROUPED_ABOVE else "grouped") if mode == "auto" else mode
    try:
        problem = Problem(counted, tree, grad)
        # to where they are: so that in the end they are so again, bit for bit
        with np.errstate(all="ignore"), problem.given.moved(problem.given.x):
            return _checked(problem, chosen, np.random.default_rng(0 if rng is None else rng))
    except Told as told:
        return GradientReport(told.verdict, told.reason, str(told), chosen, counted.calls)


def _checked(problem: Problem, mode: str, rng: np.random.Generator) -> GradientReport:
    """The questions in the order in which they are asked, and what they found."""
    if mode == "complex" and np.isnan(problem.given.complex_slope(0)):
        mode = "each"
    problem.start(closely=mode == "complex")
    look = Look(problem.point, rng, mode)
    kinks = Kinks(problem, look)
    for ask in (look.measure, kinks.settle, kinks.elsewhere, look.by_complex_steps, problem.ask):
        ask()
        problem.given.require_unchanged("f")
    look.show()
    return GradientReport.of(problem, look, mode)
