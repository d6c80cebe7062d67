"""Hundreds of random right and wrong gradients; the counts are printed (pytest -s)."""

from collections import Counter

import numpy as np
import pytest
from corpus import mutants, random_model

from bpcourse.gradcheck import check_gradient

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("given", ["callable", "array"])
@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_random_models(dtype, mode, given, capsys):
    counts, false_alarms, misses = Counter(), [], []
    for seed in range(20000, 20040):
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            model = random_model(rng, np.dtype(dtype))
            right = model.grad(model.params)
            if not all(np.isfinite(g).all() for g in right.values()):
                continue
            wrong = mutants(rng, model, 2, small=(1e-3,) if dtype == "float64" else (0.1,))
        grad = model.grad if given == "callable" else right
        verdict = check_gradient(model.f, model.params, grad, mode=mode, rng=seed).verdict
        counts["right", verdict] += 1
        if verdict == "wrong":
            false_alarms.append(f"{seed} {model.name}")
        for label, mutant, _ in wrong:
            with np.errstate(all="ignore"):
                grad = mutant if given == "callable" else mutant(model.params)
            verdict = check_gradient(model.f, model.params, grad, mode=mode, rng=seed).verdict
            counts["wrong", verdict] += 1
            if verdict == "right":
                misses.append(f"{seed} {model.name}: {label}")
    with capsys.disabled():
        print(f"\n{dtype}, {mode}, grad as {given}: {dict(counts)}")
    allowed = 0 if dtype == "float64" else 0.02 * sum(counts.values())
    undecided = counts["right", "cannot tell"] + counts["wrong", "cannot tell"]
    assert counts["right", "right"] > 30 and counts["wrong", "wrong"] > 60
    assert undecided <= 0.01 * sum(counts.values())
    assert len(false_alarms) == 0, false_alarms
    assert len(misses) <= allowed, misses
