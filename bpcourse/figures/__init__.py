"""The course's pictures: every function returns a Matplotlib figure, and ``show`` displays it.

Nothing here touches pyplot or the reader's Matplotlib settings. One colour stands for forward
values, one for gradients, one for parameters (``FORWARD``, ``GRADIENT``, ``PARAMETER``).
"""

from bpcourse.figures.curves import (
    bars,
    confusion_matrix,
    curve,
    gradient_check,
    history,
    images,
    tangent,
)
from bpcourse.figures.flow import flow_graph
from bpcourse.figures.layers import layer_diagram
from bpcourse.figures.matrices import heat_map, heat_maps, jacobian
from bpcourse.figures.network import network_diagram
from bpcourse.figures.shapes import shape_row
from bpcourse.figures.sketch import arrow, put, sketch
from bpcourse.figures.style import FORWARD, GRADIENT, PARAMETER, new_figure, number, show, styled

__all__ = [
    "FORWARD",
    "GRADIENT",
    "PARAMETER",
    "arrow",
    "bars",
    "confusion_matrix",
    "curve",
    "flow_graph",
    "gradient_check",
    "heat_map",
    "heat_maps",
    "history",
    "images",
    "jacobian",
    "layer_diagram",
    "network_diagram",
    "new_figure",
    "number",
    "put",
    "shape_row",
    "show",
    "sketch",
    "styled",
    "tangent",
]
