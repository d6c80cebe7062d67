"""The complex step: precise where it applies, and a refusal where it does not."""

import numpy as np
import pytest

from bpcourse.gradcheck import NotAnalyticError, check_gradient, complex_slopes


@pytest.fixture
def x():
    return np.array([0.3, -1.2, 2.0])


def test_near_machine_precision(x):
    slopes = complex_slopes(lambda p: (np.exp(np.sin(p["x"])) / p["x"] ** 2).sum(), {"x": x})["x"]
    right = np.exp(np.sin(x)) * (np.cos(x) / x**2 - 2 / x**3)
    np.testing.assert_allclose(slopes, right, rtol=4e-15)


@pytest.mark.parametrize(
    "f",
    [
        lambda p: np.abs(p).sum(),
        lambda p: np.abs(p).sum() + 1e-3 * p[1],
        lambda p: np.maximum(p.real, 0).sum() + 0j,
        lambda p: (p * p.conj()).sum(),
        lambda p: np.linalg.norm(p) + 0j,
        lambda p: float(p.real.sum()),
        lambda p: complex(np.sign(p[0])) * p[0] + p.real[1],
        lambda p: np.sin(np.asarray(p, dtype=float)).sum(),
        lambda p: 1.0,
    ],
)
def test_never_silently_wrong(f, x):
    with pytest.raises(NotAnalyticError):
        complex_slopes(f, x)


def test_mode_complex(x):
    def f(p):
        return np.sin(p).sum() if np.iscomplexobj(p) else float(np.sin(p).sum())

    report = check_gradient(f, x, np.cos, mode="complex")
    assert report.verdict == "right" and report.mode == "complex" and report.resolution < 1e-5
    for error in (1e-3, 1e-5):
        wrong = np.cos(x)
        wrong[1] *= 1 + error
        assert check_gradient(f, x, wrong, mode="complex").verdict == "wrong"


def test_mode_complex_falls_back_to_real_steps(x):
    report = check_gradient(lambda p: float(np.abs(p).sum()), x, np.sign, mode="complex")
    assert report.verdict == "right" and report.mode == "each"


def test_a_complex_slope_alone_convicts_nobody():
    # the branch on the argument's type makes complex steps wrong in the second entry
    def f(p):
        return p[0] ** 2 + (p[1] if p[1].imag == 0 else 2 * p[1].real + 1j * p[1].imag * 2)

    x = np.array([0.5, 1.0])
    assert check_gradient(f, x, np.array([1.0, 1.0]), mode="complex").verdict != "wrong"
