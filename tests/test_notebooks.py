"""The lessons as files, the pipeline that writes them, and nbval, which must go red on a fault."""

import base64
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks

ROOT = Path(__file__).parents[1]
EXECUTED = sorted([*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])


@pytest.fixture(params=EXECUTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def notebook(request):
    """Each committed lesson and solution in turn."""
    return notebooks.read(request.param)


# --- the committed notebooks ------------------------------------------------------------------


def test_it_is_executed_and_fit_to_be_read(notebook):
    assert notebooks.faults(notebook) == []


def test_it_is_as_the_pipeline_writes_it(request, notebook):
    path = request.node.callspec.params["notebook"]
    text = path.read_text(encoding="utf-8")
    assert notebooks.dumps(notebooks.normalise(notebook)) == text, "run make notebooks"
    nbformat.validate(notebook)


def test_it_fetches_nothing_and_names_no_machine(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not re.search(r"https?://|localhost|127\.0\.0\.1", cell.source)
        else:  # a link may lead out; a picture must be here
            assert not re.search(r"!\[[^]]*\]\(\w+:|<(img|script|iframe)\b[^>]*//", cell.source)
        assert "path of this machine" not in dict(notebooks.of_one_run(cell.source))


@pytest.mark.slow
@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_executed_anew_it_stays_as_it_is(path):
    unchanged, line = notebooks.process(path, check=True)
    assert unchanged, line


# --- the pipeline -----------------------------------------------------------------------------

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n"
    + b"\0\0\0\x04tEXtnote\0\0\0\0"
    + b"\0\0\0\x02IDAT\x01\x02\0\0\0\0"
    + b"\0\0\0\0IEND\0\0\0\0"
).decode()


def _example():
    """A notebook as an editor may leave it."""
    shown = {notebooks.WIDGET: {"model_id": "1f"}, "text/plain": "a slider", "image/png": PNG}
    streams = [new_output("stream", name="stdout", text=text) for text in ("on", "e\n")]
    cells = [
        new_markdown_cell("# Title", id="title", metadata={"scrolled": True}),
        new_code_cell("1", id="twin", execution_count=7, metadata={"tags": ["C29"]}),
        new_code_cell("1", id="other", execution_count=None),
        new_code_cell("2", id="last", execution_count=3, metadata={"execution": {"a": "now"}}),
    ]
    cells[1].outputs = [new_output("execute_result", {"text/plain": "1"}, execution_count=7)]
    cells[3].outputs = streams + [new_output("display_data", shown)]
    notebook = new_notebook(cells=cells, metadata={"widgets": {}})
    notebook.cells[2]["id"] = "twin"  # a cell that was copied
    return notebook


def test_normalising_removes_what_differs_from_run_to_run():
    normal = notebooks.normalise(_example())
    assert normal.metadata == {"kernelspec": notebooks.KERNEL}
    assert [cell.execution_count for cell in normal.cells[1:]] == [1, None, 2]
    assert normal.cells[1].outputs[0].execution_count == 1
    assert [dict(cell.metadata) for cell in normal.cells] == [{}, {"tags": ["C29"]}, {}, {}]
    stream, shown = normal.cells[3].outputs
    assert stream.text == "one\n"
    assert set(shown.data) == {"text/plain", "image/png"}
    png = base64.b64decode(shown.data["image/png"])
    assert b"tEXt" not in png and b"\x02IDAT\x01\x02" in png and png.endswith(b"IEND\0\0\0\0")


def test_cell_ids_stay_and_new_ones_come_from_the_text():
    normal = notebooks.normalise(_example())
    ids = [cell.id for cell in normal.cells]
    assert ids[:2] == ["title", "twin"] and ids[3] == "last"
    assert len(set(ids)) == 4
    assert [cell.id for cell in notebooks.normalise(_example()).cells] == ids


def test_what_the_site_folds_is_folded_in_jupyterlab():
    notebook = _example()
    notebook.cells[1].metadata["tags"] = ["hide-input", "hide-output"]
    normal = notebooks.normalise(notebook)
    assert normal.cells[1].metadata.jupyter == {"source_hidden": True}
    assert normal.cells[1].source == "1"
    assert "jupyter" not in normal.cells[2].metadata


def test_the_line_of_a_folded_reveal_that_stays_in_view_tells_nothing():
    notebook = _example()
    notebook.cells[1].source = "guess.reveal(x * y)"
    assert notebooks.normalise(notebook).cells[1].source == "guess.reveal(x * y)"
    notebook.cells[1].metadata["tags"] = ["hide-input"]
    normal = notebooks.normalise(notebook)
    assert normal.cells[1].source == f"{notebooks.FIRST_LINE}\nguess.reveal(x * y)"
    assert notebooks.dumps(notebooks.normalise(normal)) == notebooks.dumps(normal)


def test_normalising_twice_changes_nothing():
    normal = notebooks.normalise(_example())
    assert notebooks.dumps(notebooks.normalise(normal)) == notebooks.dumps(normal)


@pytest.fixture
def write(tmp_path):
    """Writes a notebook of the given code cells (source, or source and tags); returns its path."""

    def write(*cells, name="lesson.ipynb"):
        cells = [cell if isinstance(cell, tuple) else (cell, []) for cell in cells]
        cells = [new_code_cell(code, metadata={"tags": labels}) for code, labels in cells]
        path = tmp_path / name
        path.write_text(notebooks.dumps(new_notebook(cells=cells)), encoding="utf-8")
        return path

    return write


FIGURE = """
import matplotlib.pyplot as plt
from IPython.display import display
fig, ax = plt.subplots()
ax.plot([1, 2])
plt.close(fig)
display(fig, metadata={"image/png": {"alt": "a rising line"}})
"""


def test_run_twice_the_pipeline_changes_nothing_and_check_says_so(write):
    path = write("print(hash('a'))", FIGURE, "import pathlib; pathlib.Path('here').touch()")
    assert notebooks.main(["--check", str(path)]) == 1  # it has never been executed
    assert notebooks.main([str(path)]) == 0
    first = path.read_bytes()
    assert b"image/png" in first and (path.parent / "here").exists()  # it ran in its own folder
    assert notebooks.main([str(path)]) == 0
    assert path.read_bytes() == first
    assert notebooks.main(["--check", str(path)]) == 0


def test_a_volatile_cell_keeps_its_output_until_its_source_changes_or_it_is_asked(write):
    labels = ["volatile", "nbval-ignore-output"]
    path = write(("import time; print(time.time_ns())", labels))

    def shown(refresh=False):
        assert notebooks.process(path, refresh=refresh)[0]
        return notebooks.read(path).cells[0].outputs[0].text

    first = shown()
    assert shown() == first
    refreshed = shown(refresh=True)
    assert refreshed != first and shown() == refreshed
    path.write_text(path.read_text(encoding="utf-8").replace("time_ns())", "time_ns() + 0)"))
    assert shown() != refreshed


@pytest.mark.parametrize(
    "code, labels, complaint",
    [
        ("1 / 0", [], "ZeroDivisionError"),
        ("import sys; print('hm', file=sys.stderr)", [], "cell 0 writes to stderr: hm"),
        ("object()", [], "memory address"),
        ("import sys; print(sys.executable)", [], "path of this machine"),
        (FIGURE.replace('"alt"', '"width"'), [], "without alternative text"),
        ("1", ["volatile"], "nbval-ignore-output"),
        ("1", ["raises-exception"], "raises nothing"),
        ("import os; os._exit(1)", [], "Kernel died"),
    ],
)
def test_the_pipeline_refuses_a_cell_that_is_not_fit_and_writes_nothing(
    write, code, labels, complaint
):
    path = write((code, labels))
    before = path.read_bytes()
    success, line = notebooks.process(path)
    assert not success and complaint in line
    assert path.read_bytes() == before


def test_a_path_of_this_machine_is_known_wherever_the_checkout_lies(monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/elsewhere/course/.venv")
    ours = ["run by /elsewhere/course/.venv/bin/python", f"read from {ROOT}/README.md"]
    for text in [*ours, r"C:\Users\Ada", r"'D:\\my course\\x.py'"]:
        assert [what for what, _ in notebooks.of_one_run(text)] == ["path of this machine"]
    for text in ("weights/biases and other/elsewhere/course", r"$\mathcal L:\text{one number}$"):
        assert not list(notebooks.of_one_run(text))


def test_the_pipeline_ends_a_hanging_cell(write, monkeypatch):
    monkeypatch.setattr(notebooks, "CELL_TIMEOUT", 2)
    success, line = notebooks.process(write("import time; time.sleep(600)"))
    assert not success and "timed out" in line


def test_an_expected_exception_is_kept_without_its_traceback(write):
    path = write(("1 / 0", ["raises-exception"]))
    assert notebooks.process(path)[0]
    assert notebooks.read(path).cells[0].outputs[0].traceback == [
        "ZeroDivisionError: division by zero"
    ]


# --- nbval, as make test runs it ----------------------------------------------------------------


def _shows(number, text):
    def edit(notebook):
        notebook.cells[number].outputs = [new_output("stream", name="stdout", text=text)]

    return edit


def _raises(notebook):
    notebook.cells[0].metadata["tags"] = ["raises-exception"]
    notebook.cells[0].outputs = [new_output("error", ename="KeyError", evalue="1")]


STUBBORN = """import time
while True:
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        pass"""
UNDER_NBVAL = {  # its cells, how the executed notebook is edited, and what becomes of each cell
    "good": (["x = 1", "print(x)"], _shows(1, "1\n"), "passed passed"),
    "a wrong output": (["x = 1", "print(x)"], _shows(1, "2\n"), "passed failure"),
    "no longer raises": (["{1: 1}[1];"], _raises, "failure"),
    "warns": (["import warnings; warnings.warn('hm')"], None, "failure"),
    "stops where it fails": (
        ["x = 1", "y = 1 / 0", "print(y)", "assert False"],
        None,
        "passed failure skipped skipped",
    ),
}
HANGING = {
    "hangs": (["import time; time.sleep(600)", "x = 1"], None, "failure skipped"),
    "will not be interrupted": ([STUBBORN, "x = 1"], None, "failure skipped"),
}


@pytest.fixture(scope="module")
def nbval(tmp_path_factory):
    """Runs nbval on notebooks in one fresh pytest: {notebook: [what became of a cell, …], …}."""

    def nbval(given, timeout):
        folder = tmp_path_factory.mktemp("nbval")
        for name, (sources, edit, _) in given.items():
            notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
            for count, cell in enumerate(notebook.cells, start=1):
                cell.execution_count = count
            if edit:
                edit(notebook)
            written = notebooks.dumps(notebooks.normalise(notebook))
            (folder / f"{name}.ipynb").write_text(written, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", f"--rootdir={ROOT}", f"--confcutdir={ROOT}"]
        command += ["-c", ROOT / "pyproject.toml", "-p", "conftest", "-p", "no:cacheprovider"]
        command += ["-p", "no:hypothesispytest", f"--nbval-cell-timeout={timeout}", "-o"]
        command += ["junit_family=xunit1", f"--junitxml={folder / 'cells.xml'}", folder]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 1, run.stdout
        found: dict = {name: [] for name in given}
        for cell in ElementTree.parse(folder / "cells.xml").iter("testcase"):
            found[Path(cell.attrib["file"]).stem].append(cell)
        return found

    return nbval


@pytest.fixture(scope="module")
def cells(nbval):
    """Of every notebook what became of its cells: those that hang have two seconds to do so."""
    with ThreadPoolExecutor() as side_by_side:
        found = side_by_side.map(nbval, (UNDER_NBVAL, HANGING), (60, 2))
    return dict(one for part in found for one in part.items())


@pytest.mark.parametrize("name", UNDER_NBVAL | HANGING)
def test_nbval_passes_what_is_right_and_stops_at_the_first_fault(cells, name):
    outcomes = [next((part.tag for part in cell), "passed") for cell in cells[name]]
    assert " ".join(outcomes) == (UNDER_NBVAL | HANGING)[name][-1]
    if name in HANGING:
        assert "Timeout of 2 seconds" in ElementTree.tostring(cells[name][0], "unicode")


def test_a_cell_may_run_for_a_minute(pytestconfig):
    assert pytestconfig.getoption("--nbval") and not pytestconfig.getoption("--nbval-lax")
    assert pytestconfig.getoption("--nbval-cell-timeout") == notebooks.CELL_TIMEOUT


def test_a_maintainers_own_guesses_stay_out_of_what_is_committed(tmp_path):
    guesses = {"predictions": {"error_signals.output_push": [0.5]}}
    (tmp_path / "bpcourse.json").write_text(json.dumps(guesses), encoding="utf-8")
    source = 'from bpcourse import predict\nguess = predict("error_signals.output_push", ...)'
    notebook = new_notebook(cells=[new_code_cell(source, id="guess")])
    (tmp_path / "lesson.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    (cell,) = notebooks.execute(tmp_path / "lesson.ipynb").cells
    assert "0.5" not in cell.outputs[0].text
    assert json.loads((tmp_path / "bpcourse.json").read_text()) == guesses
