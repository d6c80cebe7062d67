"""What is wrong with a figure: words outside its canvas, on other words, too small or too faint.

Where words stand and how large they are is the same in both themes; how they differ from what is
behind them is measured in each.
"""

import itertools
import re

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from bpcourse.figures.style import ON_DARK

CONTRAST = 4.5  # of words to what is behind them: WCAG 2, level AA
DARK_PAGE = to_rgb("#111")  # JupyterLab's dark theme; the site's page is as dark
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


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
INVERTED = float(re.search(r"invert\((.*?)\)", ON_DARK)[1])
HUE = np.array(
    [0.213, 0.715, 0.072]
)  # of CSS's hue-rotate: by 180° each colour is mirrored at grey


def on_light(color):
    """A colour of the picture, (…, 3) from 0 to 1, on a light page."""
    return color


def on_dark(color):
    """The same on a dark page: ``figures.style.ON_DARK`` as CSS defines it."""
    color = INVERTED + (1 - 2 * INVERTED) * np.asarray(color)
    return np.clip(2 * (color @ HUE)[..., None] - color, DARK_PAGE, 1)


THEMES = {"light": on_light, "dark": on_dark}


def contrast(one, other):
    """WCAG's contrast of two colours, from 1 to 21."""
    low, high = sorted(float(_linear(np.asarray(color)) @ LUMINANCE) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _linear(color):
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


def behind(fig, boxes):
    """The colour on which each text stands: the median of its box, with all words left out."""
    written = [text for text in fig.findobj(Text) if text.get_visible()]
    alphas = [text.get_alpha() for text in written]
    for text in written:
        text.set_alpha(0)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
    for text, alpha in zip(written, alphas, strict=True):
        text.set_alpha(alpha)
    for box in boxes:
        x0, y0, x1, y1 = (max(0, round(end)) for end in box.extents)
        inside = pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].reshape(-1, 3)
        yield np.median(inside, axis=0) if len(inside) else np.ones(3)


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
    for (text, _), under in zip(words, behind(fig, [box for _, box in words]), strict=True):
        alpha = 1 if text.get_alpha() is None else text.get_alpha()
        ink = alpha * np.array(to_rgb(text.get_color())) + (1 - alpha) * under
        for theme, seen in THEMES.items():
            if (measured := contrast(seen(ink), seen(under))) < CONTRAST:
                found.append(f"{text.get_text()!r} has contrast {measured:.1f} on a {theme} page")
    for (text, box), (other, its) in itertools.combinations(words, 2):
        if overlap(box, its) and (text.get_text(), box.bounds) != (other.get_text(), its.bounds):
            found.append(f"{text.get_text()!r} stands on {other.get_text()!r}")
    return found
