"""The figures with controls: the page computes and says what Python computes and says."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from bpcourse import widgets
from bpcourse.text import text
from bpcourse.widgets import explorer, mathml
from bpcourse.widgets.wording import in_words, shown
from tests.explorers import EXPLORERS

EPS = np.finfo(float).eps
DRAWS = 30  # of the controls' values, for each figure


def in_javascript(script):
    """What the page's scripts give for ``script``, or a skip without node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("NO JAVASCRIPT OUTSIDE A BROWSER, NOTHING TESTED: install nodejs")
    whole = f"{explorer.page(*explorer.NAMES)}\nconsole.log(JSON.stringify({script}));"
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
    return values


def rounding(figure, values, found):
    """How far rounding alone may take two computations apart, by the name of the number."""
    if figure == "chain" and "du" in found:  # differences of nearly equal numbers
        u, moved = abs(found["u"]), abs(found["moved"])
        du = 8 * EPS * max(u, moved, 1)
        steep = max(1, u, moved) ** 3 if values["outer"] == "u³" else 10 / min(u, moved, 1) ** 2
        df = 8 * EPS * steep + du * steep
        return {"du": du, "df": df, "ratio": df / values["ds"]}
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
            got = np.asarray(theirs[key], float)
            np.testing.assert_allclose(
                got, right, rtol=1e-12, atol=away.get(key, 1e-15), err_msg=f"{values} {key}"
            )


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


FORMS = [".1f", ".2f", ".3f", ".2g", ".3g", ".4g", ".5g"]


def test_numbers_are_written_alike(rng):
    numbers = [0, -0.0, 0.125, 0.375, -2.5, 0.5, 1.5, 1125, 1.0, 99999, 100000, 0.001, 0.0009995]
    numbers += [*rng.normal(size=300), *10.0 ** rng.uniform(-30, 30, 300)]
    numbers += [*rng.integers(-4096, 4096, 300) / 64, *(rng.integers(0, 10**6, 100) / 1000)]
    pairs = [(float(x), form) for x in numbers for form in FORMS if abs(x) < 1e15]
    pairs += [(int(n), ",") for n in 10 ** rng.uniform(0, 12, 100)]
    written = in_javascript(f"{json.dumps(pairs)}.map(([x, form]) => shown(x, form))")
    for (x, form), words in zip(pairs, written, strict=True):
        assert words == shown(x, form), (x, form)
    assert in_javascript("[NaN, 1 / 0, -1 / 0].map((x) => shown(x))") == ["?", "∞", "−∞"]
    assert [shown(x) for x in (np.nan, np.inf, -np.inf)] == ["?", "∞", "−∞"]


@pytest.mark.parametrize(
    "value, form, words",
    [(-0.0004, ".3f", "0.000"), (-2.5, ".1f", "−2.5"), (8.6432e5, ".3g", "8.64·10⁵"),
     (2.5e-7, ".2g", "2.5·10⁻⁷"), (12345678, ",", "1.23·10⁷"), (740, ",", "740"),
     (1234, ",", "1\u202f234"), ("tanh", ".3f", "tanh")],
)  # fmt: skip
def test_a_number_is_written_as_people_do(value, form, words):
    assert shown(value, form) == words
    assert in_words({"x": value}, {"x": form}) == {"x": words}


def test_a_formula_is_mathml_that_the_page_fills():
    shape = mathml.math(r"\slope{\delta^{(2)}_i}=\frac{<up>}{2}\cdot<slope!>")
    assert "<msubsup>" in shape and "<mfrac><mrow><mn>{up}</mn></mrow><mrow>" in shape
    filled = in_javascript(f"filled({json.dumps(shape)}, {{up: -1.5, slope: -0.25}})")
    assert "<mn>−1.5</mn>" in filled and "<mn>(−0.25)</mn>" in filled
    with pytest.raises(ValueError, match=r"\\integral in"):
        mathml.math(r"\integral x")
    with pytest.raises(ValueError, match="expected }"):
        mathml.math("x^{2")
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


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_figure_is_one_file(name, tmp_path):
    figure = EXPLORERS[name]()
    page = figure.to_html(tmp_path / "figure.html", title="<mine>").read_text(encoding="utf-8")
    assert "&lt;mine&gt;" in page and "<noscript><img" in page
    bare = page.replace("http://www.w3.org/2000/svg", "")
    assert "://" not in bare and 'type="module"' not in page and "export " not in page
    assert text(f"widgets.title_{figure.figure}") in figure.to_html(tmp_path / "b.html").read_text()


def test_every_figure_has_its_script():
    assert {make().figure for make in EXPLORERS.values()} == set(explorer.NAMES)
    assert issubclass(widgets.ActivationExplorer, explorer.Explorer)
