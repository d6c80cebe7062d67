"""How long ``check`` takes of processor time: what students have answered, and what nobody knows.

A student should be told at once. Asked of wrong answers: half of them within 15 ms, 95 of a hundred
within 80, all within 300. Each is asked in a process of its own, as the first of its question, and
then again: the first computes what is kept for all others. The answers are those of
``tests/answers``, and one of each code question that no mistake explains, the longest way. A
question may be named by a regular expression.
"""

import os
import pickle
import re
import sys
import time
from functools import partial

import numpy as np

from benchmarks import _timing
from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.compare import as_numbers, is_nested
from tools.answering import read
from tools.slips import code_questions

ASKED = (15, 80, 300)  # ms: the median, 95 of a hundred, all


class Unknown:
    """An answer that is wrong in each of its numbers, by an amount of its own."""

    def __init__(self, question):
        self._right = question.reference()

    def __call__(self, *given):
        return _spoilt(self._right(*given))


def _spoilt(value):
    if is_nested(value):
        return type(value)(map(_spoilt, value))
    numbers = as_numbers(value)
    if numbers is None:
        return value
    places = np.arange(1, numbers.size + 1).reshape(numbers.shape)
    return 1.37 * numbers + 0.1 * np.sin(places) * (1 + np.abs(numbers))


def spent(question, make):
    """Milliseconds of processor time for the first check of an answer, and for one more."""
    here, there = os.pipe()
    if (child := os.fork()) == 0:
        answer, times = make(), []
        for _ in range(2):
            begin = time.process_time()
            judge(question, answer)
            times.append(1e3 * (time.process_time() - begin))
        os.write(there, pickle.dumps(times))
        os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as sent:
        times = pickle.load(sent)  # noqa: S301, of our own fork
    os.waitpid(child, 0)
    return times


def main(arguments=(), shown=8):
    only = arguments[0] if arguments else ""
    _timing.pin()
    answers = [one for one in read() if re.search(only, one.question)]
    groups = {
        "right": [(one.question, one.what, one.given) for one in answers if not one.mistakes],
        "wrong": [(one.question, one.what, one.given) for one in answers if one.mistakes],
        "unknown": [
            (question.id, "each number wrong", partial(Unknown, question))
            for question in code_questions()
            if question.kind != "class" and re.search(only, question.id)
        ],
    }
    rows, slowest = [], []
    for name, group in groups.items():
        times = [(spent(find(id), make), id, what) for id, what, make in group]
        slowest += times
        for place, called in enumerate(("the first of its question", "asked again")):
            some = [one[place] for one, *_ in times] or [np.nan]
            marks = [*np.percentile(some, [50, 95]), max(some)]
            rows.append([f"{name}, {called}", len(group), *(f"{mark:.1f}" for mark in marks)])
    print("check, ms of processor time; asked: {} {} {}".format(*ASKED))
    _timing.table(["answers", "count", "median", "95 %", "longest"], rows)
    slowest.sort(reverse=True)
    named = [(f"{id}: {what[:40]}", times) for times, id, what in slowest[:shown]]
    _timing.table(
        ["the slowest", "first", "again"], [[name, *map("{:.0f}".format, t)] for name, t in named]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
