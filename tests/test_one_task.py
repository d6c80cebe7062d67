"""One task, four engines: the same losses by central differences, scalars, matrices, a Network."""

import re

import numpy as np
import pytest
from lessons import STEMS, lesson

from bpcourse import Linear, Network, SquaredError, Tanh, datasets, graph
from bpcourse.graph import Node

TASK = datasets.one_task()


def losses(step):
    """The loss before each step and after the last; ``step(params)`` gives loss and gradients."""
    params = datasets.one_task().params
    measured = []
    for _ in range(TASK.steps):
        loss, grads = step(params)
        measured.append(loss)
        for name, gradient in grads.items():
            params[name] -= TASK.learning_rate * gradient
    return [*measured, step(params)[0]]


def scores(params):
    A = np.tanh(TASK.X @ params["W1"].T + params["b1"])
    return A @ params["W2"].T + params["b2"]


def loss_of(params):
    return 0.5 * ((scores(params) - TASK.y) ** 2).sum() / len(TASK.X)


def by_central_differences(params):
    grads = {}
    for name, parameter in params.items():
        grads[name] = np.zeros_like(parameter)
        for place in np.ndindex(parameter.shape):
            kept = parameter[place]
            parameter[place] = kept + 1e-5
            above = loss_of(params)
            parameter[place] = kept - 1e-5
            grads[name][place] = (above - loss_of(params)) / 2e-5
            parameter[place] = kept
    return loss_of(params), grads


def by_scalars(params):
    nodes = {name: [Node(float(v)) for v in array.ravel()] for name, array in params.items()}
    W1, b1, W2, b2 = nodes.values()
    loss = Node(0.0)
    for (x1, x2), (y,) in zip(TASK.X, TASK.y, strict=True):
        y_hat = b2[0]
        for unit in range(4):
            z = W1[2 * unit] * x1 + W1[2 * unit + 1] * x2 + b1[unit]
            y_hat = y_hat + W2[unit] * graph.tanh(z)
        error = y_hat - y
        loss = loss + error * error * (0.5 / len(TASK.X))
    loss.backward()
    grads = {
        name: np.reshape([node.grad for node in nodes[name]], array.shape)
        for name, array in params.items()
    }
    return float(loss.value), grads


def by_matrices(params):
    A = np.tanh(TASK.X @ params["W1"].T + params["b1"])
    error = A @ params["W2"].T + params["b2"] - TASK.y
    delta2 = error / len(TASK.X)
    delta1 = (delta2 @ params["W2"]) * (1 - A * A)
    grads = {
        "W1": delta1.T @ TASK.X,
        "b1": delta1.sum(axis=0),
        "W2": delta2.T @ A,
        "b2": delta2.sum(axis=0),
    }
    return 0.5 * (error * error).sum() / len(TASK.X), grads


def by_array_nodes(params):
    nodes = {name: Node(array) for name, array in params.items()}
    A = graph.tanh(TASK.X @ nodes["W1"].T + nodes["b1"])
    error = A @ nodes["W2"].T + nodes["b2"] - TASK.y
    loss = (error * error).sum() * (0.5 / len(TASK.X))
    loss.backward()
    return float(loss.value), {name: node.grad for name, node in nodes.items()}


def by_network(params):
    net = Network(
        [Linear(2, 4, rng=None, init="zeros"), Tanh(), Linear(4, 1, rng=None, init="zeros")],
        SquaredError(factor=0.5),
    )
    names = {"0.W": "W1", "0.b": "b1", "2.W": "W2", "2.b": "b2"}
    net.params.update({theirs: params[ours] for theirs, ours in names.items()})
    loss = net.forward(TASK.X, TASK.y)
    return loss, {names[name]: gradient for name, gradient in net.backward().items()}


MATRICES = losses(by_matrices)


@pytest.mark.parametrize(
    "engine, tolerance",
    [
        (by_central_differences, 1e-6),
        (by_scalars, 1e-8),
        (by_array_nodes, 1e-8),
        (by_network, 1e-8),
    ],
)
def test_every_engine_goes_down_the_same_losses(engine, tolerance):
    np.testing.assert_allclose(losses(engine), MATRICES, rtol=0, atol=tolerance)


def test_the_loss_falls_at_every_step_and_all_rooms_are_right_at_the_end():
    """As the docstring says: 0.165 to 0.018, and 12 to 24 rooms."""
    assert len(MATRICES) == TASK.steps + 1 == 61
    assert (np.diff(MATRICES) < 0).all()
    assert [round(MATRICES[0], 3), round(MATRICES[-1], 3)] == [0.165, 0.018]
    params = datasets.one_task().params
    right = [int(((scores(params) > 0.5) == TASK.y).sum())]
    for _ in range(TASK.steps):
        for name, gradient in by_matrices(params)[1].items():
            params[name] -= TASK.learning_rate * gradient
    right.append(int(((scores(params) > 0.5) == TASK.y).sum()))
    assert right == [12, 24]


def test_no_straight_line_parts_the_rooms():
    """A comfortable room lies in a triangle of three others, so it is on one side with a corner."""
    corners = np.array([[0.6, 1.7], [-1.4, -1.2], [1.6, -0.8]])
    inner = np.array([0.4, -0.1])
    for place, target in [(inner, 1), *((corner, 0) for corner in corners)]:
        (row,) = np.flatnonzero((place == TASK.X).all(axis=1))
        assert TASK.y[row, 0] == target
    weights = np.linalg.solve(np.vstack([corners.T, np.ones(3)]), [*inner, 1])
    assert (weights > 0.05).all()  # well inside: a mean of the corners, with positive weights


def test_the_start_is_short_fresh_and_hides_no_mistake():
    shapes = {name: array.shape for name, array in TASK.params.items()}
    assert shapes == {"W1": (4, 2), "b1": (4,), "W2": (1, 4), "b2": (1,)}
    for array in [TASK.X, *TASK.params.values()]:
        np.testing.assert_array_equal(array, array.round(1))
    for array in TASK.params.values():  # no two entries agree up to sign, so none can be swapped
        assert len(set(np.abs(array).ravel())) == array.size
    assert len(np.unique(TASK.X, axis=0)) == 24
    X, y, params, learning_rate, steps = datasets.one_task()
    for array in [X, y, *params.values()]:
        array += 1
    np.testing.assert_array_equal(datasets.one_task().X, TASK.X)
    np.testing.assert_array_equal(datasets.one_task().params["W1"], TASK.params["W1"])
    assert (learning_rate, steps) == (0.5, 60)


def test_the_table_of_the_engines_holds_what_each_lesson_has_measured():
    """The column *there* holds one digit of what the lesson itself printed, then and later."""
    measured = {}
    for number in ("03", "05", "11", "15"):
        told = lesson(next(stem for stem in STEMS if stem.startswith(number)))
        cells = {place.cell.id: place for place in told.places}
        seconds = float(re.match(r"[\d.]+(?= seconds a step)", cells["rooms-time"].shown)[0])
        measured[number] = np.format_float_positional(float(f"{seconds:.1g}"))
        rows = re.findall(r"\| (\d\d) \| ([\d.]*) ?\| … \|", cells["rooms-table"].source)
        assert dict(rows) == {key: measured.get(key, "") for key in ("03", "05", "11", "15")}
