"""What an episode asks of the farm: arrivals, offered load, and how long tasks take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from analysis.palette import FILL, INK, MUTED, PALETTE
from analysis.plots.style import PLATE, headline, label, picture
from autoscaling_env.types import FloatArray, TaskBatch

#: Bins aimed at over the length of the episode.
BINS = 60
#: Segments named on the plot; more would overlap.
MOST_SEGMENTS = 12
#: Characters of a task's name in a legend.
LONGEST_NAME = 24


def workload_plot(
    batch: TaskBatch,
    path: Path,
    *,
    title: str = "Workload",
    duration_s: float | None = None,
    notes: tuple[str, ...] = (),
    workers: int | None = None,
    dispersion: Sequence[Mapping[str, Any]] = (),
    work: Mapping[str, FloatArray] | None = None,
) -> Path:
    """Draw arrival rate and offered load per bin, where segments begin, service times, and how unevenly tasks come.

    Args:
        batch: the tasks of one episode; may be empty.
        path: the PNG file.
        title: headline, usually the workload's name.
        duration_s: length of the time axis; the last arrival if left out.
        notes: what was done to the source, shown at the foot.
        workers: the most workers the farm may have, drawn as a line against the load.
        dispersion: rows with ``window_s``, ``index_of_dispersion`` and ``allan_factor``.
        work: seconds of work of recorded tasks by what they are called, a few names; drawn in place of the episode's.
    """
    last_s = float(batch.arrival_s[-1]) if len(batch) else 1.0
    edges = _edges(max(duration_s or 0.0, last_s, 1e-9))
    with picture(path, 10.0, 6.4) as figure:
        grid = figure.add_gridspec(2, 3)
        _rate(figure.add_subplot(grid[0, :2] if dispersion else grid[0, :]), batch, edges)
        if dispersion:
            _dispersion(figure.add_subplot(grid[0, 2]), dispersion)
        _load(figure.add_subplot(grid[1, :2]), batch, edges, workers)
        if work:
            _named(figure.add_subplot(grid[1, 2]), work)
        else:
            _service(figure.add_subplot(grid[1, 2]), batch)
        headline(figure, _title(title, batch), _foot(batch, edges, notes))
    return path


def _edges(span_s: float) -> FloatArray:
    """Bins of a round length (1, 2 or 5 times a power of ten), about ``BINS`` of them."""
    rough = span_s / BINS
    power = 10.0 ** np.floor(np.log10(rough))
    width = min((step * power for step in (1, 2, 5, 10)), key=lambda step: abs(step - rough))
    edges: FloatArray = np.arange(np.ceil(span_s / width - 1e-9) + 1) * width
    return edges


def _rate(axes: Axes, batch: TaskBatch, edges: FloatArray) -> None:
    counts, _ = np.histogram(batch.arrival_s, edges)
    axes.stairs(counts / np.diff(edges), edges, fill=True, color=PALETTE[5], alpha=0.55)
    _segments(axes, batch, edges[-1])
    _time_axis(axes, edges)
    label(axes, "Arrivals", "time [s]", "tasks/s")


def _load(axes: Axes, batch: TaskBatch, edges: FloatArray, workers: int | None) -> None:
    work_s, _ = np.histogram(batch.arrival_s, edges, weights=batch.service_s)
    axes.stairs(work_s / np.diff(edges), edges, fill=True, color=FILL)
    mean = float(batch.service_s.sum() / edges[-1])
    axes.axhline(mean, color=PALETTE[1], linewidth=1.6)
    axes.annotate(
        f"mean {mean:.1f}", (1, mean), xycoords=("axes fraction", "data"), xytext=(-4, 3), textcoords="offset points",
        ha="right", color=PALETTE[1], bbox=PLATE,
    )  # fmt: skip
    if workers is not None and workers < 4 * max(mean, 1):
        axes.axhline(workers, color=INK, linewidth=1.2, linestyle="--")
        axes.annotate(
            f"at most {workers} workers", (0, workers), xycoords=("axes fraction", "data"), xytext=(4, 3),
            textcoords="offset points",
        )  # fmt: skip
    _time_axis(axes, edges)
    label(axes, "Offered load", "time [s]", "workers to keep up")


def _service(axes: Axes, batch: TaskBatch) -> None:
    """Histogram up to the 99.5th percentile; a longer tail is told, not drawn."""
    if len(batch):
        longest = float(batch.service_s.max())
        top = min(float(np.quantile(batch.service_s, 0.995)) * 1.05, longest) or 1.0
        axes.hist(batch.service_s, bins=30, range=(0, top), color=PALETTE[2], alpha=0.7)
        mean = float(batch.service_s.mean())
        axes.axvline(mean, color=INK, linewidth=1.2)
        note = f"mean {mean:.2f} s" + (f"\nlongest {longest:,.3g} s" if longest > top else "")
        axes.annotate(
            note, (mean, 1), xycoords=("data", "axes fraction"), xytext=(4, -2), textcoords="offset points", va="top",
            bbox=PLATE,
        )  # fmt: skip
    axes.margins(y=0.16)
    label(axes, "Service times", "service time [s]", "tasks")


def _named(axes: Axes, work: Mapping[str, FloatArray]) -> None:
    """Histograms on top of each other, a colour a name, up to the 99.5th percentile of all."""
    together = np.concatenate([*work.values()])
    top = min(float(np.quantile(together, 0.995)) * 1.05, float(together.max())) or 1.0
    colors = [PALETTE[number % len(PALETTE)] for number in range(len(work))]
    axes.hist(
        [*work.values()], bins=30, range=(0, top), stacked=True, color=colors, label=[*map(_short, work)], alpha=0.8
    )
    axes.legend(fontsize=8.5)
    label(axes, "Service times, as recorded", "service time [s]", "tasks")


def _short(name: str) -> str:
    """Return a name that fits beside a picture; its end says more than its beginning."""
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


def _dispersion(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Both ratios against the length of the window; a Poisson process of an even rate is at 1 throughout."""
    windows = [row["window_s"] for row in rows]
    for name, called, color in (
        ("index_of_dispersion", "index of dispersion", PALETTE[1]),
        ("allan_factor", "Allan factor", PALETTE[2]),
    ):
        axes.plot(
            windows, [max(row[name], 1e-3) for row in rows], marker="o", markersize=3.5, label=called, color=color
        )
    axes.axhline(1, color=MUTED, linewidth=1, linestyle="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")  # no mathematical text is set in our pictures
        axis.set_minor_formatter(NullFormatter())
    axes.legend(fontsize=8.5)
    label(axes, "Unevenness (Poisson: 1)", "window [s]", "variance / mean")


def _segments(axes: Axes, batch: TaskBatch, end_s: float) -> None:
    starts = batch.segment_start_s
    if not 1 < len(starts) <= MOST_SEGMENTS:
        return
    counts = np.diff(np.append(np.searchsorted(batch.arrival_s, starts), len(batch)))
    for number, (start, until) in enumerate(zip(starts, np.append(starts[1:], end_s), strict=True)):
        if number:
            axes.axvline(start, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.annotate(
            f"{counts[number]} tasks", ((start + until) / 2, 1), xycoords=("data", "axes fraction"), xytext=(0, -2),
            textcoords="offset points", ha="center", va="top", color=MUTED, fontsize=9.5,
        )  # fmt: skip
    axes.margins(y=0.16)


def _time_axis(axes: Axes, edges: FloatArray) -> None:
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(bottom=0)


def _title(title: str, batch: TaskBatch) -> str:
    return f"{title}: {len(batch):,} tasks, {batch.service_s.sum():,.0f} s of work"


def _foot(batch: TaskBatch, edges: FloatArray, notes: tuple[str, ...]) -> str:
    return "\n".join([f"Episode seed {batch.seed}; bins of {edges[1] - edges[0]:g} s.", *notes])
