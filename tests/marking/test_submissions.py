"""What was handed in is found, in every form that it comes in, and nothing outside of it is."""

import os
import stat
import zipfile

import pytest

from bpcourse.marking.submissions import find

STEM = "11_matrix_form"
FORMS = {  # the place of a file: (student, name, notebook)
    f"ana/{STEM}.ipynb": ("ana", "", STEM),
    f"ana/ps4/{STEM}.ipynb": ("ana", "", STEM),
    f"submitted/ana/ps4/{STEM}.ipynb": ("ana", "", STEM),
    f"Ana Ruiz_1234_assignsubmission_file_/{STEM}.ipynb": ("1234", "Ana Ruiz", STEM),
    "Ana_Maria_1234_assignsubmission_file/mine.ipynb": ("1234", "Ana_Maria", ""),
    f"ruizana_1234_5678_{STEM}.ipynb": ("1234", "ruizana", STEM),
    f"ruizana_LATE_1234_5678_{STEM}-2.ipynb": ("1234", "ruizana", STEM),
    f"ana_{STEM}.ipynb": ("ana", "", STEM),
    f"ana {STEM} (1).ipynb": ("ana", "", STEM),
    "ana.ipynb": ("ana", "", ""),
    "anna_maria_x11_matrix_forms.ipynb": ("anna_maria_x11_matrix_forms", "", ""),
    f'=1+1, "q"\n/{STEM}.ipynb': ('=1+1, "q"\n', "", STEM),
}


def put(folder, name, data=b"{}"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("zipped", [False, True])
def test_each_form_is_understood(tmp_path, name, zipped):
    if zipped:
        path = tmp_path / "class.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, b"{}")
    else:
        path = tmp_path / "class"
        put(path, name)
    (found,) = find(path)
    assert (found.student, found.name, found.notebook) == FORMS[name]
    assert not found.problem and found.read() == b"{}"


def test_a_zip_of_one_folder_of_its_name_is_that_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "week 4.zip", "w") as archive:
        archive.writestr(f"week 4/ana/{STEM}.ipynb", b"{}")
        archive.writestr(f"week 4/bo/{STEM}.ipynb", b"{}")
        archive.writestr("__MACOSX/week 4/ana/._11_matrix_form.ipynb", b"")
    assert [one.student for one in find(tmp_path / "week 4.zip")] == ["ana", "bo"]


def test_every_student_is_found_even_without_a_notebook(tmp_path):
    put(tmp_path, f"ana/{STEM}.ipynb")
    put(tmp_path, "ana/picture.png")
    put(tmp_path, f"ana/.ipynb_checkpoints/{STEM}-checkpoint.ipynb")
    put(tmp_path, "bo/homework.docx")
    assert [(one.student, one.file) for one in find(tmp_path)] == [
        ("ana", f"ana/{STEM}.ipynb"),
        ("bo", "bo/homework.docx"),
    ]


def test_a_file_has_a_fault_where_it_is_no_notebook_and_should_be_one(tmp_path):
    put(tmp_path, "ana/homework.docx")
    put(tmp_path, f"bo/{STEM}.ipynb", b'{"nbformat": 4, "cells": []}')
    put(tmp_path, f"cy/{STEM}.ipynb", b"{")
    (tmp_path / "di").mkdir()
    (tmp_path / "di" / f"{STEM}.ipynb").symlink_to(tmp_path / "bo")
    ana, bo, cy, di = (one.fault() for one in find(tmp_path))
    assert ana == bo == "" and "no notebook" in cy and "link" in di


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    secret = put(tmp_path, "secret.ipynb")
    folder = tmp_path / "class"
    put(folder, f"ana/{STEM}.ipynb")
    (folder / "bo").mkdir()
    (folder / "bo" / f"{STEM}.ipynb").symlink_to(secret)
    (folder / "cy").symlink_to(tmp_path)
    (folder / "di").mkdir()
    os.mkfifo(folder / "di" / f"{STEM}.ipynb")
    problems = {one.file: one.problem for one in find(folder)}
    assert problems.pop(f"ana/{STEM}.ipynb") == ""
    assert "link" in problems.pop(f"bo/{STEM}.ipynb") and "link" in problems.pop("cy")
    assert problems.pop(f"di/{STEM}.ipynb") and not problems


def test_a_zip_reaches_nothing_outside(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(f"../../ana/{STEM}.ipynb", b"{}")
        link = zipfile.ZipInfo(f"bo/{STEM}.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    ana, bo = find(tmp_path / "class.zip")
    assert (ana.student, ana.problem) == ("ana", "") and "link" in bo.problem


@pytest.mark.parametrize("names", ["a.png b.png", "a.zip b.zip", "a.png b.zip"])
def test_a_student_without_a_notebook_is_one_submission(tmp_path, names):
    for name in names.split():
        path = put(tmp_path, f"ana/{name}")
        path.write_bytes(b"neither picture nor zip")
    (ana,) = find(tmp_path)
    assert ana.student == "ana" and not ana.is_notebook
    assert bool(ana.problem) == ("zip" in names)  # of what is broken, rather than of the other


def test_what_is_not_there_or_empty_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        find(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="nothing was handed in"):
        find(tmp_path)
    with pytest.raises(ValueError, match="a folder or a zip"):
        find(put(tmp_path, "one.txt"))


def test_a_damaged_zip_entry_is_an_error_of_that_entry_alone(tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"ana/{STEM}.ipynb", b"x" * 10_000)
    data = bytearray(path.read_bytes())
    start = data.index(b".ipynb") + 6
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    (ana,) = find(path)
    with pytest.raises(OSError):
        ana.read()


def test_names_of_bytes_that_are_no_text_can_be_written_down(tmp_path):
    for byte in (b"\xfe", b"\xff"):
        name = os.fsencode(tmp_path) + b"/" + byte
        os.mkdir(name)
        with open(name + f"/{STEM}.ipynb".encode(), "wb") as file:
            file.write(byte)
    found = find(tmp_path)
    assert len({one.student.encode() for one in found}) == 2
    assert {one.read() for one in found} == {b"\xfe", b"\xff"}
