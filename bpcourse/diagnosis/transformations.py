"""Mistakes that belong to no question: what each makes of a right result, or of the inputs.

A table, name of the catalogue and change. ``RESULTS`` change an array of a result, given the facts
of the case; ``on_inputs`` lists what may have been done to inputs of these names. What cannot be
done to an array is None.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Inputs = dict[str, Any]
OfArray = Callable[[Array, int | None], Array | None]  # and the number of examples, if known
OfInput = Callable[[Any], Any]

EXAMPLES = ("X", "Y", "y", "Y_hat", "Z", "dZ", "labels", "per_example", "grad_y", "grad_a")
FIRST_OF = ("X", "Y", "Y_hat", "Z", "dZ", "per_example")  # tables with a row for each example
WEIGHTS = ("W", "W1", "W2", "W_above", "V", "w")
BIASES = ("b", "b1", "b2")
TARGETS = (("y_hat", "y"), ("z", "y"))  # (output, target)
UPSTREAM = ("delta", "delta_above", "delta_row", "grad", "grad_a", "grad_y", "upstream", "seed")


@dataclass(frozen=True)
class Change:
    """One transformation: ``name`` in the catalogue, and what it does.

    ``of_result`` takes an array and the number of examples, if it is known; ``of_inputs`` takes the
    inputs by name. ``keeps_proportions``: the entries stay the same but for one factor and their
    places. ``instead``: what should be used, and what is, as code.
    """

    name: str
    of_result: OfArray | None = None
    of_inputs: Callable[[Inputs], Inputs] | None = None
    keeps_proportions: bool = field(default=False, compare=False)
    instead: tuple[str, str] | None = None


def examples(inputs: Inputs) -> int | None:
    """The number of examples in a batch, read from the names and shapes; None where there is none.

    Every input that may hold examples must have a row or an entry for each.
    """
    first = next((inputs[name] for name in FIRST_OF if name in inputs), None)
    if not isinstance(first, np.ndarray) or first.ndim != 2:
        return None
    return len(first)


def _scaled(factor: float) -> OfArray:
    return lambda r, n: factor * r


def _without(row: slice | int) -> OfArray:
    """Zeros in some places along the first axis, as a loop leaves them that does not come there."""

    def change(r: Array, n: int | None) -> Array | None:
        if r.ndim == 0 or len(r) < 2:
            return None
        r = r.copy()
        r[row] = 0
        return r

    return change


def _last_alone(r: Array, n: int | None) -> Array | None:
    """Zeros but in the last place along the last axis: filled once, after the loop."""
    if r.ndim == 0 or r.shape[-1] < 2:
        return None
    left = np.zeros_like(r)
    left[..., -1] = r[..., -1]
    return left


def _in_every_place(row: slice) -> OfArray:
    return lambda r, n: np.broadcast_to(r[row], r.shape).copy() if r.ndim and len(r) > 1 else None


def _reshaped(r: Array, n: int | None) -> Array | None:
    """Its transpose, brought to its shape by a reshape."""
    return r.T.reshape(r.shape) if r.ndim == 2 and min(r.shape) > 1 else None


def _along(axis: int, kind: str) -> OfArray:
    return lambda r, n: getattr(r, kind)(axis=axis) if r.ndim > axis and r.ndim == 2 else None


def _divided(r: Array, n: int | None) -> Array | None:
    return r / n if n is not None and n > 1 else None


def _times(r: Array, n: int | None) -> Array | None:
    return r * n if n is not None and n > 1 else None


def _by_one_less(r: Array, n: int | None) -> Array | None:
    return r * n / (n - 1) if n is not None and n > 1 else None


def _where_finite(change: Callable[[Array], Array]) -> OfArray:
    def checked(r: Array, n: int | None) -> Array | None:
        with np.errstate(all="ignore"):
            made = change(r)
        return made if np.isfinite(made).all() else None

    return checked


RESULTS = (
    Change("sign_flipped", lambda r, n: -r, keeps_proportions=True),
    Change("doubled", _scaled(2.0), keeps_proportions=True),
    Change("halved", _scaled(0.5), keeps_proportions=True),
    Change("times_the_examples", _times, keeps_proportions=True),
    Change("divided_by_the_examples", _divided, keeps_proportions=True),
    Change(
        "divided_by_another_count",
        lambda r, n: r / len(r) if r.ndim and len(r) > 1 else None,
        keeps_proportions=True,
    ),
    Change(
        "divided_by_another_count",
        lambda r, n: r / r.size if r.ndim > 1 else None,
        keeps_proportions=True,
    ),
    Change("lies_on_its_side", lambda r, n: r.T if r.ndim == 2 else None, keeps_proportions=True),
    Change("keepdims_kept", lambda r, n: r[None] if r.ndim < 2 else None, keeps_proportions=True),
    Change(
        "keepdims_kept", lambda r, n: r[:, None] if r.ndim == 1 else None, keeps_proportions=True
    ),
    Change("keepdims_kept", lambda r, n: r[None, None] if r.ndim == 0 else None),
    Change("flattened", lambda r, n: r.ravel() if r.ndim > 1 else None, keeps_proportions=True),
    Change(
        "flattened",
        lambda r, n: r.reshape(()) if r.ndim and r.size == 1 else None,
        keeps_proportions=True,
    ),
    Change("order_reversed", lambda r, n: r[::-1] if r.ndim == 1 else None, keeps_proportions=True),
    Change("summed_to_one_number", lambda r, n: r.sum() if r.ndim else None),
    Change("summed_to_one_number", lambda r, n: r.mean() if r.ndim else None),
    Change("axis_summed_away", _along(0, "sum")),
    Change("axis_summed_away", _along(1, "sum")),
    Change("axis_summed_away", _along(0, "mean")),
    Change("axis_summed_away", _along(1, "mean")),
    Change("first_entry_only", lambda r, n: r[0] if r.ndim else None),
    Change("last_entry_only", lambda r, n: r[-1] if r.ndim else None),
    Change("one_entry_for_all", _in_every_place(slice(1))),
    Change("one_entry_for_all", _in_every_place(slice(-1, None))),
    Change("summed_too_early", lambda r, n: np.full_like(r, r.sum()) if r.size > 1 else None),
    Change("used_after_its_loop", _last_alone),
    Change("transpose_misplaced", _reshaped, keeps_proportions=True),
    Change("stops_after_first_round", _without(slice(1, None))),
    Change("off_by_one_loop", _without(-1)),
    Change("off_by_one_loop", _without(0)),
    Change("off_by_one_loop", lambda r, n: r[:-1] if r.ndim and len(r) > 1 else None),
    Change("off_by_one_loop", lambda r, n: r[1:] if r.ndim and len(r) > 1 else None),
    Change("sum_not_reset", lambda r, n: np.cumsum(r) if r.ndim == 1 else None),
    Change("divided_by_one_less", _by_one_less, keeps_proportions=True),
    Change("slope_for_value", lambda r, n: r * (1 - r)),
    Change("slope_for_value", lambda r, n: 1 - r**2),
    Change("left_at_zero", lambda r, n: np.zeros_like(r)),  # one of several results
    Change("absolute_value", lambda r, n: np.abs(r)),
    Change("square_lost", lambda r, n: np.sqrt(r) if (r >= 0).all() else None),
    Change("squared_once_more", lambda r, n: r**2),
    Change("ratio_upside_down", _where_finite(lambda r: 1 / r)),
    Change("one_minus", lambda r, n: 1 - r),
    Change("rounded_result", lambda r, n: np.round(r)),
    Change("rounded_result", lambda r, n: np.round(r, 2)),
    Change("rounded_result", lambda r, n: np.round(r, 3)),
    Change("rounded_result", lambda r, n: np.round(r, 4)),
    Change("integer_arrays", lambda r, n: np.trunc(r)),
)


def _transposed(W: Any) -> Any:
    return [matrix.T for matrix in W] if isinstance(W, list) else np.asarray(W).T


def _shares(table: Array) -> Array:
    e = np.exp(table - table.max(axis=-1, keepdims=True))
    shares: Array = e / e.sum(axis=-1, keepdims=True)
    return shares


def _by(factor: float) -> OfInput:
    def change(value: Any) -> Any:
        return [factor * entry for entry in value] if isinstance(value, list) else factor * value

    return change


def _always(number: float) -> OfInput:
    return lambda value: number


INPUTS: tuple[tuple[tuple[str, ...], str, OfInput], ...] = (  # of these names, each and all
    (WEIGHTS, "weights_wrong_way_round", _transposed),
    (("w",), "weights_squared", np.square),
    (BIASES, "bias_forgotten", _by(0)),
    (BIASES, "bias_subtracted", _by(-1)),
    (UPSTREAM, "upstream_missing", np.ones_like),
    (("x", "X"), "activation_on_input", np.tanh),
    (("x", "X"), "activation_on_input", lambda x: 1 / (1 + np.exp(-x))),
    (("Y", "y"), "target_forgotten", _by(0)),
    (("Y_hat",), "softmax_twice", _shares),
    (("labels", "label"), "class_miscounted", lambda labels: labels - 1),
    (("labels", "label"), "class_miscounted", lambda labels: labels + 1),
    (("T",), "temperature_upside_down", lambda T: 1 / T),
    (("T",), "temperature_forgotten", _always(1.0)),
    (("T",), "temperature_twice", lambda T: T**2),
    (("order",), "order_inverted", np.argsort),
    (("eta",), "learning_rate_missing", _always(1.0)),
    (("eta",), "number_for_parameter", _always(0.1)),
    (("eta",), "number_for_parameter", _always(0.01)),
    (("eta",), "step_uphill", _by(-1)),
)
ROWS: tuple[tuple[str, OfInput], ...] = (  # of all that hold examples
    ("first_example_only", lambda rows: rows[:1]),
    ("last_example_only", lambda rows: rows[-1:]),
    ("off_by_one_loop", lambda rows: rows[:-1]),
    ("off_by_one_loop", lambda rows: rows[1:]),
)


def on_inputs(inputs: Inputs) -> Iterator[Change]:
    """The transformations of inputs that those of these names and shapes allow."""
    arrays = {name: value for name, value in inputs.items() if isinstance(value, np.ndarray)}
    for names, mistake, change in INPUTS:
        there = [name for name in names if name in inputs]
        if names is UPSTREAM:  # "seed" may be that of a generator
            there = [name for name in there if name in arrays]
        if names == ("Y", "y") and not {"X", "x", "z", "Y_hat", "y_hat"} & set(inputs):
            there = []  # no target, but a number like others
        if names == ("Y_hat",) and "labels" not in inputs:
            there = []  # no shares
        each = [{name} for name in there]
        for some in each if len(each) < 2 else [*each, set(there)]:
            yield _replaced(mistake, some, change)
    if isinstance(inputs.get("eta"), float):
        for count in counts(inputs):
            yield Change("learning_rate_divided", of_inputs=_slower(count))
    if isinstance(inputs.get("seed"), int):
        yield _replaced("seed_not_used", {"seed"}, _always(0))
    if examples(inputs) is not None:
        for mistake, change in ROWS:
            yield _replaced(mistake, set(EXAMPLES), change)
    for name, value in arrays.items():
        if value.ndim == 1 and value.dtype.kind == "f":
            yield _replaced("column_broadcast", {name}, lambda row: row[:, None])
    for one, other in combinations(
        [name for name, value in inputs.items() if isinstance(value, np.ndarray | float)], 2
    ):
        if np.shape(inputs[one]) == np.shape(inputs[other]):
            both = {(one, other), (other, one)} & set(TARGETS)
            mistake = "target_and_output_swapped" if both else "inputs_swapped"
            yield Change(mistake, of_inputs=_swapped(one, other), instead=(one, other))
            for put, away in ((one, other), (other, one)):
                yield Change("another_input", of_inputs=_put(put, away), instead=(away, put))


def _size(name: str, axis: int) -> Callable[[Inputs], float]:
    """The size of an input along an axis; 0 where it has none, which divides nothing."""
    return lambda inputs: (*np.shape(inputs[name]), *[0] * (axis + 1))[axis]


def _an_example(count: Callable[[Inputs], float]) -> Callable[[Inputs], float]:
    return lambda inputs: count(inputs) / (examples(inputs) or 1)


ALTERED: tuple[tuple[str, OfInput], ...] = (  # what is given, before it is used
    ("{}**2", np.square),
    ("-{}", np.negative),
    ("np.abs({})", np.abs),
    ("np.sqrt({})", np.sqrt),
    ("1 / {}", np.reciprocal),
    ("2 * {}", lambda x: 2 * x),
    ("{} / 2", lambda x: x / 2),
)
OF_ARRAYS: tuple[tuple[str, OfInput], ...] = (
    ("one_entry_for_all", lambda x: np.broadcast_to(x[:1], x.shape).copy()),
    ("one_entry_for_all", lambda x: np.broadcast_to(x[-1:], x.shape).copy()),
    ("summed_too_early", lambda x: np.full(x.shape, x.sum())),
    ("summed_too_early", lambda x: np.full(x.shape, x.mean())),
    ("slope_twice", lambda x: x * (1 - x**2)),
    ("slope_twice", lambda x: x * (1 - np.tanh(x) ** 2)),
    ("slope_twice", lambda x: x * x * (1 - x)),
)


def _broken_up(table: Any) -> Any:
    """Reshaped where it should be transposed, and so of the same shape in the end."""
    if isinstance(table, list):
        return [_broken_up(entry) for entry in table]
    return table.reshape(table.shape[::-1]).T


def altered(inputs: Inputs) -> Iterator[Change]:
    """Each input of floats that is an array or a number, altered wherever it is used."""
    for count in counts(inputs):
        for name in BIASES:
            if name in inputs:
                yield Change("added_in_each_round", of_inputs=_many(name, count))
    tables = set()
    for name, value in inputs.items():
        is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        if is_array or isinstance(value, float):
            for written, change in ALTERED:
                instead = name, written.format(name)
                yield replace(_replaced("input_altered", {name}, change), instead=instead)
        if is_array and value.ndim:
            for mistake, change in OF_ARRAYS:
                yield _replaced(mistake, {name}, change)
        if np.ndim(value[0] if isinstance(value, list) and value else value) == 2:
            tables.add(name)
    if tables & set(FIRST_OF):
        for most in (1, 2):
            yield _replaced(
                "number_for_length", tables & set(EXAMPLES), itemgetter(np.s_[:, :most])
            )
    weights = tables & set(WEIGHTS)
    each = [{name} for name in sorted(tables)]
    for some in [*each, weights] if len(weights) > 1 else each:
        yield _replaced("transpose_misplaced", some, _broken_up)


def counts(inputs: Inputs) -> Iterator[Callable[[Inputs], float]]:
    """What may be divided by in place of what should be: the sizes and whole numbers given.

    By each of them, and by each for the number of examples.
    """
    found: list[Callable[[Inputs], float]] = []
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            found += [_size(name, axis) for axis in range(value.ndim)]
        elif type(value) is int and value > 1:
            found.append(itemgetter(name))
    yield from found
    if examples(inputs) is not None:
        yield from map(_an_example, found)


# What a result may have more than is asked: (name, what makes a right one of it).
MORE: tuple[tuple[str, Callable[[Array, tuple[int, ...]], Any]], ...] = (
    ("not_summed_yet", lambda r, shape: r.sum()),
    ("not_summed_yet", lambda r, shape: r.mean()),
    ("not_summed_yet", lambda r, shape: r.sum(axis=0)),
    ("not_summed_yet", lambda r, shape: r.mean(axis=0)),
    ("not_summed_yet", lambda r, shape: r.sum(axis=-1)),
    ("not_summed_yet", lambda r, shape: r.mean(axis=-1)),
    ("not_summed_yet", lambda r, shape: r.max()),
    ("all_steps_returned", lambda r, shape: r[-1]),
    ("all_values_returned", lambda r, shape: r[: shape[0]] if shape else r[0]),
)


def given_back(inputs: Inputs) -> list[str]:
    """The names of the arrays among the inputs: a result may be one of them as it is."""
    return [name for name, value in inputs.items() if isinstance(value, np.ndarray)]


def _replaced(name: str, which: set[str], change: OfInput) -> Change:
    def of_inputs(inputs: Inputs) -> Inputs:
        return {key: change(value) if key in which else value for key, value in inputs.items()}

    return Change(name, of_inputs=of_inputs)


def _slower(count: Callable[[Inputs], float]) -> Callable[[Inputs], Inputs]:
    return lambda inputs: {**inputs, "eta": inputs["eta"] / (count(inputs) or 1)}


def _many(name: str, count: Callable[[Inputs], float]) -> Callable[[Inputs], Inputs]:
    return lambda inputs: {**inputs, name: inputs[name] * count(inputs)}


def _put(one: str, other: str) -> Callable[[Inputs], Inputs]:
    return lambda inputs: {**inputs, other: inputs[one]}


def _swapped(one: str, other: str) -> Callable[[Inputs], Inputs]:
    return lambda inputs: {**inputs, one: inputs[other], other: inputs[one]}
