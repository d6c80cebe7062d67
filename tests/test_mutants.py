"""A broken gradient in the package turns a lesson red: the checks in the lessons check.

Each mutant is the package with one gradient wrong by one percent, or a sum that became a mean, and
the lesson named beside it is run with it. An assert has to see it, not an output alone.
"""

from pathlib import Path

import pytest
from running import apart, broken

from bpcourse import activations
from bpcourse.activations import Activation, FromOutput

ROOT = Path(__file__).parents[1]
BREAK = """

def _break():
    right = {owner}.{method}

    def wrong(self, *arguments):
        result = right(self, *arguments)
        {change}
        return result

    {owner}.{method} = wrong


_break()
"""
BY_ONE_PERCENT = "result = result * 1.01"
FUNCTIONS = [f for f in vars(activations).values() if isinstance(f, Activation)]
DERIVATIVES = [type(f).__name__ for f in FUNCTIONS]
FROM_OUTPUT = [type(f).__name__ for f in FUNCTIONS if isinstance(f, FromOutput)]
MUTANTS = {
    "Linear: grad_x": ("layers", "Linear.backward", BY_ONE_PERCENT, "11"),
    "Linear: grad of W": ("layers", "Linear.backward_params", "self.grads['W'] *= 1.01", "11"),
    "Linear: grad of b": ("layers", "Linear.backward_params", "self.grads['b'] *= 1.01", "11"),
    "Linear: a mean over the batch": (
        "layers",
        "Linear.backward_params",
        "self.grads['b'] /= len(arguments[0])",
        "11",
    ),
    **{
        f"{name}.derivative": ("activations", f"{name}.derivative", BY_ONE_PERCENT, "06")
        for name in DERIVATIVES
    },
    **{
        f"{name}.derivative_from_output": (
            "activations",
            f"{name}.derivative_from_output",
            BY_ONE_PERCENT,
            "06",
        )
        for name in FROM_OUTPUT
    },
    "SquaredError": ("losses", "SquaredError.backward", BY_ONE_PERCENT, "08"),
    "EuclideanNorm": ("losses", "EuclideanNorm.backward", BY_ONE_PERCENT, "13"),
    "CrossEntropy": ("losses", "CrossEntropy.backward", BY_ONE_PERCENT, "10"),
    "SoftmaxCrossEntropy": ("losses", "SoftmaxCrossEntropy.backward", BY_ONE_PERCENT, "10"),
    "BinaryCrossEntropy": ("losses", "BinaryCrossEntropy.backward", BY_ONE_PERCENT, "13"),
    "MaxMargin": ("losses", "MaxMargin.backward", BY_ONE_PERCENT, "20"),
    "Softmax.jacobian": ("activations", "Softmax.jacobian", BY_ONE_PERCENT, "10"),
    "Softmax.vjp": ("activations", "Softmax.vjp_from_output", BY_ONE_PERCENT, "23"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_gradient_turns_its_lesson_red(name):
    module, target, change, lesson = MUTANTS[name]
    owner, method = target.split(".")
    change = BREAK.format(owner=owner, method=method, change=change)
    path = next((ROOT / "lectures").glob(f"{lesson}_*.ipynb"))
    assert apart(broken, path, f"bpcourse.{module}", change)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", sorted({lesson for *_, lesson in MUTANTS.values()}))
def test_the_lesson_is_green_when_nothing_is_broken(lesson):
    path = next((ROOT / "lectures").glob(f"{lesson}_*.ipynb"))
    assert apart(broken, path, "bpcourse", "") is None
