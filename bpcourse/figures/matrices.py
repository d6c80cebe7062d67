"""Matrices as pictures: heat maps with their shapes, and Jacobians."""

import numpy as np

from bpcourse.figures.style import COLORS, INK, SIGNED, new_figure, number, styled
from bpcourse.text import text

MOST_NUMBERS = 100  # a larger matrix is shown without its numbers


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
    widths = [max(array.shape[1], 2) for array in arrays]
    numbers = all(array.size <= MOST_NUMBERS for array in arrays)
    cell = min(0.72, 7.2 / sum(widths)) if numbers else 5.0 / max(sum(widths), 1)
    width = min(8.0, max(2.6, sum(widths) * cell + 1.3 * len(arrays)))
    tallest = max(array.shape[0] for array in arrays)
    height = min(max(tallest * (0.42 if numbers else cell), 0.6) + 1.1, 6.0)
    fig = new_figure(width, height)
    axes = fig.subplots(1, len(arrays), squeeze=False, gridspec_kw={"width_ratios": widths})[0]
    for ax, title, array, shape, hue in zip(
        axes, matrices, arrays, map(np.shape, matrices.values()), kinds, strict=True
    ):
        image = _cells(ax, array, limit, decimals if numbers else None)
        ax.set_title(f"{title}  {tuple(shape)}".strip(), color=COLORS[hue])
        ax.set_xlabel(columns)
        ax.set_ylabel(rows if ax is axes[0] else "")
    if not numbers:
        fig.colorbar(image, ax=list(axes), shrink=0.9, label=text("figures.entry"))
    return fig


def _cells(ax, array, limit, decimals):
    """Draw one matrix; rows and columns count from 0, as in NumPy."""
    image = ax.imshow(array, cmap=SIGNED, vmin=-limit, vmax=limit, aspect="auto")
    ax.spines[:].set_visible(False)
    if decimals is None:
        return image
    ax.set_xticks(range(array.shape[1]))
    ax.set_yticks(range(array.shape[0]))
    ax.tick_params(length=0)
    ax.set_xticks(np.arange(array.shape[1] - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(array.shape[0] - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=2)
    ax.tick_params(which="minor", length=0)
    for (i, j), entry in np.ndenumerate(array):
        dark = abs(entry) > 0.6 * limit
        ax.text(
            j,
            i,
            number(entry, decimals),
            ha="center",
            va="center",
            fontsize=10,
            color="white" if dark else INK,
        )
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
