"""The stepper in Chromium: milliseconds from a click or an edit until its picture is laid out.

It wants Chromium and playwright: ``.venv/bin/python -m benchmarks browser``. A screen shows a
picture in 16.7 ms; the middle of many should need less.
"""

import shutil
import statistics
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks import _timing
from bpcourse import datasets

AIM = 1000 / 60  # ms: one frame
SPENT = """async ([name, value]) => {
    await new Promise(next => requestAnimationFrame(next));
    const stepper = document.querySelector('.bpc-stepper'), start = performance.now();
    if (name === 'edit') {
        const field = stepper.querySelector('input[data-leaf]');
        field.value = value;
        field.dispatchEvent(new Event('input', {bubbles: true}));
    } else stepper.querySelector(`[data-act=${name}]`).click();
    stepper.getBoundingClientRect();
    return performance.now() - start;
}"""


def measure(page, stepper, folder):
    """{what is done: milliseconds, one for each time}."""
    page.goto(stepper.to_html(Path(folder) / "stepper.html").as_uri())
    steps = int(page.locator("input[type=range]").last.get_attribute("max"))
    spent = {"step": [page.evaluate(SPENT, ["step", None]) for _ in range(steps)]}
    values = np.linspace(-1, 1, 30).round(3).tolist()
    spent["edit"] = [page.evaluate(SPENT, ["edit", str(value)]) for value in values]
    return spent


def main():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium or not find_spec("playwright"):
        print("browser: Chromium or playwright is not here, nothing was measured")
        return
    from playwright.sync_api import sync_playwright

    from bpcourse.widgets import Stepper

    net, X, Y = datasets.worked_network()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        rows = []
        for name, stepper in {
            "one example": Stepper(net, X[0], Y[0]),
            "a batch": Stepper(net, X, Y),
        }.items():
            for what, times in measure(browser.new_page(), stepper, folder).items():
                rows.append([f"{name}, {what}", f"{statistics.median(times):.1f}", f"{AIM:.1f}"])
        browser.close()
    _timing.table(["the stepper, ms", "median", "a frame"], rows)


if __name__ == "__main__":
    main()
