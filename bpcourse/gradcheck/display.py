"""A report for people: as text, as a table in a notebook, as a figure."""

import numpy as np

from bpcourse.text import text


def sentence(report):
    """The verdict in a sentence or two."""
    if report.verdict == "right":
        resolved = text("gradcheck.resolved", resolution=report.resolution)
        told = text("gradcheck.right", resolved=resolved if report.resolution > 0 else "")
        kinks = [(a, at, k) for a in report.arrays for at, k in a.kinks.items()]
        if kinks:
            array, at, kink = kinks[0]
            between = "gradcheck.between" if kink.inside else "gradcheck.outside"
            told += " " + text(
                "gradcheck.kink",
                count=len(kinks),
                entry=f"{array.name or 'params'}{list(at)}",
                left=kink.left,
                right=kink.right,
                between=text(between),
            )
        return told
    # from the loss backwards: the first wrong array is where the mistake is
    array = [a for a in report.arrays if a.verdict == report.verdict][-1]
    key = "gradcheck.wrong" if report.verdict == "wrong" else f"gradcheck.unclear_{report.reason}"
    return text(
        key, entry=array.label, claimed=array.claimed, slope=array.slope, bound=array.bound,
        noise=report.noise,
    )  # fmt: skip


def plain(report):
    """The report as text: the sentence, a table of the arrays, the cost."""
    lines = [f"{report.verdict.upper()}: {report.message}"]
    if report.arrays:
        rows = [_head(), *(_row(a) for a in report.arrays)]
        widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
        lines += [
            "  " + "  ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
    lines.append(text("gradcheck.cost", evaluations=report.evaluations, mode=report.mode))
    return "\n".join(lines)


def html(report):
    """The same for a notebook."""
    from html import escape

    colour = {"right": "#0072b2", "wrong": "#d55e00", "cannot tell": "#7a7a7a"}
    style = f"color:{colour[report.verdict]};font-weight:bold"
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(v)}</td>" for v in _row(a)) + "</tr>" for a in report.arrays
    )
    head = "".join(f"<th>{escape(v)}</th>" for v in _head())
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    cost = text("gradcheck.cost", evaluations=report.evaluations, mode=report.mode)
    return (
        f'<div><p><span style="{style}">{report.verdict}</span>: {escape(report.message)}</p>'
        f"{table if report.arrays else ''}<p><small>{escape(cost)}</small></p></div>"
    )


def plot(report):
    """A figure for ``figures.show``: claimed against measured, and the worst entry's error
    against the step."""
    from bpcourse.figures import new_figure  # Matplotlib is optional

    figure = new_figure(8, 3.6)
    left, right = figure.subplots(1, 2)
    for array in report.arrays:
        seen = np.isfinite(array.numerical) & np.isfinite(array.bounds)
        left.errorbar(
            array.numerical[seen], array.claims[seen], xerr=array.bounds[seen],
            fmt="o", ms=4, label=array.name or "params",
        )  # fmt: skip
    left.axline((0, 0), slope=1, color="0.7", zorder=0)
    left.set(xlabel=text("gradcheck.numerical"), ylabel=text("gradcheck.claimed"))
    if report.arrays:
        left.legend(fontsize="small")
        chosen = [a for a in report.arrays if a.verdict == report.verdict and a.curve]
        for array in chosen[-1:]:
            steps = sorted(array.curve)
            errors = [abs(array.curve[t] - array.claimed) for t in steps]
            right.loglog(steps, np.maximum(errors, 1e-300), "o-")
            right.set_title(array.label)
    right.set(xlabel=text("gradcheck.step"), ylabel=text("gradcheck.error"))
    return figure


def _head():
    return text("gradcheck.head").split("|")


def _row(a):
    verdict = a.verdict + (f" ({a.reason})" if a.reason else "")
    numbers = [a.claimed, a.slope]
    told = ["–" if np.isnan(v) else f"{v:.8g}" for v in numbers]
    told += ["–" if not np.isfinite(v) else f"{v:.1g}" for v in (a.bound, a.step)]
    wrong = f"{len(a.wrong)}" if a.wrong else ""
    return [a.label, "×".join(map(str, a.shape)) or "1", verdict, *told, wrong]
