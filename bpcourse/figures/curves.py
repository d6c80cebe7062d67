"""Curves and counts: a function and its derivative, a training run, a confusion matrix, images."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bpcourse.figures.style import FORWARD, GRADIENT, INK, PALE, new_figure, styled
from bpcourse.text import text
from bpcourse.text.numbers import number


@styled
def curve(f, derivative=None, *, low=-6, high=6, title=""):
    """f in the colour of forward values and f′, dashed, in that of gradients, against z.

    ``f`` is an activation of the package, or a function of an array with its ``derivative``
    (without one, f alone).
    """
    if hasattr(f, "value"):
        f, derivative, title = f.value, f.derivative, title or repr(f)
    z = np.linspace(low, high, 601)
    fig = new_figure(5.5, 3.2)
    ax = fig.subplots()
    ax.axhline(0, color=PALE, linewidth=1, zorder=0)
    ax.axvline(0, color=PALE, linewidth=1, zorder=0)
    ax.plot(z, f(z), color=FORWARD, label=r"$\sigma(z)$")
    if derivative is not None:
        ax.plot(z, derivative(z), color=GRADIENT, linestyle="--", label=r"$\sigma'(z)$")
    ax.set_xlabel(text("figures.pre_activation"))
    ax.set_ylabel(text("figures.value"))
    ax.set_title(title)
    ax.legend()
    return fig


@styled
def tangent(
    f: Callable[[Any], Any],
    at: float,
    *,
    h: float = 1e-4,
    low: float = -3,
    high: float = 3,
    names: tuple[str, str] = ("x", "y"),
) -> Figure:
    """f and the line through its points at − h and at + h: for a small ``h`` the tangent.

    ``f`` takes and gives an array; the slope of the line is the central difference. The two points
    are marked where one can see them, ``at`` itself where not. ``names``: of the two axes.
    """
    x = np.linspace(low, high, 601)
    fig = new_figure(4.5, 2.8)
    ax = fig.subplots()
    ax.plot(x, f(x), color=FORWARD)
    around = np.array([at - h, at + h])
    below, above = f(around)
    reach = max(3 * h, (high - low) / 6)
    line = np.array([at - reach, at + reach])
    slope = (above - below) / (2 * h)
    limits = ax.get_ylim()
    ax.plot(line, (above + below) / 2 + slope * (line - at), color=GRADIENT, linestyle="--")
    seen = around if h > (high - low) / 50 else np.array([at])
    ax.plot(seen, f(seen), "o", color=INK)
    ax.set(xlabel=names[0], ylabel=names[1], xlim=(low, high), ylim=limits)
    if len(seen) == 2:
        ax.set_xticks([at - h, at, at + h], [f"{names[0]} − h", names[0], f"{names[0]} + h"])
        ax.set(yticks=[], xlabel="")
    return fig


@styled
def bars(
    values: npt.ArrayLike,
    labels: Sequence[str] | None = None,
    *,
    marked: int | None = None,
    ylabel: str = "",
) -> Figure:
    """A bar for each of ``values`` (n,), its number above it; ``marked``, from 0, stands out.

    ``labels`` stand below, 1 to n if there are none.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"values: expected numbers in one row, (n,), got shape {values.shape}")
    fig = new_figure(0.7 * len(values) + 1.2, 2.2)
    ax = fig.subplots()
    names = list(labels) if labels is not None else [str(n + 1) for n in range(len(values))]
    drawn = ax.bar(names, values, width=0.6, facecolor="white", edgecolor=FORWARD, linewidth=2)
    if marked is not None:
        drawn[marked].set_facecolor(FORWARD)
    words = [number(value, ".3g") for value in values]
    ax.bar_label(drawn, words, padding=2)
    ax.axhline(0, color=INK, linewidth=1)
    ax.set(ylabel=ylabel, yticks=[])
    ax.margins(y=0.15)
    ax.tick_params(axis="x", length=0)
    ax.spines[:].set_visible(False)
    return fig


@styled
def history(history):
    """Loss, and accuracy if it was measured, after every epoch of a training run."""
    panels = [(text("figures.loss"), history.loss, history.validation_loss)]
    if history.accuracy or history.validation_accuracy:
        train, validation = (
            [100 * share for share in shares]
            for shares in (history.accuracy, history.validation_accuracy)
        )
        panels.append((text("figures.accuracy"), train, validation))
    fig = new_figure(4 * len(panels), 3)
    for ax, (label, train, validation) in zip(
        np.atleast_1d(fig.subplots(1, len(panels))), panels, strict=True
    ):
        for values, name, style in (
            (train, text("figures.training"), "-"),
            (validation, text("figures.validation"), "--"),
        ):
            if values:
                mark = "o" if len(values) == 1 else ""  # one epoch is a point, not a line
                ax.plot(range(1, len(values) + 1), values, style, marker=mark, label=name)
        ax.set_xlabel(text("figures.epoch"))
        ax.set_ylabel(label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        if train or validation:
            ax.legend()
    return fig


@styled
def gradient_check(report):
    """What a gradient check found: claimed slopes against measured ones, and the worst entry.

    Parameters
    ----------
    report : bpcourse.gradcheck.GradientReport
        It is asked for a few more steps where they were not varied yet.

    Returns
    -------
    matplotlib.figure.Figure
        On the left every entry's two slopes; on the right the worst one's error against the step.
    """
    fig = new_figure(8, 3.6)
    left, right = fig.subplots(1, 2)
    for array in report.arrays:
        x, y, bounds = (a.ravel() for a in (array.numerical, array.claims, array.bounds))
        left.errorbar(x, y, xerr=bounds, fmt="o", ms=4, label=array.label)
    left.axline((0, 0), slope=1, color="0.7", zorder=0)
    left.set(xlabel=text("gradcheck.numerical"), ylabel=text("gradcheck.claimed"))
    if report.arrays:
        left.legend(fontsize="small")
    for array in [a for a in report.arrays if a.verdict == report.verdict and a.shown][-1:]:
        if array.point is None:
            array.shown.line.look_again()
        steps = sorted(array.curve)
        least = np.finfo(float).eps * abs(array.claimed) or 1e-17  # 0 has no logarithm
        errors = np.maximum([abs(array.curve[t] - array.claimed) for t in steps], least)
        right.loglog(steps, errors, "o-")
        right.set_ylim(errors.min() / 10, errors.max() * 10)  # so that equal errors look equal
        right.set_title(array.label + ("" if array.point is None else f" = {number(array.value)}"))
    right.set(xlabel=text("gradcheck.step"), ylabel=text("gradcheck.error"))
    return fig


@styled
def confusion_matrix(y, guess, classes=None):
    """How often each true class (row) was read as each class (column); mistakes are coloured.

    y and guess: labels (n,); guess may also be ŷ (n, k), whose largest entry counts. ``classes``:
    their names, in the order of the labels.
    """
    y, guess = np.asarray(y), np.asarray(guess)
    k = guess.shape[1] if guess.ndim == 2 else int(max(y.max(), guess.max())) + 1
    guess = guess.argmax(axis=1) if guess.ndim == 2 else guess
    counts = np.zeros((k, k), int)
    np.add.at(counts, (y, guess), 1)
    mistakes = np.ma.masked_equal(counts * ~np.eye(k, dtype=bool), 0)
    names = list(map(str, classes if classes is not None else range(k)))
    size = min(0.42 * k + 1.4, 7)
    fig = new_figure(size + 0.3, size)
    ax = fig.subplots()
    ax.imshow(mistakes, cmap="Oranges", vmin=0, vmax=2 * mistakes.filled(0).max() or 1)
    ax.spines[:].set(visible=True, color=PALE)
    ax.set_xticks(range(k), names)
    ax.set_yticks(range(k), names)
    ax.tick_params(length=0)
    ax.set_xlabel(text("figures.predicted"))
    ax.set_ylabel(text("figures.true"))
    for (i, j), count in np.ndenumerate(counts):
        if count:
            weight = "normal" if i == j else "bold"
            ax.text(j, i, str(count), ha="center", va="center", fontsize=9, weight=weight)
    return fig


@styled
def images(pixels, labels=None, *, columns=10, low=0.0, high=1.0):
    """Square grey images, a row of ``pixels`` (n, side²) each, dark ink on white.

    ``labels``: what stands above each, such as 4 or "4→9".
    """
    pixels = np.asarray(pixels, dtype=float)
    side = math.isqrt(pixels.shape[1]) if pixels.ndim == 2 else 0
    if side == 0 or side * side != pixels.shape[1]:
        raise ValueError(f"pixels: expected (n, side²), a square a row, got {pixels.shape}")
    if labels is not None and len(labels) != len(pixels):
        raise ValueError(f"labels: expected {len(pixels)}, one an image, got {len(labels)}")
    columns = min(columns, len(pixels))
    rows = -(-len(pixels) // columns)
    fig = new_figure(0.78 * columns + 0.1, (0.78 + (0.3 if labels is not None else 0)) * rows + 0.1)
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    for n, (ax, image) in enumerate(zip(axes, pixels, strict=False)):
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=low, vmax=high)
        ax.plot(
            [-0.5, side - 0.5, side - 0.5, -0.5, -0.5],
            [-0.5, -0.5, side - 0.5, side - 0.5, -0.5],
            color=PALE,
            linewidth=1,
        )
        if labels is not None:
            ax.set_title(str(labels[n]), fontsize=11, color=INK, pad=3)
    return fig
