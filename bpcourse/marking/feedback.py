"""A student's page: every question, its points, and what there is to learn from the answer."""

from bpcourse.marking.pages import cure, link, place, render
from bpcourse.text import text

UNMARKED = ("not a notebook", "not gradable")


def page(student, records, course):
    """The page as HTML, from the student's ``records``.

    ``course.feedback`` says how much: "full" with the misconception, its hint and the smallest
    failing example, "where" which questions are right, "none" the points alone.
    """
    own = [record for record in records if record["question"] is None]
    notebooks = [_notebook(one, records, course) for one in own]
    return render(
        "feedback",
        title=text("feedback.title", name=student.name or student.id),
        points=sum(one["points"] for one in own),
        of=sum(one["of"] for one in own),
        notebooks=sorted(notebooks, key=lambda one: one["own"]["notebook"]),
        says={"none": "", "where": "where", "full": "full"}[course.feedback],
    )


def _notebook(own, records, course):
    marked = own["state"] not in UNMARKED  # or the questions are of a later file
    questions = [
        r for r in records if r["question"] and r["notebook"] == own["notebook"] and marked
    ]
    return {
        "own": own,
        "questions": [record | _told(record, course) for record in questions],
        "recorded": sum(record["state"] == "recorded" for record in questions),
    }


def _told(record, course):
    """What is said of an answer: hints, what was seen, and where to read again."""
    lines = record["message"].split("\n")
    names = record["misconceptions"] or [
        ""
    ]  # the hint of each stands on a line, then what was seen
    return {
        "said": list(zip(names, lines, strict=False)),
        "seen": "\n".join(lines[len(names) :]),
        "cures": cures(record, course),
    }


def cures(record, course):
    """[(section to read again, its notebook, its address or "")] of what is named, each once."""
    places = (
        (place(name), f"lectures/{cure(name)[0]}.ipynb", link(name, course))
        for name in record["misconceptions"]
    )
    return list(dict.fromkeys(places))
