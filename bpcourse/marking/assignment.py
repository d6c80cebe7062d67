"""What is assigned, and when: lessons, points, a deadline, what late work keeps."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from bpcourse.text import text

DAY = timedelta(days=1)
SECONDS = {"year": 365 * 86400, "week": 7 * 86400, "day": 86400, "hour": 3600, "min": 60, "sec": 1}
LATE = re.compile(r"((?:\d+ (?:year|week|day|hour|min|sec)s?[ ,]*)+)late", re.IGNORECASE)
PART = re.compile(r"(\d+) (year|week|day|hour|min|sec)", re.IGNORECASE)


@dataclass(frozen=True)
class Late:
    """What late work keeps: each day begun takes ``per_day`` of its points, ``at_most`` in all.

    Within ``grace_minutes`` nothing is late; more than ``until_days`` late, nothing counts.
    """

    per_day: float = 0.0
    at_most: float = 1.0
    until_days: float = math.inf
    grace_minutes: float = 0.0

    def keeps(self, days: float) -> float:
        """The share, 0 to 1, of its points that work keeps which is ``days`` late."""
        if days * 24 * 60 <= self.grace_minutes or days <= 0:
            return 1.0
        if days > self.until_days:
            return 0.0
        return 1.0 - min(self.per_day * math.ceil(days), self.at_most)


@dataclass(frozen=True)
class Lateness:
    """``days`` late, 0 for on time; ``said`` is what a person should look at, or ""."""

    days: float = 0.0
    said: str = ""


@dataclass(frozen=True)
class Assignment:
    """Exercises that are handed in and marked together. ``points``: what they are worth in all.

    ``worksheet`` is Moodle's, for offline grading, from which ``numbers`` and ``late_in_moodle``
    are. ``file_times`` says that the files' own times are those of handing in.
    """

    name: str
    lessons: tuple[str, ...]
    points: float | None = None
    due: datetime | None = None
    late: Late = field(default_factory=Late)
    extensions: Mapping[str, datetime] = field(default_factory=dict)
    handed_in: Mapping[str, datetime] = field(default_factory=dict)
    bonus: bool = False
    worksheet: Path | None = None
    file_times: bool = False
    version: str = ""  # of the course that was handed out, where it is not this one
    numbers: Mapping[str, str] = field(default_factory=dict)  # {id: the participant's, in Moodle}
    late_in_moodle: Mapping[str, timedelta] = field(default_factory=dict)  # {id: by how much}

    def lateness(self, student: str, *, flagged: bool, times: list[float]) -> Lateness:
        """How late a student's work is: as the course file says, the worksheet, the time, the flag.

        ``flagged``: whether Canvas says that it is late; ``times`` of the files, in seconds.
        """
        due = self.extensions.get(student, self.due)
        by_file = datetime.fromtimestamp(max(times)).astimezone() if times else None
        if student in self.handed_in:
            return self._after(due, self.handed_in[student])
        if student in self.late_in_moodle:
            late = self.late_in_moodle[student]
            if self.due is None or student not in self.extensions:
                return Lateness(late / DAY)
            return self._after(due, self.due + late)
        if self.file_times and by_file is not None:
            return self._after(due, by_file)
        if flagged and student in self.extensions:
            return Lateness(0.0, text("grade.late_extension", until=due))
        if flagged:  # by how much, Canvas does not say: at least the first day is begun
            return Lateness(1.0, text("grade.late_unknown"))
        return Lateness()

    @staticmethod
    def _after(due: datetime | None, when: datetime) -> Lateness:
        return Lateness(max(0.0, (when - due) / DAY) if due else 0.0)


def moment(when: date) -> datetime:
    """A point in time; of a day its end, and without a zone that of this machine."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time(23, 59, 59))
    return when if when.tzinfo else when.astimezone()


def late_by(status: str) -> timedelta:
    """How late Moodle's status of a submission says that it is."""
    found = LATE.search(status)
    parts = PART.findall(found[1]) if found else []
    return timedelta(seconds=sum(int(count) * SECONDS[unit.lower()] for count, unit in parts))
