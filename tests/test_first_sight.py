"""What is on the screen where a reader is asked to guess: everything but the answer.

A fresh copy of each lesson in JupyterLab, on the screen of a small laptop.
"""

import re

import pytest
from lessons import each
from test_browser import ALL_RUN, RUN_ALL, _open
from test_predictions import entry, gives_away, numbers, telling

pytestmark = pytest.mark.browser
# Every text that the notebook shows within the window, each piece by itself; formulas are read from
# the words that they hold for a screen reader.
ON_SCREEN = """() => {
    const notebook = window.jupyterapp.shell.currentWidget.content.node;
    const frame = notebook.getBoundingClientRect(), found = [];
    const walker = document.createTreeWalker(notebook, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects()) {
            if (box.width && box.bottom > frame.top && box.top < frame.bottom) {
                found.push(walker.currentNode.data);
                break;
            }
        }
    }
    for (const image of notebook.querySelectorAll('img')) {
        const box = image.getBoundingClientRect();
        if (box.bottom > frame.top && box.top < frame.bottom) found.push(image.alt);
    }
    return found;
}"""
SCROLL = """async ([number, end]) => {
    const panel = window.jupyterapp.shell.currentWidget.content;
    panel.activeCellIndex = number;
    await panel.scrollToItem(number, end);
}"""


def plain(words):
    """Letters and digits alone, so that it does not matter how Markdown shows them."""
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"\$.*?\$", " ", words).casefold()).strip()


def told(one, pieces):
    """What of an answer stands among the pieces of text on the screen."""
    for piece in pieces:
        for literal in numbers(piece):
            if any(gives_away(literal, answer) for answer in telling(one.id)):
                yield literal
    sentences = [plain(part) for part in re.split(r"(?<=[.!?])\s", entry(one.id, "explain"))]
    screen = plain(" ".join(pieces))
    yield from (words for words in sentences if len(words.split()) > 4 and words in screen)


@each
def test_no_answer_is_on_the_screen_where_it_is_asked_for(lesson, lab, page, tmp_path):
    if not lesson.predictions:
        pytest.skip("nothing is asked")
    _open(page, lab, f"lectures/{lesson.stem}.ipynb", run=False)
    page.set_viewport_size({"width": 1366, "height": 768})
    for state in ("fresh", "run without guesses"):
        if state != "fresh":
            page.evaluate(RUN_ALL)
            page.wait_for_function(ALL_RUN)
        for one in lesson.predictions:
            for end in ("center", "start", "end"):
                page.evaluate(SCROLL, [one.guess.number, end])
                page.wait_for_timeout(150)
                pieces = page.evaluate(ON_SCREEN)
                assert any(one.id in piece for piece in pieces), "the guess cell is on the screen"
                assert not list(told(one, pieces)), (state, one.id)
            page.screenshot(path=tmp_path / f"{one.id} {state}.png")
