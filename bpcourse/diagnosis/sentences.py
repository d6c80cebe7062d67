"""An explanation of a backward pass in sentences: what is wrong, and where."""

from bpcourse.diagnosis import catalogue
from bpcourse.diagnosis.passes import Pass
from bpcourse.diagnosis.search import Explanation, Kind
from bpcourse.text import text


def in_sentences(run: Pass, found: Explanation, first: str) -> tuple[str, str]:
    """(array, message): the array that is wrong, and the sentences; ``first`` is the first wrong.

    A mistake on the way down is told with the array in which it shows first.
    """
    array, *others = (_arrays(run, found, kind) for kind in found.kinds)
    message = in_array(array or first, _sentence(run, found, found.kinds[0]))
    for kind, also in zip(found.kinds[1:], others, strict=True):
        second = _sentence(run, found, kind)
        message += " " + text("diagnosis.second", sentence=in_array(also, second))
    what, *_ = found.kinds[0]
    alone = array and len(found.places(found.kinds[0])) == 1
    return (array if alone and what in ("dW", "db") else first), message


def in_array(array: str, sentence: str) -> str:
    """The sentence with the array that it is about, if that is known."""
    return text("diagnosis.told", array=array, sentence=sentence) if array else sentence


def _sentence(run: Pass, found: Explanation, kind: Kind) -> str:
    mistake = catalogue.find(found.id(kind, run))
    return mistake.at(kind[0], place=_place(run, found, kind), n=len(run.start))


def _arrays(run: Pass, found: Explanation, kind: Kind) -> str:
    """The arrays that a mistake in the gradients of parameters is made in; "" of any other."""
    what = kind[0]
    if what not in ("dW", "db"):
        return ""
    names = [f"{i}.{what[1:]}" for i in sorted(found.places(kind))]
    if kind not in found.spared:
        return _listed(names)
    spared = [f"{i}.{what[1:]}" for i in found.spared[kind]]
    return _all_but(text("diagnosis.every_array", name=what[1:]), spared)


def _place(run: Pass, found: Explanation, kind: Kind) -> str:
    """Where on the way down a mistake is made: "Tanh() (layer 1)", "every activation"."""
    what = kind[0]
    if what not in ("act", "down"):
        return ""

    def name(i: int) -> str:
        return text(f"diagnosis.at_{what}", layer=i, layers=repr(run.layers[i][0]))

    places = sorted(found.places(kind))
    if kind not in found.spared:
        return _listed([name(i) for i in places])
    spared = found.spared[kind]
    kinds = {repr(run.layers[i][0]) for i in places}
    if what == "down":
        every = text("diagnosis.every_down")
    elif len(kinds) == 1:
        every = text("diagnosis.every_one", layers=kinds.pop())
    else:
        every = text("diagnosis.every_act")
    return _all_but(every, [name(i) for i in spared])


def _all_but(every: str, spared: list[str]) -> str:
    return text("diagnosis.all_but", every=every, one=spared[0]) if spared else every


def _listed(names: list[str]) -> str:
    """ "0.b", "0.b and 2.b"."""
    *most, last = names
    return text("diagnosis.two", first=", ".join(most), second=last) if most else last
