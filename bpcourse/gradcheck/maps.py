r"""For functions with several outputs: pullbacks (Jᵀu) and pushforwards (Jv), one verdict each.

For any u the number ⟨u, f(x)⟩ has the gradient Jᵀu, which is what a pullback claims. A pushforward
claims Jv; its values along every single parameter are the columns of J, and ⟨u, ·⟩ of them is the
same gradient once more, because ⟨u, Jv⟩ = ⟨Jᵀu, v⟩.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bpcourse.gradcheck.check import Mode, Seed, check_gradient
from bpcourse.gradcheck.report import GradientError, GradientReport
from bpcourse.gradcheck.structure import Array, Told, flatten
from bpcourse.text import text

LINEAR = 1e-4  # of the sum of all parts: what a jvp in float32 may lose of being linear
F = Callable[..., Any]

UPSTREAM = (0.5, 2)  # sizes of the entries of u: uneven, and none near 0


def assert_gradient(
    f: F, params: object, grad: object, *, mode: Mode = "auto", rng: Seed = None
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
    f: F, params: object, vjp: F, *, mode: Mode = "auto", rng: Seed = None
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
    f: F, params: object, jvp: F, *, mode: Mode = "auto", rng: Seed = None
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
    size = sum(array.size for array in tree.arrays)
    together = _uneven(size, rng)

    def grad(p: object) -> object:
        def along(v: Array) -> float:
            return float(weigh(jvp(p, tree.rebuild(tree.cut(v)))))

        slopes, at_once = np.array([along(v) for v in np.eye(size)]), along(together)
        parts = slopes * together
        if not abs(at_once - parts.sum()) <= LINEAR * abs(parts).sum():
            sentence = text("gradcheck.not_linear", at_once=at_once, summed=parts.sum())
            raise Told("wrong", "not linear", sentence)
        return tree.rebuild(tree.cut(slopes))

    return check_gradient(lambda p: weigh(f(p)), params, grad, mode=mode, rng=rng)


def _upstream(value: Any, rng: np.random.Generator) -> tuple[object, Callable[[Any], Any]]:
    """A u like f's value, and ⟨u, ·⟩."""
    tree = flatten(value)
    u = [_uneven(a.size, rng).reshape(a.shape).astype(a.dtype) for a in tree.arrays]

    def weigh(values: Any) -> Any:
        return sum((v * leaf).sum() for v, leaf in zip(u, flatten(values).arrays, strict=True))

    return tree.rebuild(u), weigh


def _uneven(size: int, rng: np.random.Generator) -> Array:
    """Numbers of both signs."""
    found: Array = rng.uniform(*UPSTREAM, size) * rng.choice((-1.0, 1.0), size)
    return found
