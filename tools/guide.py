"""The maintainers' tool that makes the instructors' page of each lesson, and that of mistakes.

``python -m tools.guide`` writes ``docs/instructors/lessons/`` from the lessons, the bank
and ``text/en/guide.toml``, and ``docs/instructors/mistakes.md`` from the catalogue of mistakes.
``--check`` writes nothing and fails where something would be written.
"""

import argparse
import json
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from bpcourse.diagnosis import catalogue, transformations
from bpcourse.questions.bank import LESSONS, all_questions
from bpcourse.text import has, text
from tools.made import put

SHOWN = 8  # wrong answers on a page: what a teacher can have in mind in class
ROOT = Path(__file__).resolve().parents[1]
UP = "../../.."  # from a page to the root
LECTURES = "../../lectures"  # from the page of the mistakes

PAGE = """# {title}

*For instructors. Made by `python -m tools.guide` from the lesson, the bank and
`bpcourse/text/en/guide.toml`.*

| | |
|---|---|
| to read | [the lesson]({up}/lectures/{stem}.ipynb), about {reading} minutes |
| to do | [the exercises]({up}/exercises/{stem}.ipynb), about {doing} minutes, {points} points |
| needs | {needs} |

## Goals

{goals}

## Three questions to ask in class

{asked}

## The exercises

| question | kind | level | points | minutes |
|---|---|---|---|---|
{exercises}

## The commonest wrong answers, and what to say

Those that most of these questions can show come first{more}. A lost sign, a factor and the like are
known of every result, and not in the list.
What your own class gets wrong is in the `class.html` that `bpcourse grade` writes.

{wrong}
"""

MISTAKES = """# The mistakes that the course can name

*For instructors. Made by `python -m tools.guide` from `bpcourse/text/en/misconceptions.toml`.*

`check` names them in answers, `bpcourse grade` in hand-ins, and `report.explain(context=…)` of the
gradient checker in the gradients of a network: there a ● stands in the last column. They stand with
the lesson that cures them. The first column has the ids, which `course.toml` and
[private questions](private_questions.md) use; older ids, in brackets, still work.
"""
TOLD = """
## {title}

| id | in code | in numbers | what a student is told | read again | asked in | ● |
|---|---|---|---|---|---|---|
{rows}
"""


def mistakes():
    """The page of the catalogue, Markdown: what can be named, by the lesson that cures it."""
    asked = Counter(name for question in all_questions() for name in shown_by(question))
    rows: dict[str, list[str]] = {}
    for mistake in catalogue.mistakes():
        rows.setdefault(mistake.cure, []).append(_told(mistake, asked[mistake.id]))
    titles = {stem: _find(r"# ([^\n]*)", _first_cell(stem)) for stem in sorted(rows)}
    tables = (TOLD.format(title=titles[stem], rows="\n".join(rows[stem])) for stem in titles)
    return MISTAKES + "".join(tables)


def _told(mistake, asked):
    former = f" ({', '.join(f'`{id}`' for id in mistake.formerly)})" if mistake.formerly else ""
    link = f"[{mistake.section}]({LECTURES}/{mistake.cure}.ipynb)"
    mark = (
        "●" if any(has(f"misconception.{mistake.id}.in_{step}") for step in catalogue.STEPS) else ""
    )
    cells = [f"`{mistake.id}`{former}", mistake.look, mistake.numbers, mistake.hint, link]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in [*cells, str(asked), mark]) + " |"


def _first_cell(stem):
    lesson = json.loads((ROOT / "lectures" / f"{stem}.ipynb").read_text(encoding="utf-8"))
    return "".join(lesson["cells"][0]["source"])


def page(module):
    """The page of a lesson, Markdown.

    KeyError for a lesson without its texts, ValueError for one whose first cell is not as usual.
    """
    stem = LESSONS[module]
    questions = [question for question in all_questions() if question.lesson == module]
    first = _first_cell(stem)
    head = " ".join(_find(r"\n\*(About.*?)\*\n", first).split())
    needs = re.findall(r"\[(\d\d)\]\((\w+\.ipynb)\)", head)
    counts = _wrong(questions, stem)
    more = f"; {len(counts)} are told apart, and {SHOWN} shown" if len(counts) > SHOWN else ""
    return PAGE.format(
        title=first.splitlines()[0].removeprefix("# "),
        reading=_find(r"About (\d+) minutes", head),
        points=sum(question.points for question in questions),
        doing=sum(question.minutes for question in questions),
        needs=", ".join(f"[{number}]({UP}/lectures/{file})" for number, file in needs),
        up=UP,
        stem=stem,
        goals=_goals(module, first),
        asked="\n\n".join(_asked(module, number) for number in (1, 2, 3)),
        exercises="\n".join(_exercise(question) for question in questions),
        more=more,
        wrong="\n".join(_entry(name, questions) for name in counts[:SHOWN]),
    )


def _goals(module, first):
    """What one learns, from ``guide.toml``, or from the list in the lesson's first cell."""
    try:
        return text(f"guide.{module}.goals").strip()
    except KeyError:
        return _find(r"\*\*What you will learn\*\*\n\n(.*?)\n\n", first)


def _find(pattern, source):
    found = re.search(pattern, source, re.DOTALL)
    if found is None:
        raise ValueError(f"a lesson's first cell: expected {pattern}, got {source}")
    return found[1]


def _asked(module, number):
    question, expected = (text(f"guide.{module}.{part}_{number}") for part in ("ask", "expect"))
    return f"{number}. **{question}**\n\n   {expected}"


def _exercise(question):
    level = question.level.replace("_", "-")
    return (
        f"| {_title(question)} | {question.kind} | {level} | {question.points} "
        f"| {question.minutes} |"
    )


def _title(question):
    return question.id.partition(".")[2].replace("_", " ")


@cache
def _by_inputs():
    """What can be made with what an input is, such as W.T for W, and is some question's own."""
    own = {name for question in all_questions() for name in question.misconceptions}
    return {name for _, name, _ in transformations.INPUTS} & own


def shown_by(question):
    """The mistakes that come first: the question's own, and those that are made with its inputs."""
    names = list(question.misconceptions)
    if question.is_code:
        inputs = question.inputs(np.random.default_rng(0), 1)
        made = [one for one in transformations.on_inputs(inputs) if one.name in _by_inputs()]
        names += [
            one.name
            for one in made
            if one.of_inputs and repr(one.of_inputs(inputs)) != repr(inputs)
        ]
    return tuple(dict.fromkeys(names))


def _wrong(questions, stem):
    """Names of misconceptions: most questions first, then those that this lesson cures."""
    counts = Counter(name for question in questions for name in shown_by(question))

    def key(name):
        return -counts[name], catalogue.find(name).cure != stem

    return sorted(counts, key=key)


def _entry(name, questions):
    mistake = catalogue.find(name)
    where = ", ".join(_title(one) for one in questions if name in shown_by(one))
    return (
        f"- **{mistake.words}** (in {where}): {mistake.look}; seen as: {mistake.numbers}.\n"
        f"  *Say:* {mistake.hint} *Cure:* lesson "
        f"[{mistake.cure[:2]}]({UP}/lectures/{mistake.cure}.ipynb), section “{mistake.section}”."
    )


def main(argv=None):
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.guide", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    check = parser.parse_args(argv).check
    good = True
    folder = ROOT / "docs" / "instructors"
    pages = {folder / "lessons" / f"{stem}.md": page(module) for module, stem in LESSONS.items()}
    for target, made in (pages | {folder / "mistakes.md": mistakes()}).items():
        success, line = put(target, made, check)
        print(line)
        good &= success
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
