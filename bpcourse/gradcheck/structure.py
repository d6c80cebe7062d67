"""Parameters as one flat list of named arrays, whatever dict, list or array the caller keeps."""

from dataclasses import dataclass

import numpy as np


class StructureError(Exception):
    """A gradient that does not fit its parameters. ``kind`` is the reason a report gives."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


@dataclass
class Tree:
    """``value`` is what f is called with; ``names`` and ``arrays`` are its leaves, in order."""

    value: object
    names: list
    arrays: list

    def rebuild(self, arrays):
        """The same structure with other arrays as leaves."""
        return _rebuild(self.value, iter(arrays))


def flatten(params):
    """The :class:`Tree` of an array, or a dict or list of arrays (nested ones too).

    Arrays stay the caller's own; a plain number, a list of numbers and a read-only array are
    copied, since they cannot be written into. TypeError for anything else, ValueError if empty.
    """
    value = _own(params, "params")
    tree = Tree(value, *map(list, _leaves(value)))
    if sum(array.size for array in tree.arrays) == 0:
        raise ValueError("params: expected at least one number, got none")
    return tree


def _own(node, path):
    if isinstance(node, dict):
        own = {key: _own(child, f"{path}[{key!r}]") for key, child in node.items()}
        return node if all(own[key] is node[key] for key in node) else own
    if isinstance(node, list | tuple):
        if node and all(isinstance(child, int | float | np.number) for child in node):
            return np.array(node)
        items = [_own(child, f"{path}[{i}]") for i, child in enumerate(node)]
        same = all(a is b for a, b in zip(items, node, strict=True))
        return node if same else type(node)(items)
    if isinstance(node, int | float | complex | np.number):
        return np.array(node)
    if isinstance(node, np.ndarray):
        if node.dtype.kind not in "buifc":
            raise TypeError(f"{path}: expected numbers, got an array of type {node.dtype}")
        return node if node.flags.writeable else node.copy()
    raise TypeError(
        f"{path}: expected an array, or a dict or list of arrays, got {type(node).__name__}"
    )


def _leaves(node, path=()):
    if isinstance(node, dict):
        children = list(node.items())
    elif isinstance(node, list | tuple):
        children = list(enumerate(node))
    else:
        return [".".join(path)], [node]
    names, arrays = [], []
    for key, child in children:
        more_names, more_arrays = _leaves(child, (*path, str(key)))
        names += more_names
        arrays += more_arrays
    return names, arrays


def _rebuild(node, arrays):
    if isinstance(node, dict):
        return {key: _rebuild(child, arrays) for key, child in node.items()}
    if isinstance(node, list | tuple):
        return type(node)([_rebuild(child, arrays) for child in node])
    return next(arrays)


def gradient_arrays(tree, grad):
    """Copies of the leaves of ``grad``, as float64, in the order of the parameters, and their eps.

    StructureError if keys, lengths, shapes or types do not fit.
    """
    leaves: list = []
    _match(tree.value, grad, "", leaves)
    eps = max(np.finfo(a.dtype).eps if a.dtype.kind == "f" else 0 for a in leaves)
    return [np.array(a, np.float64) for a in leaves], float(eps)


def _match(params, grad, path, leaves):
    where = f"grad{path}"
    if isinstance(params, dict):
        if not isinstance(grad, dict):
            raise StructureError(
                "wrong structure",
                f"{where}: expected a dict with the keys {_some(params)}, as params has, "
                f"got {_kind(grad)}",
            )
        missing = [key for key in params if key not in grad]
        extra = [key for key in grad if key not in params]
        if missing or extra:
            told = [f"{_some(missing)} missing"] * bool(missing)
            told += [f"{_some(extra)} not in params"] * bool(extra)
            raise StructureError(
                "wrong structure", f"{where}: expected the keys of params, got {', '.join(told)}"
            )
        for key in params:
            _match(params[key], grad[key], f"{path}[{key!r}]", leaves)
    elif isinstance(params, list | tuple):
        if not isinstance(grad, list | tuple):
            raise StructureError(
                "wrong structure",
                f"{where}: expected a list of {len(params)} arrays, got {_kind(grad)}",
            )
        if len(grad) != len(params):
            raise StructureError(
                "wrong structure",
                f"{where}: expected {len(params)} arrays, as params has, got {len(grad)}",
            )
        for i, child in enumerate(params):
            _match(child, grad[i], f"{path}[{i}]", leaves)
    else:
        leaves.append(_leaf(params, grad, where))


def _leaf(param, grad, where):
    if isinstance(grad, dict) or grad is None or callable(grad):
        raise StructureError(
            "wrong structure",
            f"{where}: expected an array of shape {param.shape}, got {_kind(grad)}",
        )
    try:
        array = np.asarray(grad)
    except ValueError:
        raise StructureError("wrong shape", f"{where}: expected rows of one length") from None
    if array.dtype.kind not in "buif":
        raise StructureError(
            "wrong type", f"{where}: expected real numbers, got an array of type {array.dtype}"
        )
    if array.shape != param.shape:
        hint = ""
        if array.shape == param.shape[::-1]:
            hint = "; is it transposed?"
        elif array.size == param.size:
            hint = "; the number of entries is right"
        raise StructureError(
            "wrong shape",
            f"{where}: expected the shape of its parameter, {param.shape}, got {array.shape}{hint}",
        )
    return array


def _kind(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if value is None:
        return "None"
    return f"a {type(value).__name__}"


def _some(keys, most=6):
    keys = [repr(key) for key in keys]
    return ", ".join(keys[:most]) + (", …" if len(keys) > most else "")
