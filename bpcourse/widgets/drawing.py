"""The stepper's picture: a program laid out in columns, as SVG with all its numbers.

Without JavaScript it stands as it is; the page fills the same elements with the numbers of a step.
Elements say what they are: ``data-node``, ``data-edge`` ("child.slot") and classes.
"""

from collections import Counter
from html import escape
from importlib.resources import files

import numpy as np

from bpcourse.text import text
from bpcourse.text.numbers import number

WIDTH, HEIGHT = 96, 58  # of a box
GAP, PITCH = 84, 72
LABEL = 44  # of a weight's number
MARGIN = 14
CELLS = 12  # rows and columns of a heat map that are shown
MOST_LETTERS = 8  # of a name and its formula in a box
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_LABELS = 5  # numbers one above the other beside a box
STYLE = (files("bpcourse.widgets") / "static" / "still.css").read_text(encoding="utf-8")
SIGNS = {
    "neg": "−", "power": "xⁿ", "^": "xʸ", "affine": "Σ", "take": "[ ]", "largest": "max",
    "row softmax": "softmax",
}  # fmt: skip


def boxes(program):
    """The ids of nodes with a box: all but the weights and biases of a network by units."""
    nodes = program["nodes"]
    return [n for n, node in enumerate(nodes) if node.get("kind") not in ("W", "b") or
            len(node["shape"])]  # fmt: skip


def places(program):
    """{id: (x, y)} of the centres of the boxes: operations in columns, each after its parents."""
    nodes, drawn = program["nodes"], boxes(program)
    column: dict[int, int] = {}
    for n in drawn:
        column[n] = 1 + max((column[p] for p in nodes[n]["parents"] if p in column), default=-1)
    successors = {n: [c for c in drawn if n in nodes[c]["parents"]] for n in drawn}
    alone: set[int] = set()  # what stands on its own: parameters, constants, a turned matrix
    for n in drawn:
        parents = nodes[n]["parents"]
        if nodes[n].get("kind") != "x" and all(
            p in alone and successors[p] == [n] for p in parents
        ):
            alone.add(n)
    for n in reversed(drawn):  # just before what it is used for, so in its own layer's columns
        if n in alone and successors[n]:
            column[n] = max(column[n], min(column[c] for c in successors[n]) - 1)
    for n in drawn:
        if nodes[n]["role"] == "target":  # below the loss, out of the way of the lines
            column[n] = column[program["root"]]
    columns = {c: [n for n in drawn if column[n] == c] for c in sorted(set(column.values()))}
    tall = max(map(len, columns.values())) * PITCH
    gap = GAP + 16 * any(node["op"] == "affine" for node in nodes)  # room for weights' numbers
    gap += 24 * all(node["size"] == 1 and "kind" not in node for node in nodes)  # and for slopes
    found: dict[int, tuple[float, float]] = {}
    for c, members in columns.items():
        if program["root"] in members:
            members.sort(key=lambda n: n != program["root"])
        else:  # near their parents, so that lines cross seldom
            members.sort(
                key=lambda n: (
                    _mean([found[p][1] for p in nodes[n]["parents"] if p in found]),
                    [nodes[c]["parents"].index(n) for c in successors[n][:1]],  # x before y in x·y
                )
            )
        x = MARGIN + WIDTH / 2 + c * (WIDTH + gap)
        top = MARGIN + (tall - (len(members) - 1) * PITCH) / 2
        found |= {n: (x, top + k * PITCH) for k, n in enumerate(members)}
    return found


def _mean(numbers):
    return float(np.mean(numbers)) if numbers else 0.0


def edges(program):
    """(child, slot, parent, weight id or None) of every line."""
    nodes, drawn = program["nodes"], set(boxes(program))
    for child in sorted(drawn):
        node = nodes[child]
        for slot, parent in enumerate(node["parents"]):
            if parent in drawn:
                weight = node["parents"][slot - 1] if node["op"] == "affine" else None
                yield child, slot, parent, weight


def svg(program, *, alone=True):
    """The picture as text; ``alone``: with its own colours."""
    nodes, at = program["nodes"], places(program)
    lines = list(edges(program))
    arriving = Counter(child for child, *_, weight in lines if weight is not None)
    labels = max(arriving.values(), default=0) <= MOST_LABELS
    width = max(x for x, _ in at.values()) + WIDTH / 2 + MARGIN
    height = max(y for _, y in at.values()) + HEIGHT / 2 + MARGIN
    parts = []
    for child, slot, parent, weight in lines:
        ways = sorted((at[c][1], c, s) for c, s, p, _ in lines if p == parent)
        out = ways.index((at[child][1], child, slot)) - (len(ways) - 1) / 2
        start = out * min((HEIGHT - 14) / len(ways), 12)  # each line leaves at its own place
        parts.append(_edge(nodes, at, child, slot, parent, weight, labels, start))
    for n, (x, y) in at.items():
        parts.append(_box(nodes, n, x, y))
    style, own = (f"<style>{STYLE}</style>", 'class="bpc-stepper-still" ') if alone else ("", "")
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {own}{size} '
        f'viewBox="0 0 {width:.0f} {height:.0f}">{style}{"".join(parts)}</svg>'
    )


def _edge(nodes, at, child, slot, parent, weight, labels, leaves):
    (x0, y0), (x1, y1) = at[parent], at[child]
    if x0 == x1:  # a target under the loss
        start, end = (x0, y0 - HEIGHT / 2), (x1, y1 + HEIGHT / 2)
        path = f"M{start[0]:.0f} {start[1]:.0f}L{end[0]:.0f} {end[1]:.0f}"
    else:
        start, end = (x0 + WIDTH / 2, y0 + leaves), (x1 - WIDTH / 2, y1)
        if weight is not None:
            count = (len(nodes[child]["parents"]) - 1) // 2
            end = (end[0], y1 + ((slot - 2) // 2 - (count - 1) / 2) * min(HEIGHT / count, 16))
        elif len(nodes[child]["parents"]) > 1:  # arrives at its own place too
            arrivals = sorted((at[p][1], s) for s, p in enumerate(nodes[child]["parents"]))
            rank = arrivals.index((y0, slot)) - (len(arrivals) - 1) / 2
            end = (end[0], y1 + rank * min((HEIGHT - 14) / len(arrivals), 16))
        twins = [s for s, p in enumerate(nodes[child]["parents"]) if p == parent]
        bend = 22 * (twins.index(slot) - (len(twins) - 1) / 2)
        if x1 - x0 > 1.5 * (WIDTH + GAP):  # over the boxes in between
            bend -= 50
        flat = end[0] - (LABEL if weight is not None else 0)  # under its number a line is level
        a, b = start[0] + 40, flat - 40
        path = (
            f"M{start[0]:.0f} {start[1]:.0f}C{a:.0f} {start[1] + bend:.0f} "
            f"{b:.0f} {end[1] + bend:.0f} {flat:.0f} {end[1]:.0f}H{end[0]:.0f}"
        )
    words = short(nodes[weight]["value"][0]) if weight is not None and labels else ""
    x, y, anchor = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 7, "middle"
    if weight is not None:  # on the line's own end, where no other passes
        x, y, anchor = end[0] - 4, end[1] - 3, "end"
    label = f'<text class="label" x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>'
    kind = "edge weight" if weight is not None else "edge"
    return (
        f'<g class="{kind}" data-edge="{child}.{slot}"><path class="line" d="{path}"/>'
        f'<path class="hit" d="{path}" fill="none"/>{label}</g>'
    )


def _box(nodes, n, x, y):
    node = nodes[n]
    grad = None if node["role"] == "constant" else node["grad"]
    left, top = x - WIDTH / 2, y - HEIGHT / 2
    sign = _sign(nodes, node)
    if node.get("kind") == "loss" or node["name"].endswith("ᵀ"):  # the name says it
        sign = ""
    name = escape(node["name"])
    title = f"{name} = {escape(sign)}" if name and sign else name or escape(sign)
    if node["role"] == "constant":
        title = escape(text("stepper.constant"))
    corner = f'x="{left:.0f}" y="{top:.0f}"'
    frame = f'<rect class="frame" {corner} width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
    words = f'<text class="title" x="{left + 8:.0f}" y="{top + 16:.0f}">{title}</text>'
    if node["size"] == 1:
        body = " ".join(
            f'<text class="{kind}" x="{left + WIDTH - 8:.0f}" y="{top + line:.0f}" '
            f'text-anchor="end">{shown}</text>'
            for kind, line, shown in (
                ("value", 33, short(node["value"][0])),
                ("grad", 50, "" if grad is None else short(grad[0])),
            )
        )
    else:
        shape = escape(str(tuple(node["shape"])))
        corner = f'x="{left + WIDTH - 6:.0f}" y="{top + HEIGHT - 3:.0f}"'
        words += f'<text class="note" {corner} text-anchor="end">{shape}</text>'
        body = _heat("value", node, node["value"], left + 6, top + 20)
        body += _heat("grad", node, grad, left + WIDTH / 2 + 2, top + 20)
    return f'<g class="box {node["role"]}" data-node="{n}">{frame}{words} {body}</g>'


def _sign(nodes, node):
    """What a box computes: with its parents' names where they fit, else a sign."""
    calls = [nodes[p]["name"] or short(nodes[p]["value"][0]) for p in node["parents"]]
    between = {"+": " + ", "−": " − ", "×": "·", "÷": " / "}.get(node["op"])
    if node["op"] == "power":
        exponent = short(node["detail"])
        raised = exponent.isdigit()
        words = calls[0] + (exponent.translate(RAISED) if raised else f"^{exponent}")
    elif between and len(calls) == 2:
        words = between.join(calls)
    elif node["op"] in ("exp", "log", "tanh", "σ", "relu", "max") and "kind" not in node:
        words = f"{node['op']}({', '.join(calls)})"
    else:
        words = ""
    constant = any(nodes[p]["role"] == "constant" and nodes[p]["size"] > 1 for p in node["parents"])
    fits = words and len(node["name"]) + len(words) <= MOST_LETTERS and not constant
    return words if fits else SIGNS.get(node["op"], node["op"])


def _heat(kind, node, numbers, left, top, width=40, height=24):
    """A map of at most CELLS × CELLS entries; brown below zero, purple above, pale near it."""
    rows, columns = ([1, *node["shape"]])[-2:]
    r, c = min(rows, CELLS), min(columns, CELLS)
    side = min(width / c, height / r, 10)
    largest = max(map(abs, numbers), default=0) or 1 if numbers is not None else 1
    cells = []
    for i in range(r):
        for j in range(c):
            k = i * columns + j
            value = 0 if numbers is None else numbers[k]
            sign = "negative" if value < 0 else "positive"
            cells.append(
                f'<rect class="cell {sign}" data-k="{k}" x="{left + j * side:.1f}" '
                f'y="{top + i * side:.1f}" width="{side:.1f}" height="{side:.1f}" '
                f'fill-opacity="{abs(value) / largest:.2f}"/>'
            )
    return f'<g class="heat {kind}">{"".join(cells)}</g>'


def short(value):
    """A number in a box: three decimals at most."""
    return number(value, ".3t")


def plain(program):
    """The numbers as text, a line for each named node."""
    lines = [text("stepper.plain_head")]
    for node in program["nodes"]:
        grad = node["grad"]
        if node["size"] == 1 and node["name"]:
            slope = "" if grad is None else short(grad[0])
            lines.append(f"{node['name']:8} {short(node['value'][0]):>9} {slope:>9}")
        elif node["name"]:
            lines.append(f"{node['name']:8} {tuple(node['shape'])}")
    return "\n".join(lines)
