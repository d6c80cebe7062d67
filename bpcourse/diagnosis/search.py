"""Which mistakes in a backward pass give the gradients that were given: one, or two at once.

The pass is walked from the loss down. At each layer with weights the gradients that were given say
which ways of getting there are possible, so that few are left and each further layer is cheap.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bpcourse.diagnosis.backward import finer, variants
from bpcourse.diagnosis.passes import Pass, Step

MOST = 2  # mistakes at once
Kind = tuple[str, str, Any]  # a mistake as it is made: (what kind of step, id, form)
Slip = tuple[Kind, int]  # and the layer's index
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Explanation:
    """What was made wrong: the slips from the output down, and what all is multiplied by besides.

    ``spared`` has the kinds that were made wherever they show, but for the layers it lists, of
    which there is one at most.
    """

    slips: tuple[Slip, ...]
    factor: float
    spared: dict[Kind, list[int]]

    @property
    def kinds(self) -> list[Kind]:
        return list(dict.fromkeys(kind for kind, _ in self.slips))

    def places(self, kind: Kind) -> list[int]:
        """The layers in which ``kind`` is made."""
        return [i for made, i in self.slips if made == kind]

    @property
    def size(self) -> int:
        """How many mistakes: one that is made everywhere, or all but everywhere, is one."""
        each = [1 if kind in self.spared else len(self.places(kind)) for kind in self.kinds]
        return sum(each) + (self.factor != 1)

    def id(self, kind: Kind, run: Pass) -> str:
        """The mistake's id in the catalogue."""
        what, id, form = kind
        layers = [run.layers[i][0] for i in self.places(kind)] if what == "act" else []
        return finer(id, form, layers)

    def ids(self, run: Pass) -> list[str]:
        """The ids of all its mistakes, those nearest to the output first."""
        return list(dict.fromkeys(self.id(kind, run) for kind in self.kinds))


@dataclass(frozen=True)
class _Way:
    """A way down to some layer: what arrives there, the slips made, and how many kinds are left."""

    g: np.ndarray
    before: np.ndarray
    left: int
    slips: tuple[Slip, ...] = ()
    factor: float = 1.0

    def to(self, g: np.ndarray) -> "_Way":
        return replace(self, g=g, before=self.g)

    def ids(self, what: str) -> list[str | None]:
        """The ids of the mistakes that may be made at such a step; [None] for all."""
        return [None] if self.left else list({k[1] for k, _ in self.slips if k[0] == what})

    def slipped(self, kind: Kind, i: int) -> "_Way | None":
        """The way with one more slip; None if that is one kind too many."""
        new = all(kind != made for made, _ in self.slips)
        if new > self.left:
            return None
        return replace(self, slips=(*self.slips, (kind, i)), left=self.left - new)


@dataclass(frozen=True)
class _Target:
    """What was given for one layer's parameters, and how near two computations of it are."""

    given: Arrays
    near: float

    def fits(self, what: str, value: np.ndarray, factor: float = 1.0) -> bool:
        """Whether ``value``, times ``factor``, is what was given."""
        size = np.abs(value)
        slack = abs(factor) * self.near * (size + 1e-2 * size.max(initial=0))
        return bool((np.abs(self.given[what] - factor * value) <= slack).all())

    def factor(self, what: str, value: np.ndarray) -> float:
        """What ``value`` is to be multiplied by; 1 where nothing but 1 does it, or nothing."""
        square = float((value * value).sum())
        c = float((self.given[what] * value).sum()) / square if square else 0.0
        return c if c and abs(c - 1) > 1e-6 and self.fits(what, value, c) else 1.0


def explain(run: Pass, given: Arrays, near: float) -> Explanation | None:
    """The simplest :class:`Explanation` of ``given``; None if there is none, or another as simple.

    ``near`` is how near, relatively, two computations of one number are.
    """
    for most in range(1, MOST + 1):
        found = [_whole(run, way) for way in _ways(run, given, near, most)]
        found = [one for one in found if one.slips and one.size == most]
        if found:
            alone = len({frozenset(one.ids(run)) for one in found}) == 1
            return found[0] if alone else None
    return None


def _ways(run: Pass, given: Arrays, near: float, most: int) -> list[_Way]:
    """The ways through the whole pass that give what was given, with ``most`` kinds of mistakes."""
    ways = [_Way(run.start, run.start, most)]
    for number, (steps, i) in enumerate(run.segments):
        target = _Target({what: given[f"{i}.{what[1:]}"] for what in ("db", "dW")}, near)
        ways = [
            after for way in ways for after in _down_to(run, way, steps, i, target, number == 0)
        ]
    return ways


def _down_to(run, way, steps, i, target, top) -> list[_Way]:
    """The ways on to layer ``i`` on which its gradients are those given.

    Where no new mistake is needed none is looked for: it would show.
    """
    known = replace(way, left=0)
    found = [
        replace(after, left=way.left)
        for there in _through(run, known, steps)
        for after in _at_parameters(run, there, i, target)
    ]
    if found or not way.left:
        return found
    return [
        after
        for there in _through(run, way, steps)
        for scaled in (_scaled(run, there, i, target) if top else [there])
        for after in _at_parameters(run, scaled, i, target)
    ]


def _through(run: Pass, way: _Way, steps) -> Iterator[_Way]:
    """The ways through the steps, right or with whatever mistakes may be made."""
    if not steps:
        yield way
        return
    (what, i), *rest = steps
    here = run.at((what, i), way.g, way.before)
    yield from _through(run, way.to(here.right), rest)
    for after, g in _slipped(way, here):
        yield from _through(run, after.to(g), rest)


def _slipped(way: _Way, step: Step) -> Iterator[tuple[_Way, np.ndarray]]:
    """The ways with one slip at the step, and what the step gives then."""
    for id in way.ids(step.what):
        for (name, form), value in variants(step, id).items():
            after = way.slipped((step.what, name, form), step.i)
            if after is not None:
                yield after, value


def _at_parameters(run: Pass, way: _Way, i: int, target: _Target) -> Iterator[_Way]:
    """The ways on which layer ``i`` has the gradients given."""
    ways = [way]
    for what in ("db", "dW"):
        ways = [after for way in ways for after in _fitting(run, way, (what, i), target)]
    yield from ways


def _fitting(run: Pass, way: _Way, step: tuple[str, int], target: _Target) -> Iterator[_Way]:
    here = run.at(step, way.g, way.before)
    if target.fits(here.what, here.right, way.factor):
        yield way
        return
    for after, value in _slipped(way, here):
        if target.fits(here.what, value, way.factor):
            yield after


def _scaled(run: Pass, way: _Way, i: int, target: _Target) -> Iterator[_Way]:
    """The way as it is, and with all multiplied by what one of layer ``i``'s gradients says."""
    yield way
    if way.left:
        rights = {what: run.at((what, i), way.g, way.before).right for what in ("db", "dW")}
        for factor in {target.factor(what, right) for what, right in rights.items()} - {1.0}:
            yield replace(way, factor=factor, left=way.left - 1)


def _whole(run: Pass, way: _Way) -> Explanation:
    """The way as an explanation: which of its mistakes are made wherever they show?"""
    changes = {
        (what, i): lambda step, id=id, form=form: variants(step, id)[id, form]
        for (what, id, form), i in way.slips
    }
    steps = [step for step, _ in run.walk(changes)]
    spared = {}
    for kind, _ in way.slips:
        what, id, form = kind
        made = [i for other, i in way.slips if other == kind]
        others = [step for step in steps if step.what == what and step.i not in made]
        shows = [step.i for step in others if (id, form) in variants(step, id)]
        if len(made) > 1 and len(shows) <= 1:
            spared[kind] = shows
    return Explanation(way.slips, way.factor, spared)
