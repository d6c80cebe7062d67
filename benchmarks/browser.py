"""The figures in Chromium: milliseconds of script, style and layout from an event to the picture.

It wants Chromium, what ``make test`` sets up, and the site that ``make site`` builds:
``.venv/bin/python -m benchmarks browser``. The browser's clock of processor time counts, so that
other work on the machine does not. A screen shows a picture in 16.7 ms; of them a figure should
take 8 at most, so that what the hand does is seen in the next frame. Beside the figures stand
plain ``interact``, from a key to the picture, and the bytes and seconds of the first lesson.
"""

import gzip
import http.server
import shutil
import statistics
import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import nbformat

from benchmarks import _timing
from tests import in_lab
from tests.explorers import CALLS, PLACES

SITE = Path(__file__).parents[1] / "build" / "site"
TIMES = 20
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
FIGURES = PLACES | {"stepper": "08_error_signals", "pad": "00_start_here"}
SOURCES = CALLS | {
    "stepper": "from bpcourse import datasets\nnet, X, Y = datasets.worked_network()\n"
    "Stepper(net, X[0], Y[0])",
    "pad": "DigitPad()",
}
COUNTED = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
LOOKS = "(root) => root.querySelector('.bpc-panels, .bpc-picture').innerHTML + root.innerText"
# One event; the pad draws in the frame after it. Training that goes on in the frames after a
# picture is not a part of what an event costs.
EVENT = """async ([root, number]) => {
    const slider = root.querySelector('input[type=range]');
    if (root.matches('.bpc-pad')) {
        const area = root.querySelector('.bpc-area'), box = area.getBoundingClientRect();
        const send = (kind, part) => {
            const event = new PointerEvent(kind, {bubbles: true, pointerId: 1, button: 0,
                clientX: box.left + part * box.width,
                clientY: box.top + (0.2 + 0.6 * part) * box.height});
            event.getCoalescedEvents = () => [event];
            area.dispatchEvent(event);
        };
        area.setPointerCapture = () => {};
        if (!number) send('pointerdown', 0.1);
        send('pointermove', 0.1 + 0.04 * (number + 1));
        await new Promise((next) => requestAnimationFrame(next));
        return root.getBoundingClientRect();
    }
    const ask = window.requestAnimationFrame;
    window.requestAnimationFrame = () => 0;
    if (root.matches('.bpc-stepper')) root.querySelector('[data-act=step]').click();
    else {
        const part = ((number * 7 + 3) % 20) / 20;
        slider.value = Number(slider.min) + part * (slider.max - slider.min);
        slider.dispatchEvent(new Event('input', {bubbles: true}));
    }
    root.getBoundingClientRect();
    window.requestAnimationFrame = ask;
}"""
INTERACT = """%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import interact
from bpcourse.activations import sigmoid

@interact(z=(-6.0, 6.0, 0.1))
def show(z=1.5):
    grid = np.linspace(-6, 6, 241)
    fig, axes = plt.subplots(1, 2, figsize=(8, 3))
    for ax, f in zip(axes, (sigmoid.value, sigmoid.derivative)):
        ax.plot(grid, f(grid))
        ax.plot(z, f(np.array(z)), "o")
    plt.show()
"""
# From a key on the slider of `interact` until the new picture is there.
WAITED = """async () => {
    const picture = () => document.querySelector('.jp-OutputArea .widget-output img')?.src;
    const handle = document.querySelector('.widget-slider .noUi-handle');
    const was = picture(), start = performance.now();
    handle.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
    while (picture() === was || !picture())
        await new Promise((next) => requestAnimationFrame(next));
    return performance.now() - start;
}"""
READABLE = """
const watch = setInterval(() => {
    const ready = window.MathJax?.startup?.promise;
    if (!ready) return;
    clearInterval(watch);
    ready.then(() => { window.bpcReadable = performance.now(); });
}, 5);
"""


@contextmanager
def served(folder):
    """The address of a server of this folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def of_figure(page, root):
    """Milliseconds at the median, and how often of ``TIMES`` the next frame had a new picture."""
    root.scroll_into_view_if_needed()
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent():
        metrics = clock.send("Performance.getMetrics")["metrics"]
        return sum(one["value"] for one in metrics if one["name"] in COUNTED)

    times, new, place = [], 0, root.element_handle()
    for number in range(TIMES):
        looked, before = root.evaluate(LOOKS), spent()
        page.evaluate(EVENT, [place, number])
        times.append(1000 * (spent() - before))
        new += root.evaluate(LOOKS) != looked
    return statistics.median(times), new


def on_the_site(browser, address):
    """{figure: what ``of_figure`` gives}."""
    found = {}
    for name, lesson in FIGURES.items():
        page = browser.new_page()
        page.goto(f"{address}/lectures/{lesson}.html")
        kind = f".bpc-{name}" if name in ("stepper", "pad") else ".bpc-figure"
        root = page.locator(f"{kind}.bpc-live").first
        root.locator("input, .bpc-area").first.wait_for()
        found[name] = of_figure(page, root)
        page.close()
    return found


def in_jupyterlab(browser, lab):
    """The same, and milliseconds of ``interact`` at the median."""
    page, found = browser.new_page(), {}
    page.set_default_timeout(90_000)
    for name, source in {**SOURCES, "interact": INTERACT}.items():
        cell = nbformat.v4.new_code_cell(f"from bpcourse.widgets import *\n{source}")
        notebook = nbformat.v4.new_notebook(cells=[cell], metadata=PYTHON)
        nbformat.write(notebook, lab.folder / f"{name}.ipynb")
        page.goto(lab.address(f"{name}.ipynb") + "&reset")  # no tab of the one before
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_function("""() => {
            const session = window.jupyterapp.shell.currentWidget.sessionContext;
            return session.session?.kernel?.status === 'idle' && !session.pendingInput;
        }""")
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        if name == "interact":
            page.wait_for_selector(".widget-output img")
            found[name] = statistics.median(page.evaluate(WAITED) for _ in range(TIMES))
            continue
        root = page.locator(".bpc-figure, .bpc-stepper, .bpc-pad").first
        root.locator("input, .bpc-area").first.wait_for()
        page.wait_for_timeout(1000)
        found[name] = of_figure(page, root)
    page.close()
    return found


def first_lesson(browser, address):
    """(bytes gzipped, those of the theme's icon script, ms to the first words, ms to formulas)."""
    page = browser.new_context().new_page()
    sizes: dict[str, int] = {}
    page.on("response", lambda got: sizes.update({urlsplit(got.url).path: _gzipped(got)}))
    page.add_init_script(READABLE)
    page.goto(f"{address}/lectures/{FIGURES['pad']}.html", wait_until="networkidle")
    page.wait_for_function("window.bpcReadable")
    words = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    formulas = page.evaluate("window.bpcReadable")
    page.context.close()
    icons = sum(size for path, size in sizes.items() if "fontawesome" in path)
    return sum(sizes.values()) - icons, icons, words, formulas


def _gzipped(response):
    body = response.body()
    packed = response.url.endswith((".png", ".woff2", ".jpg"))
    return len(body) if packed else len(gzip.compress(body))


def main():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium or not find_spec("playwright"):
        print("browser: Chromium or playwright is not here, nothing was measured")
        return
    if not SITE.exists():
        print("browser: the site is not here, nothing was measured: make site")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, served(SITE) as address:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        loads = [first_lesson(browser, address) for _ in range(3)]
        site = on_the_site(browser, address)
        with tempfile.TemporaryDirectory() as folder:
            with in_lab.running(Path(folder) / "course") as lab:
                notebook = in_jupyterlab(browser, lab)
        browser.close()
    waited = notebook.pop("interact")
    rows = [
        [name, f"{ms:.1f}", f"{lab_ms:.1f}", f"{new + lab_new} of {2 * TIMES}"]
        for (name, (ms, new)), (lab_ms, lab_new) in zip(
            site.items(), (notebook[name] for name in site), strict=True
        )
    ]
    _timing.table(["ms to the picture", "site", "JupyterLab", "in the next frame"], rows)
    print(f"plain interact in JupyterLab: {waited:.0f} ms, from a key to the picture\n")
    size, icons, *_ = loads[0]
    words, formulas = (statistics.median(load[k] for load in loads) for k in (2, 3))
    print(
        f"the first lesson: {size / 1e6:.2f} MB gzipped and {icons / 1e6:.2f} MB of icons; "
        f"words after {words:.0f} ms, formulas after {formulas:.0f} ms, with an empty cache"
    )


if __name__ == "__main__":
    main()
