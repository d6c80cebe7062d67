"""The command ``bpcourse byhand``: a local page to give points and comments to students' answers.

The page is served to this machine alone, under an address that nobody else knows. What is given
goes into ``overrides.csv`` at once; the files for people are made anew at the end, or when asked.
"""

import argparse
import json
import secrets
import webbrowser
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bpcourse.marking import in_words, overrides, pages, plain
from bpcourse.marking.assignment import Assignment
from bpcourse.marking.course import Course
from bpcourse.marking.results import OVERRIDES, Results
from bpcourse.questions import bank
from bpcourse.text import text
from bpcourse.text.numbers import number

SCRIPT = Path(__file__).parent / "templates" / "byhand.js"
POLICY = "; script-src 'self'; connect-src 'self'"  # for a page that has a script of ours
MOST_SENT = 100_000  # bytes of a comment


def run(arguments: argparse.Namespace) -> None:
    """Serve the page until it is interrupted. OSError, ValueError for what cannot be done."""
    if arguments.questions:
        bank.add(arguments.questions)
    course = Course.load(arguments.course)
    folder = Path(arguments.results)
    if not (folder / "notebooks").is_dir():
        raise ValueError(text("byhand.no_results", folder=folder))
    page = Page(Results(folder), course, course.assignments.get(folder.resolve().name))
    server = serve(page, arguments.port)
    address = f"http://127.0.0.1:{server.server_port}/{page.token}/"
    print(text("byhand.serving", address=address), flush=True)
    if not arguments.no_browser:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        page.write()
        print(text("grade.ready", folder=folder))


class Page:
    """What is shown and kept: the records of ``results``, and the marks given by hand."""

    def __init__(self, results: Results, course: Course, assignment: Assignment | None) -> None:
        self.results, self.course, self.assignment = results, course, assignment
        self.token = secrets.token_urlsafe(16)
        self.records = list(results.records())

    def index(self) -> str:
        """The list of questions, those in words first, with how many answers wait."""
        marks = self.results.overrides(self.course)
        waiting: dict[str, list[bool]] = {}
        for record in self.records:
            if record.question and record.work:
                done = marks.of(record.student, record.question) is not None
                waiting.setdefault(record.question, []).append(done)
        rows = [
            {
                "id": id,
                "words": in_words.find(id) is not None,
                "done": sum(done),
                "count": len(done),
            }
            for id, done in sorted(waiting.items())
        ]
        rows.sort(key=lambda row: not row["words"])
        return pages.render(
            "byhand",
            and_from_here=POLICY,
            title=text("byhand.title"),
            rows=rows,
            question=None,
        )

    def question(self, id: str) -> str:
        """Every student's answer to a question, beside its task. KeyError where it has none."""
        words = in_words.find(id)
        task = words.task if words else text(f"question.{bank.find(id).id}.task")
        marks = self.results.overrides(self.course)
        answers = []
        for record in self.records:
            if record.question == id:
                mark = marks.of(record.student, id)
                points = mark.points if mark and mark.points is not None else None
                given = "" if points is None else number(points, ".6g", typed=True)
                reason = mark.reason if mark else ""
                answers.append(vars(record) | {"given": given, "reason": reason})
        if not answers:
            raise KeyError(id)
        return pages.render(
            "byhand",
            and_from_here=POLICY,
            title=pages.words(id),
            question=id,
            task=task,
            model=words.model if words else "",
            most=overrides.most(id, self.course),
            answers=answers,
        )

    def save(self, sent: dict[str, str]) -> str:
        """Keep what is given for one answer; what was kept, to read. ValueError: not possible."""
        student, id = sent.get("student", ""), sent.get("question", "")
        if not any(one.student == student and one.question == id for one in self.records):
            raise ValueError(text("byhand.unknown"))
        points, reason = sent.get("points", "").strip(), plain.clean(sent.get("reason", "")).strip()
        if points and not reason:
            reason = text("byhand.read")
        most = overrides.most(id, self.course)
        if points and overrides.mark(0, points, reason, most, is_question=True) is None:
            raise ValueError(text("byhand.range", most=pages.number(most)))
        people = {one.student: one.name for one in self.records}
        people |= {one.id: one.name for one in self.course.students.values()}
        overrides.put(self.results.folder / OVERRIDES, student, id, points, reason, people)
        return text("byhand.saved") if points or reason else text("byhand.removed")

    def write(self) -> None:
        """Make the files for people anew."""
        self.results.write(self.course, self.assignment)


def serve(page: Page, port: int = 0) -> ThreadingHTTPServer:
    """A server of the page for this machine alone; ``serve_forever`` runs it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == f"/{page.token}/byhand.js" and self._is_here():
                self._answer(HTTPStatus.OK, SCRIPT.read_text(encoding="utf-8"), "text/javascript")
                return
            asked = parse_qs(url.query).get("question", [""])[0]
            if url.path != f"/{page.token}/" or not self._is_here():
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                shown = page.question(asked) if asked else page.index()
            except KeyError:
                self.send_error(HTTPStatus.NOT_FOUND)
            except (OSError, ValueError) as error:
                self._answer(HTTPStatus.CONFLICT, str(error), "text/plain")
            else:
                self._answer(HTTPStatus.OK, shown, "text/html")

        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            doing: dict[str, Callable[[dict[str, str]], str]] = {
                f"/{page.token}/save": page.save,
                f"/{page.token}/write": self._write,
            }
            if self.path not in doing or not self._is_here() or not size.isdigit():
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            if int(size) > MOST_SENT:
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            try:
                sent: Any = json.loads(self.rfile.read(int(size)))
                strings = {str(key): str(value) for key, value in sent.items()}
                said = doing[self.path](strings)
            except (OSError, ValueError, AttributeError) as error:
                self._answer(HTTPStatus.BAD_REQUEST, str(error), "text/plain")
            else:
                self._answer(HTTPStatus.OK, said, "text/plain")

        def _write(self, sent: dict[str, str]) -> str:
            page.write()
            return text("byhand.written")

        def _is_here(self) -> bool:
            """Whether it was asked for by this address, and not through a name that leads here."""
            host = self.headers.get("Host", "")
            return host in (f"127.0.0.1:{self.server.server_port}", "127.0.0.1")  # type: ignore[attr-defined]

        def _answer(self, status: HTTPStatus, body: str, kind: str) -> None:
            data = body.encode("utf-8", "replace")
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the screen is the instructor's."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
