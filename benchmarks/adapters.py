"""The examples of docs/gradcheck.md, run as they stand, those of PyTorch, JAX and autograd too."""

import contextlib
import io
import re
from pathlib import Path

FRAMEWORKS = ("PyTorch", "JAX", "autograd")
PAGE = Path(__file__).parents[1] / "docs" / "gradcheck.md"


def main() -> None:
    """Run every block of the page in one namespace: each framework's gradient has to be right."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), names)
    print(said.getvalue(), end="")
    for framework in FRAMEWORKS:
        if f"{framework}: right\n" not in said.getvalue():
            raise SystemExit(f"{framework}: the example of {PAGE.name} is not right")


if __name__ == "__main__":
    main()
