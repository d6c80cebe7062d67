"""What is plain to see in an answer's results, without repeating a mistake."""

import numpy as np

from bpcourse.diagnosis.transformations import MORE
from bpcourse.questions.judging.compare import alike_values, as_numbers, is_nested
from bpcourse.questions.judging.fitting import Fitting
from bpcourse.questions.judging.looks import NEAR, array_in

Names = tuple[str, ...]


def seen(fitting: Fitting) -> Names:
    """Nothing given back, whole numbers that are cut off, a complex one that holds the slope."""
    values = [outcome.value for outcome in fitting.given if outcome.error is None]
    nested = [value if is_nested(value) else (value,) for value in values]
    if values and all(any(entry is None for entry in entries) for entries in nested):
        return ("nothing_returned",)
    if len(values) == len(fitting.cases) and all(map(_is_of_integers, values)):
        cut = [as_numbers(value) for value in fitting.right]
        if all(
            r is not None and alike_values(v, np.trunc(r)) for v, r in zip(values, cut, strict=True)
        ):
            return ("integer_arrays",)
    if len(values) == len(fitting.cases) and all(map(_is_complex, values)):
        parts = [np.asarray(value).imag for value in values]
        if all(map(alike_values, parts, fitting.right)):
            return ("imaginary_part_forgotten",)
    return ()


def of_results(fitting: Fitting) -> Names:
    """A constant that has come in; or a right result that stands in what is given."""
    if fitting.question.measured or fitting.question.parts:
        return ()
    pairs = []
    for outcome, value in zip(fitting.given, fitting.right, strict=True):
        given, right = array_in(outcome.value, ()), array_in(value, ())
        if given is None or right is None:
            return ()
        pairs.append((given, right))
    if all(given.shape == right.shape for given, right in pairs):
        gap = np.concatenate([(given - right).ravel() for given, right in pairs])
        largest = max(np.abs(right).max(initial=0) for _, right in pairs)
        constant = np.ptp(gap) <= NEAR * 1e-2 * min(abs(gap[0]), largest) and np.isfinite(gap).all()
        return ("constant_offset",) if constant else ()
    if all(given.ndim > right.ndim or given.size > right.size for given, right in pairs):
        for name, change in MORE:
            with np.errstate(all="ignore"):
                if all(alike_values(change(g, r.shape), r) for g, r in pairs):
                    return (name,)
    return ()


def _is_of_integers(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iu"


def _is_complex(value: object) -> bool:
    return np.iscomplexobj(value) if isinstance(value, complex | np.generic | np.ndarray) else False
