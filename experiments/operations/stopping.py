"""Whether workers lose work when they are stopped: what holds for any queue, and what its own system says."""

from __future__ import annotations

import numpy as np

from autoscaling_env.errors import AutoscalingError
from autoscaling_env.farm_kind import Finding
from operate.advice import longest_of, of_workers
from operate.config import OperateConfig
from operate.kinds import source_kinds, target_kinds
from operate.source import Remembers, Source
from operate.template import WorkerTemplate

#: Tasks of so long ago still say how long one may take.
DAYS = 7
DAY_S = 86_400.0
#: So many tasks that were seen say more than what is believed.
ENOUGH = 1000


def stopping(config: OperateConfig, source: Source | None) -> list[Finding]:
    """Return what `operate check` says of how workers are stopped; whoever cannot be asked breaks nothing.

    Args:
        config: of the controller.
        source: the queue, for what it remembers; None: it cannot be opened.
    """
    template, away = _template(config)
    longest_s, how = longest_work(config, source)
    said: list[Finding] = []
    try:
        said += source_kinds()[config.source.kind].advise(config.source, template)
    except AutoscalingError as error:
        said.append(Finding("what is lost", False, f"not known: {error}", "correct source, or start its server"))
    return [*away, *of_workers(template, longest_s, how, said)]


def longest_work(config: OperateConfig, source: Source | None) -> tuple[float, str]:
    """Return the seconds that a task takes at most, and whence that is known: from tasks that were seen, else believed.

    A few tasks that were seen do not make it shorter than what is believed; many do.
    """
    tasks = config.tasks
    believed_s = longest_of(tasks.service_time, tasks.variation)
    belief = f"tasks.service_time {tasks.service_time:g} s, tasks.variation {tasks.variation:g}"
    seen = _seen_s(source)
    if not len(seen):
        return believed_s, belief
    longest_s, told = float(seen.max()), f"the longest of {len(seen)} tasks of the last {DAYS} days"
    return (longest_s, told) if len(seen) >= ENOUGH or longest_s >= believed_s else (believed_s, belief)


def _seen_s(source: Source | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the work of the tasks that the source remembers, in seconds; none where it remembers none."""
    try:
        work_s = source.kept(DAYS * DAY_S).work_s if isinstance(source, Remembers) else np.array([])
    except AutoscalingError:
        return np.array([])
    return np.asarray(work_s[np.isfinite(work_s)], dtype=np.float64)


def _template(config: OperateConfig) -> tuple[WorkerTemplate | None, list[Finding]]:
    """Return what starts a worker, and why that is not known where it cannot be asked."""
    try:
        return target_kinds()[config.target.kind].template(config.target), []
    except AutoscalingError as error:
        remedy = "correct target, or ask for the right to read it"
        return None, [Finding("how a worker is started", False, str(error), remedy)]
