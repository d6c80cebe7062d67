"""The page on checking a gradient: its examples in NumPy run and say what they should."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "gradcheck.md"
FRAMEWORKS = ("torch", "jax", "autograd")  # `make bench ARGS=adapters` runs those


def test_the_examples_in_numpy(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    plain = [b for b in blocks if not any(f"import {name}" in b for name in FRAMEWORKS)]
    assert len(plain) == 3 and len(blocks) == 6
    names: dict = {}
    for block in plain:
        exec(compile(block, str(PAGE), "exec"), names)
    said = capsys.readouterr().out
    assert said.startswith("RIGHT") and said.endswith("right\nright\n")
