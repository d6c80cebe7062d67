"""Predicting: the guess is kept, the first one counts, and nothing that was kept is lost."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse import predict, reveals
from bpcourse import text as texts
from bpcourse.questions import record
from bpcourse.questions.guesses import read
from bpcourse.text import text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a record, the current directory in its ``lectures``, no reveal open."""
    monkeypatch.delenv("BPCOURSE_REVEALS", raising=False)
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
        ([0.5], np.array([[0.5]]), None, True),  # (4,) or 4: brackets around one thing say nothing
        (4, (4,), None, True),
        ((4,), np.int64(4), None, True),
        ((4, 3, 1), (4, 3), None, False),
        ("−1.085", -1.0847, None, True),  # U+2212, as it is copied out of a text
        ("+0.5", 0.5, None, True),
        ("98 %", 0.98, None, True),
        ("98%", 0.98, None, True),
        (98, 0.98, None, True),
        (97, 0.98, None, False),
        (97, 0.98, 0.01, True),
        ("0.98", 0.98, None, True),
        (150, 1.5, None, False),  # no share
        ((98, 12), (0.98, 0.12), None, True),
        (1e-5, -5, None, True),  # the exponent was asked
        ("10^-5", -5, None, True),
        ("1e-5", -5, None, True),
        (1e-4, -5, None, False),
        (1e-4, -5, 1, True),
        (1e-300, -5, None, False),
        (-1e-5, -5, None, False),
        (1000, 3, None, False),  # a count is no exponent
        ("3 × 4", (3, 4), None, True),
        ("3x4", (3, 4), None, True),
        ("(3, 4)", (3, 4), None, True),
        ("3, 4", (3, 4), None, True),
        ("[3, 4]", (4, 3), None, False),
        ("down", "Down", None, True),
        ("yes", True, None, True),
        (False, "no", None, True),
        (10**400, 3.0, None, False),
        ("(" * 500, 3.0, None, False),
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


# --- a prediction with texts of its own -----------------------------------------------------------

TEXTS = r"""
[prediction."lesson.push"]
answer = "−1.085"
explain = "−1.085: the loss goes *down*, $\\delta_{{2}}$ says."
[prediction."lesson.push".wrong]
"1.085" = "That is the size."
"-0.185" = "That is the output."
[prediction."lesson.exponent"]
answer = "3"
form = "exponent"
explain = "A thousand times: 3."
"""


@pytest.fixture
def entries(tmp_path, monkeypatch):
    """Two predictions with their texts."""
    monkeypatch.setattr(texts, "_added", {})
    (tmp_path / "lesson.toml").write_text(TEXTS, encoding="utf-8")
    texts.add(tmp_path / "lesson.toml")


EXPLAINED = r"−1.085: the loss goes *down*, $\delta_{2}$ says."


def test_before_a_guess_nothing_is_shown(folder, entries, shown, capsys):
    guess = predict("lesson.push", ...)
    assert capsys.readouterr().out.strip() == text("predict.reminder")
    assert not guess.reveal(-1.0847)
    out, err = capsys.readouterr()
    assert out.strip() == text("predict.first") and not re.search(r"\d", out + err)
    assert shown == []


def test_after_a_guess_the_reason_is_shown(folder, entries, shown):
    assert predict("lesson.push", -1.085).reveal(-1.0847)
    said = text("predict.you_said", guess="-1.085")
    whole = f"{said} {text('predict.match')}\n\n{EXPLAINED}"
    assert shown == [{"text/markdown": whole, "text/plain": whole}]


@pytest.mark.parametrize(
    ("guess", "verdict"),
    [
        (1.085, "That is the size."),
        ("1.09", "That is the size."),  # the same idea, rounded
        (-0.185, "That is the output."),
        (-1.1, text("predict.match")),
        (7, text("predict.sign")),
        (-2.17, text("predict.doubled")),
        (-0.54, text("predict.halved")),
        (-0.92, text("predict.ratio_upside_down")),
        (-10.847, text("predict.point")),
        (-40, text("predict.far_larger")),
        (-0.01, text("predict.far_smaller")),
        (-1.0999, text("predict.near")),
        (-1.5, text("predict.larger")),
        (-0.8, text("predict.smaller")),
        (0, text("predict.zero")),
        ("down", text("predict.differ")),
    ],
)
def test_a_known_wrong_idea_is_named(folder, entries, shown, guess, verdict):
    predict("lesson.push", guess).reveal(-1.0847)
    assert shown[0]["text/plain"].partition("\n")[0].endswith(f"`. {verdict}")
    assert shown[0]["text/plain"].endswith(EXPLAINED)


def test_who_skips_sees_the_reason_alone(folder, entries, shown, capsys):
    assert predict("lesson.push", "skip").reveal(-1.0847)
    assert shown[0]["text/plain"] == EXPLAINED
    assert capsys.readouterr().out.strip() == text("predict.skipped")
    assert predict("lesson.push", 1.085).guess == 1.085  # a guess after all
    assert predict("lesson.push", "skip").guess == 1.085


def test_a_guess_survives_a_restart_and_a_fresh_copy(folder, entries, shown, capsys):
    predict("lesson.push", 1.085)
    capsys.readouterr()
    again = predict("lesson.push", ...)
    assert again.guess == 1.085
    assert capsys.readouterr().out.strip() == text("predict.from_before", guess="1.085")
    assert again.reveal(-1.0847)
    predict("lesson.exponent", "skip")
    assert predict("lesson.exponent", ...).reveal(3)


def test_open_reveals_wait_for_nobody(folder, entries, shown):
    reveals("open")
    assert predict("lesson.push", ...).reveal(-1.0847)
    assert shown[0]["text/plain"] == EXPLAINED
    reveals("closed")
    assert not predict("lesson.push", ...).reveal(-1.0847)
    with pytest.raises(ValueError, match="state: expected .open."):
        reveals("ajar")


def test_an_exponent_that_is_asked_for(folder, entries, shown):
    predict("lesson.exponent", 1000).reveal(3)
    assert text("predict.match") in shown[0]["text/plain"]


def test_a_changed_lesson_is_told_apart(folder, entries, shown):
    predict("lesson.push", -2).reveal(-2.0)
    first, moved, explained = shown[0]["text/plain"].split("\n\n")
    assert first.endswith(text("predict.match"))
    assert moved == text("predict.moved", result="-2")
    assert explained == EXPLAINED


def test_an_id_that_its_lesson_does_not_have_is_named(folder, entries):
    with pytest.raises(ValueError, match="lesson.exponent, lesson.push, got 'lesson.pull'"):
        predict("lesson.pull", 1)
    assert predict("another.pull", 1).guess == 1


@given(st.text(max_size=8))
def test_any_words_can_be_read(words):
    read(words)
