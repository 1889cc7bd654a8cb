"""A batch of tasks in numbers: how many, how fast, how long, and how much work per segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoscaling_env.types import FloatArray, TaskBatch
from workloads.dispersion import as_rows, dispersion, in_words

QUANTILES = (0.05, 0.5, 0.95, 0.99)


def describe(batch: TaskBatch, duration_s: float | None = None) -> dict[str, Any]:
    """Return a summary that can be written as JSON.

    Args:
        batch: the tasks.
        duration_s: where the last segment ends; at the last arrival if left out.

    Returns:
        ``tasks``; ``duration_s``; ``rate_per_s``; ``offered_load``: workers busy on average if none ever
        waits, that is work in seconds over duration; ``service_s`` and ``deadline_s``: mean, min, max
        and quantiles ``p5 p50 p95 p99``; ``impossible``: tasks whose deadline is below their service time;
        ``segments``: start, duration, tasks, rate and offered load of each; ``dispersion``: a row for each length of
        window (``workloads.dispersion.Window``); ``arrivals``: the same in sentences.
    """
    last_s = float(batch.arrival_s[-1]) if len(batch) else 0.0
    end_s = max(duration_s or last_s, float(batch.segment_start_s[-1]))
    windows = dispersion(batch.arrival_s, max(end_s, last_s))
    return {
        **_load(batch.service_s, end_s),
        "service_s": _spread(batch.service_s),
        "deadline_s": _spread(batch.deadline_s),
        "impossible": int((batch.deadline_s < batch.service_s).sum()),
        "segments": _segments(batch, end_s),
        "dispersion": as_rows(windows),
        "arrivals": in_words(windows),
    }


def _segments(batch: TaskBatch, end_s: float) -> list[dict[str, Any]]:
    starts = batch.segment_start_s
    first = [*np.searchsorted(batch.arrival_s, starts, side="left").tolist(), len(batch)]
    lengths = np.diff(starts, append=end_s)
    return [
        {"start_s": float(start), **_load(batch.service_s[first[index] : first[index + 1]], float(lengths[index]))}
        for index, start in enumerate(starts)
    ]


def _load(service_s: FloatArray, duration_s: float) -> dict[str, Any]:
    return {
        "duration_s": duration_s,
        "tasks": len(service_s),
        "rate_per_s": len(service_s) / duration_s if duration_s > 0 else 0.0,
        "offered_load": float(service_s.sum()) / duration_s if duration_s > 0 else 0.0,
    }


def _spread(values_s: FloatArray) -> dict[str, float]:
    if len(values_s) == 0:
        return {}
    quantiles = np.quantile(values_s, QUANTILES).tolist()
    named = {f"p{round(100 * level)}": value for level, value in zip(QUANTILES, quantiles, strict=True)}
    return {"mean": float(values_s.mean()), "min": float(values_s.min()), "max": float(values_s.max()), **named}
