"""The student's working folder: made, added to, never overwritten."""

import json
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from bpcourse import cli, workspace
from bpcourse.files import write


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one executed lesson with a picture beside it, and one exercise."""
    home = tmp_path / "site" / "bpcourse"
    monkeypatch.setattr(workspace, "source", lambda name: home / name)
    cell = new_code_cell("print('é')", execution_count=1, metadata={"tags": ["C29"]})
    cell.outputs = [new_output("stream", text="é\n")]
    lesson = writes(new_notebook(cells=[new_markdown_cell("# One"), cell]))
    write(home / "lectures" / "00_start_here.ipynb", lesson.encode())
    write(home / "lectures" / "sheet.svg", b"<svg/>")
    write(home / "lectures" / ".hidden", b"")
    write(home / "exercises" / "01_one.ipynb", lesson.encode())
    return home


def _files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_first_start_copies_the_course_without_outputs(course, tmp_path, capsys):
    folder = workspace.start(tmp_path / "a" / "mine")
    assert folder == tmp_path / "a" / "mine"
    assert _files(folder) == {
        "bpcourse.json",
        workspace.HANDED_OUT,
        "lectures/00_start_here.ipynb",
        "lectures/sheet.svg",
        "exercises/01_one.ipynb",
    }
    assert (folder / "bpcourse.json").read_text() == "{}\n"
    assert (folder / "lectures" / "sheet.svg").read_bytes() == b"<svg/>"
    lesson = json.loads((folder / "lectures" / "00_start_here.ipynb").read_text(encoding="utf-8"))
    cell = lesson["cells"][1]
    assert cell["outputs"] == [] and cell["execution_count"] is None
    assert cell["source"] == ["print('é')"] and cell["metadata"] == {"tags": ["C29"]}
    assert "3 files" in capsys.readouterr().out


def test_a_later_start_keeps_what_is_there_and_adds_what_is_missing(course, tmp_path, capsys):
    folder = workspace.start(tmp_path / "mine")
    (folder / "bpcourse.json").write_text('{"guess": 1}')
    (folder / "lectures" / "00_start_here.ipynb").write_text("my own work")
    (folder / "lectures" / "sheet.svg").unlink()
    workspace.start(folder)
    assert ": 1." in capsys.readouterr().out
    assert (folder / "bpcourse.json").read_text() == '{"guess": 1}'
    assert (folder / "lectures" / "00_start_here.ipynb").read_text() == "my own work"
    assert (folder / "lectures" / "sheet.svg").exists()
    workspace.start(folder)
    assert "as you left it" in capsys.readouterr().out


def test_the_folder_may_not_be_a_file_or_the_course_itself(course, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file is a file"):
        workspace.start(tmp_path / "file")
    with pytest.raises(FileExistsError, match="the course itself"):
        workspace.start(course)
    assert not (course / "bpcourse.json").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "kept.txt"
    target.write_bytes(b"before")

    def fails(old, new):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(OSError, match="disk full"):
        write(target, b"after")
    assert target.read_bytes() == b"before" and _files(tmp_path) == {"kept.txt"}


def test_the_originals_are_found_in_the_repository_and_in_an_installed_package(
    tmp_path, monkeypatch
):
    assert workspace.source("lectures").parent == workspace.source("exercises").parent
    assert (workspace.source("lectures").parent / "pyproject.toml").exists()
    monkeypatch.setattr(workspace, "__file__", str(tmp_path / "bpcourse" / "workspace.py"))
    (tmp_path / "bpcourse" / "lectures").mkdir(parents=True)
    assert workspace.source("exercises") == tmp_path / "bpcourse" / "exercises"


def test_the_command_start(course, tmp_path, capsys):
    cli.main(["start", str(tmp_path / "mine")])
    assert (tmp_path / "mine" / "bpcourse.json").exists()
    (tmp_path / "file").write_text("")
    for arguments, status, complaint in [
        (["start", str(tmp_path / "file")], 1, "bpcourse: .*file is a file"),
        (["start", str(tmp_path / "mine"), "--no-browser"], 2, "--no-browser"),
        (["start"], 2, "folder"),
        ([], 2, "command"),
    ]:
        with pytest.raises(SystemExit) as stopped:
            cli.main(arguments)
        assert stopped.value.code == status
        captured = capsys.readouterr()
        assert complaint.split(".*")[-1] in captured.err


def test_the_command_lab_hands_jupyterlab_the_folder_and_the_options(course, tmp_path, monkeypatch):
    from jupyterlab.labapp import LabApp

    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, "")  # what lab sets is undone after the test
    given = []
    monkeypatch.setattr(LabApp, "launch_instance", given.extend)
    folder = tmp_path / "mine"
    cli.main(["lab", str(folder), "--port=9999", "--host=0.0.0.0", "--no-browser"])
    assert f"--ServerApp.root_dir={folder}" in given
    assert "--LabApp.default_url=/lab/tree/lectures/00_start_here.ipynb" in given
    assert given[-3:] == ["--port=9999", "--ip=0.0.0.0", "--no-browser"]
    assert (folder / cli.FIRST).exists()
    for name, settings in cli.SETTINGS.items():
        written = (folder / ".jupyter" / "config" / name).read_text(encoding="utf-8")
        assert json.loads(written) == settings


def test_a_kernels_messages_leave_at_once(monkeypatch):
    """Measured: without it half of all round trips take 40 ms more."""
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
    from traitlets import import_item

    wanted = cli.SETTINGS["jupyter_server_config.json"]["ServerApp"]
    connection = import_item(wanted["kernel_websocket_connection_class"])
    assert issubclass(connection, ZMQChannelsWebsocketConnection)
    heard = []

    monkeypatch.setattr(
        ZMQChannelsWebsocketConnection, "connect", lambda self: heard.append("connect")
    )
    monkeypatch.setattr(connection, "websocket_handler", SimpleNamespace(set_nodelay=heard.append))
    connection.connect(connection.__new__(connection))
    assert heard == [True, "connect"]


def test_without_jupyterlab_the_command_lab_says_how_to_install_it(
    course, tmp_path, monkeypatch, capsys
):
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setitem(__import__("sys").modules, "jupyterlab.labapp", None)
    with pytest.raises(SystemExit):
        cli.main(["lab", str(tmp_path / "mine")])
    assert "pip install" in capsys.readouterr().err
