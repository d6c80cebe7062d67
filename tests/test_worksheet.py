"""The worksheet: its numbers are right, page one gives nothing away, and all of it is legible."""

import itertools
import math
import re
import runpy
import sys
import zlib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from bpcourse import datasets
from bpcourse.figures import worksheet as module
from bpcourse.figures.worksheet import worksheet, write

ROOT = Path(__file__).parents[1]
PDF = ROOT / "lectures" / "worksheet.pdf"
LOCKED = f"\nmatplotlib=={matplotlib.__version__} " in (ROOT / "requirements.lock").read_text()
W1, B1, W2, B2 = datasets.W1, datasets.B1, datasets.W2, datasets.B2
X, T = datasets.X5[0], datasets.Y5[0]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.delenv("BPCOURSE_LANG", raising=False)


def sigma(z):
    return 1 / (1 + math.exp(-z))


def by_hand(keep=lambda value: value):
    """Every answer by loops over indices, each result passed through ``keep``: {gid: number}."""
    z = [keep(sum(W1[i][j] * X[j] for j in range(3)) + B1[i]) for i in range(4)]
    a = [keep(sigma(z[i])) for i in range(4)]
    out = [keep(sum(W2[i][j] * a[j] for j in range(4)) + B2[i]) for i in range(2)]
    loss = keep(sum((out[i] - T[i]) ** 2 for i in range(2)) / 2)
    delta2 = [keep(out[i] - T[i]) for i in range(2)]
    back = [keep(sum(W2[k][i] * delta2[k] for k in range(2))) for i in range(4)]
    slope = [keep(sigma(z[i]) * sigma(-z[i])) for i in range(4)]
    delta1 = [keep(slope[i] * back[i]) for i in range(4)]
    vectors = {"z1": z, "a1": a, "y_hat": out, "delta2": delta2, "back": back, "slope": slope}
    vectors |= {"delta1": delta1, "db1": delta1, "db2": delta2}
    answers = {"loss": loss}
    for name, vector in vectors.items():
        answers |= {f"{name}[{i}]": value for i, value in enumerate(vector)}
    for name, delta, below in (("dW1", delta1, X), ("dW2", delta2, a)):
        for i, j in itertools.product(range(len(delta)), range(len(below))):
            answers[f"{name}[{i}, {j}]"] = keep(delta[i] * below[j])
    return answers


def measured():
    """The gradients once more, as slopes of the loss measured one parameter at a time."""
    params = {n: np.array(v) for n, v in (("W1", W1), ("b1", B1), ("W2", W2), ("b2", B2))}

    def loss():
        hidden = 1 / (1 + np.exp(-(params["W1"] @ X + params["b1"])))
        return np.sum((params["W2"] @ hidden + params["b2"] - T) ** 2) / 2

    slopes = {}
    for name, array in params.items():
        for index in np.ndindex(array.shape):
            kept, values = array[index], []
            for step in (1e-5, -1e-5):
                array[index] = kept + step
                values.append(loss())
            array[index] = kept
            slopes[f"d{name}{list(index)}"] = (values[0] - values[1]) / 2e-5
    return slopes


def printed(value, decimals=3):
    return f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def texts(fig):
    return [t for t in fig.findobj(Text) if t.get_text().strip()]


def test_every_answer_is_the_rounded_number_and_none_is_missing():
    answers = {t.get_gid(): t.get_text() for t in texts(worksheet(answers=True)) if t.get_gid()}
    assert answers == {gid: printed(value) for gid, value in by_hand().items()}
    assert len(answers) == 51


def test_the_answers_to_the_gradients_are_measured_slopes():
    answers = by_hand()
    for gid, slope in measured().items():
        assert answers[gid] == pytest.approx(slope, abs=1e-8)


def test_a_student_who_rounds_every_step_is_off_by_two_in_the_last_digit_at_most():
    exact, rounded = by_hand(), by_hand(keep=lambda value: round(value, 3))
    for gid, value in exact.items():
        assert abs(round(value, 3) - rounded[gid]) < 0.0025, gid


def test_page_one_has_the_table_and_no_answers():
    page = texts(worksheet())
    assert not any(t.get_gid() for t in page)
    z = [k / 10 for k in range(13)]
    rows = [sigma(v) for v in z], [sigma(-v) for v in z], [sigma(v) * sigma(-v) for v in z]
    table = sorted(printed(value) for row in rows for value in row)
    words = [t.get_text() for t in page]
    assert sorted(w for w in words if re.fullmatch(r".?\d\.\d{3}", w)) == table
    assert not any(re.search(r"\d\.\d{2}", w) for w in words if w not in table)
    assert {printed(v, 1) for v in z} <= set(words)
    for gid, value in by_hand().items():  # what is to be looked up is there
        if gid.startswith(("a1", "slope")):
            assert printed(value) in table


def test_the_two_pages_differ_only_in_the_answers_the_table_and_the_worked_lines():
    first, second = ({t.get_text() for t in texts(worksheet(answers=a))} for a in (False, True))
    assert {"0.421", "the answers"} <= second - first
    assert "your turn" in first - second
    assert all(re.search(r"\d\.\d|sigma'?\(-?z\)|\$z\$|your turn", w) for w in first - second)


def test_what_is_given_is_that_of_the_running_example():
    words = [t.get_text() for t in texts(worksheet())]
    for numbers in (*W1, *W2, B1, B2, X, T):
        for value in numbers:
            assert printed(value, 1) in words
    assert any(w.endswith("$ = 0.9") for w in words)  # the second target, at its unit


def test_each_worked_line_leads_to_its_result():
    lines = [t.get_text() for t in texts(worksheet(answers=True)) if "$ = " in t.get_text()]
    worked = [line for line in lines if re.match(r"\d+ ", line)]
    assert [int(line.split()[0]) for line in sorted(worked, key=lambda s: int(s.split()[0]))] == [
        *range(1, 11)
    ]
    for line in worked:
        formula, result = line.replace("\N{MINUS SIGN}", "-").rsplit("$ = ", 1)
        right = formula.split("=", 1)[1]
        for old, new in ((r"\cdot", "*"), (r"\frac{1}{2}\,", "0.5*"), ("^2", "**2")):
            right = right.replace(old, new)
        right = right.replace(r"\sigma'", "slope").replace(r"\sigma", "sigma")
        right = right.replace("[", "(").replace("]", ")")
        names = {"sigma": sigma, "slope": lambda z: sigma(z) * sigma(-z)}
        assert eval(right, names) == pytest.approx(float(result), abs=0.0011), line


@pytest.mark.parametrize("answers", [False, True])
def test_no_two_texts_overlap_and_all_are_inside_the_margins(answers):
    fig = worksheet(answers)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    boxes = [(t.get_text(), t.get_window_extent(canvas.get_renderer())) for t in texts(fig)]
    margin = 0.4 * fig.dpi
    for words, box in boxes:
        assert box.x0 > margin and box.x1 < fig.bbox.width - margin, words
        assert box.y0 > margin and box.y1 < fig.bbox.height - margin, words
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert not (across > 3 and down > 3), (one, two)


def test_each_answer_stands_inside_a_box_of_its_own():
    fig = worksheet(answers=True)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    boxes = [p.get_window_extent() for p in fig.axes[0].patches if isinstance(p, Rectangle)]
    taken = set()
    for answer in (t for t in texts(fig) if t.get_gid()):
        inner = answer.get_window_extent(canvas.get_renderer())
        around = [
            n
            for n, box in enumerate(boxes)
            if box.x0 < inner.x0 and inner.x1 < box.x1 and box.y0 < inner.y0 and inner.y1 < box.y1
        ]
        assert len(around) == 1, answer.get_gid()
        taken.add(around[0])
    assert len(taken) == len(boxes) == 51


def streams(pdf):
    """What a PDF draws, page by page and glyph by glyph; zlib's version does not matter."""
    packed = re.findall(rb">>\r?\nstream\r?\n(.*?)endstream", pdf, re.S)
    return [zlib.decompressobj().decompress(stream) for stream in packed]


def test_both_pages_fit_on_a4_and_letter_and_hold_no_date(tmp_path):
    write(tmp_path / "one.pdf")
    write(tmp_path / "two.pdf")
    pdf = (tmp_path / "one.pdf").read_bytes()
    assert pdf == (tmp_path / "two.pdf").read_bytes()
    sizes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert len(sizes) == 2 and len(set(sizes)) == 1
    width, height = map(float, sizes[0])
    assert width <= min(595.27, 612) and height <= min(841.88, 792)  # points
    assert not re.search(rb"Date|Creator|Producer|Matplotlib", pdf)


@pytest.mark.skipif(not LOCKED, reason="another Matplotlib may draw it differently")
def test_the_pdf_in_the_repository_is_what_the_module_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["worksheet", str(tmp_path / "new.pdf")])
    monkeypatch.delitem(sys.modules, module.__name__)
    runpy.run_module(module.__name__, run_name="__main__")
    new, kept = (tmp_path / "new.pdf").read_bytes(), PDF.read_bytes()
    assert len(streams(new)) > 2
    assert streams(new) == streams(kept), "python -m bpcourse.figures.worksheet writes it anew"


def test_the_command_wants_a_file(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["worksheet"])
    monkeypatch.delitem(sys.modules, module.__name__)
    with pytest.raises(SystemExit, match="FILE.pdf"):
        runpy.run_module(module.__name__, run_name="__main__")
