"""What may be: tasks that cannot be seen, tasks that may come, workers that may be ready."""

from __future__ import annotations

import numpy as np

from agents.planning.beliefs import ServiceBelief, StartupBelief
from agents.planning.forecast.forecaster import Counts
from agents.planning.memory import Memory
from agents.planning.service import ServicePool
from autoscaling_env.rng import SEED_BOUND
from autoscaling_env.twin import FarmState, Future
from autoscaling_env.types import FloatArray, Info


def futures(
    info: Info,
    memory: Memory,
    state: FarmState,
    counts: Counts,
    pool: ServicePool,
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
        beliefs: by how much work and start-up differ from it and from the configuration.
        starts: start-up times that may be needed.
        rng: draws.
    """
    service, startup = beliefs
    works, begins = service.sample(len(counts), rng), startup.sample(len(counts), rng)
    ages_s, held = memory.ages_s(info), state.busy + state.draining
    there = held + int(info["worker_queue"])
    now_s, step_s = float(info["time_s"]), float(info["step_duration_s"])
    arrived = np.array(memory.arrived, dtype=np.int64)
    made = []
    for coming, work, begin in zip(counts, works.tolist(), begins.tolist(), strict=True):
        came_s = _newest(arrived, there, step_s, rng)
        come_s = np.sort((np.repeat(np.arange(len(coming)), coming) + rng.random(int(coming.sum()))) * step_s)
        begun = pool.draw_begun(came_s[:held], rng)
        fresh = pool.draw(np.concatenate((came_s[held:], now_s + come_s)), rng)
        work_s, deadline_s = (np.concatenate(pair) for pair in zip(begun, fresh, strict=True))
        deadline_s[:there] -= now_s - came_s
        arrival_s, seed = np.concatenate((np.zeros(there), come_s)), int(rng.integers(SEED_BOUND))
        left_s, startup_s = startup.left_s(begin, ages_s, rng), startup.startup_s(begin, starts, rng)
        made.append(Future(arrival_s, work_s * work, deadline_s, seed, left_s, startup_s))
    return made


def _newest(arrived: Counts, count: int, step_s: float, rng: np.random.Generator) -> FloatArray:
    """Return when the newest ``count`` tasks may have arrived, in order; the episode's begin where more are there."""
    last = arrived[::-1].cumsum().searchsorted(count) + 1
    steps = np.arange(len(arrived))[-last:] if len(arrived) else np.zeros(0, dtype=np.int64)
    at_s = np.sort((np.repeat(steps, arrived[steps]) + rng.random(int(arrived[steps].sum()))) * step_s)
    kept: FloatArray = at_s[max(len(at_s) - count, 0) :]
    return np.concatenate((np.zeros(count - len(kept)), kept))
