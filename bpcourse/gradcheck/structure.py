"""Parameters as one list of named arrays, whatever dict, list or array the caller keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bpcourse.text import text

Array = npt.NDArray[np.floating]
Inexact = npt.NDArray[np.inexact]
Path = tuple[str, ...]
Place = tuple[int, ...]
Verdict = Literal["right", "wrong", "cannot tell"]

SHOWN = 6  # keys in a message


class Told(Exception):
    """The check ends here, with this verdict; ``key`` names the sentence."""

    def __init__(self, reason: str, key: str, verdict: Verdict = "cannot tell", **values: Any):
        super().__init__(text(f"gradcheck.{key}", **values))
        self.verdict, self.reason = verdict, reason


def misfit(kind: str, where: str, expected: str, got: str) -> Told:
    """A gradient that does not fit its parameters."""
    return Told(f"wrong {kind}", "misfit", "wrong", where=where, expected=expected, got=got)


@dataclass(frozen=True)
class Tree:
    """``value`` is what f is called with; ``names`` and ``arrays`` are its leaves, in order."""

    value: object
    names: list[str]
    arrays: list[Array]

    def rebuild(self, arrays: Sequence[Inexact]) -> object:
        """The same structure with other arrays as leaves."""
        leaves = iter(arrays)
        return _mapped(self.value, lambda path, leaf: next(leaves))

    @cached_property
    def slices(self) -> list[slice]:
        """The part of a vector of all entries that each array is."""
        ends = np.cumsum([a.size for a in self.arrays]).tolist()
        return [slice(end - a.size, end) for a, end in zip(self.arrays, ends, strict=True)]

    def cut(self, flat: Inexact) -> list[Inexact]:
        """The parts of a vector of all entries, each in the shape of its array."""
        parts = zip(self.slices, self.arrays, strict=True)  # np.split is slower than many an f
        return [flat[part].reshape(a.shape) for part, a in parts]


def flatten(params: object) -> Tree:
    """The tree of an array, or of a dict or list of arrays, nested ones too.

    Parameters
    ----------
    params
        Arrays stay the caller's own. A number, a list of numbers and a read-only array are copied,
        because they cannot be written into.

    Raises
    ------
    TypeError
        For anything else.
    ValueError
        When there is no number in it.
    """
    names, arrays = list[str](), list[Array]()

    def keep(path: Path, leaf: object) -> Array:
        names.append(".".join(path))
        arrays.append(_writable(leaf, label("params", names[-1])))
        return arrays[-1]

    tree = Tree(_mapped(params, keep), names, arrays)
    if not any(array.size for array in arrays):
        raise ValueError("params: expected at least one number, got none")
    return tree


def label(what: str, name: str) -> str:
    """An array of ``what`` by name."""
    return f"{what}[{name}]" if name else what


def _items(node: object) -> list[tuple[Any, object]] | None:
    """(key, child) of a dict, list or tuple; None for a leaf."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list | tuple) else None


def _mapped(node: Any, change: Callable[[Path, object], object], path: Path = ()) -> object:
    """``node`` with each leaf changed; itself where none is."""
    items = _items(node)
    if items is None or (isinstance(node, list) and all(isinstance(v, int | float) for v in node)):
        return change(path, node)
    new = [_mapped(child, change, (*path, str(key))) for key, child in items]
    if all(a is b for a, (_, b) in zip(new, items, strict=True)):
        return node
    if isinstance(node, dict):
        return dict(zip(node, new, strict=True))
    return type(node)(*new) if hasattr(node, "_fields") else type(node)(new)


def _writable(leaf: object, where: str) -> Array:
    """A leaf as an array that can be written into."""
    if isinstance(leaf, list | int | float | complex | np.number):
        return np.array(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "buifc":
        return leaf if leaf.flags.writeable else leaf.copy()
    got = f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else type(leaf).__name__
    raise TypeError(f"{where}: expected an array of numbers, or a dict or list of them, got {got}")


def matched(params: object, grad: Any, where: str = "grad") -> list[Array]:
    """The leaves of ``grad`` in the order of the parameters; Told where they do not fit."""
    if isinstance(params, np.ndarray):
        return [_leaf(params.shape, grad, where)]
    items, own = _items(params) or [], dict(_items(grad) or ())
    missing = [key for key, _ in items if key not in own]
    if missing or len(own) > len(items) or isinstance(grad, dict) != isinstance(params, dict):
        got = _kind(grad) + (f", {_some(missing)} missing" if own and missing else "")
        raise misfit("structure", where, f"{_kind(params)}, as params has", got)
    parts = [matched(child, grad[key], f"{where}[{key!r}]") for key, child in items]
    return [leaf for part in parts for leaf in part]


def _leaf(shape: tuple[int, ...], grad: object, where: str) -> Array:
    expected = f"an array of shape {shape}, as its parameter has"
    if isinstance(grad, dict) or grad is None or callable(grad):
        raise misfit("structure", where, expected, _kind(grad))
    try:
        array = np.asarray(grad)
    except ValueError:
        raise misfit("shape", where, expected, "rows of unlike length") from None
    if array.dtype.kind not in "buif":
        raise misfit("type", where, "real numbers", f"an array of {array.dtype}")
    if array.shape != shape:
        hint = "; the number of entries is right" if array.size == np.prod(shape) else ""
        hint = "; is it transposed?" if array.shape == shape[::-1] else hint
        raise misfit("shape", where, expected, f"{array.shape}{hint}")
    return array


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, dict):
        return f"a dict with the keys {_some(list(value))}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} arrays"
    return "None" if value is None else f"a {type(value).__name__}"


def _some(keys: Sequence[object]) -> str:
    return ", ".join(map(repr, keys[:SHOWN])) + (", …" if len(keys) > SHOWN else "")
