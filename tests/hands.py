"""What a reader does to a figure with a mouse or a finger."""

HANDS = ("mouse", "finger")
THUMB = 16  # px: of a slider


def drag(page, target, path, hand="mouse"):
    """Drag along ``path``, places (across, down) as parts of the width and height of ``target``."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    places = [
        (box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in path
    ]
    if hand == "mouse":
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=5)
        page.mouse.up()
        return
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for number, (x, y) in enumerate(places):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    touch.detach()


def drag_slider(page, slider, to, hand="mouse"):
    """Drag a slider's thumb to a part of its length, from 0 to 1; returns its value then."""
    at = slider.evaluate("e => (e.value - e.min) / (e.max - e.min)")
    width = slider.bounding_box()["width"]
    start, end = ((THUMB / 2 + part * (width - THUMB)) / width for part in (at, to))
    drag(page, slider, [(start, 0.5), ((start + end) / 2, 0.5), (end, 0.5)], hand)
    return float(slider.input_value())


def meant(control, power):
    """10^power with as many digits as the page shows."""
    value = 10.0 ** round(power, 9)
    return float(f"{value:.{control['digits']}g}") if control["digits"] else value
