"""What a gradient costs, as depth and width grow."""

from itertools import pairwise
from math import prod

from bpcourse import figures
from bpcourse.text import text
from bpcourse.widgets.kernel_drawn import Explorer, counter

LOOKS = {"paths": ":", "chain": "--", "recursion": "-"}
DEEPEST = 12


def multiplications(n):
    """Those of the three ways to the gradient for layers of ``n`` = [n₀, …, n_L] units (B10, E13).

    {"paths": every path for every weight, "chain": δ anew for every weight, "recursion":
    backpropagation}, as lesson 12 counts them. ValueError for fewer than two sizes, or one below 1.
    """
    if len(n) < 2 or min(n) < 1:
        raise ValueError(f"n: expected at least two sizes of 1 or more, got {list(n)}")
    L = len(n) - 1
    weights = {l: n[l] * n[l - 1] for l in range(1, L + 1)}
    to_delta = {l: n[L] + sum(n[k] * (n[k + 1] + 1) for k in range(l, L)) for l in weights}
    return {
        "paths": sum(weights[l] * prod(n[l + 1 :]) * 2 * (L - l + 1) for l in weights),
        "chain": sum(weights[l] * (to_delta[l] + 1) for l in weights),
        "recursion": to_delta[1] + sum(weights.values()),
    }


class CostExplorer(Explorer):
    """The three ways' multiplications against depth, for layers of one width."""

    def __init__(self, width=10, depth=4):
        super().__init__(
            {
                "width": counter(text("widgets.width"), width, 1, 50),
                "depth": counter(text("widgets.depth"), depth, 1, DEEPEST),
            }
        )

    def draw(self, figure):
        ax = figure.subplots()
        self.lines, self.dots = {}, {}
        for way, dashes in LOOKS.items():
            look = {"color": figures.GRADIENT, "linestyle": dashes}
            self.lines[way] = ax.semilogy([], [], label=text(f"widgets.cost_{way}"), **look)[0]
            self.dots[way] = ax.semilogy([], [], "o", color=figures.GRADIENT)[0]
        self.forward = ax.semilogy([], [], color=figures.FORWARD, label=text("widgets.forward"))[0]
        ax.set(xlim=(0.8, DEEPEST + 0.2), ylim=(1, 1e24), xlabel=text("widgets.depth"))
        ax.set_ylabel(text("widgets.multiplications"))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

    def update(self, width, depth):
        depths = range(1, DEEPEST + 1)
        costs = [multiplications([width] * (L + 1)) for L in depths]
        sizes = [width] * (depth + 1)
        here, forward = costs[depth - 1], sum(a * b for a, b in pairwise(sizes))
        for way in LOOKS:
            self.lines[way].set_data(depths, [cost[way] for cost in costs])
            self.dots[way].set_data([depth], [here[way]])
        self.forward.set_data(depths, [L * width**2 for L in depths])
        return text(
            "widgets.cost_says",
            width=width,
            depth=depth,
            paths=f"{here['paths']:.3g}",
            chain=f"{here['chain']:.3g}",
            recursion=f"{here['recursion']:,}",
            forward=f"{forward:,}",
            ratio=f"{here['recursion'] / forward:.2f}",
        )
