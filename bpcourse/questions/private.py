"""An instructor's own questions, in the form of the course's: ``bank.add`` loads them.

A folder holds ``*.py`` (``from bpcourse.questions.question import question``) and ``*.toml`` with
the texts ``question."midterm.first".task`` and ``misconception.NAME.hint``. The first part of the
ids is the notebook's name, unless the module says ``NOTEBOOK = "week_9"``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from runpy import run_path

from bpcourse import text as texts
from bpcourse.diagnosis import catalogue
from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.posed import pose
from bpcourse.questions.question import Question, all_or_none, registered
from bpcourse.text import text

ID = re.compile(r"[A-Za-z]\w*\.\w+")
STEM = re.compile(r"\w[\w-]*")


def load(folder: Path, taken: Mapping[str, str]) -> dict[str, str]:
    """Load the folder's questions; {first part of the ids: notebook's stem}.

    ``taken`` has those that are there. ValueError, and nothing is kept, for what cannot be used.
    """
    modules = sorted(folder.glob("*.py"))
    if not modules:
        raise ValueError(f"questions: expected a folder with questions (*.py), got {folder}")
    notebooks: dict[str, str] = {}
    with texts.all_or_none(), all_or_none():
        for path in sorted(folder.glob("*.toml")):
            texts.add(path)
        for path in modules:
            _load(path, {**taken, **notebooks}, notebooks)
    return notebooks


def _load(path: Path, taken: Mapping[str, str], notebooks: dict[str, str]) -> None:
    """Run one module, check its questions, and put its notebook into ``notebooks``."""
    there = {question.id for question in registered()}
    try:
        module = run_path(str(path))  # leaves nothing compiled behind that may go stale
    except Exception as error:  # whatever an instructor's module may raise
        raise ValueError(f"{path}: {type(error).__name__}: {error}") from error
    own = [question for question in registered() if question.id not in there]
    prefixes = {question.lesson for question in own}
    if len(prefixes) != 1:
        raise ValueError(f"{path}: expected questions of one notebook, got {sorted(prefixes)}")
    (prefix,) = prefixes
    stem = module.get("NOTEBOOK", prefix)
    if not isinstance(stem, str) or not STEM.fullmatch(stem):
        raise ValueError(f"{path}: NOTEBOOK: expected a file's name without .ipynb, got {stem!r}")
    if taken.get(prefix, stem) != stem or (prefix not in taken and stem in taken.values()):
        raise ValueError(f"{path}: expected a notebook of your own, got {prefix!r} in {stem!r}")
    answers = [question.answer for question in registered() if question.lesson == prefix]
    if len(set(answers)) < len(answers):
        raise ValueError(f"{path}: answer: expected a name for each question, got {answers}")
    for question in own:
        _check(path, question)
    notebooks[prefix] = stem


def _check(path: Path, question: Question) -> None:
    """Whether a question's id is of the usual form, and every text that it needs is there."""
    if not ID.fullmatch(question.id):
        raise ValueError(f"{path}: id: expected 'notebook.name', got {question.id!r}")
    known = catalogue.ids() | catalogue.former().keys()
    for name in question.misconceptions:
        if name not in known:
            raise ValueError(f"{path}: {question.id}: unknown misconception {name!r}")
    key = f"question.{question.id}"
    try:
        posed = None if question.is_code else pose(question)
        inputs = posed.inputs if posed else {}
        for part in ("task", *(posed.labels.values() if posed else ())):
            text(f"{key}.{part}", **inputs)
        slips = by_hand.slips(question, inputs) if posed else ()
        for name in (*question.misconceptions, *(n for names, _ in slips for n in names.split())):
            for part in ("hint", "cure"):
                text(f"misconception.{catalogue.canonical(name)}.{part}")
        for passed in by_hand.on_the_way(question, inputs) if posed else ():
            text(f"{key}.way_{passed}")
    except Exception as error:  # a text is missing, or the question fails on its own inputs
        raise ValueError(f"{path}: {question.id}: {type(error).__name__}: {error}") from error
