"""What a question is: data, one implementation, and the mistakes that it can be asked to make.

What is data alone, such as its points, stands beside its task in the TOML. The implementation takes
``flaw`` first and asks it at each place where students go wrong:
``dZ @ (W.T if flaw("transposed_weights") else W)``. Without flaws it is the reference; with one it
is that misconception; with two, both at once.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpcourse import text as texts
from bpcourse.questions.types import Implementation, Inputs, MakeEdges, MakeInputs, Picture

KINDS = ("function", "class", "mend", "number", "array", "shape", "choice", "order")
CODE = KINDS[:3]  # the student writes code; to the other kinds the answer is data
LETTERED = KINDS[-2:]  # what is answered by letters
LEVELS = ("warm_up", "core", "stretch")
GIVES = "gives"  # in the TOML of a question that is answered by letters: what is right, and wrong
DEFAULTS: dict[str, Any] = {"kind": "function", "level": "core", "points": 2, "minutes": 5}
TOLERANCE = {"float64": 1e-7, "float32": 1e-3}  # relative to the largest entry


@dataclass(frozen=True)
class Family:
    """Mistakes that several questions share: declared once, beside the helper that makes them.

    ``names`` of the catalogue, and ``forms`` as those of a question. A helper takes ``flaw`` and
    asks for them; a question that calls it lists the family. They are judged, and never asked.
    """

    names: str
    forms: Mapping[str, str] = field(default_factory=dict)


class Flaws(frozenset[str]):
    """The misconceptions that an implementation is asked to show: ``flaw("sign_flipped")``."""

    def __call__(self, name: str) -> bool:
        """Whether it is asked to show the misconception ``name``."""
        return name in self


@dataclass(frozen=True)
class Question:
    """One question. ``solve(flaw, **inputs)`` gives the answer's result, right without flaws.

    For a class, ``solve(flaw)`` gives the class, and ``use(answer, **inputs)`` calls it. A choice's
    ``solve`` gives the option's name, an order's the tuple of its lines' names. What a
    student reads is in the text under ``question.<id>``: task, hint_1 to hint_3, options,
    ``picture``, what a picture shows, ``said_<misconception>``, what a check says of it here in
    place of the catalogue's hint, and ``way_<key>``, what a value on the way is.
    """

    id: str  # "matrix_form.linear_backward"
    kind: str
    points: int
    minutes: int
    level: str
    answer: str  # the global name that it is read from
    inputs: Callable[
        [np.random.Generator, int], Inputs
    ]  # (rng, size) -> {name: value}, fresh numbers of sizes that differ
    solve: Implementation
    misconceptions: tuple[str, ...]
    parts: tuple[str, ...] = ()  # names of the results, where there are several
    use: Implementation | None = None
    measured: bool = False  # ``use`` measures what an answer does: no result of it is transformed
    coincide: Set[frozenset[str]] = frozenset()  # pairs that nothing can tell apart
    forms: Mapping[str, str] = field(
        default_factory=dict
    )  # {misconception: flaws that make it otherwise}
    may_change: tuple[str, ...] = ()  # inputs that the answer is asked to change in place
    may_alias: tuple[
        str, ...
    ] = ()  # inputs that the answer may give back as they are, among its results
    decimals: int | None = None  # of a number that is rounded by hand
    slips: Callable[..., Inputs] | None = (
        None  # (**inputs) -> {misconception: values}: judged, and never asked
    )
    on_the_way: Callable[..., Inputs] | None = (
        None  # (**inputs) -> {key: value}: what one computes before
    )
    recorded: bool = False  # a test: the answer is written down, and nothing is said of it
    place: int | None = None  # of the right option for seed 0; None for any
    picture: Callable[..., Picture] | None = (
        None  # (**inputs) -> the figure that ``ask`` shows, in our style
    )
    also_right: Set[tuple[str, ...]] = frozenset()  # of an order: others that are accepted
    families: tuple[Family, ...] = ()  # whose mistakes its helpers make: judged, not asked
    edges: MakeEdges | None = (
        None  # (rng) -> special inputs, on which an answer that is right so far is asked too
    )
    formerly: tuple[
        str, ...
    ] = ()  # ids that it had: records, course files and hand-ins may still use them

    @property
    def lesson(self) -> str:
        """The first part of the id: ``"matrix_form"``."""
        return self.id.partition(".")[0]

    @property
    def ids(self) -> tuple[str, ...]:
        """The id and those that it had."""
        return (self.id, *self.formerly)

    @property
    def is_code(self) -> bool:
        """Whether the student writes code, which is run on many inputs."""
        return self.kind in CODE

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what a function is given, in order."""
        return tuple(self.inputs(np.random.default_rng(0), 2))

    def reference(self, *flaws: str) -> Implementation:
        """An answer as a student would give it: right, or with the misconceptions named.

        For code a function or class; for the other kinds a function of the inputs.
        """
        flaw = Flaws(flaws)
        if self.kind == "class":
            made: Implementation = self.solve(flaw)
            return made
        return lambda *arguments: self.solve(flaw, *arguments)

    @property
    def of_families(self) -> tuple[str, ...]:
        """The mistakes of its families, without its own: what is judged besides them."""
        names = [name for family in self.families for name in family.names.split()]
        return tuple(dict.fromkeys(names))

    def ways(self, *names: str) -> list[tuple[str, ...]]:
        """The flaws that make the mistakes ``names``, together, in each of their forms."""
        everyone = (self.forms, *(family.forms for family in self.families))
        forms = [form for name in names for some in everyone for form in some.get(name, "").split()]
        return [names, *((*names, form) for form in dict.fromkeys(forms))]

    def run(self, answer: Implementation, arguments: Sequence[Any]) -> Any:
        """What an answer to a code question gives for ``arguments``, a tuple."""
        return self.use(answer, *arguments) if self.use else answer(*arguments)


_registered: dict[str, Question] = {}


def registered() -> tuple[Question, ...]:
    """The questions whose modules have been loaded, in the order in which they stand there."""
    return tuple(_registered.values())


def all_or_none() -> AbstractContextManager[None]:
    """Take back the questions that a block has registered, if it fails."""
    return texts.restored(_registered)


def question(
    id: str, kind: str | None = None, *, misconceptions: str, formerly: str = "", **more: Any
) -> Callable[[Implementation], Question]:
    """Make the :class:`Question` of the implementation below, and register it.

    Its settings stand beside its task in the TOML, or else are given here; one of them, ``answer``,
    must be. ValueError, with file, question and key, where one is missing, wrong, or in both.
    """
    more |= {"kind": kind} if kind else {}
    more |= {"formerly": tuple(formerly.split())} if formerly else {}

    def register(solve: Implementation) -> Question:
        if id in _registered:
            raise ValueError(f"id: there are two questions {id!r}")
        settings = DEFAULTS | more | _beside_the_task(id, more)
        _check(id, settings)
        settings["misconceptions"] = tuple(misconceptions.split())
        _registered[id] = Question(id=id, solve=solve, **settings)
        return _registered[id]

    return register


def _nothing(rng: np.random.Generator, size: int) -> Inputs:
    return {}


def lettered(id: str, *, inputs: MakeInputs = _nothing, **more: Any) -> Question:
    """Make and register a choice, or lines to put in order, whose answers stand in the TOML.

    ``gives`` has the option, or the lines, that are ``right``, and those of each misconception;
    ``also_right`` has further orders that are accepted, with a | between them.
    """
    gives = dict(_gives(id))
    right, other = gives.pop("right"), gives.pop("also_right", None)

    def solve(flaw: Flaws, *given: object) -> str | tuple[str, ...]:
        value = next((value for name, value in gives.items() if flaw(name)), right)
        return value if made.kind == "choice" else tuple(value.split())

    if other is not None:
        more["also_right"] = {tuple(one.split()) for one in other.split("|")}
    made = question(id, inputs=inputs, misconceptions=" ".join(gives), **more)(solve)
    if made.kind not in LETTERED:
        raise ValueError(f"{_place(id)}: kind: expected one of {LETTERED}, got {made.kind!r}")
    return made


def _gives(id: str) -> dict[str, str]:
    gives = texts.setting(f"question.{id}.{GIVES}")
    if not isinstance(gives, dict) or "right" not in gives:
        raise ValueError(f"{_place(id)}: {GIVES}.right: expected an option's name, got none")
    for name, value in gives.items():
        for option in value.replace("|", " ").split():
            if not texts.has(f"question.{id}.{option}"):
                raise ValueError(f"{_place(id)}: {GIVES}.{name}: {option!r} has no text there")
    return gives


def _beside_the_task(id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a question that stand in its TOML; none that is ``given`` in the code too."""
    entries = {
        name: texts.setting(f"question.{id}.{name}") for name in texts.SETTINGS if name != GIVES
    }
    entries = {name: entry for name, entry in entries.items() if entry is not None}
    for name in entries.keys() & given.keys():
        raise ValueError(f"{_place(id)}: {name}: expected here or in the code, got it in both")
    return {name: tuple(e) if isinstance(e, list) else e for name, e in entries.items()}


def _check(id: str, settings: Mapping[str, Any]) -> None:
    if not (answer := settings.get("answer", "")).isidentifier():
        raise ValueError(
            f"{_place(id)}: answer: expected the name that it is under, got {answer!r}"
        )
    for name, known in (("kind", KINDS), ("level", LEVELS)):
        if settings[name] not in known:
            raise ValueError(f"{_place(id)}: {name} must be one of {known}, got {settings[name]!r}")


def _place(id: str) -> str:
    """Where a question's texts stand, and what it is called: for messages."""
    return ": ".join(filter(None, (texts.file_of(f"question.{id}"), id)))
