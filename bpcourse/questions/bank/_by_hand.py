"""Slips of working by hand, by what is worked out.

Each is {misconception: the value that it gives, or a list of values}; of two misconceptions at once
the names stand together, with a space between them.
"""

from functools import partial
from itertools import pairwise
from math import prod

import numpy as np

from bpcourse.questions.types import Array, Inputs


def weighted_sum(w: Array, x: Array, b: float) -> Inputs:
    """Of w · x + b."""
    products = w * x
    lost = [products.sum() - 2 * term + b for term in products]
    return {
        "bias_subtracted": products.sum() - b,
        "bias_forgotten plus_for_minus": [value - b for value in lost],
        "plus_for_minus": [*lost, np.abs(products).sum() + b],
        "multiplied_for_added": products.sum() * b,
        "paths_mixed": w[::-1] @ x + b,
        "not_summed_yet": [products, np.append(products, b)],
    }


def layers(*widths: int) -> Inputs:
    """Of the parameters of a network with these widths."""
    weights = sum(a * b for a, b in pairwise(widths))
    return {
        "widths_multiplied": prod(widths),
        "input_layer_counted biases_not_counted": weights + sum(widths[:-1]),
        "one_bias_a_layer": [weights + len(widths) - 1, weights + len(widths), weights + 1],
        "added_along_path": [sum(widths), 2 * sum(widths[1:]) + widths[0]],
    }


def factors(a: float, b: float) -> Inputs:
    """Of a · b."""
    return {"divided_for_multiplied": [a / b, b / a]}


def two_products(a: float, b: float, c: float, d: float) -> Inputs:
    """Of a · b + c · d, two paths."""
    first, second = a * b, c * d
    return {
        "plus_for_minus": [first - second, second - first, abs(first) + abs(second)],
        "upstream_shared_out plus_for_minus": [(first - second) / 2, (second - first) / 2],
        "paths_mixed": [a * d + c * b, (a + c) * (b + d), a * c + b * d],
        "divided_for_multiplied": [b / a + d / c, a / b + c / d],
    }


def difference(a: Array, b: Array) -> Inputs:
    """Of a − b, entry by entry."""
    return {
        "plus_for_minus": [a + b, a - np.abs(b), np.abs(a) - np.abs(b), np.abs(a) + np.abs(b)],
        "target_forgotten": a,
        "squared_once_more": [(a - b) ** 2, (a - b) ** 2 / 2],
    }


def entry_of(rows: Array, columns: Array, i: int, j: int) -> Inputs:
    """Of rows[i] · columns[j], both counted from 1, where others are near."""
    i, j = i - 1, j - 1
    others = [rows[k] * columns[j] for k in range(len(rows)) if k not in (i, i + 1)]
    others += [rows[i] * columns[k] for k in range(len(columns)) if k not in (i, j, j + 1)]
    r, c = (partial(np.take, np.append(values, np.nan)) for values in (rows, columns))
    return {
        "counted_from_zero": [r(i + 1) * c(j + 1), r(i + 1) * c(j), r(i) * c(j + 1)],
        "neighbour_taken": others,
        "added_along_path": r(i) + c(j),
        "summed_too_early": [rows.sum() * c(j), r(i) * columns.sum(), rows.sum() * columns.sum()],
    }
