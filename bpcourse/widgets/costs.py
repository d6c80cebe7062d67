"""What a gradient costs, as depth and width grow."""

from math import prod

from bpcourse import figures
from bpcourse.text import text
from bpcourse.widgets.explorer import Explorer, counter, page

LOOKS = {"paths": ":", "chain": "--", "recursion": "-", "forward": "-"}
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

    figure = "costs"
    scripts = page("costs")
    labels = ("multiplications", "depth", "forward", "cost_paths", "cost_chain", "cost_recursion")
    sentences = ("cost_says",)
    formats = {"paths": ".3g", "chain": ".3g", "ratio": ".2f"} | dict.fromkeys(
        ("width", "depth", "recursion", "forward"), ","
    )
    formulas = [
        {"symbols": r"\value{L\,n^2}", "numbers": r"=<depth>\cdot<width>^2=\value{<forward>}"},
        {
            "symbols": r"\slope{n+(L-1)(n^2+n)+L\,n^2}",
            "numbers": r"=<width>+(<depth>-1)(<width>^2+<width>)+<depth>\cdot<width>^2"
            r"=\slope{<recursion>}",
        },
    ]

    def __init__(self, width=10, depth=4):
        controls = [counter("width", 1, 50), counter("depth", 1, DEEPEST)]
        super().__init__(controls, {"width": width, "depth": depth})

    def compute(self, width, depth):
        found = multiplications([width] * (depth + 1))
        forward = depth * width**2
        return {
            "says": "cost_says",
            **found,
            "forward": forward,
            "ratio": found["recursion"] / forward,
        }

    def draw(self, figure, found):
        ax = figure.subplots()
        depths = range(1, DEEPEST + 1)
        costs = [self.compute(found["width"], L) for L in depths]
        for way, dashes in LOOKS.items():
            forward = way == "forward"
            look = {"color": figures.FORWARD if forward else figures.GRADIENT, "linestyle": dashes}
            label = text("widgets.forward" if forward else f"widgets.cost_{way}")
            ax.semilogy(depths, [cost[way] for cost in costs], label=label, **look)
            ax.semilogy([found["depth"]], [found[way]], "o", color=look["color"])
        ax.set(xlim=(0.8, DEEPEST + 0.2), ylim=(1, 1e24), xlabel=text("widgets.depth"))
        ax.set_ylabel(text("widgets.multiplications"))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
