r"""Small data: the worked network, the task of the four engines, handwritten digits, toy problems,
and MNIST from a folder.

Rows are examples. Class targets are labels, whole numbers from 0; everything drawn takes an
``rng`` and is the same for the same seed.
"""

import gzip
import os
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from bpcourse.layers import Layer, Linear, Sigmoid
from bpcourse.losses import SoftmaxCrossEntropy, SquaredError
from bpcourse.network import Network
from bpcourse.validation import Floats, require_generator, require_positive_int

Labels: TypeAlias = npt.NDArray[np.int64]
Split: TypeAlias = tuple[Floats, Labels, Floats, Labels]

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


def worked_network(
    output: Literal["linear", "sigmoid", "softmax"] = "linear",
) -> tuple[Network, Floats, npt.NDArray[np.number]]:
    r"""Build the course's 3-4-2 running example.

    Logistic hidden units, a linear output and ½ Σ (ŷ − y)², averaged over the batch. Row 0, that
    is ``X[:1], Y[:1]``, is *the* running example: it can be done by hand, and its z⁽¹⁾ are
    one-decimal numbers. ::

        W⁽¹⁾ =  0.3  −0.5  −1.1     b⁽¹⁾ = −0.1     x = 0.5     z⁽¹⁾ = −0.6     a⁽¹⁾ ≈ 0.354
               −1.0   0.7   1.2             0.4        −2.0             0.3            0.574
                0.8  −0.9  −0.6            −0.2         1.5             1.1            0.750
                0.2   0.1  −0.4             0.3                        −0.4            0.401
        W⁽²⁾ = −1.0  −0.4   1.1  −0.3     b⁽²⁾ =  0.5     z⁽²⁾ = ŷ ≈  0.621     y = 0.2
               −0.1   1.2  −0.8   0.9            −0.6                −0.185         0.9
        δ⁽²⁾ = ŷ − y ≈ (0.421, −1.085)   δ⁽¹⁾ ≈ (−0.071, −0.359, 0.249, −0.265)   loss ≈ 0.677

    Parameters
    ----------
    output : {"linear", "sigmoid", "softmax"}
        What comes last: nothing; a logistic layer (A8); or the softmax of cross-entropy, which
        reads z² as logits. Parameters and X are the same in all.

    Returns
    -------
    net : Network
        The network, every time with fresh arrays.
    X : array, shape (5, 3)
        The examples.
    Y : array, shape (5, 2), or (5,) with "softmax"
        The targets, or labels.

    Raises
    ------
    ValueError
        For another output.
    """
    if output not in ("linear", "sigmoid", "softmax"):
        raise ValueError(f"output: expected 'linear', 'sigmoid' or 'softmax', got {output!r}")
    first, last = (Linear(n, m, rng=None, init="zeros") for n, m in ((3, 4), (4, 2)))
    first.W, first.b, last.W, last.b = W1, B1, W2, B2
    layers: list[Layer] = [first, Sigmoid(), last]
    layers += [Sigmoid()] if output == "sigmoid" else []
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


def digits() -> Split:
    """Load the UCI handwritten digits, 8×8.

    The split is stratified: ``default_rng(0)`` sets aside the same share of every class. Origin and
    licence: ``bpcourse/data/README.md``.

    Returns
    -------
    X_train : array, shape (1437, 64)
        Grey levels scaled to 0..1, row by row.
    y_train : array, shape (1437,)
        Labels 0..9.
    X_test : array, shape (360, 64)
        As X_train.
    y_test : array, shape (360,)
        As y_train.
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


def _stratified(y: Labels, size: int, rng: np.random.Generator) -> npt.NDArray[np.bool]:
    """A mask of ``size`` examples, of every class its share, rounded by largest remainder."""
    counts = np.bincount(y)
    quota = counts * size / len(y)
    take = np.floor(quota).astype(int)
    take[np.argsort(take - quota, kind="stable")[: size - take.sum()]] += 1
    mask = np.zeros(len(y), bool)
    for label, number in enumerate(take):
        mask[rng.permutation(np.flatnonzero(y == label))[:number]] = True
    return mask


def xor() -> tuple[Floats, Labels]:
    """Make exclusive or. No linear network fits it.

    Returns
    -------
    X : array, shape (4, 2)
        All pairs of 0 and 1.
    y : array, shape (4,)
        1 where one of the two is 1.
    """
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return X, np.array([0, 1, 1, 0])


def moons(n: int, noise: float, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw points of two interlocking half circles of radius 1.

    Parameters
    ----------
    n : int
        The number of points, at least 1.
    noise : float
        The standard deviation of what is added, at least 0.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    X : array, shape (n, 2)
        The points.
    y : array, shape (n,)
        0 or 1, the half circle.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these.
    """
    n, noise = _checked(n, noise, rng)
    y = np.arange(n) % 2
    angle = np.pi * rng.uniform(size=n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X = np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper)
    return X + noise * rng.standard_normal((n, 2)), y


def spirals(n: int, classes: int, noise: float, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw points of spiral arms of one turn each, within radius 1.

    Parameters
    ----------
    n : int
        The number of points, at least 1.
    classes : int
        The number of arms, at least 1.
    noise : float
        The standard deviation of what is added, at least 0.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    X : array, shape (n, 2)
        The points.
    y : array, shape (n,)
        The arm, from 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these.
    """
    n, noise = _checked(n, noise, rng)
    y = np.arange(n) % require_positive_int("classes", classes)
    radius = np.sqrt(rng.uniform(size=n))  # the root spreads the points evenly over the disc
    angle = 2 * np.pi * (radius + y / classes)
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * rng.standard_normal((n, 2)), y


def _checked(n: int, noise: float, rng: np.random.Generator) -> tuple[int, float]:
    require_generator("rng", rng)
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise: expected a finite number of at least 0, got {noise}")
    return require_positive_int("n", n), noise


def movie_ratings() -> tuple[Floats, Floats]:
    """Load twenty-four films that nobody has seen, made up for C11.

    Ratings go beyond 0..1, so that a logistic output cannot reach them (C12).

    Returns
    -------
    X : array, shape (24, 4)
        Length in hours, budget in 10 million, the director's earlier films, action scenes an hour.
    Y : array, shape (24, 3)
        Critics' rating and users' rating, both 0..10, and the box office in 10 million.
    """
    lines = (files("bpcourse") / "data" / "movies.csv").read_text(encoding="utf-8").splitlines()
    table = np.array([line.split(",")[1:] for line in lines[1:]], dtype=float)  # without the titles
    return table[:, :4], table[:, 4:]


def mnist(path: str | os.PathLike[str], dtype: npt.DTypeLike = np.float64) -> Split:
    """Load MNIST from a folder.

    Parameters
    ----------
    path : str or path
        The folder with the four IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte,
        t10k-images-… and t10k-labels-…, plain or gzip (.gz).
    dtype : dtype
        The type of X: float64 takes 440 MB, float32 half.

    Returns
    -------
    X_train : array, shape (n, 784)
        Grey levels scaled to 0..1, row by row.
    y_train : array, shape (n,)
        Labels 0..9.
    X_test : array, shape (m, 784)
        As X_train.
    y_test : array, shape (m,)
        As y_train.

    Raises
    ------
    FileNotFoundError
        Where a file is absent.
    ValueError
        Where one is damaged.
    """
    folder = Path(path).expanduser()
    X_train, y_train = _mnist_pile(folder, "train", dtype)
    X_test, y_test = _mnist_pile(folder, "t10k", dtype)
    if X_train.shape[1] != X_test.shape[1]:
        raise ValueError(
            f"{folder}: expected training and test images of one size, "
            f"got {X_train.shape[1]} and {X_test.shape[1]} pixels"
        )
    return X_train, y_train, X_test, y_test


def _mnist_pile(folder: Path, stem: str, dtype: npt.DTypeLike) -> tuple[Floats, Labels]:
    images_file = _find(folder, f"{stem}-images", "idx3-ubyte")
    labels_file = _find(folder, f"{stem}-labels", "idx1-ubyte")
    images, labels = _read_idx(images_file, 3), _read_idx(labels_file, 1)
    if len(images) != len(labels):
        raise ValueError(
            f"{labels_file.name}: expected {len(images)} labels, one for each image of "
            f"{images_file.name}, got {len(labels)}"
        )
    if np.max(labels) > 9:
        raise ValueError(f"{labels_file.name}: expected labels 0 to 9, got {np.max(labels)}")
    X: Floats = np.divide(images.reshape(len(images), -1), 255, dtype=dtype)
    return X, labels.astype(np.int64)


def _find(folder: Path, stem: str, kind: str) -> Path:
    names = [f"{stem}{dot}{kind}{end}" for dot in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f"path: expected {names[0]} or {names[1]} in the folder {folder}"
        + ("" if folder.is_dir() else ", which does not exist")
    )


def _read_idx(file: Path, dimensions: int) -> npt.NDArray[np.uint8]:
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
