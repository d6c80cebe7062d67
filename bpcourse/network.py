r"""A network: layers in a row, and a loss. The two passes read like the lectures' algorithms."""

from copy import copy
from dataclasses import dataclass

import numpy as np

from bpcourse import layers as layer_types
from bpcourse import losses as loss_types
from bpcourse.layers import Layer, LeakyReLU, Linear, Parameters, Sigmoid, Softmax
from bpcourse.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from bpcourse.validation import as_batch, as_float, require_shape


@dataclass(frozen=True)
class ForwardStep:
    """Layer ``index`` (0 is next to the input) turned x into y, both (batch, n)."""

    index: int
    layer: Layer
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class BackwardStep:
    """Layer ``index`` turned grad_y = ∂L/∂y into grad_x = ∂L/∂x and its parameters' ``grads``."""

    index: int
    layer: Layer
    grad_y: np.ndarray
    grad_x: np.ndarray
    grads: dict


class Network:
    r"""ŷ = the layers applied to X one after the other (C6), and the loss to minimise.

    ``params`` holds the arrays themselves under "0.W", "0.b", "2.W", … (layer index and name).
    ValueError or TypeError at building for layers whose sizes or types do not chain, a layer used
    twice, or a softmax before a loss that has its own.
    """

    def __init__(self, layers, loss):
        self.layers = list(layers)
        self.loss = loss
        _require_chain(self.layers)
        _require_fitting_loss(self.layers, loss)
        self._owners = [
            (f"{i}.{name}", layer, name)
            for i, layer in enumerate(self.layers)
            for name in layer.params
        ]
        self._params = Parameters({name: layer.params[own] for name, layer, own in self._owners})
        linear = [layer for layer in self.layers if isinstance(layer, Linear)]
        self.dtype = linear[0].dtype if linear else None
        self.n_in = linear[0].n_in if linear else None
        self.n_out = linear[-1].n_out if linear else None
        self._cache = None

    @property
    def params(self):
        """Every parameter by name; assigning writes into the arrays that are there."""
        return self._params

    @params.setter
    def params(self, arrays):
        self._params.update(arrays)

    def scores(self, X):
        """The last layer's own output for X (batch, n_in)."""
        # Copies share the parameters, but keep what the layers hold for a backward to come.
        return self._propagate(X, [copy(layer) for layer in self.layers])

    def predict(self, X):
        """ŷ for X (batch, n_in): probabilities for classifiers, else the scores (C5)."""
        scores = self.scores(X)
        return self.loss.output(scores) if self.loss.fused else scores

    def forward(self, X, y):
        """The loss of this batch, a number (C34). ValueError for wrong shapes, labels or NaN."""
        self._cache = None
        # Copies, so that the backward pass sees these numbers, whatever the caller does to X and y.
        self._X = as_float("X", X, self.dtype).copy()
        y = y.copy() if isinstance(y, np.ndarray) else y
        loss, self._cache = self.loss.forward(self._propagate(self._X, self.layers), y)
        return loss

    def backward(self, *, input_gradient=False):
        r"""∂L/∂θ of the last ``forward`` (C35): fresh arrays under the names of ``params``.

        With ``input_gradient`` also "X": ∂L/∂X. RuntimeError before ``forward``.
        """
        grad = self.loss.backward(self._last_cache())
        for layer in reversed(self.layers[1:]):
            grad = layer.backward(grad)
        first = self.layers[0]
        if input_gradient or not isinstance(first, Linear):
            grad = first.backward(grad)
        else:  # nobody below needs ∂L/∂X, a matrix product as large as the others
            first.backward_params(grad)
        grads = {name: layer.grads[own] for name, layer, own in self._owners}
        return grads | {"X": grad} if input_gradient else grads

    def forward_trace(self, X):
        """The forward pass with every z and a kept: a list of :class:`ForwardStep`, input first.

        For another X than ``forward`` had, it takes the place of that pass; ``backward`` then wants
        a new one.
        """
        x = as_batch("X", X, self.n_in, self.dtype)
        layers = self.layers
        if self._cache is not None and np.array_equal(x, self._X):
            layers = [copy(layer) for layer in layers]  # what ``forward`` left stays as it is
        else:
            self._cache = None
        steps = []
        for index, layer in enumerate(layers):
            y = layer.forward(x)
            steps.append(ForwardStep(index, self.layers[index], x, y))
            x = y
        return steps

    def backward_trace(self):
        """The backward pass with every δ kept: a list of :class:`BackwardStep`, output first."""
        grad_y = self.loss.backward(self._last_cache())
        steps = []
        for index, layer in reversed(list(enumerate(self.layers))):
            grad_x = layer.backward(grad_y)
            steps.append(BackwardStep(index, layer, grad_y, grad_x, dict(layer.grads)))
            grad_y = grad_x
        return steps

    def save(self, path):
        """Write layers, loss and parameters to one .npz file."""
        import json  # here, so that importing bpcourse does not wait for it

        spec = {"layers": [_spec(layer) for layer in self.layers], "loss": _spec(self.loss)}
        with open(path, "wb") as file:
            np.savez_compressed(file, network=json.dumps(spec), **self.params)

    @classmethod
    def load(cls, path):
        """The network that ``save`` wrote. ValueError if the file is not one."""
        import json

        try:
            with np.load(path, allow_pickle=False) as arrays:
                saved = dict(arrays)
            spec = json.loads(str(saved.pop("network")))
            net = cls(
                [_build(layer_types, *parts) for parts in spec["layers"]],
                _build(loss_types, *spec["loss"]),
            )
            if saved.keys() != net.params.keys():
                raise KeyError(f"parameters {sorted(saved)}")
            net.params.update(saved)
        except FileNotFoundError:
            raise
        except Exception as error:
            message = f"path: expected a file written by Network.save, got {path}"
            raise ValueError(message) from error
        return net

    def _propagate(self, X, layers):
        a = X
        try:
            for layer in layers:
                a = layer.forward(a)
        except (TypeError, ValueError) as error:
            as_batch("X", X, self.n_in, self.dtype)  # is it X that is wrong? Then say so
            error.add_note(f"in {layer!r}; X itself is as expected")
            raise
        return a

    def _last_cache(self):
        if self._cache is None:
            raise RuntimeError("Network.backward: call forward(X, y) first")
        return self._cache

    def __repr__(self):
        lines = [f"Network, {sum(p.size for p in self.params.values())} parameters, {self.loss!r}"]
        for i, layer in enumerate(self.layers):
            shapes = ", ".join(f"{name} {array.shape}" for name, array in layer.params.items())
            count = sum(array.size for array in layer.params.values())
            lines.append(f"  {i} {layer!r}" + (f": {shapes}, {count} parameters" if count else ""))
        return "\n".join(lines)


def accuracy(y_hat, y):
    """The share, 0..1, of rows whose largest ŷ is at the true class.

    y: labels (batch,) or one-hot (batch, k). With one column, ŷ > ½ says class 1.
    """
    y_hat = as_batch("y_hat", y_hat)
    y = np.asarray(y)
    if y.ndim == 2 and y.shape == y_hat.shape:
        y = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
    require_shape("y", y, (len(y_hat),))
    guess = y_hat.argmax(axis=1) if y_hat.shape[1] > 1 else y_hat[:, 0] > 0.5
    return float((guess == y).mean())


def _require_chain(layers):
    """Every layer is one, is there once, takes what the one before gives, in the same type."""
    if not layers:
        raise ValueError("layers: expected at least one layer, got none")
    before = None
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers[{i}]: expected a layer such as Linear or Tanh, got {layer!r}")
        if any(layer is other for other in layers[:i]):
            raise ValueError(f"layers[{i}]: {layer!r} is in the list twice; make a second one")
        if isinstance(layer, Linear):
            if before and layer.n_in != before.n_out:
                expected = f"n_in = {before.n_out}, since {before!r} comes before it"
                raise ValueError(f"layers[{i}]: expected {expected}, got {layer!r}")
            if before and layer.dtype != before.dtype:
                raise ValueError(f"layers[{i}]: expected {before.dtype}, got {layer.dtype}")
            before = layer


def _require_fitting_loss(layers, loss):
    """A loss that has its own output function gets logits, any other gets outputs."""
    if not isinstance(loss, Loss):
        raise TypeError(f"loss: expected a loss such as SquaredError(), got {loss!r}")
    last = layers[-1]
    if loss.fused and isinstance(last, Softmax):
        raise ValueError(
            f"loss: {type(loss).__name__} takes logits and has its own output function, so the "
            "Softmax layer before it would be a double softmax; leave that layer out"
        )
    if isinstance(loss, BinaryCrossEntropy) and isinstance(last, Sigmoid):
        raise ValueError(
            "loss: BinaryCrossEntropy takes logits and has its own sigmoid, so the Sigmoid layer "
            "before it would be a double sigmoid; leave that layer out"
        )
    if isinstance(loss, CrossEntropy) and isinstance(last, Linear):
        raise ValueError(
            "loss: CrossEntropy takes probabilities, but the last layer is Linear; put Softmax() "
            "after it, or use SoftmaxCrossEntropy()"
        )


def _spec(part):
    """A layer or loss as [class name, its arguments], to be saved."""
    known = vars(layer_types) | vars(loss_types)
    if known.get(type(part).__name__) is not type(part):
        raise TypeError(f"save: expected layers and losses of bpcourse, got {part!r}")
    if isinstance(part, Linear):
        return [
            "Linear",
            {"n_in": part.n_in, "n_out": part.n_out, "dtype": np.dtype(part.dtype).name},
        ]
    if isinstance(part, LeakyReLU):
        return ["LeakyReLU", {"slope": part.slope}]
    if isinstance(part, SquaredError):
        return ["SquaredError", {"factor": part.factor, "reduction": part.reduction}]
    return [type(part).__name__, {}]


def _build(module, name, arguments):
    if name == "Linear":
        arguments = arguments | {"rng": None, "init": "zeros"}
    return getattr(module, name)(**arguments)
