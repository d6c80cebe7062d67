"""The site: built whole and offline, no link is dead, and its pages work by themselves."""

import html
import http.server
import re
import subprocess
import sys
import threading
from functools import partial
from itertools import combinations
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from bpcourse.figures.style import ON_DARK
from tests.accessible import barriers
from tests.explorers import PLACES
from tests.hands import HANDS, drag, drag_slider
from tests.lessons import PREDICT
from tools import notebooks
from tools import site as site_tool

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "lectures").glob("*.ipynb"))
PAGES = [
    *(f"{folder}/{path.stem}" for folder in ("lectures", "exercises")
      for path in sorted((ROOT / folder).glob("*.ipynb"))),
    *(str(path.relative_to(ROOT / "docs").with_suffix(""))
      for path in sorted((ROOT / "docs").rglob("*.md"))),
    "lectures/map", "mistakes", "reference", "search", "genindex", "py-modindex",
]  # fmt: skip
LINK = re.compile(r"""<(a|link|script|img|iframe|source)\b[^>]*?\b(?:href|src)=["']([^"']*)["']""")
pytest.importorskip("sphinx_book_theme", reason="make site sets up what the site needs")
pytestmark = pytest.mark.browser  # one site for those that follow its links and those that open it


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site in a folder of its own; a warning of Sphinx is an error."""
    out = tmp_path_factory.mktemp("build") / "site"
    command = [sys.executable, "-m", "tools.site", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site):
    found = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    return {path: path.read_text(encoding="utf-8") for path in found}


def test_every_lesson_and_exercise_is_a_page(site):
    for folder in ("lectures", "exercises"):
        for path in (ROOT / folder).glob("*.ipynb"):
            assert (site / folder / f"{path.stem}.html").exists()


def test_every_page_is_known(site, pages):
    assert {str(path.relative_to(site).with_suffix("")) for path in pages} == set(PAGES)


def test_no_link_is_dead_and_no_page_asks_another_host(site, pages):
    anchors = {
        path: set(re.findall(r'\bid="([^"]+)"', page)) | set(re.findall(r'<a name="([^"]+)"', page))
        for path, page in pages.items()
    }
    for path, page in pages.items():
        for tag, target in LINK.findall(page):
            parts = urlsplit(html.unescape(target))
            if parts.scheme == "data" or (parts.scheme and tag == "a"):
                continue  # a reader may follow a link out; a page may not
            assert not parts.scheme and not parts.netloc, f"{path.name} asks {target}"
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert there.exists(), f"{path.relative_to(site)}: {target}"
            if parts.fragment and there in anchors and tag == "a":
                assert unquote(parts.fragment) in anchors[there], f"{path.name}: {target}"


@pytest.mark.parametrize("stem", LESSONS)
def test_a_lesson_has_its_guesses_and_its_words_for_pictures(site, stem):
    page = (site / "lectures" / f"{stem}.html").read_text(encoding="utf-8")
    cells = notebooks.read(ROOT / "lectures" / f"{stem}.ipynb").cells
    asked = [
        PREDICT.search(cell.source)[1]
        for cell in cells
        if cell.cell_type == "code" and PREDICT.search(cell.source) and "..." in cell.source
    ]
    assert re.findall(r'class="bpc-guess[^>]*data-id="([^"]+)"', page) == asked
    for picture in re.findall(r"<img[^>]*_static/figures[^>]*>", page):
        assert re.search(r'alt="[^"]{20,}"', picture)
    assert "application/vnd.jupyter.widget" not in page


CODE = re.compile(r"<(script|style|pre|code|noscript)\b.*?</\1>|<[^>]*>", re.S)


def test_no_page_shows_a_formula_as_it_is_typed(pages):
    for path, page in pages.items():
        assert re.findall(r"\$[^$\n]+\$", CODE.sub(" ", page)) == [], path.name


def test_what_a_page_leaves_out_leaves_no_half_of_its_italics():
    for path in (ROOT / "lectures").glob("*.ipynb"):
        for cell in notebooks.read(path).cells:
            left = site_tool.ASIDE.sub(site_tool._rest, cell.source)
            assert (cell.source.count("*") - left.count("*")) % 2 == 0, left


def test_no_exercise_shows_an_answer_or_the_marking(site):
    for path in (ROOT / "exercises").glob("*.ipynb"):
        page = (site / "exercises" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert ".require()" not in page and "BEGIN SOLUTION" not in page


# --- in a browser -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def tab(page, served):
    """A new reader's page, which must not complain, nor ask another host."""
    page.set_viewport_size({"width": 1366, "height": 768})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert page.errors == []
    assert [url for url in asked if not url.startswith((served, "data:", "blob:"))] == []


@pytest.mark.parametrize("stem", LESSONS)
def test_a_page_opens_and_fits_a_phone(tab, served, stem):
    tab.goto(f"{served}/lectures/{stem}.html")
    tab.wait_for_function("!document.querySelector('.bpc-live:empty')")
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


OPEN = """() => {  // all that is folded, at once
    document.querySelectorAll("details").forEach((one) => { one.open = true; });
    document.querySelectorAll(".tag_bpc-reveal").forEach((one) => { one.hidden = false; });
    document.getAnimations().forEach((one) => one.finish());
    return window.MathJax?.startup?.promise;
}"""
RESIZED = 400  # ms: the theme waits until nobody resizes, and then lets keys reach what scrolls
COLORS = "{runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}}"


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_page(tab, served, name):
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    tab.goto(f"{served}/{name}.html")
    tab.evaluate(OPEN)
    assert barriers(tab) == []
    tab.emulate_media(color_scheme="dark")
    tab.evaluate(OPEN)
    assert barriers(tab, COLORS) == []
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.wait_for_timeout(RESIZED)
    assert barriers(tab) == []


PAPER = 703, 1032  # px: what the margins leave of A4
CUT = """([width, height]) => {  // what a sheet of paper would cut, as sentences
    const wrong = [], name = (e) => `${e.localName}.${e.className.baseVal ?? e.className}`;
    const whole = ".bpc-live, .bpc-picture, .bpc-still, .bd-content :is(pre, tr, div.math)";
    for (const e of document.querySelectorAll(whole)) {
        const box = e.getBoundingClientRect();
        if (!box.height) continue;  // folded, or for the screen alone
        if (box.height > height) wrong.push(`${name(e)} is ${box.height} px high`);
        let may = true;  // it stands in one piece if it or what it stands in does
        for (let a = e; a; a = a.parentElement) may &&= getComputedStyle(a).breakInside === "auto";
        if (may) wrong.push(`${name(e)} may be split`);
    }
    for (const e of document.querySelectorAll(".bd-content *")) {
        if (e.ownerSVGElement?.matches("svg:has(~ svg)")) continue;  // half of a picture
        const box = e.getBoundingClientRect();
        if (box.width > 1 && box.right > width + 1 && !e.closest("mjx-assistive-mml")) wrong.push(
            `${name(e)} ends at ${box.right}: ${e.textContent.slice(0, 40)}`);
    }
    const idle = ".bd-content :is(button, select, summary), .bpc-knobs, .bpc-controls";
    for (const e of document.querySelectorAll(idle))
        if (e.offsetHeight && !e.closest("details[open]")) wrong.push(`${name(e)} is no use`);
    return wrong;
}"""


SETTLED = "new Promise((next) => requestAnimationFrame(() => setTimeout(next)))"
LONGER = """all => all.filter((one) => one.scrollWidth > one.clientWidth + 1)
    .filter((one) => innerWidth > 400 || !one.closest(".bpc-fold"))  // behind a fold it scrolls
    .map((one) => [one.closest("section").querySelector("h1, h2, h3").textContent,
                   one.clientWidth, one.scrollWidth])"""
FORMULAS = ".bd-content mjx-container[display]"


@pytest.mark.parametrize("stem", LESSONS)
def test_a_formula_and_its_shapes_are_read_at_one_look(tab, served, stem):
    for width in (1366, 390):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.goto(f"{served}/lectures/{stem}.html")
        tab.wait_for_function("window.MathJax?.startup?.promise")
        tab.evaluate(OPEN)
        tab.evaluate(SETTLED)
        assert (width, tab.locator(FORMULAS).evaluate_all(LONGER)) == (width, [])


def test_a_formula_is_fitted_anew_when_its_line_changes(tab, served):
    """As when what stands beside the text is hidden and shown, and no window is resized."""
    tab.goto(f"{served}/lectures/08_error_signals.html")
    tab.wait_for_function("document.querySelector('mjx-container[style*=\"--in-line\"]')")
    small = (
        f"[...document.querySelectorAll('{FORMULAS}')].some("
        + """
        (one) => Number(one.style.getPropertyValue("--in-line") || 1) < 1)"""
    )
    aside = "(shown) => { document.querySelector('.bd-sidebar-primary').hidden = !shown; }"
    style = ".bd-sidebar-primary[hidden] { display: none !important; }"
    tab.add_style_tag(content=style + ".bd-article-container { max-width: none !important; }")
    tab.evaluate(aside, False)
    tab.wait_for_function(f"!{small}")
    tab.evaluate(aside, True)
    tab.wait_for_function(small)
    tab.evaluate(SETTLED)
    assert tab.locator(FORMULAS).evaluate_all(LONGER) == []


def test_large_fractions_of_two_lines_do_not_touch(tab, served):
    tab.goto(f"{served}/lectures/04_chain_rule.html")
    tab.wait_for_function("window.MathJax?.startup?.promise")
    tab.evaluate(OPEN)
    boxes = tab.locator("p mjx-mstyle mjx-mfrac, li mjx-mstyle mjx-mfrac").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) >= 8
    for one, other in combinations([box for box in boxes if box["width"]], 2):
        beside = one["right"] <= other["left"] or other["right"] <= one["left"]
        assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


def test_a_table_on_paper_is_smaller_only_where_it_would_not_fit(tab, served):
    tab.goto(f"{served}/lectures/90_notation.html")
    tab.evaluate(OPEN)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    sizes = tab.locator(".bd-content table").evaluate_all(
        "all => all.map((one) => Number(one.style.getPropertyValue('--on-paper') || 1))"
    )
    assert len(sizes) >= 5 and min(sizes) > 0.6 and sizes.count(1) > len(sizes) / 2


def test_on_a_phone_the_shapes_stand_below_their_formula(tab, served):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"{served}/lectures/01_feedforward_network.html")
    tab.wait_for_function("document.querySelector('.bpc-stacked')")
    below = """all => all.map((box) => [box.closest("mjx-container"), box.nextElementSibling])
        .map(([whole, gap]) => whole.scrollWidth <= whole.clientWidth + 1 &&
            gap.nextElementSibling.getBoundingClientRect().top >
            gap.previousElementSibling.getBoundingClientRect().bottom)"""
    assert tab.locator("mjx-math > mjx-menclose").evaluate_all(below) == [True] * 4


def test_what_unfolds_is_not_a_part_of_the_next_paragraph(tab, served):
    tab.goto(f"{served}/lectures/01_feedforward_network.html")
    gaps = """all => all.map((one) => [one, one.nextElementSibling]).filter(([, next]) => next)
        .map(([one, next]) => next.getBoundingClientRect().top - one.getBoundingClientRect().bottom)
    """
    for _ in ("folded", "unfolded"):
        found = tab.locator(".bd-content details:not(.bpc-fold, .hide)").evaluate_all(gaps)
        assert len(found) >= 2 and min(found) >= 8
        tab.evaluate(OPEN)


def test_a_name_in_a_table_is_not_broken_to_letters_on_a_phone(tab, served):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"{served}/lectures/21_starting_well.html")
    lines = "all => all.map((one) => [one.textContent, one.getClientRects().length])"
    found = tab.locator("table code").evaluate_all(lines)
    assert found and [words for words, count in found if count > 1] == []


@pytest.mark.parametrize("stem", LESSONS)
def test_nothing_of_a_lesson_is_cut_on_paper(tab, served, stem):
    tab.goto(f"{served}/lectures/{stem}.html")
    tab.evaluate("() => window.MathJax?.startup?.promise")
    tab.set_viewport_size({"width": PAPER[0], "height": PAPER[1]})
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate(CUT, PAPER) == []


def test_a_picture_that_nobody_scrolled_to_is_on_paper_too(tab, served):
    tab.goto(f"{served}/lectures/15_to_autodiff.html")
    there = "all => all.map((one) => one.complete && one.naturalWidth > 0)"
    assert tab.locator(".bpc-picture img").evaluate_all(there) == [True] * 2


def test_on_paper_a_heading_and_its_sentence_stand_with_the_list_below(tab, served):
    tab.goto(f"{served}/lectures/12_cost_of_backprop.html")
    tab.emulate_media(media="print")
    kept = "all => all.map((one) => getComputedStyle(one).breakAfter)"
    assert tab.locator("h3:has-text('Explain in one line') + p").evaluate_all(kept) == ["avoid"]


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("name", PLACES)
def test_the_numbers_at_an_axis_stand_apart(tab, served, name, width):
    tab.set_viewport_size({"width": width, "height": 900})
    apart = """plots => plots.flatMap((plot) => {
        const words = [...plot.querySelectorAll("text")].map((one) => one.getBoundingClientRect());
        return words.flatMap((a, k) => words.slice(k + 1).filter((b) =>
            a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom));
    }).length"""
    assert live(tab, served, name).locator(".bpc-plot").evaluate_all(apart) == 0


def test_on_paper_a_wide_stepper_stands_in_two_halves(tab, served):
    tab.goto(f"{served}/lectures/15_to_autodiff.html")
    pictures = tab.locator(".bpc-stepper.bpc-live .bpc-picture > svg")
    pictures.first.wait_for()
    whole = pictures.first.get_attribute("viewBox")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    seen = """all => all.map((svg) => {
        const { x, width } = svg.viewBox.baseVal;
        return [...svg.querySelectorAll("[data-node] .frame")].map((box) => {
            const at = box.getBBox();
            return at.x >= x && at.x + at.width <= x + width;
        });
    })"""
    left, right = pictures.evaluate_all(seen)  # of each box whether it is there whole
    assert len(left) == len(right) >= 12 and not all(left) and not all(right)
    assert all(map(max, left, right))
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert pictures.count() == 1 and pictures.first.get_attribute("viewBox") == whole


def test_on_paper_the_plots_of_a_figure_stay_side_by_side(tab, served):
    figure = live(tab, served, "playground")
    tab.set_viewport_size({"width": 600, "height": PAPER[1]})  # with wide margins
    tab.emulate_media(media="print")
    tops = figure.locator(".bpc-panel:not(.whole)").evaluate_all(
        "panels => panels.map((one) => one.getBoundingClientRect().top)"
    )
    assert len(tops) == 3 and max(tops) - min(tops) < 1


def test_a_full_stop_after_a_formula_begins_no_line(tab, served):
    tab.goto(f"{served}/lectures/05_flow_graphs.html")
    held = tab.locator("p", has_text="What does the add gate send to").locator(".bpc-whole")
    held.wait_for()
    for width in range(300, 420, 8):
        tab.set_viewport_size({"width": width, "height": 900})
        boxes = held.evaluate("one => one.getClientRects().length")
        assert boxes == 1 and held.inner_text().endswith("?"), width


def test_a_bracket_before_a_formula_ends_no_line(tab, served):
    tab.goto(f"{served}/lectures/90_notation.html")
    held = tab.locator("li", has_text="A takes the mean over").locator(".bpc-whole").first
    assert held.inner_text().startswith("(") and held.inner_text().endswith("),")


def test_no_line_ends_within_a_slope_and_its_argument(site):
    page = (site / "lectures" / "06_activations.html").read_text(encoding="utf-8")
    heading = re.search(r"<h2>5 · .*?<a", page)
    assert heading and heading[0].count("σ′\N{WORD JOINER}(") == 2


def test_a_phone_shows_both_arrows_and_what_more_there_is(tab, served):
    tab.emulate_media(color_scheme="dark")
    tab.set_viewport_size({"width": 390, "height": 844})
    ends = "all => all.map((one) => one.getBoundingClientRect().right)"
    for stem in ("11_matrix_form", "14_training"):  # before and after the longest titles
        tab.goto(f"{served}/lectures/{stem}.html")
        assert max(tab.locator("footer a.right-next *").evaluate_all(ends)) <= 390
    sign = "one => getComputedStyle(one, '::before').content"
    for more in (".bpc-still", ".pst-scrollable-table-container[tabindex='0']"):
        tab.locator(more).first.wait_for(state="attached")
        tab.wait_for_timeout(RESIZED)
        assert tab.locator(more).first.evaluate(sign) == '"⇆"'
    white = "one => getComputedStyle(one).backgroundColor"
    assert tab.locator(".bpc-still").evaluate(white) == "rgba(0, 0, 0, 0)"


def test_a_guess_is_judged_kept_and_only_then_answered(tab, served):
    tab.goto(f"{served}/lectures/08_error_signals.html")
    form = tab.locator(".bpc-guess").first
    reveal = tab.locator(".tag_bpc-reveal").first
    assert not reveal.is_visible()
    form.get_by_role("textbox").fill("1.085")
    form.get_by_role("button", name="Look").click()
    assert reveal.is_visible() and "1.085" in form.get_by_role("status").inner_text()
    assert "That is right" not in form.get_by_role("status").inner_text()
    tab.reload()
    assert reveal.is_visible() and form.get_by_role("textbox").input_value() == "1.085"
    assert not tab.locator(".tag_bpc-reveal").nth(1).is_visible()


DRAWN = """([figure, caption]) => {
    const style = (one) => getComputedStyle(one);
    return [style(figure).filter, style(caption).color, style(document.body).color];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_and_its_words_follow_the_theme(tab, served, theme):
    tab.emulate_media(color_scheme=theme)
    tab.goto(f"{served}/lectures/01_feedforward_network.html")
    pair = [tab.query_selector(name) for name in (".bpc-picture img", ".bpc-caption")]
    turned, words, ink = tab.evaluate(DRAWN, pair)
    assert tab.get_attribute("html", "data-theme") == theme and words == ink
    assert f"filter: {turned};" in ON_DARK if theme == "dark" else turned == "none"
    tab.emulate_media(media="print")
    assert tab.evaluate(DRAWN, pair)[0] == "none"  # paper is white


def test_the_style_of_a_still_picture_does_not_reach_the_pages_icons(tab, served):
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{served}/lectures/00_start_here.html")
    icons = tab.locator("svg.svg-inline--fa")
    icons.first.wait_for(state="attached")
    backgrounds = icons.evaluate_all("all => all.map((one) => getComputedStyle(one).background)")
    assert all(one.startswith("rgba(0, 0, 0, 0)") for one in backgrounds), backgrounds


def test_a_table_has_no_pale_slab_behind_it_in_the_dark(tab, served):
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{served}/lectures/90_notation.html")
    look = "outputs => outputs.map(e => getComputedStyle(e).backgroundColor)"
    slabs = tab.locator(".text_html:has(table)").evaluate_all(look)
    assert len(slabs) >= 2 and set(slabs) == {"rgba(0, 0, 0, 0)"}


def test_only_a_formula_that_is_longer_than_its_line_has_a_line_of_its_own(tab, served):
    tab.goto(f"{served}/lectures/20_scores_and_margin.html")
    tab.wait_for_function("window.MathJax?.startup?.promise")
    tab.evaluate("MathJax.startup.promise")
    for width in (390, 1366, 60):  # a phone is turned, and a reader opens what is folded
        tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        tab.set_viewport_size({"width": width, "height": 900})
        tab.evaluate("new Promise((next) => requestAnimationFrame(() => setTimeout(next)))")
        alone = tab.locator(".bpc-wide").count()
        assert alone > 0 if width == 60 else alone == 0, (width, alone)


@pytest.mark.parametrize("guess", ["−1.085", "-1.085", "-1.09"])
def test_a_right_guess_is_right_as_people_write_it(tab, served, guess):
    tab.goto(f"{served}/lectures/08_error_signals.html")
    form = tab.locator(".bpc-guess").first
    form.get_by_role("textbox").fill(guess)
    form.get_by_role("button", name="Look").click()
    assert "That is right" in form.get_by_role("status").inner_text()


def test_paper_has_all_numbers_and_an_example_and_is_white(tab, served):
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{served}/lectures/08_error_signals.html")
    figure = tab.locator(".bpc-stepper").first
    assert figure.get_attribute("data-position") == "0"
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "?" not in figure.locator("svg").text_content()
    assert not any("∂" in label for label in figure.locator("svg .label").all_text_contents())
    assert tab.get_attribute("html", "data-theme") == "light"
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert figure.get_attribute("data-position") == "0"
    assert tab.get_attribute("html", "data-theme") == "dark"
    tab.goto(f"{served}/lectures/00_start_here.html")
    said = tab.locator(".bpc-pad .bpc-answer")
    before = said.inner_text()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert said.inner_text().startswith("An example: ")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert said.inner_text() == before


def live(tab, served, name):
    """The figure in its lesson's page."""
    tab.goto(f"{served}/lectures/{PLACES[name]}.html")
    figure = tab.locator(f'.bpc-figure.bpc-live[data-figure*=\'"figure": "{name}"\']').first
    figure.locator(".bpc-says").wait_for()
    figure.scroll_into_view_if_needed()
    return figure


CHANGED = "([figure, before]) => figure.innerText !== before"


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("name", PLACES)
def test_a_figure_of_a_page_follows_hand_and_keys(tab, served, name, hand):
    tab.set_viewport_size({"width": 390 if hand == "finger" else 1366, "height": 844})
    figure = live(tab, served, name)
    here = figure.element_handle()
    for slider in figure.locator("input[type=range]").all():
        before = figure.inner_text()
        at = slider.evaluate("e => (e.value - e.min) / (e.max - e.min)")
        dragged = drag_slider(tab, slider, 0.3 if at > 0.5 else 0.7, hand)
        tab.wait_for_function(CHANGED, arg=[here, before])
        before = figure.inner_text()
        slider.press("ArrowLeft")
        assert float(slider.input_value()) < dragged
        tab.wait_for_function(CHANGED, arg=[here, before])
    for picture in figure.locator("svg.bpc-drag").all():
        before = figure.inner_text()
        drag(tab, picture, [(0.5, 0.5), (0.45, 0.5), (0.35, 0.5)], hand)
        tab.wait_for_function(CHANGED, arg=[here, before])


@pytest.mark.parametrize("hand", HANDS)
def test_the_pad_and_the_stepper_of_a_page_follow_hand_and_keys(tab, served, hand):
    tab.set_viewport_size({"width": 390 if hand == "finger" else 1366, "height": 844})
    tab.goto(f"{served}/lectures/00_start_here.html")
    pad = tab.locator(".bpc-pad")
    drag(tab, pad.locator(".bpc-area"), [(0.5, part / 10) for part in range(2, 9)], hand)
    tab.wait_for_function("document.querySelector('.bpc-pad').dataset.best === '1'")
    pad.locator(".bpc-area").press("Backspace")
    assert pad.get_attribute("data-best") == ""
    tab.goto(f"{served}/lectures/08_error_signals.html")
    stepper = tab.locator(".bpc-stepper").first
    drag_slider(tab, stepper.locator("input[type=range]"), 0.5, hand)
    dragged = int(stepper.get_attribute("data-position"))
    assert dragged > 5
    stepper.locator("input[type=range]").press("ArrowRight")
    assert int(stepper.get_attribute("data-position")) == dragged + 1
    box = stepper.locator("[data-node]").first
    if hand == "mouse":
        box.click()
    else:
        drag(tab, box, [(0.5, 0.5)], hand)
    assert "chosen" in box.get_attribute("class")
