"""``python -m benchmarks [NAME …]``: run every benchmark, or those named; prints their tables.

``python -m benchmarks diagnosis --sample 10``: what follows the name of one goes to it.
"""

import importlib
import pkgutil
import sys

import benchmarks


def main(names):
    known = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    known = [name for name in known if not name.startswith("_")]
    if len(names) > 1 and names[0] in known and not set(names[1:]) <= set(known):
        importlib.import_module(f"benchmarks.{names[0]}").main(names[1:])
        return
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"expected names of {known}, got {sorted(unknown)}")
    for name in names or known:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
