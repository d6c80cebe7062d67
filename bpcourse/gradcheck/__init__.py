"""Is this the gradient of f? Right, wrong or cannot tell, with no tolerance to guess.

**Estimate.** A ``Line`` through the parameters is φ(t) = f(x + t·d). If the first difference is as
near the claim as is asked, that is enough. Else the slope at 0 is measured by central differences
with a pair of steps, t and t/5. Richardson's combination of the two removes the error of order t²
(``line.py``).

**Its error.** Three things spoil a difference. The curve bends over the step: the two slopes tell
by how much. f is rounded: its noise is measured beforehand, as what the best polynomial through
some values leaves (``noise.py``). There is a kink: then the one-sided slopes differ by the same at
every step. The error bound is the sum of the three. While noise is the largest part the step goes
up, else down. A ``Slope`` is what comes out: the claim, the value, its error, and what it says
(``slope.py``).

**Three verdicts.** A claim within the bound is *right* once the bound is small beside the claim, or
beside the largest claims around (``point.py``). A claim many bounds away is *wrong*, if a second
pair of steps and a very small step say the same. All else *cannot be told*, with the reason.

**Groups.** One line through many parameters costs as much as one through one. So parameters whose
claims are of like size are moved together, each a little differently, and a group that does not
agree is halved until its wrong entries are known by name, up to 12 in an array. One by one, a group
that shows no kink costs little more than one evaluation an entry, because half a step's bend is
mostly too little to matter (``look.py``).

**Kinks.** At a kink f has two slopes along every line. A gradient function is asked on both sides,
where f is smooth; what it gives at the kink itself has to lie between the slopes of every line that
is tried, among them those along which the kink does not show, as in a tie of max (``kinks.py``).

**The loop.** A check (``check.py``) asks in turn for slopes, for the sides of kinks, for points
around and for complex steps. Each question takes up only the entries that the ones before left
open. They share one map, which the look keeps: {entry: its slope}. An entry is right unless its
slope says something else, and a report (``report.py``) is read off the map. Below all this lie
``Problem``, which is f with the claims and their precision (``problem.py``), and ``Function``,
which is f of one vector (``function.py``).

Read on in this order: ``line.py``, ``slope.py``, ``look.py``, ``kinks.py``, ``check.py``. In
``tuned.py`` stand the numbers that were tuned, and on what.

``check_gradient(f, params, grad)`` takes any function of arrays; ``check_vjp`` and ``check_jvp``
those with several outputs; ``assert_gradient`` is for tests; ``check_layer``, ``check_loss``,
``check_activation`` and ``check_network`` know the course's parts (``checks.py``).
``central_difference`` and ``complex_slopes`` are the textbook's ways to a gradient
(``textbook.py``).
"""

from bpcourse.gradcheck.check import check_gradient as check_gradient
from bpcourse.gradcheck.checks import assert_gradient as assert_gradient
from bpcourse.gradcheck.checks import check_activation as check_activation
from bpcourse.gradcheck.checks import check_jvp as check_jvp
from bpcourse.gradcheck.checks import check_layer as check_layer
from bpcourse.gradcheck.checks import check_loss as check_loss
from bpcourse.gradcheck.checks import check_network as check_network
from bpcourse.gradcheck.checks import check_vjp as check_vjp
from bpcourse.gradcheck.report import ArrayReport as ArrayReport
from bpcourse.gradcheck.report import GradientError as GradientError
from bpcourse.gradcheck.report import GradientReport as GradientReport
from bpcourse.gradcheck.slope import Slope as Slope
from bpcourse.gradcheck.textbook import NotAnalyticError as NotAnalyticError
from bpcourse.gradcheck.textbook import central_difference as central_difference
from bpcourse.gradcheck.textbook import complex_slopes as complex_slopes
