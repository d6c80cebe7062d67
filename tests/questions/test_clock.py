"""An answer's time is its own: not the machine's, not ours, and on every system."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from bpcourse.questions.bank import find
from bpcourse.questions.judging.clock import Clock, OutOfTimeError, _openblas
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


def test_the_clock_stands_while_others_have_the_processor():
    def wait():
        time.sleep(0.5)  # as good as waiting for a processor
        subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)

    Clock(0.2, patience=1000).call(wait)


def test_the_clock_on_the_wall_stops_what_only_sleeps():
    outcome = call(time.sleep, {"seconds": 1000}, Clock(0.05, patience=4))
    assert isinstance(outcome.error, OutOfTimeError)


def test_the_clock_on_the_wall_counts_all_calls_together():
    short = Clock(0.05, patience=6)
    outcomes = [call(time.sleep, {"seconds": 0.1}, short) for _ in range(5)]
    assert isinstance(outcomes[-1].error, OutOfTimeError)


def test_where_a_threads_own_time_cannot_be_read_that_of_the_process_is(monkeypatch):
    def refuse(clock):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(time, "clock_gettime", refuse, raising=False)
    assert Clock(60).call(lambda: 3) == 3
    assert isinstance(call(spend, {"seconds": 60}, Clock(0.1)).error, OutOfTimeError)
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    assert Clock(60).call(lambda: 3) == 3


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signals here")
def test_an_answer_that_has_ended_is_not_stopped_and_the_signal_is_as_before(monkeypatch):
    right, before = signal.setitimer, signal.getsignal(signal.SIGALRM)

    def with_a_last_tick(which, seconds, interval=0.0):
        if not seconds:
            signal.raise_signal(signal.SIGALRM)
        return right(which, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", with_a_last_tick)
    assert Clock(1e-6).call(lambda: 3) == 3
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


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


def test_an_answer_has_one_thread_of_openblas_and_others_are_as_before():
    blas = _openblas()
    if blas is None:
        pytest.skip("NumPy has another library here")
    blas.scipy_openblas_set_num_threads64_(2)
    assert Clock().call(blas.scipy_openblas_get_num_threads64_) == 1
    assert blas.scipy_openblas_get_num_threads64_() == 2
    with pytest.raises(ZeroDivisionError):
        Clock().call(lambda: 1 / 0)
    assert blas.scipy_openblas_get_num_threads64_() == 2
    blas.scipy_openblas_set_num_threads64_(1)
