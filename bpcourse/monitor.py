"""What stands around the training loop: measuring, stopping early, progress, divergence."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bpcourse.network import Network, accuracy
from bpcourse.validation import Array, Floats, NotFiniteError, Targets, require_finite

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Examples = tuple[Array, Targets]
SHOWN = ("loss", "accuracy", "validation_loss", "validation_accuracy")


@dataclass
class History:
    """What a training run measured, one entry an epoch; ``step_loss`` one a mini-batch.

    Attributes
    ----------
    loss : list of float
        The loss of the epoch's examples while the parameters were moving, a mean over them (a sum,
        if the loss is one), without the penalty of weight decay.
    accuracy : list of float
        The share of all training examples that are right after the epoch. Empty where y is not made
        of classes, and with ``training_accuracy=False``.
    validation_loss, validation_accuracy : list of float
        The same after the epoch on the validation examples. Empty without ``validation``.
    step_loss : list of float
        The loss of every mini-batch, before its update.
    learning_rate : list of float
        The learning rate of the epoch: ``learning_rate`` times the factor of the schedule.
    best_epoch : int or None
        The epoch, counted from 0, with the lowest validation loss. None without ``validation``.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    step_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    best_epoch: int | None = None

    def plot(self) -> "Figure":
        """Draw loss and accuracy against the epoch.

        Returns
        -------
        matplotlib.figure.Figure
            One axes for the losses and, where there are accuracies, one for them.
        """
        from bpcourse import figures

        figure: Figure = figures.history(self)
        return figure


class Monitor:
    """What :func:`bpcourse.train` tells of its steps and epochs, and what it learns from that."""

    def __init__(
        self,
        net: Network,
        training: Examples,
        validation: Examples | None,
        early_stop: int | None,
        training_accuracy: bool,
        progress: "Progress",
    ) -> None:
        self.history = History()
        self.net, self.training, self.validation = net, training, validation
        self.early_stop, self.progress = early_stop, progress
        self.training_accuracy = training_accuracy and has_classes(training[1])
        self.validation_accuracy = validation is not None and has_classes(validation[1])
        self.summed = getattr(net.loss, "reduction", "mean") == "sum"
        self.epoch, self.total = 0, 0.0
        self.best_loss = math.inf
        self.best: dict[str, Floats] = {}  # the parameters of the best epoch, with early_stop

    def step(self, loss: float, grads: dict[str, Floats], batch: int) -> None:
        """Note a step before its update. NotFiniteError if it must not be made."""
        if not math.isfinite(loss):
            raise NotFiniteError("the loss", np.asarray(loss))
        for name, gradient in grads.items():
            require_finite(f"the gradient of {name}", gradient)
        self.history.step_loss.append(loss)
        self.total += loss if self.summed else loss * batch / len(self.training[0])

    def end_epoch(self, learning_rate: float) -> bool:
        """Measure what the epoch has reached; return whether training should stop here."""
        for name, parameter in self.net.params.items():  # the last step may have broken one
            require_finite(f"parameter {name}", parameter)
        history = self.history
        if self.training_accuracy:
            history.accuracy.append(self._accuracy(*self.training))
        if self.validation is not None:
            loss = self.net.forward(*self.validation)
            if not math.isfinite(loss):
                raise NotFiniteError("the validation loss", np.asarray(loss))
            history.validation_loss.append(loss)
            if self.validation_accuracy:
                history.validation_accuracy.append(self._accuracy(*self.validation))
            if loss < self.best_loss:
                self._keep(loss)
        history.loss.append(self.total)
        history.learning_rate.append(learning_rate)
        self.progress.show(self.epoch, history)
        best_epoch = history.best_epoch or 0
        waited = self.epoch - best_epoch
        self.epoch, self.total = self.epoch + 1, 0.0
        return self.early_stop is not None and waited >= self.early_stop

    def _accuracy(self, X: Array, y: Targets) -> float:
        return accuracy(self.net.predict(X), y)

    def _keep(self, loss: float) -> None:
        """The epoch that ends now is the best so far."""
        self.best_loss, self.history.best_epoch = loss, self.epoch
        if self.early_stop is not None:
            self.best = {name: p.copy() for name, p in self.net.params.items()}

    def divergence(self, error: NotFiniteError) -> str:
        """Say at which step and which parameter: the first that is not finite, else the largest."""
        largest = {name: float(np.abs(p).max()) for name, p in self.net.params.items()}
        name = max(largest, key=lambda name: (not math.isfinite(largest[name]), largest[name]))
        step, reached = len(self.history.step_loss), largest[name]
        back = f" The parameters of epoch {self.history.best_epoch} are back." if self.best else ""
        return (
            f"training diverged at step {step} (epoch {self.epoch}): {error}. Parameter {name} has "
            f"reached {reached:.3g}. Try a smaller learning_rate.{back}"
        )


@contextmanager
def watching(
    net: Network,
    training: Examples,
    validation: Examples | None,
    *,
    epochs: int,
    early_stop: int | None,
    training_accuracy: bool,
    progress: bool,
) -> Iterator[Monitor]:
    """A :class:`Monitor` for the time of a training run.

    However the run ends, the progress bar is closed and, with ``early_stop``, the best parameters
    are back in the network. RuntimeError in place of a NotFiniteError, with what to do about it.
    """
    bar = Progress(epochs, progress)
    monitor = Monitor(net, training, validation, early_stop, training_accuracy, bar)
    try:
        # Overflow ends in an error of our own, which says where; NumPy would warn before it.
        with np.errstate(over="ignore", invalid="ignore"):
            yield monitor
    except NotFiniteError as error:
        raise RuntimeError(monitor.divergence(error)) from error
    finally:
        net.params.update(monitor.best)
        bar.close()


def has_classes(y: Targets) -> bool:
    """Whether targets are class labels or one-hot rows, so that an accuracy means something."""
    if y.ndim == 1:
        return True
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


class Bar(Protocol):
    """As much of tqdm as is used."""

    def set_postfix(self, ordered_dict: dict[str, str], *, refresh: bool) -> None: ...
    def update(self) -> bool | None: ...
    def close(self) -> None: ...


def progress_bar(total: int, unit: str, smoothing: float = 0.3) -> Bar | None:
    """A tqdm bar in terminal or notebook; None where tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    bar: Bar = tqdm(total=total, unit=unit, smoothing=smoothing)
    return bar


class Progress:
    """A bar; without tqdm a plain line an epoch."""

    def __init__(self, epochs: int, shown: bool) -> None:
        self.epochs, self.shown = epochs, shown
        self.bar = progress_bar(epochs, "epoch") if shown else None

    def show(self, epoch: int, history: History) -> None:
        """Move on by an epoch and show the latest measurements."""
        latest = {n: f"{values[-1]:.4g}" for n in SHOWN if (values := getattr(history, n))}
        if self.bar is not None:
            self.bar.set_postfix(latest, refresh=False)
            self.bar.update()
        elif self.shown:
            measured = ", ".join(f"{name} {value}" for name, value in latest.items())
            print(f"epoch {epoch + 1}/{self.epochs}: {measured}")

    def close(self) -> None:
        """End the bar, where there is one."""
        if self.bar is not None:
            self.bar.close()
