"""How the notebooks are run: like the pipeline does, and a notebook stops at its first failure."""

import os
import tempfile

import pytest

from tools.notebooks import ENVIRONMENT

_ipython = tempfile.TemporaryDirectory(prefix="ipython-")  # no start-up files; gone at the end
os.environ.update(ENVIRONMENT, IPYTHONDIR=_ipython.name)


def pytest_runtest_makereport(item, call):
    skipped = (pytest.skip.Exception, pytest.xfail.Exception)
    if call.excinfo and hasattr(item, "cell") and not isinstance(call.excinfo.value, skipped):
        item.parent.failed_cell = item.name


def pytest_runtest_setup(item):
    if failed := getattr(item.parent, "failed_cell", None):
        pytest.skip(f"{failed} of this notebook failed")
