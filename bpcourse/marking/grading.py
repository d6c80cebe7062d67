"""The command ``bpcourse grade``: from a folder of notebooks to a folder of results."""

import secrets
from contextlib import nullcontext
from pathlib import Path

from bpcourse.marking.batch import Batch
from bpcourse.marking.course import Course
from bpcourse.marking.marker import Settings
from bpcourse.marking.results import Results
from bpcourse.marking.sandbox import NoSandboxError, choose
from bpcourse.marking.submissions import find
from bpcourse.questions import bank
from bpcourse.text import text

__all__ = ["NoSandboxError", "run"]
SEED = "seed"  # in the folder of results: of the inputs, the same for everybody and when resumed


def run(arguments):
    """Do it, and print where the results are.

    OSError, ValueError and KeyError for what cannot be done; :class:`NoSandboxError` where code
    cannot be shut in.
    """
    if arguments.jobs < 1:
        raise ValueError(text("grade.bad_jobs", jobs=arguments.jobs))
    if arguments.questions:
        bank.add(arguments.questions)
    asked = bank.find(arguments.only) if arguments.only else None  # or KeyError, before the work
    course = Course.load(arguments.course)
    found = find(arguments.submissions, course.roster)
    if Path(arguments.out).resolve().is_relative_to(Path(arguments.submissions).resolve()):
        raise ValueError(text("grade.out_inside", out=arguments.out))
    way = choose(arguments.unsafe)
    if way == "none":
        print(text("grade.unsafe_warning"))
    results = Results(arguments.out)
    results.overrides()  # wrong ones are told before the work, not after it
    chosen = [one for one in found if arguments.student in (None, one.student)]
    if not chosen:
        raise ValueError(text("grade.no_student", student=arguments.student))
    if asked:  # those that have it, had it, or may have it
        notebooks = {bank.NOTEBOOKS.get(id.partition(".")[0], "") for id in asked.ids}
        chosen = [one for one in chosen if one.notebook in ("", *notebooks)]
    results.only(found)
    seed = _seed(results.folder / SEED, arguments.seed)
    settings = Settings(
        way=way,
        seed=seed,
        warm=not arguments.cold,
        only=asked.id if asked else "",
        questions=str(Path(arguments.questions).resolve()) if arguments.questions else "",
    )
    with _executor(arguments.scheduler) as executor, _progress(len(chosen)) as done:
        batch = Batch(results, course, settings, arguments.resume, done)
        batch.grade(chosen, jobs=arguments.jobs, executor=executor)
    results.write(course)
    print(text("grade.ready", folder=results.folder))


def _seed(path, given):
    """The seed given, else that of the last time, else a new one that nobody knows beforehand."""
    if given is None and path.exists():
        return int(path.read_text())
    seed = secrets.randbelow(2**31) if given is None else given
    path.write_text(f"{seed}\n")
    return seed


def _executor(address):
    if address is None:
        return nullcontext()
    from bpcourse.marking.cluster import executor

    return executor(address)


class _progress:
    """A bar with an estimate, where tqdm is installed; else nothing is shown."""

    def __init__(self, count):
        self._count = count

    def __enter__(self):
        try:
            from tqdm import tqdm
        except ImportError:
            self._bar = None
        else:
            self._bar = tqdm(total=self._count, unit="notebook", smoothing=0.05)
        return self._tell

    def _tell(self, submission):
        if self._bar is not None:
            self._bar.update()

    def __exit__(self, *error):
        if self._bar is not None:
            self._bar.close()
