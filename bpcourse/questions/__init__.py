"""What a student is asked, how an answer is judged, and the record of what they did."""

from bpcourse.questions.allowed import ALLOWED
from bpcourse.questions.asking import ask, hint, progress
from bpcourse.questions.bank import all_questions
from bpcourse.questions.checking import check
from bpcourse.questions.gains import gain
from bpcourse.questions.judging.posed import Answer
from bpcourse.questions.prediction import Prediction, predict, reveals
from bpcourse.questions.result import NotRightError, Result
from bpcourse.questions.unanswered import watch as _watch

__all__ = [
    "ALLOWED",
    "Answer",
    "NotRightError",
    "Prediction",
    "Result",
    "all_questions",
    "ask",
    "check",
    "gain",
    "hint",
    "predict",
    "progress",
    "reveals",
]

_watch()
