r"""Training: forward, backward, update, repeat (C33, E15).

Backprop computes the gradient; the optimiser updates the parameters.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from bpcourse import optimizers
from bpcourse.network import Network, accuracy
from bpcourse.validation import (
    NotFiniteError,
    as_batch,
    require_finite,
    require_generator,
    require_positive_int,
)


@dataclass
class History:
    """What a training run measured, one entry an epoch; ``step_loss`` one a mini-batch.

    ``loss`` is that of the epoch's examples while the parameters were moving, a mean over them (a
    sum, if the loss is one), without the penalty of weight decay; the validation
    lists are empty without ``validation``, the accuracies where y is not made of classes.
    ``best_epoch``, from 0, had the lowest validation loss; None without validation.
    """

    loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    step_loss: list = field(default_factory=list)
    learning_rate: list = field(default_factory=list)
    best_epoch: int | None = None

    def plot(self):
        """Loss and accuracy against the epoch, as a Matplotlib figure."""
        from bpcourse import figures

        return figures.history(self)


def train(
    net,
    X,
    y,
    *,
    epochs,
    batch_size,
    learning_rate,
    rng,
    optimizer="sgd",
    schedule=None,
    weight_decay=0,
    validation=None,
    early_stop=None,
    progress=True,
):
    r"""Fit ``net`` to X (N, n_in) and y by mini-batches; returns a :class:`History`.

    Each epoch goes once through the examples in an order drawn from ``rng``; the last batch may be
    short. ``optimizer`` is "sgd", "momentum", "adam" or an object with ``step(params, grads,
    learning_rate)``; ``schedule(epoch, epochs)`` gives a factor for the learning rate;
    ``weight_decay`` λ adds λW to the gradient of every weight (not bias), before the optimiser.
    ``validation`` is (X, y), measured after each epoch; ``early_stop`` a number of epochs without a
    lower validation loss, after which training ends and the parameters of the best epoch return.

    ValueError or TypeError for bad arguments, before anything is changed; RuntimeError if the loss
    or a gradient is not finite, with the step and the parameter.
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
    if validation is not None:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise TypeError(f"validation: expected (X, y), got {type(validation).__name__}")
        X_val, y_val = _examples(net, "validation ", *validation)
    if early_stop is not None:
        early_stop = require_positive_int("early_stop", early_stop)
        if validation is None:
            raise ValueError("early_stop: expected validation=(X, y) with it, got none")

    history = History()
    summed = getattr(net.loss, "reduction", "mean") == "sum"
    best_loss, best_epoch, best_params = math.inf, 0, {}
    # Overflow ends in an error of our own, which says where; NumPy's warnings would come first.
    quiet = np.errstate(over="ignore", invalid="ignore")
    with _Progress(epochs, progress) as bar, quiet:
        for epoch in range(epochs):
            rate = learning_rate * (schedule(epoch, epochs) if schedule else 1)
            _require_number("learning_rate times schedule", rate)
            order = rng.permutation(len(X))
            total = 0.0
            try:
                for start in range(0, len(X), batch_size):
                    batch = order[start : start + batch_size]
                    loss = _step(net, X[batch], y[batch], optimizer, rate, weight_decay)
                    history.step_loss.append(loss)
                    total += loss if summed else loss * len(batch) / len(X)
                for name, parameter in net.params.items():  # the last step may have broken one
                    require_finite(f"parameter {name}", parameter)
                _measure(net, X, y, history.accuracy)
                if validation is not None:
                    history.validation_loss.append(_loss(net, X_val, y_val))
                    _measure(net, X_val, y_val, history.validation_accuracy)
            except NotFiniteError as error:
                raise RuntimeError(_divergence(net, epoch, history, error)) from error
            history.loss.append(total)
            history.learning_rate.append(rate)
            if validation is not None and history.validation_loss[-1] < best_loss:
                best_loss = history.validation_loss[-1]
                history.best_epoch = best_epoch = epoch
                if early_stop:
                    best_params = {name: p.copy() for name, p in net.params.items()}
            bar.show(epoch, history)
            if early_stop and epoch - best_epoch >= early_stop:
                break
    net.params.update(best_params)
    return history


def _step(net, X, y, optimizer, rate, weight_decay):
    """One turn of forward, backward, update; returns the loss before the update."""
    loss = _loss(net, X, y)
    grads = net.backward()
    for name, gradient in grads.items():
        require_finite(f"the gradient of {name}", gradient)
        if weight_decay and name.endswith(".W"):
            gradient += weight_decay * net.params[name]
    optimizer.step(net.params, grads, rate)
    return loss


def _loss(net, X, y):
    loss = net.forward(X, y)
    if not math.isfinite(loss):
        raise NotFiniteError("the loss", np.asarray(loss))
    return loss


def _divergence(net, epoch, history, error):
    """Say at which step and which parameter: the first that is not finite, else the largest."""
    largest = {name: np.abs(p).max() for name, p in net.params.items()}
    name = max(largest, key=lambda name: (not np.isfinite(largest[name]), largest[name]))
    return (
        f"training diverged at step {len(history.step_loss)} (epoch {epoch}): {error}. "
        f"Parameter {name} has reached {largest[name]:.3g}. Try a smaller learning_rate."
    )


def _require_number(name, value, positive=False):
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    low = "above 0" if positive else "of at least 0"
    if not (0 <= value < math.inf) or (positive and value == 0):
        raise ValueError(f"{name}: expected a finite number {low}, got {value}")


def _examples(net, which, X, y):
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


def _measure(net, X, y, accuracies):
    """Append the accuracy, where there are classes to be right about."""
    one_hot = y.ndim == 2 and ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()
    if y.ndim == 1 or one_hot:
        accuracies.append(accuracy(net.predict(X), y))


class _Progress:
    """A tqdm bar in terminal or notebook; without tqdm a plain line an epoch."""

    def __init__(self, epochs, shown):
        self.epochs, self.bar, self.shown = epochs, None, shown
        if shown:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self.bar = tqdm(total=epochs, unit="epoch")

    def show(self, epoch, history):
        latest = {
            name: f"{values[-1]:.4g}"
            for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")
            if (values := getattr(history, name))
        }
        if self.bar is not None:
            self.bar.set_postfix(latest, refresh=False)
            self.bar.update()
        elif self.shown:
            measured = ", ".join(f"{name} {value}" for name, value in latest.items())
            print(f"epoch {epoch + 1}/{self.epochs}: {measured}")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.close()
