"""A course of five weeks by the commands alone, as the instructor's guide says; no code is run.

A class of twelve with what classes have: somebody late, an extension, a broken file, two notebooks,
a stranger, somebody excused, work on paper, an answer in words, a bonus, a week that is dropped.
"""

import csv
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from bpcourse import cli
from bpcourse.marking import batch, in_words
from bpcourse.marking.by_hand import Page
from bpcourse.marking.course import Course
from bpcourse.marking.judge import Answered
from bpcourse.marking.results import Results
from bpcourse.questions.bank import of_notebook

from . import test_by_hand
from .test_layouts import laid, notebook, zipped

NAMES = ["Ana Ruiz", "Bo Lindqvist", "Chloé Dupont", "Dmitri Ivanov", "Eun-ji Kim"]
NAMES += ["Finn García-López", "Gül Öztürk", "Hà Nguyễn", "Íris O'Neil", "Jan de Vries"]
NAMES += ["Kai Müller", "Lea Müller"]
STUDENTS = {f"s{number:02}": name for number, name in enumerate(NAMES, start=1)}
COURSE = """
roster = "roster.csv"
open_points = 2
[late]
per_day = 0.1
[totals]
drop_lowest = 1
[assignment.w1]
lessons = ["03", "04"]
points = 20
[assignment.w2]
lessons = ["02"]
points = 20
due = 2026-05-11
extensions.s07 = 2026-05-14
[assignment.w3]
lessons = ["11"]
points = 20
due = 2026-05-18
handed_in.s01 = 2026-05-19T10:00:00
[assignment.w4]
lessons = ["12"]
points = 20
due = 2026-05-25
worksheet = "sheet.csv"
[assignment.w5]
lessons = ["06"]
points = 20
[assignment.extra]
lessons = ["15"]
points = 5
bonus = true
"""
DESCENT, CHAIN, MATRIX = "03_gradient_descent", "04_chain_rule", "11_matrix_form"
COST, ACTIVATIONS, AUTODIFF = "12_cost_of_backprop", "06_activations", "15_to_autodiff"
LOSSES = test_by_hand.STEM
WRONG = "# this one is wrong"


def judged(stem):
    """The points of a notebook's questions that are not answered in words."""
    return sum(one.points for one in of_notebook(stem, set())[0])


def of(stem):
    return judged(stem) + 2 * len(in_words.questions(stem))


@pytest.fixture
def folder(tmp_path, monkeypatch, unrun):
    """An empty folder with a roster and a course; answers are right where they are not WRONG."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch, "_processes", lambda jobs: ThreadPoolExecutor(1))
    monkeypatch.setattr("bpcourse.marking.grading.choose", lambda unsafe: "none")
    unrun(lambda code, one: Answered("wrong") if WRONG in code else Answered("right", share=1.0))
    rows = "".join(f"{name},{id},{id}@uni.example\n" for id, name in STUDENTS.items())
    (tmp_path / "roster.csv").write_text(f"Full name,ID number,Email address\n{rows}", "utf-8")
    (tmp_path / "course.toml").write_text(COURSE, "utf-8")
    head = "Identifier,Full name,ID number,Email address,Status,Grade\n"
    rows = [
        f"Participant {number(id)},{name},{id},,{status(id)},\n" for id, name in STUDENTS.items()
    ]
    (tmp_path / "sheet.csv").write_text(head + "".join(rows), "utf-8-sig")
    return tmp_path


def number(id):
    return 900 + int(id[1:])


def status(id):
    return "Submitted for grading - 1 day 3 hours late" if id == "s09" else "Submitted for grading"


def moodle(id, file, between="/"):
    return f"{STUDENTS[id]}_{number(id)}_assignsubmission_file{between}{file}"


def week_1():
    files = {
        moodle(id, f"{stem}.ipynb"): notebook(stem) for id in STUDENTS for stem in (DESCENT, CHAIN)
    }
    files[moodle("s02", f"{CHAIN}.ipynb")] = notebook(CHAIN, WRONG)
    files[moodle("s03", f"{CHAIN}.ipynb")] = b"{broken"
    files[moodle("s04", f"{DESCENT}-Copy1.ipynb")] = notebook(DESCENT, WRONG)
    del files[moodle("s05", f"{DESCENT}.ipynb")], files[moodle("s05", f"{CHAIN}.ipynb")]
    files[f"Nobody Known_999_assignsubmission_file/{CHAIN}.ipynb"] = notebook(CHAIN)
    return zipped(files)


def week_2():
    def name(id):
        folded = "".join(c for c in reversed(STUDENTS[id].split(" ", 1)) for c in c if c.isalpha())
        late = "LATE_" if id in ("s06", "s07") else ""
        return f"{folded.lower()}_{late}{number(id)}_5_{LOSSES}.ipynb"

    words = {"s08": "It rains or not."}
    return zipped(
        {name(id): test_by_hand.notebook(words.get(id, in_words.STUB)) for id in STUDENTS}
    )


def week_5():
    files = {f"hw/{name}/{ACTIVATIONS}.ipynb": notebook(ACTIVATIONS) for name in NAMES[:6]}
    inner = {f"course/exercises/{ACTIVATIONS}.ipynb": notebook(ACTIVATIONS)}
    files |= {f"hw/{name}/work.zip": zipped(inner) for name in NAMES[6:]}
    return zipped(files | {f"hw/{NAMES[10]}/{AUTODIFF}.ipynb": notebook(AUTODIFF)})


def grade(submissions, week, *options):
    command = ["grade", str(submissions), "--out", "results", "--course", "course.toml"]
    cli.main([*command, "--assignment", week, *options])


def table(name):
    with open(f"results/{name}.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    key = next(key for key in ("student", "SIS User ID", "ID number") if key in rows[0])
    return {row[key]: row for row in rows}


def totals(week):
    return {id: row["total"] for id, row in table(f"{week}/grades").items()}


def test_a_course_of_five_weeks(folder, capsys):
    cli.main(["release", "03", "04", "--out", "week_1.zip"])
    assert f"exercises/{CHAIN}.ipynb" in zipfile.ZipFile("week_1.zip").namelist()

    (folder / "1.zip").write_bytes(week_1())
    capsys.readouterr()
    grade("1.zip", "w1", "--dry-run")
    said = capsys.readouterr().out
    assert "To be marked: 23." in said and not (folder / "results").exists()
    assert "Nothing came from 1: Eun-ji Kim." in said and "Not certain whose: Nobody Known" in said
    assert "The file is no notebook" in said and "-Copy1.ipynb does not count" in said
    grade("1.zip", "w1")
    share = 20 / (of(DESCENT) + of(CHAIN))
    with open("results/w1/overrides.csv", "a", encoding="utf-8") as file:
        file.write(f"Chloé Dupont,04,{of(CHAIN)},on paper\ns05,,excused,ill\ns12,,+1,a question\n")
    grade("1.zip", "w1", "--resume")
    got = totals("w1")
    plain = share * (judged(DESCENT) + judged(CHAIN))  # without the answers in words
    assert float(got["s02"]) == pytest.approx(share * judged(DESCENT))
    assert float(got["s03"]) == pytest.approx(share * (judged(DESCENT) + of(CHAIN)))
    assert float(got["s12"]) == pytest.approx(plain + 1)  # of the 20 points
    assert got["s05"] == "EX"
    assert all(float(got[id]) == pytest.approx(plain) for id in ("s01", "s04", "s06", "s11"))
    feedback = (folder / "results/w1/feedback/s03.html").read_text("utf-8")
    assert "on paper" in feedback

    with open("results/w1/overrides.csv", "a", encoding="utf-8") as file:
        file.write("s01,,25,more than there is\n")
    with pytest.raises(SystemExit, match="1"):
        grade("1.zip", "w1", "--resume")
    assert "line 5: expected points from 0 to 20" in capsys.readouterr().err

    (folder / "2.zip").write_bytes(week_2())
    grade("2.zip", "w2")
    assert "nobody has read yet: 1." in capsys.readouterr().out
    course = Course.load("course.toml")
    page = Page(Results("results/w2"), course, course.assignments["w2"])
    sent = {
        "student": "s08",
        "question": test_by_hand.RAIN.id,
        "points": "2",
        "reason": "Well said.",
    }
    assert page.save(sent) == "Saved."
    page.write()
    got, plain = totals("w2"), 20 * judged(LOSSES) / of(LOSSES)
    assert got["s08"] == "20"
    assert float(got["s06"]) == pytest.approx(0.9 * plain)  # late, as Canvas says
    assert float(got["s07"]) == pytest.approx(plain)  # with an extension
    assert float(got["s01"]) == pytest.approx(plain)
    assert "Well said." in (folder / "results/w2/feedback/s08.html").read_text("utf-8")

    by_hand = {f"{id}_{MATRIX}.ipynb": notebook(MATRIX) for id in list(STUDENTS)[1:6]}
    by_hand |= {f"{name} {MATRIX} (1).ipynb": notebook(MATRIX) for name in NAMES[6:]}
    grade(laid(folder / "3", by_hand), "w3")
    assert "Nothing came from 1: Ana Ruiz." in capsys.readouterr().out
    (folder / "late.zip").write_bytes(zipped({f"Ana Ruiz/{MATRIX}.ipynb": notebook(MATRIX)}))
    grade("late.zip", "w3")  # alone, a day later
    got, plain = totals("w3"), 20 * judged(MATRIX) / of(MATRIX)
    assert float(got["s01"]) == pytest.approx(0.9 * plain)
    assert all(float(got[id]) == pytest.approx(plain) for id in list(STUDENTS)[1:])

    files = {moodle(id, f"{COST}.ipynb", "_"): notebook(COST) for id in STUDENTS if id != "s10"}
    (folder / "4.zip").write_bytes(zipped(files))
    grade("4.zip", "w4")
    got, plain = totals("w4"), 20 * judged(COST) / of(COST)
    assert float(got["s09"]) == pytest.approx(0.8 * plain)  # two days begun, as Moodle says
    assert got["s10"] == "0" and float(got["s01"]) == pytest.approx(plain)
    with open("results/w4/moodle.csv", newline="", encoding="utf-8-sig") as file:
        sheet = {row["ID number"]: row for row in csv.DictReader(file)}
    assert sheet["s09"]["Grade"] == got["s09"] and sheet["s09"]["Status"] == status("s09")
    with zipfile.ZipFile("results/w4/moodle_feedback.zip") as archive:
        assert f"{NAMES[0]}_901_assignfeedback_file_feedback.html" in archive.namelist()

    (folder / "hw (1).zip").write_bytes(week_5())
    grade("hw (1).zip", "w5")
    assert f"Not marked: hw/Kai Müller/{AUTODIFF}.ipynb" in capsys.readouterr().out
    grade("hw (1).zip", "extra")

    overrides = folder / "results/w1/overrides.csv"
    overrides.write_text(overrides.read_text("utf-8").rpartition("s01")[0], "utf-8")
    cli.main(["totals", "results", "--course", "course.toml"])
    assert "6 assignments together" in capsys.readouterr().out
    rows = table("totals")
    assert "Nobody Known (999)" in rows and "Nobody Known (999)" not in table("totals_canvas")
    weeks = ("w1", "w2", "w3", "w4", "w5")
    for id, row in rows.items():
        points = sorted(float(row[week]) for week in weeks if row[week] != "EX")
        assert float(row["total"]) == pytest.approx(sum(points[1:]) + float(row["extra"]), abs=1e-5)
        assert row["of"] == ("60" if id == "s05" else "80")
    assert float(rows["s11"]["extra"]) == pytest.approx(5 * judged(AUTODIFF) / of(AUTODIFF))
    assert rows["s10"]["dropped"] == "w4" and rows["s05"]["w1"] == "EX"
    assert table("totals_moodle")["s05"]["w1"] == ""

    cli.main(["alike", "results/w3"])
    assert (folder / "results/w3/alike.html").exists()
