"""The past of recordings by the time of day, or of another period, as a controller counts it: from 1970 on, in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from agents.planning.forecast import History
from agents.planning.forecast.forecaster import Counts
from agents.planning.past import Past, SeenTasks
from autoscaling_env.errors import InputError
from autoscaling_env.types import TaskBatch
from experiments.recorded_past import Recorded, parts_of, some


def periodic_past(recorded: Sequence[Recorded], step_s: float, episode_s: float | None, period_s: float) -> Past:
    """Return the past of recordings, whole or cut into episodes, at their time of the period.

    Args:
        recorded: what was recorded.
        step_s: seconds of the history's step.
        episode_s: they are cut into episodes of so many seconds, and what is left of the last one is left out; None:
            they are left whole.
        period_s: seconds after which things repeat.

    Raises:
        InputError: there is no task, or a recording does not say when it began.
    """
    period = max(1, round(period_s / step_s))
    counts, offsets, laps = list[Counts](), list[int](), list[TaskBatch]()
    for each in recorded:
        if each.began_s is None:
            raise InputError(
                "--period: a recording does not say when it began; it needs a column of times such as timestamp, "
                "dates or seconds since 1970"
            )
        into_s = each.began_s % period_s
        for first, arrived, _ in parts_of(each, step_s, episode_s):
            counts.append(arrived)
            offsets.append((int(into_s // step_s) + first) % period)
        if each.work_known:
            laps += _laps(each.batch, into_s, period_s)
    some(counts)
    return Past(History(step_s, tuple(counts), period, tuple(offsets)), SeenTasks.of_episodes(laps) if laps else None)


def _laps(batch: TaskBatch, into_s: float, period_s: float) -> Iterator[TaskBatch]:
    """Yield the tasks of each time round, at their times of the period."""
    at_s = batch.arrival_s + into_s
    last = int(at_s[-1] // period_s) if len(at_s) else 0
    edges = np.searchsorted(at_s, np.arange(last + 2) * period_s).tolist()
    for lap, (begin, end) in enumerate(pairwise(edges)):
        arrival_s = at_s[begin:end] - lap * period_s
        yield TaskBatch(arrival_s, batch.service_s[begin:end], batch.deadline_s[begin:end], seed=batch.seed)
