"""The figures with controls: what they compute, and what a hand on a control changes."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from rows import a_part

from bpcourse import central_difference, indexwise, widgets
from bpcourse.datasets import worked_network
from bpcourse.layers import Linear, Sigmoid
from bpcourse.losses import SquaredError
from bpcourse.network import Network
from bpcourse.widgets import chain, costs, descent, explorer, functions, layers, playground, steps
from tests.explorers import EXPLORERS, bowl
from tools import notebooks

# --- what they compute ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", functions.KINDS)
def test_a_gradient_through_a_unit_is_the_measured_one(kind):
    for z, upstream in [(-1.7, 0.8), (0.4, -1.3), (2.6, 2.0)]:
        a, slope, delta = functions.through_unit(functions.KINDS[kind], z, upstream)
        f = functions.KINDS[kind].value
        (measured,) = central_difference(lambda at: f(at).item(), np.array([z]))  # noqa: B023
        assert math.isclose(a, f(np.array([z])).item())
        assert np.isclose(slope, measured, atol=1e-8) and math.isclose(delta, upstream * slope)


@pytest.mark.parametrize("pair", functions.PAIRS)
def test_the_slope_of_a_loss_is_the_measured_one(pair):
    for z, target in [(-3.2, 1.0), (0.7, 0.25), (1.9, 0.0)]:
        _, _, slope = functions.loss_at(pair, z, target)
        loss = partial(functions.loss_at, pair, target=target)
        measured = central_difference(lambda at: loss(at[0])[1], np.array([z]))  # noqa: B023
        assert np.allclose(slope, measured, atol=1e-7)


@pytest.mark.parametrize("inner", chain.INNER)
@pytest.mark.parametrize("outer", chain.OUTER)
def test_small_pushes_obey_the_chain_rule(inner, outer):
    found = chain.pushes(inner, outer, 0.8, 1e-6)
    assert np.isclose(found["du"] / 1e-6, found["du_ds"], rtol=1e-4)
    assert np.isclose(found["df"] / 1e-6, found["du_ds"] * found["df_du"], rtol=1e-4)
    large = chain.pushes(inner, outer, 0.8, 0.9)
    assert not np.isclose(large["df"] / 0.9, found["du_ds"] * found["df_du"], rtol=1e-3)


def test_a_push_across_a_pole_is_refused():
    found = chain.pushes("sin s", "10/u", -0.1, 0.5)
    assert found["refused"] and found["u"] < 0 < found["moved"]
    assert "no value at u = 0" in widgets.ChainMicroscope("sin s", s=-0.1, ds=10**-0.25).said


def test_a_control_takes_what_it_shows_and_nothing_else():
    figure = widgets.ChainMicroscope()
    assert figure.set(s=-3, ds=10**-0.25, inner="eˢ").values["s"] == -3
    for wrong, message in [
        ({"push": 1}, "push: expected one of inner, outer, s, ds"),
        ({"s": 4}, "s: expected -3 to 3, got 4"),
        ({"ds": 2.0}, "ds: expected 0.0001 to 1, got 2.0"),
        ({"outer": "u²"}, "outer: expected one of .*10/u.*, got 'u²'"),
    ]:
        with pytest.raises(ValueError, match=message):
            figure.set(**wrong)


def test_descent_takes_the_steps_of_the_update_rule():
    places, losses, slopes = zip(*descent.descend(bowl, (1.5, 1.0), 0.1, 3), strict=True)
    expected = [np.array([1.5, 1.0]) * np.array([0.8, 0.4]) ** k for k in range(4)]
    assert np.allclose(places, expected) and np.allclose(losses, [bowl(at) for at in expected])
    assert np.allclose(slopes, [[2 * x, 6 * y] for x, y in expected])


def test_descent_ends_before_the_numbers_do():
    places = descent.descend(lambda at: at[0] ** 4 + at[1] ** 2, (2.0, 1.0), 100.0, 50)
    assert 1 < len(places) < 51
    assert all(np.isfinite(place).all() and np.isfinite(loss) for place, loss, _ in places)


@pytest.mark.parametrize("function", steps.FUNCTIONS)
def test_the_central_difference_is_best_in_the_middle(function):
    errors = steps.slope_errors(function, 1.0, 10.0 ** np.arange(0, -16.1, -0.25))
    best = errors["central"].argmin()
    assert errors["central"][best] < errors["one_sided"].min() / 2
    assert errors["central"][[0, -1]].min() > 100 * errors["central"][best]
    assert errors["complex"][-8:].max() < 1e-14
    near = steps.best_step(function, 1.0)
    assert steps.slope_errors(function, 1.0, near)["central"] < 30 * errors["central"][best]
    assert steps.best_step(function, 1.0, np.float32) > 100 * near
    single = steps.slope_errors(function, 1.0, np.array([1e-3]), np.float32)["central"]
    assert single > steps.slope_errors(function, 1.0, np.array([1e-5]))["central"]


@pytest.mark.parametrize("form", layers.FORMS)
def test_the_products_of_a_layer_line_up_and_compute_its_gradients(form, rng):
    batch, n_in, n_out = 5, 3, 4
    linear = Linear(n_in, n_out, rng=rng)
    a, upstream = rng.normal(size=(batch, n_in)), rng.normal(size=(batch, n_out))
    z = linear.forward(a) - linear.b
    found = {"Z": z, "dA": linear.backward(upstream), "dW": linear.grads["W"]}
    given = {"A": a, "W": linear.W, "dZ": upstream}
    if form == "columns":
        turn = ("A", "dZ", "Z", "dA")
        found = {name: array.T if name in turn else array for name, array in found.items()}
        given = {name: array.T if name in turn else array for name, array in given.items()}
    given |= {f"{name}.T": array.T for name, array in given.items()}
    of = layers.shapes(form, batch, n_in, n_out)
    for wanted, left, right in layers.FORMS[form]:
        assert np.allclose(given[left] @ given[right], found[wanted])
        assert of[left] == given[left].shape and of[wanted] == found[wanted].shape
        assert layers.product(form, left, right, batch, n_in, n_out) == of[wanted]
    assert layers.product(form, "dZ", "A", batch, n_in, n_out) is None


def test_reach_is_what_the_layers_pass_on(rng):
    up, down = layers.reach("logistic", 1.0, 8)
    assert np.isclose(down[-1], 1, atol=0.02) and (np.diff(down) > 0).all()
    assert ((up > 0.4) & (up < 0.6)).all() and down[0] < 1e-4
    up, down = layers.reach("ReLU", math.sqrt(2), 8)  # He: neither fades nor grows
    assert up.max() / up.min() < 2 and down.max() / down.min() < 2
    assert layers.reach("ReLU", 3.0, 8)[1][0] > 50


def test_multiplications_are_those_that_are_counted(rng):
    for n in ([3, 4, 2], [2, 5, 3, 4]):
        net = Network(
            [
                layer
                for n_in, n_out in pairwise(n)
                for layer in (Linear(n_in, n_out, rng=rng), Sigmoid())
            ],
            SquaredError(),
        )
        units = indexwise.units(net, rng.normal(size=(1, n[0])), rng.normal(size=(1, n[-1])))
        count = indexwise.Count()
        indexwise.recursive_gradients(units, count)
        assert costs.multiplications(n)["recursion"] == count.multiplications
    for bad in ([3], [3, 0, 2]):
        with pytest.raises(ValueError, match="n: expected at least two sizes"):
            costs.multiplications(bad)


def test_a_training_run_is_that_of_the_package_and_can_be_rewound():
    run = playground.Training("moons", 2, 5, "tanh", "plain", 0.3)
    early = run.at(3)
    before = early[2](run.X)
    late = run.at(30)
    assert late[0][:4] == early[0] and late[0][-1] < early[0][-1]
    assert np.array_equal(run.at(3)[2](run.X), before)
    assert not np.allclose(late[2](run.X), before)
    assert [grad.shape for grad in early[1]] == [(5, 2), (5, 5), (2, 5)]

    other = playground.Training("moons", 2, 5, "tanh", "plain", 0.3)
    measured = central_difference(
        lambda _: other.net.forward(other.X, other.y), other.net.params["0.W"]
    )
    assert np.allclose(measured, other.at(0)[1][0], atol=1e-8)


def test_a_run_that_leaves_the_numbers_says_when():
    run = playground.Training("moons", 2, 5, "ReLU", "plain", 1e300)
    with pytest.raises(ValueError, match="1"):
        run.at(20)
    assert len(run.at(0)[0]) == 1
    found = widgets.Playground().compute("moons", 2, 5, "ReLU", "plain", 1e300, 20)
    assert found == {"says": "diverged", "refused": True, "epoch": 1}


# --- what a hand changes -------------------------------------------------------------------------


def elsewhere(control, value):
    """A value that the control can take, and has not now."""
    if control["kind"] == "menu":
        return next(option for _, option in control["options"] if option != value)
    ends = [control["low"], control["high"]]
    if control["kind"] == "powers":
        ends = [10.0**end for end in ends]
    return next(end for end in ends if end != value)


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_changes_the_words(name):
    for key, control in EXPLORERS[name]().controls.items():
        explorer = EXPLORERS[name]()
        said = explorer.said
        assert explorer.set(**{key: elsewhere(control, explorer.values[key])}).said != said, key


@pytest.mark.parametrize("name", a_part(EXPLORERS, every=5))
def test_it_stands_still_where_no_script_runs(name):
    explorer = EXPLORERS[name]()
    data, metadata = explorer._repr_mimebundle_()
    assert notebooks.WIDGET in data and data["text/plain"] == explorer.said
    assert metadata["image/png"]["alt"] == explorer.said
    given = data["application/vnd.bpcourse.figure+json"]["figure"]
    assert given["values"] == explorer.values and given["data"]["figure"] == explorer.figure
    again = EXPLORERS[name]()
    assert again._repr_mimebundle_()[0]["image/png"] == data["image/png"]
    control, value = next(iter(again.controls.items()))[1], next(iter(again.values.values()))
    moved = again.set(**{control["name"]: elsewhere(control, value)})
    assert moved._repr_mimebundle_()[0]["image/png"] != data["image/png"]


@pytest.mark.parametrize("name", EXPLORERS)
def test_nothing_of_the_still_picture_lies_outside_it(name):
    figure = EXPLORERS[name]().still()
    figure.draw_without_rendering()
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert box.x0 >= -1 and box.y0 >= -1, ax.get_title()
        assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1


def test_a_map_must_be_finite_and_made_of_gates():
    limits = ((-1, 1), (-1, 1))
    with pytest.raises(ValueError, match="loss: expected finite numbers"):
        widgets.DescentPlayer(lambda at: (1e300 * at).sum() ** 2, limits, start=(0, 0))
    with pytest.raises(TypeError, match="loss: expected gates of bpcourse.graph"):
        widgets.DescentPlayer(lambda at: 1.0, limits, start=(0, 0))


def test_the_player_plays():
    player = widgets.DescentPlayer(bowl, ((-2, 2), (-2, 2)), start=(1.5, 1.0), rate=0.1, steps=0)
    seen = set()
    for step in range(4):
        player.set(steps=step)
        seen.add(player.said)
    assert len(seen) == 4 and "After 3 steps" in player.said


def test_the_running_example_counts_as_lesson_12_says():
    net, _, _ = worked_network()
    n = [net.n_in, 4, net.n_out]
    assert costs.multiplications(n)["recursion"] == 4 * 2 + 4 + 2 + 20
    uniform = widgets.CostExplorer(width=7, depth=5).compute(7, 5)
    assert uniform["recursion"] == 7 + 4 * (7**2 + 7) + 5 * 7**2  # the formula on the page


def test_a_figure_without_its_numbers_or_its_picture_cannot_be_made():
    class Half(explorer.Explorer):
        def compute(self):
            return {}

    with pytest.raises(TypeError, match="abstract method '?draw"):
        Half([], {})
