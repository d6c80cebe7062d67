"""What a check found: a verdict with its evidence, for people and for tests."""

from dataclasses import dataclass, field
from math import nan

import numpy as np

from bpcourse.gradcheck import display
from bpcourse.text import text


class GradientError(AssertionError):
    """A gradient that is wrong, or in a test could not be told to be right."""


@dataclass(frozen=True)
class Kink:
    """f has two slopes here; ``inside`` says whether the claim lies between them."""

    left: float
    right: float
    inside: bool


@dataclass
class ArrayReport:
    """One parameter array; the entry shown is the worst one, or the largest if none is wrong.

    ``resolution`` is the smallest relative error that would have been found in any entry above a
    thousandth of the largest, or 0 where nothing but zeros and kinks is claimed; ``curve`` holds
    {step: central slope} for the entry; ``numerical`` the slopes that were measured, else NaN.
    """

    name: str
    shape: tuple
    verdict: str
    reason: str | None
    index: tuple
    claimed: float
    slope: float
    bound: float
    step: float
    resolution: float
    wrong: list = field(repr=False)
    kinks: dict = field(repr=False)
    curve: dict = field(repr=False)
    claims: np.ndarray = field(repr=False)
    numerical: np.ndarray = field(repr=False)
    bounds: np.ndarray = field(repr=False)

    @classmethod
    def build(cls, name, claims, found, kinks, step):
        shape = claims.shape
        flat = claims.reshape(-1)

        def place(i):
            return tuple(int(v) for v in np.unravel_index(i, shape))

        verdict = "wrong" if found.wrong else "cannot tell" if found.unclear else "right"
        reason = "kink" if kinks else None
        if verdict == "cannot tell":
            reason = "kink" if any(i in kinks for i in found.unclear) else "precision"
        elif verdict == "wrong":
            reason = None
        i = _worst(flat, found)
        judged = found.judged.get(i)
        return cls(
            name=name,
            shape=shape,
            verdict=verdict,
            reason=reason,
            index=place(i) if flat.size else (),
            claimed=float(flat[i]) if flat.size else nan,
            slope=float(found.numerical[i]) if flat.size else nan,
            bound=float(found.bound[i]) if flat.size else nan,
            step=judged[0].step * judged[1] if judged else step,
            resolution=float(found.resolution),
            wrong=[place(i) for i in found.wrong],
            kinks={place(i): kink for i, kink in kinks.items()},
            curve={t * judged[1]: d / judged[1] for t, d in judged[0].samples.items()}
            if judged
            else {},
            claims=claims,
            numerical=found.numerical.reshape(shape),
            bounds=found.bound.reshape(shape),
        )

    @property
    def label(self):
        """The entry by name, such as ``0.W[1, 2]``."""
        index = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return f"{self.name or 'params'}{index}"


def _worst(claims, found):
    """The entry to show: farthest from its slope in bounds, among the wrong ones if there are."""
    among = np.array(found.wrong or found.unclear or np.flatnonzero(~np.isnan(found.numerical)))
    if not among.size:
        return int(np.argmax(np.abs(claims))) if claims.size else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.abs(claims - found.numerical)[among] / found.bound[among]
    return int(among[np.argmax(np.nan_to_num(far, nan=0.0, posinf=1e300))])


@dataclass
class GradientReport:
    """The verdict of a check: "right", "wrong" or "cannot tell".

    ``reason`` is None or one of: kink, precision, nondeterminism, changed its input, not finite,
    wrong shape, wrong structure, wrong type, integer parameters, complex parameters, shared
    memory, f does not depend on params. ``message`` is a sentence or two; ``arrays`` the
    :class:`ArrayReport` of each parameter array (also ``report["W"]``); ``noise`` the rounding
    error of f.
    """

    verdict: str
    reason: str | None
    message: str
    arrays: list
    mode: str
    evaluations: int
    noise: float
    resolution: float
    context: object = field(default=None, repr=False)

    @classmethod
    def told(cls, verdict, reason, message, mode, evaluations):
        """A check that ended before any slope was measured."""
        return cls(verdict, reason, message, [], mode, evaluations, nan, nan)

    @classmethod
    def build(cls, arrays, mode, evaluations, noise):
        verdicts = [a.verdict for a in arrays]
        verdict = next((v for v in ("wrong", "cannot tell") if v in verdicts), "right")
        reason = next((a.reason for a in arrays if a.verdict == verdict and a.reason), None)
        resolution = max((a.resolution for a in arrays), default=nan)
        report = cls(verdict, reason, "", arrays, mode, evaluations, noise, resolution)
        report.message = display.sentence(report)
        return report

    def __getitem__(self, name):
        """The :class:`ArrayReport` of one parameter array."""
        for array in self.arrays:
            if array.name == str(name):
                return array
        raise KeyError(f"{name!r}: expected one of {[a.name for a in self.arrays]}")

    def raise_if_wrong(self):
        """:class:`GradientError`, an AssertionError, if the verdict is wrong; else the report."""
        if self.verdict == "wrong":
            raise GradientError(str(self))
        return self

    def explain(self, context=None):
        """What mistake explains the difference, as a :class:`bpcourse.diagnosis.Diagnosis`.

        ``context`` is (net, X, y) with the same layers, parameters and data; without it the shape
        of the difference alone is looked at. It prints as a sentence or two.
        """
        from bpcourse.diagnosis import diagnose

        if not self.arrays or self.verdict != "wrong":
            from bpcourse.diagnosis import Diagnosis

            key = "diagnosis.right" if self.verdict == "right" else "diagnosis.nothing"
            return Diagnosis(None, None, text(key, message=self.message))
        return diagnose(
            {a.name: a.claims for a in self.arrays},
            {a.name: a.numerical for a in self.arrays},
            bounds={a.name: a.bounds for a in self.arrays},
            wrong=[a.name for a in self.arrays if a.verdict == "wrong"],
            context=self.context if context is None else context,
        )

    def plot(self):
        """A figure for ``figures.show``: claimed against measured, and the worst entry's error
        against the step."""
        return display.plot(self)

    def __str__(self):
        return display.plain(self)

    def _repr_html_(self):
        return display.html(self)
