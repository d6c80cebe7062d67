"""What was learnt between the two forms of the concept inventory."""

from bpcourse.diagnosis import catalogue
from bpcourse.questions import record
from bpcourse.questions.asking import MARKS, Shown, Table
from bpcourse.questions.bank import find
from bpcourse.questions.bank.inventory import CONCEPTS, FORMS
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text

BEFORE, AFTER = FORMS


def is_right(form: str, concept: str, letter: str | None) -> bool:
    """Whether ``letter`` is right in a form of the inventory."""
    posed = pose(find(f"{form}.{concept}"))
    return bool(letter == posed.shown(posed.right))


def gain() -> Shown | Table:
    """Each concept before the course and after it, and what to read again for those still wrong.

    Shown when the second form is answered whole: what is told earlier would be no measure.
    """
    before, after = ({c: _letter(form, c) for c in CONCEPTS} for form in FORMS)
    if left := [_words(concept) for concept in CONCEPTS if after[concept] is None]:
        return Shown(text("gain.left", count=len(left), all=len(CONCEPTS), names=", ".join(left)))
    rows = [tuple(text("gain.head").split("|"))]
    counts = {BEFORE: 0, AFTER: 0}
    for concept in CONCEPTS:
        marks = []
        for form, letters in ((BEFORE, before), (AFTER, after)):
            right = letters[concept] is not None and is_right(form, concept, letters[concept])
            counts[form] += right
            marks.append(MARKS[None if letters[concept] is None else "right" if right else "wrong"])
        again = "" if marks[1] == MARKS["right"] else _lesson(concept, after[concept])
        rows.append((_words(concept), *marks, again))
    answered = len(CONCEPTS) - list(before.values()).count(None)
    known = f"{counts[BEFORE]}/{answered}" if answered else MARKS[None]
    now = f"{counts[AFTER]}/{len(CONCEPTS)}"
    rows.append((text("ask.total"), known, now, _said(before, counts)))
    return Table(tuple(rows))


def _words(concept: str) -> str:
    return concept.replace("_", " ")


def _letter(form: str, concept: str) -> str | None:
    return record.entry("answers", f"{form}.{concept}").get("answer")


def _lesson(concept: str, letter: str | None) -> str:
    """The section that cures the misconception chosen; for "?", that of the likeliest one."""
    posed = pose(find(f"{AFTER}.{concept}"))
    chosen = [name for name, wrong in posed.wrong.items() if posed.shown(wrong) == letter]
    name = (chosen or list(posed.wrong))[0]
    mistake = catalogue.find(name)
    return text("gain.again", lesson=mistake.cure.partition("_")[0], section=mistake.section)


def _said(before: dict[str, str | None], counts: dict[str, int]) -> str:
    """What was gained of what there was to gain; nothing where the first form is not whole."""
    room = len(CONCEPTS) - counts[BEFORE]
    if None in before.values() or room == 0:
        return ""
    return text("gain.share", gained=counts[AFTER] - counts[BEFORE], room=room)
