"""A picture with controls, redrawn in place."""

import base64
import io
from html import escape
from typing import Any

import ipywidgets
import matplotlib

from bpcourse import figures
from bpcourse.figures.style import RESOLUTION, SCREEN, STYLE
from bpcourse.text import text

WIDE = {"description_width": "9em"}


def slider(label, value, low, high, step, **options):
    """A slider of floats with room for its label; ``options`` go to ``ipywidgets.FloatSlider``."""
    return ipywidgets.FloatSlider(value, min=low, max=high, step=step, **_labelled(label, options))


def counter(label, value, low, high):
    """A slider of whole numbers."""
    return ipywidgets.IntSlider(value, min=low, max=high, **_labelled(label))


def menu(label, options, value):
    """A menu of ``options``: a list, or a dict from what is shown to what it stands for."""
    return ipywidgets.Dropdown(options=options, value=value, **_labelled(label))


def powers(label, value, low, high, step=0.25):
    """A slider over 10^low … 10^high."""
    return ipywidgets.FloatLogSlider(value, min=low, max=high, step=step, **_labelled(label))


def _labelled(label, options=()):
    layout = ipywidgets.Layout(width="30em", max_width="100%")
    return {"description": label, "style": WIDE, "layout": layout, **dict(options)}


class Explorer(ipywidgets.VBox):
    """Controls above a picture, and below it a sentence that says what the picture shows.

    A subclass makes its ``controls`` (name to widget; ``extra`` ones only move others), draws once
    in ``draw(figure)`` and gives the sentence in ``update(**values)``, which moves what ``draw``
    made. The axes stay where they are and only the picture's bytes change, so nothing flickers and
    the page does not jump. A value that ``update`` refuses with ValueError is told below the
    picture, which keeps its last state.

    Where no kernel runs, and in the committed notebook, the still picture stands in.
    """

    width, height = 8.0, 3.0  # inches

    def __init__(self, controls, extra=()):
        self.controls = controls
        self.figure = figures.new_figure(self.width, self.height)
        self.picture = ipywidgets.Image(format="png", width=round(self.width * SCREEN))
        self.picture.layout = ipywidgets.Layout(max_width="100%", object_fit="contain")
        self.caption = ipywidgets.HTML()
        with matplotlib.rc_context(STYLE):
            self.draw(self.figure)
        self.refresh()
        self.figure.canvas.draw()
        self.figure.set_layout_engine("none")  # laid out once: axes that move are hard to read
        self.refresh()
        for control in controls.values():
            control.observe(self.refresh, "value")
        super().__init__([*controls.values(), *extra, self.picture, self.caption])
        self.add_class("bpcourse-explorer")

    def draw(self, figure):
        """Draw everything that ``update`` will move."""
        raise NotImplementedError

    def update(self, *args: Any, **values: Any) -> str:
        """Move what ``draw`` made to the controls' ``values``; returns what is seen now."""
        raise NotImplementedError

    def set(self, **values):
        """Set controls by name, as a hand would; returns the explorer.

        ValueError for a name that is no control; a control's own error for a value it cannot take.
        """
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(f"{name}: expected one of {', '.join(self.controls)}")
            self.controls[name].value = value
        return self

    def refresh(self, change=None):
        """Compute, and show, what the controls say now."""
        try:
            with matplotlib.rc_context(STYLE):
                said = self.update(**{name: one.value for name, one in self.controls.items()})
        except ValueError as error:
            self.caption.value = f"<b>{escape(text('widgets.refused', why=error))}</b>"
            return
        file = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.figure.savefig(
                file,
                format="png",
                dpi=RESOLUTION,
                metadata={"Software": None},
                pil_kwargs={"compress_level": 1},  # a hand is waiting: speed before size
            )
        self.said, self.picture.value = said, file.getvalue()
        self.caption.value = f"<small>{escape(said)}</small>"

    def _repr_mimebundle_(self, **kwargs):
        shown = super()._repr_mimebundle_(**kwargs) or {}
        shown |= {
            "image/png": base64.b64encode(figures.style.png(self.figure)).decode(),
            "text/plain": self.said,
        }
        size = {"width": round(self.width * SCREEN), "height": round(self.height * SCREEN)}
        return shown, {"image/png": {"alt": self.said, **size}}
