"""Lesson 04: one path, two paths, many paths."""

import numpy as np

from bpcourse.questions.inputs import rounded, sizes
from bpcourse.questions.question import question


def _factors(rng, size):
    dy_dx, dz_dy = rounded(rng, 2, 1.5, 4.0)
    return {"dy_dx": float(dy_dx), "dz_dy": float(-dz_dy if size % 2 else dz_dy)}


def _chain(dy_dx, dz_dy):
    from bpcourse import figures

    return figures.flow_graph(
        {"x": (0, 0), "y": (1.3, 0), "z": (2.6, 0)},
        [("x", "y", f"dy/dx = {dy_dx:g}"), ("y", "z", f"dz/dy = {dz_dy:g}")],
        kind="gradient",
    )


@question(
    "chain_rule.one_path",
    "number",
    answer="dz_dx",
    inputs=_factors,
    picture=_chain,
    level="warm_up",
    points=1,
    minutes=1,
    decimals=2,
    misconceptions="added_along_path inner_slope_missing sign_flipped",
)
def one_path(flaw, dy_dx, dz_dy):
    if flaw("added_along_path"):
        return dy_dx + dz_dy
    if flaw("inner_slope_missing"):
        return dz_dy
    return -dz_dy * dy_dx if flaw("sign_flipped") else dz_dy * dy_dx


def _diamond(dx_ds, dz_dx, dy_ds, dz_dy):
    from bpcourse import figures

    return figures.flow_graph(
        {"s": (0, 0.5), "x": (1, 0), "y": (1, 1), "z": (2, 0.5)},
        [
            ("s", "x", f"∂x/∂s = {dx_ds:g}"),
            ("s", "y", f"∂y/∂s = {dy_ds:g}"),
            ("x", "z", f"∂z/∂x = {dz_dx:g}"),
            ("y", "z", f"∂z/∂y = {dz_dy:g}"),
        ],
        kind="gradient",
    )


def _two(rng, size):
    a, b, c, d = (float(v) for v in rounded(rng, 4, -3, 3))
    return {"dx_ds": a, "dz_dx": b, "dy_ds": c, "dz_dy": d}


@question(
    "chain_rule.two_paths",
    "number",
    answer="dz_ds",
    inputs=_two,
    picture=_diamond,
    level="warm_up",
    points=1,
    minutes=2,
    decimals=2,
    misconceptions="one_path_only paths_multiplied added_along_path upstream_shared_out",
)
def two_paths(flaw, dx_ds, dz_dx, dy_ds, dz_dy):
    if flaw("added_along_path"):
        return (dx_ds + dz_dx) * (dy_ds + dz_dy)
    first, second = dx_ds * dz_dx, dy_ds * dz_dy
    if flaw("one_path_only"):
        return first
    if flaw("paths_multiplied"):
        return first * second
    return (first + second) / (2 if flaw("upstream_shared_out") else 1)


def _thin(rng, size):
    depth = 2 + size
    return {"w": rng.normal(size=depth), "x": float(rng.normal())}


@question(
    "chain_rule.thin_network",
    answer="slope_of_w1",
    inputs=_thin,
    points=3,
    minutes=12,
    misconceptions="inner_slope_missing slope_missing outer_slope_at_wrong_point one_layer_off "
    "slope_at_activation",
)
def thin_network(flaw, w, x):
    h = [x]
    for weight in w:
        h.append(np.tanh(weight * h[-1]))  # h_l = tanh(w_l h_{l-1})
    a = [weight * below for weight, below in zip(w, h, strict=False)]
    slope = 1.0
    for layer in range(len(w) - 1, 0, -1):
        point = a[layer]
        if flaw("slope_at_activation"):
            point = h[layer + 1]
        if flaw("outer_slope_at_wrong_point"):
            point = h[layer]
        if not flaw("slope_missing"):
            slope *= 1 - np.tanh(point) ** 2
        slope *= w[layer - 1 if flaw("one_layer_off") else layer]
    if not flaw("slope_missing"):
        slope *= 1 - np.tanh(h[1] if flaw("slope_at_activation") else a[0]) ** 2
    return slope if flaw("inner_slope_missing") else slope * x


def _paths(rng, size):
    m, n = sizes(rng, size, 2)
    return {"dp_dq": rng.normal(size=m), "dq_dz": rng.normal(size=(m, n))}


@question(
    "chain_rule.many_paths",
    answer="dp_dz",
    inputs=_paths,
    level="stretch",
    points=2,
    minutes=6,
    misconceptions="one_path_only paths_multiplied upstream_shared_out "
    "elementwise_for_matrix_product weights_wrong_way_round",
)
def many_paths(flaw, dp_dq, dq_dz):
    if flaw("weights_wrong_way_round"):
        return dq_dz @ dp_dq
    terms = dp_dq[:, None] * dq_dz  # (m, n)
    if flaw("elementwise_for_matrix_product"):
        return terms
    if flaw("one_path_only"):
        return terms[0]
    if flaw("paths_multiplied"):
        return terms.prod(axis=0)
    total = terms.sum(axis=0)
    return total / len(dp_dq) if flaw("upstream_shared_out") else total


@question(
    "chain_rule.sine_of_square",
    "mend",
    answer="slope_of_sine",
    inputs=lambda rng, size: {"x": rng.normal(size=1 + size), "c": float(rng.uniform(0.5, 2))},
    level="core",
    points=2,
    minutes=4,
    misconceptions="outer_slope_at_wrong_point inner_slope_missing function_for_slope "
    "factor_two_missing",
)
def sine_of_square(flaw, x, c):
    inside = x if flaw("outer_slope_at_wrong_point") else c * x**2
    outer = np.sin(inside) if flaw("function_for_slope") else np.cos(inside)
    if flaw("inner_slope_missing"):
        return outer
    return outer * c * x * (1 if flaw("factor_two_missing") else 2)


@question(
    "chain_rule.who_is_responsible",
    "choice",
    answer="responsible",
    inputs=lambda rng, size: {"n": int(rng.integers(3, 9))},
    level="core",
    points=1,
    minutes=2,
    misconceptions="blame_is_shared upstream_shared_out big_weight_big_gradient",
)
def who_is_responsible(flaw, n):
    if flaw("blame_is_shared"):
        return "adds_up"
    if flaw("upstream_shared_out"):
        return "each_part"
    return "largest" if flaw("big_weight_big_gradient") else "alone"
