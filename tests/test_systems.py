"""What Windows, macOS or a browser lacks is taken away here, and the course goes on."""

import builtins
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

import bpcourse
from bpcourse import check, workspace
from bpcourse.questions.judging import clock, own
from bpcourse.questions.judging.own import own_line

BACKWARD = "matrix_form.linear_backward"
RUN = "from bpcourse.cli import main; main"


@pytest.mark.parametrize(
    "command",
    [
        ["grade", "class", "--out", "out"],
        ["totals", "week", "--course", "c.toml"],
        ["alike", "week"],
    ],
)
def test_marking_on_windows_is_refused_in_a_sentence(command):
    # Python's own modules come first: they, too, ask what system this is.
    code = "import shutil, subprocess, sys, tempfile; sys.platform = 'win32'; "
    code += f"sys.modules['resource'] = None; {RUN}({command})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith("bpcourse: Marking"), run.stderr
    assert "this is Windows" in run.stderr and len(run.stderr.splitlines()) == 1


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


def test_an_answer_that_takes_its_time_is_left_alone_by_every_means(means, monkeypatch):
    monkeypatch.setattr(clock, "TICK", 0.002)

    def slow():
        until = time.monotonic() + 20 * clock.TICK
        while time.monotonic() < until:
            pass
        return 7

    assert clock.Clock(60).call(slow) == 7


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
