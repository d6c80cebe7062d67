"""One training step (forward, backward, update) beside the frameworks and the bare products.

tanh hidden layers, softmax cross-entropy, plain gradient descent; every contender starts from the
same parameters and must report the same first loss. One process, one CPU, one BLAS thread.
"""

import importlib.util
import json
import sys

import numpy as np

from benchmarks import _timing
from bpcourse import Linear, Network, SoftmaxCrossEntropy, Tanh

SHAPES = [  # layer sizes, batch, type
    ((2, 16, 16, 3), 32, "float64"),
    ((64, 32, 10), 32, "float64"),
    ((64, 128, 64, 10), 64, "float32"),
    ((784, 128, 10), 64, "float32"),
    ((784, 256, 128, 10), 128, "float32"),
    ((784, 1024, 1024, 10), 256, "float32"),
]
RATE = 0.01
# On some CPUs with AVX-512 OpenBLAS chooses AVX2 kernels; this variable names the others.
FASTER_KERNELS = {"OPENBLAS_CORETYPE": "SAPPHIRERAPIDS"}


def bpcourse_step(weights, biases, X, y):
    """The package, with all its checks on."""
    layers = []
    for W, b in zip(weights, biases, strict=True):
        layers += [Linear(W.shape[1], W.shape[0], rng=None, init="zeros", dtype=W.dtype), Tanh()]
        layers[-2].W, layers[-2].b = W, b
    net = Network(layers[:-1], SoftmaxCrossEntropy())

    def step():
        loss = net.forward(X, y)
        grads = net.backward()
        for name, parameter in net.params.items():
            parameter -= RATE * grads[name]
        return loss

    return step


def inlined_step(weights, biases, X, y):
    """The same step inlined by hand in NumPy, with no check at all: what there is to reach."""
    last, N, rows = len(weights) - 1, len(X), np.arange(len(X))

    def step():
        activations = [X]
        for W, b in zip(weights[:-1], biases, strict=False):
            z = activations[-1] @ W.T
            z += b
            activations.append(np.tanh(z, out=z))
        z = activations[-1] @ weights[-1].T
        z += biases[-1]
        z -= z.max(axis=1, keepdims=True)
        true = z[rows, y]
        np.exp(z, out=z)
        total = z.sum(axis=1, keepdims=True)
        loss = (np.log(total).sum() - true.sum()) / N
        z /= total
        z[rows, y] -= 1
        z /= N
        delta = z
        for l in range(last, -1, -1):
            a = activations[l]
            dW, db = delta.T @ a, delta.sum(axis=0)
            if l:
                delta = delta @ weights[l]
                delta *= 1 - a * a
            weights[l] -= RATE * dW
            biases[l] -= RATE * db
        return loss

    return step


def floor_step(weights, biases, X, y):
    """The matrix products of the step and nothing else."""
    activations = [X] + [np.ones((len(X), len(W)), X.dtype) for W in weights]

    def step():
        for W, a in zip(weights, activations, strict=False):
            a @ W.T
        for l in range(len(weights) - 1, -1, -1):
            activations[l + 1].T @ activations[l]
            if l:
                activations[l + 1] @ weights[l]

    return step


def torch_step(weights, biases, X, y):
    import torch

    torch.set_num_threads(1)
    layers = []
    for W, b in zip(weights, biases, strict=True):
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=getattr(torch, W.dtype.name))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear, torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    criterion = torch.nn.CrossEntropyLoss()
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def jax_step(weights, biases, X, y):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    params = [(jnp.asarray(W), jnp.asarray(b)) for W, b in zip(weights, biases, strict=True)]
    X, y = jnp.asarray(X), jnp.asarray(y)

    def loss(params):
        a = X
        for W, b in params[:-1]:
            a = jnp.tanh(a @ W.T + b)
        W, b = params[-1]
        log_y_hat = jax.nn.log_softmax(a @ W.T + b)
        return -log_y_hat[jnp.arange(len(y)), y].mean()

    @jax.jit
    def update(params):
        value, grads = jax.value_and_grad(loss)(params)
        return value, jax.tree.map(lambda p, g: p - RATE * g, params, grads)

    state = {"params": params}

    def step():
        value, state["params"] = update(state["params"])
        jax.block_until_ready(state["params"])
        return float(value)

    return step


def autograd_step(weights, biases, X, y):
    import autograd.numpy as anp
    from autograd import value_and_grad

    one_hot = np.eye(len(weights[-1]), dtype=X.dtype)[y]

    def loss(params):
        a = X
        for W, b in params[:-1]:
            a = anp.tanh(anp.dot(a, W.T) + b)
        W, b = params[-1]
        z = anp.dot(a, W.T) + b
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.sum(one_hot * (anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True)) - z)) / len(X)

    params = [(W.copy(), b.copy()) for W, b in zip(weights, biases, strict=True)]
    gradient = value_and_grad(loss)

    def step():
        value, grads = gradient(params)
        for (W, b), (dW, db) in zip(params, grads, strict=True):
            W -= RATE * dW
            b -= RATE * db
        return float(value)

    return step


def sklearn_step(weights, biases, X, y):
    from sklearn.neural_network import MLPClassifier

    hidden = tuple(len(W) for W in weights[:-1])
    model = MLPClassifier(
        hidden, activation="tanh", solver="sgd", alpha=0, batch_size=len(X), shuffle=False,
        learning_rate_init=RATE, momentum=0, nesterovs_momentum=False,
    )  # fmt: skip
    classes = np.arange(len(weights[-1]))
    model.partial_fit(X, y, classes=classes)
    model.coefs_ = [W.T.copy() for W in weights]
    model.intercepts_ = [b.copy() for b in biases]
    model._optimizer.params = model.coefs_ + model.intercepts_

    def step():
        model.partial_fit(X, y)
        return float(model.loss_)

    return step


CONTENDERS = {
    "floor": (floor_step, "numpy"),
    "by hand": (inlined_step, "numpy"),
    "bpcourse": (bpcourse_step, "numpy"),
    "PyTorch": (torch_step, "torch"),
    "jax.jit": (jax_step, "jax"),
    "autograd": (autograd_step, "autograd"),
    "scikit-learn": (sklearn_step, "sklearn"),
}


def measure(shapes):
    """Microseconds for every contender that is installed, and the kernels in use."""
    import threadpoolctl

    _timing.pin()
    rows = []
    for sizes, batch, dtype in shapes:
        rng = np.random.default_rng(0)
        weights = [
            (rng.standard_normal((n, m)) / m**0.5).astype(dtype)
            for m, n in zip(sizes, sizes[1:], strict=False)
        ]
        biases = [np.zeros(n, dtype) for n in sizes[1:]]
        X = rng.standard_normal((batch, sizes[0])).astype(dtype)
        y = rng.integers(sizes[-1], size=batch)
        y[: sizes[-1]] = np.arange(sizes[-1])  # scikit-learn wants to have seen every class
        steps, losses = {}, {}
        for name, (make, needs) in CONTENDERS.items():
            if importlib.util.find_spec(needs):
                copies = [[p.copy() for p in parts] for parts in (weights, biases)]
                steps[name] = make(*copies, X, y)
                losses[name] = steps[name]()
        del losses["floor"]
        if np.ptp(list(losses.values())) > 1e-4 * losses["by hand"]:
            raise RuntimeError(f"the contenders do not do the same: losses {losses}")
        rows.append(_timing.in_turn(steps))
    blas = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    kernels = sorted({f"{pool['internal_api']} {pool.get('architecture')}" for pool in blas})
    return {"kernels": kernels, "rows": rows}


def report(shapes, measured):
    print("kernels in use:", ", ".join(measured["kernels"]))
    names = list(CONTENDERS)
    rows = []
    for (sizes, batch, dtype), times in zip(shapes, measured["rows"], strict=True):
        shape = f"{'-'.join(map(str, sizes))} x{batch} {dtype}"
        cells = [f"{times[name]:.0f}" if name in times else "–" for name in names]
        share = f"{times['by hand'] / times['bpcourse']:.0%}"
        to_jax = f"{times['bpcourse'] / times['jax.jit']:.2f}" if "jax.jit" in times else "–"
        rows.append([shape, *cells, share, to_jax])
    _timing.table(["µs a step", *names, "by hand/bpcourse", "bpcourse/jax"], rows)


def main():
    print("One training step, every contender in turn on one CPU with one BLAS thread")
    for shapes, kernels in [(SHAPES, {}), (SHAPES[-2:], FASTER_KERNELS)]:
        measured = _timing.in_fresh_process(
            "benchmarks.training_step", json.dumps(shapes), **_timing.ONE_THREAD, **kernels
        )
        report(shapes, measured)


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
