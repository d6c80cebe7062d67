"""course.toml and the roster: what they settle, who a file belongs to, and what is refused."""

import re
from pathlib import Path

import pytest

from bpcourse.marking.course import Course, Student
from bpcourse.questions.bank import find

BACKWARD = "matrix_form.linear_backward"
ROSTER = 'id,name,email,seed\nana,Ana Ruiz,Ana@uni.example,70\nbo,"Lindqvist, Bo",,\n'


@pytest.fixture
def load(tmp_path):
    def make(settings="", roster=ROSTER, encoding="utf-8"):
        (tmp_path / "roster.csv").write_bytes(roster.encode(encoding))
        (tmp_path / "course.toml").write_text(settings, encoding="utf-8")
        return Course.load(tmp_path / "course.toml")

    return make


def test_without_a_file_everything_is_as_by_default():
    course = Course.load()
    assert course == Course() and course.feedback == "full" and course.students == {}
    assert course.points(find(BACKWARD)) == find(BACKWARD).points == 3
    assert course.student("ana") == Student("ana", "", "", 0)
    assert course.credit(["batch_mean_missing"]) == 0


def test_what_the_file_says_holds(load):
    course = load(
        'name = "Spring"\nroster = "roster.csv"\nfeedback = "where"\nanonymous = false\n'
        'lessons = "https://uni.example/{lesson}.html"\n'
        f'[points]\n"{BACKWARD}" = 10\n[credit]\nbatch_mean_missing = 0.7\nsign_flipped = 0.5\n'
        '[export.moodle]\n"Email address" = "email"\nGrade = "total"\n'
    )
    assert (course.name, course.feedback, course.anonymous) == ("Spring", "where", False)
    assert course.students["ana"] == Student("ana", "Ana Ruiz", "Ana@uni.example", 70)
    assert course.students["bo"] == Student("bo", "Lindqvist, Bo", "", 0)
    assert course.lessons == "https://uni.example/{lesson}.html"
    assert course.points(find(BACKWARD)) == 10
    assert course.points(find("matrix_form.outer_product")) == 2
    assert course.export == {"moodle": {"Email address": "email", "Grade": "total"}}


@pytest.mark.parametrize(
    "shown, share",
    [
        (["batch_mean_missing"], 0.7),
        (["sign_flipped", "batch_mean_missing"], 0.5),
        (["batch_mean_missing", "factor_two_extra"], 0),
        ([], 0),
    ],
)
def test_credit_is_the_smallest_share_and_only_where_each_has_one(load, shown, share):
    course = load("[credit]\nbatch_mean_missing = 0.7\nsign_flipped = 0.5\n")
    assert course.credit(shown) == share


@pytest.mark.parametrize(
    "key, id",
    [
        ("ana", "ana"),
        ("ana@UNI.example", "ana"),
        ("Ana Ruiz", "ana"),
        ("Ana Ruiz_123456_assignsubmission_file_", "ana"),  # Moodle
        ("Ana Ruiz_123456_assignsubmission_file_11_matrix_form.ipynb", "ana"),
        ("ruizana", "ana"),  # Canvas
        ("ruizana_1234_5678_11_matrix_form.ipynb", "ana"),
        ("ruizana_LATE_1234_5678_11_matrix_form.ipynb", "ana"),
        ("Bo Lindqvist", "bo"),
        ("lindqvistbo_1_2_x.ipynb", "bo"),
    ],
)
def test_a_student_is_known_by_id_email_and_file_name(load, key, id):
    assert load('roster = "roster.csv"').student(key).id == id


@pytest.mark.parametrize("key", ["", "nobody", "anaruizb", "Ruiz", "_1_assignsubmission_file_"])
def test_a_key_of_nobody_stays_as_it_is(load, key):
    assert load('roster = "roster.csv"').student(key) == Student(key)


def test_a_name_that_two_students_have_is_nobodys(load):
    course = load('roster = "roster.csv"', "id,name\na1,Ana Ruiz\na2,Ruiz Ana\n")
    assert course.student("Ana Ruiz") == Student("Ana Ruiz")
    assert course.student("a2").name == "Ruiz Ana"


@pytest.mark.parametrize(
    "roster",
    [
        '\ufeffID;Name;Email\r\nana;"Ruiz; Ana";a@b\r\n;;\r\n',  # as Excel writes it
        "name\tgroup\tid\nRuiz; Ana\t3\tana\n\n",
    ],
)
def test_a_roster_may_come_from_a_spreadsheet(load, roster):
    students = load('roster = "roster.csv"', roster).students
    assert list(students) == ["ana"] and students["ana"].name == "Ruiz; Ana"


def test_an_accent_is_the_same_letter_however_it_is_written(load):
    course = load('roster = "roster.csv"', "id,name\nz,Zoe\u0308 O'Neil\n")
    assert course.student("o'neilzo\u00eb").id == "z"


BAD = [
    ("feedbak = 1", ["course.toml", "feedbak", "one of name, roster"]),
    ('feedback = "all"', ["feedback", "none, where, full", "'all'"]),
    ("feedback = []", ["feedback", "none, where, full", r"\[\]"]),
    ("open_points = -1", ["open_points", "0 or more", "-1"]),
    ("open_points = true", ["open_points", "a number", "True"]),
    ("name = 3", ["name", "a text", "3"]),
    ('anonymous = "yes"', ["anonymous", "true or false", "'yes'"]),
    ("points = 3", ["points", "a table", "3"]),
    ('lessons = "lectures/{lesson}.ipynb"', ["lessons", "http", "'lectures/{lesson}.ipynb'"]),
    ('lessons = "https://uni.example"', ["lessons", r"{lesson} in it", "'https://uni.example'"]),
    ("lessons = 1", ["lessons", "an address", "1"]),
    ('[points]\n"matrix_form.nothing" = 3', ["points", "a question", "'matrix_form.nothing'"]),
    ("[points]\nmatrix_form.linear_backward = 3", ["points", "quoted", "'matrix_form'"]),
    (f'[points]\n"{BACKWARD}" = -1', ["points", BACKWARD, "0 or more", "-1"]),
    (f'[points]\n"{BACKWARD}" = nan', [BACKWARD, "0 or more", "nan"]),
    (f'[points]\n"{BACKWARD}" = inf', [BACKWARD, "0 or more", "inf"]),
    (f'[points]\n"{BACKWARD}" = true', [BACKWARD, "0 or more", "True"]),
    ("[credit]\nsing_flipped = 0.5", ["credit", "a misconception", "'sing_flipped'"]),
    ("[credit]\nsign_flipped = 70", ["credit", "sign_flipped", "from 0 to 1", "70"]),
    ("[export]\nmoodle = 1", ["export.moodle", "column", "1"]),
    ("[export.moodle]\nGrade = 1", ["export.moodle", "Grade", "total", "nothing, got 1"]),
    ('[export.moodle]\nGrade = "points"', ["export.moodle", "Grade", "total", "'points'"]),
    ('[export."../x"]\nGrade = "total"', ["export", "a file.*got '../x'"]),
    ('[export.grades]\nGrade = "total"', ["export", "but grades, got 'grades'"]),
    ("name = ", ["course.toml", "TOML"]),
    ('roster = "class.csv"', ["class.csv", "CSV", "No such file"]),
    ("roster = 1", ["roster", "name of a file", "1"]),
]


@pytest.mark.parametrize("settings, said", BAD, ids=[settings for settings, _ in BAD])
def test_a_course_that_cannot_be_is_refused(load, settings, said):
    with pytest.raises(ValueError, match="(?s)" + ".*".join(said)):
        load(settings)


@pytest.mark.parametrize(
    "roster, said",
    [
        ("", "line 1: expected a column id"),
        ("student,name\na,b\n", "line 1: expected a column id, got .'student', 'name'"),
        ("id\na\n", "line 1: expected a column name"),
        ("id,name\na,Ana\na,Bo\n", "line 3, id: .*nobody else has, got 'a'"),
        ("id,name\n,Ana\n", "line 2, id: .*got ''"),
        ("id,name\n../a,Ana\n", r"line 2, id: .*got '\.\./a'"),
        ("id,name\na,Ruiz, Ana\n", "line 2: expected 2 cells"),
        ("id,name,seed\na,Ana,-1\n", "line 2, seed: expected a multiple of 10, got '-1'"),
        ("id,name,seed\na,Ana,7\n", "line 2, seed: expected a multiple of 10, got '7'"),
        ("id,name,email\na,Ana,a@b\nb,Bo,A@B\n", "line 3, email: .*got 'A@B'"),
        ('id,name\na,"Ana\n', "roster.csv: roster: expected a CSV file"),
    ],
)
def test_a_roster_that_cannot_be_is_refused(load, roster, said):
    with pytest.raises(ValueError, match=f"roster.csv: {said.removeprefix('roster.csv: ')}"):
        load('roster = "roster.csv"', roster)


def test_a_missing_course_is_refused(tmp_path):
    with pytest.raises(ValueError, match="other.toml.*No such file"):
        Course.load(tmp_path / "other.toml")


def test_the_documentations_example_is_a_course(load):
    page = (Path(__file__).parents[2] / "docs/instructors/class.md").read_text("utf-8")
    roster, settings = (
        re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("text", "toml")
    )
    course = load(settings, roster)
    assert list(course.students) == ["ana", "bo"]
    assert course.student("lindqvistbo_1_2_x.ipynb").email == "bo@uni.example"
    assert course.points(find(BACKWARD)) == 5 and course.credit(["sign_flipped"]) == 0.5
    assert course.export["moodle"]["Exercises 11"] == "11_matrix_form"
