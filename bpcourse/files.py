"""Files written whole or not at all."""

import os


def write(path, data):
    """Put the bytes ``data`` at ``path``, whole or not at all, making its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
