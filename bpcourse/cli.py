"""The command line: ``bpcourse lab`` and ``bpcourse start``."""

import argparse
import json
import os
import tempfile

from bpcourse import workspace
from bpcourse.files import write
from bpcourse.text import text

FIRST = "lectures/00_start_here.ipynb"


def main(argv=None):
    """Run one command. SystemExit 1 where it cannot be done, 2 for a command line that is wrong."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and arguments.command != "lab":
        parser.error(text("cli.unknown", arguments=" ".join(rest)))
    try:
        folder = workspace.start(arguments.folder)
        if arguments.command == "lab":
            _lab(folder.resolve(), arguments, rest)
    except (OSError, ImportError) as error:
        parser.exit(1, f"bpcourse: {error}\n")


def _parser():
    parser = argparse.ArgumentParser(prog="bpcourse", description=text("cli.description"))
    commands = parser.add_subparsers(dest="command", required=True, metavar=text("cli.command"))
    start = commands.add_parser("start", help=text("cli.start"), description=text("cli.start"))
    start.add_argument("folder", help=text("cli.folder"))
    lab = commands.add_parser("lab", help=text("cli.lab"), description=text("cli.lab_long"))
    lab.add_argument("folder", nargs="?", default="course", help=text("cli.folder"))
    lab.add_argument("--port", help=text("cli.port"))
    lab.add_argument("--host", help=text("cli.host"))
    return parser


def _lab(folder, arguments, rest):
    """JupyterLab on the working folder, with settings of its own and nothing fetched from afar."""
    own = folder / ".jupyter"
    os.environ["JUPYTER_CONFIG_DIR"] = str(own / "config")
    os.environ["JUPYTER_DATA_DIR"] = str(own / "data")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(own / "runtime")
    os.environ["IPYTHONDIR"] = str(own / "ipython")
    quiet = {
        "@jupyterlab/apputils-extension:notification": {
            "checkForUpdates": False,
            "fetchNews": "false",
        }
    }
    overrides = own / "config" / "labconfig" / "default_setting_overrides.json"
    write(overrides, (json.dumps(quiet, indent=1) + "\n").encode())
    try:
        from jupyterlab.labapp import LabApp  # reads the environment as it is imported
    except ImportError as error:
        raise ImportError(text("cli.no_lab", error=error)) from error
    with tempfile.TemporaryDirectory() as fresh:  # the tabs of the last time are not reopened
        options = [
            f"--ServerApp.root_dir={folder}",
            f"--LabApp.default_url=/lab/tree/{FIRST}",
            f"--LabApp.workspaces_dir={fresh}",
            "--LabApp.extension_manager=readonly",  # the other one asks a package index
            "--ServerApp.allow_root=True",  # in a container the student is root
        ]
        if arguments.port:
            options.append(f"--port={arguments.port}")
        if arguments.host:
            options.append(f"--ip={arguments.host}")
        LabApp.launch_instance(options + rest)
