"""Two results compared: how they differ, and the mistake that explains it in every entry.

``diagnose(given, true)`` names at most one cause; ``compare`` only describes. With the layers and
their values as context the backward pass is repeated with one step altered, and what it gives is
compared with what was given.
"""

from bpcourse.diagnosis.compare import Difference as Difference
from bpcourse.diagnosis.compare import compare as compare
from bpcourse.diagnosis.explain import Diagnosis as Diagnosis
from bpcourse.diagnosis.explain import diagnose as diagnose
