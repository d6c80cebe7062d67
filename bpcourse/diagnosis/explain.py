"""The one cause that explains a difference in all entries, as a sentence, or none."""

from dataclasses import dataclass, field

import numpy as np

from bpcourse.diagnosis.backward import Pass, hypotheses
from bpcourse.diagnosis.compare import FEWEST, KNOWN, common_factor, compare
from bpcourse.text import text


@dataclass(frozen=True)
class Diagnosis:
    """``cause`` is the name of the mistake or None; ``array`` the first wrong one from the loss.

    ``message`` says it to a student, with the evidence; it is what ``str`` gives.
    """

    cause: str | None
    array: str | None
    message: str
    values: dict = field(default_factory=dict)

    def __str__(self):
        return self.message


def diagnose(
    given, true, *, bounds=None, wrong=None, params=None, context=None, whole="the gradient"
):
    """The :class:`Diagnosis` of what was given against what is true.

    Both are arrays or {name: array} in the order of the forward pass; ``true`` may hold NaN where
    it was not measured, ``bounds`` its errors. ``wrong`` names the arrays known to be wrong.
    ``context`` is (net, X, y), with which the backward pass is repeated; ``whole`` is what an
    array without a name is called.
    """
    given, true, bounds = _named(given), _named(true), _named(bounds if bounds is not None else {})
    if set(given) != set(true):
        raise ValueError(f"given: expected the arrays {sorted(true)}, got {sorted(given)}")
    if context is not None and params is None:
        params = dict(context[0].params)
    differences = {
        name: compare(
            given[name],
            true[name],
            bounds=bounds.get(name),
            params=(params or {}).get(name),
            others={other: true[other] for other in true if other != name},
        )
        for name in given
    }
    if wrong is None:
        wrong = [name for name, d in differences.items() if d.kind != "equal" and not _silent(d)]
    if not wrong:
        return Diagnosis(None, None, text("diagnosis.equal"))
    first = wrong[-1]
    shapes_fit = all(np.shape(given[name]) == np.shape(true[name]) for name in given)
    if shapes_fit:
        found = _one_factor(given, true, bounds, differences, wrong, context)
        if found is None and context is not None:
            found = _by_passes(given, true, bounds, wrong, context)
        if found is not None:
            cause, array, sentence, values = found
            return Diagnosis(cause, array, _told(array, sentence), values)
    difference = differences[first]
    if difference.kind in (None, "equal", "shape"):
        seen = {"array": first or whole, **vars(difference)}
        key = "diagnosis.shape" if difference.kind == "shape" else "diagnosis.unknown"
        return Diagnosis(None, first, text(key, **seen), dict(difference.values))
    sentence = _pattern(difference, context)
    return Diagnosis(difference.kind, first, _told(first, sentence), dict(difference.values))


def _silent(difference):
    return difference.compared == 0 and difference.kind is None


def _named(arrays):
    arrays = arrays if isinstance(arrays, dict) else {"": arrays}
    return {str(name): np.asarray(a, dtype=np.float64) for name, a in arrays.items()}


def _told(array, sentence):
    return text("diagnosis.told", array=array, sentence=sentence) if array else sentence


def _pattern(difference, context):
    values = dict(difference.values)
    if "factor" in values:
        values["factor"] = _number(values["factor"], context)
    alone = difference.kind == "constant_factor" and difference.compared == 1
    key = "one_factor" if alone else difference.kind
    return text(f"diagnosis.{key}", compared=difference.compared, **{"count": 0, **values})


def _number(factor, context):
    """A factor as a reader would say it; beside it the batch size if that is what it is."""
    plain = f"{factor:.6g}"
    if context is None:
        return plain
    n = len(np.asarray(context[1]))
    for value, key in ((n, "batch"), (1 / n, "per_batch"), (-n, "batch"), (-1 / n, "per_batch")):
        if n > 2 and abs(factor - value) <= 1e-4 * abs(value):
            return text(f"diagnosis.{key}", factor=plain, n=n)
    return plain


def _one_factor(given, true, bounds, differences, wrong, context):
    """Is every array the same constant times the true one?"""
    if len(true) < 2 or len(wrong) < 2:
        return None
    flat = {}
    for name, difference in differences.items():
        if difference.kind == "equal" and not np.nan_to_num(true[name]).any():
            continue
        # an array of one or two entries has a factor too, once the others have it
        c = common_factor(given[name], true[name], bounds.get(name))
        if c is None:
            return None
        flat[name] = c
    factors = list(flat.values())
    if not factors or max(factors) - min(factors) > 1e-4 * abs(factors[0]):
        return None
    c = factors[0]
    count = sum(d.compared for d in differences.values())
    if count < FEWEST and c not in KNOWN:
        return None
    sentence = text("diagnosis.all_factor", count=count, factor=_number(c, context))
    return "constant_factor", wrong[-1], sentence, {"factor": c}


def _by_passes(given, true, bounds, wrong, context):
    """The altered backward pass that gives what was given, or None."""
    net, X, y = context
    try:
        run = Pass.of(net, X, y)
        right = run.gradients()
    except (AttributeError, ValueError, TypeError, KeyError):
        return None  # layers that are not known here
    if set(right) != set(given) or any(right[n].shape != given[n].shape for n in right):
        return None
    single = any(g.dtype == np.float32 for g in right.values())
    near = 1e-4 if single else 1e-7
    for name, value in right.items():  # the reference itself must be what was measured
        known = np.isfinite(true[name])
        slack = 4 * np.nan_to_num(bounds.get(name, np.zeros(1)), posinf=np.inf) + 1e-4 * np.abs(
            value
        )
        gap = np.abs(value - np.where(known, true[name], value))
        if (gap > slack + near * np.abs(value).max(initial=0)).any():
            return None
    candidates = []
    with np.errstate(all="ignore"):
        for cause, place, change in hypotheses(run):
            candidates.append((cause, place, run.gradients(place, change)))
    for factored in (False, True):
        for cause, place, grads in candidates:
            c = _matches(given, grads, near, factored)
            if c is None or _matches(right, grads, near, False) is not None:
                continue
            return _named_cause(run, cause, place, c, wrong, context)
    return None


def _matches(given, grads, near, factored):
    """1, or with ``factored`` the constant c, if given = c·grads everywhere; else None."""
    a = np.concatenate([given[name].ravel() for name in grads])
    b = np.concatenate([grads[name].ravel() for name in grads])
    if not np.isfinite(b).all() or not b.any():
        return None
    c = float(a @ b / (b @ b)) if factored else 1.0
    for name, value in grads.items():
        scale = np.abs(value).max(initial=0) or np.abs(b).max() * 1e-3
        gap = np.abs(given[name] - c * value)
        if c == 0 or (gap > abs(c) * (near * np.abs(value) + 1e-2 * near * scale)).any():
            return None
    return c


def _named_cause(run, cause, place, c, wrong, context):
    values: dict = {"layer": None, "layers": ""}
    array = wrong[-1]
    if place != ("loss",):
        layer = run.steps[place[1]][0]
        values = {"layer": place[1], "layers": repr(layer)}
        if place[0] in ("dW", "db"):
            array = f"{place[1]}.{place[0][1]}"
    n = len(run.start)
    sentence = text(f"diagnosis.{cause}", n=n, factor="", compared=n, **values)
    if abs(c - 1) > 1e-6:
        number = _number(next((k for k in KNOWN if abs(c - k) <= 1e-4 * abs(k)), c), context)
        sentence += " " + text("diagnosis.and_factor", factor=number)
    return cause, array, sentence, values | {"factor": c, "place": place}
