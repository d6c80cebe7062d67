"""What an answer does, where its numbers are free: two right answers may differ in every one."""

import numpy as np

from bpcourse.questions.types import Implementation, Result


def symmetry(answer: Implementation, n_in: int, n_out: int, seed: int) -> Result:
    """What any right draw has in common: shape, spread, units that learn differently, the seed.

    The spread is a power of two times 1/√n_in, 1 for a right one. The units are told apart by the
    rows of dW after a backward pass through tanh, with the same slope from above for each; inputs
    by their weights. Weights of one sign alone have a mean as large as they are.
    """
    given = answer(n_in, n_out, seed)
    if given is None:
        return None
    W = np.asarray(given, float)
    if W.shape != (n_out, n_in):
        return W.shape, 1.0, n_out, n_in, True, True
    X = np.random.default_rng(0).normal(size=(7, n_in))
    dW = (1 - np.tanh(X @ W.T) ** 2).T @ X
    units = len(np.unique(np.round(dW, 9), axis=0))
    if units == 1:  # whatever the constant is, this is what is wrong with it
        return W.shape, 1.0, 1, n_in, True, True
    inputs = len(np.unique(W, axis=1).T)
    size = np.sqrt(np.mean(W**2))
    ratio = size * n_in**0.5  # He's and Glorot's rules count as right, and tanh's gain of 5/3
    power = np.floor(np.log2(ratio) + (0.35 if ratio < 1 else 0.15))
    again, other = (np.asarray(answer(n_in, n_out, s), float) for s in (seed, seed + 1))
    drawn = np.array_equal(W, again) and not np.array_equal(W, other)
    return W.shape, 2.0**power, units, inputs, bool(abs(W.mean()) < 0.3 * size), drawn
