"""One factor over all arrays is named, also where an array is too small to show it alone."""

import numpy as np
import pytest

from bpcourse import datasets
from bpcourse.diagnosis import diagnose
from bpcourse.text import text


@pytest.fixture
def worked():
    net, X, Y = datasets.worked_network()
    net.forward(X, Y)
    return net, X, Y, net.backward()


@pytest.mark.parametrize("factor", [5.0, 0.2, -1.0, 3.3, 0.01])
def test_every_array_times_one_number(worked, factor):
    net, X, Y, true = worked
    assert true["2.b"].shape == (2,)  # two entries: any two could be a factor apart
    given = {name: factor * gradient for name, gradient in true.items()}
    for context in (None, (net, X, Y)):
        found = diagnose(given, true, context=context)
        assert found.cause == "constant_factor" and found.values["factor"] == pytest.approx(factor)
        assert f"all {sum(g.size for g in true.values())} entries" in found.message
    if factor in (5.0, 0.2):
        assert "size of the batch (5)" in found.message


def test_two_numbers_are_not_one_factor(worked):
    net, X, Y, true = worked
    given = {name: (5.0 if "W" in name else 4.0) * g for name, g in true.items()}
    assert "in every array" not in diagnose(given, true).message
    small = {"b": np.array([1.0, 2.0]), "c": np.array([0.5])}  # too few entries to be sure
    odd = {name: 3.3 * value for name, value in small.items()}
    assert diagnose(odd, small).cause in (None, "constant_factor")


def test_gradients_that_are_all_0_are_told_as_that():
    true = {"dW": np.arange(1.0, 7.0).reshape(2, 3), "db": np.array([2.0, 3.0])}
    told = diagnose({name: 0 * array for name, array in true.items()}, true)
    assert told.message == text("diagnosis.all_zero", count=8)
