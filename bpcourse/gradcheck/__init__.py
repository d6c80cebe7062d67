"""Is this the gradient of f? Right, wrong or cannot tell, with no tolerance to guess.

``check_gradient(f, params, grad)`` for any function of arrays; ``check_layer``, ``check_loss``,
``check_activation`` and ``check_network`` for the course's parts; ``assert_gradient`` for tests.
``central_difference`` is the textbook's way, with no word on its own error.
"""

from bpcourse.gradcheck.central import central_difference as central_difference
from bpcourse.gradcheck.check import check_gradient as check_gradient
from bpcourse.gradcheck.complex_step import NotAnalyticError as NotAnalyticError
from bpcourse.gradcheck.complex_step import complex_slopes as complex_slopes
from bpcourse.gradcheck.kinks import Kink as Kink
from bpcourse.gradcheck.parts import assert_gradient as assert_gradient
from bpcourse.gradcheck.parts import check_activation as check_activation
from bpcourse.gradcheck.parts import check_layer as check_layer
from bpcourse.gradcheck.parts import check_loss as check_loss
from bpcourse.gradcheck.parts import check_network as check_network
from bpcourse.gradcheck.report import ArrayReport as ArrayReport
from bpcourse.gradcheck.report import GradientError as GradientError
from bpcourse.gradcheck.report import GradientReport as GradientReport
