"""What a student is asked, and the record of what they said."""

from bpcourse.questions.predict import Prediction, predict

__all__ = ["Prediction", "predict"]
