"""Two results compared: how they differ, and the mistake that explains it in every entry.

``compare`` only describes. ``diagnose(given, true)`` names what explains everything: with the
network and its data as context it repeats the backward pass with one mistake, or two, and compares
what that gives with what was given. ``catalogue`` has all mistakes, for ``check`` and marking too.
"""

from bpcourse.diagnosis import catalogue as catalogue
from bpcourse.diagnosis.compare import Difference as Difference
from bpcourse.diagnosis.compare import compare as compare
from bpcourse.diagnosis.explain import Diagnosis as Diagnosis
from bpcourse.diagnosis.explain import diagnose as diagnose
