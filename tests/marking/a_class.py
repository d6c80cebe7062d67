"""A class that was never there: records of students of several kinds, drawn from the bank."""

from dataclasses import replace

import numpy as np

from bpcourse.marking.records import Record, Stopped
from bpcourse.questions.bank import NOTEBOOKS, all_questions
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text


def records(
    students=30, seed=0, lessons=("inventory_a", "chain_rule", "matrix_form", "inventory_b")
):
    """The records of ``students`` who did the exercises of ``lessons``, better and worse ones."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(students):
        ability = rng.uniform(0.2, 0.95)
        about = f"s{index:03}", f"Student {index:03}"
        for lesson in lessons:
            questions = [question for question in all_questions() if question.lesson == lesson]
            own = [_one(about, question, ability, rng) for question in questions]
            made.append(_whole(about, lesson, own, rng))
            made += own
    return made


def _one(about, question, ability, rng):
    of = float(question.points)
    made = Record(*about, NOTEBOOKS[question.lesson], question.id, "right", of, of, seconds=0.01)
    right = rng.random() < ability
    if question.recorded:
        posed = pose(question)
        name = rng.choice(list(posed.wrong))
        answer = posed.shown(posed.right if right else posed.wrong[name])
        return replace(made, state="recorded", answer=answer)
    if right:
        return made
    kind = rng.choice(["wrong", "wrong", "wrong", "failed", "not answered", "timeout"])
    made = replace(made, state=str(kind), points=0.0)
    if kind == "wrong" and rng.random() < 0.8:
        weights = 0.5 ** np.arange(len(question.misconceptions))
        name = str(rng.choice(question.misconceptions, p=weights / weights.sum()))
        hint = text(f"misconception.{name}.hint")
        seen = "\nGiven: dZ (4, 2), A (4, 3)\ndW yours: [[1., 2.]], right: [[2., 4.]]"
        made = replace(made, misconceptions=(name,), message=hint + seen)
    return made


def _whole(about, lesson, own, rng):
    points, of = sum(record.points for record in own), sum(record.of for record in own)
    stem = NOTEBOOKS[lesson]
    made = Record(*about, stem, None, "graded", points, of, seconds=0.06, file=f"{stem}.ipynb")
    if rng.random() >= 0.1:
        return made
    cells = (Stopped(7, "NameError: name 'x' is not defined"),)
    return replace(made, state="partly graded", message=text("grade.partly"), cells=cells)
