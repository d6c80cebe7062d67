"""check, ask, hint and progress: what a student meets."""

import html
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from alternatives import network_gradients

from bpcourse import Answer, ask, check, gain, hint, progress, text
from bpcourse.questions import ALLOWED, NotRightError, all_questions
from bpcourse.questions.bank import LESSONS, find
from bpcourse.questions.bank.inventory import CONCEPTS
from bpcourse.questions.checking import as_result
from bpcourse.questions.judging.clock import Clock
from bpcourse.questions.judging.code import battery, judge_code
from bpcourse.questions.judging.posed import labelled_seed, pose
from bpcourse.questions.judging.run import LostError

LAYER = "matrix_form.linear_backward"
UNIT = "feedforward_network.pre_activation"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def linear_backward(dZ, A, W):
    return dZ @ W, dZ.T @ A, dZ.sum(axis=0)


def kept():
    return json.loads(Path("bpcourse.json").read_text(encoding="utf-8"))


# --- code -----------------------------------------------------------------------------------------


def test_a_right_answer():
    result = check(LAYER, linear_backward)
    assert result.status == "right" and result.misconception is None
    assert result.require() is None
    assert str(result) == "✓ Right."
    assert kept()["answers"][LAYER] == {"tries": 1, "status": "right"}


def test_a_known_mistake_is_named_with_its_hint_and_an_example():
    result = check(LAYER, lambda dZ, A, W: (dZ @ W, A.T @ dZ, dZ.sum(axis=0)))
    assert result.status == "wrong" and result.misconception == "gradient_transposed"
    assert text.text("misconception.gradient_transposed.hint") in str(result)
    assert "dW yours:" in str(result) and "dA yours:" not in str(result)  # only what is wrong
    with pytest.raises(NotRightError, match=LAYER):
        result.require()


def test_two_mistakes_at_once_are_both_named():
    result = check(LAYER, lambda dZ, A, W: (dZ @ W, A.T @ dZ, dZ.mean(axis=0)))
    assert set(result.misconceptions) == {"gradient_transposed", "bias_averaged"}


def test_an_unknown_mistake_is_described_and_not_named():
    result = check(LAYER, lambda dZ, A, W: (dZ @ W, 7 * dZ.T @ A, dZ.sum(axis=0)))
    assert result.status == "wrong" and result.misconceptions == ()
    assert "7 times" in str(result)


@pytest.mark.parametrize(
    "answer, says",
    [
        (lambda dZ, A, W: (dZ @ W, dZ.T @ A), "3 results, dA, dW, db"),
        (lambda dZ, A, W: (dZ @ W, dZ.T @ A, dZ.sum(axis=0) * np.nan), "nan"),
        (lambda dZ, A, W: (dZ @ W, dZ.T @ A, "db"), "of type str"),
        (lambda dZ, A, W: (dZ @ W, dZ.T @ A, object()), "of type object"),
    ],
)
def test_strange_results_are_wrong_and_shown(answer, says):
    result = check(LAYER, answer)
    assert result.status == "wrong" and says in str(result)


JACOBIAN = "vectors_and_jacobians.pointwise_jacobian"
BATCHES = "training.batches"


@pytest.mark.parametrize(
    "id, answer, says",
    [
        (JACOBIAN, lambda z: np.diag(z) * 1j, "a complex number"),
        (JACOBIAN, lambda z: np.random.default_rng().normal(size=(len(z), len(z))), "Called twice"),
        (JACOBIAN, lambda z: np.zeros((2, 7)), "the shape (2, 7); right is (3, 3)"),
        (JACOBIAN, lambda z: np.diag(z * z), "only the diagonal is wrong"),
        (
            JACOBIAN,
            lambda z: np.diag(1 - np.tanh(z) ** 2) + 3 - 3 * np.eye(len(z)),
            "stands beside it",
        ),
        (JACOBIAN, lambda z: {1, 2}, "of type set"),
        (BATCHES, lambda X, y, order, size: 3, "A list is expected"),
        (BATCHES, lambda X, y, order, size: [], "The list has 0 entries; right is 3"),
        (BATCHES, lambda X, y, order, size: [(X[:1], y[:1])] * 3, "[0][0] has the shape (1, 3)"),
        (
            "cost_of_backprop.mend_count",
            lambda n: 3 * sum(np.multiply(n[1:], n[:-1])),
            "It is 3 times",
        ),
        ("cost_of_backprop.mend_count", lambda widths: sum(widths) ** 2, "right: 68"),
        (LAYER, lambda dZ, A, W: ([dZ, A], W), "and gives [[(4, 3), (4, 2)], (3, 2)]"),
    ],
)
def test_what_can_be_seen_is_said(id, answer, says):
    result = check(id, answer)
    assert result.status == "wrong" and result.misconceptions == () and says in str(result)


def test_of_a_large_array_the_first_wrong_entry_is_shown():
    def one_wrong(X, Y, W, b):
        dW1, *others = network_gradients(X, Y, W, b)
        dW1[0, 2] = 7
        return dW1, *others

    assert "dW1 [0, 2] yours: 7, right: " in str(check("matrix_form.whole_network", one_wrong))


def test_two_mistakes_are_not_named_for_zeros():
    checker = "gradient_checking.mend_checker"
    assert check(checker, lambda f, x, h: np.zeros(len(x))).misconceptions == ()


def test_an_input_that_is_changed_is_named():
    def changes(dZ, A, W):
        result = linear_backward(dZ, A, W)
        dZ *= 0
        return result

    assert "It changes dZ" in str(check(LAYER, changes))


def test_a_result_that_is_the_input_is_named():
    result = check("to_autodiff.add_with_broadcast", lambda X, b, grad: (grad, grad.sum(axis=0)))
    assert result.misconception == "result_aliases_input"


def test_an_error_is_shown_with_the_students_own_line():
    def raises(dZ, A, W):
        return dZ.no_such_thing  # the line that fails

    result = check(LAYER, raises)
    assert result.status == "failed"
    assert "AttributeError" in str(result) and "return dZ.no_such_thing" in str(result)


def test_a_shape_error_of_a_known_mistake_is_named():
    result = check(LAYER, lambda dZ, A, W: (dZ @ W.T, dZ.T @ A, dZ.sum(axis=0)))
    assert result.status == "wrong" and result.misconception == "weights_wrong_way_round"


@pytest.mark.parametrize("swallows", [False, True])
def test_an_endless_loop_is_stopped_and_its_line_is_named(swallows):
    def endless(dZ, A, W):
        while True:
            try:
                len(A)
            except Exception:
                if not swallows:
                    raise

    question = find(LAYER)
    result = as_result(question, judge_code(question, endless, seconds=0.3))
    assert result.status == "failed" and "did not come to an end" in str(result)
    assert "line" in str(result)


@pytest.mark.parametrize(
    "how", [SystemExit, KeyboardInterrupt, GeneratorExit, type("Own", (BaseException,), {})]
)
def test_what_would_end_the_program_is_told_and_the_check_goes_on(how):
    def ends(dZ, A, W):
        raise how("enough")  # here

    result = check(LAYER, ends)
    assert result.status == "failed" and "enough" in str(result) and "# here" in str(result)


def test_an_interrupt_is_not_waited_for_on_every_input():
    calls = []

    def slow(dZ, A, W):
        calls.append(1)
        raise KeyboardInterrupt

    assert "it was interrupted" in str(check(LAYER, slow)) and len(calls) == 1


@pytest.mark.parametrize("answer", [..., None])
def test_no_answer_yet_is_not_counted(answer):
    result = check(LAYER, answer)
    assert result.status == "failed" and "no answer here yet" in str(result)
    assert not (
        open("bpcourse.json").read() if __import__("os").path.exists("bpcourse.json") else ""
    )


def test_a_stub_is_no_answer_yet():
    def stub(dZ, A, W):
        raise NotImplementedError(LAYER)

    assert "no answer here yet" in str(check(LAYER, stub))


@pytest.mark.parametrize("answer, given", [(3, "int"), (dict, "type"), (np.zeros(3), "ndarray")])
def test_what_is_no_function_is_refused(answer, given):
    result = check(LAYER, answer)
    assert result.status == "failed" and given in str(result)


def test_a_class_is_asked_for_where_one_belongs():
    assert "Expected a class" in str(check("matrix_form.layer_class", linear_backward))


def test_nothing_is_written_to_stderr_and_prints_are_swallowed(capfd):
    def noisy(dZ, A, W):
        import sys
        import warnings

        print("hello")
        print("hello", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        np.float64(1) / np.float64(0)
        return linear_backward(dZ, A, W)

    assert check(LAYER, noisy).status == "right"
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""


# --- reaching into the package --------------------------------------------------------------------


def test_an_answer_may_not_use_what_is_solved_in_the_package():
    from bpcourse import Linear, layers

    def by_import(dZ, A, W):
        from bpcourse.layers import Linear as L

        return L(2, 3, rng=0)

    def by_closure(dZ, A, W):
        return Linear(2, 3, rng=0)

    def by_module(dZ, A, W):
        return layers.Linear(2, 3, rng=0)

    def helper():
        return Linear

    def by_helper(dZ, A, W):
        return helper()(2, 3, rng=0)

    for answer, name in (
        (by_import, "bpcourse.layers"),
        (by_closure, "Linear"),
        (by_module, "layers"),
        (by_helper, "Linear"),
    ):
        result = check(LAYER, answer)
        assert result.status == "failed" and f"uses {name}" in str(result)
    assert check("matrix_form.layer_class", Linear).status == "failed"


def test_the_allowed_names_exist():
    import bpcourse

    assert all(hasattr(bpcourse, name) for name in ALLOWED)


# --- numbers, choices, orders ---------------------------------------------------------------------


def test_a_number_is_right_within_its_last_decimal():
    right = pose(find(UNIT)).right
    assert check(UNIT, round(right, 2)).status == "right"
    assert check(UNIT, right + 0.009).status == "right"
    assert check(UNIT, right + 0.02).status == "wrong"


def test_the_right_number_is_told_to_who_asks_for_it():
    posed = pose(find(UNIT))
    wrong, right = posed.wrong["bias_forgotten"], posed.shown(posed.right)
    first, second, shown = check(UNIT, wrong), check(UNIT, wrong), check(UNIT, wrong, show=True)
    assert first.misconceptions == second.misconceptions == shown.misconceptions
    told = [f"{right:.6g}" in str(result) for result in (first, second, shown)]
    assert told == [False, False, True]
    call = f'check("{UNIT}", z_of_unit, show=True)'
    assert [call in str(result) for result in (first, second, shown)] == [False, True, False]
    assert f'ask("{UNIT}", seed=1)' in str(shown)  # to do it oneself, with other numbers
    assert kept()["answers"][UNIT] == {"tries": 3, "status": "wrong", "shown": True}
    check(UNIT, right)
    assert kept()["answers"][UNIT] == {"tries": 4, "status": "right", "shown": True}
    row = next(row for row in progress("feedforward_network").rows if row[1] == UNIT)
    assert row[0] == "✓" and row[2] == "1/1" and row[3] == text.text("ask.looked")
    assert "shown" not in json.dumps(progress("matrix_form").rows)


def test_without_an_answer_of_ones_own_nothing_is_shown():
    result = check(UNIT, ..., show=True)
    assert result.status == "failed" and "-3.63" not in str(result)
    assert not Path("bpcourse.json").exists()


def test_a_right_answer_that_is_shown_afterwards_is_not_noted():
    check(UNIT, pose(find(UNIT)).right)
    assert "right is" in str(check(UNIT, 1.0, show=True))
    assert kept()["answers"][UNIT] == {"tries": 2, "status": "right"}
    assert all(len(row) == 3 for row in progress("feedforward_network").rows)


@pytest.mark.parametrize(
    "id, answer", [(LAYER, lambda dZ, A, W: 3), ("training.order_of_loop", "AB")]
)
def test_what_is_no_number_is_not_shown(id, answer):
    said = check(id, answer, show=True)
    assert text.text("check.no_show") in str(said) and "shown" not in kept()["answers"][id]


def test_an_answer_to_other_numbers_carries_its_seed():
    posed = pose(find(UNIT), 5)
    assert "seed=5" in str(ask(UNIT, seed=5))
    assert check(UNIT, Answer(posed.right, 5)).status == "right"
    assert check(UNIT, Answer(posed.right, 6)).status == "wrong"


@pytest.mark.parametrize("value", ["no", [1, 2], {"a": 1}, float("nan"), 1j, np.zeros((2, 2))])
def test_strange_values_are_wrong(value):
    assert check(UNIT, value).status == "wrong"


@pytest.mark.parametrize("kind", ["choice", "order"])
def test_the_name_of_an_option_is_worth_nothing(kind):
    for question in all_questions():
        if question.kind == kind:
            posed = pose(question)
            for value in (posed.right, np.array(posed.right), [posed.right]):
                assert not posed.offers(value) and posed.judge(value).status == "wrong"
            assert posed.judge(posed.shown(posed.right)).status == "right"


def test_a_choice_is_a_letter_and_its_letters_differ_from_seed_to_seed():
    id = "activations.zero_gradient"
    right = {pose(find(id), seed).shown("dead") for seed in range(12)}
    assert len(right) > 1
    posed = pose(find(id))
    assert check(id, f" {posed.shown('dead').lower()} ").status == "right"
    for _ in range(2):
        wrong = check(id, posed.shown("solved"))
        assert wrong.misconception == "zero_means_solved" and "right is" not in str(wrong)
    assert check(id, "Z").misconceptions == ()


def test_an_order_is_a_word_or_a_list_of_letters():
    id = "matrix_form.order_of_backward"
    posed = pose(find(id))
    letters = posed.shown(posed.right)
    assert check(id, letters).status == check(id, list(letters.lower())).status == "right"
    other = posed.shown(("delta2", "delta1", "update1", "update2"))  # is right as well
    assert check(id, other).status == "right"
    early = posed.shown(posed.wrong["updated_before_passed_down"])
    assert check(id, early).misconception == "updated_before_passed_down"


@pytest.mark.parametrize("letters, count", [("CA", 2), ("CABED", 2), ("ACEBD", 0), ("CAEBDD", 5)])
def test_an_order_says_how_far_it_is_right_from_the_second_try_on(letters, count):
    id = "training.order_of_loop"
    first, second = check(id, letters), check(id, letters)
    assert first.status == second.status == "wrong"
    assert "Right from the first on" not in str(first)
    assert f"Right from the first on: {count}." in str(second)


@pytest.mark.parametrize(
    "id, value, says",
    [
        ("training.steps", "many", "Write a number"),
        ("matrix_form.shape_of_gradient", "six by five", "Write a shape"),
        ("softmax_cross_entropy.delta_by_hand", "none", "Write numbers"),
        ("training.order_of_loop", "CAEBX", "Write letters"),
    ],
)
def test_what_is_no_answer_is_told_how_to_write_one(id, value, says):
    assert says in str(check(id, value))


def test_a_shape_is_a_tuple_or_a_list():
    posed = pose(find("matrix_form.shape_of_gradient"))
    assert check("matrix_form.shape_of_gradient", list(posed.right)).status == "right"
    assert check("matrix_form.shape_of_gradient", posed.right[::-1]).status == "wrong"


@pytest.mark.parametrize("question", all_questions(), ids=lambda question: question.id)
def test_every_question_can_be_asked(question):
    for seed in range(2):
        shown = str(ask(question.id, seed))
        assert "{" not in shown.replace("{}", "") and len(shown) > 30
        if not question.is_code:
            posed = pose(question, seed)
            for letter in posed.labels:
                assert f"**{letter}**" in shown


# --- a check before there is an answer ------------------------------------------------------------

SESSION = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in {cells}:
    shell.run_cell(cell, store_history=True)
"""


def session(*cells):
    """What a notebook's IPython prints for the cells."""
    code = SESSION.format(cells=["from bpcourse import check, hint", *cells])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_check_before_its_answer_says_so_and_has_hints():
    said = session(f'check("{UNIT}", z_unit)', "hint()")
    assert text.text("check.no_answer", answer="z_unit") in said and "Traceback" not in said
    assert text.text(f"question.{UNIT}.hint_1") in said


@pytest.mark.parametrize(
    "cell", ["nowhere", f'check("{UNIT}", 2 * nowhere)', "def f():\n    nowhere\nf()"]
)
def test_any_other_missing_name_is_told_as_ever(cell):
    said = session(cell)
    assert "NameError" in said and "nowhere" in said and "no answer" not in said


# --- hints and progress ---------------------------------------------------------------------------


def test_a_hint_needs_no_id_after_a_check_or_a_question():
    check(UNIT, 1.0)
    assert text.text(f"question.{UNIT}.hint_1") in str(hint())
    ask("activations.zero_gradient")
    assert str(hint()).startswith("**Hint 1 of 3.**")
    assert text.text("question.activations.zero_gradient.hint_2") in str(hint())


def test_without_a_question_before_it_a_hint_says_what_it_needs(monkeypatch):
    monkeypatch.setattr("bpcourse.questions.asking.last", [])
    with pytest.raises(KeyError, match="asked or checked last"):
        hint()


def test_the_hints_of_a_wrong_answer_are_a_click_away():
    wrong, right = check(UNIT, 1.0), check(UNIT, pose(find(UNIT)).right)
    for number in (1, 2, 3):
        assert html.escape(text.text(f"question.{UNIT}.hint_{number}")) in wrong._repr_html_()
    assert wrong._repr_html_().count("<details>") == 3 and "<details>" not in right._repr_html_()
    assert "Hint" not in str(wrong)


def test_the_cell_for_marking_gives_no_answer_away():
    expected = f"{pose(find(UNIT)).shown(pose(find(UNIT)).right):.6g}"
    said = check(UNIT, 1.0, show=True)
    assert expected in said.message
    with pytest.raises(NotRightError) as raised:
        said.require()
    assert expected not in str(raised.value) and UNIT in str(raised.value)


def test_hints_come_one_after_the_other():
    said = [str(hint(UNIT)) for _ in range(4)]
    assert said[0].startswith("**Hint 1 of 3.**") and len(set(said)) == 3 and said[2] == said[3]


def test_progress_shows_what_is_done():
    check(LAYER, linear_backward)
    shown = str(progress("matrix_form"))
    assert f"✓  {LAYER}" in shown and "3/3" in shown
    total = sum(q.points for q in all_questions() if q.lesson == "matrix_form")
    assert f"3/{total}" in shown
    assert len(str(progress()).splitlines()) == len(all_questions()) + 2


def test_unknown_names_are_refused_with_names_that_are_near():
    with pytest.raises(KeyError, match="did you mean matrix_form.linear_backward"):
        check("matrix_form.linear_backwards", linear_backward)
    with pytest.raises(KeyError, match="no lesson is called"):
        progress("matrix")
    assert list(LESSONS) == sorted(LESSONS, key=LESSONS.get)


def test_once_right_stays_right():
    check(LAYER, linear_backward)
    check(LAYER, lambda dZ, A, W: (dZ @ W, A.T @ dZ, dZ.sum(axis=0)))
    assert kept()["answers"][LAYER] == {"tries": 2, "status": "right"}


def test_a_folder_that_cannot_be_written_does_not_matter(monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bpcourse.questions.record.write", refuse)
    assert check(LAYER, linear_backward).status == "right"
    assert "Hint 1" in str(hint(UNIT))


@pytest.mark.parametrize(
    "question",
    [question for question in all_questions() if question.kind in ("function", "mend")],
    ids=lambda question: question.id,
)
def test_a_return_that_is_missing_is_said(question):
    said = check(question.id, lambda *arguments: None)
    assert said.status == "wrong" and set(said.misconceptions) <= {"nothing_returned"}
    assert said.message.count("Is a return missing?") == 1


def test_what_a_training_gives_back_is_shown_where_it_is_not_two_things():
    assert "It gives back 3." in check("training.learn", lambda *arguments: 3).message
    three = check("training.learn", lambda *arguments: (1, 2, 3)).message
    assert "It gives back" in three and "learnt" not in three


def test_a_wrong_choice_is_asked_again_with_other_numbers_and_other_letters():
    question = find("activations.zero_gradient")
    first, second = pose(question), pose(question, 1)
    assert second.inputs != first.inputs and second.labels != first.labels
    assert all(label.endswith("2") for label in second.labels)
    before = str(ask(question.id))
    said = check(question.id, wrong_letter(first)).message
    assert f'ask("{question.id}")' in said and "A2, B2" in said
    # Another letter for the same numbers is no try: else the right one is found by elimination.
    elimination = check(question.id, first.shown("dead"))
    assert elimination.status == "failed" and "A2, B2" in elimination.message
    assert kept()["answers"][question.id] == {"tries": 1, "status": "wrong", "seed": 1}
    assert str(ask(question.id)) == str(ask(question.id, seed=1)) != before
    assert 'zero_gradient = "A2"' in str(ask(question.id)) and "**B2**" in str(ask(question.id))
    assert "A3, B3" in check(question.id, wrong_letter(second)).message
    assert check(question.id, pose(question, 2).shown("dead")).status == "right"
    assert str(ask(question.id)) == str(ask(question.id, seed=2))  # those that were answered
    assert check(question.id, first.shown("dead") + "1").status == "right"


def test_a_plain_letter_is_of_the_form_that_was_shown_last():
    question = find("activations.zero_gradient")
    second = pose(question, 1)
    letter = second.shown("dead")[0]
    assert first_meaning(question, letter) != "dead"  # so it is wrong for the first form
    check(question.id, wrong_letter(pose(question)))
    ask(question.id)
    said = check(question.id, f" ({letter.lower()})")
    assert said.status == "right" and f'zero_gradient = "{letter}2"' in said.message
    assert check(question.id, Answer(letter, 1)).status == "right"


def first_meaning(question, letter):
    return pose(question).labels[letter]


@pytest.mark.parametrize("form", ["BA2", "B2A2", ["B2", "A2"], "b2, a2", ["B", "A2"]])
def test_an_order_of_another_form_is_read_as_it_is_shown(form):
    question = find("training.order_of_loop")
    posed = pose(question, 1)
    assert posed._read(form) == (posed.labels["B2"], posed.labels["A2"])
    assert labelled_seed(question, form) == 1
    for other in ("BA3", "B2A3", "BA20", 7, "2B", ""):
        assert posed._read(other) is None


def test_letters_of_a_students_own_seed_carry_it():
    question = find("activations.zero_gradient")
    right = pose(question, 70).shown("dead")
    assert right[1:] == "71"
    ask(question.id, seed=70)
    assert check(question.id, right).status == check(question.id, right[0]).status == "right"


def test_the_seeds_of_further_tries_stay_the_students_own():
    question = find("activations.zero_gradient")
    for seed in (20, *range(21, 30)):
        assert (
            check(question.id, Answer(wrong_letter(pose(question, seed)), seed)).status == "wrong"
        )
    assert kept()["answers"][question.id]["seed"] == 20


@pytest.mark.parametrize("value", ["1e999999999", "1/1e-999999999", "9" * 10**5, "nan", "1/0", "/"])
def test_a_number_in_a_text_takes_no_time_however_large_it_is(value):
    # An exact one would take for ever, and marking reads texts of strangers.
    said = Clock(2).call(lambda: check(UNIT, value) and check(UNIT, value))
    assert said.status == "wrong" and len(check(UNIT, value).message) < 300


def test_a_long_list_is_not_repeated_whole():
    many = check("training.batches", lambda X, y, order, batch_size: [(X, "?")] * 10**4)
    assert len(many.message) < 1000 and "10000" in many.message
    assert len(check("training.mend_shuffle", lambda X, y, seed: ["?"] * 10**4).message) < 500


def calls(make):
    """How many functions of the course a check calls for a result that ``make()`` builds."""
    count = 0

    def seen(frame, event, argument):
        nonlocal count
        count += event == "call" and "bpcourse" in frame.f_code.co_filename

    sys.setprofile(seen)
    try:
        check(LAYER, lambda dZ, A, W: make())
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("entry", [1.0, "?", np.float64(1), np.zeros(2), (np.zeros(2), "?")])
def test_a_long_result_is_compared_without_a_look_at_each_entry(entry):
    check(LAYER, lambda dZ, A, W: 0)  # what is computed once is there
    assert calls(lambda: [entry] * 40_000) < calls(lambda: [entry] * 4000) + 200


LOOP: list = []
LOOP.append(LOOP)


@pytest.mark.parametrize("id", [LAYER, BATCHES, JACOBIAN, "cost_of_backprop.mend_count"])
def test_a_list_that_holds_itself_is_wrong_and_no_end_of_the_check(id):
    assert check(id, lambda *arguments: LOOP).status == "wrong"
    assert check(UNIT, LOOP).status == "wrong"


def test_a_long_text_is_not_repeated_whole():
    assert len(check("activations.zero_gradient", "A" * 10**6).message) < 200


@pytest.mark.parametrize("value", ["Z", "", 1, ["A"], np.array(["A", "B"])])
def test_what_is_no_letter_is_no_try(value):
    result = check("activations.zero_gradient", value)
    assert result.status == "failed" and "letters A, B" in result.message
    assert not Path("bpcourse.json").exists()


def wrong_letter(posed):
    return next(letter for letter in posed.labels if letter != posed.shown(posed.right))


def test_right_at_one_size_and_an_error_at_another_says_so_with_both():
    question = find(LAYER)
    sizes = [case["dZ"].shape for case in battery(question, 0)]
    batch, n_out = sizes[1]

    def for_one_size(dZ, A, W):
        dA, dW, db = linear_backward(dZ, A, W)
        return dA, dW, db + np.zeros(n_out)

    result = check(LAYER, for_one_size)
    assert result.status == "failed" and result.misconception is None
    given, right = (line for line in result.message.splitlines() if "dZ (" in line)
    assert given.startswith("Given") and str(sizes[0]) in given
    assert right.startswith("It is right for") and f"dZ {(batch, n_out)}" in right
    assert "db + np.zeros(n_out)" in result.message


# --- the concept inventory ------------------------------------------------------------------------

ITEM = "inventory_a.two_paths"


def test_the_inventory_writes_an_answer_down_and_says_nothing_of_it():
    posed = pose(find(ITEM))
    right = posed.shown(posed.right)
    wrong = wrong_letter(posed)
    said = [check(ITEM, answer) for answer in (right, wrong, wrong.lower(), "?")]
    assert len({str(result) for result in said}) == 1 and said[0].status == "recorded"
    assert not any(result.misconceptions for result in said)
    assert said[1].require() is None
    assert kept()["answers"][ITEM] == {"status": "recorded", "answer": "?"}
    assert f"✓  {ITEM}" in str(progress("inventory_a"))
    assert "no hints" in str(hint(ITEM))


@pytest.mark.parametrize("answer", [..., None, "E", "", 26, ["A"]])
def test_the_inventory_takes_a_letter_or_a_question_mark(answer):
    result = check(ITEM, answer)
    assert result.status == "failed"
    with pytest.raises(NotRightError):
        result.require()
    assert not Path("bpcourse.json").exists()


def letters(form, wrong=()):
    """Answer a form of the inventory, right but for the concepts in ``wrong``."""
    for concept in CONCEPTS:
        posed = pose(find(f"{form}.{concept}"))
        letter = wrong_letter(posed) if concept in wrong else posed.shown(posed.right)
        check(f"{form}.{concept}", letter)


def test_the_gain_is_shown_when_the_second_form_is_whole():
    letters("inventory_a", wrong=("two_paths", "cost", "composition"))
    assert "15 of 15" in str(gain())
    letters("inventory_b", wrong=("cost", "bias_gradient"))
    rows = {row[0]: row[1:] for row in gain().rows}
    assert rows["two paths"] == ("✗", "✓", "") and rows["why transpose"] == ("✓", "✓", "")
    assert rows["cost"][:2] == ("✗", "✗") and rows["bias gradient"][:2] == ("✓", "✗")
    posed = pose(find("inventory_b.cost"))
    chosen = posed.judge(wrong_letter(posed)).misconceptions[0]
    assert text.text(f"misconception.{chosen}.section") in rows["cost"][2]
    assert rows["together"] == ("12/15", "13/15", "1 gained of 3")


def test_without_the_first_form_there_is_a_table_and_no_gain():
    letters("inventory_b")
    rows = {row[0]: row[1:] for row in gain().rows}
    assert rows["cost"] == ("·", "✓", "") and rows["together"] == ("·", "15/15", "")
    check("inventory_b.cost", "?")
    rows = {row[0]: row[1:] for row in gain().rows}
    assert rows["cost"][1] == "✗" and "lesson 12" in rows["cost"][2]
    check("inventory_a.cost", "?")
    check("inventory_a.two_paths", pose(find("inventory_a.two_paths")).shown("right"))
    assert gain().rows[-1] == ("together", "1/2", "14/15", "")  # of those that were answered


def test_the_gain_names_the_concepts_that_are_left():
    letters("inventory_b")
    record = kept()
    for concept in ("cost", "two_paths"):
        del record["answers"][f"inventory_b.{concept}"]
    Path("bpcourse.json").write_text(json.dumps(record), encoding="utf-8")
    assert "2 of 15 questions left above: two paths, cost." in str(gain())


def test_two_notebooks_at_once_lose_no_answer():
    program = "import sys; from bpcourse.questions import record\n"
    program += "for i in range(60): record.update('s', sys.argv[1] + str(i), lambda _: i)"
    command = [sys.executable, "-c", program]
    running = [subprocess.Popen([*command, name]) for name in ("a", "b", "c")]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(kept()["s"]) == 180
    assert [path.name for path in Path(".").iterdir()] == ["bpcourse.json"]


@pytest.mark.parametrize("more", [0, 1, 5])
def test_an_answer_that_is_gone_while_its_name_is_sought_is_wrong_all_the_same(more):
    question = find("matrix_form.linear_backward")
    left = len(battery(question, 0)) + more

    def gone_soon(dZ, A, W):
        nonlocal left
        left -= 1
        if left < 0:
            raise LostError
        return 3 * dZ @ W + left, W, A

    verdict = judge_code(question, gone_soon)
    assert (verdict.status, verdict.misconceptions) == ("wrong", ())
    assert as_result(question, verdict).message


def test_an_answer_that_is_gone_before_all_is_asked_has_no_verdict():
    def gone(dZ, A, W):
        raise LostError

    with pytest.raises(LostError):
        judge_code(find("matrix_form.linear_backward"), gone)
