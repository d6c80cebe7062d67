"""Gradient checkers side by side: false alarms, misses, evaluations and time.

The right and wrong gradients come from the tests' corpora. "Models": random MLPs, recurrent,
convolutional, attention, batch-norm and other models, with saturation, large logits and all scales,
in float64 and float32. "Kinks": functions at kinks, in ties of max and at the edge of saturation,
with gradients right by either convention of the frameworks, and wrong ones. "Float32 inside": right
gradients of models that compute in float32 whatever they are given. Peers work in their own way:
those that need derivatives of their own kind (autograd, jax, torch) get f and the claimed gradient
as a custom function in their framework.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks._timing import ONE_THREAD, in_fresh_process, table

RIGHT = 66  # models; two mutants each, and one that is one entry wrong by 1e-3
SIZES = (1_000, 10_000, 100_000)
KINKED_SEEDS = range(4)  # some 200 cases
FLOAT32_SEEDS = range(20_000, 20_040)
LARGEST = 250  # parameters
SLOWEST = 20_000  # evaluations beyond which a checker is not timed


def flat(params):
    return np.concatenate([a.ravel() for a in params.values()])


def unflat(x, params):
    out, start = {}, 0
    for name, a in params.items():
        out[name] = x[start : start + a.size].reshape(a.shape).astype(a.dtype, copy=False)
        start += a.size
    return out


class Case:
    """f and the claimed gradient on one flat vector, counting evaluations of f."""

    def __init__(self, f, grad, params):
        self.params, self.raw_f, self.raw_grad = params, f, grad
        self.x = flat(params)
        self.count = 0

    def f(self, x):
        self.count += 1
        return float(self.raw_f(unflat(np.asarray(x), self.params)))

    def grad(self, x):
        return flat(self.raw_grad(unflat(np.asarray(x), self.params))).astype(np.float64)


def cs231n(threshold):
    def check(case):
        x, claim = case.x.astype(np.float64), case.grad(case.x)
        slope, h = np.empty_like(claim), 1e-5
        for i in range(x.size):
            old = x[i]
            x[i] = old + h
            up = case.f(x)
            x[i] = old - h
            slope[i] = (up - case.f(x)) / (2 * h)
            x[i] = old
        error = abs(claim - slope) / np.maximum(1e-8, abs(claim) + abs(slope))
        return error.max() < threshold

    return check


def scipy_check(relative):
    def check(case):
        from scipy.optimize import check_grad

        x = case.x.astype(np.float64)
        error = check_grad(case.f, case.grad, x)
        return error < 1e-6 * (np.linalg.norm(case.grad(x)) if relative else 1)

    return check


def autograd_check(case):
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    f = primitive(lambda x: case.f(x))
    claim = primitive(lambda x: case.grad(x))
    defvjp(f, lambda y, x: lambda g: g * claim(x))
    try:
        check_grads(f, modes=["rev"], order=1)(case.x.astype(np.float64))
    except AssertionError:
        return False
    return True


def torch_check(fast):
    def check(case):
        import torch

        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.tensor(case.f(x.detach().numpy()), dtype=torch.float64)

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return g * torch.from_numpy(case.grad(x.detach().numpy()))

        x = torch.tensor(case.x.astype(np.float64), requires_grad=True)
        return torch.autograd.gradcheck(Function.apply, x, fast_mode=fast, raise_exception=False)

    return check


def jax_check(case):
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def call(function, shape):
        return lambda x: jax.pure_callback(
            lambda v: np.asarray(function(np.asarray(v)), np.float64),
            jax.ShapeDtypeStruct(shape, np.float64),
            x,
        )

    x = case.x.astype(np.float64)
    f = jax.custom_vjp(call(case.f, ()))
    f.defvjp(lambda v: (f(v), v), lambda v, g: (g * call(case.grad, x.shape)(v),))
    try:
        check_grads(f, (x,), order=1, modes=["rev"])
    except AssertionError:
        return False
    return True


def numdifftools_check(times):
    def check(case):
        import numdifftools

        x = case.x.astype(np.float64)
        found = numdifftools.Gradient(case.f, full_output=True)(x)
        error = np.maximum(np.ravel(found.error_estimate), 1e-15)
        return bool((abs(np.ravel(found.estimate) - case.grad(x)) <= times * error).all())

    return check


def ours(mode):
    def check(case):
        from bpcourse.gradcheck import check_gradient

        def f(p):
            case.count += 1
            return case.raw_f(p)

        verdict = check_gradient(f, case.params, case.raw_grad, mode=mode).verdict
        return {"right": True, "wrong": False}.get(verdict)

    return check


CHECKERS = {
    "CS231n, 1e-7": cs231n(1e-7),
    "CS231n, 1e-5": cs231n(1e-5),
    "CS231n, 1e-4": cs231n(1e-4),
    "scipy, absolute 1e-6": scipy_check(False),
    "scipy, relative 1e-6": scipy_check(True),
    "autograd": autograd_check,
    "torch, slow": torch_check(False),
    "torch, fast": torch_check(True),
    "jax": jax_check,
    "numdifftools, error x1": numdifftools_check(1),
    "numdifftools, error x10": numdifftools_check(10),
    "bpcourse, each": ours("each"),
    "bpcourse, grouped": ours("grouped"),
}


def kinked():
    """(right?, case) at kinks, from the tests' generator."""
    from kinked import cases

    return [
        (c.due == "right", Case(lambda p, c=c: c.f(p["w"]), lambda p, c=c: {"w": c.grad(p["w"])},
                                {"w": c.params}))
        for seed in KINKED_SEEDS
        for c in cases(seed)
    ]  # fmt: skip


def float32_inside():
    """Models that compute in float32: right gradients, and some with one entry wrong by 5 %."""
    from corpus import random_model

    cases = []
    for seed in FLOAT32_SEEDS:
        rng = np.random.default_rng(seed)
        model = random_model(rng, np.float32)
        right = model.grad(model.params)
        finite = all(np.isfinite(g).all() for g in right.values())
        if not finite or sum(a.size for a in model.params.values()) > LARGEST:
            continue

        def f(p, model=model):
            return model.f({name: a.astype(np.float32) for name, a in p.items()})

        def wrong(p, model=model):
            grad = model.grad(p)
            steepest = max(grad.values(), key=lambda array: abs(array).max(initial=0))
            steepest.flat[abs(steepest).argmax()] *= np.float32(1.05)
            return grad

        cases += [(True, Case(f, model.grad, model.params)), (False, Case(f, wrong, model.params))]
    return cases


def corpus():
    """(right?, case) from the tests' generator."""
    from corpus import mutants, random_model

    cases = []
    seed = 50_000
    while sum(right for right, _ in cases) < RIGHT:
        seed += 1
        rng = np.random.default_rng(seed)
        model = random_model(rng, np.float32 if seed % 6 == 0 else np.float64)
        if sum(a.size for a in model.params.values()) > LARGEST:
            continue  # the slow ones would take minutes
        if not all(np.isfinite(g).all() for g in model.grad(model.params).values()):
            continue
        cases.append((True, Case(model.f, model.grad, model.params)))
        for _, grad, _ in mutants(rng, model, 2, small=(1e-3,) if seed % 6 else (0.1,)):
            cases.append((False, Case(model.f, grad, model.params)))
    return cases


def network(size):
    """A tanh classifier of the package with about ``size`` parameters, as a case."""
    from bpcourse.layers import Linear, Tanh
    from bpcourse.losses import SoftmaxCrossEntropy
    from bpcourse.network import Network

    rng = np.random.default_rng(0)
    hidden = {1_000: 28, 10_000: 135, 100_000: 500}[size]
    n_in = {1_000: 24, 10_000: 64, 100_000: 190}[size]
    layers = [Linear(n_in, hidden, rng=rng), Tanh(), Linear(hidden, 10, rng=rng)]
    net = Network(layers, SoftmaxCrossEntropy())
    X, y = rng.standard_normal((32, n_in)), rng.integers(0, 10, 32)

    def f(p):
        net.params.update(p)
        return net.forward(X, y)

    def grad(p):
        f(p)
        return net.backward()

    return Case(f, grad, dict(net.params))


def verdicts(check, cases):
    """False alarms, misses, undecided, evaluations a parameter (median, 90 %), ms a case."""
    counts, costs = {"alarm": 0, "miss": 0, "undecided": 0}, []
    start = time.process_time()  # the processor's, so that other work does not count
    for right, case in cases:
        case.count = 0
        with np.errstate(all="ignore"):
            said = check(case)
        if right:
            costs.append(case.count / case.x.size)
        if said is None:
            counts["undecided"] += 1
        elif said != right:
            counts["alarm" if right else "miss"] += 1
    spent = 1e3 * (time.process_time() - start) / len(cases)
    evaluations = [f"{np.quantile(costs, part):.2f}" for part in (0.5, 0.9)]
    return [*counts.values(), *evaluations, f"{spent:.1f}"]


def measure():
    """The rows of both tables."""
    import warnings

    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "gradcheck"))
    corpora = {"Models": corpus(), "Kinks": kinked(), "Float32 inside": float32_inside()}
    rows, times = {name: [] for name in corpora}, []
    for name, check in CHECKERS.items():
        for kind, cases in corpora.items():
            rows[kind].append([name, *verdicts(check, cases)])
        row = [name]
        per_parameter = None
        for size in SIZES:
            case = network(size)
            if per_parameter is not None and per_parameter * case.x.size > SLOWEST * 2:
                row += ["", ""]
                continue
            case.count = 0
            start = time.process_time()
            said = check(case)
            spent = time.process_time() - start
            per_parameter = case.count / case.x.size
            row += [f"{case.count}", f"{1e3 * spent:.1f}" + ("" if said else " (!)")]
        times.append(row)
        print(f"  {name} done", file=sys.stderr, flush=True)
    right = {kind: sum(r for r, _ in cases) for kind, cases in corpora.items()}
    titles = [f"{kind}: {right[kind]} right, {len(cases) - right[kind]} wrong gradients"
              for kind, cases in corpora.items()]  # fmt: skip
    return {"tables": list(zip(titles, rows.values(), strict=True)), "times": times}


def main():
    """Print the tables; with --child, the measurements as JSON."""
    if "--child" in sys.argv:
        import json

        print(json.dumps(measure()))
        return
    # One thread each; but jax calls back into Python from a second one, so no pinning to one CPU.
    environment = {name: value for name, value in ONE_THREAD.items() if name != "XLA_FLAGS"}
    environment |= {"JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu")}
    found = in_fresh_process("benchmarks.gradcheck", "--child", **environment)
    header = ["checker", "false alarms", "misses", "undecided"]
    header += ["evaluations/parameter", "at the 90th percentile", "ms/case"]
    for title, rows in found["tables"]:
        print(title)
        table(header, rows)
    print(
        "One right gradient of a tanh classifier, by its number of parameters ((!): not accepted)"
    )
    header = ["checker"]
    for size in SIZES:
        header += [f"{size:,}: evaluations", "ms"]
    table(header, found["times"])


if __name__ == "__main__":
    main()
