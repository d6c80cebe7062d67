"""What a check found: a verdict with its evidence."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Kink:
    left: float
    right: float
    inside: bool


@dataclass
class ArrayReport:
    name: str
    shape: tuple
    verdict: str
    reason: str | None
    index: tuple
    claimed: float
    numerical: float
    bound: float
    step: float
    resolution: float
    wrong: list
    kinks: dict
    claims: np.ndarray = field(repr=False)
    slopes: np.ndarray = field(repr=False)

    @classmethod
    def build(cls, name, claims, found, kinks, shape):
        flat = claims.reshape(-1)
        verdict = "wrong" if found.wrong else "cannot tell" if found.unclear else "right"
        worst = None
        candidates = found.wrong or found.unclear
        if candidates:
            worst = max(candidates, key=lambda i: abs(flat[i] - found.numerical[i]) / found.bound[i] if found.bound[i]>0 else np.inf)
        else:
            d = abs(flat - found.numerical) / found.bound
            worst = int(np.nanargmax(np.where(np.isfinite(d), d, -1))) if flat.size else 0
        reason = None
        if verdict == "cannot tell":
            reason = "kink" if any(i in kinks for i in found.unclear) else "precision"
        elif kinks:
            reason = "kink"
        j = found.judged.get(worst)
        un = tuple(int(v) for v in np.unravel_index(worst, shape)) if flat.size else ()
        return cls(name, shape, verdict, reason, un, flat[worst] if flat.size else np.nan, found.numerical[worst] if flat.size else np.nan, found.bound[worst] if flat.size else np.nan,
            j[0].step * j[1] if j else np.nan, found.resolution, [tuple(int(v) for v in np.unravel_index(i, shape)) for i in found.wrong], kinks, claims, found.numerical.reshape(shape))


@dataclass
class GradientReport:
    verdict: str
    reason: str | None
    message: str | None
    arrays: list
    mode: str
    evaluations: int
    sigma: float

    @classmethod
    def build(cls, verdict, reason, message, arrays, mode, evaluations, sigma):
        if verdict is None:
            verdicts = [a.verdict for a in arrays]
            verdict = next((v for v in ("wrong", "cannot tell") if v in verdicts), "right")
            reason = next((a.reason for a in arrays if a.verdict == verdict and a.reason), None)
        return cls(verdict, reason, message, arrays, mode, evaluations, sigma)
