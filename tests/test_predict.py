"""Predicting: the guess is kept, the first one counts, and nothing that was kept is lost."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse import predict
from bpcourse.questions import record
from bpcourse.text import text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a record, and the current directory in its ``lectures``."""
    (tmp_path / "lectures").mkdir()
    (tmp_path / "bpcourse.json").write_text("{}\n")
    monkeypatch.chdir(tmp_path / "lectures")
    return tmp_path


def guesses(folder):
    return json.loads((folder / "bpcourse.json").read_text())["predictions"]


@pytest.fixture
def shown(monkeypatch):
    """The text of what ``reveal`` displays."""
    texts = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: texts.append(data))
    return texts


def test_no_guess_reminds_and_writes_nothing(folder, shown, capsys):
    before = (folder / "bpcourse.json").read_bytes()
    prediction = predict("lesson.shape", ...)
    out, err = capsys.readouterr()
    assert out.strip() == text("predict.reminder")
    assert err == ""
    assert (folder / "bpcourse.json").read_bytes() == before
    prediction.reveal((4, 3))
    assert "[4, 3]" in shown[0]["text/plain"]
    assert text("predict.no_guess") in shown[0]["text/plain"]


@pytest.mark.parametrize("guess", [(4, ...), [[1, 2], [..., 3]], np.array([0.5, ...])])
def test_a_guess_with_dots_left_is_no_guess_yet(folder, capsys, guess):
    assert predict("a", guess).guess is None
    assert capsys.readouterr().out.strip() == text("predict.reminder")
    assert (folder / "bpcourse.json").read_text() == "{}\n"


def test_a_folder_that_cannot_be_written_does_not_stop_the_lesson(folder, monkeypatch, capsys):
    def refuse(path, data):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(record, "write", refuse)
    assert predict("a", 0.5).guess == 0.5
    out, err = capsys.readouterr()
    assert out.strip() == text("predict.not_kept", reason="Permission denied")
    assert err == ""


def test_the_first_guess_counts_and_later_ones_are_kept(folder, shown, capsys):
    assert predict("a", 0.5).guess == 0.5
    assert predict("a", 0.5).guess == 0.5
    assert predict("a", 0.7).guess == 0.5
    assert predict("b", (4, 3)).guess == [4, 3]
    assert guesses(folder) == {"a": [0.5, 0.7], "b": [[4, 3]]}
    assert text("predict.changed", first="0.5", guess="0.7") in capsys.readouterr().out
    assert not (folder / "lectures" / "bpcourse.json").exists()


def test_reveal_shows_both_as_text_and_as_html(folder, shown, capsys):
    predict("a", "<W>").reveal("W")
    data = shown[0]
    assert data["text/plain"] == f"you said: <W>\nit is: W\n{text('predict.differ')}"
    assert "&lt;W&gt;" in data["text/html"]
    assert "<W>" not in data["text/html"]


@pytest.mark.parametrize(
    ("guess", "result", "tolerance", "matches"),
    [
        (0.73, 0.7311, None, True),  # rounded to the guess's own digits
        (0.7, 0.7311, None, True),
        (0.74, 0.7311, None, False),
        (1, 0.7311, None, False),
        (-0.7, 0.7311, None, False),
        (0.74, 0.7311, 0.01, True),
        (12, 12, None, True),
        (12, np.int64(12), None, True),
        (12, 12.4, None, True),
        (0, 0.3, None, False),
        (0, 0.0, None, True),
        (np.inf, np.inf, None, True),
        (np.nan, 1.0, None, False),
        ((4, 3), (4, 3), None, True),
        ([4, 3], (4, 3), None, True),
        ((3, 4), (4, 3), None, False),
        (4, (4, 3), None, False),
        ([[0.5, -0.3]], np.array([[0.51, -0.36]]), None, False),
        ([[0.5, -0.3]], np.array([[0.51, -0.3]]), None, True),
        ([0.5], np.array([[0.5]]), None, False),
        ("Yes ", "yes", None, True),
        (True, True, None, True),
        (False, True, None, False),
    ],
)
def test_what_matches(folder, shown, guess, result, tolerance, matches):
    predict("a", guess).reveal(result, tolerance)
    expected = text("predict.match" if matches else "predict.differ")
    assert shown[0]["text/plain"].endswith(expected)


def test_numbers_read_well(folder, shown):
    predict("a", ...).reveal(np.array([[-1e-17, 0.123456], [2.0, -3.5]]))
    assert "[[ 0.    ,  0.1235]" in shown[0]["text/plain"]
    predict("a", ...).reveal(-0.0)
    assert "it is: 0\n" in shown[1]["text/plain"]


VALUES = st.recursive(
    st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("guess", "large"),
    [([1.7e308, -0.0], "1.7e+308"), ([[float("inf")]], "inf"), ([1e306, 0.12345], "e+306")],
)
def test_a_guess_too_large_to_be_rounded_is_shown_as_it_is(
    guess, large, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert predict("huge", guess).guess == guess
    said = capsys.readouterr().out
    assert large in said and "nan" not in said and "-0.0" not in said


@given(values=st.lists(VALUES, min_size=1, max_size=4))
def test_any_guess_survives_the_record(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("work")
    (folder / "bpcourse.json").write_text('{"tries": {"q": 3}}')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number, value in enumerate(values):
            assert predict(f"id{number}", value).guess == value
    assert guesses(folder) == {f"id{number}": [value] for number, value in enumerate(values)}
    assert record.read(folder / "bpcourse.json")["tries"] == {"q": 3}


@pytest.mark.parametrize(
    "damaged", ["", "{", "[1]", '{"predictions": 3}', '{"predictions": {"a": 7}}', "\xff"]
)
def test_a_damaged_record_is_set_aside_and_never_lost(folder, capsys, damaged):
    path = folder / "bpcourse.json"
    path.write_bytes(damaged.encode("latin-1"))
    predict("a", 1)
    assert guesses(folder) == {"a": [1]}
    assert (folder / "bpcourse-damaged-1.json").read_bytes() == damaged.encode("latin-1")
    assert "bpcourse-damaged-1.json" in capsys.readouterr().out
    path.write_bytes(b"{{")
    predict("a", 2)
    assert (folder / "bpcourse-damaged-2.json").read_bytes() == b"{{"


def test_without_a_record_one_is_made_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not record.find().exists()
    predict("a", 1)
    assert guesses(tmp_path) == {"a": [1]}


@pytest.mark.parametrize(
    ("id", "guess", "match"),
    [
        (3, 1, "id: expected the name"),
        ("", 1, "id: expected the name"),
        ("a", None, "guess: expected a number"),
        ("a", 1j, "guess: expected a number"),
        ("a", {"W": 1}, "guess: expected a number"),
        ("a", [None], "guess: expected a number"),
    ],
)
def test_bad_arguments_are_named(folder, id, guess, match):
    with pytest.raises(TypeError, match=match):
        predict(id, guess)
