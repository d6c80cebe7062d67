"""A file is written whole or not at all, and by one program at a time, on whatever system."""

import itertools
import os
import runpy
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from bpcourse import files, workspace
from bpcourse.questions import record


@pytest.fixture
def refused(monkeypatch):
    """``refused(times)``: a virus scanner holds a file open, so that os.replace is refused."""
    right = os.replace

    def refuse(times):
        left = itertools.count(1)

        def replace(old, new):
            if next(left) <= times:
                raise PermissionError(13, "The process cannot access the file", str(new))
            right(old, new)

        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(files, "WAIT", 0.2)

    return refuse


def test_a_file_that_is_held_open_for_a_moment_is_written(refused, tmp_path):
    refused(3)
    files.write(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_a_file_that_stays_held_open_is_as_it_was(refused, tmp_path):
    (tmp_path / "a.json").write_bytes(b"old")
    refused(10**9)
    with pytest.raises(PermissionError, match="cannot access"):
        files.write(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_a_reset_that_is_refused_leaves_everything_as_it_was(monkeypatch, refused, tmp_path):
    folder = workspace.start(tmp_path / "course")
    path = folder / "exercises" / "11_matrix_form.ipynb"
    path.write_bytes(b"mine")
    before = sorted(folder.rglob("*"))
    right = os.replace

    def replace(old, new):  # the notebook is open, and all else is free
        if Path(new) == path:
            raise PermissionError(13, "The process cannot access the file")
        right(old, new)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "rename", lambda *paths: pytest.fail("an open file is not renamed"))
    monkeypatch.setattr(files, "WAIT", 0.1)
    with pytest.raises(PermissionError):
        workspace.reset(path)
    assert path.read_bytes() == b"mine" and sorted(folder.rglob("*")) == before


def _no_folder_locks(*arguments):
    raise OSError(37, "No locks available")


class _OfABrowser:
    """Pyodide's fcntl, which is there and has no flock."""


@pytest.fixture(params=["no fcntl", "fcntl without flock", "a file system without locks", "here"])
def system(request, monkeypatch):
    """Each way in which a system may lock, or not."""
    if request.param == "no fcntl":
        monkeypatch.setattr(files, "fcntl", None)
    elif request.param == "fcntl without flock":
        monkeypatch.setattr(files, "fcntl", _OfABrowser())
    elif request.param == "a file system without locks":
        monkeypatch.setattr("fcntl.flock", _no_folder_locks)
    return request.param


def test_a_guess_is_kept_on_every_system(system, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    record.update("guesses", "a", lambda before: {"value": 1})
    assert record.entry("guesses", "a") == {"value": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["bpcourse.json"]


def test_two_notebooks_lose_nothing_on_any_system(system, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "WAIT", 30.0)  # the machine may be busy

    def count(before):
        time.sleep(0.001)  # the other one is at it now
        return (before or 0) + 1

    def work():
        for _ in range(10):
            record.update("counts", "a", count)

    notebooks = [threading.Thread(target=work) for _ in range(3)]
    for notebook in notebooks:
        notebook.start()
    for notebook in notebooks:
        notebook.join()
    assert record.read(Path("bpcourse.json")) == {"counts": {"a": 30}}


def test_files_are_written_where_python_has_no_fcntl(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    there = runpy.run_path(files.__file__)
    with there["alone"](tmp_path):
        there["write"](tmp_path / "record", b"kept")
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def test_the_lock_of_a_kernel_that_died_does_not_stay(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(files, "WAIT", 0.1)
    (tmp_path / files.LOCK).touch()
    with files.alone(tmp_path):
        assert list(tmp_path.iterdir()) == []
        (tmp_path / files.LOCK).touch()  # that of the next program
    assert [path.name for path in tmp_path.iterdir()] == [files.LOCK]


def test_a_lock_that_another_program_took_away_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "fcntl", None)
    with files.alone(tmp_path):
        (tmp_path / files.LOCK).unlink()


def test_a_folder_that_cannot_be_written_needs_no_lock(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "fcntl", None)
    folder = tmp_path / "is not there"
    with files.alone(folder):
        folder.mkdir()
        (folder / files.LOCK).touch()  # that of a program that could write by then
    assert (folder / files.LOCK).exists()


def test_a_lock_that_goes_while_one_gives_up_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(files, "WAIT", -1.0)  # it gives up at once, and there is no lock any more
    with files.alone(tmp_path):
        pass


def test_no_handle_is_left_open_where_a_file_system_has_no_locks(monkeypatch, tmp_path):
    pytest.importorskip("fcntl")
    monkeypatch.setattr("fcntl.flock", _no_folder_locks)
    opened = psutil.Process().num_fds()
    for _ in range(3):
        with files.alone(tmp_path):
            pass
    assert psutil.Process().num_fds() == opened
