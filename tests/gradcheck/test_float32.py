"""float32: what f tells in float64 is measured there, and a claim is allowed its rounding only."""

import numpy as np
import pytest
from corpus import mutants, random_model
from rows import a_part

from bpcourse.gradcheck import check_gradient
from bpcourse.gradcheck.noise import averaged_slope

RIGHT = [20003, 20023, 20027, 30003, 30028, 30092, 30132]  # once undecided
WRONG = [20004, 20016, 20024, 20043]  # a mutant of each was once undecided


def float32_model(seed):
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        model = random_model(rng, np.dtype(np.float32))
        return model, mutants(rng, model, 2, small=(1e-3, 0.1))


@pytest.mark.parametrize("plain", [False, True], ids=["callable", "array"])
@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("seed", a_part(RIGHT, every=2))
def test_rounded_claims_are_right(seed, mode, plain):
    model, _ = float32_model(seed)
    grad = model.grad(model.params) if plain else model.grad
    report = check_gradient(model.f, model.params, grad, mode=mode, rng=seed)
    assert report.verdict == "right", report


@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("seed", WRONG)
def test_mistakes_above_the_rounding_are_wrong(seed, mode):
    model, wrong = float32_model(seed)
    assert wrong
    for label, grad, _ in wrong:
        report = check_gradient(model.f, model.params, grad, mode=mode, rng=seed)
        assert report.verdict == "wrong", f"{label}\n{report}"


@pytest.mark.parametrize("mode", ["each", "grouped"])
def test_a_mistake_below_the_rounding_is_not_called_right(mode):
    model, wrong = float32_model(30027)  # one array is 1e6 times smaller than the other
    assert wrong
    for label, grad, _ in wrong:
        report = check_gradient(model.f, model.params, grad, mode=mode, rng=0)
        assert report.verdict != "right", f"{label}\n{report}"


def computed_in_float32(model):
    def f(p):
        return model.f({name: array.astype(np.float32) for name, array in p.items()})

    return f


@pytest.mark.parametrize("seed", a_part([20029, 20030, 20037], every=3))
def test_noise_is_averaged_where_f_computes_in_float32_only(seed):
    model, wrong = float32_model(seed)
    f = computed_in_float32(model)
    report = check_gradient(f, model.params, model.grad, mode="each", rng=seed)
    assert report.verdict == "right", report  # without averages it cannot be told
    assert wrong
    for label, grad, _ in wrong:
        report = check_gradient(f, model.params, grad, mode="each", rng=seed)
        assert report.verdict != "right", f"{label}\n{report}"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("seed", [20003, 20004, 20010, 20017, 20021, 20026])
def test_one_entry_off_by_a_thousandth_is_not_right_in_float32_only(seed, mode):
    model, _ = float32_model(seed)
    f, right = computed_in_float32(model), model.grad(model.params)
    assert check_gradient(f, model.params, right, mode=mode, rng=seed).verdict != "wrong"
    rng = np.random.default_rng(seed)
    for name, array in right.items():
        size = abs(array).reshape(-1)
        for part in (1e-3, 0.1):  # one that is small beside its array, and any other
            fit = np.flatnonzero((size > part * size.max()) & (size <= 1e3 * part * size.max()))
            wrong = {n: a.copy() for n, a in right.items()}
            wrong[name].flat[rng.choice(fit[np.argsort(size[fit])][:3])] *= 1.0012
            report = check_gradient(f, model.params, wrong, mode=mode, rng=seed)
            assert report.verdict != "right", report


@pytest.mark.parametrize("mode", a_part(["each", "grouped"], every=2))
@pytest.mark.parametrize("dtype", a_part([np.float32, np.float64], every=2))
@pytest.mark.parametrize(
    "seeds", a_part([range(first, first + 5) for first in range(40000, 40020, 5)], every=4), ids=str
)
def test_an_error_of_the_stated_resolution_is_found(seeds, dtype, mode):
    stated = sum(an_error_of_the_resolution_is_found(seed, dtype, mode) for seed in seeds)
    assert stated >= 4


def an_error_of_the_resolution_is_found(seed, dtype, mode) -> bool:
    """Is a resolution stated at all? Then an error of it, in an entry of any array, is found."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        model = random_model(rng, np.dtype(dtype))
        right = model.grad(model.params)
    report = check_gradient(model.f, model.params, right, mode=mode, rng=seed)
    if report.verdict != "right" or not 0 < report.resolution < 0.5:
        return False
    steepest = max(abs(a).max() for a in right.values())
    for name, array in right.items():
        size = abs(array).reshape(-1)
        if size.max() < 1e-6 * steepest:
            continue  # rounded zeros
        wrong = {n: a.copy() for n, a in right.items()}
        i = rng.choice(np.flatnonzero(size > 1e-2 * size.max()))
        wrong[name].flat[i] *= 1 + 1.01 * report.resolution
        told = check_gradient(model.f, model.params, wrong, mode=mode, rng=seed)
        assert told.verdict != "right", f"{report.resolution} {name} {i}\n{told}"
    return True


@pytest.mark.parametrize("slope", [1.0, -0.3])
def test_an_averaged_slope_and_its_bound(slope):
    rng = np.random.default_rng(3)

    class Line:
        kink = 0.0

        def value(self, t):
            smooth = slope * t + 0.2 * t**2 - 0.1 * t**3
            return smooth + self.kink * abs(t) + 1e-6 * rng.standard_normal(), t

    line = Line()
    for _ in range(200):
        measured, bound, _ = averaged_slope(line.value, lambda value: 1e-6)
        assert abs(measured - slope) <= bound < 5e-5
    line.kink = 0.01
    measured = averaged_slope(line.value, lambda value: 1e-6)
    assert measured[1] > 1e-4  # only so near that noise hides the kink
