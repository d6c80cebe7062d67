"""Checks of the course's parts, which are known only by their methods."""

import copy

import numpy as np

from bpcourse.gradcheck.check import check_gradient
from bpcourse.gradcheck.report import GradientError


def assert_gradient(f, params, grad, *, mode="auto", rng=None):
    """For tests: the report of :func:`check_gradient` if its verdict is right.

    :class:`GradientError`, an AssertionError, if it is wrong or cannot be told.
    """
    report = check_gradient(f, params, grad, mode=mode, rng=rng)
    if report.verdict != "right":
        raise GradientError(str(report))
    return report


def check_layer(layer, x, *, mode="auto", rng=None):
    """Check ``layer.backward``: the gradients of its parameters and of its input.

    ``layer`` has ``forward(x) -> y``, ``backward(grad_y) -> grad_x``, ``params`` and ``grads``.
    The loss is Σ y ⊙ g with a random g, so that no two entries weigh the same. The input is
    called "x" in the report.
    """
    _require("layer", layer, "forward", "backward")
    rng = np.random.default_rng(rng)
    x = _floats("x", x)
    upstream = _upstream(rng, np.asarray(layer.forward(x)))
    own = dict(getattr(layer, "params", {}))
    params = own | {"x": x}

    def f(p):
        return (_with(layer, p, own).forward(p["x"]) * upstream).sum()

    def grad(p):
        layer.forward(p["x"])
        grad_x = layer.backward(upstream)
        return {name: layer.grads[name] for name in own} | {"x": grad_x}

    return check_gradient(f, params, grad, mode=mode, rng=rng)


def check_network(net, X, y, *, inputs=False, mode="auto", rng=None):
    """Check ``net.backward`` at its parameters, and with ``inputs`` also at X.

    ``net`` has ``forward(X, y) -> loss``, ``backward() -> {name: gradient}`` and ``params``.
    """
    # No f.batch here: what is checked is the gradient of net.forward itself, and a forward pass
    # for a stack of parameters would be another one. Nor would it save much, as a loss takes one
    # batch at a time, and on small networks takes as long as the layers.
    _require("net", net, "forward", "backward", "params")
    X = _floats("X", X)
    own = net.params
    params = dict(own) | ({"X": X} if inputs else {})

    def f(p):
        follower = net
        if any(p[name] is not own[name] for name in own):  # float64 or complex copies
            follower = copy.copy(net)
            follower.layers = [
                _with(layer, {n: p[f"{i}.{n}"] for n in layer.params}, layer.params)
                for i, layer in enumerate(net.layers)
            ]
            follower.dtype = next(iter(p.values())).dtype
        return follower.forward(p.get("X", X), y)

    def grad(p):
        net.forward(p.get("X", X), y)
        return net.backward(input_gradient=True) if inputs else net.backward()

    report = check_gradient(f, params, grad, mode=mode, rng=rng)
    report.context = (net, X, y)
    return report


def check_loss(loss, y_hat, y, *, mode="auto", rng=None):
    """Check ``loss.gradient(y_hat, y)`` against ``loss.value``; fused losses take z for ŷ."""
    _require("loss", loss, "value", "gradient")
    return check_gradient(
        lambda p: loss.value(p, y),
        _floats("y_hat", y_hat),
        lambda p: loss.gradient(p, y),
        mode=mode,
        rng=rng,
    )


def check_activation(activation, z, *, mode="auto", rng=None):
    """Check ``activation.derivative(z)``, or for softmax ``vjp(z, g)``, against ``value``."""
    _require("activation", activation, "value")
    rng = np.random.default_rng(rng)
    z = _floats("z", z)
    upstream = _upstream(rng, np.asarray(activation.value(z)))
    if hasattr(activation, "vjp"):
        grad = lambda p: activation.vjp(p, upstream)  # noqa: E731
    else:
        _require("activation", activation, "derivative")
        grad = lambda p: upstream * activation.derivative(p)  # noqa: E731
    return check_gradient(
        lambda p: (activation.value(p) * upstream).sum(), z, grad, mode=mode, rng=rng
    )


def _with(part, params, own):
    """``part`` itself while ``params`` are its own arrays, else a copy that uses ``params``."""
    if all(params[name] is own[name] for name in own):
        return part
    if hasattr(part, "with_params"):
        return part.with_params({name: params[name] for name in own})
    follower = copy.copy(part)
    follower.params = {name: params[name] for name in own}
    if getattr(part, "dtype", None) is not None:
        follower.dtype = next(iter(follower.params.values())).dtype
    return follower


def _upstream(rng, y):
    return rng.uniform(0.5, 2, y.shape).astype(y.dtype) * rng.choice((-1, 1), y.shape).astype(
        y.dtype
    )


def _floats(name, value):
    array = np.array(value)
    if array.dtype.kind in "bui":
        array = array.astype(np.float64)
    if array.dtype.kind not in "f":
        raise TypeError(f"{name}: expected real numbers, got an array of type {array.dtype}")
    return array


def _require(name, part, *methods):
    missing = [method for method in methods if not hasattr(part, method)]
    if missing:
        raise TypeError(
            f"{name}: expected an object with {', '.join(methods)}, got {type(part).__name__}, "
            f"which has no {', '.join(missing)}"
        )
