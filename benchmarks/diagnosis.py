"""What a check says of slips: every single one in the code of every solution, and pairs of them.

A slip that is taken for right must be right on 200 more inputs: "accepted" counts those that are
not. A name may still be a false one here, since nobody has read these answers; the judge of that is
``python -m tools.answering``. Options: ``--sample 10`` takes 10 slips of each question, ``--pairs``
says how many pairs, ``--seed`` draws others; questions may be named by a regular expression.
"""

import argparse
import difflib
import re
import time
from collections import Counter

import numpy as np

from benchmarks import _timing
from bpcourse.questions.checking import judge
from tools.answering import says_something
from tools.slips import code_questions, differs, program

COLUMNS = ("slips", "equal", "accepted", "named", "something", "useless")
SHOWN = 10  # questions with most useless messages
PAIRS = 20


def examine(question, sample, pairs, seed):
    """(outcome, slips, milliseconds) of each slip and pair that leaves an answer to be asked."""
    rng = np.random.default_rng(seed)
    solved = program(question)
    single = solved.slips()
    if 0 < sample < len(single):
        single = [single[i] for i in sorted(rng.choice(len(single), sample, replace=False))]
    for slips in [*((slip,) for slip in single), *solved.pairs(rng, pairs)]:
        try:
            answer = solved.answer(question.answer, *slips)
        except Exception:  # the cell itself stops: there is nothing to check
            continue
        begin = time.thread_time()
        result = judge(question, answer)
        spent = 1e3 * (time.thread_time() - begin)
        yield _outcome(question, answer, result), slips, spent


def _outcome(question, answer, result):
    if result.status == "right":
        return "accepted" if differs(question, answer) else "equal"
    if result.misconceptions:
        return "named"
    return "something" if says_something(result.message) else "useless"


def change(solved, slips):
    """The lines that slips have changed, as a difference shows them."""
    sources = solved.source().splitlines(), solved.source(*slips).splitlines()
    lines = list(difflib.unified_diff(*sources, lineterm="", n=0))[2:]
    return [line for line in lines if not line.startswith("@@")]


def main(arguments=()):
    parser = argparse.ArgumentParser(prog="python -m benchmarks diagnosis", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="a regular expression")
    parser.add_argument("--sample", type=int, default=0, help="slips a question; 0: all of them")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs a question")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="list what is useless, too")
    options = parser.parse_args(arguments)
    _timing.pin()
    rows, times, listed = [], [], []
    for question in code_questions():
        if not re.search(options.only, question.id):
            continue
        counts: Counter[str] = Counter()
        for outcome, slips, spent in examine(question, options.sample, options.pairs, options.seed):
            counts["slips"] += 1
            counts[outcome] += 1
            times.append((spent, question.id))
            if outcome == "accepted" or (options.show and outcome == "useless"):
                listed.append((outcome, question.id, change(program(question), slips)))
        rows.append((question.id, *(counts[name] for name in COLUMNS)))
    for outcome, name, lines in listed:
        print(f"{outcome}: {name}", *lines, sep="\n    ")
    rows.sort(key=lambda row: -row[-1])
    whole = ["together", *(sum(column) for column in list(zip(*rows, strict=True))[1:])]
    print(f"slips: the {SHOWN} questions of {len(rows)} with most useless messages")
    _timing.table(["question", *COLUMNS], [*rows[:SHOWN], whole])
    spent, slowest = zip(*sorted(times), strict=True)
    median, most = np.percentile(spent, [50, 95])
    print(f"a check, ms of processor time: median {median:.1f}, 95 % below {most:.1f}, ", end="")
    print(f"longest {spent[-1]:.1f} ({slowest[-1]})")
