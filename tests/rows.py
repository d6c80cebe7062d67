"""Rows of a test of which the fast tests run a part."""

import pytest


def a_part(rows, every):
    """The rows, of which all but each ``every``-th are slow."""
    return [
        pytest.param(row, marks=[pytest.mark.slow] * (number % every > 0))
        for number, row in enumerate(rows)
    ]
