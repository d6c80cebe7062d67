"""No verdict hangs on a tuned number: halved or doubled, each leaves the verdicts as they are."""

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from corpus import mutants, random_model
from kinked import cases

from bpcourse.gradcheck import check_gradient, tuned

DEMANDS = {"DOUBLE": ("resolve", "small", "zero"), "SINGLE": ("small", "zero")}
DEMANDS["NOISY"] = DEMANDS["SINGLE"]  # their resolve is SETTLE
PLAIN = [name for name, value in vars(tuned).items() if isinstance(value, float)]
NAMES = [*PLAIN, *(f"{name}.{field}" for name, own in DEMANDS.items() for field in own)]
UNDECIDED = 0.1  # of the sample: so much may become undecided, where a number asks for more


@cache
def sample() -> list:
    """(f, params, grad, due) of models in float64 and float32, and of kinks."""
    found = [(c.f, c.params, c.grad, c.due) for c in list(cases(7))[::3]]
    for seed, dtype in [(s, np.float64) for s in range(900, 910)] + [
        (s, np.float32) for s in range(910, 916)
    ]:
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            model = random_model(rng, np.dtype(dtype))
            small = (1e-3,) if dtype == np.float64 else (0.1,)
            wrong = mutants(rng, model, 1, small=small)
        found.append((model.f, model.params, model.grad, "right"))
        found += [(model.f, model.params, grad, "wrong") for _, grad, _ in wrong]
    return found


def verdicts() -> Iterator[tuple[str, str]]:
    for f, params, grad, due in sample():
        yield due, check_gradient(f, params, grad).verdict


@cache
def as_tuned() -> list[tuple[str, str]]:
    return list(verdicts())


def test_there_are_at_most_twenty():
    assert len(NAMES) <= 20
    assert {f.name for f in fields(tuned.Demand)} == set(DEMANDS["DOUBLE"])


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("name", NAMES)
def test_verdicts_hold(name, factor, monkeypatch):
    before = as_tuned()
    assert all(due == said for due, said in before if said != "cannot tell")
    first, _, last = name.partition(".")
    value = getattr(tuned, first)
    changed = replace(value, **{last: factor * getattr(value, last)}) if last else factor * value
    monkeypatch.setattr(tuned, first, changed)
    after = list(verdicts())
    turned = [
        (b, a) for b, a in zip(before, after, strict=True) if a[1] not in (b[0], "cannot tell")
    ]
    assert not turned
    lost = sum(b[1] != "cannot tell" == a[1] for b, a in zip(before, after, strict=True))
    assert lost <= UNDECIDED * len(before)
