"""Checks of the course's parts, which are known only by their methods."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bpcourse.gradcheck.check import Mode, Seed, check_gradient
from bpcourse.gradcheck.maps import check_vjp
from bpcourse.gradcheck.report import GradientReport

Floats = npt.NDArray[np.floating]
Params = Mapping[str, Floats]


def check_layer(
    layer: Any, x: npt.ArrayLike, *, mode: Mode = "auto", rng: Seed = None
) -> GradientReport:
    """Check ``layer.backward``: the gradients of its parameters and of its input.

    The loss is Σ y ⊙ g with a random g, so that no two entries weigh the same.

    Parameters
    ----------
    layer
        Has ``forward(x) -> y``, ``backward(grad_y) -> grad_x``, ``params`` and ``grads``; with
        ``with_params(arrays)``, a copy on other arrays, float32 and complex steps are measured too.
    x
        The input, which is called "x" in the report.
    """
    _require("layer", layer, "forward", "backward")
    own = dict(getattr(layer, "params", {}))

    def f(p: Params) -> Any:
        return _with(layer, p, own).forward(p["x"])

    def vjp(p: Params, grad_y: Floats) -> dict[str, Any]:
        layer.forward(p["x"])
        grad_x = layer.backward(grad_y)
        return {name: layer.grads[name] for name in own} | {"x": grad_x}

    return check_vjp(f, own | {"x": _floats("x", x)}, vjp, mode=mode, rng=rng)


def check_network(
    net: Any, X: npt.ArrayLike, y: Any, *, inputs: bool = False, mode: Mode = "auto",
    rng: Seed = None,
) -> GradientReport:  # fmt: skip
    """Check ``net.backward`` at its parameters, and with ``inputs`` also at X.

    Parameters
    ----------
    net
        Has ``forward(X, y) -> loss``, ``backward() -> {name: gradient}`` and ``params``.
    X, y
        A batch. Keep it small: each evaluation is a forward pass.
    """
    _require("net", net, "forward", "backward", "params")
    X = _floats("X", X)
    own = net.params
    params = dict(own) | ({"X": X} if inputs else {})

    def f(p: Params) -> Any:
        return _with(net, p, own).forward(p.get("X", X), y)

    def grad(p: Params) -> Any:
        net.forward(p.get("X", X), y)
        return net.backward(input_gradient=True) if inputs else net.backward()

    report = check_gradient(f, params, grad, mode=mode, rng=rng)
    report.context = (net, X, y)
    return report


def check_loss(
    loss: Any, y_hat: npt.ArrayLike, y: Any, *, mode: Mode = "auto", rng: Seed = None
) -> GradientReport:
    """Check ``loss.gradient(y_hat, y)`` against ``loss.value``; fused losses take z for ŷ."""
    _require("loss", loss, "value", "gradient")
    y_hat = _floats("y_hat", y_hat)
    grad = lambda p: loss.gradient(p, y)  # noqa: E731
    return check_gradient(lambda p: loss.value(p, y), y_hat, grad, mode=mode, rng=rng)


def check_activation(
    activation: Any, z: npt.ArrayLike, *, mode: Mode = "auto", rng: Seed = None
) -> GradientReport:
    """Check ``activation.derivative(z)``, or for softmax ``vjp(z, g)``, against ``value``."""
    _require("activation", activation, "value")
    vjp = getattr(activation, "vjp", None)
    if vjp is None:
        _require("activation", activation, "derivative")
        vjp = lambda p, upstream: upstream * activation.derivative(p)  # noqa: E731
    return check_vjp(activation.value, _floats("z", z), vjp, mode=mode, rng=rng)


def _with(part: Any, params: Params, own: Params) -> Any:
    """``part`` itself while ``params`` are its own arrays, else a copy that uses ``params``."""
    if all(params[name] is own[name] for name in own):
        return part
    return part.with_params({name: params[name] for name in own})


def _floats(name: str, value: npt.ArrayLike) -> Floats:
    array = np.array(value)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name}: expected real numbers, got an array of type {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _require(name: str, part: object, *methods: str) -> None:
    missing = ", ".join(method for method in methods if not hasattr(part, method))
    if missing:
        expected = f"an object with {', '.join(methods)}"
        kind = type(part).__name__
        raise TypeError(f"{name}: expected {expected}, got {kind}, which has no {missing}")
