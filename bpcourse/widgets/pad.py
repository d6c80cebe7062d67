"""The digit pad: a digit drawn by the reader, and read by a network in the page itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from bpcourse import datasets
from bpcourse.layers import Identity, Layer, LeakyReLU, Linear, Softmax
from bpcourse.losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from bpcourse.network import Network
from bpcourse.text import text
from bpcourse.text.numbers import number
from bpcourse.widgets import ink
from bpcourse.widgets.html import FIGURE, PageFigure, script, style
from bpcourse.widgets.networks import ACTIVATIONS

LABELS = (
    "title_area", "title_seen", "area", "kind", "seen", "seen_nothing", "bars", "undo", "clear",
    "nothing", "sure", "unsure", "either", "keys_title", "keys", "paper",
)  # fmt: skip
SURE = 0.75  # below this largest output the pad says that it is not sure
ALIKE = 0.2  # and from this on it names the second
EXAMPLE = [[[28, 22], [32, 18], [38, 14], [44, 11], [52, 12], [61, 16], [66, 21], [66, 27],
            [62, 34], [58, 40], [52, 43], [45, 45], [42, 46], [46, 47], [55, 48], [62, 50],
            [67, 55], [70, 61], [71, 68], [68, 75], [63, 83], [56, 87], [47, 86], [36, 83],
            [29, 80]]]  # fmt: skip

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """What a network makes of a drawing: ``probabilities`` (10,) and the ``image`` (8, 8), 0..16.

    It unpacks: ``probabilities, image = pad.read(strokes)``. ``digit`` is the answer, and ``sure``
    says whether its output is at least 0.75.
    """

    probabilities: Array
    image: npt.NDArray[np.int64]

    def __iter__(self) -> Iterator[npt.NDArray[np.float64] | npt.NDArray[np.int64]]:
        return iter((self.probabilities, self.image))

    @property
    def digit(self) -> int:
        """The digit with the largest output."""
        return int(self.probabilities.argmax())

    @property
    def sure(self) -> bool:
        """Whether the largest output is at least 0.75."""
        return bool(self.probabilities.max() >= SURE)

    @property
    def said(self) -> str:
        """The answer in words, as the pad says it."""
        next_best, best = (int(digit) for digit in self.probabilities.argsort(kind="stable")[-2:])
        close = self.probabilities[next_best] >= ALIKE
        key = "sure" if self.sure else "either" if close else "unsure"
        words: str = text(f"pad.{key}")
        return words.format(best=best, next=next_best)


class DigitPad(PageFigure):
    """A place to draw a digit, large; the network reads it in the page, while it is drawn.

    The drawing is cropped, centred and reduced to 8×8 as the data set's digits were, and the
    reader sees those 8×8, the ten outputs and the answer; below 0.75 the pad says that it is not
    sure. Mouse, finger and keys draw; no kernel is needed for it.

    Parameters
    ----------
    network : Network, optional
        Linear layers and the package's activations, with 64 inputs (grey levels 0..1, row by row)
        and 10 outputs, such as a reader trains in lesson 14. Without one,
        ``datasets.digit_reader()`` reads. The pad keeps its parameters as they are now.
    strokes : sequence of (n, 2), optional
        What stands on the pad at first: places (x, y) from 0 to 100, y downwards. The attribute
        ``strokes`` follows what is drawn.

    Raises
    ------
    TypeError
        If ``network`` is no Network, or has a layer that is not the package's.
    ValueError
        If it does not take 64 numbers and give 10.

    Notes
    -----
    Measured on 494 drawings that are not of the data set (``tests/test_pad.py``: 38 ways to write a
    digit, each by nine hands and with four pens): 95 % are read right. Of all that the pad reads
    wrong there it says that it is not sure; it says so of 16 % of the right ones, too.
    A 4 like a U is seldom known, and a 1 with a foot in two cases of three.
    """

    kind, mount, state = "pad", "mountPad", "strokes"
    scripts = script("engine", "ink", "pad")
    _css = style("pad")
    strokes: traitlets.List[list[list[float]]] = traitlets.List().tag(sync=True)

    def __init__(
        self, network: Network | None = None, strokes: Sequence[npt.ArrayLike] = ()
    ) -> None:
        self._given = network
        self.network = datasets.digit_reader() if network is None else network
        layers = in_page(self.network)
        labels = {name: text(f"pad.{name}") for name in LABELS}
        shares = layers[-1]["kind"] in ("softmax", "σ")
        labels["title_bars"] = text("pad.title_bars" if shares else "pad.title_bars_outputs")
        data = {
            "labels": labels,
            "layers": layers,
            "sure": SURE,
            "alike": ALIKE,
            "example": EXAMPLE,
        }
        drawn = [np.asarray(points, float).tolist() for points in strokes]
        super().__init__(data=data, strokes=drawn)

    def read(self, drawing: Sequence[npt.ArrayLike] | npt.NDArray[np.floating]) -> Reading:
        """What the network makes of a drawing, by the same computation as in the page.

        Parameters
        ----------
        drawing : sequence of (n, 2), or array (rows, columns)
            Strokes, each the places (x, y) of one in order, y downwards, in any unit; or, as one
            array, a picture of any size in which large numbers are ink, which is thinned first.

        Returns
        -------
        Reading
            ``probabilities`` (10,), which are ŷ of the network, and the ``image`` (8, 8) of whole
            numbers 0 to 16 that it saw; the network's x is ``image.ravel() / 16``.

        Raises
        ------
        ValueError
            For a drawing without ink, of another shape, or with numbers that are not finite.
        """
        strokes = ink.thinned(drawing) if isinstance(drawing, np.ndarray) else drawing
        image = ink.counts(strokes)
        y_hat = self.network.predict(image.reshape(1, 64) / 16)[0]
        return Reading(np.asarray(y_hat, float), image)

    def title(self) -> str:
        return text("pad.title")

    def bare(self) -> str:
        return self._still()[0]

    def _still(self) -> tuple[str, str]:
        """The picture where nothing can be drawn, of what was drawn or of an example; its words."""
        strokes = self.strokes or EXAMPLE
        reading = self.read(strokes)
        words = reading.said if self.strokes else text("pad.example", said=reading.said)
        return still(strokes, reading, self.data["labels"], words), words

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        picture, words = self._still()
        data: dict[str, Any] = {"text/plain": words, "image/svg+xml": picture}
        if self._given is None:  # the course's own reader, which every page can have
            data[FIGURE] = {"pad": None}
        return data, {"image/svg+xml": {"alt": text("pad.alt", said=words)}}


def in_page(network: Network) -> list[dict[str, object]]:
    """The layers as the page's script computes them, the loss's output function last.

    Raises as :class:`DigitPad` does.
    """
    if not isinstance(network, Network):
        raise TypeError(f"network: expected a Network with 64 inputs, got {network!r}")
    if (network.n_in, network.n_out) != (64, 10):
        got = f"{network.n_in or 'any number'} and {network.n_out or 'as many'}"
        raise ValueError(f"network: expected 64 inputs, for 8×8 pixels, and 10 outputs, got {got}")
    layers = [_layer(layer) for layer in network.layers]
    if isinstance(network.loss, SoftmaxCrossEntropy):
        layers.append({"kind": "softmax"})
    elif isinstance(network.loss, BinaryCrossEntropy):
        layers.append({"kind": "σ"})
    return [layer for layer in layers if layer]


def _layer(layer: Layer) -> dict[str, object]:
    if type(layer) is Linear:
        W, b = (np.asarray(array, float).tolist() for array in (layer.W, layer.b))
        return {"kind": "linear", "W": W, "b": b}
    if type(layer) is Softmax:
        return {"kind": "softmax"}
    if type(layer) is Identity:
        return {}
    kind = ACTIVATIONS.get(type(layer).__name__)
    if kind is None or not type(layer).__module__.startswith("bpcourse."):
        raise TypeError(f"network: expected Linear and activations of bpcourse, got {layer!r}")
    return {"kind": kind} | ({"slope": layer.slope} if isinstance(layer, LeakyReLU) else {})


STILL = """
.bpc-pad-still { font: 13px "DejaVu Sans", sans-serif; background: #fff; }
.bpc-pad-still text { fill: #222222; }
.bpc-pad-still .frame { fill: #fff; stroke: #6B6B6B; }
.bpc-pad-still .ink { fill: none; stroke: #222222; stroke-width: 14; stroke-linecap: round;
  stroke-linejoin: round; }
.bpc-pad-still .cell { fill: #222222; stroke: #6B6B6B; stroke-width: 0.4; }
.bpc-pad-still .bar { fill: #6B6B6B; }
.bpc-pad-still .best { fill: #0068A8; }
.bpc-pad-still .said { font-size: 15px; }
"""


def still(
    strokes: Sequence[npt.ArrayLike], reading: Reading, labels: dict[str, str], words: str
) -> str:
    """The pad as a picture: the drawing, its 8×8, the ten bars, and the words below (SVG)."""
    lines = "".join(
        "M" + "L".join(f"{2 * x + 10:.1f} {2 * y + 30:.1f}" for x, y in np.asarray(points))
        for points in strokes
    )
    cells = "".join(
        f'<rect class="cell" x="{250 + 25 * (k % 8)}" y="{30 + 25 * (k // 8)}" width="25" '
        f'height="25" fill-opacity="{count / 16:.2f}"/>'
        for k, count in enumerate(reading.image.ravel())
    )
    bars = "".join(
        f'<text x="490" y="{44 + 20 * digit}">{digit}</text><rect class="'
        f'{"best" if digit == reading.digit else "bar"}" x="506" y="{33 + 20 * digit}" '
        f'width="{130 * min(max(y, 0.0), 1.0):.1f}" height="13"/>'
        f'<text x="690" y="{44 + 20 * digit}" text-anchor="end">'
        f"{number(float(y), '.2f')}</text>"
        for digit, y in enumerate(reading.probabilities)
    )
    heads = "".join(
        f'<text x="{x}" y="20">{escape(labels[f"title_{name}"])}</text>'
        for x, name in ((10, "area"), (250, "seen"), (490, "bars"))
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="bpc-pad-still" width="700" height="270" '
        f'viewBox="0 0 700 270"><style>{STILL}</style>{heads}<rect class="frame" x="10" y="30" '
        f'width="200" height="200" rx="6"/><path class="ink" d="{lines}"/>{cells}{bars}'
        f'<text class="said" x="10" y="258">{escape(words)}</text></svg>'
    )
