"""Train the network that reads what is drawn on the digit pad, and save it in the package.

    python -m tools.train_digit_reader         a minute or two on one core

It learns from ``datasets.digits()`` alone, with the package alone. Only 13 people wrote those
digits. So each epoch shows every digit as it is and three times as other hands would write it:
slanted, turned, narrow or wide, bent, thick or thin, and not quite in place. Three habits that are
rare in the data are put in by changing its pictures: a foot under the 1, a 7 without its bar, and a
4 whose right arm is as tall as its left one. Seeded: run again on one machine, it writes the same
network.
"""

from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bpcourse import Linear, Network, SoftmaxCrossEntropy, Tanh, accuracy, datasets, train
from bpcourse.widgets.ink import HIGH, INK, SIDE, STRETCH, WIDE

Array = npt.NDArray[np.float64]
Random = np.random.Generator

HIDDEN, EPOCHS, COPIES = 64, 60, 3
SMOOTH = 0.05  # this share of every target is spread over all classes: an honest "not sure"
SEED = 13
Y, X = np.indices((SIDE, SIDE)) + 0.5  # the middle of every pixel


def each(numbers: npt.ArrayLike) -> Array:
    """One number for each picture, to be used with all of its pixels."""
    column: Array = np.asarray(numbers, float)[..., None, None]
    return column


def enlarged(images: Array) -> Array:
    """Grey pictures (n, 32, 32) of the 8×8 ones: straight lines between the middles of blocks."""
    places = (np.arange(SIDE) + 0.5) / 4 - 0.5
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(8)))
    grey: Array = weights @ images.reshape(-1, 8, 8) @ weights.T
    return grey


def blocks(pictures: Array) -> Array:
    """The mean of every 4×4 block: (n, 64), as the data set has it."""
    means: Array = pictures.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(-1, 64)
    return means


def sampled(pictures: Array, x: Array, y: Array) -> Array:
    """The grey of each picture at the places x, y (n, 32, 32), between pixels in proportion."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))  # white outside
    column, row = np.floor(x - 0.5).astype(int), np.floor(y - 0.5).astype(int)
    right, down = x - 0.5 - column, y - 0.5 - row

    def at(i: npt.NDArray[np.intp], j: npt.NDArray[np.intp]) -> Array:
        n = np.arange(len(pictures))[:, None, None]
        return padded[n, np.clip(i + 1, 0, SIDE + 1), np.clip(j + 1, 0, SIDE + 1)]

    upper = (1 - right) * at(row, column) + right * at(row, column + 1)
    lower = (1 - right) * at(row + 1, column) + right * at(row + 1, column + 1)
    grey: Array = (1 - down) * upper + down * lower
    return grey


# Habits that the data set's writers do not have


def stroke(x0: npt.ArrayLike, y0: npt.ArrayLike, x1: npt.ArrayLike, y1: npt.ArrayLike,
           pen: npt.ArrayLike) -> Array:  # fmt: skip
    """Pictures of one straight stroke each, from (x0, y0) to (x1, y1), of the radius ``pen``."""
    x0, y0, x1, y1 = each(x0), each(y0), each(x1), each(y1)
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((X - x0) * dx + (Y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    ink: Array = np.clip(each(pen) - np.hypot(X - x0 - along * dx, Y - y0 - along * dy) + 0.5, 0, 1)
    return ink


def middle(pictures: Array, top: int, bottom: int) -> Array:
    """Where the ink of the rows top to bottom has its centre, from the left."""
    ink = pictures[:, top:bottom].sum(axis=1) + 1e-9
    centre: Array = (ink * X[0]).sum(axis=1) / ink.sum(axis=1)
    return centre


def foot(pictures: Array, rng: Random) -> Array:
    """A 1 with a line under it, and a thinner stem, since the foot takes its share of the ink."""
    n, at = len(pictures), middle(pictures, 26, 30)
    pictures = pictures ** each(rng.uniform(2, 6, n))
    left, right = at - rng.uniform(5, 11, n), at + rng.uniform(6, 11, n)
    end, pen = rng.uniform(28.8, 30.2, n), rng.uniform(1.8, 2.8, n)
    drawn: Array = np.maximum(pictures, stroke(left, np.full(n, 29.5), right, end, pen))
    return drawn


def without_bar(pictures: Array, rng: Random) -> Array:
    """A 7 without its bar: between top and bottom only what is near the stem stays."""
    n = len(pictures)
    top, bottom = middle(np.where(X > 14, pictures, 0), 7, 10), middle(pictures, 25, 30)
    stem = each(top) + each(bottom - top) * (Y - 8.5) / 19
    near = (np.abs(X - stem) < 4.5) | (Y < 9) | (Y > 24)
    line = stroke(top, np.full(n, 8.0), bottom, np.full(n, 27.0), rng.uniform(1.5, 2.5, n))
    drawn: Array = np.maximum(pictures * near, line)
    return drawn


def tall_arm(pictures: Array, rng: Random) -> Array:
    """A 4 with an open top: what is above the bar moves to the left, and the stem rises.

    In every second one the bar reaches the stem and no farther.
    """
    n = len(pictures)
    narrower = 1 - each(1 - rng.uniform(0.3, 0.8, n)) * np.clip((19 - Y) / 4, 0, 1)
    moved = sampled(pictures, 7 + (X - 7) / narrower, np.broadcast_to(Y, pictures.shape))
    bottom = np.minimum(middle(pictures, 26, 31) + rng.uniform(0, 8, n), 27)
    top, bar = bottom + rng.uniform(-0.5, 4, n), rng.uniform(15, 20, n)
    ends = each(rng.integers(0, 2, n)) * (X > each((top + bottom) / 2))
    below = (X < each(bottom - 4)) & (Y > each(bar) + 3)  # where the old stem was
    strokes = [
        stroke(bottom, np.full(n, 30.0), top, rng.uniform(1, 9, n), rng.uniform(1.7, 2.6, n)),
        stroke(np.full(n, 12.0), bar, bottom, bar, rng.uniform(1.5, 2.3, n)),
    ]
    drawn: Array = np.max([moved * (1 - ends) * ~below, *strokes], axis=0)
    return drawn


HABITS = {1: (foot, 0.65), 7: (without_bar, 0.35), 4: (tall_arm, 0.6)}


# Other hands


def other_hands(images: Array, labels: npt.NDArray[np.int64], rng: Random) -> Array:
    """Each of the images (n, 64) as somebody else might write it."""
    pictures, n = enlarged(images), len(images)
    for digit, (habit, share) in HABITS.items():
        some = np.flatnonzero((labels == digit) & (rng.uniform(size=n) < share))
        pictures[some] = habit(pictures[some], rng)
    x, y = bent(*slanted(n, rng), rng)
    pictures = sampled(pictures, x, y)
    ink = rng.uniform(0.8, 1.2, n) * INK  # thin to thick
    pictures = fitted(pictures, level(pictures, ink), rng)
    soft = np.clip((pictures - each(level(pictures, ink))) / 0.12 + 0.5, 0, 1)
    return blocks(soft)


def slanted(n: int, rng: Random) -> tuple[Array, Array]:
    """Places (n, 32, 32) to look at for n pictures that are slanted and turned."""
    slant, turn = each(rng.uniform(-0.25, 0.25, n)), each(rng.uniform(-0.12, 0.12, n))
    x, y = X - SIDE / 2, Y - SIDE / 2
    x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    return x + slant * y + SIDE / 2, y + SIDE / 2


def bent(x: Array, y: Array, rng: Random) -> tuple[Array, Array]:
    """The places, moved by two slow waves each way."""
    n = len(x)
    for _ in range(2):
        for axis in range(2):
            high, phase = each(rng.normal(0, 0.7, n)), each(rng.uniform(0, 2 * np.pi, n))
            wave = each(rng.uniform(0.5, 1.5, n)) * 2 * np.pi / SIDE
            if axis:
                y = y + high * np.sin(wave * x + phase)
            else:
                x = x + high * np.sin(wave * y + phase)
    return x, y


def level(pictures: Array, ink: Array) -> Array:
    """The grey above which so many pixels of each picture lie."""
    ordered = np.sort(pictures.reshape(len(pictures), -1), axis=1)
    grey: Array = ordered[np.arange(len(pictures)), SIDE * SIDE - ink.astype(int)]
    return grey


def fitted(pictures: Array, black: Array, rng: Random) -> Array:
    """Moved and stretched to the middle 20 columns and all rows, as the pad does; not exactly."""
    on, n = pictures > each(black), len(pictures)
    ends = []
    for lines in (np.any(on, axis=1), np.any(on, axis=2)):
        ends += [lines.argmax(axis=1), SIDE - lines[:, ::-1].argmax(axis=1)]
    left, right, top, bottom = (end.astype(float) for end in ends)
    high = HIGH / (bottom - top)
    wide = np.minimum(WIDE / (right - left), STRETCH * high)
    wide, high = (scale * np.exp(rng.normal(0, 0.04, n)) for scale in (wide, high))
    x = (X - SIDE / 2 - each(rng.normal(0, 0.7, n))) / each(wide) + each((left + right) / 2)
    y = (Y - SIDE / 2 - each(rng.normal(0, 0.5, n))) / each(high) + each((top + bottom) / 2)
    return sampled(pictures, x, y)


def trained() -> Network:
    """The network, 64-64-10 with tanh units, after all epochs; a minute or two on one core."""
    X, labels, _, _ = datasets.digits()
    images = X.astype(np.float64)
    rng = np.random.default_rng(SEED)
    hidden, output = Linear(64, HIDDEN, rng=rng), Linear(HIDDEN, 10, rng=rng)
    net = Network([hidden, Tanh(), output], SoftmaxCrossEntropy())
    targets = np.tile((1 - SMOOTH) * np.eye(10)[labels] + SMOOTH / 10, (1 + COPIES, 1))
    for epoch in range(EPOCHS):
        copies = [other_hands(images, labels, rng) for _ in range(COPIES)]
        rate = 0.05 * (1 + np.cos(np.pi * epoch / EPOCHS)) + 0.002
        train(
            net,
            np.concatenate([images, *copies]),
            targets,
            epochs=1,
            batch_size=32,
            learning_rate=rate,
            rng=rng,
            progress=False,
        )
    for parameter in net.params.values():  # three decimals are enough, and make a small file
        parameter[...] = parameter.round(3)
    return net


if __name__ == "__main__":
    net = trained()
    path = Path(str(files("bpcourse") / "data" / "digit_reader.npz"))
    net.save(path)
    images, labels = datasets.digits()[2:]
    count = sum(parameter.size for parameter in net.params.values())
    print(f"{path.name}: {count} parameters, {path.stat().st_size} bytes")
    print(f"of the test digits {accuracy(net.predict(images), labels):.1%} are read right")
