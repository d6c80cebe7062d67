r"""From strokes to the 8×8 that a network sees: cropped, centred and reduced as the data set was.

The digits of ``datasets.digits()`` were bitmaps of 32×32 pixels. Each fills all 32 rows and about
the 20 columns in the middle, and about three tenths of its pixels are ink, whatever pen it was
written with. In every block of 4×4 pixels the ink was counted, which gives 8×8 numbers from 0 to
16. The same is done here with strokes, and with pictures after they have been thinned to lines.
The page's script, ``static/ink.js``, does the same in the same order.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SIDE = 32
WIDE, HIGH = 20, 32  # of the box that a digit fills
STRETCH = 1.5  # a narrow digit is widened by so much at most, compared with its height
FLAT = 4.0  # and a flat one is heightened by so much
INK = 307  # pixels of ink, three tenths of all
PENS = [1.5 + 0.5 * k for k in range(8)]  # radii: the first that leaves enough ink is taken
LARGEST = 128  # rows or columns of a picture that is thinned as it stands


def counts(strokes: Sequence[npt.ArrayLike]) -> npt.NDArray[np.int64]:
    """What the network sees of the strokes.

    Parameters
    ----------
    strokes : sequence of (n, 2)
        The places (x, y) of each stroke in order, y downwards, in any unit. A stroke of one place
        is a dot.

    Returns
    -------
    (8, 8) of whole numbers 0 to 16
        The pixels of ink in each block of 4×4.

    Raises
    ------
    ValueError
        For no stroke at all, a stroke of another shape, and places that are not finite.
    """
    blocks: npt.NDArray[np.int64] = bitmap(strokes).reshape(8, 4, 8, 4).sum(axis=(1, 3))
    return blocks


def bitmap(strokes: Sequence[npt.ArrayLike]) -> npt.NDArray[np.bool_]:
    """The drawing as (32, 32) pixels of ink or paper; arguments as for ``counts``."""
    lines = _checked(strokes)
    drawn = np.zeros((SIDE, SIDE), bool)
    for pen in PENS:
        drawn = _distances(_fitted(lines, pen)) <= pen * pen
        if drawn.sum() >= INK:
            break
    return drawn


def thinned(image: npt.ArrayLike) -> list[Array]:
    """A picture as strokes: its ink made thin (Zhang and Suen), every pixel that is left a dot.

    Parameters
    ----------
    image : (rows, columns)
        Numbers of which the large ones are ink: those above half of the largest.

    Returns
    -------
    list of (1, 2)
        The places (x, y), for ``counts``.

    Raises
    ------
    ValueError
        For another shape, numbers that are not finite, and a picture without ink.
    """
    picture = np.asarray(image, float)
    if picture.ndim != 2 or min(picture.shape) < 1:
        raise ValueError(f"image: expected (rows, columns), got shape {picture.shape}")
    if not np.isfinite(picture).all():
        raise ValueError("image: expected finite numbers, got NaN or infinity")
    if picture.max() <= 0:
        raise ValueError("image: expected some ink, numbers above 0, got none")
    ink = picture > picture.max() / 2
    step = -(-max(ink.shape) // LARGEST)  # of a large picture, every step × step pixels are one
    rows, columns = (-(-n // step) for n in ink.shape)
    padded = np.pad(ink, ((0, rows * step - ink.shape[0]), (0, columns * step - ink.shape[1])))
    blocks = padded.reshape(rows, step, columns, step)
    small = np.any(blocks, axis=(1, 3))
    thin = _thin(small)
    y, x = np.nonzero(thin if thin.any() else small)  # of a small dot thinning leaves nothing
    return [np.array([[across + 0.5, down + 0.5]]) for across, down in zip(x, y, strict=True)]


def _thin(ink: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Take pixels off the edges, by turns from two sides, as long as no line would break."""
    inside = np.pad(ink, 1)
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            ring = [
                np.roll(inside, shift, (0, 1))  # the neighbours, from the one above, clockwise
                for shift in ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            ]
            north, _, east, _, south, _, west, _ = ring
            neighbours = np.sum(ring, axis=0)
            rises = np.sum([~a & b for a, b in zip(ring, ring[1:] + ring[:1], strict=True)], axis=0)
            free = (
                ~(north & east & south) & ~(east & south & west)
                if first
                else ~(north & east & west) & ~(north & south & west)
            )
            off = inside & (neighbours >= 2) & (neighbours <= 6) & (rises == 1) & free
            inside = inside & ~off
            changed |= bool(off.any())
    return inside[1:-1, 1:-1]


def _checked(strokes: Sequence[npt.ArrayLike]) -> list[Array]:
    lines = [np.asarray(points, float) for points in strokes]
    for points in lines:
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"strokes: expected places (n, 2) in each, got shape {points.shape}")
        if not np.isfinite(points).all():
            raise ValueError("strokes: expected finite places, got NaN or infinity")
    if not lines:
        raise ValueError("strokes: expected at least one, got none")
    return lines


def _fitted(lines: list[Array], pen: float) -> list[Array]:
    """The strokes moved and stretched so that they fill the box when drawn with this pen."""
    low = np.min([points.min(axis=0) for points in lines], axis=0)
    high = np.max([points.max(axis=0) for points in lines], axis=0)
    width, height = float(high[0] - low[0]), float(high[1] - low[1])
    across = (WIDE - 2 * pen) / width if width else np.inf
    down = (HIGH - 2 * pen) / height if height else np.inf
    if not width and not height:
        across = down = 1.0
    across, down = min(across, STRETCH * down), min(down, FLAT * across)
    middle = (low + high) / 2
    return [(points - middle) * [across, down] + SIDE / 2 for points in lines]


def _distances(lines: list[Array]) -> Array:
    """The square of the distance from the middle of every pixel to the nearest stroke: (32, 32)."""
    starts = np.concatenate([points[:-1] if len(points) > 1 else points for points in lines])
    ends = np.concatenate([points[1:] if len(points) > 1 else points for points in lines])
    dx, dy = (ends - starts).T
    length = dx * dx + dy * dy
    length[length == 0] = 1.0  # a dot
    y, x = (np.indices((SIDE, SIDE)) + 0.5)[..., None]
    x, y = x - starts[:, 0], y - starts[:, 1]
    along = np.minimum(np.maximum((x * dx + y * dy) / length, 0.0), 1.0)
    x, y = x - along * dx, y - along * dy
    nearest: Array = (x * x + y * y).min(axis=-1)
    return nearest
