"""Texts: found, filled in, translated, all of them used, and none left in the code."""

import ast
import re
from pathlib import Path

import pytest

from bpcourse import text as module
from bpcourse.text import text

ROOT = Path(__file__).parents[1]
TEMPLATES = sorted((ROOT / "bpcourse").rglob("templates/*.html"))
VISIBLE = set("figures widgets questions workspace doctor cli".split())  # what a student reads
VISIBLE |= {"marking/feedback", "marking/pages", "marking/report", "marking/statistics"}
LABELS = set("print text annotate set_title set_xlabel set_ylabel set_label suptitle".split())
SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")
WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")


@pytest.fixture
def two_languages(tmp_path, monkeypatch):
    """English with two keys, and a language that has one of them."""
    (tmp_path / "en.toml").write_text('[a]\nhello = "Hello {name}"\nbye = "${{}}$ bye"\n')
    (tmp_path / "zh.toml").write_text('[a]\nhello = "你好 {name}"\n', encoding="utf-8")
    monkeypatch.setattr(module, "files", lambda name: tmp_path)
    module._table.cache_clear()
    yield
    module._table.cache_clear()


def test_fields_are_filled_in_and_doubled_braces_are_braces(two_languages):
    assert text("a.hello", name="Ada") == "Hello Ada"
    assert text("a.bye") == "${}$ bye"


@pytest.mark.parametrize(
    "language, hello", [("zh", "你好 Ada"), ("en", "Hello Ada"), ("xx", "Hello Ada")]
)
def test_a_language_without_the_key_or_the_file_falls_back(
    two_languages, monkeypatch, language, hello
):
    monkeypatch.setenv("BPCOURSE_LANG", language)
    assert text("a.hello", name="Ada") == hello
    assert text("a.bye") == "${}$ bye"


def test_an_unknown_key_and_a_missing_value_are_named(two_languages):
    with pytest.raises(KeyError, match="a.nothing"):
        text("a.nothing")
    with pytest.raises(KeyError, match="a.hello.*name.*given.*nome"):
        text("a.hello", nome="Ada")


def _trees(*names):
    """(path, syntax tree) of the package's modules of those names, or of all of them and tools."""
    for path in sorted((ROOT / "bpcourse").rglob("*.py")):
        inside = path.relative_to(ROOT / "bpcourse")
        if not names or {inside.parts[0].removesuffix(".py"), str(inside)[:-3]} & set(names):
            yield path, ast.parse(path.read_text(encoding="utf-8"))
    if not names:  # the instructors' pages are made of texts too
        for path in sorted((ROOT / "tools").glob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_every_text_is_used():
    """A key is used where the code holds it, or an f-string that begins as it does."""
    whole, beginnings = set(), set()
    for _, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                if "." in str(node.values[0].value):
                    beginnings.add(node.values[0].value)
    for path in TEMPLATES:
        source = path.read_text(encoding="utf-8")
        for key, goes_on in re.findall(r"""text\(["']([\w.]+)["']( ~)?""", source):
            (beginnings if goes_on else whole).add(key)
    unused = {
        key
        for key in module._table("en")
        if key not in whole and not any(key.startswith(start) for start in beginnings)
    }
    assert not unused


def _literals(tree):
    """Sentences and labels in the code, docstrings and raised messages apart."""
    exempt = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Assert):
            exempt.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            exempt.add(id(node.value))  # a docstring
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in exempt
        ):
            if SENTENCE.search(node.value):
                yield node.lineno, node.value
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            shown = [word.value for word in node.keywords if word.arg in ("label", "alt", "title")]
            if name in LABELS and not (isinstance(node.func, ast.Name) and name == "text"):
                shown += node.args
            for argument in shown:
                for piece in getattr(argument, "values", [argument]):  # those of an f-string
                    if isinstance(piece, ast.Constant) and isinstance(piece.value, str):
                        if WORD.search(re.sub(r"\$.*?\$", "", piece.value)):
                            yield node.lineno, piece.value


def test_what_a_student_reads_is_in_the_language_files():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path, tree in _trees(*VISIBLE)
        for line, words in _literals(tree)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words(path):
    source = re.sub(r"(?s)<style>.*?</style>", "", path.read_text(encoding="utf-8"))
    source = re.sub(r"(?s){%.*?%}|{{.*?}}|{#.*?#}", "", source)
    assert not WORD.findall(re.sub(r"(?s)<.*?>", "", source))


@pytest.mark.parametrize(
    "code",
    [
        'x = "three plain words"',
        'ax.set_xlabel("epoch")',
        'ax.plot(x, label="loss")',
        'print(f"epoch {n}")',
    ],
)
def test_the_scan_finds_a_literal(code):
    assert list(_literals(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        '"""Three plain words here."""',
        'raise ValueError("three plain words here")',
        'ax.set_xlabel(text("figures.epoch"))',
        r'ax.set_ylabel(r"$\mathcal{L}$")',
    ],
)
def test_the_scan_passes_what_is_no_literal(code):
    assert not list(_literals(ast.parse(code)))
