"""What is wrong with a figure: words outside its canvas, on other words, or too small to read."""

import itertools

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

SMALLEST = 8.0  # points on the page, where a figure of 8 inches fills the width
OUTSIDE = 1.0  # pixels that a text may reach over the edge
TOUCH = 0.2  # of a text's height that its box may share with another's


def drawn(fig):
    """(text, box in pixels) of everything that is written in a figure."""
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    ticks, shown = set(), set()
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            every = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            ticks |= {id(label) for tick in every for label in (tick.label1, tick.label2)}
            if ax.axison and axis.get_visible():
                inside = axis._update_ticks()
                shown |= {id(label) for tick in inside for label in (tick.label1, tick.label2)}
    for text in fig.findobj(Text):
        if text.get_visible() and text.get_text().strip():
            if id(text) not in ticks or id(text) in shown:
                yield text, text.get_window_extent(canvas.get_renderer())


def overlap(a, b):
    """Whether two boxes share more than what two lines of text may."""
    wide = min(a.x1, b.x1) - max(a.x0, b.x0)
    high = min(a.y1, b.y1) - max(a.y0, b.y0)
    return wide > 1 and high > TOUCH * min(a.height, b.height)


def faults(fig):
    """A line for each fault: [] for a figure that can be read."""
    found, words = [], list(drawn(fig))
    width, height = fig.canvas.get_width_height()
    for text, box in words:
        name = repr(text.get_text())
        if text.get_fontsize() < SMALLEST:
            found.append(f"{name} has {text.get_fontsize():g} points")
        over = max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)
        if over > OUTSIDE:
            found.append(f"{name} reaches {over:.0f} pixels over the edge")
    for (text, box), (other, its) in itertools.combinations(words, 2):
        if overlap(box, its) and (text.get_text(), box.bounds) != (other.get_text(), its.bounds):
            found.append(f"{text.get_text()!r} stands on {other.get_text()!r}")
    return found
