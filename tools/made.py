"""What a tool makes of something else: it is written, or with ``--check`` only compared."""

from pathlib import Path

from bpcourse.files import write


def put(target: Path, made: str, check: bool) -> tuple[bool, str]:
    """Whether all is well, and a line about ``target``, which is to hold ``made``."""
    if target.exists() and target.read_text(encoding="utf-8") == made:
        return True, f"{target}: unchanged"
    if check:
        return False, f"{target}: out of date"
    write(target, made.encode())
    return True, f"{target}: written"
