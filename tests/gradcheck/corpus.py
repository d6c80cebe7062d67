"""Random models with right gradients, scalar functions, and mutants, for the checker's tests."""

import numpy as np
from tape import ACTIVATIONS, Model


def normal(rng, *shape, scale=None):
    scale = (2 / (shape[0] + shape[-1])) ** 0.5 if scale is None else scale
    return rng.standard_normal(shape) * scale


def data_scale(rng):
    return float(rng.choice([1, 1, 1, 1, 1e-3, 1e3, 0.1, 10]))


def loss_of(rng, out_value_shape):
    """A random loss on (batch, k): a function of a Var."""
    n, k = out_value_shape
    kind = rng.choice(
        ["squared", "half", "cross", "cross", "bce", "margin", "norm", "sumsq", "prob"]
    )
    target = rng.standard_normal((n, k))
    labels = rng.integers(0, k, n)
    onehot = np.eye(k)[labels]

    def build(out):
        dtype = out.value.dtype.type
        if kind == "squared":
            return (out - target.astype(dtype)).map("square").sum() * dtype(1 / n)
        if kind == "half":
            return (out - target.astype(dtype)).map("square").sum() * dtype(0.5)
        if kind == "sumsq":
            return (out - target.astype(dtype)).map("square").sum()
        if kind == "cross":
            return out.cross_entropy(labels)
        if kind == "prob":
            p = out.softmax()
            return ((p * onehot.astype(dtype)).sum(axis=1)).map("log").sum() * dtype(-1 / n)
        if kind == "bce":
            return (out.map("softplus") - out * onehot.astype(dtype)).sum() * dtype(1 / n)
        if kind == "norm":
            d = (out - target.astype(dtype)).map("square").sum(axis=1)
            return d.map("sqrt").sum() * dtype(1 / n)
        own = (out * onehot.astype(dtype)).sum(axis=1)
        rival = (out - onehot.astype(dtype) * dtype(1e4)).max(axis=1)
        return (rival - own + dtype(1)).map("relu").sum() * dtype(1 / n)

    return kind, build


def mlp(rng, largest=12):
    sizes = [int(s) for s in rng.integers(2, largest, rng.integers(2, 5))]
    n = int(rng.integers(1, 9))
    X = normal(rng, n, sizes[0], scale=data_scale(rng))
    acts = [str(rng.choice(ACTIVATIONS)) for _ in sizes[1:-1]]
    special = str(
        rng.choice(["", "", "", "", "zeros", "zero bias", "saturated", "big", "tiny", "badly"])
    )
    params = {}
    for l, (a, b) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        W = normal(rng, b, a)
        bias = normal(rng, b, scale=0.3)
        if special == "zeros" and l == rng.integers(len(sizes) - 1):
            W[:], bias[:] = 0, 0
        if special == "zero bias":
            bias[:] = 0
        if special == "saturated":
            W *= 8
        if special == "big":
            W *= 100 if l == len(sizes) - 2 else 1
        if special == "tiny":
            W *= 1e-4
        if special == "badly":
            W *= 10.0 ** rng.integers(-6, 7) if l == 0 else 1
        params[f"W{l}"], params[f"b{l}"] = W, bias
    if special == "badly" and rng.random() < 0.5:
        X = X * 10.0 ** rng.integers(-4, 5, X.shape[1])
    if rng.random() < 0.2:
        X[rng.integers(n)] = 0  # a blank example puts units with zero bias on their kinks
    kind, loss = loss_of(rng, (n, sizes[-1]))
    decay = float(rng.choice([0, 0, 0, 0.01]))
    scale = float(rng.choice([1, 1, 1, 1, 1e-8, 1e8]))

    def build(tape, p):
        dtype = p["W0"].value.dtype.type
        a = tape.leaf(X.astype(dtype))
        for l in range(len(sizes) - 1):
            a = a @ p[f"W{l}"].T + p[f"b{l}"]
            if l < len(acts):
                a = a.map(acts[l])
        out = loss(a)
        if decay:
            for l in range(len(sizes) - 1):
                out = out + p[f"W{l}"].map("square").sum() * dtype(decay / 2)
        return out * dtype(scale) if scale != 1 else out

    return Model(f"mlp {sizes} {acts} {kind} {special} n={n} scale={scale:g}", build, params)


def rnn(rng):
    n, t, d, h, k = (int(v) for v in rng.integers(2, 6, 5))
    X = normal(rng, t, n, d, scale=1)
    act = str(rng.choice(["tanh", "relu", "sigmoid"]))
    params = {
        "Wx": normal(rng, d, h), "Wh": normal(rng, h, h), "b": normal(rng, h, scale=0.1),
        "Wo": normal(rng, h, k), "h0": normal(rng, n, h, scale=0.5),
    }  # fmt: skip
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        dtype = p["Wx"].value.dtype
        s = p["h0"]
        for step in range(t):
            s = (tape.leaf(X[step].astype(dtype)) @ p["Wx"] + s @ p["Wh"] + p["b"]).map(act)
        return loss(s @ p["Wo"])

    return Model(f"rnn {act} {kind} n={n} t={t} h={h}", build, params)


def lstm(rng):
    n, t, d, h, k = (int(v) for v in rng.integers(2, 5, 5))
    X = normal(rng, t, n, d, scale=1)
    params = {f"W{g}": normal(rng, d + h, h) for g in "ifog"} | {
        f"b{g}": normal(rng, h, scale=0.1) for g in "ifog"
    }
    params["Wo_"] = normal(rng, h, k)
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        dtype = p["Wi"].value.dtype
        s = tape.leaf(np.zeros((n, h), dtype))
        c = tape.leaf(np.zeros((n, h), dtype))
        for step in range(t):
            x = tape.leaf(X[step].astype(dtype))
            z = {}
            for g in "ifog":
                z[g] = x @ p[f"W{g}"][:d] + s @ p[f"W{g}"][d:] + p[f"b{g}"]
            c = z["f"].map("sigmoid") * c + z["i"].map("sigmoid") * z["g"].map("tanh")
            s = z["o"].map("sigmoid") * c.map("tanh")
        return loss(s @ p["Wo_"])

    return Model(f"lstm {kind}", build, params)


def batchnorm(rng):
    n, d, h, k = int(rng.integers(3, 9)), *(int(v) for v in rng.integers(2, 7, 3))
    X = normal(rng, n, d, scale=data_scale(rng))
    act = str(rng.choice(ACTIVATIONS))
    params = {
        "W": normal(rng, d, h), "b": normal(rng, h, scale=0.1),
        "gamma": 1 + normal(rng, h, scale=0.2),
        "beta": normal(rng, h, scale=0.2), "V": normal(rng, h, k), "c": normal(rng, k, scale=0.1),
    }  # fmt: skip
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        dtype = p["W"].value.dtype.type
        z = tape.leaf(X.astype(dtype)) @ p["W"] + p["b"]
        z = z - z.mean(axis=0, keepdims=True)
        v = z.map("square").mean(axis=0, keepdims=True)
        z = z / (v + dtype(1e-5)).map("sqrt")
        a = (z * p["gamma"] + p["beta"]).map(act)
        return loss(a @ p["V"] + p["c"])

    return Model(f"batchnorm {act} {kind} n={n}", build, params)


def layernorm_attention(rng):
    n, t, d, k = (int(v) for v in rng.integers(2, 6, 4))
    d = max(d, 3)
    X = normal(rng, n, t, d, scale=1)
    params = {f"W{m}": normal(rng, d, d) for m in "qkvo"}
    params |= {
        "gamma": 1 + normal(rng, d, scale=0.1),
        "beta": normal(rng, d, scale=0.1),
        "out": normal(rng, d, k),
    }
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        dtype = p["Wq"].value.dtype.type
        x = tape.leaf(X.astype(dtype))
        z = x - x.mean(axis=2, keepdims=True)
        z = z / (z.map("square").mean(axis=2, keepdims=True) + dtype(1e-5)).map("sqrt")
        z = z * p["gamma"] + p["beta"]
        q, key, v = z @ p["Wq"], z @ p["Wk"], z @ p["Wv"]
        a = (q @ key.T * dtype(d**-0.5)).softmax() @ v
        y = x + a @ p["Wo"]
        return loss(y.mean(axis=1) @ p["out"])

    return Model(f"attention {kind} n={n} t={t} d={d}", build, params)


def convolution(rng):
    n, c, o, size, w = (
        int(rng.integers(1, 4)),
        *(int(v) for v in rng.integers(1, 4, 2)),
        int(rng.integers(4, 8)),
        3,
    )
    X = normal(rng, n, c, size, size, scale=1)
    act = str(rng.choice(ACTIVATIONS))
    pool = str(rng.choice(["max", "mean", "none"]))
    m = size - w + 1
    rows = np.arange(m)[:, None, None, None] + np.arange(w)[None, None, :, None]
    cols = np.arange(m)[None, :, None, None] + np.arange(w)[None, None, None, :]
    rows, cols = np.broadcast_arrays(rows, cols)
    patches = X[:, :, rows, cols].transpose(0, 2, 3, 1, 4, 5).reshape(n * m * m, c * w * w)
    k = int(rng.integers(2, 5))
    half = m // 2
    features = o * (half * half if pool != "none" else m * m)
    params = {
        "K": normal(rng, o, c * w * w),
        "b": normal(rng, o, scale=0.1),
        "V": normal(rng, features, k),
    }
    if rng.random() < 0.2:
        params["b"][:] = 0
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        dtype = p["K"].value.dtype.type
        z = (tape.leaf(patches.astype(dtype)) @ p["K"].T + p["b"]).map(act)
        if pool != "none":
            z = z.reshape(n, m, m, o)[:, : 2 * half, : 2 * half]
            z = z.reshape(n, half, 2, half, 2, o)
            z = z.max(4).max(2) if pool == "max" else z.mean(axis=4).mean(axis=2)
        return loss(z.reshape(n, features) @ p["V"])

    return Model(f"convolution {act} {pool} {kind}", build, params)


def dropout(rng):
    n, d, h, k = (int(v) for v in rng.integers(2, 9, 4))
    X = normal(rng, n, d, scale=1)
    mask = (rng.random((n, h)) < 0.6) / 0.6
    act = str(rng.choice(ACTIVATIONS))
    params = {"W": normal(rng, d, h), "b": normal(rng, h, scale=0.2), "V": normal(rng, h, k)}
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        dtype = p["W"].value.dtype.type
        a = (tape.leaf(X.astype(dtype)) @ p["W"] + p["b"]).map(act) * mask.astype(dtype)
        return loss(a @ p["V"])

    return Model(f"dropout {act} {kind}", build, params)


def embedding(rng):
    words, n, t, d, k = int(rng.integers(4, 12)), *(int(v) for v in rng.integers(2, 5, 4))
    index = rng.integers(0, words, (n, t))
    params = {"E": normal(rng, words, d, scale=0.5), "V": normal(rng, d, k)}
    kind, loss = loss_of(rng, (n, k))
    act = str(rng.choice(ACTIVATIONS))

    def build(tape, p):
        return loss(p["E"][index].mean(axis=1).map(act) @ p["V"])

    return Model(f"embedding {act} {kind}", build, params)


def residual(rng):
    n, d, k, depth = (int(v) for v in rng.integers(2, 6, 4))
    X = normal(rng, n, d, scale=1)
    params = {f"W{l}": normal(rng, d, d, scale=0.3) for l in range(depth)} | {
        "V": normal(rng, d, k)
    }
    act = str(rng.choice(ACTIVATIONS))
    kind, loss = loss_of(rng, (n, k))

    def build(tape, p):
        a = tape.leaf(X.astype(p["V"].value.dtype))
        for l in range(depth):
            a = a + (a @ p[f"W{l}"]).map(act)
        return loss(a @ p["V"])

    return Model(f"residual {act} {kind}", build, params)


MODELS = [
    mlp,
    mlp,
    mlp,
    rnn,
    lstm,
    batchnorm,
    layernorm_attention,
    convolution,
    dropout,
    embedding,
    residual,
]


def random_model(rng, dtype=np.float64):
    model = MODELS[rng.integers(len(MODELS))](rng)
    model.params = {n: a.astype(dtype) for n, a in model.params.items()}
    return model


# mutants: (name, grad function) of a model

SABOTAGE = {
    "half": lambda sent, node: [s * s.dtype.type(0.5) for s in sent],
    "double": lambda sent, node: [s * s.dtype.type(2) for s in sent],
    "negative": lambda sent, node: [-s for s in sent],
    "0.1 %": lambda sent, node: [s * s.dtype.type(1.001) for s in sent],
    "first parent cut": lambda sent, node: [np.zeros_like(sent[0]), *sent[1:]],
    "last parent cut": lambda sent, node: [*sent[:-1], np.zeros_like(sent[-1])],
    "batch": lambda sent, node: [s * s.dtype.type(s.shape[0] if s.ndim else 3) for s in sent],
    "squared": lambda sent, node: [s * s for s in sent],
    "rows": lambda sent, node: [
        s * np.linspace(0.5, 1.5, s.size, dtype=s.dtype).reshape(s.shape) for s in sent
    ],
    "one entry": lambda sent, node: [_one_entry(s, 1.5) for s in sent],
    "shifted": lambda sent, node: [np.roll(s, 1) for s in sent],
    "noise": lambda sent, node: [
        s
        * (1 + 0.01 * np.sin(np.arange(s.size, dtype=s.dtype) + 1)).reshape(s.shape).astype(s.dtype)
        for s in sent
    ],
}


def _one_entry(s, factor):
    s = np.array(s)
    if s.size:
        s.flat[np.abs(s).argmax()] *= factor  # reshape(-1) may be a copy
    return s


def mutants(rng, model, count, small=(1e-3,)):
    """``count`` (name, grad) of which the gradient at the model's params differs clearly."""
    right = model.grad(model.params)
    largest = {n: float(np.abs(a).max(initial=0)) for n, a in right.items()}
    rounded = 1e-6 * max(largest.values())  # smaller gradients may be rounded zeros
    operations = model.operations()
    found = []
    for _ in range(count * 20):
        if len(found) == count:
            break
        if rng.random() < 0.3:  # one entry of the result
            name = str(rng.choice(list(right)))
            error = float(rng.choice(small))
            flat = np.abs(right[name]).reshape(-1)
            big = np.flatnonzero(flat > 1e-3 * flat.max(initial=0))
            if not len(big) or flat.max() == 0:
                continue
            i = int(rng.choice(big))

            def grad(p, name=name, i=i, error=error):
                g = model.grad(p)
                g[name].flat[i] *= 1 + error
                return g

            label = f"{name}[{i}] wrong by {error:g}"
        else:
            number, kind = operations[rng.integers(len(operations))]
            how = str(rng.choice(list(SABOTAGE)))

            def grad(p, number=number, how=how):
                return model.grad(p, {number: SABOTAGE[how]})

            label = f"{how} at {kind} {number}"
        with np.errstate(all="ignore"):
            wrong = grad(model.params)
        worst = max(
            float(np.abs(wrong[n] - right[n]).max(initial=0)) / (max(largest[n], rounded) or 1)
            for n in right
        )
        if worst > 0.9e-6 and all(np.isfinite(a).all() for a in wrong.values()):
            found.append((label, grad, worst))
    return found
