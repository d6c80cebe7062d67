"""Every mistake in a backward pass: in one place, in all, in all but one, and two at once."""

from collections import Counter

import numpy as np
import pytest
from networks import random_network
from rows import a_part

from bpcourse.diagnosis import catalogue, diagnose
from bpcourse.diagnosis.backward import finer, variants
from bpcourse.diagnosis.passes import Pass
from bpcourse.diagnosis.search import explain
from bpcourse.layers import Linear, Tanh
from bpcourse.losses import SquaredError
from bpcourse.network import Network
from bpcourse.text import has

NEAR = 1e-7
PAIRS = 25  # a network


def kinds(run):
    """{(what, id, form): the layers where it shows} in the right backward pass."""
    found = {}
    for step, _ in run.walk():
        for id, form in variants(step):
            found.setdefault((step.what, id, form), []).append(step.i)
    return found


def gradients(run, slips):
    """The gradients with these slips; one that does not show where it is made changes nothing."""

    def change(what, id, form):
        return lambda step: variants(step, id).get((id, form), step.right)

    with np.errstate(all="ignore"):
        return run.gradients({(kind[0], i): change(*kind) for kind, i in slips})


def ids(run, slips):
    """The ids in the catalogue of slips of one kind."""
    (what, id, form), _ = slips[0]
    return finer(id, form, [run.layers[i][0] for _, i in slips] if what == "act" else [])


def alike(a, b):
    return all(np.allclose(a[name], b[name], rtol=1e-5, atol=1e-12) for name in b)


def single(run, seed):
    """(how many places, slips) of each mistake made alone."""
    for kind, places in kinds(run).items():
        whole = [(kind, i) for i in places]
        for slip in whole:
            yield "one", [slip]
        if len(places) > 1:
            yield "all", whole
        if len(places) > 2:
            spared = seed % len(places)  # the same for mistakes that may be alike
            yield "but one", whole[:spared] + whole[spared + 1 :]


def pairs(run, rng):
    """Two mistakes at once, in a place each or everywhere, at steps of their own."""
    known = kinds(run)
    for _ in range(PAIRS):
        two = []
        for number in rng.choice(len(known), 2, replace=False):
            kind, places = list(known.items())[number]
            some = places if rng.random() < 0.5 else [places[int(rng.integers(len(places)))]]
            two.append([(kind, i) for i in some])
        steps = [(kind[0], i) for part in two for kind, i in part]
        if len(set(steps)) == len(steps):
            yield two


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(s, marks=pytest.mark.slow) for s in range(2, 60))]
)
def test_a_mistake_is_named_wherever_it_is_made(seed):
    net, X, y, rng = random_network(seed)
    run = Pass.of(net, X, y)
    right = run.gradients()
    made = [(where, slips, gradients(run, slips)) for where, slips in single(run, seed)]
    made = [one for one in made if all(np.isfinite(g).all() for g in one[2].values())]
    made = [one for one in made if not alike(one[2], right)]
    counts = Counter()
    for where, slips, given in made:
        found = explain(run, given, NEAR)
        counts[where, "asked"] += 1
        if found is None:  # another mistake gives the very same
            names = {ids(run, other) for _, other, same in made if alike(same, given)}
            assert len(names) > 1, (where, slips)
            continue
        counts[where, "named"] += 1
        assert found.ids(run) == [ids(run, slips)], (where, slips)
        assert found.size == 1 and alike(gradients(run, found.slips), given)
    for where in {where for where, _, _ in made}:
        assert counts[where, "named"] >= 0.75 * counts[where, "asked"] > 0, counts


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(s, marks=pytest.mark.slow) for s in range(3, 60))]
)
def test_two_at_once_are_named_or_nothing_false_is_said(seed):
    net, X, y, rng = random_network(seed)
    run = Pass.of(net, X, y)
    right = run.gradients()
    counts = Counter()
    for two in pairs(run, rng):
        given = gradients(run, two[0] + two[1])
        if not all(np.isfinite(g).all() for g in given.values()) or alike(given, right):
            continue
        found = explain(run, given, NEAR)
        true = {ids(run, part) for part in two}
        counts["asked"] += 1
        counts["named"] += found is not None and set(found.ids(run)) == true
        if found is not None and set(found.ids(run)) != true:  # as good, and simpler
            assert alike(gradients(run, found.slips), given) and found.size == 1, two
    assert counts["named"] >= 0.5 * counts["asked"] > 0, counts


@pytest.mark.parametrize("seed", a_part(range(4), every=4))
@pytest.mark.parametrize("factor", [0.37, -1, 2])
def test_a_mistake_and_a_factor(seed, factor):
    net, X, y, rng = random_network(seed)
    run = Pass.of(net, X, y)
    right = run.gradients()
    counts = Counter()
    for _, slips in list(single(run, seed))[::7]:
        given = {name: factor * g for name, g in gradients(run, slips).items()}
        if not all(np.isfinite(g).all() for g in given.values()) or alike(given, right):
            continue
        if alike({name: g / factor for name, g in given.items()}, right):
            continue
        found = explain(run, given, NEAR)
        counts["asked"] += 1
        if found is not None and found.size == 2 and found.factor != 1:
            assert found.factor == pytest.approx(factor, rel=1e-5)
            counts["named"] += found.ids(run) == [ids(run, slips)]
    assert counts["named"] >= 0.7 * counts["asked"] > 0, counts


def test_three_of_six_is_neither_one_mistake_nor_two():
    run, slips = _deep("slope_missing", places=3)
    assert explain(run, gradients(run, slips), NEAR) is None
    for places, size in ((1, 1), (2, 2), (5, 1), (6, 1)):
        run, slips = _deep("slope_missing", places)
        found = explain(run, gradients(run, slips), NEAR)
        assert found.size == size and len(found.slips) == places


def _deep(id, places):
    """A network of six hidden layers, with a mistake in the first of them."""
    rng = np.random.default_rng(5)
    hidden = [layer for n in range(6) for layer in (Linear(3 + n % 2, 4 - n % 2, rng=rng), Tanh())]
    net = Network([*hidden, Linear(3, 2, rng=rng)], SquaredError())
    run = Pass.of(net, rng.standard_normal((5, 3)), rng.standard_normal((5, 2)))
    return run, [(("act", id, ""), i) for i in range(1, 2 * places, 2)]


@pytest.mark.parametrize("seed", range(8))
def test_gradients_without_a_cause_get_no_name(seed):
    net, X, y, rng = random_network(seed)
    run = Pass.of(net, X, y)
    right = run.gradients()
    assert explain(run, right, NEAR) is None
    for _ in range(5):
        noisy = {n: g * (1 + 0.1 * rng.standard_normal(g.shape)) for n, g in right.items()}
        other = {n: rng.standard_normal(g.shape) for n, g in right.items()}
        assert explain(run, noisy, NEAR) is None and explain(run, other, NEAR) is None


def test_every_mistake_of_the_tables_is_in_the_catalogue_and_has_its_sentence():
    seen = set()
    for seed in range(24):
        run = Pass.of(*random_network(seed)[:3])
        for (what, id, form), places in kinds(run).items():
            for i in places:
                name = ids(run, [((what, id, form), i)])
                assert len(catalogue.find(name).at(what, place="Tanh() (layer 1)", n=5)) > 15
                seen.add((what, name))
    entries = {(m.id, p) for m in catalogue.mistakes() for p in catalogue.STEPS if _said(m, p)}
    assert entries == {(name, what) for what, name in seen} | {("softmax_diagonal_only", "act")}


def _said(mistake, place):
    return has(f"misconception.{mistake.id}.in_{place}")


@pytest.mark.parametrize(
    "id, places, said",
    [
        ("slope_missing", [1], "Tanh() (layer 1) is missing"),
        ("slope_missing", [1, 3], "Tanh() (layer 1) and Tanh() (layer 3) is missing"),
        ("slope_missing", [1, 3, 5, 7, 9, 11], "of every Tanh() is missing"),
        ("slope_missing", [1, 3, 5, 9, 11], "of every Tanh() but Tanh() (layer 7) is missing"),
        ("bias_averaged", [0, 2, 4, 6, 8, 10, 12], "every b: it is divided by the batch size (5)"),
        ("bias_averaged", [0, 2, 4, 6, 8, 10], "every b but 12.b: it is divided"),
        ("bias_averaged", [4], "4.b: it is divided"),
    ],
)
def test_it_is_said_where(id, places, said):
    run, _ = _deep("slope_missing", 1)
    what = "db" if id.startswith("bias") else "act"
    given = gradients(run, [((what, id, ""), i) for i in places])
    found = diagnose(given, run.gradients(), context=_context(run))
    assert found.mistakes == (id,) and said in found.message, found.message
    mistake = catalogue.find(id)
    assert found.read == [(mistake.cure, mistake.section)]
    assert str(found).startswith(found.message) and mistake.section in str(found)


def _context(run):
    net = Network([layer for layer, _, _ in run.layers], run.loss)
    return net, run.layers[0][1], run.target


def test_two_mistakes_are_both_told_with_their_lessons():
    run, slips = _deep("slope_missing", 6)
    given = gradients(run, [*slips, (("dW", "weight_gradient_averaged", ""), 4)])
    found = diagnose(given, run.gradients(), context=_context(run))
    assert found.mistakes == ("slope_missing", "weight_gradient_averaged")
    assert "every Tanh()" in found.message and "4.W: it is divided" in found.message
    assert {stem for stem, _ in found.read} == {"08_error_signals", "11_matrix_form"}
