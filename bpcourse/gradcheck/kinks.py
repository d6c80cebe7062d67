"""Kinks and jumps: one-sided slopes that differ by the same, however small the step."""

from math import isfinite

from bpcourse.gradcheck.samples import RATIO, pair


def kink_of(samples, tried):
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


def jumps(samples):
    """Does f change as much over the smallest step as over one 5³ times as long?"""
    j = min(samples.kept)
    if j + 3 not in samples.kept:
        return False
    (_, left, right, noise), (_, *far, _) = samples[j], samples[j + 3]
    near, far = max(abs(left), abs(right)), max(map(abs, far)) * RATIO**3
    return near > 20 * noise and near > far / 2
