"""What the records of a class say together: plain numbers, for the report."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from bpcourse.marking.records import Record
from bpcourse.questions.bank.inventory import CONCEPTS, FORMS
from bpcourse.questions.gains import is_right

ANSWERED = ("right", "wrong", "failed", "timeout", "crashed")
FEWEST = 10  # students from which on it is asked whether a question tells them apart
WEAK = 0.15  # a correlation with the rest of the marks that is as good as none


def scores(records: Iterable[Record]) -> dict[str, float]:
    """{student: share of the points, 0 to 1} over all that was marked."""
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for record in records:
        if record.question is None:
            totals[record.student][0] += record.points
            totals[record.student][1] += record.of
    return {student: points / of if of else 0.0 for student, (points, of) in totals.items()}


def distribution(shares: Iterable[float]) -> list[int]:
    """How many of the shares lie in each tenth: ten counts."""
    counts: list[int] = np.histogram(list(shares), bins=10, range=(0, 1))[0].tolist()
    return counts


def heat_maps(records: Iterable[Record]) -> dict[str, tuple[list[str], dict[str, list[float]]]]:
    """{notebook: (questions, {misconception: [share of those who answered, …]})}, where any is."""
    answered: Counter[str] = Counter()
    shown: Counter[tuple[str, str]] = Counter()
    by_notebook: dict[str, dict[str, None]] = defaultdict(dict)  # in the order of meeting
    columns: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.question:
            answered[record.question] += record.state in ANSWERED
            for name in record.misconceptions:
                shown[record.question, name] += 1
                by_notebook[record.notebook].setdefault(name)
                columns[record.notebook].add(record.question)
    maps = {}
    for notebook in sorted(by_notebook):
        names = by_notebook[notebook]
        questions = [question for question in answered if question in columns[notebook]]
        rows = {n: [shown[q, n] / answered[q] for q in questions] for n in names}
        order = sorted(rows, key=lambda name: -sum(rows[name]))
        maps[notebook] = (questions, {name: rows[name] for name in order})
    return maps


def commonest(records: Iterable[Record], count: int = 5) -> list[tuple[str, int, list[str]]]:
    """[(misconception, number of students, questions)], those of most students first."""
    students: dict[str, set[str]] = defaultdict(set)
    questions: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.question:
            for name in record.misconceptions:
                students[name].add(record.student)
                questions[name].add(record.question)
    order = sorted(students, key=lambda name: (-len(students[name]), name))[:count]
    return [(name, len(students[name]), sorted(questions[name])) for name in order]


def separating_nobody(records: Iterable[Record]) -> list[tuple[str, str, float, float]]:
    """[(question, why, share right, correlation)] of the questions that tell little of anybody.

    Everybody or nobody has them right ("all", "none_right"); or being right hardly goes with the
    rest of the marks ("weak": a low point-biserial correlation).
    """
    right: dict[str, dict[str, bool]] = defaultdict(dict)
    points: dict[str, dict[str, float]] = defaultdict(dict)
    for record in records:
        if record.question and record.state not in ("recorded", "open"):
            right[record.question][record.student] = record.state == "right"
            points[record.student][record.question] = record.points
    found = []
    for question, answers in right.items():
        share = sum(answers.values()) / len(answers)
        if len(answers) < 2:
            continue
        if share in (0, 1):
            found.append((question, "all" if share else "none_right", share, 0.0))
        elif len(answers) >= FEWEST:
            rest = [sum(points[s].values()) - points[s][question] for s in answers]
            correlation = _correlation(list(answers.values()), rest)
            if correlation is not None and correlation < WEAK:
                found.append((question, "weak", share, correlation))
    return found


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    a, b = np.asarray(first, float), np.asarray(second, float)
    spread = a.std() * b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-12 else None


def notebooks(records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """For each notebook: how many in each state, share of the points, usual and longest seconds."""
    own: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.question is None:
            own[record.notebook].append(record)
    for notebook in sorted(own):
        seconds = [record.seconds for record in own[notebook]]
        of = sum(record.of for record in own[notebook])
        yield {
            "notebook": notebook,
            "states": Counter(record.state for record in own[notebook]),
            "points": sum(record.points for record in own[notebook]) / of if of else None,
            "usual": float(np.median(seconds)),
            "slowest": max(seconds),
        }


def gains(records: Iterable[Record]) -> list[tuple[str, int, float, float]]:
    """[(concept, students, share right before, after)] of those who took both forms."""
    answers: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for record in records:
        if record.question and record.state == "recorded":
            form, _, concept = record.question.partition(".")
            answers[record.student, concept][form] = record.answer or ""
    before: dict[str, list[bool]] = defaultdict(list)
    after: dict[str, list[bool]] = defaultdict(list)
    for (_, concept), given in answers.items():
        if all(form in given for form in FORMS):
            before[concept].append(is_right(FORMS[0], concept, given[FORMS[0]]))
            after[concept].append(is_right(FORMS[1], concept, given[FORMS[1]]))
    return [
        (concept, len(right), sum(right) / len(right), sum(after[concept]) / len(right))
        for concept in CONCEPTS
        if (right := before[concept])
    ]
