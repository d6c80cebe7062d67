"""The course in JupyterLab, in a real browser: it opens on the first lesson, which runs."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture
def page():
    """A page of headless Chromium that notes what it asks for and what goes wrong in it."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"NO BROWSER, NOTHING TESTED: install one of {', '.join(BROWSERS)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.hosts, page.errors = set(), []
        page.on("request", lambda request: page.hosts.add(urlsplit(request.url).hostname))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
        yield page
        browser.close()


@pytest.fixture
def lab(tmp_path):
    """``bpcourse lab`` on a new folder; yields the address of its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bpcourse", "lab", str(tmp_path / "course"), f"--port={port}"]
    command += ["--host=127.0.0.1", "--no-browser", "--expose-app-in-browser"]
    command += ["--IdentityProvider.token=secret", "--ServerApp.port_retries=0"]
    log = tmp_path / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
        try:
            for _ in range(300):
                assert server.poll() is None, log.read_text()
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=secret").close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/?token=secret"
        finally:
            server.terminate()
            server.wait(20)


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
    page.goto(lab)
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


STEPPER = ".bpc-stepper"


def _box(page, node):
    return page.locator(f"{STEPPER} [data-node='{node}']").last


def _number(words):
    return float(words.replace("−", "-"))


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

    def compare(right):
        for n in shown:
            node = right["nodes"][n]
            if node["size"] > 1:
                continue
            value = _number(_box(page, n).locator(".value").text_content())
            assert value == pytest.approx(node["value"][0], abs=5e-4, rel=0.05)
            if node["grad"] is not None:
                grad = _number(_box(page, n).locator(".grad").text_content())
                assert grad == pytest.approx(node["grad"][0], abs=5e-4, rel=0.05)

    compare(program)
    edit = stepper.locator(f"input[data-leaf='{leaf}']")
    for value in (0.75, -1.25):
        edit.fill(str(value))
        compare(expected_after(leaf, value))
    edit.fill("")
    assert stepper.locator("[role=alert]").text_content()
    compare(expected_after(leaf, -1.25))


def _worked_programs():
    from bpcourse import datasets
    from bpcourse.widgets import Stepper

    net, X, Y = datasets.worked_network()
    stepper = Stepper(net, X[0], Y[0])

    def changed(leaf, value):
        x = X[0].copy()
        x[stepper.program["nodes"][leaf]["unit"] - 1] = value
        return Stepper(net, x, Y[0]).program

    return stepper, changed


def test_the_stepper_in_a_lesson(lab, page, tmp_path):
    page.set_default_timeout(90_000)
    page.set_viewport_size({"width": 1300, "height": 1000})
    page.goto(lab)
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
    page.wait_for_function(IDLE)
    lesson = "lectures/08_error_signals.ipynb"
    page.evaluate(f"""async () => {{
        await window.jupyterapp.commands.execute('docmanager:open', {{path: '{lesson}'}});
        await window.jupyterapp.shell.currentWidget.context.ready;
    }}""")
    page.wait_for_function(f"window.jupyterapp.shell.currentWidget.context.path === '{lesson}'")
    page.wait_for_function(IDLE)
    page.evaluate(RUN_ALL)
    page.wait_for_function(ALL_RUN)
    at = page.evaluate(f"{NOTEBOOK}.cells.findIndex(c => String(c.source).includes('Stepper('))")
    page.evaluate(f"""async () => {{
        const panel = window.jupyterapp.shell.currentWidget.content;
        panel.activeCellIndex = {at};
        await panel.scrollToItem({at});
    }}""")
    page.wait_for_selector(f"{STEPPER} svg", state="attached")
    stepper, changed = _worked_programs()
    _drive(page, stepper.program, changed)
    page.locator(STEPPER).screenshot(path=tmp_path / "light.png")
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    page.locator(STEPPER).screenshot(path=tmp_path / "dark.png")
    assert page.get_by_text("Error displaying widget").count() == 0
    assert page.errors == []
    assert page.hosts <= {"127.0.0.1", None}


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
