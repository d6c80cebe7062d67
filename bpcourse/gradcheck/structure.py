"""Parameters as one list of named arrays, whatever dict, list or array the caller keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
SHOWN = 6  # keys in a message


class StructureError(Exception):
    """A gradient that does not fit its parameters; ``kind`` is the reason that a report gives."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Tree:
    """``value`` is what f is called with; ``names`` and ``arrays`` are its leaves, in order."""

    value: object
    names: list[str]
    arrays: list[Array]

    def rebuild(self, arrays: Sequence[npt.NDArray[np.inexact]]) -> object:
        """The same structure with other arrays as leaves."""
        return _rebuild(self.value, iter(arrays))


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
    value = _own(params, "params")
    found = list(_leaves(value))
    arrays = [leaf for _, leaf in found]
    if not any(array.size for array in arrays):
        raise ValueError("params: expected at least one number, got none")
    return Tree(value, [".".join(path) for path, _ in found], arrays)


def gradient_arrays(tree: Tree, grad: object) -> list[Array]:
    """The leaves of ``grad`` in the order of the parameters.

    Raises
    ------
    StructureError
        When keys, lengths, shapes or types do not fit.
    """
    return list(_match(tree.value, grad, "grad"))


def _items(node: object) -> list[tuple[Any, object]] | None:
    """(key, child) of a dict, list or tuple; None for a leaf."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list | tuple) else None


def _like(node: object, children: Sequence[object]) -> object:
    """A dict, list or tuple as ``node`` is, with other children."""
    if isinstance(node, dict):
        return dict(zip(node, children, strict=True))
    return type(node)(*children) if hasattr(node, "_fields") else type(node)(children)  # type: ignore[call-arg]


def _own(node: object, path: str) -> object:
    items = _items(node)
    if items is not None:
        if isinstance(node, list) and node and all(isinstance(v, int | float) for v in node):
            return np.array(node)
        own = [_own(child, f"{path}[{key!r}]") for key, child in items]
        same = all(new is child for new, (_, child) in zip(own, items, strict=True))
        return node if same else _like(node, own)
    if isinstance(node, int | float | complex | np.number):
        return np.array(node)
    if not isinstance(node, np.ndarray):
        kind = type(node).__name__
        raise TypeError(f"{path}: expected an array, or a dict or list of arrays, got {kind}")
    if node.dtype.kind not in "buifc":
        raise TypeError(f"{path}: expected numbers, got an array of type {node.dtype}")
    return node if node.flags.writeable else node.copy()


def _leaves(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Array]]:
    items = _items(node)
    if items is None:
        assert isinstance(node, np.ndarray)
        yield path, node
    for key, child in items or ():
        yield from _leaves(child, (*path, str(key)))


def _rebuild(node: object, arrays: Iterator[npt.NDArray[np.inexact]]) -> object:
    items = _items(node)
    if items is None:
        return next(arrays)
    return _like(node, [_rebuild(child, arrays) for _, child in items])


def _match(params: object, grad: Any, where: str) -> Iterator[Array]:
    items = _items(params)
    if items is None:
        assert isinstance(params, np.ndarray)
        yield _leaf(params.shape, grad, where)
        return
    if isinstance(params, dict):
        keys = list(params)
        if not isinstance(grad, dict):
            wanted = f"a dict with the keys {_some(keys)}, as params has"
            raise _unlike(f"{where}: expected {wanted}, got {_kind(grad)}")
        missing, extra = [k for k in keys if k not in grad], [k for k in grad if k not in params]
        if missing or extra:
            seen = [f"{_some(missing)} missing"] * bool(missing)
            seen += [f"{_some(extra)} not in params"] * bool(extra)
            raise _unlike(f"{where}: expected the keys of params, got {', '.join(seen)}")
    elif not isinstance(grad, list | tuple) or len(grad) != len(items):
        got = len(grad) if isinstance(grad, list | tuple) else _kind(grad)
        raise _unlike(f"{where}: expected a list of {len(items)} arrays, as params has, got {got}")
    for key, child in items:
        yield from _match(child, grad[key], f"{where}[{key!r}]")


def _leaf(shape: tuple[int, ...], grad: object, where: str) -> Array:
    if isinstance(grad, dict) or grad is None or callable(grad):
        raise _unlike(f"{where}: expected an array of shape {shape}, got {_kind(grad)}")
    try:
        array = np.asarray(grad)
    except ValueError:
        raise StructureError("wrong shape", f"{where}: expected rows of one length") from None
    if array.dtype.kind not in "buif":
        message = f"{where}: expected real numbers, got an array of type {array.dtype}"
        raise StructureError("wrong type", message)
    if array.shape != shape:
        hint = "; the number of entries is right" if array.size == np.prod(shape) else ""
        hint = "; is it transposed?" if array.shape == shape[::-1] else hint
        message = f"{where}: expected the shape of its parameter, {shape}, got {array.shape}{hint}"
        raise StructureError("wrong shape", message)
    return array


def _unlike(message: str) -> StructureError:
    return StructureError("wrong structure", message)


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return "None" if value is None else f"a {type(value).__name__}"


def _some(keys: Sequence[object]) -> str:
    return ", ".join(map(repr, keys[:SHOWN])) + (", …" if len(keys) > SHOWN else "")
