"""Pictures of a study: performance profiles over all scenarios, and how a figure grows with training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.palette import MOST_BANDS, looks
from analysis.plots.style import headline, label, line, picture
from analysis.scores import performance_profile
from analysis.statistics import interval
from autoscaling_env.types import FloatArray

#: Thresholds of a profile.
THRESHOLDS = 200
#: Resamples of a curve's intervals: there is one for each checkpoint.
CURVE_RESAMPLES = 999
#: Panels beside each other.
COLUMNS = 3


def profile_plot(
    scored: Mapping[str, Sequence[FloatArray]], path: Path, rng: np.random.Generator, *, unit: str = "score"
) -> Path:
    """Draw the share of runs that score more than each threshold, with 95 % bands (Agarwal et al., NeurIPS 2021).

    Args:
        scored: label -> scores, float64[runs] of each scenario.
        path: the PNG file.
        rng: draws the resamples.
        unit: what the scores are called.
    """
    everything = np.concatenate([each for strata in scored.values() for each in strata])
    low, high = np.quantile(everything, [0.02, 1.0])  # one lost run must not flatten all others
    thresholds = np.linspace(low - 0.05 * (high - low), high + 0.02 * (high - low), THRESHOLDS)
    with picture(path, 10.0, 5.0) as figure:
        axes = figure.subplots()
        for name, look in looks(scored).items():
            found = performance_profile(scored[name], thresholds, rng)
            axes.plot(thresholds, found.share, label=name, **line(look))
            if len(scored) <= MOST_BANDS:
                axes.fill_between(thresholds, found.low, found.high, color=look.color, alpha=0.15, linewidth=0)
        label(axes, "", unit, f"share of runs above the {unit}")
        axes.set_ylim(-0.02, 1.02)
        note = "Higher is better everywhere. Bands: pointwise 95 % intervals, runs drawn within scenarios."
        headline(figure, "Performance profiles", note, axes)
    return path


def efficiency_plot(checkpoints: pd.DataFrame, path: Path, rng: np.random.Generator) -> Path:
    """Draw what trained policies return on the evaluation episodes against training episodes, a panel for each place.

    Args:
        checkpoints: columns ``place``, ``label``, ``run``, ``episode``, ``total_reward``.
        path: the PNG file.
        rng: draws the resamples.
    """
    places = list(dict.fromkeys(checkpoints["place"]))
    styles = looks(dict.fromkeys(checkpoints["label"]))
    columns = min(COLUMNS, len(places))
    rows = -(-len(places) // columns)
    with picture(path, 3.4 * columns + 1.0, 1.2 + 2.9 * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for axes, place in zip(panels, places, strict=False):
            part = checkpoints[checkpoints["place"] == place]
            for name, look in styles.items():
                _curve(axes, part[part["label"] == name], name, line(look), rng)
            label(axes, place, "training episodes", "return")
        for axes in panels[len(places) :]:
            axes.remove()
        note = "Mean over training seeds on episodes nobody trained on, with 95 % intervals; the reward of training."
        headline(figure, "Sample efficiency", note, panels[0])
    return path


def curve(part: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``estimate``, ``low`` and ``high`` of the mean over runs by training episode; ends are NaN for one run."""
    rows = {
        episode: interval(each.to_numpy(dtype=float), rng, resamples=CURVE_RESAMPLES)
        for episode, each in part.groupby("episode")["total_reward"]
    }
    values = {episode: (one.estimate, one.low, one.high) for episode, one in rows.items()}
    return pd.DataFrame.from_dict(values, orient="index", columns=["estimate", "low", "high"])


def _curve(axes: Axes, part: pd.DataFrame, name: str, style: dict[str, Any], rng: np.random.Generator) -> None:
    if part.empty:
        return
    found = curve(part, rng)
    axes.plot(found.index, found["estimate"], label=name, **style)
    axes.fill_between(found.index, found["low"], found["high"], color=style["color"], alpha=0.15, linewidth=0)
