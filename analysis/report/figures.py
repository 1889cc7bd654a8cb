"""The report's figures as plain plotly specifications (data and layout), drawn by the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.frontier import PRICE, QUALITY, axis_names, frontier, spread
from analysis.metrics import METRICS
from analysis.palette import FILL, GRID, HINDSIGHT, INK, MOST_BANDS, MUTED, STATIC, Look, is_constant, looks
from analysis.results import AgentResults, Results
from analysis.series import Curve, curve, overlaid, stepped, timed

Spec = dict[str, Any]

DASHES = ("solid", "dash", "dot")
#: Shapes of points, one for each ``Look.shape``.
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x")
#: (series, title, factor, cumulative, axis number)
_PANELS = (
    ("workers_ready", "workers needed, ready", 1.0, False, 1),
    ("worker_counts", "requested workers", 1.0, False, 2),
    ("queue_lengths", "tasks waiting", 1.0, False, 3),
    ("qos_rates", "QoS in the window [%]", 100.0, False, 4),
    ("rewards", "reward so far", 1.0, True, 5),
)
#: Where each panel lies: (x domain, y domain).
_PLACES = (
    ((0, 1), (0.71, 1)),
    ((0, 0.46), (0.37, 0.63)),
    ((0.54, 1), (0.37, 0.63)),
    ((0, 0.46), (0, 0.28)),
    ((0.54, 1), (0, 0.28)),
)


def plain(text: str) -> str:
    """Escape what plotly would take for markup in a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def time_figure(results: Results) -> Spec:
    """Load against capacity, workers, queue, QoS and cumulative reward over time; mean with band per agent."""
    data = _load(results)
    for panel in _PANELS:
        data += _panel(results, panel)
    x = "time [s]" if all(timed(agent.records) for agent in results.agents.values()) else "step"
    return {"data": data, "layout": _layout(x)}


def _panel(results: Results, panel: tuple[str, str, float, bool, int]) -> list[Spec]:
    """All agents' traces of one panel; a line that lies exactly on an earlier one is dashed, so both are seen."""
    series, _, factor, cumulative, number = panel
    styles = looks(results.agents)
    bands = len(results.agents) <= MOST_BANDS and number > 1
    found = {
        name: curve(agent.records, _recorded(agent, series), cumulative=cumulative)
        for name, agent in results.agents.items()
    }
    known = {name: each for name, each in found.items() if each is not None}
    traces: list[Spec] = []
    for (name, each), over in zip(known.items(), overlaid(list(known.values())), strict=True):
        dash = "8px,8px" if over else DASHES[styles[name].round]
        traces += _traces(name, each, styles[name].color, dash, factor, number, bands=bands)
    return traces


def price_figure(episodes: pd.DataFrame, rng: np.random.Generator) -> Spec:
    """QoS against price with 95 % intervals; constant counts joined to their frontier."""
    quality, price = axis_names(episodes) or (QUALITY[0], PRICE[0])
    points = spread(episodes, rng)
    constant = [is_constant(str(agent)) for agent in points.index]
    data = []
    if any(constant):
        data += _constants(points[constant])
    moving = points[[not each for each in constant]]
    styles = looks(map(str, points.index))
    data += [_point(str(agent), row.to_dict(), styles[str(agent)]) for agent, row in moving.iterrows()]
    layout = base() | {
        "hovermode": "closest",
        "xaxis": axis(METRICS[price].title),
        "yaxis": axis(METRICS[quality].title),
    }
    return {"data": data, "layout": layout}


def _recorded(agent: AgentResults, series: str) -> str:
    """Ready workers where they were recorded, else the requested ones."""
    unknown = series == "workers_ready" and not all(record.workers_ready for record in agent.records)
    return "worker_counts" if unknown else series


def _load(results: Results) -> list[Spec]:
    load = curve(next(iter(results.agents.values())).records, "offered_load")
    if load is None:
        return []
    x, y = stepped(load.x, load.mean)
    return [
        {
            "x": rounded(x), "y": rounded(y), "name": "offered load", "mode": "none", "fill": "tozeroy",
            "fillcolor": FILL, "line": {"shape": "vh"}, "xaxis": "x", "yaxis": "y", "hoverinfo": "name+y",
        }
    ]  # fmt: skip


def _traces(name: str, found: Curve, color: str, dash: str, factor: float, number: int, *, bands: bool) -> list[Spec]:
    """Return the band's two ends and the line; one legend entry hides all of an agent's lines."""
    suffix = "" if number == 1 else str(number)
    shared = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "legendgroup": name, "name": plain(name)}
    x, line = found.x, {"color": color, "dash": dash, "width": 2}
    y = found.mean
    if number == 1:
        (x, y), line = stepped(x, y), line | {"shape": "vh"}
    drawn = []
    if bands:
        edge = shared | {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        ends = [edge | {"x": rounded(x), "y": rounded(factor * end)} for end in (found.low, found.high)]
        drawn = [ends[0], ends[1] | {"fill": "tonexty", "fillcolor": _faint(color)}]
    trace = shared | {"x": rounded(x), "y": rounded(factor * y), "mode": "lines", "line": line}
    return [*drawn, trace | {"showlegend": number == 1}]


def _layout(x: str) -> Spec:
    layout: Spec = base() | {"hovermode": "x"}
    for (_, title, _, _, number), (across, up) in zip(_PANELS, _PLACES, strict=True):
        suffix = "" if number == 1 else str(number)
        layout[f"xaxis{suffix}"] = axis(x) | {"domain": across, "anchor": f"y{suffix}", "matches": "x"}
        layout[f"yaxis{suffix}"] = axis(title) | {"domain": up, "anchor": f"x{suffix}"}
    del layout["xaxis"]["matches"]
    for name in ("yaxis", "yaxis2", "yaxis3"):
        layout[name]["rangemode"] = "tozero"
    layout["yaxis4"]["range"] = [-2, 104]
    return layout


def _constants(constants: pd.DataFrame) -> list[Spec]:
    """Every constant count with its number, and a line through those that no other beats in both."""
    best = frontier(constants)
    shared = {"name": "constant count", "legendgroup": "constant count", "line": {"color": MUTED, "width": 1.2}}
    names = [str(agent).removeprefix(STATIC) for agent in constants.index]
    line = {"x": rounded(best["cost"]), "y": rounded(best["qos"]), "mode": "lines", "hoverinfo": "skip"}
    points = {
        "x": rounded(constants["cost"]), "y": rounded(constants["qos"]), "text": names, "mode": "markers+text",
        "textposition": "bottom right", "textfont": {"color": MUTED, "size": 11},
        "marker": {"size": 5, "color": MUTED}, "showlegend": False,
    }  # fmt: skip
    return [shared | line, shared | points]


def _point(agent: str, row: Mapping[Any, float], look: Look) -> Spec:
    def bars(name: str) -> Spec:
        above, below = row[f"{name}_high"] - row[name], row[name] - row[f"{name}_low"]
        return {"type": "data", "array": [above], "arrayminus": [below], "symmetric": False, "thickness": 1.2}

    best = agent == HINDSIGHT
    return {
        "x": [row["cost"]], "y": [row["qos"]], "name": plain(agent), "mode": "markers",
        "error_x": bars("cost"), "error_y": bars("qos"),
        "marker": {
            "size": 15 if best else 10, "color": INK if best else look.color,
            "symbol": "star" if best else SYMBOLS[look.shape],
        },
    }  # fmt: skip


def base() -> Spec:
    """Return what the layouts of all figures share."""
    return {
        "margin": {"l": 64, "r": 48, "t": 40, "b": 48},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "modebar": {"orientation": "v"},
        "plot_bgcolor": "#fff",
        "paper_bgcolor": "#fff",
    }


def axis(title: str) -> Spec:
    """Return an axis with its title."""
    return {"title": {"text": title, "standoff": 6}, "gridcolor": GRID, "zerolinecolor": "#bbbbbb", "automargin": True}


def _faint(color: str) -> str:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.13)"


def rounded(values: Any) -> list[float | None]:
    """Return values for a page: six significant digits; NaN becomes a gap."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values, dtype=float)]
