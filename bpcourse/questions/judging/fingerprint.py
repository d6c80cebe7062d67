"""Whether a question that is answered by numbers or letters still asks what it asked in a version.

A hand-in of that version is judged by today's numbers only where they are the same. What each
version asked stands in ``bank/fingerprints.toml``; a version is added when it is published.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from bpcourse.questions.judging.posed import SEEDS, pose
from bpcourse.questions.question import Question

FIRST = "0.1"
FILE = Path(__file__).parents[1] / "bank" / "fingerprints.toml"


def fingerprint(question: Question, first_seed: int = 0) -> str:
    """A short text, the same while numbers, letters and what is right are the same.

    Of the numbers of ``first_seed`` and the tries after it.
    """
    whole = hashlib.sha256()
    for seed in range(first_seed, first_seed + SEEDS):
        posed = pose(question, seed)
        for name, value in posed.inputs.items():
            whole.update(f"{name}={_plain(value)!r};".encode())
        right = repr(_plain([posed.shown(posed.right), list(posed.labels.items())]))
        # A letter's number says only of which try it is; the first version did not write it.
        whole.update((re.sub(r"\d", "", right) if posed.labels else right).encode())
    return whole.hexdigest()[:16]


def changed(question: Question, version: str) -> bool:
    """Whether a question that is no code asks other numbers than in ``version``, or was not there.

    KeyError for a version that is not known.
    """
    asked = versions()[version]
    known = {asked.get(id) for id in question.ids}
    return not question.is_code and fingerprint(question) not in known


@cache
def versions() -> Mapping[str, Mapping[str, str]]:
    """{version: {question's id, as it is today: its fingerprint}}."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _plain(value: object) -> object:
    """``value`` as plain numbers, rounded where two machines may differ in the last digits."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, int | np.integer | bool | str) or value is None:
        return int(value) if isinstance(value, np.integer) else value
    if isinstance(value, float | np.floating):
        return f"{float(value):.9g}"
    return str(value) if not callable(value) else getattr(value, "__name__", "function")
