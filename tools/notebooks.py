r"""The maintainers' pipeline: execute the lessons and solutions, and normalise what git sees.

``python -m tools.notebooks`` executes every notebook of ``lectures`` and ``solutions``, or those
named, and writes back what has changed; ``--check`` writes nothing and fails where something would.
Run twice on one machine it changes nothing. A cell tagged ``volatile`` (a measured time) keeps its
committed output until its source changes or ``REFRESH=1`` asks.
"""

import argparse
import base64
import hashlib
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import partial
from pathlib import Path

import nbformat

from bpcourse.questions import record
from tools.made import put

ENVIRONMENT = {  # what a kernel that executes a lesson is given, here and in the tests
    "BPCOURSE_LANG": "en",
    "BPCOURSE_REVEALS": "open",  # what is committed holds the results
    "BPCOURSE_THEME": "none",  # and no style: the site has its own, other pages allow none
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT = 60  # seconds
KEPT_METADATA = ("tags", "jupyter", "jp-MarkdownHeadingCollapsed", "volatile", "nbgrader")
PNG_NOTES = {b"tEXt", b"zTXt", b"iTXt", b"tIME"}  # chunks that name the writer and the date
OF_ONE_RUN = {
    "memory address": [r"<[^<>]* at 0x[0-9a-f]{6,}>"],
    "path of this machine": [
        r"(?<![\w.])/(home|Users|root|tmp|work|mnt|opt|usr)/\w+",
        r"\b[A-Z]:\\{1,2}[\w .-]+\\",  # LaTeX has "L:\text", but no second backslash
    ],
}
FIRST_LINE = "# Run this cell after your guess."
WIDGET = "application/vnd.jupyter.widget-view+json"


def read(path):
    """The notebook at ``path``, as it stands there (nbformat.read would add random cell ids)."""
    return nbformat.v4.reads(Path(path).read_text(encoding="utf-8"))


def dumps(notebook):
    """The text of the notebook's file."""
    return nbformat.v4.writes(notebook) + "\n"


def tags(cell):
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def normalise(notebook):
    """A copy without what differs from run to run or from machine to machine. Idempotent."""
    notebook = deepcopy(notebook)
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    ids: set[str] = set()
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in KEPT_METADATA if key in cell.metadata}
        )
        _fold(cell)
        cell["id"] = _stable_id(cell, ids)
        ids.add(cell["id"])
        if cell.cell_type == "code":
            if cell.execution_count is not None:
                count += 1
                cell.execution_count = count
            cell.outputs = _normal_outputs(cell)
    return notebook


def _fold(cell):
    """A cell that the site folds, by the tag ``hide-input``, is folded in JupyterLab too.

    JupyterLab still shows its first line, so that of a reveal says when to run it, and not how the
    result is computed.
    """
    if cell.cell_type == "code" and "hide-input" in tags(cell):
        cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), "source_hidden": True}
        if ".reveal(" in cell.source and not cell.source.startswith("#"):
            cell.source = f"{FIRST_LINE}\n{cell.source}"


def _stable_id(cell, taken):
    """The cell's own id; for a new cell, or the copy of one, an id made from its text."""
    if cell.get("id") and cell["id"] not in taken:
        return cell["id"]
    for copy in range(len(taken) + 1):
        digest = _digest(f"{cell.cell_type}{cell.source}{copy or ''}")
        if digest not in taken:
            break
    return digest


def _digest(source):
    return hashlib.sha256(source.encode()).hexdigest()[:8]


def _normal_outputs(cell):
    outputs: list = []
    for output in cell.outputs:
        if output.output_type == "stream":
            last = outputs[-1] if outputs else {}
            if last.get("name") == output.name:  # where a stream is cut is a matter of timing
                last["text"] += output.text
                continue
        elif output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
        else:
            output.data.pop(WIDGET, None)
            if "image/png" in output.data:
                output.data["image/png"] = _bare_png(output.data["image/png"])
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            if not output.data:
                continue
        outputs.append(output)
    return outputs


def _bare_png(encoded):
    """The base64 PNG without the chunks that say what wrote it, and when."""
    data = base64.b64decode(encoded)
    kept, at = data[:8], 8  # the signature, then chunks: length, kind, data, checksum
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] not in PNG_NOTES:
            kept += data[at:end]
        at = end
    return base64.b64encode(kept).decode()


def faults(notebook):
    """What makes an executed notebook unfit to be committed, a line each: [] for a good one."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if cell.source.strip() and cell.execution_count is None:
            found.append(f"cell {number} was not executed")
        if "volatile" in tags(cell) and "nbval-ignore-output" not in tags(cell):
            found.append(f"cell {number} is volatile, and lacks the tag nbval-ignore-output")
        raised = any(output.output_type == "error" for output in cell.outputs)
        if "raises-exception" in tags(cell) and not raised:
            found.append(f"cell {number} has the tag raises-exception, and raises nothing")
        for output in cell.outputs:
            found += [f"cell {number} {fault}" for fault in _output_faults(output, tags(cell))]
    return found


def _output_faults(output, cell_tags):
    if output.output_type == "error":
        shown = output.evalue
        if "raises-exception" not in cell_tags:
            yield f"raises {output.ename}: {output.evalue}"
    elif output.output_type == "stream":
        shown = output.text
        if output.name == "stderr":
            yield f"writes to stderr: {shown.strip()}"
    else:
        shown = "\n".join(str(text) for kind, text in output.data.items() if "png" not in kind)
        for kind in output.data:
            if kind.startswith("image/") and not output.metadata.get(kind, {}).get("alt"):
                yield f"has a picture ({kind}) without alternative text: use figures.show"
    for what, words in of_one_run(shown):
        yield f"shows a {what}: {words}"


def of_one_run(text):
    """What in a text belongs to one run or one machine: pairs of what it is and the words."""
    here = {sys.prefix, str(Path.home()), str(Path(__file__).resolve().parents[1])} - {"/"}
    for what, patterns in OF_ONE_RUN.items():
        if "path" in what:  # a checkout may lie anywhere
            patterns = patterns + [re.escape(path) for path in sorted(here)]
        if match := re.search("|".join(patterns), text):
            yield what, match[0]


def apart_in(folder):
    """Settings that keep start-up files and the record of one's own work away from a kernel."""
    return {"IPYTHONDIR": folder, record.ELSEWHERE: str(Path(folder, record.NAME))}


def execute(path, refresh=False):
    """The notebook at ``path`` executed in its own folder by a fresh kernel, and normalised.

    RuntimeError for a cell that raises or hangs for a minute, and for what ``faults`` finds.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    before = normalise(read(path))
    client = NotebookClient(
        deepcopy(before),
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # it warns of TCP at each start
        resources={"metadata": {"path": str(Path(path).parent)}},
    )
    with tempfile.TemporaryDirectory() as own:  # no start-up files of who runs this, and no guesses
        environment = {**os.environ, **ENVIRONMENT, **apart_in(own)}
        try:
            after = client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise RuntimeError(str(error)) from None
    for old, new in zip(before.cells, after.cells, strict=True):
        if "volatile" in tags(new):
            source = _digest(new.source)
            if old.metadata.get("volatile") == source and not refresh:
                new.outputs = old.outputs
            new.metadata["volatile"] = source
    after = normalise(after)
    if found := faults(after):
        raise RuntimeError("\n".join(found))
    return after


def process(path, check=False, refresh=False):
    """Execute one notebook and write it back if it has changed; (success, a line that says so)."""
    started = time.perf_counter()
    try:
        result = dumps(execute(path, refresh))
    except RuntimeError as error:
        return False, f"{path}: failed\n{error}"
    success, line = put(path, result, check)
    return success, f"{line}, {time.perf_counter() - started:.1f} s"


def main(argv=None):
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("notebooks", nargs="*", type=Path)
    arguments = parser.parse_args(argv)
    root = Path(__file__).resolve().parents[1]
    paths = arguments.notebooks or [
        path.relative_to(root) if root == Path.cwd() else path
        for folder in ("lectures", "solutions")
        for path in sorted((root / folder).glob("*.ipynb"))
    ]
    work = partial(process, check=arguments.check, refresh=os.environ.get("REFRESH") == "1")
    good = True
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for success, line in pool.map(work, paths):
            print(line, flush=True)
            good &= success
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
