"""The report on a class: what it can do, what it misunderstood, and what to teach again."""

from collections import Counter

from bpcourse.marking import statistics
from bpcourse.marking.pages import render
from bpcourse.text import text


def page(records, course):
    """The page as HTML, from all ``records``; nobody is named where ``course.anonymous``."""
    records = list(records)
    own = [record for record in records if record["question"] is None]
    shares = statistics.scores(records)
    counts = statistics.distribution(shares.values())
    gains = statistics.gains(records)
    return render(
        "report",
        title=course.name or text("report.title"),
        students=len(shares),
        notebooks=len(own),
        states=sorted(Counter(record["state"] for record in own).items()),
        mean=sum(shares.values()) / len(shares) if shares else 0.0,
        bars=[
            (f"{10 * i}–{10 * i + 10} %", n, n / max(counts))
            for i, n in enumerate(counts)
            if any(counts)
        ],
        commonest=statistics.commonest(records),
        maps=statistics.heat_maps(records),
        nobody=statistics.separating_nobody(records),
        gains=[(*gain, _normalised(*gain[2:])) for gain in gains],
        seconds=sum(record["seconds"] for record in own),
        slowest=max((record["seconds"] for record in own), default=0.0),
        look=[record for record in own if record["state"] != "graded"],
        anonymous=course.anonymous,
    )


def _normalised(before, after):
    """What was gained of what there was to gain, or lost of what there was to lose (negative)."""
    if after == before:
        return 0.0
    return (after - before) / (1 - before if after > before else before)
