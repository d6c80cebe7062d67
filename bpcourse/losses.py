r"""Losses: each value beside its gradient. Only the loss divides by the batch size.

Every loss has ``value(y_hat, y)``, ``gradient(y_hat, y)`` = ∂L/∂ŷ and ``output(z)``, the output
function that belongs to it (C16). Rows are examples: ŷ and z are (batch, k); the mean is over the
rows of this batch, so a row of the gradient is 1/batch times what the sources write for one
example.

*Fused* losses (``fused = True``) take the logits z in place of ŷ and give ∂L/∂z: output function
and loss in one formula, finite at logits of ±1000. Class targets are labels (batch,) or
distributions such as one-hot rows (batch, k).
"""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bpcourse import activations, sums
from bpcourse.validation import (
    Array,
    as_batch,
    as_distribution,
    as_float,
    as_probabilities,
    as_targets,
)

Cache: TypeAlias = tuple[Any, ...]  # what a loss keeps between its two steps is its own affair


class Loss:
    """What every loss shares.

    A loss of your own has ``value`` and ``gradient``. If both need the same work, it has
    ``forward(y_hat, y) -> (value, cache)`` and ``backward(cache) -> gradient`` in their place.
    ``fused`` says whether it takes logits z in place of ŷ.

    Raises
    ------
    TypeError
        At building, if one of these methods is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from bpcourse import losses
    >>> class Cubic(losses.Loss):
    ...     def value(self, y_hat, y):
    ...         return float((np.abs(y_hat - y) ** 3).sum())
    ...
    ...     def gradient(self, y_hat, y):
    ...         return 3 * np.abs(y_hat - y) * (y_hat - y)
    >>> Cubic().value(np.array([[3.0]]), np.array([[1.0]]))
    8.0
    """

    fused = False

    if not TYPE_CHECKING:  # a type checker is to see the parameters of each loss

        def __new__(cls, *args, **kwargs):
            own = {name for kind in cls.__mro__ if kind not in BASES for name in vars(kind)}
            for step, whole in (("forward", "value"), ("backward", "gradient")):
                if not own & {step, whole}:
                    raise TypeError(
                        f"{cls.__name__}: expected a method {whole} or {step}, got none"
                    )
            if "forward" in own and "backward" not in own:
                raise TypeError(
                    f"{cls.__name__}: expected a method backward beside forward, got none"
                )
            return super().__new__(cls)

    def forward(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
        """Compute the loss and keep what its gradient needs.

        Parameters
        ----------
        y_hat : array_like, shape (batch, k)
            The outputs of the network (logits for a fused loss), an example in each row.
        y : array_like
            The targets: of the shape of y_hat, or class labels (batch,), as each loss says.

        Returns
        -------
        value : float
            The loss of this batch.
        cache : tuple
            What ``backward`` takes. It may hold y_hat and y themselves.
        """
        return self.value(y_hat, y), (y_hat, y)

    def backward(self, cache: Cache) -> Array:
        """Compute ∂L/∂ŷ (fused: ∂L/∂z) from what ``forward`` kept.

        Parameters
        ----------
        cache : tuple
            The second result of ``forward``.

        Returns
        -------
        array, shape (batch, k)
            The gradient.
        """
        return self.gradient(*cache)

    def value(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Compute the loss of a batch.

        Parameters
        ----------
        y_hat : array_like, shape (batch, k)
            The outputs of the network, an example in each row.
        y : array_like
            The targets: of the shape of y_hat, or class labels (batch,), as each loss says.

        Returns
        -------
        float
            The loss; complex only if a complex step came in.

        Raises
        ------
        TypeError, ValueError
            For wrong shapes, targets out of range, NaN, infinity, or what is no number.
        """
        return self.forward(y_hat, y)[0]

    def gradient(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """Compute ∂L/∂ŷ.

        Parameters
        ----------
        y_hat : array_like, shape (batch, k)
            The outputs of the network, an example in each row.
        y : array_like
            The targets: of the shape of y_hat, or class labels (batch,), as each loss says.

        Returns
        -------
        array, shape (batch, k)
            The gradient, of the shape of y_hat.

        Raises
        ------
        TypeError, ValueError
            As for ``value``.
        """
        return self.backward(self.forward(y_hat, y)[1])

    def output(self, z: npt.ArrayLike) -> Array:
        """Compute ŷ with the output function that belongs to this loss (C16).

        Parameters
        ----------
        z : array_like, shape (batch, k)
            The last pre-activation.

        Returns
        -------
        array, shape (batch, k)
            What the network says: z itself, probabilities of classes, or of each entry.
        """
        return activations.identity.value(z)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SquaredError(Loss):
    r"""factor · Σ_ij (ŷ_ij − y_ij)², divided by the batch size if ``reduction="mean"``.

    The default is C7; ``factor=0.5`` on one example is E's; ``reduction="sum"`` is B4.
    Targets y have the shape of ŷ, (batch, k).

    Parameters
    ----------
    factor : float
        What the sum is multiplied by, above 0.
    reduction : {"mean", "sum"}
        Whether to take the mean over the examples of the batch, or the sum.

    Raises
    ------
    ValueError
        If factor or reduction is none of these.

    Examples
    --------
    >>> from bpcourse import SquaredError
    >>> SquaredError().value([[1.0, 3.0], [2.0, -1.0]], [[0.0, 1.0], [2.0, 1.0]])
    4.5
    """

    def __init__(self, factor: float = 1, reduction: Literal["mean", "sum"] = "mean") -> None:
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction: expected 'mean' or 'sum', got {reduction!r}")
        if not 0 < factor < np.inf:
            raise ValueError(f"factor: expected a positive number, got {factor!r}")
        self.factor = factor
        self.reduction = reduction

    def forward(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
        y_hat = as_batch("y_hat", y_hat)
        difference = y_hat - as_targets(y, y_hat)
        scale = self.factor / (len(y_hat) if self.reduction == "mean" else 1)
        return _number(scale * (difference * difference).sum()), (scale, difference)

    def backward(self, cache: Cache) -> Array:
        scale, difference = cache
        gradient: Array = (2 * scale) * difference
        return gradient

    def __repr__(self) -> str:
        return f"SquaredError(factor={self.factor}, reduction={self.reduction!r})"


class EuclideanNorm(Loss):
    r"""The mean over the batch of ‖ŷ − y‖ (A1). At a perfect fit, a kink, the gradient is 0."""

    def forward(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
        y_hat = as_batch("y_hat", y_hat)
        difference = y_hat - as_targets(y, y_hat)
        # Scaled by its largest entry, so that no square over- or underflows.
        scale = np.abs(difference).max(axis=1, keepdims=True)
        scale[scale == 0] = 1
        unit = difference / scale
        length = scale * np.sqrt((unit * unit).sum(axis=1, keepdims=True))
        return _number(length.sum() / len(y_hat)), (difference, length)

    def backward(self, cache: Cache) -> Array:
        difference, length = cache
        gradient: Array = difference / np.where(length == 0, 1, length) / len(difference)
        return gradient


class CrossEntropy(Loss):
    r"""−Σ_c y_c log ŷ_c on probabilities ŷ, averaged over the batch (C14): −log ŷ_ℓ for class ℓ.

    Infinite, never NaN, where ŷ_ℓ = 0. The rows of ŷ sum to 1, with some slack so that a gradient
    check may nudge one entry. Prefer :class:`SoftmaxCrossEntropy`, which is stable.
    """

    def forward(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
        y_hat = as_probabilities("y_hat", y_hat)
        target = as_distribution(y, y_hat.shape, y_hat.real.dtype)
        log = np.full_like(y_hat, -np.inf)  # log 0, without the warning
        np.log(y_hat, out=log, where=y_hat != 0)
        terms = np.multiply(target, log, out=np.zeros_like(log), where=target != 0)
        return _number(-terms.sum() / len(y_hat)), (y_hat, target)

    def backward(self, cache: Cache) -> Array:  # C22
        y_hat, target = cache
        ratio = np.where(target != 0, np.inf, 0).astype(y_hat.dtype)
        np.divide(target, y_hat, out=ratio, where=y_hat != 0)
        return -ratio / len(y_hat)

    def output(self, z: npt.ArrayLike) -> Array:
        return activations.softmax.value(z)


class FusedLoss(Loss):
    """A loss that takes logits z in place of ŷ: its gradient is ∂L/∂z."""

    fused = True

    def value(self, z: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Compute the loss of a batch.

        Parameters
        ----------
        z : array_like, shape (batch, k)
            Logits, an example in each row.
        y : array_like
            The targets: of the shape of z, or class labels (batch,).

        Returns
        -------
        float
            The loss; complex only if a complex step came in.

        Raises
        ------
        TypeError, ValueError
            For wrong shapes, targets out of range, NaN, infinity, or what is no number.
        """
        return super().value(z, y)

    def gradient(self, z: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """Compute ∂L/∂z.

        Parameters
        ----------
        z : array_like, shape (batch, k)
            Logits, an example in each row.
        y : array_like
            The targets: of the shape of z, or class labels (batch,).

        Returns
        -------
        array, shape (batch, k)
            The gradient, of the shape of z.

        Raises
        ------
        TypeError, ValueError
            As for ``value``.
        """
        return super().gradient(z, y)


BASES = (Loss, FusedLoss, object)  # what a loss must add to is not in these


class SoftmaxCrossEntropy(FusedLoss):
    r"""Softmax and cross-entropy in one, on logits z (C14); the gradient is (ŷ − y)/batch (C25).

    Finite, and exact to a few units in the last place, for logits of any size.

    Examples
    --------
    >>> from bpcourse import SoftmaxCrossEntropy
    >>> SoftmaxCrossEntropy().value([[1000.0, 0.0]], [1])
    1000.0
    >>> SoftmaxCrossEntropy().gradient([[0.0, 0.0]], [1])
    array([[ 0.5, -0.5]])
    """

    def forward(self, z: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
        z = as_batch("z", z)
        # Transposed, a class in each row: many short rows would take twice the time.
        target = as_distribution(y, z.shape, z.real.dtype).T
        shifted = z.T.copy()
        shifted -= np.maximum.reduce(shifted.real)
        # total − 1 for total = Σ exp(shifted), with all its digits where the network is confident
        # and right: there each of its terms exp(shifted) − y is tiny or 0.
        difference = np.exp(shifted)
        difference -= target
        rest = sums.of_columns(difference)
        shifted -= np.log1p(rest)  # now log ŷ
        return _number(-np.vdot(target, shifted) / len(z)), (difference, rest, target)

    def backward(self, cache: Cache) -> Array:
        difference, rest, target = cache
        # ŷ − y over a common denominator: exp(shifted) − y·total, and total = 1 + rest
        gradient: Array = target * rest
        np.subtract(difference, gradient, out=gradient)
        gradient /= (1 + rest) * len(rest)
        return gradient.T

    def output(self, z: npt.ArrayLike) -> Array:
        return activations.softmax.value(z)


class BinaryCrossEntropy(FusedLoss):
    r"""−y log ŷ − (1−y) log(1−ŷ) with ŷ = σ(z), on logits z, summed over k, mean over the batch.

    Targets in 0..1 of the shape of z; for z of shape (batch, 1) also labels (batch,).
    """

    def forward(self, z: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
        z = as_batch("z", z)
        y = as_float("y", y, z.real.dtype)
        y = as_targets(y[:, None] if y.ndim == 1 and z.shape[1] == 1 else y, z)
        low, high = y.real.min(), y.real.max()
        if low < 0 or high > 1:
            raise ValueError(f"y: expected targets in 0..1, got {low} to {high}")
        # softplus(z) − y·z loses its digits where z and y agree; this is exact on both sides.
        losses = y * activations.softplus.value(-z) + (1 - y) * activations.softplus.value(z)
        return _number(losses.sum() / len(z)), (z, y)

    def backward(self, cache: Cache) -> Array:
        z, y = cache
        sigmoid = activations.sigmoid.value
        # σ(z) − y, with all its digits
        gradient: Array = ((1 - y) * sigmoid(z) - y * sigmoid(-z)) / len(z)
        return gradient

    def output(self, z: npt.ArrayLike) -> Array:
        return activations.sigmoid.value(z)


class MaxMargin(Loss):
    r"""The mean of max(0, 1 − s_y + max_{c≠y} s_c) on scores s (batch, k ≥ 2), D13.

    Kinks: at margin exactly 1 the gradient is 0; of tied rivals the first one gets it.
    """

    def forward(self, y_hat: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Cache]:
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

    def backward(self, cache: Cache) -> Array:
        scores, rows, label, rival, active = cache
        gradient: Array = np.zeros_like(scores)
        share = active / len(scores)
        gradient[rows, rival] = share
        gradient[rows, label] = -share
        return gradient


def _number(value: Any) -> float:
    """A NumPy number as one of Python's; complex only if a complex step came in."""
    number: float = value.item()
    return number
