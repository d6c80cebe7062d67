"""Functions at a kink, a tie or a saturated part, with gradients right by either convention of the
frameworks, and wrong ones of every kind.

``cases(seed)`` gives :class:`Case` after case: f, params, the gradient function and what is due.
The corpus is written by hand, family by family, and drawn anew for each seed: sizes, positions of
the kink, signs and factors.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    name: str
    f: Callable
    params: np.ndarray
    grad: Callable
    due: str  # "right" or "wrong"


def unit(left, right):
    """A unit with one slope on each side of 0, and its derivative by a value at 0."""
    value = lambda z: np.where(z > 0, right * z, left * z)  # noqa: E731
    slope = lambda z, at: np.where(z > 0, right, np.where(z < 0, left, at))  # noqa: E731
    return value, slope


UNITS = {  # name: left slope, right slope, the values that frameworks give at 0
    "relu": (0.0, 1.0, (0.0, 1.0, 0.5)),
    "leaky": (0.1, 1.0, (0.1, 1.0)),
    "abs": (-1.0, 1.0, (0.0, 1.0, -1.0)),
    "hinge": (-1.0, 0.0, (0.0, -1.0)),
}


def signs(rng, n):
    return rng.choice((-1.0, 1.0), n)


def at_zeros(rng, n, zeros):
    """n numbers, a few of which are exactly 0."""
    x = rng.normal(size=n) * rng.choice((1e-3, 1.0, 30.0))
    x[rng.choice(n, zeros, replace=False)] = 0
    return x


def elementwise(rng) -> Iterator[Case]:
    """Σ c_i unit(w_i − o_i): on the kinks of a few entries."""
    for name, (left, right, conventions) in UNITS.items():
        value, slope = unit(left, right)
        n = int(rng.integers(1, 7))
        z = at_zeros(rng, n, int(rng.integers(1, n + 1)))
        c, o = signs(rng, n) * rng.uniform(0.3, 3, n), rng.choice((0.0, 1.0)) * rng.integers(-3, 4)
        w = z + o
        z = w - o  # after rounding

        def f(w, value=value, c=c, o=o):
            return float(c @ value(w - o))

        for at in conventions:
            yield Case(f"{name}, {at} at 0", f, w, lambda w, s=slope, c=c, o=o, at=at: (
                c * s(w - o, at)), "right")  # fmt: skip
        yield Case(f"{name}, left side wrong", f, w, lambda w, c=c, o=o, l=left, r=right: (
            c * np.where(w - o > 0, r, l + 0.5)), "wrong")  # fmt: skip
        yield Case(f"{name}, right side wrong", f, w, lambda w, c=c, o=o, l=left, r=right: (
            c * np.where(w - o > 0, r * 1.01 + 0.02, l)), "wrong")  # fmt: skip
        outside = 2 * max(left, right) + 1
        yield Case(f"{name}, {outside} at 0", f, w, lambda w, s=slope, c=c, o=o, at=outside: (
            c * s(w - o, at)), "wrong" if (c > 0).all() or (c < 0).all() else "any")  # fmt: skip


def ties_of_max(rng) -> Iterator[Case]:
    """max(a ⊙ w + o), with two or more at the top."""
    n = int(rng.integers(2, 7))
    tied = int(rng.integers(2, n + 1))
    a = 2.0 ** rng.integers(-2, 3, n) * signs(rng, n)
    top = float(rng.integers(-4, 5))
    goal = np.where(np.arange(n) < tied, top, top - rng.integers(1, 4, n))
    o = rng.integers(-3, 4, n).astype(float)
    order = rng.permutation(n)
    a, o, goal = a[order], o[order], goal[order]
    w = (goal - o) / a  # exact, because a is a power of 2
    z = lambda w: a * w + o  # noqa: E731
    f = lambda w: float(z(w).max())  # noqa: E731

    def first(w):
        return a * (np.arange(n) == z(w).argmax())

    def last(w):
        return a * (np.arange(n) == n - 1 - z(w)[::-1].argmax())

    def shared(w):
        top = z(w) == z(w).max()
        return a * top / top.sum()

    for grad in (first, last, shared):
        yield Case(f"max of {n}, {tied} tied, {grad.__name__}", f, w, grad, "right")

    def every(w):
        return a * (z(w) == z(w).max())

    def none(w):
        largest = z(w) == z(w).max()
        return a * largest * (largest.sum() == 1)

    def twice(w):
        return first(w) * (1 + (np.sort(z(w))[-1] == np.sort(z(w))[-2]))

    for grad in (every, none, twice):
        yield Case(f"max of {n}, {tied} tied, {grad.__name__}", f, w, grad, "wrong")

    def one_forgotten(w):
        grad = first(w)
        grad[np.flatnonzero(goal == top)[0]] = 0
        return grad

    yield Case(f"max of {n}, {tied} tied, one of them without", f, w, one_forgotten, "wrong")


def pooling(rng) -> Iterator[Case]:
    """Σ v·maxpool over pairs of an image in whole numbers, so that pools tie; blank parts too."""
    m = 4
    image = rng.integers(0, 2, (m, m)).astype(float)
    image[:2, :2] = rng.integers(0, 3)
    v = rng.normal(size=(m // 2, m // 2))

    def pools(w):
        return w.reshape(m // 2, 2, m // 2, 2).swapaxes(1, 2).reshape(m // 2, m // 2, 4)

    def spread(g):
        return g.reshape(m // 2, m // 2, 2, 2).swapaxes(1, 2).reshape(m, m)

    f = lambda w: float((v * pools(w).max(-1)).sum())  # noqa: E731

    def first(w):
        return spread(v[..., None] * (np.arange(4) == pools(w).argmax(-1)[..., None]))

    def shared(w):
        top = pools(w) == pools(w).max(-1, keepdims=True)
        return spread(v[..., None] * top / top.sum(-1, keepdims=True))

    def every(w):
        return spread(v[..., None] * (pools(w) == pools(w).max(-1, keepdims=True)))

    def mean(w):
        return spread(np.repeat(v[..., None] / 4, 4, -1))

    yield Case("pooling, first", f, image, first, "right")
    yield Case("pooling, shared", f, image, shared, "right")
    yield Case(
        "pooling, every", f, image, every, "any" if len(np.unique(np.sign(v))) > 1 else "wrong"
    )
    yield Case("pooling, mean", f, image, mean, "wrong")
    yield Case("pooling, transposed", f, image, lambda w: first(w).T, "wrong")


def hinges(rng) -> Iterator[Case]:
    """Σ_j relu(1 + s_j − s_y) and its sister with the largest rival alone, on the margin."""
    k = int(rng.integers(3, 6))
    y = int(rng.integers(k))
    s = rng.integers(-2, 3, k).astype(float)
    s[(y + 1) % k] = s[y] - 1  # exactly on the margin
    others = np.arange(k) != y

    def total(s):
        return float(np.maximum(1 + s[others] - s[y], 0).sum())

    def by(at):
        def grad(s):
            margin = 1 + s - s[y]
            g = np.where(margin > 0, 1.0, np.where(margin == 0, at, 0.0)) * others
            g[y] = -g.sum()
            return g

        return grad

    for at in (0.0, 1.0):
        yield Case(f"hinge of {k}, {at} on the margin", total, s, by(at), "right")
    yield Case(f"hinge of {k}, y forgotten", total, s, lambda s: by(0.0)(s) * others, "wrong")
    yield Case(f"hinge of {k}, 2 on the margin", total, s, by(2.0), "wrong")

    def no_margin(s):
        g = np.where(s - s[y] > 0, 1.0, 0.0) * others
        g[y] = -g.sum()
        return g

    yield Case(f"hinge of {k}, without the 1", total, s, no_margin, "wrong")
    t = s.copy()
    t[others] = s[y] - 1  # all rivals tie, exactly on the margin

    def largest(s):
        return float(max(0.0, 1 + s[others].max() - s[y]))

    def rival(s, strict=True):
        margin = 1 + s[others].max() - s[y]
        g = np.zeros(k)
        if margin > 0 or (margin == 0 and not strict):
            j = int(np.flatnonzero(others)[s[others].argmax()])
            g[j], g[y] = 1, -1
        return g

    yield Case(f"largest rival of {k}, 0 on the margin", largest, t, rival, "right")
    yield Case(
        f"largest rival of {k}, 1 on the margin", largest, t, lambda s: rival(s, False), "right"
    )

    def all_rivals(s):
        margin = 1 + s[others].max() - s[y]
        g = (s == s[others].max()) * others * (margin > 0) * 1.0
        g[y] = -g.sum()
        return g

    yield Case(f"largest rival of {k}, all", largest, t + others * 0.5, all_rivals, "wrong")


def networks(rng) -> Iterator[Case]:
    """A unit's layer at zero weights, or with a blank example: many kinks at once."""
    name = str(rng.choice(["relu", "leaky", "abs"]))
    left, right, conventions = UNITS[name]
    value, slope = unit(left, right)
    n, d, h = (int(v) for v in rng.integers(2, 5, 3))
    X, V, T = rng.normal(size=(n, d)), rng.normal(size=h), rng.normal(size=n)
    blank = bool(rng.integers(2))
    W = rng.normal(size=(h, d + 1)) if blank else np.zeros((h, d + 1))
    if blank:
        X[0], W[:, d] = 0, 0
    X1 = np.concatenate([X, np.ones((n, 1))], axis=1)
    if not blank:
        V = abs(V)

    def f(W):
        return float(((value(X1 @ W.T) @ V - T) ** 2).sum() / 2)

    def by(at, factor=1.0):
        def grad(W):
            z = X1 @ W.T
            return factor * ((value(z) @ V - T)[:, None] * V * slope(z, at)).T @ X1

        return grad

    kind = f"{name}, {'a blank example' if blank else 'zero weights'}"
    for at in conventions[: 1 if name == "abs" else 2]:
        yield Case(f"{kind}, {at} at 0", f, W, by(at), "right")
    yield Case(f"{kind}, twice", f, W, by(conventions[0], 2), "wrong")
    if name != "abs":
        wrong = unit(left, right)[1]

        def saturated(W):
            z = X1 @ W.T
            own = np.where(z > 0, wrong(z, 1.0), left + 0.3)
            return ((value(z) @ V - T)[:, None] * V * own).T @ X1

        yield Case(f"{kind}, wrong in the saturated part", f, W, saturated, "wrong")


def saturated(rng) -> Iterator[Case]:
    """clip and hard sigmoid at the edge of the part where they are constant."""
    n = int(rng.integers(1, 5))
    edge = signs(rng, n)
    w = np.where(np.arange(n) == 0, edge, edge * rng.uniform(0.2, 3, n))
    c = rng.uniform(0.5, 2, n)
    f = lambda w: float(c @ np.clip(w, -1, 1))  # noqa: E731
    yield Case("clip, closed", f, w, lambda w: c * (abs(w) <= 1), "right")
    yield Case("clip, open", f, w, lambda w: c * (abs(w) < 1), "right")
    yield Case("clip, half", f, w, lambda w: c * ((abs(w) <= 1) / 2 + (abs(w) < 1) / 2), "right")
    yield Case("clip, straight through", f, w, lambda w: c + 0 * w, "wrong")
    yield Case("clip, dead", f, w, lambda w: c * (w < 1) * (w > -1) * 0.9, "wrong")
    yield (
        Case("clip, one edge", f, np.ones(1), lambda w: 1.0 * (w > -1), "wrong")
        if n == 1
        else (Case("clip, leaks", f, w, lambda w: c * np.where(abs(w) < 1, 1, 0.05), "wrong"))
    )


def parts_that_cancel(rng) -> Iterator[Case]:
    """c·relu(w) − b·relu(−w): what a convention gives at 0 lies outside, and is only told."""
    c, b = rng.uniform(0.5, 2, 2)
    w = np.array([0.0, *rng.normal(size=int(rng.integers(0, 3)))])
    f = lambda w: float((c * np.maximum(w, 0) - b * np.maximum(-w, 0)).sum())  # noqa: E731
    for at in (0.0, 1.0):
        yield Case(f"relu(w) − relu(−w), {at} at 0", f, w, lambda w, at=at: (
            c * ((w > 0) + at * (w == 0)) + b * ((w < 0) + at * (w == 0))), "right")  # fmt: skip
    yield Case("relu(w) − relu(−w), sign", f, w, lambda w: c * (w > 0) - b * (w < 0), "wrong")
    g = lambda w: float(abs(w[0]) ** 1.5 + np.sin(w).sum())  # noqa: E731
    yield Case("|w|^1.5", g, w, lambda w: np.cos(w) + 1.5 * np.sign(w) * abs(w) ** 0.5 * (
        np.arange(w.size) == 0), "right")  # fmt: skip


FAMILIES = [
    elementwise, ties_of_max, pooling, hinges, networks, saturated, parts_that_cancel,
]  # fmt: skip


def cases(seed: int) -> Iterator[Case]:
    """The corpus, drawn by this seed: about 60 cases, those apart for which nothing is due."""
    for number, family in enumerate(FAMILIES):
        for case in family(np.random.default_rng([seed, number])):
            if case.due != "any":
                yield case
