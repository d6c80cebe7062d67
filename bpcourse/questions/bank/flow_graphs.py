"""Lesson 05: circuits, local times upstream, and reverse mode on a graph."""

import numpy as np

from bpcourse.questions.bank._inputs import far, rounded
from bpcourse.questions.bank._slopes import ACROSS, LOGISTIC_SLOPES, OF_LOGISTIC, across
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Implementation, Inputs, Picture, Result


def _gate(rng: np.random.Generator, size: int) -> Inputs:
    x, y, g = (float(v) for v in rounded(rng, 3, -4, 4))
    return {"x": x, "y": y if abs(y) != abs(x) else y + 0.5, "g": g}


def _a_gate(sign: str, first: str, second: str) -> Implementation:
    """The picture of one gate: values above, what is known of the gradients below."""

    def picture(g: float, **inputs: float) -> Picture:
        from bpcourse import figures

        return figures.flow_graph(
            {first: (0, 0), second: (0, 1), "out": (1, 0.5)},
            [(first, "out"), (second, "out")],
            gates={"out": sign},
            values=inputs,
            grads={first: "?", "out": g},
        )

    return picture


@question(
    "flow_graphs.multiply_gate",
    inputs=_gate,
    picture=_a_gate("×", "x", "y"),
    misconceptions="wrong_argument upstream_missing upstream_shared_out added_along_path",
    slips=lambda x, y, g: {
        "function_for_slope": x * y * g,
        "divided_for_multiplied": [y / g, g / y],
        "inner_slope_missing": g,
    },
    on_the_way=lambda x, y, g: {"output": x * y, "itself": x},
)
def multiply_gate(flaw: Flaws, x: float, y: float, g: float) -> Result:
    if flaw("upstream_missing"):
        return y
    if flaw("added_along_path"):
        return g + y
    return g * (x if flaw("wrong_argument") else y) / (2 if flaw("upstream_shared_out") else 1)


@question(
    "flow_graphs.add_gate",
    inputs=lambda rng, size: {
        "a": float(rounded(rng, (), 1.5, 4)),
        "b": float(rounded(rng, (), -4, -1.5)),
        "g": float(rounded(rng, (), 5, 8)),
    },
    picture=_a_gate("+", "a", "b"),
    misconceptions="upstream_shared_out wrong_argument upstream_missing",
    slips=lambda a, b, g: {
        "wrong_argument": a * g,
        "function_for_slope": (a + b) * g,
        "added_along_path": [g + a, g + b, g + a + b],
    },
    on_the_way=lambda a, b, g: {"output": a + b, "itself": a, "other": b},
)
def add_gate(flaw: Flaws, a: float, b: float, g: float) -> Result:
    if flaw("wrong_argument"):
        return g * b
    if flaw("upstream_missing"):
        return 1.0
    return g / 2 if flaw("upstream_shared_out") else g


def _circuit(rng: np.random.Generator, size: int) -> Inputs:
    return {"x": float(rng.normal()), "y": float(rng.normal()), "z": float(rng.normal())}


@question(
    "flow_graphs.circuit",
    inputs=_circuit,
    edges=lambda rng: [_circuit(rng, 1) | {name: 0.0} for name in "xyz"],
    misconceptions="overwritten_not_accumulated upstream_missing wrong_argument "
    "upstream_shared_out paths_multiplied added_along_path",
    forms={
        "overwritten_not_accumulated": "the_other_kept",
        "wrong_argument": "at_q at_both",
        "upstream_missing": "everywhere",
        "upstream_shared_out": "at_x",
    },
    families=(Family("started_with_the_value brackets_missing"),),
)
def circuit(flaw: Flaws, x: float, y: float, z: float) -> Result:
    if flaw("brackets_missing"):  # x·y + z·x
        return y + z, x, x
    q = x * y  # f = (x·y + z)·x
    s = q + z
    into_s, x_directly = x, s
    to_x, to_y = y, x  # from q
    if flaw("wrong_argument"):
        if not flaw("at_q"):
            into_s, x_directly = s, x
        if flaw("at_q") or flaw("at_both"):
            to_x, to_y = x, y
    into_q = into_z = into_s / (2 if flaw("upstream_shared_out") and not flaw("at_x") else 1)
    if flaw("upstream_missing"):
        into_q, into_z = 1, 1 if flaw("everywhere") else into_z
    x_through_q, into_y = to_x * into_q, to_y * into_q
    if flaw("added_along_path"):
        x_through_q, into_y = to_x + into_q, to_y + into_q
    into_x = x_directly * x_through_q if flaw("paths_multiplied") else x_directly + x_through_q
    if flaw("at_x"):
        into_x = into_x / 2
    if flaw("overwritten_not_accumulated"):
        into_x = x_directly if flaw("the_other_kept") else x_through_q
    last = s * x if flaw("started_with_the_value") else 1.0
    return last * into_x, last * into_y, last * into_z


def _tape(rng: np.random.Generator, size: int) -> Inputs:
    """A chain of multiply and add gates, with values that are used again: [(op, i, j), …]."""
    leaves = rng.normal(size=3)
    values, tape = list(leaves), []
    for _ in range(3 + 2 * size):
        i, j = (int(k) for k in rng.integers(len(values), size=2))
        op = "add" if rng.integers(2) else "mul"
        tape.append((op, i, j))
        values.append(values[i] + values[j] if op == "add" else values[i] * values[j])
    i, j = len(values) - 1, len(values) - 2
    tape += [("mul", i, j), ("add", len(values), 0), ("mul", len(values) + 1, 1)]
    if size == 4:  # what is used last is used twice
        tape[-1] = "mul", len(values) + 1, len(values) + 1
    return {"leaves": leaves, "tape": tape}


@question(
    "flow_graphs.reverse_mode",
    inputs=_tape,
    misconceptions="overwritten_not_accumulated visited_too_early wrong_argument upstream_missing "
    "upstream_shared_out added_along_path paths_multiplied off_by_one_loop one_path_only not_reset",
    forms={"overwritten_not_accumulated": "at_mul at_add", "one_path_only": "at_add_alone"},
    families=(
        Family(
            "backward_not_started all_values_returned add_gate_as_multiply value_for_slope "
            "started_with_the_value",
            {
                "upstream_missing": "at_mul_alone at_add_alone_missing",
                "overwritten_not_accumulated": "at_the_end",
            },
        ),
    ),
)
def reverse_mode(flaw: Flaws, leaves: Array, tape: list[tuple[str, int, int]]) -> Result:
    values = list(leaves)
    for op, i, j in tape:
        values.append(values[i] + values[j] if op == "add" else values[i] * values[j])
    grad = np.zeros(len(values))
    if flaw("not_reset") or flaw("paths_multiplied"):
        grad[:] = 1.0
    grad[-1] = 0.0 if flaw("backward_not_started") else 1.0
    if flaw("started_with_the_value"):
        grad[-1] = values[-1]
    steps = list(enumerate(tape, start=len(leaves)))
    if flaw("off_by_one_loop"):
        steps = steps[1:]
    for k, (op, i, j) in steps if flaw("visited_too_early") else reversed(steps):
        forgets = op == "mul" if flaw("at_mul_alone") else flaw("upstream_missing")
        if flaw("at_add_alone_missing"):
            forgets = op == "add"
        upstream = 1.0 if forgets else grad[k]
        locals_ = (1.0, 1.0) if op == "add" else (values[j], values[i])
        if flaw("add_gate_as_multiply"):
            locals_ = values[j], values[i]
        if flaw("value_for_slope") and op == "add":
            locals_ = values[i], values[j]
        if flaw("wrong_argument"):
            locals_ = locals_[::-1]
        if flaw("upstream_shared_out") and op == "add":
            locals_ = (0.5, 0.5)
        if flaw("one_path_only") and i == j and (op == "add" or not flaw("at_add_alone")):
            locals_ = (locals_[0], 0.0)
        overwritten = flaw("overwritten_not_accumulated")
        if flaw("at_mul") or flaw("at_add"):
            overwritten = flaw(f"at_{op}")
        if flaw("at_the_end"):
            overwritten = k == len(values) - 1
        for parent, local in zip((i, j), locals_, strict=True):
            part = local * upstream
            if flaw("added_along_path") and op == "mul":
                part = local + upstream
            if flaw("paths_multiplied"):
                grad[parent] *= part
            else:
                grad[parent] = part if overwritten else grad[parent] + part
    return grad if flaw("all_values_returned") else grad[: len(leaves)].copy()


def _through_sigmoid(rng: np.random.Generator, size: int) -> Inputs:
    return {"x": rng.normal(size=1 + size), "upstream": rng.normal(size=1 + size)}


@question(
    "flow_graphs.mend_sigmoid",
    inputs=_through_sigmoid,
    edges=lambda rng: [far(_through_sigmoid(rng, 4))],
    misconceptions=LOGISTIC_SLOPES + " added_along_path matrix_for_elementwise_product",
    families=(OF_LOGISTIC, ACROSS),
)
def mend_sigmoid(flaw: Flaws, x: Array, upstream: Array) -> Result:
    return across(flaw, upstream, x)


def _four_nodes() -> Picture:
    from bpcourse import figures

    return figures.flow_graph(
        {"p": (0, 1), "q": (1, 0), "r": (2, 1.3), "s": (3, 0.4)},
        [("p", "q"), ("p", "q"), ("p", "r"), ("q", "r"), ("q", "s"), ("r", "s")],
    )


lettered("flow_graphs.order_of_nodes", picture=_four_nodes)


def _square(x: int) -> Picture:
    from bpcourse import figures

    return figures.flow_graph(
        {"x": (0, 0), "y": (1, 0)},
        [("x", "y"), ("x", "y")],
        gates={"y": "×"},
        values={"x": x},
        grads={"x": "?", "y": 1},
    )


lettered(
    "flow_graphs.used_twice",
    inputs=lambda rng, size: {"x": int(rng.integers(3, 9))},
    picture=_square,
)
