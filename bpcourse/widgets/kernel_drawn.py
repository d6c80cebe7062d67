"""A picture with controls, redrawn in place."""

import base64
import struct
import zlib
from html import escape
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets
import matplotlib
import numpy as np
import traitlets
from matplotlib.backends.backend_agg import FigureCanvasAgg

from bpcourse import figures
from bpcourse.figures.style import RESOLUTION, SCREEN, STYLE
from bpcourse.text import text

STATIC = files("bpcourse.widgets") / "static"
ROOM = "calc(100% - 4px)"  # the page's width, less the margins of a widget
WIDE = {"description_width": "11em"}


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
    layout = ipywidgets.Layout(width="32em", max_width=ROOM)
    return {"description": label, "style": WIDE, "layout": layout, **dict(options)}


def encoded(canvas):
    """What stands on ``canvas`` as the bytes of a PNG, made in haste: a hand is waiting.

    Rows go in as they are. A library tries five filters on each, which takes three times as long
    and makes a picture of flat colours no smaller.
    """
    pixels = np.asarray(canvas.buffer_rgba())
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + channels * width), np.uint8)  # 0 in front: no filter
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits of each of 4 channels
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


class _Names(anywidget.AnyWidget):
    """Nothing to see: it names the controls for screen readers, and hides Play from still pages."""

    _esm = (STATIC / "kernel_drawn.js").read_text(encoding="utf-8")
    _css = (STATIC / "kernel_drawn.css").read_text(encoding="utf-8")
    names = traitlets.Dict().tag(sync=True)


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
        self.picture.layout = ipywidgets.Layout(max_width=ROOM, object_fit="contain")
        self.caption = ipywidgets.HTML()
        with matplotlib.rc_context(STYLE):
            self.draw(self.figure)
            self.update(**self.values)
            self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")  # laid out once: axes that move are hard to read
        self._frame = None
        self.refresh()
        for control in controls.values():
            control.observe(self.refresh, "value")
        self.caption.add_class("bpc-says")
        names: dict[str, object] = {
            key: text(f"widgets.{key}") for key in ("play", "stop", "again")
        }
        names["sliders"] = sum(not hasattr(control, "options") for control in controls.values())
        parts = [*controls.values(), *extra, self.picture, self.caption, _Names(names=names)]
        super().__init__(parts)
        self.add_class("bpcourse-explorer")

    def draw(self, figure):
        """Draw everything that ``update`` will move."""
        raise NotImplementedError

    def update(self, *args: Any, **values: Any) -> str:
        """Move what ``draw`` made to the controls' ``values``; returns what is seen now."""
        raise NotImplementedError

    @property
    def values(self):
        """What the controls say now, by name."""
        return {name: control.value for name, control in self.controls.items()}

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
                said = self.update(**self.values)
                self.picture.value = self.paint()
        except ValueError as error:
            self.caption.value = f"<b>{escape(text('widgets.refused', why=error))}</b>"
            return
        self.said = said
        self.caption.value = f"<small>{escape(said)}</small>"

    def paint(self):
        """The picture as the bytes of a PNG. A hand is waiting: only what moves is drawn anew."""
        axes = self.figure.axes
        frame = [(ax.get_xlim(), ax.get_ylim()) for ax in axes]
        moving = [(ax, artist) for ax in axes for artist in (*ax.images, *ax.lines, *ax.texts)]
        if frame != self._frame:  # the axes' numbers, which are slow to draw, have changed
            for _, artist in moving:
                artist.set_animated(True)  # left out of the background, and not of a saved picture
            self.figure.set_dpi(RESOLUTION)
            self._canvas = FigureCanvasAgg(self.figure)
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
            self._frame = frame
        self._canvas.restore_region(self._background)
        for ax, artist in moving:
            ax.draw_artist(artist)
        return encoded(self._canvas)

    def _repr_mimebundle_(self, **kwargs):
        shown = super()._repr_mimebundle_(**kwargs) or {}
        shown |= {
            "image/png": base64.b64encode(figures.style.png(self.figure)).decode(),
            "text/plain": self.said,
        }
        size = {"width": round(self.width * SCREEN), "height": round(self.height * SCREEN)}
        return shown, {"image/png": {"alt": self.said, **size}}
