"""Digits as people draw them, made by formulas: no pixel of the data set is in them.

``drawings(rng)`` gives every style of every digit in every manner, as strokes; ``painted`` gives a
picture instead, with a pen of any width. Places are (x, y) in a square of side 1, y downwards.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Strokes = list[Points]


def line(*corners: tuple[float, float]) -> Points:
    """A polyline through the corners, with points in between as a mouse leaves them."""
    places = np.array(corners)
    parts = [
        a + (b - a) * np.linspace(0, 1, 12, endpoint=False)[:, None]
        for a, b in zip(places[:-1], places[1:], strict=True)
    ]
    return np.concatenate([*parts, places[-1:]])


def curve(*knots: tuple[float, float]) -> Points:
    """A smooth curve through the knots (Catmull and Rom)."""
    p = np.array([knots[0], *knots, knots[-1]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        parts.append(
            b + t * (c - a) / 2 + t**2 * (a - 2.5 * b + 2 * c - d / 2)
            + t**3 * (-a / 2 + 1.5 * b - 1.5 * c + d / 2)
        )  # fmt: skip
    return np.concatenate([*parts, p[-1:]])


def oval(x: float, y: float, wide: float, high: float, start: float, end: float) -> Points:
    """Part of an ellipse, from one angle to another in degrees; 0 is right, 90 is down."""
    angle = np.radians(np.linspace(start, end, 40))
    return np.column_stack([x + wide * np.cos(angle), y + high * np.sin(angle)])


STYLES: dict[int, dict[str, Strokes]] = {
    0: {
        "round": [oval(0.5, 0.5, 0.33, 0.45, -90, 270)],
        "narrow": [oval(0.5, 0.5, 0.22, 0.45, -60, 300)],
        "does not close": [oval(0.5, 0.5, 0.3, 0.45, -75, 255)],
        "overshoots": [oval(0.5, 0.5, 0.3, 0.45, -110, 290)],
    },
    1: {
        "a bar": [line((0.5, 0.05), (0.5, 0.95))],
        "with a flag": [line((0.3, 0.3), (0.55, 0.05), (0.55, 0.95))],
        "with flag and foot": [
            line((0.33, 0.25), (0.52, 0.05), (0.52, 0.95)),
            line((0.3, 0.95), (0.74, 0.95)),
        ],
        "with a long flag": [line((0.22, 0.45), (0.6, 0.05), (0.6, 0.95))],
    },
    2: {
        "round": [curve((0.22, 0.28), (0.34, 0.1), (0.55, 0.06), (0.73, 0.2), (0.7, 0.42),
                        (0.45, 0.7), (0.2, 0.94)), line((0.2, 0.94), (0.8, 0.94))],
        "with a loop": [curve((0.22, 0.25), (0.4, 0.07), (0.65, 0.1), (0.7, 0.32), (0.52, 0.62),
                              (0.3, 0.9), (0.18, 0.84), (0.27, 0.76), (0.5, 0.88), (0.82, 0.92))],
        "like a Z": [line((0.22, 0.1), (0.75, 0.1), (0.22, 0.92), (0.8, 0.92))],
        "like a swan": [curve((0.24, 0.22), (0.45, 0.06), (0.68, 0.2), (0.6, 0.5), (0.25, 0.93),
                              (0.5, 0.86), (0.8, 0.95))],
    },
    3: {
        "round": [curve((0.25, 0.17), (0.5, 0.05), (0.72, 0.22), (0.62, 0.42), (0.42, 0.48),
                        (0.66, 0.54), (0.77, 0.74), (0.55, 0.94), (0.22, 0.84))],
        "flat on top": [line((0.25, 0.07), (0.74, 0.07), (0.45, 0.42)),
                        curve((0.45, 0.42), (0.7, 0.5), (0.77, 0.72), (0.55, 0.94),
                              (0.22, 0.85))],
        "two bows": [oval(0.45, 0.27, 0.27, 0.21, -150, 90),
                     oval(0.45, 0.71, 0.32, 0.23, -90, 150)],
    },
    4: {
        "open": [line((0.3, 0.08), (0.22, 0.55), (0.82, 0.55)), line((0.65, 0.1), (0.62, 0.95))],
        "closed": [line((0.62, 0.95), (0.62, 0.05), (0.15, 0.65), (0.85, 0.65))],
        "like a U": [curve((0.25, 0.08), (0.22, 0.4), (0.4, 0.54), (0.7, 0.5)),
                     line((0.72, 0.08), (0.7, 0.95))],
        "open, slanted": [line((0.42, 0.06), (0.2, 0.6), (0.8, 0.57)),
                          line((0.62, 0.32), (0.53, 0.95))],
    },
    5: {
        "with a hat": [curve((0.3, 0.08), (0.28, 0.42), (0.5, 0.38), (0.75, 0.52), (0.72, 0.8),
                             (0.48, 0.95), (0.22, 0.86)), line((0.3, 0.08), (0.75, 0.08))],
        "in one line": [np.concatenate([line((0.74, 0.07), (0.32, 0.07), (0.28, 0.44)),
                        curve((0.28, 0.44), (0.55, 0.38), (0.76, 0.6), (0.64, 0.88),
                              (0.24, 0.92))])],
        "like an S": [curve((0.74, 0.08), (0.42, 0.09), (0.28, 0.3), (0.5, 0.46), (0.74, 0.64),
                            (0.64, 0.9), (0.24, 0.9))],
        "angular": [line((0.75, 0.06), (0.28, 0.06), (0.26, 0.45), (0.7, 0.45), (0.74, 0.92),
                         (0.22, 0.92))],
    },
    6: {
        "curved": [curve((0.66, 0.06), (0.4, 0.25), (0.24, 0.6), (0.32, 0.88), (0.56, 0.94),
                         (0.75, 0.75), (0.62, 0.55), (0.4, 0.58), (0.27, 0.74))],
        "straight": [line((0.58, 0.05), (0.27, 0.62)), oval(0.5, 0.72, 0.25, 0.23, -170, 190)],
        "with a small bowl": [curve((0.5, 0.05), (0.3, 0.35), (0.25, 0.7), (0.4, 0.94),
                                    (0.62, 0.85),
                                    (0.58, 0.68), (0.4, 0.68), (0.28, 0.78))],
    },
    7: {
        "plain": [line((0.2, 0.08), (0.78, 0.08), (0.42, 0.95))],
        "with a bar": [line((0.2, 0.08), (0.78, 0.08), (0.42, 0.95)),
                       line((0.35, 0.5), (0.78, 0.5))],
        "with a serif": [line((0.2, 0.25), (0.2, 0.08), (0.78, 0.08), (0.45, 0.95))],
        "curved": [np.concatenate([line((0.2, 0.1), (0.78, 0.08)),
                   curve((0.78, 0.08), (0.6, 0.35), (0.48, 0.65), (0.46, 0.95))])],
        "curved, with a bar": [curve((0.2, 0.14), (0.4, 0.1), (0.78, 0.08), (0.56, 0.45),
                                     (0.45, 0.95)),
                               line((0.32, 0.52), (0.75, 0.48))],
    },
    8: {
        "two rings": [oval(0.5, 0.27, 0.22, 0.21, 90, 450), oval(0.5, 0.71, 0.28, 0.23, -90, 270)],
        "in one line": [curve((0.68, 0.2), (0.5, 0.06), (0.3, 0.2), (0.42, 0.42), (0.66, 0.6),
                              (0.72, 0.8), (0.5, 0.95), (0.28, 0.8), (0.36, 0.58), (0.62, 0.4),
                              (0.69, 0.2))],
        "crossed": [line((0.3, 0.12), (0.7, 0.9), (0.28, 0.9), (0.7, 0.1), (0.3, 0.12))],
    },
    9: {
        "straight": [oval(0.48, 0.3, 0.23, 0.24, 0, -360), line((0.71, 0.2), (0.68, 0.95))],
        "curved": [oval(0.5, 0.29, 0.24, 0.23, 0, -360),
                   curve((0.74, 0.29), (0.75, 0.6), (0.6, 0.9), (0.26, 0.9))],
        "like a g": [curve((0.7, 0.14), (0.45, 0.06), (0.28, 0.25), (0.4, 0.46), (0.64, 0.36),
                           (0.72, 0.14), (0.72, 0.6), (0.6, 0.93), (0.3, 0.86))],
        "slanted": [oval(0.5, 0.29, 0.25, 0.23, 0, -360), line((0.75, 0.29), (0.5, 0.95))],
    },
}  # fmt: skip


def turned(strokes: Strokes, matrix: list[list[float]]) -> Strokes:
    """The strokes under a linear map about the middle of the square."""
    return [(points - 0.5) @ np.array(matrix).T + 0.5 for points in strokes]


def shaken(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    """The strokes by a hand that trembles: a smooth wobble of about ``size``."""
    moved = []
    for points in strokes:
        noise = rng.normal(size=(len(points) + 8, 2)).cumsum(axis=0)
        smooth = np.stack([np.convolve(n, np.ones(5) / 5, "valid") for n in noise.T], axis=1)
        smooth = smooth[: len(points)]
        trend = np.linspace(smooth[0], smooth[-1], len(points))
        wobble = smooth - trend
        moved.append(points + size * wobble / (wobble.std() + 1e-9))
    return moved


def manners(strokes: Strokes, rng: np.random.Generator) -> Iterator[tuple[str, Strokes]]:
    """The same digit by different hands."""
    corner = rng.choice([0.03, 0.75], 2)
    tilt = np.radians(rng.uniform(5, 12)) * rng.choice([-1, 1])
    turn = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    yield "plain", strokes
    yield "slanted to the right", turned(strokes, [[1, -rng.uniform(0.2, 0.4)], [0, 1]])
    yield "slanted to the left", turned(strokes, [[1, rng.uniform(0.08, 0.2)], [0, 1]])
    yield "narrow", turned(strokes, [[rng.uniform(0.55, 0.7), 0], [0, 1]])
    yield "wide", turned(strokes, [[rng.uniform(1.2, 1.45), 0], [0, 1]])
    yield "turned", turned(strokes, turn)
    yield "small in a corner", [0.22 * points + corner for points in strokes]
    yield "by a shaky hand", shaken(strokes, 0.018, rng)
    yield "by a very shaky hand", shaken(turned(strokes, turn), 0.028, rng)


def drawings(rng: np.random.Generator) -> Iterator[tuple[int, str, Strokes]]:
    """(digit, "style, manner", strokes) of every style in every manner."""
    for digit, styles in STYLES.items():
        for style, strokes in styles.items():
            for manner, drawn in manners(strokes, rng):
                yield digit, f"{style}, {manner}", drawn


def painted(strokes: Strokes, pen: float, size: int = 120) -> npt.NDArray[np.float64]:
    """A picture (size, size) of 0 and 1: ink wherever a round pen of that diameter has been."""
    y, x = (np.indices((size, size)) + 0.5) / size
    nearest = np.full((size, size), np.inf)
    for points in strokes:
        steps = np.arange(0, len(points) - 1 + 1e-9, 0.1)  # closer than any pen is wide
        places = [np.interp(steps, np.arange(len(points)), along) for along in points.T]
        for px, py in zip(*places, strict=True):
            np.minimum(nearest, (x - px) ** 2 + (y - py) ** 2, out=nearest)
    return (nearest <= (pen / 2) ** 2).astype(float)
