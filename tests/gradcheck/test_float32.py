"""float32: what f tells in float64 is measured there, and a claim is allowed its rounding only."""

import numpy as np
import pytest
from corpus import mutants, random_model

from bpcourse.gradcheck import check_gradient
from bpcourse.gradcheck.averaging import averaged_slope
from bpcourse.gradcheck.slopes import Limits

RIGHT = [20003, 20023, 20027, 30003, 30028, 30092, 30132]  # once undecided
WRONG = [20004, 20016, 20024, 20043]  # a mutant of each was once undecided


def float32_model(seed):
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        model = random_model(rng, np.dtype(np.float32))
        return model, mutants(rng, model, 2, small=(1e-3, 0.1))


@pytest.mark.parametrize("plain", [False, True], ids=["callable", "array"])
@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("seed", RIGHT)
def test_rounded_claims_are_right(seed, mode, plain):
    model, _ = float32_model(seed)
    grad = model.grad(model.params) if plain else model.grad
    report = check_gradient(model.f, model.params, grad, mode=mode, rng=seed)
    assert report.verdict == "right", report


@pytest.mark.parametrize("mode", ["each", "grouped"])
@pytest.mark.parametrize("seed", WRONG)
def test_mistakes_above_the_rounding_are_wrong(seed, mode):
    model, wrong = float32_model(seed)
    for label, grad, _ in wrong:
        report = check_gradient(model.f, model.params, grad, mode=mode, rng=seed)
        assert report.verdict == "wrong", f"{label}\n{report}"


@pytest.mark.parametrize("mode", ["each", "grouped"])
def test_a_mistake_below_the_rounding_is_not_called_right(mode):
    model, wrong = float32_model(30027)  # one array is 1e6 times smaller than the other
    for label, grad, _ in wrong:
        report = check_gradient(model.f, model.params, grad, mode=mode, rng=0)
        assert report.verdict != "right", f"{label}\n{report}"


@pytest.mark.parametrize("seed", [20003, 20004, 20017, 20047])
def test_noise_is_averaged_where_f_computes_in_float32_only(seed):
    model, wrong = float32_model(seed)

    def f(p):
        return model.f({name: array.astype(np.float32) for name, array in p.items()})

    report = check_gradient(f, model.params, model.grad, mode="each", rng=seed)
    assert report.verdict == "right", report  # once undecided
    for label, grad, _ in wrong:
        report = check_gradient(f, model.params, grad, mode="each", rng=seed)
        assert report.verdict != "right" or seed == 20017, f"{label}\n{report}"


@pytest.mark.parametrize("slope", [1.0, -0.3])
def test_an_averaged_slope_and_its_bound(slope):
    rng = np.random.default_rng(3)
    limits = Limits(1e-6, 1e-7, 1e-7, 30, 5e-4, 5e-3, averages=True)

    class Line:
        kink = 0.0

        def at(self, t):
            smooth = slope * t + 0.2 * t**2 - 0.1 * t**3
            return smooth + self.kink * abs(t) + 1e-6 * rng.standard_normal(), t

    line = Line()
    for _ in range(200):
        measured, bound, _ = averaged_slope(line, limits)
        assert abs(measured - slope) <= bound < 5e-5
    line.kink = 0.01
    measured = averaged_slope(line, limits)
    assert measured is None or measured[1] > 1e-4  # only so near that noise hides the kink
