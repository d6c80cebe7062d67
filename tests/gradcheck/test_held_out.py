"""Random models of other kinds than the corpus has; the counts are printed (pytest -s)."""

from collections import Counter

import numpy as np
import pytest
from complex_models import MODELS, complex_gradient, leaves, mapped, mutations, spoiled

from bpcourse.gradcheck import check_gradient

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("given", ["callable", "array"])
@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1e-3), (np.float32, 0.1)])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_held_out_models(model, dtype, error, mode, given, capsys):
    counts, false_alarms, misses = Counter(), [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        f, params = model(rng)
        params = mapped(lambda a: a.astype(dtype), params)

        def right(p, f=f):
            return complex_gradient(f, p, dtype)

        here = right(params)
        if not any(a.any() for a in leaves(here)):
            continue
        wrong = mutations(rng, here, error)
        chosen = rng.choice(len(wrong), min(4, len(wrong)), replace=False)
        for label, *mutation in [("right",), *(wrong[i] for i in chosen)]:

            def grad(p, right=right, mutation=mutation):
                return spoiled(right(p), *mutation) if mutation else right(p)

            claim = grad if given == "callable" else grad(params)
            verdict = check_gradient(f, params, claim, mode=mode, rng=seed).verdict
            counts["wrong" if mutation else "right", verdict] += 1
            if not mutation and verdict == "wrong":
                false_alarms.append(seed)
            if mutation and verdict == "right":
                misses.append(f"{seed}: {label}")
    with capsys.disabled():
        print(f"\n{model.__name__}, {dtype.__name__}, {mode}, grad as {given}: {dict(counts)}")
    assert counts["right", "right"] >= 5 and counts["wrong", "wrong"] >= 20
    assert not false_alarms and not misses, (false_alarms, misses)
