"""Which pairs of answers are shown as alike: those that share what is rare, and no others."""

import numpy as np
import pytest

from bpcourse.cli import main
from bpcourse.marking.likeness import alike, pieces_of
from bpcourse.marking.records import Record
from bpcourse.marking.results import Results
from bpcourse.marking.submissions import Submission

QUESTION = "matrix_form.linear_backward"
FORCED = """
def linear_backward(dZ, A, W):
    dW = dZ.T @ A
    db = dZ.sum(axis=0)
    dA = dZ @ W
    return dA, dW, db
"""
ODD = """
def linear_backward(dZ, A, W):
    # each example by itself, the last one first
    total, biases, rows = np.zeros_like(W), np.zeros(len(W)), []
    for k in reversed(range(len(A))):
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                total[i, j] = total[i, j] + dZ[k, i] * A[k, j]
            biases[i] += dZ[k, i]
        row = [sum(dZ[k, i] * W[i, j] for i in range(W.shape[0])) for j in range(len(W.T))]
        rows.insert(0, row)
    if len(rows) > 3 * len(A):
        raise ValueError("too many")
    return np.array(rows).reshape(A.shape), total, biases
"""
RENAMED = (
    ODD.replace("total", "gw")
    .replace("biases", "gb")
    .replace("rows", "out")
    .replace("    # each example by itself, the last one first\n", "")
)
LETTERS = "abcdefgh"


def record(student, work, question=QUESTION):
    return Record(student, student.title(), "11_matrix_form", question, "right", work=work)


def own_way(rng):
    """A right answer as most give it: the names, the order and small things are one's own."""
    lines = ["    dW = dZ.T @ A", "    db = dZ.sum(axis=0)", "    dA = dZ @ W"]
    other = [
        "    dW = np.dot(dZ.T, A)",
        "    db = np.sum(dZ, axis=0)",
        "    dA = np.matmul(dZ, W)",
    ]
    mixed = [one if rng.random() < 0.6 else two for one, two in zip(lines, other, strict=True)]
    mixed = [mixed[i] for i in rng.permutation(3)]
    code = "\n".join(["def linear_backward(dZ, A, W):", *mixed, "    return dA, dW, db"])
    for name, letter in zip(("dW", "db", "dA"), rng.permutation(list(LETTERS)), strict=False):
        code = code.replace(name, f"{name}_{letter}") if rng.random() < 0.7 else code
    return code


@pytest.mark.parametrize("copy", [ODD, RENAMED])
def test_two_that_share_what_nobody_else_wrote_are_shown(copy):
    rng = np.random.default_rng(0)
    records = [record(f"s{i}", own_way(rng)) for i in range(30)]
    found = alike([*records, record("ana", ODD), record("bo", copy)])
    assert [pair.names for pair in found] == [("Ana", "Bo")]
    (shared,) = found[0].shared
    assert shared.question == QUESTION and shared.works == (ODD, copy) and shared.share > 0.75


@pytest.mark.parametrize("seed", range(5))
def test_what_the_task_forces_is_no_likeness(seed):
    rng = np.random.default_rng(seed)
    assert alike([record(f"s{i}", own_way(rng)) for i in range(40)]) == []
    assert alike([record(f"s{i}", FORCED) for i in range(40)]) == []


def test_small_likenesses_over_many_questions_add_up():
    rng = np.random.default_rng(1)
    one, two = (f"def f(x):\n    return np.{a}(x) ** 3 - 1\n" for a in ("cbrt", "square"))
    records = [
        record(student, one if student in ("ana", "bo") else two, f"matrix_form.q{i}")
        for i in range(12)
        for student in ("ana", "bo", *(f"s{k}" for k in range(20)))
    ]
    rng.shuffle(records)
    (pair,) = alike(records)
    assert set(pair.names) == {"Ana", "Bo"} and len(pair.shared) == 12
    assert alike([one for one in records if one.question == "matrix_form.q0"]) == []


def test_names_layout_and_remarks_of_ones_own_change_no_piece_of_the_tree():
    def tree(code):
        return {piece for piece in pieces_of(code) if piece[0] not in ("name", "comment")}

    assert tree(ODD) == tree(RENAMED) and tree(ODD) != tree(FORCED)
    assert pieces_of("def f(:") == frozenset()  # no program: like nothing


def test_the_command_writes_a_page_with_both_answers(tmp_path, capsys):
    results = Results(tmp_path / "out")
    rng = np.random.default_rng(0)
    works = {f"s{i}": own_way(rng) for i in range(12)} | {"ana": ODD, "bo": f"{RENAMED}# <b>hi</b>"}
    for student, work in works.items():
        own = Record(student, student, "11_matrix_form", None, "graded")
        records = [own, record(student, work)]
        submission = Submission(student, student, "11_matrix_form", f"{student}.ipynb", b"")
        results.keep(submission, "0", records)
    main(["alike", str(results.folder)])
    assert "stand out: 1" in capsys.readouterr().out
    page = (results.folder / "alike.html").read_text(encoding="utf-8")
    assert "reversed(range(len(A)))" in page and "&lt;b&gt;hi" in page and "<b>hi" not in page
    with pytest.raises(SystemExit):
        main(["alike", str(tmp_path)])
    assert "bpcourse grade" in capsys.readouterr().err
