"""How long ``check`` takes for each question: a right answer, each known mistake, an unknown one.

A student should be told at once: the aim is 300 ms for every question. The unknown mistake is the
longest way, since all pairs of misconceptions are tried before it is called unknown.
"""

import time

from benchmarks import _timing
from bpcourse.questions import all_questions
from bpcourse.questions.checking import judge
from bpcourse.questions.judging.posed import pose

AIM = 300  # ms


def spent(question, answer, rounds=3):
    """Milliseconds for a verdict on ``answer``: the shortest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        judge(question, answer)
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def answers(question):
    """{what it is: [answers]} to try on a question."""
    if not question.is_code:
        posed = pose(question)
        known = [posed.shown(wrong) for wrong in posed.wrong.values()]
        return {"right": [posed.shown(posed.right)], "known": known, "unknown": ["nothing"]}
    known = [question.reference(name) for name in question.misconceptions]
    unknown = type("Unknown", (), {}) if question.kind == "class" else lambda *inputs: "nothing"
    return {"right": [question.reference()], "known": known, "unknown": [unknown]}


def main(shown=8):
    _timing.pin()
    rows = []
    for question in all_questions():
        times = [max(spent(question, a) for a in group) for group in answers(question).values()]
        rows.append((question.id, *times))
    rows.sort(key=lambda row: -max(row[1:]))
    slow = sum(max(row[1:]) > AIM for row in rows)
    print(f"check, ms: the {shown} slowest of {len(rows)} questions; {slow} take over {AIM} ms")
    _timing.table(
        ["question", "right", "known mistake", "unknown mistake"],
        [[name, *(f"{t:.1f}" for t in times)] for name, *times in rows[:shown]],
    )


if __name__ == "__main__":
    main()
