"""The examples of docs/gradcheck.md, run as they stand, those of PyTorch, JAX and autograd too."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "gradcheck.md"


def main() -> None:
    """Run every block of the page in one namespace, and print what it prints."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


if __name__ == "__main__":
    main()
