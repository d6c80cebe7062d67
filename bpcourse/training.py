r"""Training: forward, backward, update, repeat (C33, E15).

Backprop computes the gradient; the optimiser updates the parameters. What stands around the loop,
measuring, stopping early and progress, is :mod:`bpcourse.monitor`.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bpcourse import optimizers
from bpcourse.monitor import Examples, History, watching
from bpcourse.network import Network
from bpcourse.optimizers import Optimizer, Schedule
from bpcourse.validation import as_batch, require_generator, require_positive_int


def train(
    net: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    rng: "np.random.Generator",
    optimizer: str | Optimizer = "sgd",
    schedule: Schedule | None = None,
    weight_decay: float = 0,
    validation: Sequence[npt.ArrayLike] | None = None,
    early_stop: int | None = None,
    training_accuracy: bool = True,
    progress: bool = True,
) -> History:
    r"""Fit a network to examples by mini-batches: forward, backward, update, repeat (C33, E15).

    Each epoch goes once through the examples in an order drawn from ``rng``; the last batch may be
    short.

    Parameters
    ----------
    net : Network
        The network whose parameters change in place.
    X : array_like, shape (N, n_in)
        The examples, one a row, finite.
    y : array_like
        N targets as the network's loss takes them: labels (N,) or rows (N, k).
    epochs : int
        How often to go through all examples, at least 1.
    batch_size : int
        Examples a step, at least 1; more than N means all of them.
    learning_rate : float
        The step size η, above 0.
    rng : numpy.random.Generator
        Draws the order of the examples in every epoch.
    optimizer : {"sgd", "momentum", "adam"} or Optimizer
        What is done with a gradient: a name, or an object with
        ``step(params, grads, learning_rate)``.
    schedule : callable, optional
        ``schedule(epoch, epochs)`` gives a factor, 0 or more, for the learning rate of that epoch.
    weight_decay : float
        λ of at least 0: λW is added to the gradient of every weight (not bias), before the
        optimiser.
    validation : (X, y), optional
        Other examples, on which the loss is measured after each epoch.
    early_stop : int, optional
        A number of epochs without a lower validation loss, at least 1, after which training ends.
        The parameters of the best epoch return, also if training ends with an error.
    training_accuracy : bool
        Whether to measure the accuracy on all of X after each epoch, which costs a forward pass.
    progress : bool
        Whether to show a bar (with tqdm installed) or a line an epoch.

    Returns
    -------
    History
        The measurements, one an epoch.

    Raises
    ------
    TypeError, ValueError
        For a bad argument, before anything is changed.
    RuntimeError
        If a loss, a gradient or a parameter is not finite; the message names the step and the
        parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from bpcourse import BinaryCrossEntropy, Linear, Network, Tanh, datasets, train
    >>> X, y = datasets.xor()
    >>> rng = np.random.default_rng(0)
    >>> layers = [Linear(2, 8, rng=rng), Tanh(), Linear(8, 1, rng=rng)]
    >>> net = Network(layers, BinaryCrossEntropy())
    >>> settings = {"epochs": 300, "batch_size": 4, "learning_rate": 0.5}
    >>> history = train(net, X, y, rng=rng, progress=False, **settings)
    >>> history.accuracy[-1]
    1.0
    """
    if not isinstance(net, Network):
        raise TypeError(f"net: expected a Network, got {net!r}")
    epochs = require_positive_int("epochs", epochs)
    batch_size = require_positive_int("batch_size", batch_size)
    _require_number("learning_rate", learning_rate, positive=True)
    _require_number("weight_decay", weight_decay)
    if schedule is not None and not callable(schedule):
        expected = "a function (epoch, epochs) -> factor, such as optimizers.cosine"
        raise TypeError(f"schedule: expected {expected}, got {schedule!r}")
    require_generator("rng", rng)
    optimizer = optimizers.build(optimizer)
    X, y = _examples(net, "", X, y)
    held_out = _validation(net, validation)
    if early_stop is not None:
        early_stop = require_positive_int("early_stop", early_stop)
        if held_out is None:
            raise ValueError("early_stop: expected validation=(X, y) with it, got none")

    with watching(
        net,
        (X, y),
        held_out,
        epochs=epochs,
        early_stop=early_stop,
        training_accuracy=training_accuracy,
        progress=progress,
    ) as monitor:
        for epoch in range(epochs):
            rate = learning_rate * (schedule(epoch, epochs) if schedule else 1)
            _require_number("learning_rate times schedule", rate)
            order = rng.permutation(len(X))
            for start in range(0, len(X), batch_size):
                batch = order[start : start + batch_size]
                loss = net.forward(X[batch], y[batch])  # forward
                grads = net.backward()  # backward
                monitor.step(loss, grads, len(batch))
                for name in grads:
                    if weight_decay and name.endswith(".W"):
                        grads[name] += weight_decay * net.params[name]
                optimizer.step(net.params, grads, rate)  # update
            if monitor.end_epoch(rate):
                break
    return monitor.history


def _require_number(name: str, value: float, positive: bool = False) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    low = "above 0" if positive else "of at least 0"
    if not (0 <= value < math.inf) or (positive and value == 0):
        raise ValueError(f"{name}: expected a finite number {low}, got {value}")


def _examples(net: Network, which: str, X: npt.ArrayLike, y: npt.ArrayLike) -> Examples:
    """X as the network's floats and y as an array, checked once against network and loss."""
    X = as_batch(f"{which}X", X, net.n_in, net.dtype)
    y = np.asarray(y)
    if y.ndim == 0 or len(y) != len(X):
        expected = f"{len(X)} targets, one for each row of X"
        raise ValueError(f"{which}y: expected {expected}, got shape {y.shape}")
    # The loss knows which targets it takes; they depend on the shape of the output alone.
    z = np.zeros((len(X), net.n_out or X.shape[1]), X.dtype)
    try:
        net.loss.forward(z if net.loss.fused else net.loss.output(z), y)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{which}{error}") from error
    return X, y


def _validation(net: Network, given: Sequence[npt.ArrayLike] | None) -> Examples | None:
    if given is None:
        return None
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"validation: expected (X, y), got {type(given).__name__}")
    return _examples(net, "validation ", *given)
