"""What Windows, macOS or a browser lacks is taken away here, and the course goes on."""

import builtins
import io
import itertools
import os
import re
import runpy
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import bpcourse
from bpcourse import check, files, workspace
from bpcourse.questions import record
from bpcourse.questions.judging import clock, own
from bpcourse.questions.judging.own import own_line
from bpcourse.text import console

ROOT = Path(__file__).parents[1]
BACKWARD = "matrix_form.linear_backward"
RUN = "from bpcourse.cli import main; main"


# --- output that any console can show -------------------------------------------------------------


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


def test_every_sign_that_the_course_writes_has_its_like():
    paths = [*ROOT.glob("bpcourse/**/*.toml"), *ROOT.glob("bpcourse/**/*.py")]
    signs = set("".join(path.read_text(encoding="utf-8") for path in paths)) - set("中")
    assert [sign for sign in signs if sign != "?" and "?" in console.like(sign)] == []
    assert all(console.like(sign).isascii() for sign in signs)


@pytest.mark.parametrize(
    "command",
    [
        ["grade", "class", "--out", "out"],
        ["totals", "week", "--course", "c.toml"],
        ["alike", "week"],
    ],
)
def test_marking_on_windows_is_refused_in_a_sentence(command):
    code = f"import sys; sys.platform = 'win32'; sys.modules['resource'] = None; {RUN}({command})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith("bpcourse: Marking"), run.stderr
    assert "this is Windows" in run.stderr and len(run.stderr.splitlines()) == 1


# --- files and locks ------------------------------------------------------------------------------


@pytest.fixture
def refused(monkeypatch):
    """``refused(times)``: a virus scanner holds a file open, so that os.replace is refused."""
    right = os.replace

    def refuse(times):
        left = itertools.count(1)

        def replace(old, new):
            if next(left) <= times:
                raise PermissionError(13, "The process cannot access the file", str(new))
            right(old, new)

        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(files, "WAIT", 0.2)

    return refuse


def test_a_file_that_is_held_open_for_a_moment_is_written(refused, tmp_path):
    refused(3)
    files.write(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_a_file_that_stays_held_open_is_as_it_was(refused, tmp_path):
    (tmp_path / "a.json").write_bytes(b"old")
    refused(10**9)
    with pytest.raises(PermissionError, match="cannot access"):
        files.write(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_a_reset_that_is_refused_leaves_everything_as_it_was(monkeypatch, refused, tmp_path):
    folder = workspace.start(tmp_path / "course")
    path = folder / "exercises" / "11_matrix_form.ipynb"
    path.write_bytes(b"mine")
    before = sorted(folder.rglob("*"))
    right = os.replace

    def replace(old, new):  # the notebook is open, and all else is free
        if Path(new) == path:
            raise PermissionError(13, "The process cannot access the file")
        right(old, new)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "rename", lambda *paths: pytest.fail("an open file is not renamed"))
    monkeypatch.setattr(files, "WAIT", 0.1)
    with pytest.raises(PermissionError):
        workspace.reset(path)
    assert path.read_bytes() == b"mine" and sorted(folder.rglob("*")) == before


def _no_folder_locks(*arguments):
    raise OSError(37, "No locks available")


class _OfABrowser:
    """Pyodide's fcntl, which is there and has no flock."""


@pytest.fixture(params=["no fcntl", "fcntl without flock", "a file system without locks", "here"])
def system(request, monkeypatch):
    """Each way in which a system may lock, or not."""
    if request.param == "no fcntl":
        monkeypatch.setattr(files, "fcntl", None)
    elif request.param == "fcntl without flock":
        monkeypatch.setattr(files, "fcntl", _OfABrowser())
    elif request.param == "a file system without locks":
        monkeypatch.setattr("fcntl.flock", _no_folder_locks)
    return request.param


def test_a_guess_is_kept_on_every_system(system, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    record.update("guesses", "a", lambda before: {"value": 1})
    assert record.entry("guesses", "a") == {"value": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["bpcourse.json"]


def test_two_notebooks_lose_nothing_on_any_system(system, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "WAIT", 30.0)  # the machine may be busy

    def count(before):
        time.sleep(0.001)  # the other one is at it now
        return (before or 0) + 1

    def work():
        for _ in range(10):
            record.update("counts", "a", count)

    notebooks = [threading.Thread(target=work) for _ in range(3)]
    for notebook in notebooks:
        notebook.start()
    for notebook in notebooks:
        notebook.join()
    assert record.read(Path("bpcourse.json")) == {"counts": {"a": 30}}


def test_files_are_written_where_python_has_no_fcntl(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    there = runpy.run_path(files.__file__)
    with there["alone"](tmp_path):
        there["write"](tmp_path / "record", b"kept")
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def test_the_lock_of_a_kernel_that_died_does_not_stay(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(files, "WAIT", 0.1)
    (tmp_path / files.LOCK).touch()
    with files.alone(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_needs_no_lock(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "fcntl", None)
    with files.alone(tmp_path / "is not there"):
        pass


# --- time limits ----------------------------------------------------------------------------------


def _endless():
    while True:
        pass


def _stubborn():
    """It swallows whatever it is told, some times."""
    for _ in range(3):
        try:
            _endless()
        except BaseException:
            pass
    _endless()


def _stopped(code):
    try:
        clock.Clock(0.05).call(code)
    except clock.OutOfTimeError:
        return True
    return False


@pytest.fixture(params=["signal", "watchdog", "trace"])
def means(request, monkeypatch):
    """Each means to stop an answer."""
    tracer = sys.gettrace()  # coverage's, where it uses Python's own means
    if request.param != "signal":
        monkeypatch.delattr(signal, "setitimer", raising=False)
    if request.param == "trace":

        def start(thread):
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", start)
        sys.settrace(None)
    elif request.param == "signal" and not hasattr(signal, "setitimer"):
        pytest.skip("no setitimer here")
    yield request.param
    sys.settrace(tracer)


@pytest.mark.parametrize("code", [_endless, _stubborn])
def test_an_endless_answer_ends_by_every_means(means, code):
    if means == "trace" and code is _stubborn:
        pytest.skip("it raises once")
    assert _stopped(code)


def test_a_quick_answer_is_left_alone_by_every_means(means):
    before = sys.gettrace(), threading.active_count()
    for _ in range(50):
        assert clock.Clock(60).call(lambda: sum(range(10))) == 45
    until = time.monotonic() + 30
    while threading.active_count() > before[1] and time.monotonic() < until:
        time.sleep(0.01)
    assert (sys.gettrace(), threading.active_count()) == before


def test_nothing_is_raised_after_the_block(means):
    for _ in range(20):
        try:
            clock.Clock(0.001).call(lambda: time.sleep(0.06))
        except clock.OutOfTimeError:
            pass
    for _ in range(10**5):
        pass


def test_a_check_says_that_an_answer_does_not_end(means, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bpcourse.questions.judging.code.judge_code.__defaults__", (0, 0.2))
    result = check(BACKWARD, lambda dZ, A, W: _endless())
    assert result.status == "failed" and "seconds" in result.message


def test_an_answer_is_stopped_in_another_thread():
    stopped = []
    thread = threading.Thread(target=lambda: stopped.append(_stopped(_endless)))
    thread.start()
    thread.join(60)
    assert stopped == [True]


def test_a_debugger_that_is_there_stays(monkeypatch):
    def debugger(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        monkeypatch.delattr(signal, "setitimer", raising=False)
        monkeypatch.setattr(clock, "_has_threads", lambda: False)
        assert clock.Clock(60).call(sys.gettrace) is debugger
        assert sys.gettrace() is debugger
    finally:
        sys.settrace(before)


def test_a_trace_looks_at_the_students_lines_alone():
    seen = []

    def look():
        tracer = sys.gettrace()
        for name in (bpcourse.__file__, os.__file__, "/home/x/lesson.py"):

            class Frame:
                f_code = compile("0", name, "exec")

            seen.append(tracer(Frame(), "call", None) is not None)

    if sys.gettrace() is None:
        clock._by_trace(look, lambda: False)
    else:
        seen = [False, False, True]
    assert seen == [False, False, True]


# --- paths ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, is_it",
    [
        (r"C:\Users\ana\AppData\Local\Temp\ipykernel_8\123.py", True),
        ("/tmp/ipykernel_8/123.py", True),
        ("<ipython-input-3-abc>", True),
        (r"C:\course\.venv\Lib\site-packages\numpy\linalg.py", False),
        (r"C:\Python311\Lib\statistics.py", False),
        ("/usr/lib/python3.11/statistics.py", False),
        ("/course/.venv/lib/python3.13/site-packages/numpy/linalg.py", False),
        ("<frozen importlib._bootstrap>", False),
        (bpcourse.__file__, False),
    ],
)
def test_a_students_line_is_known_in_any_style_of_path(path, is_it):
    assert own.is_own(path) == is_it


def test_the_package_is_known_on_windows(monkeypatch):
    monkeypatch.setattr(own, "PACKAGE", "C:\\course\\bpcourse\\")
    assert not own.is_own(r"C:\course\bpcourse\layers.py")
    assert own.is_own(r"C:\course\answers.py")


def test_the_line_that_is_shown_is_the_students(tmp_path):
    answer = tmp_path / "answer.py"
    answer.write_text("def f(net):\n    return net.predict('no numbers')\n", encoding="utf-8")
    names = {}
    builtins.exec(compile(answer.read_text("utf-8"), str(answer), "exec"), names)
    net, *_ = bpcourse.datasets.worked_network()
    with pytest.raises((TypeError, ValueError)) as caught:
        names["f"](net)
    assert own_line(caught.value) == "line 2: return net.predict('no numbers')"


def test_names_of_files_hold_no_backslash(tmp_path):
    """What is written down on Windows is read elsewhere."""
    names = [name for name, _ in workspace.originals()]
    assert names and not re.search(r"\\", "".join(names))
