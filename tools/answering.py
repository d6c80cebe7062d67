"""Answers as students write them, each with the ids of what is truly wrong, asked and counted.

``tests/answers/<lesson>.txt`` holds a line for each answer, and its code below it:
``@right question | how it is written`` or ``@wrong question | ids | what is wrong``. The ids
``a / b`` are true alike; of ``a + b`` both mistakes have been made. What the catalogue has no
sentence for stands in ``tests/answers/proposed.toml``, with one. ``python -m tools.answering
[REGEX]`` lists what is said of each; with a regular expression, of those questions alone and with
the messages.
"""

import contextlib
import io
import linecache
import re
import sys
import tomllib
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bpcourse.questions.bank import find
from bpcourse.questions.checking import judge
from bpcourse.text import names

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "answers"
TEXTS = ROOT / "bpcourse" / "text" / "en.toml"
# Lines that say what was given and what is right, but nothing of what lies between the two.
EMPTY = "not_known unknown example compare expected again write_number write_shape write_array "
EMPTY += "write_order choose"
OUTCOMES = ("right", "refused", "named", "falsely", "useful", "useless", "taken for right")


@dataclass(frozen=True)
class Answer:
    """``mistakes`` holds a set for each mistake: the ids under which it may be named."""

    question: str
    what: str
    code: str
    mistakes: tuple[frozenset[str], ...] = ()  # of a right answer none

    @property
    def ids(self):
        return frozenset().union(*self.mistakes)

    def given(self):
        """What the code leaves under the question's name, as a notebook's cell would."""
        space, file = {"np": np, "__name__": "__main__"}, f"<answer to {self.question}>"
        linecache.cache[file] = (len(self.code), None, self.code.splitlines(True), file)
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(self.code, file, "exec"), space)  # noqa: S102
        return space[find(self.question).answer]

    def outcome(self, result):
        """One of OUTCOMES: what a check's result is worth to whoever wrote this."""
        if not self.mistakes:
            return "right" if result.status == "right" else "refused"
        if result.status == "right":
            return "taken for right"
        if result.misconceptions:
            return "named" if self.ids.issuperset(result.misconceptions) else "falsely"
        return "useful" if says_something(result.message) else "useless"


def read(folder=FOLDER):
    """Every :class:`Answer` of the folder, lesson by lesson."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        parts = re.split(r"(?m)^(?=@)", path.read_text(encoding="utf-8"))[1:]
        for part in parts:
            head, _, code = part.partition("\n")
            kind, question, rest = head.removeprefix("@").split(maxsplit=2)
            ids, _, what = rest.removeprefix("| ").rpartition(" | ")
            mistakes = ids.split(" + ") if kind == "wrong" else ()
            sets = tuple(frozenset(one.split(" / ")) for one in mistakes)
            found.append(Answer(question, what, code, sets))
    return found


def proposed(folder=FOLDER):
    """{id: sentence} of mistakes that are not in the catalogue, and should be."""
    return tomllib.loads((folder / "proposed.toml").read_text(encoding="utf-8"))


def known():
    """The ids of the catalogue."""
    return names("misconception")


def ask(answers):
    """[(answer, what its check says, the outcome)]."""
    results = [(one, judge(find(one.question), one.given())) for one in answers]
    return [(one, result, one.outcome(result)) for one, result in results]


def says_something(message):
    """Whether a line of a message that names nothing gives the reader something to go on."""
    return not all(_empty().fullmatch(line) for line in message.splitlines())


@cache
def _empty():
    keys = [f"check.{key}" for key in EMPTY.split()]
    return re.compile("|".join(map(line_of, [*keys, "diagnosis.unknown"])))


def line_of(key):
    """A regular expression for a line that is the text called ``key``, whatever its fields hold."""
    section, _, name = key.partition(".")
    template = tomllib.loads(TEXTS.read_text(encoding="utf-8"))[section][name]
    return ".*".join(map(re.escape, re.split(r"\{[^}]*\}", template)))


def main(only=""):
    asked = ask([one for one in read() if re.search(only, one.question)])
    for answer, result, outcome in asked:
        said = " + ".join(result.misconceptions)
        true = " + ".join(" / ".join(sorted(one)) for one in answer.mistakes)
        print(f"{outcome}: {answer.question} | {answer.what} | said: {said} | true: {true}")
        if only:
            print("    " + result.message.replace("\n", "\n    "))
    counts = Counter(outcome for *_, outcome in asked)
    print(", ".join(f"{outcome} {counts[outcome]}" for outcome in OUTCOMES))


if __name__ == "__main__":
    main(*sys.argv[1:2])
