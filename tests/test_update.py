"""update and reset: the course moves on, and no byte that a student wrote is lost."""

import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from bpcourse import cli, workspace
from bpcourse.files import write


def lesson(text, output=None):
    cell = new_code_cell("print(1)", execution_count=1)
    cell["id"] = "one"
    if output:
        cell.outputs = [new_output("stream", text=output)]
    words = new_markdown_cell(text)
    words["id"] = "two"
    return writes(new_notebook(cells=[words, cell])).encode()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A course of two lessons and a sheet, whose files a test may change."""
    home = tmp_path / "site"
    monkeypatch.setattr(workspace, "source", lambda name: home / name)
    write(home / "lectures" / "00_start_here.ipynb", lesson("# One"))
    write(home / "lectures" / "01_two.ipynb", lesson("# Two"))
    write(home / "lectures" / "sheet.svg", b"<svg/>")
    return home


@pytest.fixture
def mine(home, tmp_path):
    return workspace.start(tmp_path / "mine")


ONE = "lectures/00_start_here.ipynb"


def test_what_is_new_is_added_and_what_the_student_left_is_replaced(home, mine, capsys):
    write(home / "lectures" / "02_three.ipynb", lesson("# Three"))
    write(home / ONE, lesson("# One, better"))
    assert workspace.update(mine) == {ONE: "replaced", "lectures/02_three.ipynb": "added"}
    assert b"# One, better" in (mine / ONE).read_bytes()
    assert (mine / "lectures/02_three.ipynb").exists()
    out = capsys.readouterr().out
    assert f"{ONE}: replaced" in out and "lectures/02_three.ipynb: new." in out
    assert workspace.update(mine) == {}
    assert "up to date" in capsys.readouterr().out


def test_running_a_notebook_is_not_writing_in_it(home, mine):
    ran = json.loads((mine / ONE).read_text())
    ran["cells"][1].update(outputs=[new_output("stream", text="1")], execution_count=7)
    ran["metadata"]["saved_by"] = "a front end"
    (mine / ONE).write_text(json.dumps(ran))
    write(home / ONE, lesson("# One, better"))
    assert workspace.update(mine) == {ONE: "replaced"}


def test_what_the_student_wrote_stays_and_the_new_version_lies_beside_it(home, mine, capsys):
    theirs = (mine / ONE).read_bytes().replace(b"print(1)", b"print(2)")
    (mine / ONE).write_bytes(theirs)
    assert workspace.update(mine) == {}  # the course has not changed: nothing to lay beside it
    write(home / ONE, lesson("# One, better"))
    assert workspace.update(mine) == {ONE: "00_start_here-new-1.ipynb"}
    assert (mine / ONE).read_bytes() == theirs
    assert b"# One, better" in (mine / "lectures/00_start_here-new-1.ipynb").read_bytes()
    assert "00_start_here-new-1.ipynb" in capsys.readouterr().out
    assert workspace.update(mine) == {}  # once is enough
    write(home / ONE, lesson("# One, better still"))
    assert workspace.update(mine) == {ONE: "00_start_here-new-2.ipynb"}


def test_without_the_list_of_what_was_handed_out_everything_is_the_students(home, mine):
    (mine / workspace.HANDED_OUT).write_text("damaged")
    before = (mine / ONE).read_bytes()
    write(home / ONE, lesson("# One, better"))
    assert workspace.update(mine) == {ONE: "00_start_here-new-1.ipynb"}
    assert (mine / ONE).read_bytes() == before


def test_a_file_that_is_no_notebook_any_more_is_kept(home, mine):
    (mine / ONE).write_text("{not json")
    write(home / ONE, lesson("# One, better"))
    workspace.update(mine)
    assert (mine / ONE).read_text() == "{not json"


def test_reset_gives_a_fresh_one_and_keeps_the_old(mine, capsys):
    fresh = (mine / ONE).read_bytes()
    (mine / ONE).write_text("my work")
    assert workspace.reset(mine / ONE) == mine / "lectures/00_start_here-old-1.ipynb"
    assert (mine / "lectures/00_start_here-old-1.ipynb").read_text() == "my work"
    assert (mine / ONE).read_bytes() == fresh
    (mine / ONE).write_text("more work")
    assert workspace.reset(mine / ONE).name == "00_start_here-old-2.ipynb"
    (mine / ONE).unlink()
    assert workspace.reset(mine / ONE) is None and (mine / ONE).read_bytes() == fresh


def test_what_cannot_be_reset_or_updated_is_said(home, mine, tmp_path):
    (mine / "own.ipynb").write_text("")
    with pytest.raises(FileNotFoundError, match="no file like"):
        workspace.reset(mine / "own.ipynb")
    with pytest.raises(FileNotFoundError, match="no file like"):
        workspace.reset(home / ONE)
    with pytest.raises(FileNotFoundError, match="bpcourse start"):
        workspace.update(tmp_path / "elsewhere")


def test_a_full_disk_loses_nothing(home, mine, monkeypatch):
    (mine / ONE).write_text("my work")
    write(home / ONE, lesson("# One, better"))
    write(home / "lectures" / "sheet.svg", b"<svg></svg>")
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace, "write", full)
    for act in (lambda: workspace.update(mine), lambda: workspace.reset(mine / ONE)):
        with pytest.raises(OSError, match="No space"):
            act()
        assert {p: p.read_bytes() for p in mine.rglob("*") if p.is_file()} == before


def test_the_commands(home, mine, capsys, monkeypatch):
    write(home / ONE, lesson("# One, better"))
    cli.main(["update", str(mine)])
    assert "replaced" in capsys.readouterr().out
    cli.main(["reset", str(mine / ONE)])
    assert "00_start_here-old-1.ipynb" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        cli.main(["update", str(mine / "nothing")])
    assert stop.value.code == 1 and "bpcourse start" in capsys.readouterr().err


# --- whatever a student does ----------------------------------------------------------------------

NAMES = [ONE, "lectures/01_two.ipynb", "lectures/sheet.svg"]
STEP = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), st.integers(0, 9)),
    st.tuples(st.just("edit"), st.sampled_from(NAMES[:2]), st.integers(0, 9)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.integers(0, 3)),
    st.tuples(st.just("course"), st.sampled_from(NAMES), st.integers(0, 9)),
    st.tuples(st.sampled_from(["update", "start"]), st.just(""), st.just(0)),
    st.tuples(st.just("reset"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(
        st.sampled_from(["update", "start", "reset"]), st.just("interrupted"), st.integers(0, 3)
    ),
)


@given(st.lists(STEP, max_size=14))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nothing_that_a_student_wrote_is_ever_lost(tmp_path_factory, steps):
    top = tmp_path_factory.mktemp("any")
    home, mine = top / "site", top / "mine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "source", lambda name: home / name)
        for name in NAMES:
            write(home / name, lesson(name) if name.endswith("ipynb") else b"<svg/>")
        workspace.start(mine)
        written: set[bytes] = set()  # what must be somewhere in the folder from now on

        for number, (what, name, value) in enumerate(steps):
            path = mine / name if name else mine
            mark = f"student {number} {value}".encode()
            if what == "write":
                path.write_bytes(mark)
                written = {kept for kept in written if _lies(mine, kept)} | {mark}
            elif what == "edit" and path.exists():
                changed = path.read_bytes().replace(b"print(1)", b"print(1) # " + mark)
                lost = path.read_bytes()
                path.write_bytes(changed)
                written.discard(lost)
                if mark in changed:
                    written.add(changed)
            elif what == "delete" and path.exists():
                path.unlink()
            elif what == "rename" and path.exists():
                path.rename(path.with_name(f"mine-{number}-{path.name}"))
            elif what == "course":
                text = f"# version {number} {value}"
                write(home / name, lesson(text) if name.endswith("ipynb") else text.encode())
            elif what in ("update", "start", "reset"):
                before = {kept for kept in written if _lies(mine, kept)}
                with pytest.MonkeyPatch.context() as broken:
                    if name == "interrupted":
                        _fail_after(broken, value)
                    try:
                        if what == "reset":
                            target = NAMES[value % 3] if name == "interrupted" else name
                            workspace.reset(mine / target)
                        else:
                            getattr(workspace, what)(mine)
                    except OSError:
                        pass
                assert all(_lies(mine, kept) for kept in before)
            written = {kept for kept in written if _lies(mine, kept)}
    shutil.rmtree(top)


def _lies(folder, data):
    return any(path.read_bytes() == data for path in folder.rglob("*") if path.is_file())


def _fail_after(patch, count):
    """The disk is full after ``count`` more files."""
    left = [count]

    def failing(path, data):
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        write(path, data)

    patch.setattr(workspace, "write", failing)
