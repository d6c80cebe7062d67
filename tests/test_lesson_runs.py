"""Every lesson as a reader runs it: without guesses, without what stands behind the fold."""

import os
import tempfile
from copy import deepcopy

import pytest
from lessons import Place, each
from nbclient import NotebookClient
from test_predictions import entry, gives_away, numbers, telling

from bpcourse.text import text
from tools import notebooks


def run(lesson, places):
    """The cells executed by a fresh kernel, in a reader's working folder with nothing guessed."""
    notebook = notebooks.read(lesson.path)
    notebook.cells = [deepcopy(place.cell) for place in places]
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=notebooks.CELL_TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )
        settings = {**os.environ, **notebooks.ENVIRONMENT, "IPYTHONDIR": folder}
        del settings["BPCOURSE_REVEALS"]
        client.execute(env=settings)
    return [Place(place.number, cell) for place, cell in zip(places, notebook.cells, strict=True)]


@pytest.mark.slow
@each
def test_without_guesses_the_story_runs_alone_and_reveals_nothing(lesson):
    ran = {place.number: place for place in run(lesson, lesson.story)}
    for one in lesson.predictions:
        reveal = ran[one.reveal.number]
        assert reveal.shown.strip() == text("predict.first"), one.id
        kinds = [kind for out in reveal.cell.outputs for kind in out.get("data", {})]
        assert not kinds, f"{one.id}: shows {kinds}"
        for place in (*lesson.places[: one.guess.number], one.guess):
            shown = ran[place.number].shown
            for literal in numbers(shown):
                given = [answer for answer in telling(one.id) if gives_away(literal, answer)]
                assert not given, f"{one.id}: {entry(one.id, 'answer')} in {place.cell.id}"
