r"""Losses: each value beside its gradient. Only the loss divides by the batch size.

Every loss has ``value(y_hat, y)``, ``gradient(y_hat, y)`` = ∂L/∂ŷ and ``output(z)``, the output
function that belongs to it (C16). Rows are examples: ŷ and z are (batch, k); the mean is over the
rows of this batch, so a row of the gradient is 1/batch times what the sources write for one
example.

*Fused* losses (``fused = True``) take the logits z in place of ŷ and give ∂L/∂z: output function
and loss in one formula, finite at logits of ±1000. Class targets are labels (batch,) or
distributions such as one-hot rows (batch, k).
"""

import numpy as np

from bpcourse import activations
from bpcourse.validation import (
    as_batch,
    as_distribution,
    as_float,
    as_probabilities,
    as_targets,
)


class Loss:
    """What every loss shares. A loss is two steps, as a layer is, so that neither works twice:

    ``forward(y_hat, y) -> (value, cache)`` and ``backward(cache) -> gradient``.
    """

    fused = False

    def __new__(cls, *args, **kwargs):
        own = {name for kind in cls.__mro__ if kind not in BASES for name in vars(kind)}
        for step, whole in (("forward", "value"), ("backward", "gradient")):
            if not own & {step, whole}:
                raise TypeError(f"{cls.__name__}: expected a method {whole} or {step}, got none")
        if "forward" in own and "backward" not in own:
            raise TypeError(f"{cls.__name__}: expected a method backward beside forward, got none")
        return super().__new__(cls)

    def forward(self, y_hat, y):
        """The loss, and what ``backward`` needs; a subclass may define value and gradient alone."""
        return self.value(y_hat, y), (y_hat, y)

    def backward(self, cache):
        """∂L/∂ŷ (fused: ∂L/∂z) from what ``forward`` kept."""
        return self.gradient(*cache)

    def value(self, y_hat, y):
        """The loss as a number. ValueError for wrong shapes, targets out of range, NaN."""
        return self.forward(y_hat, y)[0]

    def gradient(self, y_hat, y):
        """∂L/∂ŷ, of the shape of y_hat. Errors as for ``value``."""
        return self.backward(self.forward(y_hat, y)[1])

    def output(self, z):
        """ŷ from the last pre-activation z, both (batch, k)."""
        return activations.identity.value(z)

    def __repr__(self):
        return f"{type(self).__name__}()"


class SquaredError(Loss):
    r"""factor · Σ_ij (ŷ_ij − y_ij)², divided by the batch size if ``reduction="mean"``.

    The default is C7; ``factor=0.5`` on one example is E's; ``reduction="sum"`` is B4.
    Targets y have the shape of ŷ, (batch, k).
    """

    def __init__(self, factor=1, reduction="mean"):
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction: expected 'mean' or 'sum', got {reduction!r}")
        if not 0 < factor < np.inf:
            raise ValueError(f"factor: expected a positive number, got {factor!r}")
        self.factor = factor
        self.reduction = reduction

    def forward(self, y_hat, y):
        y_hat = as_batch("y_hat", y_hat)
        difference = y_hat - as_targets(y, y_hat)
        scale = self.factor / (len(y_hat) if self.reduction == "mean" else 1)
        return _number(scale * (difference * difference).sum()), (scale, difference)

    def backward(self, cache):
        scale, difference = cache
        return (2 * scale) * difference

    def __repr__(self):
        return f"SquaredError(factor={self.factor}, reduction={self.reduction!r})"


class EuclideanNorm(Loss):
    r"""The mean over the batch of ‖ŷ − y‖ (A1). At a perfect fit, a kink, the gradient is 0."""

    def forward(self, y_hat, y):
        y_hat = as_batch("y_hat", y_hat)
        difference = y_hat - as_targets(y, y_hat)
        # Scaled by its largest entry, so that no square over- or underflows.
        scale = np.abs(difference).max(axis=1, keepdims=True)
        scale[scale == 0] = 1
        unit = difference / scale
        length = scale * np.sqrt((unit * unit).sum(axis=1, keepdims=True))
        return _number(length.sum() / len(y_hat)), (difference, length)

    def backward(self, cache):
        difference, length = cache
        return difference / np.where(length == 0, 1, length) / len(difference)


class CrossEntropy(Loss):
    r"""−Σ_c y_c log ŷ_c on probabilities ŷ, averaged over the batch (C14): −log ŷ_ℓ for class ℓ.

    Infinite, never NaN, where ŷ_ℓ = 0. The rows of ŷ sum to 1, with some slack so that a gradient
    check may nudge one entry. Prefer :class:`SoftmaxCrossEntropy`, which is stable.
    """

    def forward(self, y_hat, y):
        y_hat = as_probabilities("y_hat", y_hat)
        target = as_distribution(y, y_hat.shape, y_hat.real.dtype)
        log = np.full_like(y_hat, -np.inf)  # log 0, without the warning
        np.log(y_hat, out=log, where=y_hat != 0)
        terms = np.multiply(target, log, out=np.zeros_like(log), where=target != 0)
        return _number(-terms.sum() / len(y_hat)), (y_hat, target)

    def backward(self, cache):  # C22
        y_hat, target = cache
        ratio = np.where(target != 0, np.inf, 0).astype(y_hat.dtype)
        np.divide(target, y_hat, out=ratio, where=y_hat != 0)
        return -ratio / len(y_hat)

    def output(self, z):
        return activations.softmax.value(z)


class FusedLoss(Loss):
    """A loss that takes logits z in place of ŷ: its gradient is ∂L/∂z."""

    fused = True

    def value(self, z, y):
        """The loss of logits z (batch, k) as a number; errors as for every loss."""
        return super().value(z, y)

    def gradient(self, z, y):
        """∂L/∂z, of the shape of the logits z."""
        return super().gradient(z, y)


BASES = (Loss, FusedLoss, object)  # what a loss must add to is not in these


class SoftmaxCrossEntropy(FusedLoss):
    r"""Softmax and cross-entropy in one, on logits z (C14); the gradient is (ŷ − y)/batch (C25)."""

    def forward(self, z, y):
        z = as_batch("z", z)
        target = as_distribution(y, z.shape, z.real.dtype)
        top = np.arange(len(z)), z.real.argmax(axis=1)
        shifted = z - z[top][:, None]
        e = np.exp(shifted)
        e[top] = 0
        # The sum over the other classes: 1 + rest would lose its digits where the net is confident.
        rest = e.sum(axis=1, keepdims=True)
        e[top] = 1
        log_y_hat = shifted - np.log1p(rest)
        return _number(-np.vdot(target, log_y_hat) / len(z)), (e, rest, top, target)

    def backward(self, cache):
        e, rest, top, target = cache
        total = 1 + rest
        gradient = e / total - target
        y = target[top]
        # ŷ − y of the likeliest class, of which "− 1" would leave no digits.
        gradient[top] = (1 - y - y * rest[:, 0]) / total[:, 0]
        return gradient / len(e)

    def output(self, z):
        return activations.softmax.value(z)


class BinaryCrossEntropy(FusedLoss):
    r"""−y log ŷ − (1−y) log(1−ŷ) with ŷ = σ(z), on logits z, summed over k, mean over the batch.

    Targets in 0..1 of the shape of z; for z of shape (batch, 1) also labels (batch,).
    """

    def forward(self, z, y):
        z = as_batch("z", z)
        y = as_float("y", y, z.real.dtype)
        y = as_targets(y[:, None] if y.ndim == 1 and z.shape[1] == 1 else y, z)
        if y.min() < 0 or y.max() > 1:
            raise ValueError(f"y: expected targets in 0..1, got {y.min()} to {y.max()}")
        # softplus(z) − y·z loses its digits where z and y agree; this is exact on both sides.
        losses = y * activations.softplus.value(-z) + (1 - y) * activations.softplus.value(z)
        return _number(losses.sum() / len(z)), (z, y)

    def backward(self, cache):
        z, y = cache
        sigmoid = activations.sigmoid.value
        return ((1 - y) * sigmoid(z) - y * sigmoid(-z)) / len(z)  # σ(z) − y, with all its digits

    def output(self, z):
        return activations.sigmoid.value(z)


class MaxMargin(Loss):
    r"""The mean of max(0, 1 − s_y + max_{c≠y} s_c) on scores s (batch, k ≥ 2), D13.

    Kinks: at margin exactly 1 the gradient is 0; of tied rivals the first one gets it.
    """

    def forward(self, y_hat, y):
        scores = as_batch("y_hat", y_hat)
        if scores.shape[1] < 2:
            raise ValueError(f"y_hat: expected scores of at least 2 classes, got {scores.shape}")
        target = as_distribution(y, scores.shape, scores.real.dtype)
        label = target.argmax(axis=1)
        rows = np.arange(len(scores))
        if (target[rows, label] != 1).any():
            raise ValueError("y: expected class labels or one-hot rows, got mixed distributions")
        others = scores.real.copy()
        others[rows, label] = -np.inf
        rival = others.argmax(axis=1)
        margin = 1 - scores[rows, label] + scores[rows, rival]
        active = margin.real > 0
        return _number(margin[active].sum() / len(scores)), (scores, rows, label, rival, active)

    def backward(self, cache):
        scores, rows, label, rival, active = cache
        gradient = np.zeros_like(scores)
        share = active / len(scores)
        gradient[rows, rival] = share
        gradient[rows, label] = -share
        return gradient


def _number(value):
    """A Python number; complex only if a complex step came in."""
    return value.item()
