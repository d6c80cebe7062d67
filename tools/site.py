"""The maintainers' tool that builds the course's site from the committed notebooks, offline.

``python -m tools.site`` writes ``build/site``: it lays the lessons, exercises and documents out for
Sphinx in ``build/source``, with guesses that are judged in the page, figures that are played
without a kernel, and nothing that asks another host; then Sphinx builds, and a warning is an error.
"""

import argparse
import base64
import json
import re
import shutil
import subprocess
import sys
import tomllib
from html import escape
from pathlib import Path

from bpcourse import widgets
from bpcourse.diagnosis import catalogue
from bpcourse.questions.bank import all_questions
from bpcourse.questions.judging.posed import pose
from bpcourse.questions.result import HINTS
from bpcourse.text import text
from bpcourse.widgets import drawing, explorer, stepper
from bpcourse.widgets.html import FIGURE, classic, style
from tools.notebooks import dumps, read

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PREDICT = re.compile(r"""predict\(\s*["']([\w.]+)["']""")
ABOUT = re.compile(r"^\*About .*$", flags=re.M)  # the minutes, and what a lesson needs
ASIDE = re.compile(  # where to write a guess in a notebook
    r" ?\*?\(?Write your (?:guess|number)[^.*]*(?:dots|cell)[^.]*\.(?: Then run[^.]*\.)?\)?\*?"
)
FOLD = re.compile(r"(?<=</summary>)(.*\$.*)(?=</details>)")  # in one line: HTML, not Markdown
MODULES = (
    "activations datasets diagnosis gradcheck graph indexwise layers losses network notation "
    "optimizers questions training widgets"
).split()


def lay_out(source):
    """Everything that Sphinx reads, in the folder ``source``."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS, source)
    static = source / "_static"
    for folder in ("lectures", "exercises"):
        (source / folder).mkdir()
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            notebook = read(path)
            make = lesson if folder == "lectures" else exercise
            make(notebook, path.stem, static)
            (source / folder / path.name).write_text(dumps(notebook), encoding="utf-8")
    for path in (ROOT / "lectures").glob("*.pdf"):
        shutil.copy(path, source / "lectures")
    page = (ROOT / "lectures" / "README.md").read_text(encoding="utf-8")
    page = re.sub(r"```mermaid\n.*?```", "", page, flags=re.S)
    page = _links(page, ROOT / "lectures")
    (source / "lectures" / "map.md").write_text(page, encoding="utf-8")
    for path in DOCS.rglob("*.md"):
        page = _links(path.read_text(encoding="utf-8"), path.parent)
        (source / path.relative_to(DOCS)).write_text(page, encoding="utf-8")
    (source / "mistakes.md").write_text(mistakes(), encoding="utf-8")
    (source / "reference.md").write_text(reference(), encoding="utf-8")
    scripts(static)


def scripts(static):
    """The figures' own scripts and styles, as plain files for every page."""
    parts = {
        "stepper": (widgets.Stepper.scripts, style("stepper")),
        "pad": (widgets.DigitPad.scripts, style("pad")),
        "figure": (explorer.page(*explorer.NAMES), style("explorer")),
    }
    for name, (module, css) in parts.items():
        script = classic(module)
        mount = (DOCS / "_static" / f"mount_{name}.js").read_text(encoding="utf-8")
        (static / f"{name}.js").write_text(f"(() => {{{script}\n{mount}}})();\n", encoding="utf-8")
        (static / f"{name}.css").write_text(css, encoding="utf-8")
    for name, data in (("Stepper", stepper.common()), ("Pad", widgets.DigitPad().data)):
        line = f"window.bpc{name} = {json.dumps(data)};\n"
        (static / f"{name.lower()}_data.js").write_text(line, encoding="utf-8")


def lesson(notebook, stem, static):
    """A lesson as a page: guesses with a box and a button, figures live, pictures described."""
    cells, here = [], f'<p class="bpc-here">{text("site.here")}</p>'
    notebook.cells[0].source = ABOUT.sub(rf"\g<0>\n\n{here}", notebook.cells[0].source)
    for cell in notebook.cells:
        found = PREDICT.search(cell.source) if cell.cell_type == "code" else None
        if found and "..." in cell.source:
            cells.append(_markdown(cell, guess_box(found[1], stem)))
            continue
        if cell.cell_type == "markdown":
            source = FOLD.sub(_folded, ASIDE.sub(_rest, cell.source))
            cell.source = source.replace("′(", "′\N{WORD JOINER}(")  # no line ends within σ′(z)
        else:
            if ".reveal(" in cell.source:
                cell.metadata["tags"] = ["bpc-reveal", "remove-input"]
            _outputs(cell, stem, static)
        cells.append(cell)
    notebook.cells = cells


def _rest(aside):
    """What stays of an aside: the end of italics that began before it."""
    return "*" if aside[0].endswith("*") and not aside[0].startswith(("*", " *")) else ""


def _folded(fold):
    return f'<span class="mathjax_process">{_formulas(fold[0])}</span>'


def _formulas(html):
    """HTML with the formulas as MathJax looks for them."""
    return re.sub(r"\$([^$]+)\$", r"\\(\1\\)", html)


def exercise(notebook, stem, static):
    """An exercise as a page: tasks and hints to read; answers are given in JupyterLab."""
    marking = next(
        (n for n, cell in enumerate(notebook.cells) if cell.source.startswith("## For marking")),
        len(notebook.cells),
    )
    questions = {question.id: question for question in all_questions()}
    cells = []
    for cell in notebook.cells[:marking]:
        asked = re.match(r'ask\("([\w.]+)"\)$', cell.source)
        checked = re.match(r'check\("([\w.]+)"', cell.source)
        if cell.cell_type == "code" and asked:
            cells.append(_markdown(cell, _asked(questions[asked[1]])))
        elif cell.cell_type == "code" and checked:
            cells.append(_markdown(cell, _hints(questions[checked[1]])))
        elif cell.cell_type == "markdown" or "progress(" not in cell.source:
            cells.append(cell)
    notebook.cells = cells


def guess_box(id, stem):
    """The box for a guess, with what the page must know to judge it."""
    lesson = stem[3:]
    path = ROOT / "bpcourse" / "text" / "en" / f"{lesson}.toml"
    entry = tomllib.loads(path.read_text(encoding="utf-8")).get("prediction", {}).get(id, {})
    known = {key: entry.get(key) for key in ("answer", "form")} | {"wrong": entry.get("wrong", {})}
    hidden = base64.b64encode(json.dumps(known).encode()).decode()  # not to be read by the way
    labels = {key: text(f"site.{key}") for key in ("right", "other", "said")}
    return (
        f'<form class="bpc-guess mathjax_process" data-id="{id}" data-known="{hidden}" '
        f'data-labels="{escape(json.dumps(labels))}">'
        f'<label>{escape(text("site.guess"))} <input name="guess" autocomplete="off"></label> '
        f"<button>{escape(text('site.look'))}</button> "
        f'<button type="button" class="skip">{escape(text("site.skip"))}</button>'
        '<p role="status"></p></form>'
    )


def mistakes():
    """The catalogue of mistakes as a page."""
    lines = ["# The catalogue of mistakes", "", text("site.mistakes"), ""]
    for mistake in catalogue.mistakes():
        cure = f"[lesson {mistake.cure[:2]}](lectures/{mistake.cure}.ipynb)"
        lines += [f"## {mistake.words}", "", mistake.hint, ""]
        lines += [f"*In code:* {mistake.look}  ", f"*In numbers:* {mistake.numbers}  "]
        lines += [f"*Read again:* {cure}, “{mistake.section}”", ""]
    return "\n".join(lines)


def reference():
    """The API reference: the package's public modules."""
    blocks = [
        f"```{{eval-rst}}\n.. automodule:: bpcourse.{name}\n   :members:\n```" for name in MODULES
    ]
    heads = [f"## bpcourse.{name}\n\n{block}" for name, block in zip(MODULES, blocks, strict=True)]
    return "\n\n".join(["# API reference", *heads]) + "\n"


# What the theme and myst-nb write that a screen reader stumbles over, and what is better:
# names that are not the words in view, the corner of a table, a logo outside of every landmark.
TIDY = {
    '<summary aria-label="Toggle hidden content">': "<summary>",
    'search-button-field search-button__button pst-js-only" title="Search" aria-label="Search"': (
        'search-button-field search-button__button pst-js-only"'
    ),
    '<div id="pst-primary-sidebar"': (
        f'<div id="pst-primary-sidebar" role="complementary" aria-label="{text("site.sidebar")}"'
    ),
}


CORNER = re.compile(r"<th( [^>]*)?>(?:<p></p>)?</th>")
SEARCHES = re.compile(r'<script src="(?=[^"]*(?:searchtools|language_data|searchindex)\.js)')
ICONS = re.compile(r'<script defer src="[^"]*fontawesome\.js[^"]*"></script>')


def tidy(out):
    """Mend the pages that Sphinx wrote, and show words first, then formulas, icons last."""
    for path in out.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        for theirs, ours in TIDY.items():
            page = page.replace(theirs, ours)
        page = CORNER.sub(r"<td\1></td>", page)
        page = SEARCHES.sub('<script defer src="', page)
        for icons in ICONS.findall(page):
            page = page.replace(icons, "").replace("</body>", f"{icons}\n</body>")
        path.write_text(page, encoding="utf-8")


def _asked(question):
    posed = pose(question, 0)
    values = {name: _shown(value) for name, value in posed.inputs.items()}
    lines = [text(f"question.{question.id}.task", **values), ""]
    for letter, option in posed.labels.items():
        lines.append(f"- **{letter}**  " + text(f"question.{question.id}.{option}", **values))
    return "\n".join(lines)


def _shown(value):
    from bpcourse.questions.asking import _in_text

    return _in_text(value)


def _hints(question):
    if question.recorded:
        return text("site.recorded")
    hints = [text(f"question.{question.id}.hint_{number}") for number in range(1, HINTS + 1)]
    return "\n\n".join(
        f"<details><summary>{escape(text('ask.hint', number=number, count=HINTS))}</summary>"
        f"\n\n{hint}\n\n</details>"
        for number, hint in enumerate(hints, 1)
    )


def _markdown(cell, source):
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(source, id=cell["id"])


def _outputs(cell, stem, static):
    """The outputs as HTML of our own: pictures as files, with their words; figures to be played."""
    kept = []
    for number, output in enumerate(cell.get("outputs", [])):
        data = output.get("data", {})
        about = output.get("metadata", {})
        if "image/png" in data:
            name = f"{stem}-{cell['id']}-{number}.png"
            (static / "figures").mkdir(exist_ok=True)
            (static / "figures" / name).write_bytes(base64.b64decode(data["image/png"]))
            said = about.get("image/png", {})
            size = "".join(f' {key}="{said[key]}"' for key in ("width", "height") if key in said)
            alt = escape(said.get("alt", data.get("text/plain", "")))
            wide = f' style="--wide: {said["width"]}px"' if "width" in said else ""
            source = f'src="../_static/figures/{name}" alt="{alt}"{size}'
            image = f'<img class="dark-light" {source}>'
            picture = f'<figure class="bpc-picture"{wide}>{image}</figure>'
            live = _figure(data[FIGURE], picture) if FIGURE in data else picture
            kept.append(_html(output, live))
        elif FIGURE in data:
            kept.append(_html(output, _figure(data[FIGURE], data["image/svg+xml"])))
        elif "image/svg+xml" in data:
            alt = escape(about.get("image/svg+xml", {}).get("alt", ""))
            svg = data["image/svg+xml"]
            kept.append(
                _html(output, f'<div class="bpc-still" role="img" aria-label="{alt}">{svg}</div>')
            )
        elif data.get("text/markdown", "").startswith("<small>"):
            kept.append(_html(output, _caption(data["text/markdown"])))
        else:
            if "text/html" in data:  # Sphinx follows no link here
                page = _formulas(data["text/html"].replace(".ipynb", ".html"))
                data["text/html"] = page.replace("<table", '<table class="table mathjax_process"')
            kept.append(output)
    if cell.cell_type == "code":
        cell.outputs = kept


def _figure(figure, still):
    """A figure that its script plays; without scripts its still picture."""
    kind, content = next(iter(figure.items()))
    if kind == "stepper":
        content = {"program": content, "svg": drawing.svg(content, alone=False)}
    data = escape(json.dumps(content))
    names = (f"{kind}.js",) if kind == "figure" else (f"{kind}_data.js", f"{kind}.js")
    loads = "".join(f'<script defer src="../_static/{name}"></script>' for name in names)
    live = (
        f'<div class="bpc-{kind} bpc-live" data-figure="{data}"><noscript>{still}</noscript></div>'
    )
    return live + loads


def _caption(words):
    """What a figure says below it: Markdown's emphasis and formulas as HTML."""
    words = escape(re.sub(r"</?small>", "", words), quote=False)
    words = _formulas(words)
    parts = re.split(r"(\\\(.*?\\\))", words)  # an asterisk in a formula is none
    parts[::2] = [re.sub(r"\*([^*]+)\*", r"<em>\1</em>", part) for part in parts[::2]]
    return f'<p class="bpc-caption mathjax_process">{"".join(parts)}</p>'


def _html(output, html):
    output = output.copy()
    output.update(output_type="display_data", data={"text/html": html}, metadata={})
    output.pop("execution_count", None)
    return output


def _links(page, home):
    """Links to the repository's files lead to the site's pages, or become plain words.

    ``home`` is the folder in which the page stands in the repository.
    """

    def link(found):
        words, target = found.groups()
        path, _, anchor = target.partition("#")
        if not path or ":" in path:
            return found[0]
        there = (home / path).resolve()
        if there == ROOT / "lectures" / "README.md":
            there = ROOT / "lectures" / "map.md"
        elif there.is_relative_to(DOCS):
            return found[0]
        elif there.parent not in (ROOT / "lectures", ROOT / "exercises") or not there.suffix:
            return words
        return f"[{words}](/{there.relative_to(ROOT)}{'#' + anchor if anchor else ''})"

    return re.sub(r"\[([^][]+)\]\(([^() ]+)\)", link, page)


def main(argv=None):
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="where to")
    out = parser.parse_args(argv).out
    source = out.parent / "source"
    lay_out(source)
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    status = subprocess.run([*command, str(source), str(out)], check=False).returncode
    tidy(out)
    return status


if __name__ == "__main__":
    sys.exit(main())
