"""Matrices as pictures: heat maps with their shapes, and Jacobians."""

import re

import numpy as np
from matplotlib.ticker import MaxNLocator

from bpcourse.figures.style import COLORS, PALE, SIGNED, UNDER_NUMBERS, new_figure, number, styled
from bpcourse.text import text

MOST_NUMBERS = 100  # a larger matrix is shown without its numbers
DIGIT = 0.09  # inches, of a digit among the numbers
PAGE = 8.0  # inches, the width of a page


@styled
def heat_map(matrix, title="", *, kind=None, rows="", columns="", decimals=2, limit=None):
    """A matrix (or a vector, as one row) as coloured cells, its shape in the title.

    ``kind`` ("forward", "gradient", "parameter") colours the title; ``rows`` and ``columns`` say
    what they count. Small matrices show their numbers. ``limit``: the entry of full colour.
    """
    return heat_maps(
        {title: matrix}, kind=kind, rows=rows, columns=columns, decimals=decimals, limit=limit
    )


@styled
def heat_maps(matrices, *, kind=None, rows="", columns="", decimals=2, limit=None):
    """Heat maps side by side on one colour scale: ``{title: matrix}``; see :func:`heat_map`.

    ``kind`` may also be a list, one for each matrix.
    """
    arrays = [np.atleast_2d(np.asarray(matrix, dtype=float)) for matrix in matrices.values()]
    for title, array in zip(matrices, arrays, strict=True):
        if array.ndim != 2:
            raise ValueError(f"{title}: expected a matrix or a vector, got shape {array.shape}")
    kinds = [kind] * len(arrays) if kind is None or isinstance(kind, str) else kind
    limit = limit or max(np.abs(array).max(initial=0) for array in arrays) or 1.0
    numbers = all(array.size <= MOST_NUMBERS for array in arrays)
    wide = sum(array.shape[1] for array in arrays)
    tall = max(array.shape[0] for array in arrays)
    cell_width = min(0.7, 7 / wide) if numbers else min(7 / wide, 4.5 / tall)
    if numbers:  # so wide that the numbers stand apart
        longest = max(len(number(x, decimals)) for array in arrays for x in array.flat)
        cell_width = max(cell_width, DIGIT * longest + 0.06)
    cell_height = max(0.42, 0.08 * len(_plain(rows)) / tall) if numbers else cell_width
    # Laid out in inches: a cell has one size in all of them. A full line is followed by a new one.
    titles = [f"{title}  {np.shape(matrix)}".strip() for title, matrix in matrices.items()]
    spaces = [
        max(array.shape[1] * cell_width, 0.1 * len(_plain(title)))
        for array, title in zip(arrays, titles, strict=True)
    ]
    left, gap, bottom = 0.35 + 0.25 * bool(rows), 0.5, 0.35 + 0.25 * bool(columns)
    line = 0.35 + tall * cell_height + bottom
    places, x, top = [], left, 0.0
    for space in spaces:
        if x > left and x + space > PAGE:
            x, top = left, top + line
        places.append((x, top))
        x += space + gap
    right = max(x + space for (x, _), space in zip(places, spaces, strict=True))
    width, height = right + 0.15 + (0 if numbers else 0.9), top + line
    fig = new_figure(width, height, layout=None)
    for array, title, (x, top), hue in zip(arrays, titles, places, kinds, strict=True):
        m, n = array.shape[0] * cell_height, array.shape[1] * cell_width
        ax = fig.add_axes((x / width, 1 - (top + 0.35 + m) / height, n / width, m / height))
        image = _cells(ax, array, limit, decimals if numbers else None)
        ax.set_title(title, color=COLORS[hue], loc="left")
        ax.set_xlabel(columns)
        ax.set_ylabel(rows if x == left else "")
    if not numbers:
        at = (right + 0.1) / width, bottom / height, 0.15 / width, tall * cell_height / height
        fig.colorbar(image, cax=fig.add_axes(at), label=text("figures.entry"))
    return fig


def _plain(label):
    """A label without the marks of mathematics: about as long as it is in print."""
    return re.sub(r"\\[a-z]+|[$^_{}\\]", "", label)


def _cells(ax, array, limit, decimals):
    """Draw one matrix; rows and columns count from 0, as in NumPy."""
    colors = SIGNED if decimals is None else UNDER_NUMBERS
    image = ax.imshow(array, cmap=colors, vmin=-limit, vmax=limit, aspect="auto")
    ax.spines[:].set(visible=True, color=PALE)
    if decimals is None:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
        return image
    ax.set_xticks(range(array.shape[1]))
    ax.set_yticks(range(array.shape[0]))
    ax.set_xticks(np.arange(array.shape[1] - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(array.shape[0] - 1) + 0.5, minor=True)
    ax.grid(which="minor", color=PALE, linewidth=1)
    ax.tick_params(which="both", length=0)
    for (i, j), entry in np.ndenumerate(array):
        style: dict = {"ha": "center", "va": "center", "fontsize": 10, "color": "black"}
        ax.text(j, i, number(entry, decimals), **style)
    return image


@styled
def jacobian(matrix, title="", *, output="$a$", input="$z$", decimals=2):
    r"""A Jacobian (n_out, n_in): row i is output i, column j is input j; zeros are left blank.

    A diagonal shows at a glance (E6), and so does a full matrix (C23).
    """
    matrix = np.asarray(matrix, dtype=float)
    if matrix.ndim != 2:
        raise ValueError(f"matrix: expected one Jacobian (n_out, n_in), got shape {matrix.shape}")
    fig = heat_map(
        matrix,
        title,
        kind="gradient",
        rows=text("figures.jacobian_row", output=output),
        columns=text("figures.jacobian_column", input=input),
        decimals=decimals,
    )
    for label, entry in zip(fig.axes[0].texts, matrix.ravel(), strict=False):
        label.set_visible(bool(entry))
    return fig
