"""JupyterLab with the course, as a reader starts it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bpcourse import workspace


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


@contextmanager
def running(folder):
    """``bpcourse lab`` on this folder; its log stands beside the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bpcourse", "lab", str(folder), f"--port={port}"]
    command += ["--host=127.0.0.1", "--no-browser", "--expose-app-in-browser"]
    command += ["--IdentityProvider.token=secret", "--ServerApp.port_retries=0"]
    log = folder.parent / "log"
    committed = ("BPCOURSE_REVEALS", "BPCOURSE_THEME")
    reader = {name: value for name, value in os.environ.items() if name not in committed}
    lab = Lab(folder, port)
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
