"""The course in JupyterLab, in a real browser: it opens on the first lesson, which runs."""

import io
import math

import nbformat
import numpy as np
import pytest
from matplotlib.image import imread

from bpcourse import (
    CrossEntropy,
    Linear,
    Network,
    Softmax,
    SquaredError,
    Tanh,
    datasets,
    graph,
    widgets,
)
from bpcourse.graph import Node
from bpcourse.layers import GELU
from bpcourse.questions.bank import find
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text
from bpcourse.widgets import Stepper
from tests.accessible import barriers
from tests.explorers import CALLS
from tests.hands import HANDS, drag, drag_slider, meant

pytestmark = pytest.mark.browser
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content.model.toJSON()"
IDLE = """() => {
    const session = window.jupyterapp.shell.currentWidget.sessionContext;
    return session.session?.kernel?.status === 'idle' && !session.pendingInput;
}"""
RUN_ALL = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
ALL_RUN = f"""() => {NOTEBOOK}.cells.every(
    cell => cell.cell_type != 'code' || cell.execution_count || !String(cell.source).trim()
)"""


def test_the_first_lesson_opens_and_runs(lab, page):
    page.set_default_timeout(90_000)
    page.goto(lab.address())
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
    assert "/lab/tree/lectures/00_start_here.ipynb" in page.url
    page.wait_for_function(IDLE)
    page.evaluate(RUN_ALL)
    page.wait_for_function(ALL_RUN)
    cells = page.evaluate(NOTEBOOK)["cells"]
    kinds = {output["output_type"] for cell in cells for output in cell.get("outputs", [])}
    assert kinds and "error" not in kinds
    assert page.query_selector(".jp-Dialog, .Toastify__toast") is None  # no news, no questions
    assert page.errors == []
    assert page.hosts <= {"127.0.0.1", None}  # None: data and blob addresses


def _open(page, lab, path, run=True):
    """Open the notebook in JupyterLab, and run all its cells."""
    page.set_default_timeout(90_000)
    page.set_viewport_size({"width": 1300, "height": 1000})
    page.goto(lab.address(path))
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
    page.wait_for_function(f"window.jupyterapp.shell.currentWidget.context.path === '{path}'")
    page.wait_for_function(IDLE)
    if run:
        page.evaluate(RUN_ALL)
        page.wait_for_function(ALL_RUN)


def _show(page, words):
    """Scroll to the cell that holds ``words``: JupyterLab draws the cells in view alone."""
    at = page.evaluate(f"{NOTEBOOK}.cells.findIndex(c => String(c.source).includes('{words}'))")
    assert at >= 0
    page.evaluate(f"""async () => {{
        const panel = window.jupyterapp.shell.currentWidget.content;
        panel.activeCellIndex = {at};
        await panel.scrollToItem({at});
    }}""")


def _sound(page):
    """Nothing went wrong in the page, and nothing was asked of the world."""
    assert page.get_by_text("Error displaying widget").count() == 0
    assert page.errors == []
    assert page.hosts <= {"127.0.0.1", None}


STEPPER = ".bpc-stepper"


def _box(page, node):
    return page.locator(f"{STEPPER} [data-node='{node}']").last


def _number(words):
    plain = words.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    return float(plain.replace("·10", "e"))


SHOWN = """() => Object.fromEntries(
    [...[...document.querySelectorAll('.bpc-stepper')].at(-1).querySelectorAll('[data-node]')]
        .map((g) => [g.dataset.node, ['value', 'grad'].map(
            (kind) => g.querySelector(`text.${kind}`)?.textContent)])
)"""


def _compare(page, program):
    """Every number in the boxes is the program's, as far as a box shows digits."""
    boxes = page.evaluate(SHOWN)
    assert str(program["root"]) in boxes
    for n, shown in boxes.items():
        node = program["nodes"][int(n)]
        for kind, words in zip(("value", "grad"), shown, strict=True):
            if node["size"] == 1 and node[kind] is not None:
                right = pytest.approx(node[kind][0], abs=5e-4, rel=0.05)
                assert _number(words) == right, (node["name"], kind)


def _drive(page, program, expected_after):
    """Step, play and edit the stepper in view, and compare the screen with the package's numbers.

    ``expected_after(id, value)`` is the program of the package with that leaf changed.
    """
    stepper = page.locator(STEPPER).last
    stepper.scroll_into_view_if_needed()
    nodes = program["nodes"]
    shown = [n for n in range(len(nodes)) if page.locator(f"{STEPPER} [data-node='{n}']").count()]
    leaf = next(n for n in shown if nodes[n]["role"] == "input")
    root = program["root"]
    assert _box(page, root).locator(".value").text_content() == "?"
    stepper.locator("[data-act=step]").click()
    stepper.locator("[data-act=step]").click()
    stepper.locator("[data-act=back]").click()
    assert stepper.get_attribute("data-position") == "1"
    stepper.locator("[data-act=play]").click()
    page.wait_for_function(f"document.querySelector('{STEPPER}').dataset.position >= 3")
    stepper.locator("[data-act=play]").click()
    stepper.locator("[data-act=end]").focus()
    page.keyboard.press("End")

    _compare(page, program)
    edit = stepper.locator(f"input[data-leaf='{leaf}']")
    for value in (0.75, -1.25):
        edit.fill(str(value))
        _compare(page, expected_after(leaf, value))
    edit.fill("")
    assert stepper.locator("[role=alert]").text_content()
    _compare(page, expected_after(leaf, -1.25))


def _worked_programs():
    net, X, Y = datasets.worked_network()
    stepper = Stepper(net, X[0], Y[0])

    def changed(leaf, value):
        x = X[0].copy()
        x[stepper.program["nodes"][leaf]["unit"] - 1] = value
        return Stepper(net, x, Y[0]).program

    return stepper, changed


RUN = """async ([name, source]) => {  // the cell of this id, if need be with another source
    const panel = window.jupyterapp.shell.currentWidget.content;
    panel.activeCellIndex = panel.widgets.findIndex(cell => cell.model.id === name);
    if (source) panel.activeCell.model.sharedModel.setSource(source);
    await window.jupyterapp.commands.execute('notebook:run-cell');
}"""


PICTURE = """() => {
    const cell = window.jupyterapp.shell.currentWidget.content.activeCell;
    return cell.node.querySelector('.jp-OutputArea img')?.naturalWidth > 100;
}"""


def test_an_exercise_shows_its_pictures_and_judges_an_answer(lab, page):
    _open(page, lab, "exercises/11_matrix_form.ipynb", run=False)
    page.evaluate(RUN, ["setup", ""])
    page.evaluate(RUN, ["shape-of-gradient-ask", ""])
    page.wait_for_function(PICTURE)
    page.evaluate(RUN, ["shape-of-gradient-answer", "shape_of_dW = (6, 5)"])
    page.evaluate(RUN, ["shape-of-gradient-check", ""])
    page.get_by_text(text("misconception.gradient_transposed.hint")).wait_for()
    page.evaluate(RUN, ["linear-backward-picture", ""])
    page.wait_for_function(PICTURE)
    folded = page.locator(".jp-Cell.jp-mod-active .jp-Placeholder")
    assert folded.first.is_visible()  # the code of a picture is no part of the exercise
    _sound(page)


def test_a_wrong_letter_is_asked_again_with_other_numbers(lab, page, tmp_path):
    question = find("activations.zero_gradient")
    first, second = pose(question), pose(question, 1)
    wrong = next(letter for letter in first.labels if letter != first.shown(first.right))
    right = second.shown(second.right)
    assert right.endswith("2")  # as it stands on the screen
    _open(page, lab, "exercises/06_activations.ipynb", run=False)
    page.evaluate(RUN, ["setup", ""])
    page.evaluate(RUN, ["zero-gradient-ask", ""])
    page.get_by_text(f"A ReLU unit has z = {first.inputs['z']}").first.wait_for()
    page.evaluate(RUN, ["zero-gradient-answer", f'zero_gradient = "{wrong}"'])
    page.evaluate(RUN, ["zero-gradient-check", ""])
    page.get_by_text("For the next try run the cell").wait_for()
    page.evaluate(RUN, ["zero-gradient-ask", ""])
    page.get_by_text(f"A ReLU unit has z = {second.inputs['z']}").first.wait_for()
    page.evaluate(RUN, ["zero-gradient-answer", f'zero_gradient = "{right}"'])
    page.evaluate(RUN, ["zero-gradient-check", ""])
    page.locator(".jp-Cell.jp-mod-active").get_by_text("Right.").wait_for()
    page.screenshot(path=tmp_path / "asked_again.png")
    _sound(page)


def test_the_stepper_in_a_lesson(lab, page, tmp_path):
    page.set_default_timeout(90_000)
    page.set_viewport_size({"width": 1300, "height": 1000})
    _open(page, lab, "lectures/08_error_signals.ipynb")
    _show(page, "Stepper(")
    page.wait_for_selector(f"{STEPPER} svg", state="attached")
    stepper, changed = _worked_programs()
    _drive(page, stepper.program, changed)
    page.locator(STEPPER).screenshot(path=tmp_path / "light.png")
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    page.locator(STEPPER).screenshot(path=tmp_path / "dark.png")
    _sound(page)


def test_the_exported_stepper_runs_from_disk(page, tmp_path):
    stepper, changed = _worked_programs()
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    _drive(page, stepper.program, changed)
    edge = page.locator("[data-edge]").first  # its unit's backward step is the last: it is in view
    edge.press("Enter")
    page.locator("[data-leaf]").first.fill("2")  # the weight of that edge
    upstream = _box(page, edge.get_attribute("data-edge").split(".")[0]).locator(".grad")
    share = 2 * _number(upstream.text_content())
    assert _number(edge.locator(".label").text_content()) == pytest.approx(share, abs=2e-3)
    page.select_option("select", label="Ng")
    assert page.locator("[data-node] .title").first.text_content()
    assert page.errors == []
    assert page.hosts <= {"", None}


def test_every_other_control_of_the_stepper(page, tmp_path):
    stepper, _ = _worked_programs()
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    told, slider = page.locator(".bpc-told"), page.locator("input[type=range]")
    last = int(slider.get_attribute("max"))
    for _ in range(2):
        for act, at in (("end", last), ("restart", 0)):
            page.locator(f"[data-act={act}]").click()
            assert told.inner_text().startswith(f"{at} / {last}")
    for key, at in (("ArrowRight", 1), ("ArrowRight", 2), ("End", last), ("ArrowLeft", last - 1)):
        slider.press(key)
        assert told.inner_text().startswith(f"{at} / {last}")
    slider.press("End")
    titles = set()
    for dialect in ("Ng", "Nielsen, book", "this course"):
        page.select_option("select", label=dialect)
        titles.add(" ".join(page.locator("[data-node] .title").all_text_contents()))
    assert len(titles) == 3
    slider.press("End")
    page.select_option("select", label="Nielsen, book")  # where the input is layer 1
    assert page.locator("[data-node] .title", has_text="z21").count() == 1
    formula = "<mi class='letter' mathvariant='normal'>z</mi>"
    assert formula in told.locator("math").first.inner_html().replace('"', "'")
    for sign in ("{", "undefined", "NaN", "<"):
        assert sign not in told.inner_text()
    page.select_option("select", label="this course")
    nodes, words = stepper.program["nodes"], page.locator(".bpc-words")
    for n in [n for n, node in enumerate(nodes) if node.get("kind") in ("z", "a")][:2]:
        _box(page, n).click()
        value, grad = (words.nth(k).inner_text().split("=")[-1] for k in (0, 1))
        assert _number(value) == pytest.approx(nodes[n]["value"][0], rel=1e-3)
        assert _number(grad) == pytest.approx(nodes[n]["grad"][0], rel=1e-3)
    for edge in (0, 1):  # of the first unit: x1, x2
        page.locator("[data-edge] .label").nth(edge).hover()
        assert page.locator("[data-edge].path").count() > 1  # the paths through that weight
        page.locator("[data-edge]").nth(edge).press("Enter")
        weight = int(page.locator("[data-leaf]").first.get_attribute("data-leaf"))
        shown = _number(words.last.inner_text().split("=")[-1])
        assert shown == pytest.approx(nodes[weight]["grad"][0], rel=1e-3)
    assert page.errors == []


READABLE = """() => {  // what is wrong with the words on the page, as sentences
    const light = (color) => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((x) => x / 255)
            .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const stepper = document.querySelector('.bpc-stepper'), wrong = [];
    const paper = light(getComputedStyle(stepper).backgroundColor);
    const words = [...stepper.querySelectorAll('text, button, td, th, p, label, .bpc-words')]
        .filter((e) => e.textContent.trim());
    for (const e of words) {
        const style = getComputedStyle(e);
        const ink = light(e.matches('text') ? style.fill : style.color);
        const contrast = Math.max(ink, paper) / Math.min(ink, paper);
        if (contrast < 4.5) wrong.push(`${e.textContent}: contrast ${contrast.toFixed(1)}`);
    }
    const texts = words.filter((e) => e.matches('text')).map((e) => [e, e.getBoundingClientRect()]);
    for (const [e, a] of texts) for (const [f, b] of texts) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (e !== f && across > 1 && down > 4) // a line's height has room above and below
            wrong.push(`${e.textContent} lies on ${f.textContent}`);
    }
    for (const [e, a] of texts) if (a.height < 9) wrong.push(`${e.textContent}: too small`);
    if (document.documentElement.scrollWidth > innerWidth) wrong.push('wider than the page');
    return wrong;
}"""
FOCUSED = """() => {  // [which, its name, whether it is seen to have the focus]
    const e = document.activeElement, line = e.querySelector('.line');
    const name = e.getAttribute('aria-label') || e.closest('label')?.textContent || '';
    const seen = getComputedStyle(e).outlineStyle !== 'none'
        || (line && parseFloat(getComputedStyle(line).strokeWidth) >= 4);
    return [[...document.querySelectorAll('*')].indexOf(e), name.trim(), Boolean(seen)];
}"""
CAN_FOCUS = "button, select, input, .bpc-stepper [tabindex='0']"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_stepper_is_readable_at_twice_the_size_and_by_keys_alone(page, tmp_path, scheme):
    rng = np.random.default_rng(0)
    layers = [Linear(3, 4, rng=rng), Tanh(), Linear(4, 2, rng=rng)]
    stepper = Stepper(Network(layers, SquaredError()), rng.normal(size=3), rng.normal(size=2))
    page.set_viewport_size({"width": 640, "height": 500})  # a page of 1280 at 200 %
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    assert page.evaluate(READABLE) == []
    last = int(page.locator("input[type=range]").get_attribute("max"))
    stop = page.locator(STEPPER)
    for end in ((last - 1) // 2, last):  # no motion: play goes straight to the end of the pass
        page.locator("[data-act=play]").press("Enter")
        assert int(stop.get_attribute("data-position")) == end
        assert page.evaluate(READABLE) == []
    page.locator("[data-edge]").first.press("Enter")
    assert page.evaluate(READABLE) == []
    page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)

    visited = set()
    page.locator("[data-act=restart]").focus()
    for _ in range(page.locator(CAN_FOCUS).count()):
        which, name, seen = page.evaluate(FOCUSED)
        assert name and seen, (which, name, seen)
        visited.add(which)
        page.keyboard.press("Tab")
    assert len(visited) == page.locator(CAN_FOCUS).count()
    assert page.errors == []


def test_matrices_and_their_names_are_readable(page, tmp_path):
    rng = np.random.default_rng(0)
    layers = [Linear(3, 4, rng=rng), GELU(), Linear(4, 2, rng=rng), Softmax()]
    X, labels = rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])
    page.set_viewport_size({"width": 640, "height": 500})
    stepper = Stepper(Network(layers, CrossEntropy()), X, labels)
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    for end in ("restart", "end"):
        page.locator(f"[data-act={end}]").click()
        assert page.evaluate(READABLE) == []
    page.screenshot(path=tmp_path / "matrices.png", full_page=True)


@pytest.mark.parametrize("width", [1366, 374])  # a phone, with the site's margins
def test_the_numbers_of_a_matrix_are_changed_within_the_page(page, tmp_path, width):
    x, W = Node(np.array([[0.5, -2.0]]), "x"), Node(np.array([[-1.25, 0.4, 1.1, -0.3]] * 2), "W")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(Stepper((x @ W).sum()).to_html(tmp_path / "stepper.html").as_uri())
    boxes = [one.bounding_box() for one in page.locator(".bpc-leaf input").all()]
    assert len(boxes) == 10
    assert all(box["x"] + box["width"] <= width and 60 < box["width"] < 100 for box in boxes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing_in_an_exported_stepper(page, tmp_path, scheme, width):
    s = Node(2.0, "s")
    net, X, Y = datasets.worked_network()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for stepper in (Stepper(3 * s * s**2), Stepper(net, X[0], Y[0]), Stepper(net, X, Y)):
        page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
        for act in ("restart", "step", "end", "back"):
            page.locator(f"[data-act={act}]").click()
            assert barriers(page) == []


def test_a_slope_stands_at_its_edge_and_what_is_not_concerned_is_quiet(page, tmp_path):
    s = Node(2.0, "s")
    y = 3 * s
    y.name = "y"
    stepper = Stepper(y * s)
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    page.locator("[data-act=end]").click()  # the last step back is that through y = 3·s
    labels = page.locator("[data-edge] .label").all_text_contents()
    assert [label for label in labels if label] == ["∂y/∂s = 3"]
    assert page.locator(".box.concerned").count() == 3 and page.locator(".box").count() == 4
    page.locator("[data-act=back]").click()
    started = """(kind) => {  // at once: a signal is gone in half a second
        document.querySelector('[data-act=step]').click();
        return document.querySelectorAll(kind).length;
    }"""
    assert page.evaluate(started, ".signal.back") == 2
    page.emulate_media(reduced_motion="reduce")
    page.locator("[data-act=back]").click()
    assert page.evaluate(started, ".signal") == 0
    assert page.errors == []


def test_a_signal_comes_and_goes_beside_the_boxes_not_among_them(page, tmp_path):
    page.goto(Stepper(2 * Node(3.0, "x")).to_html(tmp_path / "stepper.html").as_uri())
    page.evaluate("""() => {  // what comes to stand among the boxes has all of them styled anew
        window.among = 0;
        new MutationObserver((all) => { window.among += all.length; })
            .observe(document.querySelector(".bpc-picture svg"), {childList: true});
    }""")
    page.locator("[data-act=step]").click()
    assert page.locator(".signal").count() > 0
    page.wait_for_function("!document.querySelector('.signal')")
    assert page.evaluate("window.among") == 0


def _too_large():
    x = Node(0.5, "x")
    for _ in range(100):
        x = x * 0.9
    return x


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "make, named",
    [
        (lambda net: Stepper(_too_large()), "48 nodes"),
        (lambda net: Stepper(Node(1e200, "x") * Node(1e200, "y")), "f"),
        (lambda net: Stepper(Node(np.zeros(0), "x").sum()), "x"),
        (lambda net: Stepper(net, np.zeros((0, 3)), np.zeros((0, 2))), "X"),
        (lambda net: Stepper(net, [np.nan, 1, 2], [0, 1]), "X"),
    ],
)
def test_what_cannot_be_drawn_is_said_where_the_picture_would_be(page, tmp_path, make, named):
    stepper = make(datasets.worked_network()[0])
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    alert = page.locator("[role=alert]")
    assert alert.is_visible() and alert.text_content() == stepper.data["message"]
    assert named in stepper.data["message"]
    assert page.errors == []


def test_numbers_that_leave_the_range_are_said_and_can_be_taken_back(page, tmp_path):
    x = Node(1.0, "x")
    stepper = Stepper(graph.exp(x) * x)
    page.goto(stepper.to_html(tmp_path / "stepper.html").as_uri())
    page.locator("[data-act=end]").click()
    edit, alert = page.locator("input[data-leaf]"), page.locator("[role=alert]")
    edit.fill("1e9")
    assert text("stepper.overflow") in alert.text_content()
    edit.fill("1e999")  # not a number that a computer has: the last one stays
    assert text("stepper.finite") in alert.text_content()
    edit.fill("1")
    assert alert.text_content() == ""
    _compare(page, stepper.program)
    assert page.errors == []


# --- the figures with controls, in JupyterLab -----------------------------------------------------

FIGURE = ".bpc-figure"


def _notebook(lab, *sources):
    """A notebook of these cells in the course's folder; returns its path there."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, lab.folder / "figures.ipynb")
    return "figures.ipynb"


def _figure(page, source):
    """The figure that the cell of ``source`` shows, scrolled to."""
    _show(page, source)
    cell = page.locator(".jp-CodeCell", has_text=source.split("(")[0] + "(")
    cell.locator(f"{FIGURE} .bpc-says").wait_for()
    return cell.locator(FIGURE)


def _move(figure, same, name):
    """Move a control by its keys, and ``same``, its equal in Python, as far."""
    control, value = same.controls[name], same.values[name]
    handle = figure.locator(f"[name={name}]")
    if control["kind"] == "menu":
        labels, options = zip(*control["options"], strict=True)
        at = (options.index(value) + 1) % len(options)
        handle.select_option(label=labels[at])
        same.set(**{name: options[at]})
        return
    powers = control["kind"] == "powers"
    at = math.log10(value) if powers else value
    up = at + control["step"] <= control["high"] + 1e-9
    handle.press("ArrowRight" if up else "ArrowLeft")
    at = round(at + (control["step"] if up else -control["step"]), 9)
    same.set(**{name: 10.0**at if powers else type(value)(at)})


def test_a_figure_of_a_lesson_follows_the_hand_and_the_kernel_knows(lab, page, tmp_path):
    _open(page, lab, "lectures/06_activations.ipynb")
    figure = _figure(page, "ActivationExplorer()")
    same = widgets.ActivationExplorer()
    for name in ("kind", "z", "upstream"):
        _move(figure, same, name)
    assert figure.locator(".bpc-says").inner_text() == same.said
    figure.screenshot(path=tmp_path / "activation.png")
    _sound(page)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_every_figure_moves_in_jupyterlab_and_fits(lab, page, tmp_path, theme):
    sources = [f"from bpcourse.widgets import *\n{source}" for source in CALLS.values()]
    _open(page, lab, _notebook(lab, *sources))
    page.evaluate(f"""() => window.jupyterapp.commands.execute(
        'apputils:change-theme', {{theme: 'JupyterLab {theme}'}})""")
    dark = str(theme == "Light").lower()
    page.wait_for_selector(f"body[data-jp-theme-light='{dark}']", state="attached")
    for name, source in CALLS.items():
        figure, same = _figure(page, source), eval(f"widgets.{source}")
        figure.get_by_text(same.said, exact=True).first.wait_for(timeout=20_000)  # it may train
        _move(figure, same, next(iter(same.controls)))
        figure.get_by_text(same.said, exact=True).first.wait_for(timeout=20_000)
        control = next(one for one in same.controls.values() if one["kind"] != "menu")
        for hand, part in zip(HANDS, (0.8, 0.3), strict=True):
            value = drag_slider(page, figure.locator(f"[name={control['name']}]"), part, hand)
            value = meant(control, value) if control["kind"] == "powers" else value
            kind = type(same.values[control["name"]])
            same.set(**{control["name"]: kind(value)})
            figure.get_by_text(same.said, exact=True).first.wait_for(timeout=20_000)
        assert figure.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), name
        figure.screenshot(path=tmp_path / f"{name}_{theme}.png")
    _sound(page)


def test_the_kernel_and_the_page_follow_each_other(lab, page, tmp_path):
    cells = [
        "from bpcourse.widgets import *\nw = ActivationExplorer()\nw",
        "print('z', w.values['z'])",
    ]
    _open(page, lab, _notebook(lab, *cells, "w.set(z=-2.0);"), run=False)
    run = "window.jupyterapp.commands.execute('notebook:run-cell-and-select-next')"
    page.evaluate(run)
    figure = page.locator(FIGURE)
    figure.locator("[name=z]").press("ArrowRight")
    page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    page.evaluate(run)
    page.get_by_text("z 1.6").wait_for()
    page.evaluate(run)
    figure.get_by_text(widgets.ActivationExplorer(z=-2.0).said, exact=True).first.wait_for()
    _sound(page)


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_draws_on_the_pad_and_plays_the_stepper_in_jupyterlab(lab, page, hand):
    source = "from bpcourse import datasets\nfrom bpcourse.widgets import *\n"
    source += "net, X, Y = datasets.worked_network()\npad = DigitPad()\npad"
    _open(page, lab, _notebook(lab, source, "Stepper(net, X[0], Y[0])", "print('ready')"))
    pad, stepper = page.locator(".bpc-pad"), page.locator(STEPPER)
    area = pad.locator(".bpc-area")
    area.wait_for()
    drag(page, area, [(0.5, part / 10) for part in range(2, 9)], hand)
    page.wait_for_function("document.querySelector('.bpc-pad').dataset.best === '1'")
    area.press("a")  # which adds a cell where JupyterLab hears it
    assert page.evaluate(f"{NOTEBOOK}.cells.length") == 3
    slider = stepper.locator("input[type=range]")
    assert drag_slider(page, slider, 0.5, hand) > 5
    at = int(stepper.get_attribute("data-position"))
    slider.press("ArrowRight")
    assert int(stepper.get_attribute("data-position")) == at + 1
    _sound(page)


PICTURES = """import io
from IPython.display import Image, display
from bpcourse import figures
def ink():
    fig, ax = figures.sketch(3, 1)
    figures.put(ax, (1.5, 0.5), "ink")
    return fig
figures.show(ink(), caption="The caption has $x$.", alt="A word.")
figures.show(ink(), alt="A word alone.")
display(Image(figures.style.png(ink()), width=288))"""


@pytest.mark.parametrize(("theme", "paper"), [("Light", 1), ("Dark", 0x11 / 255)])
def test_a_figure_follows_the_theme(lab, page, tmp_path, theme, paper):
    _open(page, lab, _notebook(lab, PICTURES))
    page.evaluate(f"""() => window.jupyterapp.commands.execute(
        'apputils:change-theme', {{theme: 'JupyterLab {theme}'}})""")
    dark = str(theme == "Light").lower()
    page.wait_for_selector(f"body[data-jp-theme-light='{dark}']", state="attached")
    pictures = page.locator(".jp-RenderedImage img")
    pictures.nth(2).wait_for()
    page.wait_for_timeout(500)
    for n, its_paper in enumerate((paper, paper, 1)):  # the last one is the reader's own
        picture = imread(io.BytesIO(pictures.nth(n).screenshot()))[..., :3]
        assert picture[3, 3] == pytest.approx(its_paper, abs=0.01)
        assert abs(picture.mean(axis=2) - its_paper).max() > 0.7  # the ink
    assert page.locator(".jp-OutputArea mjx-container").count() == 1
    assert page.get_by_text("invert").count() == 0  # no style is shown as text
    page.screenshot(path=tmp_path / f"{theme}.png")
    _sound(page)
