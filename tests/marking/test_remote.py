"""Judged through the socket, an answer is told the same as when ``check`` calls it itself."""

import os
import socket
from contextlib import contextmanager
from operator import attrgetter

import numpy as np
import pytest
from rows import a_part

from bpcourse.marking.inside import answers, frames
from bpcourse.marking.remote import Line, LostError, Remote
from bpcourse.questions.bank import all_questions, find
from bpcourse.questions.checking import as_result
from bpcourse.questions.judging.code import judge_code

CODE = [question for question in all_questions() if question.is_code]


@contextmanager
def asked(value, seconds=5.0, most=frames.MOST):
    """A fork that has ``value`` and answers for it."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            ours.close()
            session = answers.Session({"answer": value}, theirs, seconds, 10, most)
            session.run(["answer"])
        finally:
            os._exit(0)
    theirs.close()
    try:
        yield Line(ours, seconds, most)
    finally:
        ours.close()
        os.waitpid(child, 0)


# What crosses the socket are results of the same kinds with other numbers: two mistakes show them.
@pytest.mark.parametrize("places", a_part([slice(1), slice(1, None)], every=2))
@pytest.mark.parametrize("question", a_part(CODE, every=4), ids=attrgetter("id"))
def test_every_mistake_is_told_alike_inside_and_outside(question, places):
    for flaws in ((), *((name,) for name in question.misconceptions[places])):
        answer = question.reference(*flaws)
        with asked(answer) as line:
            found, sort, remote, _ = line.found()
            assert found and sort == ("class" if question.kind == "class" else "function")
            outside = as_result(question, judge_code(question, remote))
        inside = as_result(question, judge_code(question, answer))
        assert (outside.status, outside.misconceptions) == (inside.status, inside.misconceptions)
        if outside.status != "failed":  # the line of the error is of a cell, or of this file
            assert outside.message == inside.message


def test_what_an_answer_changes_is_changed_in_the_callers_own_arrays():
    def answer(a, many, table):
        a[0] = 7
        many[1][:] = 8
        many.append(9)
        table["x"] += 1
        return a[1:], many[1].T

    a, many, table = np.zeros(3), [1, np.zeros((2, 2))], {"x": np.ones(2)}
    with asked(answer) as line:
        tail, turned = line.found()[2](a, many, table)
    assert a.tolist() == [7, 0, 0] and many[1].tolist() == [[8, 8], [8, 8]] and many[2] == 9
    assert table["x"].tolist() == [2, 2]
    assert np.shares_memory(tail, a) and np.shares_memory(turned, many[1])


def test_functions_among_the_inputs_are_called_outside():
    calls = []

    def square(x):
        calls.append(x)
        if np.size(x) > 3:
            raise ValueError("too long")
        return x * x

    with asked(lambda f: (f(np.arange(3.0)), f(2.0))) as line:
        values = line.found()[2](square)
    assert values[0].tolist() == [0, 1, 4] and values[1] == 4 and len(calls) == 2
    with asked(lambda f: f(np.arange(5.0))) as line, pytest.raises(ValueError, match="too long"):
        line.found()[2](square)


def test_objects_are_used_by_handle():
    class Layer:
        def __init__(self, W):
            self.W = W

        def forward(self, x):
            return x @ self.W.T

    with asked(Layer) as line:
        layer = line.found()[2](np.eye(2))
        assert isinstance(layer, Remote) and str(layer) == "Layer"
        assert layer.forward(np.array([[1.0, 2.0]])).tolist() == [[1, 2]]
        assert layer.W.tolist() == np.eye(2).tolist()
        with pytest.raises(AttributeError):
            layer.backward(1)


def test_errors_come_with_their_kind_and_message():
    def answer(kind):
        raise {"ours": np.linalg.LinAlgError, "own": type("Own", (Exception,), {})}[kind]("why")

    with asked(answer) as line:
        call = line.found()[2]
        with pytest.raises(np.linalg.LinAlgError, match="why"):
            call("ours")
        with pytest.raises(Exception, match="why") as caught:
            call("own")
        assert type(caught.value).__name__ == "Own"
        with pytest.raises(KeyError, match="'other'"):
            call("other")


def test_a_fork_that_ends_or_is_late_is_lost():
    with asked(lambda: os._exit(0)) as line, pytest.raises(LostError):
        line.found()[2]()
    with asked(lambda: 1, seconds=-10) as line, pytest.raises(LostError):
        line.found()


def test_names_that_are_not_there_are_not_found():
    with asked(None) as line:
        assert line.found() == (True, "data", None, 0)
    question = find("matrix_form.linear_backward")
    assert question.answer == "linear_backward"


@pytest.mark.parametrize(
    "result",
    [
        lambda A: np.zeros(1 << 25, np.int8),
        lambda A: [np.broadcast_to(A[:1, 0], (1 << 23,))] * 5,
        lambda A: [A.T] * 2000,  # copies and views are counted where they stand
        lambda A: [A.copy()] * 2000,
        lambda A: {i: A for i in range(2000)},
        lambda A: list(range(20_000)),
        lambda A: "x" * (1 << 23),
        lambda A: [[[[] for _ in range(30)] for _ in range(30)] for _ in range(30)],
    ],
)
def test_what_is_much_too_large_is_an_error_of_the_answer(result):
    A = np.ones((3, 2))
    with asked(result, most=5000) as line:
        call = line.found()[2]
        with pytest.raises(frames.TooLargeError, match="very much larger"):
            call(A)
        with pytest.raises(frames.TooLargeError):  # and the line is there for the next
            call(A)


def test_what_grows_in_place_is_counted_too():
    def grows(many):
        many.extend(range(20_000))

    with asked(grows, most=5000) as line, pytest.raises(frames.TooLargeError):
        line.found()[2]([1, 2])
    with asked(grows) as line:
        given = [1, 2]
        line.found()[2](given)
        assert len(given) == 20_002
