"""Lines through the parameters, φ(t) = f(x + t·direction), and what is claimed of φ′(0)."""

import numpy as np


class EntryLine:
    """One entry of one array moves; t = 1 is ``scale``."""

    def __init__(self, objective, f0, k, i, claim, scale):
        self.objective, self.f0, self.k, self.i = objective, f0, k, i
        self.scale = float(scale)
        self.claim = float(claim) * self.scale
        self.smallest = abs(self.claim)
        self.spread = 1.0  # by which the rounding of one claim grows
        self.zero = claim == 0
        self.x = objective.base_flat[k][i]
        eps = float(np.finfo(self.x.dtype).eps)
        self.finest = 1e3 * eps * max(abs(float(self.x)) / self.scale, 1e-9)

    def at(self, t):
        """φ at t, and the t that the rounding of x + t·scale left."""
        moved = self.x.dtype.type(float(self.x) + t * self.scale)
        return self.objective.at_entry(self.k, self.i, moved), self._taken(moved)

    def _taken(self, moved):
        return float((moved.astype(np.float64) - self.x.astype(np.float64)) / self.scale)


class GroupLine:
    """Many entries of one array move at once, each by t times its own ``weights``."""

    def __init__(self, objective, f0, k, index, grad, weights):
        self.objective, self.f0, self.k, self.index = objective, f0, k, index
        self.grad, self.weights = grad, weights
        contributions = grad * weights
        self.claim = float(contributions.sum())
        self.smallest = float(np.abs(contributions).min())
        self.spread = len(index) ** 0.5
        self.zero = not grad.any()
        self.x = objective.base_flat[k][index]
        self.wide = self.x.astype(np.float64)
        self.finest = 1e3 * float(np.finfo(self.x.dtype).eps)

    def at(self, t):
        """φ at t; what the rounding of x + t·weights removed is put back along the claim."""
        shift = t * self.weights
        moved = (self.wide + shift).astype(self.x.dtype)
        value = self.objective.at_entries(self.k, self.index, moved)
        lost = shift - (moved.astype(np.float64) - self.wide)
        return value + float(self.grad @ lost), t
