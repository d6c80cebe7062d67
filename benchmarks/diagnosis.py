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
SHOWN = 10  # questions
PAIRS = 20


def examine(question, sample, pairs, seed):
    """(outcome, slips, milliseconds) of each slip and pair that leaves an answer to be asked.

    The first that is not right is asked twice, because a question's first check computes what is
    kept for all others.
    """
    rng = np.random.default_rng(seed)
    solved = program(question)
    single = solved.slips()
    if 0 < sample < len(single):
        single = [single[i] for i in sorted(rng.choice(len(single), sample, replace=False))]
    is_first = True
    for slips in [*((slip,) for slip in single), *solved.pairs(rng, pairs)]:
        try:
            answer = solved.answer(question.answer, *slips)
        except Exception:  # the cell itself stops: there is nothing to check
            continue
        result, spent = _timed(question, answer)
        if is_first and result.status == "wrong":
            yield "first", slips, spent
            is_first, (result, spent) = False, _timed(question, answer)
        yield _outcome(question, answer, result), slips, spent


def _timed(question, answer):
    begin = time.thread_time()
    return judge(question, answer), 1e3 * (time.thread_time() - begin)


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
    rows, times, listed = [], ([], []), []
    for question in code_questions():
        if not re.search(options.only, question.id):
            continue
        counts: Counter[str] = Counter()
        for outcome, slips, spent in examine(question, options.sample, options.pairs, options.seed):
            counts["slips"] += outcome != "first"
            counts[outcome] += 1
            times[outcome == "first"].append((spent, question.id))
            if outcome == "accepted" or (options.show and outcome == "useless"):
                listed.append((outcome, question.id, change(program(question), slips)))
        rows.append((question.id, *(counts[name] for name in COLUMNS)))
    for outcome, name, lines in listed:
        print(f"{outcome}: {name}", *lines, sep="\n    ")
    rows.sort(key=lambda row: (-row[-1], -row[-2]))
    whole = ["together", *(sum(column) for column in list(zip(*rows, strict=True))[1:])]
    print(f"slips: the {SHOWN} questions of {len(rows)} of which checks say least")
    _timing.table(["question", *COLUMNS], [*rows[:SHOWN], whole])
    for called, spent in zip(("a check", "a question's first check"), times, strict=True):
        median, most = np.percentile([one for one, _ in spent], [50, 95])
        longest, name = max(spent)
        print(
            f"{called}, ms of processor time: median {median:.1f}, 95 % below {most:.1f}, ", end=""
        )
        print(f"longest {longest:.1f} ({name})")
