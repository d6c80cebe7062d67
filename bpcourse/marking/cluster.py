"""Marking on many machines: a Dask scheduler's workers, through the optional extra ``cluster``."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from bpcourse.text import text


@contextmanager
def executor(address: str) -> Iterator[Executor]:
    """The executor of the workers of the scheduler at ``address``, ``tcp://host:port``.

    ImportError where Dask is not installed, OSError where no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(text("grade.no_dask", error=error)) from error
    with Client(address, timeout="10s") as client:  # type: ignore[no-untyped-call]
        yield client.get_executor(pure=False, retries=2)
