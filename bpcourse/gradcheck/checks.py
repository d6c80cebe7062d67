r"""Checks that stand on check_gradient: in tests, of several outputs, of the course's parts.

Of a function with several outputs a pullback gives Jᵀu and a pushforward Jv, and each has one
verdict. For any u the number ⟨u, f(x)⟩ has the gradient Jᵀu, which is what a pullback claims. A
pushforward's values along every single parameter are the columns of J, and ⟨u, ·⟩ of them is the
same gradient once more, because ⟨u, Jv⟩ = ⟨Jᵀu, v⟩.

The course's layers, losses, activations and networks are known only by their methods.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from bpcourse.gradcheck.check import Options, check_gradient
from bpcourse.gradcheck.problem import pattern
from bpcourse.gradcheck.report import GradientError, GradientReport
from bpcourse.gradcheck.structure import Array, Told, flatten
from bpcourse.validation import as_float

LINEAR = 1e-4  # of the sum of all parts: what a jvp in float32 may lose of being linear
UPSTREAM = (0.5, 2)  # sizes of the entries of u: uneven, and none near 0

F = Callable[..., Any]
Params = Mapping[str, Array]


def assert_gradient(f: F, params: Any, grad: Any, **options: Unpack[Options]) -> GradientReport:
    """For tests: the report of :func:`check_gradient` if its verdict is right.

    It takes what :func:`check_gradient` takes.

    Raises
    ------
    GradientError
        An AssertionError with the report as its message, if the verdict is another one.
    """
    report = check_gradient(f, params, grad, **options)
    if report.verdict != "right":
        raise GradientError(str(report))
    return report


def check_vjp(f: F, params: object, vjp: F, **options: Unpack[Options]) -> GradientReport:
    """Is ``vjp`` the pullback u ↦ Jᵀu of f, whose values may be arrays?

    Parameters
    ----------
    f
        ``f(params)`` gives an array, or a list, tuple or dict of arrays.
    params
        An array, or a dict or list of arrays, as for :func:`check_gradient`.
    vjp
        ``vjp(params, u)`` gives Jᵀu in the structure of ``params``; u has that of f's values.
    **options
        ``mode`` and ``rng`` as for :func:`check_gradient`; u is drawn from ``rng``.

    Returns
    -------
    One report, of the gradient of ⟨u, f⟩.
    """
    options["rng"] = rng = np.random.default_rng(options.get("rng") or 0)
    tree = flatten(f(params))
    u = [_uneven(a.size, rng).reshape(a.shape).astype(a.dtype) for a in tree.arrays]
    pull = lambda p: vjp(p, tree.rebuild(u))  # noqa: E731
    return check_gradient(lambda p: _product(u, f(p)), params, pull, **options)


def check_jvp(f: F, params: object, jvp: F, **options: Unpack[Options]) -> GradientReport:
    """Is ``jvp`` the pushforward v ↦ Jv of f, whose values may be arrays?

    Parameters
    ----------
    f, params, **options
        As for :func:`check_vjp`.
    jvp
        ``jvp(params, v)`` gives Jv in the structure of f's values; v has that of ``params``. It is
        called once for every parameter, with a 1 there and 0 elsewhere, and once with all at once.

    Returns
    -------
    One report, of the gradient of ⟨u, f⟩ made of the calls of jvp; wrong also where jvp is not
    linear in v.
    """
    tree = flatten(params)
    together = -pattern(tree.slices[-1].stop, 1)  # of both signs, or negative alone

    def vjp(p: object, u: object) -> object:
        ways = [tree.rebuild(tree.cut(v)) for v in (*np.eye(len(together)), together)]
        *alone, at_once = [float(_product(flatten(u).arrays, jvp(p, v))) for v in ways]
        parts = np.array(alone) * together
        if not abs(at_once - parts.sum()) <= LINEAR * abs(parts).sum():
            raise Told("not linear", "not_linear", "wrong", at_once=at_once, summed=parts.sum())
        return tree.rebuild(tree.cut(np.array(alone)))

    return check_vjp(f, params, vjp, **options)


def _uneven(size: int, rng: np.random.Generator) -> Any:
    """Numbers of both signs."""
    return rng.uniform(*UPSTREAM, size) * rng.choice((-1.0, 1.0), size)


def _product(u: list[Array], values: object) -> Any:
    """⟨u, values⟩."""
    return sum((v * leaf).sum() for v, leaf in zip(u, flatten(values).arrays, strict=True))


# the course's parts


def check_layer(layer: Any, x: ArrayLike, **options: Unpack[Options]) -> GradientReport:
    """Check ``layer.backward``: the gradients of its parameters and of its input.

    The loss is Σ y ⊙ g with a random g, so that no two entries weigh the same.

    Parameters
    ----------
    layer
        Has ``forward(x) -> y``, ``backward(grad_y) -> grad_x``, ``params`` and ``grads``; with
        ``with_params(arrays)``, a copy on other arrays, float32 and complex steps are measured too.
    x
        The input, which is called "x" in the report.
    **options
        ``mode`` and ``rng``, as for :func:`check_gradient`.
    """
    _require("layer", layer, "forward", "backward")
    own = dict(getattr(layer, "params", {}))

    def f(p: Params) -> Any:
        return _with(layer, p, own).forward(p["x"])

    def vjp(p: Params, grad_y: Array) -> dict[str, Any]:
        layer.forward(p["x"])
        return {"x": layer.backward(grad_y)} | {name: layer.grads[name] for name in own}

    return check_vjp(f, own | {"x": as_float("x", x).copy()}, vjp, **options)


def check_network(
    net: Any, X: ArrayLike, y: Any, *, inputs: bool = False, **options: Unpack[Options]
) -> GradientReport:
    """Check ``net.backward`` at its parameters, and with ``inputs`` also at X.

    Parameters
    ----------
    net
        Has ``forward(X, y) -> loss``, ``backward() -> {name: gradient}`` and ``params``.
    X, y
        A batch. Keep it small: each evaluation is a forward pass.
    **options
        ``mode`` and ``rng``, as for :func:`check_gradient`.
    """
    _require("net", net, "forward", "backward", "params")
    X, own = as_float("X", X).copy(), net.params
    params = dict(own) | ({"X": X} if inputs else {})

    def f(p: Params) -> Any:
        return _with(net, p, own).forward(p.get("X", X), y)

    def grad(p: Params) -> Any:
        net.forward(p.get("X", X), y)
        return net.backward(input_gradient=True) if inputs else net.backward()

    return replace(check_gradient(f, params, grad, **options), context=(net, X, y))


def check_loss(loss: Any, y_hat: ArrayLike, y: Any, **options: Unpack[Options]) -> GradientReport:
    """Check ``loss.gradient(y_hat, y)`` against ``loss.value``; fused losses take z for ŷ.

    The options are ``mode`` and ``rng``, as for :func:`check_gradient`.
    """
    _require("loss", loss, "value", "gradient")
    at = as_float("y_hat", y_hat).copy()
    return check_gradient(lambda p: loss.value(p, y), at, lambda p: loss.gradient(p, y), **options)


def check_activation(activation: Any, z: ArrayLike, **options: Unpack[Options]) -> GradientReport:
    """Check ``activation.derivative(z)``, or for softmax ``vjp(z, g)``, against ``value``.

    The options are ``mode`` and ``rng``, as for :func:`check_gradient`.
    """
    pull = "vjp" if hasattr(activation, "vjp") else "derivative"
    _require("activation", activation, "value", pull)
    by_entry = lambda p, upstream: upstream * activation.derivative(p)  # noqa: E731
    vjp = getattr(activation, "vjp", by_entry)
    return check_vjp(activation.value, as_float("z", z).copy(), vjp, **options)


def _with(part: Any, params: Params, own: Params) -> Any:
    """``part`` itself while ``params`` are its own arrays, else a copy that uses ``params``."""
    if all(params[name] is own[name] for name in own):
        return part
    return part.with_params({name: params[name] for name in own})


def _require(name: str, part: object, *methods: str) -> None:
    missing = ", ".join(method for method in methods if not hasattr(part, method))
    if missing:
        expected, got = f"an object with {', '.join(methods)}", type(part).__name__
        raise TypeError(f"{name}: expected {expected}, got {got}, which has no {missing}")
