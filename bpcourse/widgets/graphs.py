"""The program (:mod:`bpcourse.widgets.program`) of a graph."""

import numpy as np

from bpcourse import operations
from bpcourse.graph import topological_order
from bpcourse.widgets.program import Program, require_room


def from_graph(root):
    """The program of a :class:`~bpcourse.graph.Node`. ValueError unless it is a finite number.

    TooLarge for what a page has no room for.
    """
    order = topological_order(root)
    edges = sum(len(node.parents) for node in order)
    require_room(len(order), edges, sum(node.value.size for node in order))
    if root.value.size != 1:
        raise ValueError(f"root: expected a single number to go back from, got shape {root.shape}")
    program, unnamed, taken = Program(), 0, {node.name for node in order}
    ids: dict[int, int] = {}
    for node, grad in zip(order, _grads(root, order), strict=True):
        name = node.name
        parents = [ids[id(parent)] for parent in node.parents]
        if name is None and node.operation is operations.TRANSPOSE:
            name = program.nodes[parents[0]]["name"] + "ᵀ"
        elif name is None and node is root and parents and "f" not in taken:
            name = "f"
        elif name is None and parents:
            unnamed += 1
            name = f"u{unnamed}"
        op, detail, maps = _operation(node)
        ids[id(node)] = program.add(
            node.value,
            name or "",
            op,
            parents,
            role="operation" if parents else "input" if name else "constant",
            detail=detail,
            maps=maps,
            grad=grad,
        )
    return program.finished()


def _grads(root, order):
    """The gradient of every node; what the reader's own backward left in them stays as it is."""
    kept = [(node.grad, node.contributions) for node in order]
    root.backward(np.ones(root.shape))
    grads = [node.grad for node in order]
    for node, (grad, contributions) in zip(order, kept, strict=True):
        node.grad, node.contributions = grad, contributions
    return grads


def _operation(node):
    """(op, detail, maps) of the page's arithmetic for a node of a graph."""
    if not node.parents:
        return "", None, []
    shapes = [parent.shape for parent in node.parents]
    entries = [np.arange(parent.value.size).reshape(parent.shape) for parent in node.parents]
    if node.operation is operations.MATMUL:
        A, B = node.parents
        inner = A.shape[-1]
        return "@", [A.value.size // inner, inner, B.value.size // inner], []
    if node.operation is operations.TRANSPOSE:
        return "take", entries[0].T.ravel().tolist(), []
    if node.operation is operations.TAKE:
        return "take", np.ravel(entries[0][node.detail]).tolist(), []
    if isinstance(node.operation, operations.Reduction):
        kept = np.zeros(shapes[0]).sum(axis=node.detail, keepdims=True)
        group = np.arange(kept.size).reshape(kept.shape)
        detail = np.broadcast_to(group, shapes[0]).ravel().tolist()
        return "largest" if node.operation is operations.LARGEST else node.op, detail, []
    maps = [
        None if shape == node.shape else np.broadcast_to(entry, node.shape).ravel().tolist()
        for shape, entry in zip(shapes, entries, strict=True)
    ]
    if node.operation is operations.POWER_OF_CONSTANT:
        if np.ndim(node.detail):
            raise ValueError(f"root: expected exponents that are single numbers, got {node.detail}")
        return "power", float(node.detail), maps
    return "neg" if node.operation is operations.NEGATE else node.op, None, maps
