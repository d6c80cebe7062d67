"""The commands: ``bpcourse lab``, ``start``, …, ``grade``, ``totals``."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bpcourse import doctor, ledger, workspace
from bpcourse.files import write
from bpcourse.text import text

FIRST = "lectures/00_start_here.ipynb"
SETTINGS = {  # of JupyterLab, by file: no news, prompt figures, nothing of a teacher's nbgrader
    "labconfig/default_setting_overrides.json": {
        "@jupyterlab/apputils-extension:notification": {
            "checkForUpdates": False,
            "fetchNews": "false",
        }
    },
    "labconfig/page_config.json": {"disabledExtensions": {"@jupyter/nbgrader": True}},
    "jupyter_server_config.json": {
        "ServerApp": {
            "kernel_websocket_connection_class": "bpcourse.server.PromptConnection",
            "jpserver_extensions": {
                f"nbgrader.server_extensions.{name}": False
                for name in ("formgrader", "validate_assignment", "assignment_list", "course_list")
            },
        }
    },
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command. SystemExit 1 where it cannot be done, 2 for a command line that is wrong."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and arguments.command != "lab":
        parser.error(text("cli.unknown", arguments=" ".join(rest)))
    if arguments.command == "ledger":
        _ledger(parser, arguments.items)
    elif arguments.command == "doctor":
        _doctor(parser)
    elif arguments.command in ("grade", "totals", "byhand", "alike"):
        _grade(parser, arguments)
    else:
        _course(parser, arguments, rest)


def _course(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace, rest: list[str]
) -> None:
    """The commands on a folder of the course."""
    try:
        if arguments.command == "release":
            _release(parser, arguments)
        elif arguments.command == "update":
            workspace.update(arguments.folder)
        elif arguments.command == "reset":
            workspace.reset(arguments.notebook)
        else:
            folder = workspace.start(arguments.folder)
            if arguments.command == "lab":
                _lab(folder.resolve(), arguments, rest)
    except (OSError, ImportError) as error:
        parser.exit(1, f"bpcourse: {error}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bpcourse", description=text("cli.description"))
    commands = parser.add_subparsers(dest="command", required=True, metavar=text("cli.command"))
    start = commands.add_parser("start", help=text("cli.start"), description=text("cli.start"))
    start.add_argument("folder", help=text("cli.folder"))
    update = commands.add_parser("update", help=text("cli.update"), description=text("cli.update"))
    update.add_argument("folder", nargs="?", default="course", help=text("cli.folder"))
    reset = commands.add_parser("reset", help=text("cli.reset"), description=text("cli.reset"))
    reset.add_argument("notebook", help=text("cli.notebook"))
    commands.add_parser("doctor", help=text("cli.doctor"), description=text("cli.doctor"))
    lab = commands.add_parser("lab", help=text("cli.lab"), description=text("cli.lab_long"))
    lab.add_argument("folder", nargs="?", default="course", help=text("cli.folder"))
    lab.add_argument("--port", help=text("cli.port"))
    lab.add_argument("--host", help=text("cli.host"))
    of_items = commands.add_parser(
        "ledger", help=text("cli.ledger"), description=text("cli.ledger")
    )
    of_items.add_argument("items", nargs="*", metavar=text("cli.item"), help=text("cli.items"))
    _grade_options(
        commands.add_parser("grade", help=text("cli.grade"), description=text("cli.grade"))
    )
    totals = commands.add_parser(
        "totals", help=text("grade.totals"), description=text("grade.totals")
    )
    totals.add_argument("out", metavar="RESULTS", help=text("grade.totals_out"))
    totals.add_argument("--course", metavar="TOML", required=True, help=text("grade.course"))
    totals.add_argument("--questions", metavar="FOLDER", help=text("grade.questions"))
    about = text("byhand.command")
    byhand = commands.add_parser("byhand", help=about, description=about)
    byhand.add_argument("results", metavar="RESULTS", help=text("byhand.results"))
    byhand.add_argument("--course", metavar="TOML", help=text("grade.course"))
    byhand.add_argument("--questions", metavar="FOLDER", help=text("grade.questions"))
    byhand.add_argument("--port", type=int, default=0, help=text("byhand.port"))
    byhand.add_argument("--no-browser", action="store_true", help=text("byhand.no_browser"))
    about = text("alike.command")
    alike = commands.add_parser("alike", help=about, description=about)
    alike.add_argument("results", metavar="RESULTS", help=text("byhand.results"))
    alike.add_argument("--questions", metavar="FOLDER", help=text("grade.questions"))
    release = commands.add_parser(
        "release", help=text("release.about"), description=text("release.about_long")
    )
    lessons = text("release.lesson"), text("release.lessons")
    release.add_argument("lessons", nargs="+", metavar=lessons[0], help=lessons[1])
    release.add_argument("--out", required=True, help=text("release.out"))
    release.add_argument("--force", action="store_true", help=text("release.force"))
    return parser


def _grade_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("submissions", help=text("grade.submissions"))
    parser.add_argument("--out", required=True, metavar="RESULTS", help=text("grade.out"))
    parser.add_argument("--course", metavar="TOML", help=text("grade.course"))
    parser.add_argument("--questions", metavar="FOLDER", help=text("grade.questions"))
    parser.add_argument("--assignment", metavar="NAME", help=text("grade.assignment"))
    parser.add_argument("--dry-run", action="store_true", help=text("grade.dry_run"))
    parser.add_argument("--student", metavar="ID", help=text("grade.student"))
    parser.add_argument("--only", default="", metavar="QUESTION", help=text("grade.only"))
    parser.add_argument("--resume", action="store_true", help=text("grade.resume"))
    parser.add_argument("--seed", type=int, help=text("grade.seed"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help=text("grade.jobs"))
    parser.add_argument("--cold", action="store_true", help=text("grade.cold"))
    parser.add_argument("--unsafe", action="store_true", help=text("grade.unsafe"))
    parser.add_argument("--scheduler", metavar="ADDRESS", help=text("grade.scheduler"))


def _grade(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if sys.platform == "win32":  # it lacks what even the reading of hand-ins is shut in with
        parser.exit(1, "bpcourse: " + text("grade.linux", system="Windows") + "\n")
    try:
        from bpcourse.marking import by_hand, grading, likeness, plain, totals  # need more
    except ImportError as error:
        parser.exit(1, "bpcourse: " + text("grade.no_extra", error=error) + "\n")
    commands = {
        "grade": grading.run,
        "totals": totals.run,
        "byhand": by_hand.run,
        "alike": likeness.run,
    }
    try:
        commands[arguments.command](arguments)
    except KeyboardInterrupt:
        parser.exit(130, text("grade.interrupted"))
    except (OSError, ImportError, ValueError, KeyError, grading.NoSandboxError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        parser.exit(1, f"bpcourse: {plain.clean(str(message))}\n")


def _ledger(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    try:
        lines, checked = ledger.report(names)
    except ValueError as error:
        parser.error(str(error))
    print("\n".join(lines))
    if not checked:
        parser.exit(1)


def _release(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    from bpcourse.marking import release  # needs the questions, which take their time to load

    try:
        release.release(arguments.lessons, arguments.out, arguments.force)
    except ValueError as error:
        parser.error(str(error))


def _doctor(parser: argparse.ArgumentParser) -> None:
    findings = doctor.examine()
    for finding in findings:
        print(f"{'✗' if finding.mend else '✓'} {finding.what:11} {finding.seen}")
        if finding.mend:
            print(f"  {finding.mend}")
    wrong = sum(bool(finding.mend) for finding in findings)
    print(text("doctor.mend", count=wrong) if wrong else text("doctor.well"))
    if wrong:
        parser.exit(1)


def _lab(folder: Path, arguments: argparse.Namespace, rest: list[str]) -> None:
    """JupyterLab on the working folder, with settings of its own and nothing fetched from afar."""
    own = folder / ".jupyter"
    os.environ["JUPYTER_CONFIG_DIR"] = str(own / "config")
    os.environ["JUPYTER_DATA_DIR"] = str(own / "data")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(own / "runtime")
    os.environ["IPYTHONDIR"] = str(own / "ipython")
    for name, settings in SETTINGS.items():
        write(own / "config" / name, (json.dumps(settings, indent=1) + "\n").encode())
    try:
        from jupyterlab.labapp import LabApp  # reads the environment as it is imported
    except ImportError as error:
        raise ImportError(text("cli.no_lab", error=error)) from error
    # The tabs of the last time are not reopened. Windows removes no file that is still open.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as fresh:
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
