"""φ at steps of a grid, and the slope that two neighbouring steps give, with its bound."""

from math import inf, isfinite, nan

RATIO = 5
SHRINK = 1 / (RATIO**2 - 1)


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
