"""The figures: what they say, that nothing on them overlaps or is cut off, how they are shown."""

import base64
import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bpcourse import Linear, Network, ReLU, SquaredError, activations, datasets, figures
from bpcourse.figures.style import png
from bpcourse.training import History

NUMBERS = np.random.default_rng(0).normal(size=(64, 30))


def worked(output):
    net, X, Y = datasets.worked_network(output)
    return figures.network_diagram(net, X, Y)


def wide():
    rng, sizes = np.random.default_rng(0), (64, 30, 10)
    layers = [Linear(n, m, rng=rng) for n, m in itertools.pairwise(sizes)]
    return figures.network_diagram(Network([layers[0], ReLU(), layers[1]], SquaredError()))


FIGURES = {
    "network": lambda: figures.network_diagram(datasets.worked_network()[0]),
    "network with numbers": lambda: worked("linear"),
    "network with a logistic output": lambda: worked("sigmoid"),
    "network with softmax": lambda: worked("softmax"),
    "wide network": wide,
    "heat map": lambda: figures.heat_map(NUMBERS[:4, :3], "dW", kind="gradient"),
    "vector": lambda: figures.heat_map(NUMBERS[0, :4], "b", kind="parameter"),
    "large heat map": lambda: figures.heat_map(NUMBERS, "W"),
    "heat maps": lambda: figures.heat_maps({"Z": np.ones((5, 4)), "A": np.zeros((5, 4))}),
    "zeros": lambda: figures.heat_map(np.zeros((2, 2)), "0"),
    "shapes": lambda: figures.shape_row(
        [("dW", (4, 3), "gradient"), "=", ("dZ.T", (4, 5)), "@", ("A", (5, 3))], {5: "batch"}
    ),
    "shapes that do not agree": lambda: figures.shape_row([("A", (2, 3)), "@", ("B", (4, 5))]),
    "jacobian": lambda: figures.jacobian(activations.softmax.jacobian(np.ones((1, 3)))[0], "J"),
    "curve": lambda: figures.curve(activations.gelu),
    "history": lambda: History(loss=[2.0, 1.0], accuracy=[0.1, 0.5]).plot(),
    "history with validation": lambda: figures.history(
        History([2.0, 1.0], [0.1, 0.5], [2.1, 1.4], [0.1, 0.4])
    ),
    "history of nothing": lambda: figures.history(History()),
    "confusion": lambda: figures.confusion_matrix([0, 1, 2, 2], [0, 1, 1, 2]),
    "images": lambda: figures.images(NUMBERS[:, :16], range(64), columns=8),
}


def texts(fig):
    """Every visible text of a drawn figure with its box, in pixels, but for the ticks."""
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    ticks = {
        id(label)
        for ax in fig.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for label in (tick.label1, tick.label2)
    }
    for artist in fig.findobj(matplotlib.text.Text):
        if artist.get_visible() and artist.get_text().strip() and id(artist) not in ticks:
            yield artist, artist.get_window_extent(canvas.get_renderer())


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off(name):
    fig = FIGURES[name]()
    width, height = fig.canvas.get_width_height()
    for artist, box in texts(fig):
        inside = box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
        assert inside, (artist.get_text(), box, (width, height))


@pytest.mark.parametrize("name", [n for n in FIGURES if "network" in n or "shapes" in n])
def test_no_two_texts_overlap(name):
    boxes = [(artist.get_text(), box) for artist, box in texts(FIGURES[name]())]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert not (across > 3 and down > 3), (one, two)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_its_bytes(name):
    fig, twin = FIGURES[name](), FIGURES[name]()
    assert isinstance(fig, Figure)
    assert png(fig).startswith(b"\x89PNG")
    assert png(FIGURES[name]()) == png(twin)
    assert b"Software" not in png(fig)
    assert fig.get_facecolor() == (1, 1, 1, 1)  # opaque, on a dark page too


def test_the_numbers_on_the_worked_network():
    net, X, Y = datasets.worked_network()
    written = {artist.get_text() for artist, _ in texts(figures.network_diagram(net, X, Y))}
    net.forward(X[:1], Y[:1])
    expected = [*X[0], *net.scores(X)[0], *net.backward_trace()[0].grad_y[0], *Y[0]]
    minus = "\N{MINUS SIGN}"
    for value in expected:
        assert any(f"{value:.2f}".replace("-", minus) in text for text in written), value
    weights = {f"{w:.1f}".replace("-", minus) for w in net.params["0.W"].ravel()}
    assert weights <= written


def test_the_diagram_leaves_the_network_as_it_was():
    net, X, Y = datasets.worked_network()
    net.forward(X, Y)
    expected = net.backward()
    net.forward(X, Y)
    figures.network_diagram(net, X, Y, row=2)
    for name, gradient in net.backward().items():
        np.testing.assert_array_equal(gradient, expected[name])


def test_the_confusion_matrix_counts():
    fig = figures.confusion_matrix([0, 0, 1, 2], np.eye(3)[[0, 1, 1, 2]])
    counts = {t.get_position()[::-1]: t.get_text() for t in fig.axes[0].texts}
    assert counts == {(0, 0): "1", (0, 1): "1", (1, 1): "1", (2, 2): "1"}


def test_show_displays_the_picture_with_its_alternative_text(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, metadata=None, raw=False: shown.append((data, metadata)),
    )
    fig = figures.curve(activations.tanh)
    figures.show(fig, alt="tanh & its <slope>")
    (picture, metadata), (caption, _) = shown
    assert metadata["image/png"]["alt"] == "tanh & its <slope>"
    data = picture["image/png"]
    assert (base64.b64decode(data) if isinstance(data, str) else data).startswith(b"\x89PNG")
    assert "tanh &amp; its &lt;slope&gt;" in caption["text/html"]


def test_nobodys_settings_are_changed():
    code = (
        "import matplotlib, numpy as np; before = dict(matplotlib.rcParams)\n"
        "from bpcourse import figures\n"
        "figures.heat_map(np.eye(2), 'I'); figures.curve(np.sin)\n"
        "assert dict(matplotlib.rcParams) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("act", "error", "match"),
    [
        (lambda: figures.show("fig", alt="x"), TypeError, "fig: expected a Matplotlib figure"),
        (lambda: figures.show(Figure(), alt=" "), ValueError, "alt: expected a sentence"),
        (lambda: figures.heat_map(np.zeros((2, 2, 2)), "Z"), ValueError, "Z: expected a matrix"),
        (lambda: figures.jacobian(np.zeros(3)), ValueError, "matrix: expected one Jacobian"),
        (lambda: figures.images(np.zeros((2, 5))), ValueError, "pixels: expected"),
        (lambda: figures.images(np.zeros((2, 4)), [1]), ValueError, "labels: expected 2"),
        (lambda: figures.shape_row([("A", (2, 0))]), ValueError, "A: expected the shape"),
    ],
)
def test_bad_arguments_are_named(act, error, match):
    with pytest.raises(error, match=match):
        act()
