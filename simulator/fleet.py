"""Many episodes in place for the compiled kernel: their tasks and delays, with room that grows when needed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env import reward
from autoscaling_env.config import Config
from autoscaling_env.config.distributions import Constant, Distribution
from autoscaling_env.observation import observation_space
from autoscaling_env.rng import STARTUP_BLOCK as BLOCK
from autoscaling_env.types import BoolArray, FloatArray, TaskBatch
from simulator import kernel, kernel_env
from simulator.first_use import announce
from simulator.kernel_env import FACTS, Episodes, Rules
from simulator.streams import Streams

#: Room for workers that leave and still hold a task, at first.
SPARE_WORKERS = 32
_REQUESTED, _DRAINING, _STARTED = (
    FACTS.index(name) for name in ("requested_workers", "workers_draining", "workers_started")
)


class Fleet:
    """The arrays of ``size`` episodes, and the rules they are played by.

    Args:
        config: read for ``farm`` and ``environment``.
        mean_service_s: what a window without a finished task reads.
        size: number of episodes.
    """

    def __init__(self, config: Config, mean_service_s: float, size: int) -> None:
        announce(kernel_env.step_all)
        farm, environment = config.farm, config.environment
        self._streams = Streams()
        self.config = config
        self.rules = Rules(
            environment.step_duration_s,
            environment.observation_window_s,
            mean_service_s,
            farm.collect_s,
            farm.min_workers,
            farm.max_workers,
            environment.max_steps,
        )
        self.deltas = np.array(environment.action_deltas, dtype=np.int64)
        reach = math.ceil(environment.observation_window_s / environment.step_duration_s) + 3
        self._history = min(reach, environment.max_steps + 2)
        self._rise = max(0, *environment.action_deltas)
        self._size, self._batches = size, [TaskBatch(np.empty(0), np.empty(0), np.empty(0))] * size
        self._tasks, self._segments = np.zeros((2, size), dtype=np.int64)
        self.episodes = self._allocated(tasks=0, segments=1)

    def load(self, rows: NDArray[np.int64], batch: TaskBatch) -> None:
        """Put the episode of ``batch`` into every one of ``rows``, to be begun."""
        size, segments = len(batch), len(batch.segment_start_s)
        if size > self.episodes.deadline_s.shape[1] or segments >= self.episodes.segment_s.shape[1]:
            self._grow(size, segments)
        episodes, farms, farm = self.episodes, self.episodes.farms, self.config.farm
        place = slice(rows[0], rows[0] + 1) if len(rows) == 1 else rows  # a slice is copied to much faster
        farms.arrival_s[place, :size] = batch.arrival_s
        farms.work_s[place, :size] = batch.service_s + self._drawn(farm.service_overhead, batch.seed, "overhead", size)
        farms.pickup_s[place, :size] = self._drawn(farm.pickup, batch.seed, "pickup", size)
        farms.startup_s[place] = self._startups(batch.seed, farms.startup_s.shape[1])
        episodes.deadline_s[place, :size] = batch.deadline_s
        episodes.segment_s[place, :segments] = batch.segment_start_s
        episodes.segment_s[place, segments:] = np.inf
        self._tasks[place], self._segments[place] = size, segments
        for row in rows.tolist():
            self._batches[row] = batch

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Start the episodes loaded into ``rows``, and observe them."""
        workers = self.config.farm.initial_workers
        kernel_env.begin_all(self.episodes, self.rules, rows, self._tasks, self._segments, workers)

    def step(self, rows: NDArray[np.int64], actions: NDArray[np.int64]) -> None:
        """Step the episodes ``rows`` by their actions, indices into ``action_deltas``."""
        self.make_room()
        kernel_env.step_all(self.episodes, self.rules, rows, self.deltas[actions])

    def facts(self) -> dict[str, NDArray[np.int64]]:
        """Return a copy of what the last steps brought, by name; see ``kernel_env.FACTS``."""
        return dict(zip(FACTS, self.episodes.facts.T.copy(), strict=True))

    def reward_terms(
        self, facts: dict[str, NDArray[np.int64]], terminated: BoolArray, truncated: BoolArray
    ) -> dict[str, Any]:
        """Return the named terms of the last steps' rewards, float64[size] each."""
        outcome = reward.StepOutcome(
            worker_queue=facts["worker_queue"],
            qos_rate=self.episodes.window["qos"],
            workers=facts["requested_workers"],
            applied_delta=facts["applied_delta"],
            missed=facts["missed_in_step"],
            step_s=self.config.environment.step_duration_s,
            terminated=terminated,
            truncated=truncated,
        )
        return reward.terms(outcome, self.config.reward)

    def make_room(self) -> None:
        """See that the next step finds room for the workers it may start."""
        facts, farms = self.episodes.facts, self.episodes.farms
        crowd = int((facts[:, _REQUESTED] + facts[:, _DRAINING]).max()) + self._rise
        if crowd > farms.starting_s.shape[1]:
            farms = kernel.with_room(farms, 2 * crowd)
        started = int(facts[:, _STARTED].max()) + self._rise
        if started > farms.startup_s.shape[1]:
            count = 2 * BLOCK * -(-started // BLOCK)
            drawn = [self._startups(batch.seed, count) for batch in self._batches]
            farms = farms._replace(startup_s=np.array(drawn))
        self.episodes = self.episodes._replace(farms=farms)

    def _drawn(self, distribution: Distribution, seed: int, name: str, size: int) -> FloatArray | float:
        """As ``simulator.delays`` draws them."""
        if isinstance(distribution, Constant):
            return distribution.value_s
        return distribution.sample(self._streams.get(seed, name), size)

    def _startups(self, seed: int, count: int) -> FloatArray:
        """Return float64[count], a multiple of ``BLOCK``, as ``simulator.delays`` draws them."""
        rng, startup = self._streams.get(seed, "startup"), self.config.farm.startup
        return np.concatenate([startup.sample(rng, BLOCK) for _ in range(count // BLOCK)])

    def _allocated(self, tasks: int, segments: int) -> Episodes:
        farm = self.config.farm
        farms = kernel.allocate(self._size, tasks, farm.max_workers + SPARE_WORKERS, BLOCK, record=False)
        high = observation_space(farm.max_workers).high
        return kernel_env.allocate(farms, segments, self._history, high)

    def _grow(self, tasks: int, segments: int) -> None:
        """Make room for longer episodes; those being played go on."""
        old = self.episodes
        tasks = max(tasks, old.deadline_s.shape[1])
        new = self._allocated(tasks, max(segments, old.segment_s.shape[1] - 1))
        farms = {name: _into(getattr(old.farms, name), getattr(new.farms, name)) for name in old.farms._fields}
        kept = {name: _into(getattr(old, name), getattr(new, name)) for name in old._fields if name != "farms"}
        self.episodes = Episodes(farms=new.farms._replace(**farms), **kept)


def _into(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    """Return the larger of two arrays with the old one's entries at its start."""
    if old.shape[1:] > new.shape[1:]:
        return old
    new[tuple(map(slice, old.shape))] = old
    return new
