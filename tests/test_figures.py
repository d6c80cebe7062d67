"""The figures: what is drawn on them, legible colours, deterministic bytes, nothing left behind."""

import itertools
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from rows import a_part

from bpcourse import (
    Linear,
    Network,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    activations,
    datasets,
    figures,
)
from bpcourse.figures.style import COLORS, number, png
from bpcourse.gradcheck import check_gradient
from bpcourse.training import History


def words(fig):
    """Everything that is printed on the figure."""
    return [t.get_text() for t in fig.findobj(matplotlib.text.Text) if t.get_text()]


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
    "flow graph": lambda: figures.flow_graph(
        {"s": (0, 0.5), "x": (1, 0), "pooled": (1, 1), "z": (2, 0.5)},
        [("s", "x", "-2.5"), ("s", "pooled"), ("x", "z", "∂z/∂x = 1.25"), ("pooled", "z")],
        kind="gradient",
    ),
    "circuit": lambda: figures.flow_graph(
        {"x": (0, 0), "y": (0, 1), "q": (1, 0.5), "s": (2, 0.5)},
        [("x", "q"), ("y", "q"), ("q", "s", "local 2"), ("q", "s")],
        gates={"q": "×"},
        values={"x": -2.5, "y": 10, "q": -25},
        grads={"x": "?", "y": "?", "q": 1},
    ),
    "layers": lambda: figures.layer_diagram([3, 8, 2], ["3", "8", "2"]),
    "layers with a weight": lambda: figures.layer_diagram(
        [["−0.4", "1.2", "0.7"], ["−1.5", "2.0"]],
        ["$a$", r"$\delta$"],
        kinds=["forward", "gradient"],
        marked={(0, 2, 0): "w = 3.5"},
    ),
    "jacobian": lambda: figures.jacobian(activations.softmax.jacobian(np.ones((1, 3)))[0], "J"),
    "curve": lambda: figures.curve(activations.gelu),
    "bars": lambda: figures.bars([0.05, 0.8, -0.15], marked=1, ylabel="share"),
    "tangent": lambda: figures.tangent(np.sin, 1.0),
    "secant": lambda: figures.tangent(np.sin, 1.0, h=0.6, names=("w", "loss")),
    "history": lambda: History(loss=[2.0, 1.0], accuracy=[0.1, 0.5]).plot(),
    "history with validation": lambda: figures.history(
        History([2.0, 1.0], [0.1, 0.5], [2.1, 1.4], [0.1, 0.4])
    ),
    "history of nothing": lambda: figures.history(History()),
    "gradient check": lambda: check_gradient(np.sum, np.ones(3), np.ones(3)).plot(),
    "confusion": lambda: figures.confusion_matrix([0, 1, 2, 2], [0, 1, 1, 2]),
    "images": lambda: figures.images(NUMBERS[:24, :16], range(24), columns=8),
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


@pytest.mark.parametrize("name", a_part(FIGURES, every=2))
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


@pytest.mark.parametrize("name", a_part(FIGURES, every=3))
def test_a_figure_is_the_same_picture_each_time_and_leaves_no_settings(name):
    before = dict(matplotlib.rcParams)
    fig, twin = FIGURES[name](), FIGURES[name]()
    assert type(fig) is Figure
    picture = png(fig)
    assert picture == png(twin)
    assert picture.startswith(b"\x89PNG") and b"tEXt" not in picture
    assert fig.get_facecolor() == (1, 1, 1, 1)  # opaque, on a dark page too
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_even_imported():
    code = "import sys; from bpcourse import figures; figures.curve(abs)\n"
    code += "sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# The colours


def luminance(color):
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722], linear


@pytest.mark.parametrize("color", COLORS.values())
def test_small_print_has_the_contrast_it_needs_on_white(color):
    assert 1.05 / (luminance(color)[0] + 0.05) >= 4.5  # WCAG AA


def test_a_size_has_one_colour_in_every_equation_and_none_of_a_kind():
    A, B, C = ("A", (5, 3)), ("B", (3, 4)), ("C", (5, 4))
    one, two = figures.shape_row([C, "=", A, "@", B]), figures.shape_row([B, "@", C])
    colors = [{t.get_text(): t.get_color() for t in fig.axes[0].texts} for fig in (one, two)]
    assert all(colors[0][size] == colors[1][size] for size in "345")
    assert len({colors[0][size] for size in "345"}) == 3
    kinds = {figures.FORWARD, figures.GRADIENT, figures.PARAMETER}
    assert not kinds & {colors[0][size] for size in "345"}


@pytest.mark.parametrize(
    "seen",  # linear RGB as seen without one kind of cone, after Machado and others (2009)
    [
        np.eye(3),
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    ],
    ids=["all", "protan", "deutan", "tritan"],
)
def test_the_three_kinds_are_told_apart_in_colour_blindness(seen):
    kinds = [figures.FORWARD, figures.GRADIENT, figures.PARAMETER]
    points = [np.clip(np.array(seen) @ luminance(color)[1], 0, 1) ** (1 / 2.2) for color in kinds]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(points[i] - points[j]) > 0.15


# show


@pytest.fixture
def displayed(monkeypatch):
    """What has been displayed, as (data, metadata)."""
    seen = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, metadata=None, raw=False: seen.append((data, metadata)),
    )
    return seen


def test_show_gives_picture_alternative_text_and_caption(displayed):
    figures.show(figures.curve(activations.tanh), alt="tanh <b> & its slope")
    (picture, about), (caption, _) = displayed
    assert picture["image/png"].startswith(b"\x89PNG")
    assert picture["text/plain"] == caption["text/plain"] == "tanh <b> & its slope"
    assert about["image/png"]["alt"] == "tanh <b> & its slope"
    assert about["image/png"]["width"] == round(5.5 * 96)
    assert "tanh &lt;b&gt; &amp; its slope" in caption["text/html"]


def test_a_caption_says_what_to_see_and_the_alternative_text_stays_in_the_picture(displayed):
    figures.show(figures.curve(activations.tanh), alt="tanh and its slope", caption="Flat at $z=4$")
    (picture, about), (caption, _) = displayed
    assert picture["text/plain"] == about["image/png"]["alt"] == "tanh and its slope"
    assert caption["text/plain"] == "Flat at $z=4$"
    assert "Flat at $z=4$" in caption["text/markdown"] and "text/html" not in caption
    with pytest.raises(ValueError, match="caption: expected a sentence"):
        figures.show(figures.curve(activations.tanh), alt="tanh", caption=" ")


def test_a_sketch_is_measured_in_inches_and_words_cover_lines():
    fig, ax = figures.sketch(4, 1)
    figures.arrow(ax, (1, 0.5), (3, 0.5), figures.GRADIENT, gap=20, linestyle="--")
    figures.put(ax, (1, 0.5), "$x$ = 2", figures.FORWARD, framed=True, ha="left")
    assert fig.get_size_inches().tolist() == [4, 1]
    inch = ax.transData.transform((1, 1)) - ax.transData.transform((0, 0))
    assert np.allclose(inch, fig.dpi)
    line, words = ax.texts
    assert words.zorder > line.zorder
    assert to_rgb(line.arrow_patch.get_edgecolor()) == to_rgb(figures.GRADIENT)


def test_show_closes_a_pyplot_figure(displayed, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    from matplotlib import pyplot

    figures.show(pyplot.figure(), alt="nothing yet")
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    "fig, alt, error, message",
    [
        ("picture", "a line", TypeError, "fig: expected a Matplotlib figure, got 'picture'"),
        (Figure(), "", ValueError, "alt: "),
        (Figure(), "  ", ValueError, "alt: "),
        (Figure(), None, ValueError, "alt: .*None"),
    ],
)
def test_show_refuses_what_it_cannot_show(fig, alt, error, message):
    with pytest.raises(error, match=message):
        figures.show(fig, alt=alt)


@pytest.mark.parametrize("value, printed", [(-0.004, "0.00"), (-0.5, "−0.50"), (2, "2.00")])
def test_numbers_have_a_real_minus_sign_and_no_minus_zero(value, printed):
    assert number(value) == printed


# The network diagram


def test_the_diagram_carries_the_numbers_of_one_example():
    printed = words(worked("linear"))
    for value in ["0.50", "−2.00", "−0.60", "0.35", "0.62", "−0.19", "−0.07", "−0.36", "−1.09"]:
        assert value in printed, value
    for weight in ["−1.1", "1.2", "0.9", "0.4"]:
        assert weight in printed
    assert "$y_{1}$ = 0.20" in printed


def test_the_diagram_of_a_row_speaks_of_that_example_alone():
    net, X, Y = datasets.worked_network()
    assert words(figures.network_diagram(net, X, Y, row=3)) == words(
        figures.network_diagram(net, X[3:4], Y[3:4])
    )


def test_the_diagram_leaves_the_network_as_it_was():
    net, X, Y = datasets.worked_network()
    net.forward(X, Y)
    before = net.backward()
    figures.network_diagram(net, X, Y)
    for name, gradient in net.backward().items():
        np.testing.assert_array_equal(gradient, before[name])


@pytest.mark.parametrize("output, lines", [("sigmoid", r"\hat y"), ("softmax", r"\hat y")])
def test_the_diagram_tells_the_last_pre_activation_from_the_output(output, lines):
    net, X, Y = datasets.worked_network(output)
    printed = words(figures.network_diagram(net, X, Y))
    assert printed.count("$z_{1}$") == 2 and f"${lines}_{{1}}$" in printed
    net.forward(X[:1], Y[:1])
    delta = next(s.grad_y[0] for s in net.backward_trace() if isinstance(s.layer, Linear))
    assert number(delta[0]) in printed and number(delta[1]) in printed


def test_wide_layers_are_collapsed(rng):
    layers = [Linear(64, 30, rng=rng), Tanh(), Linear(30, 10, rng=rng)]
    printed = words(figures.network_diagram(Network(layers, SoftmaxCrossEntropy()), max_units=5))
    assert printed.count("⋮") == 3
    assert {"$x_{1}$", "$x_{3}$", "$x_{64}$", "$a_{30}$"} <= set(printed)
    assert "$x_{4}$" not in printed
    assert not any(re.fullmatch(r"−?\d\.\d", word) for word in printed)  # no room for weights


def test_a_layer_before_the_first_linear_one_is_no_obstacle(rng):
    net = Network([ReLU(), Linear(3, 2, rng=rng)], SoftmaxCrossEntropy())
    assert "0.00" in words(figures.network_diagram(net, [[-1.0, 2.0, 3.0]], [1]))


# Matrices


def test_a_heat_map_says_its_shape_and_numbers():
    printed = words(figures.heat_map([[0.25, -1.5, 2]], "$W$", rows="to", columns="from"))
    assert {"$W$  (1, 3)", "0.25", "−1.50", "2.00", "to", "from"} <= set(printed)
    assert "b  (3,)" in words(figures.heat_map([1, 2, 3], "b"))
    assert "0.50" not in words(figures.heat_map(np.full((20, 20), 0.5)))


def test_heat_maps_share_one_scale():
    fig = figures.heat_maps({"a": [[1, 2]], "b": [[-8, 0]]}, kind=["forward", "gradient"])
    assert [ax.images[0].get_clim() for ax in fig.axes] == [(-8, 8), (-8, 8)]
    assert figures.heat_map([[0, 0]]).axes[0].images[0].get_clim() == (-1, 1)


def test_a_jacobian_leaves_zeros_blank():
    fig = figures.jacobian([[1, 0], [0.5, 2]])
    seen = [t.get_text() for t in fig.axes[0].texts if t.get_visible()]
    assert seen == ["1.00", "0.50", "2.00"]


def test_shapes_that_line_up_and_those_that_do_not():
    dZ, A = np.zeros((5, 4)), np.zeros((5, 3))
    printed = words(figures.shape_row([("dZ.T", dZ.T), "@", ("A", A)], {5: "batch"}))
    assert {"5 = 5", "5 batch", "4", "3", "dZ.T"} <= set(printed)
    assert "4 ≠ 5" in words(figures.shape_row([("dZ", dZ), "@", ("A", A)]))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: figures.heat_map(np.zeros((2, 2, 2)), "W"), r"W: .*\(2, 2, 2\)"),
        (lambda: figures.jacobian([1.0, 2.0]), r"matrix: .*\(2,\)"),
        (lambda: figures.shape_row([("A", (1, 2, 3))]), r"A: .*\(1, 2, 3\)"),
        (lambda: figures.shape_row(["="]), "parts: "),
        (lambda: figures.flow_graph({"x": (0, 0)}, [("x", "y")]), "edges: .*'x' → 'y'"),
        (lambda: figures.flow_graph({"x": (0, 0)}, [], values={"y": 1}), r"values: .*\(x\).*'y'"),
        (lambda: figures.bars(np.ones((2, 2))), r"values: .*\(2, 2\)"),
        (lambda: figures.layer_diagram([3, 2], marked={(0, 2, 2): ""}), r"marked: .*\(0, 2, 2\)"),
        (lambda: figures.images(np.zeros((2, 7))), r"pixels: .*\(2, 7\)"),
        (lambda: figures.images(np.zeros((2, 4)), [1]), "labels: expected 2.*got 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_bars_are_as_high_as_their_values_and_one_is_filled():
    ax = figures.bars([0.2, 0.5, 0.3], marked=2).axes[0]
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.5, 0.3]
    assert [bar.get_facecolor()[:3] == (1, 1, 1) for bar in ax.patches] == [True, True, False]
    assert [label.get_text() for label in ax.texts] == ["0.2", "0.5", "0.3"]
    long = figures.bars([0.0, -1000.0]).axes[0]
    assert "−1000" in [words.get_text() for words in long.texts]  # and not −1e+03


def test_each_unit_is_joined_to_all_of_the_next_layer():
    ax = figures.layer_diagram([3, 4, 2], marked={(1, 3, 0): "w"}).axes[0]
    assert len(ax.patches) == 3 + 4 + 2 and len(ax.lines) == 3 * 4 + 4 * 2
    (thick,) = [line for line in ax.lines if line.get_linewidth() > 2]
    (x0, x1), (y0, y1) = thick.get_data()
    assert (x0, y0) == ax.patches[6].center and (x1, y1) == ax.patches[7].center


# Curves and counts


@pytest.mark.parametrize("h, points, slope", [(1e-5, 1, 12.0), (0.5, 2, 12.25)])
def test_a_tangent_has_the_slope_that_is_measured(h, points, slope):
    ax = figures.tangent(lambda x: x**3, 2.0, h=h).axes[0]
    _, line, marked = ax.lines
    (x0, x1), (y0, y1) = line.get_data()
    assert np.isclose((y1 - y0) / (x1 - x0), slope)
    assert len(marked.get_xdata()) == points


def run(n=3, **lists):
    return History(loss=[2.0, 1.0, 0.5][:n], **lists)


@pytest.mark.parametrize(
    "lists, panels, lines",
    [
        ({}, 1, [1]),
        ({"validation_loss": [2, 2, 2]}, 1, [2]),
        ({"accuracy": [0, 0.5, 1]}, 2, [1, 1]),
        ({"accuracy": [0, 1, 1], "validation_accuracy": [0, 0, 1]}, 2, [1, 2]),
    ],
)
def test_a_history_has_a_panel_for_each_measure(lists, panels, lines):
    fig = run(**lists).plot()
    assert len(fig.axes) == panels
    assert [len(ax.lines) for ax in fig.axes] == lines
    assert list(fig.axes[0].lines[0].get_xdata()) == [1, 2, 3]  # epochs count from 1
    if panels == 2:
        assert max(fig.axes[1].lines[0].get_ydata()) == 100  # per cent


def test_a_run_of_one_epoch_or_none_is_drawn():
    assert run(1).plot().axes[0].lines[0].get_marker() == "o"
    assert not History().plot().axes[0].lines


def test_the_confusion_matrix_counts():
    y = [0, 0, 1, 2, 2, 2]
    guess = [0, 1, 1, 2, 0, 0]
    fig = figures.confusion_matrix(y, guess)
    placed = {t.get_position(): t.get_text() for t in fig.axes[0].texts}
    assert placed == {(0, 0): "1", (1, 0): "1", (1, 1): "1", (2, 2): "1", (0, 2): "2"}
    from_scores = figures.confusion_matrix(y, np.eye(3)[guess])
    assert png(fig) == png(from_scores)
    assert png(figures.confusion_matrix([0, 1], [0, 1])).startswith(b"\x89PNG")  # no mistake


def test_images_are_drawn_with_their_labels():
    fig = figures.images(
        np.arange(12 * 9).reshape(12, 9) / 108, labels=[f"n{i}" for i in range(12)]
    )
    assert len(fig.axes) == 20
    assert [ax.get_title() for ax in fig.axes[:12]] == [f"n{i}" for i in range(12)]
    np.testing.assert_array_equal(fig.axes[1].images[0].get_array()[0] * 108, [9, 10, 11])


def test_a_curve_draws_function_and_derivative():
    value, slope = figures.curve(activations.sigmoid).axes[0].lines[2:]
    z = value.get_xdata()
    np.testing.assert_allclose(value.get_ydata(), activations.sigmoid.value(z))
    np.testing.assert_allclose(slope.get_ydata(), activations.sigmoid.derivative(z))
    assert (value.get_color(), slope.get_color()) == (figures.FORWARD, figures.GRADIENT)
    assert len(figures.curve(np.sin).axes[0].lines) == 3


def test_the_number_of_a_weight_stands_on_its_line_and_on_no_other():
    net, X, Y = datasets.worked_network()
    (ax,) = figures.network_diagram(net, X, Y).axes
    lines = [np.array(line.get_data()).T for line in ax.lines]
    numbers = [word for word in ax.texts if word.get_zorder() == 2]
    assert len(numbers) == len(lines) == 20
    for k, word in enumerate(numbers):
        at = np.array(word.get_position())
        away = []
        for start, end in lines:
            part = np.clip((at - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
            away.append(np.linalg.norm(at - start - part * (end - start)))
        assert np.argmin(away) == k and np.sort(away)[1] > 0.15  # inches: a number is 0.17 high
