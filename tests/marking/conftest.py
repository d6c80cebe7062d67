"""What tests of marking share that run no student's code."""

import pytest


@pytest.fixture
def unrun(monkeypatch):
    """Has every answer be what a function gives for (the notebook's code, the question)."""

    def make(answered):
        class Unrun:
            late = False

            def __init__(self, marker, submission, cells, places):
                self.code = "\n".join(source for _, source in cells)

            def answers(self, questions):
                return {one.id: answered(self.code, one) for one in questions}

            def outcome(self, results):
                return "graded", "", ()

        monkeypatch.setattr("bpcourse.marking.marker.Run", Unrun)

    return make
