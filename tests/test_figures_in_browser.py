"""The figures with controls as exported pages, in a real browser: by keys, finger and mouse."""

import numpy as np
import pytest

from bpcourse.text import text
from bpcourse.widgets import functions, playground
from tests.accessible import barriers
from tests.explorers import EXPLORERS
from tests.hands import HANDS, drag, drag_slider, meant

pytestmark = pytest.mark.browser
FIGURE = ".bpc-figure"


@pytest.fixture
def opened(page, tmp_path):
    """A function that opens a figure's page, as a reader who wants no motion if ``still``."""

    def go(name, width=1366, scheme="light", still=False):
        page.set_viewport_size({"width": width, "height": 800})
        motion = "reduce" if still else "no-preference"
        page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        figure = EXPLORERS[name]()
        page.goto(figure.to_html(tmp_path / f"{name}.html").as_uri())
        return figure

    yield go
    assert page.errors == []
    assert page.hosts <= {"", None}


def said(page):
    """The sentence in view: that below the picture, or why there is none."""
    return page.inner_text(".bpc-message") or page.inner_text(".bpc-says")


def picture(page):
    return page.locator(".bpc-panels").inner_html()


def place(control, value):
    """Where a slider over powers stands for this value."""
    steps = round((np.log10(value) - control["low"]) / control["step"])
    return control["low"] + steps * control["step"]


def move(page, figure, name):
    """Move a control by its keys, and the figure in Python as far."""
    control, value = figure.controls[name], figure.values[name]
    handle = page.locator(f"{FIGURE} [name={name}]")
    handle.focus()
    if control["kind"] == "menu":
        labels, options = zip(*control["options"], strict=True)
        at = (options.index(value) + 1) % len(options)
        handle.select_option(label=labels[at])
        figure.set(**{name: options[at]})
        return
    powers = control["kind"] == "powers"
    at = place(control, value) if powers else value
    up = at + control["step"] <= control["high"] + 1e-9
    page.keyboard.press("ArrowRight" if up else "ArrowLeft")
    at += control["step"] if up else -control["step"]
    figure.set(**{name: meant(control, at) if powers else type(value)(round(at, 9))})


def settled(page, figure):
    """Wait until the page says what Python says: what takes long is computed over frames."""
    words = figure.said
    amplified = figure.figure == "steps" and figure.values["h"] < 1e-8
    if amplified or figure.values.get("precision") == "float32":  # errors of rounding, see in_page
        words = words[: words.index("relative")]
    page.wait_for_function(
        "([words]) => document.querySelector('.bpc-figure').innerText.includes(words)",
        arg=[words],
        timeout=10_000,
    )


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_moves_by_keys_to_what_python_says(page, opened, name):
    figure = opened(name)
    assert said(page) == figure.said
    for control in figure.controls:
        for _ in range(2):
            before = picture(page)
            move(page, figure, control)
            settled(page, figure)
            refused = figure.compute(**figure.values).get("refused")
            assert refused or picture(page) != before, control
    for numbers in page.locator(".bpc-formula:visible").all_inner_texts():
        assert "{" not in numbers and "NaN" not in numbers and "undefined" not in numbers


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "width", [1366, 683, 390, 374]
)  # 683: 1366 at 200 %; 374: a phone, with the site's margins
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_page_fits_its_width_and_axe_finds_nothing(page, opened, tmp_path, name, width, scheme):
    opened(name, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(FIGURE).evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    inner = "e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible'"
    assert not any(e.evaluate(inner) for e in page.locator(f"{FIGURE} div, {FIGURE} p").all())
    page.screenshot(path=tmp_path / f"{name}_{scheme}_{width}.png", full_page=True)
    assert barriers(page) == []


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_is_named_and_reached_by_keys(page, opened, name):
    figure = opened(name)
    names, seen = [], "e => getComputedStyle(e).outlineStyle === 'solid'"
    for control in figure.controls.values():
        names += [control["label"], *([text("widgets.play")] if control.get("play") else [])]
    for wanted in names:
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        found = focused.evaluate(
            "e => e.getAttribute('aria-label') || e.closest('label').innerText.split('\\n')[0]"
        )
        assert found == wanted and focused.evaluate(seen)
    for svg in page.locator(f"{FIGURE} svg[role=img]").all():
        assert svg.get_attribute("aria-label")


def test_a_screen_reader_is_told_once_the_hand_rests(page, opened):
    figure = opened("activation")
    status = page.locator("[role=status]")
    assert status.inner_text() == ""
    for _ in range(3):
        move(page, figure, "z")
    page.wait_for_function("document.querySelector('[role=status]').textContent")
    assert status.inner_text() == figure.said
    handle = page.locator("[name=z]")
    assert handle.get_attribute("aria-valuetext") == "1.8"


GENTLE = {"epoch": 0.12, "rate": 0.4}  # a long run, or a wild one, tears apart what nearly agrees


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_hand_drags_every_slider_and_python_says_the_same(page, opened, name, hand):
    figure = opened(name, width=390 if hand == "finger" else 1366)
    for control in figure.controls.values():
        if control["kind"] == "menu":
            continue
        handle = page.locator(f"{FIGURE} [name={control['name']}]")
        at = handle.evaluate("e => (e.value - e.min) / (e.max - e.min)")
        to = GENTLE.get(control["name"], 0.25 if at > 0.5 else 0.75)
        value = drag_slider(page, handle, to, hand)
        moved = handle.evaluate("e => (e.value - e.min) / (e.max - e.min)")
        assert moved == pytest.approx(to, abs=0.15) and moved != at, control["name"]
        value = meant(control, value) if control["kind"] == "powers" else value
        kind = type(figure.values[control["name"]])
        figure.set(**{control["name"]: kind(value)})
        settled(page, figure)


@pytest.mark.parametrize(
    "name, control",
    [("initialisation", "scale"), ("chain", "ds"), ("descent", "rate"), ("playground", "rate")],
)
def test_a_reader_can_compute_with_the_number_beside_a_slider(page, opened, name, control):
    figure = opened(name)
    spec, slider = figure.controls[control], page.locator(f"[name={control}]")
    for power in (0.25, 0.5, -0.5, max(spec["low"], -2)):
        slider.fill(f"{power:.2f}")
        beside = float(slider.get_attribute("aria-valuetext"))
        assert beside == meant(spec, float(slider.input_value()))
        figure.set(**{control: beside})
        settled(page, figure)


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize(
    "name, control", [("activation", "z"), ("loss", "z"), ("descent", "start_x"), ("steps", "h")]
)
def test_a_hand_drags_the_point_in_the_picture(page, opened, name, control, hand):
    figure = opened(name, width=390 if hand == "finger" else 1366)
    before = page.locator(f"[name={control}]").input_value()
    drag(page, page.locator("svg.bpc-drag").first, [(0.5, 0.5), (0.4, 0.5), (0.3, 0.5)], hand)
    assert page.locator(f"[name={control}]").input_value() != before
    for own in figure.controls.values():
        if own["kind"] != "menu":
            value = float(page.locator(f"[name={own['name']}]").input_value())
            value = meant(own, value) if own["kind"] == "powers" else value
            figure.set(**{own["name"]: type(figure.values[own["name"]])(value)})
    settled(page, figure)


def test_what_cannot_be_drawn_is_said_and_the_picture_stays(page, opened):
    figure = opened("chain")
    page.select_option("[name=inner]", label="sin s")
    page.locator("[name=s]").fill("0.1")
    before = picture(page)
    page.locator("[name=s]").fill("-0.1")
    figure.set(inner="sin s", s=-0.1)
    assert page.inner_text(".bpc-message") == figure.said and "no value at u = 0" in figure.said
    assert picture(page) == before
    page.locator("[name=s]").fill("0.5")
    assert page.inner_text(".bpc-message") == "" and picture(page) != before


def test_without_scripts_the_still_picture_stands_there(page, tmp_path):
    browser = page.context.browser
    bare = browser.new_context(java_script_enabled=False).new_page()
    figure = EXPLORERS["chain"]()
    bare.goto(figure.to_html(tmp_path / "chain.html").as_uri())
    assert bare.locator("img").get_attribute("alt") == figure.said
    assert bare.locator("img").bounding_box()["width"] > 300


def test_the_arrow_of_the_loss_points_downhill_and_is_seen(page, opened):
    figure = opened("loss")
    for pair in functions.PAIRS:
        page.select_option("[name=pair]", label=pair)
        for z, target in [(-4.0, 1.0), (-6.0, 1.0), (6.0, 1.0), (3.0, 0.0), (-6.0, 0.0)]:
            page.locator("[name=target]").fill(str(target))
            page.locator("[name=z]").fill(str(z))
            slope = figure.compute(pair, z, target)["slope"]
            line = page.locator(".head.slope").bounding_box()
            dot = page.locator(".dot.value").first.bounding_box()
            way = line["x"] + line["width"] / 2 - dot["x"] - dot["width"] / 2
            assert abs(way) > 15 and way * slope < 0, (pair, z, target)


def test_the_microscope_shows_real_numbers_at_every_zoom(page, opened):
    opened("chain")
    for power in ("0", "-2", "-4"):
        page.locator("[name=ds]").fill(power)
        ends = 2.0, 2.0 + 10.0 ** float(power)
        labels = page.locator("svg.bpc-plot").first.locator("text[text-anchor=middle]")
        shown = [float(words) for words in labels.all_text_contents()]
        assert len(set(shown)) >= 3 and min(shown) < ends[0] < max(shown)
        assert max(shown) - min(shown) < 3 * (ends[1] - ends[0])


def test_training_in_the_page_plays_and_shows_its_gradients(page, opened):
    figure = opened("playground")
    page.locator("[data-act=play]").click()
    page.wait_for_function("document.querySelector('[name=epoch]').value >= 9")
    page.locator("[data-act=play]").click()
    epoch = int(page.locator("[name=epoch]").input_value())
    assert said(page) == figure.set(epoch=epoch).said
    assert page.locator(".bpc-heats canvas:visible").count() == 3
    page.locator("[name=epoch]").fill("300")
    page.wait_for_function(
        "document.querySelector('.bpc-says').textContent.includes('After epoch 300')"
    )


def test_the_gradients_of_another_network_take_the_places_that_are_there(page, opened):
    opened("playground")
    maps = page.locator(".bpc-heats figure")
    first = maps.first.element_handle()
    for hidden in (5, 1, 3):
        page.locator("[name=depth]").fill(str(hidden))
        assert page.locator(".bpc-heats figure:visible").count() == hidden + 1
        last = page.locator(".bpc-heat:visible").last
        assert last.evaluate("one => [one.width, one.height]") == [8, 2]  # eight units, two classes
        assert last.evaluate("one => [one.clientWidth, one.clientHeight]") == [72, 18]
        assert page.evaluate("one => one.isConnected", first)
    assert maps.count() == 6


COLORS = {  # below zero and above, as theme.css has them
    "light": ((0x8A, 0x4B, 0x08), (0x4B, 0x34, 0x80)),
    "dark": ((0xE0, 0xA4, 0x58), (0xB7, 0xA6, 0xEE)),
}


def test_maps_have_the_tone_of_each_number_in_either_theme(page, opened):
    figure = opened("playground")
    _, grads, probability = playground.run("moons", 2, 8, "tanh", "plain", 0.1).at(5)
    side = np.linspace(-2.5, 2.5, 32)
    places = [(across, up) for up in side[::-1] for across in side]
    maps = [0.6 * (2 * probability(np.array(places)) - 1)]
    maps += [(grad / abs(grad).max()).ravel() for grad in grads]
    settled(page, figure)
    for scheme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(100)  # a frame or two
        drawn = page.locator("canvas:visible").evaluate_all(
            "all => all.map((one) => [...one.getContext('2d')"
            ".getImageData(0, 0, one.width, one.height).data])"
        )
        for numbers, pixels in zip(maps, drawn, strict=True):
            *colors, alpha = np.reshape(pixels, (-1, 4)).T
            assert abs(alpha - 255 * abs(numbers)).max() < 1
            right = np.array(COLORS[scheme])[(numbers > 0).astype(int)]
            clear = alpha > 100  # the browser keeps a pale colour with few digits
            assert clear.any() and abs(np.array(colors).T - right)[clear].max() <= 2


def test_play_goes_straight_to_the_end_where_no_motion_is_wished(page, opened):
    figure = opened("descent", still=True)
    page.locator("[data-act=play]").click()
    assert said(page) == figure.set(steps=100).said


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_symbols_and_the_numbers_of_a_formula_stand_on_one_line(page, opened, name):
    opened(name)
    signs = """lines => lines.flatMap((line) => {  // the first equals sign of each half
        const [left, right] = [...line.children].map((half) =>
            [...half.querySelectorAll("mo")].find((sign) => sign.textContent === "=")
                ?.getBoundingClientRect());
        return left && right ? [left.bottom - right.bottom] : [];
    })"""
    apart = page.locator(".bpc-formula:visible").evaluate_all(signs)
    assert [away for away in apart if abs(away) > 1] == []
