"""Logits and their softmax: what the questions of lessons 10 and 23 are asked on."""

import numpy as np

from bpcourse.questions.bank._inputs import sizes


def softmax_of(z, shift=True, axis=-1):
    """The softmax along an axis; without the shift it overflows, as a mistake."""
    e = np.exp(z - z.max(axis=axis, keepdims=True) if shift else z)
    return e / e.sum(axis=axis, keepdims=True)


def labelled_logits(rng, size):
    """Logits (N, k) and the true classes, some of them far apart or huge."""
    batch, k = sizes(rng, size, 2)
    Z, labels = 2 * rng.normal(size=(batch, k)), rng.integers(k, size=batch)
    if size == 3:  # far apart: the true class's probability rounds to 0
        Z[0], labels[0] = np.linspace(-450, 450, k), 0
    if size == 4:  # e to the Z overflows; with one shift for all rows it is 0 in the others
        Z = Z + np.where(np.arange(batch) % 2, -1000.0, 1000.0)[:, None]
    return {"Z": Z, "labels": labels}


def shift_of(flaw, Z):
    """The largest logit of each row, (batch, 1); 0, or the largest of all, as a mistake."""
    if flaw("no_max_shift"):
        return np.full((len(Z), 1), Z.max() if flaw("one_shift_for_all") else 0.0)
    return Z.max(axis=1, keepdims=True)
