"""An answer's time is its own: not the machine's, not ours, and on every system."""

import ctypes
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from bpcourse.questions.bank import find
from bpcourse.questions.judging import clock, own
from bpcourse.questions.judging.clock import Clock, OutOfTimeError
from bpcourse.questions.judging.code import judge_code
from bpcourse.questions.judging.run import _aliased, call

LAYER = find("matrix_form.linear_backward")


def linear_backward(dZ, A, W):
    return dZ @ W, dZ.T @ A, dZ.sum(axis=0)


def endless(*arguments):
    count = 0
    while True:
        try:
            count += 1
        except Exception:
            pass


def spend(seconds):
    begin = time.thread_time()
    while time.thread_time() - begin < seconds:
        pass


@pytest.fixture(params=["signals", "a thread", "a trace"])
def means(request, monkeypatch):
    """The means that a system has: Linux and macOS, Windows, a browser."""
    if request.param != "signals":
        monkeypatch.delattr(signal, "setitimer")
        monkeypatch.delattr(time, "pthread_getcpuclockid")
    if request.param == "a trace":
        monkeypatch.setattr(clock, "_has_threads", lambda: False)
        if sys.gettrace() is not None:
            pytest.skip("a tracer is set, and stays")
    return request.param


def test_an_endless_loop_is_stopped_by_any_means(means):
    outcome = call(endless, {}, Clock(0.2))
    assert isinstance(outcome.error, OutOfTimeError)
    assert sys.gettrace() is None or means != "a trace"
    assert judge_code(LAYER, linear_backward, seconds=3).status == "right"  # nothing is left of it


def test_in_a_thread_that_gets_no_signals_a_loop_is_stopped_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(judge_code(LAYER, endless, seconds=0.3)))
    thread.start()
    thread.join()
    assert found[0].stopped


def test_a_thread_that_cannot_be_started_is_missing(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not clock._has_threads()


def test_without_any_means_the_answer_is_judged_all_the_same(monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    monkeypatch.delattr(ctypes, "pythonapi")
    tracer = sys.gettrace() or (lambda *step: None)
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        assert judge_code(LAYER, linear_backward).status == "right"
        assert sys.gettrace() is tracer  # a debugger's is not taken away
    finally:
        sys.settrace(before)


def test_the_clock_stands_while_others_have_the_processor():
    def wait():
        time.sleep(0.5)  # as good as waiting for a processor
        subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)

    Clock(0.2, patience=1000).call(wait)


def test_the_clock_on_the_wall_stops_what_only_sleeps():
    outcome = call(time.sleep, {"seconds": 1000}, Clock(0.05, patience=4))
    assert isinstance(outcome.error, OutOfTimeError)


def test_the_time_of_all_calls_counts_together_and_ours_between_them_does_not():
    short = Clock(0.5)
    for _ in range(3):
        assert call(spend, {"seconds": 0.1}, short).error is None
        spend(0.3)  # the judge's
    assert isinstance(call(spend, {"seconds": 10}, short).error, OutOfTimeError)


def test_calls_to_tell_mistakes_apart_have_no_time_of_their_own():
    calls = []

    def forgetful(dZ, A, W):  # wrong in an unknown way, and later without end
        calls.append(1)
        return endless() if len(calls) > 6 else (dZ @ W, 7 * dZ.T @ A, dZ.sum(axis=0))

    assert judge_code(LAYER, forgetful, seconds=0.3).status == "wrong"


def test_what_a_result_shares_is_found_once_for_each_array():
    given = {"a": np.zeros(3), "b": [np.zeros(3)]}
    loop = [given["b"][0][1:]]
    loop.append(loop)
    assert _aliased([loop] * 10**6, given) == {"b"}
    assert _aliased({"x": (given["a"][::2],)}, given) == {"a"}
    many = [np.zeros(3) for _ in range(10**4)]
    assert _aliased(many, given) == frozenset()
    assert _aliased(given["a"].reshape(3, 1)[:, 0][1:], {"c": given["a"][:1]}) == frozenset()


@pytest.mark.parametrize(
    "file, is_it",
    [
        ("<ipython-input-3-abc>", True),
        ("/tmp/ipykernel_1/2.py", True),
        (r"C:\Users\ana\AppData\Local\Temp\ipykernel_1\2.py", True),
        (r"C:\Python311\Lib\site-packages\numpy\core.py", False),
        ("/usr/lib/python3/dist-packages/numpy/core.py", False),
        (np.__file__, False),
        (threading.__file__, False),
        ("<frozen importlib._bootstrap>", False),
        (own.__file__, False),
    ],
)
def test_a_students_line_is_known_by_its_file_on_any_system(file, is_it):
    assert own.is_own(file) is is_it
