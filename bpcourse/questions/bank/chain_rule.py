"""Lesson 04: one path, two paths, many paths."""

import numpy as np

from bpcourse.questions.bank import _by_hand as by_hand
from bpcourse.questions.bank._inputs import normals, rounded
from bpcourse.questions.bank._slopes import OF_TANH, tanh_slope
from bpcourse.questions.question import Family, Flaws, lettered, question
from bpcourse.questions.types import Array, Inputs, Picture, Result


def _factors(rng: np.random.Generator, size: int) -> Inputs:
    dy_dx, dz_dy = rounded(rng, 2, 1.5, 4.0)
    return {"dy_dx": float(dy_dx), "dz_dy": float(-dz_dy if size % 2 else dz_dy)}


def _chain(dy_dx: float, dz_dy: float) -> Picture:
    from bpcourse import figures

    return figures.flow_graph(
        {"x": (0, 0), "y": (1.3, 0), "z": (2.6, 0)},
        [("x", "y", f"dy/dx = {dy_dx:g}"), ("y", "z", f"dz/dy = {dz_dy:g}")],
        kind="gradient",
    )


@question(
    "chain_rule.one_path",
    inputs=_factors,
    picture=_chain,
    misconceptions="added_along_path inner_slope_missing sign_flipped",
    forms={"inner_slope_missing": "outer_instead"},
    slips=by_hand.factors,
)
def one_path(flaw: Flaws, dy_dx: float, dz_dy: float) -> Result:
    if flaw("added_along_path"):
        return dy_dx + dz_dy
    if flaw("inner_slope_missing"):
        return dy_dx if flaw("outer_instead") else dz_dy
    return -dz_dy * dy_dx if flaw("sign_flipped") else dz_dy * dy_dx


def _diamond(dx_ds: float, dz_dx: float, dy_ds: float, dz_dy: float) -> Picture:
    from bpcourse import figures

    return figures.flow_graph(
        {"s": (0, 0.5), "x": (1, 0), "y": (1, 1), "z": (2, 0.5)},
        [
            ("s", "x", f"dx/ds = {dx_ds:g}"),
            ("s", "y", f"dy/ds = {dy_ds:g}"),
            ("x", "z", f"∂z/∂x = {dz_dx:g}"),
            ("y", "z", f"∂z/∂y = {dz_dy:g}"),
        ],
        kind="gradient",
    )


def _two(rng: np.random.Generator, size: int) -> Inputs:
    a, b, c, d = (float(v) for v in rounded(rng, 4, -3, 3))
    return {"dx_ds": a, "dz_dx": b, "dy_ds": c, "dz_dy": d}


@question(
    "chain_rule.two_paths",
    inputs=_two,
    picture=_diamond,
    misconceptions="one_path_only paths_multiplied added_along_path upstream_shared_out",
    forms={"one_path_only": "the_second", "added_along_path": "everywhere"},
    slips=by_hand.two_products,
)
def two_paths(flaw: Flaws, dx_ds: float, dz_dx: float, dy_ds: float, dz_dy: float) -> Result:
    if flaw("added_along_path"):
        apart = dx_ds + dz_dx, dy_ds + dz_dy
        return sum(apart) if flaw("everywhere") else apart[0] * apart[1]
    first, second = dx_ds * dz_dx, dy_ds * dz_dy
    if flaw("one_path_only"):
        return second if flaw("the_second") else first
    if flaw("paths_multiplied"):
        return first * second
    return (first + second) / (2 if flaw("upstream_shared_out") else 1)


def _thin(rng: np.random.Generator, size: int) -> Inputs:
    depth = 2 + size
    return {"w": rng.normal(size=depth), "x": float(rng.normal())}


@question(
    "chain_rule.thin_network",
    inputs=_thin,
    edges=lambda rng: [
        {"w": np.array([0.0, 1.5, -0.7]), "x": 0.6},
        {"w": np.array([0.8, 0.0]), "x": -1.2},
        {"w": np.array([-1.3]), "x": 0.4},
        {"w": np.array([1.1, 0.9]), "x": 0.0},
    ],
    misconceptions="inner_slope_missing slope_missing outer_slope_at_wrong_point one_layer_off "
    "slope_at_activation tanh_slope_not_squared logistic_slope_for_tanh slope_of_wrong_layer "
    "wrong_argument stops_after_first_round",
    forms={
        "inner_slope_missing": "weights_missing",
        "slope_missing": "in_the_last in_the_first",
        "wrong_argument": "last_weight",
        "outer_slope_at_wrong_point": "at_x",
    },
    families=(OF_TANH, Family("variable_as_factor", {"wrong_argument": "activations_for_weights"})),
)
def thin_network(flaw: Flaws, w: Array, x: float) -> Result:
    h = [x]
    for weight in w:
        h.append(np.tanh(weight * h[-1]))  # h_l = tanh(w_l h_{l-1})
    if flaw("last_weight"):
        return (1 - h[-1] ** 2) * h[-2]
    slope = 1.0
    last = len(w) - 1
    for layer in range(last, -1, -1):
        passes = flaw("slope_missing")
        if flaw("in_the_last") or flaw("in_the_first"):
            passes = layer == (last if flaw("in_the_last") else 0)
        slope *= 1.0 if passes else _tanh_slope(flaw, w, h, layer, x)
        if (layer or flaw("variable_as_factor")) and not flaw("weights_missing"):
            weights = h if flaw("activations_for_weights") else w
            slope *= weights[layer - 1 if flaw("one_layer_off") else layer]
        if flaw("stops_after_first_round"):
            break
    if flaw("wrong_argument") and not flaw("activations_for_weights"):
        return slope * w[0]
    return slope if flaw("inner_slope_missing") and not flaw("weights_missing") else slope * x


def _tanh_slope(flaw: Flaws, w: Array, h: list[float], layer: int, x: float) -> float:
    """The slope of ``layer``, counted from 0, whose output is ``h[layer + 1]``."""
    if flaw("slope_of_wrong_layer"):
        a = h[layer]
    elif flaw("at_x"):
        a = np.tanh(x)
    elif flaw("outer_slope_at_wrong_point") and layer:
        a = np.tanh(h[layer])
    elif flaw("slope_missing"):  # in another layer
        a = h[layer + 1]
    else:
        return float(tanh_slope(flaw, w[layer] * h[layer]))
    return float(1 - a**2)


@question(
    "chain_rule.many_paths",
    inputs=normals("mn", dp_dq="m", dq_dz="mn"),
    misconceptions="one_path_only paths_multiplied upstream_shared_out "
    "elementwise_for_matrix_product weights_wrong_way_round upstream_missing added_along_path "
    "overwritten_not_accumulated off_by_one_loop",
    forms={
        "elementwise_for_matrix_product": "along_rows on_its_side",
        "off_by_one_loop": "from_one",
        "upstream_shared_out": "among_z",
    },
    families=(Family("product_of_sums"),),
)
def many_paths(flaw: Flaws, dp_dq: Array, dq_dz: Array) -> Result:
    if flaw("product_of_sums"):
        return dp_dq.sum() * dq_dz.sum(axis=0)
    if flaw("weights_wrong_way_round"):
        return dq_dz @ dp_dq
    terms = dp_dq[:, None] * dq_dz  # (m, n)
    if flaw("elementwise_for_matrix_product"):
        return dp_dq * dq_dz if flaw("along_rows") else terms.T if flaw("on_its_side") else terms
    if flaw("upstream_missing"):
        terms = dq_dz
    if flaw("added_along_path"):
        terms = dp_dq[:, None] + dq_dz
    if flaw("overwritten_not_accumulated"):
        return terms[-1]
    if flaw("off_by_one_loop"):
        terms = terms[1:] if flaw("from_one") else terms[:-1]
    if flaw("one_path_only"):
        return terms[0]
    if flaw("paths_multiplied"):
        return terms.prod(axis=0)
    total = terms.sum(axis=0)
    count = len(total) if flaw("among_z") else len(dp_dq)
    return total / count if flaw("upstream_shared_out") else total


@question(
    "chain_rule.sine_of_square",
    inputs=lambda rng, size: {"x": rng.normal(size=1 + size), "c": float(rng.uniform(0.5, 2))},
    misconceptions="outer_slope_at_wrong_point inner_slope_missing function_for_slope "
    "factor_two_missing added_along_path stops_after_first_round",
    forms={
        "outer_slope_at_wrong_point": "at_x_squared at_cx at_inner_slope at_sine",
        "function_for_slope": "of_the_square",
    },
    families=(Family("factor_left_out input_squared", {"input_squared": "in_both"}),),
)
def sine_of_square(flaw: Flaws, x: Array, c: float) -> Result:
    square = (c * x) ** 2 if flaw("input_squared") else c * x**2
    inside = x if flaw("outer_slope_at_wrong_point") else square
    elsewhere = {
        "at_x_squared": x**2,
        "at_cx": c * x,
        "at_inner_slope": 2 * c * x,
        "at_sine": np.sin(square),
    }
    for name in filter(flaw, elsewhere):
        inside = elsewhere[name]
    of_sine = flaw("function_for_slope") and not flaw("of_the_square")
    outer = np.sin(inside) if of_sine else np.cos(inside)
    if flaw("inner_slope_missing"):
        return outer
    inner = c * x * (1 if flaw("factor_two_missing") else 2) * (c if flaw("in_both") else 1)
    if flaw("factor_left_out"):
        inner = 2 * x
    if flaw("of_the_square"):
        inner = square
    slope = outer + inner if flaw("added_along_path") else outer * inner
    if flaw("stops_after_first_round"):
        slope[1:] = 0
    return slope


lettered("chain_rule.who_is_responsible", inputs=lambda rng, size: {"n": int(rng.integers(3, 9))})


lettered("chain_rule.order_of_two_paths")


def _skipping(rng: np.random.Generator, size: int) -> Inputs:
    return {"w": rng.normal(size=2 + size), "x": float(rng.normal())}


@question(
    "chain_rule.thin_with_skip",
    inputs=_skipping,
    edges=lambda rng: [
        {"w": np.array([0.0, 1.5, -0.7]), "x": 0.6},
        {"w": np.array([-1.3]), "x": 0.4},
        {"w": np.array([1.1, 0.9]), "x": 0.0},
    ],
    misconceptions="one_path_only slope_missing inner_slope_missing upstream_shared_out "
    "slope_at_activation",
    forms={"one_path_only": "the_skip_alone", "inner_slope_missing": "in_the_first"},
    families=(
        Family(
            "variable_as_factor path_too_many slope_of_more_than_tanh slope_of_wrong_layer",
            {
                "path_too_many": "times_x through_the_weight",
                "slope_of_more_than_tanh": "in_the_first_too",
                "slope_of_wrong_layer": "in_the_first_too",
            },
        ),
        OF_TANH,
    ),
)
def thin_with_skip(flaw: Flaws, w: Array, x: float) -> Result:
    """The slope in w₁ of a_L, where a_l = a_(l−1) + tanh(w_l a_(l−1))."""
    a, z = [x], []
    for weight in w:
        z.append(weight * a[-1])
        a.append(a[-1] + np.tanh(z[-1]))
    if flaw("slope_at_activation"):
        z = a[1:]
    if flaw("slope_of_wrong_layer"):  # each z from the a that it has led to
        z[not flaw("in_the_first_too") :] = (w * a[1:])[not flaw("in_the_first_too") :]
    of_tanh = Flaws() if flaw("slope_at_activation") else flaw
    steep = [float(tanh_slope(of_tanh, z_l)) for z_l in z]
    if flaw("slope_of_more_than_tanh"):
        steep[not flaw("in_the_first_too") :] = 1 - np.square(
            a[1 + (not flaw("in_the_first_too")) :]
        )
    first_alone = flaw("in_the_first")
    slope = steep[0] * (1 if first_alone else x)
    if flaw("variable_as_factor"):
        slope *= w[0]
    if flaw("path_too_many"):  # w₁ moves z₁ alone, not what goes round it
        slope = 1 + slope
        if flaw("through_the_weight"):
            slope = 1 + w[0] * steep[0]
        if flaw("times_x"):
            slope = x * (1 + w[0] * steep[0])
    for l in range(1, len(w)):
        through = steep[l] * (1 if flaw("inner_slope_missing") and not first_alone else w[l])
        if flaw("the_skip_alone"):
            through = 0.0
        skip = 0 if flaw("one_path_only") and not flaw("the_skip_alone") else 1
        slope *= (skip + through) / (2 if flaw("upstream_shared_out") else 1)
    return slope
