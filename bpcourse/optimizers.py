"""What is done with a gradient: optimisers, and schedules for their learning rate.

An optimiser has ``step(params, grads, learning_rate)``, which updates every array of ``params`` in
place; a schedule is a function (epoch, epochs) -> factor of the learning rate.
"""

import math
from collections.abc import Callable

import numpy as np

from bpcourse.validation import require_positive_int


class SGD:
    """Gradient descent, θ ← θ − η∇L (B1); with ``momentum`` a running sum of the steps."""

    def __init__(self, momentum=0.0):
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum: expected 0 <= momentum < 1, got {momentum}")
        self.momentum = momentum
        self.velocity = {}

    def step(self, params, grads, learning_rate):
        """Update every array of ``params`` in place."""
        for name, parameter in params.items():
            step = learning_rate * grads[name]
            if self.momentum:
                step += self.momentum * self.velocity.get(name, 0)
                self.velocity[name] = step
            parameter -= step


class Adam:
    """Steps of about η in every direction: a mean of gradients over the root of a mean square."""

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.mean, self.square, self.time = {}, {}, 0

    def step(self, params, grads, learning_rate):
        """Update every array of ``params`` in place."""
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


OPTIMIZERS: dict[str, Callable] = {"sgd": SGD, "momentum": lambda: SGD(momentum=0.9), "adam": Adam}


def step_decay(every, factor=0.5):
    """A schedule: the learning rate times ``factor`` after every ``every`` epochs."""
    every = require_positive_int("every", every)
    return lambda epoch, epochs: factor ** (epoch // every)


def cosine(epoch, epochs):
    """A schedule: from the full learning rate down to nearly 0 along half a cosine."""
    return (1 + math.cos(math.pi * epoch / epochs)) / 2


def build(optimizer):
    """The optimiser of that name, or the object itself if it has a method ``step``."""
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            expected = f"one of {list(OPTIMIZERS)}, or an object with a method step"
            raise ValueError(f"optimizer: expected {expected}, got {optimizer!r}")
        return OPTIMIZERS[optimizer]()
    if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
        raise TypeError(f"optimizer: expected an object with a method step, got {optimizer!r}")
    return optimizer
