r"""A printable worksheet: one pass forward and back through the running example, by hand.

``python -m bpcourse.figures.worksheet lectures/worksheet.pdf`` writes both pages, boxes to fill in
and the same with the answers. Every number comes from the package.
"""

import sys

import matplotlib
import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from bpcourse import datasets
from bpcourse.activations import sigmoid
from bpcourse.figures.style import COLORS, PALE, QUIET, STYLE, new_figure, number, styled
from bpcourse.text import text

WIDTH, HEIGHT = 8.26, 11.0  # inches: as wide as A4 and as high as Letter, so it fits both
EDGE, FIELDS = 0.55, 3.3  # inches from the left: the margin, the boxes to fill in
BOX_WIDTH, BOX_HEIGHT, PITCH = 0.78, 0.31, 0.86
SYMBOLS = {  # how the quantities of :func:`quantities` are written, and their colour
    "z1": ("z^{(1)}", "forward"),
    "a1": ("a^{(1)}", "forward"),
    "y_hat": (r"\hat{y}", "forward"),
    "loss": (r"\mathcal{L}", "forward"),
    "delta2": (r"\delta^{(2)}", "gradient"),
    "dW2": ("dW", "gradient"),
    "db2": ("db", "gradient"),
    "back": ("v", "gradient"),
    "slope": (r"\sigma'", "gradient"),
    "delta1": (r"\delta^{(1)}", "gradient"),
    "dW1": ("dW", "gradient"),
    "db1": ("db", "gradient"),
}
STEPS = [  # from the top: inches from the top edge, the formula, what is filled in there
    (4.51, "z^{(1)}=W^{(1)}x+b^{(1)}", ["z1"]),
    (4.93, r"a^{(1)}=\sigma(z^{(1)})", ["a1"]),
    (5.35, r"\hat{y}=W^{(2)}a^{(1)}+b^{(2)}", ["y_hat"]),
    (5.77, r"\mathcal{L}=\frac{1}{2}\sum(\hat{y}-y)^2", ["loss"]),
    (6.71, r"\delta^{(2)}=\hat{y}-y", ["delta2"]),
    (7.13, r"dW^{(2)}=\delta^{(2)}(a^{(1)})^\top,\ \ db^{(2)}=\delta^{(2)}", ["dW2", "db2"]),
    (7.90, r"v=(W^{(2)})^\top\delta^{(2)}", ["back"]),
    (8.32, r"\sigma'(z^{(1)})", ["slope"]),
    (8.74, r"\delta^{(1)}=\sigma'(z^{(1)})\odot v", ["delta1"]),
    (9.16, r"dW^{(1)}=\delta^{(1)}x^\top,\ \ db^{(1)}=\delta^{(1)}", ["dW1", "db1"]),
]


LONG, SHORT = (1, 3, 4, 7, 9), (2, 5, 6, 8, 10)  # the columns of the first entries, by step
MINUS = "\N{MINUS SIGN}"


def quantities():
    """Given and answers by name, in the shapes of the page: ``{"W1": (4, 3), …, "loss": ()}``."""
    net, X, Y = datasets.worked_network()
    loss = net.forward(X[:1], Y[:1])
    z1, a1, y_hat = (step.y[0] for step in net.forward_trace(X[:1]))
    second, middle, first = net.backward_trace()
    given = {"x": X[0], "y": Y[0]}
    given |= {f"{name}{l}": net.params[f"{i}.{name}"] for l, i in ((1, 0), (2, 2)) for name in "Wb"}
    answers = {"z1": z1, "a1": a1, "y_hat": y_hat, "loss": np.array(loss)}
    answers |= {"delta2": second.grad_y[0], "dW2": second.grads["W"], "db2": second.grads["b"]}
    answers |= {"back": middle.grad_y[0], "slope": sigmoid.derivative(z1)}
    answers |= {"delta1": first.grad_y[0], "dW1": first.grads["W"], "db1": first.grads["b"]}
    return given, answers


@styled
def worksheet(answers=False):
    """One page, 8.26 by 11 inches: the boxes empty, or filled in if ``answers``.

    An answer is a text whose gid says what it is, such as ``dW1[3, 2]``.
    """
    given, filled = quantities()
    fig = new_figure(WIDTH, HEIGHT, layout=None)
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))  # y counts from the top
    ax.axis("off")
    ax.text(EDGE, 0.62, text("worksheet.title"), fontsize=17, weight="bold")
    page = text("worksheet.second_page" if answers else "worksheet.first_page")
    ax.text(WIDTH - EDGE, 0.62, page, fontsize=11, ha="right", color=QUIET)
    ax.text(EDGE, 0.74, text("worksheet.intro"), fontsize=8.5, va="top", linespacing=1.4)
    _network(ax, given)
    _matrices(ax, given)
    if answers:
        _first_entries(ax, given, filled)
    else:
        _table(ax)
    for y, key in ((4.34, "forward"), (6.54, "backward")):
        ax.plot([EDGE, WIDTH - EDGE], [y - 0.2, y - 0.2], color=PALE, linewidth=1)
        ax.text(EDGE, y, text(f"worksheet.{key}"), fontsize=11, weight="bold")
    for n, (y, formula, names) in enumerate(STEPS, 1):
        ax.text(EDGE, y + 0.11, f"{n}", fontsize=9, weight="bold", va="center")
        ax.text(EDGE + 0.28, y + 0.11, f"${formula}$", fontsize=10.5, va="center")
        hint = text(f"worksheet.step_{n}")
        ax.text(EDGE + 0.28, y + 0.29, hint, fontsize=7.5, va="center", color=QUIET)
        left = FIELDS
        for name in names:
            _fields(ax, left, y, name, filled[name], answers)
            left += PITCH * np.shape(filled[name])[-1] + 0.2 if len(names) > 1 else 0
    return fig


def _fields(ax, left, top, name, values, answers):
    """A box for each entry: a vector in a row, but a bias beside its matrix in a column."""
    symbol, kind = SYMBOLS[name]
    for index, value in np.ndenumerate(values):
        i, j = (index[0], 0) if name.startswith("db") else (0, 0, *index)[-2:]
        x, y = left + PITCH * j, top + 0.335 * i
        corner = (x, y), BOX_WIDTH, BOX_HEIGHT
        ax.add_patch(Rectangle(*corner, fill=False, edgecolor=COLORS[kind], linewidth=0.8))
        entry = "".join(str(k + 1) for k in index)
        label = f"${symbol}_{{{entry}}}$" if entry else f"${symbol}$"
        ax.text(x + 0.04, y + 0.08, label, fontsize=6.5, va="center", color=COLORS[kind])
        if answers:
            style = {"fontsize": 10, "ha": "right", "va": "center"}
            place = x + BOX_WIDTH - 0.06, y + 0.2
            ax.text(*place, number(value, 3), gid=f"{name}{list(index) or ''}", **style)


def _network(ax, given):
    """Circles and lines, small; the inputs and targets with their numbers."""
    layers = {"x": (1.1, 3, "x"), "a": (1.97, 4, "a^{(1)}"), "y": (2.84, 2, r"\hat{y}")}
    places = {
        name: [(x, 2.2 + 0.44 * (i - (n - 1) / 2)) for i in range(n)]
        for name, (x, n, _) in layers.items()
    }
    for below, above in (("x", "a"), ("a", "y")):
        for start in places[below]:
            for end in places[above]:
                line = zip(start, end, strict=True)
                ax.plot(*line, color=COLORS["parameter"], linewidth=0.7, zorder=1)
    for name, (_, _, symbol) in layers.items():
        for i, (x, y) in enumerate(places[name]):
            circle = Circle((x, y), 0.165, facecolor="white", edgecolor=QUIET, zorder=2)
            ax.add_patch(circle)
            middle = {"ha": "center", "va": "center", "zorder": 3, "color": COLORS["forward"]}
            ax.text(x, y, f"${symbol}_{i + 1}$", fontsize=8, **middle)
            if name != "a":
                away, side = (-0.24, "right") if name == "x" else (0.24, "left")
                beside = number(given[name][i], 1)
                if name == "y":
                    beside = f"$y_{i + 1}$ = {beside}"
                ax.text(x + away, y, beside, fontsize=8.5, ha=side, va="center")


def _matrices(ax, given):
    """What is given, in brackets."""
    for top, line in ((1.5, ("W1", "b1", "x")), (2.55, ("W2", "b2", "y"))):
        left = 4.15
        for name in line:
            matrix = given[name] if given[name].ndim == 2 else given[name][:, None]
            rows, columns = matrix.shape
            kind = "parameter" if name[0] in "Wb" else "forward" if name == "x" else None
            style = {"color": COLORS[kind], "va": "center"}
            symbol = f"${name[0]}^{{({name[1:]})}}$ =" if name[1:] else f"${name}$ ="
            ax.text(left - 0.05, top + 0.105 * rows, symbol, fontsize=9.5, ha="right", **style)
            for (i, j), value in np.ndenumerate(matrix):
                at = left + 0.38 * j + 0.37, top + 0.21 * i + 0.105
                ax.text(*at, number(value, 1), fontsize=9, ha="right", **style)
            right, bottom = left + 0.38 * columns + 0.06, top + 0.21 * rows
            for edge, turn in ((left, 0.05), (right, -0.05)):
                bracket = [edge + turn, edge, edge, edge + turn], [top, top, bottom, bottom]
                ax.plot(*bracket, color=COLORS[kind], linewidth=0.8)
            left = right + 0.52


def _table(ax):
    """σ and σ′ at z = 0.0, 0.1, … 1.2: all that is needed of the exponential function."""
    z = np.arange(13) / 10
    rows = {
        r"$z$": z,
        r"$\sigma(z)$": sigmoid.value(z),
        r"$\sigma(-z)$": sigmoid.value(-z),
        r"$\sigma'(z)=\sigma'(-z)$": sigmoid.derivative(z),
    }
    frame = FancyBboxPatch((EDGE, 3.17), WIDTH - 2 * EDGE, 0.86, boxstyle="round,pad=0.03")
    frame.set(facecolor="none", edgecolor=PALE)
    ax.add_patch(frame)
    for r, (name, values) in enumerate(rows.items()):
        y = 3.28 + 0.21 * r
        weight = "bold" if r == 0 else "normal"
        ax.text(EDGE + 0.08, y, name, fontsize=8.5, va="center")
        for k, value in enumerate(values):
            style = {"fontsize": 7.8, "ha": "right", "va": "center", "weight": weight}
            ax.text(2.36 + 0.44 * k, y, number(value, 3 if r else 1), **style)


def _first_entries(ax, given, answers):
    """Each step's first entry, written out with the digits that a student has on paper."""
    g = {name: [number(v, 1) for v in np.ravel(values)] for name, values in given.items()}
    a = {name: [number(v, 3) for v in np.ravel(values)] for name, values in answers.items()}

    def products(weights, values, bias=()):
        values = [f"({v})" if v[0] == MINUS else v for v in values]
        terms = [rf"{w}\cdot {v}" for w, v in zip(weights, values, strict=True)]
        return "+".join([*terms, *bias]).replace(f"+{MINUS}", MINUS)

    errors = "+".join(f"({p}-{t})^2" for p, t in zip(a["y_hat"], g["y"], strict=True))
    lines = [
        (1, "z1", products(g["W1"][:3], g["x"], g["b1"][:1])),
        (2, "a1", rf"\sigma({number(answers['z1'][0], 1)})"),
        (3, "y_hat", products(g["W2"][:4], a["a1"], g["b2"][:1])),
        (4, "loss", rf"\frac{{1}}{{2}}\,[{errors}]"),
        (5, "delta2", f"{a['y_hat'][0]}-{g['y'][0]}"),
        (6, "dW2", products(a["delta2"][:1], a["a1"][:1])),
        (7, "back", products(g["W2"][::4], a["delta2"])),
        (8, "slope", rf"\sigma'({number(answers['z1'][0], 1)})"),
        (9, "delta1", products(a["slope"][:1], a["back"][:1])),
        (10, "dW1", products(a["delta1"][:1], g["x"][:1])),
    ]
    ax.text(EDGE, 3.15, text("worksheet.first_entries"), fontsize=8, va="center", color=QUIET)
    for n, name, right in lines:
        symbol = SYMBOLS[name][0]
        index = {0: "", 1: "_1", 2: "_{11}"}[np.ndim(answers[name])]
        x, rows = (EDGE, LONG) if n in LONG else (5.45, SHORT)
        line = f"{n}   ${symbol}{index}={right}$ = {a[name][0]}"
        ax.text(x, 3.33 + 0.165 * rows.index(n), line, fontsize=7.5, va="center")


def write(path):
    """Both pages as one PDF whose bytes hold no date and no version."""
    nothing = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    with (
        matplotlib.rc_context(STYLE),
        PdfPages(path, metadata=nothing | {"Title": text("worksheet.title")}) as pdf,
    ):
        for answers in (False, True):
            pdf.savefig(worksheet(answers))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bpcourse.figures.worksheet FILE.pdf")
    write(sys.argv[1])
