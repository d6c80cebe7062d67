"""axe-core, which looks for what a page keeps from some of its readers."""

from pathlib import Path

import pytest

AXE = Path(__file__).parents[1] / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def barriers(page, only="{}"):
    """(rule, HTML of its first place) of all that axe finds; without axe the test is skipped."""
    if not AXE.exists():
        pytest.skip("NO AXE, NOTHING TESTED: make axe (it needs npm)")
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run({only})")["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]
