"""How the notebooks are run, and how a sample of the slow tests is drawn.

A notebook is run like the pipeline does, and stops at its first failure.
"""

import os
import random
import tempfile
from collections import defaultdict
from functools import partial

import nbval.kernel
import pytest

from bpcourse.questions import record
from tools.notebooks import ENVIRONMENT, apart_in

STARTS = 3  # of a kernel

_own = tempfile.TemporaryDirectory(prefix="kernels-")  # gone at the end
_apart = apart_in(_own.name)
os.environ.update(ENVIRONMENT, IPYTHONDIR=_apart["IPYTHONDIR"])


def _started(start, *args, **kwargs):
    """A kernel: a port that is free may be another kernel's before it is taken, so once again."""
    for _ in range(STARTS - 1):
        try:
            return start(*args, **kwargs)
        except RuntimeError as error:
            if "died" not in str(error):
                raise
    return start(*args, **kwargs)


nbval.kernel.start_new_kernel = partial(_started, nbval.kernel.start_new_kernel)


def pytest_runtest_makereport(item, call):
    skipped = (pytest.skip.Exception, pytest.xfail.Exception)
    if call.excinfo and hasattr(item, "cell") and not isinstance(call.excinfo.value, skipped):
        item.parent.failed_cell = item.name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    if failed := getattr(item.parent, "failed_cell", None):
        pytest.skip(f"{failed} of this notebook failed")
    if not hasattr(item, "cell"):
        return (yield)
    os.environ.update(_apart)  # for its kernel, which starts here
    try:
        return (yield)
    finally:
        del os.environ[record.ELSEWHERE]


def pytest_addoption(parser):
    group = parser.getgroup("a sample of the tests")
    group.addoption("--sample", type=int, metavar="N", help="of a third of the tests N rows each")
    group.addoption("--sample-seed", default="", metavar="WORD", help="what the rows are drawn by")


def pytest_report_header(config):
    if number := config.getoption("sample"):
        seed = config.getoption("sample_seed")
        return f"sample: of a third of the tests {number} rows each, by --sample-seed={seed}"


@pytest.hookimpl(trylast=True)  # of those that -m and -k leave
def pytest_collection_modifyitems(config, items):
    number, seed = config.getoption("sample"), config.getoption("sample_seed")
    if not number:
        return
    rows = defaultdict(list)
    for item in items:
        if item.get_closest_marker("long"):
            continue
        rows[item.nodeid.partition("[")[0]].append(item)
    third = random.Random(seed).sample(list(rows), (len(rows) + 2) // 3)
    drawn = set()
    for name in third:
        found = rows[name]
        drawn.update(random.Random(f"{seed} {name}").sample(found, min(number, len(found))))
    config.hook.pytest_deselected(items=[item for item in items if item not in drawn])
    items[:] = [item for item in items if item in drawn]
