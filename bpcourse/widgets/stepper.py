"""The stepper: a computation played forward and backward, one operation at a time."""

from html import escape

from bpcourse import notation
from bpcourse.graph import Node
from bpcourse.network import Network
from bpcourse.text import text
from bpcourse.widgets import drawing
from bpcourse.widgets.formulas import formulas, names
from bpcourse.widgets.graphs import from_graph
from bpcourse.widgets.html import FIGURE, PageFigure, script, style
from bpcourse.widgets.networks import from_network
from bpcourse.widgets.program import rounded

LABELS = (
    "play", "pause", "step", "back", "restart", "end", "position", "controls", "picture",
    "notation", "gradient", "unknown", "forward", "backward", "seed", "start", "edge", "local",
    "upstream", "contribution", "sum", "waits", "choose", "finite", "overflow", "numbers",
    "constant",
)  # fmt: skip


def common():
    """What every stepper's page has: its words, its formulas, and the names in each dialect."""
    ours, *others = notation.dialects()  # the nodes have our names already, but for δ
    deltas = {kind: name for kind, name in names(ours).items() if kind.startswith("delta")}
    return {
        "labels": {name: text(f"stepper.{name}") for name in LABELS},
        "formulas": formulas(),
        "dialects": [
            {"name": ours.name, "names": deltas},
            *({"name": other.name, "names": names(other)} for other in others),
        ],
    }


class Stepper(PageFigure):
    """Forward and backward through ``what``, a number made of graph nodes, or a network.

    With a :class:`~bpcourse.Network`, X (n_in,) or (batch, n_in) and y as its loss takes them. One
    example of a small network is drawn unit by unit, everything else with matrices. What cannot
    be drawn (too large, NaN, an empty batch) gives a figure that says so. TypeError for
    another ``what``.
    """

    kind, mount = "stepper", "mount"
    scripts = script("engine", "numbers", "words", "page", "stepper")
    _css = style("stepper")

    def __init__(self, what, X=None, y=None):
        if not isinstance(what, Node | Network):
            raise TypeError(f"what: expected a Node of bpcourse.graph or a Network, got {what!r}")
        self.program = None
        message = ""
        try:
            if isinstance(what, Node):
                self.program = from_graph(what)
            elif X is None or y is None:
                raise ValueError(f"X, y: expected an example and its target, got {X!r} and {y!r}")
            else:
                self.program = from_network(what, X, y)
        except (TypeError, ValueError) as error:
            message = text("stepper.cannot", reason=error)
        data = {
            "program": self.program,
            "svg": drawing.svg(self.program, alone=False) if self.program else "",
            **common(),
            "message": message,
        }
        super().__init__(data=data)

    def title(self):
        return text("stepper.title")

    def bare(self):
        if self.program is None:
            return f"<p>{escape(self.data['message'])}</p>"
        return drawing.svg(self.program)

    def shown(self):
        if self.program is None:
            return {"text/plain": self.data["message"]}, {}
        data = {
            "text/plain": drawing.plain(self.program),
            "image/svg+xml": self.bare(),
            FIGURE: {"stepper": rounded(self.program)},
        }
        return data, {"image/svg+xml": {"alt": text("stepper.alt")}}
