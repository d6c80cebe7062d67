"""Marking by a real scheduler and its workers, one of which is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from bpcourse import cli
from bpcourse.marking import batch
from bpcourse.marking.cluster import executor
from bpcourse.marking.course import Course
from bpcourse.marking.marker import Settings
from bpcourse.marking.results import Results
from bpcourse.marking.submissions import find

from .test_batch import ROOT, WAY, read_grades

STEM = "12_cost_of_backprop"
CLASS = 200
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(WAY is None, reason="students' code cannot be shut in here"),
]


def started(*command):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]], **quiet
    )


@pytest.fixture
def cluster(tmp_path):
    """(address, workers) of a scheduler on loopback with two workers."""
    pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install bpcourse[cluster]"
    )
    file = tmp_path / "scheduler.json"
    own = ["--host", "127.0.0.1", "--no-dashboard"]
    processes = [started("dask_scheduler", *own, "--port", "0", "--scheduler-file", str(file))]
    try:
        while not (file.exists() and file.read_text().endswith("}")):
            assert processes[0].poll() is None
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        for number in range(2):
            folder = ["--local-directory", str(tmp_path / f"worker{number}")]
            options = [*own, "--nthreads", "1", "--no-nanny", *folder]
            processes.append(started("dask_worker", address, *options))
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_worker_is_killed_and_nothing_is_lost(tmp_path, cluster):
    address, workers = cluster
    folder = tmp_path / "class"
    for number in range(CLASS):
        (folder / f"s{number}").mkdir(parents=True)
        data = (ROOT / "solutions" / f"{STEM}.ipynb").read_bytes()
        (folder / f"s{number}" / f"{STEM}.ipynb").write_bytes(data)
    done = []

    def tell(submission):
        done.append(submission.student)
        if len(done) == CLASS // 4:
            os.kill(workers[0].pid, signal.SIGKILL)

    results = Results(tmp_path / "results")
    with executor(address) as pool:
        batch.Batch(results, Course.load(), Settings(way=WAY), done=tell).grade(
            find(folder), jobs=2, executor=pool
        )
    assert sorted(done) == sorted(f"s{number}" for number in range(CLASS))
    own = [record for record in results.records() if record.question is None]
    assert len(own) == CLASS
    assert {(r.state, r.points) for r in own} == {("graded", 7.0)}
    assert workers[0].wait() == -signal.SIGKILL and workers[1].poll() is None

    out = tmp_path / "of the command"
    cli.main(["grade", str(folder), "--out", str(out), "--scheduler", address, "--student", "s7"])
    assert read_grades(out)["s7"]["total"] == "7"


def test_where_no_scheduler_answers_it_is_told():
    pytest.importorskip("distributed")
    with pytest.raises(OSError), executor("tcp://127.0.0.1:9"):
        pass
