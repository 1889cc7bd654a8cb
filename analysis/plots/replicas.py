"""Trajectories side by side: simulated against live, and one rule in several worlds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.episodes import check_steps
from analysis.gap import paired_steps
from analysis.palette import PALETTE, looks
from analysis.plots.style import headline, label, line, picture
from analysis.series import HIGH, LOW, stepped

#: (observed field, title, unit, factor)
_ROWS = (
    ("workers", "Workers", "requested", 1.0),
    ("worker_queue", "Queue", "tasks waiting", 1.0),
    ("qos_rate", "QoS", "deadlines met [%]", 100.0),
    ("avg_processing_time", "Response time", "mean in the window [s]", 1.0),
)
#: Columns of the gap picture; the note says which agents are left out.
MOST_AGENTS = 4
_SIDES = (("sim", "simulated", PALETTE[0], "-"), ("live", "live", PALETTE[1], (0, (4, 1.4))))


def gap_plot(sim: pd.DataFrame, live: pd.DataFrame, path: Path, *, title: str = "Simulated against live") -> Path:
    """Draw what both runs observed over time: a column per agent, mean over the paired episodes with band.

    Args:
        sim: ``steps.parquet`` of the simulated run.
        live: ``steps.parquet`` of the live run.
        path: the PNG file.
        title: headline.

    Raises:
        RunError: the runs share no agent with an episode seed.
    """
    both = paired_steps(sim, live)
    agents = list(dict.fromkeys(both["agent"]))
    drawn, left_out = agents[:MOST_AGENTS], agents[MOST_AGENTS:]
    with picture(path, 10.0, 9.4) as figure:
        grid = figure.subplots(len(_ROWS), len(drawn), sharex=True, sharey="row", squeeze=False)
        for column, agent in enumerate(drawn):
            part = both[both["agent"] == agent]
            for row, (field, name, unit, factor) in enumerate(_ROWS):
                axes = grid[row, column]
                _sides(axes, part, f"observed_{field}", factor)
                y = "" if column else f"{name}\n{unit}"
                label(axes, "" if row else agent, "time [s]" if row == len(_ROWS) - 1 else "", y)
        headline(figure, title, _note(both, left_out), grid[0, 0])
    return path


def replica_plot(runs: Mapping[str, pd.DataFrame], path: Path, *, title: str = "Replicas over time") -> Path:
    """Draw requested and ready workers, and the queue, of several runs of one episode over each other.

    Args:
        runs: name -> rows of ``steps.parquet`` of one agent and episode each.
        path: the PNG file.
        title: headline.
    """
    styles = looks(runs)
    with picture(path, 10.0, 7.2) as figure:
        counts, queue = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for axes in (counts, queue):
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        for index, (name, steps) in enumerate(runs.items()):
            check_steps(steps)
            look = line(styles[name], overlaid=index > 0)  # trajectories meet: gaps show the one beneath
            _replicas(counts, name, steps, look)
            queue.plot(steps["time_s"], steps["observed_worker_queue"], **look)
        for axes in (counts, queue):
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])
        label(counts, "Workers", "", "workers")
        label(queue, "Queue", "time [s]", "tasks waiting")
        headline(figure, title, "Line: requested. Dots: ready at the end of a step.", counts)
    return path


def _sides(axes: Axes, part: pd.DataFrame, column: str, factor: float) -> None:
    for side, name, color, dashes in _SIDES:
        groups = part.astype({f"{column}_{side}": float}).groupby("step")  # float32 would round the mean
        times = groups[f"time_s_{side}"].mean()
        values = groups[f"{column}_{side}"]
        low, high = factor * values.quantile(LOW / 100), factor * values.quantile(HIGH / 100)
        axes.fill_between(times, low, high, color=color, alpha=0.13, linewidth=0)
        axes.plot(times, factor * values.mean(), color=color, linestyle=dashes, label=name)
    axes.set_xlim(left=0)


def _replicas(axes: Axes, name: str, steps: pd.DataFrame, look: dict[str, Any]) -> None:
    times, requested = stepped(steps["time_s"].to_numpy(), steps["requested_workers"].to_numpy(dtype=float))
    axes.step(times, requested, where="pre", label=name, **look)
    axes.plot(steps["time_s"], steps["workers_ready"], ".", color=look["color"], markersize=5)


def _note(both: pd.DataFrame, left_out: list[str]) -> str:
    episodes = len(both[["episode_seed"]].drop_duplicates())
    many = f"Line: mean of {episodes} paired episodes; band: {LOW:.0f}th to {HIGH:.0f}th percentile."
    text = many if episodes > 1 else "One paired episode."
    return text + (f" Not drawn: {', '.join(left_out)}." if left_out else "")
