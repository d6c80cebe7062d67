"""A student's page: every question, its points, and what there is to learn from the answer."""

from bpcourse.marking.pages import cure, place, render
from bpcourse.text import text


def page(student, records, course):
    """The page as HTML, from the student's ``records``.

    ``course.feedback`` says how much: "full" with the misconception, its hint and the smallest
    failing example, "where" which questions are right, "none" the points alone.
    """
    own = [record for record in records if record["question"] is None]
    notebooks = [_notebook(one, records) for one in own]
    return render(
        "feedback",
        title=text("feedback.title", name=student.name or student.id),
        points=sum(one["points"] for one in own),
        of=sum(one["of"] for one in own),
        notebooks=sorted(notebooks, key=lambda one: one["own"]["notebook"]),
        says={"none": "", "where": "where", "full": "full"}[course.feedback],
    )


def _notebook(own, records):
    questions = [r for r in records if r["question"] and r["notebook"] == own["notebook"]]
    return {
        "own": own,
        "questions": [record | {"cures": cures(record)} for record in questions],
        "recorded": sum(record["state"] == "recorded" for record in questions),
    }


def cures(record):
    """[(section of a lesson to read again, its notebook)] for the misconceptions that are named."""
    places = ((place(name), f"lectures/{cure(name)[0]}.ipynb") for name in record["misconceptions"])
    return list(dict.fromkeys(places))
