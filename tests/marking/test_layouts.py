"""Whose a notebook is, and which one counts, in every layout in which platforms and people give it.

Each layout is that of the platform's own code: Moodle's *Download all submissions* with and without
folders, Canvas's zip of loose files, ILIAS's folders, nbgrader's tree.
"""

import io
import json
import os
import shutil
import stat
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse.marking import archives, cells
from bpcourse.marking.roster import Roster, Student
from bpcourse.marking.submissions import find

from .hostile import solved

ROOT = Path(__file__).resolve().parents[2]
STEM, OTHER = "12_cost_of_backprop", "11_matrix_form"
FILE = f"{STEM}.ipynb"
BOTH = {"ana": [STEM], "bo": [STEM]}
CLASS = Roster(
    {
        one.id: one
        for one in (
            Student("5002", "Ana Ruiz", "ana@uni.example", login="aruiz", canvas="4711"),
            Student("5003", "Bo Smith", "bo@uni.example", moodle="88"),
            Student("fgl", "Finn García-López"),
        )
    }
)


def notebook(stem=STEM, extra="", outputs=()):
    """The bytes of a notebook that checks that lesson's questions."""
    lesson = stem.partition("_")[2]
    source = [f'check("{lesson}.one", x)\n', extra]
    code = {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code]}
    ).encode()


def zipped(files, **how):
    """The bytes of a zip of {name: bytes or None}; None is a whole notebook.

    Each file has the oldest date a zip can write, and not that of today: the same bytes always.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **how) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, notebook() if data is None else data, archive.compression)
    return buffer.getvalue()


def laid(root, files):
    """A folder of {name: bytes or None}."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook() if data is None else data)
    return root


def found(path, roster=None):
    """{student: [lesson, …]}."""
    students = {}
    for one in find(path, roster):
        students.setdefault(one.student, []).append(one.notebook)
    return students


def names(*of):
    return dict.fromkeys(of)


LAYOUTS = {
    "Moodle, folders": (
        names(
            f"Ana Ruiz_77_assignsubmission_file/{FILE}", f"Bo Smith_88_assignsubmission_file/{FILE}"
        ),
        {"77": [STEM], "88": [STEM]},
    ),
    "Moodle before 4.1": (
        names(
            f"Ana Ruiz_77_assignsubmission_file_/{FILE}",
            "Bo Smith_88_assignsubmission_file_/a/b.ipynb",
        ),
        {"77": [STEM], "88": [STEM]},
    ),
    "Moodle, flat": (
        names(
            f"Ana Ruiz_77_assignsubmission_file_{FILE}",
            "Bo Smith_88_assignsubmission_file_my.ipynb",
        ),
        {"77": [STEM], "88": [STEM]},
    ),
    "Moodle, text beside the file": (
        names(f"Ana Ruiz_77_assignsubmission_file/{FILE}")
        | {"Ana Ruiz_77_assignsubmission_onlinetext/onlinetext.html": b"<p>hello"},
        {"77": [STEM]},
    ),
    "Canvas": (
        names(f"ruizana_4711_99_{FILE}", f"smithbo_LATE_4712_100_{STEM}-2.ipynb"),
        {"4711": [STEM], "4712": [STEM]},
    ),
    "Canvas, zips handed in": (
        {
            "ruizana_4711_99_work.zip": zipped(names(f"deep/{FILE}")),
            f"smithbo_4712_100_{FILE}": None,
        },
        {"4711": [STEM], "4712": [STEM]},
    ),
    "ILIAS": (
        names(
            f"Week 5/Submissions/Ruiz_Ana_aruiz_301/{FILE}",
            f"Week 5/Submissions/Smith_Bo_bs_302/{FILE}",
        ),
        {"aruiz": [STEM], "bs": [STEM]},
    ),
    "ILIAS, teams": (
        names(f"Team_1/Ruiz_Ana_aruiz_301/{FILE}", f"Team_2/Smith_Bo_bs_302/{FILE}"),
        {"aruiz": [STEM], "bs": [STEM]},
    ),
    "Blackboard": (
        names(
            f"Week 5_ana_attempt_2026-05-04-10-22-33_{FILE}",
            "Week 5_bo_attempt_2026-05-04-10-22-34_my_work.ipynb",
        )
        | {"Week 5_ana_attempt_2026-05-04-10-22-33.txt": b"Name: Ana Ruiz (ana)"},
        BOTH,
    ),
    "Brightspace": (
        names(
            f"12-7 - Ana Ruiz - May 4, 2026 1022 AM/{FILE}",
            f"13-7 - Bo Smith - May 4, 2026 122 PM/{FILE}",
        )
        | {"index.html": b""},
        {"12-7": [STEM], "13-7": [STEM]},
    ),
    "Brightspace, flat": (
        names(
            f"12-7 - Ana Ruiz - May 4, 2026 1022 AM - {FILE}",
            "13-7 - Bo Smith - May 4, 2026 122 PM - my work.ipynb",
        )
        | {"index.html": b""},
        {"12-7": [STEM], "13-7": [STEM]},
    ),
    "Sakai": (
        names(
            f"Week 5/Ruiz, Ana(ana)/Submission attachment(s)/{FILE}",
            f"Week 5/Smith, Bo(bo)/Submission attachment(s)/{FILE}",
        )
        | {"Week 5/grades.csv": b"", "Week 5/Ruiz, Ana(ana)/timestamp.txt": b"2026"},
        BOTH,
    ),
    "Teams": (
        names(
            f"Submitted files/ana/Week 5/Version 1/{FILE}",
            f"Submitted files/ana/Week 5/Version 2/{FILE}",
            f"Submitted files/bo/Week 5/Version 1/{FILE}",
        ),
        BOTH,
    ),
    "a folder around that is called as in ILIAS": (
        names(f"Intro_to_ML_2026/ana/{FILE}", f"Intro_to_ML_2026/bo/{FILE}"),
        BOTH,
    ),
    "nbgrader": (names(f"submitted/ana/ps4/{FILE}", f"submitted/bo/ps4/{FILE}"), BOTH),
    "nbgrader, the whole course": (
        names(f"submitted/ana/ps4/{FILE}", f"submitted/bo/ps4/{FILE}", f"source/ps4/{FILE}")
        | {"gradebook.db": b"", f"autograded/ana/ps4/{FILE}": None},
        BOTH,
    ),
    "a folder a student": (names(f"ana/{FILE}", f"bo/{FILE}"), BOTH),
    "the working folder": (
        names(
            f"ana/course/exercises/{FILE}", f"ana/course/lectures/{FILE}", f"bo/exercises/{FILE}"
        ),
        BOTH,
    ),
    "flat files with names": (names(f"ana_{FILE}", f"bo {STEM} (1).ipynb"), BOTH),
    "a number that is no platform's": (names(f"ana_2024_{FILE}", f"bo_2024_{FILE}"), None),
    "loose files beside folders": (
        names(f"ana/{FILE}", f"bo_{FILE}") | {"list.pdf": b"", "README.txt": b"read me"},
        BOTH,
    ),
    "a folder around": (names(f"hw5/ana/{FILE}", f"hw5/bo/{FILE}"), BOTH),
    "a file that was laid beside the folder around": (
        names(f"hw5/Ana Ruiz_77_assignsubmission_file/{FILE}", f"cy_{FILE}"),
        {"77": [STEM], "cy": [STEM]},
    ),
    "two folders around": (names(f"a/b/ana/{FILE}", f"a/b/bo/{FILE}"), BOTH),
    "a folder around flat files": (names(f"hw5/ana_{FILE}", f"hw5/bo_{FILE}"), BOTH),
    "a zip each": ({"ana.zip": zipped(names(f"ana/{FILE}")), "bo.zip": zipped(names(FILE))}, BOTH),
    "zips named as the lesson": (
        {f"ana_{STEM}.zip": zipped(names(FILE)), f"bo/{FILE}": None},
        BOTH,
    ),
    "a zip in a student's folder": (
        {"ana/my work.zip": zipped({"in.zip": zipped(names(FILE))}), f"bo/{FILE}": None},
        BOTH,
    ),
    "names that hide a notebook": (
        names(f"ana/{FILE}.txt", f"bo/{STEM}.IPYNB", f"cy/{FILE}.json", "di/hw.ipynb.txt")
        | {"di/notes.txt": b"no notebook", "ed/notes.txt": b"{}"},
        BOTH | {"cy": [STEM], "di": [STEM], "ed": [""]},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("way", ["folder", "zip", "zip around"])
def test_each_layout_is_understood(tmp_path, layout, way):
    files, students = LAYOUTS[layout]
    if students is None:
        students = {"ana_2024": [STEM], "bo_2024": [STEM]}
    if way == "folder":
        path = laid(tmp_path / "class", files)
    else:
        path = tmp_path / "submissions (1).zip"
        around = "submissions/" if way == "zip around" else ""
        path.write_bytes(zipped({around + name: data for name, data in files.items()}))
    assert found(path) == students
    assert all(one.problem == "" and one.read() for one in find(path))


def test_a_zip_of_one_student_is_one_student(tmp_path):
    path = tmp_path / "ana.zip"
    path.write_bytes(zipped(names(f"ana/{FILE}")))
    assert found(path) == {"ana": [STEM]}
    path.write_bytes(zipped(names(f"ana/{FILE}", "ana/more/x.png")))
    assert found(path) == {"ana": [STEM]}


def test_where_it_cannot_be_told_the_whole_is_refused_and_the_roster_settles_it(tmp_path):
    laid(tmp_path, names(f"hw5/ana ruiz/{FILE}", f"hw5/bo smith/{OTHER}.ipynb"))
    (tmp_path / "hw5/bo smith" / f"{OTHER}.ipynb").write_bytes(notebook(OTHER))
    with pytest.raises(ValueError, match="(?s)one folder hw5 holds ana ruiz, bo smith.*give that"):
        find(tmp_path)
    assert found(tmp_path, CLASS) == {"5002": [STEM], "5003": [OTHER]}


OTHERS = [f"{name}_{n}_assignsubmission_file/x.ipynb" for n, name in enumerate("abcdefghijkl")]
INSIDE = {  # what a student's zip may hold, called as if others had handed it in
    "as in Moodle": names(*OTHERS),
    "as in Canvas": names(*(f"someone_{n}_1_{FILE}" for n in range(12))),
    "as in nbgrader": names(*(f"submitted/s{n}/ps1/{FILE}" for n in range(12))),
    "as students are called": names(
        *(f"{n} {one.name}/{FILE}" for n, one in CLASS.students.items())
    ),
    "as they are called in a folder": names(
        *(f"in/{one.name}/{FILE}" for one in CLASS.students.values())
    ),
}
CLASSES = {
    "Moodle": (f"Ana Ruiz_77_assignsubmission_file/{FILE}", "Bo Smith_88_assignsubmission_file/"),
    "Moodle, flat": (
        f"Ana Ruiz_77_assignsubmission_file_{FILE}",
        "Bo Smith_88_assignsubmission_file_",
    ),
    "Canvas": (f"ruizana_4711_99_{FILE}", "smithbo_88_100_"),
    "ILIAS": (f"Ruiz_Ana_aruiz_301/{FILE}", "Smith_Bo_bs_302/"),
    "by hand": (f"Ana Ruiz/{FILE}", "Bo Smith/"),
}


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("layout", CLASSES)
@pytest.mark.parametrize("listed", [True, False])
def test_what_a_students_zip_holds_says_nothing_about_the_others(tmp_path, layout, inside, listed):
    whole, start = CLASSES[layout]
    laid(tmp_path, {whole: None, f"{start}work.zip": zipped(INSIDE[inside])})
    submissions = find(tmp_path, CLASS if listed else None)
    assert len({one.student for one in submissions}) == 2
    (ana,) = (one for one in submissions if one.file == whole)
    assert not ana.instead
    assert not listed or ana.student == "5002"
    assert {one.student for one in submissions if "work/" in one.file} != {ana.student}


def test_a_name_that_holds_another_students_number_is_nobodys(tmp_path):
    forged = "Bo Smith_88_assignsubmission_file_x_77_assignsubmission_file"
    laid(tmp_path, names(f"{forged}/{FILE}", f"Bo Smith_88_assignsubmission_file/{FILE}"))
    assert found(tmp_path, CLASS) == {"5003": [STEM], forged: [STEM]}
    bo = next(one for one in find(tmp_path, CLASS) if one.student == "5003")
    assert not bo.instead and forged not in bo.file


def test_of_files_of_one_time_the_one_with_the_greater_number_counts(tmp_path):
    files = [f"ruizana_4711_{n}_{STEM}{copy}.ipynb" for n, copy in ((99, ""), (120, "-1"))]
    (tmp_path / "class.zip").write_bytes(zipped(names(*files)))
    (one,) = find(tmp_path / "class.zip")
    assert one.file == files[1]


@pytest.mark.parametrize("flag", ["utf-8", "utf-8 unsaid", "cp437", "cp1252"])
def test_accents_in_a_zip_are_read_as_they_were_written(tmp_path, flag):
    name = "Zoë Müller"
    plain = "Zo# M#ller"
    codec = flag.partition(" ")[0]
    if codec == "utf-8":
        buffer = zipped(names(f"{name}/{FILE}", f"Ana/{FILE}"))
        if flag == "utf-8 unsaid":
            buffer = buffer.replace(b"\x14\0\0\x08", b"\x14\0\0\0")
            assert buffer.count(b"\x14\0\0\x08") == 0
    else:
        data = zipped(names(f"{plain}/{FILE}", f"Ana/{FILE}"))
        assert data.count(plain.encode()) == 2  # the name stands in the entry and in the directory
        buffer = data.replace(plain.encode(), name.encode(codec))
    (tmp_path / "class.zip").write_bytes(buffer)
    assert set(found(tmp_path / "class.zip")) == {name, "Ana"}


@pytest.mark.parametrize(
    "name, page",
    [
        ("João", "cp850"),
        ("João", "cp1252"),
        ("Ángel", "cp850"),
        ("JOÃO", "cp1252"),
        ("é1", "cp437"),
    ],
)
def test_a_name_is_read_in_the_code_page_in_which_it_could_be_written(tmp_path, name, page):
    plain = "".join(c if c.isascii() else "#" for c in name)
    (letter,) = (c for c in name if not c.isascii())
    data = zipped(names(f"{plain}/{FILE}", f"Ana/{FILE}"))
    (tmp_path / "class.zip").write_bytes(data.replace(b"#", letter.encode(page)))
    assert set(found(tmp_path / "class.zip")) == {name, "Ana"}


def test_windows_separators_in_a_zip(tmp_path):
    (tmp_path / "class.zip").write_bytes(zipped(names(f"ana\\{FILE}", f"bo\\hw\\{FILE}")))
    assert found(tmp_path / "class.zip") == BOTH


# --- which notebook counts ----------------------------------------------------------------------


def counting(folder):
    (one,) = find(folder)
    return one.file.partition("/")[2], "\n".join(one.instead)


@pytest.mark.parametrize(
    "better, worse, why",
    [
        (f"{STEM}-2.ipynb", FILE, "later"),
        ("again.ipynb", FILE, "later"),
        (FILE, f"{STEM}-Copy1.ipynb", "a copy"),
        (FILE, f"{STEM}-new-1.ipynb", "a copy"),
        (FILE, f"{STEM}-old-2.ipynb", "a copy"),
        (FILE, f"lectures/{FILE}", "lessons"),
    ],
)
def test_one_notebook_a_lesson_counts_and_it_is_said_which_and_why(tmp_path, better, worse, why):
    folder = laid(tmp_path, names(f"ana/{better}", f"ana/{worse}"))
    moment = (1, 2) if why == "later" else (2, 1)  # the worse is later where time does not decide
    os.utime(folder / "ana" / worse, (moment[0],) * 2)
    os.utime(folder / "ana" / better, (moment[1],) * 2)
    file, said = counting(folder)
    assert file == better and worse in said and better in said and why in said


def test_a_broken_notebook_does_not_take_the_place_of_a_whole_one(tmp_path):
    folder = laid(tmp_path, {f"ana/{FILE}": None, f"ana/{STEM}-2.ipynb": b"{"})
    os.utime(folder / "ana" / FILE, (1, 1))
    file, said = counting(folder)
    assert file == FILE and "cannot be read" in said


def test_the_exercises_as_handed_out_do_not_take_the_place_of_those_that_were_done(tmp_path):
    stub = (ROOT / "exercises" / f"{OTHER}.ipynb").read_bytes()
    folder = laid(tmp_path, {f"ana/{OTHER}.ipynb": stub, f"ana/{OTHER}-2.ipynb": solved(ROOT)})
    os.utime(folder / "ana" / f"{OTHER}-2.ipynb", (1, 1))
    file, said = counting(folder)
    assert file == f"{OTHER}-2.ipynb" and "nothing was done" in said


def test_what_a_notebook_checks_decides_against_a_wrong_name(tmp_path):
    laid(tmp_path, {f"ana/{OTHER}.ipynb": notebook(STEM)})
    assert found(tmp_path) == {"ana": [STEM]}


def test_no_link_is_followed_in_the_tree_or_out_of_it(tmp_path):
    folder = laid(tmp_path / "class", names(f"ana/{FILE}"))
    for student, target in (("bo", f"../ana/{FILE}"), ("cy", FILE), ("di", "../../secret")):
        (folder / student).mkdir()
        (folder / student / FILE).symlink_to(target)  # another's, itself, out of it
    (folder / "ed").symlink_to("ana")
    problems = {one.student: one.problem for one in find(folder)}
    assert problems.pop("ana") == "" and set(problems) == {"bo", "cy", "di", "ed"}
    assert all("link" in problem for problem in problems.values())


def test_the_recipe_for_github_classroom_copies_no_link(tmp_path):
    page = (ROOT / "docs/instructors/github_classroom.md").read_text("utf-8")
    loop = page[page.index("   for repository in") : page.index("   bpcourse grade submissions")]
    laid(tmp_path, names(f"matrix-form-submissions/matrix-form-ana/exercises/{FILE}"))
    repository = tmp_path / "matrix-form-submissions/matrix-form-bo/exercises"
    repository.mkdir(parents=True)
    (repository / FILE).symlink_to(f"../../matrix-form-ana/exercises/{FILE}")
    (repository / "mine.ipynb").write_bytes(notebook())
    subprocess.run(["sh", "-ec", loop], cwd=tmp_path, check=True)
    copied = {
        str(p.relative_to(tmp_path / "submissions")) for p in tmp_path.glob("submissions/*/*")
    }
    assert copied == {f"matrix-form-ana/{FILE}", "matrix-form-bo/mine.ipynb"}


# --- what is broken is one student's problem ------------------------------------------------------


def test_a_damaged_zip_is_refused_as_a_whole_with_a_sentence(tmp_path):
    data = bytearray(zipped(names(f"ana/{FILE}")))
    at = data.rindex(b"PK\x01\x02")
    data[at : at + 4] = b"JUNK"
    (tmp_path / "class.zip").write_bytes(data)
    with pytest.raises(ValueError, match="class.zip: the zip file is damaged.*again"):
        find(tmp_path / "class.zip")


def test_of_a_students_damaged_zip_that_student_is_told(tmp_path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for count in range(6000):
            archive.writestr(f"{count}.ipynb", b"")
    inner = zipped(names(FILE))
    for _ in range(5):
        inner = zipped({"in.zip": inner})
    data = bytearray(zipped(names(FILE)))
    data[data.rindex(b"PK\x01\x02")] = 0
    laid(
        tmp_path,
        {
            f"ana/{FILE}": None,
            "bo/hw.zip": bytes(data),
            "cy/hw.zip": b"no zip",
            "di/hw.zip": bomb.getvalue(),
            "ed/hw.zip": inner,
            f"fay/{FILE}": None,
            "fay/hw.zip": b"no zip",
        },
    )
    students = {one.student: one for one in find(tmp_path)}
    assert [one for one in students if not students[one].problem] == ["ana", "fay"]
    assert all("zip" in students[one].problem for one in ("bo", "cy", "di", "ed"))
    assert "hw.zip could not be read" in students["fay"].instead[0]


def test_a_small_zip_that_unpacks_to_very_much_is_that_students_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_INNER", 9 << 20)
    monkeypatch.setattr(archives, "MOST_FILES", 900)
    outputs = b'{"outputs": ["' + b"x" * (3 << 20) + b'"]}'
    many = zipped({f"{n}.ipynb": b"" for n in range(100)})
    whole = zipped({f"{n}.ipynb": outputs for n in range(4)}, compression=zipfile.ZIP_DEFLATED)
    laid(
        tmp_path,
        {
            "ana/outputs.zip": whole,
            "bo/many.zip": zipped({f"{n}.zip": many for n in range(50)}),
            "cy/one.zip": zipped(
                {"a/data.json": bytes(9 << 20), "b/data.zip": zipped({"x": bytes(9 << 20)})}
                | {f"venv/lib/{n}.py": b"" for n in range(800)}
                | names(FILE),
                compression=zipfile.ZIP_DEFLATED,
            ),
            "di/entries.zip": zipped({f"{n}.py": b"" for n in range(901)}),
            "ed/nothing.zip": zipped({"empty/": b""}),
            "fay/name.zip": zipped(names("x" * 2000 + ".ipynb")),
        },
    )
    by_student = {}
    for one in find(tmp_path):
        by_student.setdefault(one.student, []).append(one)
    problems = {one: [n.problem for n in by_student[one]] for one in ("ana", "bo")}
    assert [bool(problem) for problem in problems["ana"]] == [False, False, True]
    assert "more than 9 MB" in problems["ana"][2] and len(problems["bo"]) < 100
    assert [(one.notebook, one.problem) for one in by_student["cy"]] == [(STEM, "")]
    assert "more than 9 MB" in by_student["cy"][0].instead[0]
    assert "more than 900 files" in by_student["di"][0].problem
    assert "nothing in it" in by_student["ed"][0].problem
    assert "name is too long" in by_student["fay"][0].problem


def test_the_directory_of_a_zip_is_read_once_and_not_for_each_of_its_files(tmp_path, monkeypatch):
    inner = zipped(names(*(f"{n}/{FILE}" for n in range(20)), "more.zip"))
    (tmp_path / "class.zip").write_bytes(zipped({"ana/w.zip": inner, f"bo/{FILE}": None}))
    read, whole = [], zipfile.ZipFile._RealGetContents
    monkeypatch.setattr(
        zipfile.ZipFile, "_RealGetContents", lambda self: (read.append(self), whole(self))
    )
    assert {one.student for one in find(tmp_path / "class.zip")} == {"ana", "bo"}
    assert len(read) <= 3


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_corrupt_entry_is_an_error_of_that_entry_alone(tmp_path, method):
    files = {f"ana/{FILE}": notebook(extra="#" * 10_000), f"bo/{FILE}": None}
    data = bytearray(zipped(files, compression=method))
    at = data.index(b".ipynb") + 10
    data[at : at + 30] = bytes(range(200, 230))
    (tmp_path / "class.zip").write_bytes(data)
    ana, bo = find(tmp_path / "class.zip")
    assert ana.student == "ana" and bo.read() == notebook()
    with pytest.raises(OSError):
        ana.read()


def test_an_encrypted_entry_is_an_error_of_that_entry_alone(tmp_path):
    data = bytearray(zipped(names(f"ana/{FILE}", f"bo/{FILE}")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "class.zip").write_bytes(data)
    ana, bo = find(tmp_path / "class.zip")
    with pytest.raises(OSError, match="password|encrypted"):
        ana.read()
    assert bo.read()


@pytest.mark.parametrize("zip_", [False, True])
def test_outputs_have_no_limit_and_no_place_in_memory(tmp_path, monkeypatch, zip_):
    picture = {"output_type": "display_data", "data": {"image/png": (76 * "x" + '\n"') * 300_000}}
    data = notebook(extra="answer = 1", outputs=[picture, {"name": ["]"]}])
    assert len(data) > 20 << 20
    path = laid(tmp_path / "class", {f"ana/{FILE}": data})
    if zip_:
        path = tmp_path / "class.zip"
        path.write_bytes(zipped({f"ana/{FILE}": data}, compression=zipfile.ZIP_DEFLATED))
    (ana,) = find(path)
    assert len(ana.read()) < 1000
    assert "answer = 1" in cells.code_cells(ana.read())[0][1]


values = st.recursive(
    st.text(alphabet='ab"\\[]{}:é\n') | st.sampled_from(['"outputs": [', '\\"outputs": {']),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["outputs", "widgets", "a", 'x"outputs']), inner)
    ),
    max_leaves=20,
)


def without(value):
    """``value`` with empty outputs."""
    if isinstance(value, list):
        return [without(one) for one in value]
    if not isinstance(value, dict):
        return value
    left_out = ("outputs", "attachments", "widgets")
    return {
        key: type(one)() if key in left_out and isinstance(one, list | dict) else without(one)
        for key, one in value.items()
    }


@given(values, st.sampled_from([1, 2, 3, 50, 1 << 20]), st.sampled_from([None, 1]))
def test_what_is_left_out_is_the_outputs_and_nothing_else(value, chunk, indent):
    before, cells.CHUNK = cells.CHUNK, chunk
    try:
        kept = cells.trimmed(io.BytesIO(json.dumps(value, indent=indent).encode()))
    finally:
        cells.CHUNK = before
    assert json.loads(kept) == without(value)


def test_a_file_that_never_ends_is_given_up(monkeypatch):
    class Endless(io.RawIOBase):
        def read(self, size):
            return b"[" * size

    monkeypatch.setattr(cells, "MOST_PARTS", 100_000)
    assert len(cells.trimmed(Endless())) > cells.MOST_BYTES
    start = b'{"outputs": ['

    class InOutputs(Endless):
        def read(self, size):
            nonlocal start
            head, start = start, b""
            return head or b"[" * size

    assert len(cells.trimmed(InOutputs())) > cells.MOST_BYTES


# --- who is who -----------------------------------------------------------------------------------


def test_a_number_is_never_taken_for_the_rosters_id(tmp_path):
    laid(tmp_path, names(f"Bo Smith_5002_assignsubmission_file/{FILE}", f"ruizana_5003_1_{FILE}"))
    assert found(tmp_path, CLASS) == {"5003": [STEM], "5002": [STEM]}
    files = {one.student: one.file for one in find(tmp_path, CLASS)}
    assert files["5003"].startswith("Bo Smith") and files["5002"].startswith("ruizana")


def test_accents_and_spaces_are_folded_and_an_alias_says_the_rest(tmp_path):
    laid(tmp_path, names(f"Finn  Garcia Lopez/{FILE}", f"Bobby_9_assignsubmission_file/{FILE}"))
    bobby = next(one for one in find(tmp_path, CLASS) if "Bobby" in one.file)
    assert bobby.student == "Bobby (9)" and bobby.match.student is None
    assert found(tmp_path, CLASS) == {"fgl": [STEM], "Bobby (9)": [STEM]}
    aliased = Roster(CLASS.students, {"bobby": "5003"})
    assert found(tmp_path, aliased) == {"fgl": [STEM], "5003": [STEM]}


def test_the_platforms_number_decides_where_the_roster_has_it_and_a_clash_is_nobodys(tmp_path):
    laid(
        tmp_path,
        names(
            f"Robert_88_assignsubmission_file/{FILE}",
            f"someone_4711_1_{FILE}",
            f"Finn García-López_4711_assignsubmission_file/{FILE}",
        ),
    )
    assert found(tmp_path, CLASS) == {"5003": [STEM], "5002": [STEM], "fgl": [STEM]}
    shutil.rmtree(tmp_path / "Robert_88_assignsubmission_file")
    laid(tmp_path, names(f"Ana Ruiz_88_assignsubmission_file/{FILE}"))
    matches = {one.name: one.match for one in find(tmp_path, CLASS)}
    assert matches["Ana Ruiz"].student is None and matches["Ana Ruiz"].how == "clash"


def test_two_who_have_one_students_name_are_both_uncertain(tmp_path):
    laid(
        tmp_path,
        names(
            f"Ana Ruiz_1_assignsubmission_file/{FILE}", f"Ana Ruiz_2_assignsubmission_file/{FILE}"
        ),
    )
    assert found(tmp_path, CLASS) == {"Ana Ruiz (1)": [STEM], "Ana Ruiz (2)": [STEM]}


def test_an_uncertain_student_never_has_an_id_of_the_roster(tmp_path):
    roster = Roster({one: Student(one, name) for one, name in (("x", "Al Ng"), ("Al", "Bo Ng"))})
    laid(tmp_path, names(f"Ng_Bo_al_7/{FILE}", f"Al (1)/{FILE}"))
    assert set(found(tmp_path, roster)) & {"x"} == set()


def test_no_student_is_without_a_name_and_every_mode_of_a_file_has_one(tmp_path):
    laid(tmp_path, names(FILE, f"_{FILE}", ".hidden.ipynb", f" {STEM}.ipynb"))
    assert "" not in found(tmp_path) and len(find(tmp_path)) >= 1
    (tmp_path / FILE).chmod(stat.S_IRUSR)
    assert found(tmp_path)


parts = st.sampled_from(
    ["ana", "bo", "hw5", "Ana Ruiz_77_assignsubmission_file", "submitted", "Team_1", "lectures"]
    + ["ruizana_1_2_work", "Ruiz_Ana_ar_3", "..", " ", "5002", "\x1b[0m", STEM, "a\\b", "=1+1"]
)
last = st.sampled_from(
    [FILE, f"ana_{FILE}", f"ruizana_LATE_1_2_{FILE}", "x.ipynb", "a.txt", "a.zip", f"{STEM}.IPYNB"]
    + ["_", "Bo Smith_9_assignsubmission_file_x.ipynb", f"bo_2024_{FILE}", "onlinetext.html"]
)
places = st.tuples(st.lists(parts, max_size=3), last).map(lambda p: "/".join([*p[0], p[1]]))


@given(st.sets(places, min_size=1, max_size=6), st.booleans())
def test_whatever_is_handed_in_has_an_owner_or_a_sentence(made, listed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "class.zip"
        path.write_bytes(zipped(dict.fromkeys(sorted(made))))
        try:
            submissions = find(path, CLASS if listed else None)
        except ValueError as error:
            assert "class" in str(error)
            return
        assert all(one.student.strip() or one.student for one in submissions)
        pairs = [(one.student, one.notebook or one.file) for one in submissions]
        assert len(set(pairs)) == len(pairs)  # one notebook for a student and lesson
        certain = {one.match.student.id for one in submissions if one.match and one.match.student}
        others = {one.student for one in submissions if not (one.match and one.match.student)}
        assert not others & set(CLASS.students) or not listed
        assert certain <= set(CLASS.students)
        assert not any(c < " " and c != "\n" for one in submissions for c in one.student + one.file)
