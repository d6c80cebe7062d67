"""What ``import bpcourse`` costs beside ``import numpy``, whole processes in turn."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import _timing

STATEMENTS = ["pass", "import numpy", "import bpcourse", "from bpcourse import Network, train"]


def main(rounds=15):
    print("Import, whole Python processes in turn")
    spent = {statement: [] for statement in STATEMENTS}
    with tempfile.TemporaryDirectory() as cache:  # bytecode for all, where one may not write it too
        environment = os.environ | {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(1 + rounds):
            for statement in STATEMENTS:
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
                spent[statement].append(time.perf_counter() - start)
    medians = {statement: statistics.median(times[1:]) for statement, times in spent.items()}
    numpy = medians["import numpy"]
    _timing.table(
        ["statement", "ms", "to import numpy"],
        [[s, f"{1e3 * t:.0f}", f"{t / numpy:.2f}"] for s, t in medians.items()],
    )


if __name__ == "__main__":
    main()
