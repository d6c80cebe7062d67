"""What the course writes can be shown by any console, with the signs that it has."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from bpcourse.text import console

ROOT = Path(__file__).parents[1]
BACKWARD = "matrix_form.linear_backward"


@pytest.mark.parametrize(
    "signs, said",
    [
        ("δ Δ ς", "delta Delta sigma"),
        ("œ ı é ŷ", "oe i e y_hat"),
        ("x² aⁿ W₁ ½", "x^2 a^n W_1 1/2"),
        ("a\u0308 ∂z", "a dz"),
        ("я ʔ 中", "? ? ?"),  # no letters, or no names, that these readers know
    ],
)
def test_a_sign_has_its_like(signs, said):
    assert "".join(map(console.like, signs)) == said


def test_a_stream_writes_like_signs_where_it_has_not_all_and_can_be_told_so(monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding) for encoding in ("utf-8", "latin-1")]
    for out, error in (streams, (io.StringIO(), None), (SimpleNamespace(encoding="ascii"), None)):
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", error)
        console.any_console()
    assert [stream.errors for stream in streams] == ["strict", console.NAME]
    with pytest.raises(UnicodeDecodeError):
        b"\xe9".decode("ascii", console.NAME)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "gbk", "utf-8"])
def test_any_console_shows_what_the_course_says(encoding, tmp_path):
    code = f"""
        import bpcourse
        from bpcourse.gradcheck import check_gradient
        import numpy as np
        print(bpcourse.check({BACKWARD!r}, lambda dZ, A, W: (dZ @ W, A.T @ dZ, dZ.sum(axis=0))))
        print(bpcourse.hint({BACKWARD!r}))
        print(check_gradient(lambda w: (w**3).sum(), np.ones(2), np.ones(2)).explain())
        print("∂ℒ/∂ŷ = ½, δ⁽²⁾ ✓ 中")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
    )
    assert run.returncode == 0, run.stderr.decode(encoding)
    last = run.stdout.decode(encoding).splitlines()[-1]
    assert (
        last
        == {
            "cp1252": "dL/dy_hat = ½, delta(²) + ?",
            "ascii": "dL/dy_hat = 1/2, delta(^2) + ?",
            "cp437": "dL/dy_hat = ½, δ(²) + ?",
            "gbk": "dL/dy_hat = 1/2, δ(^2) + 中",
            "utf-8": "∂ℒ/∂ŷ = ½, δ⁽²⁾ ✓ 中",
        }[encoding]
    )


def test_every_sign_that_the_course_writes_has_its_like():
    paths = [*ROOT.glob("bpcourse/**/*.toml"), *ROOT.glob("bpcourse/**/*.py")]
    signs = set("".join(path.read_text(encoding="utf-8") for path in paths)) - set("中")
    assert [sign for sign in signs if sign != "?" and "?" in console.like(sign)] == []
    assert all(console.like(sign).isascii() for sign in signs)


def test_the_commands_speak_to_any_console(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    for command in (["start", "course"], ["update", "course"], ["ledger", "C29"], ["doctor"]):
        run = subprocess.run(
            [sys.executable, "-m", "bpcourse", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
        )
        assert b"Traceback" not in run.stderr and run.stdout.decode("cp1252")
