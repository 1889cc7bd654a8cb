"""The counterfactual report as a page: what happened, how well the twin reproduces it, and then what might have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.palette import HINDSIGHT, INK, looks
from analysis.report.figures import DASHES, Spec, axis, base, plain, rounded
from analysis.report.page import libraries, template
from analysis.tables import Row
from autoscaling_env.files import atomic_write

#: A line has at most so many points; of more every second, third, ... is drawn.
MOST_POINTS = 4000
RECORDED, TWIN = "recorded", "twin"


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Something over time.

    Attributes:
        name: in the legend.
        y: float64[n], a value at each of the page's instants; NaN is a gap.
    """

    name: str
    y: NDArray[Any]


@dataclass(frozen=True, slots=True)
class CounterfactualPage:
    """All that the page says; texts are escaped when it is written.

    Attributes:
        title: of the page.
        lead: one line under it.
        happened: what happened, by name.
        notes: what was left out, a sentence each.
        fidelity: a row per figure: recorded, twin, error, limit.
        calibration: what was calibrated, by name.
        verdict: whether the twin is trusted, a sentence.
        objections: why it is not, a sentence each.
        outcomes: a row per policy; empty where the twin is not trusted.
        method: how all this was computed, a paragraph each.
        at: datetime64[n], the instants of the lines; NaT between stretches.
        backlog: tasks waiting: recorded, twin.
        workers: counts in force: recorded, then of every policy.
        measured: when the second half of each stretch begins and ends.
    """

    title: str
    lead: str
    happened: Mapping[str, str]
    notes: Sequence[str]
    fidelity: Sequence[Row]
    calibration: Mapping[str, str]
    verdict: str
    objections: Sequence[str]
    outcomes: Sequence[Row]
    method: Sequence[str]
    at: NDArray[np.datetime64]
    backlog: Sequence[Line]
    workers: Sequence[Line]
    measured: Sequence[tuple[np.datetime64, np.datetime64]] = field(default=())


def write_counterfactual(page: CounterfactualPage, path: Path) -> None:
    """Write the page: one file, no network, about 5 MB.

    Raises:
        InputError: plotly or jinja2 is not installed.
        OSError: it cannot be written.
    """
    text = render_counterfactual(page)
    with atomic_write(path) as file:
        file.write(text)


def render_counterfactual(page: CounterfactualPage) -> str:
    """Return the page; everything that comes from the journal is escaped."""
    plotly, environment, markup = libraries()
    figures = {"backlog": _backlog(page)} | ({"workers": _workers(page)} if page.outcomes else {})
    return str(
        environment.from_string(template("counterfactual.html.j2")).render(
            page=page,
            figures=figures,
            css=markup(template("report.css")),
            script=markup(template("counterfactual.js")),
            plotly=markup(plotly),
        )
    )


def _backlog(page: CounterfactualPage) -> Spec:
    """Return the backlog, recorded and in the twin; what is shaded was measured."""
    data = [_trace(page, line, color, "solid") for line, color in zip(page.backlog, (INK, "#D55E00"), strict=False)]
    shapes = [
        {
            "type": "rect", "xref": "x", "yref": "paper", "x0": str(begin), "x1": str(end), "y0": 0, "y1": 1,
            "fillcolor": "#f2f6fa", "line": {"width": 0}, "layer": "below",
        }
        for begin, end in page.measured
    ]  # fmt: skip
    return {"data": data, "layout": _layout("tasks waiting (shaded: measured)") | {"shapes": shapes}}


def _workers(page: CounterfactualPage) -> Spec:
    """Return the counts in force: as recorded, and of every policy."""
    found = looks(line.name for line in page.workers[1:])
    data = [_trace(page, page.workers[0], INK, "solid", width=3.0)]
    for line in page.workers[1:]:
        look = found[line.name]
        dash = "dot" if line.name == HINDSIGHT else DASHES[look.round]
        data.append(_trace(page, line, look.color, dash))
    return {"data": data, "layout": _layout("workers in force")}


def _trace(page: CounterfactualPage, line: Line, color: str, dash: str, width: float = 1.8) -> Spec:
    step = max(1, -(-len(page.at) // MOST_POINTS))
    there = ~np.isnat(page.at[::step])
    times = [str(each) if known else None for each, known in zip(page.at[::step], there, strict=True)]
    return {
        "x": times, "y": rounded(line.y[::step]), "name": plain(line.name), "mode": "lines",
        "line": {"color": color, "dash": dash, "width": width, "shape": "hv"},
    }  # fmt: skip


def _layout(title: str) -> Spec:
    return base() | {"hovermode": "x", "xaxis": axis("time (UTC)"), "yaxis": axis(title) | {"rangemode": "tozero"}}
