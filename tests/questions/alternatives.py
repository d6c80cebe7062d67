"""Right answers to the code questions, written otherwise than in the solutions."""

# ruff: noqa: B905, students write zip without strict=

import numpy as np


def layer(x, W, b):
    a = np.empty(len(b))
    for i in range(len(b)):
        z = b[i]
        for j in range(len(x)):
            z += x[j] * W[i][j]
        a[i] = 1 - 1 / (1 + np.exp(z))
    return a


def forward_batch(X, W1, b1, W2, b2):
    rows = []
    for x in X:
        hidden = 1 / (1 + np.exp(-(W1 @ x + b1)))
        rows.append(b2 + W2.dot(hidden))
    return np.array(rows)


def mended_forward(x, W, b):
    *hidden, last = zip(W, b)
    for matrix, bias in hidden:
        x = np.tanh(matrix.dot(x) + bias)
    return last[0] @ x + last[1]


def softmax(Z):
    result = []
    for row in Z:
        e = [np.exp(z - max(row)) for z in row]
        result.append([value / sum(e) for value in e])
    return np.array(result)


def cross_entropy(Y_hat, labels):
    total = 0
    for n, c in enumerate(labels):
        total -= np.log(Y_hat[n][c])
    return total / len(labels)


def squared_error(Y_hat, Y):
    return np.mean([np.dot(row, row) for row in Y - Y_hat])


def with_temperature(z, T):
    return np.exp(z / T) / sum(np.exp(value / T) for value in z)


def measured_slopes(f, x, h):
    flat = []
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = h
        step = step.reshape(x.shape)
        flat.append((f(x + step) - f(x - step)) / h / 2)
    return np.array(flat).reshape(x.shape)


def descend(gradient, theta, eta, steps):
    here = np.array(theta)
    while steps:
        here -= eta * np.asarray(gradient(here))
        steps -= 1
    return here


def mean_gradient(per_example):
    total = 0
    for row in per_example:
        total = total + row / len(per_example)
    return total


def slope_of_w1(w, x):
    h, slope = np.tanh(w[0] * x), x * (1 - np.tanh(w[0] * x) ** 2)
    for weight in w[1:]:  # forward mode
        h = np.tanh(weight * h)
        slope = slope * weight * (1 - h * h)
    return slope


def dp_dz(dp_dq, dq_dz):
    result = np.zeros(dq_dz.shape[1])
    for j in range(dq_dz.shape[1]):
        for i in range(len(dp_dq)):
            result[j] += dp_dq[i] * dq_dz[i, j]
    return result


def slope_of_sine(x, c):
    inside = c * x * x
    return 2 * c * x * np.sin(np.pi / 2 - inside)


def circuit_gradient(x, y, z):
    return 2 * x * y + z, x**2, x


def reverse_mode(leaves, tape):
    n = len(leaves)
    values, rows = [*map(float, leaves)], [row for row in np.eye(n)]
    for op, i, j in tape:  # forward mode gives the same
        if op == "add":
            rows.append(rows[i] + rows[j])
            values.append(values[i] + values[j])
        else:
            rows.append(rows[i] * values[j] + rows[j] * values[i])
            values.append(values[i] * values[j])
    return rows[-1]


def sigmoid_gate(x, upstream):
    return upstream * np.exp(-x) / (1 + np.exp(-x)) ** 2


def tanh_slope(z):
    return 1 / np.cosh(z) ** 2


def relu_backward(z, grad_a):
    result = grad_a.copy()
    result[z <= 0] = 0
    return result


def logistic_backward(z, grad_a):
    return np.exp(-z) / (1 + np.exp(-z)) ** 2 * grad_a


def leaky_relu_slope(z, slope):
    result = np.full(z.shape, slope)
    result[z > 0] = 1
    return result


def weight_gradients(delta, a_below):
    return np.outer(delta, a_below)


def slope_of_one_weight(x, W1, W2, y, j, i):
    a = np.tanh(W1 @ x)
    delta = (W2.T @ (W2 @ a - y)) * (1 - a**2)
    return np.outer(delta, x)[j, i]


def delta_of_output(z, y):
    result = []
    for z_i, y_i in zip(z, y):
        a = 1 / (1 + np.exp(-z_i))
        result.append((a - a**2) * (a - y_i))
    return np.array(result)


def delta_below(z, W_above, delta_above):
    n = len(z)
    sums = [sum(W_above[k, i] * delta_above[k] for k in range(len(delta_above))) for i in range(n)]
    return np.array([sums[i] / np.cosh(z[i]) ** 2 for i in range(n)])


def all_deltas(z, W, delta_output):
    def slope(v):
        return 1 - np.tanh(v) ** 2

    delta_3 = delta_output @ W[2] * slope(z[2])
    delta_2 = delta_3 @ W[1] * slope(z[1])
    return [delta_2 @ W[0] * slope(z[0]), delta_2, delta_3, delta_output + 0]


def margin_loss(s, s_c):
    loss = np.maximum(0, 1 + s_c - s)
    active = np.sign(loss)
    return loss, -active, active


def mended_delta(z, W_above, delta_above):
    return np.dot(delta_above, W_above) / np.cosh(z) ** 2


def pointwise_jacobian(z):
    J = np.zeros((len(z), len(z)))
    for i, value in enumerate(z):
        J[i, i] = 1 / np.cosh(value) ** 2
    return J


def network_jacobian(x, W1, W2):
    return np.einsum("ki,i,ij->kj", W2, 1 - np.tanh(W1 @ x) ** 2, W1)


def row_below(delta_row, W, z):
    return delta_row @ W @ np.diag(1 / np.cosh(z) ** 2)


def cross_affine_map(W, delta):
    return np.array([sum(W[:, j] * delta) for j in range(W.shape[1])])


def softmax_jacobian(z):
    y = np.exp(z) / np.exp(z).sum()
    k = len(z)
    return np.array([[y[i] * ((i == j) - y[j]) for j in range(k)] for i in range(k)])


def fused_gradient(Z, labels):
    rows = []
    for z, c in zip(Z, labels):
        e = np.exp(z - np.max(z))
        rows.append((e / e.sum() - (np.arange(len(z)) == c)) / len(labels))
    return np.stack(rows)


def stable_loss(Z, labels):
    total = 0
    for z, c in zip(Z, labels):
        total += np.logaddexp.reduce(z) - z[c]
    return total / len(Z)


def softmax_backward(Z, grad_y):
    rows = []
    for z, g in zip(Z, grad_y):
        y = np.exp(z) / np.exp(z).sum()
        rows.append((np.diag(y) - np.outer(y, y)) @ g)
    return np.array(rows)


def outer_gradient(delta, a):
    return np.array([[d * value for value in a] for d in delta])


def linear_backward(dZ, A, W):
    dA, dW, db = np.zeros(A.shape), np.zeros(W.shape), np.zeros(len(W))
    for n in range(len(A)):
        dA[n] = W.T @ dZ[n]
        dW += np.outer(dZ[n], A[n])
        db += dZ[n]
    return [dA, dW, db]


def network_gradients(X, Y, W, b):
    totals = [0, 0, 0, 0]
    for x, y in zip(X, Y):
        a = np.tanh(W[0] @ x + b[0])
        d2 = W[1] @ a + b[1] - y
        d1 = W[1].T @ d2 * (1 - a * a)
        for k, part in enumerate((np.outer(d1, x), d1, np.outer(d2, a), d2)):
            totals[k] = totals[k] + part / len(X)
    return totals


class MyLinear:
    def __init__(self, W, b):
        self.weights, self.bias = np.array(W), np.array(b)

    def forward(self, A):
        self.seen = np.array(A)
        return np.einsum("nj,ij->ni", A, self.weights) + self.bias

    def backward(self, dZ):
        self.dW = sum(np.outer(d, a) for d, a in zip(dZ, self.seen))
        self.db = np.ones(len(dZ)) @ dZ
        return (self.weights.T @ dZ.T).T


def one_step_of_training(X, Y, W, b, eta):
    old_1, old_2 = W[0].copy(), W[1].copy()
    hidden = np.tanh(X @ old_1.T + b[0])
    error = (hidden @ old_2.T + b[1] - Y) / X.shape[0]
    new_2 = old_2 - eta * (error.T @ hidden)
    new_1 = old_1 - eta * (((error @ old_2) * (1 - hidden * hidden)).T @ X)
    return new_1, new_2


def count_deltas(widths):
    total = 0
    for wide, next_wide in zip(widths[1:], widths[2:]):
        total = total + next_wide * wide
    return total


def mended_slopes(f, x, h):
    steps = h * np.eye(len(x))
    return np.array([0.5 * (f(x + s) - f(x - s)) / h for s in steps])


def relative_error(given, measured):
    worst = 0
    for a, b in zip(given, measured):
        worst = max(worst, abs(b - a) / max(abs(a), abs(b)))
    return worst


def complex_step(f, x):
    return np.imag(f(complex(x, 1e-20))) * 1e20


def batches(X, y, order, batch_size):
    count = -(-len(order) // batch_size)
    new_X, new_y = X[order], y[order]
    pieces = [slice(k * batch_size, (k + 1) * batch_size) for k in range(count)]
    return [(new_X[piece], new_y[piece]) for piece in pieces]


def one_epoch(X, y, w, eta, batch_size):
    w = w.copy()
    k = 0
    while k < len(X):
        rows = range(k, min(k + batch_size, len(X)))
        gradient = sum((X[n] @ w - y[n]) * X[n] for n in rows) / len(rows)
        w -= eta * gradient
        k += batch_size
    return w


def shuffled(X, y, seed):
    order = list(np.random.default_rng(seed).permutation(len(y)))
    return np.array([X[n] for n in order]), np.array([y[n] for n in order])


def matmul_backward(A, B, grad):
    return np.einsum("ik,jk->ij", grad, B), np.einsum("ij,ik->jk", A, grad)


def broadcast_backward(X, b, grad):
    return np.array(grad), sum(row for row in grad)


def gradient_of_sum_of_squares(x, times):
    return 2 * x


def mended_descent(gradient, theta, eta, steps):
    here = theta.copy()
    for _ in range(steps):
        here = np.subtract(here, np.multiply(gradient(here), eta))
    return here


def mended_slope(x, W, v, i, j):
    h = 1e-20
    nudged = W.astype(complex)
    nudged[i, j] += 1j * h
    return np.imag(v @ np.tanh(nudged @ x)) / h


def mended_count(widths):
    total = 0
    for layer in range(len(widths) - 1):
        total += widths[layer + 1] * widths[layer]
    return total


def loss_and_gradient(W, X, labels):
    loss, dW = 0.0, np.zeros(W.shape)
    for x, label in zip(X, labels):
        e = np.exp(W @ x)
        y_hat = e / e.sum()
        loss -= np.log(y_hat[label])
        y_hat[label] -= 1
        dW += np.outer(y_hat, x)
    return loss / len(X), dW / len(X)


def initial_weights(n_in, n_out, seed):
    bound = np.sqrt(3 / n_in)  # the spread of uniform numbers is their bound / √3
    return np.random.default_rng(seed).uniform(-bound, bound, size=(n_out, n_in))


def learn(X, labels, epochs, batch_size, eta, seed):
    import random

    order = list(range(len(X)))
    shuffle = random.Random(seed).shuffle  # another generator, another order
    W, b = [[0.0] * X.shape[1] for _ in range(3)], [0.0] * 3
    for _ in range(epochs):
        shuffle(order)
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            y_hat = [np.exp(np.array(W) @ X[i] + b) for i in rows]
            delta = [e / e.sum() - np.eye(3)[labels[i]] for e, i in zip(y_hat, rows)]
            W = W - eta * sum(np.outer(d, X[i]) for d, i in zip(delta, rows)) / len(rows)
            b = b - eta * sum(delta) / len(rows)
    return W.tolist(), list(b)


def best_constant(y, w):
    weights, total = [float(v) for v in w], 0.0
    for target, weight in zip(y, weights, strict=True):
        total += float(target) * weight
    return total / sum(weights)


def delta_with_temperature(z, y, T):
    scaled = [np.exp((v - max(z)) / T) for v in z]
    return np.array([e / sum(scaled) - t for e, t in zip(scaled, y, strict=True)]) / T


def delta_with_skip(z, W_above, delta_above, V, delta_output):
    stacked, deltas = np.vstack([W_above, V]), np.concatenate([delta_above, delta_output])
    return deltas @ stacked / np.cosh(z) ** 2


def two_rivals(s, s_1, s_2):
    first, second = s - s_1 < 1, s - s_2 < 1
    loss = first * (1 - s + s_1) + second * (1 - s + s_2)
    return loss, -1.0 * first - 1.0 * second, 1.0 * first, 1.0 * second


def slope_of_shared_weight(delta, a_below):
    total = 0.0
    for d, a in zip(delta, a_below):
        total += d * a
    return total


def scaled_tanh_slope(z, A, B):
    return A * B / np.cosh(B * z) ** 2


def back_through_sum(W, delta):
    return delta @ (W + np.eye(len(delta)))


class Recorded:
    """An engine of another make: a tape, and one rule for shapes."""

    def __init__(self, value, tape):
        self.value, self.tape, self.grad = np.asarray(value), tape, np.zeros(np.shape(value))

    def _then(self, value, *pulls):
        made = Recorded(value, self.tape)
        self.tape.append((made, pulls))
        return made

    def __add__(self, other):
        return self._then(self.value + other.value, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other):
        u, v = self.value, other.value
        return self._then(u * v, (self, lambda g: v * g), (other, lambda g: u * g))

    def __matmul__(self, other):
        u, v = self.value, other.value
        return self._then(u @ v, (self, lambda g: g @ v.T), (other, lambda g: u.T @ g))

    @property
    def T(self):
        return self._then(self.value.T, (self, np.transpose))

    def sum(self, axis=None):
        ones = np.ones_like(self.value)
        pull = lambda g: ones * (g if axis is None else np.expand_dims(g, axis))  # noqa: E731
        return self._then(self.value.sum(axis=axis), (self, pull))

    def backward(self, seed=1.0):
        for made, pulls in self.tape:
            for one in (made, *(parent for parent, _ in pulls)):
                one.grad = np.zeros(one.value.shape)
        self.grad = self.grad + seed
        for made, pulls in reversed(self.tape):
            for parent, pull in pulls:
                sent = pull(made.grad)
                while sent.ndim > parent.grad.ndim:
                    sent = sent.sum(axis=0)
                for axis, length in enumerate(parent.grad.shape):
                    sent = sent.sum(axis=axis, keepdims=True) if length == 1 else sent
                parent.grad = parent.grad + sent


def _recorded(*values):
    tape: list = []
    return [Recorded(value, tape) for value in values]


def elements(u, v, seed):
    u, v = _recorded(u, v)
    ((u + v) * u).backward(seed)
    return [u.grad, v.grad]


def sums(Z):
    (Z,) = _recorded(Z)
    c = Z.sum(axis=0)
    ((c * c).sum() + Z.sum()).backward()
    return Z.grad


def undo_broadcast(X, b, c, seed):
    X, b, c = _recorded(X, b, c)
    (X * b + c).backward(seed)
    return X.grad, b.grad, c.grad


def products(A, W):
    A, W = _recorded(A, W)
    Z = A @ W.T
    (Z * Z).sum().backward()
    return A.grad, W.grad


def again(u, v, unused):
    u, v, unused = _recorded(u, v, unused)
    last = ((u + v) * u).sum()
    last.backward()
    last.backward()
    return u.grad, v.grad, unused.grad


def slope_with_skip(w, x):
    a, slope = x, 0.0  # forward mode: a and how fast it changes with the first weight
    for l, weight in enumerate(w):
        z = weight * a
        speed = weight * slope + (a if l == 0 else 0)
        a, slope = a + np.tanh(z), slope + speed / np.cosh(z) ** 2
    return slope


def shared_weight_gradient(X, Y, W):
    gradient = np.zeros(W.shape)
    for x, y in zip(X, Y):
        a = np.tanh([row @ x for row in W])
        delta = (W @ a - y) / len(X)
        below = (1 - a**2) * sum(d * row for d, row in zip(delta, W))
        gradient += np.outer(delta, a) + np.outer(below, x)
    return gradient


def leaky_spread(n_in, slope):
    passed = (1.0 + slope * slope) / 2
    return 1 / (n_in * passed) ** 0.5


def all_paths(widths):
    total, above = 0, 1
    for n_in, n_out in zip(widths[-2::-1], widths[:0:-1]):
        total += n_in * n_out * above
        above *= n_out
    return total


def share_of_baseline(Y_hat, Y):
    ours = lazy = 0.0
    means = [sum(column) / len(Y) for column in Y.T]
    for answers, targets in zip(Y_hat, Y, strict=True):
        for answer, target, mean in zip(answers, targets, means, strict=True):
            ours += (answer - target) ** 2
            lazy += (mean - target) ** 2
    return ours / lazy


def margin_slopes(scores, label):
    rivals = [j for j in range(len(scores)) if j != label]
    best = max(rivals, key=lambda j: scores[j])
    active = 1.0 if scores[label] < scores[best] + 1 else 0.0
    return [active * ((j == best) - (j == label)) for j in range(len(scores))]


def walk_down(widths):
    total = 0
    for layer in range(2, len(widths)):
        total += widths[layer] * widths[layer - 1]
    return total


def log_shares(z):
    shifted = z - max(z)
    return shifted - np.log(sum(np.exp(v) for v in shifted))


def signal_after(n, spread, depth):
    variance = 1.0
    for _ in range(depth):
        variance *= n * spread * spread
    return np.sqrt(variance)
