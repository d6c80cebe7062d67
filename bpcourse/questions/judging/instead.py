"""Where a slip is: what stands in the place of what, in the letters of the task.

A solution has names that a student has never seen. What is told has those of the inputs, and those
that the task writes as code; of anything else it says only which inputs it is computed from.
"""

import ast
import builtins
import re
from collections.abc import Iterator

from bpcourse.questions.judging.formula import formula
from bpcourse.questions.judging.steps import Explanation, Step
from bpcourse.questions.question import Question
from bpcourse.text import has, text

MOST = 40  # characters of code in a sentence
LEAF = ast.Name | ast.Constant | ast.Subscript | ast.Attribute  # what is one thing


def told(question: Question, explanation: Explanation) -> str:
    """A sentence for each of its slips that can be told; "" for none."""
    inputs = question.names
    known = {*inputs, *_in_code(question), "np", *dir(builtins)}
    said = (_of_step(question, step, inputs, known) for step in explanation)
    return "\n".join(dict.fromkeys(filter(None, said)))


def _of_step(question: Question, step: Step, inputs: tuple[str, ...], known: set[str]) -> str:
    if step.instead is not None:
        needed, given = step.instead
        return text("check.as_if_stood", needed=needed, given=given)
    pair = None if step.slip is None else formula(question).instead[step.slip]
    return "" if pair is None else _of_pair(*pair, inputs, known)


def _of_pair(needed: ast.expr, given: ast.expr, inputs: tuple[str, ...], known: set[str]) -> str:
    due, yours = (ast.unparse(node) if _names(node) <= known else "" for node in (needed, given))
    short = yours and len(yours) <= MOST
    if short and due and isinstance(needed, LEAF):
        return text("check.as_if_stood", needed=due, given=yours)
    if short and not isinstance(given, LEAF):
        return text("check.as_if_written", given=yours)
    if short and any(ast.unparse(part) == yours for part in ast.walk(needed)):
        return text("check.as_if_alone", given=yours)
    names = dict.fromkeys(name for name in _in_order(needed) if name in inputs)
    if not 0 < len(names) < len(inputs):
        return ""
    return text("check.as_if_there", names=", ".join(f"`{name}`" for name in names))


def _in_code(question: Question) -> Iterator[str]:
    """The names in the code of its task."""
    key = f"question.{question.id}.task"
    for span in re.findall(r"`([^`]*)`", text(key)) if has(key) else []:
        yield from re.findall(r"[^\W\d]\w*", span)


def _in_order(node: ast.expr) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _names(node: ast.expr) -> set[str]:
    return set(_in_order(node))
