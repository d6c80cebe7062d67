"""Slips of working by hand, by what is worked out.

Each is {misconception: the value that it gives, or a list of values}; of two misconceptions at once
the names stand together, with a space between them.
"""

from itertools import pairwise
from math import prod

import numpy as np


def weighted_sum(w, x, b):
    """Of w · x + b."""
    products = w * x
    lost = [products.sum() - 2 * term + b for term in products]
    return {
        "bias_subtracted": products.sum() - b,
        "plus_for_minus": [*lost, np.abs(products).sum() + b],
        "multiplied_for_added": products.sum() * b,
        "paths_mixed": w[::-1] @ x + b,
    }


def layers(*widths):
    """Of the parameters of a network with these widths."""
    weights = sum(a * b for a, b in pairwise(widths))
    return {
        "widths_multiplied": prod(widths),
        "one_bias_a_layer": [weights + len(widths) - 1, weights + len(widths), weights + 1],
        "added_along_path": [sum(widths), 2 * sum(widths[1:]) + widths[0]],
    }


def factors(a, b):
    """Of a · b."""
    return {"divided_for_multiplied": [a / b, b / a]}


def two_products(a, b, c, d):
    """Of a · b + c · d, two paths."""
    first, second = a * b, c * d
    return {
        "plus_for_minus": [first - second, second - first, abs(first) + abs(second)],
        "paths_mixed": [a * d + c * b, (a + c) * (b + d), a * c + b * d],
        "divided_for_multiplied": [b / a + d / c, a / b + c / d],
    }


def difference(a, b):
    """Of a − b, entry by entry."""
    return {
        "plus_for_minus": [a + b, a - np.abs(b), np.abs(a) - np.abs(b), np.abs(a) + np.abs(b)],
        "target_forgotten": a,
        "squared_once_more": [(a - b) ** 2, (a - b) ** 2 / 2],
    }


def entry_of(rows, columns, i, j):
    """Of rows[i] · columns[j], both counted from 1, where others are near."""
    r, c = (lambda k: rows[(k - 1) % len(rows)]), (lambda k: columns[(k - 1) % len(columns)])
    return {
        "counted_from_zero": [r(i + 1) * c(j + 1), r(i + 1) * c(j), r(i) * c(j + 1)],
        "neighbour_taken": [r(i - 1) * c(j), r(i) * c(j - 1)],
        "added_along_path": r(i) + c(j),
    }
