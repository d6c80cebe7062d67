"""The questions of the course, one module a lesson, in the order of the lessons."""

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from bpcourse.questions import private
from bpcourse.questions.question import Question, registered
from bpcourse.text import text

INVENTORY = {"inventory_a": "00_before_you_start", "inventory_b": "16_what_you_know_now"}
LESSONS = {  # the module, and the first part of its questions' ids: the stem of the lesson
    "feedforward_network": "01_feedforward_network",
    "outputs_and_losses": "02_outputs_and_losses",
    "gradient_descent": "03_gradient_descent",
    "chain_rule": "04_chain_rule",
    "flow_graphs": "05_flow_graphs",
    "activations": "06_activations",
    "one_weight_at_a_time": "07_one_weight_at_a_time",
    "error_signals": "08_error_signals",
    "vectors_and_jacobians": "09_vectors_and_jacobians",
    "softmax_cross_entropy": "10_softmax_cross_entropy",
    "matrix_form": "11_matrix_form",
    "cost_of_backprop": "12_cost_of_backprop",
    "gradient_checking": "13_gradient_checking",
    "training": "14_training",
    "to_autodiff": "15_to_autodiff",
    "scores_and_margin": "20_scores_and_margin",
    "starting_well": "21_starting_well",
    "counting": "22_counting",
    "stable_softmax": "23_stable_softmax",
}
_HERE = Path(__file__).parent
LESSONS = {name: stem for name, stem in LESSONS.items() if (_HERE / f"{name}.py").exists()}
NOTEBOOKS = {  # of exercises: the concept inventory stands before the lessons and after them
    "inventory_a": INVENTORY["inventory_a"],
    **LESSONS,
    "inventory_b": INVENTORY["inventory_b"],
}


_folders: set[Path] = set()


@lru_cache
def all_questions() -> tuple[Question, ...]:
    """Every :class:`Question`, in course order."""
    for name in (*LESSONS, "inventory"):
        import_module(f"bpcourse.questions.bank.{name}")
    return tuple(
        question for name in NOTEBOOKS for question in registered() if question.lesson == name
    )


def find(id: str) -> Question:
    """The question called ``id``, now or formerly.

    KeyError, with names that are near, for one that is not there.
    """
    from difflib import get_close_matches

    questions = {old: question for question in all_questions() for old in question.formerly}
    questions |= {question.id: question for question in all_questions()}
    if id not in questions:
        near = ", ".join(get_close_matches(str(id), questions, n=3)) or ", ".join(LESSONS)
        raise KeyError(text("check.no_question", id=id, near=near))
    return questions[id]


def handed_out(notebook: str) -> tuple[Question, ...]:
    """The questions that the notebook of that stem had in version 0.1, under their names of today.

    ``answer`` is the name that such a notebook answers by. Empty for a notebook that was not there.
    """
    data = tomllib.loads((_HERE / "version_0_1.toml").read_text(encoding="utf-8"))
    return tuple(replace(find(id), answer=name) for id, name in data.get(notebook, {}).items())


def of_notebook(notebook: str, mentioned: set[str]) -> tuple[tuple[Question, ...], bool]:
    """The questions of a notebook that was handed in, and whether it is of an earlier version.

    It is one if it asks, by the ids ``mentioned`` in it, for a question that has gone elsewhere
    since, or for none of those that have come since.
    """
    now = tuple(one for one in all_questions() if NOTEBOOKS[one.lesson] == notebook)
    then = handed_out(notebook)
    ids, old = {one.id for one in now}, {one.id for one in then}
    asked = {one.id for one in (*now, *then) if mentioned.intersection(one.ids)}
    earlier = bool(asked & (old - ids)) or bool(asked & old and ids - old and not asked - old)
    return (then, True) if earlier else (now, False)


def not_here(notebook: str, mentioned: Iterable[str]) -> list[str]:
    """Of the ids ``mentioned`` in a notebook those that are of its lesson, and of no question."""
    known = {id for one in all_questions() for id in one.ids}
    lessons = {lesson for lesson, stem in NOTEBOOKS.items() if stem == notebook}
    return sorted({id for id in mentioned if id.partition(".")[0] in lessons} - known)


def folders() -> set[Path]:
    """Those of an instructor's own questions that have been added."""
    return set(_folders)


def add(folder: str | Path) -> None:
    """Add an instructor's own questions: the ``*.py`` and ``*.toml`` of a folder.

    From then on they are in :func:`all_questions`, and their notebooks in NOTEBOOKS; a folder that
    has been added stays as it is. ValueError, and nothing added, for one that cannot be used.
    """
    folder = Path(folder).resolve()
    if folder not in _folders:
        all_questions()  # the course's come first, so that a clash is the newcomer's
        NOTEBOOKS.update(private.load(folder, NOTEBOOKS))
        _folders.add(folder)
        all_questions.cache_clear()
