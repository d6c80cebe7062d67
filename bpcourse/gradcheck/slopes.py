r"""The slope of f along a line, with a bound on its own error, and what it says of a claim.

Along a line φ(t) = f(x + t·direction). From the steps t and t/5 come central slopes D, one-sided
slopes and their difference S; Richardson's value R = D(t/5) + (D(t/5) − D(t))/24 removes the error
of order t². The bound E on |R − φ′| adds what truncation, a kink and the noise of f may do. The
step goes up while noise is the largest part and down while another is.
"""

from dataclasses import dataclass, field
from math import inf, isfinite, nan

import numpy as np

from bpcourse.gradcheck.kinks import bends, jumps, kink_of
from bpcourse.gradcheck.samples import RATIO, Samples, pair

MOST_STEPS = 12
LARGEST_STEP = 1e6  # relative to the size of the parameters
ROUNDED = 4  # no claim is off by this many times the rounding that it is allowed
LOCAL_STEP = 2.0  # beyond this a step may confirm a claim, but f is too far away to convict one


@dataclass(frozen=True)
class Limits:
    """What a judge goes by; one for a whole check."""

    sigma: float  # noise of f
    eps: float  # precision of the type of the claims
    floor: float  # precision of the type in which f's value comes
    clear: float  # a claim this many bounds away is wrong
    resolve: float  # a bound this small, relative to a claim, has checked it
    settle: float  # and this is small enough where no step gives a smaller one
    averages: bool = False  # is noise worth averaging?
    rounding: float = 0.0  # of a change of f claimed in a coarser type than f is measured in


@dataclass
class Judgement:
    """One line: ``verdict`` is right, wrong, kink or unclear; slopes are those of φ, per t."""

    verdict: str
    slope: float = nan
    bound: float = inf
    step: float = nan
    left: float = nan  # one-sided slopes, where there is a kink
    right: float = nan
    not_finite: bool = False
    moved: bool = True  # did f react at all?
    samples: dict = field(default_factory=dict)  # {step: central slope}, for the plot


def accepts_early(claim, tolerance, allowance, sample):
    """One central difference that agrees, on a line that is flat and hardly noisy.

    Works on arrays too.
    """
    central, left, right, noise = sample
    near = 0.01 * tolerance + 2 * noise + np.minimum(allowance, 0.1 * tolerance)
    flat = abs(right - left) <= 0.03 * abs(claim) + 6 * noise
    return (abs(central - claim) <= near) & flat & (noise <= 0.1 * tolerance)


def judge(line, t, limits, allowance, forgiven, samples=None):
    """The :class:`Judgement` of the line's claim, from the first step t.

    ``allowance`` is the rounding of the claim itself; ``forgiven`` are the errors that are of no
    importance beside the rest of the gradient, at first and where no step gives a smaller bound.
    """
    samples = samples or Samples(line, t, limits)
    claim = line.claim
    tolerance = max(limits.resolve * line.smallest, forgiven[0])
    last = max(limits.settle * line.smallest, forgiven[1])
    rounding = limits.rounding * line.spread
    doubt = ROUNDED * (allowance + rounding)
    if accepts_early(claim, tolerance, allowance + rounding, samples[0]):
        central, _, _, noise = samples[0]
        bound = abs(central - claim) + 3.2 * noise
        return _judgement("right", samples, 0, central, bound)

    best: tuple = (nan, inf, 0)
    tried: dict = {}
    j = 0
    for _ in range(MOST_STEPS):
        if j in tried:
            break
        R, E, noise, kink, _ = tried[j] = pair(samples, j)
        distance = abs(R - claim)
        far = distance > limits.clear * E + doubt
        E += allowance + min(rounding, 0.5 * tolerance)
        if E < best[1]:
            best = (R, E, j)
        if distance <= E <= tolerance:
            return _judgement("right", samples, j, R, E)
        if (
            far
            and samples.step(j) <= LOCAL_STEP
            and not bends(samples, j)
            and _confirmed(samples, j, limits, doubt, R, E)
        ):
            return _judgement("wrong", samples, j, R, E)
        trouble = E - noise - allowance
        j += 1 if noise >= trouble else -1
        if samples.step(j) > LARGEST_STEP:
            break
    R, E, j = best
    if abs(claim) <= ROUNDED * rounding and abs(R) + E <= rounding and abs(R) <= 0.1 * abs(claim):
        return _judgement("right", samples, j, R, abs(R - claim))  # a rounded zero
    kinked = kink_of(samples, tried)
    if kinked is not None:
        left, right, error, j = kinked
        distance = max(abs(left - claim), abs(right - claim))
        if distance + error <= last:
            return _judgement("right", samples, j, (left + right) / 2, distance + error)
        return _judgement("kink", samples, j, (left + right) / 2, error, left, right)
    if not isfinite(E):
        return _one_sided(samples, claim, last, limits)
    if line.zero and all(s[1] == s[2] == 0 for s in samples.kept.values()):
        return _judgement("right", samples, j, R, E)  # f is constant along the line
    if line.zero and jumps(samples):
        return _judgement("unclear", samples, j, R, inf)
    if line.zero:  # beside how steep f is within the steps, where all slopes are claimed zero
        steepest = max(max(abs(s[1]), abs(s[2])) for s in samples.kept.values())
        last = max(last, 1e-4 * steepest) if isfinite(steepest) else last
    if abs(R - claim) <= E <= last:
        return _judgement("right", samples, j, R, E)
    distance = abs(R - claim)
    if distance <= 10 * E and (max(distance, E) <= last if line.zero else 10 * E <= tolerance):
        return _judgement("right", samples, j, R, max(distance, E))
    return _judgement("unclear", samples, j, R, E)


def _confirmed(samples, j, limits, doubt, R, E):
    """Do a second pair of steps and the smallest sensible step say the same?

    The smallest step is where the noise would still show the claim's error: a cliff, or an
    oscillation faster than the first steps, betrays itself there.
    """
    claim = samples.line.claim
    distance = abs(R - claim)
    for other in (j - 1, j + 1):
        R2, E2, *_ = pair(samples, other)
        far = abs(R2 - claim) > limits.clear / 2 * E2 + doubt
        if far and abs(R2 - R) <= 4 * (E + E2):
            break
    else:
        return False
    smallest = j
    while True:
        noise = samples.noise_at(smallest - 1)
        if 40 * noise > distance or samples.step(smallest - 1) < samples.line.finest:
            break
        smallest -= 1
    if smallest >= j - 2:
        return True
    central, *_, noise = samples[smallest]
    return isfinite(central) and abs(central - R) <= distance / 4 + 10 * noise


def _one_sided(samples, claim, tolerance, limits):
    """Where f is not defined on one side: the slope on the other, by steps down."""
    best = None
    for j in range(0, -MOST_STEPS, -1):
        big, small = samples[j], samples[j - 1]
        for side in (1, 2):
            if isfinite(big[side]) and isfinite(small[side]):
                R = small[side] + (small[side] - big[side]) / (RATIO - 1)
                sigma = max(limits.sigma, limits.floor * abs(samples.line.f0) / 2)
                E = abs(R - small[side]) + 4 * sigma / samples.step(j - 1)
                if best is None or E < best[1]:
                    best = (R, E, j)
    if best is None:
        return _judgement("unclear", samples, 0, nan, inf, not_finite=True)
    R, E, j = best
    resolved = E <= max(tolerance, 1e-3 * abs(claim))
    verdict = "unclear"
    if abs(R - claim) <= E and resolved:
        verdict = "right"
    elif abs(R - claim) > 3 * limits.clear * E:
        verdict = "wrong"
    return _judgement(verdict, samples, j, R, E, not_finite=True)


def _judgement(verdict, samples, j, slope, bound, left=nan, right=nan, not_finite=False):
    seen = {samples.step(i): values[0] for i, values in samples.kept.items()}
    moved = any(s[1] != 0 or s[2] != 0 for s in samples.kept.values())
    step = samples.step(j)
    return Judgement(verdict, slope, bound, step, left, right, not_finite, moved, seen)


def first_step(claim, sigma):
    """Where noise is 1e-7 of the claim, within 2e-6 and 1e-2 of the parameter's size.

    Works on arrays: the claims are per unit of t.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = 3.2 * sigma / (1e-7 * np.abs(claim))
    return np.clip(np.where(np.isfinite(t), t, 1e-2), 2e-6, 1e-2)
