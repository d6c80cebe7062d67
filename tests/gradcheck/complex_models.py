"""Models written as plain NumPy that carries complex numbers, so that the complex step is their
gradient: nothing here shares a line with the tape, the package's layers or the checker."""

import numpy as np

ACTIVATIONS = {
    "relu": lambda z: np.where(z.real > 0, z, 0 * z),
    "leaky": lambda z: np.where(z.real > 0, z, 0.01 * z),
    "abs": lambda z: np.where(z.real > 0, z, -z),
    "hard": lambda z: np.where(abs(z.real) < 1, z, np.sign(z.real) + 0 * z),
    "sigmoid": lambda z: (np.tanh(z / 2) + 1) / 2,
    "tanh": np.tanh,
    "sin": np.sin,
    "silu": lambda z: z * (np.tanh(z / 2) + 1) / 2,
}


def activation(rng):
    return ACTIVATIONS[str(rng.choice(list(ACTIVATIONS)))]


def normal(rng, *shape):
    return rng.standard_normal(shape) / shape[0] ** 0.5


def largest(a, axis):
    return np.take_along_axis(a, np.expand_dims(a.real.argmax(axis), axis), axis).squeeze(axis)


def log_softmax(z):
    z = z - z.real.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def softmax(z):
    return np.exp(log_softmax(z))


def loss(rng, n, k):
    y, T = rng.integers(0, k, n), rng.standard_normal((n, k))
    rows = np.arange(n)
    return {
        "cross": lambda z: -log_softmax(z)[rows, y].mean(),
        "squares": lambda z: ((z - T) ** 2).sum() / n,
        "absolute": lambda z: ACTIVATIONS["abs"](z - T).mean(),
        "hinge": lambda z: ACTIVATIONS["relu"](z - z[rows, y][:, None] + 1).sum() / n,
        "focal": lambda z: -((1 - softmax(z)[rows, y]) ** 2 * log_softmax(z)[rows, y]).mean(),
    }[str(rng.choice(["cross", "squares", "absolute", "hinge", "focal"]))]


def mlp(rng):
    sizes = [int(s) for s in rng.integers(2, 9, 4)]
    X, sigma, L = rng.standard_normal((5, sizes[0])), activation(rng), loss(rng, 5, sizes[3])
    size = float(rng.choice([0, 1, 1, 1, 6, 30]))  # all zero, usual, saturated
    params = [
        [size * normal(rng, a, b), np.zeros(b)] for a, b in zip(sizes[:3], sizes[1:], strict=True)
    ]

    def f(p):
        a = X
        for W, b in p[:-1]:
            a = sigma(a @ W + b)
        return L(a @ p[-1][0] + p[-1][1])

    return f, params


def gated_recurrent(rng):
    n, t, d, h, k = (int(v) for v in rng.integers(2, 5, 5))
    X, L, sigmoid = rng.standard_normal((t, n, d)), loss(rng, n, k), ACTIVATIONS["sigmoid"]
    params = {gate: {"W": normal(rng, d + h, h), "b": np.zeros(h)} for gate in "zrh"}
    params["out"] = normal(rng, h, k)

    def f(p):
        s = np.zeros((n, h))
        for x in X:
            xs = np.concatenate([x, s], axis=1)
            z, r = (sigmoid(xs @ p[gate]["W"] + p[gate]["b"]) for gate in "zr")
            new = np.tanh(np.concatenate([x, r * s], axis=1) @ p["h"]["W"] + p["h"]["b"])
            s = (1 - z) * s + z * new
        return L(s @ p["out"])

    return f, params


def recurrent(rng):
    n, t, d, h, k = (int(v) for v in rng.integers(2, 7, 5))
    X, sigma, L = rng.standard_normal((t, n, d)), activation(rng), loss(rng, n, k)

    def f(p):
        s = np.zeros((n, h))
        for x in X:
            s = sigma(x @ p[0] + s @ p[1] + p[2])
        return L(s @ p[3])

    return f, [normal(rng, d, h), normal(rng, h, h), np.zeros(h), normal(rng, h, k)]


def batch_norm(rng):
    n, d, h, k = (int(v) for v in rng.integers(3, 8, 4))
    X, sigma, L = rng.standard_normal((n, d)), activation(rng), loss(rng, n, k)

    def f(p):
        z = X @ p["W"] + p["b"]
        z = z - z.mean(axis=0)
        z = z / np.sqrt((z * z).mean(axis=0) + 1e-5)
        return L(sigma(z * p["gamma"] + p["beta"]) @ p["V"])

    return f, {
        "W": normal(rng, d, h), "b": normal(rng, h), "gamma": 1 + 0.1 * normal(rng, h),
        "beta": 0.1 * normal(rng, h), "V": normal(rng, h, k),
    }  # fmt: skip


def convolution(rng):
    n, c, o, k = (int(v) for v in rng.integers(2, 4, 4))
    X, sigma, L = rng.standard_normal((n, c, 6, 6)), activation(rng), loss(rng, n, k)
    X[X < rng.choice([-9, 0])] = 0  # blank patches sit on kinks

    def f(p):
        z = sum(
            np.einsum("ncxy,oc->noxy", X[:, :, i : i + 4, j : j + 4], p["K"][:, :, i, j])
            for i in range(3)
            for j in range(3)
        )
        z = sigma(z + p["b"][:, None, None]).reshape(n, o, 2, 2, 2, 2)
        pooled = largest(z.transpose(0, 1, 2, 4, 3, 5).reshape(n, 4 * o, 4), -1)
        return L(pooled @ p["V"])

    return f, {"K": normal(rng, o, c, 3, 3), "b": np.zeros(o), "V": normal(rng, 4 * o, k)}


def attention(rng):
    n, t, d, k = (int(v) for v in rng.integers(2, 5, 4))
    X, L = rng.standard_normal((n, t, d)), loss(rng, n, k)
    sharp, causal = float(rng.choice([1, 5])), np.tri(t) > 0

    def f(p):
        scores = sharp * (X @ p["q"]) @ (X @ p["k"]).transpose(0, 2, 1) / d**0.5
        weights = softmax(np.where(causal, scores, -1e9 + 0 * scores))
        return L((weights @ (X @ p["v"])).mean(axis=1) @ p["out"][0] + p["out"][1])

    return f, {name: normal(rng, d, d) for name in "qkv"} | {"out": [normal(rng, d, k), np.ones(k)]}


def dropout(rng):
    n, d, h, k = (int(v) for v in rng.integers(2, 10, 4))
    X, sigma, L = rng.standard_normal((n, d)), activation(rng), loss(rng, n, k)
    mask = 2.0 * (rng.random((n, h)) < 0.5)

    def f(p):
        return L((sigma(X @ p[0] + p[1]) * mask) @ p[2]) + 0.01 * (p[0] ** 2).sum()

    return f, [normal(rng, d, h), 0.1 * normal(rng, h), normal(rng, h, k)]


def maxout(rng):
    n, d, h, k = (int(v) for v in rng.integers(2, 7, 4))
    X, L = rng.standard_normal((n, d)), loss(rng, n, k)
    W = normal(rng, d, h, 3)
    if rng.random() < 0.4:  # ties, or nearly
        W[..., 1] = W[..., 0] + rng.choice([0, 1e-5, 1e-3]) * normal(rng, d, h)

    def f(p):
        return L(largest(np.einsum("nd,dhm->nhm", X, p["W"]), -1) @ p["V"])

    return f, {"W": W, "V": normal(rng, h, k)}


MODELS = [
    mlp, gated_recurrent, recurrent, batch_norm, convolution, attention, dropout, maxout,
]  # fmt: skip


# trees of arrays, and the gradient


def leaves(tree):
    if isinstance(tree, np.ndarray):
        return [tree]
    return [
        a for child in (tree.values() if isinstance(tree, dict) else tree) for a in leaves(child)
    ]


def mapped(function, tree):
    if isinstance(tree, np.ndarray):
        return function(tree)
    if isinstance(tree, dict):
        return {name: mapped(function, child) for name, child in tree.items()}
    return [mapped(function, child) for child in tree]


def complex_gradient(f, params, dtype):
    wide = mapped(lambda a: a.astype(complex), params)
    slopes = mapped(lambda a: np.zeros(a.shape), params)
    for array, slope in zip(leaves(wide), leaves(slopes), strict=True):
        for index in np.ndindex(array.shape):
            here = array[index]
            array[index] = here + 1e-30j
            slope[index] = f(wide).imag / 1e-30
            array[index] = here
    return mapped(lambda a: a.astype(dtype), slopes)


def mutations(rng, gradient, error):
    """(label, function of the gradient) of every mistake that changes this gradient clearly."""
    arrays = leaves(gradient)
    steepest = max(abs(a).max() for a in arrays)
    found = []
    for k, array in enumerate(arrays):
        top = abs(array).max()
        if top <= 1e-5 * steepest:
            continue  # may be rounded zeros
        i = int(rng.choice(np.flatnonzero(abs(array) > 1e-2 * top)))
        mistakes = {
            "one entry": lambda a, i=i: (
                np.where(np.arange(a.size) == i, 1 + error, 1).reshape(a.shape) * a
            ),
            "1/N": lambda a: a / 5,
            "sign": lambda a: -a,
            "a constant more": lambda a, top=top: a + 0.01 * top,
            "rolled": lambda a: np.roll(a, 1),
            "transposed": lambda a: np.swapaxes(a, 0, a.ndim - 1),
            "mean over rows": lambda a: np.broadcast_to(a.mean(axis=0), a.shape).copy(),
        }
        for label, mistake in mistakes.items():
            wrong = mistake(array)
            if wrong.shape == array.shape and abs(wrong - array).max() > 0.9e-2 * error * top:
                found.append((f"{label} in array {k}", k, mistake))
    return found


def spoiled(gradient, k, mistake):
    """The gradient with its k-th array changed."""
    count = iter(range(len(leaves(gradient))))
    return mapped(lambda a: mistake(a).astype(a.dtype) if next(count) == k else a, gradient)
