"""The gradients of one linear layer, and the ways in which students miss them."""

import numpy as np

from bpcourse.questions.question import Family, Flaws
from bpcourse.questions.types import Array

OF_LAYER = Family(
    "gradient_transposed overwritten_not_accumulated off_by_one_loop first_example_only "
    "weight_gradient_averaged bias_averaged averaged_twice bias_not_summed bias_summed_to_one "
    "summed_over_wrong_axis product_of_sums elementwise_for_matrix_product",
    forms={"off_by_one_loop": "from_one", "product_of_sums": "then_averaged"},
)
SOME = {  # the examples that count
    "first_example_only": slice(1),
    "overwritten_not_accumulated": slice(-1, None),
    "off_by_one_loop": slice(-1),
    "from_one": slice(1, None),
}


def layer_gradients(flaw: Flaws, dZ: Array, A: Array) -> tuple[Array, Array]:
    """(dW, db) of Z = A Wᵀ + b, sums over the rows; or what a mistake OF_LAYER makes of them."""
    used = [rows for name, rows in SOME.items() if flaw(name)]
    some, below = (dZ[used[-1]], A[used[-1]]) if used else (dZ, A)
    dW = below.T @ some if flaw("gradient_transposed") else some.T @ below
    if flaw("product_of_sums"):
        dW = np.outer(dZ.sum(axis=0), A.sum(axis=0)) / (len(A) if flaw("then_averaged") else 1)
    if flaw("elementwise_for_matrix_product"):
        dW = dZ * A
    db = some.sum(axis=1 if flaw("summed_over_wrong_axis") else 0)
    if flaw("bias_not_summed"):
        db = dZ + 0.0
    if flaw("bias_summed_to_one"):
        db = dZ.sum()
    if flaw("averaged_twice") or flaw("weight_gradient_averaged"):
        dW = dW / len(dZ)
    if flaw("averaged_twice") or flaw("bias_averaged"):
        db = db / len(dZ)
    return dW, db
