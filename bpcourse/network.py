r"""A network: layers in a row, and a loss. The two passes read like the lectures' algorithms."""

import os
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from types import ModuleType
from typing import IO, Any, Literal, Self, overload

import numpy as np
import numpy.typing as npt

from bpcourse import layers as layer_types
from bpcourse import losses as loss_types
from bpcourse.layers import Layer, LeakyReLU, Linear, Parameters, Sigmoid, Softmax
from bpcourse.losses import BinaryCrossEntropy, Cache, CrossEntropy, Loss, SquaredError
from bpcourse.validation import Array, Floats, as_batch, as_float, require_shape


@dataclass(frozen=True)
class ForwardStep:
    """What one layer did in a forward pass.

    Attributes
    ----------
    index : int
        Its place in the network; 0 is next to the input.
    layer : Layer
        The layer.
    x, y : array, shape (batch, n)
        What came in and what went out.
    """

    index: int
    layer: Layer
    x: Array
    y: Array


@dataclass(frozen=True)
class BackwardStep:
    """What one layer did in a backward pass.

    Attributes
    ----------
    index : int
        Its place in the network; 0 is next to the input.
    layer : Layer
        The layer.
    grad_y, grad_x : array, shape (batch, n)
        ∂L/∂y, which came from above, and ∂L/∂x, which goes on.
    grads : dict of str to array
        The gradients of its parameters.
    """

    index: int
    layer: Layer
    grad_y: Array
    grad_x: Array
    grads: dict[str, Floats]


class Network:
    r"""ŷ = the layers applied to X one after the other (C6), and the loss to minimise.

    Parameters
    ----------
    layers : sequence of Layer
        The layers from the input to the output. Each Linear takes what the one before gives.
    loss : Loss
        The loss.

    Attributes
    ----------
    layers : list of Layer
        The layers.
    loss : Loss
        The loss.
    n_in, n_out : int or None
        The sizes of the first and last Linear; None without any.
    dtype : dtype or None
        The type of the parameters; None without any.

    Raises
    ------
    TypeError, ValueError
        For layers whose sizes or types do not chain, a layer used twice, or a softmax before a loss
        that has its own.

    Examples
    --------
    >>> import numpy as np
    >>> from bpcourse import Linear, Network, SoftmaxCrossEntropy, Tanh
    >>> rng = np.random.default_rng(0)
    >>> layers = [Linear(3, 4, rng=rng), Tanh(), Linear(4, 2, rng=rng)]
    >>> net = Network(layers, SoftmaxCrossEntropy())
    >>> X, y = rng.normal(size=(5, 3)), [0, 1, 1, 0, 1]
    >>> loss = net.forward(X, y)
    >>> for name, gradient in net.backward().items():
    ...     net.params[name] -= 0.1 * gradient
    >>> net.forward(X, y) < loss
    True
    """

    def __init__(self, layers: Iterable[Layer], loss: Loss) -> None:
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
        self._cache: Cache | None = None  # what backward needs of the loss; None before forward
        self._X: Array = np.empty((0, 0))  # the X of the last forward

    @property
    def params(self) -> Parameters:
        """The arrays themselves, live, under "0.W", "0.b", "2.W", … (layer index and name).

        Assigning writes into the arrays that are there.
        """
        return self._params

    @params.setter
    def params(self, arrays: Mapping[str, npt.ArrayLike]) -> None:
        self._params.update(arrays)

    def with_params(self, arrays: Mapping[str, npt.NDArray[np.inexact]]) -> Self:
        """Copy the network onto other arrays, of any floating or complex type; it stays as it is.

        Parameters
        ----------
        arrays : mapping of arrays
            One for each parameter, of its shape; the copy uses them themselves.

        Returns
        -------
        Network
            A network of the same kind, with copies of the layers and the same loss.
        """
        own = [{n: arrays[f"{i}.{n}"] for n in layer.params} for i, layer in enumerate(self.layers)]
        layers = [layer.with_params(p) for layer, p in zip(self.layers, own, strict=True)]
        other = copy(self)
        Network.__init__(other, layers, self.loss)
        return other

    def scores(self, X: npt.ArrayLike) -> Array:
        """Compute the last layer's own output.

        Parameters
        ----------
        X : array_like, shape (batch, n_in)
            The input, an example in each row.

        Returns
        -------
        array, shape (batch, n_out)
            The scores (logits where the loss is fused). The last ``forward`` is not disturbed.

        Raises
        ------
        TypeError, ValueError
            For a wrong shape, NaN, infinity, or what is no number.
        """
        # Copies share the parameters, but keep what the layers hold for a backward to come.
        return self._propagate(X, [copy(layer) for layer in self.layers])

    def predict(self, X: npt.ArrayLike) -> Array:
        """Compute ŷ: probabilities for classifiers, else the scores (C5).

        Parameters
        ----------
        X : array_like, shape (batch, n_in)
            The input, an example in each row.

        Returns
        -------
        array, shape (batch, n_out)
            ŷ. The last ``forward`` is not disturbed.

        Raises
        ------
        TypeError, ValueError
            As for ``scores``.
        """
        scores = self.scores(X)
        return self.loss.output(scores) if self.loss.fused else scores

    def forward(self, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Compute the loss of a batch, and keep what ``backward`` needs (C34).

        What is done to X and y afterwards does not reach the backward pass.

        Parameters
        ----------
        X : array_like, shape (batch, n_in)
            The input, an example in each row.
        y : array_like
            The targets as the loss takes them: labels (batch,) or rows (batch, n_out).

        Returns
        -------
        float
            The loss.

        Raises
        ------
        TypeError, ValueError
            For a wrong shape, labels out of range, NaN, infinity, or what is no number.
        """
        self._cache = None
        # Copies, so that the backward pass sees these numbers, whatever the caller does to X and y.
        # That of X goes where the last one was, if it fits: fresh memory is slow to write to.
        given = as_float("X", X, self.dtype)
        if given.shape == self._X.shape and given.dtype == self._X.dtype:
            self._X[...] = given
        else:
            self._X = given.copy()
        y = y.copy() if isinstance(y, np.ndarray) else y
        loss, self._cache = self.loss.forward(self._propagate(self._X, self.layers), y)
        return loss

    @overload
    def backward(self, *, input_gradient: Literal[False] = ...) -> dict[str, Floats]: ...
    @overload
    def backward(self, *, input_gradient: bool) -> dict[str, Floats] | dict[str, Array]: ...
    def backward(self, *, input_gradient: bool = False) -> dict[str, Floats] | dict[str, Array]:
        r"""Compute ∂L/∂θ at the last ``forward`` (C35).

        Parameters
        ----------
        input_gradient : bool
            Whether to compute ∂L/∂X as well, under the name "X".

        Returns
        -------
        dict of str to array
            Fresh arrays under the names of ``params``, each of its parameter's shape.

        Raises
        ------
        RuntimeError
            Before ``forward``.
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
        return {**grads, "X": grad} if input_gradient else grads

    def forward_trace(self, X: npt.ArrayLike) -> list[ForwardStep]:
        """Compute the forward pass with every z and a kept.

        For the X of the last ``forward`` it leaves that pass as it is. For another X it takes its
        place; ``backward`` then wants a new ``forward``.

        Parameters
        ----------
        X : array_like, shape (batch, n_in)
            The input, an example in each row.

        Returns
        -------
        list of ForwardStep
            One for each layer, input first.

        Raises
        ------
        TypeError, ValueError
            As for ``scores``.
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

    def backward_trace(self) -> list[BackwardStep]:
        """Compute the backward pass with every δ kept.

        Returns
        -------
        list of BackwardStep
            One for each layer, output first.

        Raises
        ------
        RuntimeError
            Before ``forward``.
        """
        grad_y = self.loss.backward(self._last_cache())
        steps = []
        for index, layer in reversed(list(enumerate(self.layers))):
            grad_x = layer.backward(grad_y)
            steps.append(BackwardStep(index, layer, grad_y, grad_x, dict(layer.grads)))
            grad_y = grad_x
        return steps

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write layers, loss and parameters to one .npz file.

        Parameters
        ----------
        path : str or path
            Where to write.

        Raises
        ------
        TypeError
            If a layer or the loss is not one of bpcourse's, which ``load`` could not build.
        """
        import json  # here, so that importing bpcourse does not wait for it

        spec = {"layers": [_spec(layer) for layer in self.layers], "loss": _spec(self.loss)}
        with open(path, "wb") as file:
            arrays: dict[str, Any] = {"network": json.dumps(spec), **self.params}
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str] | IO[bytes]) -> Self:
        """Read the network that ``save`` wrote.

        Parameters
        ----------
        path : str or path, or a binary file
            The file.

        Returns
        -------
        Network
            A new network with the same layers, loss and parameters.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not one that ``save`` wrote.
        """
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

    def _propagate(self, X: npt.ArrayLike, layers: list[Layer]) -> Array:
        a = X
        try:
            for layer in layers:
                a = layer.forward(a)
        except (TypeError, ValueError) as error:
            as_batch("X", X, self.n_in, self.dtype)  # is it X that is wrong? Then say so
            error.add_note(f"in {layer!r}; X itself is as expected")
            raise
        return as_float("scores", a)

    def _last_cache(self) -> Cache:
        if self._cache is None:
            raise RuntimeError("Network.backward: call forward(X, y) first")
        return self._cache

    def __repr__(self) -> str:
        lines = [f"Network, {sum(p.size for p in self.params.values())} parameters, {self.loss!r}"]
        for i, layer in enumerate(self.layers):
            shapes = ", ".join(f"{name} {array.shape}" for name, array in layer.params.items())
            count = sum(array.size for array in layer.params.values())
            lines.append(f"  {i} {layer!r}" + (f": {shapes}, {count} parameters" if count else ""))
        return "\n".join(lines)


def accuracy(y_hat: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Compute the share of rows whose largest ŷ is at the true class.

    Parameters
    ----------
    y_hat : array_like, shape (batch, k)
        What the network says, an example in each row. With one column, ŷ > ½ says class 1.
    y : array_like
        The classes: labels (batch,) or one-hot rows (batch, k).

    Returns
    -------
    float
        A share in 0..1.

    Raises
    ------
    TypeError, ValueError
        For shapes that do not fit, NaN, or infinity.

    Examples
    --------
    >>> from bpcourse import accuracy
    >>> accuracy([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], [1, 0, 0, 0])
    0.75
    """
    said = as_batch("y_hat", y_hat)
    true = np.asarray(y)
    if true.ndim == 2 and true.shape == said.shape:
        true = true.argmax(axis=1) if true.shape[1] > 1 else true[:, 0]
    require_shape("y", true, (len(said),))
    guess = said.argmax(axis=1) if said.shape[1] > 1 else said[:, 0] > 0.5
    return float((guess == true).mean())


def _require_chain(layers: list[Layer]) -> None:
    """Every layer is one, is there once, takes what the one before gives, in the same type."""
    if not layers:
        raise ValueError("layers: expected at least one layer, got none")
    before: Linear | None = None
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


def _require_fitting_loss(layers: list[Layer], loss: Loss) -> None:
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


def _spec(part: Layer | Loss) -> list[Any]:
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


def _build(module: ModuleType, name: str, arguments: dict[str, Any]) -> Any:
    if name == "Linear":
        arguments = arguments | {"rng": None, "init": "zeros"}
    return getattr(module, name)(**arguments)
