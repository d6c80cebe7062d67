"""Whatever is handed in gets the points that it deserves, and the batch goes on."""

import socket
from functools import partial
from pathlib import Path

import pytest

from bpcourse.marking import batch, sandbox
from bpcourse.marking.course import Course
from bpcourse.marking.marker import Settings
from bpcourse.marking.results import Results
from bpcourse.marking.submissions import find
from bpcourse.questions import bank

from . import hostile
from .hostile import ALL, MOST

ROOT = Path(__file__).resolve().parents[2]
QUESTION = f"matrix_form.{hostile.ANSWER}"
OTHERS = ALL - bank.find(QUESTION).points
solved = partial(hostile.solved, ROOT, without=hostile.LONG)


def works(way):
    try:
        sandbox.Sandbox(way).close()
    except OSError:
        return False
    return True


WAYS = [way for way in ("bubblewrap", "unshare") if works(way)]
pytestmark = pytest.mark.skipif(not WAYS, reason="students' code cannot be shut in here")


@pytest.fixture(scope="module")
def listening():
    """A port of this machine that is open: a network for which an answer could reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(
    scope="module",
    params=[pytest.param(way, marks=[pytest.mark.slow] * (way != WAYS[0])) for way in WAYS],
)
def marked(request, tmp_path_factory, listening):
    """{student: [records]} of one batch of everything."""
    folder = tmp_path_factory.mktemp("handed_in")
    work = {f"right {n}": solved(answer=s) for n, s in hostile.RIGHT.items()}
    work |= {f"wrong {n}": solved(answer=s) for n, (_, s) in hostile.WRONG.items()}
    for name, (first, answer) in hostile.ALTERED.items():
        answer = answer.replace("LISTENING", str(listening))
        work[f"altered {name}"] = solved(first=first, answer=answer)
    results = Results(tmp_path_factory.mktemp("results"))
    for name, cell in hostile.CELLS.items():
        cell = cell.replace("RESULTS", str(results.folder))
        work[f"first {name}"] = solved(first=cell)
    work |= {f"file {n}": data for n, (data, _) in hostile.FILES.items()}
    changed = solved().replace(b'check(\\"', b'print(\\"')
    work["tests changed"] = changed
    work["tests deleted"] = solved(tests=False)
    work["somebody else"] = solved(first="# handed in by somebody else")
    for student, data in work.items():
        (folder / student).mkdir()
        (folder / student / f"{hostile.LESSON}.ipynb").write_bytes(data)
    quick = {"cell_seconds": 0.5, "seconds": 12, "question_seconds": 0.5, "slack": 0.5}
    settings = Settings(way=request.param, patience=3, **quick)
    course = Course.load()
    batch.Batch(results, course, settings).grade(find(folder), jobs=4)  # most only wait
    records: dict = {}
    for record in results.records():
        records.setdefault(record.student, []).append(record)
    assert set(records) == set(work)
    assert {path.name for path in results.folder.iterdir()} == {"notebooks", "overrides.csv"}
    assert not results.overrides(course).marks
    return records


def of(records, question=QUESTION):
    return next(record for record in records if record.question == question)


@pytest.mark.parametrize("name", hostile.RIGHT)
def test_a_right_answer_has_its_points_however_it_is_given(marked, name):
    records = marked[f"right {name}"]
    assert of(records).state == "right", of(records)
    assert records[0].points == MOST


@pytest.mark.parametrize("name", hostile.WRONG)
def test_a_wrong_answer_has_none_and_costs_no_other_question(marked, name):
    records = marked[f"wrong {name}"]
    assert of(records).state == hostile.WRONG[name][0], of(records)
    assert of(records).points == 0
    assert of(records).message
    assert records[0].points == MOST - bank.find(QUESTION).points


@pytest.mark.parametrize("name", hostile.ALTERED)
def test_what_is_changed_inside_changes_no_mark(marked, name):
    records = marked[f"altered {name}"]
    assert of(records).state in ("wrong", "failed"), of(records)
    assert of(records).points == 0
    assert records[0].points == MOST - bank.find(QUESTION).points


@pytest.mark.parametrize("name", hostile.CELLS)
def test_a_cell_that_misbehaves_costs_no_answer(marked, name):
    records = marked[f"first {name}"]
    assert records[0].points == MOST, records


@pytest.mark.parametrize("name", hostile.FILES)
def test_a_file_that_is_no_notebook_has_a_record_with_a_reason(marked, name):
    own = marked[f"file {name}"][0]
    assert own.state == hostile.FILES[name][1]
    assert own.message or own.state == "graded"


def test_cells_with_tests_are_not_needed(marked):
    assert marked["tests deleted"][0].points == MOST
    assert marked["tests changed"][0].points == MOST


def test_nothing_that_was_started_is_left(marked):
    commands = []
    for process in Path("/proc").iterdir():
        try:
            commands.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    assert not [command for command in commands if b"98765" in command]
