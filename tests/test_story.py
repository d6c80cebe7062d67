"""The form of a lesson: a story that reads by itself, and what stands behind the fold."""

import ast
import re

import pytest
from lessons import ENDS, LESSONS, ROOT, TO_COME, TOLD_ANEW, each

import bpcourse
from bpcourse import terms, text
from tools import notebooks

LINES = 12  # of a cell in plain view
PREDICTIONS = 4
TERMS = 8  # of a lesson
MATHS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
LINKS = re.compile(r"\[([^]]*)\]\([^)]*\)")
BARE = re.compile(r"[WZδ][⁰¹²³ˡᴸ]|[abz][¹ˡᴸ]|(?:[WZ]|\\delta)\^[0-9lL]|[abz]\^[1lL]")  # W² for W⁽²⁾


# --- code -----------------------------------------------------------------------------------------


def names(tree, kind):
    """The names that code stores or loads, functions and classes that it defines among them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, kind):
            found.add(node.id)
        elif kind is ast.Store and isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif kind is ast.Store and isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


def parsed(place):
    lines = [line for line in place.source.splitlines() if not line.lstrip().startswith("%")]
    return ast.parse("\n".join(lines))


@each
def test_visible_code_is_short_and_asserts_nothing(lesson):
    for place in lesson.story:
        if place.is_code and not place.folded:
            where = f"cell {place.cell.id}"
            assert len([line for line in place.source.splitlines() if line.strip()]) <= LINES, where
            for node in ast.walk(parsed(place)):
                assert not isinstance(node, ast.Assert), where
                assert getattr(node, "attr", "") not in ("ndindex", "einsum"), where
                assert not (isinstance(node, ast.Lambda) and node.args.defaults), where


@each
def test_a_third_of_the_storys_code_is_folded_at_most(lesson):
    code = [place for place in lesson.story if place.is_code]
    folded = [place.cell.id for place in code if place.folded]
    assert len(folded) <= len(code) / 3, f"{len(folded)} of {len(code)}: {', '.join(folded)}"
    for place in lesson.places:
        assert place.folded == ("hide-input" in place.tags), f"cell {place.cell.id}"


@each
def test_no_visible_code_needs_what_a_reveal_computes(lesson):
    reveals = {prediction.reveal.number for prediction in lesson.predictions}
    known, hidden = set(), {}
    for place in lesson.story:
        if not place.is_code:
            continue
        tree = parsed(place)
        if place.number in reveals:
            tools = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            new = names(tree, ast.Store) - known - tools  # what a function does its name says
            hidden |= {name: place.cell.id for name in new}
            continue
        stored = names(tree, ast.Store)
        for name in names(tree, ast.Load) & hidden.keys() - stored:
            assert place.folded, f"cell {place.cell.id} needs {name} of {hidden[name]}"
        known |= stored
        hidden = {name: cell for name, cell in hidden.items() if name not in stored}


@each
def test_what_the_text_names_to_be_typed_works_as_it_stands(lesson):
    known = set()
    for place in lesson.story:
        if place.is_code:
            known |= names(parsed(place), ast.Store)
            continue
        for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", place.source):
            if code.startswith("bpcourse reset "):
                assert (ROOT / code.split()[-1]).is_file(), code
            try:
                tree = ast.parse(code)
            except SyntaxError:
                continue
            called = {n.func for n in ast.walk(tree) if isinstance(n, ast.Call)}
            called = {function.id for function in called if isinstance(function, ast.Name)}
            missing = called - known - names(tree, ast.Store)
            assert not missing & set(bpcourse.__all__), f"cell {place.cell.id}: {code}"


@each
def test_a_link_that_begins_with_a_lessons_number_calls_it_by_its_title(lesson):
    titles = {one.path.name: one.places[0].source.split("\n")[0] for one in LESSONS}
    for place in lesson.places:
        for number, name, file in re.findall(r"\[(\d\d) ([^]]+)\]\(([\w.]+)\)", place.source):
            assert titles[file].startswith(f"# {number} · {name}"), f"cell {place.cell.id}"


@each
def test_what_stands_behind_the_fold_is_folded_and_in_order(lesson):
    there = [end for end in ENDS if end in lesson.headings]
    assert there == sorted(there, key=lesson.headings.get) == sorted(there, key=ENDS.index)
    for end in there:
        cell = lesson.places[lesson.headings[end]].cell
        assert cell.metadata.get("jp-MarkdownHeadingCollapsed"), end
    for place in lesson.places[len(lesson.story) :]:
        if place.is_code:
            assert place.folded, f"cell {place.cell.id}"
    for place in lesson.story:
        assert not [tag for tag in place.tags if re.fullmatch(r"[A-E]\d+", tag)], place.cell.id


def words(text):
    prose = re.sub(r"<[^>]+>|```.*?```", " ", MATHS.sub(" ", text), flags=re.DOTALL)
    return len(re.findall(r"[A-Za-z’']{2,}", prose))


@each
def test_at_most_a_third_of_the_saidstands_behind_the_fold(lesson):
    story = sum(words(place.source) for place in lesson.story if not place.is_code)
    whole = sum(words(place.source) for place in lesson.places if not place.is_code)
    assert whole - story <= whole / 3, f"{whole - story} of {whole} words"


@each
def test_the_title_says_how_long_it_takes_and_names_no_item(lesson):
    title, line, *_ = lesson.places[0].source.split("\n\n")
    assert re.fullmatch(rf"# {lesson.stem[:2]} · .+", title)
    minutes = re.match(r"\*About (\d+) minutes", line)
    assert minutes and 25 <= int(minutes[1]) <= 60 and line.endswith("*")
    assert not re.search(r"\b[A-E]\d+\b", lesson.places[0].source)


# --- terms ----------------------------------------------------------------------------------------


def term(name):
    """A pattern of a term in running text: any case, one or several."""
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?:e?s)?(?![\w-])", re.IGNORECASE)


def prose(place):
    """What is read as words: links to lessons name them, and formulas are no words."""
    return LINKS.sub(" ", MATHS.sub(" ", place.source)) if not place.is_code else ""


@each
def test_a_term_is_bold_where_the_lesson_first_uses_it(lesson):
    own = [one for one in terms.glossary() if one.lesson == lesson.stem]
    assert len(own) <= TERMS
    for one in own:
        found = term(one.name)
        used = [place for place in lesson.story[1:] if found.search(prose(place))]
        assert used, f"{one.name!r} is in the glossary and not in the story"
        bold = " ".join(re.findall(r"\*\*(.+?)\*\*", prose(used[0]), re.DOTALL))
        assert found.search(bold), f"{one.name!r} is used in cell {used[0].cell.id}, and not bold"


def early():
    """Terms that stand in the story of a lesson before the one that defines them."""
    for one in terms.glossary():
        found = term(one.name)
        for lesson in LESSONS:
            if lesson.stem < one.lesson and lesson.is_told_anew:
                for place in lesson.story:
                    if found.search(prose(place)):
                        yield f"{one.name!r} of {one.lesson} in {lesson.stem}, {place.cell.id}"


def test_no_term_is_used_before_its_lesson():
    found = list(early())
    if TO_COME:
        pytest.skip("to come: " + "; ".join([*TO_COME, *found]))
    assert not found, "\n".join(found)


def test_the_glossary_names_a_thing_once_and_says_what_it_is():
    glossary = terms.glossary()
    names = [one.name.casefold() for one in glossary]
    assert len(set(names)) == len(names)
    for one in glossary:
        assert len(one.meaning.split()) >= 4 and one.meaning.count("$") % 2 == 0, one.name
    shown = [line.split("**")[1] for line in repr(glossary).splitlines()]
    assert len(shown) == len(glossary) and shown == sorted(shown, key=str.casefold)


# --- letters --------------------------------------------------------------------------------------


def told():
    """What a reader meets in the course's own letters: (where, words)."""
    for lesson in LESSONS:
        if lesson.stem != "90_notation":  # whose tables hold everybody's letters
            yield lesson.stem, "\n".join(place.source for place in lesson.story)
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        yield f"solutions/{path.stem}", "\n".join(c.source for c in notebooks.read(path).cells)
    yield "bpcourse/text", "\n".join(text._table("en").values())


def test_the_number_of_a_layer_stands_in_parentheses():
    """Without them it reads as a power."""
    found = {where: BARE.findall(words) for where, words in told()}
    assert not {where: bare for where, bare in found.items() if bare}


# --- the tests can fail ---------------------------------------------------------------------------


def test_a_term_is_found_in_any_form_and_not_in_parts_of_words():
    for said in ("an error signal", "Error signals", "the error signal's", "(error signal)"):
        assert term("error signal").search(said)
    for said in ("terror signals", "error-signal", "signal errors", "error signalled"):
        assert not term("error signal").search(said)


def test_a_bare_number_of_a_layer_is_found_and_a_square_is_not():
    for bare in ("W²(W¹x)", "$W^1$", r"$\delta^2_i$", "δˡ", "$z^l$", "a¹"):
        assert BARE.search(bare), bare
    for fine in ("1 − a²", "$z^2$", "W⁽²⁾", "$W^{(2)}$", "δ⁽ˡ⁾", "$a^{(1)}$", "n²"):
        assert not BARE.search(fine), fine


def test_some_lesson_is_held_to_this():
    assert TOLD_ANEW
