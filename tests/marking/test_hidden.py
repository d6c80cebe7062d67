"""No course, no bank and no private question is to be seen inside, wherever it lies."""

import json
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bpcourse.marking import sandbox
from bpcourse.marking.marker import Marker, Settings
from bpcourse.marking.submissions import Submission
from bpcourse.questions import bank

from . import hostile
from .test_hostile import ALL, ROOT, WAYS, of

MARK = "the reference of " + "a system-wide install"


@pytest.fixture
def system(monkeypatch):
    """A folder like /usr that is shown inside, with courses in it in every way."""
    tmp = Path(sys.prefix).resolve().is_relative_to("/tmp")  # which is another one inside
    with TemporaryDirectory(dir="/var/tmp" if tmp else sys.prefix) as folder:
        yield furnished(Path(folder) / "usr", monkeypatch)


def furnished(usr, monkeypatch):
    packages = usr / "lib" / "python3" / "dist-packages"
    local = usr / "local" / "lib" / "python3.11" / "site-packages"
    away, url, private = usr / "src" / "course", usr / "src" / "other", usr / "share" / "midterm"
    for folder in (packages, local, away, url):
        (folder / "bpcourse").mkdir(parents=True)
        (folder / "bpcourse" / "bank.py").write_text(MARK)
    with zipfile.ZipFile(packages / "bpcourse-1.egg", "w") as egg:
        egg.writestr("bpcourse/bank.py", MARK)
    (local / "course.pth").write_text(f"import os\n# {MARK[:3]}\n{away}\n")
    info = local / "bpcourse-1.0.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text(json.dumps({"url": f"file://{url}"}))
    private.mkdir(parents=True)
    (private / "midterm.py").write_text(MARK)
    elsewhere = usr / "elsewhere"
    (elsewhere / "bpcourse").mkdir(parents=True)
    (elsewhere / "bpcourse" / "bank.py").write_text(MARK)
    (usr / "share" / "harmless.txt").write_text("to be seen")
    link = usr.parent / "lib"  # as /lib leads to /usr/lib on many systems
    link.symlink_to(usr / "lib")
    monkeypatch.setattr(sandbox, "SYSTEM", (*sandbox.SYSTEM, str(usr), str(link)))
    monkeypatch.setattr(sys, "path", [*sys.path, str(elsewhere)])
    monkeypatch.setattr(bank, "_folders", {private})
    return usr


@pytest.mark.skipif(not WAYS, reason="students' code cannot be shut in here")
@pytest.mark.parametrize("way", WAYS)
def test_no_course_is_to_be_seen_wherever_it_lies(system, way):
    look = f"""
import os
seen = []
for top in ({str(system)!r}, {str(system.parent / "lib")!r}):
    for folder, folders, files in os.walk(top):
        for name in files:
            with open(os.path.join(folder, name), 'rb') as file:
                data = file.read()
            if {MARK!r}.encode() in data or b'PK' in data or b'to be seen' in data:
                seen.append(name)
"""
    answer = hostile.function("there = seen == ['harmless.txt']", "dZ @ W, dZ.T @ A, there * dZ")
    answer = answer.replace("there * dZ", "dZ.sum(axis=0) if there else 0")
    data = hostile.solved(ROOT, first=look, answer=answer)
    marker = Marker(Settings(way=way))
    try:
        records = marker.mark(Submission("s", "s", hostile.LESSON, "x.ipynb", ("", "")), data)
    finally:
        marker.close()
    assert of(records).state == "right", (records[0], of(records))
    assert records[0].points == ALL
