"""``python -m bpcourse`` is the command ``bpcourse``."""

from bpcourse.cli import main

main()
