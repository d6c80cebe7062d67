r"""The formulas with their sums and indices written out: one example, plain loops, no matrices.

Slow on purpose. Every function says which printed formula it is, and every one that computes a
derivative counts its multiplications in ``count``, so that costs are measured and not claimed.
Layers count from 1, as in the sources: ``W[l][i][j]`` is the weight into unit i of layer l from
unit j of layer l − 1, ``a[0]`` is x, and index 0 of W, b and z is None. Units count from 0.
"""

from dataclasses import dataclass

from bpcourse import activations
from bpcourse.layers import ElementWise, Linear
from bpcourse.validation import as_batch


class Count:
    """A counter of multiplications: ``count.product(p, q, r)`` is p·q·r and counts 2."""

    def __init__(self):
        self.multiplications = 0

    def product(self, first, *factors):
        """The product of numbers, counted."""
        for factor in factors:
            first = first * factor
        self.multiplications += len(factors)
        return first


@dataclass(frozen=True)
class Units:
    """A network and one example as numbers: all that the formulas speak of.

    ``L`` layers; ``n[l]`` units in layer l; weights ``W[l][i][j]``, biases ``b[l][i]``;
    pre-activations ``z[l][i]``; activations ``a[l][i]`` with a[0] = x; ``slope[l][i]`` = σ′(z_i^l);
    ``grad_output[i]`` = ∂C/∂a_i^L, for E's loss X_i − t_i.
    """

    L: int
    n: list
    W: list
    b: list
    z: list
    a: list
    slope: list
    grad_output: list


def units(net, x, y):
    """``net`` at one example x (1, n_in) with target y, as :class:`Units`: the forward pass (A13).

    ``net`` alternates Linear and element-wise layers. With a fused loss the output layer counts as
    linear, and grad_output is ∂C/∂z^L. ValueError for other layers or more than one example.
    """
    x = as_batch("x", x, net.n_in, net.dtype)
    if len(x) != 1:
        raise ValueError(f"x: expected one example of shape (1, {net.n_in}), got {x.shape}")
    W: list = [None]
    b: list = [None]
    functions: list = [None]
    for layer in net.layers:
        if isinstance(layer, Linear):
            W.append(layer.W.tolist())
            b.append(layer.b.tolist())
            functions.append(activations.identity)
        elif isinstance(layer, ElementWise) and functions[-1] is activations.identity:
            functions[-1] = layer.function
        else:
            expected = "Linear layers, each with at most one element-wise layer after it"
            raise ValueError(f"net: expected {expected}, got {layer!r}")

    L = len(W) - 1
    z: list = [None]
    a: list = [x[0].tolist()]
    slope: list = [None]
    for l in range(1, L + 1):
        z.append(
            [
                sum(W[l][i][j] * a[l - 1][j] for j in range(len(a[l - 1]))) + b[l][i]
                for i in range(len(b[l]))
            ]
        )
        a.append([float(functions[l].value(z_i)) for z_i in z[l]])
        slope.append([float(functions[l].derivative(z_i)) for z_i in z[l]])
    grad_output = net.loss.gradient(net.scores(x), y)[0].tolist()
    return Units(L, [len(layer) for layer in a], W, b, z, a, slope, grad_output)


# ---- the recursion: δ at the output, then layer by layer ------------------------------------


def delta_output(u, i, count):
    r"""A8: δ_i^L = σ′(z_i^L) · ∂C/∂y_i, for an element-wise output function."""
    return count.product(u.slope[u.L][i], u.grad_output[i])


def activation_gradient(u, l, j, delta, count):
    r"""C27: ∂L/∂h_lj = Σ_m ∂L/∂a_{l+1,m} · W_{l+1,m,j}; ``delta`` is layer l + 1's."""
    return sum(count.product(delta[m], u.W[l + 1][m][j]) for m in range(u.n[l + 1]))


def delta_hidden(u, l, i, delta, count):
    r"""A10: δ_i^l = σ′(z_i^l) Σ_k w_ki^{l+1} δ_k^{l+1}; ``delta`` is layer l + 1's."""
    return count.product(u.slope[l][i], activation_gradient(u, l, i, delta, count))


def deltas(u, count):
    """δ^l for every layer, from L down to 1 (A14): ``deltas(u, count)[l][i]``; index 0 is None."""
    delta: list = [None] * (u.L + 1)
    delta[u.L] = [delta_output(u, i, count) for i in range(u.n[u.L])]
    for l in range(u.L - 1, 0, -1):
        delta[l] = [delta_hidden(u, l, i, delta[l + 1], count) for i in range(u.n[l])]
    return delta


def weight_gradient(u, l, i, j, delta, count):
    r"""C30: ∂L/∂W_lij = ∂L/∂a_li · h_{l−1,j}, that is δ_i^l a_j^{l−1}; ``delta`` is layer l's."""
    return count.product(delta[i], u.a[l - 1][j])


def recursive_gradients(u, count):
    """Every ∂C/∂w_ij^l by the recursion: a list over l (index 0 is None) of rows over i and j."""
    delta = deltas(u, count)
    return _for_every_weight(u, lambda l, i, j: weight_gradient(u, l, i, j, delta[l], count))


def score_gradient(U, slope, inputs, i, j, count):
    r"""D2, D3: ∂s/∂W_ij = U_i f′(z_i) · (input j), the input x_j (D2) or a_j^{(2)} (D3)."""
    return count.product(U[i], slope[i], inputs[j])


# ---- without the recursion: every weight on its own -----------------------------------------


def paths(u, l, i):
    """Every path from unit i of layer l to an output: tuples (i, …, output), one unit a layer."""
    if l == u.L:
        return [(i,)]
    return [(i, *rest) for k in range(u.n[l + 1]) for rest in paths(u, l + 1, k)]


def gradient_by_paths(u, l0, j0, i0, count):
    r"""∂C/∂w_{j0 i0}^{l0} as a sum over all paths, each multiplied out from end to end."""
    total = 0.0
    for path in paths(u, l0, j0):
        factors = [u.grad_output[path[-1]], u.slope[u.L][path[-1]]]
        for l in range(u.L, l0, -1):
            j, i = path[l - l0], path[l - 1 - l0]
            factors += [u.W[l][j][i], u.slope[l - 1][i]]
        total += count.product(*factors, u.a[l0 - 1][i0])
    return total


def gradient_nested(u, l0, j0, i0, count):
    r"""E2, both cases: the sums nested as printed (with w^l for the printed w^{l−1}).

    Σ_j (X_j − t_j) f′(S_j^l) Σ_i w_ji^l (… f′(S_{j0}^{l0}) X_{i0}^{l0−1}); in the output layer
    itself there is no sum.
    """

    def inner(l, j):
        """What stands to the right of (X_j − t_j) or w: f′(S_j^l) times the rest."""
        if l == l0:
            return count.product(u.slope[l][j], u.a[l0 - 1][i0])
        below = [j0] if l - 1 == l0 else range(u.n[l - 1])  # all others do not contain the weight
        terms = (count.product(u.W[l][j][i], inner(l - 1, i)) for i in below)
        return count.product(u.slope[l][j], sum(terms))

    outputs = [j0] if l0 == u.L else range(u.n[u.L])
    return sum(count.product(u.grad_output[j], inner(u.L, j)) for j in outputs)


def gradient_merged(u, l0, j0, i0, count):
    r"""E3, E4: one form for both cases, with ∂S_{j′}^{l0}/∂w_{j0 i0}^{l0} summed over every j′.

    That derivative is X_{i0}^{l0−1} at j′ = j0 and zero elsewhere (E8).
    """

    def inner(l, j):
        if l == l0:
            return count.product(u.slope[l][j], u.a[l0 - 1][i0] if j == j0 else 0.0)
        terms = (count.product(u.W[l][j][i], inner(l - 1, i)) for i in range(u.n[l - 1]))
        return count.product(u.slope[l][j], sum(terms))

    return sum(count.product(u.grad_output[j], inner(u.L, j)) for j in range(u.n[u.L]))


def naive_gradients(u, count, formula=gradient_by_paths):
    """Every ∂C/∂w_ij^l by ``formula``, each from the beginning; laid out as the recursion's."""
    return _for_every_weight(u, lambda l, i, j: formula(u, l, i, j, count))


def _for_every_weight(u, derivative):
    return [None] + [
        [[derivative(l, i, j) for j in range(u.n[l - 1])] for i in range(u.n[l])]
        for l in range(1, u.L + 1)
    ]
