"""Learning curves: the return of training episodes, with the evaluations of each checkpoint on top."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.palette import MUTED, PALETTE
from analysis.plots.style import PLATE, headline, label, picture
from autoscaling_env.errors import RunError
from autoscaling_env.types import FloatArray

TRAINING, EVALUATION = PALETTE[0], PALETTE[1]


@dataclass(frozen=True, slots=True)
class _Panel:
    """One panel: which column of both files, on which scale."""

    name: str
    title: str
    unit: str
    factor: float = 1.0
    smoothed: bool = True


_PANELS = (
    _Panel("total_reward", "Episode return", "reward of an episode"),
    _Panel("final_qos", "QoS", "deadlines met [%]", 100.0),
    _Panel("mean_workers", "Workers", "mean requested workers"),
    _Panel("scaling_actions", "Scaling actions", "changes in an episode"),
    _Panel("epsilon", "Exploration", "probability of a random action", smoothed=False),
    _Panel("loss", "Loss", "loss"),
)


def learning_curves(training: Any, evaluation: Any | None, path: Path, *, title: str = "") -> Path:
    """Draw a training run.

    Args:
        training: content of ``training_metrics.json`` (docs/agents.md); a list of episodes, as others
            published it, serves as well.
        evaluation: content of ``evaluation_metrics.json``, or None.
        path: the PNG file.
        title: headline; the agent's name if left out.

    Raises:
        RunError: there are no training episodes in it.
    """
    episodes = training_table(training)
    checkpoints = evaluation_table(evaluation)
    panels = [panel for panel in _PANELS if panel.name in episodes and episodes[panel.name].notna().any()]
    rows = -(-len(panels) // 2)
    with picture(path, 10.0, 1.1 + 2.7 * rows) as figure:
        all_axes = figure.subplots(rows, 2, squeeze=False).flat
        for axes, panel in zip(all_axes, panels, strict=False):
            _panel(axes, panel, episodes, checkpoints)
        for axes in all_axes[len(panels) :]:
            axes.remove()
        headline(figure, title or f"Training {training.get('agent', '')}".strip(), _note(episodes), all_axes[0])
    return path


def training_table(training: Any) -> pd.DataFrame:
    """Return one row per training episode; columns as in docs/agents.md."""
    try:
        table = pd.DataFrame(training["episodes"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"training metrics: no table of episodes in it ({error})") from None
    if table.empty or "total_reward" not in table:
        raise RunError("training metrics: no episodes with a total_reward in it")
    if "episode" not in table:
        table["episode"] = np.arange(1, len(table) + 1)
    return table.select_dtypes("number")


def evaluation_table(evaluation: Any | None) -> pd.DataFrame:
    """Return one row per evaluated checkpoint with ``<figure>_mean`` and ``<figure>_std``; empty if there are none."""
    table = pd.DataFrame((evaluation or {}).get("checkpoints", []))
    for statistic in ("mean", "std"):
        table = table.rename(
            columns={
                name: f"{name.removeprefix(statistic + '_')}_{statistic}"
                for name in map(str, table.columns)
                if name.startswith(f"{statistic}_") and not name.endswith(("_mean", "_std"))
            }
        )
    return table


def _panel(axes: Axes, panel: _Panel, episodes: pd.DataFrame, checkpoints: pd.DataFrame) -> None:
    values = panel.factor * episodes[panel.name].to_numpy(dtype=float)
    x = episodes["episode"].to_numpy(dtype=float)
    if panel.smoothed:
        axes.plot(x, values, color=TRAINING, alpha=0.22, linewidth=0.8, label="training episode")
        axes.plot(x, _running_median(values, _window(len(values))), color=TRAINING, label="training, running median")
    else:
        axes.plot(x, values, color=TRAINING)
    if f"{panel.name}_mean" in checkpoints:
        _overlay(axes, panel, checkpoints)
    if panel.name == "total_reward":
        _leave_out_disasters(axes, values, checkpoints)
    label(axes, panel.title, "training episode", panel.unit)


def _overlay(axes: Axes, panel: _Panel, checkpoints: pd.DataFrame) -> None:
    mean, std = (panel.factor * checkpoints[f"{panel.name}_{what}"] for what in ("mean", "std"))
    axes.errorbar(
        checkpoints["episode"], mean, std, color=EVALUATION, marker="o", markersize=4.5, capsize=2.5, linewidth=1.4,
        elinewidth=1.0, label="evaluation, mean ± std",
    )  # fmt: skip


def _leave_out_disasters(axes: Axes, values: FloatArray, checkpoints: pd.DataFrame) -> None:
    """Start the scale where three quarters of training and all evaluations lie, and say what is below it."""
    floor = float(np.nanquantile(values, 0.25))
    if "total_reward_mean" in checkpoints:
        floor = min(floor, float((checkpoints["total_reward_mean"] - checkpoints["total_reward_std"]).min()))
    bottom = floor - 0.1 * (float(np.nanmax(values)) - floor)
    below = int((values < bottom).sum())
    if below:
        axes.set_ylim(bottom, _top(values, checkpoints, bottom))
        axes.annotate(
            f"{below} training episodes lie below the scale, the lowest at {np.nanmin(values):,.0f}", (1, 0),
            xycoords="axes fraction", xytext=(-4, 4), textcoords="offset points", ha="right", color=MUTED,
            fontsize=9, bbox=PLATE,
        )  # fmt: skip


def _top(values: FloatArray, checkpoints: pd.DataFrame, bottom: float) -> float:
    highest = float(np.nanmax(values))
    if "total_reward_mean" in checkpoints:
        highest = max(highest, float((checkpoints["total_reward_mean"] + checkpoints["total_reward_std"]).max()))
    return highest + 0.06 * (highest - bottom)


def _running_median(values: FloatArray, window: int) -> FloatArray:
    return pd.Series(values).rolling(window, min_periods=1).median().to_numpy()


def _window(episodes: int) -> int:
    """Return a twentieth of the training, at least 5 episodes."""
    return max(5, episodes // 20)


def _note(episodes: pd.DataFrame) -> str:
    window = _window(len(episodes))
    return f"{len(episodes)} training episodes; running median over {window}. Evaluations play without exploration."
