"""How one array differs from another, in facts that can be seen without knowing their origin."""

from dataclasses import dataclass

import numpy as np

NEAR = 2e-6  # relative; what two right computations may differ by
FEWEST = 3  # entries below which only a well-known number is called a factor
KNOWN = (-1, 2, 0.5, -2, -0.5, 4, 0.25)


@dataclass(frozen=True)
class Difference:
    """``kind`` is the simplest pattern that holds in all compared entries, or None.

    ``values`` are its numbers; ``compared`` counts entries, ``differing`` those that are not near.
    """

    kind: str | None
    values: dict
    compared: int
    differing: int


class Pair:
    """Two arrays of one shape, on the entries that are known in both, and what is near."""

    def __init__(self, given, true, bounds):
        self.given, self.true = given, true
        self.known = np.isfinite(true) & np.isfinite(bounds)
        largest = np.abs(true[self.known]).max(initial=0)
        self.slack = np.where(self.known, 4 * bounds + NEAR * np.abs(true) + 1e-9 * largest, 0)
        self.large = self.known & (np.abs(true) > 20 * self.slack)  # enough digits for a ratio
        self.off = self.known & (np.abs(given - true) > self.slack)

    def same(self, other, factor=1.0):
        """Is ``given`` equal to ``other``, a change of the true array, in all known entries?"""
        with np.errstate(invalid="ignore", over="ignore"):
            gap = np.abs(self.given - other)[self.known]
        return bool((gap <= (self.slack * max(1.0, abs(factor)))[self.known]).all())

    def factor(self, where=None):
        """The constant c with given = c·true where ``where``, or None."""
        where = self.known if where is None else where & self.known
        large = where & self.large
        if not large.any():
            return None
        weight = (self.true / self.slack.clip(1e-300))[large]
        c = float(weight @ (self.given / self.slack.clip(1e-300))[large] / (weight @ weight))
        gap = np.abs(self.given - c * self.true)[where]
        if not (gap <= (self.slack * max(abs(c), 1e-3) * 1.5)[where]).all():
            return None
        for known in KNOWN:  # 2.0000001 is 2
            if abs(c - known) <= 1e-4 * abs(known):
                return float(known)
        return c


def common_factor(given, true, bounds=None):
    """The constant c with given = c·true in all known entries, or None."""
    if given.shape != true.shape:
        return None
    bounds = np.zeros(true.shape) if bounds is None else np.broadcast_to(bounds, true.shape)
    return Pair(given, true, bounds).factor()


def compare(given, true, *, bounds=None, params=None, others=None):
    """The :class:`Difference` of two arrays of any shape.

    ``true`` may hold NaN where it is not known; ``bounds`` are the errors of its entries.
    ``params`` is the parameter itself (for weight decay), ``others`` {name: true array} of other
    parameters.
    """
    given = np.asarray(given, dtype=np.float64)
    true = np.asarray(true, dtype=np.float64)
    bounds = np.zeros(true.shape) if bounds is None else np.asarray(bounds, dtype=np.float64)
    if given.shape != true.shape:
        return _other_shape(given, true, bounds)
    pair = Pair(given, true, np.broadcast_to(bounds, true.shape))
    compared, differing = int(pair.known.sum()), int(pair.off.sum())
    kind, values = None, {}
    if compared and differing:
        for pattern in PATTERNS:
            found = pattern(pair)
            if found is not None:
                kind, values = pattern.__name__.strip("_"), found
                break
        else:
            kind, values = _from_elsewhere(pair, params, others or {})
    elif compared:
        kind = "equal"
    return Difference(kind, values, compared, differing)


def _other_shape(given, true, bounds):
    counts = {"given": given.shape, "true": true.shape}
    candidates = {"transposed": given.T} if given.ndim == 2 else {}
    if given.size == true.size:
        candidates["reshaped"] = given.reshape(true.shape)
    if given.ndim == true.ndim + 1 and given.ndim:
        for axis in range(given.ndim):
            candidates[f"not_summed_{axis}"] = given.sum(axis=axis)
    for kind, changed in candidates.items():
        if changed.shape == true.shape and Pair(changed, true, bounds).same(true):
            return Difference(kind.split("_0")[0].split("_1")[0], counts, true.size, true.size)
    return Difference("shape", counts, 0, 0)


# Patterns in the order in which a simpler one is preferred. Each returns its values or None.


def zero(p):
    rounded = 1e-12 * np.abs(p.true[p.known]).max(initial=0)  # a sum that cancels leaves this much
    return {} if p.large.any() and (np.abs(p.given) <= rounded).all() else None


def constant_factor(p):
    c = p.factor()
    if c is None or (p.large.sum() < FEWEST and c not in KNOWN):
        return None
    return {"factor": c}


def one_entry(p):
    if p.off.sum() != 1 or p.known.sum() < FEWEST:
        return None
    index = tuple(int(i) for i in np.argwhere(p.off)[0])
    return {"index": index, "given": float(p.given[index]), "true": float(p.true[index])}


def transposed(p):
    if p.true.ndim != 2 or p.true.shape[0] != p.true.shape[1] or p.off.sum() < 2:
        return None
    flipped = Pair(p.given.T, p.true, p.slack / 4)
    c = flipped.factor()
    if c is None or flipped.large.sum() < FEWEST:
        return None
    return {"factor": c}


def rows_scaled(p):
    return _lines_scaled(p, 0)


def columns_scaled(p):
    return _lines_scaled(p, 1)


def _lines_scaled(p, axis):
    """Each row (column) has a factor of its own, which numbers that differ along it show."""
    if p.true.ndim != 2 or min(p.true.shape) < 2:
        return None
    factors, is_shown = [], False
    for i in range(p.true.shape[axis]):
        line = np.zeros(p.true.shape, bool)
        line[(i, slice(None)) if axis == 0 else (slice(None), i)] = True
        if (line & p.large).sum() < 2:
            if (line & p.off).any():
                return None
            factors.append(1.0)
            continue
        c = p.factor(line)
        if c is None:
            return None
        factors.append(c)
        numbers = p.true[line & p.large]
        is_shown |= abs(c - 1) > 1e-5 and np.ptp(numbers) > 1e-6 * np.abs(numbers).max()
    changed = [i for i, c in enumerate(factors) if abs(c - 1) > 1e-5]
    if not is_shown or not any(factors[i] for i in changed):  # left at 0, which is no factor
        return None
    return {"factors": factors, "lines": changed, "count": len(changed), "of": len(factors)}


def some_rows(p):
    return _some_lines(p, 0)


def some_columns(p):
    return _some_lines(p, 1)


def _some_lines(p, axis):
    """The differences are confined to few rows (columns), and fill those."""
    if p.true.ndim != 2 or min(p.true.shape) < 2 or not p.known.all():
        return None
    lines = np.flatnonzero(p.off.any(axis=1 - axis))
    count = p.true.shape[axis]
    filled = np.take(p.off | ~p.large, lines, axis=axis).all()
    if 2 * len(lines) > count or not filled:
        return None
    return {"lines": lines.tolist(), "count": len(lines), "of": count}


def offset(p):
    gap = (p.given - p.true)[p.known]
    middle = float(np.median(gap))
    constant = abs(gap - middle) <= p.slack[p.known] + 1e-9 * abs(middle)
    return {"offset": middle} if len(gap) >= FEWEST and constant.all() else None


def absolute(p):
    mixed = (p.true[p.large] < 0).sum() >= 2 and (p.true[p.large] > 0).any()
    return {} if mixed and p.same(np.abs(p.true)) else None


def sign_only(p):
    return {} if p.large.sum() >= FEWEST and p.same(np.sign(p.true)) else None


def squared(p):
    big = np.abs(p.true).max(where=p.known, initial=0)
    return {} if p.large.sum() >= FEWEST and p.same(p.true**2, 2 * big) else None


def clipped(p):
    limit = np.abs(p.given[p.known]).max(initial=0)
    cut = p.large & (np.abs(p.true) > limit + p.slack)
    if limit == 0 or cut.sum() < 2 or (p.large & ~cut).sum() < 2:
        return None
    return {"limit": float(limit)} if p.same(np.clip(p.true, -limit, limit)) else None


def moved(p):
    """Rows, columns or entries in another order: by one place, or from the end."""
    if p.large.sum() < FEWEST or not p.known.all():
        return None
    for axis in range(p.true.ndim):
        for change in (1, -1):
            if p.same(np.roll(p.true, change, axis=axis)):
                return {"axis": axis}
        if p.same(np.flip(p.true, axis=axis)):
            return {"axis": axis}
    return None


def diagonal(p):
    return {} if _square(p) and not (p.off & ~np.eye(len(p.true), dtype=bool)).any() else None


def beside_diagonal(p):
    # zeros there would be right by chance
    right = _square(p) and p.large.diagonal().all() and not p.off.diagonal().any()
    return {} if right else None


def _square(p):
    return p.true.ndim == 2 and p.true.shape[0] == p.true.shape[1] > 1 and p.known.all()


PATTERNS = (
    zero, constant_factor, one_entry, transposed, rows_scaled, columns_scaled, some_rows,
    some_columns, offset, absolute, sign_only, squared, clipped, moved, diagonal, beside_diagonal,
)  # fmt: skip


def _from_elsewhere(p, params, others):
    for name, other in others.items():
        known = other.shape == p.true.shape and np.isfinite(other).all()
        if known and other.size >= FEWEST and p.same(other):
            return "another", {"other": name}
    if params is not None and params.shape == p.true.shape:
        rest = Pair(p.given - p.true, np.asarray(params, np.float64), np.zeros(p.true.shape))
        rest.slack = np.where(p.known, p.slack + NEAR * np.abs(rest.given), 0)
        rest.known = p.known
        rest.large = p.known & (np.abs(rest.given) > 20 * p.slack)
        a, b = rest.true[rest.large], rest.given[rest.large]
        if rest.large.sum() >= FEWEST and a.any():
            c = float(a @ b / (a @ a))
            if (np.abs(rest.given - c * rest.true) <= 2 * rest.slack)[p.known].all():
                return "decay", {"factor": c}
    return None, {}
