"""A class that was never there: records of students of several kinds, drawn from the bank."""

import numpy as np

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
        about = {"student": f"s{index:03}", "name": f"Student {index:03}"}
        for lesson in lessons:
            questions = [question for question in all_questions() if question.lesson == lesson]
            own = [about | _one(question, ability, rng) for question in questions]
            made.append(about | _whole(lesson, own, rng))
            made += own
    return made


def _one(question, ability, rng):
    record = {
        "notebook": NOTEBOOKS[question.lesson],
        "question": question.id,
        "of": float(question.points),
        "misconceptions": [],
        "message": "",
        "seconds": 0.01,
        "override": "",
    }
    right = rng.random() < ability
    if question.recorded:
        posed = pose(question)
        name = rng.choice(list(posed.wrong))
        answer = posed.shown(posed.right if right else posed.wrong[name])
        return record | {"state": "recorded", "points": record["of"], "answer": answer}
    if right:
        return record | {"state": "right", "points": record["of"]}
    kind = rng.choice(["wrong", "wrong", "wrong", "failed", "not answered", "timeout"])
    record |= {"state": str(kind), "points": 0.0}
    if kind == "wrong" and rng.random() < 0.8:
        weights = 0.5 ** np.arange(len(question.misconceptions))
        name = str(rng.choice(question.misconceptions, p=weights / weights.sum()))
        hint = text(f"misconception.{name}.hint")
        seen = "\nGiven: dZ (4, 2), A (4, 3)\ndW yours: [[1., 2.]], right: [[2., 4.]]"
        record |= {"misconceptions": [name], "message": hint + seen}
    return record


def _whole(lesson, own, rng):
    odd = rng.random() < 0.1
    return {
        "notebook": NOTEBOOKS[lesson],
        "question": None,
        "file": f"{NOTEBOOKS[lesson]}.ipynb",
        "state": "partly graded" if odd else "graded",
        "message": text("grade.partly") if odd else "",
        "cells": [{"cell": 7, "message": "NameError: name 'x' is not defined"}] if odd else [],
        "points": sum(record["points"] for record in own),
        "of": sum(record["of"] for record in own),
        "seconds": 0.06,
    }
