"""What may be: tasks that cannot be seen, tasks that may come, workers that may be ready."""

from __future__ import annotations

import numpy as np

from agents.planning.beliefs import ServiceBelief, StartupBelief
from agents.planning.forecast.forecaster import Counts
from agents.planning.memory import Memory
from agents.planning.rhythm import Rhythm
from agents.planning.service import ServicePool
from autoscaling_env.rng import SEED_BOUND
from autoscaling_env.twin import FarmState, Future
from autoscaling_env.types import FloatArray, Info

#: The quieter share of forecasts, of which half of the futures are.
_QUIET = 0.8


def futures(
    info: Info,
    memory: Memory,
    state: FarmState,
    counts: Counts,
    pool: ServicePool,
    rhythm: Rhythm,
    beliefs: tuple[ServiceBelief, StartupBelief],
    starts: int,
    rng: np.random.Generator,
) -> list[Future]:
    """Return a future for each row of ``counts``, int64[k, horizon]: the tasks of each of the next steps.

    Args:
        info: of now.
        memory: of the episode.
        state: of the farm.
        counts: arrivals that were foreseen.
        pool: what work tasks may be.
        rhythm: when tasks come within a step.
        beliefs: by how much work and start-up differ from it and from the configuration.
        starts: start-up times that may be needed.
        rng: draws.
    """
    service, startup = beliefs
    works, begins = service.sample(len(counts), rng), startup.sample(len(counts), rng)
    ages_s, held = memory.ages_s(info), state.busy + state.draining
    there = held + int(info["worker_queue"])
    now_s, step_s = float(info["time_s"]), float(info["step_duration_s"])
    came_s = _newest(np.array(memory.arrived, dtype=np.int64), there, step_s, len(counts), rng)
    come_s, sizes = _coming(counts, step_s, rhythm, rng), counts.sum(axis=1)
    begun_s, begun_deadline_s = pool.draw_begun(came_s[:, :held].ravel(), rng)
    wait_s, wait_deadline_s = pool.draw(came_s[:, held:].ravel(), rng)
    next_s, next_deadline_s = pool.draw(now_s + come_s, rng)
    count = len(counts)
    work_s, deadline_s = (
        np.concatenate((begun.reshape(count, held), waiting.reshape(count, there - held)), axis=1)
        for begun, waiting in ((begun_s, wait_s), (begun_deadline_s, wait_deadline_s))
    )
    deadline_s -= now_s - came_s
    ends, seeds = np.cumsum(sizes), rng.integers(SEED_BOUND, size=len(counts))
    nothing, made = np.zeros(there), []
    for row, (work, begin) in enumerate(zip(works.tolist(), begins.tolist(), strict=True)):
        come = slice(ends[row] - sizes[row], ends[row])
        made.append(
            Future(
                np.concatenate((nothing, come_s[come])),
                np.concatenate((work_s[row], next_s[come])) * work,
                np.concatenate((deadline_s[row], next_deadline_s[come])),
                int(seeds[row]),
                startup.left_s(begin, ages_s, rng),
                startup.startup_s(begin, starts, rng),
            )
        )
    return made


def stratified(counts: Counts, futures: int, rng: np.random.Generator) -> tuple[Counts, FloatArray]:
    """Return some of many forecasts, and how likely each is: half of them from the busiest fifth.

    One is drawn of each of as many groups, from the quietest to the busiest (stratified sampling; a crowd costs more
    than any quiet, so that groups are smaller there). A crowd that comes in one of thirty forecasts is then neither
    forgotten nor taken for two. The first quarter is spread over all groups: a race begins with these.

    Args:
        counts: int64[n, horizon], forecasts, n at least ``futures``.
        futures: how many are wanted.
        rng: draws which of a group.
    """
    order = np.argsort(counts.sum(axis=1), kind="stable")
    quiet = futures - futures // 2
    upper = _QUIET if futures > 1 else 1.0
    edges = np.concatenate((np.linspace(0.0, upper, quiet + 1), np.linspace(upper, 1.0, futures - quiet + 1)[1:]))
    places = ((edges[:-1] + rng.random(futures) * np.diff(edges)) * len(counts)).astype(np.int64)
    every = np.arange(futures)
    first = every[2::4] if futures > 2 else every[:1]
    rows = np.concatenate((first, np.setdiff1d(every, first)))
    return counts[order[places[rows]]], np.diff(edges)[rows]


def _coming(counts: Counts, step_s: float, rhythm: Rhythm, rng: np.random.Generator) -> FloatArray:
    """Return when tasks come, seconds from now: of each future in order, one future after the other."""
    at = rhythm.place(counts.ravel(), rng)  # in steps, as if the futures followed one another
    first = np.repeat(np.arange(len(counts)) * counts.shape[1], counts.sum(axis=1))
    within: FloatArray = (at - first) * step_s
    return within


def _newest(arrived: Counts, count: int, step_s: float, futures: int, rng: np.random.Generator) -> FloatArray:
    """Return float64[futures, count]: when the newest tasks may have arrived, in order.

    It is the episode's begin where there are more than arrived.
    """
    last = arrived[::-1].cumsum().searchsorted(count) + 1
    steps = np.arange(len(arrived))[-last:] if len(arrived) else np.zeros(0, dtype=np.int64)
    came = np.repeat(steps, arrived[steps])
    at_s = np.sort((came + rng.random((futures, len(came)))) * step_s, axis=1)
    kept: FloatArray = at_s[:, max(len(came) - count, 0) :]
    return np.pad(kept, ((0, 0), (count - kept.shape[1], 0)))
