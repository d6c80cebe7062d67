r"""Small data: the worked network, the task of the four engines, handwritten digits, toy problems,
and MNIST from a folder.

Rows are examples. Class targets are labels, whole numbers from 0; everything drawn takes an
``rng`` and is the same for the same seed.
"""

import gzip
import zlib
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bpcourse.layers import Linear, Sigmoid
from bpcourse.losses import SoftmaxCrossEntropy, SquaredError
from bpcourse.network import Network
from bpcourse.validation import require_generator, require_positive_int

W1 = [[0.3, -0.5, -1.1], [-1.0, 0.7, 1.2], [0.8, -0.9, -0.6], [0.2, 0.1, -0.4]]
B1 = [-0.1, 0.4, -0.2, 0.3]
W2 = [[-1.0, -0.4, 1.1, -0.3], [-0.1, 1.2, -0.8, 0.9]]
B2 = [0.5, -0.6]
X5 = [[0.5, -2.0, 1.5], [1.2, 0.4, -0.3], [-0.4, -0.7, 0.6], [0.1, -0.8, -1.4], [-1.1, 0.8, -0.2]]
Y5 = [[0.2, 0.9], [-0.4, 0.7], [1.1, 0.3], [0.6, -0.5], [-0.2, 1.3]]
LABELS5 = [1, 0, 1, 1, 0]
# Twenty-four rooms, by turns a comfortable one and one that is not: see ``one_task``.
ROOMS = [
    [0.4, -0.1], [1.5, -0.3], [-0.8, 0.1], [0.6, 1.7], [-0.4, -0.6], [-1.1, 1.5],
    [0.5, 0.1], [-1.4, -1.2], [-0.1, -0.8], [1.4, 0.8], [-0.4, 0.1], [0.1, -1.6],
    [0.8, 0.2], [-1.7, 0.1], [0.2, -0.5], [-0.1, 1.9], [-0.4, -0.3], [-0.9, -1.5],
    [0.4, -0.7], [1.6, -0.8], [-0.5, 0.5], [-1.4, 0.7], [0.1, -0.2], [0.8, -1.6],
]  # fmt: skip


def worked_network(output="linear"):
    r"""The course's 3-4-2 running example: ``(net, X, Y)``, X (5, 3) and Y (5, 2).

    Logistic hidden units, a linear output and ½ Σ (ŷ − y)², averaged over the batch. Row 0, that
    is ``X[:1], Y[:1]``, is *the* running example: it can be done by hand, and its z¹ are
    one-decimal numbers. ::

        W¹ =  0.3  −0.5  −1.1      b¹ = −0.1      x = 0.5      z¹ = −0.6      a¹ ≈ 0.354
             −1.0   0.7   1.2            0.4         −2.0            0.3           0.574
              0.8  −0.9  −0.6           −0.2          1.5            1.1           0.750
              0.2   0.1  −0.4            0.3                        −0.4           0.401
        W² = −1.0  −0.4   1.1  −0.3     b² =  0.5     z² = ŷ ≈  0.621     y = 0.2
             −0.1   1.2  −0.8   0.9          −0.6              −0.185         0.9
        δ² = ŷ − y ≈ (0.421, −1.085)    δ¹ ≈ (−0.071, −0.359, 0.249, −0.265)    loss ≈ 0.677

    ``output="sigmoid"`` puts a logistic layer after the last one (A8); ``"softmax"`` reads z² as
    logits, with cross-entropy, and Y holds labels (5,). Parameters and X are the same in all.
    ValueError for another ``output``. Every call gives fresh arrays.
    """
    if output not in ("linear", "sigmoid", "softmax"):
        raise ValueError(f"output: expected 'linear', 'sigmoid' or 'softmax', got {output!r}")
    first, last = (Linear(n, m, rng=None, init="zeros") for n, m in ((3, 4), (4, 2)))
    first.W, first.b, last.W, last.b = W1, B1, W2, B2
    layers = [first, Sigmoid(), last] + ([Sigmoid()] if output == "sigmoid" else [])
    if output == "softmax":
        return Network(layers, SoftmaxCrossEntropy()), np.array(X5), np.array(LABELS5)
    return Network(layers, SquaredError(factor=0.5)), np.array(X5), np.array(Y5)


class OneTask(NamedTuple):
    """What ``one_task`` gives: the data, the start, and how to train. It unpacks in this order."""

    X: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    params: dict[str, npt.NDArray[np.float64]]
    learning_rate: float
    steps: int


def one_task() -> OneTask:
    r"""The one task that four engines train: 24 rooms, comfortable or not.

    A row of X is a room: its temperature, counted in steps of 3 degrees from 21 °C, and its
    humidity, counted in steps of 15 points from 50 %. The target is 1 where people called the room
    comfortable and 0 where they did not, because it was too cold, hot, dry or damp. The
    comfortable rooms lie in the middle and the others all around, so no straight line parts them.
    The rooms are made up.

    The network is 2-4-1 with tanh hidden units and a linear output, the loss is ½ (ŷ − y)²,
    averaged over the 24 rows. From this start, 60 steps of gradient descent on the whole batch take
    the loss from 0.165 to 0.018, and the number of rooms on the right side of ŷ = ½ from 12 to 24.

    Returns
    -------
    OneTask
        ``X`` (24, 2); ``y`` (24, 1) of 0 and 1; ``params``, a dict of the start ``W1`` (4, 2),
        ``b1`` (4,), ``W2`` (1, 4), ``b2`` (1,); ``learning_rate`` 0.5; ``steps`` 60. It
        unpacks: ``X, y, params, learning_rate, steps = one_task()``. All numbers have one decimal,
        and every call gives fresh arrays.
    """
    start = {
        "W1": [[0.8, 0.7], [-0.5, 0.2], [0.6, -0.4], [1.2, 0.9]],
        "b1": [0.3, -0.6, -0.5, 0.4],
        "W2": [[-0.1, -0.4, -0.5, 0.2]],
        "b2": [-0.2],
    }
    params = {name: np.array(numbers) for name, numbers in start.items()}
    y = np.array([[1.0], [0.0]] * (len(ROOMS) // 2))
    return OneTask(np.array(ROOMS), y, params, learning_rate=0.5, steps=60)


def digits():
    """The UCI handwritten digits, 8×8: ``X_train, y_train, X_test, y_test``.

    X is (1437, 64) and (360, 64), grey levels scaled to 0..1, row by row; y are labels 0..9. The
    split is stratified: ``default_rng(0)`` sets aside the same share of every class. Origin and
    licence: ``bpcourse/data/README.md``.
    """
    with (files("bpcourse") / "data" / "digits.npz").open("rb") as file, np.load(file) as data:
        X, y = data["images"] / 16, data["labels"].astype(np.int64)
    test = _stratified(y, 360, np.random.default_rng(0))
    return X[~test], y[~test], X[test], y[test]


def digit_reader() -> Network:
    """The network that reads the digit pad: 64-64-10, tanh units, SoftmaxCrossEntropy.

    It was trained by ``tools/train_digit_reader.py`` on the training half of ``digits()``, changed
    as other hands would write them. It takes rows of 64 grey levels 0..1, as ``digits()`` gives
    them.

    Returns
    -------
    Network
        A fresh one each time. It has 4810 parameters: ``sum(p.size for p in
        net.params.values())``.
    """
    with (files("bpcourse") / "data" / "digit_reader.npz").open("rb") as file:
        return Network.load(file)


def _stratified(y, size, rng):
    """A mask of ``size`` examples, of every class its share, rounded by largest remainder."""
    counts = np.bincount(y)
    quota = counts * size / len(y)
    take = np.floor(quota).astype(int)
    take[np.argsort(take - quota, kind="stable")[: size - take.sum()]] += 1
    mask = np.zeros(len(y), bool)
    for label, number in enumerate(take):
        mask[rng.permutation(np.flatnonzero(y == label))[:number]] = True
    return mask


def xor():
    """Exclusive or: ``X`` (4, 2) of 0 and 1, labels ``y`` (4,). No linear network fits it."""
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return X, np.array([0, 1, 1, 0])


def moons(n, noise, rng):
    """Two interlocking half circles: ``X`` (n, 2), labels ``y`` (n,) in 0..1.

    ``noise`` is the standard deviation of what is added; the half circles have radius 1.
    """
    n, noise = _checked(n, noise, rng)
    y = np.arange(n) % 2
    angle = np.pi * rng.uniform(size=n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X = np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper)
    return X + noise * rng.standard_normal((n, 2)), y


def spirals(n, classes, noise, rng):
    """``classes`` spiral arms of one turn each: ``X`` (n, 2) within radius 1, labels ``y`` (n,).

    ``noise`` is the standard deviation of what is added.
    """
    n, noise = _checked(n, noise, rng)
    y = np.arange(n) % require_positive_int("classes", classes)
    radius = np.sqrt(rng.uniform(size=n))  # the root spreads the points evenly over the disc
    angle = 2 * np.pi * (radius + y / classes)
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * rng.standard_normal((n, 2)), y


def _checked(n, noise, rng):
    require_generator("rng", rng)
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise: expected a finite number of at least 0, got {noise}")
    return require_positive_int("n", n), noise


def movie_ratings():
    """Twenty-four films that nobody has seen, made up for C11: ``X`` (24, 4), ``Y`` (24, 3).

    X: length in hours, budget in 10 million, the director's earlier films, action scenes an hour.
    Y: critics' rating and users' rating, both 0..10, and the box office in 10 million. Ratings go
    beyond 0..1, so that a logistic output cannot reach them (C12).
    """
    lines = (files("bpcourse") / "data" / "movies.csv").read_text(encoding="utf-8").splitlines()
    table = np.array([line.split(",")[1:] for line in lines[1:]], dtype=float)  # without the titles
    return table[:, :4], table[:, 4:]


def mnist(path, dtype=np.float64):
    """MNIST from the folder ``path``: ``X_train, y_train, X_test, y_test`` as ``digits`` gives.

    Reads the four IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-… and
    t10k-labels-…, plain or gzip (.gz). X is (n, 784), grey levels scaled to 0..1, of type
    ``dtype``: float64 takes 440 MB, float32 half. FileNotFoundError where a file is absent,
    ValueError where one is damaged.
    """
    folder = Path(path).expanduser()
    parts = []
    for split in ("train", "t10k"):
        images_file = _find(folder, f"{split}-images", "idx3-ubyte")
        labels_file = _find(folder, f"{split}-labels", "idx1-ubyte")
        images, labels = _read_idx(images_file, 3), _read_idx(labels_file, 1)
        if len(images) != len(labels):
            raise ValueError(
                f"{labels_file.name}: expected {len(images)} labels, one for each image of "
                f"{images_file.name}, got {len(labels)}"
            )
        if labels.max() > 9:
            raise ValueError(f"{labels_file.name}: expected labels 0 to 9, got {labels.max()}")
        X = np.divide(images.reshape(len(images), -1), 255, dtype=dtype)
        parts += [X, labels.astype(np.int64)]
    if parts[0].shape[1] != parts[2].shape[1]:
        raise ValueError(
            f"{folder}: expected training and test images of one size, "
            f"got {parts[0].shape[1]} and {parts[2].shape[1]} pixels"
        )
    return tuple(parts)


def _find(folder, stem, kind):
    names = [f"{stem}{dot}{kind}{end}" for dot in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f"path: expected {names[0]} or {names[1]} in the folder {folder}"
        + ("" if folder.is_dir() else ", which does not exist")
    )


def _read_idx(file, dimensions):
    """The bytes of an IDX file as an array: a magic number, the sizes, then the entries."""
    data = file.read_bytes()
    if data[:2] == b"\x1f\x8b":  # gzip, whatever the name says
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{file.name}: expected a whole gzip file, got {error}") from error
    magic = bytes([0, 0, 8, dimensions])  # unsigned bytes, so many dimensions
    if data[:4] != magic:
        raise ValueError(
            f"{file.name}: expected an IDX file that begins with {magic.hex(' ')}, "
            f"got {data[:4].hex(' ') or 'an empty file'}"
        )
    start = 4 + 4 * dimensions
    sizes = [int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4)]
    entries = np.frombuffer(data, np.uint8)[start:]
    if len(data) <= start or entries.size != int(np.prod(sizes, dtype=object)):
        expected = f"{' x '.join(map(str, sizes))} entries, as its header says"
        raise ValueError(f"{file.name}: expected {expected}, got {entries.size}")
    return entries.reshape(sizes)
