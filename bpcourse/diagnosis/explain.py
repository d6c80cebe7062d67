"""What explains a difference in all entries, one mistake or two, as sentences; or nothing."""

from dataclasses import dataclass, field

import numpy as np

from bpcourse.diagnosis import catalogue, search
from bpcourse.diagnosis.compare import FEWEST, KNOWN, common_factor, compare
from bpcourse.diagnosis.passes import Pass
from bpcourse.diagnosis.sentences import in_array, in_sentences
from bpcourse.text import text
from bpcourse.text.numbers import number

EFFECTS = {  # patterns that one mistake alone leaves
    "transposed": "gradient_transposed",
    "absolute": "absolute_value",
    "sign_only": "sign_alone",
}
FACTORS = {-1: "sign_flipped", 2: "factor_two_extra", 0.5: "factor_two_missing"}


@dataclass(frozen=True)
class Diagnosis:
    """``cause`` is the first of the mistakes, what the difference looks like, or None.

    ``mistakes`` are ids of the catalogue, several where they were made at once; ``array`` is the
    first wrong one from the loss. ``message`` says it to a student, with the evidence; ``str``
    adds where to read.
    """

    cause: str | None
    array: str | None
    message: str
    values: dict = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()

    @property
    def read(self):
        """[(stem of a lesson, heading of a section)] that cure the mistakes."""
        found = catalogue.mistakes(self.mistakes)
        return list(dict.fromkeys((one.cure, one.section) for one in found))

    def __str__(self):
        places = [
            text("diagnosis.read", lesson=stem[:2], section=section) for stem, section in self.read
        ]
        return " ".join([self.message, *places])


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
            found = _by_mistakes(given, true, bounds, wrong, context)
        if found is not None:
            return found
    difference = differences[first]
    if difference.kind in (None, "equal", "shape"):
        seen = {"array": first or whole, **vars(difference)}
        key = "diagnosis.shape" if difference.kind == "shape" else "diagnosis.unknown"
        return Diagnosis(None, first, text(key, **seen), dict(difference.values))
    message = in_array(first, _pattern(difference, context))
    alone = len(wrong) == 1  # what explains one array of several is not named
    known = _known(difference.kind, difference.values.get("factor", 1), context) if alone else ()
    return Diagnosis(difference.kind, first, message, dict(difference.values), known)


def _silent(difference):
    return difference.compared == 0 and difference.kind is None


def _named(arrays):
    arrays = arrays if isinstance(arrays, dict) else {"": arrays}
    return {str(name): np.asarray(a, dtype=np.float64) for name, a in arrays.items()}


def _pattern(difference, context):
    values = dict(difference.values)
    if "factor" in values:
        values["factor"] = _number(values["factor"], context)
    alone = difference.kind == "constant_factor" and difference.compared == 1
    key = "one_factor" if alone else difference.kind
    return text(f"diagnosis.{key}", compared=difference.compared, **{"count": 0, **values})


def _known(kind, factor, context):
    """The mistake that a pattern is the effect of, as a tuple; () where many could be."""
    if kind == "constant_factor":
        n = 1 if context is None else len(np.asarray(context[1]))
        of_batch = {n: "batch_mean_missing", 1 / n: "averaged_twice"} if n > 2 else {}
        found = [id for c, id in (FACTORS | of_batch).items() if abs(factor - c) <= 1e-4 * abs(c)]
        return tuple(found[:1])
    return (EFFECTS[kind],) if kind in EFFECTS and factor == 1 else ()


def _number(factor, context):
    """A factor as a reader would say it; beside it the batch size if that is what it is."""
    plain = number(factor, ".6g", typed=True)
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
    told = in_array(
        wrong[-1], text("diagnosis.all_factor", count=count, factor=_number(c, context))
    )
    if not c:
        told = text("diagnosis.all_zero", count=count)
    known = _known("constant_factor", c, context)
    return Diagnosis("constant_factor", wrong[-1], told, {"factor": c}, known)


def _by_mistakes(given, true, bounds, wrong, context):
    """The :class:`Diagnosis` of mistakes that give just what was given, or None."""
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
    found = search.explain(run, given, near)
    if found is None:
        return None
    ids = found.ids(run)
    array, message = in_sentences(run, found, wrong[-1])
    c = next((k for k in KNOWN if abs(found.factor - k) <= 1e-4 * abs(k)), found.factor)
    if c != 1:
        message += " " + text("diagnosis.and_factor", factor=_number(c, context))
    places = {found.id(kind, run): tuple(found.places(kind)) for kind in found.kinds}
    return Diagnosis(ids[0], array, message, {"factor": c, "places": places}, tuple(ids))
