"""The figures with controls: the page computes and says what Python computes and says."""

import json
import re
import shutil
import subprocess
from itertools import pairwise

import numpy as np
import pytest
from rows import a_part

from bpcourse import widgets
from bpcourse.layers import Linear
from bpcourse.losses import SoftmaxCrossEntropy
from bpcourse.network import Network
from bpcourse.text import text
from bpcourse.text.numbers import in_words, number
from bpcourse.widgets import descent, drawing, explorer, mathml, playground
from bpcourse.widgets.draws import Draws
from bpcourse.widgets.html import RENDER
from bpcourse.widgets.steps import FUNCTIONS, STEPS, WAYS
from tests.explorers import EXPLORERS, valley

EPS = np.finfo(float).eps
DRAWS = 30  # of the controls' values, for each figure


def in_javascript(script, scripts=None):
    """What the page's scripts give for ``script``, or a skip without node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("NO JAVASCRIPT OUTSIDE A BROWSER, NOTHING TESTED: install nodejs")
    scripts = explorer.page(*explorer.NAMES) if scripts is None else scripts
    whole = f"{scripts}\nconsole.log(JSON.stringify({script}));"
    command = [node, "--input-type=module", "-"]
    done = subprocess.run(command, input=whole, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


def drawn(controls, rng):
    """Random values of the controls, such as a hand could choose."""
    values = {}
    for name, control in controls.items():
        if control["kind"] == "menu":
            options = [option for _, option in control["options"]]
            values[name] = options[rng.integers(len(options))]
            continue
        steps = round((control["high"] - control["low"]) / control["step"])
        at = control["low"] + control["step"] * int(rng.integers(steps + 1))
        values[name] = 10.0**at if control["kind"] == "powers" else round(at, 9)
    if "epoch" in values:  # a long run, or a wild one, tears apart what nearly agrees
        values |= {"epoch": values["epoch"] % 3, "rate": min(values["rate"], 0.3)}
    return values


def rounding(figure, values, found):
    """How far rounding alone may take two computations apart, by the name of the number."""
    if figure == "chain" and "du" in found:  # differences of nearly equal numbers
        u, moved = abs(found["u"]), abs(found["moved"])
        du = 8 * EPS * max(u, moved, 1)
        steep = max(1, u, moved) ** 3 if values["outer"] == "u³" else 10 / min(u, moved, 1) ** 2
        df = 8 * EPS * steep + du * steep
        return {"du": du, "df": df, "ratio": df / values["ds"]}
    if figure == "descent":  # a rate that is too large repeats and enlarges what is rounded
        size = max(1.0, *np.ravel(found["places"]))
        return dict.fromkeys(found, 1e-9 * size**2 * (1 + values["rate"]))
    if figure == "initialisation":  # wide weights tear apart what nearly agrees, layer by layer
        torn = 64 * EPS * max(1.0, values["scale"]) ** values["depth"]
        return {name: torn * np.abs(found[name]) for name in ("up", "down", "top", "bottom")}
    if figure == "playground":  # training repeats and enlarges what is rounded
        return dict.fromkeys(found, 1e-7)
    if figure == "steps":  # what is left of f when f is taken from it, divided by h
        eps = np.finfo(values["precision"]).eps
        f, slope, _ = FUNCTIONS[values["function"]]
        x, steps = values["x"], np.append(STEPS, values["h"])
        high = 16 * eps * np.array([abs(f(x)) + 1, abs(f(x)) + 1, 0])
        all_errors = np.array([*found["curves"], [found[way] for way in WAYS]])
        away = high / steps[:, None] / abs(slope(x)) + 64 * eps * (1 + all_errors)
        of_one = dict(zip(WAYS, away[-1], strict=True))
        slopes = {f"slope_{way}": of_one[way] * abs(slope(x)) for way in ("one_sided", "central")}
        return {"curves": away[:-1], **of_one, **slopes}
    return {}


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_page_computes_what_python_computes(name, rng):
    figure = EXPLORERS[name]()
    asked = [figure.values, *(drawn(figure.controls, rng) for _ in range(DRAWS))]
    data = json.dumps(figure.data)
    computed = in_javascript(
        f"{json.dumps(asked)}.map((v) => FIGURES.{figure.figure}.outcome(v, {data}))"
    )
    for values, theirs in zip(asked, computed, strict=True):
        ours = figure.compute(**values)
        assert theirs.keys() == ours.keys()
        away = rounding(name, values, ours)
        for key, right in ours.items():
            if isinstance(right, str | bool):
                assert theirs[key] == right, (values, key)
                continue
            apart = np.abs(np.asarray(theirs[key], float) - right)
            allowed = 1e-12 * np.abs(right) + away.get(key, 1e-15)
            assert (apart <= allowed).all(), (values, key, theirs[key], right)


def test_each_step_of_descent_is_that_of_python(rng):
    player = widgets.DescentPlayer(valley, ((-3, 5), (-3.2, 3.2)), start=(-2.5, -2.5))
    asked = [drawn(player.controls, rng) for _ in range(DRAWS)]
    found = in_javascript(
        f"{json.dumps(asked)}.map((v) => FIGURES.descent.outcome(v, {json.dumps(player.data)}))"
    )
    for values, theirs in zip(asked, found, strict=True):
        for place, after in pairwise(theirs["places"]):
            ours = descent.descend(valley, place, values["rate"], 1)[1][0]
            np.testing.assert_allclose(after, ours, rtol=1e-12, atol=1e-14)
        assert theirs["taken"] == values["steps"]


@pytest.mark.parametrize("rule", playground.RULES)
@pytest.mark.parametrize("unit", playground.UNITS)
def test_two_training_steps_from_any_state_are_those_of_the_package(unit, rule, rng):
    sizes, rate = [2, 5, 3, 2], 0.3
    layers = [Linear(n_in, n_out, rng=rng) for n_in, n_out in pairwise(sizes)]
    for linear in layers:
        linear.b[...] = rng.normal(size=linear.b.shape)
    units = [playground.UNITS[unit](), playground.UNITS[unit]()]
    net = Network([layers[0], units[0], layers[1], units[1], layers[2]], SoftmaxCrossEntropy())
    X, y = rng.normal(size=(7, 2)), rng.integers(2, size=7)
    given = [
        {"W": one.W.ravel().tolist(), "b": one.b.tolist(), "n_in": n_in, "n_out": n_out}
        for one, (n_in, n_out) in zip(layers, pairwise(sizes), strict=True)
    ]
    found = in_javascript(
        f"""(() => {{
            const layers = {json.dumps(given)}, states = layers.map(() => ({{ W: {{}}, b: {{}} }}));
            const losses = [1, 2].map(() => {{
                const {{ loss, grads }} = lossAndGradients(
                    layers, unitOf("{unit}"), {json.dumps(X.tolist())}.flat(),
                    {json.dumps(y.tolist())});
                layers.forEach((one, l) => ["W", "b"].forEach((part) => RULES["{rule}"](
                    one[part], grads[l][part], {rate}, states[l][part])));
                return loss;
            }});
            return {{ layers, losses }};
        }})()"""
    )
    optimizer = playground.RULES[rule]()
    for theirs in found["losses"]:
        np.testing.assert_allclose(theirs, net.forward(X, y), rtol=1e-12)
        optimizer.step(net.params, net.backward(), rate)
    for theirs, ours in zip(found["layers"], layers, strict=True):
        np.testing.assert_allclose(theirs["W"], ours.W.ravel(), rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(theirs["b"], ours.b, rtol=1e-11, atol=1e-14)


def test_a_run_that_leaves_the_numbers_is_refused_in_the_page_too():
    figure = widgets.Playground()
    wild = {**figure.values, "unit": "ReLU", "rate": 1e300, "epoch": 20}
    asked = f"FIGURES.playground.outcome({json.dumps(wild)}, {json.dumps(figure.data)})"
    assert in_javascript(asked) == figure.compute(**wild)


def test_random_numbers_are_the_same_and_look_random():
    ours = Draws(7)
    theirs = in_javascript(
        "(() => { const d = draws(7); return [d.uniform(5), d.normal(7), d.order(9)]"
        ".map((list) => Array.from(list)); })()"
    )
    for their, our in zip(theirs, [ours.uniform(5), ours.normal(7), ours.order(9)], strict=True):
        np.testing.assert_allclose(their, our, rtol=1e-12)
    many = Draws(0).normal(20_000)
    assert abs(many.mean()) < 0.03 and abs(many.std() - 1) < 0.03
    counts, _ = np.histogram(Draws(1).uniform(20_000), bins=20, range=(0, 1))
    assert counts.min() > 850 and counts.max() < 1150


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_page_says_what_python_says(name, rng):
    figure = EXPLORERS[name]()
    asked = [drawn(figure.controls, rng) for _ in range(5)]
    found = [{**values, **figure.compute(**values)} for values in asked]
    said = in_javascript(
        f"{json.dumps(found)}.map((f) => filled({json.dumps(figure.data['labels'])}[f.says], f, "
        f"{json.dumps(figure.formats)}))"
    )
    for values, words in zip(asked, said, strict=True):
        assert words == figure.set(**values).said
        assert not re.search(r"[{}]", words)


FORMS = [".1f", ".2f", ".3f", ".2t", ".3t", ".2g", ".3g", ".4g", ".5g"]


def test_numbers_are_written_alike(rng):
    numbers = [0, -0.0, 0.125, 0.375, -2.5, 0.5, 1.5, 1125, 1.0, 99999, 100000, 0.001, 0.0009995]
    numbers += [*rng.normal(size=300), *10.0 ** rng.uniform(-30, 30, 300)]
    numbers += [*rng.integers(-4096, 4096, 300) / 64, *(rng.integers(0, 10**6, 100) / 1000)]
    pairs = [(float(x), form) for x in numbers for form in FORMS if abs(x) < 1e15]
    pairs += [(int(n), ",") for n in 10 ** rng.uniform(0, 12, 100)]
    written = in_javascript(f"{json.dumps(pairs)}.map(([x, form]) => shown(x, form))")
    for (x, form), words in zip(pairs, written, strict=True):
        assert words == number(x, form), (x, form)
    assert in_javascript("[NaN, 1 / 0, -1 / 0].map((x) => shown(x))") == ["?", "∞", "−∞"]
    assert [number(x) for x in (np.nan, np.inf, -np.inf)] == ["?", "∞", "−∞"]


def test_the_boxes_of_the_stepper_say_the_same_in_python_and_in_the_page(rng):
    numbers = [0.0, 1.0, -2.5, 0.3, 1e5, 99999.0, -123456.0, 5.1e-5, -1e-4, 0.0004, 0.0006, 1 / 3]
    numbers += [*rng.normal(size=100), *10.0 ** rng.uniform(-8, 8, 100)]
    script = f"{json.dumps([*map(float, numbers)])}.map(short)"
    written = in_javascript(script, widgets.Stepper.scripts)
    assert written == [drawing.short(float(x)) for x in numbers]


@pytest.mark.parametrize(
    "value, form, words",
    [(-0.0004, ".3f", "0.000"), (-2.5, ".1f", "−2.5"), (8.6432e5, ".3g", "8.64·10⁵"),
     (2.5e-7, ".2g", "2.5·10⁻⁷"), (12345678, ",", "1.23·10⁷"), (740, ",", "740"),
     (1.5e39, ".3f", "1.5·10³⁹"), (1234, ",", "1\u202f234"), ("tanh", ".3f", "tanh"),
     (2.0, ".3t", "2"), (-1 / 3, ".3t", "−0.333"), (5.1e-5, ".3t", "5.1·10⁻⁵"), (-0.0, ".4g", "0"),
     (0.005, ".2t", "0.01"), (-1e5, ".2t", "−1·10⁵"), (True, ".3f", "True")],
)  # fmt: skip
def test_a_number_is_written_as_people_do(value, form, words):
    assert number(value, form) == words
    assert in_words({"x": value}, {"x": form}) == {"x": words}


@pytest.mark.parametrize(
    "value, form, words",
    [(-0.5, ".4g", "-0.5"), (1e-5, ".4g", "1e-05"), (-0.0, ".4g", "0"), (-0.001, ".2f", "0.00"),
     (-0.126, ".2t", "-0.13"), (2.0, ".2t", "2"), (np.float32(0.1), ".4g", "0.1"),
     (-np.inf, ".4g", "-inf"), (np.nan, ".4g", "nan"), (np.int64(-3), ".6g", "-3")],
)  # fmt: skip
def test_a_number_beside_code_is_written_as_python_does(value, form, words):
    assert number(value, form, typed=True) == words


def test_a_formula_is_mathml_that_the_page_fills():
    shape = mathml.math(r"\slope{\delta^{(2)}_i}=\frac{<up>}{2}\cdot<slope!>")
    assert "<msubsup>" in shape and "<mfrac><mrow><mn>{up}</mn></mrow><mrow>" in shape
    filled = in_javascript(f"filled({json.dumps(shape)}, {{up: -1.5, slope: -0.25}})")
    assert "<mn>−1.5</mn>" in filled and "<mn>(−0.25)</mn>" in filled
    with pytest.raises(ValueError, match=r"\\integral in"):
        mathml.math(r"\integral x")
    with pytest.raises(ValueError, match="expected }"):
        mathml.math("x^{2")
    minus = "<mo form='prefix'>\N{MINUS SIGN}</mo>"  # of what follows; between two it has room
    assert mathml.inside("-a").startswith(minus) and minus in mathml.inside("f(-a)=-b")
    assert minus not in mathml.inside("a-b")
    assert "lspace" in mathml.inside("f'")  # a prime does not touch its letter
    assert mathml.rich("a < $x$") == f"a &lt; {mathml.math('x')}"


def test_round_numbers_stand_at_an_axis():
    asked = {
        "[-6, 6], false, 7": "−6 −4 −2 0 2 4 6",
        "[2.0001, 2.0004], false, 3": "2.0001 2.0002 2.0003 2.0004",
        "[1e-4, 10], true, 9": "10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 10⁰ 10¹",
    }
    for arguments, labels in asked.items():
        found = in_javascript(f"ticks({arguments}).map(([, label]) => label)")
        assert " ".join(found) == labels


@pytest.mark.parametrize("name", a_part(EXPLORERS, every=2))
def test_every_figure_is_one_file(name, tmp_path):
    figure = EXPLORERS[name]()
    page = figure.to_html(tmp_path / "figure.html", title="<mine>").read_text(encoding="utf-8")
    assert "&lt;mine&gt;" in page and "<noscript><img" in page
    bare = page.replace("http://www.w3.org/2000/svg", "")
    assert "://" not in bare and 'type="module"' not in page and "export " not in page
    assert text(f"widgets.title_{figure.figure}") in figure.to_html(tmp_path / "b.html").read_text()


def test_in_jupyterlab_a_hand_is_followed_once_and_python_too():
    render = re.sub("KIND|MOUNT|STATE", lambda found: {"MOUNT": "mount"}.get(found[0], "x"), RENDER)
    followed = in_javascript(
        """await (async () => {
            const drawn = [], tell = [], kept = {x: 1}, saved = [];
            const model = {
                get: (name) => kept[name], on: (_, act) => tell.push(act),
                save_changes: () => saved.push(kept.x),
                set: (name, now) => { kept[name] = now; tell.forEach((act) => act()); },
            };
            const el = {classList: {add() {}}, addEventListener() {}};
            globalThis.mount = (_, data, state, changed) => {
                globalThis.hand = (now) => { drawn.push(now); changed(now); };
                return {set: (now) => drawn.push(now), stop() {}};
            };
            const rest = () => new Promise((next) => setTimeout(next, 5));
            figure.render({model, el});
            hand(2);
            hand(3);
            saved.push("the picture");
            await rest();
            model.set("x", 4);
            hand(5);
            await rest();
            return [drawn, saved];
        })()""",
        render.replace("export default", "const figure ="),
    )
    assert followed == [[2, 3, 4, 5], ["the picture", 3, 5]]


def test_every_figure_has_its_script():
    figures = {make().figure for make in EXPLORERS.values()}
    assert figures == set(in_javascript("Object.keys(FIGURES)"))
    known = vars(widgets).values()
    explorers = [
        one for one in known if isinstance(one, type) and issubclass(one, explorer.Explorer)
    ]
    assert figures == {one.figure for one in explorers}
