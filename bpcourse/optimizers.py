"""What is done with a gradient: optimisers, and schedules for their learning rate.

An optimiser has ``step(params, grads, learning_rate)``, which updates every array of ``params`` in
place; a schedule is a function (epoch, epochs) -> factor of the learning rate.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

import numpy as np

from bpcourse.validation import Floats, require_positive_int

Schedule: TypeAlias = Callable[[int, int], float]


class Optimizer(Protocol):
    """What ``train`` asks of an optimiser: a method ``step``."""

    def step(
        self, params: Mapping[str, Floats], grads: Mapping[str, Floats], learning_rate: float
    ) -> None:
        """Update every parameter in place.

        Parameters
        ----------
        params : mapping of str to array
            The parameters by name. The arrays themselves are changed.
        grads : mapping of str to array
            For each of these names the gradient, of the parameter's shape.
        learning_rate : float
            The step size η, 0 or more.
        """


class SGD:
    """Gradient descent, θ ← θ − η∇L (B1); with momentum a running sum of the steps.

    Parameters
    ----------
    momentum : float
        The share of the last step that is added to the next, 0 <= momentum < 1.

    Raises
    ------
    ValueError
        If momentum is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from bpcourse.optimizers import SGD
    >>> theta = {"W": np.array([1.0, 2.0])}
    >>> SGD().step(theta, {"W": np.array([10.0, -10.0])}, 0.1)
    >>> theta["W"]
    array([0., 3.])
    """

    def __init__(self, momentum: float = 0.0) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum: expected 0 <= momentum < 1, got {momentum}")
        self.momentum = momentum
        self.velocity: dict[str, Floats] = {}

    def step(
        self, params: Mapping[str, Floats], grads: Mapping[str, Floats], learning_rate: float
    ) -> None:
        """Update every parameter in place, as :meth:`Optimizer.step` says."""
        for name, parameter in params.items():
            step = learning_rate * grads[name]
            if self.momentum:
                step += self.momentum * self.velocity.get(name, 0)
                self.velocity[name] = step
            parameter -= step


class Adam:
    """Steps of about η in every direction: a mean of gradients over the root of a mean square.

    Parameters
    ----------
    beta1, beta2 : float
        How much of the running mean of the gradients, and of their squares, a step keeps.
    epsilon : float
        Added to the root, so that nothing is divided by 0.
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.mean: dict[str, Floats] = {}
        self.square: dict[str, Floats] = {}
        self.time = 0

    def step(
        self, params: Mapping[str, Floats], grads: Mapping[str, Floats], learning_rate: float
    ) -> None:
        """Update every parameter in place, as :meth:`Optimizer.step` says."""
        self.time += 1
        for name, parameter in params.items():
            g = grads[name]
            mean = self.beta1 * self.mean.get(name, 0) + (1 - self.beta1) * g
            square = self.beta2 * self.square.get(name, 0) + (1 - self.beta2) * g * g
            self.mean[name], self.square[name] = mean, square
            # Both start at 0 and are too small at first; the divisors make up for it.
            mean = mean / (1 - self.beta1**self.time)
            square = square / (1 - self.beta2**self.time)
            parameter -= learning_rate * mean / (np.sqrt(square) + self.epsilon)


OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    "sgd": SGD,
    "momentum": lambda: SGD(momentum=0.9),
    "adam": Adam,
}


def step_decay(every: int, factor: float = 0.5) -> Schedule:
    """Make a schedule that falls in steps.

    Parameters
    ----------
    every : int
        The number of epochs between two steps, at least 1.
    factor : float
        What the learning rate is multiplied by at each step.

    Returns
    -------
    callable
        The schedule, (epoch, epochs) -> factor ** (epoch // every).

    Raises
    ------
    TypeError, ValueError
        If ``every`` is not a whole number of at least 1.

    Examples
    --------
    >>> schedule = step_decay(2)
    >>> [schedule(epoch, 6) for epoch in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    every = require_positive_int("every", every)
    return lambda epoch, epochs: float(factor ** (epoch // every))


def cosine(epoch: int, epochs: int) -> float:
    """Fall from the full learning rate to nearly 0 along half a cosine: a schedule.

    Parameters
    ----------
    epoch : int
        The epoch that begins, from 0.
    epochs : int
        The number of epochs in all.

    Returns
    -------
    float
        The factor ½(1 + cos(π·epoch/epochs)) of the learning rate.
    """
    return (1 + math.cos(math.pi * epoch / epochs)) / 2


def build(optimizer: str | Optimizer) -> Optimizer:
    """The optimiser of that name, or the object itself if it has a method ``step``."""
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            expected = f"one of {list(OPTIMIZERS)}, or an object with a method step"
            raise ValueError(f"optimizer: expected {expected}, got {optimizer!r}")
        return OPTIMIZERS[optimizer]()
    if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
        raise TypeError(f"optimizer: expected an object with a method step, got {optimizer!r}")
    return optimizer
