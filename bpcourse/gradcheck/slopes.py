r"""The slope of f along a line, with a bound on its own error, and what it says of a claim.

Along a line φ(t) = f(x + t·direction). From the steps t and t/5 come central slopes D, one-sided
slopes and their difference S; Richardson's value R = D(t/5) + (D(t/5) − D(t))/24 removes the error
of order t². The bound E on |R − φ′| adds what truncation, a kink and the noise of f may do. The
step goes up while noise is the largest part and down while another is.
"""

from dataclasses import dataclass, field
from math import inf, isfinite, nan

import numpy as np

RATIO = 5
SHRINK = 1 / (RATIO**2 - 1)
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


class EntryLine:
    """One entry of one array moves; t = 1 is ``scale``."""

    def __init__(self, objective, f0, k, i, claim, scale):
        self.objective, self.f0, self.k, self.i = objective, f0, k, i
        self.scale = float(scale)
        self.claim = float(claim) * self.scale
        self.smallest = abs(self.claim)
        self.spread = 1.0  # by which the rounding of one claim grows
        self.zero = claim == 0
        self.x = objective.base_flat[k][i]
        eps = float(np.finfo(self.x.dtype).eps)
        self.finest = 1e3 * eps * max(abs(float(self.x)) / self.scale, 1e-9)

    def at(self, t):
        """φ at t, and the t that the rounding of x + t·scale left."""
        moved = self.x.dtype.type(float(self.x) + t * self.scale)
        return self.objective.at_entry(self.k, self.i, moved), self._taken(moved)

    def _taken(self, moved):
        return float((moved.astype(np.float64) - self.x.astype(np.float64)) / self.scale)


class GroupLine:
    """Many entries of one array move at once, each by t times its own ``weights``."""

    def __init__(self, objective, f0, k, index, grad, weights):
        self.objective, self.f0, self.k, self.index = objective, f0, k, index
        self.grad, self.weights = grad, weights
        contributions = grad * weights
        self.claim = float(contributions.sum())
        self.smallest = float(np.abs(contributions).min())
        self.spread = len(index) ** 0.5
        self.zero = not grad.any()
        self.x = objective.base_flat[k][index]
        self.wide = self.x.astype(np.float64)
        self.finest = 1e3 * float(np.finfo(self.x.dtype).eps)

    def at(self, t):
        """φ at t; what the rounding of x + t·weights removed is put back along the claim."""
        shift = t * self.weights
        moved = (self.wide + shift).astype(self.x.dtype)
        value = self.objective.at_entries(self.k, self.index, moved)
        lost = shift - (moved.astype(np.float64) - self.wide)
        return value + float(self.grad @ lost), t


class Samples:
    """φ on the grid t·5ʲ, evaluated once each."""

    def __init__(self, line, t, limits):
        self.line, self.t, self.limits = line, t, limits
        self.kept = {}

    def step(self, j):
        return self.t * float(RATIO) ** j

    def noise_at(self, j):
        """The noise of a slope at step j, without looking."""
        return max(self.limits.sigma, self.limits.floor * abs(self.line.f0) / 2) / self.step(j)

    def __getitem__(self, j):
        """(D, left slope, right slope, noise of a slope from one value over the step)."""
        if j not in self.kept:
            t, f0 = self.step(j), self.line.f0
            fp, tp = self.line.at(t)
            fm, tm = self.line.at(-t)
            self.add(j, fp, fm, tp, tm, f0)
        return self.kept[j]

    def add(self, j, fp, fm, tp, tm, f0):
        if not (tp > 0 > tm):
            self.kept[j] = (nan, nan, nan, inf)
            return
        right, left = (fp - f0) / tp, (fm - f0) / tm
        central = (right * -tm + left * tp) / (tp - tm)
        biggest = max(abs(fp), abs(fm), abs(f0))
        sigma = max(self.limits.sigma, self.limits.floor * biggest / 2) if biggest < inf else inf
        self.kept[j] = (central, left, right, sigma / min(tp, -tm))


def pair(samples, j):
    """Slope R, bound E, its noise part, its kink part and its noise, from the grid's j and j−1."""
    D, left, right, _ = samples[j]
    d, l, r, noise = samples[j - 1]
    if not (isfinite(D) and isfinite(d)):
        return nan, inf, 0.0, inf, 0.0
    change = d - D
    S, s = right - left, r - l
    kink = max(0.0, abs(RATIO * s - S) / 4 - 6 * noise)
    bound = abs(change) * SHRINK + kink / 2 + 3.2 * noise
    return d + change * SHRINK, bound, 3.2 * noise, kink, noise


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
    kinked = _kink(samples, tried)
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
    if line.zero and _jumps(samples):
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


def _kink(samples, tried):
    """One-sided slopes, their bound and step, where their difference stays however small the step.

    The smallest steps that noise does not hide decide whether it stays; the slopes come from
    where they are known best.
    """
    kinked = sorted(
        j for j, (R, _, _, kink, noise) in tried.items() if isfinite(R) and kink > 20 * noise
    )
    if not kinked or not _stays(samples, kinked[0]) or not _lasts(samples, kinked[0]):
        return None
    best = None
    for j in kinked:
        if _stays(samples, j):
            big, small = samples[j], samples[j - 1]
            left, right = (small[i] + (small[i] - big[i]) / (RATIO - 1) for i in (1, 2))
            error = max(abs(small[i] - big[i]) for i in (1, 2)) / 8 + 5 * small[3]
            if best is None or error < best[2]:
                best = (left, right, error, j)
    return best


def bends(samples, j):
    """Is there a kink within the steps j and j−1, the same at both?"""
    R, _, _, kink, noise = pair(samples, j)
    return isfinite(R) and kink > 20 * noise and _stays(samples, j)


def _stays(samples, j):
    S = samples[j][2] - samples[j][1]
    s = samples[j - 1][2] - samples[j - 1][1]
    return abs(s - S) <= 0.3 * abs(S) + 12 * samples[j - 1][3]


def _lasts(samples, j):
    """Is the kink still there at smaller steps, as far as noise would show it?

    A bend that only large steps span is a kink elsewhere, or an ordinary curve seen from afar.
    """
    jump = samples[j][2] - samples[j][1]
    while True:
        j -= 1
        if samples.step(j) < samples.line.finest or 20 * samples.noise_at(j) > abs(jump):
            return True
        _, left, right, noise = samples[j]
        if not abs(right - left - jump) <= 0.3 * abs(jump) + 12 * noise:
            return False


def _jumps(samples):
    """Does f change as much over the smallest step as over one 5³ times as long?"""
    j = min(samples.kept)
    if j + 3 not in samples.kept:
        return False
    (_, left, right, noise), (_, *far, _) = samples[j], samples[j + 3]
    near, far = max(abs(left), abs(right)), max(map(abs, far)) * RATIO**3
    return near > 20 * noise and near > far / 2


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
