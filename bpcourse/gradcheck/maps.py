r"""For functions with several outputs: pullbacks (Jᵀu) and pushforwards (Jv), one verdict each.

For any u the number ⟨u, f(x)⟩ has the gradient Jᵀu, which is what a pullback claims. A pushforward
claims Jv; its values along every single parameter are the columns of J, and ⟨u, ·⟩ of them is the
same gradient once more, because ⟨u, Jv⟩ = ⟨Jᵀu, v⟩.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bpcourse.gradcheck.check import Mode, check_gradient
from bpcourse.gradcheck.function import Vector
from bpcourse.gradcheck.problem import Told
from bpcourse.gradcheck.report import GradientError, GradientReport
from bpcourse.gradcheck.structure import Array, flatten
from bpcourse.text import text

Seed = int | np.random.Generator | None

LINEAR = 1e-4  # of the sum of all parts: what a jvp in float32 may lose of being linear
UPSTREAM = (0.5, 2)  # sizes of the entries of u: uneven, and none near 0


def assert_gradient(
    f: Callable[..., object],
    params: object,
    grad: object,
    *,
    mode: Mode = "auto",
    rng: Seed = None,
) -> GradientReport:
    """For tests: the report of :func:`check_gradient` if its verdict is right.

    Raises
    ------
    GradientError
        An AssertionError with the report as its message, if the verdict is another one.
    """
    report = check_gradient(f, params, grad, mode=mode, rng=rng)
    if report.verdict != "right":
        raise GradientError(str(report))
    return report


def check_vjp(
    f: Callable[..., Any],
    params: object,
    vjp: Callable[..., object],
    *,
    mode: Mode = "auto",
    rng: Seed = None,
) -> GradientReport:
    """Is ``vjp`` the pullback u ↦ Jᵀu of f, whose values may be arrays?

    Parameters
    ----------
    f
        ``f(params)`` gives an array, or a list, tuple or dict of arrays.
    params
        An array, or a dict or list of arrays, as for :func:`check_gradient`.
    vjp
        ``vjp(params, u)`` gives Jᵀu in the structure of ``params``; u has that of f's values.
    mode, rng
        As for :func:`check_gradient`; u is drawn from ``rng``.

    Returns
    -------
    One report, of the gradient of ⟨u, f⟩.
    """
    rng = np.random.default_rng(0 if rng is None else rng)
    u, weigh = _upstream(f(params), rng)
    return check_gradient(lambda p: weigh(f(p)), params, lambda p: vjp(p, u), mode=mode, rng=rng)


def check_jvp(
    f: Callable[..., Any],
    params: object,
    jvp: Callable[..., Any],
    *,
    mode: Mode = "auto",
    rng: Seed = None,
) -> GradientReport:
    """Is ``jvp`` the pushforward v ↦ Jv of f, whose values may be arrays?

    Parameters
    ----------
    f, params, mode, rng
        As for :func:`check_vjp`.
    jvp
        ``jvp(params, v)`` gives Jv in the structure of f's values; v has that of ``params``. It is
        called once for every parameter, with a 1 there and 0 elsewhere, and once with all at once.

    Returns
    -------
    One report, of the gradient of ⟨u, f⟩ made of the calls of jvp; wrong also where jvp is not
    linear in v.
    """
    rng = np.random.default_rng(0 if rng is None else rng)
    _, weigh = _upstream(f(params), rng)
    tree = flatten(params)
    together = _uneven(tree.arrays, rng)

    def grad(p: object) -> object:
        way = [np.zeros(a.shape) for a in tree.arrays]
        slopes = [np.zeros(a.shape) for a in tree.arrays]
        for own, slope in zip(way, slopes, strict=True):
            for index in np.ndindex(own.shape):
                own[index] = 1
                slope[index] = weigh(jvp(p, tree.rebuild(way)))
                own[index] = 0
        parts = [s * v for s, v in zip(slopes, together, strict=True)]
        at_once = weigh(jvp(p, tree.rebuild(together)))
        summed, size = sum(map(np.sum, parts)), sum(abs(part).sum() for part in parts)
        if not abs(at_once - summed) <= LINEAR * size:
            sentence = text("gradcheck.not_linear", at_once=at_once, summed=summed)
            raise Told("wrong", "not linear", sentence)
        return tree.rebuild(slopes)

    return check_gradient(lambda p: weigh(f(p)), params, grad, mode=mode, rng=rng)


def _upstream(value: Any, rng: np.random.Generator) -> tuple[object, Callable[[Any], float]]:
    """A u like f's value, and ⟨u, ·⟩."""
    tree = flatten(value)
    parts = _uneven(tree.arrays, rng)

    def weigh(values: Any) -> float:
        leaves = flatten(values).arrays
        return float(sum((u * leaf).sum() for u, leaf in zip(parts, leaves, strict=True)))

    return tree.rebuild(parts), weigh


def _uneven(arrays: Sequence[Array], rng: np.random.Generator) -> list[Vector]:
    """Numbers of both signs like these arrays."""
    return [rng.uniform(*UPSTREAM, a.shape) * rng.choice((-1.0, 1.0), a.shape) for a in arrays]
