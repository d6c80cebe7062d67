"""Figures that can be touched. The stepper needs ``anywidget``, which the extra ``lab`` brings."""

from bpcourse.widgets.stepper import Stepper

__all__ = ["Stepper"]
