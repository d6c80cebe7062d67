"""The tuned numbers of a check: what each decides, and the corpus on which it was set.

In ``tests/gradcheck``: "smooth" are the random models of ``corpus.py`` in float64, "single" those
in float32, "scalar" the functions of ``test_scalar_functions.py``, "kinked" those of ``kinked.py``.
There are 20 of them, and ``test_tuned.py`` halves and doubles each and shows that the verdicts
hold. What is named elsewhere in the package is arithmetic, or a limit on the work.
"""

from dataclasses import dataclass

CLEAR = 10.0  # errors: a claim farther away than this is wrong (smooth)
SETTLE = 5e-4  # of a claim: an error that will do where no step gives less (smooth)
EARLY = 0.03  # of what is asked: one difference this close needs no second one (smooth)
FLAT = 0.03  # of a claim: one-sided slopes that differ by less show no kink (kinked)
SAME = 0.3  # of a kink: what its slopes at two steps may differ by (kinked)
NOISE = 3.2  # noises: the part of noise in the error of a slope (smooth)
DOUBT = 6.0  # noises: what a kink must exceed before it counts (kinked, single)
FIRST_NOISE = 1e-7  # of a claim: the noise that the first step is chosen for (smooth)
COARSE = 1e-10  # of f: with more noise than this f counts as imprecise (single)
ROUNDED = 4.0  # roundings of a claim in its own type that are no error (single)
SURE = 5.0  # errors of an averaged slope at which a claim is wrong (single)
MISFIT = 2.0  # noises that a polynomial may leave before it does not fit (single)
NEARBY = 1e-3  # of the parameters: how far away the sides of a kink are asked (kinked, scalar)


@dataclass(frozen=True)
class Demand:
    """What is asked of a slope, by the precision of f and of the claims."""

    resolve: float  # an error this small, relative to a claim, has checked it
    small: float  # an error this small, beside the array's largest contribution, does not matter
    zero: float  # and this small, beside the largest of all, where zero is claimed


DOUBLE = Demand(resolve=1e-4, small=1e-8, zero=1e-6)  # smooth
SINGLE = Demand(resolve=SETTLE, small=5e-6, zero=1e-5)  # single: claims in float32
NOISY = Demand(resolve=SETTLE, small=3e-7, zero=1e-4)  # single: f itself is imprecise
