"""Whose a file is, as its place tells: the layouts of learning platforms, and those made by hand.

Moodle: ``Ana Ruiz_1234_assignsubmission_file/11_matrix_form.ipynb``, or flat, in front of the name.
Canvas: ``ruizana_LATE_1234_5678_11_matrix_form.ipynb``. ILIAS: ``Ruiz_Ana_aruiz_1234/…``, perhaps
in ``Team_12/``. Blackboard: ``Week 5_aruiz_attempt_2026-05-04-10-22-33_11_matrix_form.ipynb``.
Brightspace: ``123-45 - Ana Ruiz - May 4, 2026 1022 AM/…``, or flat. Sakai: ``Ruiz, Ana(aruiz)/…``.
nbgrader: ``submitted/ana/ps4/11_matrix_form.ipynb``. By hand: ``ana/…``,
``ana_11_matrix_form.ipynb``. Around each there may be one more folder, or two.

What lies in a student's folder or zip is called as the student likes, so it never decides what
stands above it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from bpcourse.marking.archives import readable
from bpcourse.questions.bank import NOTEBOOKS
from bpcourse.text import text

MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assign(?:submission|feedback)_[a-z]+(?:_(?P<rest>.*))?",
    re.DOTALL,
)
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<rest>.+)", re.DOTALL)
ILIAS = re.compile(r"(?P<last>[^_]+)_(?P<first>[^_]+)_(?P<login>[^_]+)_(?P<number>\d+)")
BLACKBOARD = re.compile(r".+?_(?P<login>[^_]+)_attempt_\d{4}(?:-\d\d){5}(?:_.+|\.txt)", re.DOTALL)
BRIGHTSPACE = re.compile(
    r"(?P<number>\d+-\d+) - (?P<name>.+?) - \w{3} \d{1,2}, \d{4} \d{3,4} [AP]M(?: - .+)?", re.DOTALL
)
SAKAI = re.compile(r"(?P<last>[^,()]+), (?P<first>[^()]+)\((?P<login>[^()]+)\)")
NUMBERED = re.compile(r"_\d+_assign(?:submission|feedback)_")
GROUPED = re.compile(r"team[ _-]?\d+", re.IGNORECASE)  # of ILIAS, with the members below
MOST_AROUND = 4  # folders around those of the students
NBGRADER = "submitted"
BESIDE = {"source", "release", "autograded", "feedback", "gradebook.db"}  # this folder of nbgrader
NOTEBOOK = re.compile(r"\.(ipynb|json|txt)\b.*$", re.IGNORECASE)


@dataclass(frozen=True)
class Owner:
    """Whose it is: ``key``, the same for all files of one; a name, a login where they are told.

    ``number`` is the platform's own for the person, ``platform`` its name in small letters, or ""
    where the key is a name that people gave.
    """

    key: str
    name: str = ""
    platform: str = ""
    number: str = ""
    login: str = ""
    late: bool = False


Known = Callable[[Owner], bool]
Owners = dict[PurePosixPath, Owner]


def owner(part: str) -> Owner | None:
    """Whose a folder or file is, by a name that a platform gave it; None for any other.

    None too where the pattern is there twice: who may write a name or a file's name would else
    write another's number.
    """
    if match := MOODLE.fullmatch(part):
        if len(NUMBERED.findall(part)) > 1:
            return None
        return Owner(match["number"], readable(match["name"]), "moodle", match["number"])
    match = CANVAS.fullmatch(part)
    if match and stem_in(part) == stem_in(match["rest"]):  # or the number is part of the lesson's
        late = match["late"] is not None
        number = match["number"]
        return Owner(number, readable(match["name"]), "canvas", number, late=late)
    if match := BLACKBOARD.fullmatch(part):
        return _by_login("blackboard", match["login"])
    if match := BRIGHTSPACE.fullmatch(part):
        return Owner(match["number"], readable(match["name"]), "brightspace", match["number"])
    if match := SAKAI.fullmatch(part):
        return _by_login("sakai", match["login"], f"{match['first']} {match['last']}")
    if match := ILIAS.fullmatch(part):
        if not stem_in(part):
            return _by_login("ilias", match["login"], f"{match['first']} {match['last']}")
    return None


def _by_login(platform: str, login: str, name: str = "") -> Owner:
    login = readable(login)
    return Owner(login, readable(name), platform, login=login)


def owners(places: Mapping[PurePosixPath, str], known: Known, around: str) -> Owners:
    """{place: whose it is} of those files that are somebody's, from {place: its problem, or ""}.

    ``known`` says whether the roster has somebody; ``around`` is a name that a folder around all
    others may have. ValueError, with what was found and what to do, where it cannot be told whether
    a folder is a student or a class.
    """
    below = {place: place.parts for place in places}
    if start := _submitted(list(below.values())):
        below = {p: parts[start:] for p, parts in below.items() if parts[start - 1] == NBGRADER}
    else:
        skip = _around(list(below.values()), known, around)
        below = {p: parts[skip:] or parts[-1:] for p, parts in below.items()}
    mixed = any(len(parts) > 1 or owner(parts[0]) for parts in below.values())
    found = {}
    for place, parts in below.items():
        if len(parts) > 2 and GROUPED.fullmatch(parts[0]) and owner(parts[1]):
            parts = parts[1:]
        one = owner(parts[0]) or _by_hand(parts[0], is_file=len(parts) == 1)
        loose = len(parts) == 1 and mixed and not one.platform
        if loose and not (places[place] or _is_exercise(parts[0]) or known(one)):
            continue  # a list or a letter beside what the students handed in
        found[place] = one
    return found


def stem_in(name: str) -> str:
    """The stem of the exercises that a file's name holds as words of their own, or ""."""
    found = (s for s in NOTEBOOKS.values() if re.search(rf"(?<![^\W_]){s}(?![^\W_])", name))
    return max(found, key=len, default="")


def _by_hand(part: str, *, is_file: bool) -> Owner:
    """Whose it is by a name that people gave: what stands before the lesson's, or all of it."""
    name = NOTEBOOK.sub("", part) if is_file else part
    stem = stem_in(name)
    before = name.partition(stem)[0].rstrip("_- ") if stem else name
    return Owner(readable(before or name or part))


def _submitted(paths: list[tuple[str, ...]]) -> int:
    """How many folders lead into nbgrader's ``submitted``; 0 where that is no course of nbgrader.

    A student too may have a folder of that name, beside those of others.
    """
    for depth in range(MOST_AROUND - 1):
        names = {parts[depth] for parts in paths if len(parts) > depth}
        if NBGRADER in names and (len(names) == 1 or names & BESIDE):
            inside = [parts for parts in paths if parts[depth] == NBGRADER]
            return depth + 1 if all(len(parts) > depth + 2 for parts in inside) else 0
        if len(names) != 1 or any(len(parts) < depth + 2 for parts in paths):
            break
    return 0


def _around(paths: list[tuple[str, ...]], known: Known, around: str) -> int:
    """How many folders stand around those of the students.

    Where most names at a depth are somebody's, that is the students' depth, if it is so in most of
    what lies at the top: one student's zip may hold names of all the others.
    """

    def is_of_somebody(part: str, is_file: bool, surely: bool) -> bool:
        one = owner(part)
        sure = known(one or _by_hand(part, is_file=is_file))
        return sure or (one is not None and (not surely or one.platform != "ilias"))

    folders = {parts[0] for parts in paths if len(parts) > 1}
    tops = folders | {parts[0] for parts in paths if _is_exercise(parts[0])}
    for surely in (True, False):  # other folders are called as those of ILIAS by chance
        for depth in range(MOST_AROUND):
            deep = [parts for parts in paths if len(parts) > depth]
            names = {(parts[depth], len(parts) == depth + 1) for parts in deep}
            theirs = {name for name in names if is_of_somebody(*name, surely)}
            above = {
                parts[0] for parts in deep if (parts[depth], len(parts) == depth + 1) in theirs
            }
            most = 2 * len(above) > len(folders) and 2 * len(above) >= len(tops)
            if 2 * len(theirs) <= len(names) or (depth and not most):
                continue
            if not surely and len(names) == 1 and _is_class(_below(deep, depth), deep[0][depth]):
                continue
            grouped = depth and all(GROUPED.fullmatch(parts[depth - 1]) for parts in deep)
            return depth - 1 if grouped else depth
    skip = 0
    for depth in range(MOST_AROUND):
        tops = {parts[depth] for parts in paths if len(parts) > depth + 1}
        loose = (parts[depth] for parts in paths if len(parts) == depth + 1)
        if len(tops) != 1 or any(map(_is_exercise, loose)):
            break
        (top,) = tops
        inside = _below(paths, depth)
        bare = any(_bare(parts[0]) for parts in inside if len(parts) == 1)
        if top == around and not bare and any(len(parts) > 1 for parts in inside):
            skip = depth + 1
        elif _is_class(inside, top):
            return depth + 1
    return skip


def _below(paths: list[tuple[str, ...]], depth: int) -> list[tuple[str, ...]]:
    return [parts[depth + 1 :] for parts in paths if len(parts) > depth + 1]


def _is_class(inside: list[tuple[str, ...]], top: str) -> bool:
    """Whether what is in the folder ``top`` is of several students, rather than of one."""
    lessons = defaultdict(set)  # {lesson: the folders, or the names before it, that have it}
    for parts in inside:
        stem = stem_in(parts[-1])
        if stem and (len(parts) > 1 or parts[-1].partition(stem)[0].strip("_- ")):
            lessons[stem].add(parts[0] if len(parts) > 1 else parts[-1].partition(stem)[0])
    bare = any(len(p) == 1 and _bare(p[0]) for p in inside)
    folders = {parts[0] for parts in inside if len(parts) > 1}
    if bare or (not folders and not lessons):
        return False
    if any(len(names) > 1 for names in lessons.values()):
        return True
    if len(folders) > 1:
        raise ValueError(
            text("grade.student_or_class", folder=top, inside=", ".join(sorted(folders)[:5]))
        )
    return False


def _is_exercise(name: str) -> bool:
    """Whether a file is called as a notebook is, or as the exercises of a lesson."""
    return ".ipynb" in name.lower() or bool(stem_in(name))


def _bare(name: str) -> bool:
    """Whether a file is called as the course calls it, without anybody's name in front."""
    stem = stem_in(name)
    return bool(stem) and not name.partition(stem)[0].strip("_- ")
