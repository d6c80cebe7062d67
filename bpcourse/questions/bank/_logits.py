"""Logits, their softmax, and the loss of true classes; and the ways in which students miss them."""

import numpy as np

from bpcourse.questions.bank._inputs import sizes
from bpcourse.questions.question import Family, Flaws
from bpcourse.questions.types import Array, Inputs, Ints

SHARES = Family(  # of ``shares_of``
    "no_max_shift exponential_forgotten no_normalisation exponent_sign_lost keepdims_forgotten "
    "summed_over_wrong_axis bias_summed_to_one another_activation log_softmax "
    "maximum_over_wrong_axis",
    forms={
        "no_max_shift": "one_shift_for_all by_the_mean added",
        "exponent_sign_lost": "turned",
        "summed_over_wrong_axis": "by_the_largest by_the_largest_below",
        "bias_summed_to_one": "by_the_largest",
        "keepdims_forgotten": "twice in_the_maximum",
    },
)
LOGS = Family(  # of ``minus_log``
    "another_base logarithm_forgotten",
    forms={"another_base": "of_ten", "logarithm_forgotten": "probability_itself minus_probability"},
)
PICKED = Family(  # of ``picked``
    "columns_for_entries class_miscounted wrong_class_picked",
    forms={"columns_for_entries": "as_rows", "class_miscounted": "one_above"},
)
OF_MEAN = Family("mean_inside_logarithm two_names_one_array")  # of what follows each of them


def softmax_of(z: Array, shift: bool = True, axis: int = -1) -> Array:
    """The softmax along an axis; without the shift it overflows, as a mistake."""
    e = np.exp(z - z.max(axis=axis, keepdims=True) if shift else z)
    total: Array = e.sum(axis=axis, keepdims=True)
    return e / total


def shares_of(flaw: Flaws, Z: Array) -> Array:
    """The softmax of each row, or of one row; or what a mistake of SHARES makes of it."""
    if flaw("exponent_sign_lost") and not flaw("turned"):
        Z = -Z
    if flaw("another_activation"):
        return 1 / (1 + np.exp(-Z))
    largest = Z.max(axis=-1, keepdims=not (flaw("twice") or flaw("in_the_maximum")))
    if flaw("by_the_mean"):
        largest = Z.mean(axis=-1, keepdims=True)
    if flaw("by_the_largest") or flaw("one_shift_for_all"):
        largest = Z.max()
    if flaw("by_the_largest_below") or flaw("maximum_over_wrong_axis"):
        largest = Z.max(axis=0)
    if flaw("added"):
        largest = -largest
    unshifted = flaw("no_max_shift") and not any(
        map(flaw, ("one_shift_for_all", "by_the_mean", "added"))
    )
    shifted = Z if unshifted or flaw("not_shifted") else Z - largest
    shifted = -shifted if flaw("turned") else shifted  # largest - Z
    e = Z if flaw("exponential_forgotten") else np.exp(shifted)
    if flaw("no_normalisation"):
        return e
    axis = 0 if flaw("summed_over_wrong_axis") else None if flaw("bias_summed_to_one") else -1
    lost = flaw("keepdims_forgotten") and not flaw("in_the_maximum")
    total: Array = e.sum(axis=axis, keepdims=not lost)
    return shifted - np.log(total) if flaw("log_softmax") else e / total


def picked(flaw: Flaws, table: Array, labels: Ints) -> Array:
    """The entry of each row that its label names; or what a mistake of PICKED makes of it."""
    if flaw("wrong_class_picked"):
        labels = table.argmax(axis=1)
    if flaw("class_miscounted"):
        labels = labels + 1 if flaw("one_above") else labels - 1
    if flaw("columns_for_entries"):
        return table[labels] if flaw("as_rows") else table[:, labels]
    return table[np.arange(len(table)), labels]


def minus_log(flaw: Flaws, p: Array) -> Array:
    """−ln p; or what a mistake of LOGS makes of it."""
    if flaw("probability_itself") or flaw("minus_probability"):
        return p + 0.0 if flaw("probability_itself") else -p
    if flaw("logarithm_forgotten"):
        return 1 - p
    if flaw("another_base"):
        return -np.log10(p) if flaw("of_ten") else -np.log2(p)
    return -np.log(p)


def labelled_logits(rng: np.random.Generator, size: int) -> Inputs:
    """Logits (N, k) and the true classes, some of them far apart or huge."""
    batch, k = sizes(rng, size, 2)
    Z, labels = 2 * rng.normal(size=(batch, k)), rng.integers(k, size=batch)
    if size == 3:  # far apart: the true class's probability rounds to 0
        Z[0], labels[0] = np.linspace(-450, 450, k), 0
    if size == 4:  # e to the Z overflows; with one shift for all rows it is 0 in the others
        Z = Z + np.where(np.arange(batch) % 2, -1000.0, 1000.0)[:, None]
        Z[0, 0] += 2000  # so that it overflows beside the mean of its row as well
    return {"Z": Z, "labels": labels}


def shift_of(flaw: Flaws, Z: Array) -> Array:
    """The largest logit of each row, (batch, 1); 0, its negative, or that of all, as a mistake."""
    largest: Array = Z.max(axis=1, keepdims=True)
    if flaw("no_max_shift") and not flaw("added"):
        return np.full((len(Z), 1), Z.max() if flaw("one_shift_for_all") else 0.0)
    return -largest if flaw("added") else largest
