r"""The formulas with their sums and indices written out: one example, plain loops, no matrices.

Slow on purpose. Every function says which printed formula it is, and every one that computes a
derivative counts its multiplications in ``count``, so that costs are measured and not claimed.
Layers count from 1, as in the sources: ``W[l][i][j]`` is the weight into unit i of layer l from
unit j of layer l − 1, ``a[0]`` is x, and index 0 of W, b and z is None. Units count from 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy.typing as npt

from bpcourse import activations
from bpcourse.layers import ElementWise, Linear
from bpcourse.network import Network
from bpcourse.validation import as_batch

Layers: TypeAlias = list[Any]  # by layer and unit; index 0 is None where layers count from 1


class Count:
    """A counter of multiplications: ``count.product(p, q, r)`` is p·q·r and counts 2."""

    def __init__(self) -> None:
        self.multiplications = 0

    def product(self, first: float, *factors: float) -> float:
        """Multiply numbers, and count the multiplications.

        Parameters
        ----------
        first : float
            The first factor.
        *factors : float
            The others; each of them is one multiplication.

        Returns
        -------
        float
            The product.
        """
        for factor in factors:
            first = first * factor
        self.multiplications += len(factors)
        return first


@dataclass(frozen=True)
class Units:
    """A network and one example as numbers: all that the formulas speak of.

    Attributes
    ----------
    L : int
        The number of layers.
    n : list of int
        ``n[l]`` is the number of units in layer l.
    W, b : list
        The weights ``W[l][i][j]`` and biases ``b[l][i]``.
    z, a : list
        The pre-activations ``z[l][i]`` and activations ``a[l][i]``; a[0] is x.
    slope : list
        ``slope[l][i]`` is σ′(z_i^l).
    grad_output : list of float
        ``grad_output[i]`` is ∂C/∂a_i^L, for E's loss X_i − t_i.
    """

    L: int
    n: list[int]
    W: Layers
    b: Layers
    z: Layers
    a: Layers
    slope: Layers
    grad_output: list[float]


def units(net: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> Units:
    """Compute the forward pass of one example, unit by unit (A13).

    With a fused loss the output layer counts as linear, and grad_output is ∂C/∂z^L.

    Parameters
    ----------
    net : Network
        Linear layers, each with at most one element-wise layer after it.
    x : array_like, shape (1, n_in)
        The example.
    y : array_like
        Its target as the loss takes it.

    Returns
    -------
    Units
        All numbers of the network.

    Raises
    ------
    ValueError
        For other layers or more than one example.
    """
    x = as_batch("x", x, net.n_in, net.dtype)
    if len(x) != 1:
        raise ValueError(f"x: expected one example of shape (1, {net.n_in}), got {x.shape}")
    W: Layers = [None]
    b: Layers = [None]
    functions: list[activations.Activation] = []
    for layer in net.layers:
        if isinstance(layer, Linear):
            W.append(layer.W.tolist())
            b.append(layer.b.tolist())
            functions.append(activations.identity)
        elif isinstance(layer, ElementWise) and functions[-1:] == [activations.identity]:
            functions[-1] = layer.function
        else:
            expected = "Linear layers, each with at most one element-wise layer after it"
            raise ValueError(f"net: expected {expected}, got {layer!r}")

    z: Layers = [None]
    a: Layers = [x[0].tolist()]
    slope: Layers = [None]
    for l, function in enumerate(functions, start=1):
        z.append(
            [
                sum(W[l][i][j] * a[l - 1][j] for j in range(len(a[l - 1]))) + b[l][i]
                for i in range(len(b[l]))
            ]
        )
        a.append([float(function.value(z_i)) for z_i in z[l]])
        slope.append([float(function.derivative(z_i)) for z_i in z[l]])
    L = len(W) - 1
    grad_output = net.loss.gradient(net.scores(x), y)[0].tolist()
    return Units(L, [len(layer) for layer in a], W, b, z, a, slope, grad_output)


Formula: TypeAlias = Callable[[Units, int, int, int, Count], float]


# ---- the recursion: δ at the output, then layer by layer ------------------------------------


def delta_output(u: Units, i: int, count: Count) -> float:
    r"""Compute δ_i^L = σ′(z_i^L) · ∂C/∂y_i, for an element-wise output function (A8).

    Parameters
    ----------
    u : Units
        The numbers of the network.
    i : int
        The unit, from 0.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        δ_i^L.
    """
    return count.product(u.slope[u.L][i], u.grad_output[i])


def activation_gradient(u: Units, l: int, j: int, delta: Sequence[float], count: Count) -> float:
    r"""Compute ∂L/∂h_lj = Σ_m ∂L/∂a_{l+1,m} · W_{l+1,m,j} (C27).

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l : int
        The layer, from 1.
    j : int
        The unit, from 0.
    delta : list of float
        δ of layer l + 1, unit by unit.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        ∂L/∂h_lj.
    """
    return sum(count.product(delta[m], u.W[l + 1][m][j]) for m in range(u.n[l + 1]))


def delta_hidden(u: Units, l: int, i: int, delta: Sequence[float], count: Count) -> float:
    r"""Compute δ_i^l = σ′(z_i^l) Σ_k w_ki^{l+1} δ_k^{l+1} (A10).

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l : int
        The layer, from 1.
    i : int
        The unit, from 0.
    delta : list of float
        δ of layer l + 1, unit by unit.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        δ_i^l.
    """
    return count.product(u.slope[l][i], activation_gradient(u, l, i, delta, count))


def deltas(u: Units, count: Count) -> Layers:
    r"""Compute δ^l for every layer, from L down to 1 (A14).

    Parameters
    ----------
    u : Units
        The numbers of the network.
    count : Count
        Counts the multiplications.

    Returns
    -------
    list
        ``deltas(u, count)[l][i]`` is δ_i^l; index 0 is None.
    """
    delta: Layers = [None] * (u.L + 1)
    delta[u.L] = [delta_output(u, i, count) for i in range(u.n[u.L])]
    for l in range(u.L - 1, 0, -1):
        delta[l] = [delta_hidden(u, l, i, delta[l + 1], count) for i in range(u.n[l])]
    return delta


def weight_gradient(
    u: Units, l: int, i: int, j: int, delta: Sequence[float], count: Count
) -> float:
    r"""Compute ∂L/∂W_lij = ∂L/∂a_li · h_{l−1,j}, that is δ_i^l a_j^{l−1} (C30).

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l : int
        The layer, from 1.
    i : int
        The unit, from 0.
    j : int
        The unit of the layer below, from 0.
    delta : list of float
        δ of layer l, unit by unit.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        ∂L/∂W_lij.
    """
    return count.product(delta[i], u.a[l - 1][j])


def recursive_gradients(u: Units, count: Count) -> Layers:
    r"""Compute every ∂C/∂w_ij^l by the recursion.

    Parameters
    ----------
    u : Units
        The numbers of the network.
    count : Count
        Counts the multiplications.

    Returns
    -------
    list
        A list over l (index 0 is None) of rows over i and j.
    """
    delta = deltas(u, count)
    return _for_every_weight(u, lambda l, i, j: weight_gradient(u, l, i, j, delta[l], count))


def score_gradient(
    U: Sequence[float],
    slope: Sequence[float],
    inputs: Sequence[float],
    i: int,
    j: int,
    count: Count,
) -> float:
    r"""Compute ∂s/∂W_ij = U_i f′(z_i) · (input j), the input x_j (D2) or a_j^{(2)} (D3).

    Parameters
    ----------
    U : sequence of float
        The weights of the score, unit by unit.
    slope : sequence of float
        f′(z_i), unit by unit.
    inputs : sequence of float
        What the layer takes, x or a^{(2)}.
    i : int
        The unit, from 0.
    j : int
        The unit of the layer below, from 0.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        ∂s/∂W_ij.
    """
    return count.product(U[i], slope[i], inputs[j])


# ---- without the recursion: every weight on its own -----------------------------------------


def paths(u: Units, l: int, i: int) -> list[tuple[int, ...]]:
    r"""List every path from unit i of layer l to an output.

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l : int
        The layer, from 1.
    i : int
        The unit, from 0.

    Returns
    -------
    list of tuple
        Tuples (i, …, output), one unit a layer.
    """
    if l == u.L:
        return [(i,)]
    return [(i, *rest) for k in range(u.n[l + 1]) for rest in paths(u, l + 1, k)]


def gradient_by_paths(u: Units, l0: int, j0: int, i0: int, count: Count) -> float:
    r"""Compute ∂C/∂w_{j0 i0}^{l0} as a sum over all paths, each multiplied out from end to end.

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l0 : int
        The layer of the weight, from 1.
    j0 : int
        The unit that the weight leads to, from 0.
    i0 : int
        The unit that it comes from, from 0.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        The derivative.
    """
    total = 0.0
    for path in paths(u, l0, j0):
        factors = [u.grad_output[path[-1]], u.slope[u.L][path[-1]]]
        for l in range(u.L, l0, -1):
            j, i = path[l - l0], path[l - 1 - l0]
            factors += [u.W[l][j][i], u.slope[l - 1][i]]
        total += count.product(*factors, u.a[l0 - 1][i0])
    return total


def gradient_nested(u: Units, l0: int, j0: int, i0: int, count: Count) -> float:
    r"""Compute ∂C/∂w_{j0 i0}^{l0} with the sums nested as printed, both cases (E2).

    Σ_j (X_j − t_j) f′(S_j^l) Σ_i w_ji^l (… f′(S_{j0}^{l0}) X_{i0}^{l0−1}), with w^l for the printed
    w^{l−1}; in the output layer itself there is no sum.

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l0 : int
        The layer of the weight, from 1.
    j0 : int
        The unit that the weight leads to, from 0.
    i0 : int
        The unit that it comes from, from 0.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        The derivative.
    """

    def inner(l: int, j: int) -> float:
        """What stands to the right of (X_j − t_j) or w: f′(S_j^l) times the rest."""
        if l == l0:
            return count.product(u.slope[l][j], u.a[l0 - 1][i0])
        below = [j0] if l - 1 == l0 else range(u.n[l - 1])  # all others do not contain the weight
        terms = (count.product(u.W[l][j][i], inner(l - 1, i)) for i in below)
        return count.product(u.slope[l][j], sum(terms))

    outputs = [j0] if l0 == u.L else range(u.n[u.L])
    return sum(count.product(u.grad_output[j], inner(u.L, j)) for j in outputs)


def gradient_merged(u: Units, l0: int, j0: int, i0: int, count: Count) -> float:
    r"""Compute ∂C/∂w_{j0 i0}^{l0} with one form for both cases (E3, E4).

    ∂S_{j′}^{l0}/∂w_{j0 i0}^{l0} is summed over every j′. It is X_{i0}^{l0−1} at j′ = j0 and zero
    elsewhere (E8).

    Parameters
    ----------
    u : Units
        The numbers of the network.
    l0 : int
        The layer of the weight, from 1.
    j0 : int
        The unit that the weight leads to, from 0.
    i0 : int
        The unit that it comes from, from 0.
    count : Count
        Counts the multiplications.

    Returns
    -------
    float
        The derivative.
    """

    def inner(l: int, j: int) -> float:
        if l == l0:
            return count.product(u.slope[l][j], u.a[l0 - 1][i0] if j == j0 else 0.0)
        terms = (count.product(u.W[l][j][i], inner(l - 1, i)) for i in range(u.n[l - 1]))
        return count.product(u.slope[l][j], sum(terms))

    return sum(count.product(u.grad_output[j], inner(u.L, j)) for j in range(u.n[u.L]))


def naive_gradients(u: Units, count: Count, formula: Formula = gradient_by_paths) -> Layers:
    r"""Compute every ∂C/∂w_ij^l by one formula, each from the beginning.

    Parameters
    ----------
    u : Units
        The numbers of the network.
    count : Count
        Counts the multiplications.
    formula : callable
        One of the three above: (u, l, i, j, count) -> derivative.

    Returns
    -------
    list
        A list over l (index 0 is None) of rows over i and j, as the recursion's.
    """
    return _for_every_weight(u, lambda l, i, j: formula(u, l, i, j, count))


def _for_every_weight(u: Units, derivative: Callable[[int, int, int], float]) -> Layers:
    return [None] + [
        [[derivative(l, i, j) for j in range(u.n[l - 1])] for i in range(u.n[l])]
        for l in range(1, u.L + 1)
    ]
