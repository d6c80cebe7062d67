"""A figure with controls, which its page computes and draws."""

import base64
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar

import matplotlib
import traitlets
from matplotlib.figure import Figure

from bpcourse import figures
from bpcourse.figures.style import SCREEN, STYLE
from bpcourse.text import open_text, text
from bpcourse.text.numbers import in_words
from bpcourse.widgets.html import FIGURE, PageFigure, script, style
from bpcourse.widgets.mathml import math, rich
from bpcourse.widgets.program import rounded

NAMES = (
    "activation", "chain", "loss", "descent", "steps", "draws", "matrix", "shapes",
    "initialisation", "costs", "net", "playground",
)  # fmt: skip
CORE = ("engine", "numbers", "units", "page", "plot", "figure")
LABELS = ("play", "pause", "controls")
NEAR = 1e-9  # of a slider: how exactly a value lies within it


def slider(
    name: str, low: float, high: float, step: float, form: str = ".1f", label: str = ""
) -> dict[str, Any]:
    """A slider from ``low`` to ``high``; ``form`` is that of its number (see ``text.numbers``)."""
    ends = {"low": low, "high": high, "step": step, "format": form}
    return {"kind": "slider", "name": name, "label": label or text(f"widgets.{name}"), **ends}


def counter(name: str, low: int, high: int, play: int = 0, label: str = "") -> dict[str, Any]:
    """A slider of whole numbers; with ``play`` it runs by itself, a step each so many ms."""
    return slider(name, low, high, 1, ",", label) | {"play": play}


def powers(
    name: str, low: float, high: float, step: float = 0.25, form: str = ".2g", digits: int = 2
) -> dict[str, Any]:
    """A slider over 10^low … 10^high.

    Its values have so many ``digits``, all of which are shown, because a reader computes with
    them; with 0 digits they are the powers themselves.
    """
    return slider(name, low, high, step, form) | {"kind": "powers", "digits": digits}


def menu(name: str, options: Sequence[Any] | Mapping[str, Any], label: str = "") -> dict[str, Any]:
    """A menu of ``options``: a list, or a mapping from what is shown to what it stands for."""
    pairs = options.items() if isinstance(options, Mapping) else zip(options, options, strict=True)
    label = label or text(f"widgets.{name}")
    return {"kind": "menu", "name": name, "label": label, "options": [list(p) for p in pairs]}


def page(*names: str) -> str:
    """The scripts of these figures, with what they all need."""
    return script(*CORE, *names)


class Explorer(PageFigure):
    """Controls, formulas in symbols and numbers, a picture, and a sentence that says what it shows.

    The page computes and draws; a subclass says the same in Python: ``compute`` gives the numbers
    by name, and under ``says`` the name of the sentence, or ``refused`` where nothing can be drawn;
    ``draw`` makes the still picture, which stands where no script runs and in the committed
    notebook. A test compares ``compute`` with the page's ``outcome``.
    """

    kind, mount, state = "figure", "mountFigure", "values"
    figure: ClassVar[str]  # its name in the page
    width: ClassVar[float] = 8.0  # inches of the still picture
    height: ClassVar[float] = 3.0
    labels: ClassVar[tuple[str, ...]] = ()  # texts that the page's script asks for
    sentences: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[dict[str, str]] = {}  # of numbers, where four digits are not right
    formulas: Sequence[dict[str, Any]] = ()  # symbols, numbers; when: values it belongs to

    _css = style("explorer")
    values = traitlets.Dict().tag(sync=True)

    def __init__(
        self, controls: Sequence[dict[str, Any]], values: Mapping[str, Any], **more: Any
    ) -> None:
        self.controls = {control["name"]: control for control in controls}
        self._check(values)
        super().__init__(values=dict(values))
        self.data = {
            "figure": self.figure,
            "controls": list(controls),
            "labels": {name: text(f"widgets.{name}") for name in LABELS}
            | {name: rich(text(f"widgets.{name}")) for name in self.labels}
            | {name: open_text(f"widgets.{name}") for name in self.sentences},
            "formats": self.formats,
            "formulas": [
                {**line, "symbols": math(line["symbols"]), "numbers": math(line["numbers"])}
                for line in self.formulas
            ],
            **more,
        }

    def _check(self, values: Mapping[str, Any]) -> None:
        """ValueError for a name that is no control, and a value that it cannot take."""
        for name, value in values.items():
            control = self.controls.get(name)
            if control is None:
                raise ValueError(f"{name}: expected one of {', '.join(self.controls)}")
            if control["kind"] == "menu":
                options = [option for _, option in control["options"]]
                if value not in options:
                    raise ValueError(f"{name}: expected one of {options}, got {value!r}")
                continue
            low, high = control["low"], control["high"]
            if control["kind"] == "powers":
                low, high = 10.0**low, 10.0**high
            near = NEAR * (high - low)
            if not low - near <= value <= high + near:
                raise ValueError(f"{name}: expected {low:g} to {high:g}, got {value!r}")

    @abstractmethod
    def compute(self, *args: Any, **values: Any) -> dict[str, Any]:
        """The numbers of the picture by name, as the page has them."""

    @abstractmethod
    def draw(self, figure: Figure, found: Mapping[str, Any]) -> None:
        """Draw the still picture of ``found``: the controls' values and what ``compute`` gives."""

    def set(self, **values: Any) -> "Explorer":
        """Set controls by name, as a hand would; returns the figure.

        ValueError for a name that is no control, and for a value that it cannot take.
        """
        self._check(values)
        self.values = {**self.values, **values}
        return self

    @property
    def said(self) -> str:
        """The sentence below the picture."""
        found = {**self.values, **self.compute(**self.values)}
        words: str = text(f"widgets.{found['says']}", **in_words(found, self.formats))
        return words

    def still(self) -> Figure:
        """The picture as it stands, for paper and for pages without scripts."""
        found = {**self.values, **self.compute(**self.values)}
        figure = figures.new_figure(self.width, self.height)
        if not found.get("refused"):
            with matplotlib.rc_context(STYLE):
                self.draw(figure, found)
        return figure

    def title(self) -> str:
        return text(f"widgets.title_{self.figure}")

    def bare(self) -> str:
        png = base64.b64encode(figures.style.png(self.still())).decode()
        return f'<img src="data:image/png;base64,{png}" alt="{escape(self.said)}">'

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        figure, said = self.still(), self.said
        size = [round(inches * SCREEN) for inches in figure.get_size_inches()]
        data = {
            "image/png": base64.b64encode(figures.style.png(figure)).decode(),
            "text/plain": said,
            FIGURE: {"figure": rounded({"data": self.data, "values": self.values})},
        }
        return data, {"image/png": {"alt": said, "width": size[0], "height": size[1]}}
