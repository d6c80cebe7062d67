"""Mistakes that belong to no question, families of mistakes, and several mistakes at once."""

from dataclasses import replace
from functools import cache
from operator import attrgetter

import numpy as np
import pytest
from rows import a_part

from bpcourse.diagnosis import catalogue, transformations
from bpcourse.questions import all_questions
from bpcourse.questions.bank import find
from bpcourse.questions.judging.code import judge_code
from bpcourse.questions.judging.compare import alike_values
from bpcourse.questions.judging.made import Made, steps
from bpcourse.questions.judging.steps import ANY, FAMILY, battery
from bpcourse.questions.question import Family, Flaws, Question

CODE = [question for question in all_questions() if question.is_code]


def made(solve, *, misconceptions="", families=(), parts=(), **inputs):
    """A question that nobody asks: ``inputs`` are shapes, or makers of a value of a generator."""

    def draw(rng, size):
        sizes = (
            {"n": 2 + size, "m": 3 + 2 * size, "k": 4 + 3 * size}
            if size
            else dict.fromkeys("nmk", 3)
        )
        return {
            name: shape(rng, size)
            if callable(shape)
            else rng.normal(size=[sizes[s] for s in shape])
            for name, shape in inputs.items()
        }

    names = tuple(misconceptions.split())
    return Question(
        "made.up",
        "function",
        1,
        1,
        "core",
        "up",
        draw,
        solve,
        names,
        families=families,
        parts=parts,
    )


def names(question, answer, seed=0):
    verdict = judge_code(question, answer, seed)
    assert verdict.status != "right"
    return verdict.misconceptions


TABLE = made(lambda flaw, X, W: np.tanh(X @ W.T), X="nm", W="km")
ROW = made(lambda flaw, u, v: u * v * v, u="n", v="n")
NUMBER = made(lambda flaw, X, Y: float(((X - Y) ** 2).sum() / len(X)), X="nm", Y="nm")
BIASED = made(
    lambda flaw, x, W, b: W @ x + b,
    x="n",
    W="mn",
    b=lambda rng, size: float(rng.normal()),
)
WEIGHTED = made(lambda flaw, y, w: float(w @ y), y="n", w="n")
STEP = made(
    lambda flaw, eta, steps, u: eta * u**3 + eta,
    eta=lambda rng, size: float(rng.uniform(0.1, 0.9)),
    steps=lambda rng, size: 4 + 3 * size,
    u="n",
)
OF_RESULTS = {
    "sign_flipped": lambda r: -r,
    "doubled": lambda r: r + r,
    "halved": lambda r: 0.5 * r,
    "lies_on_its_side": np.transpose,
    "flattened": np.ravel,
    "summed_to_one_number": np.sum,
    "axis_summed_away": lambda r: r.sum(axis=1),
    "first_entry_only": lambda r: r[0].copy(),
    "last_entry_only": lambda r: r[-1].copy(),
    "absolute_value": np.abs,
    "squared_once_more": np.square,
    "rounded_result": lambda r: np.round(r, 2),
    "constant_offset": lambda r: r + 0.3,
    "one_minus": lambda r: 1 - r,
    "one_entry_for_all": lambda r: r[[-1] * len(r)],
    "used_after_its_loop": lambda r: np.hstack([0 * r[:, :-1], r[:, -1:]]),
    "transpose_misplaced": lambda r: r.T.reshape(r.shape),
    "summed_too_early": lambda r: np.full(r.shape, r.sum()),
}


@pytest.mark.parametrize("name", OF_RESULTS)
def test_what_is_done_to_a_right_result_is_named_in_any_question(name):
    change = OF_RESULTS[name]
    for seed in range(5):
        assert names(TABLE, lambda X, W: change(np.tanh(X @ W.T)), seed) == (name,)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("keepdims_kept", lambda r: r[None]),
        ("keepdims_kept", lambda r: r[:, None]),
        ("order_reversed", lambda r: r[::-1].copy()),
        ("divided_by_another_count", lambda r: r / len(r)),
        ("ratio_upside_down", lambda r: 1 / r),
        ("stops_after_first_round", lambda r: np.append(r[:1], np.zeros(len(r) - 1))),
        ("off_by_one_loop", lambda r: np.append(r[:-1], 0.0)),
        ("off_by_one_loop", lambda r: r[1:].copy()),
    ],
)
def test_what_is_done_to_a_row(name, change):
    for seed in range(5):
        assert names(ROW, lambda u, v: change(u * v * v), seed) == (name,)


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("weights_wrong_way_round", TABLE, lambda X, W: np.tanh(X @ W)),
        ("activation_on_input", TABLE, lambda X, W: np.tanh(np.tanh(X) @ W.T)),
        ("inputs_swapped", ROW, lambda u, v: u * u * v),
        ("input_given_back", ROW, lambda u, v: v.copy()),
        ("column_broadcast", ROW, lambda u, v: u[:, None] * v * v),
        ("times_the_examples", NUMBER, lambda X, Y: ((X - Y) ** 2).sum()),
        ("divided_by_the_examples", NUMBER, lambda X, Y: ((X - Y) ** 2).sum() / len(X) ** 2),
        ("divided_by_another_count", NUMBER, lambda X, Y: ((X - Y) ** 2).mean()),
        ("target_forgotten", NUMBER, lambda X, Y: (X**2).sum() / len(X)),
        ("first_example_only", NUMBER, lambda X, Y: ((X - Y)[0] ** 2).sum()),
        ("last_example_only", NUMBER, lambda X, Y: ((X - Y)[-1] ** 2).sum()),
        ("one_entry_for_all", ROW, lambda u, v: u * v[0] * v[0]),
        ("summed_too_early", ROW, lambda u, v: u.sum() * v * v),
        ("slope_twice", ROW, lambda u, v: u * (1 - u**2) * v * v),
        ("transpose_misplaced", TABLE, lambda X, W: np.tanh(X @ W.reshape(W.shape[::-1]))),
        ("number_for_length", NUMBER, lambda X, Y: ((X - Y)[:, :2] ** 2).sum() / len(X)),
        ("added_in_each_round", BIASED, lambda x, W, b: np.array([w @ x + len(x) * b for w in W])),
        ("weights_squared", WEIGHTED, lambda y, w: y @ w**2),
        ("learning_rate_divided", STEP, lambda eta, steps, u: u**3 * eta / steps + eta / steps),
        ("learning_rate_divided", STEP, lambda eta, steps, u: (u**3 + 1) * eta / len(u)),
        ("nothing_returned", ROW, lambda u, v: None),
        ("imaginary_part_forgotten", ROW, lambda u, v: 1e-9 + 1j * u * v * v),
    ],
)
def test_what_is_done_to_inputs_and_what_is_plain_to_see(name, question, answer):
    for seed in range(5):
        assert names(question, answer, seed) == (name,)


def test_every_transformation_is_of_the_catalogue():
    changes = [
        *transformations.RESULTS,
        *transformations.on_inputs(TABLE.inputs(np.random.default_rng(0), 1)),
    ]
    assert {change.name for change in changes} <= catalogue.ids()
    assert {name for _, name, _ in transformations.INPUTS} <= catalogue.ids()
    assert {name for name, _ in transformations.ROWS} <= catalogue.ids()


# --- families -------------------------------------------------------------------------------------

LOGS = Family("another_base", {"another_base": "of_ten"})


def _log(flaw, p):
    if flaw("another_base"):
        return np.log10(p) if flaw("of_ten") else np.log2(p)
    return np.log(p)


LOSS = made(
    lambda flaw, u: (
        -_log(flaw, 1 / (1 + np.exp(-u)))[0 if flaw("first_entry_only") else slice(None)]
    ),
    misconceptions="first_entry_only",
    families=(LOGS,),
    u="n",
)


def test_a_family_is_judged_and_never_asked():
    assert LOSS.misconceptions == ("first_entry_only",) and LOSS.of_families == ("another_base",)
    for log in (np.log2, np.log10):
        assert names(LOSS, lambda u, log=log: log(1 + np.exp(-u))) == ("another_base",)
    without = replace(LOSS, id="made.without", families=())
    assert names(without, lambda u: np.log2(1 + np.exp(-u))) == ()


@cache
def steps_of(name):
    """The steps of a question, which several tests ask for."""
    return steps(find(name))


@pytest.mark.parametrize(
    "question", a_part([one for one in CODE if one.families], every=2), ids=attrgetter("id")
)
def test_a_mistake_of_a_family_is_named_as_itself(question):
    for step in steps_of(question.id):
        if step.rank == FAMILY and step.name not in question.misconceptions:
            verdict = judge_code(question, question.reference(*step.flaws))
            assert (verdict.status, verdict.misconceptions) == ("wrong", (step.name,)), step.flaws


def test_every_name_that_may_be_given_is_of_the_catalogue():
    for question in CODE:
        assert {step.name for step in steps_of(question.id)} <= catalogue.ids(), question.id


@pytest.mark.parametrize("question", a_part(CODE, every=2), ids=attrgetter("id"))
def test_no_step_leaves_every_result_right(question):
    cases = battery(question, 0)
    results = Made(question, cases)
    for step in steps_of(question.id):
        if step.of_array is None:
            pairs = [
                (results.outcome((step,), i), results.outcome((), i)) for i in range(len(cases))
            ]
            assert (
                not all(a.error is None and alike_values(a.value, b.value) for a, b in pairs)
                or any(a.changed for a, _ in pairs)
                or step.name == "result_aliases_input"
            ), step


# --- several at once ------------------------------------------------------------------------------

TWO = made(
    lambda flaw, u, v: (
        (u + (0 if flaw("bias_forgotten") else 1.5)) * (v if flaw("square_forgotten") else v**2)
    ),
    misconceptions="bias_forgotten square_forgotten",
    u="n",
    v="n",
)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("bias_forgotten square_forgotten", lambda u, v: u * v),
        ("bias_forgotten sign_flipped", lambda u, v: -u * v**2),
        ("square_forgotten keepdims_kept", lambda u, v: ((u + 1.5) * v)[None]),
        ("sign_flipped doubled", lambda u, v: -2 * (u + 1.5) * v**2),
        ("bias_forgotten square_forgotten halved", lambda u, v: u * v / 2),
        ("", lambda u, v: 0.5 / ((u + 1.5) * v**2)),  # such changes are not told beside another
        ("", lambda u, v: 0.7 * u * v),
        ("", lambda u, v: np.cos(u) * v),
    ],
)
def test_mistakes_made_together_are_all_named_or_none(expected, answer):
    assert set(names(TWO, answer)) == set(expected.split())


def test_two_explanations_of_one_size_are_none():
    either = made(
        lambda flaw, u, v: u * (2 if flaw("doubled") else 1) * (-1 if flaw("sign_flipped") else 1)
        * (-1 if flaw("target_forgotten") else 1) * (2 if flaw("factor_two_extra") else 1) + v,
        misconceptions="doubled sign_flipped target_forgotten factor_two_extra",
        u="n",
        v="n",
    )  # fmt: skip
    assert names(either, lambda u, v: v - 2 * u) == ()


PARTS = made(
    lambda flaw, X, Y: (X.T @ Y, (X.sum() if flaw("bias_summed_to_one") else X.sum(axis=0)), Y + 1),
    misconceptions="bias_summed_to_one",
    parts=("one", "two", "three"),
    X="nm",
    Y="nk",
)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("keepdims_kept", lambda X, Y: (X.T @ Y, X.sum(axis=0, keepdims=True), Y + 1)),
        ("lies_on_its_side bias_summed_to_one", lambda X, Y: (Y.T @ X, X.sum(), Y + 1)),
        ("sign_flipped keepdims_kept", lambda X, Y: (X.T @ Y, -X.sum(axis=0)[None], Y + 1)),
        ("results_swapped", lambda X, Y: (X.sum(axis=0), X.T @ Y, Y + 1)),
        ("left_at_zero", lambda X, Y: (X.T @ Y, np.zeros(X.shape[1]), Y + 1)),
        ("left_at_zero sign_flipped", lambda X, Y: (X.T @ Y, 0 * X[0], -Y - 1)),
        ("first_entry_only", lambda X, Y: X.T @ Y),
        ("", lambda X, Y: (X.T @ Y, X.max(axis=0), -Y)),
    ],
)
def test_each_of_several_results_has_a_mistake_of_its_own(expected, answer):
    assert set(names(PARTS, answer)) == set(expected.split())


def test_what_is_changed_is_named_beside_the_mistake():
    def answer(u, v):
        v *= v
        return u * v + 1.5 * v + 0.0 * u

    def wrong(u, v):
        u *= v**2
        return u

    assert names(TWO, answer) == ("input_changed",)
    assert names(TWO, wrong) == ("bias_forgotten", "input_changed")


def test_numbers_for_nan_do_not_hide_a_mistake_and_explain_nothing_alone():
    def solve(flaw, u):
        e = np.exp(u if flaw("no_max_shift") else u - u.max())
        return e / e.sum()

    def large_once(rng, size):
        return rng.normal(size=4) + (1000.0 if size == 4 else 0.0)

    question = made(solve, misconceptions="no_max_shift", u=large_once)
    assert names(question, lambda u: np.nan_to_num(solve(Flaws(["no_max_shift"]), u))) == (
        "no_max_shift",
    )
    assert names(question, lambda u: np.full(4, 0.3)) == ()


def test_an_infinity_explains_no_number_that_is_right():
    (question,) = (one for one in CODE if one.id == "stable_softmax.mend_log_shares")

    def clipped(z):
        shares = np.exp(z - z.max())
        return np.log(shares / shares.sum() + 1e-300)

    named = judge_code(question, clipped).misconceptions
    assert named == ("log_of_zero",)  # and not no_max_shift, which is -inf, all of it
    assert judge_code(question, question.reference("no_max_shift")).misconceptions == (
        "no_max_shift",
    )


def test_a_question_that_is_measured_is_not_transformed():
    for question in CODE:
        if question.measured:
            assert not [step for step in steps_of(question.id) if step.rank == ANY]
    measured = replace(ROW, id="made.measured", measured=True)
    assert names(measured, lambda u, v: -u * v * v) == ()


def test_flaws_are_asked_by_name():
    assert Flaws(("a",))("a") and not Flaws(("a",))("b")


def test_a_few_small_numbers_are_not_explained_by_chance():
    def copied(s, s_1, s_2):  # a copied line: the slope of one rival by the other's score
        loss = max(0.0, 1 - s + s_1) + max(0.0, 1 - s + s_2)
        slope = float(1 - s + s_1 > 0)
        return loss, -2 * slope, slope, slope

    def of_sign(s, s_c):
        slope = float(np.sign(1 - s + s_c))
        return max(0.0, 1 - s + s_c), -slope, slope

    assert names(find("scores_and_margin.two_rivals"), copied) == ()
    assert names(find("scores_and_margin.margin_loss"), of_sign) == ()


def test_a_slip_explains_no_number_by_an_infinite_one():
    """Without its shift the loss would be infinite on the far inputs, where this answer is not."""

    def loss(Z, labels):
        shares = np.exp(Z - Z.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return np.log(shares[np.arange(len(Z)), labels] + 1e-12).mean()

    assert judge_code(find("stable_softmax.stable_loss"), loss).misconceptions == ()


def test_two_factors_that_undo_a_part_of_each_other_are_not_named():
    def spread(n_in, slope):
        return 1 / np.sqrt(1 + slope**2) / n_in

    assert judge_code(find("starting_well.leaky_spread"), spread).misconceptions == ()
