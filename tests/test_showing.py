"""How a lesson prints its numbers."""

import numpy as np
import pytest

from bpcourse import look


@pytest.mark.parametrize(
    ("array", "printed"),
    [
        ([0.35434, -0.6], "a (2,)  [ 0.354 -0.6  ]"),
        (np.array([[1.0], [-1e-9]]), "a (2, 1)\n[[1.]\n [0.]]"),  # no negative zero
        (0.67674, "a  0.677"),
        (np.float64(-2), "a  -2.0"),
        (np.arange(3), "a (3,)  [0 1 2]"),  # whole numbers stay whole
        (112, "a  112"),
        ([True, False], "a (2,)  [ True False]"),
    ],
)
def test_name_shape_and_values(array, printed, capsys):
    look(a=array)
    assert capsys.readouterr().out == printed + "\n"


def test_one_after_the_other(capsys):
    look(x=[1.0], y=2.0)
    assert capsys.readouterr().out == "x (1,)  [1.]\ny  2.0\n"
