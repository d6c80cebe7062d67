"""The pictures that ``ask`` shows: of the numbers asked for, and without the answer."""

from operator import attrgetter

import IPython.display
import numpy as np
import pytest
from matplotlib.text import Text
from rows import a_part

from bpcourse import ask
from bpcourse.questions import all_questions
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text

PICTURED = [question for question in all_questions() if question.picture]


def has_alt(question):
    if question.is_code:
        return False  # its task and pictures stand in the notebook
    try:
        return bool(text(f"question.{question.id}.picture", **pose(question).inputs))
    except KeyError:
        return False


def printed(fig):
    return [t.get_text() for t in fig.findobj(Text) if t.get_text().strip() and t.get_visible()]


def test_a_picture_has_its_alternative_text_and_no_text_lacks_its_picture():
    assert [question.id for question in all_questions() if has_alt(question)] == [
        question.id for question in PICTURED
    ]
    assert PICTURED


@pytest.mark.parametrize("question", a_part(PICTURED, every=3), ids=attrgetter("id"))
def test_a_picture_shows_other_numbers_for_another_seed_and_never_the_answer(question):
    seen = set()
    for seed in range(4):
        posed = pose(question, seed)
        words = printed(question.picture(**posed.inputs))
        seen.add(tuple(words))
        if question.kind == "number":
            answer = posed.shown(posed.right)
            given = np.round(np.concatenate([np.ravel(v) for v in posed.inputs.values()]), 4)
            bare = " ".join(words).replace("\N{MINUS SIGN}", "-").split()
            # 3.0 as an answer and the name 3 of a class are not the same.
            written = f"{answer:g}" if answer % 1 else f"{answer:.{question.decimals or 0}f}"
            assert answer in given or written not in bare
    fresh = len({str(pose(question, seed).inputs) for seed in range(4)})
    assert len(seen) == fresh


def test_the_picture_is_shown_below_its_text(monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda thing, **_: shown.append(thing))
    ask("chain_rule.two_paths")._ipython_display_()
    task, picture, caption = shown
    assert "What is dz/ds" in str(task) and "image/png" in picture and "text/html" in caption
