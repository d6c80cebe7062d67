"""A check that is run before its answer exists says so, in place of a traceback."""

import re
from types import TracebackType
from typing import Any

from bpcourse.questions.result import Result, last
from bpcourse.text import text

CHECK = re.compile(r"""\s*check\(\s*["'](?P<id>[\w.]+)["']\s*,\s*(?P<answer>\w+)\s*\)\s*""")


def watch() -> None:
    """Have the notebook's IPython, where there is one, meet the missing name of a check kindly."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError,), _say_what_is_missing)


def _say_what_is_missing(
    shell: Any,
    kind: type[NameError],
    error: NameError,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show what a check would say of no answer at all; any other NameError as ever."""
    cell = CHECK.fullmatch(shell.user_ns.get("_ih", [""])[-1])
    deeper = trace.tb_next is not None and trace.tb_next.tb_next is not None
    if cell is None or cell["answer"] != error.name or deeper:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    from IPython.display import display

    last.append(cell["id"])
    message = text("check.no_answer", answer=cell["answer"])
    display(Result(cell["id"], "failed", message))  # type: ignore[no-untyped-call]
