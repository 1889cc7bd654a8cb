"""Quality against price: the Pareto picture per scenario, and regret to the best sequence found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.frontier import PRICE, QUALITY, axis_names, frontier, spread
from analysis.metrics import METRICS
from analysis.palette import HINDSIGHT, INK, MUTED, PALETTE, STATIC, Look, is_constant, looks
from analysis.plots.style import MARKERS, headline, label, picture
from analysis.statistics import Interval


def pareto_plot(
    episodes: pd.DataFrame, path: Path, rng: np.random.Generator, *, title: str = "Quality against price"
) -> Path:
    """Draw QoS against worker-seconds (or mean workers), one panel per scenario, with 95 % intervals.

    Args:
        episodes: ``episode_table`` rows; with a column ``scenario`` one panel for each. Agents named
            ``static-N`` are joined to the frontier of constant counts; ``hindsight`` is a star.
        path: the PNG file.
        rng: draws the bootstrap resamples of the intervals.
        title: headline.
    """
    scenarios = _by_scenario(episodes)
    styles = {agent: look for agent, look in looks(dict.fromkeys(episodes["agent"])).items() if not is_constant(agent)}
    columns = _columns(len(scenarios))
    rows = -(-len(scenarios) // columns)
    with picture(path, 10.0, 1.3 + (4.6 if columns == 1 else 3.2) * rows) as figure:
        all_axes = figure.subplots(rows, columns, squeeze=False).flat
        for axes, (name, table) in zip(all_axes, scenarios.items(), strict=False):
            _panel(axes, name, table, styles, rng)
        for axes in all_axes[len(scenarios) :]:
            axes.remove()
        headline(figure, title, "Better is up and to the left. Bars: 95 % intervals of the mean.", all_axes[0])
    return path


def regret_bars(regrets: Mapping[str, Mapping[str, Interval]], path: Path, *, unit: str = "reward") -> Path:
    """Draw how much each agent falls short of the best sequence found, one panel per scenario.

    Args:
        regrets: scenario -> agent -> ``pairs.regret``.
        path: the PNG file.
        unit: of the objective.
    """
    agents = list(dict.fromkeys(agent for found in regrets.values() for agent in found))
    columns = _columns(len(regrets))
    rows = -(-len(regrets) // columns)
    with picture(path, 10.0, 1.3 + rows * (0.7 + 0.27 * len(agents))) as figure:
        all_axes = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
        for axes, (name, found) in zip(all_axes, regrets.items(), strict=False):
            _bars(axes, name, found, agents, unit)
        for axes in all_axes[len(regrets) :]:
            axes.remove()
        headline(
            figure,
            "Regret to hindsight",
            "Shorter is better. Line: 95 % interval over the same episodes. Light bars are cut.",
        )
    return path


def _panel(axes: Axes, name: str, table: pd.DataFrame, styles: Mapping[str, Look], rng: np.random.Generator) -> None:
    points = spread(table, rng)
    _constants(axes, points[[is_constant(agent) for agent in points.index]])
    for agent, look in styles.items():
        if agent in points.index:
            _point(axes, agent, points.loc[agent].to_dict(), look)
    axes.margins(0.1)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(top=min(axes.get_ylim()[1], 102))
    quality, price = axis_names(table) or (QUALITY[0], PRICE[0])
    if points.empty:
        axes.annotate("not recorded", (0.5, 0.5), xycoords="axes fraction", ha="center", color=MUTED)
    label(axes, name, METRICS[price].title, METRICS[quality].title)


def _constants(axes: Axes, constants: pd.DataFrame) -> None:
    """Every constant count with its number; a line joins those that no other beats in both."""
    best = frontier(constants)
    if len(best):
        axes.plot(
            best["cost"], best["qos"], color=MUTED, linewidth=1.2, marker=".", markersize=7, label="constant count"
        )
    for agent, row in constants.iterrows():
        if agent not in best.index:
            axes.plot(row["cost"], row["qos"], marker=".", markersize=7, color=MUTED)
        axes.annotate(
            str(agent).removeprefix(STATIC), (row["cost"], row["qos"]), xytext=(5, -11),
            textcoords="offset points", color=MUTED, fontsize=8.5,
        )  # fmt: skip


def _point(axes: Axes, agent: str, row: Mapping[Any, float], look: Look) -> None:
    best = agent == HINDSIGHT
    axes.errorbar(
        [row["cost"]], [row["qos"]],
        xerr=[[row["cost"] - row["cost_low"]], [row["cost_high"] - row["cost"]]],
        yerr=[[row["qos"] - row["qos_low"]], [row["qos_high"] - row["qos"]]],
        marker="*" if best else MARKERS[look.shape], markersize=13 if best else 7,
        color=INK if best else look.color, elinewidth=1.1, linestyle="none", label=agent,
        markeredgecolor="white", markeredgewidth=0.6,
    )  # fmt: skip


def _bars(axes: Axes, name: str, found: Mapping[str, Interval], agents: list[str], unit: str) -> None:
    spots = np.arange(len(agents))[::-1]
    limit = _scale_end([value.estimate for value in found.values()])
    for spot, agent in zip(spots, agents, strict=True):
        if agent in found:
            _bar(axes, float(spot), found[agent], limit)
    axes.set_xlim(right=1.4 * limit)
    axes.set_yticks(spots, agents)
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=MUTED, linewidth=0.8)
    label(axes, name, f"regret [{unit}]", "")


def _bar(axes: Axes, spot: float, value: Interval, limit: float) -> None:
    """Draw a bar with its interval and value; one that is longer than the scale is cut and drawn lighter."""
    cut = value.estimate > 1.2 * limit
    axes.barh(spot, min(value.estimate, limit), height=0.62, color=PALETTE[5 if cut else 0], alpha=0.75)
    if np.isfinite(value.low) and not cut:
        axes.plot([value.low, value.high], [spot, spot], color=INK, linewidth=1.3)
    end = limit if cut else max(value.estimate, value.high if np.isfinite(value.high) else 0.0, 0.0)
    text = f"{value.estimate:,.1f}{' (cut)' if cut else ''}"
    axes.annotate(text, (end, spot), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9, color=MUTED)


def _scale_end(estimates: list[float]) -> float:
    """Where the scale ends: at the largest, unless a few would flatten all others."""
    largest, usual = max(*estimates, 1e-9, 0.0), 6 * float(np.median(np.abs(estimates)))
    return usual if 0 < 2 * usual < largest else largest


def _columns(panels: int) -> int:
    return panels if panels < 4 else (2 if panels == 4 else 3)


def _by_scenario(episodes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if "scenario" not in episodes:
        return {"": episodes}
    return {str(name): part for name, part in episodes.groupby("scenario", sort=False)}
