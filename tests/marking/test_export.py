"""Marks for Moodle and Canvas: the columns they read, and cells that start no formula."""

import csv
import io
import zipfile

import pytest

from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import Course
from bpcourse.marking.export import SYSTEMS, moodle_feedback, safe, tables, write_table
from bpcourse.questions.bank import all_questions

ROWS = [
    {"student": "ana", "name": "Ruiz, Ana", "email": "a@b", "total": 17.5, "of": 20.0},
    {"student": "=bo", "name": 'Bo "x"\nY', "email": "", "total": 0.0, "of": 20.0},
]
ROWS[0]["11_matrix_form"] = 17.5


def _read(data):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\ta", "\na", "＝1", "='a'!A1"])
def test_a_cell_that_would_start_a_formula_is_text(cell):
    assert safe(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell, said",
    [("a=b", "a=b"), ("", ""), (None, ""), (20.0, "20"), (17.5, "17.5"), (-1, "-1"), ("é", "é")],
)
def test_any_other_cell_is_as_it_was(cell, said):
    assert safe(cell) == said


@pytest.mark.parametrize("cell", ["a;=1+1", "a\t-1", 'b"; @x', "a|=cmd", "a\n=cmd|' /C calc'!A0"])
def test_a_cell_starts_no_formula_where_other_signs_part_the_cells(cell):
    inner = cell[cell.index(next(c for c in cell if c in "=-@")) :]
    assert safe(cell) == cell.replace(inner, "'" + inner)


def test_no_control_character_reaches_a_table():
    assert safe("a\x1b[31m\x07\u202eb\r") == "a\ufffd[31m\ufffd\ufffdb\ufffd"
    assert safe("a\u2028b\u2029c\x85d") == "a\ufffdb\ufffdc\ufffdd"  # they end lines too


def test_a_third_of_a_point_is_not_written_with_seventeen_digits():
    assert safe(1 / 3) == "0.3333333333"


def test_moodle():
    head, ana, bo = _read(tables(ROWS, Course())["moodle.csv"])
    assert head[:3] == ["Identifier", "Full name", "Email address"]
    assert dict(zip(head, ana, strict=True)) == {
        "Identifier": "ana",
        "Full name": "Ruiz, Ana",
        "Email address": "a@b",
        "Status": "",
        "Grade": "17.5",
        "Maximum Grade": "20",
    }
    assert bo[:2] == ["'=bo", 'Bo "x"\nY']


def test_canvas_has_a_row_of_what_can_be_had():
    head, possible, ana, bo = _read(tables(ROWS, Course())["canvas.csv"])
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert possible == ["    Points Possible", "", "", "", "", "20"]
    assert ana == ["Ruiz, Ana", "", "ana", "a@b", "", "17.5"]
    assert bo[-1] == "0"


def test_the_courses_own_maps_stand_in_their_place():
    columns = {
        "Student": "name",
        "Week 5 (4711)": "11_matrix_form",
        "-Week 6": "12_cost_of_backprop",
    }
    points = {"matrix_form.linear_backward": 10.0}  # in place of the bank's
    course = Course(own_points=points, export={"canvas": columns, "faculty": {"No": "student"}})
    made = tables(ROWS, course)
    assert set(made) == {*(f"{name}.csv" for name in SYSTEMS), "faculty.csv"}
    head, possible, ana, bo = _read(made["canvas.csv"])
    assert head == ["Student", "Week 5 (4711)", "'-Week 6"]
    eleven, twelve = (
        sum(points.get(one.id, one.points) for one in all_questions() if one.lesson == lesson)
        for lesson in ("matrix_form", "cost_of_backprop")
    )
    assert possible == ["    Points Possible", f"{eleven:g}", f"{twelve:g}"]
    assert ana == ["Ruiz, Ana", "17.5", ""] and bo[1:] == ["", ""]
    assert _read(made["faculty.csv"]) == [["No"], ["ana"], ["'=bo"]]


def test_a_class_without_marks_has_files_with_a_head():
    made = tables([], Course())
    assert len(_read(made["moodle.csv"])) == 1
    assert _read(made["canvas.csv"])[1][-1] == "0"


def test_moodles_feedback_is_a_zip_of_pages_by_name_and_number():
    pages = {("Ruiz/Ana", "12"): b"<p>ana</p>", ("D'Arcy O-B", "7"): b"<p>bo</p>"}
    with zipfile.ZipFile(io.BytesIO(moodle_feedback(pages))) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        assert entries == {
            "D'Arcy O-B_7_assignfeedback_file_feedback.html": b"<p>bo</p>",
            "Ruiz-Ana_12_assignfeedback_file_feedback.html": b"<p>ana</p>",
        }
        for entry in archive.infolist():  # whoever unpacks it can read the pages, and others too
            assert (entry.external_attr >> 16) & 0o777 == 0o644
            assert entry.compress_type == zipfile.ZIP_DEFLATED


@pytest.mark.parametrize("head", ["Identifier,Name,Grade", "ID-Nummer der Teilnahme,x,Bewertung"])
def test_moodles_own_worksheet_is_filled_in_where_there_is_a_mark(tmp_path, head):
    sheet = tmp_path / "sheet.csv"
    lines = [
        f"{head},Last",
        "Group 7 participant 41,=Ana,,a",
        "Participant 7,Bo,3,b",
        "nobody,Cy,,c",
    ]
    sheet.write_text("\n".join(lines), encoding="utf-8")
    rows = [
        {"moodle": "41", "total": 17.5, "of": 20.0, "student": "ana"},
        {"moodle": "7", "total": "EX", "of": 20.0, "student": "bo"},
        {"student": "zoe", "total": 1.0, "of": 20.0},
    ]
    assignment = Assignment("1", ("11",), worksheet=sheet)
    made = tables(rows, Course(), assignment)
    assert _read(made["moodle.csv"]) == [
        f"{head},Last".split(","),
        ["Group 7 participant 41", "'=Ana", "17.5", "a"],
        ["Participant 7", "Bo", "3", "b"],
        ["nobody", "Cy", "", "c"],
    ]
    own = tables(rows, Course(export={"moodle": {"No": "student"}}), assignment)
    assert _read(own["moodle.csv"])[0] == ["No"]


def test_a_table_of_ones_own_columns():
    made = write_table({"=No": "student", "Points": "total"}, [{"student": "a", "total": "EX"}])
    assert _read(made) == [["'=No", "Points"], ["a", "EX"]]


def test_an_excuse_is_a_word_for_canvas_alone():
    made = tables([{"student": "a", "total": "EX", "of": 20.0}], Course())
    assert _read(made["canvas.csv"])[-1][-1] == "EX" and _read(made["moodle.csv"])[-1][4] == ""
