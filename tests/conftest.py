"""What every test shares."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import settings

from bpcourse import workspace

settings.register_profile("course", deadline=None)  # no test depends on the machine's speed
settings.load_profile("course")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--no-first-run"]


def pytest_collection_modifyitems(items):
    """A lesson's known faults are listed, not red: tests/lessons.py has them."""
    from lessons import to_mend

    for item in filter(to_mend, items):
        item.add_marker(pytest.mark.xfail(reason="to mend", strict=False))


@pytest.fixture
def rng():
    """A generator with a fixed seed, fresh for each test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def chromium():
    """One headless Chromium for all tests that look at a page."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"NO BROWSER, NOTHING TESTED: install one of {', '.join(BROWSERS)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A new reader's page, which notes what it asks for and what goes wrong in it."""
    context = chromium.new_context()
    page = context.new_page()
    page.hosts, page.errors = set(), []
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.errors.append(line.text))
    yield page
    context.close()


@dataclass(frozen=True)
class Lab:
    """JupyterLab on a course folder: ``address(path)`` is where a browser finds a file of it."""

    folder: Path
    port: int

    def address(self, path=""):
        return f"http://127.0.0.1:{self.port}/{path and f'lab/tree/{path}'}?token=secret"

    def ask(self, path, method="GET"):
        """What the server answers to a request of its interface."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}?token=secret", method=method
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def answers(self):
        """Whether the server is there already."""
        try:
            return bool(self.ask("api"))
        except OSError:
            return False

    def renew(self):
        """As on the first day: no kernel, no open tab, no setting, and nothing done."""
        for kernel in self.ask("api/kernels"):
            self.ask(f"api/kernels/{kernel['id']}", "DELETE")
        for name in self.ask("lab/api/workspaces")["workspaces"]["ids"]:
            self.ask(f"lab/api/workspaces/{name}", "DELETE")
        shutil.rmtree(self.folder / ".jupyter/config/lab", ignore_errors=True)
        for old in self.folder.iterdir():
            if old.name != ".jupyter":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        workspace.start(self.folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """``bpcourse lab`` on a new folder, once for all tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("lab")
    command = [sys.executable, "-m", "bpcourse", "lab", str(folder / "course"), f"--port={port}"]
    command += ["--host=127.0.0.1", "--no-browser", "--expose-app-in-browser"]
    command += ["--IdentityProvider.token=secret", "--ServerApp.port_retries=0"]
    log = folder / "log"
    committed = ("BPCOURSE_REVEALS", "BPCOURSE_THEME")
    reader = {name: value for name, value in os.environ.items() if name not in committed}
    lab = Lab(folder / "course", port)
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=reader) as process,
    ):
        try:
            while not lab.answers():
                assert process.poll() is None, log.read_text()
                time.sleep(0.2)
            yield lab
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def lab(server):
    """JupyterLab as a new reader finds it."""
    server.renew()
    return server
