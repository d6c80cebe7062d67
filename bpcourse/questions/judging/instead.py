"""Where a slip is: what stands in the place of what, in the letters of the task.

A solution has names that a student has never seen. What is told has those of the inputs, and those
that the task writes as code; of anything else it says only which inputs it is computed from.
"""

import ast
import builtins
import copy
import re
from collections.abc import Mapping, Sequence

from bpcourse.questions.judging.formula import formula
from bpcourse.questions.judging.steps import Explanation, Step
from bpcourse.questions.question import Question
from bpcourse.text import has, text

MOST = 40  # characters of code in a sentence
LEAF = ast.Name | ast.Constant | ast.Subscript | ast.Attribute  # what is one thing


def told(question: Question, explanation: Explanation) -> str:
    """A sentence for each of its slips that can be told; "" for none."""
    letters = _letters(question)
    said = (_of_step(question, step, letters) for step in explanation)
    return "\n".join(dict.fromkeys(filter(None, said)))


def _of_step(question: Question, step: Step, letters: Mapping[str, str]) -> str:
    if step.instead is not None:
        needed, given = step.instead
        return text("check.as_if_stood", needed=needed, given=given)
    pair = None if step.slip is None else formula(question).instead[step.slip]
    return "" if pair is None else _of_pair(*pair(), letters, question.names)


def _of_pair(
    needed: ast.expr, given: ast.expr, letters: Mapping[str, str], inputs: Sequence[str]
) -> str:
    if isinstance(needed, ast.Constant) and isinstance(given, ast.Constant):
        return ""  # numbers of our solution: an answer may have neither of them
    if isinstance(needed, ast.Call) and list(map(ast.dump, needed.args)) == [ast.dump(given)]:
        missing = _written(needed.func, letters)
        return text("check.as_if_missing", function=missing) if missing else ""
    due, yours = _written(needed, letters), _written(given, letters)
    short = yours and len(yours) <= MOST
    if short and due and isinstance(needed, LEAF):
        return text("check.as_if_stood", needed=due, given=yours)
    if short and not isinstance(given, LEAF):
        return text("check.as_if_written", given=yours)
    if short and any(_written(part, letters) == yours for part in ast.walk(needed)):
        return text("check.as_if_alone", given=yours)
    names = dict.fromkeys(letters.get(name, "") for name in _names(needed))
    there = [f"`{name}`" for name in names if name in inputs]
    if not 0 < len(there) < len(inputs):
        return ""
    return text("check.as_if_there", names=", ".join(there))


def _letters(question: Question) -> dict[str, str]:
    """What a student calls that which a solution has a name for, where it is known by any."""
    code = getattr(question.solve, "__code__", None)
    own = code.co_varnames[1 : code.co_argcount] if code else ()
    key = f"question.{question.id}.task"
    spans = re.findall(r"`([^`]*)`", text(key)) if has(key) else []
    in_code = [name for span in spans for name in re.findall(r"[^\W\d]\w*", span)]
    known = (*question.names, *in_code, "np", *dir(builtins))
    return dict(zip(known, known, strict=True)) | dict(zip(own, question.names, strict=False))


def _written(node: ast.AST, letters: Mapping[str, str]) -> str:
    """The code of an expression in those letters; "" where they do not do."""
    if not isinstance(node, ast.expr) or any(name not in letters for name in _names(node)):
        return ""
    renamed = copy.deepcopy(node)
    for part in ast.walk(renamed):
        if isinstance(part, ast.Name):
            part.id = letters[part.id]
    return ast.unparse(renamed)


def _names(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
