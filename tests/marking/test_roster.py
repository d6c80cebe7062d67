"""The roster is read as platforms write it, and finds nobody who may be somebody else."""

import pytest

from bpcourse.marking import layouts
from bpcourse.marking.layouts import owner
from bpcourse.marking.roster import Roster, Student, read

PLATFORMS = {
    "Moodle, participants": (
        "First name,Last name,ID number,Email address\nAna,Ruiz,s1,ana@u\nZoë,Müller,s2,z@u\n"
    ),
    "Moodle, the worksheet": (
        "Identifier,Full name,ID number,Email address,Status,Grade\n"
        "Participant 77,Ana Ruiz,s1,ana@u,Submitted,\nParticipant 78,Zoë Müller,s2,z@u,-,\n"
    ),
    "Canvas, the gradebook": (
        "Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (9)\n"
        '    Points Possible,,,,,10\n"Ruiz, Ana",4711,s1,ana,A,\n"Müller, Zoë",4712,s2,z,A,\n'
        '"Student, Test",1,,x,A,\n'
    ),
    "German": "Matrikelnummer;Vorname;Nachname;E-Mail-Adresse\n"
    "s1;Ana;Ruiz;ana@u\ns2;Zoë;Müller;z@u",
    "ours": "id,name,email,group\ns1,Ana Ruiz,ana@u,3\ns2,Zoë Müller,z@u,\n",
}
WRITTEN = {
    "UTF-8": ("utf-8", ""),
    "UTF-8 of Excel": ("utf-8-sig", ""),
    "UTF-16 of Excel": ("utf-16", ""),
    "UTF-16 without a mark": ("utf-16-le", ""),
    "UTF-16, the other way round": ("utf-16-be", ""),
    "two marks": ("utf-8-sig", "\ufeff"),
    "cp1252": ("cp1252", ""),
    "sep=": ("utf-8", "sep={}\r\n"),
}


@pytest.mark.parametrize("table", PLATFORMS)
@pytest.mark.parametrize("way", WRITTEN)
def test_a_roster_is_read_however_it_is_written(tmp_path, table, way):
    codec, first = WRITTEN[way]
    whole = PLATFORMS[table]
    delimiter = ";" if whole.partition("\n")[0].count(";") else ","
    path = tmp_path / "roster.csv"
    path.write_bytes((first.format(delimiter) + whole).encode(codec))
    students = read(path).students
    assert list(students) == ["s1", "s2"]
    assert read(path).match(owner("Zoe Mueller_5_assignsubmission_file")).student.id == "s2"
    if "Canvas" in table:
        assert [one.canvas for one in students.values()] == ["4711", "4712"]
        assert students["s1"].name == "Ruiz, Ana" and students["s1"].login == "ana"
    else:
        assert [one.name for one in students.values()] == ["Ana Ruiz", "Zoë Müller"]
        assert [one.email for one in students.values()] == ["ana@u", "z@u"]
    if "worksheet" in table:
        assert [one.moodle for one in students.values()] == ["77", "78"]


def test_lines_may_end_as_on_an_old_mac(tmp_path):
    (tmp_path / "r.csv").write_bytes(b"id,name\rs1,Ana\rs2,Bo\r")
    assert list(read(tmp_path / "r.csv").students) == ["s1", "s2"]


@pytest.mark.parametrize(
    "data, said",
    [
        ("id,name\ns1,Łukasz Żak\n".encode("cp1250"), "another encoding: save it as CSV UTF-8"),
        (b"PK\x03\x04" + bytes(99), "a workbook of Excel: save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "a workbook of Excel"),
        (b"id,name\nana,Ana\nANA,Bo\n", "line 3, id: expected one that nobody else has"),
        ("id,name\nzoe\u0308,A\nzo\u00eb,B\n".encode(), "line 3, id: expected one that nobody"),
        (b"id,name,seed\ns1,Ana," + b"1" * 5000 + b"0\n", "line 2, seed: expected a multiple"),
    ],
)
def test_a_file_whose_names_would_be_other_names_is_refused(tmp_path, data, said):
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"r.csv: .*{said}"):
        read(path)


@pytest.mark.parametrize("name", ["Gal·la O´Neil", "Šárka d’Arc", "Þóra Ægisdóttir", "Peña (Nº 3)"])
def test_signs_that_names_have_are_none_of_another_encoding(tmp_path, name):
    path = tmp_path / "r.csv"
    path.write_bytes(f"id,name\ns1,{name}\n".encode("cp1252"))
    assert read(path).students["s1"].name == name


def test_capitals_of_an_id_do_not_matter():
    roster = Roster({"ana": Student("ana", "Ana Ruiz")})
    assert roster.match(layouts.Owner("Ana")).student.id == "ana"


def test_a_worksheet_without_id_numbers_is_a_roster_by_e_mail(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("Identifier,Full name,Email address\nParticipant 7,Ana Ruiz,ana@u\n")
    assert list(read(path).students) == ["ana@u"]


@pytest.mark.parametrize(
    "name", ["Muller Zoe", "ZOE  MÜLLER", "Zoe\u0308 Mu\u0308ller", "mueller_zoe"]
)
def test_a_name_is_the_same_with_and_without_accents(name):
    roster = Roster({"z": Student("z", "Zoë Müller")})
    assert roster.match(owner(f"{name}_1_assignsubmission_file")).student.id == "z"


def test_of_a_group_in_moodle_the_name_stands_after_the_hyphen():
    roster = Roster({"z": Student("z", "Jean-Luc Roi")})
    for name in ("Group A-Jean-Luc Roi", "Jean-Luc Roi"):
        assert roster.match(owner(f"{name}_1_assignsubmission_file")).student.id == "z"


def test_who_is_unknown_is_told_with_who_is_near():
    roster = Roster({"z": Student("z", "Zoë Müller"), "b": Student("b", "Bo Smith")})
    match = roster.match(owner("Zoe Mullerova_1_assignsubmission_file"))
    assert match.student is None and match.how == "unknown"
    assert [one.id for one in match.near] == ["z"]


def test_a_number_that_two_students_have_is_refused(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("id,name,canvas\na,Ana,7\nb,Bo,7\n")
    with pytest.raises(ValueError, match="line 3, canvas: expected one that nobody else has"):
        read(path)
