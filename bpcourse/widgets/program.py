"""A computation as plain data: what the stepper's page recomputes and draws.

A program is ``{"nodes": […], "root": id}``, parents before their successors. Every node has its
``name``, ``op`` ("" for a leaf), ``parents`` (ids), ``shape``, ``size``, ``value`` and ``grad``
(flat lists, from the package; ``grad`` is None for a target), ``role`` ("input", "parameter",
"target", "constant" or "operation"), ``detail`` of the operation, ``maps`` (for each parent the
entry that each entry of the result is made from, None where they are the same), and in a network
its ``layer`` and ``unit`` numbers, from 1, and ``kind`` ("x", "W", "b", "z", "a", …).
"""

import numpy as np

MOST_NODES = 48  # boxes; more cannot be told apart on a page
MOST_EDGES = 120
MOST_ENTRIES = 20_000  # of all arrays together


class TooLarge(ValueError):
    """The computation has more parts than a page has room for."""


def require_room(nodes, edges, entries):
    """TooLarge unless a page has room for so many boxes, lines and numbers."""
    if nodes > MOST_NODES or edges > MOST_EDGES:
        expected = f"at most {MOST_NODES} nodes and {MOST_EDGES} edges"
        raise TooLarge(f"expected {expected}, got {nodes} and {edges}")
    if entries > MOST_ENTRIES:
        raise TooLarge(f"expected at most {MOST_ENTRIES} numbers, got {entries}")


class Program:
    """A program while it is made: its nodes so far."""

    def __init__(self):
        self.nodes = []

    def add(
        self,
        value,
        name="",
        op="",
        parents=(),
        *,
        role=None,
        detail=None,
        maps=None,
        grad=None,
        **rest,
    ):
        """Add a node; returns its id. ValueError for an empty array and what is not finite."""
        value, called = np.asarray(value, dtype=float), name or op or "a constant"
        if not value.size:
            raise ValueError(f"{called}: expected at least one entry, got shape {value.shape}")
        for numbers in (value, grad):
            if numbers is not None and not np.isfinite(numbers).all():
                kind = "gradients" if numbers is grad else "numbers"
                got = np.ravel(numbers)[~np.isfinite(np.ravel(numbers))][0]
                raise ValueError(f"{called}: expected finite {kind}, got {got}")
        self.nodes.append(
            {
                "name": name,
                "op": op,
                "parents": list(parents),
                "shape": list(value.shape),
                "size": value.size,
                "value": value.ravel().tolist(),
                "grad": None if grad is None else np.ravel(grad).astype(float).tolist(),
                "role": role or ("operation" if op else "input"),
                "detail": detail,
                "maps": maps or [None] * len(parents),
                **rest,
            }
        )
        return len(self.nodes) - 1

    def finished(self):
        return {"nodes": self.nodes, "root": len(self.nodes) - 1}


def rounded(value):
    """The numbers to ten digits, so that another BLAS leaves the committed notebook as it is."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(entry) for entry in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value
