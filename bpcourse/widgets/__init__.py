"""Figures that follow the hand: each is displayed by naming it last in a cell.

Every figure computes with a plain function of this package, and shows its still picture where no
kernel runs. They need the extra ``lab``.
"""

from bpcourse.widgets.chain import ChainMicroscope
from bpcourse.widgets.costs import CostExplorer
from bpcourse.widgets.descent import DescentPlayer
from bpcourse.widgets.functions import ActivationExplorer, LossExplorer
from bpcourse.widgets.layers import InitialisationExplorer, ShapeExplorer
from bpcourse.widgets.pad import DigitPad
from bpcourse.widgets.playground import Playground
from bpcourse.widgets.stepper import Stepper
from bpcourse.widgets.steps import StepExplorer

__all__ = [
    "ActivationExplorer",
    "ChainMicroscope",
    "CostExplorer",
    "DescentPlayer",
    "DigitPad",
    "InitialisationExplorer",
    "LossExplorer",
    "Playground",
    "ShapeExplorer",
    "StepExplorer",
    "Stepper",
]
