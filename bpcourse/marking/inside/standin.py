"""A harmless ``bpcourse`` for the notebook: the names that an exercise may use, doing nothing."""

import types
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """An answer to the numbers of one seed."""

    value: object
    seed: int = 0


class Nothing:
    """Takes whatever is done with it, and does nothing: a check, a picture, a data set."""

    def __call__(self, *arguments, **named):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


class StandIn(types.ModuleType):
    """The module: any name that is allowed, and an ImportError for the rest."""

    def __init__(self, allowed):
        super().__init__("bpcourse")
        self.__dict__.update({name: Nothing() for name in allowed}, Answer=Answer)

    def __getattr__(self, name):
        raise AttributeError(f"an answer may not use bpcourse.{name}")


class Shell:
    """What ``get_ipython()`` gives: magics and commands do nothing, but for those around code."""

    def __init__(self, run):
        self._run = run

    def run_cell_magic(self, name, line, body):
        """``%%time`` and its like run their cell; of any other nothing is run."""
        if name in ("time", "timeit", "capture", "prun"):
            self._run(body)

    def __getattr__(self, name):
        return Nothing()
