"""Mistakes that belong to no question: what each makes of a right result, or of the inputs.

A table, name of the catalogue and change. ``RESULTS`` change an array of a result, given the facts
of the case; ``on_inputs`` lists what may have been done to inputs of these names. What cannot be
done to an array is None.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Inputs = Mapping[str, object]
Changed = dict[str, object] | None

EXAMPLES = ("X", "Y", "y", "Y_hat", "Z", "dZ", "labels", "per_example", "grad_y", "grad_a")
FIRST_OF = ("X", "Y", "Y_hat", "Z", "dZ", "per_example")  # tables with a row for each example
WEIGHTS = ("W", "W1", "W2", "W_above", "V", "w")
BIASES = ("b", "b1", "b2")
TARGETS = (("Y_hat", "Y"), ("y_hat", "y"), ("z", "y"))
UPSTREAM = ("delta", "delta_above", "delta_row", "grad", "grad_a", "grad_y", "upstream", "seed")
STEPS = ("eta", "h")


@dataclass(frozen=True)
class Change:
    """One transformation: ``name`` in the catalogue, and what it does.

    ``of_result`` takes an array and the number of examples, if it is known; ``of_inputs`` takes the
    inputs by name. ``keeps_proportions``: the entries stay the same but for one factor and their
    places.
    """

    name: str
    of_result: Callable[[Array, int | None], Array | None] | None = None
    of_inputs: Callable[[Inputs], Changed] | None = None
    keeps_proportions: bool = field(default=False, compare=False)


def examples(inputs: Inputs) -> int | None:
    """The number of examples in a batch, read from the names and shapes; None where there is none.

    Every input that may hold examples must have a row or an entry for each.
    """
    first = next((inputs[name] for name in FIRST_OF if name in inputs), None)
    if not isinstance(first, np.ndarray) or first.ndim != 2:
        return None
    return len(first)


def _scaled(factor: float) -> Callable[[Array, int | None], Array | None]:
    return lambda r, n: factor * r


def _without(row: slice | int) -> Callable[[Array, int | None], Array | None]:
    """Zeros in some places along the first axis, as a loop leaves them that does not come there."""

    def change(r: Array, n: int | None) -> Array | None:
        if r.ndim == 0 or len(r) < 2:
            return None
        r = r.copy()
        r[row] = 0
        return r

    return change


def _along(axis: int, kind: str) -> Callable[[Array, int | None], Array | None]:
    return lambda r, n: getattr(r, kind)(axis=axis) if r.ndim > axis and r.ndim == 2 else None


def _divided(r: Array, n: int | None) -> Array | None:
    return r / n if n is not None and n > 1 else None


def _times(r: Array, n: int | None) -> Array | None:
    return r * n if n is not None and n > 1 else None


def _where_finite(change: Callable[[Array], Array]) -> Callable[[Array, int | None], Array | None]:
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
        "divided_by_entries",
        lambda r, n: r / len(r) if r.ndim and len(r) > 1 else None,
        keeps_proportions=True,
    ),
    Change(
        "divided_by_entries",
        lambda r, n: r / r.size if r.ndim > 1 else None,
        keeps_proportions=True,
    ),
    Change("lies_on_its_side", lambda r, n: r.T if r.ndim == 2 else None, keeps_proportions=True),
    Change("axis_too_many", lambda r, n: r[None] if r.ndim < 2 else None, keeps_proportions=True),
    Change(
        "axis_too_many", lambda r, n: r[:, None] if r.ndim == 1 else None, keeps_proportions=True
    ),
    Change("axis_too_many", lambda r, n: r[None, None] if r.ndim == 0 else None),
    Change("axis_lost", lambda r, n: r.ravel() if r.ndim == 2 else None, keeps_proportions=True),
    Change(
        "axis_lost",
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
    Change("stops_after_first_round", _without(slice(1, None))),
    Change("off_by_one_loop", _without(-1)),
    Change("off_by_one_loop", _without(0)),
    Change("off_by_one_loop", lambda r, n: r[:-1] if r.ndim and len(r) > 1 else None),
    Change("off_by_one_loop", lambda r, n: r[1:] if r.ndim and len(r) > 1 else None),
    Change("absolute_value", lambda r, n: np.abs(r)),
    Change("square_lost", lambda r, n: np.sqrt(r) if (r >= 0).all() else None),
    Change("squared_once_more", lambda r, n: r**2),
    Change("upside_down", _where_finite(lambda r: 1 / r)),
    Change("one_minus", lambda r, n: 1 - r),
    Change("rounded_result", lambda r, n: np.round(r)),
    Change("rounded_result", lambda r, n: np.round(r, 2)),
    Change("rounded_result", lambda r, n: np.round(r, 3)),
    Change("rounded_result", lambda r, n: np.round(r, 4)),
    Change("integer_arrays", lambda r, n: np.trunc(r)),
)


def on_inputs(inputs: Inputs) -> Iterator[Change]:
    """The transformations of inputs that those of these names and shapes allow."""
    for name in inputs:
        if name in WEIGHTS:
            yield _replaced("weights_wrong_way_round", name, _transposed)
        if name in BIASES:
            yield _replaced("bias_forgotten", name, _times_number(0))
            yield _replaced("bias_subtracted", name, _times_number(-1))
        if name in UPSTREAM and isinstance(inputs[name], np.ndarray):
            yield _replaced("upstream_missing", name, np.ones_like)
        if name == "x" or name == "X":
            yield _replaced("input_activated", name, np.tanh)
            yield _replaced("input_activated", name, lambda x: 1 / (1 + np.exp(-x)))
        if name == "labels":
            yield _replaced("class_miscounted", name, lambda c: c - 1)
            yield _replaced("class_miscounted", name, lambda c: c + 1)
        if name == "T":
            yield _replaced("temperature_upside_down", name, lambda T: 1 / T)
            yield _replaced("temperature_forgotten", name, lambda T: 1.0)
        if name == "seed" and isinstance(inputs[name], int):
            yield _replaced("seed_not_used", name, lambda s: 0)
        if name == "eta":
            yield _replaced("learning_rate_missing", name, lambda eta: 1.0)
            yield _replaced("step_uphill", name, lambda eta: -eta)
            for number in (0.1, 0.01):
                yield _replaced("number_for_parameter", name, lambda eta, n=number: n)
    both = set(WEIGHTS) & set(inputs)
    if len(both) > 1:
        yield _replaced("weights_wrong_way_round", both, _transposed)
    if len(set(BIASES) & set(inputs)) > 1:
        for mistake, factor in (("bias_forgotten", 0), ("bias_subtracted", -1)):
            yield _replaced(mistake, set(BIASES) & set(inputs), _times_number(factor))
    for output, target in TARGETS:
        if target in inputs and (output in inputs or "X" in inputs or "x" in inputs):
            yield _replaced("target_forgotten", target, _times_number(0))
            break
    if examples(inputs) is not None:
        rows = {name for name in inputs if name in EXAMPLES}
        yield _replaced("first_example_only", rows, lambda r: r[:1])
        yield _replaced("last_example_only", rows, lambda r: r[-1:])
        yield _replaced("off_by_one_loop", rows, lambda r: r[:-1])
        yield _replaced("off_by_one_loop", rows, lambda r: r[1:])
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f":
            yield _replaced("column_broadcast", name, lambda r: r[:, None])
    arrays = [name for name, value in inputs.items() if isinstance(value, np.ndarray | float)]
    for i, first in enumerate(arrays):
        for second in arrays[:i]:
            if np.shape(inputs[first]) == np.shape(inputs[second]):
                name = "inputs_swapped"
                if (second, first) in TARGETS or (first, second) in TARGETS:
                    name = "target_and_output_swapped"
                yield Change(name, of_inputs=_swapped(first, second))


def given_back(inputs: Inputs) -> list[str]:
    """The names of the arrays among the inputs: a result may be one of them as it is."""
    return [name for name, value in inputs.items() if isinstance(value, np.ndarray)]


def _replaced(name: str, which: object, change: Callable) -> Change:  # type: ignore[type-arg]
    names = {which} if isinstance(which, str) else which

    def of_inputs(inputs: Inputs) -> Changed:
        return {key: change(value) if key in names else value for key, value in inputs.items()}  # type: ignore[operator]

    return Change(name, of_inputs=of_inputs)


def _transposed(W: object) -> object:
    return [matrix.T for matrix in W] if isinstance(W, list) else np.asarray(W).T


def _times_number(factor: float) -> Callable[[object], object]:
    def change(value: object) -> object:
        if isinstance(value, list):
            return [factor * entry for entry in value]
        return factor * value  # type: ignore[operator]

    return change


def _swapped(first: str, second: str) -> Callable[[Inputs], Changed]:
    def of_inputs(inputs: Inputs) -> Changed:
        return {**inputs, first: inputs[second], second: inputs[first]}

    return of_inputs
