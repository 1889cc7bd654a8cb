"""Forecasts as fans: what was held to come, in quantiles, against what came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from analysis.fan import Fan
from analysis.palette import INK, MUTED, PALETTE
from analysis.plots.style import headline, label, picture

#: Fans in a row.
COLUMNS = 3


def fan_plot(fans: Sequence[Fan], path: Path, *, step_s: float, title: str = "Forecasts") -> Path:
    """Draw each forecast in a panel of its own.

    Args:
        fans: at least one.
        path: the PNG file.
        step_s: seconds of a step.
        title: headline.
    """
    rows = -(-len(fans) // COLUMNS)
    columns = min(len(fans), COLUMNS)
    with picture(path, 10.0, 1.0 + 2.4 * rows) as figure:
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for place, (axes, fan) in enumerate(zip(panels.flat, fans, strict=False)):
            _fan(axes, fan, step_s, y="" if place % columns else "tasks a step")
        for axes in panels.flat[len(fans) :]:
            axes.set_axis_off()
        foot = f"Steps of {step_s:g} s. A true forecast has 90 % of the counts in its wide band, half in the narrow."
        headline(figure, title, foot, panels.flat[0])
    return path


def _fan(axes: Axes, fan: Fan, step_s: float, y: str) -> None:
    low, quarter, middle, three, high = np.repeat(fan.quantiles, 2, axis=1)
    edges = (fan.begin + np.arange(len(fan.came) + 1)) * step_s
    sides = np.repeat(edges, 2)[1:-1]
    axes.fill_between(sides, low, high, color=PALETTE[5], alpha=0.3, linewidth=0, label="5-95 %")
    axes.fill_between(sides, quarter, three, color=PALETTE[0], alpha=0.35, linewidth=0, label="25-75 %")
    axes.plot(sides, middle, color=PALETTE[0], linewidth=1.4, label="median")
    counts = np.concatenate((fan.before, fan.came))
    begins = (fan.begin - len(fan.before) + np.arange(len(counts) + 1)) * step_s
    axes.stairs(counts, begins, baseline=None, color=INK, linewidth=1.2, label="what came")
    axes.axvline(edges[0], color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
    axes.set_xlim(begins[0], begins[-1])
    axes.set_ylim(bottom=0)
    label(axes, fan.title, "time [s]", y)
