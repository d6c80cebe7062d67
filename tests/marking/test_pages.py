"""What students and teachers read of the marking."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote

import numpy as np
import pytest

from bpcourse.marking import feedback, report, statistics
from bpcourse.marking.course import Course, Student
from bpcourse.marking.pages import percent
from bpcourse.marking.records import Record
from bpcourse.questions.bank import find
from bpcourse.questions.judging.posed import pose
from bpcourse.text import text as text_of

from . import a_class

CLASS = a_class.records(30)
OWN = [record for record in CLASS if record.student == "s003"]
HOSTILE = "<script>alert('x')</script>\n\"=1+1"


class Plain(HTMLParser):
    """The text of a page, and that its tags are closed in order."""

    def __init__(self, page):
        super().__init__()
        self.text, self.open, self.tags = "", [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def of(records, **changes):
    return feedback.page(Student("s003", "Ana"), records, Course(**changes))


def test_feedback_says_of_each_question_its_points_and_what_there_is_to_learn():
    text = Plain(of(OWN)).text
    wrong = [r for r in OWN if r.question and r.state == "wrong" and r.misconceptions]
    assert wrong
    for record in wrong:
        (name,) = record.misconceptions
        assert f"{name.replace('_', ' ').capitalize()}. {record.message.splitlines()[0]}" in text
        assert "\n".join(record.message.splitlines()[1:]) in text
        for name in record.misconceptions:
            section = text_of(f"misconception.{name}.section")
            assert f"section “{section}” (lectures/" in text
    for record in OWN:
        if record.question and record.state != "recorded":
            title = record.question.partition(".")[2].replace("_", " ").capitalize()
            assert re.search(rf"{title}\s+.*?{record.points:g} of {record.of:g} points", text, re.S)


@pytest.mark.parametrize("says", ["none", "where", "full"])
def test_feedback_says_as_much_as_the_course_settles(says):
    text = Plain(of(OWN, feedback=says)).text
    hints = [r.message for r in OWN if r.misconceptions]
    assert all((hint in text) == (says == "full") for hint in hints)
    assert ("not right" in text) == (says != "none")
    assert "of 4 points" in text


def test_neither_seeds_nor_what_is_expected_of_others_is_told():
    assert "seed" not in of(OWN)


def test_whatever_is_in_names_and_messages_is_text():
    records = [replace(r, message=HOSTILE, name=HOSTILE, override=HOSTILE) for r in OWN]
    records = [replace(r, file=HOSTILE) if r.question is None else r for r in records]
    pages = [
        feedback.page(Student(HOSTILE, HOSTILE), records, Course()),
        report.page(records, Course(name=HOSTILE, anonymous=False)),
    ]
    for page in pages:
        assert "<script" not in page and HOSTILE in Plain(page).text


@pytest.mark.parametrize("page", [of(OWN), report.page(CLASS, Course()), report.page([], Course())])
def test_pages_stand_alone_and_can_be_read_by_all(page):
    plain = Plain(page)
    assert not re.search(r"https?:|src=|@import|url\(", page)
    levels = [int(tag[1]) for tag, _ in plain.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert dict(plain.tags)["html"]["lang"] == "en"
    assert "None" not in plain.text and "nan" not in plain.text


def colours(page):
    """{theme: {name: colour}} of the page's style."""
    blocks = re.findall(r":root \{(.*?)\}", page, re.S)
    pairs = [re.findall(r"--(\w+): (#\w{6}|[\d, ]+)", block) for block in blocks]
    return [{name: _rgb(value) for name, value in block} for block in pairs]


def _rgb(value):
    if value[0] == "#":
        return np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)])
    return np.array([int(part) for part in value.split(",")])


def contrast(one, two):
    lights = []
    for colour in (one, two):
        c = np.asarray(colour) / 255
        lights.append(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4))
    a, b = (light @ [0.2126, 0.7152, 0.0722] + 0.05 for light in lights)
    return max(a, b) / min(a, b)


def test_the_colours_of_text_have_the_contrast_that_reading_needs():
    light, dark = colours(report.page(CLASS, Course()))
    assert light["page"].mean() > 250 and dark["page"].mean() < 30
    for theme in (light, dark):
        for ink in ("ink", "quiet", "right", "wrong", "look", "bar"):
            assert contrast(theme[ink], theme["page"]) >= 4.5  # WCAG AA
        assert contrast(theme["ink"], theme["pale"]) >= 4.5
        assert contrast(theme["ink"], 0.6 * theme["heat"] + 0.4 * theme["page"]) >= 4.5


def test_a_state_can_be_read_without_its_colour():
    text = Plain(of(OWN)).text
    for state, sign in (("right", "✓ right"), ("wrong", "✗ not right")):
        count = sum(r.state == state for r in OWN if r.question)
        assert count and len(re.findall(sign.replace(" ", r"\s+"), text)) == count


def test_where_a_course_says_so_pages_link_to_the_section():
    q = "matrix_form.linear_backward"
    own = record("a", None, "graded", file="11.ipynb")
    records = [own, record("a", q, "wrong", misconceptions=("batch_mean_missing",), message="1/N.")]
    course = Course(lessons="https://uni.example/{lesson}.html")
    section = quote(text_of("misconception.batch_mean_missing.section").replace(" ", "-"))
    assert section.endswith("-%C2%B7-Where-the-1/N-lives")
    link = f"https://uni.example/11_matrix_form.html#{section}"
    for page in (feedback.page(Student("a"), records, course), report.page(records, course)):
        assert {"href": link} in [about for tag, about in Plain(page).tags if tag == "a"]
    assert "<a " not in feedback.page(Student("a"), records, Course())


def test_the_questions_of_a_notebook_handed_in_twice_are_told_once():
    whole = record("a", None, "graded", file="new.ipynb")
    old = replace(whole, state="not gradable", message="A later one.", file="old.ipynb")
    records = [old, whole, record("a", "matrix_form.outer_product", "right")]
    text = Plain(feedback.page(Student("a"), records, Course())).text
    assert text.count("Outer product") == 1 and "A later one." in text


def test_what_no_file_can_hold_or_no_reader_see_is_marked():
    name = "a\u202eb\ud800c\0d"
    records = [replace(r, name=name, message="\x1b[31m\u200d") for r in OWN]
    records = [replace(r, state="crashed") if r.question is None else r for r in records]
    pages = [feedback.page(Student("a", name), records, Course())]
    pages.append(report.page(records, Course(anonymous=False)))
    for page in pages:
        page.encode()
        assert "a\ufffdb\ufffdc\ufffdd" in page and "\ufffd[31m\u200d" in page
        assert not set("\u202e\0\x1b") & set(page)


def test_a_long_error_is_folded():
    message = "The hint.\n" + "\n".join(f"line {n}" for n in range(300))
    long = record("a", "matrix_form.outer_product", "wrong", message=message)
    page = feedback.page(Student("a"), [record("a", None, "graded", file=""), long], Course())
    shown, _, rest = page.partition("<details>")
    assert "line 11" in shown and "line 12" not in shown
    assert "288 more lines" in rest and "line 299" in rest


def test_the_class_is_not_named_where_it_is_anonymous():
    assert "Student 0" not in report.page(CLASS, Course(anonymous=True))
    assert "Student 0" in report.page(CLASS, Course(anonymous=False))


def record(student, question, state, **more):
    made = Record(student, "", "11_matrix_form", question, state, of=2.0, seconds=0.1)
    return replace(made, points=2.0 * (state == "right"), **more)


def test_shares_are_of_those_who_answered():
    q = "matrix_form.outer_product"
    records = [record(f"s{i}", q, "right") for i in range(2)]
    records += [record("s2", q, "wrong", misconceptions=("gradient_transposed",))]
    records += [record("s3", q, "not answered")]
    assert statistics.heat_maps(records) == {
        "11_matrix_form": ([q], {"gradient_transposed": [1 / 3]})
    }
    assert statistics.commonest(records) == [("gradient_transposed", 1, [q])]


def test_questions_that_tell_nobody_apart_are_found():
    rng = np.random.default_rng(1)
    questions = [f"matrix_form.{n}" for n in ("outer_product", "linear_backward", "layer_class")]
    easy, good, noise = questions
    records = []
    for i in range(40):
        able = i % 2 == 0
        records.append(record(f"s{i}", easy, "right"))
        records.append(record(f"s{i}", good, "right" if able else "wrong"))
        records += [
            record(f"s{i}", q, "right" if able else "wrong")
            for q in ("matrix_form.whole_network", "matrix_form.mend_update")
        ]
        records.append(record(f"s{i}", noise, "right" if rng.random() < 0.5 else "wrong"))
    found = {question: why for question, why, *_ in statistics.separating_nobody(records)}
    assert found == {easy: "all", noise: "weak"}


def test_a_private_notebook_has_its_map_as_well():
    shown = record("a", "midterm.power", "wrong", notebook="week_9")
    maps = statistics.heat_maps([replace(shown, misconceptions=("sign_flipped",))])
    assert maps == {"week_9": (["midterm.power"], {"sign_flipped": [1.0]})}


def test_a_share_that_is_small_is_not_none():
    assert [percent(share) for share in (0, 0.004, 0.006, 0.5, -0.2)] == [
        "0 %",
        "< 1 %",
        "1 %",
        "50 %",
        "\N{MINUS SIGN}20 %",
    ]


def test_notebooks_are_counted_by_state_with_their_points_and_seconds():
    known, other = ("a", "", "11_matrix_form", None), ("a", "", "", None)
    records = [
        Record(*known, "graded", points=3.0, of=4.0, seconds=1.0),
        Record(*known, "graded", points=2.0, of=4.0, seconds=2.0),
        Record(*known, "timeout", points=0.0, of=4.0, seconds=60.0),
        Record(*other, "not a notebook"),
    ]
    lost, known = statistics.notebooks(records)
    assert known["states"] == {"graded": 2, "timeout": 1}
    assert (known["points"], known["usual"], known["slowest"]) == (5 / 12, 2.0, 60.0)
    assert lost["notebook"] == "" and lost["points"] is None


def test_who_handed_in_nothing_is_counted_and_named_unless_anonymous():
    students = {"s000": Student("s000", "Student 000"), "z": Student("z", "Zoe")}
    named = Plain(report.page(CLASS, Course(students=students, anonymous=False))).text
    assert re.search(r"nothing came from them: 1\.\s+Zoe\s", named)
    counted = Plain(report.page(CLASS, Course(students=students))).text
    assert "nothing came from them: 1." in counted and "Zoe" not in counted


def test_a_class_of_one_and_one_without_a_mistake_have_a_report():
    one = Plain(report.page(a_class.records(1), Course())).text
    assert "There are none." in one and "nan" not in one
    clever = [r for r in CLASS if r.state in ("right", "graded")]
    text = Plain(report.page(clever, Course())).text
    assert "No answer showed a misconception" in text and "Misconceptions by" not in text
    assert "everybody has it right" in text and "There are none." not in text
    assert "Nothing was handed in." in Plain(report.page([], Course())).text


def test_the_gain_is_of_those_who_took_both_forms():
    def given(student, form, right):
        posed = pose(find(f"{form}.two_paths"))
        wrong = next(iter(posed.wrong.values()))
        answer = posed.shown(posed.right if right else wrong)
        return record(student, f"{form}.two_paths", "recorded", answer=answer)

    records = [given("a", "inventory_a", False), given("a", "inventory_b", True)]
    records += [given("b", "inventory_a", False), given("b", "inventory_b", False)]
    records += [given("c", "inventory_a", True)]
    assert statistics.gains(records) == [("two_paths", 2, 0.0, 0.5)]


def test_scores_are_shares_of_all_that_was_marked():
    points = (("a", 4.0), ("a", 1.0), ("b", 0.0))
    shares = statistics.scores(Record(one, "", "", None, "graded", n, 4.0) for one, n in points)
    assert shares == {"a": 5 / 8, "b": 0.0}
    assert statistics.distribution(shares.values()) == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0]


def test_a_large_class_is_told_in_one_page():
    page = report.page(a_class.records(300, lessons=("chain_rule",)), Course())
    assert len(page) < 100_000
